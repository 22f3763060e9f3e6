#include "strategy/enriched_json.h"

#include "strategy/score_math.h"

static void
read_motifs(const struct json *obj, struct enriched *e)
{
    const struct json *stairs = json_get_obj(obj, "motif_staircase");
    const struct json *burst = json_get_obj(obj, "motif_burst");
    const struct json *whale = json_get_obj(obj, "motif_whale");
    const struct json *block = json_get_obj(obj, "motif_sweep_block");

    e->staircase = (struct staircase_motif){
        .is_detected = fact_flag(json_get(stairs, "detected")),
        .steps = json_f64(stairs, "steps", 0),
        .slope = json_f64(stairs, "slope", 0),
    };
    e->burst = (struct burst_motif){
        .is_detected = fact_flag(json_get(burst, "detected")),
        .count = json_f64(burst, "count", 0),
        .intensity = json_f64(burst, "intensity", 0),
    };
    e->whale = (struct whale_motif){
        .is_detected = fact_flag(json_get(whale, "detected")),
        .avg_conviction = json_f64(whale, "avg_conviction", 0),
    };
    e->sweep_block = (struct sweep_block_motif){
        .is_detected = fact_flag(json_get(block, "detected")),
        .is_immediate = fact_flag(json_get(block, "immediate")),
        .premium_usd = json_f64(block, "premium", 0),
    };
}

struct risk_features
risk_features_decode(const struct json *row)
{
    return (struct risk_features){
        .realized_vol_5d = json_f64(row, "realized_vol_5d", 0),
        .realized_vol_20d = json_f64(row, "realized_vol_20d", 0),
        .beta_vs_spy = json_f64(row, "beta_vs_spy", 0),
    };
}

void
enriched_decode(const struct json *obj, struct enriched *ret_enriched)
{
    struct enriched *e = ret_enriched;

    *e = (struct enriched){
        .sentiment = sentiment_from(json_str(obj, "sentiment", NULL)),
        .has_conviction = json_has(obj, "conviction"),
        .conviction = json_f64(obj, "conviction", 0),
        .trade_count = trunc(json_f64(obj, "trade_count", 0)),
        .iv_term_skew = json_f64(obj, "iv_term_skew", 0),
        .smile_slope = json_f64(obj, "smile_slope", 0),
        .put_call_skew = json_f64(obj, "put_call_skew", 1),
        .toxicity = json_f64(obj, "toxicity", 0),
        .event_alignment = json_f64(obj, "event_alignment", 0),
        .freshness = json_f64(obj, "freshness", 1),
        .has_synthetic_squeeze = fact_flag(json_get(obj, "synthetic_squeeze")),
        .risk = risk_features_decode(obj),
    };
    read_motifs(obj, e);
    flow_facts_decode(obj, FACTS_ENRICHED, &e->facts);
    e->alert = flow_alerts_decode(json_get_arr(obj, "flow_trades"), &e->alerts_len);
}

void
enriched_done(struct enriched *e)
{
    /* Borrowed in general, but what enriched_decode allocated is this object's own. */
    free((void *)(uintptr_t)e->alert);
    e->alert = NULL;
    e->alerts_len = 0;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* What enrichment replaces; "shorts" and the objects below are written whether the cache has them
 * or not. */
static const char *const REPLACED[] = {
    "sentiment",
    "conviction",
    "trade_count",
    "flow_trades_n",
    "iv_term_skew",
    "smile_slope",
    "put_call_skew",
    "toxicity",
    "event_alignment",
    "motif_staircase",
    "motif_burst",
    "motif_whale",
    "motif_sweep_block",
    "freshness",
    "shorts",
    "dark_pool_sentiment",
    "dark_pool_notional",
    "realized_vol_5d",
    "dark_pool_notional_1h",
    "dark_pool_notional_total",
    "realized_vol_20d",
    "beta_vs_spy",
};

static const char *const OBJECTS[] = {"dark_pool", "insider",       "market_tide", "calendar",
                                      "congress",  "institutional", "greeks",      "iv_rank",
                                      "oi_change", "etf_flow"};

static bool
is_listed(const char *key, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(key, list[i]) == 0) return true;
    }
    return false;
}

static bool
is_replaced(const char *key, const struct enriched *e)
{
    if (strcmp(key, "squeeze_score") == 0 || strcmp(key, "synthetic_squeeze") == 0)
        return e->has_synthetic_squeeze;
    return is_listed(key, REPLACED, COUNT_OF(REPLACED)) ||
           is_listed(key, OBJECTS, COUNT_OF(OBJECTS));
}

static void
write_object(struct json_out *o, const char *key, const struct json *v)
{
    if (json_is_object(v)) {
        json_out_value(o, key, v);
        return;
    }
    json_out_obj(o, key);
    json_out_end(o);
}

static void
write_motif_off(struct json_out *o, const char *key, const char *a, const char *b)
{
    json_out_obj(o, key);
    json_out_bool(o, "detected", false);
    json_out_i64(o, a, 0);
    json_out_f64(o, b, 0);
    json_out_end(o);
}

static void
write_motifs(struct json_out *o, const struct enriched *e)
{
    write_motif_off(o, "motif_staircase", "steps", "slope");
    write_motif_off(o, "motif_burst", "count", "intensity");
    write_motif_off(o, "motif_whale", "duration_sec", "avg_conviction");
    json_out_obj(o, "motif_sweep_block");
    json_out_bool(o, "detected", e->sweep_block.is_detected);
    json_out_f64(o, "premium", e->sweep_block.premium_usd);
    json_out_bool(o, "immediate", e->sweep_block.is_immediate);
    json_out_end(o);
}

static void
write_squeeze(struct json_out *o, const struct enriched *e)
{
    json_out_obj(o, "squeeze_score");
    json_out_f64(o, "signals", e->facts.squeeze.signals);
    json_out_bool(o, "high_squeeze_potential", e->facts.squeeze.is_high_potential);
    json_out_bool(o, "synthetic", true);
    json_out_obj(o, "components");
    json_out_bool(o, "high_oi_change", e->has_high_oi_change);
    json_out_bool(o, "negative_gamma", e->has_negative_gamma);
    json_out_bool(o, "bullish_flow", e->has_bullish_flow);
    json_out_end(o);
    json_out_end(o);
    json_out_bool(o, "synthetic_squeeze", true);
}

static void
write_features(struct json_out *o, const struct json *cache_obj, const struct enriched *e)
{
    json_out_str(o, "sentiment", json_str(cache_obj, "sentiment", "NEUTRAL"));
    json_out_f64(o, "conviction", e->conviction);
    json_out_f64(o, "trade_count", e->trade_count);
    json_out_i64(o, "flow_trades_n", (int64_t)json_len(json_get_arr(cache_obj, "flow_trades")));
    json_out_f64(o, "iv_term_skew", e->iv_term_skew);
    json_out_f64(o, "smile_slope", e->smile_slope);
    json_out_f64(o, "put_call_skew", e->put_call_skew);
    json_out_f64(o, "toxicity", e->toxicity);
    json_out_f64(o, "event_alignment", e->event_alignment);
    json_out_f64(o, "freshness", e->freshness);
}

/* Not read by the score: there to be looked at. */
static void
write_observed(struct json_out *o, const struct json *cache_obj, const struct enriched *e)
{
    const struct dark_pool_facts *dp = &e->facts.dark_pool;
    double total = first_non_zero(dp->total_notional, dp->total_premium);

    json_out_str(o, "dark_pool_sentiment",
                 json_str(json_get_obj(cache_obj, "dark_pool"), "sentiment", "NEUTRAL"));
    json_out_f64(o, "dark_pool_notional", first_non_zero(dp->total_notional_1h, total));
    json_out_f64(o, "dark_pool_notional_1h", dp->total_notional_1h);
    json_out_f64(o, "dark_pool_notional_total", total);
    json_out_f64(o, "realized_vol_5d", e->risk.realized_vol_5d);
    json_out_f64(o, "realized_vol_20d", e->risk.realized_vol_20d);
    json_out_f64(o, "beta_vs_spy", e->risk.beta_vs_spy);
}

void
enriched_write(struct json_out *o, const char *key, const struct json *cache_obj,
               const struct enriched *e)
{
    json_out_obj(o, key);
    for (const struct json *m = json_first(cache_obj); m != NULL; m = json_next(m)) {
        if (!is_replaced(json_key(m), e)) json_out_value(o, json_key(m), m);
    }
    write_features(o, cache_obj, e);
    for (size_t i = 0; i < COUNT_OF(OBJECTS); i++)
        write_object(o, OBJECTS[i], json_get(cache_obj, OBJECTS[i]));
    write_object(o, "shorts", facts_cache_shorts(cache_obj));
    write_motifs(o, e);
    if (e->has_synthetic_squeeze) write_squeeze(o, e);
    write_observed(o, cache_obj, e);
    json_out_end(o);
}
