/*
 * A machine with a clock of its own, fed one happening after the other.
 */
#ifndef TESTS_SUPERVISOR_BENCH_H
#define TESTS_SUPERVISOR_BENCH_H

#include "supervisor/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define S  NS_PER_S
#define MS NS_PER_MS

UNUSED static const struct service_rules ENGINE = {
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

UNUSED static const struct service_rules DAEMON = {
    .name = "uw-daemon",
    .program = "uw_flow_daemon",
    .lock_path = "state/uw_flow_daemon.lock",
    .is_critical = true,
    .needs_secrets = true,
    .probe_ns = 30 * S,
};

UNUSED static const struct service_rules SIM = {
    .name = "market-sim", .program = "market_sim", .may_finish = true};

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

static inline struct bench
bench_of(const struct service_rules *rules)
{
    struct bench b = {.rules = rules, .now_ns = 1000 * S};

    machine_init(&b.m, 7);
    return b;
}

static inline void
feed_exit(struct bench *b, enum happening what, int exit_code)
{
    const struct step step = {what, b->now_ns, exit_code, b->obstacle, !b->is_closed};

    machine_step(&b->m, b->rules, &LIMITS, &step, &b->got);
}

static inline void
feed(struct bench *b, enum happening what)
{
    feed_exit(b, what, 0);
}

static inline void
feed_after(struct bench *b, int64_t ns, enum happening what)
{
    b->now_ns += ns;
    feed(b, what);
}

static inline void
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
static inline struct bench
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
    if (state == SERVICE_STALLED || state == SERVICE_ABORTING)
        feed_after(&b, 80 * S, HAPPENED_TIME);
    if (state == SERVICE_ABORTING) feed_after(&b, 90 * S, HAPPENED_TIME);
    return b;
}

#endif
