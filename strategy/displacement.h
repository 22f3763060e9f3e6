/*
 * displacement: which position a full book gives up for a better candidate.
 *
 * Three tiers, the first that yields a candidate wins: elite (score above 3.6 against the weak),
 * competitive (score above 4.0 against the weakest, by more than one point), normal (old, flat and
 * far weaker).
 *
 * Source: spec 10 section 7; contract 2.3 and 5.3 (may never raise).
 */
#ifndef STRATEGY_DISPLACEMENT_H
#define STRATEGY_DISPLACEMENT_H

#include "config/config.h"
#include "base/text.h"
#include "base/when.h"
#include "model/order.h"

/* A position as displacement sees it. */
struct displaceable {
    char symbol[SYMBOL_MAX];
    bool is_out;    /* close pending or planned, displaced in this cycle, quarantined, not ours */
    double current; /* composite score now, regime mixed; the entry score where not in the cache; 0
                       unknown */
    double entry_score;   /* 0 unknown */
    double pnl_pct;       /* NaN unknown */
    double age_h;         /* NaN unknown: counts as too young */
    int64_t displaced_ns; /* last time the symbol was displaced, WHEN_NONE never */
};

struct displacement_view {
    const char *symbol;              /* of the new candidate: its own instrument never gives way */
    double score;                    /* its final score */
    const struct displaceable *list; /* ascending by symbol */
    size_t len;
    int64_t now_ns;
    const struct strategy_config *cfg;
};

enum displacement_tier {
    DISPLACEMENT_NONE,
    DISPLACEMENT_ELITE,
    DISPLACEMENT_COMPETITIVE,
    DISPLACEMENT_NORMAL
};

struct displacement_verdict {
    enum displacement_tier tier;
    size_t index; /* into the list, where tier is not NONE */
    const char
        *reason; /* "elite_tier_displacement", "competitive_displacement", "" for the normal tier */
    const char *why; /* elite: "score_too_low" or "negative_pnl"; else "" */
    double
        score_advantage; /* over the current (competitive) or entry score (normal); NaN for elite */
    /* Where none was found: why the normal tier refused each; counts. */
    int too_young, pnl_too_high, score_advantage_insufficient, in_cooldown;
};

struct displacement_verdict displacement_find(const struct displacement_view *v);

/* Why one position fails the normal tier: "too_young", "pnl_too_high", …; "" where it would do. */
const char *displacement_fail_reason(const struct displacement_view *v,
                                     const struct displaceable *p);
const char *displacement_tier_name(enum displacement_tier t);

#endif
