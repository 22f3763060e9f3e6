/*
 * What the gate files share; nobody else includes it.
 */
#ifndef STRATEGY_GATE_PARTS_H
#define STRATEGY_GATE_PARTS_H

#include "strategy/gates.h"

/* A gate notes its number, threshold and words in the verdict; true blocks. */
bool gate_expectancy(const struct entry_view *v, struct gate_verdict *r);
bool gate_min_score(const struct entry_view *v, struct gate_verdict *r);
bool gate_momentum(const struct entry_view *v, struct gate_verdict *r);
bool gate_trade_guard(const struct entry_view *v, struct gate_verdict *r);

/* Notes what was compared with what; returns blocks, so that a gate can end with it. */
bool gate_compared(struct gate_verdict *r, double number, double threshold, bool blocks);
/*
 * Amounts for comparing, each rounded once from whole 1/10000 dollars, so that what reaches its
 * limit exactly compares as equal to it.
 */
static inline double
notional_usd(double qty, usd price)
{
    return qty * (double)price.e4 / 1e4;
}

static inline double
percent_usd(double percent, usd amount)
{
    return percent * (double)amount.e4 / 1e6;
}

/* Blocks, because this is not known. */
bool gate_missing(struct gate_verdict *r, const char *what);

#endif
