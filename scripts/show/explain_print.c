#include <math.h>

#include "scripts/show/explain.h"

static const char *
number_text(double x, char buf[32])
{
    if (isnan(x))
        (void)str_copy(buf, 32, "-");
    else
        (void)snprintf(buf, 32, "%.3f", x);
    return buf;
}

/* ---- the score ---- */

static void
print_component(const struct composite *c, int i)
{
    (void)printf("    %-16s %7.3f  of %5.2f  %-8s %s\n", COMPONENTS[i].name, c->component[i],
                 COMPONENTS[i].weight, component_source_name(c->source[i]), COMPONENTS[i].meaning);
}

static void
print_score(const struct look *l, const struct explain *x)
{
    const struct composite *c = &x->composite;
    char time[ISO_TEXT_MAX], age[32];
    double age_s =
        x->flow.updated_s == WHEN_NONE ? -1.0 : (double)(when_to_s(l->now_ns) - x->flow.updated_s);

    if (!x->is_in_cache) {
        (void)printf("\nscore\n  none: the flow cache does not have the symbol\n");
        return;
    }
    (void)printf("\nscore %.3f %s, from the flow cache as it is now (%s old, %zu alerts)%s\n",
                 c->score, sentiment_direction(c->sentiment), view_age(age_s, age),
                 x->flow.alerts_len,
                 x->flow.is_simulated ? ": synthetic data, never scored for entries"
                 : x->is_stale        ? ": stale"
                                      : "");
    for (int i = 0; i < COMPONENTS_LEN; i++)
        print_component(c, i);
    (void)printf("    %-16s %7.3f  times freshness %.3f", "sum", c->raw, c->freshness);
    if (c->whale_conviction_boost > 0)
        (void)printf(" plus %.1f for conviction", c->whale_conviction_boost);
    (void)printf(" is %.3f; toxicity %.3f\n", c->score, c->toxicity);
    if (x->has_last_score)
        (void)printf("  in the last cycle %.3f %s with boosts (%s); an entry needs %.2f\n",
                     x->last_score.score, sentiment_direction(x->last_score.direction),
                     view_ny_time(l->ny, x->last_score.at_ns, time), x->threshold);
}

/* ---- what stopped it ---- */

static void
print_gate(const struct look *l, const struct explain_gate *g)
{
    char time[ISO_TEXT_MAX], number[32], threshold[32];

    (void)printf("  %s  %s (%s)", view_ny_time(l->ny, g->at_ns, time), g->gate, g->stage);
    if (!isnan(g->number)) (void)printf(": %s", number_text(g->number, number));
    if (!isnan(g->threshold)) (void)printf(" against %s", number_text(g->threshold, threshold));
    if (g->detail[0] != '\0' && !str_eq(g->detail, g->gate)) (void)printf(", %s", g->detail);
    (void)printf("\n");
}

static void
print_gates(const struct look *l, const struct explain *x)
{
    bool was_refused_last = x->gates_len > 0 && x->cycle_ns != WHEN_NONE &&
                            x->gate[0].at_ns >= x->cycle_ns - NS_PER_MIN;

    (void)printf("\nrefused by\n");
    for (size_t i = 0; i < x->gates_len; i++)
        print_gate(l, &x->gate[i]);
    if (x->gates_len == 0)
        (void)printf("  nothing, as far as the gate log reaches back\n");
    else if (!was_refused_last)
        (void)printf("  not refused in the last cycle of the session\n");
    if (x->rung[0] != '\0' && !str_eq(x->rung, "normal"))
        (void)printf("  the engine is on the rung %s: %s\n", x->rung, x->rung_reason);
    for (size_t i = 0; i < x->halts_len; i++)
        (void)printf("  %s\n", x->halt[i]);
    if (!x->is_configured) (void)printf("  it is none of the configured symbols (TICKERS)\n");
}

/* ---- the position ---- */

/* Entry price moved by a fraction in the favour of the side. */
static double
moved(const struct explain *x, double entry, double fraction)
{
    return entry * (x->at_ledger.qty > 0 ? 1 + fraction : 1 - fraction);
}

static void
print_level(const struct explain *x, const char *name, double level)
{
    double price = usd_to_double(x->price);

    if (level > 0 && price > 0)
        (void)printf("    %-16s %10.2f  %+6.2f %% away\n", name, level,
                     100 * (level - price) / price);
}

static double
to_level_pct(const struct explain *x, double level)
{
    double price = usd_to_double(x->price);

    if (!x->is_held || !x->has_price || !x->has_record || !(level > 0) || !(price > 0))
        return (double)NAN;
    return 100 * (level - price) / price;
}

double
explain_to_target_pct(const struct explain *x)
{
    return to_level_pct(x, moved(x, usd_to_double(x->verdict.m.entry), EXIT_PROFIT_FRACTION));
}

/* The nearer of stop loss and trailing stop. */
double
explain_to_stop_pct(const struct explain *x)
{
    double loss =
        to_level_pct(x, moved(x, usd_to_double(x->verdict.m.entry), EXIT_STOP_LOSS_FRACTION));
    double trail = to_level_pct(x, usd_to_double(x->verdict.m.trail_stop));

    if (isnan(trail)) return loss;
    return x->at_ledger.qty > 0 ? fmax(loss, trail) : fmin(loss, trail);
}

static void
print_verdict(const struct explain *x)
{
    const struct exit_verdict *v = &x->verdict;
    const struct exit_measures *m = &v->m;
    double entry = usd_to_double(m->entry);

    (void)printf("    P&L %+.2f %%, best %+.2f %%", m->pnl_pct, m->high_water_pct);
    if (!isnan(m->age_min)) (void)printf(", held %.0f min", m->age_min);
    if (!isnan(m->score_ratio))
        (void)printf(", score %.2f of the entry's (signal decay below %.2f)", m->score_ratio,
                     EXIT_DECAY_RATIO);
    (void)printf("\n");
    print_level(x, "stop loss", moved(x, entry, EXIT_STOP_LOSS_FRACTION));
    print_level(x, "trailing stop", usd_to_double(m->trail_stop));
    print_level(x, "profit target", moved(x, entry, EXIT_PROFIT_FRACTION));
    for (size_t i = 0; i < x->meta.record.targets_len; i++) {
        const struct exit_target *t = &x->meta.record.target[i];
        char name[32];

        (void)snprintf(name, sizeof(name), "target +%.0f %%%s", 100 * t->gain,
                       t->is_hit ? ", hit" : "");
        print_level(x, name, moved(x, entry, t->gain));
    }
    (void)printf("    the exit rules say: %s\n", v->action == EXIT_NOT_EVALUATED
                                                     ? exit_not_name(v->why_not)
                                                 : v->action == EXIT_HOLD ? "hold"
                                                                          : v->reason);
}

static void
print_position(const struct look *l, const struct explain *x)
{
    char entry[VIEW_USD_MAX], price[VIEW_USD_MAX], time[ISO_TEXT_MAX], since[ISO_TEXT_MAX];
    const struct ledger_position *at = &x->at_ledger;

    (void)printf("\nposition\n");
    if (!x->is_held) {
        (void)printf("  none\n");
        return;
    }
    (void)printf("  %s %lld at %s", at->qty > 0 ? "long" : "short", (long long)llabs(at->qty),
                 view_usd(usd_div_qty(at->cost, llabs(at->qty)), false, entry));
    if (x->has_record)
        (void)printf(" since %s, entry score %.3f",
                     view_ny_time(l->ny, x->meta.record.entered_ns, since),
                     x->meta.record.entry_score);
    if (x->has_price)
        (void)printf("; last known price %s (%s)", view_usd(x->price, false, price),
                     view_ny_time(l->ny, x->price_ns, time));
    (void)printf("\n");
    if (!x->has_record) (void)printf("    without a record of its entry\n");
    if (x->has_price && x->has_record) print_verdict(x);
}

/* ---- orders and trades ---- */

static void
print_orders(const struct look *l, const struct explain *x)
{
    char time[ISO_TEXT_MAX], price[VIEW_USD_MAX];

    (void)printf("\norders of the day (%zu)\n", x->orders.len);
    for (size_t i = 0; i < x->orders.len; i++) {
        const struct intent *in = &x->orders.intent[i];

        (void)printf("  %s  %-5s %-4s %4lld %-6s", view_ny_time(l->ny, in->created_ns, time),
                     intent_purpose_name(in->purpose), order_side_name(in->order.side),
                     (long long)in->order.qty, order_type_name(in->order.type));
        (void)printf(" %10s",
                     in->order.type == ORDER_LIMIT ? view_usd(in->order.limit, false, price) : "");
        (void)printf("  %-9s", intent_state_name(in->state));
        if (in->filled_qty > 0)
            (void)printf(" %lld at %s", (long long)in->filled_qty,
                         view_usd(usd_div_qty(in->filled_cost, in->filled_qty), false, price));
        (void)printf("%s%s\n", in->reason[0] != '\0' ? "  " : "", in->reason);
    }
}

static void
print_trades(const struct look *l, const struct explain *x)
{
    (void)printf("\nlast closed trades (%zu)\n", x->trades_len);
    for (size_t i = 0; i < x->trades_len; i++) {
        const struct explain_trade *t = &x->trade[i];
        char from[ISO_TEXT_MAX], to[ISO_TEXT_MAX], entry[VIEW_USD_MAX], out[VIEW_USD_MAX];
        char pnl[VIEW_USD_MAX];

        (void)printf("  %s to %s  %-5s %4lld  %s -> %s  %s (%+.2f %%)  %s\n",
                     view_ny_time(l->ny, t->entered_ns, from),
                     view_ny_time(l->ny, t->exited_ns, to), t->side, (long long)t->qty,
                     view_usd(t->entry_price, false, entry), view_usd(t->exit_price, false, out),
                     view_usd(t->pnl, true, pnl), t->pnl_pct, t->reason);
    }
}

void
explain_print(const struct look *l, const struct explain *x)
{
    struct date date = zone_date(l->ny, l->now_ns);
    char text[ISO_TEXT_MAX], time[ISO_TEXT_MAX];

    (void)printf("%s, %s %s New York\n", x->symbol, date_text(date, text),
                 view_ny_time(l->ny, l->now_ns, time));
    print_gates(l, x);
    print_score(l, x);
    print_position(l, x);
    explain_v2_print(l, x);
    print_orders(l, x);
    print_trades(l, x);
}

/* ---- for programs ---- */

static void
write_gates(const struct explain *x, struct json_out *o)
{
    json_out_arr(o, "refusals");
    for (size_t i = 0; i < x->gates_len; i++) {
        const struct explain_gate *g = &x->gate[i];

        json_out_obj(o, NULL);
        json_out_time(o, "at", g->at_ns);
        json_out_str(o, "gate", g->gate);
        json_out_str(o, "stage", g->stage);
        json_out_str(o, "direction", g->direction);
        json_out_f64(o, "score", g->score);
        json_out_f64(o, "number", g->number);
        json_out_f64(o, "threshold", g->threshold);
        json_out_str(o, "detail", g->detail);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_arr(o, "halts");
    for (size_t i = 0; i < x->halts_len; i++)
        json_out_str(o, NULL, x->halt[i]);
    json_out_end(o);
    json_out_str(o, "rung", x->rung[0] != '\0' ? x->rung : NULL);
}

static void
write_position(const struct explain *x, struct json_out *o)
{
    const struct exit_measures *m = &x->verdict.m;

    if (!x->is_held) {
        json_out_null(o, "position");
        return;
    }
    json_out_obj(o, "position");
    json_out_i64(o, "qty", x->at_ledger.qty);
    json_out_usd(o, "cost", x->at_ledger.cost);
    if (x->has_record) {
        json_out_time(o, "entered_at", x->meta.record.entered_ns);
        json_out_f64(o, "entry_score", x->meta.record.entry_score);
    }
    if (x->has_price) {
        json_out_usd(o, "last_price", x->price);
        json_out_time(o, "last_price_at", x->price_ns);
    }
    if (x->has_price && x->has_record) {
        json_out_f64(o, "pnl_pct", m->pnl_pct);
        json_out_f64(o, "age_min", m->age_min);
        json_out_f64(o, "score_ratio", m->score_ratio);
        json_out_usd(o, "trail_stop", m->trail_stop);
        json_out_str(o, "exit_reason", x->verdict.reason[0] != '\0' ? x->verdict.reason : NULL);
    }
    json_out_end(o);
}

static void
write_orders(const struct explain *x, struct json_out *o)
{
    json_out_arr(o, "orders");
    for (size_t i = 0; i < x->orders.len; i++) {
        const struct intent *in = &x->orders.intent[i];

        json_out_obj(o, NULL);
        json_out_time(o, "at", in->created_ns);
        json_out_str(o, "client_order_id", in->order.client_id);
        json_out_str(o, "purpose", intent_purpose_name(in->purpose));
        json_out_str(o, "side", order_side_name(in->order.side));
        json_out_str(o, "type", order_type_name(in->order.type));
        json_out_i64(o, "qty", in->order.qty);
        json_out_i64(o, "filled_qty", in->filled_qty);
        json_out_usd(o, "filled_cost", in->filled_cost);
        json_out_str(o, "state", intent_state_name(in->state));
        json_out_str(o, "reason", in->reason[0] != '\0' ? in->reason : NULL);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_arr(o, "fills");
    for (size_t i = 0; i < x->fills.len; i++) {
        const struct fill *f = &x->fills.fill[i];

        json_out_obj(o, NULL);
        json_out_time(o, "at", f->at_ns);
        json_out_str(o, "side", order_side_name(f->side));
        json_out_i64(o, "qty", f->qty);
        json_out_usd(o, "price", f->price);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_trades(const struct explain *x, struct json_out *o)
{
    json_out_arr(o, "trades");
    for (size_t i = 0; i < x->trades_len; i++) {
        const struct explain_trade *t = &x->trade[i];

        json_out_obj(o, NULL);
        json_out_time(o, "entered_at", t->entered_ns);
        json_out_time(o, "exited_at", t->exited_ns);
        json_out_str(o, "side", t->side);
        json_out_i64(o, "qty", t->qty);
        json_out_usd(o, "entry_price", t->entry_price);
        json_out_usd(o, "exit_price", t->exit_price);
        json_out_usd(o, "pnl_usd", t->pnl);
        json_out_f64(o, "pnl_pct", t->pnl_pct);
        json_out_str(o, "reason", t->reason);
        json_out_end(o);
    }
    json_out_end(o);
}

void
explain_write(const struct explain *x, struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_str(o, "symbol", x->symbol);
    write_gates(x, o);
    if (x->is_in_cache) {
        struct composite_view view = {.symbol = x->symbol,
                                      .regime = score_regime_name(SCORE_REGIME_MIXED),
                                      .composite = &x->composite,
                                      .enriched = &x->enriched};
        composite_write(o, "score", &view);
    } else {
        json_out_null(o, "score");
    }
    if (x->has_last_score)
        json_out_f64(o, "last_score", x->last_score.score);
    else
        json_out_null(o, "last_score");
    json_out_f64(o, "threshold", x->threshold);
    write_position(x, o);
    explain_v2_write(x, o);
    write_orders(x, o);
    write_trades(x, o);
    json_out_end(o);
}
