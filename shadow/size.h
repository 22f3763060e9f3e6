/*
 * How much a paper entry buys.
 */
#ifndef SHADOW_SIZE_H
#define SHADOW_SIZE_H

#include "base/compiler.h"

/* 1.5 % of the equity, at most 825 USD on paper and 300 USD live, at least 50 USD (spec 30 8.5). */
double shadow_equity_size_usd(double equity_usd, bool is_paper);

/* The size that was asked for; where there is none, by the equity; 0 where neither is known. */
double shadow_size_usd(double asked_usd, double equity_usd, bool is_paper);

/*
 * Whole shares changed by the composite's overlay: shares * (1 + overlay), within 60 % and 140 %,
 * each cut to whole shares (spec 30 5.7).
 */
double shadow_overlaid_qty(double shares, double overlay);

/*
 * Shares that so many USD buy at a price above zero (spec 30 8.5).
 *
 * A share dearer than the size: a part of one, 0 below a thousandth.  Else whole shares with
 * the overlay, at least one; 0 where the price is so small that no number holds them.  Without a
 * size: one share.
 */
double shadow_qty(double size_usd, double price, double sizing_overlay);

#endif
