#include "intel/market_context.h"

#include <math.h>

static const double TREND_STEP = 0.0025;
static const double VXX_HIGH = 35.0, RATIO_HIGH = 1.15;
static const double VXX_LOW = 18.0, RATIO_LOW = 1.02;
enum { BAR_AGE_OPEN_S = 300, BAR_AGE_CLOSED_S = 600 };

const char *
market_trend_name(enum market_trend t)
{
    static const char *const names[] = {
        [TREND_FLAT] = "flat", [TREND_UP] = "up", [TREND_DOWN] = "down"};
    return names[t];
}

const char *
volatility_regime_name(enum volatility_regime v)
{
    static const char *const names[] = {
        [VOLATILITY_MID] = "mid", [VOLATILITY_HIGH] = "high", [VOLATILITY_LOW] = "low"};
    return names[v];
}

const char *
risk_mood_name(enum risk_mood m)
{
    static const char *const names[] = {
        [RISK_MOOD_NEUTRAL] = "neutral", [RISK_MOOD_OFF] = "risk_off", [RISK_MOOD_ON] = "risk_on"};
    return names[m];
}

int64_t
market_bar_age_max_s(bool is_open)
{
    return is_open ? BAR_AGE_OPEN_S : BAR_AGE_CLOSED_S;
}

/* 0 for what is not a number, so that every test below sees a number. */
static double
known(double x)
{
    return isfinite(x) ? x : 0;
}

static double
overnight_ret(const struct index_prices *p)
{
    double before = known(p->prev_close), last = known(p->last_1m);

    return before > 0 && last > 0 ? (last - before) / before : 0;
}

static bool
is_stale(const struct index_prices *p, const struct market_inputs *in)
{
    return p->last_1m_ns == WHEN_NONE ||
           in->now_ns - p->last_1m_ns > market_bar_age_max_s(in->is_open) * NS_PER_S;
}

static enum market_trend
trend_of(double spy_ret, double qqq_ret)
{
    double ret = 0.5 * (spy_ret + qqq_ret);

    return ret > TREND_STEP ? TREND_UP : ret < -TREND_STEP ? TREND_DOWN : TREND_FLAT;
}

static enum volatility_regime
volatility_of(double vxx, double vxz, double ratio)
{
    if (!(vxx > 0) || !(vxz > 0)) return VOLATILITY_MID;
    if (vxx >= VXX_HIGH || ratio >= RATIO_HIGH) return VOLATILITY_HIGH;
    return vxx <= VXX_LOW && ratio <= RATIO_LOW ? VOLATILITY_LOW : VOLATILITY_MID;
}

static enum risk_mood
mood_of(enum volatility_regime volatility, enum market_trend trend)
{
    if (volatility == VOLATILITY_HIGH && trend == TREND_DOWN) return RISK_MOOD_OFF;
    return volatility == VOLATILITY_LOW && trend == TREND_UP ? RISK_MOOD_ON : RISK_MOOD_NEUTRAL;
}

struct market_context
market_context_of(const struct market_inputs *in)
{
    double vxx = known(in->vxx_close), vxz = known(in->vxz_close);
    struct market_context c = {
        .spy_overnight_ret = overnight_ret(&in->spy),
        .qqq_overnight_ret = overnight_ret(&in->qqq),
        .vxx_vxz_ratio = vxz > 0 ? vxx / vxz : 0,
        .is_stale_1m = is_stale(&in->spy, in) || is_stale(&in->qqq, in),
    };

    c.trend = trend_of(c.spy_overnight_ret, c.qqq_overnight_ret);
    c.volatility = volatility_of(vxx, vxz, c.vxx_vxz_ratio);
    c.mood = mood_of(c.volatility, c.trend);
    return c;
}

void
market_context_write_members(struct json_out *o, const struct market_context *c)
{
    json_out_f64(o, "spy_overnight_ret", c->spy_overnight_ret);
    json_out_f64(o, "qqq_overnight_ret", c->qqq_overnight_ret);
    json_out_f64(o, "vxx_vxz_ratio", c->vxx_vxz_ratio);
    json_out_bool(o, "stale_1m", c->is_stale_1m);
    json_out_str(o, "stale_reason", c->is_stale_1m ? "missing_or_old_1m_bars" : "");
    json_out_str(o, "market_trend", market_trend_name(c->trend));
    json_out_str(o, "volatility_regime", volatility_regime_name(c->volatility));
    json_out_str(o, "risk_on_off", risk_mood_name(c->mood));
}

void
market_context_write(struct json_out *o, const struct market_inputs *in,
                     const struct market_context *c)
{
    json_out_obj(o, NULL);
    json_out_time(o, "timestamp", in->now_ns);
    json_out_f64(o, "spy_prev_close", known(in->spy.prev_close));
    json_out_f64(o, "spy_last_1m", known(in->spy.last_1m));
    json_out_time(o, "spy_last_1m_ts", in->spy.last_1m_ns);
    json_out_f64(o, "qqq_prev_close", known(in->qqq.prev_close));
    json_out_f64(o, "qqq_last_1m", known(in->qqq.last_1m));
    json_out_time(o, "qqq_last_1m_ts", in->qqq.last_1m_ns);
    json_out_f64(o, "vxx_close_1d", known(in->vxx_close));
    json_out_f64(o, "vxz_close_1d", known(in->vxz_close));
    market_context_write_members(o, c);
    json_out_end(o);
}
