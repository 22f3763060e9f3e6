/* The market as v2 sees it, by name: spec 30 9.1 to 9.6, 9.12. */
#include "scripts/calc/calc.h"

#include <math.h>

#include "intel/market_context.h"
#include "intel/posture.h"
#include "intel/regime.h"
#include "intel/sector.h"
#include "intel/symbol_risk.h"
#include "strategy/regime.h"

#define UNKNOWN ((double)NAN)

/* ---- sector -------------------------------------------------------------------------------- */

const char CALC_SECTOR_KEYS[] = "in\n"
                                "  symbol    text    \"\"\n"
                                "  profiles  object  content of a sector_profiles.json; default "
                                "the shipped one\n"
                                "\n"
                                "out\n"
                                "  sector, profile_version, multipliers: flow_weight, "
                                "darkpool_weight,\n"
                                "  earnings_weight, short_interest_weight\n";

enum rc
calc_sector(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct sector_profiles given = sector_profiles_decode(json_get(in, "profiles"), &a);
    bool is_given = json_has(in, "profiles");
    const struct sector_profiles *p = is_given ? &given : &SECTOR_PROFILES_SHIPPED;
    enum sector s = sector_of(intel_str(&a, json_get(in, "symbol"), ""));

    json_out_obj(o, NULL);
    json_out_str(o, "sector", sector_name(s));
    json_out_str(o, "profile_version", p->version);
    sector_weights_write(o, "multipliers", &p->sector[s]);
    json_out_end(o);
    return RC_OK;
}

/* ---- regime, regime-alignment -------------------------------------------------------------- */

const char CALC_REGIME_KEYS[] =
    "in\n"
    "  market_context  object  {}  volatility_regime text \"mid\", market_trend text \"\"\n"
    "  posture_state   object  {}  posture text \"neutral\", regime_confidence number 0\n"
    "\n"
    "out\n"
    "  state/regime_state.json without _meta.ts\n";

enum rc
calc_regime(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct regime_inputs r = regime_inputs_decode(json_get_obj(in, "market_context"),
                                                  json_get_obj(in, "posture_state"), &a);
    struct regime_state s = regime_detect(&r);

    regime_write(o, &r, &s, WHEN_NONE);
    return RC_OK;
}

const char CALC_REGIME_ALIGNMENT_KEYS[] = "in\n"
                                          "  regime_label  text  \"\"\n"
                                          "  direction     text  \"\"  bullish, bearish; any "
                                          "other is none\n"
                                          "\n"
                                          "out\n"
                                          "  alignment  -1, 0, 0.25 or 1\n";

enum rc
calc_regime_alignment(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    const char *label = intel_str(&a, json_get(in, "regime_label"), "");
    const char *direction = intel_str(&a, json_get(in, "direction"), "");

    json_out_obj(o, NULL);
    json_out_f64(o, "alignment", regime_alignment(label, intel_direction_from(direction)));
    json_out_end(o);
    return RC_OK;
}

/* ---- market-context ------------------------------------------------------------------------ */

const char CALC_MARKET_CONTEXT_KEYS[] =
    "in\n"
    "  spy_prev_close, qqq_prev_close,\n"
    "  vxx_close_1d, vxz_close_1d                number or null   0, not known\n"
    "  spy_last_1m, qqq_last_1m                  number or null   no minute bar\n"
    "  spy_last_1m_age_sec, qqq_last_1m_age_sec  number           0\n"
    "  is_open                                   boolean          false\n"
    "\n"
    "out\n"
    "  spy_overnight_ret, qqq_overnight_ret, vxx_vxz_ratio, market_trend, volatility_regime,\n"
    "  risk_on_off, stale_1m, stale_reason\n";

/* The keys of one index. */
struct index_keys {
    const char *prev, *last, *age;
};

static struct index_prices
read_index(const struct json *in, const struct index_keys *k, int64_t now_ns)
{
    const double age_s_max = 1e9; /* thirty years are old enough */
    double age_s = ops_clamp(json_f64(in, k->age, 0), -age_s_max, age_s_max);
    struct index_prices p = {
        .prev_close = json_f64(in, k->prev, UNKNOWN),
        .last_1m = json_f64(in, k->last, UNKNOWN),
        .last_1m_ns = WHEN_NONE,
    };

    /* Upwards: a bar is stale as soon as it is older than its limit, by however little. */
    if (!isnan(p.last_1m)) p.last_1m_ns = now_ns - (int64_t)ceil(age_s * (double)NS_PER_S);
    return p;
}

enum rc
calc_market_context(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    static const struct index_keys spy = {"spy_prev_close", "spy_last_1m", "spy_last_1m_age_sec"};
    static const struct index_keys qqq = {"qqq_prev_close", "qqq_last_1m", "qqq_last_1m_age_sec"};
    struct market_inputs m = {
        .spy = read_index(in, &spy, 0),
        .qqq = read_index(in, &qqq, 0),
        .vxx_close = json_f64(in, "vxx_close_1d", UNKNOWN),
        .vxz_close = json_f64(in, "vxz_close_1d", UNKNOWN),
        .is_open = json_truthy(json_get(in, "is_open")),
    };
    struct market_context c = market_context_of(&m);

    json_out_obj(o, NULL);
    market_context_write_members(o, &c);
    json_out_end(o);
    return RC_OK;
}

/* ---- structural-regime --------------------------------------------------------------------- */

const char CALC_STRUCTURAL_REGIME_KEYS[] =
    "in\n"
    "  returns   array of daily returns, or null  null\n"
    "  previous  object  {}  regime text \"NEUTRAL\", confidence number 0: kept with fewer than "
    "30 returns\n"
    "\n"
    "out\n"
    "  structural_regime, structural_confidence\n";

/* The numbers of an array; what is none counts as 0. */
static size_t
read_numbers(const struct json *array, struct arena *a, const double **ret_number)
{
    double *number = ARENA_NEW(a, double, json_len(array));
    size_t len = 0;

    for (const struct json *v = json_first(array); v != NULL; v = json_next(v))
        number[len++] = json_f64_of(v, 0);
    *ret_number = number;
    return len;
}

enum rc
calc_structural_regime(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    const struct json *previous = json_get_obj(in, "previous");
    const double *ret = NULL;
    size_t len = read_numbers(json_get_arr(in, "returns"), &a, &ret);
    struct structural_state before = {.confidence = json_f64(previous, "confidence", 0)};
    struct structural_state now = structural_regime_of_returns(ret, len, &before, WHEN_NONE);
    bool is_kept = len < REGIME_RETURNS_MIN;

    json_out_obj(o, NULL);
    json_out_str(o, "structural_regime",
                 is_kept ? intel_str(&a, json_get(previous, "regime"), REGIME_LABEL_DEFAULT)
                         : structural_regime_name(now.regime));
    json_out_f64(o, "structural_confidence", now.confidence);
    json_out_end(o);
    return RC_OK;
}

/* ---- posture ------------------------------------------------------------------------------- */

const char CALC_POSTURE_KEYS[] =
    "in\n"
    "  structural_regime      text    \"NEUTRAL\"\n"
    "  structural_confidence  number  0\n"
    "  market_context         object  {}  volatility_regime \"mid\", market_trend \"flat\", "
    "risk_on_off \"neutral\"\n"
    "\n"
    "out\n"
    "  regime_label, regime_confidence, regime_source, posture, posture_flags\n";

enum rc
calc_posture(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    const struct json *market = json_get_obj(in, "market_context");
    struct posture_inputs p = {
        .structural_regime = intel_str(&a, json_get(in, "structural_regime"), REGIME_LABEL_DEFAULT),
        .structural_confidence = json_f64(in, "structural_confidence", 0),
        .volatility = intel_str(&a, json_get(market, "volatility_regime"),
                                volatility_regime_name(VOLATILITY_MID)),
        .trend = intel_str(&a, json_get(market, "market_trend"), market_trend_name(TREND_FLAT)),
        .mood = intel_str(&a, json_get(market, "risk_on_off"), risk_mood_name(RISK_MOOD_NEUTRAL)),
    };
    struct posture_state s = posture_of(&p);

    json_out_obj(o, NULL);
    posture_write_members(o, &s);
    json_out_end(o);
    return RC_OK;
}

/* ---- risk-features ------------------------------------------------------------------------- */

const char CALC_RISK_FEATURES_KEYS[] =
    "in\n"
    "  closes        array of daily closes, oldest first, or null  null\n"
    "  bench_closes  the same of the benchmark                     null\n"
    "\n"
    "out\n"
    "  realized_vol_5d, realized_vol_20d, beta_vs_spy of the newest 45 closes of each\n";

enum rc
calc_risk_features(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct closes symbol = {0}, benchmark = {0};

    symbol.len = read_numbers(json_get_arr(in, "closes"), &a, &symbol.usd);
    benchmark.len = read_numbers(json_get_arr(in, "bench_closes"), &a, &benchmark.usd);
    struct symbol_risk r = symbol_risk_of(&symbol, &benchmark);
    json_out_obj(o, NULL);
    symbol_risk_write(o, &r);
    json_out_end(o);
    return RC_OK;
}
