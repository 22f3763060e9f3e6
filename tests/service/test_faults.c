/*
 * Faults of the world around the service: each has a rung and an event, no crash loop, and an end.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/day_check.h"

static struct day day;

static int
teardown(void **state)
{
    (void)state;
    day_end(&day, false); /* nothing left to do where the test went well */
    return 0;
}

static bool
is_on(const char *rung)
{
    return str_eq(day_heartbeat(&day).rung, rung);
}

static int
engine_starts(void)
{
    return day_lines(&day, "logs/supervisor.jsonl", "TRADING_ENGINE_STARTED");
}

static void
end_well(int engine_starts_wanted)
{
    DAY_CHECK(&day, engine_starts() == engine_starts_wanted);
    day_stop(&day);
    day_end(&day, true);
}

static void
test_faults_the_broker_is_absent_and_comes(void **state)
{
    (void)state;
    day_begin(&day, &(struct day_options){.seed = 11, .without_sim = true});
    DAY_WAIT(&day, 30, is_on("reconcile_only") && day_heartbeat(&day).iter > 1);
    DAY_CHECK(&day, day_events(&day, "exception", "account") > 0);
    DAY_CHECK(&day, str_eq(day_heartbeat(&day).status, "degraded"));
    day_start_sim(&day);
    DAY_WAIT(&day, 30, is_on("normal"));
    end_well(1);
}

static void
test_faults_a_wrong_broker_key_stops_trading_and_nothing_else(void **state)
{
    static const char *const WRONG[] = {"ALPACA_SECRET=not-the-secret-at-all", NULL};

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 12, .env = WRONG});
    DAY_WAIT(&day, 30, is_on("reconcile_only") && day_heartbeat(&day).iter > 5);
    DAY_CHECK(&day, day_events(&day, "exception", "401") > 0);
    DAY_CHECK(&day, day_events(&day, "order_sent", NULL) == 0);
    DAY_CHECK(&day, day_events(&day, "exception", "not-the-secret") == 0);
    end_well(1);
}

static void
test_faults_a_wrong_vendor_key_leaves_the_engine_without_signals(void **state)
{
    static const char *const WRONG[] = {"UW_API_KEY=not-the-vendors-key", NULL};

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 13, .env = WRONG});
    DAY_WAIT(&day, 30,
             day_events(&day, "uw_auth_failed", NULL) > 0 && day_heartbeat(&day).iter > 8);
    DAY_CHECK(&day, day_events(&day, "uw_cache_empty_no_signals", NULL) +
                            day_events(&day, "uw_cache_no_candidates", NULL) >
                        0);
    DAY_CHECK(&day, day_events(&day, "order_sent", NULL) == 0);
    DAY_CHECK(&day, day_lines(&day, "logs/system_events.jsonl", "not-the-vendors-key") == 0);
    end_well(1);
}

static void
step_clock(const char *seconds)
{
    int before = day_events(&day, "clock_moved", NULL);

    day_write(&day, "skew", seconds, strlen(seconds));
    DAY_WAIT(&day, 20, day_events(&day, "clock_moved", NULL) > before);
    int64_t iter = day_heartbeat(&day).iter;
    DAY_WAIT(&day, 30, day_heartbeat(&day).iter > iter + 3 && is_on("normal"));
}

static void
test_faults_a_stepped_clock_stops_entries_for_a_cycle(void **state)
{
    char skew[2 * DAY_PATH_MAX];
    char root[DAY_PATH_MAX];
    const char *env[2] = {skew, NULL};

    (void)state;
    /* The root is known only afterwards: the file is named by a path of its own. */
    (void)snprintf(root, sizeof(root), "/tmp/stockbot-skew.%d", (int)getpid());
    (void)snprintf(skew, sizeof(skew), "STOCKBOT_CLOCK_SKEW_FILE=%s", root);
    assert_int_equal(symlink("/nonexistent", root), 0);
    day_begin(&day, &(struct day_options){.seed = 14, .start = "2026-01-30T17:00:00Z", .env = env});
    assert_int_equal(unlink(root), 0);
    assert_int_equal(symlink(day_path(&day, "skew"), root), 0);
    DAY_WAIT(&day, 30, day_heartbeat(&day).iter > 5 && is_on("normal"));
    step_clock("7200");
    step_clock("0");
    step_clock("-7200");
    step_clock("0");
    (void)unlink(root);
    DAY_CHECK(&day, day_lines(&day, "logs/run.jsonl", "\"exits_only\"", "\"clock_moved\"") >= 4);
    end_well(1);
}

/*
 * A disk of its own for the root; false where this machine does not let us have one.  Only this
 * program and its children see it, so that it is gone with them however they end.
 */
static bool
own_disk(const char *options)
{
    assert_int_equal(mkdir(day.root, 0700), 0);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    return mount("tmpfs", day.root, "tmpfs", 0, options) == 0;
}

static void
test_faults_a_full_disk_stops_entries_until_there_is_room(void **state)
{
    struct day_book book;
    struct day_ledger ledger;

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 15, .without_supervisor = true});
    if (!own_disk("size=24m,mode=0700")) {
        printf("skipped: no file system may be mounted here\n");
        day_end(&day, true);
        skip();
    }
    day_start_supervisor(&day);
    DAY_WAIT(&day, 30, day_heartbeat(&day).iter > 10);
    FILE *f = fopen(day_path(&day, "ballast"), "wb");
    DAY_CHECK(&day, f != NULL);
    char block[4096] = {1};
    while (fwrite(block, sizeof(block), 1, f) == 1 && fflush(f) == 0) {
    }
    (void)fclose(f);
    int64_t full_ns = day_mono_ns();
    DAY_WAIT(&day, 20,
             day_mono_ns() - full_ns > 4 * NS_PER_S); /* a quarter of an hour of the day */
    DAY_CHECK(&day, day_pid(&day, DAY_ENGINE) > 0);
    assert_int_equal(unlink(day_path(&day, "ballast")), 0);
    int64_t at_s = day_heartbeat(&day).at_s;
    DAY_WAIT(&day, 30, day_heartbeat(&day).at_s > at_s + 180 && is_on("normal"));
    day_settle(&day);
    day_stop(&day);
    day_book_load(&day, &book);
    day_ledger_load(&day, &ledger);
    day_check_books(&day, &book, &ledger);
    day_ledger_done(&ledger);
    day_book_done(&book);
    assert_int_equal(umount2(day.root, MNT_DETACH), 0);
    day_end(&day, true);
}

static void
test_faults_a_read_only_root_is_survived(void **state)
{
    (void)state;
    day_begin(&day, &(struct day_options){.seed = 16, .without_supervisor = true});
    if (!own_disk("size=64m,mode=0700")) {
        printf("skipped: no file system may be mounted here\n");
        day_end(&day, true);
        skip();
    }
    day_start_supervisor(&day);
    DAY_WAIT(&day, 30, day_heartbeat(&day).iter > 10);
    if (mount("tmpfs", day.root, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        /* A file open for writing keeps it writable on some kernels: a bind mount does not care. */
        assert_int_equal(mount(day.root, day.root, NULL, MS_BIND, NULL), 0);
        assert_int_equal(mount(NULL, day.root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    }
    int64_t since_ns = day_mono_ns();
    DAY_WAIT(&day, 20, day_mono_ns() - since_ns > 3 * NS_PER_S);
    if (mount("tmpfs", day.root, "tmpfs", MS_REMOUNT, NULL) != 0)
        assert_int_equal(umount2(day.root, MNT_DETACH), 0);
    int64_t at_s = day_heartbeat(&day).at_s;
    DAY_WAIT(&day, 40, day_heartbeat(&day).at_s > at_s + 180 && is_on("normal"));
    day_stop(&day);
    assert_int_equal(umount2(day.root, MNT_DETACH), 0);
    day_end(&day, true);
}

int
main(void)
{
#define FAULT_TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        FAULT_TEST(test_faults_the_broker_is_absent_and_comes),
        FAULT_TEST(test_faults_a_wrong_broker_key_stops_trading_and_nothing_else),
        FAULT_TEST(test_faults_a_wrong_vendor_key_leaves_the_engine_without_signals),
        FAULT_TEST(test_faults_a_stepped_clock_stops_entries_for_a_cycle),
        FAULT_TEST(test_faults_a_full_disk_stops_entries_until_there_is_room),
        FAULT_TEST(test_faults_a_read_only_root_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
