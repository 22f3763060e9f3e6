/*
 * Enrichment: from what the cache says of a symbol to what the score is computed from (spec
 * 10 4.1).
 *
 * Pure.  The enriched values borrow the alerts of the symbol_flow they were made from.
 *
 *   enrich.c         enrich(), and the derived features
 *   enriched_json.c  the same values from and to an "enriched" object (enriched_json.h)
 */
#ifndef STRATEGY_ENRICH_H
#define STRATEGY_ENRICH_H

#include "strategy/symbol_flow.h"

/* state/symbol_risk_features.json of one symbol; the v1 score does not use it, v2 and records do.
 */
struct risk_features {
    double realized_vol_5d, realized_vol_20d, beta_vs_spy; /* 0 where unknown */
};

/* Patterns over several updates.  The live path has one sample, so only the sweep block can fire
 * (R4.3). */
struct staircase_motif {
    bool is_detected;
    double steps, slope;
};
struct burst_motif {
    bool is_detected;
    double count, intensity; /* intensity: updates a minute */
};
struct whale_motif {
    bool is_detected;
    double avg_conviction;
};
struct sweep_block_motif {
    bool is_detected, is_immediate;
    double premium_usd;
};

/* All inputs of the score. */
struct enriched {
    enum sentiment sentiment;
    bool has_conviction; /* without it the score takes 0.5 */
    double conviction;
    double trade_count; /* whole */
    double iv_term_skew, smile_slope, put_call_skew, toxicity, event_alignment;
    double freshness; /* 0..1; 1 where unknown */
    struct staircase_motif staircase;
    struct burst_motif burst;
    struct whale_motif whale;
    struct sweep_block_motif sweep_block;
    struct flow_facts facts; /* its squeeze may be synthetic (R4.6) */
    bool has_synthetic_squeeze;
    bool has_high_oi_change, has_negative_gamma, has_bullish_flow; /* the three signals of R4.6 */
    struct risk_features risk;
    const struct flow_alert *alert; /* borrowed */
    size_t alerts_len;
};

/* risk may be NULL.  now_ns dates the freshness. */
void enrich(const struct symbol_flow *flow, const struct risk_features *risk, int64_t now_ns,
            struct enriched *ret_enriched);

/* 0.5^(age / 15 min), 0..1; ages count whole seconds; updated_s WHEN_NONE is fresh (spec 10 R4.4).
 */
double enrich_freshness(int64_t updated_s, int64_t now_ns);

#endif
