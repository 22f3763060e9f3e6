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
/* Blocks, because this is not known. */
bool gate_missing(struct gate_verdict *r, const char *what);

#endif
