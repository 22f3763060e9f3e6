/*
 * pack: the analysis pack of a day (contract 4.19, spec 40 5.6): analysis_packs/<date>/ with copies
 * of state and reports, tails of logs, pictures, MASTER_SUMMARY as Markdown and as one HTML page,
 * and a manifest.
 *
 *   run_postclose_analysis_pack.c  options, the order of things, event, exit code
 *   pack_steps.c                   the day's report runners
 *   pack_copy.c                    copies, tails, the manifest, the archive
 *   pack_summary.c                 what the summary is made from
 */
#ifndef SCRIPTS_PACK_H
#define SCRIPTS_PACK_H

#include "scripts/report/report_day.h"
#include "telemetry/master.h"

enum { PACK_STEPS = 8, PACK_SAID_MAX = 1200, PACK_CAPTURED_MAX = 32 };

struct pack_step {
    const char *name; /* of the reference: run_exit_intel_pnl */
    bool is_ok;
    struct text cmd;  /* a JSON array */
    struct text said; /* the end of what it said */
};

enum pack_kind { PACK_STATE, PACK_REPORT, PACK_LOG };

struct pack_captured {
    enum pack_kind kind;
    const char *source, *file; /* below the root; below the pack */
    bool is_there;             /* was copied; a log: its tail holds something */
    int64_t lines;
};

struct pack {
    struct job *job;
    struct report_run run;
    struct text dir;                       /* "analysis_packs/<date>" */
    struct pack_step step[PACK_STEPS + 1]; /* and the archive */
    size_t steps_len;
    struct pack_captured captured[PACK_CAPTURED_MAX];
    size_t captured_len;
    struct text manifest;
    int64_t tail_lines;
};

/* Runs the day's reports and checks one after the other; what fails is noted. */
void pack_run_steps(struct pack *p);
size_t pack_failed(const struct pack *p);

/* Replaces a file of the pack. */
enum rc pack_put(struct pack *p, const char *file, const struct text *bytes,
                 struct err *err) MUST_USE;

/* Copies and tails; fails only where the pack cannot be written. */
enum rc pack_capture(struct pack *p, struct err *err) MUST_USE;
/* manifest.json, which stays in p too. */
enum rc pack_write_manifest(struct pack *p, struct err *err) MUST_USE;
/* All of the folder as analysis_pack_<date>.tar.gz. */
enum rc pack_archive(struct pack *p, struct err *err) MUST_USE;

/* MASTER_SUMMARY as Markdown and HTML, and the pictures. */
enum rc pack_summarize(struct pack *p, struct err *err) MUST_USE;

#endif
