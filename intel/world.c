#include "intel/world.h"

#include "intel/regime.h"
#include "intel/universe_json.h"

/* ---- the intel files ----------------------------------------------------------------------- */

static struct intel_record
record_decode(const struct json *v, struct arena *a)
{
    struct intel_record r = {
        .symbol = json_key(v),
        .is_usable = json_is_object(v),
        .flow_strength = json_f64(v, "flow_strength", 0),
        .dark_pool_bias = json_f64(v, "darkpool_bias", 0),
        .sector_alignment = json_f64(v, "sector_alignment", 0),
        .sentiment = intel_upper(a, json_get(v, "sentiment"), "NEUTRAL"),
    };

    r.has_earnings = ops_int(json_get(v, "earnings_proximity"), &r.earnings_days);
    return r;
}

static int
by_symbol(const void *a, const void *b)
{
    const struct intel_record *left = a, *right = b;

    return strcmp(left->symbol, right->symbol);
}

static struct intel_table
table_decode(const struct json *doc, struct arena *a)
{
    const struct json *symbols = json_get_obj(doc, "symbols");
    struct intel_record *row = ARENA_NEW(a, struct intel_record, json_len(symbols));
    struct intel_table t = {
        .row = row,
        .version = intel_str(a, json_get(json_get_obj(doc, "_meta"), "uw_intel_version"), ""),
    };

    /* An empty value is no record; one that is no object hides what a later file has. */
    for (const struct json *v = json_first(symbols); v != NULL; v = json_next(v)) {
        if (json_truthy(v)) row[t.len++] = record_decode(v, a);
    }
    if (t.len > 1) qsort(row, t.len, sizeof(*row), by_symbol);
    return t;
}

static const struct intel_record *
table_find(const struct intel_table *t, const char *symbol)
{
    const struct intel_record key = {.symbol = symbol};

    return t->len > 0 ? bsearch(&key, t->row, t->len, sizeof(*t->row), by_symbol) : NULL;
}

const struct intel_record *
v2_world_record(const struct v2_world *w, const char *symbol)
{
    const struct intel_record *r = table_find(&w->premarket, symbol);

    if (r == NULL) r = table_find(&w->postmarket, symbol);
    return r != NULL && r->is_usable ? r : NULL;
}

const char *
v2_world_intel_version(const struct v2_world *w)
{
    if (w->premarket.version[0] != '\0') return w->premarket.version;
    if (w->postmarket.version[0] != '\0') return w->postmarket.version;
    return w->params->uw.version;
}

/* ---- the universe -------------------------------------------------------------------------- */

static struct universe_known
universe_decode(const struct json *v2, const struct json *v1, struct arena *a)
{
    const struct json *meta = json_get_obj(v2, "_meta");
    struct universe_known u = {.version = "", .source = ""};

    if (meta != NULL && json_has(v2, "symbols")) {
        u.version = intel_str(a, json_get(meta, "version"), "");
        u.source = "daily_universe_v2";
        u.len = universe_symbols_of(&v2, 1, a, &u.symbol);
    }
    meta = json_get_obj(v1, "_meta");
    if (u.version[0] == '\0' && meta != NULL) {
        u.version = intel_str(a, json_get(meta, "version"), "");
        u.source = "daily_universe_v1";
    }
    return u;
}

static int
by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

enum membership
v2_world_membership(const struct v2_world *w, const char *symbol)
{
    const struct universe_known *u = &w->universe;

    if (u->len == 0) return MEMBERSHIP_UNKNOWN;
    return bsearch(&symbol, u->symbol, u->len, sizeof(*u->symbol), by_text) != NULL ? MEMBERSHIP_YES
                                                                                    : MEMBERSHIP_NO;
}

/* ---- the whole ----------------------------------------------------------------------------- */

void
v2_world_decode(const struct v2_documents *d, const struct composite_params *params,
                const struct sector_profiles *sectors, struct arena *a, struct v2_world *ret_world)
{
    const struct json *regime_meta = json_get_obj(d->regime_state, "_meta");

    *ret_world = (struct v2_world){
        .params = params,
        .volatility = intel_lower(a, json_get(d->market_context, "volatility_regime"), "mid"),
        .trend = intel_str(a, json_get(d->market_context, "market_trend"), ""),
        .spy_overnight_ret = json_f64(d->market_context, "spy_overnight_ret", 0),
        .qqq_overnight_ret = json_f64(d->market_context, "qqq_overnight_ret", 0),
        .posture = intel_lower(a, json_get(d->posture_state, "posture"), "neutral"),
        .posture_confidence = json_f64(d->posture_state, "regime_confidence", 0),
        .premarket = table_decode(d->premarket_intel, a),
        .postmarket = table_decode(d->postmarket_intel, a),
        .universe = universe_decode(d->daily_universe_v2, d->daily_universe, a),
        .regime_label =
            intel_str(a, json_get(d->regime_state, "regime_label"), REGIME_LABEL_DEFAULT),
        .regime_version =
            intel_str(a, json_get(regime_meta, "version"), params->uw.regime_profile_version),
        .sectors = *sectors,
    };
    if (params->uw.sector_profile_version[0] != '\0')
        ret_world->sectors.version = params->uw.sector_profile_version;
}
