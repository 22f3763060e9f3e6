/* The machine of one service: every state against everything that can happen, the order of records,
 * delays.
 */

#include "tests/supervisor/bench.h"

/* ---- every state against everything -------------------------------------------------------- */

struct row {
    enum service_state from;
    enum happening what;
    int exit_code;
    int64_t after_ns;
    enum obstacle obstacle;
    enum service_state to;
    enum action act[ACTIONS_MAX];
};

#define START_ACTS                                                                                 \
    {                                                                                              \
        ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN                                          \
    }
#define DIED_ACTS                                                                                  \
    {                                                                                              \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_ENGINE_RESTARTING                             \
    }
#define HELD_ACTS                                                                                  \
    {                                                                                              \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_HELD                                          \
    }
#define YIELD_ACTS                                                                                 \
    {                                                                                              \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_EXTERNAL                                                    \
    }
#define NO_ACTS                                                                                    \
    {                                                                                              \
        ACT_NONE                                                                                   \
    }
#define CLEAR OBSTACLE_NONE
#define LATE  (1000 * S)

/* What is not in the table must change nothing and ask for nothing. */
/* clang-format off */
static const struct row ROWS[] = {
    {SERVICE_IDLE, HAPPENED_START, 0, 0, CLEAR, SERVICE_STARTING, START_ACTS},
    {SERVICE_IDLE, HAPPENED_START, 0, 0, OBSTACLE_NO_PROGRAM, SERVICE_WAITING, {ACT_LOG_START_FAILED}},
    {SERVICE_IDLE, HAPPENED_START, 0, 0, OBSTACLE_NO_SECRETS, SERVICE_NO_SECRETS, {ACT_LOG_SKIPPED_NO_SECRETS}},
    {SERVICE_IDLE, HAPPENED_START, 0, 0, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, {ACT_LOG_EXTERNAL}},
    {SERVICE_IDLE, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_FINISHED, NO_ACTS},

    {SERVICE_STARTING, HAPPENED_SPAWNED, 0, 0, CLEAR, SERVICE_STARTING, {ACT_LOG_STARTED, ACT_LOG_ENGINE_STARTED}},
    {SERVICE_STARTING, HAPPENED_SPAWN_FAILED, 0, 0, CLEAR, SERVICE_WAITING, {ACT_LOG_START_FAILED}},
    {SERVICE_STARTING, HAPPENED_READY, 0, 0, CLEAR, SERVICE_RUNNING, NO_ACTS},
    {SERVICE_STARTING, HAPPENED_PROGRESS, 0, 0, CLEAR, SERVICE_STARTING, NO_ACTS},
    {SERVICE_STARTING, HAPPENED_CYCLE, 0, 0, CLEAR, SERVICE_RUNNING, NO_ACTS},
    {SERVICE_STARTING, HAPPENED_TIME, 0, 20 * S, CLEAR, SERVICE_RUNNING, NO_ACTS},
    {SERVICE_STARTING, HAPPENED_TIME, 0, 80 * S, CLEAR, SERVICE_STALLED, {ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP}},
    {SERVICE_STARTING, HAPPENED_EXITED, 0, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_STARTING, HAPPENED_EXITED, 1, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_STARTING, HAPPENED_EXITED, -9, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_STARTING, HAPPENED_EXITED, 78, 0, CLEAR, SERVICE_HELD, HELD_ACTS},
    {SERVICE_STARTING, HAPPENED_EXITED, 75, 0, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, YIELD_ACTS},
    {SERVICE_STARTING, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_STOPPING, {ACT_SIGNAL_TERM}},

    {SERVICE_RUNNING, HAPPENED_TIME, 0, 89 * S, CLEAR, SERVICE_RUNNING, NO_ACTS},
    {SERVICE_RUNNING, HAPPENED_TIME, 0, 90 * S, CLEAR, SERVICE_STALLED, {ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP}},
    {SERVICE_RUNNING, HAPPENED_EXITED, 0, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_RUNNING, HAPPENED_EXITED, 1, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_RUNNING, HAPPENED_EXITED, -11, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_RUNNING, HAPPENED_EXITED, 78, 0, CLEAR, SERVICE_HELD, HELD_ACTS},
    {SERVICE_RUNNING, HAPPENED_EXITED, 0, 0, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, YIELD_ACTS},
    {SERVICE_RUNNING, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_STOPPING, {ACT_SIGNAL_TERM}},

    {SERVICE_STALLED, HAPPENED_READY, 0, 0, CLEAR, SERVICE_RUNNING, {ACT_LOG_STALL_OVER}},
    {SERVICE_STALLED, HAPPENED_PROGRESS, 0, 0, CLEAR, SERVICE_RUNNING, {ACT_LOG_STALL_OVER}},
    {SERVICE_STALLED, HAPPENED_CYCLE, 0, 0, CLEAR, SERVICE_RUNNING, {ACT_LOG_STALL_OVER}},
    {SERVICE_STALLED, HAPPENED_TIME, 0, 89 * S, CLEAR, SERVICE_STALLED, NO_ACTS},
    {SERVICE_STALLED, HAPPENED_TIME, 0, 90 * S, CLEAR, SERVICE_ABORTING, {ACT_LOG_STALL_ABORT, ACT_SIGNAL_ABORT}},
    {SERVICE_STALLED, HAPPENED_EXITED, 1, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_STALLED, HAPPENED_EXITED, 78, 0, CLEAR, SERVICE_HELD, HELD_ACTS},
    {SERVICE_STALLED, HAPPENED_EXITED, 75, 0, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, YIELD_ACTS},
    {SERVICE_STALLED, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_STOPPING, {ACT_SIGNAL_TERM}},

    {SERVICE_ABORTING, HAPPENED_TIME, 0, 1 * S, CLEAR, SERVICE_ABORTING, {ACT_SIGNAL_KILL, ACT_LOG_KILLED}},
    {SERVICE_ABORTING, HAPPENED_EXITED, -6, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_ABORTING, HAPPENED_EXITED, 78, 0, CLEAR, SERVICE_WAITING, DIED_ACTS},
    {SERVICE_ABORTING, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_STOPPING, {ACT_SIGNAL_TERM}},

    {SERVICE_WAITING, HAPPENED_TIME, 0, 1 * MS, CLEAR, SERVICE_WAITING, NO_ACTS},
    {SERVICE_WAITING, HAPPENED_TIME, 0, 111 * MS, CLEAR, SERVICE_STARTING, START_ACTS},
    {SERVICE_WAITING, HAPPENED_TIME, 0, LATE, OBSTACLE_NO_PROGRAM, SERVICE_WAITING, {ACT_LOG_START_FAILED}},
    {SERVICE_WAITING, HAPPENED_TIME, 0, LATE, OBSTACLE_NO_SECRETS, SERVICE_NO_SECRETS, {ACT_LOG_SKIPPED_NO_SECRETS}},
    {SERVICE_WAITING, HAPPENED_TIME, 0, LATE, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, {ACT_LOG_EXTERNAL}},
    {SERVICE_WAITING, HAPPENED_CHANGED, 0, 0, CLEAR, SERVICE_WAITING, NO_ACTS},
    {SERVICE_WAITING, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_FINISHED, NO_ACTS},

    {SERVICE_HELD, HAPPENED_TIME, 0, LATE, CLEAR, SERVICE_HELD, NO_ACTS},
    {SERVICE_HELD, HAPPENED_CHANGED, 0, 0, CLEAR, SERVICE_WAITING, {ACT_LOG_RELEASED}},
    {SERVICE_HELD, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_FINISHED, NO_ACTS},

    {SERVICE_EXTERNAL, HAPPENED_TIME, 0, 99 * MS, CLEAR, SERVICE_EXTERNAL, NO_ACTS},
    {SERVICE_EXTERNAL, HAPPENED_TIME, 0, 100 * MS, CLEAR, SERVICE_STARTING, START_ACTS},
    {SERVICE_EXTERNAL, HAPPENED_TIME, 0, 9 * S, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, NO_ACTS},
    {SERVICE_EXTERNAL, HAPPENED_TIME, 0, 10 * S, OBSTACLE_FOREIGN_LOCK, SERVICE_EXTERNAL, {ACT_EVICT}},
    {SERVICE_EXTERNAL, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_FINISHED, NO_ACTS},

    {SERVICE_NO_SECRETS, HAPPENED_TIME, 0, 29 * S, CLEAR, SERVICE_NO_SECRETS, NO_ACTS},
    {SERVICE_NO_SECRETS, HAPPENED_TIME, 0, 30 * S, CLEAR, SERVICE_STARTING, START_ACTS},
    {SERVICE_NO_SECRETS, HAPPENED_TIME, 0, 30 * S, OBSTACLE_NO_SECRETS, SERVICE_NO_SECRETS, NO_ACTS},
    {SERVICE_NO_SECRETS, HAPPENED_STOP, 0, 0, CLEAR, SERVICE_FINISHED, NO_ACTS},

    {SERVICE_STOPPING, HAPPENED_TIME, 0, 9 * S, CLEAR, SERVICE_STOPPING, NO_ACTS},
    {SERVICE_STOPPING, HAPPENED_TIME, 0, 10 * S, CLEAR, SERVICE_STOPPING, {ACT_SIGNAL_KILL, ACT_LOG_KILLED}},
    {SERVICE_STOPPING, HAPPENED_EXITED, 0, 0, CLEAR, SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},
    {SERVICE_STOPPING, HAPPENED_EXITED, -9, 0, CLEAR, SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},
    {SERVICE_STOPPING, HAPPENED_EXITED, 78, 0, CLEAR, SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},
    {SERVICE_STOPPING, HAPPENED_EXITED, 1, 0, OBSTACLE_FOREIGN_LOCK, SERVICE_FINISHED, {ACT_LOG_ENGINE_EXITED}},
};
/* clang-format on */

static void
test_machine_does_what_the_table_promises(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct bench b = bench_in(&ENGINE, row->from);
        char name[80];

        (void)snprintf(name, sizeof name, "row %zu, from %s", i, service_state_name(row->from));
        if (b.m.state != row->from) fail_msg("%s: is %s", name, service_state_name(b.m.state));
        b.now_ns += row->after_ns;
        b.obstacle = row->obstacle;
        feed_exit(&b, row->what, row->exit_code);
        if (b.m.state != row->to)
            fail_msg("%s: goes to %s, not to %s", name, service_state_name(b.m.state),
                     service_state_name(row->to));
        expect_actions(&b, row->act, name);
    }
}

static bool
row_exists(enum service_state from, enum happening what)
{
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        if (ROWS[i].from == from && ROWS[i].what == what) return true;
    }
    /* RUNNING takes every progress record as STARTING does; only the state stays. */
    return from == SERVICE_RUNNING &&
           (what == HAPPENED_READY || what == HAPPENED_PROGRESS || what == HAPPENED_CYCLE);
}

static void
test_machine_ignores_everything_else(void **state)
{
    (void)state;
    for (int from = SERVICE_IDLE; from < SERVICE_STATES; from++) {
        for (int what = HAPPENED_START; what <= HAPPENED_STOP; what++) {
            if (row_exists((enum service_state)from, (enum happening)what)) continue;
            struct bench b = bench_in(&ENGINE, (enum service_state)from);

            feed(&b, (enum happening)what);
            if (b.m.state != (enum service_state)from || b.got.len != 0)
                fail_msg("%s, happening %d: goes to %s with %zu actions",
                         service_state_name((enum service_state)from), what,
                         service_state_name(b.m.state), b.got.len);
        }
    }
}

/* ---- the order of records around a restart (R1.18) ------------------------------------------- */

static void
test_contract_6_1_order_of_records_around_a_restart(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    feed_exit(&b, HAPPENED_EXITED, -9);
    EXPECT(&b, ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_ENGINE_RESTARTING);
    assert_int_equal(b.m.exit_code, -9);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), b.now_ns); /* the first one at once */
    feed(&b, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN);
    feed(&b, HAPPENED_SPAWNED);
    EXPECT(&b, ACT_LOG_STARTED, ACT_LOG_ENGINE_STARTED);
}

static void
test_machine_names_the_engine_only_for_the_engine(void **state)
{
    struct bench b = bench_of(&DAEMON);

    (void)state;
    feed(&b, HAPPENED_START);
    EXPECT(&b, ACT_LOG_START, ACT_SPAWN);
    feed(&b, HAPPENED_SPAWNED);
    EXPECT(&b, ACT_LOG_STARTED);
    feed_after(&b, 5 * S, HAPPENED_EXITED);
    EXPECT(&b, ACT_LOG_DIED);
}

static void
test_machine_tells_early_ends_apart(void **state)
{
    static const struct {
        int64_t life_ns;
        enum action want;
    } cases[] = {
        {0,         ACT_LOG_EXITED_IMMEDIATELY},
        {2 * S - 1, ACT_LOG_EXITED_IMMEDIATELY},
        {2 * S,     ACT_LOG_EXITED_EARLY      },
        {3 * S - 1, ACT_LOG_EXITED_EARLY      },
        {3 * S,     ACT_LOG_DIED              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bench b = bench_of(&DAEMON);

        feed(&b, HAPPENED_START);
        feed(&b, HAPPENED_SPAWNED);
        feed_after(&b, cases[i].life_ns, HAPPENED_EXITED);
        assert_int_equal(b.got.act[0], cases[i].want);
        assert_int_equal(b.got.act[b.got.len - 1], ACT_LOG_DIED);
    }
}

/* ---- delays -------------------------------------------------------------------------------- */

static void
test_machine_delays_grow_to_their_cap(void **state)
{
    static const int64_t SESSION_MS[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    static const int64_t CLOSED_MS[] = {0,    100,   200,   400,   800,   1600, 3200,
                                        6400, 12800, 25600, 51200, 60000, 60000};
    struct rng rng;

    (void)state;
    rng_init(&rng, 11);
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < COUNT_OF(CLOSED_MS); i++) {
            const int64_t got = machine_retry_delay_ns(&rng, (int)i + 1, false);

            assert_in_range(got, CLOSED_MS[i] * 900000, CLOSED_MS[i] * 1100000);
        }
        for (size_t i = 0; i < COUNT_OF(SESSION_MS); i++) {
            const int64_t got = machine_retry_delay_ns(&rng, (int)i + 1, true);

            assert_in_range(got, SESSION_MS[i] * 900000, SESSION_MS[i] * 1100000);
        }
    }
    assert_in_range(machine_retry_delay_ns(&rng, INT32_MAX, true), 4500 * MS, 5500 * MS);
}

/* Lets the child die at once, n times in a row; gives the delay before the next start. */
static int64_t
crash_times(struct bench *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (b->m.state == SERVICE_WAITING) {
            b->now_ns = MAX(b->now_ns, b->m.retry_ns);
            feed(b, HAPPENED_TIME);
            feed(b, HAPPENED_SPAWNED);
        }
        feed_exit(b, HAPPENED_EXITED, 1);
        assert_int_equal(b->m.state, SERVICE_WAITING);
    }
    return b->m.retry_ns - b->now_ns;
}

static void
test_machine_never_gives_up_and_says_so_once_a_window(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);
    int said = 0;
    const int64_t begin = b.now_ns;

    (void)state;
    for (int i = 1; i <= 500; i++) {
        const int64_t delay = crash_times(&b, 1);

        assert_true(delay <= 5500 * MS);
        for (size_t k = 0; k < b.got.len; k++) {
            if (b.got.act[k] != ACT_LOG_FAILED_REPEATEDLY) continue;
            if (said == 0) assert_int_equal(i, 5);
            said++;
        }
        assert_int_equal(machine_status(&b.m, &ENGINE), i < 5 ? STATUS_DEGRADED : STATUS_FAILED);
    }
    assert_in_range(said, (b.now_ns - begin) / FAILURE_WINDOW_NS,
                    (b.now_ns - begin) / FAILURE_WINDOW_NS + 1);
}

static void
test_machine_trusts_after_three_cycles(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    assert_true(crash_times(&b, 4) > 300 * MS);
    b.now_ns = b.m.retry_ns;
    feed(&b, HAPPENED_TIME);
    feed(&b, HAPPENED_SPAWNED);
    feed(&b, HAPPENED_READY);
    feed(&b, HAPPENED_CYCLE);
    feed(&b, HAPPENED_CYCLE);
    assert_int_equal(b.m.failures, 4);
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_DEGRADED);
    feed(&b, HAPPENED_CYCLE);
    assert_int_equal(b.m.failures, 0);
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_OK);
    assert_int_equal(crash_times(&b, 1), 0);
}

static void
test_machine_counts_cycles_of_one_life_only(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    (void)crash_times(&b, 2);
    for (int life = 0; life < 3; life++) { /* two cycles a life never add up to three */
        b.now_ns = b.m.retry_ns;
        feed(&b, HAPPENED_TIME);
        feed(&b, HAPPENED_SPAWNED);
        feed(&b, HAPPENED_CYCLE);
        feed(&b, HAPPENED_CYCLE);
        feed_exit(&b, HAPPENED_EXITED, 1);
        assert_int_equal(b.m.failures, 3 + life);
    }
}

static void
test_machine_trusts_the_silent_after_thirty_seconds(void **state)
{
    struct bench b = bench_of(&DAEMON);

    (void)state;
    feed(&b, HAPPENED_START);
    feed(&b, HAPPENED_SPAWNED);
    (void)crash_times(&b, 3);
    b.now_ns = b.m.retry_ns;
    feed(&b, HAPPENED_TIME);
    feed(&b, HAPPENED_SPAWNED);
    assert_int_equal(machine_due_ns(&b.m, &DAEMON, &LIMITS), b.now_ns + 30 * S);
    feed_after(&b, 30 * S - 1, HAPPENED_TIME);
    assert_int_equal(machine_status(&b.m, &DAEMON), STATUS_DEGRADED);
    feed_after(&b, 1, HAPPENED_TIME);
    assert_int_equal(machine_status(&b.m, &DAEMON), STATUS_OK);
    assert_int_equal(b.m.failures, 0);
    assert_int_equal(machine_due_ns(&b.m, &DAEMON, &LIMITS),
                     NEVER_NS); /* nobody watches its silence */
}

static void
test_machine_cuts_a_long_delay_when_the_session_opens(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    b.is_closed = true;
    assert_true(crash_times(&b, 13) >= 54 * S);
    feed(&b, HAPPENED_TIME);
    assert_true(b.m.retry_ns - b.now_ns >= 54 * S);
    b.is_closed = false;
    feed(&b, HAPPENED_TIME);
    assert_true(b.m.retry_ns - b.now_ns <= 5500 * MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_does_what_the_table_promises),
        cmocka_unit_test(test_machine_ignores_everything_else),
        cmocka_unit_test(test_contract_6_1_order_of_records_around_a_restart),
        cmocka_unit_test(test_machine_names_the_engine_only_for_the_engine),
        cmocka_unit_test(test_machine_tells_early_ends_apart),
        cmocka_unit_test(test_machine_delays_grow_to_their_cap),
        cmocka_unit_test(test_machine_never_gives_up_and_says_so_once_a_window),
        cmocka_unit_test(test_machine_trusts_after_three_cycles),
        cmocka_unit_test(test_machine_counts_cycles_of_one_life_only),
        cmocka_unit_test(test_machine_trusts_the_silent_after_thirty_seconds),
        cmocka_unit_test(test_machine_cuts_a_long_delay_when_the_session_opens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
