/*
 * Indicators over bars (spec 10 R4.35, R5.31).  0 is unknown.
 */
#ifndef STRATEGY_INDICATORS_H
#define STRATEGY_INDICATORS_H

#include "model/market.h"

enum {
    EXHAUSTION_BARS_MIN = 20, /* 1-minute bars that gate 6 of the composite needs */
    EXHAUSTION_BARS = 25      /* ... and that are asked for */
};

/* True where there is no bar, or the newest one began more than max_age_ns ago. */
bool bars_are_stale(const struct bars *b, int64_t now_ns, int64_t max_age_ns);

/* Exponential average of the closes, alpha = 2 / (n + 1), started at the first close; 0 without
 * bars. */
double bars_ema(const struct bars *b, int n);

/*
 * Mean of the true ranges max(high - low, |high - previous close|, |low - previous close|) over the
 * newest n + 1 bars: at most n ranges.  0 with fewer than two bars; at most 1000.
 */
double bars_atr(const struct bars *b, int n);

#endif
