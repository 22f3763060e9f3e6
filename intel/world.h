/*
 * What v2 knows beside the symbol's own flow, read once and asked for every symbol of a cycle.
 *
 * The intel is used as it is found, however old (spec 30 Q-4); whoever wants fresh files checks
 * them before the open.
 */
#ifndef INTEL_WORLD_H
#define INTEL_WORLD_H

#include "intel/composite_params.h"
#include "intel/sector.h"

/* A record of the two intel files as the score reads it. */
struct intel_record {
    const char *symbol;
    bool is_usable; /* false: something is there that is no record, and hides a later file's */
    double flow_strength, dark_pool_bias, sector_alignment;
    const char *sentiment; /* upper case */
    bool has_earnings;
    int64_t earnings_days;
};

struct intel_table {
    const struct intel_record *row; /* ascending by symbol */
    size_t len;
    const char *version; /* _meta.uw_intel_version, "" where missing */
};

enum membership { MEMBERSHIP_UNKNOWN, MEMBERSHIP_NO, MEMBERSHIP_YES };

/* Metadata of the score: the universe gates nothing (spec 30 D-1). */
struct universe_known {
    const char *version;       /* "" where neither universe tells one                 */
    const char *source;        /* "daily_universe_v2" or "daily_universe_v1"          */
    const char *const *symbol; /* of the v2 universe, ascending                       */
    size_t len;                /* 0: membership is not known                          */
};

struct v2_world {
    const struct composite_params *params;
    bool is_shaping; /* V2_SHAPING_ENABLED and COMPOSITE_VERSION v2 */

    /* Of the market context and the posture, as this cycle made them; lower case but for trend. */
    const char *volatility, *trend, *posture;
    double spy_overnight_ret, qqq_overnight_ret;
    double posture_confidence;

    struct intel_table premarket, postmarket;
    struct universe_known universe;
    const char *regime_label, *regime_version;
    struct sector_profiles sectors;
};

/* The documents a world is read from; each may be NULL: a missing file, nothing computed. */
struct v2_documents {
    const struct json *market_context, *posture_state, *premarket_intel, *postmarket_intel,
        *regime_state, *daily_universe_v2, *daily_universe;
};

/*
 * The params are borrowed; texts are borrowed from the documents and the arena.
 */
void v2_world_decode(const struct v2_documents *d, const struct composite_params *params,
                     const struct sector_profiles *sectors, struct arena *a,
                     struct v2_world *ret_world);

/*
 * The record that counts for a symbol in upper case: premarket's as a whole, else postmarket's;
 * NULL where there is none (spec 30 5.5, Q-12).
 */
const struct intel_record *v2_world_record(const struct v2_world *w, const char *symbol);

/* Whether the v2 universe has the symbol. */
enum membership v2_world_membership(const struct v2_world *w, const char *symbol);

/* First of premarket's, postmarket's and the params' version that is told. */
const char *v2_world_intel_version(const struct v2_world *w);

#endif
