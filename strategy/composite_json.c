#include "strategy/composite_json.h"

#include "strategy/score_math.h"

/* Keys and values: spec 10 R4.29. */

static void
write_rounded(struct json_out *o, const char *key, double x)
{
    json_out_f64(o, key, round_places(x, 3));
}

void
composite_write_components(struct json_out *o, const char *key, const struct composite *c)
{
    json_out_obj(o, key);
    for (int i = 0; i < COMPONENTS_LEN; i++)
        write_rounded(o, COMPONENTS[i].name, c->component[i]);
    json_out_f64(o, "freshness_factor", c->freshness);
    json_out_end(o);
}

static void
write_sources(struct json_out *o, const struct composite *c)
{
    json_out_obj(o, "component_sources");
    for (int i = 0; i < COMPONENTS_LEN; i++)
        json_out_str(o, COMPONENTS[i].name, component_source_name(c->source[i]));
    json_out_str(o, "freshness_factor", component_source_name(SOURCE_REAL));
    json_out_end(o);

    json_out_arr(o, "missing_components");
    for (int i = 0; i < COMPONENTS_LEN; i++) {
        if (c->source[i] == SOURCE_MISSING) json_out_str(o, NULL, COMPONENTS[i].name);
    }
    json_out_end(o);
}

static void
write_levels(struct json_out *o, const struct flow_facts *f)
{
    json_out_arr(o, "gamma_resistance_levels");
    for (size_t i = 0; i < f->gamma_levels_len; i++)
        json_out_f64(o, NULL, f->gamma_level[i]);
    json_out_end(o);
}

static void
write_motifs(struct json_out *o, const struct enriched *e)
{
    json_out_obj(o, "motifs");
    json_out_bool(o, "staircase", e->staircase.is_detected);
    json_out_bool(o, "sweep_block", e->sweep_block.is_detected);
    json_out_bool(o, "burst", e->burst.is_detected);
    json_out_bool(o, "whale_persistence", e->whale.is_detected);
    json_out_end(o);
}

void
composite_write_intel(struct json_out *o, const char *key, const struct composite_view *v)
{
    const struct flow_facts *f = &v->enriched->facts;

    json_out_obj(o, key);
    json_out_bool(o, "congress_active", v->composite->congress_facts.is_present);
    json_out_bool(o, "shorts_active", v->composite->shorts_facts.is_present);
    json_out_bool(o, "tide_active", v->composite->has_tide_facts);
    json_out_bool(o, "calendar_active", v->composite->calendar_facts.is_present);
    json_out_bool(o, "greeks_active", !is_zero(f->greeks.gamma_exposure));
    json_out_bool(o, "ftd_active", !is_zero(f->ftd.ftd_count));
    json_out_bool(o, "iv_active", !is_zero(f->iv.rank_only));
    json_out_bool(o, "oi_active", !is_zero(f->oi.net_change));
    json_out_bool(o, "etf_active", f->etf_flow.sentiment[0] != '\0');
    json_out_bool(o, "squeeze_active", !is_zero(f->squeeze.signals));
    json_out_end(o);
}

static const char *
word_or(const char *word, const char *dflt)
{
    return word[0] != '\0' ? word : dflt;
}

static void
write_flow_features(struct json_out *o, const struct composite_view *v)
{
    const struct composite *c = v->composite;
    const struct enriched *e = v->enriched;

    json_out_f64(o, "flow_conviction", c->conviction);
    json_out_i64(o, "flow_sign", sentiment_sign(c->sentiment));
    json_out_f64(o, "dp_premium", c->dark_pool_usd);
    json_out_f64(o, "dp_notional_1h", c->dark_pool_1h_usd);
    json_out_f64(o, "sweep_urgency_multiplier", c->sweep_multiplier);
    json_out_f64(o, "iv_skew", e->iv_term_skew);
    json_out_f64(o, "smile_slope", e->smile_slope);
    json_out_f64(o, "toxicity", e->toxicity);
    json_out_f64(o, "congress_buys", c->congress_facts.buys);
    json_out_f64(o, "congress_sells", c->congress_facts.sells);
    json_out_f64(o, "short_interest_pct", c->shorts_facts.interest_pct);
    json_out_f64(o, "days_to_cover", c->shorts_facts.days_to_cover);
    json_out_bool(o, "squeeze_risk", c->shorts_facts.has_squeeze_risk);
    json_out_str(o, "regime", v->regime);
}

/* Only the plain keys count here, not the alternatives that the score accepts (R4.29). */
static void
write_fact_features(struct json_out *o, const struct flow_facts *f)
{
    json_out_f64(o, "greeks_gamma", f->greeks.gamma_exposure);
    json_out_f64(o, "greeks_delta", f->greeks.delta_exposure);
    json_out_bool(o, "gamma_squeeze_setup", f->greeks.has_squeeze_setup);
    json_out_f64(o, "ftd_count", f->ftd.ftd_count);
    json_out_bool(o, "ftd_pressure", f->ftd.has_squeeze_pressure);
    json_out_f64(o, "iv_rank", f->iv.rank_only);
    json_out_f64(o, "iv_percentile", f->iv.percentile);
    json_out_bool(o, "high_iv_caution", f->iv.is_high_caution);
    json_out_bool(o, "low_iv_opportunity", f->iv.is_low_opportunity);
    json_out_f64(o, "oi_net_change", f->oi.net_change);
    json_out_str(o, "oi_sentiment", word_or(f->oi.sentiment, "NEUTRAL"));
    json_out_str(o, "etf_overall_sentiment", word_or(f->etf_flow.sentiment, "NEUTRAL"));
    json_out_bool(o, "market_risk_on", f->etf_flow.is_risk_on);
    json_out_f64(o, "squeeze_signals", f->squeeze.signals);
    json_out_bool(o, "high_squeeze_potential", f->squeeze.is_high_potential);
    json_out_str(o, "squeeze_setup_type", word_or(f->squeeze.setup, "NONE"));
    json_out_f64(o, "max_pain", f->max_pain);
}

void
composite_write_features(struct json_out *o, const char *key, const struct composite_view *v)
{
    const struct risk_features *risk = &v->enriched->risk;

    json_out_obj(o, key);
    write_flow_features(o, v);
    write_fact_features(o, &v->enriched->facts);
    json_out_f64(o, "realized_vol_5d", risk->realized_vol_5d);
    json_out_f64(o, "realized_vol_20d", risk->realized_vol_20d);
    json_out_f64(o, "beta_vs_spy", risk->beta_vs_spy);
    json_out_end(o);
}

/* Only boosts that were given leave a trace (R4.33, R4.34). */
static void
write_boosts(struct json_out *o, const struct boosts *b)
{
    if (b->sector_tide > 0) {
        json_out_f64(o, "sector_tide_boost", b->sector_tide);
        json_out_obj(o, "sector_tide_info");
        json_out_str(o, "sector", b->sector);
        json_out_i64(o, "count", (int64_t)b->sector_count);
        json_out_f64(o, "boost", b->sector_tide);
        json_out_end(o);
    }
    if (b->persistence > 0) {
        json_out_f64(o, "persistence_boost", b->persistence);
        json_out_obj(o, "persistence_info");
        json_out_i64(o, "count", (int64_t)b->persistence_count);
        json_out_bool(o, "whale_motif", true);
        json_out_f64(o, "boost", b->persistence);
        json_out_end(o);
        json_out_bool(o, "whale_motif_from_persistence", true);
    }
    if (b->rvol > 0) json_out_f64(o, "rvol_boost", b->rvol);
}

void
composite_write(struct json_out *o, const char *key, const struct composite_view *v)
{
    static const struct boosts none;
    const struct composite *c = v->composite;
    const struct boosts *b = v->boosts != NULL ? v->boosts : &none;
    CLEANUP(text_free) struct text notes = {0};

    composite_notes(&notes, v);
    json_out_obj(o, key);
    json_out_str(o, "symbol", v->symbol);
    json_out_f64(o, "score", boosts_apply(c->score, b));
    json_out_str(o, "version", COMPOSITE_VERSION);
    json_out_bool(o, "adaptive_weights_active", true);
    write_levels(o, &v->enriched->facts);
    composite_write_components(o, "components", c);
    write_sources(o, c);
    write_motifs(o, v->enriched);
    composite_write_intel(o, "expanded_intel", v);
    json_out_f64(o, "sizing_overlay", c->sizing_overlay);
    json_out_i64(o, "entry_delay_sec", c->entry_delay_s);
    json_out_f64(o, "toxicity", c->toxicity);
    json_out_f64(o, "freshness", c->freshness);
    json_out_f64(o, "whale_conviction_boost",
                 b->persistence > 0 ? PERSISTENCE_BOOST : c->whale_conviction_boost);
    write_boosts(o, b);
    if (v->gate_msg != NULL) json_out_str(o, "gate_msg", v->gate_msg);
    json_out_str(o, "notes", text_str(&notes));
    composite_write_features(o, "features_for_learning", v);
    json_out_end(o);
}
