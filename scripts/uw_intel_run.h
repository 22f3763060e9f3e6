/*
 * uw_intel_run: what the two intel runners share: the symbols they are about, and how their
 * document is written and reported.
 */
#ifndef SCRIPTS_UW_INTEL_RUN_H
#define SCRIPTS_UW_INTEL_RUN_H

#include "intel/uw_intel.h"
#include "scripts/documents.h"

#define PREMARKET_PATH  "state/premarket_intel.json"
#define POSTMARKET_PATH "state/postmarket_intel.json"

/* The symbols of both universes, upper case, ascending, each once; as long as the run. */
size_t uw_intel_symbols(struct documents *d, const char *const **ret_symbol);

/* Writes it, says that it is ready, and makes it the run's output; EXIT_DONE or the exit code. */
int uw_intel_finish(const struct documents *d, const char *path, enum schema schema,
                    enum event_id ready, size_t symbols, const struct text *doc, struct err *err);

#endif
