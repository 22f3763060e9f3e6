#include <math.h>
#include <stdarg.h>

#include "base/text.h"
#include "strategy/gate_parts.h"
#include "strategy/number.h"

/* What the order would make of the position, in USD and fractions. */
struct guarded {
    const struct holding *held; /* NULL for none; the one that is closed first does not count */
    int64_t signed_qty;         /* of the order */
    double price;               /* that will be paid */
    double notional;
    double result_qty, result_notional; /* |position after the order| */
};

static struct guarded
guarded_of(const struct entry_view *v)
{
    struct guarded g = {.price = usd_to_double(v->limit)};
    const struct holding *held = holdings_find(v->book, v->symbol);

    g.held = held != NULL && v->skip != NULL && str_eq(held->symbol, v->skip) ? NULL : held;
    g.signed_qty = v->direction == DIRECTION_BULLISH ? v->qty : -v->qty;
    g.notional = notional_usd((double)v->qty, v->limit);
    g.result_qty = fabs((double)(g.held == NULL ? 0 : g.held->qty) + (double)g.signed_qty);
    g.result_notional = notional_usd(g.result_qty, v->limit);
    return g;
}

/* Says why in the verdict; the checks below return what this returns. */
PRINTF_LIKE(4, 5)
static bool
refuse(struct gate_verdict *r, double number, double threshold, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->detail, sizeof(r->detail), fmt, args);
    va_end(args);
    return gate_compared(r, number, threshold, true);
}

/* Is it an order at all? */
static bool
refuses_form(const struct entry_view *v, const struct guarded *g, struct gate_verdict *r)
{
    if (v->symbol == NULL || v->symbol[0] == '\0')
        return refuse(r, NUMBER_NONE, NUMBER_NONE, "invalid_symbol");
    if (v->direction == DIRECTION_NONE)
        return refuse(r, NUMBER_NONE, NUMBER_NONE, "invalid_side_unknown");
    if (v->qty <= 0) return refuse(r, (double)v->qty, 1, "invalid_qty_%lld", (long long)v->qty);
    if (!(g->price > 0)) return refuse(r, g->price, 0, "invalid_price_%.2f", g->price);
    return false;
}

/* Order and resulting position in USD. */
static bool
refuses_size(const struct entry_view *v, const struct guarded *g, struct gate_verdict *r)
{
    double order_max = v->cfg->max_notional_per_order, position_max = v->cfg->max_position_size_usd;

    if (g->notional > order_max)
        return refuse(r, g->notional, order_max, "notional_exceeds_limit_%.2f_max_%.2f",
                      g->notional, order_max);
    if (g->held == NULL && v->qty == 1 && g->price > position_max)
        return refuse(r, g->price, position_max,
                      "min_share_notional_exceeds_cap_price_%.2f_cap_%.2f", g->price, position_max);
    if (g->result_notional > position_max)
        return refuse(r, g->result_notional, position_max,
                      "position_size_exceeds_limit_%.2f_max_%.2f", g->result_notional,
                      position_max);
    return false;
}

/* An order as large as the opposite position would end or turn it, which is not what an entry is
 * for. */
static bool
refuses_flip(const struct entry_view *v, const struct guarded *g, struct gate_verdict *r)
{
    if (v->cfg->allow_direction_flip || g->held == NULL) return false;
    bool is_opposite = (g->held->qty > 0) != (g->signed_qty > 0);
    int64_t held = g->held->qty < 0 ? -g->held->qty : g->held->qty;
    if (!is_opposite || held > v->qty) return false;
    return refuse(r, (double)v->qty, (double)held, "direction_flip_blocked_current_%s_new_%s",
                  position_side_name(g->held->qty > 0 ? POSITION_LONG : POSITION_SHORT),
                  position_side_name(g->signed_qty > 0 ? POSITION_LONG : POSITION_SHORT));
}

/* Shares of the equity, and the money at hand. */
static bool
refuses_equity_share(const struct entry_view *v, const struct guarded *g, struct gate_verdict *r)
{
    double equity_e4 = (double)v->equity.e4, power = usd_to_double(v->buying_power);
    double result_e4 = g->result_qty * (double)v->limit.e4;
    usd others = exposure_cost_of_others(v->book, v->symbol, v->skip);
    double all = ((double)others.e4 + result_e4) / equity_e4, one = result_e4 / equity_e4;
    double all_max = v->cfg->max_portfolio_exposure, one_max = v->cfg->max_concentration;

    if (all > all_max)
        return refuse(r, all, all_max, "portfolio_exposure_exceeds_limit_%.2f%%_max_%.2f%%",
                      100 * all, 100 * all_max);
    if (one > one_max)
        return refuse(r, one, one_max, "symbol_concentration_exceeds_limit_%.2f%%_max_%.2f%%",
                      100 * one, 100 * one_max);
    if (v->direction == DIRECTION_BULLISH && g->notional > power)
        return refuse(r, g->notional, power, "insufficient_buying_power_%.2f_available_%.2f",
                      g->notional, power);
    return false;
}

/* Price far from the last trade, or a fill in the symbol only minutes ago. */
static bool
refuses_moment(const struct entry_view *v, struct gate_verdict *r)
{
    double off = fabs((double)v->limit.e4 - (double)v->ref.e4) / (double)v->ref.e4,
           off_max = v->cfg->max_price_deviation;

    if (!(off <= off_max))
        return refuse(r, off, off_max, "price_deviation_exceeds_limit_%.2f%%_max_%.2f%%", 100 * off,
                      100 * off_max);
    if (v->last_fill_ns == WHEN_NONE) return false;
    double minutes = (double)(v->now_ns - v->last_fill_ns) / (double)NS_PER_MIN;
    if (minutes < (double)v->cfg->min_cooldown_min)
        return refuse(r, minutes, (double)v->cfg->min_cooldown_min,
                      "cooldown_not_met_%.1f_min_required_%lld_min", minutes,
                      (long long)v->cfg->min_cooldown_min);
    return false;
}

bool
gate_trade_guard(const struct entry_view *v, struct gate_verdict *r)
{
    if (!v->is_book_known) return gate_missing(r, "positions_unknown");
    if (!v->is_account_known || v->equity.e4 <= 0) return gate_missing(r, "account_unknown");
    struct guarded g = guarded_of(v);
    bool refused = refuses_form(v, &g, r) || refuses_size(v, &g, r) || refuses_flip(v, &g, r) ||
                   refuses_equity_share(v, &g, r) || refuses_moment(v, r);
    if (refused) (void)snprintf(r->reason, sizeof(r->reason), "trade_guard:%.140s", r->detail);
    return refused;
}
