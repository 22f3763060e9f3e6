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
 *   cmd_*.c, build_*.c, run_*.c, audit_*.c, …
 *                  commands and the contract's runners, one file each; those that need more than
 *                  a file have a folder
 *   calc/          the pure computations by name
 *   day/           the programs of a trading day, in order
 *   demo/          the service on one machine, live on the screen
 *   droplet/       the server operated from here
 *   regress/       the regression run, and the judge of a telemetry bundle's documents
 *   replay/        the service over simulated time (replay_*), the shadow alone (days_*)
 *   report/        what the reports of a day and the analysis pack read and write
 *   show/          what a root says: status, explain, shadow, ledger, orders
 *   uw/            `stockbot uw`, and what the audit reads out of a source text
 *
 * What they share:
 *   args.c         options that many commands have
 *   view.c, look.c files and logs of a root for looking only; the time that counts there
 *   runner.c       what a command opens that works in a root
 *   job.c          the frame of a contract-named runner; runners.def is the table of them
 *   step.c         a runner run by another one in a process of its own
 *   documents.c    state documents that a runner reads and writes
 *   vendor.c       what a runner asks of Unusual Whales
 *   broker_view.c  a broker that is only asked; book_compare.c holds the ledger against it
 *   daily_bars.c   daily bars of the broker or of a folder
 *   health_*.c     the sentinel's parts
 *   *_run.c, regime_file.h, telemetry.c, integrity.c
 *                  what two runners share
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
