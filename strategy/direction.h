/*
 * The direction a signal points to, and the side of a position or order that follows it.
 */
#ifndef STRATEGY_DIRECTION_H
#define STRATEGY_DIRECTION_H

#include "base/text.h"
#include "model/order.h"

enum direction {
    DIRECTION_NONE, /* neutral, or not known */
    DIRECTION_BULLISH,
    DIRECTION_BEARISH
};

/* "bullish", "bearish", "unknown" */
static inline const char *
direction_name(enum direction d)
{
    return d == DIRECTION_BULLISH ? "bullish" : d == DIRECTION_BEARISH ? "bearish" : "unknown";
}

/* bullish, BULLISH, bearish, BEARISH …; anything else is DIRECTION_NONE. */
static inline enum direction
direction_from(const char *word)
{
    if (word == NULL) return DIRECTION_NONE;
    return str_eq_nocase(word, "bullish")   ? DIRECTION_BULLISH
           : str_eq_nocase(word, "bearish") ? DIRECTION_BEARISH
                                            : DIRECTION_NONE;
}

static inline bool
direction_is_opposite(enum direction a, enum direction b)
{
    return (a == DIRECTION_BULLISH && b == DIRECTION_BEARISH) ||
           (a == DIRECTION_BEARISH && b == DIRECTION_BULLISH);
}

/* Of a position that has one: long is bullish. */
static inline enum direction
direction_of_qty(int64_t qty)
{
    return qty > 0 ? DIRECTION_BULLISH : qty < 0 ? DIRECTION_BEARISH : DIRECTION_NONE;
}

#endif
