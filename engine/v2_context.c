#include <math.h>

#include "base/json.h"
#include "engine/v2.h"

#define MARKET_CONTEXT_PATH "state/market_context_v2.json"
#define POSTURE_PATH        "state/regime_posture_state.json"
#define CLOSED_REFRESH_NS   (5 * NS_PER_MIN) /* outside the session */
#define DAILY_RETRY_NS      (10 * NS_PER_MIN)
#define NOTES_REFRESH_NS    (10 * NS_PER_MIN) /* today's bar of VXX and VXZ goes on growing */
#define DAILY_WINDOW_NS     (10 * NS_PER_DAY)
#define MINUTE_WINDOW_NS    (30 * NS_PER_MIN)
#define PREMARKET_HOURS     4.0 /* a stale context that near the open is grave */

/* ---- prices -------------------------------------------------------------------------------- */

/* The newest daily close before the day, or of the day too; NaN. */
static double
daily_close(struct v2_asking *q, const char *symbol, struct date before, int64_t now_ns,
            struct arena *a)
{
    struct bars bars = {0};
    struct err ignored = {0};

    if (v2_ask_bars(q, symbol, BAR_1DAY, now_ns - DAILY_WINDOW_NS, now_ns, 8, a, &bars, &ignored) !=
        RC_OK)
        return (double)NAN;
    for (size_t i = bars.len; i > 0; i--)
        if (date_cmp(zone_date(q->seams->ny, bars.bar[i - 1].start_ns), before) < 0)
            return usd_to_double(bars.bar[i - 1].close);
    return (double)NAN;
}

static void
refresh_daily(struct v2_context *c, struct v2_asking *q, int64_t now_ns, struct arena *a)
{
    struct date today = zone_date(q->seams->ny, now_ns);
    bool is_of_today = c->has_daily && date_cmp(c->day, today) == 0;

    if (is_of_today) return;
    if (c->daily_tried_ns != WHEN_NONE && date_cmp(c->day, today) == 0 &&
        now_ns - c->daily_tried_ns < DAILY_RETRY_NS)
        return;
    c->day = today;
    c->daily_tried_ns = now_ns;
    c->spy_prev_close = daily_close(q, "SPY", today, now_ns, a);
    c->qqq_prev_close = daily_close(q, "QQQ", today, now_ns, a);
    c->has_daily = !isnan(c->spy_prev_close) && !isnan(c->qqq_prev_close);
}

static void
refresh_notes(struct v2_context *c, struct v2_asking *q, int64_t now_ns, struct arena *a)
{
    struct date today = zone_date(q->seams->ny, now_ns);
    struct date tomorrow = date_from_days(date_to_days(today) + 1);

    if (c->notes_ns != WHEN_NONE && now_ns - c->notes_ns < NOTES_REFRESH_NS) return;
    c->notes_ns = now_ns;
    c->vxx_close = daily_close(q, "VXX", tomorrow, now_ns, a);
    c->vxz_close = daily_close(q, "VXZ", tomorrow, now_ns, a);
}

static struct index_prices
index_prices(struct v2_asking *q, const char *symbol, double prev_close, int64_t now_ns,
             struct arena *a)
{
    struct index_prices p = {
        .prev_close = prev_close, .last_1m = (double)NAN, .last_1m_ns = WHEN_NONE};
    struct bars bars = {0};
    struct err ignored = {0};

    if (v2_ask_bars(q, symbol, BAR_1MIN, now_ns - MINUTE_WINDOW_NS, now_ns, 1, a, &bars,
                    &ignored) != RC_OK ||
        bars.len == 0)
        return p;
    p.last_1m = usd_to_double(bars.bar[bars.len - 1].close);
    p.last_1m_ns = bars.bar[bars.len - 1].start_ns;
    return p;
}

/* ---- events -------------------------------------------------------------------------------- */

static void
say_stale(const struct v2_asking *q, const struct market_inputs *in)
{
    const struct log *log = q->seams->log;
    struct session next = calendar_next_session(q->seams->ny, in->now_ns);
    char spy[ISO_TEXT_MAX], qqq[ISO_TEXT_MAX];
    const char *spy_ts = in->spy.last_1m_ns != WHEN_NONE ? when_iso(in->spy.last_1m_ns, spy) : NULL;
    const char *qqq_ts = in->qqq.last_1m_ns != WHEN_NONE ? when_iso(in->qqq.last_1m_ns, qqq) : NULL;
    double hours = next.kind == SESSION_NONE
                       ? (double)NAN
                       : (double)(next.open_ns - in->now_ns) / (double)NS_PER_HOUR;

    log_event(log, EV_MARKET_CONTEXT_STALE, F_STR("spy_last_1m_ts", spy_ts),
              F_STR("qqq_last_1m_ts", qqq_ts), F_BOOL("is_open", in->is_open),
              F_I64("max_age_sec", market_bar_age_max_s(in->is_open)));
    if (!in->is_open && hours >= 0 && hours <= PREMARKET_HOURS)
        log_event(log, EV_PREMARKET_CONTEXT_STALE, F_STR("spy_last_1m_ts", spy_ts),
                  F_STR("qqq_last_1m_ts", qqq_ts), F_BOOL("is_open", false),
                  F_I64("max_age_sec", market_bar_age_max_s(false)),
                  F_F64("hours_to_open", round_dec(hours, 2)));
}

static void
say(const struct v2_asking *q, const struct v2_context *c, const struct market_inputs *in)
{
    const struct market_context *m = &c->market;
    const struct posture_state *p = &c->posture;
    CLEANUP(text_free) struct text flags = {0};
    struct json_out o = {.to = &flags};

    log_event(q->seams->log, EV_MARKET_CONTEXT_UPDATED,
              F_STR("market_trend", market_trend_name(m->trend)),
              F_STR("volatility_regime", volatility_regime_name(m->volatility)),
              F_STR("risk_on_off", risk_mood_name(m->mood)),
              F_F64("spy_overnight_ret", round_dec(m->spy_overnight_ret, 6)),
              F_F64("qqq_overnight_ret", round_dec(m->qqq_overnight_ret, 6)),
              F_F64("vxx_vxz_ratio", round_dec(m->vxx_vxz_ratio, 4)),
              F_BOOL("stale_1m", m->is_stale_1m));
    if (m->is_stale_1m) say_stale(q, in);
    json_out_obj(&o, NULL);
    json_out_bool(&o, "allow_new_longs", p->allow_new_longs);
    json_out_bool(&o, "tighten_long_exits", p->tighten_long_exits);
    json_out_bool(&o, "prefer_shorts", p->prefer_shorts);
    json_out_end(&o);
    log_event(q->seams->log, EV_POSTURE_UPDATE, F_STR("regime_label", p->regime_label),
              F_F64("regime_confidence", round_dec(p->regime_confidence, 4)),
              F_STR("posture", posture_name(p->posture)), F_RAW("flags", text_str(&flags)),
              F_STR("source", p->source));
}

/* ---- documents ----------------------------------------------------------------------------- */

static void
keep(const struct v2_asking *q, const char *path, const struct text *doc)
{
    const struct store_spec spec = {.path = path, .default_json = "{}"};
    struct err err = {0};

    if (store_save(q->seams->store, &spec, doc, &err) != RC_OK)
        log_event(q->seams->log, EV_SHADOW_DECISION_ERROR, F_STR("symbol", ""),
                  F_STR("error", err.text));
}

static const struct json *
document(const struct text *t, struct arena *a)
{
    const struct json *doc = NULL;
    struct err ignored = {0};

    return json_parse_in(text_str(t), t->len, &JSON_LIMITS_BODY, a, &doc, &ignored) == RC_OK ? doc
                                                                                             : NULL;
}

static void
write_documents(struct v2_context *c, const struct v2_asking *q, const struct market_inputs *in,
                const struct posture_inputs *p, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    market_context_write(&o, in, &c->market);
    c->market_doc = document(&t, a);
    keep(q, MARKET_CONTEXT_PATH, &t);
    text_clear(&t);
    o = (struct json_out){.to = &t};
    posture_write(&o, p, &c->posture, &c->market, in->now_ns);
    c->posture_doc = document(&t, a);
    keep(q, POSTURE_PATH, &t);
}

void
v2_context_refresh(struct v2_context *c, struct v2_asking *q, bool is_open,
                   const struct structural_state *structural, int64_t now_ns, struct arena *a)
{
    c->market_doc = c->posture_doc = NULL;
    if (!is_open && c->made_ns != WHEN_NONE && now_ns - c->made_ns < CLOSED_REFRESH_NS) return;
    refresh_daily(c, q, now_ns, a);
    refresh_notes(c, q, now_ns, a);
    const struct market_inputs in = {
        .spy = index_prices(q, "SPY", c->spy_prev_close, now_ns, a),
        .qqq = index_prices(q, "QQQ", c->qqq_prev_close, now_ns, a),
        .vxx_close = c->vxx_close,
        .vxz_close = c->vxz_close,
        .is_open = is_open,
        .now_ns = now_ns,
    };
    c->market = market_context_of(&in);
    const struct posture_inputs p = {
        .structural_regime = structural_regime_name(structural->regime),
        .structural_confidence = structural->confidence,
        .volatility = volatility_regime_name(c->market.volatility),
        .trend = market_trend_name(c->market.trend),
        .mood = risk_mood_name(c->market.mood),
    };
    c->posture = posture_of(&p);
    c->made_ns = now_ns;
    write_documents(c, q, &in, &p, a);
    say(q, c, &in);
}
