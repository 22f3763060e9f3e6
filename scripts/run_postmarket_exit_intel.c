/*
 * run_postmarket_exit_intel: what is known of every open paper position after the close (contract
 * 4.18, spec 30 7.7).
 */
#include "scripts/command.h"
#include "scripts/exit_intel_run.h"

#define INTEL_PATH "state/postmarket_intel.json"
#define OUTPUT     "state/postmarket_exit_intel.json"

static const char HELP[] =
    "usage: stockbot run-postmarket-exit-intel [options]\n"
    "\n"
    "Reads the positions of the v2 simulator, " INTEL_PATH " and the regime,\n"
    "and writes the flags of each position to " OUTPUT ". Asks nobody.\n"
    "\n";

static int
make(struct job *job, void *own UNUSED, struct err *err)
{
    static const struct exit_intel_run RUN = {
        .phase = V2_EXIT_POSTMARKET,
        .intel_path = INTEL_PATH,
        .intel_made_by = "run-postmarket-intel",
        .path = OUTPUT,
        .schema = SCHEMA_POSTMARKET_EXIT_INTEL,
    };

    return exit_intel_run(job, &RUN, err);
}

int
cmd_run_postmarket_exit_intel(int argc, char **argv)
{
    static const struct job_spec SPEC = {.name = "run-postmarket-exit-intel",
                                         .help = HELP,
                                         .takes = JOB_DATE | JOB_MOCK,
                                         .run = make};

    return job_main(&SPEC, argc, argv, NULL);
}
