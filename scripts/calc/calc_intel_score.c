/* Universe, UW intel and the v2 score by name: spec 30 9.7 to 9.11, 9.13. */
#include "scripts/calc/calc.h"

#include "intel/composite_v2_json.h"
#include "intel/regime.h"
#include "intel/universe_json.h"
#include "intel/uw_intel.h"

/* ---- universe ------------------------------------------------------------------------------ */

const char CALC_UNIVERSE_SCORE_KEYS[] = "in\n"
                                        "  symbol  text    \"\"\n"
                                        "  risk    object  {}  realized_vol_20d number 0\n"
                                        "\n"
                                        "out\n"
                                        "  score, breakdown: volatility\n";

enum rc
calc_universe_score(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    struct universe_score u =
        universe_score_v1(json_f64(json_get_obj(in, "risk"), "realized_vol_20d", 0));

    json_out_obj(o, NULL);
    universe_score_v1_write(o, &u);
    json_out_end(o);
    return RC_OK;
}

const char CALC_UNIVERSE_SCORE_V2_KEYS[] =
    "in\n"
    "  symbol        text    \"\"\n"
    "  risk          object  {}  realized_vol_20d number 0\n"
    "  regime_label  text    \"NEUTRAL\"\n"
    "\n"
    "out\n"
    "  score, breakdown: volatility, sector_alignment, regime_alignment; context: sector, "
    "regime_label\n";

enum rc
calc_universe_score_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    const char *symbol = intel_str(&a, json_get(in, "symbol"), "");
    const char *label = intel_str(&a, json_get(in, "regime_label"), REGIME_LABEL_DEFAULT);
    double vol = json_f64(json_get_obj(in, "risk"), "realized_vol_20d", 0);
    struct universe_score u = universe_score_v2(symbol, vol, label);

    json_out_obj(o, NULL);
    universe_score_v2_write(o, &u, label);
    json_out_end(o);
    return RC_OK;
}

const char CALC_UNIVERSE_BUILD_KEYS[] =
    "in\n"
    "  mock                           boolean  false\n"
    "  top_net_impact                 array    null: the call failed\n"
    "  risk_features                  object   null  symbols: realized_vol_20d of each\n"
    "  market_context, posture_state  object   null\n"
    "  max, core                      integer  200, 60\n"
    "\n"
    "out\n"
    "  daily_universe, core_universe, daily_universe_v2: the documents without _meta.ts\n";

static int64_t
read_int(const struct json *in, const char *key, int64_t dflt)
{
    int64_t value = 0;

    return ops_int(json_get(in, key), &value) ? value : dflt;
}

enum rc
calc_universe_build(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct universe_build b;
    struct universe_sources s = {
        .is_mock = json_truthy(json_get(in, "mock")),
        .net_impact = json_get_arr(in, "top_net_impact"),
        .risk_features = json_get_obj(in, "risk_features"),
        .market_context = json_get_obj(in, "market_context"),
        .posture_state = json_get_obj(in, "posture_state"),
        .daily_max = read_int(in, "max", UNIVERSE_DAILY_DEFAULT),
        .core_max = read_int(in, "core", UNIVERSE_CORE_DEFAULT),
    };

    universe_build(&s, &a, &b);
    json_out_obj(o, NULL);
    universe_write(o, "daily_universe", &b, &b.daily, WHEN_NONE);
    universe_write(o, "core_universe", &b, &b.core, WHEN_NONE);
    universe_v2_write(o, "daily_universe_v2", &b, WHEN_NONE);
    json_out_end(o);
    return RC_OK;
}

/* ---- intel --------------------------------------------------------------------------------- */

const char CALC_PREMARKET_INTEL_KEYS[] = "in\n"
                                         "  mock           boolean  false\n"
                                         "  flow_rows      array    null: the call failed\n"
                                         "  darkpool_rows  array    null: the call failed\n"
                                         "\n"
                                         "out\n"
                                         "  the symbol's record of state/premarket_intel.json\n";

enum rc
calc_premarket_intel(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    struct premarket_rows rows =
        premarket_rows_decode(json_get(in, "flow_rows"), json_get(in, "darkpool_rows"));
    bool is_mock = json_truthy(json_get(in, "mock"));
    struct uw_intel r = is_mock ? premarket_intel_mock() : premarket_intel_of(&rows);

    premarket_record_write(o, NULL, &r);
    return RC_OK;
}

const char CALC_POSTMARKET_INTEL_KEYS[] =
    "in\n"
    "  mock             boolean  false\n"
    "  afterhours_rows  any      null: the call failed\n"
    "\n"
    "out\n"
    "  market, and symbol: the record of any symbol of state/postmarket_intel.json\n";

enum rc
calc_postmarket_intel(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    bool is_mock = json_truthy(json_get(in, "mock"));
    enum afterhours a = afterhours_of(json_get(in, "afterhours_rows"), is_mock);
    struct uw_intel r = is_mock ? postmarket_intel_mock() : postmarket_intel_of();

    json_out_obj(o, NULL);
    postmarket_market_write(o, "market", a);
    postmarket_record_write(o, "symbol", &r, a);
    json_out_end(o);
    return RC_OK;
}

/* ---- composite-v2 -------------------------------------------------------------------------- */

const char CALC_COMPOSITE_V2_KEYS[] =
    "in\n"
    "  symbol              text    \"\"\n"
    "  base                object  the finished v1 composite; needed, not empty\n"
    "  enriched            object  {}  realized_vol_20d, beta_vs_spy, conviction, trade_count, "
    "sentiment\n"
    "  market_context, posture_state   object  {}\n"
    "  params              object  null: the configured weights\n"
    "  premarket_intel, postmarket_intel, regime_state,\n"
    "  daily_universe_v2, daily_universe  object  null: no such file\n"
    "  shaping_enabled     boolean  false\n"
    "  composite_version   text     \"v1\"\n"
    "\n"
    "out\n"
    "  composite, and attribution: the line of logs/uw_attribution.jsonl without its time, or "
    "null\n";

static struct v2_documents
read_documents(const struct json *in)
{
    return (struct v2_documents){
        .market_context = json_get_obj(in, "market_context"),
        .posture_state = json_get_obj(in, "posture_state"),
        .premarket_intel = json_get_obj(in, "premarket_intel"),
        .postmarket_intel = json_get_obj(in, "postmarket_intel"),
        .regime_state = json_get_obj(in, "regime_state"),
        .daily_universe_v2 = json_get_obj(in, "daily_universe_v2"),
        .daily_universe = json_get_obj(in, "daily_universe"),
    };
}

/* Of the two switches; the version is trimmed. */
static bool
is_shaping(const struct json *in, struct arena *a)
{
    char *version = arena_strdup(a, intel_str(a, json_get(in, "composite_version"), "v1"));

    str_trim(version);
    return json_truthy(json_get(in, "shaping_enabled")) &&
           str_eq_nocase(version, COMPOSITE_V2_VERSION);
}

enum rc
calc_composite_v2(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    const struct json *base = json_get_obj(in, "base");
    struct composite_params params = composite_params_decode(json_get(in, "params"), &a);
    struct v2_documents documents = read_documents(in);
    struct v2_world world;
    struct composite_v2 v;

    if (json_len(base) == 0) return err_set(err, RC_PARSE, "\"base\" is no v1 composite");
    v2_world_decode(&documents, &params, &SECTOR_PROFILES_SHIPPED, &a, &world);
    world.is_shaping = is_shaping(in, &a);
    const char *symbol = intel_str(&a, json_get(in, "symbol"), "");
    struct composite_v2_case c = composite_v2_case_decode(symbol, json_get_obj(in, "enriched"),
                                                          json_f64(base, "score", 0), &a);
    composite_v2(&world, &c, &v);

    struct composite_v2_view view = {&world, &c, &v};
    json_out_obj(o, NULL);
    composite_v2_write(o, "composite", base, &view);
    if (composite_v2_is_attributed(&c, &v))
        composite_v2_attribution_write(o, "attribution", &view, WHEN_NONE);
    else
        json_out_null(o, "attribution");
    json_out_end(o);
    return RC_OK;
}
