/*
 * How the service itself did on a day: cycles, errors, equity minute by minute, warnings.  Counted
 * while each log is read once; the size does not grow with the logs.
 */
#ifndef ANALYTICS_PULSE_H
#define ANALYTICS_PULSE_H

#include "base/counts.h"
#include "base/ops.h"

enum { PULSE_MINUTES = 1440 };

struct pulse {
    char day[11];
    int64_t cycles, bad_cycles;       /* bad: with errors, or not "ok" */
    int64_t orders;                   /* accepted by the broker */
    double equity_usd[PULSE_MINUTES]; /* the last of each minute of the UTC day; NaN: not told */
    double equity_first_usd, equity_last_usd;
    int64_t warnings, errors;
    struct counts alarms; /* "subsystem/event" of warnings and errors; wins: of n, the errors */
};

void pulse_init(struct pulse *p, const char *day);

/* Each passes over what is not of the day. */
void pulse_take_cycle(struct pulse *p, const struct json *record); /* logs/run.jsonl */
void pulse_take_event(struct pulse *p, const struct json *record,
                      struct arena *a); /* logs/system_events.jsonl */

#endif
