/*
 * The score telemetry of the engine's cycles (spec 40 9.1): every scored symbol is counted, the
 * file is written now and then and at the end.  A death costs the counts of some minutes.
 */
#ifndef ENGINE_SCORE_LOG_H
#define ENGINE_SCORE_LOG_H

#include "base/log.h"
#include "engine/scoring.h"
#include "telemetry/score_telemetry.h"

#define SCORE_LOG_EVERY_NS (5 * NS_PER_MIN)

struct score_log {
    struct score_telemetry telemetry;
    bool is_loaded, has_unsaved;
    int64_t saved_ns; /* 0 before the first */
};

void score_log_add(struct score_log *l, const struct scores *scores, const struct store *store,
                   const struct log *log, int64_t now_ns);
void score_log_save(struct score_log *l, const struct store *store, const struct log *log);

#endif
