/*
 * The shadow's exits of a day, for the person who asks which were good and what made them exits.
 */
#ifndef ANALYTICS_EXIT_DAY_H
#define ANALYTICS_EXIT_DAY_H

#include "analytics/ranking.h"
#include "base/ops.h"

enum { EXIT_PARTS = 7 };

/* "flow_deterioration", … in the order of the exit score. */
const char *exit_part_name(int part);

struct exit_day {
    int64_t n;                  /* exits of the day */
    struct ranking best, worst; /* by P&L in USD, of those that have one; note: exit reason */
    int64_t part_n[EXIT_PARTS]; /* of those that have the component */
    double part_sum[EXIT_PARTS];
};

/* Starts from {0}.  Counts a record of logs/exit_attribution.jsonl, which must be one of the day.
 */
void exit_day_take(struct exit_day *d, const struct json *record);

#endif
