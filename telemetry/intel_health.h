/*
 * Are the documents that v2 lives on there, young and sound?  (contract 4.15, spec 40 6.1)
 *
 *   intel_health.c         looks at files and judges them, one row a check
 *   intel_health_record.c  state/intel_health_state.json
 *
 * Only looks: nothing is repaired, and a file that cannot be read counts as one that is missing or
 * of bad schema.  Age is by modification time, for that is what a forgotten schedule shows.
 */
#ifndef TELEMETRY_INTEL_HEALTH_H
#define TELEMETRY_INTEL_HEALTH_H

#include "base/fs.h"
#include "base/store.h"
#include "base/when.h"

#define INTEL_HEALTH_PATH "state/intel_health_state.json"

enum {
    INTEL_CHECKS_MAX = 19,
    INTEL_NAME_MAX = 48,
    INTEL_PATH_MAX = 64,
    INTEL_DETAIL_MAX = 256,
    INTEL_LOG_LINES = 500, /* of the master trade log are looked at */
    INTEL_HEALS_MAX = 4
};

enum intel_status {
    INTEL_OK,
    INTEL_WARN,
    INTEL_SKIP,
    /* from here on the whole is not well */
    INTEL_MISSING,
    INTEL_STALE,
    INTEL_BAD_SCHEMA,
    INTEL_INCOMPLETE
};

enum intel_kind { INTEL_FRESHNESS, INTEL_SCHEMA, INTEL_USAGE, INTEL_TRADE_LOG, INTEL_SYNC };

/* What has to do with one file that a runner can write anew. */
enum intel_target {
    INTEL_OF_NOTHING,
    INTEL_OF_UNIVERSE,
    INTEL_OF_PREMARKET,
    INTEL_OF_POSTMARKET,
    INTEL_OF_REGIME
};

struct intel_check {
    enum intel_kind kind;
    enum intel_target target;
    enum intel_status status;
    char name[INTEL_NAME_MAX];       /* "freshness:core_universe" */
    char path[INTEL_PATH_MAX];       /* below the root; of INTEL_SYNC the folder */
    double age_s;                    /* NAN: not known */
    char detail[INTEL_DETAIL_MAX];   /* "ok" or why not, of INTEL_SCHEMA and a skipped check */
    int64_t calls_today;             /* INTEL_USAGE */
    int64_t parsed_lines, bad_lines; /* INTEL_TRADE_LOG, of its last INTEL_LOG_LINES */
    int64_t newest_ns;               /* WHEN_NONE: no time in any of them */
    const char *missing[5];          /* INTEL_SYNC: files that are not there, without suffix */
    size_t missing_len;
};

struct intel_limits {
    int64_t age_max_s;  /* 86,400 */
    int64_t calls_warn; /* so many calls today are a warning: daily limit x safety buffer */
    bool is_operator;   /* STOCKBOT_ROLE=operator: this machine fetches, the sync is its business */
};

struct intel_health {
    struct intel_check checks[INTEL_CHECKS_MAX];
    size_t len;
};

struct intel_heal {
    const char *name; /* "heal:premarket_intel" */
    bool is_started;
    int rc;
    const char *said; /* the end of standard error; without is_started why not.  Borrowed */
};

/* Looks at everything, in the order of the spec. */
struct intel_health intel_health_look(const struct fs *fs, const struct intel_limits *limits,
                                      int64_t now_ns);

const char *intel_status_name(enum intel_status s); /* "ok", "bad_schema", … */
bool intel_is_well(const struct intel_health *h);

/* Whether the file of the target is missing, stale or of bad schema. */
bool intel_needs_heal(const struct intel_health *h, enum intel_target target);

/* The document in its canonical form (spec 40 0.5), validated by Annex A before it is given:
 * RC_PARSE where it is not sound. */
enum rc intel_health_encode(const struct intel_health *h, const struct intel_heal *heals,
                            size_t heals_len, int64_t now_ns, struct text *ret_json,
                            struct err *err) MUST_USE;
struct store_spec intel_health_store_spec(void);

#endif
