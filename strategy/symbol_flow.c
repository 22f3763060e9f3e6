#include "strategy/symbol_flow.h"

#include "strategy/score_math.h"

enum { STALE_AFTER_S = 7200 };

struct flow_alert *
flow_alerts_decode(const struct json *array, size_t *ret_len)
{
    size_t room = MIN(json_is_array(array) ? json_len(array) : 0, (size_t)FLOW_ALERTS_MAX);
    size_t len = 0;

    *ret_len = 0;
    if (room == 0) return NULL;
    struct flow_alert *alert = (struct flow_alert *)calloc(room, sizeof *alert);
    ASSERT(alert != NULL); /* as in an arena: without memory there is nothing to decide on */
    for (const struct json *v = json_first(array); v != NULL && len < room; v = json_next(v)) {
        if (json_is_object(v)) alert[len++] = flow_alert_decode(v);
    }
    *ret_len = len;
    return alert;
}

/* _last_update, else last_update, as seconds; WHEN_NONE where neither is there. */
static int64_t
read_updated_s(const struct json *obj)
{
    const double seconds_max = 9e9; /* the year 2255: an instant ends soon after */
    const struct json *v = json_get(obj, "_last_update");
    if (v == NULL) v = json_get(obj, "last_update");
    if (v == NULL) return WHEN_NONE;
    return (int64_t)floor(clamp(json_f64_of(v, 0), -seconds_max, seconds_max));
}

bool
symbol_flow_decode(const char *symbol, const struct json *obj, struct symbol_flow *ret_flow)
{
    struct symbol_flow f = {0};
    const struct json *trades = json_get_arr(obj, "flow_trades");

    if (!json_is_object(obj) || !symbol_set(f.symbol, symbol)) return false;
    f.is_simulated = fact_flag(json_get(obj, "simulated"));
    f.has_conviction = json_has(obj, "conviction");
    f.has_trade_count = json_has(obj, "trade_count");
    f.sentiment = sentiment_from(json_str(obj, "sentiment", NULL));
    f.conviction = json_f64(obj, "conviction", 0);
    f.trade_count = trunc(json_f64(obj, "trade_count", 0));
    f.updated_s = read_updated_s(obj);
    flow_facts_decode(obj, FACTS_CACHE, &f.facts);
    f.alert = flow_alerts_decode(trades, &f.alerts_len);
    f.flow_trades_len = json_len(trades);
    *ret_flow = f;
    return true;
}

void
symbol_flow_done(struct symbol_flow *f)
{
    free(f->alert);
    *f = (struct symbol_flow){0};
}

bool
symbol_flow_is_stale(const struct symbol_flow *f, int64_t now_ns)
{
    return f->updated_s == WHEN_NONE || when_to_s(now_ns) - f->updated_s > STALE_AFTER_S;
}
