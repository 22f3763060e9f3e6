#include "intel/composite_v2_json.h"

#include <math.h>

enum { SCORE_DECIMALS = 3, TERM_DECIMALS = 4, INPUT_DECIMALS = 6 };

static const char UW_LAYER_ABSENT[] = "";

/* ---- in ------------------------------------------------------------------------------------ */

struct composite_v2_case
composite_v2_case_decode(const char *symbol, const struct json *enriched, double base_score,
                         struct arena *a)
{
    const char *sentiment = json_str(enriched, "sentiment", "");
    /* A conviction of null is one of 0; only without the key its old name counts. */
    bool has_conviction = json_member(enriched, "conviction") != NULL;
    char *upper = arena_strdup(a, symbol);

    str_upper(upper);
    return (struct composite_v2_case){
        .symbol = upper,
        .base_score = base_score,
        .realised_vol_20d = json_f64(enriched, "realized_vol_20d", 0),
        .beta_vs_spy = json_f64(enriched, "beta_vs_spy", 0),
        .conviction = json_f64(enriched, has_conviction ? "conviction" : "flow_conv", 0),
        .trade_count = trunc(json_f64(enriched, "trade_count", 0)),
        .direction = str_eq(sentiment, "BULLISH")   ? INTEL_BULLISH
                     : str_eq(sentiment, "BEARISH") ? INTEL_BEARISH
                                                    : INTEL_NEUTRAL,
    };
}

/* ---- parts --------------------------------------------------------------------------------- */

static void
write_rounded(struct json_out *o, const char *key, double x, int decimals)
{
    json_out_f64(o, key, round_dec(x, decimals));
}

void
composite_v2_adjustments_write(struct json_out *o, const char *key,
                               const struct composite_v2_terms *t)
{
    json_out_obj(o, key);
    write_rounded(o, "vol_bonus", t->vol_bonus, TERM_DECIMALS);
    write_rounded(o, "low_vol_penalty", t->low_vol_penalty, TERM_DECIMALS);
    write_rounded(o, "beta_bonus", t->beta_bonus, TERM_DECIMALS);
    write_rounded(o, "uw_bonus", t->uw_bonus, TERM_DECIMALS);
    write_rounded(o, "premarket_bonus", t->premarket_bonus, TERM_DECIMALS);
    write_rounded(o, "regime_align_bonus", t->regime_align_bonus, TERM_DECIMALS);
    write_rounded(o, "regime_misalign_penalty", t->regime_misalign_penalty, TERM_DECIMALS);
    write_rounded(o, "shaping_adj", t->shaping, TERM_DECIMALS);
    write_rounded(o, "total", t->total, TERM_DECIMALS);
    json_out_end(o);
}

void
composite_v2_inputs_write(struct json_out *o, const char *key, const struct composite_v2_view *view)
{
    const struct v2_world *w = view->world;
    const struct composite_v2_case *c = view->c;

    json_out_obj(o, key);
    write_rounded(o, "realized_vol_20d", c->realised_vol_20d, INPUT_DECIMALS);
    write_rounded(o, "beta_vs_spy", c->beta_vs_spy, INPUT_DECIMALS);
    write_rounded(o, "uw_conviction", c->conviction, INPUT_DECIMALS);
    json_out_f64(o, "trade_count", c->trade_count);
    json_out_str(o, "volatility_regime", w->volatility);
    json_out_str(o, "market_trend", w->trend);
    json_out_str(o, "futures_direction", futures_direction_name(view->v->futures));
    write_rounded(o, "spy_overnight_ret", w->spy_overnight_ret, INPUT_DECIMALS);
    write_rounded(o, "qqq_overnight_ret", w->qqq_overnight_ret, INPUT_DECIMALS);
    json_out_str(o, "posture", w->posture);
    json_out_str(o, "direction", intel_direction_name(c->direction));
    write_rounded(o, "posture_confidence", w->posture_confidence, TERM_DECIMALS);
    json_out_str(o, "weights_version", w->params->version);
    json_out_end(o);
}

/* The six features: of the record, or neutral where there is none. */
static void
write_features(struct json_out *o, const struct composite_v2 *v)
{
    static const struct intel_record none = {.sentiment = "NEUTRAL"};
    const struct intel_record *r = v->has_record ? &v->record : &none;

    json_out_f64(o, "flow_strength", r->flow_strength);
    json_out_f64(o, "darkpool_bias", r->dark_pool_bias);
    json_out_str(o, "sentiment", r->sentiment);
    if (r->has_earnings)
        json_out_i64(o, "earnings_proximity", r->earnings_days);
    else
        json_out_null(o, "earnings_proximity");
    json_out_f64(o, "sector_alignment", r->sector_alignment);
    json_out_f64(o, "regime_alignment", v->regime_alignment);
}

static void
write_uw_adjustments(struct json_out *o, const struct composite_v2_uw *u)
{
    json_out_obj(o, "v2_uw_adjustments");
    write_rounded(o, "flow_strength", u->flow_strength, TERM_DECIMALS);
    write_rounded(o, "darkpool_bias", u->dark_pool_bias, TERM_DECIMALS);
    write_rounded(o, "sentiment", u->sentiment, TERM_DECIMALS);
    write_rounded(o, "earnings_proximity", u->earnings_proximity, TERM_DECIMALS);
    write_rounded(o, "sector_alignment", u->sector_alignment, TERM_DECIMALS);
    write_rounded(o, "regime_alignment", u->regime_alignment, TERM_DECIMALS);
    write_rounded(o, "total", u->total, TERM_DECIMALS);
    json_out_end(o);
}

/* {} where the layer was left out. */
static void
write_sector_profile(struct json_out *o, const char *key, const struct composite_v2_view *view)
{
    json_out_obj(o, key);
    if (view->v->has_layer) {
        const struct sector_profiles *p = &view->world->sectors;
        json_out_str(o, "sector", sector_name(view->v->sector));
        json_out_str(o, "version", p->version);
        sector_weights_write(o, "multipliers", &p->sector[view->v->sector]);
    }
    json_out_end(o);
}

static void
write_regime_profile(struct json_out *o, const char *key, const struct composite_v2_view *view)
{
    json_out_obj(o, key);
    if (view->v->has_layer) {
        json_out_str(o, "regime_label", view->world->regime_label);
        json_out_str(o, "version", view->world->regime_version);
        json_out_f64(o, "alignment", view->v->regime_alignment);
    }
    json_out_end(o);
}

void
composite_v2_uw_write_members(struct json_out *o, const struct composite_v2_view *view)
{
    const struct composite_v2 *v = view->v;

    json_out_str(o, "uw_intel_version", v->intel_version);
    json_out_obj(o, "v2_uw_inputs");
    write_features(o, v);
    json_out_str(o, "uw_intel_version", v->intel_version);
    json_out_end(o);
    write_uw_adjustments(o, &v->uw);
    write_sector_profile(o, "v2_uw_sector_profile", view);
    write_regime_profile(o, "v2_uw_regime_profile", view);
}

/* "1.339", "0.55", "0.0": three decimals without the zeros at the end, but one digit stays. */
static void
add_number(struct text *to, double x)
{
    text_printf(to, "%.*f", SCORE_DECIMALS, round_dec(x, SCORE_DECIMALS));
    for (int i = 1; i < SCORE_DECIMALS && to->data[to->len - 1] == '0'; i++)
        to->data[--to->len] = '\0';
}

void
composite_v2_notes(struct text *to, const char *base_notes, double total)
{
    const char *from = base_notes + strspn(base_notes, "; ");

    text_puts(to, from);
    if (from[0] != '\0') text_puts(to, "; ");
    text_puts(to, "v2_adj=");
    add_number(to, total);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* What v2 writes itself, by what must be there for it; the rest of the base is copied. */
enum written { ALWAYS, WITH_RECORD, WITH_UNIVERSE, WITH_MEMBERSHIP };

static const struct own_key {
    const char *key;
    enum written when;
} OWN_KEYS[] = {
    {"score",                    ALWAYS         },
    {"composite_version",        ALWAYS         },
    {"base_score_v1",            ALWAYS         },
    {"v2_adjustments",           ALWAYS         },
    {"v2_inputs",                ALWAYS         },
    {"notes",                    ALWAYS         },
    {"version",                  ALWAYS         },
    {"uw_intel_version",         WITH_RECORD    },
    {"v2_uw_inputs",             WITH_RECORD    },
    {"v2_uw_adjustments",        WITH_RECORD    },
    {"v2_uw_sector_profile",     WITH_RECORD    },
    {"v2_uw_regime_profile",     WITH_RECORD    },
    {"universe_scoring_version", WITH_UNIVERSE  },
    {"universe_source",          WITH_UNIVERSE  },
    {"in_universe",              WITH_MEMBERSHIP},
};

static bool
is_there(enum written when, const struct composite_v2_view *view)
{
    bool has_universe = view->v->has_layer && view->world->universe.version[0] != '\0';

    switch (when) {
    case ALWAYS:
        return true;
    case WITH_RECORD:
        return view->v->has_record;
    case WITH_UNIVERSE:
        return has_universe;
    case WITH_MEMBERSHIP:
        return has_universe && view->v->in_universe != MEMBERSHIP_UNKNOWN;
    }
    return false;
}

static void
copy_base(struct json_out *o, const struct json *base, const struct composite_v2_view *view)
{
    for (const struct json *v = json_first(base); v != NULL; v = json_next(v)) {
        bool is_own = false;
        for (size_t i = 0; i < COUNT_OF(OWN_KEYS) && !is_own; i++) {
            is_own = str_eq(json_key(v), OWN_KEYS[i].key) && is_there(OWN_KEYS[i].when, view);
        }
        if (!is_own) json_out_value(o, json_key(v), v);
    }
}

static void
write_texts(struct json_out *o, const struct json *base, const struct composite_v2 *v)
{
    CLEANUP(text_free) struct text notes = {0};
    CLEANUP(text_free) struct text version = {0};
    char buf[F64_TEXT_MAX];

    composite_v2_notes(&notes, ops_str(json_get(base, "notes"), "", buf), v->terms.total);
    json_out_str(o, "notes", text_str(&notes));
    text_puts(&version, ops_str(json_get(base, "version"), "V3", buf));
    text_puts(&version, "+V2");
    json_out_str(o, "version", text_str(&version));
}

void
composite_v2_write(struct json_out *o, const char *key, const struct json *base,
                   const struct composite_v2_view *view)
{
    const struct universe_known *u = &view->world->universe;
    const struct composite_v2 *v = view->v;

    json_out_obj(o, key);
    copy_base(o, base, view);
    json_out_f64(o, "score", v->score);
    json_out_str(o, "composite_version", COMPOSITE_V2_VERSION);
    write_rounded(o, "base_score_v1", view->c->base_score, SCORE_DECIMALS);
    composite_v2_adjustments_write(o, "v2_adjustments", &v->terms);
    composite_v2_inputs_write(o, "v2_inputs", view);
    if (is_there(WITH_RECORD, view)) composite_v2_uw_write_members(o, view);
    if (is_there(WITH_UNIVERSE, view)) {
        json_out_str(o, "universe_scoring_version", u->version);
        json_out_str(o, "universe_source", u->source);
    }
    if (is_there(WITH_MEMBERSHIP, view))
        json_out_bool(o, "in_universe", v->in_universe == MEMBERSHIP_YES);
    write_texts(o, base, v);
    json_out_end(o);
}

void
composite_v2_attribution_write(struct json_out *o, const char *key,
                               const struct composite_v2_view *view, int64_t now_ns)
{
    const struct composite_v2 *v = view->v;
    char iso[ISO_TEXT_MAX];

    json_out_obj(o, key);
    json_out_str(o, "symbol", view->c->symbol);
    if (now_ns != WHEN_NONE) json_out_str(o, "timestamp", when_iso_brief(now_ns, iso));
    json_out_str(o, "direction", intel_direction_name(view->c->direction));
    json_out_obj(o, "uw_features");
    write_features(o, v);
    json_out_end(o);
    json_out_obj(o, "uw_contribution");
    json_out_f64(o, "score_delta", v->uw.total);
    json_out_obj(o, "weight_profile");
    json_out_str(o, "uw_version", v->has_layer ? view->world->params->uw.version : UW_LAYER_ABSENT);
    write_sector_profile(o, "sector_profile", view);
    write_regime_profile(o, "regime_profile", view);
    json_out_end(o);
    json_out_end(o);
    json_out_str(o, "composite_version", COMPOSITE_V2_VERSION);
    json_out_str(o, "uw_intel_version", v->intel_version);
    json_out_end(o);
}
