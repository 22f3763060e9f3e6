/*
 * What the makers and checkers of telemetry bundles share: a runner's root as the seams of
 * telemetry/bundle.h, and an end by Ctrl-C that leaves nothing half-written.
 */
#ifndef SCRIPTS_TELEMETRY_H
#define SCRIPTS_TELEMETRY_H

#include <signal.h>

#include "io/folder.h"
#include "io/source.h"
#include "scripts/job.h"
#include "telemetry/bundle.h"

#define BUNDLE_OPTIONS_DEFAULT                                                                     \
    {                                                                                              \
        .output_root = BUNDLE_ROOT, .log_bytes_max = BUNDLE_LOG_BYTES_DEFAULT,                     \
        .tail_lines = BUNDLE_TAIL_LINES_DEFAULT                                                    \
    }

/* A folder below the root, or an absolute one; false after the sentence was printed. */
bool telemetry_output_root(const char *command, const char *path);

struct telemetry_run {
    struct bundle_spec spec;
    struct folders folders;
    struct sources sources;
    const struct job *job;
    sigset_t ending; /* signals that end the run: those that are not ignored */
    sigset_t kept;   /* the mask before */
    int64_t shown_mb;
    char host[65], platform[200];
};

/* SIGINT and SIGTERM are held back until telemetry_end; the run asks for them between two pieces.
 * t must stay where it is. */
void telemetry_begin(struct telemetry_run *t, struct job *job,
                     const struct bundle_options *options);
/* Lets them come: ends the process as the signal does where one is waiting. */
void telemetry_end(struct telemetry_run *t);

/* The end of the windows of artifact 12: the run's clock on the day itself and with --as-of,
 * otherwise the end of the day. */
int64_t telemetry_as_of(const struct job *job);

#endif
