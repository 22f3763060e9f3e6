#include "engine/context.h"
#include "engine/engine.h"

#include <math.h>

#include "base/hash.h"

/* ---- what the plan says about the account -------------------------------------------------- */

static void
set_kill_switch(struct engine *eng, const struct plan *plan)
{
    struct kill_switch *k = eng->seams.kill;

    if (k == NULL) return;
    k->entries_halted = !plan->may_enter;
    k->all_halted = plan->ladder.rung >= RUNG_RECONCILE_ONLY;
    (void)str_copy(k->reason, sizeof(k->reason),
                   plan->ladder.reason < HALTS_LEN ? halt_row(plan->ladder.reason)->name : "");
}

static void
keep_marks(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    const char *key = risk_breach_key(plan->risk.breach);

    eng->memory.marks = plan->marks;
    eng->memory.exploration_used = plan->exploration_used;
    eng->memory.exploration_date = seen->ny_date;
    if (plan->run_out_len > 0) memory_rewrite(&eng->memory, MEMORY_FREEZES);
    if (plan->risk.breach == RISK_NONE || plan->risk.breach == RISK_UNKNOWN) return;
    memory_freeze(&eng->memory,
                  &(struct freeze_order){.key = key,
                                         .reason = key,
                                         .is_day_scoped = plan->risk.is_day_scoped,
                                         .number = plan->risk.number,
                                         .threshold = plan->risk.threshold},
                  &eng->seams.log, seen->now_ns);
}

static void
say_halt(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    static const enum event_id EVENT_OF[HALTS_LEN] = {
        [HALT_FENCED] = EV_HALTED,
        [HALT_LEDGER_UNUSABLE] = EV_HALTED,
        [HALT_BROKER_UNREACHABLE] = EV_HALT_BROKER_DEGRADED,
        [HALT_OPERATOR_ALL] = EV_HALT_OPERATOR,
        [HALT_OPERATOR_FLAT] = EV_HALT_OPERATOR,
        [HALT_OPERATOR_EXITS_ONLY] = EV_HALT_OPERATOR,
        [HALT_FREEZES_UNREADABLE] = EV_HALT_FREEZE,
        [HALT_FROZEN] = EV_HALT_FREEZE,
        [HALT_RISK_LIMIT] = EV_HALT_RISK,
        [HALT_PERFORMANCE] = EV_HALT_FREEZE,
        [HALT_ACCOUNT_UNKNOWN] = EV_HALT_BROKER_DEGRADED,
        [HALT_ACCOUNT_BLOCKED] = EV_HALT_BROKER_DEGRADED,
        [HALT_NOT_ARMED] = EV_HALT_NOT_ARMED,
        [HALT_NOT_RECONCILED] = EV_HALT_NOT_RECONCILED,
        [HALT_SELF_TEST_FAILED] = EV_HALT_SELF_TEST,
        [HALT_ENTRIES_QUARANTINED] = EV_HALTED,
        [HALT_CLOCK_MOVED] = EV_HALTED,
    };
    const struct config *cfg = eng->seams.cfg;

    if (plan->ladder.rung == RUNG_NORMAL) {
        if (seen->is_market_open)
            log_event(&eng->seams.log, EV_RISK_CHECKS_PASSED,
                      F_USD("daily_pnl", plan->risk.daily_pnl),
                      F_F64("drawdown_pct", 100.0 * plan->risk.drawdown_fraction));
        return;
    }
    log_event(
        &eng->seams.log, EVENT_OF[plan->ladder.reason], F_STR("rung", rung_name(plan->ladder.rung)),
        F_STR("reason", halt_row(plan->ladder.reason)->name),
        F_STR("trading_mode", cfg->broker.trading_mode), F_STR("base_url", cfg->broker.base_url),
        F_BOOL("require_live_ack", cfg->broker.require_live_ack),
        F_STR("operator_halt", control_level_name(eng->memory.control.level)),
        F_STR("operator_reason", eng->memory.control.word.reason),
        F_STR("operator", eng->memory.control.word.who),
        F_STR("freeze", plan->freeze != NULL ? plan->freeze->key : NULL),
        F_STR("risk", risk_breach_key(plan->risk.breach)), F_F64("number", plan->risk.number),
        F_F64("threshold", plan->risk.threshold));
}

/* ---- exits --------------------------------------------------------------------------------- */

static void
keep_position_marks(struct engine *eng, const struct snapshot *seen,
                    const struct planned_position *p)
{
    struct position_meta *meta = metadata_find(&eng->memory.metadata, p->symbol);

    if (meta == NULL || p->verdict.action == EXIT_NOT_EVALUATED) return;
    if (meta->record.high_water.e4 != p->verdict.high_water.e4 ||
        meta->record.low_water.e4 != p->verdict.low_water.e4 ||
        meta->record.profit_acceleration != p->verdict.profit_acceleration)
        meta->updated_ns = seen->now_ns;
    meta->record.high_water = p->verdict.high_water;
    meta->record.low_water = p->verdict.low_water;
    meta->record.profit_acceleration = p->verdict.profit_acceleration;
    if (p->verdict.is_acceleration_new)
        log_event(&eng->seams.log, EV_EXIT_ACCELERATION, F_SYMBOL(p->symbol));
    if (p->verdict.m.trail_is_invalid)
        log_event(&eng->seams.log, EV_EXIT_INVALID_TRAIL, F_SYMBOL(p->symbol),
                  F_USD("trail_dist", p->held->record.trail_dist),
                  F_USD("high_water", p->verdict.high_water));
}

static void
exit_intent(const struct planned_position *p, struct intent *in)
{
    const struct position_record *r = &p->held->record;
    struct exit_context c = {.entry_score = r->entry_score,
                             .entered_ns = r->entered_ns,
                             .held_qty = llabs(p->held->at_broker.qty),
                             .held_cost = p->held->at_broker.cost,
                             .target = -1,
                             .decay = p->verdict.m.decay};

    *in = (struct intent){.purpose = PURPOSE_EXIT};
    (void)str_copy(in->order.symbol, SYMBOL_MAX, p->symbol);
    in->order.side = p->side;
    in->order.type = ORDER_MARKET;
    in->order.qty = p->verdict.qty;
    in->order.reduces = true;
    (void)str_copy(in->reason, sizeof(in->reason), p->verdict.reason);
    (void)str_copy(c.label, sizeof(c.label), p->verdict.label);
    if (p->verdict.action == EXIT_CLOSE_PART) c.target = (int)p->verdict.target;
    exit_context_write(&c, in->context, sizeof(in->context));
}

/* A close that is refused again and again is grave: the position has no way out (spec 10 R6.18). */
static void
say_close_attempt(struct engine *eng, const char *symbol, int64_t attempt)
{
    if (attempt > 1)
        log_event(&eng->seams.log, EV_CLOSE_RETRY, F_SYMBOL(symbol), F_I64("attempt", attempt));
}

enum rc
engine_send_exit(struct engine *eng, const struct intent *wanted)
{
    const char *symbol = wanted->order.symbol;
    const struct intent *live = desk_live(&eng->desk, symbol);
    struct intent in = *wanted;
    struct err err = {0};
    int64_t attempt = memory_times(&eng->memory, symbol)->closes_refused + 1;

    if (live != NULL && live->purpose == PURPOSE_ENTRY) {
        /* The entry is cancelled first; the exit follows when the broker has said so. */
        desk_cancel(&eng->desk, symbol, PURPOSE_ENTRY);
        return RC_BUSY;
    }
    if (live != NULL) return RC_BUSY; /* a close is on its way */
    say_close_attempt(eng, symbol, attempt);
    enum rc rc = desk_send(&eng->desk, wanted, &in, &err);
    log_event(&eng->seams.log, rc == RC_OK ? EV_CLOSE_CALLED : EV_CLOSE_FAILED, F_SYMBOL(symbol),
              F_I64("attempt", attempt), F_STR("exit_order_id", in.broker_id),
              F_STR("client_order_id", in.order.client_id), F_STR("reason", wanted->reason),
              F_STR("error", rc == RC_OK ? NULL : err.text));
    if (rc != RC_OK && rc != RC_UNKNOWN) engine_error(eng, "exit", "close", &err);
    return rc;
}

static enum event_id
exit_event(enum exit_rule r)
{
    static const enum event_id EVENT_OF[EXIT_RULES_LEN] = {
        [EXIT_REGIME_PROTECTION] = EV_EXIT_REGIME,    [EXIT_URGENCY] = EV_EXIT_URGENT,
        [EXIT_STALE_POSITION] = EV_EXIT_STALE_DAYS,   [EXIT_STALE_ALPHA] = EV_EXIT_STALE_ALPHA,
        [EXIT_STALE_TRADE] = EV_EXIT_STALE_TRADE,     [EXIT_TRAIL_STOP] = EV_EXIT_TRAIL_STOP,
        [EXIT_STOP_LOSS] = EV_EXIT_STOP_LOSS,         [EXIT_SIGNAL_DECAY] = EV_EXIT_SIGNAL_DECAY,
        [EXIT_PROFIT_TARGET] = EV_EXIT_PROFIT_TARGET, [EXIT_SCALE_OUT] = EV_EXIT_SCALE_OUT,
        [EXIT_OPERATOR_FLAT] = EV_EXIT_OPERATOR_FLAT,
    };

    return EVENT_OF[r];
}

static void
act_on_position(struct engine *eng, const struct snapshot *seen, const struct planned_position *p,
                bool may_exit)
{
    struct intent in;

    engine_at(eng, STAGE_EXIT, p->symbol);
    keep_position_marks(eng, seen, p);
    if (p->verdict.action != EXIT_CLOSE && p->verdict.action != EXIT_CLOSE_PART) return;
    log_event(&eng->seams.log, exit_event(p->verdict.rule), F_SYMBOL(p->symbol),
              F_STR("reason", p->verdict.reason), F_F64("pnl_pct", p->verdict.m.pnl_pct),
              F_F64("age_min", p->verdict.m.age_min), F_F64("urgency", p->verdict.m.urgency),
              F_F64("number", p->verdict.trigger[0].number),
              F_F64("threshold", p->verdict.trigger[0].threshold));
    if (p->verdict.rule == EXIT_URGENCY && p->verdict.m.is_reversal)
        log_event(&eng->seams.log, EV_COUNTER_SIGNAL_EXIT, F_SYMBOL(p->symbol),
                  F_F64("score_before", p->held->record.entry_score),
                  F_F64("score_after", p->held->exit_score));
    if (!may_exit) return;
    exit_intent(p, &in);
    (void)engine_send_exit(eng, &in); /* said there; the rules ask again in the next cycle */
}

/* R6.20: everything that is due, before the first of it is sent. */
static void
say_due(struct engine *eng, const struct plan *plan)
{
    CLEANUP(text_free) struct text symbols = {0};
    struct json_out o = {.to = &symbols};
    int64_t count = 0;

    if (!plan->may_exit) return;
    json_out_arr(&o, NULL);
    for (size_t i = 0; i < plan->positions_len; i++) {
        if (plan->position[i].verdict.action != EXIT_CLOSE) continue;
        json_out_str(&o, NULL, plan->position[i].symbol);
        count++;
    }
    json_out_end(&o);
    if (count > 0)
        log_event(&eng->seams.log, EV_POSITIONS_TO_CLOSE, F_RAW("symbols", text_str(&symbols)),
                  F_I64("count", count));
}

/* ---- entries ------------------------------------------------------------------------------- */

static void
entry_context(struct engine *eng, const struct snapshot *seen, const struct planned_entry *p,
              char *buf, size_t size)
{
    const struct scored *sc = engine_scored_find(eng, p->symbol);
    struct entry_context c = {.score = p->score,
                              .direction = p->direction,
                              .regime_modifier = p->expectancy.regime_term,
                              .equity = seen->account.equity,
                              .ref = p->ref,
                              .components = sc != NULL ? components_text(sc, &eng->arena) : "{}"};
    uint64_t id = hash_bytes(p->symbol, strlen(p->symbol),
                             (uint64_t)seen->now_ns ^ (uint64_t)eng->seams.epoch);

    (void)str_copy(c.market_regime, sizeof(c.market_regime), seen->market_regime);
    (void)str_copy(c.ignition, sizeof(c.ignition), ignition_name(p->momentum.status));
    (void)snprintf(c.correlation_id, sizeof(c.correlation_id), "uw_%016llx",
                   (unsigned long long)id);
    entry_context_write(&c, buf, size);
}

static void
act_on_entry(struct engine *eng, const struct snapshot *seen, const struct planned_entry *p)
{
    char context[sizeof(((struct intent *)0)->context)];
    struct err err = {0};

    engine_at(eng, STAGE_ENTRY, p->symbol);
    log_event(&eng->seams.log, EV_SIZING, F_SYMBOL(p->symbol), F_F64("base_usd", p->size.base_usd),
              F_F64("conviction_multiplier", p->size.conviction_multiplier),
              F_F64("notional_usd", p->size.notional_usd), F_I64("qty", p->qty),
              F_F64("score", p->score));
    if (p->close_first.is_needed) {
        engine_make_way(eng, seen, p);
        return;
    }
    entry_context(eng, seen, p, context, sizeof(context));
    enum rc rc = entries_begin(&eng->entries, p, context, &err);
    if (rc != RC_OK && rc != RC_UNKNOWN && rc != RC_BUSY)
        engine_error(eng, "entry", "submit_entry", &err);
    /* Nothing of it reached the broker, and no gate says why (R5.43). */
    if (rc != RC_OK && rc != RC_UNKNOWN &&
        p->composite_score >= eng->seams.cfg->strategy.min_exec_score)
        log_event(&eng->seams.log, EV_MISSED_CANDIDATE, F_SYMBOL(p->symbol),
                  F_F64("score", p->composite_score), F_STR("reason", "no_gate_recorded"),
                  F_STR("error", err.text));
}

/* No further attempt in a symbol that the operator froze; what rests of the last one is withdrawn.
 */
static void
stop_frozen(struct engine *eng)
{
    for (size_t i = 0; i < eng->memory.control.frozen_len; i++)
        entries_stop_symbol(&eng->entries, eng->memory.control.frozen[i].symbol);
}

void
engine_act(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    set_kill_switch(eng, plan);
    keep_marks(eng, seen, plan);
    say_halt(eng, seen, plan);
    stop_frozen(eng);
    say_due(eng, plan);
    for (size_t i = 0; i < plan->positions_len; i++)
        act_on_position(eng, seen, &plan->position[i], plan->may_exit);
    for (size_t i = 0; i < plan->entries_len; i++)
        act_on_entry(eng, seen, &plan->entry[i]);
}
