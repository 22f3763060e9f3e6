/*
 * Retention of logs, with tiny limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "state/retention.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S) /* 20250615T150640Z */

static const struct retention_limits TINY = {20, 10, 3};

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct clock clock_seam;
    struct test_log log;
    struct log log_seam;
    struct test_faults faults;
    struct fs fs;
};

static int
set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    test_root_make(&b->root);
    b->clock.now_ns = T0;
    b->clock_seam = test_clock_seam(&b->clock);
    b->log_seam = test_log_seam(&b->log);
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
put(struct bed *b, const char *path, int bytes)
{
    char line[101];

    assert_true(bytes <= 100);
    memset(line, 'x', sizeof(line));
    test_write(&b->root, path, line, (size_t)bytes);
}

static int
run(struct bed *b)
{
    return retention_run(&b->fs, &b->clock_seam, &b->log_seam, &TINY);
}

static void
test_retention_archives_what_passed_its_limit(void **state)
{
    static const struct {
        const char *path;
        int bytes;
        const char *archive; /* NULL: stays */
    } rows[] = {
        {"logs/run.jsonl",                20, NULL                                                   },
        {"logs/system_events.jsonl",      21, "logs/archive/system_events.20250615T150640Z.jsonl"    },
        {"logs/exit.jsonl",               10, NULL                                                   },
        {"logs/gate.jsonl",               11, "logs/archive/gate.20250615T150640Z.jsonl"             },
        {"logs/daemon.log",               11, "logs/archive/daemon.20250615T150640Z.log"             },
        {"data/uw_api_quota.jsonl",       11, "logs/archive/data-uw_api_quota.20250615T150640Z.jsonl"},
        {"data/run.jsonl",                11,
         "logs/archive/data-run.20250615T150640Z.jsonl"                                              }, /* no contract log */
        {"state/blocked_trades.jsonl",    11,
         "logs/archive/state-blocked_trades.20250615T150640Z.jsonl"                                  },
        {"data/notes.log",                99, NULL                                                   },
        {"state/health.json",             99, NULL                                                   },
        {"logs/run.jsonl.torn.17500",     99, NULL                                                   },
        {"state/a.json.corrupted.1.json", 99, NULL                                                   },
    };
    struct bed *b = *state;
    int want = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(b, rows[i].path, rows[i].bytes);
        want += rows[i].archive != NULL;
    }
    assert_int_equal(run(b), want);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (test_exists(&b->root, rows[i].path) != (rows[i].archive == NULL))
            fail_msg("%s", rows[i].path);
        if (rows[i].archive != NULL && !test_exists(&b->root, rows[i].archive))
            fail_msg("%s", rows[i].archive);
    }
    assert_int_equal(test_log_count(&b->log, EV_LOG_ROTATED), want);
    assert_int_equal(run(b), 0);
}

static void
test_contract_logs_are_never_deleted(void **state)
{
    struct bed *b = *state;

    for (int i = 0; i < 10; i++) {
        put(b, "logs/orders.jsonl", 50);
        put(b, "logs/gate.jsonl", 50);
        put(b, "data/orders.jsonl", 50);
        assert_int_equal(run(b), 3);
        b->clock.now_ns += NS_PER_HOUR;
    }
    assert_int_equal(test_count(&b->root, "logs/archive", "gate."), 3);
    assert_int_equal(test_count(&b->root, "logs/archive", "data-orders."), 3);
    assert_int_equal(test_count(&b->root, "logs/archive", "orders.2025"), 13);
    /* The newest ones stay. */
    assert_true(test_exists(&b->root, "logs/archive/gate.20250616T000640Z.jsonl"));
    assert_false(test_exists(&b->root, "logs/archive/gate.20250615T150640Z.jsonl"));
}

/* exit.jsonl must not count the archives of exit_attribution, nor files that only look like
 * archives. */
static void
test_retention_deletes_its_own_archives_only(void **state)
{
    static const char *const others[] = {
        "logs/archive/exit_attribution.20240101T000000Z.jsonl",
        "logs/archive/exit.20240101T000000Z.jsonl.gz", "logs/archive/exit.by_hand.jsonl",
        "logs/archive/exit.2024-01-01T0000Z.jsonl", "logs/archive/exit.20240101T000000Z.log"};
    struct bed *b = *state;

    for (size_t i = 0; i < COUNT_OF(others); i++)
        put(b, others[i], 5);
    for (int i = 0; i < 6; i++) {
        put(b, "logs/exit.jsonl", 50);
        assert_int_equal(run(b), 1);
        b->clock.now_ns += NS_PER_S;
    }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (!test_exists(&b->root, others[i])) fail_msg("%s", others[i]);
    assert_int_equal(test_count(&b->root, "logs/archive", "exit.2025"), 3);
}

static void
test_retention_never_takes_a_name_that_is_used(void **state)
{
    struct bed *b = *state;

    for (int i = 0; i < 3; i++) {
        put(b, "logs/run.jsonl", 50 + i);
        assert_int_equal(run(b), 1);
    }
    assert_int_equal(test_count(&b->root, "logs/archive", "run."), 3);
    assert_true(test_exists(&b->root, "logs/archive/run.20250615T150642Z.jsonl"));
}

static void
test_retention_keeps_the_bytes_whatever_is_refused(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed *b = NULL;

        assert_int_equal(set_up((void **)&b), 0);
        put(b, "logs/run.jsonl", 50);
        put(b, "logs/archive/gate.20240101T000000Z.jsonl", 5);
        put(b, "logs/gate.jsonl", 50);
        b->faults.fail_at = n;
        (void)run(b);
        bool was_refused = b->faults.calls >= n;
        b->faults.fail_at = 0;
        (void)run(b); /* what was left is done at the next pass */
        assert_int_equal(test_count(&b->root, "logs/archive", "run."), 1);
        assert_int_equal(test_count(&b->root, "logs/archive", "gate."), 2);
        tear_down((void **)&b);
        if (!was_refused) break;
    }
}

static void
test_retention_without_folders_does_nothing(void **state)
{
    struct bed *b = *state;

    assert_int_equal(run(b), 0);
    assert_int_equal(b->log.len, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_retention_archives_what_passed_its_limit),
        TEST(test_contract_logs_are_never_deleted),
        TEST(test_retention_deletes_its_own_archives_only),
        TEST(test_retention_never_takes_a_name_that_is_used),
        cmocka_unit_test(test_retention_keeps_the_bytes_whatever_is_refused),
        TEST(test_retention_without_folders_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
