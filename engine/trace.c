#include "engine/engine.h"

#include <math.h>

/*
 * What the decisions of a cycle were made of, whatever came of them: the steps of the score, the
 * expectancy, the way an order is routed, who gives way, and what is at risk (spec 10 R1.41, R5.14,
 * R5.24, R5.30, R5.35, 7.2).
 */
#define EXPECTANCY_TRACE_PATH "data/expectancy_trace.jsonl"
#define ROUTER_TRACE_PATH     "data/router_trace.jsonl"
#define RISK_DASHBOARD_PATH   "data/risk_dashboard.jsonl"

/* A candidate that came to the gates: refused by one of the twenty, or entered. */
struct judged {
    const char *symbol;
    enum direction direction;
    double composite_score, multiplier, score;
    const struct expectancy *expectancy;    /* NULL where a gate before it refused */
    const struct momentum_result *momentum; /* likewise */
    bool is_displacement_asked;
    const struct displacement_verdict *displacement;
    const struct planned_entry *entry; /* NULL where it was refused */
};

static struct judged
judged_of_refusal(const struct refusal *r)
{
    return (struct judged){
        .symbol = r->symbol,
        .direction = r->direction,
        .composite_score = r->composite_score,
        .multiplier = r->multiplier,
        .score = r->score,
        .expectancy = r->entry_gate >= GATE_EXPECTANCY ? &r->expectancy : NULL,
        .momentum = r->entry_gate >= GATE_MOMENTUM ? &r->momentum : NULL,
        .is_displacement_asked = r->is_displacement_asked,
        .displacement = &r->displacement,
    };
}

static struct judged
judged_of_entry(const struct planned_entry *e)
{
    const struct close_first *first = &e->close_first;

    return (struct judged){
        .symbol = e->symbol,
        .direction = e->direction,
        .composite_score = e->composite_score,
        .multiplier = e->multiplier,
        .score = e->score,
        .expectancy = &e->expectancy,
        .momentum = &e->momentum,
        .is_displacement_asked = first->is_needed && !first->is_flip,
        .displacement = &first->displacement,
        .entry = e,
    };
}

static void
say_score(struct engine *eng, const struct snapshot *seen, const struct judged *j)
{
    log_event(&eng->seams.log, EV_COMPOSITE_ADJUSTED, F_SYMBOL(j->symbol),
              F_STR("direction", direction_name(j->direction)),
              F_STR("structural_regime", structural_regime_name(seen->structural_regime)),
              F_F64("multiplier", j->multiplier), F_F64("composite_score", j->composite_score),
              F_F64("score", j->score));
    log_event(&eng->seams.log, EV_SCORE_USED, F_SYMBOL(j->symbol), F_F64("score", j->score),
              F_F64("composite_score", j->composite_score));
    if (j->momentum != NULL && j->momentum->status == IGNITION_PASSED)
        log_event(&eng->seams.log, EV_MOMENTUM_PASSED, F_SYMBOL(j->symbol),
                  F_F64("score", j->score), F_F64("price_change_pct", 100 * j->momentum->change),
                  F_F64("required_pct", 100 * j->momentum->threshold));
}

/* ---- displacement --------------------------------------------------------------------------- */

static enum event_id
tier_event(enum displacement_tier t)
{
    static const enum event_id EVENT_OF[] = {
        [DISPLACEMENT_NONE] = EV_DISPLACEMENT_NONE_FOUND,
        [DISPLACEMENT_ELITE] = EV_DISPLACEMENT_ELITE,
        [DISPLACEMENT_COMPETITIVE] = EV_DISPLACEMENT_COMPETITIVE,
        [DISPLACEMENT_NORMAL] = EV_DISPLACEMENT_NORMAL,
    };

    return EVENT_OF[t];
}

/* R7.6: the first ten positions and why each of them stays. */
static void
positions_write(const struct engine *eng, const struct snapshot *seen, const struct plan *plan,
                const struct judged *j, struct text *to)
{
    enum { SHOWN_MAX = 10 };
    const struct displacement_view view = {.symbol = j->symbol,
                                           .score = j->score,
                                           .now_ns = seen->now_ns,
                                           .cfg = &eng->seams.cfg->strategy};
    struct json_out o = {.to = to};

    json_out_arr(&o, NULL);
    for (size_t i = 0; i < plan->positions_len && i < SHOWN_MAX; i++) {
        const struct displaceable *one = &plan->displaceable[i];

        json_out_obj(&o, NULL);
        json_out_str(&o, "symbol", one->symbol);
        json_out_f64(&o, "age_hours", one->age_h);
        json_out_f64(&o, "pnl_pct", one->pnl_pct);
        json_out_f64(&o, "original_score", one->entry_score);
        json_out_f64(&o, "score_advantage", j->score - one->entry_score);
        json_out_str(&o, "fail_reason",
                     one->is_out ? "not_free" : displacement_fail_reason(&view, one));
        json_out_end(&o);
    }
    json_out_end(&o);
}

static void
say_nobody_gives_way(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
                     const struct judged *j)
{
    const struct strategy_config *cfg = &eng->seams.cfg->strategy;
    const struct displacement_verdict *v = j->displacement;
    CLEANUP(text_free) struct text details = {0};
    CLEANUP(text_free) struct text reasons = {0};
    struct json_out o = {.to = &reasons};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "too_young", v->too_young);
    json_out_i64(&o, "pnl_too_high", v->pnl_too_high);
    json_out_i64(&o, "score_advantage_insufficient", v->score_advantage_insufficient);
    json_out_i64(&o, "in_cooldown", v->in_cooldown);
    json_out_end(&o);
    positions_write(eng, seen, plan, j, &details);
    log_event(&eng->seams.log, EV_DISPLACEMENT_NONE_FOUND, F_SYMBOL(j->symbol),
              F_F64("new_signal_score", j->score), F_I64("total_positions", plan->positions_len),
              F_RAW("reasons", text_str(&reasons)),
              F_I64("min_age_hours", cfg->displacement_min_age_h),
              F_F64("max_pnl_pct", cfg->displacement_max_pnl),
              F_F64("required_score_advantage", cfg->displacement_score_advantage),
              F_RAW("position_details", text_str(&details)));
}

static void
say_displacement(struct engine *eng, const struct snapshot *seen, const struct plan *plan,
                 const struct judged *j)
{
    const struct displacement_verdict *v = j->displacement;

    if (!j->is_displacement_asked || !eng->seams.cfg->strategy.displacement) return;
    if (v->tier == DISPLACEMENT_NONE) {
        say_nobody_gives_way(eng, seen, plan, j);
        return;
    }
    if (v->index >= plan->positions_len) return;
    const struct displaceable *goes = &plan->displaceable[v->index];
    log_event(&eng->seams.log, tier_event(v->tier), F_SYMBOL(goes->symbol),
              F_STR("for_symbol", j->symbol), F_F64("current_score", goes->current),
              F_F64("pnl_pct", goes->pnl_pct), F_F64("age_hours", goes->age_h),
              F_F64("original_score", goes->entry_score), F_F64("new_signal_score", j->score),
              F_F64("score_advantage", v->score_advantage),
              F_STR("displacement_reason", v->why[0] != '\0' ? v->why : NULL),
              F_I64("positions_count", plan->positions_len),
              v->tier == DISPLACEMENT_ELITE ? F_STR("event_type", "Elite_Displacement_Event")
                                            : F_END);
}

/* ---- traces --------------------------------------------------------------------------------- */

static void
expectancy_line(struct text *to, const struct snapshot *seen, const struct judged *j)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", seen->now_ns);
    json_out_str(&o, "ticker", j->symbol);
    json_out_f64(&o, "ev", j->expectancy->ev);
    json_out_f64(&o, "score", j->score);
    json_out_str(&o, "stage", stage_limits(seen->stage)->name);
    json_out_str(&o, "regime", seen->market_regime);
    json_out_f64(&o, "tca", 0); /* the cost of trading is not measured */
    json_out_bool(&o, "decision", j->expectancy->passed);
    json_out_str(&o, "reason", j->expectancy->reason);
    json_out_end(&o);
    text_putc(to, '\n');
}

static void
router_line(struct text *to, const struct snapshot *seen, const struct planned_entry *e)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", seen->now_ns);
    json_out_str(&o, "ticker", e->symbol);
    json_out_str(&o, "strategy", entry_route_name(e->price.route));
    json_out_str(&o, "regime", seen->market_regime);
    json_out_f64(&o, "spread_bps", e->price.spread_bps);
    json_out_f64(&o, "toxicity", e->toxicity);
    json_out_str(&o, "reason", entry_mode_name(e->price.mode));
    json_out_f64(&o, "predicted_slippage_bps", e->price.predicted_slippage);
    json_out_usd(&o, "limit_price", e->price.has_limit ? e->price.limit : USD_ZERO);
    json_out_bool(&o, "synthetic_quote", e->quote.is_synthetic);
    json_out_end(&o);
    text_putc(to, '\n');
}

/* What is held, as the gates see it. */
static struct holdings
holdings_of(struct engine *eng, const struct snapshot *seen)
{
    struct holdings h = holdings_new(&eng->arena, seen->held_len, seen->themes);

    for (size_t i = 0; i < seen->held_len; i++) {
        const struct position *p = &seen->held[i].at_broker;
        struct holding one = {
            .qty = p->qty, .market_value = usd_abs(p->market_value), .is_position = true};
        (void)str_copy(one.symbol, sizeof(one.symbol), p->symbol);
        holdings_add(&h, &one);
    }
    return h;
}

static void
themes_write(struct json_out *o, const struct holdings *h)
{
    json_out_obj(o, "theme_concentration");
    for (size_t i = 0; i < h->len; i++) {
        size_t first = 0;
        while (!str_eq(h->holding[first].theme, h->holding[i].theme))
            first++;
        if (first == i)
            json_out_usd(o, h->holding[i].theme, exposure_theme(h, h->holding[i].theme, NULL));
    }
    json_out_end(o);
}

static void
risk_line(struct engine *eng, const struct snapshot *seen, const struct plan *plan, struct text *to)
{
    struct holdings h = holdings_of(eng, seen);
    double equity = usd_to_double(seen->account.equity), total = 0, symbol_max = 0;
    struct json_out o = {.to = to};
    char dt[ISO_TEXT_MAX];

    for (size_t i = 0; i < h.len; i++) {
        double value = usd_to_double(h.holding[i].market_value);
        total += value;
        symbol_max = fmax(symbol_max, value);
    }
    json_out_obj(&o, NULL);
    json_out_i64(&o, "_ts", when_to_s(seen->now_ns));
    json_out_str(&o, "_dt", when_dt(seen->now_ns, dt));
    json_out_str(&o, "event", "RISK_SNAPSHOT");
    json_out_f64(&o, "total_exposure", round_dec(total, 4));
    themes_write(&o, &h);
    json_out_f64(&o, "net_delta", exposure_net_delta_pct(&h, seen->account.equity, NULL));
    json_out_f64(&o, "max_symbol_exposure", symbol_max);
    json_out_f64(&o, "leverage", round_dec(total / equity, 6));
    json_out_f64(&o, "max_drawdown", plan->risk.drawdown_fraction);
    json_out_i64(&o, "position_count", (int64_t)h.len);
    json_out_str(&o, "regime", seen->market_regime);
    json_out_end(&o);
    text_putc(to, '\n');
}

/* The store has said on standard error what could not be written; no trade depends on it. */
static void
append(struct engine *eng, const char *path, const struct text *lines)
{
    struct err ignored = {0};

    if (lines->len > 0) (void)!store_append_lines(&eng->seams.store, path, lines, &ignored);
}

void
engine_trace(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    CLEANUP(text_free) struct text expectancy = {0};
    CLEANUP(text_free) struct text router = {0};
    CLEANUP(text_free) struct text risk = {0};

    for (size_t i = 0; i < plan->entries_len + plan->refusals_len; i++) {
        bool is_entry = i < plan->entries_len;
        if (!is_entry && plan->refusal[i - plan->entries_len].stage != REFUSED_GATE) continue;
        struct judged j = is_entry ? judged_of_entry(&plan->entry[i])
                                   : judged_of_refusal(&plan->refusal[i - plan->entries_len]);

        say_score(eng, seen, &j);
        say_displacement(eng, seen, plan, &j);
        if (j.expectancy != NULL) expectancy_line(&expectancy, seen, &j);
        if (is_entry) router_line(&router, seen, j.entry);
    }
    if (seen->are_positions_known && seen->is_account_known && seen->account.equity.e4 > 0)
        risk_line(eng, seen, plan, &risk);
    append(eng, EXPECTANCY_TRACE_PATH, &expectancy);
    append(eng, ROUTER_TRACE_PATH, &router);
    append(eng, RISK_DASHBOARD_PATH, &risk);
}
