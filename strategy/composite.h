/*
 * The composite score of v1: one number, 0 to 8, from everything known about a symbol (spec
 * 10 4.2, 4.3).
 *
 * Twenty-one components are added in a fixed order, multiplied by the freshness of the flow, and
 * clamped. Plain double arithmetic, left to right: results agree with the vectors to 1e-9, which
 * only holds while the order of operations stays as it is.  Pure: no clock, no allocation, no text.
 *
 *   composite.c            composite_v1(): base inputs, sum, overlays; the weights
 *   composite_parts.c      the components
 *   composite_parts.h      their interface
 *   composite_json.c       the output object (composite_json.h)
 *   composite_notes.c      its notes, made only when somebody reads them
 *   composite_self_test.c  the golden example, computed at every start
 */
#ifndef STRATEGY_COMPOSITE_H
#define STRATEGY_COMPOSITE_H

#include "base/err.h"
#include "strategy/enrich.h"

/* In the order of the sum. */
enum component {
    COMPONENT_FLOW,
    COMPONENT_DARK_POOL,
    COMPONENT_INSIDER,
    COMPONENT_IV_SKEW,
    COMPONENT_SMILE,
    COMPONENT_WHALE,
    COMPONENT_EVENT,
    COMPONENT_MOTIF,
    COMPONENT_TOXICITY,
    COMPONENT_REGIME,
    COMPONENT_CONGRESS,
    COMPONENT_SHORTS,
    COMPONENT_INSTITUTIONAL,
    COMPONENT_TIDE,
    COMPONENT_CALENDAR,
    COMPONENT_GREEKS,
    COMPONENT_FTD,
    COMPONENT_IV_RANK,
    COMPONENT_OI,
    COMPONENT_ETF,
    COMPONENT_SQUEEZE,
    COMPONENTS_LEN
};

struct component_row {
    const char *name; /* key in the output's components                       */
    const char *weight_name;
    double weight; /* points the component is worth at its usual full size */
    const char *meaning;
};

extern const struct component_row COMPONENTS[COMPONENTS_LEN];

enum component_source {
    SOURCE_REAL,
    SOURCE_DEFAULT, /* no data: the small constant of the component */
    SOURCE_MISSING  /* no data: nothing */
};
const char *component_source_name(enum component_source s); /* "real", "default", "missing" */

/* How a one-sided fact stands to the direction of the flow. */
enum relation {
    RELATION_NONE, /* the fact did not speak */
    RELATION_CONFIRM,
    RELATION_OPPOSE,
    RELATION_NEUTRAL
};

enum institutional_path {
    INSTITUTIONAL_NONE,
    INSTITUTIONAL_OWNERSHIP, /* from holdings          */
    INSTITUTIONAL_INSIDER    /* from insider purchases */
};

/* Regime names are compared exactly; any other name has no effect (spec 10 4.3). */
enum score_regime {
    SCORE_REGIME_RISK_ON,
    SCORE_REGIME_RISK_OFF,
    SCORE_REGIME_MIXED, /* live entries are always scored with this one */
    SCORE_REGIME_NEUTRAL,
    SCORE_REGIME_OTHER
};
enum score_regime score_regime_from(const char *name);
const char *
score_regime_name(enum score_regime r); /* "RISK_ON", "RISK_OFF", "mixed", "NEUTRAL", "other" */

#define COMPOSITE_MAX     8.0
#define COMPOSITE_VERSION "V3.1"

struct composite {
    double score; /* 0..8, three decimals; boosts are not in it (boosts.h)             */
    double raw;   /* the sum before freshness                                          */
    double component[COMPONENTS_LEN];
    enum component_source source[COMPONENTS_LEN];
    enum sentiment sentiment;
    double toxicity, freshness;    /* three decimals: what gates compare                */
    double whale_conviction_boost; /* 0.5 or 0                                          */
    double sizing_overlay;         /* informational                                     */
    int entry_delay_s;             /* informational                                     */

    /* What the notes and features are made of. */
    double conviction;    /* as scored: 0.5 where absent   */
    double dark_pool_usd; /* the notional that counted     */
    double dark_pool_1h_usd;
    size_t sweeps;           /* large and recent */
    double sweep_multiplier; /* 1.2 or 1         */
    bool has_stealth_boost;  /* few but present trades of low conviction */
    bool has_high_ftd_pressure, has_low_iv, has_high_iv, has_strong_calls, has_risk_on;
    enum relation congress, insiders, tide;
    double tide_call_share; /* calls over all; meaningful unless tide is RELATION_NONE */
    enum institutional_path institutional_path;
    /* Objects that were read: the enriched one, or expanded intel in its place.  Empty ones have
     * is_present false. */
    struct congress_facts congress_facts;
    struct shorts_facts shorts_facts;
    struct institutional_facts institutional_facts;
    struct calendar_facts calendar_facts;
    bool has_tide_facts;
};

/*
 * Scores one symbol.
 *
 * intel   NULL where there is none
 * now_ns  dates the sweeps; WHEN_NONE: their age is not asked
 */
void composite_v1(const struct enriched *e, enum score_regime regime,
                  const struct expanded_intel *intel, int64_t now_ns,
                  struct composite *ret_composite);

/*
 * Computes the golden example (spec 10 4.9) and compares score and components.
 *
 * RC_RANGE names the first number that is not as it must be: entries stay off until the next start.
 */
enum rc composite_self_test(struct err *err) MUST_USE;

#endif
