/*
 * The universe: which symbols are worth an intel call, ranked.
 *
 * v1 ranks by volatility alone; v2 adds how sector and market regime fit.  Weights for premarket
 * activity, UW flow, dark pool, sentiment and earnings are reserved and count nothing yet, so the
 * most that v1 gives is 0.30 and the most that v2 gives is 0.35 (spec 30 Q-2).
 */
#ifndef INTEL_UNIVERSE_H
#define INTEL_UNIVERSE_H

#include "intel/sector.h"

#define UNIVERSE_VERSION    "2026-01-20_universe_v1"
#define UNIVERSE_V2_VERSION "2026-01-20_universe_v2"

enum {
    UNIVERSE_DAILY_DEFAULT = 200,
    UNIVERSE_CORE_DEFAULT = 60,
    UNIVERSE_RISK_SYMBOLS_MAX = 500, /* so many names of the risk features are candidates */
    UNIVERSE_DECIMALS = 6
};

struct universe_score {
    double score; /* rounded to UNIVERSE_DECIMALS: what counts in the ranking */
    double volatility, sector_alignment, regime_alignment; /* the summands; the latter two of v2 */
    enum sector sector;                                    /* of v2                               */
};

/*
 * n = (vol - 0.20) / 0.40 within 0..1, 0 where the volatility is not positive.
 *
 * v1:  0.30 n (spec 30 1.2)
 */
struct universe_score universe_score_v1(double realised_vol_20d);

/*
 * v2:  0.25 n + 0.05 sector fit + 0.05 regime fit (spec 30 1.3)
 *
 *   RISK_ON         TECH and BIOTECH fit, 1 else 0.25; regime 1
 *   RISK_OFF, BEAR  ENERGY and FINANCIALS fit, 1 else 0.25; regime 1
 *   MIXED           0.5 and 0.5
 *   any other       0.25 and 0.25
 */
struct universe_score universe_score_v2(const char *symbol, double realised_vol_20d,
                                        const char *regime_label);

/* ---- building it --------------------------------------------------------------------------- */

struct universe_candidate {
    const char *symbol;      /* upper case */
    double realised_vol_20d; /* 0: not known */
};

/* Two rankings of the same candidates. */
struct universe_row {
    size_t candidate; /* index */
    struct universe_score score;
};

struct universe_ranking {
    struct universe_row *row; /* best first; equal scores in ascending order of the symbol */
    size_t len;
};

/*
 * Ranks candidates that are in ascending order of the symbol, each once; at least one row is kept,
 * at most max.  regime_label NULL ranks by v1.
 */
struct universe_ranking universe_rank(const struct universe_candidate *candidate, size_t len,
                                      const char *regime_label, int64_t max, struct arena *a);

/* Sorts by symbol and drops repetitions, in place; returns how many are left. */
size_t universe_sort_symbols(const char **symbol, size_t len);

#endif
