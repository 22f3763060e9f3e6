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
    double nudge[INTEL_FEATURES_LEN]; /* 0: leave it */
};

/* From state/uw_intel_pnl_summary.json; NULL where there is none. */
struct tuning tuning_decode(const struct json *summary);

enum { TUNING_RECENT_MAX = 10 };

/* A line of the attribution log as the report shows it. */
struct tuning_recent {
    const char *symbol, *direction;
    double score_delta;
};

struct tuning_recent tuning_recent_decode(const struct json *record, struct arena *a);

/* reports/V2_TUNING_SUGGESTIONS_<day>.md; recent: oldest first, of which the last ten are shown. */
void tuning_report(struct text *to, const struct tuning *t, const struct tuning_recent *recent,
                   size_t len, const char *day);

#endif
