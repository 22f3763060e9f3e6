#include "engine/shadow_verdict.h"

#include <math.h>

static struct v2_moment
moment_of(double v2_score, const struct shadow_uw *uw, const char *regime_label, const char *sector)
{
    return (struct v2_moment){
        .v2_score = v2_score,
        .flow_strength = uw->flow_strength,
        .dark_pool_bias = uw->dark_pool_bias,
        .sentiment = uw->sentiment,
        .regime_label = regime_label,
        .sector = sector,
    };
}

static struct v2_exit_verdict
judge(const struct shadow_position *p, const struct shadow_seen *seen,
      const struct shadow_facts *facts)
{
    const struct shadow_candidate *candidate = facts->candidate;
    struct v2_exit_case c = {
        .symbol = seen->symbol,
        .side = str_eq(p->side, "short") ? V2_SHORT : V2_LONG,
        .entry_price = p->entry_price,
        .price = shadow_price(seen),
        .entry = moment_of(p->entry_v2_score, &p->entry_uw, p->entry_regime, p->entry_sector),
        .now = moment_of(seen->v2_score, &seen->uw, seen->uw.regime_label, seen->uw.sector),
        .realised_vol_20d = facts->realised_vol_20d,
        .flags = facts->flags,
        .candidate = candidate != NULL ? candidate->symbol : NULL,
        .candidate_v2_score = candidate != NULL ? candidate->v2_score : (double)NAN,
    };
    struct v2_exit_verdict v;

    v2_exit_judge(&c, &v);
    return v;
}

/* What was written, moved to the arena; the writer is as new. */
static const char *
taken(struct json_out *o, struct arena *a)
{
    const char *s = arena_strndup(a, text_str(o->to), o->to->len);

    text_clear(o->to);
    *o = (struct json_out){.to = o->to};
    return s;
}

/* The verdict as the shadow takes it: numbers, and the reasoning as evidence. */
static struct shadow_verdict
plain_verdict(const struct v2_exit_verdict *v, const struct shadow_uw *now, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct shadow_verdict plain = {
        .is_exit = v->is_exit,
        .reason = v2_exit_reason_name(v->reason),
        .exit_score = v->score.score,
        .score_component = round_dec(v->score.component[V2_EXIT_SCORE], 4),
        .target_price = v->target.price,
        .stop_price = v->stop.price,
    };

    v2_components_write(&o, NULL, &v->score);
    plain.components_json = taken(&o, a);
    v2_target_reasoning_write(&o, NULL, &v->target, now->regime_label, now->sector);
    plain.target_json = taken(&o, a);
    v2_stop_reasoning_write(&o, NULL, &v->stop, now->regime_label);
    plain.stop_json = taken(&o, a);
    if (v->replacement.reason == V2_REPLACE_CHOSEN) {
        plain.replacement = v->replacement.candidate;
        v2_replace_reasoning_write(&o, NULL, &v->replacement);
        plain.replacement_json = taken(&o, a);
    }
    return plain;
}

struct shadow_verdict
shadow_verdict_of(const struct shadow_position *p, const struct shadow_seen *seen,
                  const struct shadow_facts *facts, struct arena *a)
{
    struct v2_exit_verdict v = judge(p, seen, facts);

    return plain_verdict(&v, &seen->uw, a);
}
