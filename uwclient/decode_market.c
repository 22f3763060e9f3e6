#include "uwclient/decode_market.h"

static usd
positive(usd x)
{
    return x.e4 > 0 ? x : USD_ZERO;
}

static const char *
tide_sentiment(usd call, usd put)
{
    double c = usd_to_double(call), p = usd_to_double(put);

    if (call.e4 == 0 && put.e4 == 0) return "NEUTRAL";
    if (c > 1.2 * p) return "BULLISH";
    return p > 1.2 * c ? "BEARISH" : "NEUTRAL";
}

void
market_tide_decode(const struct json *body, struct market_tide *ret_tide)
{
    const struct json *row = uw_latest(body, "timestamp");
    struct market_tide t = {.has_row = row != NULL, .sentiment = "NEUTRAL"};

    t.net_call = uw_usd_at(row, "net_call_premium");
    t.net_put = uw_usd_at(row, "net_put_premium");
    t.net_volume = uw_count_at(row, "net_volume");
    t.call_premium = usd_add(positive(t.net_call), positive(usd_neg(t.net_put)));
    t.put_premium = usd_add(positive(usd_neg(t.net_call)), positive(t.net_put));
    t.sentiment = tide_sentiment(t.call_premium, t.put_premium);
    t.timestamp = json_str(row, "timestamp", "");
    t.date = json_str(row, "date", "");
    *ret_tide = t;
}

/*
 * The names net_call_premium and net_put_premium stay below "raw": the engine falls back to them at
 * the top level where call_premium is 0, and would read a signed value as a side.
 */
void
market_tide_write(const struct market_tide *t, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_usd(o, "call_premium", t->call_premium);
    json_out_usd(o, "put_premium", t->put_premium);
    json_out_usd(o, "net_delta", usd_sub(t->call_premium, t->put_premium));
    json_out_str(o, "sentiment", t->sentiment);
    json_out_str(o, "timestamp", t->timestamp);
    json_out_str(o, "date", t->date);
    json_out_obj(o, "raw");
    json_out_usd(o, "net_call_premium", t->net_call);
    json_out_usd(o, "net_put_premium", t->net_put);
    json_out_i64(o, "net_volume", t->net_volume);
    json_out_end(o);
    json_out_i64(o, "last_update", when_to_s(now_ns));
    member_close(m);
}

void
net_impact_decode(const struct json *body, struct net_impact *ret_impact)
{
    ret_impact->len = 0;
    UW_EACH_ROW(r, body)
    {
        const char *ticker = json_str(r.at, "ticker", json_str(r.at, "symbol", ""));
        if (ret_impact->len == NET_IMPACT_MAX) break;
        if (!symbol_set(ret_impact->row[ret_impact->len].ticker, ticker)) continue;
        ret_impact->row[ret_impact->len++].net_premium = uw_usd_at(r.at, "net_premium");
    }
}

void
net_impact_write(const struct net_impact *n, int64_t now_ns, struct member *m)
{
    struct json_out *o = &m->out;

    member_open(m);
    json_out_arr(o, "data");
    for (size_t i = 0; i < n->len; i++) {
        json_out_obj(o, NULL);
        json_out_str(o, "ticker", n->row[i].ticker);
        json_out_usd(o, "net_premium", n->row[i].net_premium);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_i64(o, "last_update", when_to_s(now_ns));
    member_close(m);
}
