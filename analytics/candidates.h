/*
 * What the shadow looked at on a day: its candidates, counted while the log is read once.
 */
#ifndef ANALYTICS_CANDIDATES_H
#define ANALYTICS_CANDIDATES_H

#include "analytics/ranking.h"
#include "base/ops.h"
#include "base/counts.h"

/* Scores 0 to 8 in halves, and what is above or below in the outermost. */
enum { SCORE_BINS = 16 };
#define SCORE_BIN_WIDTH 0.5

struct score_range {
    int64_t n;
    double min, max; /* 0 without any */
    int64_t bin[SCORE_BINS];
};

struct candidates {
    struct counts by_symbol, by_sector, by_feature; /* by_feature: adjustments that are not zero */
    struct ranking top, bottom; /* by v2 score; other: v1 score; note: direction */
    struct score_range v1, v2;
    int64_t n, entries, exits; /* of the day: candidates, entries opened, exits */
    struct counts traded;      /* symbols of candidates and entries */
};

/* Starts from {0}.  Counts a record of logs/shadow_trades.jsonl, which must be one of the day. */
void candidates_take(struct candidates *c, const struct json *record, struct arena *a);

#endif
