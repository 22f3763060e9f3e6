/*
 * A stopped engine: asked for a dump, then replaced; woken up later it sends nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

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

static int64_t
epoch_of(const char *client_id)
{
    return strncmp(client_id, "v1-", 3) == 0 ? strtoll(client_id + 3, NULL, 10) : -1;
}

/* Orders of the book that an engine of this epoch or an earlier one sent after the instant. */
static int
orders_of_stale_epochs(const struct day_book *b, int64_t epoch, int64_t after_ns)
{
    int n = 0;

    for (size_t i = 0; i < b->orders_len; i++)
        n += epoch_of(b->order[i].client_id) <= epoch && b->order[i].submitted_ns > after_ns;
    return n;
}

static void
test_service_replaces_a_stopped_engine(void **state)
{
    static const char *const QUICK[] = {"MAX_STALL_SEC=2", NULL};
    struct day_book book;
    struct day_ledger ledger;

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 3, .env = QUICK});
    DAY_WAIT(&day, 20, day_heartbeat(&day).iter > 20);
    pid_t stopped = day_pid(&day, DAY_ENGINE);
    int64_t epoch = day_heartbeat(&day).epoch;
    assert_int_equal(kill(stopped, SIGSTOP), 0);
    int64_t stopped_ns = day_now_ns(&day);
    DAY_WAIT(&day, 10,
             day_lines(&day, "logs/supervisor.jsonl", "ENGINE_STALL_DUMP_REQUESTED") == 1);
    DAY_WAIT(&day, 10, day_lines(&day, "logs/supervisor.jsonl", "ENGINE_STALL_ABORTED") == 1);
    DAY_WAIT(&day, 20, day_heartbeat(&day).epoch > epoch && day_heartbeat(&day).iter > 2);
    DAY_CHECK(&day, kill(stopped, SIGCONT) != 0); /* it is gone: nothing is left to wake up */
    day_settle(&day);
    day_stop(&day);
    day_book_load(&day, &book);
    day_ledger_load(&day, &ledger);
    day_check_books(&day, &book, &ledger);
    DAY_CHECK(&day, orders_of_stale_epochs(&book, epoch, stopped_ns) == 0);
    day_ledger_done(&ledger);
    day_book_done(&book);
    day_end(&day, true);
}

/* Is the process in a transaction of the ledger? */
static bool
is_writing(pid_t pid)
{
    char line[256], needle[64];
    bool found = false;
    FILE *f = fopen("/proc/locks", "re");

    assert_non_null(f);
    (void)snprintf(needle, sizeof(needle), "WRITE %d ", (int)pid);
    while (!found && fgets(line, sizeof(line), f) != NULL)
        found = strstr(line, "POSIX") != NULL && strstr(line, needle) != NULL;
    (void)fclose(f);
    return found;
}

/* Outside of a transaction: one that never ends keeps everybody from the ledger. */
static void
stop_between_writes(pid_t pid)
{
    struct timespec moment = {.tv_nsec = 20 * NS_PER_MS};

    for (int i = 0; i < 100; i++) {
        assert_int_equal(kill(pid, SIGSTOP), 0);
        (void)nanosleep(&moment, NULL); /* the signal has arrived */
        if (!is_writing(pid)) return;
        assert_int_equal(kill(pid, SIGCONT), 0);
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("the engine writes without end");
}

/*
 * The lock that keeps a second engine out is taken away by hand while the first one is stopped: the
 * worst case of two engines.  The first wakes up behind the fence.
 */
static void
test_service_fences_a_stopped_engine_that_wakes_up(void **state)
{
    struct day_book book;

    (void)state;
    day_begin(&day, &(struct day_options){.seed = 5, .without_supervisor = true});
    const char *const poller[] = {"uw_flow_daemon", "--root", day.root, NULL};
    const char *const alone[] = {"trading_engine", "--root", day.root, "--standalone", NULL};
    pid_t vendor = day_spawn(&day, poller, "daemon.out"); /* keeps the cache fresh for both */
    pid_t first = day_spawn(&day, alone, "first.out");
    DAY_WAIT(&day, 30, day_lines(&day, "logs/orders.jsonl", "filled") > 2);
    int64_t epoch = day_heartbeat(&day).epoch;
    stop_between_writes(first);
    assert_int_equal(unlink(day_path(&day, "state/engine.lock")), 0);
    pid_t second = day_spawn(&day, alone, "second.out");
    DAY_WAIT(&day, 20, day_heartbeat(&day).epoch > epoch && day_heartbeat(&day).iter > 3);
    int64_t raised_ns = day_now_ns(&day);
    assert_int_equal(kill(first, SIGCONT), 0);
    int64_t woken_ns = day_mono_ns();
    DAY_WAIT(&day, 30, day_mono_ns() - woken_ns > 8 * NS_PER_S); /* half an hour of the day */
    assert_int_equal(kill(first, SIGTERM), 0);
    (void)day_wait_pid(&day, first, 15);
    assert_int_equal(kill(second, SIGTERM), 0);
    DAY_CHECK(&day, day_wait_pid(&day, second, 15) == 0);
    assert_int_equal(kill(vendor, SIGTERM), 0);
    (void)day_wait_pid(&day, vendor, 15);
    day_book_load(&day, &book);
    DAY_CHECK(&day, orders_of_stale_epochs(&book, epoch, raised_ns) == 0);
    DAY_CHECK(&day, book.duplicate_client_ids == 0);
    DAY_CHECK(&day, day_lines(&day, "logs/run.jsonl", "\"observe_only\"", "\"fenced\"") > 0);
    day_book_done(&book);
    day_end(&day, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_replaces_a_stopped_engine, teardown),
        cmocka_unit_test_teardown(test_service_fences_a_stopped_engine_that_wakes_up, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
