#include "uwclient/decode_flow.h"

#include <math.h>

/* total_premium, or premium where the first is absent, empty or zero. */
static usd
premium_of(const struct json *row)
{
    usd total = uw_usd_at(row, "total_premium");

    return total.e4 != 0 ? total : uw_usd_at(row, "premium");
}

static bool
is_call(const struct json *row)
{
    const char *type = json_str(row, "type", "");

    return str_eq_nocase(type, "CALL") || str_eq_nocase(type, "C");
}

static bool
is_known(const struct flow_trades *t, const char *id)
{
    for (size_t i = 0; i < t->len && *id != '\0'; i++) {
        if (str_eq(t->trade[i].id, id)) return true;
    }
    return false;
}

/* Behind those of the same instant, so that equal times keep the server's order. */
static void
insert(struct flow_trades *t, struct flow_trade trade)
{
    size_t i = t->len++;

    for (; i > 0 && t->trade[i - 1].created_ns < trade.created_ns; i--)
        t->trade[i] = t->trade[i - 1];
    t->trade[i] = trade;
}

void
flow_select(const struct json *body, const char *symbol, int64_t now_ns, int64_t lookback_s,
            struct flow_trades *ret_trades)
{
    struct flow_trades *t = ret_trades;

    t->len = 0;
    t->foreign = 0;
    UW_EACH_ROW(r, body)
    {
        struct flow_trade trade = {
            .row = r.at,
            .id = json_str(r.at, "id", ""),
            .created_ns = uw_time_at(r.at, "created_at"),
        };
        if (!str_eq_nocase(json_str(r.at, "ticker", ""), symbol)) {
            t->foreign++;
            continue;
        }
        if (trade.created_ns == WHEN_NONE || trade.created_ns < now_ns - lookback_s * NS_PER_S)
            continue;
        if (is_known(t, trade.id) || !uw_is_shallow(r.at)) continue;
        if (t->len == FLOW_ROWS_MAX) break;
        trade.premium = premium_of(r.at);
        trade.is_call = is_call(r.at);
        insert(t, trade);
    }
    t->len = MIN(t->len, (size_t)FLOW_TRADES_MAX);
}

struct flow_summary
flow_summarise(const struct flow_trades *trades)
{
    struct flow_summary s = {.sentiment = "NEUTRAL", .trade_count = (int64_t)trades->len};

    for (size_t i = 0; i < trades->len; i++) {
        const struct flow_trade *t = &trades->trade[i];
        s.total = uw_usd_sum(s.total, t->premium);
        if (t->is_call) s.call = uw_usd_sum(s.call, t->premium);
    }
    s.put = usd_sub(s.total, s.call);
    s.net = usd_sub(s.call, s.put);
    if (trades->len == 0) return s;

    double net = usd_to_double(s.net), total = usd_to_double(s.total);
    if (net > 10000 || net < -10000) {
        s.sentiment = uw_sentiment(net);
        s.conviction = fmin(1.0, 0.3 + fabs(net) / 2000000);
    } else {
        s.conviction = total > 0 ? fmin(0.3, 0.1 + total / 5000000) : 0.05;
    }
    return s;
}

void
flow_summary_write(const struct flow_summary *s, struct json_out *o)
{
    json_out_str(o, "sentiment", s->sentiment);
    json_out_f64(o, "conviction", s->conviction);
    json_out_usd(o, "total_premium", s->total);
    json_out_usd(o, "call_premium", s->call);
    json_out_usd(o, "put_premium", s->put);
    json_out_usd(o, "net_premium", s->net);
    json_out_i64(o, "trade_count", s->trade_count);
}
