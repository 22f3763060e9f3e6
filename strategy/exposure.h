/*
 * exposure: what is at risk, summed by direction, symbol, sector and theme.
 *
 * Market values are taken without their sign: a short does not offset a long (except in the net
 * delta, whose point it is).  Sectors are those of model/symbol, themes those of config/theme.
 *
 * Source: spec 10 R5.16, R5.17, R5.23 gates 1, 2, 11, 12; R0.9.
 */
#ifndef STRATEGY_EXPOSURE_H
#define STRATEGY_EXPOSURE_H

#include "base/arena.h"
#include "base/usd.h"
#include "config/theme.h"
#include "model/order.h"

/* One holding as the exposure figures see it: a position, a pending entry or an entry of this plan.
 */
struct holding {
    char symbol[SYMBOL_MAX];
    int64_t qty;        /* signed */
    usd market_value;   /* >= 0 */
    usd cost;           /* >= 0: quantity at average entry, or at the price it is bought at */
    bool is_position;   /* the broker reports it; false: pending entry or entry of this plan */
    bool can_be_closed; /* a position with no close on its way: may be flipped */
    bool is_leaving; /* displaced or flipped in this cycle: no exposure any more, but no new entry
                      * yet either
                      */
    const char *sector, *theme; /* set by holdings_add */
};

struct holdings {
    struct holding *holding;
    size_t len, cap;
    const struct themes *themes; /* NULL: themes are not known, all are "general" */
};

/* Room for cap holdings from the arena. */
struct holdings holdings_new(struct arena *a, size_t cap, const struct themes *themes);
void holdings_add(struct holdings *h, const struct holding *one); /* asserts that there is room */
/* The holdings of this symbol make room for another: they leave the figures, not the one-position
 * rule. */
void holdings_leave(struct holdings *h, const char *symbol);
size_t holdings_count(const struct holdings *h); /* without those that leave */
/* The first holding of the same instrument (GOOG and GOOGL are one), leaving or not; NULL for none.
 */
const struct holding *holdings_find_instrument(const struct holdings *h, const char *symbol);
/* The first holding of exactly this symbol that does not leave, NULL for none. */
const struct holding *holdings_find(const struct holdings *h, const char *symbol);
const char *holdings_theme_of(const struct holdings *h, const char *symbol);

/* Sums stop at the largest amount instead of wrapping: a broker may say anything. */

/* skip: the holdings of this symbol count for nothing, because it will be displaced or flipped;
 * NULL for none. */

/* 100 * (sum of longs - sum of shorts) / equity, clamped to -100..100; equity > 0. */
double exposure_net_delta_pct(const struct holdings *h, usd equity, const char *skip);
usd exposure_symbol(const struct holdings *h, const char *symbol, const char *skip);
usd exposure_theme(const struct holdings *h, const char *theme, const char *skip);
/* The sector with the largest exposure, "Unknown" counting as one; ret_sector "" where nothing is
 * held. */
usd exposure_sector_max(const struct holdings *h, const char *skip, const char **ret_sector);
/* Sum of cost without the symbol's own. */
usd exposure_cost_of_others(const struct holdings *h, const char *symbol, const char *skip);

#endif
