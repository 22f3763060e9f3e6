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

/* Daily returns, or the closes to take them from. */
struct return_series {
    const double *x;
    size_t returns_len;
    bool are_closes; /* one more than returns */
};

static double
return_at(const struct return_series *s, size_t i)
{
    return s->are_closes ? s->x[i + 1] / s->x[i] - 1 : s->x[i];
}

/* By mean and population deviation. */
static struct structural_state
judge(const struct return_series *s, int64_t now_ns)
{
    double sum = 0, squares = 0, n = (double)s->returns_len;

    for (size_t i = 0; i < s->returns_len; i++)
        sum += return_at(s, i);
    double mean = sum / n;
    for (size_t i = 0; i < s->returns_len; i++) {
        double off = return_at(s, i) - mean;
        squares += off * off;
    }
    double deviation = sqrt(squares / n);
    if (deviation > WILD_DEVIATION && mean < PANIC_MEAN)
        return (struct structural_state){REGIME_PANIC, 0.7, now_ns};
    if (deviation > WILD_DEVIATION) return (struct structural_state){REGIME_RISK_OFF, 0.6, now_ns};
    if (mean > RISK_ON_MEAN) return (struct structural_state){REGIME_RISK_ON, 0.6, now_ns};
    return (struct structural_state){REGIME_NEUTRAL, 0.5, now_ns};
}

static bool
are_prices(const double *close, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!(close[i] > 0) || !isfinite(close[i])) return false;
    }
    return true;
}

struct structural_state
structural_regime_of(const double *close, size_t len, const struct structural_state *previous,
                     int64_t now_ns)
{
    if (len < REGIME_RETURNS_MIN + 1 || !are_prices(close, len)) return *previous;
    return judge(&(struct return_series){close, len - 1, true}, now_ns);
}

struct structural_state
structural_regime_of_returns(const double *ret, size_t len, const struct structural_state *previous,
                             int64_t now_ns)
{
    if (len < REGIME_RETURNS_MIN) return *previous;
    return judge(&(struct return_series){ret, len, false}, now_ns);
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

bool
macro_is_growth(const char *theme)
{
    return str_eq(theme, "Technology") || str_eq(theme, "Consumer Discretionary") ||
           str_eq(theme, "general");
}

double
macro_multiplier(const struct macro_state *m, bool is_growth, enum direction d)
{
    static const double HIGH_YIELD_PCT = 5.0, LOW_YIELD_PCT = 3.0;
    bool is_long = d == DIRECTION_BULLISH;
    double x = 1.0;

    if (!m->is_known) return x;
    if (m->yield_pct > HIGH_YIELD_PCT) x *= (is_growth ? 0.8 : 1.0) * (is_long ? 0.9 : 1.0);
    if (m->is_rising) x *= (is_growth ? 0.85 : 1.0) * (is_long ? 0.9 : 1.0);
    if (m->yield_pct < LOW_YIELD_PCT) x *= (is_growth ? 1.1 : 1.0) * (is_long ? 1.05 : 1.0);
    return x;
}
