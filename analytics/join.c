#include <stdlib.h>
#include <string.h>

#include "analytics/day_internal.h"

const struct attribution attribution_absent = {
    .entry_input = {NONE, NONE, NONE, NONE, NONE, NONE},
    .decay = {NONE, NONE, NONE, NONE, NONE, NONE},
    .regime_drift = NONE,
    .sector_drift = NONE,
    .sentiment_value = NONE,
    .v2_exit_score = NONE,
    .score_deterioration = NONE,
    .relative_strength_deterioration = NONE,
    .vol_expansion = NONE,
};

static word
named(struct day *d, const char *name)
{
    return words_add(&d->words, (struct span){name, strlen(name)});
}

/* sideof(t). */
static bool
is_short(const struct day *d, word side, bool is_bearish)
{
    if (word_is_low(&d->words, side, "long")) return false;
    return is_bearish || word_is_low(&d->words, side, "short");
}

static double
minutes_between(const struct day *d, word from, word to)
{
    int64_t from_us = ts_of(words_text(&d->words, from)), to_us = ts_of(words_text(&d->words, to));

    if (from_us == TS_NONE || to_us == TS_NONE) return NONE;
    return ((double)(to_us - from_us) / 1e6) / 60.0;
}

/* What the exit says it earned, or what its prices say (2.2). */
static void
join_pnl(struct trade *t, const struct shadow_exit *ex, bool is_short_word)
{
    double q = t->qty, e = t->entry_price, x = t->exit_price;

    t->pnl_usd = ex->pnl;
    t->pnl_pct = ex->pnl_pct;
    if (is_known(ex->pnl) || !is_known(e) || !is_known(x) || !(q > 0)) return;
    t->pnl_usd = t->pnl_pct = NONE;
    if (e <= 0 || x <= 0) return;
    double pnl = is_short_word ? q * (e - x) : q * (x - e);
    if (!isfinite(pnl)) return;
    t->pnl_usd = pnl;
    t->pnl_pct = pnl / (q * e);
}

static void
join_universe(const struct day *d, struct trade *t)
{
    uint32_t at = tally_find(&d->universe_symbol, t->symbol);

    t->universe_score = NONE;
    if (at == UINT32_MAX) return;
    t->universe_rank = d->universe[at].rank;
    t->universe_score = d->universe[at].score;
}

static void
join_attribution(const struct day *d, struct trade *t, word entry)
{
    uint32_t at = tally_find(&d->attribution_key, word_pair(t->symbol, entry));

    t->has_attribution = at != UINT32_MAX;
    t->a = t->has_attribution ? &d->attribution[at] : &attribution_absent;
}

static struct trade
trade_of(struct day *d, word key, const struct shadow_entry *en, const struct shadow_exit *ex)
{
    struct trade t = {
        .trade_id = key,
        .symbol = en->has_symbol ? en->symbol : ex->symbol,
        .side = en->side,
        .entry_ts = en->entry_ts,
        .exit_ts = ex->exit_ts,
        .exit_reason = ex->reason,
        .entry_sector = en->sector,
        .exit_sector = ex->sector,
        .entry_regime = en->regime,
        .exit_regime = ex->regime,
        .is_replaced = ex->is_replaced,
        .has_candidate = ex->has_candidate,
        .entry_families = en->families,
        .time_in_trade_minutes = minutes_between(d, en->entry_ts, ex->exit_ts),
        .qty = ex->has_qty ? ex->qty : en->qty,
        .entry_price = en->entry_price,
        .exit_price = ex->exit_price,
        .entry_v1_score = en->v1_score,
        .entry_v2_score = en->v2_score,
        .exit_v2_score = ex->v2_score,
        .v2_exit_score = ex->v2_exit_score,
        .entry_line = en->line,
        .exit_line = ex->line,
    };
    word regime = en->regime != 0 ? en->regime : ex->regime;

    if (t.side == 0) t.side = named(d, en->is_bearish ? "short" : "long");
    t.is_short = is_short(d, t.side, en->is_bearish);
    t.signal_regime = words_add(&d->words, span_trim(words_text(&d->words, regime)));
    join_pnl(&t, ex, span_is(words_text(&d->words, t.side), "short"));
    join_universe(d, &t);
    join_attribution(d, &t, en->join_ts);
    return t;
}

void
day_join(struct day *d)
{
    struct day_view *v = &d->view;
    uint32_t entries = d->entry_key.len;

    d->trade = calloc(MAX(entries, 1U), sizeof(*d->trade));
    ASSERT(d->trade != NULL);
    for (uint32_t i = 0; i < entries; i++) {
        word key = pair_second(d->entry_key.key[i]);
        uint32_t exit = tally_find(&d->exit_key, key);
        v->entries += d->entry[i].is_today;
        if (exit != UINT32_MAX)
            d->trade[v->trades++] = trade_of(d, key, &d->entry[i], &d->exit[exit]);
    }
    v->trade = d->trade;
    v->exits = d->exit_key.len;
    v->exits_without_entry = v->exits - (int64_t)v->trades;
    /* The trades say it all. */
    free(d->entry);
    free(d->exit);
    d->entry = NULL;
    d->exit = NULL;
    tally_done(&d->entry_key);
    tally_done(&d->exit_key);
}
