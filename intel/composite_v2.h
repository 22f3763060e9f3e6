/*
 * The v2 score of a symbol: the finished v1 score, and what volatility, beta, conviction, the
 * futures, the posture and the UW intelligence add to it or take away.
 *
 *   S1 = B + vol_bonus + low_vol_penalty + beta_bonus + uw_bonus + premarket_bonus
 *          + regime_align_bonus + regime_misalign_penalty + shaping        within 0..8
 *   S  = S1 + the six adjustments of the UW layer                          within 0..8
 *
 * Most terms are multiplied with A, how well the direction of the flow fits the posture of the
 * service: misalign_dampen against it, neutral_dampen where either takes no side, 1 with it.
 * Source: spec 30 section 5.  A shadow: no order follows from it.
 */
#ifndef INTEL_COMPOSITE_V2_H
#define INTEL_COMPOSITE_V2_H

#include "intel/world.h"

#define COMPOSITE_V2_MAX     8.0
#define COMPOSITE_V2_VERSION "v2"

/* What is asked about one symbol. */
struct composite_v2_case {
    const char *symbol;      /* upper case */
    double base_score;       /* of the finished v1 composite, boosts included */
    double realised_vol_20d; /* 0: not known */
    double beta_vs_spy;      /* 0: not known */
    double conviction;       /* of the flow; 0 where absent */
    double trade_count;      /* whole */
    enum intel_direction direction;
};

enum futures_direction { FUTURES_FLAT, FUTURES_UP, FUTURES_DOWN };
const char *futures_direction_name(enum futures_direction f); /* "flat", "up", "down" */

/*
 * The terms on the v1 score.  V is high_, mid_ or low_vol_multiplier by the market's volatility, k
 * is 1 if the posture's confidence reaches posture_conf_strong, else 0.6, and c(x) is x within
 * 0..1.
 *
 *   vs                       c((vol - vol_center) / vol_scale)
 *   vol_bonus                vol_bonus_max * vs * V * A
 *   low_vol_penalty          in high volatility: low_vol_penalty_max * c((center - vol) / center) *
 * A; a volatility that is not known pays all of it beta_bonus               beta_bonus_max *
 * c((beta - beta_center) / beta_scale) * V * A uw_bonus                 uw_bonus_max * c((u -
 * uw_center) / uw_scale) * A, u = c(conviction) where there were trades, else 0 premarket_bonus
 * futures with the direction premarket_align_bonus * A, against it premarket_misalign_penalty * A,
 * flat 0; they are up or down where the overnight returns of SPY and QQQ sum to more than 0.005
 * either way regime_align_bonus       regime_align_bonus * k with the posture
 *   regime_misalign_penalty  regime_misalign_penalty * k against it
 *   shaping                  only where it is switched on: shape_vol_bonus_max * vs^gamma * V * A +
 *                            shape_regime_align_bonus * k with the posture + for much trading of
 * little conviction shape_uw_weak_penalty_max * A
 */
struct composite_v2_terms {
    double vol_bonus, low_vol_penalty, beta_bonus, uw_bonus, premarket_bonus, regime_align_bonus,
        regime_misalign_penalty, shaping;
    double total;
};

/*
 * The UW layer: six adjustments from the symbol's intel record, each its bonus_max times
 *
 *   flow_strength       strength within 0..1 * A * the sector's weight * own weight
 *   dark_pool_bias      |bias|, whatever its sign (Q-13) * A * the sector's weight * own weight
 *   sentiment           A * own weight where it is the direction's
 *   earnings_proximity  A * the sector's weight * own weight where earnings are near or past
 *   sector_alignment    its positive part * A * own weight
 *   regime_alignment    its positive part * A * own weight
 */
struct composite_v2_uw {
    double flow_strength, dark_pool_bias, sentiment, earnings_proximity, sector_alignment,
        regime_alignment;
    double total;
};

struct composite_v2 {
    double score; /* three decimals, what gates and exits compare */
    struct composite_v2_terms terms;
    enum futures_direction futures;

    /* The UW layer: it ran at all; it found a record, and what of it counted. */
    bool has_layer, has_record;
    struct intel_record record; /* strength, bias and alignment clamped */
    struct composite_v2_uw uw;
    const char *intel_version; /* "" without a record */
    enum sector sector;
    double regime_alignment;
    enum membership in_universe;
};

void composite_v2(const struct v2_world *w, const struct composite_v2_case *c,
                  struct composite_v2 *ret);

/* A record of the attribution log is due: the symbol traded or had a record (spec 30 6.1). */
bool composite_v2_is_attributed(const struct composite_v2_case *c, const struct composite_v2 *v);

#endif
