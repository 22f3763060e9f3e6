#include "strategy/composite_gate.h"

#include "strategy/score_math.h"

const char *
composite_gate_name(enum composite_gate g)
{
    static const char *const names[COMPOSITE_GATES_LEN] = {
        [COMPOSITE_GATE_PASS] = "passed",
        [COMPOSITE_GATE_NONE] = "composite_none",
        [COMPOSITE_GATE_SCORE] = "score_gate",
        [COMPOSITE_GATE_TOXICITY] = "toxicity_gate",
        [COMPOSITE_GATE_FRESHNESS] = "freshness_gate",
        [COMPOSITE_GATE_DIRECTION] = "direction_neutral",
        [COMPOSITE_GATE_EXHAUSTION] = "atr_exhaustion_gate",
        [COMPOSITE_GATE_WALL] = "resistance_wall_detected",
    };
    return names[g];
}

static struct composite_gate_result
verdict(enum composite_gate gate, double number, double threshold)
{
    return (struct composite_gate_result){.gate = gate, .number = number, .threshold = threshold};
}

struct composite_gate_result
composite_gate_score(const struct composite *c, double score, double threshold)
{
    if (c == NULL) return verdict(COMPOSITE_GATE_NONE, 0, threshold);
    /* Not ">=": a score that is no number must be blocked too. */
    if (!(score >= threshold)) return verdict(COMPOSITE_GATE_SCORE, score, threshold);
    if (!(c->toxicity <= COMPOSITE_TOXICITY_MAX))
        return verdict(COMPOSITE_GATE_TOXICITY, c->toxicity, COMPOSITE_TOXICITY_MAX);
    if (!(c->freshness >= COMPOSITE_FRESHNESS_MIN))
        return verdict(COMPOSITE_GATE_FRESHNESS, c->freshness, COMPOSITE_FRESHNESS_MIN);
    if (c->sentiment == SENTIMENT_NEUTRAL) return verdict(COMPOSITE_GATE_DIRECTION, 0, 1);
    return verdict(COMPOSITE_GATE_PASS, score, threshold);
}

/* Distance to the nearest gamma level as a fraction of the level; infinite without levels. */
static double
wall_distance(const struct flow_facts *f, double price)
{
    double nearest = HUGE_VAL;
    for (size_t i = 0; i < f->gamma_levels_len; i++)
        nearest = fmin(nearest, fabs(price - f->gamma_level[i]) / f->gamma_level[i]);
    return nearest;
}

struct composite_gate_result
composite_gate_market(const struct enriched *e, double score, const struct composite_gate_market *m)
{
    if (m->is_exhaustion_on && m->price > 0 && m->ema20 > 0 && m->atr20 > 0) {
        double ranges = (m->price - m->ema20) / m->atr20;
        if (ranges > COMPOSITE_EXHAUSTED_ATR)
            return verdict(COMPOSITE_GATE_EXHAUSTION, ranges, COMPOSITE_EXHAUSTED_ATR);
    }
    if (m->is_wall_on && m->price > 0) {
        double distance = wall_distance(&e->facts, m->price);
        if (distance <= COMPOSITE_WALL_FRACTION)
            return verdict(COMPOSITE_GATE_WALL, distance, COMPOSITE_WALL_FRACTION);
    }
    return verdict(COMPOSITE_GATE_PASS, score, 0);
}

struct composite_gate_result
composite_gate(const struct composite *c, const struct enriched *e, double score, double threshold,
               const struct composite_gate_market *m)
{
    struct composite_gate_result r = composite_gate_score(c, score, threshold);
    if (r.gate == COMPOSITE_GATE_PASS) r = composite_gate_market(e, score, m);
    if (r.gate == COMPOSITE_GATE_PASS) r.threshold = threshold;
    return r;
}

double
composite_threshold(const struct json *thresholds, const char *symbol)
{
    return json_f64(thresholds, symbol, COMPOSITE_THRESHOLD);
}
