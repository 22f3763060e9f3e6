#include "shadow/ab_ledger.h"

#include <math.h>

const char *
ab_side_name(enum ab_side s)
{
    return s == AB_SHORT ? "short" : "long";
}

enum ab_side
ab_side_from(const char *word)
{
    return str_eq_nocase(word, "short") || str_eq_nocase(word, "sell") ? AB_SHORT : AB_LONG;
}

const char *
ab_reason_name(enum ab_reason r)
{
    static const char *const names[] = {
        [AB_COUNTER_SIGNAL] = "counter_signal",
        [AB_POSTURE_RISK_OFF] = "posture_risk_off",
        [AB_POSTURE_RISK_ON] = "posture_risk_on",
        [AB_STALE_ALPHA] = "stale_alpha",
    };
    return names[r];
}

/* ---- a hypothetical order ------------------------------------------------------------------ */

struct ab_merge
ab_merge(const struct ab_position *p, size_t len, const struct ab_position *fill)
{
    struct ab_merge m = {.act = AB_APPENDED, .qty = fill->qty, .entry_price = fill->entry_price};

    if (!(fill->qty > 0) || !(fill->entry_price > 0)) {
        m.act = AB_UNCHANGED;
        return m;
    }
    while (m.index < len && !(p[m.index].side == fill->side && p[m.index].symbol[0] != '\0' &&
                              str_eq(p[m.index].symbol, fill->symbol)))
        m.index++;
    if (m.index == len) return m;

    const struct ab_position *had = &p[m.index];
    m.act = AB_ADDED;
    m.qty = had->qty + fill->qty;
    if (had->qty > 0 && had->entry_price > 0) {
        m.entry_price =
            (had->qty * had->entry_price + fill->qty * fill->entry_price) / (had->qty + fill->qty);
    }
    m.takes_fill_time = had->entered_ns != WHEN_NONE && fill->entered_ns != WHEN_NONE &&
                        fill->entered_ns < had->entered_ns;
    return m;
}

/* ---- one look at a position ---------------------------------------------------------------- */

/* Minutes since the entry, not below 0; NaN where the entry time is not known. */
static double
age_min(const struct ab_position *p, int64_t now_ns)
{
    if (p->entered_ns == WHEN_NONE) return (double)NAN;
    return fmax(0, ((double)now_ns - (double)p->entered_ns) / (double)NS_PER_MIN);
}

static bool
is_closed(const struct ab_position *p, const struct ab_seen *seen, struct ab_look *look)
{
    bool is_short = p->side == AB_SHORT;

    if (str_eq_nocase(seen->direction, is_short ? "bullish" : "bearish")) {
        look->reason = AB_COUNTER_SIGNAL;
        return true;
    }
    if (str_eq_nocase(seen->posture, is_short ? "long" : "short")) {
        look->reason = is_short ? AB_POSTURE_RISK_ON : AB_POSTURE_RISK_OFF;
        return true;
    }
    look->reason = AB_STALE_ALPHA;
    return look->age_min >= AB_STALE_AGE_MIN && fabs(look->pnl.fraction) <= AB_STALE_PNL_BELOW;
}

struct ab_look
ab_look_at(const struct ab_position *p, const struct ab_seen *seen)
{
    struct ab_look look = {.act = AB_DROPPED, .age_min = (double)NAN};

    if (p->symbol[0] == '\0' || !(p->qty > 0) || !(p->entry_price > 0)) return look;
    look.act = AB_NO_PRICE;
    if (!(seen->price > 0)) return look;
    look.pnl = shadow_pnl(p->entry_price, seen->price, p->qty, ab_side_name(p->side));
    look.age_min = age_min(p, seen->now_ns);
    look.act = seen->may_exit && is_closed(p, seen, &look) ? AB_CLOSED : AB_MARKED;
    return look;
}
