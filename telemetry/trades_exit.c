#include "telemetry/internal.h"

#include <math.h>

/* ---- profit ---------------------------------------------------------------------------------- */

usd
exit_pnl(const struct exit_record *r)
{
    return r->side == POSITION_LONG ? usd_sub(r->exit_proceeds, r->entry_cost)
                                    : usd_sub(r->entry_cost, r->exit_proceeds);
}

/* 100 * d * (exit - entry) / entry, with both prices times the same quantity. */
double
exit_pnl_pct(const struct exit_record *r)
{
    return r->entry_cost.e4 == 0 ? 0
                                 : 100 * usd_to_double(exit_pnl(r)) / usd_to_double(r->entry_cost);
}

double
exit_hold_minutes(const struct exit_record *r)
{
    return (double)(r->exited_ns - r->entered_ns) / (double)NS_PER_MIN;
}

static usd
entry_price(const struct exit_record *r)
{
    return usd_div_qty(r->entry_cost, r->qty);
}

static usd
exit_price(const struct exit_record *r)
{
    return usd_div_qty(r->exit_proceeds, r->qty);
}

/* ---- words for numbers (R6.31) --------------------------------------------------------------- */

/* Of the entry, New York time: AFTER_HOURS before 09:30 and from 16:00, OPEN up to 10:00, CLOSE
 * from 15:00.
 */
static const char *
time_of_day(const struct civil *ny)
{
    int minute = ny->hour * 60 + ny->minute;

    if (minute < 9 * 60 + 30 || minute >= 16 * 60) return "AFTER_HOURS";
    if (minute < 10 * 60) return "OPEN";
    return minute >= 15 * 60 ? "CLOSE" : "MID_DAY";
}

static const char *
day_of_week(const struct civil *ny)
{
    static const char *const names[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                        "THURSDAY", "FRIDAY", "SATURDAY"};

    return names[date_weekday(ny->date)];
}

static const char *
flow_magnitude(double flow)
{
    if (isnan(flow)) return NULL;
    return flow < 0.3 ? "LOW" : flow < 0.7 ? "MEDIUM" : "HIGH";
}

static const char *
signal_strength(double score)
{
    return score < 2.5 ? "WEAK" : score < 3.5 ? "MODERATE" : "STRONG";
}

static enum order_side
entry_side(const struct exit_record *r)
{
    return r->side == POSITION_LONG ? SIDE_BUY : SIDE_SELL;
}

/* ---- attribution ----------------------------------------------------------------------------- */

static void
out_exit_context(struct json_out *o, const struct exit_record *r)
{
    json_out_obj(o, "context");
    json_out_str(o, "close_reason", r->close_reason);
    json_out_usd(o, "entry_price", entry_price(r));
    json_out_usd(o, "exit_price", exit_price(r));
    json_out_f64(o, "pnl_pct", round_dec(exit_pnl_pct(r), 4));
    json_out_f64(o, "hold_minutes", round_dec(exit_hold_minutes(r), 1));
    json_out_str(o, "side", order_side_name(entry_side(r)));
    json_out_str(o, "position_side", position_side_name(r->side));
    json_out_str(o, "order_side_raw", order_side_name(entry_side(r)));
    json_out_i64(o, "qty", r->qty);
    json_out_i64(o, "entry_qty", r->entry_qty);
    json_out_i64(o, "exit_qty", r->qty);
    json_out_str(o, "entry_order_id", r->entry_order_id);
    json_out_str(o, "exit_order_id", r->exit_order_id);
    json_out_f64(o, "entry_score", r->entry_score);
    out_object(o, "components", r->components_json);
    json_out_str(o, "market_regime", r->market_regime);
    json_out_str(o, "direction", r->direction);
    json_out_str(o, "time_of_day", time_of_day(&r->entry_ny));
    json_out_str(o, "day_of_week", day_of_week(&r->entry_ny));
    json_out_i64(o, "entry_hour", r->entry_ny.hour);
    json_out_str(o, "flow_magnitude", flow_magnitude(r->flow));
    json_out_str(o, "signal_strength", signal_strength(r->entry_score));
    json_out_time(o, "entry_ts", r->entered_ns);
    json_out_str(o, "entry_price_source",
                 "alpaca.order.filled_avg_price_or_position.avg_entry_price");
    json_out_str(o, "exit_price_source", "alpaca.order.filled_avg_price");
    json_out_str(o, "correlation_id", r->correlation_id);
    json_out_end(o);
}

void
exit_attribution_encode(const struct exit_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    double pct = round_dec(exit_pnl_pct(r), 4);

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", r->at_ns);
    json_out_str(&o, "type", "attribution");
    out_dated_id(&o, "trade_id", "close", r->symbol, r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_f64(&o, "entry_score", r->entry_score);
    json_out_str(&o, "market_regime", r->market_regime);
    json_out_f64(&o, "exit_pnl", pct);
    json_out_f64(&o, "pnl_pct", pct);
    json_out_usd(&o, "pnl_usd", usd_round_cents(exit_pnl(r)));
    json_out_f64(&o, "hold_minutes", round_dec(exit_hold_minutes(r), 1));
    json_out_bool(&o, "stealth_boost_applied", str_eq(flow_magnitude(r->flow), "LOW"));
    out_exit_context(&o, r);
    json_out_end(&o);
}

void
exit_partial_encode(const struct exit_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    double pct = round_dec(exit_pnl_pct(r), 4);
    double minutes = round_dec(exit_hold_minutes(r), 1);

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", r->at_ns);
    json_out_str(&o, "type", "attribution");
    out_dated_id(&o, "trade_id", "scale", r->symbol, r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_usd(&o, "pnl_usd", usd_round_cents(exit_pnl(r)));
    json_out_f64(&o, "pnl_pct", pct);
    json_out_f64(&o, "hold_minutes", minutes);
    json_out_obj(&o, "context");
    json_out_str(&o, "close_reason", r->close_reason);
    json_out_usd(&o, "entry_price", entry_price(r));
    json_out_usd(&o, "exit_price", exit_price(r));
    json_out_f64(&o, "pnl_pct", pct);
    json_out_f64(&o, "hold_minutes", minutes);
    json_out_str(&o, "side", order_side_name(entry_side(r)));
    json_out_i64(&o, "qty", r->qty);
    /* Beyond R6.27: tells this record from every other, so that it is written once. */
    json_out_str(&o, "exit_order_id", r->exit_order_id);
    json_out_f64(&o, "fraction", r->fraction);
    json_out_f64(&o, "entry_score", r->entry_score);
    out_object(&o, "components", r->components_json);
    json_out_str(&o, "market_regime", r->market_regime);
    json_out_str(&o, "direction", r->direction);
    json_out_end(&o);
    json_out_end(&o);
}

/* ---- exits, master log, portfolio ------------------------------------------------------------ */

void
exit_line_encode(const struct exit_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    char id[TRADE_ID_MAX];

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", r->at_ns);
    json_out_time(&o, "timestamp", r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", position_side_name(r->side));
    json_out_i64(&o, "qty", r->qty);
    json_out_usd(&o, "entry_price", entry_price(r));
    json_out_usd(&o, "exit_price", exit_price(r));
    json_out_usd(&o, "pnl_usd", usd_round_cents(exit_pnl(r)));
    json_out_f64(&o, "pnl_pct", round_dec(exit_pnl_pct(r), 4));
    json_out_f64(&o, "hold_minutes", round_dec(exit_hold_minutes(r), 1));
    json_out_str(&o, "close_reason", r->close_reason);
    json_out_time(&o, "entry_ts", r->entered_ns);
    json_out_time(&o, "exit_ts", r->exited_ns);
    json_out_f64(&o, "entry_score", r->entry_score);
    json_out_str(&o, "market_regime", r->market_regime);
    json_out_str(&o, "trade_id", trade_id(r->symbol, r->entered_ns, id));
    json_out_end(&o);
}

void
exit_master_encode(const struct exit_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    char id[TRADE_ID_MAX];

    json_out_obj(&o, NULL);
    json_out_str(&o, "trade_id", trade_id(r->symbol, r->entered_ns, id));
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", position_side_name(r->side));
    json_out_bool(&o, "is_live", true);
    json_out_bool(&o, "is_shadow", false);
    json_out_time(&o, "entry_ts", r->entered_ns);
    json_out_time(&o, "exit_ts", r->exited_ns);
    json_out_usd(&o, "entry_price", entry_price(r));
    json_out_usd(&o, "exit_price", exit_price(r));
    json_out_i64(&o, "size", r->qty);
    json_out_usd(&o, "realized_pnl_usd", usd_round_cents(exit_pnl(r)));
    out_sorted_keys(&o, "signals", r->components_json);
    out_object(&o, "feature_snapshot", r->components_json);
    out_regime(&o, &r->regime);
    json_out_str(&o, "exit_reason", r->close_reason);
    json_out_str(&o, "source", "live");
    json_out_time(&o, "timestamp", r->at_ns);
    json_out_end(&o);
}

void
exit_portfolio_encode(const struct exit_record *r, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    out_ts_dt(&o, r->at_ns);
    json_out_str(&o, "event", "POSITION_CLOSED");
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", position_side_name(r->side));
    json_out_i64(&o, "qty", r->qty);
    json_out_usd(&o, "entry_price", entry_price(r));
    json_out_usd(&o, "exit_price", exit_price(r));
    json_out_usd(&o, "realized_pnl", usd_round_cents(exit_pnl(r)));
    json_out_f64(&o, "unrealized_pnl", 0);
    json_out_f64(&o, "holding_period_min", round_dec(exit_hold_minutes(r), 1));
    json_out_str(&o, "reason", r->close_reason);
    json_out_str(&o, "order_type", order_type_name(r->type));
    json_out_f64(&o, "score", r->entry_score);
    json_out_end(&o);
}
