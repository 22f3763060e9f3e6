/*
 * report_day: a day's trade logs, read for a report.
 */
#ifndef SCRIPTS_REPORT_DAY_H
#define SCRIPTS_REPORT_DAY_H

#include "scripts/report/report_run.h"
#include "telemetry/day_facts.h"

struct report_day {
    struct day *day;
    const struct day_view *view;
};

enum report_day_logs {
    REPORT_DAY_TRADES, /* the shadow's trades */
    REPORT_DAY_ALL     /* and what live closed, and the entries of both sides */
};

/* Reads the logs; done also where nothing could be read. */
void report_day_read(struct report_run *r, struct report_day *ret_day, enum report_day_logs which);
void report_day_done(struct report_day *d); /* fits CLEANUP */

/* Counts the candidates of logs/shadow_trades.jsonl. */
void report_day_candidates(struct report_run *r, struct candidates *c);

#endif
