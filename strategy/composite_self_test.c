#include "strategy/composite.h"

#include "strategy/score_math.h"

/*
 * The golden example (spec 10, 4.9): a bullish symbol in a NEUTRAL regime of which little is known.
 * Worked out by hand once; if the program computes anything else it must not trade.
 */
static const struct enriched GOLDEN = {
    .sentiment = SENTIMENT_BULLISH,
    .has_conviction = true,
    .conviction = 0.62,
    .trade_count = 10,
    .iv_term_skew = 0.2,
    .smile_slope = 0.1,
    .toxicity = 0.2,
    .event_alignment = 0.4,
    .freshness = 1.0,
    .facts = {.dark_pool = {.is_present = true, .total_premium = 2500000},
              .insider = {.is_present = true}},
};

static const double GOLDEN_SCORE = 2.628;

/* To three decimals; a component that is not named is zero. */
static const double GOLDEN_COMPONENTS[COMPONENTS_LEN] = {
    [COMPONENT_FLOW] = 1.488,    [COMPONENT_DARK_POOL] = 0.312, [COMPONENT_INSIDER] = 0.125,
    [COMPONENT_IV_SKEW] = 0.156, [COMPONENT_SMILE] = 0.035,     [COMPONENT_EVENT] = 0.16,
    [COMPONENT_REGIME] = 0.012,  [COMPONENT_GREEKS] = 0.08,     [COMPONENT_FTD] = 0.06,
    [COMPONENT_IV_RANK] = 0.03,  [COMPONENT_OI] = 0.07,         [COMPONENT_ETF] = 0.06,
    [COMPONENT_SQUEEZE] = 0.04,
};

static bool
is_same(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

enum rc
composite_self_test(struct err *err)
{
    struct composite c;

    composite_v1(&GOLDEN, SCORE_REGIME_NEUTRAL, NULL, WHEN_NONE, &c);
    for (int i = 0; i < COMPONENTS_LEN; i++) {
        if (!is_same(round_places(c.component[i], 3), GOLDEN_COMPONENTS[i]))
            return err_set(err, RC_RANGE, "self-test: component %s is %.9f, must be %.3f",
                           COMPONENTS[i].name, c.component[i], GOLDEN_COMPONENTS[i]);
    }
    if (!is_same(c.score, GOLDEN_SCORE))
        return err_set(err, RC_RANGE, "self-test: score is %.9f, must be %.3f", c.score,
                       GOLDEN_SCORE);
    return RC_OK;
}
