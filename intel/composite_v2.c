#include "intel/composite_v2.h"

#include <math.h>

#include "intel/regime.h"

static const double FUTURES_STEP = 0.005;
static const double WEAK_POSTURE = 0.6; /* of what a confident posture counts */
static const double CENTER_MIN = 1e-9;  /* divisor of the low-volatility penalty */
static const double GAMMA_MIN = 0.5;
enum { SCORE_DECIMALS = 3 };

const char *
futures_direction_name(enum futures_direction f)
{
    static const char *const names[] = {
        [FUTURES_FLAT] = "flat", [FUTURES_UP] = "up", [FUTURES_DOWN] = "down"};
    return names[f];
}

static double
within_0_1(double x)
{
    return ops_clamp(x, 0, 1);
}

/* ---- how the symbol stands to the market --------------------------------------------------- */

struct stance {
    bool is_aligned, is_against; /* the direction of the flow, to the posture */
    double fit;                  /* A */
    double volatility;           /* V */
    double posture;              /* k */
};

static struct stance
stance_of(const struct v2_world *w, enum intel_direction d)
{
    const struct composite_params *p = w->params;
    bool is_long = str_eq(w->posture, "long"), is_short = str_eq(w->posture, "short");
    bool is_bullish = d == INTEL_BULLISH, is_bearish = d == INTEL_BEARISH;
    struct stance s = {
        .is_aligned = (is_long && is_bullish) || (is_short && is_bearish),
        .is_against = (is_long && is_bearish) || (is_short && is_bullish),
        .volatility = str_eq(w->volatility, "high")  ? p->high_vol_multiplier
                      : str_eq(w->volatility, "low") ? p->low_vol_multiplier
                                                     : p->mid_vol_multiplier,
        .posture = w->posture_confidence >= p->posture_conf_strong ? 1 : WEAK_POSTURE,
    };
    bool takes_no_side = d == INTEL_NEUTRAL || str_eq(w->posture, "neutral");

    s.fit = s.is_against ? p->misalign_dampen : takes_no_side ? p->neutral_dampen : 1;
    return s;
}

static enum futures_direction
futures_of(const struct v2_world *w)
{
    double sum = w->spy_overnight_ret + w->qqq_overnight_ret;

    return sum > FUTURES_STEP ? FUTURES_UP : sum < -FUTURES_STEP ? FUTURES_DOWN : FUTURES_FLAT;
}

/* ---- the terms on the v1 score ------------------------------------------------------------- */

static double
low_vol_penalty(const struct v2_world *w, double vol, double fit)
{
    double center = w->params->low_vol_penalty_center;

    if (!str_eq(w->volatility, "high")) return 0;
    return w->params->low_vol_penalty_max * within_0_1((center - vol) / fmax(CENTER_MIN, center)) *
           fit;
}

static double
premarket_bonus(const struct composite_params *p, enum intel_direction d, enum futures_direction f,
                double fit)
{
    if (d == INTEL_NEUTRAL || f == FUTURES_FLAT) return 0;
    bool agrees = (d == INTEL_BULLISH) == (f == FUTURES_UP);
    return (agrees ? p->premarket_align_bonus : p->premarket_misalign_penalty) * fit;
}

/* What both the terms and the shaping look at. */
struct measures {
    double vol_rank;   /* vs */
    double conviction; /* u */
};

static double
shaping(const struct v2_world *w, const struct composite_v2_case *c, const struct measures *m,
        const struct stance *s)
{
    const struct composite_params *p = w->params;
    bool is_busy_and_weak = c->trade_count >= p->shape_trade_count_strong &&
                            m->conviction <= p->shape_uw_weak_threshold;

    if (!w->is_shaping) return 0;
    double sum = p->shape_vol_bonus_max * pow(m->vol_rank, fmax(GAMMA_MIN, p->shape_vol_gamma)) *
                 s->volatility * s->fit;
    sum += p->shape_regime_align_bonus * (s->is_aligned ? s->posture : 0);
    if (is_busy_and_weak) sum += p->shape_uw_weak_penalty_max * s->fit;
    return sum;
}

static struct composite_v2_terms
terms_of(const struct v2_world *w, const struct composite_v2_case *c, const struct stance *s,
         enum futures_direction futures)
{
    const struct composite_params *p = w->params;
    struct measures m = {
        .vol_rank = within_0_1((c->realised_vol_20d - p->vol_center) / p->vol_scale),
        .conviction = c->trade_count > 0 ? within_0_1(c->conviction) : 0,
    };
    double beta_rank = within_0_1((c->beta_vs_spy - p->beta_center) / p->beta_scale);
    double uw_rank = within_0_1((m.conviction - p->uw_center) / p->uw_scale);
    struct composite_v2_terms t = {
        .vol_bonus = p->vol_bonus_max * m.vol_rank * s->volatility * s->fit,
        .low_vol_penalty = low_vol_penalty(w, c->realised_vol_20d, s->fit),
        .beta_bonus = p->beta_bonus_max * beta_rank * s->volatility * s->fit,
        .uw_bonus = p->uw_bonus_max * uw_rank * s->fit,
        .premarket_bonus = premarket_bonus(p, c->direction, futures, s->fit),
        .regime_align_bonus = s->is_aligned ? p->regime_align_bonus * s->posture : 0,
        .regime_misalign_penalty = s->is_against ? p->regime_misalign_penalty * s->posture : 0,
        .shaping = shaping(w, c, &m, s),
    };

    t.total = t.vol_bonus + t.low_vol_penalty + t.beta_bonus + t.uw_bonus + t.premarket_bonus +
              t.regime_align_bonus + t.regime_misalign_penalty + t.shaping;
    return t;
}

/* ---- the UW layer -------------------------------------------------------------------------- */

static bool
agrees(const char *sentiment, enum intel_direction d)
{
    return (d == INTEL_BULLISH && str_eq(sentiment, "BULLISH")) ||
           (d == INTEL_BEARISH && str_eq(sentiment, "BEARISH"));
}

static struct composite_v2_uw
uw_of(const struct uw_weights *p, const struct composite_v2 *v, const struct sector_weights *sector,
      enum intel_direction d, double fit)
{
    const struct intel_record *r = &v->record;
    struct composite_v2_uw u = {
        .flow_strength = p->flow_strength_bonus_max * r->flow_strength * fit * sector->flow *
                         p->flow_strength_weight,
        .dark_pool_bias = p->darkpool_bias_bonus_max * fabs(r->dark_pool_bias) * fit *
                          sector->dark_pool * p->darkpool_bias_weight,
        .sector_alignment = p->sector_alignment_bonus_max * fmax(0, r->sector_alignment) * fit *
                            p->sector_alignment_weight,
        .regime_alignment = p->regime_alignment_bonus_max * fmax(0, v->regime_alignment) * fit *
                            p->regime_alignment_weight,
    };

    if (agrees(r->sentiment, d)) u.sentiment = p->sentiment_bonus_max * fit * p->sentiment_weight;
    if (r->has_earnings && (double)r->earnings_days <= p->earnings_penalty_days) {
        u.earnings_proximity = p->earnings_proximity_penalty_max * fit * sector->earnings *
                               p->earnings_proximity_weight;
    }
    u.total = u.flow_strength + u.dark_pool_bias + u.sentiment + u.earnings_proximity +
              u.sector_alignment + u.regime_alignment;
    return u;
}

static void
apply_layer(const struct v2_world *w, const struct composite_v2_case *c, double fit,
            struct composite_v2 *v)
{
    const struct intel_record *found = v2_world_record(w, c->symbol);

    v->has_layer = true;
    v->in_universe = v2_world_membership(w, c->symbol);
    v->sector = sector_of(c->symbol);
    v->regime_alignment = regime_alignment(w->regime_label, c->direction);
    if (found == NULL) return;
    v->has_record = true;
    v->record = *found;
    v->record.flow_strength = within_0_1(found->flow_strength);
    v->record.dark_pool_bias = ops_clamp(found->dark_pool_bias, -1, 1);
    v->record.sector_alignment = ops_clamp(found->sector_alignment, -1, 1);
    v->intel_version = v2_world_intel_version(w);
    v->uw = uw_of(&w->params->uw, v, &w->sectors.sector[v->sector], c->direction, fit);
}

/* ---- the score ----------------------------------------------------------------------------- */

void
composite_v2(const struct v2_world *w, const struct composite_v2_case *c, struct composite_v2 *ret)
{
    struct stance s = stance_of(w, c->direction);
    struct composite_v2 v = {.futures = futures_of(w), .intel_version = ""};

    v.terms = terms_of(w, c, &s, v.futures);
    double score = ops_clamp(c->base_score + v.terms.total, 0, COMPOSITE_V2_MAX);
    if (w->params->has_uw) apply_layer(w, c, s.fit, &v);
    /* Clamped twice: what the terms lost at a bound, the layer does not get back. */
    if (v.has_record) score = ops_clamp(score + v.uw.total, 0, COMPOSITE_V2_MAX);
    v.score = round_dec(score, SCORE_DECIMALS);
    *ret = v;
}

bool
composite_v2_is_attributed(const struct composite_v2_case *c, const struct composite_v2 *v)
{
    return c->trade_count > 0 || v->has_record;
}
