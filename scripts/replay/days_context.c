#include "scripts/replay/days_context.h"

#include <math.h>

static struct index_prices
index_at(const struct days_market *m, const struct day_symbol *s, int64_t at_ns)
{
    struct index_prices p = {
        .prev_close = (double)NAN, .last_1m = (double)NAN, .last_1m_ns = WHEN_NONE};

    if (s == NULL) return p;
    p.prev_close = usd_to_double(day_prev_close(s));
    int complete = at_ns != WHEN_NONE ? day_minute(&m->sim.day, at_ns) : 0;
    if (complete <= 0) return p;
    const struct bar *last = &s->minute[MIN(complete, m->sim.day.minutes) - 1];
    p.last_1m = usd_to_double(last->close);
    p.last_1m_ns = last->start_ns;
    return p;
}

/* The newest daily close, which is the session's before. */
static double
daily_close(const struct day_symbol *s)
{
    return s != NULL ? usd_to_double(s->daily[DAY_HISTORY - 1].close) : (double)NAN;
}

static const struct json *
document(const struct text *t, struct arena *a)
{
    const struct json *doc = NULL;
    struct err err = {0};

    if (json_parse_in(text_str(t), t->len, &JSON_LIMITS_BODY, a, &doc, &err) != RC_OK) return NULL;
    return doc;
}

struct days_context
days_context_in(const struct days_market *m, int64_t at_ns, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    int64_t now_ns = at_ns != WHEN_NONE ? at_ns : m->sim.day.session.open_ns;
    struct market_inputs in = {
        .spy = index_at(m, m->spy, at_ns),
        .qqq = index_at(m, m->qqq, at_ns),
        .vxx_close = daily_close(m->vxx),
        .vxz_close = daily_close(m->vxz),
        .is_open = at_ns != WHEN_NONE,
        .now_ns = now_ns,
    };
    struct days_context c = {.market = market_context_of(&in)};
    struct posture_inputs p = {
        .structural_regime = structural_regime_name(m->structural.regime),
        .structural_confidence = m->structural.confidence,
        .volatility = volatility_regime_name(c.market.volatility),
        .trend = market_trend_name(c.market.trend),
        .mood = risk_mood_name(c.market.mood),
    };
    struct json_out o = {.to = &t};

    c.posture = posture_of(&p);
    market_context_write(&o, &in, &c.market);
    c.market_doc = document(&t, a);
    text_clear(&t);
    o = (struct json_out){.to = &t};
    posture_write(&o, &p, &c.posture, &c.market, now_ns);
    c.posture_doc = document(&t, a);
    return c;
}

struct days_context
days_context_of(struct days_market *m, int64_t at_ns)
{
    return days_context_in(m, at_ns, &m->arena);
}
