#include "strategy/exits.h"

#include <math.h>

#include "base/json.h"
#include "strategy/exit_parts.h"
#include "strategy/number.h"

/* Urgency (R6.6): points by factor, each with its weight. */
static const double URGENCY_MAX = 10;
static const double DECAYED_RATIO = 0.7, DECAY_WEIGHT = 1.0;
static const double REVERSAL_POINTS = 2.0, REVERSAL_WEIGHT = 1.2;
static const double DRAWDOWN_SLOPE = 0.5, DRAWDOWN_POINTS_MAX = 3, DRAWDOWN_WEIGHT = 1.5;
static const double OLD_H = 72, OLD_H_PER_POINT = 48, OLD_POINTS_MAX = 2, OLD_WEIGHT = 0.8;
static const double DEEP_LOSS_PCT = -5, DEEP_LOSS_POINTS = 2.0;

static usd
price_of(const struct exit_view *v)
{
    if (v->held->price.e4 > 0) return v->held->price;
    return v->last.is_known ? v->last.price : USD_ZERO;
}

static usd
entry_of(const struct exit_view *v, usd price)
{
    int64_t qty = v->held->qty < 0 ? -v->held->qty : v->held->qty;
    usd average = qty > 0 ? usd_div_qty(v->held->cost, qty) : USD_ZERO;

    if (average.e4 > 0) return average;
    return v->record->entry_price.e4 > 0 ? v->record->entry_price : price;
}

/* Both are whole 1/10000 dollars, so that a threshold that is reached exactly is reached exactly.
 */
double
exit_gain_pct(usd gained, usd entry)
{
    return 100 * (double)gained.e4 / (double)entry.e4;
}

static double
pnl_pct_of(const struct exit_view *v, usd price, usd entry)
{
    double fraction = v->held->unrealised_fraction; /* the broker's is right for the side already */
    double pct = 100 * fraction;

    if (!number_is_known(fraction)) {
        usd gained = v->held->qty > 0 ? usd_sub(price, entry) : usd_sub(entry, price);
        pct = exit_gain_pct(gained, entry);
    }
    return number_clamp(pct, -EXIT_PNL_LIMIT_PCT, EXIT_PNL_LIMIT_PCT) +
           0.0; /* -0 would be written as "-0.00%" */
}

static double
age_min_of(const struct exit_view *v)
{
    if (v->record->entered_ns == WHEN_NONE || !v->is_clock_trusted) return NUMBER_NONE;
    return fmax(0, (double)(v->now_ns - v->record->entered_ns) / (double)NS_PER_MIN);
}

struct water_marks
exit_water_marks(const struct position_record *record, usd price)
{
    struct water_marks w = {record->high_water, record->low_water};

    if (w.high.e4 <= 0 || usd_cmp(price, w.high) > 0) w.high = price;
    if (w.low.e4 <= 0 || usd_cmp(price, w.low) < 0) w.low = price;
    return w;
}

bool
exit_measure(const struct exit_view *v, struct exit_measures *ret_m)
{
    struct exit_measures m = {
        .score_ratio = NUMBER_NONE, .decay = NUMBER_NONE, .urgency_reason = ""};
    double ent = v->record->entry_score, cur = v->current_score;
    bool is_long = v->held->qty > 0;

    m.price = price_of(v);
    if (m.price.e4 <= 0) return false;
    m.entry = entry_of(v, m.price);
    m.pnl_pct = pnl_pct_of(v, m.price, m.entry);
    m.age_min = age_min_of(v);

    struct water_marks w = exit_water_marks(v->record, m.price);
    usd best = is_long ? usd_sub(w.high, m.entry) : usd_sub(m.entry, w.low);
    m.high_water_pct =
        number_clamp(exit_gain_pct(best, m.entry), -EXIT_PNL_LIMIT_PCT, EXIT_PNL_LIMIT_PCT);
    m.drawdown_pct = m.high_water_pct - m.pnl_pct;

    if (ent > 0 && cur > 0) {
        m.score_ratio = cur / ent;
        m.decay = number_clamp(m.score_ratio, 0, 1);
    }
    enum direction entered = v->record->direction;
    if (entered == DIRECTION_NONE) entered = direction_of_qty(v->held->qty);
    m.is_reversal = direction_is_opposite(entered, v->current_direction);
    *ret_m = m;
    return true;
}

/* Adds a factor's points; the first factor gives the reason. */
static void
urgency_add(struct exit_measures *m, double points, const char *factor)
{
    m->urgency += points;
    if (m->urgency_reason[0] == '\0') m->urgency_reason = factor;
}

/*
 * Urgency: fading score + turned flow + fall from the best P&L + great age + deep loss, at most 10.
 *
 * A symbol that left the cache counts as faded altogether (score 0); an unreadable cache says
 * nothing.
 */
void
exit_urgency(const struct exit_view *v, struct exit_measures *m)
{
    double ent = v->record->entry_score, age_h = m->age_min / 60;

    m->urgency = 0;
    if (ent > 0 && v->current_score / ent < DECAYED_RATIO)
        urgency_add(m, (1 - v->current_score / ent) * DECAY_WEIGHT, "signal_decay");
    if (m->is_reversal) urgency_add(m, REVERSAL_POINTS * REVERSAL_WEIGHT, "flow_reversal");
    if (m->drawdown_pct > EXIT_DRAWDOWN_PCT) {
        double days = fmax(1, age_h / 24); /* 1 where the age is not known */
        double points = fmin(DRAWDOWN_POINTS_MAX, m->drawdown_pct / days * DRAWDOWN_SLOPE);
        urgency_add(m, points * DRAWDOWN_WEIGHT, "drawdown");
    }
    if (age_h > OLD_H)
        urgency_add(m, fmin(OLD_POINTS_MAX, (age_h - OLD_H) / OLD_H_PER_POINT) * OLD_WEIGHT,
                    "time_decay");
    if (m->pnl_pct < DEEP_LOSS_PCT) urgency_add(m, DEEP_LOSS_POINTS, "deep_loss");
    m->urgency = round_dec(fmin(URGENCY_MAX, m->urgency), 2);
}

/*
 * The price of 0.0001 USD steps that reaches the stop first: the step below it for a long, above it
 * for a short.  What is a step but for the last bits of a double is that step.
 */
static usd
stop_step(double e4, bool is_long)
{
    const double noise = 1e-5;

    return (usd){(int64_t)(is_long ? floor(e4 + noise) : ceil(e4 - noise))};
}

/*
 * The trailing stop, in steps of 0.0001 USD: the best price since entry less a distance (long),
 * plus it (short).  The distance is trail_dist, or a fraction of that best price: 0.005 for a
 * winner held 30 min, 0.01 in a mixed regime, else TRAILING_STOP_PCT.
 */
void
exit_trail(const struct exit_view *v, const struct water_marks *w, struct exit_measures *m)
{
    bool is_long = v->held->qty > 0;
    usd best = is_long ? w->high : w->low;
    double sign = is_long ? -1 : 1;

    if (v->record->has_trail_dist) {
        m->trail_stop =
            is_long ? usd_sub(best, v->record->trail_dist) : usd_add(best, v->record->trail_dist);
    } else {
        m->trail_fraction = exit_is_accelerated(m) ? EXIT_TRAIL_ACCELERATED
                            : str_eq_nocase(v->exit_regime, "mixed")
                                ? EXIT_TRAIL_MIXED
                                : v->cfg->trailing_stop_fraction;
        m->trail_stop = stop_step((double)best.e4 * (1 + sign * m->trail_fraction), is_long);
    }
    m->trail_is_invalid = m->trail_stop.e4 <= 0;
    if (m->trail_is_invalid) m->trail_stop = USD_ZERO;
}

bool
exit_is_accelerated(const struct exit_measures *m)
{
    return m->age_min >= EXIT_ACCELERATION_MIN && m->pnl_pct > 0;
}
