#include "strategy/composite_parts.h"

#include "strategy/score_math.h"

/* Formulas: spec 10, R4.9 to R4.27.  The order of the operations is part of each formula. */

static double
at_most(double limit, double x)
{
    return x < limit ? x : limit;
}

static enum relation
relate(int fact, int flow)
{
    if (fact != 0 && fact == flow) return RELATION_CONFIRM;
    return fact != 0 && flow != 0 ? RELATION_OPPOSE : RELATION_NEUTRAL;
}

/* ---- what the options flow and the dark pool say ------------------------------------------- */

static size_t
recent_sweeps(const struct scoring *in)
{
    const int64_t age_max_ns = 3600 * NS_PER_S;
    size_t n = 0;
    for (size_t i = 0; i < in->e->alerts_len; i++) {
        const struct flow_alert *a = &in->e->alert[i];
        int64_t age_ns = 0;
        if (!a->is_large_sweep) continue;
        bool is_dated = a->sweep_ns != WHEN_NONE && in->now_ns != WHEN_NONE;
        if (is_dated &&
            (__builtin_sub_overflow(in->now_ns, a->sweep_ns, &age_ns) || age_ns > age_max_ns))
            continue;
        n++;
    }
    return n;
}

static double
flow(const struct scoring *in, double w, struct composite *out)
{
    const double low = 0.3, stealth_boost = 0.2, urgency = 1.2;
    const size_t urgent_sweeps = 3;
    double c = in->e->has_conviction ? in->e->conviction : 0.5;

    out->conviction = c;
    out->has_stealth_boost = in->e->trade_count > 0 && c < low;
    out->sweeps = recent_sweeps(in);
    out->sweep_multiplier = out->sweeps >= urgent_sweeps ? urgency : 1.0;
    double x = w * at_most(1, c + (out->has_stealth_boost ? stealth_boost : 0));
    return out->sweeps >= urgent_sweeps ? x * urgency : x;
}

static double
dark_pool(const struct scoring *in, double w, struct composite *out)
{
    const double full_usd = 50000000;
    const struct dark_pool_facts *f = &in->e->facts.dark_pool;

    out->dark_pool_1h_usd = first_non_zero(f->total_notional_1h, f->notional_1h);
    out->dark_pool_usd = out->dark_pool_1h_usd > 0
                             ? out->dark_pool_1h_usd
                             : first_non_zero(f->total_notional, f->total_premium);
    if (f->sentiment == SENTIMENT_NEUTRAL && out->dark_pool_usd <= 0)
        out->source[COMPONENT_DARK_POOL] = SOURCE_MISSING;
    double positive = out->dark_pool_usd > 0 ? out->dark_pool_usd : 0;
    return w * (0.2 + 0.8 * at_most(1, positive / full_usd));
}

static double
insider(const struct scoring *in, double w, struct composite *out)
{
    const struct insider_facts *f = &in->e->facts.insider;
    (void)out;
    switch (f->sentiment) {
    case SENTIMENT_BULLISH:
        return w * (0.50 + f->conviction_modifier);
    case SENTIMENT_BEARISH:
        return w * (0.50 - fabs(f->conviction_modifier));
    case SENTIMENT_NEUTRAL:
        break;
    }
    return w * 0.25;
}

/* ---- derived features ---------------------------------------------------------------------- */

static double
iv_skew(const struct scoring *in, double w, struct composite *out)
{
    (void)out;
    return w * fabs(in->e->iv_term_skew) * (in->is_aligned ? 1.3 : 0.7);
}

static double
smile(const struct scoring *in, double w, struct composite *out)
{
    (void)out;
    return w * fabs(in->e->smile_slope);
}

static double
whale(const struct scoring *in, double w, struct composite *out)
{
    if (in->e->whale.is_detected) return w * in->e->whale.avg_conviction;
    out->source[COMPONENT_WHALE] = SOURCE_MISSING;
    return 0;
}

static double
event(const struct scoring *in, double w, struct composite *out)
{
    (void)out;
    return w * in->e->event_alignment;
}

static double
motif(const struct scoring *in, double w, struct composite *out)
{
    const struct enriched *e = in->e;
    double x = 0;
    if (e->staircase.is_detected) x += w * e->staircase.slope * 3.0;
    if (e->burst.is_detected) x += w * at_most(1, e->burst.intensity / 2.0);
    if (!e->staircase.is_detected && !e->burst.is_detected)
        out->source[COMPONENT_MOTIF] = SOURCE_MISSING;
    return x;
}

static double
toxicity(const struct scoring *in, double w, struct composite *out)
{
    double t = in->e->toxicity;
    double penalty = w < 0 ? w : -fabs(w);
    (void)out;
    if (t > 0.5) return penalty * (t - 0.5) * 1.5;
    return t > 0.3 ? penalty * (t - 0.3) * 0.5 : 0;
}

/* That bullish flow is favoured in RISK_OFF too is how thresholds were tuned; it is kept. */
static double
regime(const struct scoring *in, double w, struct composite *out)
{
    bool is_bullish = in->sign > 0;
    double factor = 1.0;
    (void)out;
    switch (in->regime) {
    case SCORE_REGIME_RISK_ON:
        factor = is_bullish ? 1.15 : 0.95;
        break;
    case SCORE_REGIME_RISK_OFF:
        factor = is_bullish ? 1.10 : 0.90;
        break;
    case SCORE_REGIME_MIXED:
    case SCORE_REGIME_NEUTRAL:
        factor = 1.02;
        break;
    case SCORE_REGIME_OTHER:
        break;
    }
    return w * (factor - 1.0) * 2.0;
}

/* ---- expanded facts: their components are rounded to four decimals before the sum ---------- */

static double
congress(const struct scoring *in, double w, struct composite *out)
{
    const struct congress_facts *f = &in->e->facts.congress;
    if (!f->is_present) f = &in->intel->congress;
    out->congress_facts = *f;
    if (!f->is_present || is_zero(f->recent_count)) return 0;

    double activity = at_most(1, f->recent_count / 10);
    out->congress = relate(sign_of(f->buys - f->sells), in->sign);
    switch (out->congress) {
    case RELATION_CONFIRM:
        return w * (0.6 + activity * 0.4) * (1 + f->conviction_boost);
    case RELATION_OPPOSE:
        return -w * 0.4 * activity;
    case RELATION_NONE:
    case RELATION_NEUTRAL:
        break;
    }
    return w * 0.2 * activity;
}

/* Short interest is what makes a squeeze: without it, failures to deliver alone say nothing here.
 */
static double
shorts(const struct scoring *in, double w, struct composite *out)
{
    const struct shorts_facts *f = &in->e->facts.shorts;
    if (!f->is_present) f = &in->intel->shorts;
    out->shorts_facts = *f;
    if (!f->is_present || is_zero(f->interest_pct)) return 0;

    double p = f->interest_pct, d = f->days_to_cover, q = f->ftd_count;
    bool is_bullish = in->sign > 0;
    double x = 0;
    if (p > 15 && is_bullish) x += w * 0.5 * at_most(1, (p - 15) / 25);
    if (d > 5 && is_bullish) x += w * 0.3 * at_most(1, (d - 5) / 10);
    if (q > 100000) x += w * 0.2 * at_most(1, log10(q) / 7);
    if (f->has_squeeze_risk) x += w * 0.3;
    if (p > 20 && in->sign < 0) x += -w * 0.2; /* a crowded short */
    return x;
}

static double
insider_activity(const struct scoring *in, double w, struct composite *out)
{
    const struct insider_facts *f = &in->e->facts.insider;
    if (!f->is_present || (is_zero(f->net_buys) && is_zero(f->net_sells))) return 0;

    double activity = at_most(1, (f->net_buys + f->net_sells) / 20);
    double size = f->total_usd > 1000000 ? at_most(0.3, log10(f->total_usd / 1000000) * 0.15) : 0;
    out->institutional_path = INSTITUTIONAL_INSIDER;
    out->insiders = relate(sign_of(f->net_buys - f->net_sells), in->sign);
    switch (out->insiders) {
    case RELATION_CONFIRM:
        return w * (0.5 + activity * 0.5 + size);
    case RELATION_OPPOSE:
        return -w * 0.3 * activity;
    case RELATION_NONE:
    case RELATION_NEUTRAL:
        break;
    }
    return w * 0.15 * activity;
}

static double
institutional(const struct scoring *in, double w, struct composite *out)
{
    const struct institutional_facts *f = &in->e->facts.institutional;
    if (!f->is_present) f = &in->intel->institutional;
    out->institutional_facts = *f;

    double z = 0;
    if (f->holders > 0) z += at_most(1, f->holders / 25) * 0.6;
    if (f->top_holder_pct > 0) z += at_most(1, f->top_holder_pct / 10) * 0.25;
    if (f->top5_holder_pct > 0) z += at_most(1, f->top5_holder_pct / 25) * 0.15;
    if (!(z > 0)) return insider_activity(in, w, out);
    out->institutional_path = INSTITUTIONAL_OWNERSHIP;
    return w * (0.2 + 0.8 * at_most(1, z)) * 0.6;
}

/* Call premium may be negative, so the share may leave 0..1 and the intensity 1: kept. */
static double
tide(const struct scoring *in, double w, struct composite *out)
{
    const struct tide_facts *f = &in->e->facts.market_tide;
    if (!f->is_present) f = &in->intel->market_tide;
    out->has_tide_facts = f->is_present;
    double total = f->call_usd + f->put_usd;
    if (!f->is_present || is_zero(total)) return 0;

    double share = f->call_usd / total;
    double intensity = fabs(share - 0.5) * 2;
    out->tide_call_share = share;
    out->tide = relate((share > 0.55) - (share < 0.45), in->sign);
    switch (out->tide) {
    case RELATION_CONFIRM:
        return w * (0.4 + intensity * 0.6);
    case RELATION_OPPOSE:
        return -w * 0.25 * intensity;
    case RELATION_NONE:
    case RELATION_NEUTRAL:
        break;
    }
    return intensity > 0.3 ? w * 0.1 : 0;
}

/* A date in the past gives more than the full amount: kept. */
static double
calendar(const struct scoring *in, double w, struct composite *out)
{
    const struct calendar_facts *f = &in->e->facts.calendar;
    if (!f->is_present) f = &in->intel->calendar;
    out->calendar_facts = *f;
    if (!f->is_present) return 0;

    double x = 0;
    if (f->has_earnings && f->days_to_earnings <= 7) x += w * 0.4 * (1 - f->days_to_earnings / 7);
    if (f->has_fda) x += w * 0.5;
    if (f->economic_events > 0) x += w * 0.2 * at_most(1, f->economic_events / 3);
    return x;
}

/* ---- steps: without data five of them give a fifth of their weight ------------------------- */

static double
default_part(double w, enum component c, struct composite *out)
{
    out->source[c] = SOURCE_DEFAULT;
    return w * 0.2;
}

static double
greeks(const struct scoring *in, double w, struct composite *out)
{
    const struct greeks_facts *f = &in->e->facts.greeks;
    if (!f->is_present) return default_part(w, COMPONENT_GREEKS, out);

    double g = fabs(first_non_zero(f->gamma_exposure, f->call_gamma - f->put_gamma));
    if (f->has_squeeze_setup) return w * 1.0;
    if (g > 500000) return w * 0.5;
    if (g > 100000) return w * 0.25;
    return g > 10000 ? w * 0.1 : w * 0.2;
}

static double
ftd(const struct scoring *in, double w, struct composite *out)
{
    const struct shorts_facts *f = &in->e->facts.ftd;
    if (!f->is_present) f = &in->e->facts.shorts;
    if (!f->is_present) return default_part(w, COMPONENT_FTD, out);

    double q = f->ftd_count;
    out->has_high_ftd_pressure = f->has_squeeze_pressure || f->has_squeeze_risk || q > 200000;
    if (out->has_high_ftd_pressure) return w * 1.0;
    if (q > 100000) return w * 0.67;
    if (q > 50000) return w * 0.33;
    return q > 10000 ? w * 0.1 : w * 0.2;
}

/* Cheap volatility helps whoever buys options, dear volatility hurts.  30 and 70 are still
 * ordinary. */
static double
iv_rank(const struct scoring *in, double w, struct composite *out)
{
    const double unknown = 50;
    const struct iv_facts *f =
        in->e->facts.iv.is_present ? &in->e->facts.iv : &in->e->facts.iv_rank;
    double q = f->has_rank ? f->rank : unknown;

    out->has_low_iv = q < 20;
    out->has_high_iv = q > 80;
    if (q < 20) return w * 1.0;
    if (q < 30) return w * 0.5;
    if (q > 80) return -w * 1.0;
    return q > 70 ? -w * 0.5 : w * 0.15;
}

static double
oi_change(const struct scoring *in, double w, struct composite *out)
{
    const struct oi_facts *f =
        in->e->facts.oi_change.is_present ? &in->e->facts.oi_change : &in->e->facts.oi;
    if (!f->is_present) return default_part(w, COMPONENT_OI, out);

    double n = f->net_change;
    if (is_zero(n) && is_zero(f->current) && f->volume > 0) n = f->volume * 0.1;
    bool is_silent = f->sentiment[0] == '\0' || strcmp(f->sentiment, "NEUTRAL") == 0;
    bool is_bullish = is_silent ? n > 0 : sentiment_from(f->sentiment) == SENTIMENT_BULLISH;

    out->has_strong_calls = n > 50000 && is_bullish && in->sign > 0;
    if (out->has_strong_calls) return w * 1.0;
    if (n > 20000 && is_bullish) return w * 0.57;
    if (fabs(n) > 10000) return w * 0.29;
    return fabs(n) > 1000 ? w * 0.1 : w * 0.2;
}

static double
etf_flow(const struct scoring *in, double w, struct composite *out)
{
    const struct etf_facts *f = &in->e->facts.etf_flow;
    if (!f->is_present) return default_part(w, COMPONENT_ETF, out);

    enum sentiment s = sentiment_from(f->sentiment);
    out->has_risk_on = s == SENTIMENT_BULLISH && f->is_risk_on;
    if (out->has_risk_on) return w * 1.0;
    if (s == SENTIMENT_BULLISH) return w * 0.5;
    return s == SENTIMENT_BEARISH ? -w * 0.3 : w * 0.2;
}

static double
squeeze(const struct scoring *in, double w, struct composite *out)
{
    const struct squeeze_facts *f = &in->e->facts.squeeze;
    if (!f->is_present) return default_part(w, COMPONENT_SQUEEZE, out);
    if (f->is_high_potential) return w * 1.0;
    return f->signals >= 1 ? w * 0.5 : w * 0.2;
}

component_fn *const COMPONENT_FNS[COMPONENTS_LEN] = {
    [COMPONENT_FLOW] = flow,
    [COMPONENT_DARK_POOL] = dark_pool,
    [COMPONENT_INSIDER] = insider,
    [COMPONENT_IV_SKEW] = iv_skew,
    [COMPONENT_SMILE] = smile,
    [COMPONENT_WHALE] = whale,
    [COMPONENT_EVENT] = event,
    [COMPONENT_MOTIF] = motif,
    [COMPONENT_TOXICITY] = toxicity,
    [COMPONENT_REGIME] = regime,
    [COMPONENT_CONGRESS] = congress,
    [COMPONENT_SHORTS] = shorts,
    [COMPONENT_INSTITUTIONAL] = institutional,
    [COMPONENT_TIDE] = tide,
    [COMPONENT_CALENDAR] = calendar,
    [COMPONENT_GREEKS] = greeks,
    [COMPONENT_FTD] = ftd,
    [COMPONENT_IV_RANK] = iv_rank,
    [COMPONENT_OI] = oi_change,
    [COMPONENT_ETF] = etf_flow,
    [COMPONENT_SQUEEZE] = squeeze,
};
