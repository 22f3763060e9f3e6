#include "uwclient/decode_darkpool.h"

#define HALF_CENT_NOTHING 1e-9 /* prices this near to the middle have no side */

static bool
is_one_of(const char *code, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (str_eq(code, list[i])) return true;
    }
    return false;
}

/* The price says nothing about who was in a hurry. */
static bool
is_priced_elsewhere(const struct json *row)
{
    static const char *const sale[] = {"average_price_trade", "prior_reference_price",
                                       "contingent_trade"};
    static const char *const trade[] = {"derivative_priced", "qualified_contingent_trade"};

    return is_one_of(json_str(row, "sale_cond_codes", NULL), sale, COUNT_OF(sale)) ||
           is_one_of(json_str(row, "trade_code", NULL), trade, COUNT_OF(trade));
}

/* +1 for a buy, -1 for a sell, 0 for neither. */
static int
side_of(const struct json *row)
{
    double bid = uw_num_at(row, "nbbo_bid"), ask = uw_num_at(row, "nbbo_ask");
    double mid = (bid + ask) / 2, price = uw_num_at(row, "price");

    if (is_priced_elsewhere(row) || bid <= 0 || ask <= 0) return 0;
    if (price > mid + HALF_CENT_NOTHING) return 1;
    return price < mid - HALF_CENT_NOTHING ? -1 : 0;
}

/* premium, or price times size where it is absent or zero. */
static usd
notional_of(const struct json *row)
{
    usd premium = uw_usd_at(row, "premium"), product = USD_ZERO;

    if (premium.e4 != 0) return premium;
    double x = uw_num_at(row, "price") * uw_num_at(row, "size");
    return usd_from_double(x, &product, NULL) == RC_OK ? product : USD_ZERO;
}

const char *
dark_pool_sentiment(usd total_notional, int64_t net_volume)
{
    return uw_sentiment(usd_to_double(total_notional) > 1000000 ? (double)net_volume : 0);
}

void
dark_pool_decode(const struct json *body, int64_t now_ns, struct dark_pool *ret_pool)
{
    struct dark_pool p = {0};

    UW_EACH_ROW(r, body)
    {
        if (json_is_true(json_get(r.at, "canceled"))) continue;
        usd notional = notional_of(r.at);
        int64_t size = uw_count_at(r.at, "size"), at_ns = uw_time_at(r.at, "executed_at");
        int side = side_of(r.at);
        p.print_count++;
        p.total_notional = uw_usd_sum(p.total_notional, notional);
        /* A print without a time counts as young: it was sent among the newest. */
        if (at_ns == WHEN_NONE || now_ns - at_ns <= NS_PER_HOUR)
            p.total_notional_1h = uw_usd_sum(p.total_notional_1h, notional);
        p.off_lit_volume += size;
        if (side > 0) p.buy_volume += size;
        if (side < 0) p.sell_volume += size;
    }
    p.sentiment = dark_pool_sentiment(p.total_notional, p.buy_volume - p.sell_volume);
    p.is_truncated = json_len(json_get_arr(body, "data")) >= DARKPOOL_ROWS_MAX;
    *ret_pool = p;
}

void
dark_pool_write(const struct dark_pool *p, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_str(o, "sentiment", p->sentiment);
    json_out_usd(o, "total_premium", p->total_notional);
    json_out_usd(o, "total_notional", p->total_notional);
    json_out_usd(o, "total_notional_1h", p->total_notional_1h);
    json_out_i64(o, "total_off_lit_volume", p->off_lit_volume);
    json_out_i64(o, "buy_volume", p->buy_volume);
    json_out_i64(o, "sell_volume", p->sell_volume);
    json_out_i64(o, "net_volume", p->buy_volume - p->sell_volume);
    json_out_i64(o, "print_count", p->print_count);
    json_out_bool(o, "truncated", p->is_truncated);
    json_out_i64(o, "last_update", when_to_s(now_ns));
    member_close(m);
}
