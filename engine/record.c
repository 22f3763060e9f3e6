#include "engine/engine.h"

#include <math.h>
#include <unistd.h>

#include "model/calendar.h"

/* ---- gate rows: explainable absence -------------------------------------------------------- */

static enum event_id
gate_event(enum entry_gate g)
{
    static const enum event_id EVENT_OF[GATES_LEN] = {
        [GATE_CONCENTRATION] = EV_GATE_CONCENTRATION,
        [GATE_THEME] = EV_GATE_THEME,
        [GATE_SCORE_VALIDITY] = EV_GATE_SCORE_VALIDITY,
        [GATE_MIN_NOTIONAL] = EV_GATE_MIN_NOTIONAL,
        [GATE_ONE_POSITION] = EV_GATE_ONE_POSITION,
        [GATE_EXPECTANCY] = EV_GATE_EXPECTANCY,
        [GATE_CYCLE_CAP] = EV_GATE_CYCLE_CAP,
        [GATE_MIN_SCORE] = EV_GATE_MIN_SCORE,
        [GATE_CAPACITY] = EV_GATE_CAPACITY,
        [GATE_COOLDOWN] = EV_GATE_COOLDOWN,
        [GATE_SYMBOL_EXPOSURE] = EV_GATE_SYMBOL_EXPOSURE,
        [GATE_SECTOR_EXPOSURE] = EV_GATE_SECTOR_EXPOSURE,
        [GATE_MOMENTUM] = EV_GATE_MOMENTUM,
        [GATE_ORDER_SIZE] = EV_GATE_ORDER_SIZE,
        [GATE_LONG_ONLY] = EV_GATE_LONG_ONLY,
        [GATE_METADATA] = EV_GATE_METADATA,
        [GATE_SHORTABLE] = EV_GATE_SHORTABLE,
        [GATE_TRADE_GUARD] = EV_GATE_TRADE_GUARD,
        [GATE_SPREAD] = EV_GATE_SPREAD,
        [GATE_BUYING_POWER] = EV_GATE_BUYING_POWER,
    };

    return EVENT_OF[g];
}

static const char *
stage_of_refusal(enum refusal_stage s)
{
    switch (s) {
    case REFUSED_COMPOSITE:
        return "composite";
    case REFUSED_HALT:
        return "halt";
    case REFUSED_CLOSED:
        return "closed";
    case REFUSED_SYMBOL:
        return "symbol";
    case REFUSED_GATE:
        return "entry";
    }
    return "unknown";
}

/* One row a refused symbol and cycle: the answer to "why not?". */
static void
gate_row(struct json_out *o, const struct snapshot *seen, const struct refusal *r)
{
    json_out_obj(o, NULL);
    json_out_time(o, "ts", seen->now_ns);
    json_out_i64(o, "timestamp", when_to_s(seen->now_ns));
    json_out_str(o, "symbol", r->symbol);
    json_out_str(o, "gate_name", r->gate);
    json_out_str(o, "decision", "blocked");
    json_out_str(o, "status", "rejected");
    json_out_obj(o, "details");
    json_out_str(o, "stage", stage_of_refusal(r->stage));
    json_out_str(o, "direction", direction_name(r->direction));
    json_out_f64(o, "composite_score", r->composite_score);
    json_out_f64(o, "score", r->score);
    json_out_f64(o, "number", r->number);
    json_out_f64(o, "threshold", r->threshold);
    json_out_str(o, "reason", r->reason);
    json_out_str(o, "detail", r->detail);
    json_out_end(o);
    json_out_end(o);
}

static void
write_gate_rows(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    CLEANUP(text_free) struct text row = {0};
    struct err err = {0};

    for (size_t i = 0; i < plan->refusals_len; i++) {
        struct json_out o = {.to = &row};

        text_clear(&row);
        gate_row(&o, seen, &plan->refusal[i]);
        /* The store has said on standard error what could not be written; the cycle goes on. */
        if (store_append(&eng->seams.store, "logs/gate_diagnostic.jsonl", &row, &err) != RC_OK)
            return;
    }
}

/* An event where the gate that refuses a symbol is another than in the last cycle. */
static void
say_refusal(struct engine *eng, const struct refusal *r)
{
    struct flow_entry *e = flow_table_find(&eng->flow, r->symbol);

    if (e != NULL && str_eq(e->last_gate, r->gate)) return;
    if (e != NULL) (void)str_copy(e->last_gate, sizeof(e->last_gate), r->gate);
    enum event_id id = r->stage == REFUSED_GATE ? gate_event(r->entry_gate) : EV_GATE_BLOCKED;
    log_event(&eng->seams.log, id, F_SYMBOL(r->symbol), F_STR("gate_type", r->gate),
              F_STR("signal_type", "UNKNOWN"),
              F_F64("score", r->stage == REFUSED_GATE ? r->score : r->composite_score),
              F_F64("number", r->number), F_F64("threshold", r->threshold),
              F_STR("gate_reason", r->reason), F_STR("detail", r->detail));
}

struct tally {
    struct cycle_gate gate[GATES_LEN + COMPOSITE_GATES_LEN + HALTS_LEN + 16];
    size_t len;
    int64_t composite; /* refused by the composite gate */
};

static void
tally_add(struct tally *t, const struct refusal *r)
{
    size_t i = 0;

    if (r->stage == REFUSED_COMPOSITE) t->composite++;
    while (i < t->len && !str_eq(t->gate[i].gate, r->gate))
        i++;
    if (i == COUNT_OF(t->gate)) return;
    if (i == t->len) t->gate[t->len++] = (struct cycle_gate){.gate = r->gate};
    t->gate[i].refused++;
}

static void
tally_text(const struct tally *t, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < t->len; i++)
        json_out_i64(&o, t->gate[i].gate, t->gate[i].refused);
    json_out_end(&o);
}

/* Never zero candidates without a word about it (contract 4.4). */
static void
say_absence(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
            const struct tally *t)
{
    CLEANUP(text_free) struct text by = {0};
    double top = 0;

    tally_text(t, &by);
    for (size_t i = 0; i < seen->candidates_len; i++)
        top = fmax(top, seen->candidate[i].composite_score);
    if (eng->flow.symbols > 0 && (size_t)t->composite == seen->candidates_len)
        log_event(&eng->seams.log, EV_UW_CACHE_NO_CANDIDATES,
                  F_I64("cache_symbol_count", eng->flow.symbols),
                  F_I64("symbols_scored", seen->candidates_len),
                  F_RAW("rejected_by", text_str(&by)));
    if (eng->desk.accepted_this_cycle == 0)
        log_event(&eng->seams.log, EV_GATE_CYCLE_SUMMARY,
                  F_STR("market_regime", seen->market_regime),
                  F_STR("stage", stage_limits(seen->stage)->name),
                  F_I64("considered", seen->candidates_len - (size_t)t->composite),
                  F_I64("orders", 0), F_F64("top_score", top), F_RAW("gate_counts", text_str(&by)),
                  F_STR("rung", rung_name(plan->ladder.rung)));
}

/* ---- scores -------------------------------------------------------------------------------- */

static void
keep_scores(struct engine *eng, const struct snapshot *seen)
{
    CLEANUP(text_free) struct text json = {0};
    static const struct store_spec SPEC = {.path = "state/last_scores.json", .default_json = "{}"};
    struct json_out o = {.to = &json};
    struct err err = {0};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < eng->scores.len; i++) {
        struct scored *sc = &eng->scores.scored[i];
        struct last_score now = {
            .score = sc->score, .direction = sc->composite.sentiment, .at_ns = seen->now_ns};
        struct counter_signal turn = last_score_turn(&sc->entry->last_score, &now);

        if (turn.is_counter)
            log_event(&eng->seams.log, EV_COUNTER_SIGNAL, F_SYMBOL(sc->entry->flow.symbol),
                      F_F64("old_score", turn.old_score), F_F64("new_score", turn.new_score),
                      F_F64("delta", turn.delta),
                      F_STR("old_direction", sentiment_direction(turn.old_direction)),
                      F_STR("new_direction", sentiment_direction(turn.new_direction)));
        sc->entry->last_score = now;
        last_score_write(&o, sc->entry->flow.symbol, &now);
    }
    json_out_end(&o);
    if (store_save(&eng->seams.store, &SPEC, &json, &err) != RC_OK)
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", SPEC.path),
                  F_STR("error", err.text));
}

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

static struct cycle_record
record_of(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
          const struct tally *t)
{
    const char *breach = risk_breach_key(plan->risk.breach);
    bool is_breached = plan->risk.breach != RISK_NONE && plan->risk.breach != RISK_UNKNOWN;

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
        .gate = t->gate,
        .gates_len = t->len,
        .total_pnl = eng->today.pnl,
        .trades = eng->today.trades,
        .wins = eng->today.wins,
        .market_regime = seen->market_regime,
        .cache_symbols = (int64_t)eng->flow.symbols,
        .symbols_scored = (int64_t)seen->candidates_len,
        .passed_composite_gate = (int64_t)seen->candidates_len - t->composite,
        .risk = risk_of(eng, seen, plan),
        .positions = {.at_broker = (int64_t)seen->held_len,
                      .in_bot = (int64_t)eng->memory.metadata.len,
                      .consecutive = (int64_t)eng->mismatches_len},
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
    struct tally t = {0};
    struct err err = {0};

    engine_at(eng, STAGE_RECORD, NULL);
    for (size_t i = 0; i < plan->refusals_len; i++) {
        tally_add(&t, &plan->refusal[i]);
        say_refusal(eng, &plan->refusal[i]);
    }
    if (seen->is_market_open) {
        write_gate_rows(eng, seen, plan);
        keep_scores(eng, seen);
        say_absence(eng, seen, plan, &t);
    }
    if (today_update(&eng->today, &eng->seams.fs, seen->now_ns, &err) != RC_OK)
        engine_error(eng, "metrics", "today_update", &err);
    memory_flush(&eng->memory, &eng->seams.fs, &eng->seams.store, &eng->seams.log, seen->now_ns);
    struct cycle_record r = record_of(eng, seen, plan, &t);
    r.duration_ms = (clock_mono(&eng->seams.clock) - began_mono_ns) / NS_PER_MS;
    /* The store has said on standard error what could not be written. */
    if (cycle_write(&r, &eng->seams.store, &err) != RC_OK)
        engine_error(eng, "logging", "cycle_write", &err);
    write_heartbeat(eng, &r, true);
}
