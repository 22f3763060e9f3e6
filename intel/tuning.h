/*
 * What the intel P&L suggests for the weights of the features.  Advice for a person; nothing is
 * applied.
 */
#ifndef INTEL_TUNING_H
#define INTEL_TUNING_H

#include "intel/intel_pnl.h"

/*
 * The nudge of a feature's weight: what wins often gets more, what loses often less; the first that
 * holds (spec 30 6.3).
 *
 *   win rate >= 0.60, earned  +0.10      win rate >= 0.55, earned  +0.05
 *   win rate <= 0.40, lost    -0.15      win rate <= 0.45, lost    -0.05
 */
double tuning_nudge(double win_rate, double avg_pnl_pct);

struct tuning {
    bool has_summary;
    char date[11]; /* the summary's day; "" where it does not say */
    struct tuning_feature {
        double nudge; /* 0: leave it */
        double win_rate, avg_pnl_pct;
        int64_t n;
    } feature[INTEL_FEATURES_LEN];
};

/* From state/uw_intel_pnl_summary.json; NULL where there is none. */
struct tuning tuning_decode(const struct json *summary);

#endif
