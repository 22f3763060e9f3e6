/*
 * size: how many shares one entry asks for, with every step on the way.
 *
 * Source: spec 10 R5.18..R5.22, R5.25.
 */
#ifndef STRATEGY_SIZE_H
#define STRATEGY_SIZE_H

#include "strategy/direction.h"
#include "strategy/risk.h"

/* How far the installation has been let off the leash (state/system_stage.json); changed by
 * operators only.
 */
enum trading_stage {
    STAGE_BOOTSTRAP, /* also where the file is missing or names another */
    STAGE_UNLOCKED,
    STAGE_HIGH_CONFIDENCE
};

struct stage_limits {
    const char *name;      /* "bootstrap", "unlocked", "high_confidence"            */
    double ev_floor;       /* smallest expectancy of gate 6                         */
    double size_cap;       /* largest dynamic multiplier                            */
    int exploration_quota; /* entries a day that may pass just below the ev floor   */
};

const struct stage_limits *stage_limits(enum trading_stage s);
enum trading_stage trading_stage_from(const char *word);

struct size_inputs {
    usd equity;               /* > 0 */
    usd ref;                  /* latest trade price */
    double score;             /* final */
    enum direction sentiment; /* of the cache entry */
    double conviction;        /* of the cache entry; NaN where not told: no flow modifier */
    const char *market_regime;
    enum trading_stage stage;
    const struct risk_limits *limits;
};

struct size_result {
    bool is_ok;                   /* false: no usable price, nothing below is set     */
    double base_usd;              /* clamp(equity * risk, minimum, L)                 */
    double conviction_multiplier; /* m_c by score                                     */
    double notional_usd;          /* min(base * m_c, L)                               */
    int64_t qty_base;             /* q0 = max(1, floor(notional / ref))               */
    double flow_modifier;         /* 1.2, 0.8 or 1                                    */
    int64_t qty_flow;             /* q1                                               */
    double score_multiplier;      /* 0.8 times the step of the score                  */
    double slippage_multiplier;
    double regime_multiplier;
    double dynamic_multiplier; /* the product, at least 0.5, at most the stage's cap */
    int64_t qty;               /* max(1, floor(q1 * dynamic)); at most QTY_MAX     */
};

struct size_result size_entry(const struct size_inputs *in);

#endif
