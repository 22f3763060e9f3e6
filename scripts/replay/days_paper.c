#include <math.h>

#include "scripts/replay/days.h"

/* ---- out ----------------------------------------------------------------------------------- */

usd
paper_pnl(const struct paper *p, usd price)
{
    usd value = usd_notional(price, llabs(p->held.qty));
    usd pnl = p->held.qty > 0 ? usd_sub(value, p->held.cost) : usd_sub(p->held.cost, value);

    return usd_add(p->proceeds, pnl);
}

/* Closes so many shares at the price; what they earned is kept. */
static void
close_shares(struct paper *p, int64_t qty, usd price)
{
    int64_t held = llabs(p->held.qty);
    struct paper part = {.held = {.qty = p->held.qty > 0 ? qty : -qty}};

    part.held.cost =
        qty == held ? p->held.cost : usd_notional(usd_div_qty(p->held.cost, held), qty);
    p->proceeds = usd_add(p->proceeds, paper_pnl(&part, price));
    p->held.cost = usd_sub(p->held.cost, part.held.cost);
    p->held.qty -= part.held.qty;
}

static struct exit_verdict
judge(const struct paper *p, const struct paper_seen *seen, const struct strategy_config *cfg)
{
    struct exit_view v = {
        .held = &p->held,
        .record = &p->record,
        .last = {.price = seen->price, .at_ns = seen->now_ns, .is_known = true},
        .current_score = seen->exit_score,
        .current_direction = direction_from(sentiment_direction(seen->flow->sentiment)),
        .exit_regime = seen->exit_regime,
        .now_ns = seen->now_ns,
        .is_clock_trusted = true,
        .cfg = cfg,
    };

    return exit_decide(&v);
}

static struct paper_note
look_at_position(struct paper *p, const struct paper_seen *seen, const struct strategy_config *cfg)
{
    struct paper_note note = {0};

    p->held.price = seen->price;
    p->held.unrealised_fraction = (double)NAN;
    struct exit_verdict v = judge(p, seen, cfg);
    p->record.high_water = v.high_water;
    p->record.low_water = v.low_water;
    p->record.profit_acceleration = v.profit_acceleration;
    if (v.action != EXIT_CLOSE && v.action != EXIT_CLOSE_PART) return note;
    if (v.action == EXIT_CLOSE_PART) p->record.target[v.target].is_hit = true;
    close_shares(p, MIN(v.qty, llabs(p->held.qty)), seen->price);
    p->last_fill_ns = seen->now_ns;
    if (p->held.qty != 0) return note;
    note.is_exit = true;
    note.pnl = p->proceeds;
    (void)str_copy(note.reason, sizeof note.reason, v.reason);
    p->is_open = false;
    return note;
}

/* ---- in ------------------------------------------------------------------------------------ */

static bool
may_enter(const struct paper *p, const struct paper_seen *seen, const struct strategy_config *cfg)
{
    int64_t rest_ns = MAX(cfg->cooldown_min, cfg->min_cooldown_min) * NS_PER_MIN;

    if (!seen->is_pass || seen->price.e4 <= 0) return false;
    return p->last_fill_ns == WHEN_NONE || seen->now_ns - p->last_fill_ns >= rest_ns;
}

static struct paper_note
enter(struct paper *p, const struct paper_seen *seen, const struct strategy_config *cfg)
{
    bool is_long = seen->flow->sentiment == SENTIMENT_BULLISH;
    double shares = trunc(cfg->size_base_usd / usd_to_double(seen->price));
    int64_t qty = (int64_t)fmax(1, fmin(shares, (double)QTY_MAX));
    usd cost = usd_notional(seen->price, qty);

    *p = (struct paper){
        .is_open = true,
        .record = {.is_known = true,
                   .entered_ns = seen->now_ns,
                   .entry_price = seen->price,
                   .entry_score = seen->score,
                   .direction = is_long ? DIRECTION_BULLISH : DIRECTION_BEARISH,
                   .market_regime = "mixed"},
        .held = {.qty = is_long ? qty : -qty, .cost = cost},
        .qty_entered = qty,
        .last_fill_ns = seen->now_ns,
        .cost_entered = cost,
        .regime_label = seen->regime_label,
    };
    (void)str_copy(p->held.symbol, sizeof p->held.symbol, seen->flow->symbol);
    p->record.targets_len = exit_targets_of(cfg, p->record.target);
    return (struct paper_note){.is_entry = true};
}

struct paper_note
paper_step(struct paper *p, const struct paper_seen *seen, const struct strategy_config *cfg)
{
    if (p->is_open && seen->price.e4 > 0) return look_at_position(p, seen, cfg);
    if (!p->is_open && may_enter(p, seen, cfg)) return enter(p, seen, cfg);
    return (struct paper_note){0};
}
