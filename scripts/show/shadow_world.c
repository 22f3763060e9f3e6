#include "scripts/profiles.h"
#include "scripts/show/shadow_look.h"

/* A state file in the arena; NULL where there is no sound one. */
static const struct json *
document(const struct look *l, const char *path, struct arena *a)
{
    CLEANUP(json_freep) struct json *doc = view_load(&l->fs, path);
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    const struct json *kept = NULL;
    struct err ignored = {0};

    if (doc == NULL) return NULL;
    json_out_value(&o, NULL, doc);
    if (json_parse_in(text_str(&t), t.len, &JSON_LIMITS_FILE, a, &kept, &ignored) != RC_OK)
        return NULL;
    return kept;
}

static struct v2_world
world_of(const struct look *l, struct arena *a)
{
    struct v2_documents docs = {
        .market_context = document(l, "state/market_context_v2.json", a),
        .posture_state = document(l, "state/regime_posture_state.json", a),
        .premarket_intel = document(l, "state/premarket_intel.json", a),
        .postmarket_intel = document(l, "state/postmarket_intel.json", a),
        .regime_state = document(l, "state/regime_state.json", a),
        .daily_universe_v2 = document(l, "state/daily_universe_v2.json", a),
        .daily_universe = document(l, "state/daily_universe.json", a),
    };
    struct sector_profiles profiles = SECTOR_PROFILES_SHIPPED;
    struct v2_world w;
    struct err ignored = {0};

    /* Without a file the engine weighs everything with 1. */
    if (profiles_load(&l->fs, l->cfg.root, a, &profiles, &ignored) != RC_OK)
        profiles = sector_profiles_decode(NULL, a);
    v2_world_decode(&docs, &COMPOSITE_PARAMS_CONFIGURED, &profiles, a, &w);
    w.is_shaping = l->cfg.engine.v2_shaping && str_eq(l->cfg.engine.composite_version, "v2");
    return w;
}

void
shadow_score_of(const struct look *l, const struct enriched *e, const char *symbol,
                const struct composite *v1, double v1_score, struct arena *a,
                struct shadow_score *ret_score)
{
    const struct json *risk = document(l, "state/symbol_risk_features.json", a);
    const struct json *row = json_get_obj(json_get_obj(risk, "symbols"), symbol);
    const struct json *thresholds = document(l, "state/uw_thresholds_hierarchical.json", a);
    struct composite gated = *v1;
    struct shadow_score s = {
        .world = world_of(l, a),
        .v2_case = {.symbol = symbol,
                    .base_score = v1_score,
                    .realised_vol_20d = json_f64(row, "realized_vol_20d", 0),
                    .beta_vs_spy = json_f64(row, "beta_vs_spy", 0),
                    .conviction = e->has_conviction ? e->conviction : 0,
                    .trade_count = e->trade_count,
                    .direction = intel_direction_from(sentiment_direction(e->sentiment))},
        .threshold = composite_threshold(thresholds, symbol),
    };

    composite_v2(&s.world, &s.v2_case, &s.v2);
    gated.sentiment = SENTIMENT_BULLISH; /* v2 has no rule about the direction (spec 30 5.7) */
    s.gate = composite_gate_score(&gated, s.v2.score, s.threshold);
    *ret_score = s;
}
