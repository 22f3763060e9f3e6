/*
 * Score telemetry: what scores came out, and how much of each was made of data and how much of
 * defaults (spec 40 9.1).
 *
 * state/score_telemetry.json, kept in memory and carried on from the file by the next process, so
 * that no record is lost to a reading back (C-28).  A name that was not there before is a new row.
 * Nothing trades by it.
 *
 *   score_telemetry.c  counting; the file
 *   score_views.c      what the counts say: distribution, health of the components, missing intel
 */
#ifndef TELEMETRY_SCORE_TELEMETRY_H
#define TELEMETRY_SCORE_TELEMETRY_H

#include "base/json.h"
#include "base/store.h"
#include "base/when.h"
#include "model/symbol.h"

#define SCORE_TELEMETRY_PATH "state/score_telemetry.json"

enum {
    SCORE_TELEMETRY_KEPT = 1000, /* scores, and decay factors */
    SCORE_NAMES_MAX = 64,        /* of one list; beyond, a name is not counted */
    SCORE_NAME_MAX = 48
};

struct score_seen {
    char symbol[SYMBOL_MAX];
    double value; /* score or freshness, three decimals */
    int64_t at_ns;
};

/* The newest; `next` is where the next one goes. */
struct score_ring {
    struct score_seen seen[SCORE_TELEMETRY_KEPT];
    size_t len, next;
};

struct score_component {
    char name[SCORE_NAME_MAX];
    int64_t count, zeros;
    double total; /* of the absolute values */
};

struct score_count {
    char name[SCORE_NAME_MAX];
    int64_t n;
};

enum score_list { LIST_MISSING_INTEL, LIST_NEUTRAL_DEFAULTS, LIST_CORE_MISSING, SCORE_LISTS_LEN };

struct score_telemetry {
    struct score_ring scores, decay;
    struct score_component component[SCORE_NAMES_MAX];
    size_t components_len, component_next;
    struct score_count list[SCORE_LISTS_LEN][SCORE_NAMES_MAX];
    size_t list_len[SCORE_LISTS_LEN], list_next[SCORE_LISTS_LEN];
    int64_t defaulted_convictions;
    int64_t updated_ns; /* WHEN_NONE before the first */
};

/* One scored symbol. */
struct score_sample {
    const char *symbol;
    double score;
    double freshness; /* 0: not told */
    bool has_defaulted_conviction;
    int64_t at_ns;
};

void score_telemetry_init(struct score_telemetry *t);

/* The sample first, then its parts. */
void score_telemetry_add(struct score_telemetry *t, const struct score_sample *s);
void score_telemetry_add_component(struct score_telemetry *t, const char *name, double value);
void score_telemetry_add_name(struct score_telemetry *t, enum score_list list, const char *name);

void score_telemetry_write(const struct score_telemetry *t, struct json_out *o);
/* Into one that is new; what is no record is passed over. */
void score_telemetry_decode(const struct json *doc, struct score_telemetry *t);

/* The file; a damaged one heals to nothing. */
void score_telemetry_load(struct score_telemetry *t, const struct store *store);
enum rc score_telemetry_save(const struct score_telemetry *t, const struct store *store,
                             struct err *err) MUST_USE;

/* ---- views: over the scores of the last hours, symbol NULL for all -------------------------- */

struct score_window {
    int64_t now_ns;
    double hours;
    const char *symbol;
};

/* count, min, max, mean, median, p25, p75, p90, histogram; all zero without a score. */
void score_distribution_write(const struct score_telemetry *t, const struct score_window *w,
                              struct json_out *o);
/* By component: avg_contribution, zero_percentage, total_count, zero_count; {} without a score. */
void score_health_write(const struct score_telemetry *t, const struct score_window *w,
                        struct json_out *o);
/* By list and name: count, and percentage of the scores of the window. */
void score_missing_write(const struct score_telemetry *t, const struct score_window *w,
                         struct json_out *o);

/* Of ascending values, linear between the neighbours of (n - 1) * p; 0 for none. */
double score_quantile(const double *ascending, size_t len, double p);

#endif
