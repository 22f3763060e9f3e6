/*
 * The frame of a contract-named runner (spec 40 0.7): its options, its clock, its lock, the rule
 * for mock runs, the line it prints and the code it ends with.
 *
 *   static const struct job_spec SPEC = {
 *       .name = "run-regime-detector", .help = HELP, .takes = JOB_DATE, .run = detect};
 *   int cmd_run_regime_detector(int argc, char **argv) { return job_main(&SPEC, argc, argv, NULL);
 * }
 *
 * Options of the frame: --root DIR, --config FILE, --as-of INSTANT, --date [D], --json, --dry-run,
 * --help, and where the runner takes them --mock, --allow-mock-root.
 *
 * On standard output: the path of the main output, below the root, one line; with --json instead
 * one line {"runner","date","as_of","mode","root","path","exit","error", members of the runner}.
 */
#ifndef SCRIPTS_JOB_H
#define SCRIPTS_JOB_H

#include "scripts/runner.h"
#include "scripts/step.h"

/* The contract's runners have codes of their own, because 2 is a verdict there; 0, 1 and 78 are
 * those of command.h. */
enum { JOB_EXIT_VERDICT = 2, JOB_EXIT_USAGE = 64, JOB_EXIT_INTERNAL = 70, JOB_EXIT_BUSY = 75 };

enum {
    JOB_DATE = 1 << 0, /* the run is about a day: --date D; absent, or without a value, the UTC day
                          of its clock.  Every runner takes the option, so that one command line
                          fits all; to one that is about no day it changes only the summary. */
    JOB_MOCK = 1 << 1, /* --mock, --allow-mock-root, and UW_MOCK in the settings */
    JOB_NO_EVENTS = 1 << 2, /* writes no event, in no case: its caller does */
    JOB_LOOKS = 1 << 3,     /* writes nothing at all below the root: no event and no lock either */
    JOB_DATE_NY = 1 << 4    /* as JOB_DATE, but absent it is the date in New York */
};

enum { OPT_JOB_OWN = 3000 }; /* a runner's own rows of the option table begin here */

struct job;

struct job_spec {
    const char *name; /* the command, with hyphens */
    const char *help; /* usage and own options; the frame adds its own */
    unsigned takes;
    const struct option *options; /* own rows; NULL for none */
    size_t options_len;
    /* Takes optarg into own; false after the sentence was printed. */
    bool (*take)(void *own, int option);
    /* True where own asks only to be shown something: the run is then a dry one, without a lock. */
    bool (*is_look)(const void *own); /* NULL: never */
    /* Whether the options taken ask for a mock run, without --mock; NULL for no. */
    bool (*is_mock)(const void *own);
    /* Below the root; NULL: "state/<name>.lock".  Called when the date is known. */
    void (*lock_path)(const struct job *job, struct text *ret_path);
    /*
     * The run.  Gives the exit code; where that is not 0, err says why.  Sets job->path to the main
     * output, below the root, and writes its own members into job->summary.
     */
    int (*run)(struct job *job, void *own, struct err *err);
};

struct job {
    const struct job_spec *spec;
    void *own; /* what take and run are handed */
    struct runner runner;
    int64_t now_ns; /* the clock of the output: --as-of, otherwise read once at the start */
    bool is_as_of;  /* it was given */
    bool is_date_given;
    struct date date;
    char date_text[ISO_TEXT_MAX], now_text[ISO_TEXT_MAX];
    const char *config; /* the settings file it was given; NULL */
    bool is_mock;
    bool is_dry; /* nothing below the root may be written: files and state store refuse it */
    bool is_json;
    struct text path;        /* of the main output; stays empty where nothing was written */
    struct json_out summary; /* open for members; shown with --json */
};

/* Runs it from arguments to exit code.  own is handed to take and run. */
int job_main(const struct job_spec *spec, int argc, char **argv, void *own);

/* Whether the document says of itself that it was made up (mock); false where there is none. */
bool job_is_made_up(const struct fs *fs, const char *path);

/*
 * Another runner as a step of this one: in its root, by its settings and, where it was given one,
 * its clock.  args as in step.h; they and the job must outlive the step.
 */
struct step job_step(const struct job *job, const char *const *args, int limit_s);

/* "what: done of total" on a terminal, in place; silent elsewhere and with --json. */
void job_progress(const struct job *job, const char *what, size_t done, size_t total);

/*
 * The same frame for a runner that another one runs within itself (the analysis pack, the day): the
 * parent's root, clock, date and mode; takes the lock of spec, prints nothing.  Gives the exit
 * code, the sentence in err; events as for a run of its own.
 */
int job_within(const struct job *parent, const struct job_spec *spec, void *own,
               struct text *ret_path, struct err *err);

#endif
