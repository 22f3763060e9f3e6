/*
 * What the shadow's exits of a day earned: by reason, by regime, by sector, by time held.
 *
 * Rows are added one at a time, so that a log of any length can be read line by line.
 */
#ifndef EXITLOGIC_EXIT_PNL_H
#define EXITLOGIC_EXIT_PNL_H

#include "base/counts.h"

/* One exit; texts are borrowed while it is added. */
struct v2_exit_row {
    const char *reason, *regime, *sector;
    double pnl_usd;    /* NaN: not known                       */
    double held_min;   /* NaN: not known                       */
    double exit_score; /* NaN: not a number, left out of stats */
};

/* Up to 30 minutes, 2 hours, 6 hours, and longer; a bound belongs to the bin above it. */
enum { V2_HELD_BINS = 4 };

/* "<30m", "30-120m", "2-6h", ">6h". */
const char *v2_held_bin_name(int bin);

struct v2_exit_pnl {
    int64_t rows;
    int64_t known, wins; /* rows with P&L; rows that earned */
    double pnl_usd_sum;
    struct counts by_reason;            /* all rows; one without P&L adds 0 to the sum in USD */
    struct counts by_regime, by_sector; /* rows with P&L only                                 */
    int64_t held[V2_HELD_BINS];
    int64_t scores; /* rows with an exit score; the three below are 0 without any */
    double score_min, score_max, score_sum;
};

/* Starts from {0}; keys are copied into the arena.  Source: spec 30 7.8. */
void v2_exit_pnl_add(struct v2_exit_pnl *s, const struct v2_exit_row *row, struct arena *a);

#endif
