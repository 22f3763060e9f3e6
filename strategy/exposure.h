/*
 * exposure: what is at risk, summed by direction, symbol, sector and theme.
 *
 * Market values are taken without their sign: a short does not offset a long (except in the net delta,
 * whose point it is).  Sectors are those of model/symbol, themes those of config/theme.
 *
 * Source: spec 10 R5.16, R5.17, R5.23 gates 1, 2, 11, 12; R0.9.
 */
#ifndef STRATEGY_EXPOSURE_H
#define STRATEGY_EXPOSURE_H

#include "base/arena.h"
#include "base/usd.h"
#include "model/order.h"

struct theme_risk; /* config/theme.h */

/* One holding as the exposure figures see it: a position, a pending entry or an entry of this plan. */
struct holding {
    char symbol[SYMBOL_MAX];
    int64_t qty;      /* signed */
    usd market_value; /* >= 0 */
    usd cost;         /* >= 0: quantity at average entry (or the price it will be bought at) */
    bool is_position; /* the broker reports it; false: pending entry or entry of this plan */
};

struct holdings {
    struct holding *holding;
    size_t len;
    size_t cap;
};

/* skip: the holdings of this symbol count for nothing, because it will be displaced or flipped; NULL for
 * none. */

/* 100 * (sum of longs - sum of shorts) / equity, clamped to -100..100; equity > 0. */
double exposure_net_delta_pct(const struct holdings *h, usd equity, const char *skip);
usd exposure_symbol(const struct holdings *h, const char *symbol, const char *skip);
usd exposure_theme(const struct holdings *h, const struct theme_risk *themes, const char *theme,
                   const char *skip);
usd exposure_sector(const struct holdings *h, const char *sector, const char *skip);
/* The sector with the largest exposure; ret_sector "" where nothing is held. */
usd exposure_sector_max(const struct holdings *h, const char *skip, const char **ret_sector);
/* Sum of cost, the symbol's own left out where exclude is not NULL. */
usd exposure_cost(const struct holdings *h, const char *exclude, const char *skip);

/* The first holding of the same instrument (GOOG and GOOGL are one), NULL for none. */
const struct holding *holdings_find_instrument(const struct holdings *h, const char *symbol);
/* The first holding of exactly this symbol. */
const struct holding *holdings_find(const struct holdings *h, const char *symbol);

#endif
