#include "engine/scoring.h"

static void
score_one(struct flow_entry *e, struct sector_tide *tide, const struct json *thresholds,
          int64_t now_ns, struct scored *ret)
{
    struct enriched enriched;

    enrich(&e->flow, NULL, now_ns, &enriched);
    composite_v1(&enriched, SCORE_REGIME_MIXED, NULL, now_ns, &ret->composite);
    ret->entry = e;
    sector_tide_record(tide, e->flow.symbol, now_ns, &ret->boosts);
    persistence_record(&e->persistence, now_ns, &ret->boosts);
    ret->score = boosts_apply(ret->composite.score, &ret->boosts);
    ret->threshold = composite_threshold(thresholds, e->flow.symbol);
    ret->gate = composite_gate_score(&ret->composite, ret->score, ret->threshold);
}

struct scores
score_all(struct flow_table *table, struct sector_tide *tide, const struct json *thresholds,
          int64_t now_ns, bool (*begin)(void *ctx, const struct flow_entry *e), void *ctx,
          struct arena *a)
{
    struct scores list = {.scored = ARENA_NEW(a, struct scored, table->symbols)};

    for (size_t i = 0; i < table->len; i++) {
        struct flow_entry *e = table->entry[i];

        if (!flow_entry_is_current(table, e)) continue;
        if (e->flow.is_simulated) {
            list.simulated++;
            continue;
        }
        if (symbol_flow_is_stale(&e->flow, now_ns)) {
            list.stale++;
            if (e->flow.flow_trades_len > 0) list.stale_with_alerts++;
        }
        if (!begin(ctx, e)) continue;
        ASSERT(list.len < table->symbols);
        score_one(e, tide, thresholds, now_ns, &list.scored[list.len++]);
    }
    return list;
}

double
score_of(const struct flow_table *table, const char *symbol, enum score_regime regime,
         int64_t now_ns)
{
    const struct flow_entry *e = flow_table_find(table, symbol);
    struct enriched enriched;
    struct composite composite;

    if (e == NULL) return 0.0;
    enrich(&e->flow, NULL, now_ns, &enriched);
    composite_v1(&enriched, regime, NULL, now_ns, &composite);
    return composite.score;
}
