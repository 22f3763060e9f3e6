#include "sim/alpaca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"
#include "sim/stamp.h"

__extension__ typedef __int128 i128;

static const char ACCOUNT_ID[] = "e6fe16f3-64a4-4921-8928-cadf02f92f98";

/*
 * total / qty with ten decimals, trailing zeros cut: an average price has more decimals than a
 * price, and a reader who multiplies it by the quantity gets the total again, exactly.
 */
static void
out_average(struct json_out *o, const char *key, usd total, int64_t qty)
{
    i128 scaled = (i128)total.e4 * 1000000;
    i128 average = (scaled * 2 + qty) / ((i128)qty * 2);
    char text[64];
    int n = snprintf(text, sizeof(text), "%lld.%010lld", (long long)(average / 10000000000),
                     (long long)(average % 10000000000));

    while (n > 0 && text[n - 1] == '0')
        text[--n] = '\0';
    if (n > 0 && text[n - 1] == '.') text[--n] = '\0';
    json_out_str(o, key, text);
}

static void
out_fraction(struct json_out *o, const char *key, usd part, usd whole)
{
    out_decimal(o, key, whole.e4 == 0 ? 0 : (double)part.e4 / (double)whole.e4, 16);
}

static void
out_asset_id(struct json_out *o, const char *key, const char *symbol)
{
    char id[UUID_TEXT_MAX];

    json_out_str(o, key, noise_uuid(noise_key(symbol), 7, id));
}

static const char *
exchange_of(const struct sim *sim, const char *symbol)
{
    const struct day_symbol *s = day_find(&sim->day, symbol);

    if (s != NULL && s->profile.kind == PROFILE_ETF) return "ARCA";
    return noise_key(symbol) % 2 == 0 ? "NASDAQ" : "NYSE";
}

void
alpaca_out_account(const struct sim *sim, struct json_out *o)
{
    const struct sim_book *b = &sim->book;
    usd equity = book_equity(b), power = book_buying_power(b);
    usd longs = book_market_value(b, POSITION_LONG), shorts = book_market_value(b, POSITION_SHORT);
    usd gross = usd_sub(longs, shorts);
    int multiplier = book_multiplier(b);

    json_out_obj(o, NULL);
    json_out_str(o, "id", ACCOUNT_ID);
    json_out_str(o, "account_number", "PA0SIMULATED");
    json_out_str(o, "status", "ACTIVE");
    json_out_str(o, "currency", "USD");
    json_out_str(o, "created_at", "2019-06-12T22:47:07.99658Z");
    out_usd_text(o, "cash", b->cash);
    out_usd_text(o, "equity", equity);
    out_usd_text(o, "last_equity", b->cfg.cash);
    out_usd_text(o, "portfolio_value", equity);
    out_usd_text(o, "buying_power", power);
    out_usd_text(o, "daytrading_buying_power", multiplier == 4 ? power : USD_ZERO);
    out_usd_text(o, "regt_buying_power", usd_div_qty(power, multiplier == 4 ? 2 : 1));
    out_usd_text(o, "initial_margin", usd_bps(gross, 5000));
    out_usd_text(o, "maintenance_margin", usd_bps(gross, 3000));
    out_usd_text(o, "last_maintenance_margin", USD_ZERO);
    out_usd_text(o, "long_market_value", longs);
    out_usd_text(o, "short_market_value", shorts);
    out_i64_text(o, "multiplier", multiplier);
    json_out_str(o, "sma", "0");
    json_out_i64(o, "daytrade_count", 0);
    json_out_bool(o, "pattern_day_trader", multiplier == 4);
    json_out_bool(o, "shorting_enabled", true);
    json_out_bool(o, "account_blocked", false);
    json_out_bool(o, "trading_blocked", false);
    json_out_bool(o, "transfers_blocked", false);
    json_out_bool(o, "trade_suspended_by_user", false);
    json_out_end(o);
}

static void
order_times(const struct book_order *order, struct json_out *o)
{
    bool is_gone = order->expired_ns != WHEN_NONE;

    out_utc(o, "created_at", order->created_ns);
    out_utc(o, "updated_at", order->o.updated_ns);
    out_utc(o, "submitted_at", order->o.submitted_ns);
    out_utc(o, "filled_at", order->o.filled_ns);
    out_utc(o, "expired_at", is_gone ? order->expired_ns : WHEN_NONE);
    out_utc(o, "canceled_at", order->canceled_ns);
    json_out_null(o, "failed_at");
    json_out_null(o, "replaced_at");
    json_out_null(o, "replaced_by");
    json_out_null(o, "replaces");
}

void
alpaca_out_order(const struct sim *sim, const struct book_order *order, struct json_out *o)
{
    const struct order *x = &order->o;
    const char *type = order_type_name(x->type);

    (void)sim;
    json_out_obj(o, NULL);
    json_out_str(o, "id", x->broker_id);
    json_out_str(o, "client_order_id", x->client_id);
    order_times(order, o);
    out_asset_id(o, "asset_id", x->symbol);
    json_out_str(o, "symbol", x->symbol);
    json_out_str(o, "asset_class", "us_equity");
    json_out_null(o, "notional");
    out_i64_text(o, "qty", x->qty);
    out_i64_text(o, "filled_qty", x->filled_qty);
    if (x->filled_qty > 0) {
        out_average(o, "filled_avg_price", x->filled_cost, x->filled_qty);
    } else {
        json_out_null(o, "filled_avg_price");
    }
    json_out_str(o, "order_class", "");
    json_out_str(o, "order_type", type);
    json_out_str(o, "type", type);
    json_out_str(o, "side", order_side_name(x->side));
    json_out_str(o, "time_in_force", "day");
    if (x->type == ORDER_LIMIT) {
        out_usd_text(o, "limit_price", x->limit);
    } else {
        json_out_null(o, "limit_price");
    }
    json_out_null(o, "stop_price");
    json_out_str(o, "status", x->status_text);
    json_out_bool(o, "extended_hours", false);
    json_out_null(o, "legs");
    json_out_null(o, "trail_percent");
    json_out_null(o, "trail_price");
    json_out_null(o, "hwm");
    json_out_end(o);
}

void
alpaca_out_position(const struct sim *sim, const struct ledger_position *p, struct json_out *o)
{
    const struct day_symbol *s = day_find(&sim->day, p->symbol);
    int64_t size = llabs(p->qty);
    enum order_side reducing = p->qty > 0 ? SIDE_SELL : SIDE_BUY;
    int64_t available = size - book_held(&sim->book, p->symbol, reducing);
    usd price = book_price(&sim->book, p->symbol);
    usd value = usd_notional(price, p->qty);
    usd basis = p->qty > 0 ? p->cost : usd_neg(p->cost);
    usd profit = usd_sub(value, basis);
    usd before = s != NULL ? day_prev_close(s) : price;

    json_out_obj(o, NULL);
    out_asset_id(o, "asset_id", p->symbol);
    json_out_str(o, "symbol", p->symbol);
    json_out_str(o, "exchange", exchange_of(sim, p->symbol));
    json_out_str(o, "asset_class", "us_equity");
    json_out_bool(o, "asset_marginable", true);
    out_average(o, "avg_entry_price", p->cost, size);
    out_i64_text(o, "qty", p->qty);
    out_i64_text(o, "qty_available", p->qty > 0 ? available : -available);
    json_out_str(o, "side", position_side_name(p->qty > 0 ? POSITION_LONG : POSITION_SHORT));
    out_usd_text(o, "market_value", value);
    out_usd_text(o, "cost_basis", basis);
    out_usd_text(o, "unrealized_pl", profit);
    out_fraction(o, "unrealized_plpc", profit, p->cost);
    out_usd_text(o, "unrealized_intraday_pl", profit);
    out_fraction(o, "unrealized_intraday_plpc", profit, p->cost);
    out_usd_text(o, "current_price", price);
    out_usd_text(o, "lastday_price", before);
    out_fraction(o, "change_today", usd_sub(price, before), before);
    json_out_end(o);
}

void
alpaca_out_activity(const struct sim *sim, const struct book_fill *fill, struct json_out *o)
{
    const struct book_order *order = &sim->book.order[fill->order];

    json_out_obj(o, NULL);
    json_out_str(o, "id", fill->f.fill_id);
    json_out_str(o, "activity_type", "FILL");
    out_utc(o, "transaction_time", fill->f.at_ns);
    json_out_str(o, "type", fill->leaves_qty == 0 ? "fill" : "partial_fill");
    out_usd_text(o, "price", fill->f.price);
    out_i64_text(o, "qty", fill->f.qty);
    json_out_str(o, "side", order_side_name(fill->f.side));
    json_out_str(o, "symbol", fill->f.symbol);
    out_i64_text(o, "leaves_qty", fill->leaves_qty);
    json_out_str(o, "order_id", fill->f.broker_id);
    out_i64_text(o, "cum_qty", fill->cum_qty);
    json_out_str(o, "order_status", order->o.status_text);
    json_out_end(o);
}

void
alpaca_out_asset(const struct sim *sim, const struct day_symbol *s, struct json_out *o)
{
    bool is_shortable = sim->book.prices.is_shortable(sim->book.prices.self, s->symbol);

    json_out_obj(o, NULL);
    out_asset_id(o, "id", s->symbol);
    json_out_str(o, "class", "us_equity");
    json_out_str(o, "exchange", exchange_of(sim, s->symbol));
    json_out_str(o, "symbol", s->symbol);
    json_out_str(o, "name", s->symbol);
    json_out_str(o, "status", "active");
    json_out_bool(o, "tradable", true);
    json_out_bool(o, "marginable", true);
    json_out_bool(o, "shortable", is_shortable);
    json_out_bool(o, "easy_to_borrow", is_shortable);
    json_out_bool(o, "fractionable", false);
    json_out_end(o);
}

void
alpaca_out_clock(const struct sim *sim, int64_t at_ns, struct json_out *o)
{
    struct market_clock c = day_clock(sim->ny, at_ns);
    char text[STAMP_MAX];

    json_out_obj(o, NULL);
    json_out_str(o, "timestamp", stamp_ny(sim->ny, at_ns, 9, text));
    json_out_bool(o, "is_open", c.is_open);
    json_out_str(o, "next_open", stamp_ny(sim->ny, c.next_open_ns, 0, text));
    json_out_str(o, "next_close", stamp_ny(sim->ny, c.next_close_ns, 0, text));
    json_out_end(o);
}

void
alpaca_out_refusal(const struct book_refusal *refusal, struct json_out *o)
{
    json_out_obj(o, NULL);
    if (refusal->existing_qty >= 0) {
        out_i64_text(o, "available", MAX(0, refusal->existing_qty - refusal->held_qty));
        out_i64_text(o, "existing_qty", refusal->existing_qty);
        out_i64_text(o, "held_for_orders", refusal->held_qty);
        json_out_str(o, "symbol", refusal->symbol);
    }
    json_out_i64(o, "code", refusal->code);
    json_out_str(o, "message", refusal->message);
    if (refusal->reject_reason[0] != '\0') json_out_str(o, "reject_reason", refusal->reject_reason);
    json_out_end(o);
}

void
alpaca_refuse(struct sim_reply *r, int status, int64_t code, const char *message)
{
    struct json_out o = {.to = &r->body};

    r->status = status;
    text_clear(&r->body);
    json_out_obj(&o, NULL);
    json_out_i64(&o, "code", code);
    json_out_str(&o, "message", message);
    json_out_end(&o);
}
