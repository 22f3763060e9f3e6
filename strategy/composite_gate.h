/*
 * The composite gate: may this symbol become a candidate? (spec 10 R4.35)
 *
 * Seven rules in order, the first that blocks decides.  The first five need the score alone; the
 * last two need the market, so the caller asks them only for symbols that passed the five, to spare
 * the data API.
 */
#ifndef STRATEGY_COMPOSITE_GATE_H
#define STRATEGY_COMPOSITE_GATE_H

#include "strategy/composite.h"

enum composite_gate {
    COMPOSITE_GATE_PASS,
    COMPOSITE_GATE_NONE,       /* no score                                            */
    COMPOSITE_GATE_SCORE,      /* score < threshold                                   */
    COMPOSITE_GATE_TOXICITY,   /* toxicity > 0.90                                     */
    COMPOSITE_GATE_FRESHNESS,  /* freshness < 0.25                                    */
    COMPOSITE_GATE_DIRECTION,  /* neither bullish nor bearish                         */
    COMPOSITE_GATE_EXHAUSTION, /* (price - EMA20) / ATR20 > 2.5, for both directions  */
    COMPOSITE_GATE_WALL,       /* a gamma level within 0.2 % of the price             */
    COMPOSITE_GATES_LEN
};

/* "passed", "composite_none", "score_gate", "toxicity_gate", "freshness_gate", "direction_neutral",
 * "atr_exhaustion_gate", "resistance_wall_detected". */
const char *composite_gate_name(enum composite_gate g);

#define COMPOSITE_THRESHOLD     2.7
#define COMPOSITE_TOXICITY_MAX  0.90
#define COMPOSITE_FRESHNESS_MIN 0.25
#define COMPOSITE_EXHAUSTED_ATR 2.5
#define COMPOSITE_WALL_FRACTION 0.002

struct composite_gate_result {
    enum composite_gate gate; /* COMPOSITE_GATE_PASS, or the rule that blocked  */
    double number;            /* what was compared; the score where it passed   */
    double threshold;         /* with what                                      */
};

/* Gates 1 to 5.  c NULL: no score.  score: with boosts. */
struct composite_gate_result composite_gate_score(const struct composite *c, double score,
                                                  double threshold);

/* What the market says; zero where it does not (then the rule passes). */
struct composite_gate_market {
    double price, ema20, atr20;        /* USD */
    bool is_exhaustion_on, is_wall_on; /* the settings */
};

/* Gates 6 and 7. */
struct composite_gate_result composite_gate_market(const struct enriched *e, double score,
                                                   const struct composite_gate_market *m);

/* All seven. */
struct composite_gate_result composite_gate(const struct composite *c, const struct enriched *e,
                                            double score, double threshold,
                                            const struct composite_gate_market *m);

/* The symbol's entry of state/uw_thresholds_hierarchical.json, else COMPOSITE_THRESHOLD. */
double composite_threshold(const struct json *thresholds, const char *symbol);

#endif
