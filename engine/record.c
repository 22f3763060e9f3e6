#include "engine/engine.h"

#include <math.h>
#include <unistd.h>

/* ---- the record and the heartbeat ---------------------------------------------------------- */

static struct cycle_risk
risk_of(const struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    return (struct cycle_risk){
        .is_known = seen->is_account_known,
        .equity = seen->account.equity,
        .peak_equity = plan->marks.peak,
        .daily_pnl = plan->risk.daily_pnl,
        .daily_loss_limit = plan->limits.daily_loss,
        .drawdown_pct = fmax(-100.0, fmin(100.0, 100.0 * plan->risk.drawdown_fraction)),
        .drawdown_limit_fraction = plan->limits.max_drawdown_fraction,
        .mode = eng->seams.cfg->broker.trading_mode,
    };
}

static struct cycle_operator
operator_of(struct engine *eng)
{
    const struct control *c = &eng->memory.control;
    const char **frozen = ARENA_NEW(&eng->arena, const char *, c->frozen_len);

    for (size_t i = 0; i < c->frozen_len; i++)
        frozen[i] = c->frozen[i].symbol;
    return (struct cycle_operator){
        .level = c->level != CONTROL_NONE ? control_level_name(c->level) : NULL,
        .reason = c->word.reason,
        .who = c->word.who,
        .at_ns = c->word.at_ns,
        .frozen = frozen,
        .frozen_len = c->frozen_len,
    };
}

enum { ALERTS_MAX = 3 };

/* What an operator should look at (spec 10 R1.37, R5.6, R5.10). */
static size_t
alerts_of(const struct snapshot *seen, const struct plan *plan, const char *breach,
          bool is_breached, struct arena *a, const char **ret_alert)
{
    size_t n = 0;

    if (plan->freeze != NULL) ret_alert[n++] = "freeze_active";
    if (!seen->are_positions_known || !seen->is_account_known)
        ret_alert[n++] = "broker_degraded_mode";
    if (is_breached) {
        char text[64];
        (void)snprintf(text, sizeof(text), "risk_limit_breach_%.40s", breach);
        ret_alert[n++] = arena_strdup(a, text);
    }
    return n;
}

static struct cycle_record
record_of(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
          const struct refusal_tally *t, const struct cycle_positions *positions)
{
    const char *breach = risk_breach_key(plan->risk.breach);
    bool is_breached = plan->risk.breach != RISK_NONE && plan->risk.breach != RISK_UNKNOWN;

    const char **alert = ARENA_NEW(&eng->arena, const char *, ALERTS_MAX);
    size_t alerts_len = alerts_of(seen, plan, breach, is_breached, &eng->arena, alert);

    return (struct cycle_record){
        .ended_ns = clock_now(&eng->seams.clock),
        .iteration = (int64_t)eng->iterations,
        .clusters = (int64_t)seen->candidates_len - t->composite,
        .orders = (int64_t)eng->desk.accepted_this_cycle,
        .is_market_open = seen->is_market_open,
        .is_degraded = !seen->are_positions_known || !seen->is_account_known,
        .error = (const char(*)[CYCLE_ERROR_MAX])eng->error,
        .errors_len = eng->errors_len,
        .is_frozen = plan->freeze != NULL,
        .risk_freeze = is_breached ? breach : NULL,
        .failures = eng->memory.fail_count,
        .rung = rung_name(plan->ladder.rung),
        .rung_reason = plan->ladder.reason < HALTS_LEN ? halt_row(plan->ladder.reason)->name : NULL,
        .operator= operator_of(eng),
        .gate = t->gate,
        .gates_len = t->len,
        .total_pnl = eng->today.pnl,
        .alert = alert,
        .alerts_len = alerts_len,
        .trades = eng->today.trades,
        .wins = eng->today.wins,
        .market_regime = seen->market_regime,
        .cache_symbols = (int64_t)eng->flow.symbols,
        .symbols_scored = (int64_t)seen->candidates_len,
        .passed_composite_gate = (int64_t)seen->candidates_len - t->composite,
        .risk = risk_of(eng, seen, plan),
        .positions = *positions,
    };
}

static void
write_heartbeat(struct engine *eng, const struct cycle_record *last, bool is_running)
{
    struct heartbeat h = {.now_ns = clock_now(&eng->seams.clock),
                          .last_attempt_ns = last != NULL ? last->ended_ns : WHEN_NONE,
                          .completed = (int64_t)eng->completed,
                          .is_running = is_running,
                          .pid = (int)getpid(),
                          .epoch = eng->seams.epoch,
                          .last = last};
    struct err err = {0};

    if (eng->seams.trade_stream != NULL)
        h.trade_stream =
            eng->seams.trade_stream(eng->seams.trade_stream_ctx, &h.trade_stream_age_s);

    if (heartbeat_write(&h, &eng->seams.store, &err) != RC_OK)
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", HEARTBEAT_PATH),
                  F_STR("error", err.text));
}

void
engine_heartbeat(struct engine *eng)
{
    write_heartbeat(eng, NULL, false);
}

void
engine_record(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
              int64_t began_mono_ns)
{
    struct refusal_tally t = {0};
    struct err err = {0};

    engine_at(eng, STAGE_RECORD, NULL);
    engine_explain(eng, seen, plan, &t);
    engine_mirror(eng, seen);
    engine_pending(eng);
    struct cycle_positions positions = engine_check_positions(eng, seen);
    if (seen->is_market_open) engine_trace(eng, seen, plan);
    if (seen->is_market_open) engine_observe(eng, seen, plan);
    if (today_update(&eng->today, &eng->seams.fs, seen->now_ns, &err) != RC_OK)
        engine_error(eng, "metrics", "today_update", &err);
    memory_flush(&eng->memory, &eng->seams.fs, &eng->seams.store, &eng->seams.log, seen->now_ns);
    struct cycle_record r = record_of(eng, seen, plan, &t, &positions);
    r.duration_ms = (clock_mono(&eng->seams.clock) - began_mono_ns) / NS_PER_MS;
    /* The store has said on standard error what could not be written. */
    if (cycle_write(&r, &eng->seams.store, &err) != RC_OK)
        engine_error(eng, "logging", "cycle_write", &err);
    write_heartbeat(eng, &r, true);
}
