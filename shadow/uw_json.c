#include "shadow/uw_json.h"

#include <math.h>
#include <string.h>

#define NO_ADJUSTMENT 1e-9 /* up to here an adjustment is none */

/* The parts of a snapshot that are objects. */
static const char *const PARTS[] = {
    "v2_uw_inputs",
    "v2_uw_adjustments",
    "v2_uw_sector_profile",
    "v2_uw_regime_profile",
};

/* ---- families ------------------------------------------------------------------------------ */

static const char *const FAMILY_NAMES[SHADOW_FAMILIES_LEN] = {
    [SHADOW_ALIGNMENT] = "alignment",   [SHADOW_DARK_POOL] = "darkpool",
    [SHADOW_EARNINGS] = "earnings",     [SHADOW_FLOW] = "flow",
    [SHADOW_OTHER] = "other",           [SHADOW_SENTIMENT] = "sentiment",
    [SHADOW_VOLATILITY] = "volatility",
};

/* Features by the names they go by. */
static const struct feature_family {
    const char *feature;
    enum shadow_family family;
} FEATURES[] = {
    {"flow_strength",      SHADOW_FLOW      },
    {"flow",               SHADOW_FLOW      },
    {"darkpool_bias",      SHADOW_DARK_POOL },
    {"dark_pool",          SHADOW_DARK_POOL },
    {"darkpool",           SHADOW_DARK_POOL },
    {"sentiment",          SHADOW_SENTIMENT },
    {"earnings_proximity", SHADOW_EARNINGS  },
    {"earnings",           SHADOW_EARNINGS  },
    {"sector_alignment",   SHADOW_ALIGNMENT },
    {"regime_alignment",   SHADOW_ALIGNMENT },
    {"alignment",          SHADOW_ALIGNMENT },
    {"realized_vol_5d",    SHADOW_VOLATILITY},
    {"realized_vol_20d",   SHADOW_VOLATILITY},
    {"beta_vs_spy",        SHADOW_VOLATILITY},
};

const char *
shadow_family_name(enum shadow_family f)
{
    return FAMILY_NAMES[f];
}

static enum shadow_family
family_of(const char *key)
{
    enum { FEATURE_MAX = 64 };
    char feature[FEATURE_MAX];

    /* What is cut off here is longer than any feature we know. */
    (void)str_copy(feature, sizeof feature, key);
    str_trim(feature);
    for (size_t i = 0; i < COUNT_OF(FEATURES); i++) {
        if (str_eq_nocase(feature, FEATURES[i].feature)) return FEATURES[i].family;
    }
    return SHADOW_OTHER;
}

void
shadow_families_decode(const struct json *adjustments, bool ret_has_family[SHADOW_FAMILIES_LEN])
{
    for (int f = 0; f < SHADOW_FAMILIES_LEN; f++)
        ret_has_family[f] = false;
    for (const struct json *v = json_first(adjustments); v != NULL; v = json_next(v)) {
        if (!str_eq(json_key(v), "total") && fabs(json_f64_of(v, 0)) > NO_ADJUSTMENT)
            ret_has_family[family_of(json_key(v))] = true;
    }
}

/* ---- the snapshot -------------------------------------------------------------------------- */

const char *
shadow_evidence(const struct json *v, const char *dflt, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    if (v == NULL) return dflt;
    json_out_value(&o, NULL, v);
    return arena_strndup(a, text_str(&t), t.len);
}

/* A text that outlives the document. */
static const char *
keep_text(const struct json *obj, const char *key, const char *dflt, struct arena *a)
{
    char buf[F64_TEXT_MAX];

    return arena_strdup(a, ops_str(json_get(obj, key), dflt, buf));
}

/* Everything but the snapshot as a whole. */
static struct shadow_uw
read_parts(const struct json *holder, struct arena *a)
{
    const struct json *inputs = json_get_obj(holder, "v2_uw_inputs");
    const struct json *adjustments = json_get_obj(holder, "v2_uw_adjustments");
    const struct json *sector = json_get_obj(holder, "v2_uw_sector_profile");
    const struct json *regime = json_get_obj(holder, "v2_uw_regime_profile");
    struct shadow_uw uw = {
        .adjustments_json = shadow_evidence(adjustments, "{}", a),
        .sector_profile_json = shadow_evidence(sector, "{}", a),
        .flow_strength = json_f64(inputs, "flow_strength", 0),
        .dark_pool_bias = json_f64(inputs, "darkpool_bias", 0),
        .sentiment = keep_text(inputs, "sentiment", "NEUTRAL", a),
        .regime_label = keep_text(regime, "regime_label", "", a),
        .sector = keep_text(sector, "sector", "UNKNOWN", a),
    };

    shadow_families_decode(adjustments, uw.has_family);
    return uw;
}

struct shadow_uw
shadow_uw_decode(const struct json *composite, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct shadow_uw uw = read_parts(composite, a);

    json_out_obj(&o, NULL);
    json_out_str(&o, "uw_intel_version", keep_text(composite, "uw_intel_version", "", a));
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        const char *part = shadow_evidence(json_get_obj(composite, PARTS[i]), "{}", a);
        json_out_raw(&o, PARTS[i], part, strlen(part));
    }
    json_out_end(&o);
    uw.json = arena_strndup(a, text_str(&t), t.len);
    return uw;
}

struct shadow_uw
shadow_uw_of_snapshot(const struct json *snapshot, struct arena *a)
{
    struct shadow_uw uw = read_parts(snapshot, a);

    uw.json = shadow_evidence(ops_obj(snapshot), "{}", a);
    return uw;
}
