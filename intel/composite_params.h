/*
 * The weights of composite v2.
 *
 * Two columns: what is configured, which is what runs; and what a key takes that a supplied table
 * lacks, which differs in places (spec 30 5.1, D-3).  composite_params.def says what each weighs.
 */
#ifndef INTEL_COMPOSITE_PARAMS_H
#define INTEL_COMPOSITE_PARAMS_H

#include "intel/intel.h"

struct uw_weights {
    const char *version, *sector_profile_version, *regime_profile_version; /* borrowed */
    double earnings_penalty_days; /* earnings as near as this are a risk; below 0: in the past */
#define UW_PARAM(key, configured, lacking) double key;
#include "intel/composite_params.def"
};

struct composite_params {
    const char *version; /* borrowed */
#define PARAM(key, configured, lacking)       double key;
#define SCALE_PARAM(key, configured, lacking) double key;
#include "intel/composite_params.def"
    bool has_uw; /* without it the UW layer is left out */
    struct uw_weights uw;
};

extern const struct composite_params COMPOSITE_PARAMS_CONFIGURED;

/* A supplied table; the configured one for NULL and for what is no object. */
struct composite_params composite_params_decode(const struct json *v, struct arena *a);

#endif
