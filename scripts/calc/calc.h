/*
 * `stockbot calc`: every pure computation by name, JSON in, JSON out (ARCHITECTURE 9).
 *
 *   stockbot calc NAME < in.jsonl > out.jsonl   one object a line; {"error": "..."} for one that
 * cannot be read stockbot calc --list                        the names, one a line with what each
 * computes stockbot calc --describe NAME               its keys, types and defaults
 *
 * No clock, no files, no network: what a computation needs to know of the time stands in its input.
 *
 *   calc.c           the table, the line loop
 *   calc_strategy.c  composite-v1, enrich-v1, flow-clusters
 *   calc_exit.c      exit-score-v2, profit-target-v2, stop-price-v2, replacement-v2, exit-intel-*
 *   calc_shadow.c    entry-gate-v2, shadow-pnl, position-size, shadow-decision
 *   calc_intel.c     sector, regime, market context, posture, risk features
 *   calc_intel_score.c  universe, UW intel, composite-v2
 *   calc_intel_pnl.c  intel P&L, nudges, overlay, families, schemas, A/B ledger
 */
#ifndef SCRIPTS_CALC_H
#define SCRIPTS_CALC_H

#include <stdio.h>

#include "base/json.h"

/*
 * The whole command; argv[0] is "calc".
 *
 * 0  every line was computed
 * 1  at least one line could not be read, or the output could not be written
 * 2  unknown NAME, or no command that we know
 */
int calc_main(int argc, char **argv, FILE *in, FILE *out, FILE *errf);

/* Writes exactly one JSON value, or fails and says why: what was written is then thrown away. */
typedef enum rc calc_fn(const struct json *in, struct json_out *o, struct err *err);

struct calc {
    const char *name;
    const char *what;     /* one line */
    const char *describe; /* keys with types and defaults, then the output; several lines */
    calc_fn *run;
};

/* The computation with that name, NULL where there is none. */
const struct calc *calc_find(const char *name);

/* An instant of the input: ISO text, or seconds since 1970.  RC_PARSE where it is missing or
 * neither. */
enum rc calc_need_time(const struct json *in, const char *key, int64_t *ret_ns,
                       struct err *err) MUST_USE;

/* ---- the computations, one function and one description each ------------------------------- */

calc_fn calc_composite_v1, calc_enrich_v1, calc_flow_clusters;
extern const char CALC_COMPOSITE_V1_KEYS[], CALC_ENRICH_V1_KEYS[], CALC_FLOW_CLUSTERS_KEYS[];

calc_fn calc_exit_score_v2, calc_profit_target_v2, calc_stop_price_v2, calc_replacement_v2,
    calc_exit_intel_flags, calc_exit_intel_pnl;
extern const char CALC_EXIT_SCORE_V2_KEYS[], CALC_PROFIT_TARGET_V2_KEYS[],
    CALC_STOP_PRICE_V2_KEYS[], CALC_REPLACEMENT_V2_KEYS[], CALC_EXIT_INTEL_FLAGS_KEYS[],
    CALC_EXIT_INTEL_PNL_KEYS[];

calc_fn calc_entry_gate_v2, calc_shadow_pnl, calc_position_size, calc_shadow_decision;
extern const char CALC_ENTRY_GATE_V2_KEYS[], CALC_SHADOW_PNL_KEYS[], CALC_POSITION_SIZE_KEYS[],
    CALC_SHADOW_DECISION_KEYS[];

calc_fn calc_sector, calc_regime, calc_regime_alignment, calc_market_context,
    calc_structural_regime, calc_posture, calc_risk_features;
extern const char CALC_SECTOR_KEYS[], CALC_REGIME_KEYS[], CALC_REGIME_ALIGNMENT_KEYS[],
    CALC_MARKET_CONTEXT_KEYS[], CALC_STRUCTURAL_REGIME_KEYS[], CALC_POSTURE_KEYS[],
    CALC_RISK_FEATURES_KEYS[];

calc_fn calc_universe_score, calc_universe_score_v2, calc_universe_build, calc_premarket_intel,
    calc_postmarket_intel, calc_composite_v2;
extern const char CALC_UNIVERSE_SCORE_KEYS[], CALC_UNIVERSE_SCORE_V2_KEYS[],
    CALC_UNIVERSE_BUILD_KEYS[], CALC_PREMARKET_INTEL_KEYS[], CALC_POSTMARKET_INTEL_KEYS[],
    CALC_COMPOSITE_V2_KEYS[];

calc_fn calc_sizing_overlay, calc_v2_families, calc_intel_pnl, calc_tuning_nudge, calc_schema_check,
    calc_ab_ledger_merge, calc_ab_ledger_tick;
extern const char CALC_SIZING_OVERLAY_KEYS[], CALC_V2_FAMILIES_KEYS[], CALC_INTEL_PNL_KEYS[],
    CALC_TUNING_NUDGE_KEYS[], CALC_SCHEMA_CHECK_KEYS[], CALC_AB_LEDGER_MERGE_KEYS[],
    CALC_AB_LEDGER_TICK_KEYS[];

#endif
