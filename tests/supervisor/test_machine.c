/* The machine of one service: every state against everything that can happen, delays, watchdog, shutdown. */

#include "supervisor/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define S  NS_PER_S
#define MS NS_PER_MS

static const struct service_rules ENGINE = {
    .name = "trading-bot",
    .program = "trading_engine",
    .lock_path = "state/engine.lock",
    .is_engine = true,
    .is_critical = true,
    .needs_secrets = true,
    .is_watched = true,
    .evicts = true,
    .probe_ns = 100 * MS,
};

static const struct service_rules DAEMON = {
    .name = "uw-daemon",
    .program = "uw_flow_daemon",
    .lock_path = "state/uw_flow_daemon.lock",
    .is_critical = true,
    .needs_secrets = true,
    .probe_ns = 30 * S,
};

static const struct service_rules SIM = {.name = "market-sim", .program = "market_sim", .may_finish = true};

static const struct machine_limits LIMITS = {.max_stall_ns = 180 * S, .grace_ns = 10 * S};

/* A machine with its clock, fed one happening after the other. */
struct bench {
    struct machine m;
    const struct service_rules *rules;
    int64_t now_ns;
    enum obstacle obstacle;
    bool is_closed; /* out of session */
    struct actions got;
};

static struct bench
bench_of(const struct service_rules *rules)
{
    struct bench b = {.rules = rules, .now_ns = 1000 * S};

    machine_init(&b.m, 7);
    return b;
}

static void
feed_exit(struct bench *b, enum happening what, int exit_code)
{
    const struct step step = {what, b->now_ns, exit_code, b->obstacle, !b->is_closed};

    machine_step(&b->m, b->rules, &LIMITS, &step, &b->got);
}

static void
feed(struct bench *b, enum happening what)
{
    feed_exit(b, what, 0);
}

static void
feed_after(struct bench *b, int64_t ns, enum happening what)
{
    b->now_ns += ns;
    feed(b, what);
}

static void
expect_actions(const struct bench *b, const enum action *want, const char *name)
{
    size_t n = 0;

    while (want[n] != ACT_NONE) {
        n++;
    }
    if (b->got.len != n) fail_msg("%s: %zu actions instead of %zu", name, b->got.len, n);
    for (size_t i = 0; i < n; i++) {
        if (b->got.act[i] != want[i])
            fail_msg("%s: action %zu is %d, not %d", name, i, (int)b->got.act[i], (int)want[i]);
    }
}

#define EXPECT(b, ...)    expect_actions((b), (const enum action[]){__VA_ARGS__, ACT_NONE}, __func__)
#define EXPECT_NOTHING(b) expect_actions((b), (const enum action[]){ACT_NONE}, __func__)

/* Brings a new machine into a state by the shortest way there. */
static struct bench
bench_in(const struct service_rules *rules, enum service_state state)
{
    struct bench b = bench_of(rules);

    if (state == SERVICE_IDLE) return b;
    if (state == SERVICE_FINISHED) {
        feed(&b, HAPPENED_STOP);
        return b;
    }
    if (state == SERVICE_EXTERNAL || state == SERVICE_NO_SECRETS) {
        b.obstacle = state == SERVICE_EXTERNAL ? OBSTACLE_FOREIGN_LOCK : OBSTACLE_NO_SECRETS;
        feed(&b, HAPPENED_START);
        b.obstacle = OBSTACLE_NONE;
        return b;
    }
    feed(&b, HAPPENED_START);
    feed(&b, HAPPENED_SPAWNED);
    b.now_ns += 10 * S;
    if (state == SERVICE_RUNNING) feed(&b, HAPPENED_READY);
    if (state == SERVICE_STOPPING) feed(&b, HAPPENED_STOP);
    if (state == SERVICE_WAITING) {
        feed_exit(&b, HAPPENED_EXITED,
                  1); /* the first is retried at once: die again, so that there is a wait */
        feed(&b, HAPPENED_TIME);
        feed(&b, HAPPENED_SPAWNED);
        feed_exit(&b, HAPPENED_EXITED, 1);
    }
    if (state == SERVICE_HELD) feed_exit(&b, HAPPENED_EXITED, EXIT_STATUS_CONFIG);
    if (state == SERVICE_STALLED || state == SERVICE_ABORTING) feed_after(&b, 80 * S, HAPPENED_TIME);
    if (state == SERVICE_ABORTING) feed_after(&b, 90 * S, HAPPENED_TIME);
    return b;
}

/* ---- every state against everything ------------------------------------------------------------------- */

struct row {
    enum service_state from;
    enum happening what;
    int exit_code;
    int64_t after_ns;
    enum obstacle obstacle;
    enum service_state to;
    enum action act[ACTIONS_MAX];
};

#define START_ACTS                                                                                           \
    {                                                                                                        \
        ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN                                                    \
    }
#define DIED_ACTS                                                                                            \
    {                                                                                                        \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_ENGINE_RESTARTING                                       \
    }
#define HELD_ACTS                                                                                            \
    {                                                                                                        \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_HELD                                                    \
    }
#define YIELD_ACTS                                                                                           \
    {                                                                                                        \
        ACT_LOG_ENGINE_EXITED, ACT_LOG_EXTERNAL                                                              \
    }
#define NO_ACTS                                                                                              \
    {                                                                                                        \
        ACT_NONE                                                                                             \
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
                         service_state_name((enum service_state)from), what, service_state_name(b.m.state),
                         b.got.len);
        }
    }
}

/* ---- the order of records around a restart (R1.18) ------------------------------------------------------
 */

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

/* ---- delays ------------------------------------------------------------------------------------------- */

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
    assert_in_range(said, (b.now_ns - begin) / FAILURE_WINDOW_NS, (b.now_ns - begin) / FAILURE_WINDOW_NS + 1);
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
    assert_int_equal(machine_due_ns(&b.m, &DAEMON, &LIMITS), NEVER_NS); /* nobody watches its silence */
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

/* ---- configuration, secrets, locks -------------------------------------------------------------------- */

static void
test_machine_holds_78_until_a_change(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_HELD);

    (void)state;
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), NEVER_NS);
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_FAILED);
    feed_after(&b, 3600 * S, HAPPENED_TIME);
    EXPECT_NOTHING(&b);
    feed(&b, HAPPENED_CHANGED);
    EXPECT(&b, ACT_LOG_RELEASED);
    feed(&b, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN);
}

static void
test_machine_starts_when_the_secrets_appear(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_NO_SECRETS);

    (void)state;
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_FAILED);
    b.obstacle = OBSTACLE_NO_SECRETS;
    feed_after(&b, TICK_NS, HAPPENED_TIME);
    EXPECT_NOTHING(&b); /* said once, not at every tick */
    b.obstacle = OBSTACLE_NONE;
    feed_after(&b, 1 * S, HAPPENED_CHANGED);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), b.now_ns);
    feed(&b, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_START, ACT_LOG_ENGINE_STARTING, ACT_SPAWN);
}

static void
test_machine_leaves_a_foreign_daemon_alone(void **state)
{
    struct bench b = bench_of(&DAEMON);

    (void)state;
    b.obstacle = OBSTACLE_FOREIGN_LOCK;
    feed(&b, HAPPENED_START);
    EXPECT(&b, ACT_LOG_EXTERNAL);
    for (int tick = 0; tick < 100; tick++) {
        feed_after(&b, 30 * S, HAPPENED_TIME);
        EXPECT_NOTHING(&b);
        assert_int_equal(machine_status(&b.m, &DAEMON), STATUS_EXTERNAL);
        assert_int_equal(machine_due_ns(&b.m, &DAEMON, &LIMITS), b.now_ns + 30 * S);
    }
    b.obstacle = OBSTACLE_NONE;
    feed_after(&b, 30 * S, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_START, ACT_SPAWN);
}

static void
test_machine_child_that_yields_to_a_foreign_lock_did_not_fail(void **state)
{
    struct bench b = bench_of(&DAEMON);

    (void)state;
    feed(&b, HAPPENED_START);
    feed(&b, HAPPENED_SPAWNED);
    b.obstacle = OBSTACLE_FOREIGN_LOCK;
    feed_exit(&b, HAPPENED_EXITED, 0);
    assert_int_equal(b.m.state, SERVICE_EXTERNAL);
    assert_int_equal(b.m.failures, 0);
}

static void
test_machine_evicts_a_leftover_once_a_grace_period(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_EXTERNAL);
    int evictions = 0;

    (void)state;
    b.obstacle = OBSTACLE_FOREIGN_LOCK;
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_DEGRADED);
    for (int i = 0; i < 350; i++) { /* 35 s at 100 ms */
        feed_after(&b, ENGINE.probe_ns, HAPPENED_TIME);
        evictions += b.got.len == 1 && b.got.act[0] == ACT_EVICT;
    }
    assert_int_equal(evictions, 3);
}

static void
test_machine_simulator_may_finish(void **state)
{
    struct bench b = bench_of(&SIM);

    (void)state;
    feed(&b, HAPPENED_START);
    feed(&b, HAPPENED_SPAWNED);
    feed_after(&b, 60 * S, HAPPENED_EXITED);
    EXPECT(&b, ACT_LOG_FINISHED);
    assert_int_equal(b.m.state, SERVICE_FINISHED);
    feed_after(&b, 600 * S, HAPPENED_TIME);
    EXPECT_NOTHING(&b);
}

/* ---- watchdog ----------------------------------------------------------------------------------------- */

static void
test_machine_watchdog_asks_then_aborts_then_kills(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    feed(&b, HAPPENED_CYCLE);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), b.now_ns + 90 * S);
    feed_after(&b, 90 * S, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), b.now_ns + 90 * S);
    feed_after(&b, 90 * S, HAPPENED_TIME);
    EXPECT(&b, ACT_LOG_STALL_ABORT, ACT_SIGNAL_ABORT);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), b.now_ns + 1 * S);
    feed_after(&b, 1 * S, HAPPENED_TIME);
    EXPECT(&b, ACT_SIGNAL_KILL, ACT_LOG_KILLED);
    assert_int_equal(machine_due_ns(&b.m, &ENGINE, &LIMITS), NEVER_NS);
    feed_exit(&b, HAPPENED_EXITED, -9);
    EXPECT(&b, ACT_LOG_ENGINE_EXITED, ACT_LOG_DIED, ACT_LOG_ENGINE_RESTARTING);
}

static void
test_machine_watchdog_is_not_fooled_by_its_own_sleep(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_RUNNING);

    (void)state;
    feed_after(&b, 3600 * S, HAPPENED_TIME); /* we were stopped for an hour */
    EXPECT(&b, ACT_LOG_STALL_DUMP, ACT_SIGNAL_DUMP);
    feed(&b, HAPPENED_TIME);
    EXPECT_NOTHING(&b); /* the child still has its half */
    feed_after(&b, 1 * S, HAPPENED_PROGRESS);
    EXPECT(&b, ACT_LOG_STALL_OVER);
}

static void
test_machine_watchdog_watches_the_start_too(void **state)
{
    struct bench b = bench_in(&ENGINE, SERVICE_STARTING);

    (void)state;
    feed_after(&b, 170 * S, HAPPENED_TIME);
    assert_int_equal(b.m.state, SERVICE_STALLED);
}

/* ---- any sequence whatever ---------------------------------------------------------------------------- */

/* What must hold for every sequence: one child at a time, signals only to a child, silence after a stop. */
struct witness {
    bool has_child, is_stopped;
    uint64_t seed;
};

static void
witness_actions(struct witness *w, const struct bench *b, bool *ret_wants_spawn)
{
    *ret_wants_spawn = false;
    for (size_t i = 0; i < b->got.len; i++) {
        const enum action act = b->got.act[i];

        if (act == ACT_SPAWN) {
            if (w->has_child || w->is_stopped)
                fail_msg("seed %llu: a second child", (unsigned long long)w->seed);
            *ret_wants_spawn = true;
        }
        if (act >= ACT_SIGNAL_TERM && act <= ACT_SIGNAL_KILL && !w->has_child)
            fail_msg("seed %llu: a signal to nobody", (unsigned long long)w->seed);
        if (act >= ACT_COUNT_FAILURE) fail_msg("seed %llu: a private action", (unsigned long long)w->seed);
    }
}

static void
walk(uint64_t seed, const struct service_rules *rules)
{
    static const int CODES[] = {0, 1, 70, 75, 78, -6, -9, -11};
    struct witness w = {.seed = seed};
    struct bench b = bench_of(rules);
    struct rng rng;

    rng_init(&rng, seed);
    for (int i = 0; i < 400; i++) {
        enum happening what = (enum happening)rng_below(&rng, HAPPENED_STOP + 1);
        bool wants_spawn = false;

        b.now_ns += rng_range(&rng, 0, rng_chance(&rng, 0.1) ? 200 * S : 2 * S);
        b.obstacle = rng_chance(&rng, 0.2) ? (enum obstacle)rng_below(&rng, 4) : OBSTACLE_NONE;
        b.is_closed = rng_chance(&rng, 0.5);
        if (what == HAPPENED_SPAWNED || what == HAPPENED_SPAWN_FAILED) what = HAPPENED_TIME;
        if (what == HAPPENED_STOP && i < 300) what = HAPPENED_TIME;
        if (!w.has_child && (what == HAPPENED_EXITED || what == HAPPENED_READY || what == HAPPENED_CYCLE ||
                             what == HAPPENED_PROGRESS))
            what = HAPPENED_START;
        if (what == HAPPENED_EXITED) w.has_child = false;
        feed_exit(&b, what, CODES[rng_below(&rng, COUNT_OF(CODES))]);
        witness_actions(&w, &b, &wants_spawn);
        if (what == HAPPENED_STOP) w.is_stopped = true;
        if (wants_spawn) {
            w.has_child = rng_chance(&rng, 0.8);
            feed(&b, w.has_child ? HAPPENED_SPAWNED : HAPPENED_SPAWN_FAILED);
        }
        if (machine_has_child(&b.m) != w.has_child)
            fail_msg("seed %llu step %d: child %d in state %s", (unsigned long long)seed, i, w.has_child,
                     service_state_name(b.m.state));
        /* A deadline that a TIME step does not use up would spin the loop. */
        if (machine_due_ns(&b.m, rules, &LIMITS) <= b.now_ns) {
            const enum service_state before = b.m.state;
            const int64_t due = machine_due_ns(&b.m, rules, &LIMITS);

            b.obstacle = OBSTACLE_NO_SECRETS;
            feed(&b, HAPPENED_TIME);
            witness_actions(&w, &b, &wants_spawn);
            if (b.m.state == before && machine_due_ns(&b.m, rules, &LIMITS) == due)
                fail_msg("seed %llu step %d: would spin in %s", (unsigned long long)seed, i,
                         service_state_name(before));
        }
    }
    if (w.is_stopped && w.has_child) assert_int_equal(b.m.state, SERVICE_STOPPING);
}

static void
test_machine_keeps_its_promises_in_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        walk(seed, &ENGINE);
        walk(seed, &DAEMON);
        walk(seed, &SIM);
    }
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
        cmocka_unit_test(test_machine_holds_78_until_a_change),
        cmocka_unit_test(test_machine_starts_when_the_secrets_appear),
        cmocka_unit_test(test_machine_leaves_a_foreign_daemon_alone),
        cmocka_unit_test(test_machine_child_that_yields_to_a_foreign_lock_did_not_fail),
        cmocka_unit_test(test_machine_evicts_a_leftover_once_a_grace_period),
        cmocka_unit_test(test_machine_simulator_may_finish),
        cmocka_unit_test(test_machine_watchdog_asks_then_aborts_then_kills),
        cmocka_unit_test(test_machine_watchdog_is_not_fooled_by_its_own_sleep),
        cmocka_unit_test(test_machine_watchdog_watches_the_start_too),
        cmocka_unit_test(test_machine_keeps_its_promises_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
