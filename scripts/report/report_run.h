/*
 * report_run: what the report runners share: reading state documents and logs of a root, with a
 * note of what was wrong with each, and writing reports.
 *
 * Nothing that is read stops a report, and nothing that is read is changed.
 */
#ifndef SCRIPTS_REPORT_RUN_H
#define SCRIPTS_REPORT_RUN_H

#include "scripts/job.h"
#include "telemetry/report.h"

enum { REPORT_INPUTS_MAX = 24 };

struct report_run {
    struct job *job;
    struct arena arena;   /* as long as the run */
    struct arena scratch; /* as long as one record */
    struct report_input input[REPORT_INPUTS_MAX];
    size_t inputs_len;
    struct json *doc[REPORT_INPUTS_MAX];
    size_t docs_len;
};

void report_run_begin(struct report_run *r, struct job *job);
void report_run_done(struct report_run *r); /* fits CLEANUP */

/* The document, an object, as long as the run; NULL where it is missing or damaged, and noted. */
const struct json *report_doc(struct report_run *r, const char *path, const char *maker);

/*
 * Calls take(ctx, record, scratch) for every record of the log, in order, and notes how it was
 * found.  only: records that do not contain this text are passed over unread; NULL for none.
 */
struct report_log {
    const char *path, *maker;
    const char *only;
    void (*take)(void *ctx, const struct json *record, struct arena *scratch);
    void *ctx;
};
void report_read(struct report_run *r, const struct report_log *log);

/* The bytes of a log as it is now, in pieces, then a piece of 0 bytes.  maker: NULL where the log
 * was noted before. */
void report_feed(struct report_run *r, const char *path, const char *maker,
                 void (*put)(void *ctx, const char *bytes, size_t len), void *ctx);

/* Into the note of a log that was fed: how its lines were. */
void report_note_lines(struct report_run *r, const char *path, uint64_t lines, uint64_t malformed);

/* The last lines of a log, read from its end, a newline after each; at most bytes_max.  Empty where
 * there is no log. */
void report_last_lines(struct report_run *r, const char *path, int64_t lines, size_t bytes_max,
                       struct text *ret_lines);
/* The records among them. */
void report_read_last(struct report_run *r, const struct report_log *log, int64_t lines);

struct report_about report_about(const struct report_run *r);

/* Whether the input, which was asked for, is there. */
bool report_has(const struct report_run *r, const char *path);

/* Replaces reports/<name>_<date>.md and makes it the run's path; EXIT_DONE or the exit code. */
int report_save(struct report_run *r, const char *name, struct paper *p, struct err *err);

/* Replaces a state document, written compactly into json, in its canonical form. */
int report_save_state(struct report_run *r, const char *path, const struct text *json,
                      struct err *err);

/* The canonical form of JSON that was written compactly (spec 40 0.5): sorted, two blanks a level.
 */
void report_canonical(const struct text *json, struct text *ret_text);

/* Puts a file below the root in its place; RC_OK without a trace in a dry run. */
enum rc report_put(struct report_run *r, const char *path, const char *bytes, size_t len,
                   struct err *err) MUST_USE;

/* ---- the runners, for the one that runs them all --------------------------------------------- */

extern const struct job_spec JOB_EXIT_INTEL_PNL, JOB_EXIT_DAY_SUMMARY, JOB_SHADOW_DAY_SUMMARY,
    JOB_DAILY_INTEL_PNL, JOB_INTEL_DASHBOARD, JOB_V2_TUNING_SUGGESTIONS;

#endif
