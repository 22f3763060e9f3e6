/*
 * An estimate that may be missing is NaN; these say so by name.
 */
#ifndef STRATEGY_NUMBER_H
#define STRATEGY_NUMBER_H

#include <math.h>

#include "base/compiler.h"

#define NUMBER_NONE ((double)NAN)

static inline bool
number_is_known(double x)
{
    return isfinite(x);
}

/* lo for NaN. */
static inline double
number_clamp(double x, double lo, double hi)
{
    return x > hi ? hi : x >= lo ? x : lo;
}

#endif
