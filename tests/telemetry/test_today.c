/*
 * The trades of today, read as they are appended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <inttypes.h>

#include "base/rand.h"
#include "telemetry/today.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S) /* 2025-06-15 15:06:40 UTC */

struct bed {
    struct test_root root;
    struct test_faults faults;
    struct fs fs;
    struct today_trades today;
};

static int
set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    test_root_make(&b->root);
    b->faults.under = &b->root.fs;
    b->fs = test_faults_seam(&b->faults);
    *state = b;
    return 0;
}

static int
tear_down(void **state)
{
    struct bed *b = *state;

    test_root_remove(&b->root);
    free(b);
    return 0;
}

static void
add_raw(struct bed *b, const char *bytes)
{
    assert_int_equal(
        b->root.fs.append(b->root.fs.self, ATTRIBUTION_PATH, bytes, strlen(bytes), NULL), RC_OK);
}

static void
add(struct bed *b, const char *kind, const char *pnl, int64_t at_ns)
{
    char line[512], iso[ISO_TEXT_MAX];

    (void)snprintf(
        line, sizeof(line),
        "{\"ts\":\"%s\",\"type\":\"attribution\",\"trade_id\":\"%s_AAPL_x\",\"pnl_usd\":%s}\n",
        when_iso(at_ns, iso), kind, pnl);
    add_raw(b, line);
}

static void
update(struct bed *b, int64_t now_ns, int64_t trades, int64_t wins, int64_t pnl_e4)
{
    struct err err = {0};

    if (today_update(&b->today, &b->fs, now_ns, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(b->today.trades, trades);
    assert_int_equal(b->today.wins, wins);
    assert_int_equal(b->today.pnl.e4, pnl_e4);
}

static void
test_today_counts_closed_trades_of_the_day(void **state)
{
    struct bed *b = *state;

    update(b, T0, 0, 0, 0);
    add(b, "close", "10.00", T0 - NS_PER_DAY);
    add(b, "close", "1.25", T0);
    add(b, "open", "0.0", T0);
    add(b, "scale", "-0.50", T0);
    add(b, "close", "0.0", T0); /* closed even: a trade, not a win */
    add_raw(b, "not json\n\n{\"trade_id\":17}\n[]\n{\"ts\":\"2025-06-15T15:00:00Z\"}\n");
    add(b, "close", "\"2.00\"", T0);
    update(b, T0, 4, 2, 27500);
    update(b, T0, 4, 2, 27500);
    add(b, "close", "1.00", T0);
    update(b, T0 + NS_PER_MIN, 5, 3, 37500);
    update(b, T0 + NS_PER_DAY, 0, 0, 0); /* midnight UTC has passed */
    add(b, "close", "1.00", T0);         /* yesterday's, written late */
    add(b, "close", "1.00", T0 + NS_PER_DAY);
    update(b, T0 + NS_PER_DAY, 1, 1, 10000);
}

static void
test_today_waits_for_the_end_of_a_line(void **state)
{
    struct bed *b = *state;

    add(b, "close", "1.00", T0);
    add_raw(b, "{\"ts\":\"2025-06-15T15:06:40Z\",\"trade_id\":\"close_x\",");
    update(b, T0, 1, 1, 10000);
    add_raw(b, "\"pnl_usd\":2}\n");
    update(b, T0, 2, 2, 30000);
}

static void
test_today_reads_only_what_was_appended(void **state)
{
    struct bed *b = *state;

    for (int i = 0; i < 1000; i++)
        add(b, "close", "0.01", T0);
    update(b, T0, 1000, 1000, 100000);
    int calls = b->faults.calls;
    update(b, T0, 1000, 1000, 100000);
    assert_int_equal(b->faults.calls - calls, 1); /* one stat */
    add(b, "close", "0.01", T0);
    calls = b->faults.calls;
    update(b, T0, 1001, 1001, 100100);
    assert_int_equal(b->faults.calls - calls, 2); /* and one read */
}

static void
test_today_survives_rotation(void **state)
{
    struct bed *b = *state;
    struct today_trades fresh = {0};

    add(b, "close", "1.00", T0);
    update(b, T0, 1, 1, 10000);
    add(b, "close", "2.00", T0); /* not read yet when the log is renamed */
    assert_int_equal(b->root.fs.rename(b->root.fs.self, ATTRIBUTION_PATH,
                                       "logs/archive/attribution.20250615T150700Z.jsonl", NULL),
                     RC_OK);
    update(b, T0, 2, 2, 30000);
    add(b, "close", "4.00", T0);
    update(b, T0, 3, 3, 70000);

    /* A new process finds the same in the archive and the log; an archive of yesterday does not
     * count. */
    test_write(&b->root, "logs/archive/attribution.20250614T150700Z.jsonl", "{}\n", 3);
    assert_int_equal(today_update(&fresh, &b->fs, T0, NULL), RC_OK);
    assert_int_equal(fresh.trades, 3);
    assert_int_equal(fresh.pnl.e4, 70000);
}

/* Days of a log, of every length around the steps in which its beginning is looked for. */
static void
test_today_finds_the_beginning_of_a_long_log(void **state)
{
    struct bed *b = *state;
    struct rng r;

    rng_init(&r, 3);
    print_message("seed 3\n");
    for (int run = 0; run < 12; run++) {
        struct text log = {0};
        int64_t want = 0;
        char iso[ISO_TEXT_MAX];
        int lines = (int)rng_range(&r, 1, 60000);
        int64_t step_ns = rng_range(&r, 1, 6) * NS_PER_S; /* from a part of today to three days */

        for (int i = 0; i < lines; i++) {
            int64_t at_ns = T0 - (lines - i) * step_ns;

            want += when_to_civil(at_ns).date.day == 15;
            text_printf(&log, "{\"ts\":\"%s\",\"trade_id\":\"close_%d\",\"pnl_usd\":0.01}\n",
                        when_iso(at_ns, iso), i);
        }
        test_write(&b->root, ATTRIBUTION_PATH, text_str(&log), log.len);
        text_free(&log);
        b->today = (struct today_trades){0};
        update(b, T0, want, want, want * 100);
    }
}

static void
test_today_keeps_its_sums_when_a_call_is_refused(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed *b = NULL;

        assert_int_equal(set_up((void **)&b), 0);
        add(b, "close", "1.00", T0);
        update(b, T0, 1, 1, 10000);
        add(b, "close", "2.00", T0);
        assert_int_equal(b->root.fs.rename(b->root.fs.self, ATTRIBUTION_PATH,
                                           "logs/archive/attribution.20250615T150700Z.jsonl", NULL),
                         RC_OK);
        add(b, "close", "4.00", T0);
        b->faults.calls = 0;
        b->faults.fail_at = n;
        enum rc rc = today_update(&b->today, &b->fs, T0, NULL);
        bool was_refused = b->faults.calls >= n;
        b->faults.fail_at = 0;
        if (rc != RC_OK && b->today.trades != 1)
            fail_msg("call %d refused: %" PRId64, n, b->today.trades);
        update(b, T0, 3, 3, 70000);
        tear_down((void **)&b);
        if (!was_refused) break;
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_today_counts_closed_trades_of_the_day),
        TEST(test_today_waits_for_the_end_of_a_line),
        TEST(test_today_reads_only_what_was_appended),
        TEST(test_today_survives_rotation),
        TEST(test_today_finds_the_beginning_of_a_long_log),
        cmocka_unit_test(test_today_keeps_its_sums_when_a_call_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
