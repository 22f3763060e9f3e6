#include "exitlogic/score.h"

#include <math.h>

#include "base/ops.h"

#define SCORE_SCALE     8.0  /* the composite's range                        */
#define VOL_CALM        0.35 /* realised volatility that is still no concern */
#define VOL_RANGE       0.25 /* so much more of it is a full one             */
#define LOST_SCORE      0.35 /* of the scale: the thesis is gone             */
#define STOP_VOL        0.80 /* volatility component ...                     */
#define STOP_VOL_SCORE  0.60 /* ... with a score of this                     */
#define STOP_EARN_SCORE 0.50 /* score, with earnings near                    */
#define REPLACE_SCORE   0.75
#define PROFIT_SCORE    0.55

const struct v2_exit_component_row V2_EXIT_COMPONENTS[V2_EXIT_COMPONENTS_LEN] = {
    [V2_EXIT_FLOW] = {"flow_deterioration",      0.20},
    [V2_EXIT_DARK_POOL] = {"darkpool_deterioration",  0.10},
    [V2_EXIT_SENTIMENT] = {"sentiment_deterioration", 0.10},
    [V2_EXIT_SCORE] = {"score_deterioration",     0.25},
    [V2_EXIT_REGIME_SHIFT] = {"regime_shift",            0.10},
    [V2_EXIT_SECTOR_SHIFT] = {"sector_shift",            0.05},
    [V2_EXIT_VOL_EXPANSION] = {"vol_expansion",           0.10},
    [V2_EXIT_THESIS] = {"thesis_invalidated",      0.10},
    [V2_EXIT_EARNINGS] = {"earnings_risk",           0   },
    [V2_EXIT_OVERNIGHT] = {"overnight_flow_risk",     0   },
};

const char *
v2_exit_reason_name(enum v2_exit_reason r)
{
    static const char *const names[] = {
        [V2_EXIT_HOLD] = "hold",
        [V2_EXIT_PROFIT] = "profit",
        [V2_EXIT_STOP] = "stop",
        [V2_EXIT_REPLACEMENT] = "replacement",
        [V2_EXIT_INTEL_DETERIORATION] = "intel_deterioration",
    };
    return names[r];
}

static double
one_if(bool fact)
{
    return fact ? 1 : 0;
}

static double
vol_expansion(double vol)
{
    /* Not known is no expansion; a volatility of zero is how "not known" is stored. */
    return vol > 0 ? ops_clamp((vol - VOL_CALM) / VOL_RANGE, 0, 1) : 0;
}

static enum v2_exit_reason
recommend(const struct v2_exit_score *s)
{
    const double *c = s->component;

    if (c[V2_EXIT_THESIS] > 0) return V2_EXIT_INTEL_DETERIORATION;
    if (c[V2_EXIT_SCORE] >= LOST_SCORE) return V2_EXIT_INTEL_DETERIORATION;
    if (c[V2_EXIT_VOL_EXPANSION] >= STOP_VOL && s->score >= STOP_VOL_SCORE) return V2_EXIT_STOP;
    if (c[V2_EXIT_EARNINGS] > 0 && s->score >= STOP_EARN_SCORE) return V2_EXIT_STOP;
    if (s->score >= REPLACE_SCORE) return V2_EXIT_REPLACEMENT;
    if (s->score >= PROFIT_SCORE) return V2_EXIT_PROFIT;
    return V2_EXIT_HOLD;
}

struct v2_exit_score
v2_exit_score(const struct v2_moment *entry, const struct v2_moment *now, double realised_vol_20d,
              const struct v2_exit_flags *flags)
{
    struct v2_exit_score s = {
        .component =
            {
                        [V2_EXIT_FLOW] = ops_clamp(entry->flow_strength - now->flow_strength, 0, 1),
                        [V2_EXIT_DARK_POOL] =
                    ops_clamp(fabs(entry->dark_pool_bias) - fabs(now->dark_pool_bias), 0, 1),
                        [V2_EXIT_SENTIMENT] = one_if(!str_eq_nocase(entry->sentiment, now->sentiment)),
                        [V2_EXIT_SCORE] =
                    ops_clamp(entry->v2_score - now->v2_score, 0, SCORE_SCALE) / SCORE_SCALE,
                        [V2_EXIT_REGIME_SHIFT] =
                    one_if(!str_eq_nocase(entry->regime_label, now->regime_label)),
                        [V2_EXIT_SECTOR_SHIFT] = one_if(!str_eq_nocase(entry->sector, now->sector)),
                        [V2_EXIT_VOL_EXPANSION] = vol_expansion(realised_vol_20d),
                        [V2_EXIT_THESIS] = one_if(flags->thesis_invalidated),
                        [V2_EXIT_EARNINGS] = one_if(flags->earnings_risk),
                        [V2_EXIT_OVERNIGHT] = one_if(flags->overnight_flow_risk),
                        },
    };
    double sum = 0;
    for (int i = 0; i < V2_EXIT_COMPONENTS_LEN; i++)
        sum += V2_EXIT_COMPONENTS[i].weight * s.component[i];
    s.score = ops_clamp(sum, 0, 1);
    s.reason = recommend(&s);
    return s;
}
