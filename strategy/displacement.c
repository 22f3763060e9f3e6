#include "strategy/displacement.h"

#include <math.h>

#include "strategy/number.h"

/* Elite tier (R7.3). */
static const double ELITE_SCORE = 3.6, ELITE_WEAK_SCORE = 3.0, ELITE_LOSS_PCT = -0.5;
/* Competitive tier (R7.4). */
static const double COMPETITIVE_SCORE = 4.0, COMPETITIVE_ADVANTAGE = 1.0;

const char *
displacement_tier_name(enum displacement_tier t)
{
    static const char *const names[] = {
        [DISPLACEMENT_NONE] = "none",
        [DISPLACEMENT_ELITE] = "elite",
        [DISPLACEMENT_COMPETITIVE] = "competitive",
        [DISPLACEMENT_NORMAL] = "normal",
    };
    return names[t];
}

/* Ascending; what is not known comes last. */
static int
compare(double a, double b)
{
    a = isnan(a) ? HUGE_VAL : a;
    b = isnan(b) ? HUGE_VAL : b;
    return (a > b) - (a < b);
}

/* Takes list[i] as the choice if it comes before the choice so far; equal ones keep the list's
 * order. */
static void
choose(struct displacement_verdict *r, enum displacement_tier tier, size_t i, int order)
{
    if (r->tier != DISPLACEMENT_NONE && order >= 0) return;
    r->tier = tier;
    r->index = i;
}

/* Never a candidate for giving way. */
static bool
is_out(const struct displacement_view *v, const struct displaceable *p)
{
    return p->is_out || str_eq(symbol_normal_form(p->symbol), symbol_normal_form(v->symbol));
}

static void
find_elite(const struct displacement_view *v, struct displacement_verdict *r)
{
    if (!(v->score > ELITE_SCORE)) return;
    for (size_t i = 0; i < v->len; i++) {
        const struct displaceable *p = &v->list[i], *best = &v->list[r->index];
        if (is_out(v, p) || !(p->current < ELITE_WEAK_SCORE || p->pnl_pct < ELITE_LOSS_PCT))
            continue;
        int order = compare(p->current, best->current);
        choose(r, DISPLACEMENT_ELITE, i, order != 0 ? order : compare(p->pnl_pct, best->pnl_pct));
    }
    if (r->tier == DISPLACEMENT_NONE) return;
    r->reason = "elite_tier_displacement";
    r->why = v->list[r->index].current < ELITE_WEAK_SCORE ? "score_too_low" : "negative_pnl";
}

static void
find_competitive(const struct displacement_view *v, struct displacement_verdict *r)
{
    if (!(v->score > COMPETITIVE_SCORE)) return;
    for (size_t i = 0; i < v->len; i++) {
        if (is_out(v, &v->list[i])) continue;
        choose(r, DISPLACEMENT_COMPETITIVE, i,
               compare(v->list[i].current, v->list[r->index].current));
    }
    if (r->tier == DISPLACEMENT_NONE) return;
    double advantage = v->score - v->list[r->index].current;
    if (advantage > COMPETITIVE_ADVANTAGE) {
        r->score_advantage = advantage;
        r->reason = "competitive_displacement";
    } else {
        r->tier = DISPLACEMENT_NONE;
        r->index = 0;
    }
}

const char *
displacement_fail_reason(const struct displacement_view *v, const struct displaceable *p)
{
    const struct strategy_config *cfg = v->cfg;
    int64_t cooldown_ns = cfg->displacement_cooldown_h * NS_PER_HOUR;

    if (p->displaced_ns != WHEN_NONE && v->now_ns - p->displaced_ns < cooldown_ns)
        return "in_cooldown";
    if (!(fabs(p->pnl_pct) / 100 <= cfg->displacement_max_pnl)) return "pnl_too_high";
    if (!(p->age_h >= (double)cfg->displacement_min_age_h)) return "too_young";
    if (!(v->score - p->entry_score >= cfg->displacement_score_advantage))
        return "score_advantage_insufficient";
    return "";
}

static void
count_failure(struct displacement_verdict *r, const char *why)
{
    r->in_cooldown += str_eq(why, "in_cooldown");
    r->pnl_too_high += str_eq(why, "pnl_too_high");
    r->too_young += str_eq(why, "too_young");
    r->score_advantage_insufficient += str_eq(why, "score_advantage_insufficient");
}

static void
find_normal(const struct displacement_view *v, struct displacement_verdict *r)
{
    for (size_t i = 0; i < v->len; i++) {
        const struct displaceable *p = &v->list[i], *best = &v->list[r->index];
        if (is_out(v, p)) continue;
        const char *why = displacement_fail_reason(v, p);
        if (why[0] != '\0') {
            count_failure(r, why);
            continue;
        }
        int order = compare(p->entry_score, best->entry_score);
        if (order == 0) order = compare(-p->age_h, -best->age_h);
        choose(r, DISPLACEMENT_NORMAL, i, order != 0 ? order : compare(p->pnl_pct, best->pnl_pct));
    }
    if (r->tier == DISPLACEMENT_NORMAL)
        r->score_advantage = v->score - v->list[r->index].entry_score;
}

struct displacement_verdict
displacement_find(const struct displacement_view *v)
{
    static void (*const tiers[])(const struct displacement_view *,
                                 struct displacement_verdict *) = {
        find_elite,
        find_competitive,
        find_normal,
    };
    struct displacement_verdict r = {.reason = "", .why = "", .score_advantage = NUMBER_NONE};

    if (!v->cfg->displacement || v->len == 0) return r;
    for (size_t i = 0; i < COUNT_OF(tiers) && r.tier == DISPLACEMENT_NONE; i++)
        tiers[i](v, &r);
    return r;
}
