#include "strategy/size.h"

#include <math.h>

#include "strategy/number.h"

/* Conviction by score (R5.19). */
static const double CONVICTION_HIGH_SCORE = 4.5, CONVICTION_LOW_SCORE = 3.5;
static const double CONVICTION_HIGH = 2.0 / 1.5, CONVICTION_LOW = 1.0 / 1.5;

/* Flow modifier by sentiment of a convinced flow; not tied to the side of the trade (R5.20). */
static const double FLOW_CONVICTION_MIN = 0.70, FLOW_BULLISH = 1.20, FLOW_BEARISH = 0.80;

/* Dynamic multiplier (R5.21). */
static const double DYNAMIC_BASE = 0.8, DYNAMIC_MIN = 0.5;
static const double SCORE_STRONG = 4.2, SCORE_GOOD = 3.8, SCORE_WEAK = 3.0;
static const double STRONG_STEP = 1.5, GOOD_STEP = 1.2, WEAK_STEP = 0.6;
static const double SLIPPAGE_ESTIMATE = 0.003, SLIPPAGE_LOW = 0.002, SLIPPAGE_HIGH = 0.006;
static const double SLIPPAGE_LOW_STEP = 1.2, SLIPPAGE_HIGH_STEP = 0.6;

static const struct stage_limits stages[] = {
    [STAGE_BOOTSTRAP] = {"bootstrap",       -0.15, 0.6, 12},
    [STAGE_UNLOCKED] = {"unlocked",        0.10,  1.0, 8 },
    [STAGE_HIGH_CONFIDENCE] = {"high_confidence", 0.20,  1.4, 4 },
};

const struct stage_limits *
stage_limits(enum trading_stage s)
{
    return &stages[s];
}

enum trading_stage
trading_stage_from(const char *word)
{
    for (size_t s = 0; s < COUNT_OF(stages); s++) {
        if (str_eq(word, stages[s].name)) return (enum trading_stage)s;
    }
    return STAGE_BOOTSTRAP;
}

/* At least one share, at most QTY_MAX; 1 for NaN. */
static int64_t
whole_shares(double qty)
{
    return (int64_t)number_clamp(qty, 1, (double)QTY_MAX);
}

static double
conviction_multiplier(double score)
{
    return score > CONVICTION_HIGH_SCORE  ? CONVICTION_HIGH
           : score < CONVICTION_LOW_SCORE ? CONVICTION_LOW
                                          : 1.0;
}

static double
flow_modifier(enum direction sentiment, double conviction)
{
    if (!number_is_known(conviction) || !(conviction > FLOW_CONVICTION_MIN)) return 1.0;
    return sentiment == DIRECTION_BULLISH   ? FLOW_BULLISH
           : sentiment == DIRECTION_BEARISH ? FLOW_BEARISH
                                            : 1.0;
}

static double
score_multiplier(double score)
{
    if (score >= SCORE_STRONG) return DYNAMIC_BASE * STRONG_STEP;
    if (score >= SCORE_GOOD) return DYNAMIC_BASE * GOOD_STEP;
    return score < SCORE_WEAK ? DYNAMIC_BASE * WEAK_STEP : DYNAMIC_BASE;
}

static double
slippage_multiplier(double estimate)
{
    return estimate < SLIPPAGE_LOW    ? SLIPPAGE_LOW_STEP
           : estimate > SLIPPAGE_HIGH ? SLIPPAGE_HIGH_STEP
                                      : 1.0;
}

static double
regime_multiplier(const char *market_regime)
{
    return str_eq(market_regime, "high") ? 0.7 : str_eq(market_regime, "quiet") ? 1.2 : 1.0;
}

struct size_result
size_entry(const struct size_inputs *in)
{
    struct size_result r = {0};
    double ref = usd_to_double(in->ref);

    if (in->ref.e4 <= 0) return r;
    r.is_ok = true;
    r.base_usd = number_clamp(usd_to_double(in->equity) * in->limits->risk_per_trade_fraction,
                              usd_to_double(in->limits->min_position),
                              usd_to_double(in->limits->max_position));
    r.conviction_multiplier = conviction_multiplier(in->score);
    r.notional_usd =
        fmin(r.base_usd * r.conviction_multiplier, usd_to_double(in->limits->max_position));
    r.qty_base = whole_shares(floor(r.notional_usd / ref));

    r.flow_modifier = flow_modifier(in->sentiment, in->conviction);
    /* nearbyint rounds ties to even, as everything here runs in the default rounding mode. */
    r.qty_flow = r.flow_modifier > 1 || r.flow_modifier < 1
                     ? whole_shares(nearbyint((double)r.qty_base * r.flow_modifier))
                     : r.qty_base;

    r.score_multiplier = score_multiplier(in->score);
    r.slippage_multiplier = slippage_multiplier(SLIPPAGE_ESTIMATE);
    r.regime_multiplier = regime_multiplier(in->market_regime);
    double dynamic = r.score_multiplier * r.slippage_multiplier * r.regime_multiplier;
    r.dynamic_multiplier = fmin(stages[in->stage].size_cap, fmax(DYNAMIC_MIN, dynamic));
    r.qty = whole_shares(floor((double)r.qty_flow * r.dynamic_multiplier));
    return r;
}
