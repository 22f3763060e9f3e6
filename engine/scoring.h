/*
 * Scores every symbol of the flow cache and asks the composite gate (spec 10 C8).
 */
#ifndef ENGINE_SCORING_H
#define ENGINE_SCORING_H

#include "base/arena.h"
#include "engine/flow_table.h"
#include "strategy/composite_gate.h"

struct scored {
    struct flow_entry *entry;
    struct composite composite;
    struct boosts boosts;
    double score; /* with boosts */
    double threshold;
    struct composite_gate_result gate; /* of its first five rules, until the market was asked */
};

struct scores {
    struct scored *scored; /* ascending by symbol, from the arena */
    size_t len;
    size_t simulated; /* skipped: synthetic data is never scored for live entries */
    size_t stale, stale_with_alerts;
};

/*
 * thresholds  operator's document, NULL for none
 * begin       asked before each symbol, so that the caller knows where we are; false leaves the
 * symbol out
 */
struct scores score_all(struct flow_table *table, struct sector_tide *tide,
                        const struct json *thresholds, int64_t now_ns,
                        bool (*begin)(void *ctx, const struct flow_entry *e), void *ctx,
                        struct arena *a);

/* The score alone, as the exits want it: no boosts, nothing recorded; 0 where the symbol is not
 * cached. */
double score_of(const struct flow_table *table, const char *symbol, enum score_regime regime,
                int64_t now_ns);

#endif
