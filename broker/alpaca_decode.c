#include "broker/alpaca_decode.h"

#include <math.h>

/* A required symbol in our form. */
static void
need_symbol(struct json_in *in, const char *key, char dst[SYMBOL_MAX])
{
    const char *text = json_need_str(in, key);

    if (in->rc == RC_OK && !symbol_set(dst, text))
        in->rc = err_set(in->err, RC_PARSE, "%s: \"%.40s\" is no symbol", key, text);
}

static void
need_id(struct json_in *in, const char *key, char *dst, size_t size)
{
    const char *text = json_need_str(in, key);

    if (in->rc == RC_OK && (text[0] == '\0' || !str_copy(dst, size, text)))
        in->rc = err_set(in->err, RC_PARSE, "%s: empty or too long", key);
}

static void
need_side(struct json_in *in, const char *key, enum order_side *ret_side)
{
    const char *word = json_need_str(in, key);

    if (in->rc != RC_OK) return;
    if (str_eq_nocase(word, "buy"))
        *ret_side = SIDE_BUY;
    else if (str_eq_nocase(word, "sell") || str_eq_nocase(word, "sell_short"))
        *ret_side = SIDE_SELL;
    else
        in->rc = err_set(in->err, RC_PARSE, "%s: \"%.40s\" is no order side", key, word);
}

/*
 * A quantity of shares.  Whole ones exactly; of a fractional one the whole part, and
 * *ret_has_fraction. Absent is zero where the key may be null (an order by notional has no
 * quantity).
 */
static int64_t
read_qty(struct json_in *in, const char *key, bool *ret_has_fraction)
{
    const struct json *v = json_get(in->obj, key);
    int64_t whole = json_i64_of(v, INT64_MIN);

    if (in->rc != RC_OK || v == NULL) return 0;
    if (whole == INT64_MIN) {
        double x = json_f64_of(v, (double)NAN);

        if (!isfinite(x) || fabs(x) > (double)QTY_MAX) {
            in->rc = err_set(in->err, RC_RANGE, "%s: no quantity of shares", key);
            return 0;
        }
        whole = (int64_t)trunc(x);
        if (ret_has_fraction != NULL && fabs(x - trunc(x)) > 0) *ret_has_fraction = true;
    }
    if (whole > QTY_MAX || whole < -QTY_MAX)
        in->rc = err_set(in->err, RC_RANGE, "%s: %lld shares", key, (long long)whole);
    return whole;
}

/* average * qty, rounded once; zero where there is no average yet. */
static usd
read_cost(struct json_in *in, const char *key, int64_t qty)
{
    double average = json_f64(in->obj, key, 0.0);
    usd cost = USD_ZERO;

    if (in->rc != RC_OK || average <= 0 || qty == 0) return cost;
    in->rc = usd_from_double(average * (double)qty, &cost, in->err);
    return cost;
}

enum rc
alpaca_decode_account(const struct json *v, struct account *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct account a = {0};

    a.cash = json_need_usd(&in, "cash");
    a.equity = json_need_usd(&in, "equity");
    a.buying_power = json_need_usd(&in, "buying_power");
    a.portfolio_value = json_opt_usd(&in, "portfolio_value", a.equity);
    a.is_blocked = json_bool(v, "account_blocked", false) || json_bool(v, "trading_blocked", false);
    if (in.rc == RC_OK) *ret = a;
    return in.rc;
}

enum rc
alpaca_decode_clock(const struct json *v, struct market_clock *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct market_clock c = {0};

    c.is_open = json_need_bool(&in, "is_open");
    c.at_ns = json_need_time(&in, "timestamp");
    c.next_open_ns = json_opt_time(&in, "next_open", WHEN_NONE);
    c.next_close_ns = json_opt_time(&in, "next_close", WHEN_NONE);
    if (in.rc == RC_OK) *ret = c;
    return in.rc;
}

enum rc
alpaca_decode_asset(const struct json *v, struct asset *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct asset a = {0};

    need_symbol(&in, "symbol", a.symbol);
    a.is_tradable = json_need_bool(&in, "tradable");
    a.is_shortable = json_bool(v, "shortable", false);
    if (in.rc == RC_OK) *ret = a;
    return in.rc;
}

enum rc
alpaca_decode_position(const struct json *v, struct position *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct position p = {0};
    enum position_side side = POSITION_LONG;

    need_symbol(&in, "symbol", p.symbol);
    (void)json_need_str(&in, "qty");
    p.qty = read_qty(&in, "qty", &p.has_fraction);
    const char *word = json_str(v, "side", p.qty < 0 ? "short" : "long");
    if (in.rc == RC_OK && !position_side_from(word, &side))
        in.rc = err_set(err, RC_PARSE, "side: \"%.40s\" is no position side", word);
    /* Some clients report a short with a positive quantity; the side decides. */
    if (side == POSITION_SHORT && p.qty > 0) p.qty = -p.qty;
    p.cost = json_has(v, "cost_basis")
                 ? usd_abs(json_need_usd(&in, "cost_basis"))
                 : read_cost(&in, "avg_entry_price", p.qty < 0 ? -p.qty : p.qty);
    p.price = json_opt_usd(&in, "current_price", USD_ZERO);
    p.market_value = json_opt_usd(&in, "market_value", USD_ZERO);
    p.unrealised_fraction = json_f64(v, "unrealized_plpc", (double)NAN);
    if (in.rc == RC_OK) *ret = p;
    return in.rc;
}

enum rc
alpaca_decode_order(const struct json *v, struct order *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct order o = {0};

    need_id(&in, "id", o.broker_id, sizeof(o.broker_id));
    (void)str_copy(o.client_id, sizeof(o.client_id), json_str(v, "client_order_id", ""));
    need_symbol(&in, "symbol", o.symbol);
    need_side(&in, "side", &o.side);
    o.type = str_eq(json_str(v, "type", json_str(v, "order_type", "market")), "limit")
                 ? ORDER_LIMIT
                 : ORDER_MARKET;
    const char *status = json_need_str(&in, "status");
    (void)str_copy(o.status_text, sizeof(o.status_text), status);
    o.status = order_status_from(status);
    o.qty = read_qty(&in, "qty", NULL);
    o.filled_qty = read_qty(&in, "filled_qty", NULL);
    o.filled_cost = read_cost(&in, "filled_avg_price", o.filled_qty);
    o.limit = json_opt_usd(&in, "limit_price", USD_ZERO);
    o.submitted_ns = json_opt_time(&in, "submitted_at", WHEN_NONE);
    o.filled_ns = json_opt_time(&in, "filled_at", WHEN_NONE);
    o.updated_ns = json_opt_time(&in, "updated_at", WHEN_NONE);
    if (in.rc == RC_OK && o.filled_qty < 0) in.rc = err_set(err, RC_RANGE, "filled_qty: negative");
    if (in.rc == RC_OK) *ret = o;
    return in.rc;
}

enum rc
alpaca_decode_fill(const struct json *v, struct fill *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct fill f = {0};

    need_id(&in, "id", f.fill_id, sizeof(f.fill_id));
    need_id(&in, "order_id", f.broker_id, sizeof(f.broker_id));
    need_symbol(&in, "symbol", f.symbol);
    need_side(&in, "side", &f.side);
    (void)json_need_str(&in, "qty");
    f.qty = read_qty(&in, "qty", NULL);
    f.price = json_need_usd(&in, "price");
    f.at_ns = json_need_time(&in, "transaction_time");
    if (in.rc == RC_OK && (f.qty <= 0 || f.price.e4 <= 0))
        in.rc = err_set(err, RC_RANGE, "a fill without quantity or price");
    if (in.rc == RC_OK) *ret = f;
    return in.rc;
}

enum rc
alpaca_decode_trade(const struct json *body, struct last_trade *ret, struct err *err)
{
    struct json_in in = {.obj = json_get_obj(body, "trade"), .err = err};
    struct last_trade t = {0};

    t.price = json_need_usd(&in, "p");
    t.at_ns = json_opt_time(&in, "t", WHEN_NONE);
    t.is_known = t.price.e4 > 0;
    if (in.rc == RC_OK) *ret = t;
    return in.rc;
}

enum rc
alpaca_decode_quote(const struct json *body, struct nbbo *ret, struct err *err)
{
    struct json_in in = {.obj = json_get_obj(body, "quote"), .err = err};
    struct nbbo q = {0};

    q.bid = json_need_usd(&in, "bp");
    q.ask = json_need_usd(&in, "ap");
    q.at_ns = json_opt_time(&in, "t", WHEN_NONE);
    q.is_known = q.bid.e4 > 0 && q.ask.e4 > 0 && q.bid.e4 <= q.ask.e4;
    if (in.rc == RC_OK) *ret = q;
    return in.rc;
}

enum rc
alpaca_decode_bar(const struct json *v, struct bar *ret, struct err *err)
{
    struct json_in in = {.obj = v, .err = err};
    struct bar b = {0};

    b.start_ns = json_need_time(&in, "t");
    b.open = json_need_usd(&in, "o");
    b.high = json_need_usd(&in, "h");
    b.low = json_need_usd(&in, "l");
    b.close = json_need_usd(&in, "c");
    b.volume = json_i64(v, "v", 0);
    if (in.rc == RC_OK && (b.low.e4 <= 0 || b.high.e4 < b.low.e4))
        in.rc = err_set(err, RC_RANGE, "a bar without a range");
    if (in.rc == RC_OK) *ret = b;
    return in.rc;
}
