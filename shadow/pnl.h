/*
 * What a paper trade earned.
 */
#ifndef SHADOW_PNL_H
#define SHADOW_PNL_H

#include "base/compiler.h"

/* Both NaN where price or quantity is not known. */
struct shadow_pnl {
    double usd;
    double fraction; /* of the cost: 0.01 is one per cent */
};

/*
 * usd = qty * (exit - entry), or qty * (entry - exit) if the side is "short"; fraction = usd / (qty
 * * entry); not rounded.  Each of the three must be above zero.  Source: spec 30 8.9.
 */
struct shadow_pnl shadow_pnl(double entry_price, double exit_price, double qty, const char *side);

/* "short" for bearish, short and sell in any case, else "long". */
const char *shadow_side_of(const char *direction);

#endif
