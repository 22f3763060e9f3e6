#include "engine/context.h"
#include "engine/engine.h"
#include "engine/gate_words.h"

#include <math.h>

#include "telemetry/trades.h"

#define PRICE_CAP_LOG_PATH "logs/price_exceeds_cap.jsonl"

/* ---- gate rows: explainable absence -------------------------------------------------------- */

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
    enum { ROW_ABOUT = 400 };
    CLEANUP(text_free) struct text rows = {0};
    struct err err = {0};

    text_reserve(&rows, plan->refusals_len * ROW_ABOUT);
    for (size_t i = 0; i < plan->refusals_len; i++) {
        struct json_out o = {.to = &rows};

        gate_row(&o, seen, &plan->refusal[i]);
        text_putc(&rows, '\n');
    }
    /* The store has said on standard error what could not be written; the cycle goes on. */
    (void)!store_append_lines(&eng->seams.store, GATE_DIAGNOSTIC_LOG_PATH, &rows, &err);
}

static void
say_composite(struct engine *eng, const struct refusal *r)
{
    const struct scored *sc = engine_scored_find(eng, r->symbol);

    if (sc == NULL) return;
    log_event(&eng->seams.log, EV_COMPOSITE_REJECTED, F_SYMBOL(r->symbol),
              F_F64("score", sc->score), F_F64("threshold", sc->threshold),
              F_F64("toxicity", sc->composite.toxicity),
              F_F64("freshness", sc->composite.freshness), F_STR("rejection_reason", r->gate));
}

static void
guard_config_write(struct json_out *o, const struct strategy_config *cfg)
{
    json_out_obj(o, "guard_config");
    json_out_f64(o, "max_notional_per_order", cfg->max_notional_per_order);
    json_out_f64(o, "max_position_size_usd", cfg->max_position_size_usd);
    json_out_f64(o, "max_portfolio_exposure_pct", cfg->max_portfolio_exposure);
    json_out_f64(o, "max_concentration_per_symbol_pct", cfg->max_concentration);
    json_out_f64(o, "max_price_deviation_pct", cfg->max_price_deviation);
    json_out_i64(o, "min_cooldown_minutes", cfg->min_cooldown_min);
    json_out_bool(o, "allow_direction_flip", cfg->allow_direction_flip);
    json_out_end(o);
}

/* What the trade guard refuses stands in the order log too, and a share that costs too much in a
 * log of its own (spec 10 R5.32). */
static void
say_guarded(struct engine *eng, const struct snapshot *seen, const struct refusal *r)
{
    const struct strategy_config *cfg = &eng->seams.cfg->strategy;
    CLEANUP(text_free) struct text order = {0};
    CLEANUP(text_free) struct text cap = {0};
    struct json_out o = {.to = &order}, c = {.to = &cap};
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", seen->now_ns);
    json_out_str(&o, "type", "order");
    json_out_str(&o, "event", "trade_rejected");
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side",
                 order_side_name(r->direction == DIRECTION_BULLISH ? SIDE_BUY : SIDE_SELL));
    json_out_i64(&o, "qty", r->qty);
    json_out_str(&o, "reason", r->detail);
    guard_config_write(&o, cfg);
    json_out_end(&o);
    /* Observability only: a lost line is said on standard error. */
    (void)!store_append(&eng->seams.store, ORDERS_LOG_PATH, &order, &ignored);
    if (strstr(r->detail, "min_share_notional_exceeds_cap") != r->detail) return;
    json_out_obj(&c, NULL);
    json_out_time(&c, "ts", seen->now_ns);
    json_out_str(&c, "symbol", r->symbol);
    json_out_f64(&c, "price", r->number);
    json_out_f64(&c, "position_size_usd", cfg->max_position_size_usd);
    json_out_f64(&c, "required_notional", r->number);
    json_out_str(&c, "status", "blocked");
    json_out_str(&c, "reason", "Price_Exceeds_Cap");
    json_out_end(&c);
    (void)!store_append(&eng->seams.store, PRICE_CAP_LOG_PATH, &cap, &ignored);
}

/* An event where the gate that refuses a symbol is another than in the last cycle. */
static void
say_refusal(struct engine *eng, const struct snapshot *seen, const struct refusal *r)
{
    struct flow_entry *e = flow_table_find(&eng->flow, r->symbol);
    struct field own[GATE_FIELDS_MAX];

    if (e != NULL && str_eq(e->last_gate, r->gate)) return;
    if (e != NULL) (void)str_copy(e->last_gate, sizeof(e->last_gate), r->gate);
    refusal_fields(seen, r, own);
    log_event(&eng->seams.log, refusal_event(r), F_SYMBOL(r->symbol), F_STR("gate_type", r->gate),
              F_STR("signal_type", "UNKNOWN"),
              F_F64("score", r->stage == REFUSED_GATE ? r->score : r->composite_score),
              F_F64("number", r->number), F_F64("threshold", r->threshold),
              F_STR("gate_reason", r->reason), F_STR("detail", r->detail), own[0], own[1], own[2],
              own[3]);
    if (r->stage == REFUSED_COMPOSITE) say_composite(eng, r);
    if (r->stage == REFUSED_GATE && r->entry_gate == GATE_TRADE_GUARD) say_guarded(eng, seen, r);
    if (str_eq(r->gate, "bad_ref_price"))
        log_event(&eng->seams.log, EV_BAD_REF_PRICE, F_SYMBOL(r->symbol),
                  F_STR("detail", r->detail));
}

static void
tally_add(struct refusal_tally *t, const struct refusal *r)
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
tally_text(const struct refusal_tally *t, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < t->len; i++)
        json_out_i64(&o, t->gate[i].gate, t->gate[i].refused);
    json_out_end(&o);
}

/* What the gate compared, as members of an object; "reason" has a place of its own there. */
static void
extra_text(const struct snapshot *seen, const struct refusal *r, struct text *to)
{
    struct field own[GATE_FIELDS_MAX];
    struct json_out o = {.to = to};

    refusal_fields(seen, r, own);
    json_out_obj(&o, NULL);
    json_out_str(&o, "gate", r->gate);
    json_out_f64(&o, "number", r->number);
    json_out_f64(&o, "threshold", r->threshold);
    for (size_t i = 0; i < GATE_FIELDS_MAX && own[i].kind != FIELD_END; i++)
        if (!str_eq(own[i].key, "reason")) fields_write(&o, (const struct field[]){own[i], F_END});
    json_out_end(&o);
}

bool
engine_write_blocked(struct engine *eng, const struct snapshot *seen, const struct refusal *r)
{
    const struct scored *sc = engine_scored_find(eng, r->symbol);
    CLEANUP(text_free) struct text line = {0};
    CLEANUP(text_free) struct text extra = {0};

    extra_text(seen, r, &extra);
    struct blocked_record b = {
        .at_ns = seen->now_ns,
        .symbol = r->symbol,
        .reason = r->reason,
        .direction = direction_name(r->direction),
        .score = r->score,
        .decision_price = r->price,
        .components_json = sc != NULL ? components_text(sc, &eng->arena) : NULL,
        .extra_json = text_str(&extra),
    };
    struct err err = {0};

    blocked_encode(&b, &line);
    /* The store has said on standard error what could not be written. */
    return store_append(&eng->seams.store, BLOCKED_TRADES_LOG_PATH, &line, &err) == RC_OK;
}

/* Never zero candidates without a word about it (contract 4.4). */
static void
say_absence(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
            const struct refusal_tally *t)
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
        log_event(
            &eng->seams.log, EV_GATE_CYCLE_SUMMARY, F_STR("market_regime", seen->market_regime),
            F_STR("stage", stage_limits(seen->stage)->name),
            F_I64("considered", seen->candidates_len - (size_t)t->composite), F_I64("orders", 0),
            F_F64("top_score", top), F_RAW("gate_counts", text_str(&by)),
            F_STR("rung", rung_name(plan->ladder.rung)),
            (size_t)t->composite == seen->candidates_len ? F_STR("reason", "no_clusters") : F_END);
}

static void
say_filter(struct engine *eng, const struct snapshot *seen, const struct refusal_tally *t)
{
    size_t passed = seen->candidates_len - (size_t)t->composite, directed = 0;

    for (size_t i = 0; i < eng->scores.len; i++)
        directed += eng->scores.scored[i].composite.sentiment != SENTIMENT_NEUTRAL;
    log_event(
        &eng->seams.log, EV_COMPOSITE_FILTER, F_I64("symbols_processed", seen->candidates_len),
        F_I64("symbols_with_signals", directed), F_I64("passed", passed),
        F_F64("rejection_rate", 1 - (double)passed / (double)MAX(seen->candidates_len, (size_t)1)));
}

void
engine_explain(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
               struct refusal_tally *ret_tally)
{
    struct refusal_tally t = {0};

    for (size_t i = 0; i < plan->refusals_len; i++) {
        const struct refusal *r = &plan->refusal[i];

        tally_add(&t, r);
        say_refusal(eng, seen, r);
        if (r->stage == REFUSED_GATE && !engine_write_blocked(eng, seen, r)) break;
    }
    if (seen->is_market_open) {
        write_gate_rows(eng, seen, plan);
        say_filter(eng, seen, &t);
        say_absence(eng, seen, plan, &t);
    }
    *ret_tally = t;
}
