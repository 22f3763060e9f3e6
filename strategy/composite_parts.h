/*
 * The components of the composite score, one function each.  Only composite.c includes this.
 */
#ifndef STRATEGY_COMPOSITE_PARTS_H
#define STRATEGY_COMPOSITE_PARTS_H

#include "strategy/composite.h"

struct scoring {
    const struct enriched *e;
    const struct expanded_intel *intel; /* never NULL: an empty one stands in */
    enum score_regime regime;
    int64_t now_ns;
    int sign;        /* of the flow's direction: +1, -1, 0          */
    bool is_aligned; /* the volatility skew points to the same side */
};

/*
 * What a component adds to the sum, for weight w.  Leaves in out what notes and features need, and
 * the source where it is not SOURCE_REAL.
 */
typedef double component_fn(const struct scoring *in, double w, struct composite *out);

/* In the order of enum component. */
extern component_fn *const COMPONENT_FNS[COMPONENTS_LEN];

#endif
