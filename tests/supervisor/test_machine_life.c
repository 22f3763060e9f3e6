/* The machine of one service: held configuration, secrets, locks, the watchdog, and any sequence
 * whatever. */

#include "tests/supervisor/bench.h"

/* ---- configuration, secrets, locks --------------------------------------------------------- */

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
test_machine_says_failed_when_there_is_no_program(void **state)
{
    struct bench b = bench_of(&ENGINE);

    (void)state;
    b.obstacle = OBSTACLE_NO_PROGRAM;
    feed(&b, HAPPENED_START);
    EXPECT(&b, ACT_LOG_START_FAILED);
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_FAILED);
    b.obstacle = OBSTACLE_NONE;
    feed(&b, HAPPENED_TIME);
    feed(&b, HAPPENED_SPAWNED);
    assert_int_equal(machine_status(&b.m, &ENGINE), STATUS_DEGRADED);
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

/* ---- watchdog ------------------------------------------------------------------------------ */

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

/* ---- any sequence whatever ----------------------------------------------------------------- */

/* What must hold for every sequence: one child at a time, signals only to a child, silence after a
 * stop. */
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
        if (act >= ACT_COUNT_FAILURE)
            fail_msg("seed %llu: a private action", (unsigned long long)w->seed);
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
        if (!w.has_child && (what == HAPPENED_EXITED || what == HAPPENED_READY ||
                             what == HAPPENED_CYCLE || what == HAPPENED_PROGRESS))
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
            fail_msg("seed %llu step %d: child %d in state %s", (unsigned long long)seed, i,
                     w.has_child, service_state_name(b.m.state));
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
        cmocka_unit_test(test_machine_holds_78_until_a_change),
        cmocka_unit_test(test_machine_says_failed_when_there_is_no_program),
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
