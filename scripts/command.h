/*
 * stockbot: the operator's front door, one program of many commands.
 *
 * `stockbot NAME …`, or through a link that bears the contract's name of a runner
 * (run_premarket_intel).
 *
 * Exit codes of every command: 0 done; 1 it could not be done, or the answer is no; 2 wrong usage;
 * 78 the configuration cannot be used; 130 a demo was ended early.  The contract's runners have 64
 * for wrong usage and 75 where another one runs, because their 2 says something else.
 *
 *   main.c         the table of commands
 *   args.c         options that many commands share
 *   view.c         files and logs of a root, for looking only
 *   look.c         a root opened for reading, with the time that counts there
 *   cmd_*.c        one command each; demo.h, replay.h, status.h, explain.h say what stands beside
 *   calc*.c        the pure computations by name
 *   runner.c       what a command opens that works in a root
 *   job.c          the frame of a contract-named runner; runners.def is the table of them
 *   day_*.c        the programs of a trading day
 *   step.c         a runner run by another one in a process of its own
 *   droplet_*.c    the server operated from here; remote.c is one command on it
 *   regress_*.c    the regression run; artifact_check.c judges the documents of a telemetry bundle
 *   documents.c    state documents that a runner reads and writes
 *   vendor.c       what a runner asks of Unusual Whales; uw_desk.c is the client of a command
 *   broker_view.c  a broker that is only asked; book_compare.c holds the ledger against it
 *   daily_bars.c   daily bars of the broker or of a folder
 *   report_run.c, report_day.c, pack_*.c
 *                  what the reports of a day read and write; the analysis pack (pack.h)
 *   build_*.c, run_*.c, audit_*.c
 *                  the contract's runners, one file each; health_*.c belongs to the sentinel
 */
#ifndef SCRIPTS_COMMAND_H
#define SCRIPTS_COMMAND_H

#include "base/err.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG_UNUSABLE = 78 };

struct command {
    const char *name;
    const char *link; /* contract name that runs it too, NULL for none */
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

int cmd_demo(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_shadow(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_calc(int argc, char **argv);
int cmd_halt(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_freeze(int argc, char **argv);
int cmd_unfreeze(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_orders(int argc, char **argv);
int cmd_reconcile(int argc, char **argv);
int cmd_uw(int argc, char **argv);
int cmd_day(int argc, char **argv);

#define RUNNER(name, link, summary) int cmd_##link(int argc, char **argv);
#include "scripts/runners.def"
#undef RUNNER

#endif
