#include "exitlogic/exitlogic.h"

#include <math.h>

/* Of the flow strength at entry; so much less is a reversal. */
#define FLOW_REVERSED 0.35

/* On the winning side of the level, or on it; a level that is not there is never reached. */
static bool
is_reached(double price, double level, bool is_above)
{
    if (!(level > 0)) return false;
    return is_above ? price >= level : price <= level;
}

static enum v2_exit_reason
decide(const struct v2_exit_case *c, const struct v2_exit_verdict *v)
{
    bool is_long = c->side == V2_LONG;

    if (c->price > 0 && c->entry_price > 0) {
        if (is_reached(c->price, v->target.price, is_long)) return V2_EXIT_PROFIT;
        if (is_reached(c->price, v->stop.price, !is_long)) return V2_EXIT_STOP;
    }
    if (v->replacement.reason == V2_REPLACE_CHOSEN) return V2_EXIT_REPLACEMENT;
    if (v->score.score >= V2_SCORE_EXIT) return v->score.reason;
    return V2_EXIT_HOLD;
}

void
v2_exit_judge(const struct v2_exit_case *c, struct v2_exit_verdict *ret_verdict)
{
    struct v2_trade trade = {
        .side = c->side,
        .entry_price = c->entry_price,
        .realised_vol_20d = c->realised_vol_20d,
        .regime_label = c->now.regime_label,
        .sector = c->now.sector,
    };
    bool is_flow_reversed = c->entry.flow_strength - c->now.flow_strength >= FLOW_REVERSED;
    struct v2_exit_verdict v = {
        .score = v2_exit_score(&c->entry, &c->now, c->realised_vol_20d, &c->flags),
        .target = v2_target_of(&trade, c->now.flow_strength),
        .stop = v2_stop_of(&trade, is_flow_reversed, c->flags.sector_collapse),
    };

    v.replacement = (struct v2_replacement){
        .exit_score = v.score.score,
        .threshold = V2_REPLACE_EXIT_SCORE,
        .margin = V2_REPLACE_MARGIN,
        .symbol = c->symbol,
        .candidate = c->candidate,
        .v2_score = c->now.v2_score,
        .candidate_v2_score = c->candidate_v2_score,
    };
    v2_replace(&v.replacement);
    v.reason = decide(c, &v);
    v.is_exit = v.reason != V2_EXIT_HOLD;
    *ret_verdict = v;
}
