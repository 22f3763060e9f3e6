/*
 * exit_intel_run: the body of the two exit intel runners, which differ in phase and files.
 */
#ifndef SCRIPTS_EXIT_INTEL_RUN_H
#define SCRIPTS_EXIT_INTEL_RUN_H

#include "exitlogic/exit_intel.h"
#include "scripts/documents.h"

struct exit_intel_run {
    enum v2_exit_phase phase;
    const char *intel_path, *intel_made_by;
    const char *path;
    enum schema schema;
};

int exit_intel_run(struct job *job, const struct exit_intel_run *run, struct err *err);

#endif
