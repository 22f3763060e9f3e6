#include "strategy/enrich.h"

#include "strategy/score_math.h"

/* Formulas: spec 10, 4.1. */

double
enrich_freshness(int64_t updated_s, int64_t now_ns)
{
    const double half_life_min = 15;
    if (updated_s == WHEN_NONE) return 1;
    double age_s = (double)(when_to_s(now_ns) - updated_s);
    return clamp(pow(0.5, (age_s / 60) / half_life_min), 0, 1);
}

/* How far conviction stands from the middle; a third more where the flow takes a side.  Not signed
 * by it. */
static double
iv_term_skew(double conviction, enum sentiment s)
{
    double x = (conviction - 0.5) * 0.3;
    if (s != SENTIMENT_NEUTRAL) x = x * 1.2;
    return clamp(x, -0.15, 0.15);
}

/* Options and dark pool together say more than options alone; against each other they say nothing.
 */
static double
smile_slope(enum sentiment options, enum sentiment dark_pool)
{
    if (options == SENTIMENT_NEUTRAL) return 0;
    if (dark_pool == SENTIMENT_NEUTRAL) return options == SENTIMENT_BULLISH ? 0.02 : -0.02;
    if (options != dark_pool) return 0;
    return options == SENTIMENT_BULLISH ? 0.08 : -0.08;
}

static double
put_call_skew(double conviction, enum sentiment s)
{
    switch (s) {
    case SENTIMENT_BEARISH:
        return 1 + conviction * 0.5;
    case SENTIMENT_BULLISH:
        return 1 - conviction * 0.4;
    case SENTIMENT_NEUTRAL:
        break;
    }
    return 1;
}

static double
toxicity(double conviction, double dark_pool_usd)
{
    double x = conviction * 0.7;
    if (dark_pool_usd > 30000000) x = x + 0.15;
    return x < 1 ? x : 1;
}

static double
event_alignment(double conviction)
{
    return conviction >= 0.80 ? 0.85 : conviction >= 0.70 ? 0.60 : 0.20;
}

/* Three hints of a squeeze stand in where the cache has no squeeze score of its own (R4.6). */
static void
synthesise_squeeze(const struct symbol_flow *flow, struct enriched *e)
{
    const struct flow_facts *f = &flow->facts;

    if (f->squeeze.is_present && !is_zero(f->squeeze.signals)) return;
    e->has_synthetic_squeeze = true;
    e->has_high_oi_change = f->oi_change.net_change > 50000;
    e->has_negative_gamma = f->greeks.call_gamma - f->greeks.put_gamma < -100000;
    e->has_bullish_flow = flow->sentiment == SENTIMENT_BULLISH && flow->conviction > 0.5;

    int signals = e->has_high_oi_change + e->has_negative_gamma + e->has_bullish_flow;
    e->facts.squeeze = (struct squeeze_facts){
        .is_present = true,
        .is_high_potential = signals == 3,
        .signals = signals,
    };
}

void
enrich(const struct symbol_flow *flow, const struct risk_features *risk, int64_t now_ns,
       struct enriched *ret_enriched)
{
    const struct dark_pool_facts *dp = &flow->facts.dark_pool;
    const double block_usd = 10000000;
    /* Unknown conviction is average for the derived features, and none for the score itself: absent
     * flow must not look like average flow. */
    double c = flow->has_conviction ? flow->conviction : 0.5;
    double dark_pool_usd = first_non_zero(dp->total_notional, dp->total_premium);

    *ret_enriched = (struct enriched){
        .sentiment = flow->sentiment,
        .has_conviction = true,
        .conviction = flow->conviction,
        .trade_count = flow->has_trade_count ? flow->trade_count : (double)flow->flow_trades_len,
        .iv_term_skew = iv_term_skew(c, flow->sentiment),
        .smile_slope = smile_slope(flow->sentiment, dp->sentiment),
        .put_call_skew = put_call_skew(c, flow->sentiment),
        .toxicity = toxicity(c, dark_pool_usd),
        .event_alignment = event_alignment(c),
        .freshness = enrich_freshness(flow->updated_s, now_ns),
        .sweep_block = {.is_detected = dark_pool_usd >= block_usd,
                        .is_immediate = dark_pool_usd >= block_usd,
                        .premium_usd = dark_pool_usd},
        .facts = flow->facts,
        .alert = flow->alert,
        .alerts_len = flow->alerts_len,
    };
    if (risk != NULL) ret_enriched->risk = *risk;
    synthesise_squeeze(flow, ret_enriched);
}
