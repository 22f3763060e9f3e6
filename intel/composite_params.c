#include "intel/composite_params.h"

enum { EARNINGS_PENALTY_DAYS = 3 };

const struct composite_params COMPOSITE_PARAMS_CONFIGURED = {
    .version = "2026-01-20_wt1",
#define PARAM(key, configured, lacking)       .key = (configured),
#define SCALE_PARAM(key, configured, lacking) .key = (configured),
#include "intel/composite_params.def"
    .has_uw = true,
    .uw.version = "2026-01-20_uw_v1",
    .uw.sector_profile_version = "2026-01-20_sector_profiles_v1",
    .uw.regime_profile_version = "2026-01-20_regime_v1",
    .uw.earnings_penalty_days = EARNINGS_PENALTY_DAYS,
#define UW_PARAM(key, configured, lacking) .uw.key = (configured),
#include "intel/composite_params.def"
};

static struct uw_weights
uw_params_decode(const struct json *v, struct arena *a)
{
    return (struct uw_weights){
        .version = intel_str(a, json_get(v, "version"), ""),
        .sector_profile_version = intel_str(a, json_get(v, "sector_profile_version"), ""),
        .regime_profile_version = intel_str(a, json_get(v, "regime_profile_version"), ""),
        .earnings_penalty_days =
            ops_numz(json_get(v, "earnings_penalty_days"), EARNINGS_PENALTY_DAYS),
#define UW_PARAM(key, configured, lacking) .key = json_f64(v, #key, lacking),
#include "intel/composite_params.def"
    };
}

struct composite_params
composite_params_decode(const struct json *v, struct arena *a)
{
    const struct json *uw = json_get_obj(v, "uw");

    if (!json_is_object(v)) return COMPOSITE_PARAMS_CONFIGURED;
    return (struct composite_params){
        .version = intel_str(a, json_get(v, "version"), ""),
#define PARAM(key, configured, lacking)       .key = json_f64(v, #key, lacking),
#define SCALE_PARAM(key, configured, lacking) .key = ops_numz(json_get(v, #key), lacking),
#include "intel/composite_params.def"
        .has_uw = json_len(uw) > 0,
        .uw = uw_params_decode(uw, a),
    };
}
