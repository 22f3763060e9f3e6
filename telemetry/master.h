/*
 * master: MASTER_SUMMARY of the analysis pack (spec 40 5.6, contract 4.19): a day on one page, for
 * a tired human.  The first ten lines say what happened, what is wrong and what to decide.
 *
 *   master.c        the sections
 *   master_head.c   the first ten lines
 *   master_chart.c  the pictures
 */
#ifndef TELEMETRY_MASTER_H
#define TELEMETRY_MASTER_H

#include "analytics/pulse.h"
#include "telemetry/day_facts.h"
#include "telemetry/report.h"

enum { MASTER_STEPS_MAX = 10, MASTER_CHARTS_MAX = 9 };

struct master_step {
    const char *name;
    bool is_ok;
    char said[160]; /* why not */
};

struct master {
    const char *day;
    /* Documents of the pack; NULL for what is missing or damaged. */
    const struct json *universe_v2, *regime, *intel_pnl, *exit_pnl, *daemon_health, *intel_health;
    const struct day_facts *facts;
    const struct candidates *candidates;
    const struct pulse *pulse;
    const struct json *value_curves; /* the artifact of spec 40 3.4 */
    const struct master_step *step;
    size_t steps_len;
    const char *manifest;
    size_t manifest_len;
    int ny_offset_min; /* New York against UTC on the day */
    bool is_mock;
};

/* ---- pictures ------------------------------------------------------------------------------ */

enum master_place { MASTER_OF_OVERVIEW, MASTER_OF_SCORES, MASTER_OF_FEATURES };

struct master_chart {
    enum master_place place;
    bool is_small;
    char file[64]; /* below the pack's folder */
    char title[64];
    struct text for_page, for_file; /* without and with its style */
};

struct master_charts {
    struct master_chart chart[MASTER_CHARTS_MAX];
    size_t len;
};

/* Draws what there are data for. */
void master_draw(const struct master *m, struct master_charts *ret_charts);
void master_charts_done(struct master_charts *c); /* fits CLEANUP */

/* ---- the page ------------------------------------------------------------------------------ */

void master_head(struct paper *p, const struct master *m, const struct report_about *about);
void master_write(struct paper *p, const struct master *m, const struct master_charts *charts,
                  struct arena *a, const struct report_about *about);

/* Whether a summary says it is of the day. */
bool master_is_of_day(const struct master *m, const struct json *summary);

#endif
