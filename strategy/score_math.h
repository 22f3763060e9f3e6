/*
 * Small arithmetic of the score.
 */
#ifndef STRATEGY_SCORE_MATH_H
#define STRATEGY_SCORE_MATH_H

#include <math.h>

#include "base/json.h"

/* Exactly zero: what an absent number was read as. */
static inline bool
is_zero(double x)
{
    return !(x < 0) && !(x > 0);
}

static inline int
sign_of(double x)
{
    return (x > 0) - (x < 0);
}

static inline double
clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* The first that is not zero, else zero. */
static inline double
first_non_zero(double a, double b)
{
    return is_zero(a) ? b : a;
}

/*
 * round_dec() without the detour over text, for the hot path; k is 0..6.  The same bits, always.
 *
 * Scaled by a power of ten, a number of this size is off by less than 1e-6, so only one that lies
 * so close to a tie needs the slow way.  A whole number over a power of ten is the double nearest
 * to that decimal.
 */
static inline double
round_places(double x, int k)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    const double scaled_max = 1e9, near_tie = 1e-6;
    double scaled = x * tens[k];

    if (!(fabs(scaled) < scaled_max)) return round_dec(x, k);
    double below = floor(scaled);
    double part = scaled - below;
    if (fabs(part - 0.5) < near_tie) return round_dec(x, k);
    return copysign((part > 0.5 ? below + 1 : below) / tens[k], x);
}

#endif
