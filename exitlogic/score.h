/*
 * The exit score: how much of what spoke for the entry is gone, 0 (nothing) to 1 (all of it).
 *
 *   score = sum of weight * component, each component 0..1
 */
#ifndef EXITLOGIC_SCORE_H
#define EXITLOGIC_SCORE_H

#include "exitlogic/flags.h"

enum v2_exit_component {
    V2_EXIT_FLOW,          /* flow strength lost since the entry                    */
    V2_EXIT_DARK_POOL,     /* magnitude of the dark-pool bias lost                  */
    V2_EXIT_SENTIMENT,     /* 1: the sentiment is another one                       */
    V2_EXIT_SCORE,         /* composite points lost, of 8                           */
    V2_EXIT_REGIME_SHIFT,  /* 1: the regime label is another one                    */
    V2_EXIT_SECTOR_SHIFT,  /* 1: the sector is another one                          */
    V2_EXIT_VOL_EXPANSION, /* realised volatility above 0.35, full at 0.60          */
    V2_EXIT_THESIS,        /* 1: the reason for the entry is known to be gone       */
    V2_EXIT_EARNINGS,      /* 1: earnings are near; weighs nothing, decides reasons */
    V2_EXIT_OVERNIGHT,     /* 1: overnight flow turned; weighs nothing              */
    V2_EXIT_COMPONENTS_LEN
};

struct v2_exit_component_row {
    const char *name;
    double weight;
};

/* Names and weights, in the order of the sum. */
extern const struct v2_exit_component_row V2_EXIT_COMPONENTS[V2_EXIT_COMPONENTS_LEN];

enum v2_exit_reason {
    V2_EXIT_HOLD,
    V2_EXIT_PROFIT,
    V2_EXIT_STOP,
    V2_EXIT_REPLACEMENT,
    V2_EXIT_INTEL_DETERIORATION
};

/* "hold", "profit", "stop", "replacement", "intel_deterioration". */
const char *v2_exit_reason_name(enum v2_exit_reason r);

/* What was known of a symbol at one moment: at the entry, or now. */
struct v2_moment {
    double v2_score;
    double flow_strength;     /* 0 where unknown                       */
    double dark_pool_bias;    /* 0 where unknown                       */
    const char *sentiment;    /* "NEUTRAL" where unknown               */
    const char *regime_label; /* "" where unknown: differs from any    */
    const char *sector;       /* "UNKNOWN" where the sector is unknown */
};

struct v2_exit_score {
    double score;                             /* 0..1, not rounded */
    double component[V2_EXIT_COMPONENTS_LEN]; /* not rounded       */
    enum v2_exit_reason reason;               /* what the score recommends */
};

/*
 * Score and recommendation; realised_vol_20d NaN where unknown.
 *
 * The recommendation is the first of: thesis gone, or 0.35 of the score scale lost: intel
 * deterioration; volatility at 0.8 and score at 0.6: stop; earnings near and score at 0.5: stop;
 * score at 0.75: replacement (cannot be reached: without the first three the sum stays below
 * 0.7175); score at 0.55: profit; hold.  Source: spec 30 7.1.
 */
struct v2_exit_score v2_exit_score(const struct v2_moment *entry, const struct v2_moment *now,
                                   double realised_vol_20d, const struct v2_exit_flags *flags);

#endif
