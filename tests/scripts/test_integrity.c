/* shadow_integrity_check: what it counts in the shadow's log (spec 40 6.4). */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <math.h>
#include <sys/stat.h>

#include "base/when.h"
#include "scripts/command.h"

#define LOG "logs/shadow_trades.jsonl"

static void
make_root(const struct tmpdir *dir, const char *log)
{
    assert_int_equal(mkdir(tmpdir_path(dir, "logs"), 0700), 0);
    tmpdir_write(dir, LOG, log);
}

static struct ran
run(const struct tmpdir *dir, const char *const *extra)
{
    const char *args[RUN_ARGS_MAX] = {"shadow_integrity_check", "--root", dir->path, "--as-of",
                                      "2026-01-22T20:00:00Z"};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[5 + i] = extra[i];
    return run_command(cmd_shadow_integrity_check, args, NULL);
}

static const char RECORDS[] =
    "{\"ts\":\"2026-01-19T10:00:00Z\",\"event_type\":\"shadow_exit\",\"pnl\":1000}\n"
    "{\"ts\":\"2026-01-22T10:00:00Z\",\"event_type\":\"shadow_score_compare\"}\n"
    "this is no record\n"
    "{\"timestamp\":\"2026-01-22T10:50:00+00:00\",\"event_type\":\"shadow_exit\",\"pnl\":5.25}\n"
    "{\"ts\":\"2026-01-22T12:00:30Z\",\"event_type\":\"shadow_exit\",\"pnl\":-2}\n"
    "{\"ts\":\"2026-01-22T11:50:00Z\",\"event_type\":\"shadow_exit\",\"pnl\":null}\n"
    "{\"ts\":\"2026-01-22T15:00:00Z\",\"event_type\":\"shadow_exit\",\"pnl\":\"1.5\"}"; /* no end */

static void
test_integrity_says_records_gaps_and_pnl(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    (void)state;
    make_root(&dir, RECORDS);
    CLEANUP(ran_free) struct ran r = run(&dir, NULL);
    static const char *const told[] = {
        "4. records in logs/shadow_trades.jsonl: 6 (1 lines are no record)",
        "5. window of 48 hours: 5 records, all of them trusted",
        "6. gaps of more than 60 minutes: 1,",
        "2026-01-22T12:00:30+00:00 to 2026-01-22T15:00:00+00:00: 179.5 min",
        "n 3, total 4.75 USD, wins 2, losses 1, win rate 66.7 %",
    };
    for (size_t i = 0; i < COUNT_OF(told); i++)
        run_expect(&r, 0, told[i], "");
}

static void
test_integrity_takes_what_was_asked_for(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    (void)state;
    make_root(&dir, RECORDS);
    CLEANUP(ran_free)
    struct ran fixed =
        run(&dir, (const char *const[]){"--known-fix-time-iso", "2026-01-22T12:00:00Z", NULL});
    run_expect(&fixed, 0, "on: 2\n", "");
    run_expect(&fixed, 0, "n 2, total -0.50 USD", "");
    CLEANUP(ran_free)
    struct ran narrow = run(&dir, (const char *const[]){"--gap-threshold-min", "9", "--event-type",
                                                        "shadow_exit", "--hours", "12", NULL});
    run_expect(&narrow, 0, "of type shadow_exit: 5", "");
    run_expect(&narrow, 0, "window of 12 hours: 4 records", "");
    run_expect(&narrow, 0, "gaps of more than 9 minutes: 3", "");
    CLEANUP(ran_free)
    struct ran other = run(&dir, (const char *const[]){"--event-type", "nothing", NULL});
    run_expect(&other, 2, "", "no shadow records");
    CLEANUP(ran_free)
    struct ran wrong = run(&dir, (const char *const[]){"--known-fix-time-iso", "soon", NULL});
    run_expect(&wrong, 64, "", "soon: no instant");
    CLEANUP(ran_free) struct ran hours = run(&dir, (const char *const[]){"--hours", "x", NULL});
    run_expect(&hours, 64, "", "--hours x");
}

/* A record as old as the window, and one of the instant of the mending, count. */
static void
test_integrity_window_and_trust_begin_with_their_instant(void **state)
{
    static const char records[] =
        "{\"ts\":\"2026-01-20T19:59:59.999999Z\",\"event_type\":\"shadow_exit\",\"pnl\":1}\n"
        "{\"ts\":\"2026-01-20T20:00:00Z\",\"event_type\":\"shadow_exit\",\"pnl\":2}\n"
        "{\"ts\":\"2026-01-22T11:59:59.999999Z\",\"event_type\":\"shadow_exit\",\"pnl\":4}\n"
        "{\"ts\":\"2026-01-22T12:00:00Z\",\"event_type\":\"shadow_exit\",\"pnl\":8}\n";
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    make_root(&dir, records);
    CLEANUP(ran_free) struct ran all = run(&dir, NULL);
    run_expect(&all, 0, "window of 48 hours: 3 records", "");
    run_expect(&all, 0, "n 3, total 14.00 USD", "");
    CLEANUP(ran_free)
    struct ran fixed =
        run(&dir, (const char *const[]){"--known-fix-time-iso", "2026-01-22T12:00:00Z", NULL});
    run_expect(&fixed, 0, "n 1, total 8.00 USD", "");
}

static void
test_integrity_reckons_from_prices_where_no_exit_is(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    (void)state;
    make_root(&dir, "{\"ts\":\"2026-01-22T10:00:00Z\",\"side\":\"buy\",\"entry_price\":10,"
                    "\"exit_price\":12,\"qty\":3}\n"
                    "{\"ts\":\"2026-01-22T10:00:00Z\",\"direction\":\"Bearish\",\"entry_price\":10,"
                    "\"exit_price\":12,\"size\":2}\n"
                    "{\"ts\":\"2026-01-22T10:00:00Z\",\"side\":\"short\",\"entry_price\":10,"
                    "\"exit_price\":9}\n"
                    "{\"ts\":\"2026-01-22T10:00:00Z\",\"side\":\"none\",\"entry_price\":1,"
                    "\"exit_price\":9}\n"
                    "{\"ts\":\"2026-01-22T10:00:00Z\",\"side\":\"long\",\"entry_price\":1,"
                    "\"exit_price\":null}\n");
    CLEANUP(ran_free) struct ran r = run(&dir, NULL);
    run_expect(&r, 0, "n 3, total 3.00 USD, wins 2, losses 1", "");
}

static void
test_integrity_without_records_is_a_verdict(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    (void)state;
    CLEANUP(ran_free) struct ran none = run(&dir, NULL);
    run_expect(&none, 2, "4. records", "no shadow records");
    assert_int_equal(tmpdir_count(&dir, ""), 0); /* no event, and no lock either */
}

/* The ssh client is a script that says what it was asked to run. */
static void
test_integrity_asks_the_server(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text ssh = {0};
    (void)state;
    tmpdir_write(&dir, "ssh",
                 "#!/bin/sh\nfor last; do :; done\necho \"$last\"\n"
                 "case \"$last\" in *empty*) echo nothing >&2; exit 2;; esac\n");
    assert_int_equal(chmod(tmpdir_path(&dir, "ssh"), 0700), 0);
    text_printf(&ssh, "DROPLET_SSH=%s/ssh", dir.path);
    const char *const env[] = {text_str(&ssh), "DROPLET_HOST=server.test", NULL};
    const char *const there[] = {
        "shadow_integrity_check", "--root", dir.path, "--droplet", "--unit", "it's; true", NULL};
    const char *const empty[] = {"shadow_integrity_check", "--root", dir.path, "--droplet",
                                 "--event-type",           "empty",  NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_shadow_integrity_check, there, env);
    run_expect(&r, 0, "stockbot shadow-integrity-check --root . ", "");
    run_expect(&r, 0, "--hours '48'", "");
    run_expect(&r, 0, "--unit 'it'\\''s; true'", "");
    CLEANUP(ran_free) struct ran none = run_command(cmd_shadow_integrity_check, empty, env);
    run_expect(&none, 2, "", "server.test: nothing");
    CLEANUP(ran_free) struct ran nowhere = run_command(cmd_shadow_integrity_check, there, NULL);
    run_expect(&nowhere, 1, "", "no host");
}

/* Any order of records, against counting by hand. */
static void
test_integrity_agrees_with_counting_by_hand(void **state)
{
    enum { RECORDS_LEN = 300 };
    struct rng r = check_rng("integrity");
    (void)state;
    for (int round = 0; round < 5; round++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(text_free) struct text log = {0};
        int64_t now_ns = when_parse_or_none("2026-01-22T20:00:00Z"), at_min[RECORDS_LEN];
        int64_t kept = 0, gaps = 0, n = 0;
        double sum = 0;
        for (int i = 0; i < RECORDS_LEN; i++) {
            char iso[ISO_TEXT_MAX];
            int64_t min = rng_range(&r, 0, 4000);
            bool has_pnl = rng_chance(&r, 0.5);
            double pnl = (double)rng_range(&r, -1000, 1000) / 4;
            text_printf(&log, "{\"event_type\":\"shadow_exit\",\"ts\":\"%s\"",
                        when_iso_brief(now_ns - min * NS_PER_MIN, iso));
            if (has_pnl) text_printf(&log, ",\"pnl\":%.2f", pnl);
            text_puts(&log, "}\n");
            if (min > 48 * 60) continue;
            at_min[kept++] = min;
            n += has_pnl;
            sum += has_pnl ? pnl : 0;
        }
        for (int64_t i = 0; i < kept; i++) { /* the next older one */
            int64_t next = INT64_MAX;
            bool is_first = true;
            for (int64_t k = 0; k < kept; k++)
                if (at_min[k] > at_min[i]) next = MIN(next, at_min[k]);
            for (int64_t k = 0; k < i; k++)
                is_first = is_first && at_min[k] != at_min[i];
            gaps += is_first && next != INT64_MAX && next - at_min[i] > 20;
        }
        make_root(&dir, text_str(&log));
        CLEANUP(ran_free)
        struct ran got =
            run(&dir, (const char *const[]){"--json", "--gap-threshold-min", "20", NULL});
        run_expect(&got, 0, "{", "");
        CLEANUP(json_freep) struct json *doc = run_json(&got.out);
        assert_int_equal(json_i64(doc, "in_window", -1), kept);
        assert_int_equal(json_i64(doc, "gaps", -1), gaps);
        assert_int_equal(json_i64(json_get(doc, "pnl"), "n", -1), n);
        assert_true(fabs(json_f64(json_get(doc, "pnl"), "total_usd", 0) - sum) < 1e-6);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integrity_says_records_gaps_and_pnl),
        cmocka_unit_test(test_integrity_takes_what_was_asked_for),
        cmocka_unit_test(test_integrity_window_and_trust_begin_with_their_instant),
        cmocka_unit_test(test_integrity_reckons_from_prices_where_no_exit_is),
        cmocka_unit_test(test_integrity_without_records_is_a_verdict),
        cmocka_unit_test(test_integrity_asks_the_server),
        cmocka_unit_test(test_integrity_agrees_with_counting_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
