/*
 * regime: the label of the market and the structural regime that scales every score.
 *
 * Source: spec 10 R5.5, R5.14, R5.15, R6.3.
 */
#ifndef STRATEGY_REGIME_H
#define STRATEGY_REGIME_H

#include "strategy/direction.h"

enum { REGIME_NAME_MAX = 32 };

/* ---- market regime label (R5.5) ------------------------------------------------------------ */

struct market_regime_inputs {
    bool has_spy;       /* SPY is in the flow cache: volatility is then the constant 0.2, else 0 */
    enum direction spy; /* bearish: gamma sign -1, else +1                                        */
    double
        net_premium; /* sum of dark_pool.total_premium over the configured tickers in the cache */
};

/*
 * "high_vol_neg_gamma", "low_vol_uptrend", "downtrend_flow_heavy" or "mixed".  With the two
 * constants (no breadth is measured) it is always "mixed"; the function is the place where a
 * measured value would count.
 */
const char *market_regime(const struct market_regime_inputs *in);
/* The same with volatility and breadth given. */
const char *market_regime_of(double spy_vol_20d, double breadth, double net_premium,
                             int gamma_sign);

/* ---- structural regime (R5.14, R5.15) ------------------------------------------------------ */

enum structural_regime {
    REGIME_NEUTRAL, /* where nothing is known yet */
    REGIME_RISK_ON,
    REGIME_RISK_OFF,
    REGIME_PANIC,
    REGIME_OTHER /* a word we do not know: neutral effect */
};

struct structural_state {
    enum structural_regime regime;
    double confidence;
    int64_t updated_ns; /* WHEN_NONE before the first */
};

enum {
    REGIME_RETURNS_MIN = 30,  /* fewer returns keep the previous regime */
    REGIME_REFRESH_S = 3600,  /* recomputed at most once in this time   */
    REGIME_LOOKBACK_DAYS = 60 /* calendar days of daily closes of SPY   */
};

const char *
structural_regime_name(enum structural_regime r); /* "NEUTRAL", "RISK_ON", …, "unknown" */
enum structural_regime structural_regime_from(const char *word);

/*
 * The regime from daily closes, oldest first; previous where there are too few returns or a close
 * is not positive.  Mean m and population deviation s of the simple returns: s > 0.03 and m < -0.01
 * PANIC (0.7); s > 0.03 RISK_OFF (0.6); m > 0.005 RISK_ON (0.6); else NEUTRAL (0.5).
 */
struct structural_state structural_regime_of(const double *close, size_t len,
                                             const struct structural_state *previous,
                                             int64_t now_ns);

/* The same from the simple returns themselves; all of them finite. */
struct structural_state structural_regime_of_returns(const double *ret, size_t len,
                                                     const struct structural_state *previous,
                                                     int64_t now_ns);

/*
 * state/macro_gate_state.json (spec 10 C.4), which nothing in this system writes: the yield in per
 * cent, and whether it rises.  Without it the factor is 1.
 */
struct macro_state {
    bool is_known;
    double yield_pct;
    bool is_rising;
};

/* Growth suffers from high and rising yields, and so does whoever buys. */
double macro_multiplier(const struct macro_state *m, bool is_growth, enum direction d);
/* "Technology", "Consumer Discretionary", and a symbol of no theme ("general"). */
bool macro_is_growth(const char *theme);

/* Factor on the composite score by regime and direction, without the macro factor. */
double structural_multiplier(enum structural_regime r, enum direction d);

/* The regime the exits look at: NEUTRAL and nothing known are "mixed" (R6.3). */
const char *exit_regime_name(enum structural_regime r);

#endif
