#include "strategy/regime.h"

#include <math.h>

/* Market regime label (R5.5): realised volatility where SPY is in the cache, and a breadth nobody
 * measures.
 */
static const double SPY_VOLATILITY = 0.2;
static const double BREADTH = 0.0;
static const double HIGH_VOLATILITY = 0.9, LOW_VOLATILITY = 0.5, BREADTH_STEP = 0.2;

/* Structural regime (R5.15): deviation and mean of daily returns. */
static const double WILD_DEVIATION = 0.03, PANIC_MEAN = -0.01, RISK_ON_MEAN = 0.005;

const char *
market_regime_of(double spy_vol_20d, double breadth, double net_premium, int gamma_sign)
{
    if (spy_vol_20d > HIGH_VOLATILITY && gamma_sign < 0) return "high_vol_neg_gamma";
    if (spy_vol_20d < LOW_VOLATILITY && breadth > BREADTH_STEP) return "low_vol_uptrend";
    if (net_premium < 0 && breadth < -BREADTH_STEP) return "downtrend_flow_heavy";
    return "mixed";
}

const char *
market_regime(const struct market_regime_inputs *in)
{
    int gamma_sign = in->spy == DIRECTION_BEARISH ? -1 : 1;
    return market_regime_of(in->has_spy ? SPY_VOLATILITY : 0, BREADTH, in->net_premium, gamma_sign);
}

const char *
structural_regime_name(enum structural_regime r)
{
    static const char *const names[] = {
        [REGIME_NEUTRAL] = "NEUTRAL", [REGIME_RISK_ON] = "RISK_ON", [REGIME_RISK_OFF] = "RISK_OFF",
        [REGIME_PANIC] = "PANIC",     [REGIME_OTHER] = "unknown",
    };
    return names[r];
}

enum structural_regime
structural_regime_from(const char *word)
{
    for (int r = REGIME_NEUTRAL; r < REGIME_OTHER; r++) {
        if (str_eq(word, structural_regime_name((enum structural_regime)r)))
            return (enum structural_regime)r;
    }
    return REGIME_OTHER;
}

/* Mean and population deviation of the simple returns; false for a close that is no price. */
static bool
returns_of(const double *close, size_t len, double *ret_mean, double *ret_deviation)
{
    double sum = 0, squares = 0;
    size_t n = len - 1;

    for (size_t i = 0; i < len; i++) {
        if (!(close[i] > 0) || !isfinite(close[i])) return false;
    }
    for (size_t i = 1; i < len; i++)
        sum += close[i] / close[i - 1] - 1;
    double mean = sum / (double)n;
    for (size_t i = 1; i < len; i++) {
        double off = close[i] / close[i - 1] - 1 - mean;
        squares += off * off;
    }
    *ret_mean = mean;
    *ret_deviation = sqrt(squares / (double)n);
    return true;
}

struct structural_state
structural_regime_of(const double *close, size_t len, const struct structural_state *previous,
                     int64_t now_ns)
{
    struct structural_state s = {.regime = REGIME_NEUTRAL, .confidence = 0.5, .updated_ns = now_ns};
    double mean = 0, deviation = 0;

    if (len < REGIME_RETURNS_MIN + 1 || !returns_of(close, len, &mean, &deviation))
        return *previous;
    if (deviation > WILD_DEVIATION && mean < PANIC_MEAN) {
        s.regime = REGIME_PANIC;
        s.confidence = 0.7;
    } else if (deviation > WILD_DEVIATION) {
        s.regime = REGIME_RISK_OFF;
        s.confidence = 0.6;
    } else if (mean > RISK_ON_MEAN) {
        s.regime = REGIME_RISK_ON;
        s.confidence = 0.6;
    }
    return s;
}

double
structural_multiplier(enum structural_regime r, enum direction d)
{
    static const struct {
        double bullish, bearish;
    } factor[] = {
        [REGIME_NEUTRAL] = {1.0, 1.0},
          [REGIME_RISK_ON] = {1.2, 0.9},
        [REGIME_RISK_OFF] = {0.8, 1.1},
          [REGIME_PANIC] = {1.2, 0.9},
        [REGIME_OTHER] = {1.0, 1.0},
    };
    if (d == DIRECTION_NONE) return 1.0;
    return d == DIRECTION_BULLISH ? factor[r].bullish : factor[r].bearish;
}

const char *
exit_regime_name(enum structural_regime r)
{
    return r == REGIME_NEUTRAL || r == REGIME_OTHER ? "mixed" : structural_regime_name(r);
}
