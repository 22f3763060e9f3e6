/*
 * The reports of a day (spec 40 5), from what was counted and from state documents; whoever calls
 * has read the files.  Headings are fixed, for the programs that look for them; every report names
 * what of its inputs was missing or damaged.
 *
 *   report.c            what the reports share
 *   report_pnl.c        UW_INTEL_PNL, EXIT_INTEL_PNL, V2_TUNING_SUGGESTIONS
 *   report_day.c        EXIT_DAY_SUMMARY, SHADOW_DAY_SUMMARY
 *   report_dashboard.c  INTEL_DASHBOARD
 */
#ifndef TELEMETRY_REPORT_H
#define TELEMETRY_REPORT_H

#include "analytics/candidates.h"
#include "analytics/exit_day.h"
#include "exitlogic/exit_pnl.h"
#include "intel/tuning.h"
#include "telemetry/paper.h"
#include "telemetry/report_trade.h"

/* One file that was read, or could not be. */
struct report_input {
    const char *path;
    const char *maker; /* the runner or program that writes it */
    char wrong[160];   /* "" for a sound one: what is wrong with it */
    bool is_missing;
    int64_t lines, malformed; /* of a log: all that are not empty; those that are no JSON object */
};

/* What is wrong with an input that is there; NULL where nothing is. */
enum { REPORT_DAMAGE_MAX = 128 };
const char *report_damage(const struct report_input *in, char buf[REPORT_DAMAGE_MAX]);

struct report_about {
    const char *day;
    const struct report_input *input;
    size_t inputs_len;
};

/* A line for each input that is not as it should be, or one that says that all are. */
void report_inputs(struct paper *p, const struct report_about *about);

/* Whether the input was asked for and is not there. */
bool report_lacks(const struct report_about *about, const char *path);

/* What a document says there, as text: numbers as they are written, yes and no, "n/a". */
enum { REPORT_TEXT_MAX = 96 };
const char *report_text(const struct json *v, char buf[REPORT_TEXT_MAX]);

/* It as "name: value", and as a cell of a table. */
void report_item(struct paper *p, const char *name, const struct json *v);
void report_cell(struct paper *p, const struct json *v);

/* ---- the reports --------------------------------------------------------------------------- */

void report_intel_pnl(struct paper *p, const struct intel_pnl *s, const struct report_about *about);
void report_exit_pnl(struct paper *p, const struct v2_exit_pnl *s,
                     const struct report_about *about);

enum { REPORT_RECENT_MAX = 10 };

/* A line of logs/uw_attribution.jsonl. */
struct report_recent {
    char symbol[RANKED_NAME_MAX], direction[RANKED_NAME_MAX];
    double score_delta;
};

/* The last so many, oldest first once more than that were taken. */
struct report_tail {
    struct report_recent row[REPORT_RECENT_MAX];
    size_t taken;
};

void report_tail_take(struct report_tail *t, const struct json *record);
void report_tail_show(struct paper *p, const struct report_tail *t);

void report_tuning(struct paper *p, const struct tuning *t, const struct report_tail *recent,
                   const struct report_about *about);

/* score_stats: exit_score_stats of the day's exit P&L summary; NULL where it is not of the day. */
void report_exit_day(struct paper *p, const struct exit_day *d, const struct json *score_stats,
                     const struct report_about *about);

struct shadow_day {
    struct candidates candidates;
    const struct json *regime; /* state/regime_state.json */
    const struct report_trade *trade;
    size_t trades_len;
    struct counts by_symbol, by_sector, by_regime; /* of the trades */
    bool has_shadow_log, has_attribution_log, has_intel_pnl;
};

void report_shadow_day(struct paper *p, const struct shadow_day *d, struct arena *a,
                       const struct report_about *about);

/* The documents that the dashboard shows; NULL for what is missing or damaged. */
struct dashboard {
    const struct json *daily_universe, *daily_universe_v2, *premarket, *postmarket, *regime,
        *intel_pnl, *intel_health, *daemon_health, *exit_pnl;
    struct report_tail recent;
    struct candidates candidates;
};

void report_dashboard(struct paper *p, const struct dashboard *d, struct arena *a,
                      const struct report_about *about);

#endif
