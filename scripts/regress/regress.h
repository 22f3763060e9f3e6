/*
 * The regression run: the whole chain of v2 in mock mode in a root of its own, from the API
 * description to the telemetry bundle (contract 4.4, 4.20.8, spec 40 7).
 *
 *   run_regression_checks.c   options, the private root, the order of the checks
 *   regress_chain.c           checks that run the programs as an operator does
 *   regress_calc.c            checks of pure computations, whose records then feed the programs
 *   regress_bundle.c          checks of a telemetry bundle, the sandbox's or a day's of the live
 * root
 *
 * The live root is never written; what it holds that a mock run would make is compared before and
 * after.
 */
#ifndef SCRIPTS_REGRESS_H
#define SCRIPTS_REGRESS_H

#include "scripts/job.h"
#include "scripts/step.h"

#define REGRESS_DATE "2026-01-01" /* of the reports */

enum { REGRESS_LIMIT_S = 120 };

struct regress {
    const struct job *job; /* of the live root */
    char root[512];        /* the private one */
    struct posix_fs posix;
    struct fs fs;                   /* below it */
    char bundle_date[ISO_TEXT_MAX]; /* of the telemetry bundle */
    char as_of[ISO_TEXT_MAX];       /* one clock for all programs */
    const char *env[24];            /* of the programs: mock mode, no network, no secrets */
    char env_root[640], env_now[ISO_TEXT_MAX + 16];
};

/* RC_OK, or a sentence that says what was found and what was wanted. */
typedef enum rc regress_fn(const struct regress *r, struct err *err);

struct regress_check {
    const char *id, *what;
    regress_fn *run;
};

/* Runs a program in the private root and wants that exit code; its output stays in ret_end. */
enum rc regress_run(const struct regress *r, const char *const *args, int status,
                    struct step_end *ret_end, struct err *err) MUST_USE;
/* As above, with more environment (ends with NULL), and without a look at what it said. */
enum rc regress_ok(const struct regress *r, const char *const *args, const char *const *env,
                   struct err *err) MUST_USE;

enum rc regress_need_file(const struct regress *r, const char *path, struct err *err) MUST_USE;
/* The document, to be freed with json_free. */
enum rc regress_load(const struct fs *fs, const char *path, struct json **ret_doc,
                     struct err *err) MUST_USE;
/* The same of a shipped file, which must be there: it is never made anew. */
enum rc regress_load_shipped(const struct regress *r, const char *name, struct json **ret_doc,
                             struct err *err) MUST_USE;
/* The event stands in logs/system_events.jsonl; from the byte on. */
enum rc regress_need_event(const struct regress *r, const char *event, int64_t from,
                           struct err *err) MUST_USE;
int64_t regress_events_len(const struct regress *r);

regress_fn regress_spec, regress_audit, regress_client, regress_limits, regress_get,
    regress_universe, regress_intel, regress_schemas, regress_rate_limit, regress_droplet,
    regress_invalid, regress_regime, regress_intel_pnl, regress_health, regress_dashboard,
    regress_sentinel, regress_day_summary, regress_readiness, regress_tuning, regress_exit_intel,
    regress_pack;
regress_fn regress_golden, regress_composite, regress_attribution, regress_shadow,
    regress_exit_record;
regress_fn regress_extract, regress_extract_again, regress_example;

/* R17a to R17c and R17e for telemetry/DATE of any root; date as text. */
enum rc regress_bundle(const struct fs *fs, const char *date, struct err *err) MUST_USE;

#endif
