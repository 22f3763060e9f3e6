#include "engine/loop.h"
#include "scripts/replay/replay.h"

#define DAEMON_STEP_NS NS_PER_MS /* the daemon is asked again no sooner */

static int64_t
smallest(int64_t a, int64_t b, int64_t c)
{
    return MIN(a, MIN(b, c));
}

/*
 * What the two processes do side by side, in one loop: whoever is due first.  At one and the same
 * instant the daemon comes first, then the orders at work, then the cycle.
 */
void
replay_run(struct replay *r)
{
    int64_t interval_ns = r->cfg.engine.run_interval_s * NS_PER_S;
    int64_t end_ns = r->sim.day.session.close_ns + DEMO_TAIL_NS;
    int64_t daemon_ns = clock_now(&r->clock), cycle_ns = daemon_ns, tick_ns = INT64_MAX;

    engine_start(&r->engine);
    while (clock_now(&r->clock) < end_ns) {
        int64_t next_ns = smallest(daemon_ns, tick_ns, cycle_ns);

        sim_clock_advance(&r->sim_clock, MAX(next_ns - clock_now(&r->clock), 0));
        if (daemon_ns <= clock_now(&r->clock)) {
            int64_t wait_ns = daemon_turn(&r->daemon);
            daemon_ns = clock_now(&r->clock) + MAX(wait_ns, DAEMON_STEP_NS);
        }
        if (tick_ns <= clock_now(&r->clock)) engine_tick(&r->engine);
        if (cycle_ns <= clock_now(&r->clock)) {
            int64_t began_ns = clock_now(&r->clock);
            engine_cycle(&r->engine);
            cycle_ns = began_ns + interval_ns;
        }
        bool ticks = engine_wants_ticks(&r->engine);
        if (!ticks) tick_ns = INT64_MAX;
        if (ticks && (tick_ns == INT64_MAX || tick_ns <= clock_now(&r->clock)))
            tick_ns = clock_now(&r->clock) + TICK_NS;
    }
}

void
replay_digest(const struct replay *r, char ret_hex[SHA256_HEX_MAX], size_t *ret_decisions)
{
    CLEANUP(text_free) struct text lines = {0};
    size_t n = 0;

    for (size_t i = 0; i < r->ledger_mem.intents_len; i++) {
        const struct intent *in = &r->ledger_mem.intent[i];
        struct civil at = zone_local(r->ny, in->created_ns);

        if (in->state == INTENT_NOT_SENT) continue;
        text_printf(&lines, "%02d:%02d %s %s %lld %s\n", at.hour, at.minute,
                    intent_purpose_name(in->purpose), order_side_name(in->order.side),
                    (long long)in->order.qty, in->order.symbol);
        n++;
    }
    (void)sha256_hex(text_str(&lines), lines.len, ret_hex);
    *ret_decisions = n;
}
