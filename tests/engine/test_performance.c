/*
 * The performance freeze of LIVE from the log of closed trades: what counts as one, what is read
 * anew, what an archive and a damaged line change (spec 10 R5.8).
 */
#include "tests/lib/check.h"

#include "engine/performance.h"
#include "sim/mem_fs.h"
#include "telemetry/today.h"

static const char NOW[] = "2026-01-30T20:00:00Z";

static void
add(const struct fs *fs, const char *path, const char *ts, const char *trade_id, double pnl_usd,
    const char *more)
{
    CLEANUP(text_free) struct text line = {0};
    struct err err = {0};

    text_printf(&line,
                "{\"ts\":\"%s\",\"type\":\"attribution\",\"trade_id\":\"%s\",\"pnl_usd\":%.2f%s}\n",
                ts, trade_id, pnl_usd, more);
    assert_int_equal(fs->append(fs->self, path, text_str(&line), line.len, &err), RC_OK);
}

static struct performance_verdict
look(struct performance *p, const struct fs *fs, enum trade_mode mode, int64_t after_s)
{
    return performance_look(p, fs, mode, when_parse_or_none(NOW) + after_s * NS_PER_S);
}

static void
add_losses(const struct fs *fs, const char *path, int n)
{
    for (int i = 0; i < n; i++)
        add(fs, path, "2026-01-20T15:00:00Z", "close_x", -60, "");
}

static void
test_performance_ten_losses_freeze_live_and_never_paper(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    static struct performance live, paper, other;

    (void)state;
    add_losses(&fs, ATTRIBUTION_PATH, 9);
    assert_false(look(&live, &fs, MODE_LIVE, 0).is_frozen); /* fewer than ten say nothing */
    add_losses(&fs, ATTRIBUTION_PATH, 1);
    assert_false(look(&live, &fs, MODE_LIVE, 59).is_frozen); /* once a minute */
    struct performance_verdict v = look(&live, &fs, MODE_LIVE, 60);
    assert_true(v.is_frozen);
    assert_int_equal(v.trades_30d, 10);
    assert_false(look(&paper, &fs, MODE_PAPER, 0).is_frozen);
    assert_int_equal(paper.looked_ns, 0);
    assert_false(look(&other, &fs, MODE_OTHER, 0).is_frozen);
    mem_fs_free(disk);
}

static void
test_performance_counts_closed_trades_of_thirty_days(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    static struct performance p;
    struct err err = {0};

    (void)state;
    add(&fs, ATTRIBUTION_PATH, "2025-12-30T20:00:00Z", "close_old", -60, ""); /* 31 days */
    add(&fs, ATTRIBUTION_PATH, "2026-01-20T15:00:00Z", "open_a", -60, "");    /* an entry */
    add(&fs, ATTRIBUTION_PATH, "2026-01-20T15:00:00Z", "close_a", 0, "");     /* nothing closed */
    add(&fs, ATTRIBUTION_PATH, "2026-01-20T15:00:00Z", "close_b", 0,
        ",\"close_reason\":\"time\""); /* closed at zero */
    assert_int_equal(fs.append(fs.self, ATTRIBUTION_PATH, "no json\n{\"ts\":1}\n", 17, &err),
                     RC_OK);
    add(&fs, ATTRIBUTION_PATH, "2026-01-20T15:00:00Z", "close_c", 5, "");
    assert_int_equal(look(&p, &fs, MODE_LIVE, 0).trades_30d, 2);
    mem_fs_free(disk);
}

static void
test_performance_knows_the_archive_and_goes_on_behind_it(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    static struct performance p;
    struct err err = {0};

    (void)state;
    add_losses(&fs, "logs/archive/attribution.20260125T000000Z.jsonl", 6);
    add_losses(&fs, ATTRIBUTION_PATH, 3);
    assert_int_equal(look(&p, &fs, MODE_LIVE, 0).trades_30d, 9);
    assert_int_equal(fs.rename(fs.self, ATTRIBUTION_PATH,
                               "logs/archive/attribution.20260130T200030Z.jsonl", &err),
                     RC_OK);
    add_losses(&fs, ATTRIBUTION_PATH, 1);
    struct performance_verdict v = look(&p, &fs, MODE_LIVE, 60);
    assert_int_equal(v.trades_30d, 10); /* none lost, none twice */
    assert_true(v.is_frozen);
    mem_fs_free(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_performance_ten_losses_freeze_live_and_never_paper),
        cmocka_unit_test(test_performance_counts_closed_trades_of_thirty_days),
        cmocka_unit_test(test_performance_knows_the_archive_and_goes_on_behind_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
