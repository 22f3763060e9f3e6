/*
 * regime_file: state/regime_state.json, written by the regime runner and by the universe build.
 */
#ifndef SCRIPTS_REGIME_FILE_H
#define SCRIPTS_REGIME_FILE_H

#include "intel/regime.h"
#include "scripts/documents.h"

#define MARKET_CONTEXT_PATH "state/market_context_v2.json"
#define POSTURE_PATH        "state/regime_posture_state.json"
#define REGIME_PATH         "state/regime_state.json"

/*
 * Writes what the two documents say; the state is given in any case.  EXIT_DONE, or the exit code
 * of documents_write.
 */
int regime_file_write(struct documents *d, const struct json *market_context,
                      const struct json *posture_state, struct regime_state *ret_state,
                      struct err *err);

#endif
