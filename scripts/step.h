/*
 * step: one runner run by another program of the same installation, in a process of its own: its
 * faults stay its own, and it can be given a limit of time.
 *
 * It works in the same root.  What it says on standard output and error is caught; the ends of both
 * are kept.
 */
#ifndef SCRIPTS_STEP_H
#define SCRIPTS_STEP_H

#include "base/clock.h"
#include "base/text.h"

enum {
    STEP_ARGS_MAX = 24,
    STEP_TAIL_MAX = 800,   /* bytes kept of each stream: its end */
    STEP_GRACE_S = 5,      /* from the request to end until it is killed */
    STEP_TIMED_OUT = -1000 /* status of one that was ended at its limit */
};

struct step {
    const char *const *args; /* the runner's name, then its options; ends with NULL */
    const char *const *env;  /* "NAME=value" sets, "NAME" leaves out; may be NULL */
    /* Handed over as the options of those names; NULL: not given. */
    const char *root, *config, *as_of;
    int limit_s; /* real seconds */
};

struct step_end {
    int status;     /* exit code; negative: the signal that ended it, or STEP_TIMED_OUT */
    double seconds; /* real */
    struct text out, err;
};

void step_end_free(struct step_end *e); /* fits CLEANUP */

/* The last line it said, on standard error or else on standard output: where programs say why. */
const char *step_said(const struct step_end *e);

/* Gives RC_OK however the step ended; RC_NOT_FOUND or RC_IO where it could not be started. */
enum rc step_run(const struct step *s, const struct clock *clock, struct step_end *ret_end,
                 struct err *err) MUST_USE;

/*
 * Any program, with a limit of real time: argv[0] is its path.  keep_max: bytes kept of the end of
 * each stream, white space there taken off; 0: everything, as it is.
 */
enum rc step_program(const char *const *argv, const char *const *env, int limit_s, size_t keep_max,
                     const struct clock *clock, struct step_end *ret_end, struct err *err) MUST_USE;

#endif
