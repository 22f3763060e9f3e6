/*
 * Features and families of spec 40 3.0: which key of an adjustment or of a component belongs where.
 */
#ifndef ANALYTICS_FAMILIES_H
#define ANALYTICS_FAMILIES_H

#include "analytics/words.h"

/* F6 in the order of the spec. */
enum { FEATURES = 6 };
enum feature {
    F_FLOW_STRENGTH,
    F_DARKPOOL_BIAS,
    F_SENTIMENT,
    F_EARNINGS_PROXIMITY,
    F_SECTOR_ALIGNMENT,
    F_REGIME_ALIGNMENT
};
extern const char *const feature_name[FEATURES];
/* The same ascending by name: the order of the documents. */
extern const enum feature feature_sorted[FEATURES];

/* The fifteen in the order of spec 40 3.0.2. */
enum { FAMILIES = 15 };
enum family {
    FAM_FLOW,
    FAM_DARKPOOL,
    FAM_SENTIMENT,
    FAM_EARNINGS,
    FAM_ALIGNMENT,
    FAM_GREEKS,
    FAM_VOLATILITY,
    FAM_REGIME,
    FAM_EVENT,
    FAM_SHORT_INTEREST,
    FAM_ETF_FLOW,
    FAM_CALENDAR,
    FAM_TOXICITY,
    FAM_OTHER,
    FAM_UNKNOWN
};
extern const char *const family_name[FAMILIES];
extern const enum family family_sorted[FAMILIES]; /* ascending by name */

/* Set of families, one bit each. */
typedef uint16_t family_set;
static inline bool
family_in(family_set set, enum family f)
{
    return (set >> f & 1) != 0;
}

enum family family_of_v2(struct span key);
enum family family_of_v1(struct span component);

/* v2families(a). */
family_set families_of_adjustments(const struct node *a);
/* v1family(c). */
enum family family_of_components(const struct node *c);

/* abs0(x) > 1e-9 */
bool is_active(double x);

#endif
