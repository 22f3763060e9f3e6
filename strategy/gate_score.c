#include "strategy/gate_parts.h"

#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "strategy/number.h"

/* Expectancy (R5.24): what a score is expected to bring, in score units over five. */
static const double EV_SCORE_SCALE = 5, EV_SCORE_MIDDLE = 0.5;
static const double EV_PROFILE = 0;     /* no learned profile */
static const double EV_TIME_OF_DAY = 0; /* not measured       */
static const double EV_EXPLORATION_FLOOR = -0.02;
static const double TOXIC = 0.5, TOXIC_SLOPE = 0.3, MILDLY_TOXIC = 0.3, MILD_SLOPE = 0.1;

/* Minimum score (R5.26). */
static const double SCORE_MIN_BOOTSTRAP = 1.5;
static const int64_t SCORE_FLOOR_NS = 24 * NS_PER_HOUR;
enum { SCORE_FLOOR_LOSSES = 3 };

/* Momentum (R5.30), fractions of the price. */
static const double MOMENTUM_ATR_SHARE = 0.08, MOMENTUM_MIN = 0.00002, MOMENTUM_MAX = 0.002,
                    MOMENTUM_DEFAULT = 0.0001;
static const double MOMENTUM_STILL = 0.001, MOMENTUM_STILL_SCORE = 4.0, MOMENTUM_BYPASS_SCORE = 1.5;

static double
regime_term(const char *regime)
{
    static const struct {
        const char *name;
        double term;
    } terms[] = {
        {"RISK_ON",              0.05 },
        {"RISK_OFF",             -0.05},
        {"low_vol_uptrend",      0.08 },
        {"high_vol_neg_gamma",   -0.08},
        {"downtrend_flow_heavy", -0.06},
    };
    for (size_t i = 0; i < COUNT_OF(terms); i++) {
        if (str_eq(regime, terms[i].name)) return terms[i].term;
    }
    return 0;
}

static double
toxicity_term(double toxicity)
{
    if (toxicity > TOXIC) return (toxicity - TOXIC) * TOXIC_SLOPE;
    return toxicity > MILDLY_TOXIC ? (toxicity - MILDLY_TOXIC) * MILD_SLOPE : 0;
}

/* Refusals that come before any arithmetic; NULL for none. */
static const char *
refused_at_once(const struct entry_view *v)
{
    if (v->freeze_active) return "freeze_active";
    if (!(v->score >= v->cfg->min_exec_score)) return "score_floor_breach";
    return v->broker_degraded ? "broker_health_degraded" : NULL;
}

struct expectancy
expectancy_of(const struct entry_view *v)
{
    const struct stage_limits *stage = stage_limits(v->stage);
    struct expectancy e = {.regime_term = regime_term(v->market_regime),
                           .toxicity_term = toxicity_term(v->toxicity)};
    const char *refused = refused_at_once(v);

    e.ev = round_dec((v->score / EV_SCORE_SCALE - EV_SCORE_MIDDLE) * (1 + EV_PROFILE) +
                         e.regime_term + EV_TIME_OF_DAY - e.toxicity_term,
                     4);
    if (refused != NULL) {
        (void)snprintf(e.reason, sizeof(e.reason), "%s", refused);
    } else if (e.ev >= stage->ev_floor) {
        e.passed = true;
        (void)snprintf(e.reason, sizeof(e.reason), "expectancy_passed");
    } else if (e.ev >= EV_EXPLORATION_FLOOR && v->exploration_used < stage->exploration_quota) {
        e.passed = e.uses_exploration = true;
        (void)snprintf(e.reason, sizeof(e.reason), "exploration_quota_%d/%d",
                       v->exploration_used + 1, stage->exploration_quota);
    } else {
        (void)snprintf(e.reason, sizeof(e.reason), "ev_below_floor_%s", stage->name);
    }
    return e;
}

bool
gate_expectancy(const struct entry_view *v, struct gate_verdict *r)
{
    r->expectancy = expectancy_of(v);
    (void)snprintf(r->reason, sizeof(r->reason), "expectancy_blocked:%s", r->expectancy.reason);
    (void)str_copy(r->detail, sizeof(r->detail), r->expectancy.reason);
    if (str_eq(r->expectancy.reason, "score_floor_breach"))
        return gate_compared(r, v->score, v->cfg->min_exec_score, true);
    return gate_compared(r, r->expectancy.ev, stage_limits(v->stage)->ev_floor,
                         !r->expectancy.passed);
}

double
score_min(const struct entry_view *v)
{
    return (v->stage == STAGE_BOOTSTRAP ? SCORE_MIN_BOOTSTRAP : v->cfg->min_exec_score) +
           v->score_adjustment;
}

bool
gate_min_score(const struct entry_view *v, struct gate_verdict *r)
{
    return gate_compared(r, v->score, score_min(v), !(v->score >= score_min(v)));
}

/* How far the price must have gone its way: a share of the usual range, or a fixed small step. */
static double
momentum_threshold(const struct entry_view *v)
{
    double price = usd_to_double(v->ref);

    if (!(v->momentum.atr14 > 0) || !(price > 0)) return MOMENTUM_DEFAULT;
    return number_clamp(v->momentum.atr14 / price * MOMENTUM_ATR_SHARE, MOMENTUM_MIN, MOMENTUM_MAX);
}

struct momentum_result
momentum_of(const struct entry_view *v)
{
    struct momentum_result m = {.change = NUMBER_NONE, .threshold = momentum_threshold(v)};
    double first = (double)v->momentum.first_close.e4;

    if (v->momentum.data != MOMENTUM_KNOWN || !(first > 0)) {
        m.status =
            v->momentum.data == MOMENTUM_INSUFFICIENT ? IGNITION_INSUFFICIENT : IGNITION_ERROR;
        return m;
    }
    m.change = ((double)v->momentum.last_close.e4 - first) / first;
    bool went =
        v->direction == DIRECTION_BULLISH ? m.change >= m.threshold : m.change <= -m.threshold;
    bool is_still = v->score > MOMENTUM_STILL_SCORE && fabs(m.change) < MOMENTUM_STILL;
    m.status = went || is_still                    ? IGNITION_PASSED
               : v->score >= MOMENTUM_BYPASS_SCORE ? IGNITION_BYPASSED
                                                   : IGNITION_BLOCKED;
    return m;
}

bool
gate_momentum(const struct entry_view *v, struct gate_verdict *r)
{
    r->momentum = momentum_of(v);
    (void)str_copy(r->detail, sizeof(r->detail), ignition_name(r->momentum.status));
    return gate_compared(r, r->momentum.change, r->momentum.threshold,
                         r->momentum.status == IGNITION_BLOCKED);
}

const char *
ignition_name(enum ignition s)
{
    static const char *const names[] = {
        [IGNITION_PASSED] = "passed",
        [IGNITION_BYPASSED] = "bypassed_high_score",
        [IGNITION_INSUFFICIENT] = "insufficient_data",
        [IGNITION_ERROR] = "error",
        [IGNITION_BLOCKED] = "blocked",
    };
    return names[s];
}

/* Losses in a row, newest first, at most three. */
static int
losses_in_a_row(const double *pnl_pct, size_t len)
{
    int losses = 0;

    while (losses < SCORE_FLOOR_LOSSES && (size_t)losses < len &&
           pnl_pct[len - 1 - (size_t)losses] < 0)
        losses++;
    return losses;
}

struct score_floor
score_floor_after(const struct score_floor *f, const double *pnl_pct, size_t len,
                  int64_t last_closed_ns, int64_t now_ns)
{
    struct score_floor after = *f;

    after.consecutive_losses = losses_in_a_row(pnl_pct, len);
    bool all_lost = after.consecutive_losses == SCORE_FLOOR_LOSSES;
    if (f->adjustment > 0) {
        bool is_over = f->activated_ns == WHEN_NONE || now_ns - f->activated_ns >= SCORE_FLOOR_NS;
        if (all_lost && !is_over) return after;
        after.adjustment = 0;
        after.activated_ns = WHEN_NONE;
        after.reset_ns = now_ns;
    } else if (all_lost && (f->reset_ns == WHEN_NONE || last_closed_ns > f->reset_ns)) {
        after.adjustment = SCORE_FLOOR_RAISED;
        after.activated_ns = now_ns;
    }
    return after;
}
