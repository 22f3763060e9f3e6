/* Market context, posture and regime: the edges of every rule, and documents that are valid. */
#include <math.h>

#include "intel/market_context.h"
#include "intel/posture.h"
#include "intel/regime.h"
#include "intel/schema.h"
#include "intel/sector.h"
#include "tests/lib/check.h"

static const double UNKNOWN = (double)NAN;

static struct json *
doc_of(const struct text *t)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(t->data, t->len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

/* ---- market context ------------------------------------------------------------------------ */

static struct market_inputs
calm_market(void)
{
    return (struct market_inputs){
        .spy = {.prev_close = 500, .last_1m = 500, .last_1m_ns = 0},
        .qqq = {.prev_close = 400, .last_1m = 400, .last_1m_ns = 0},
        .vxx_close = 25,
        .vxz_close = 25,
    };
}

static void
test_market_context_bars_are_stale_after_their_limit(void **state)
{
    static const struct {
        const char *what;
        int64_t spy_ns, qqq_ns;
        bool is_open, is_stale;
    } cases[] = {
        {"five minutes in the session",  300 * NS_PER_S,     0,                  true,  false},
        {"a nanosecond more",            300 * NS_PER_S + 1, 0,                  true,  true },
        {"the other index",              0,                  300 * NS_PER_S + 1, true,  true },
        {"five minutes outside",         300 * NS_PER_S + 1, 0,                  false, false},
        {"ten minutes outside",          600 * NS_PER_S,     600 * NS_PER_S,     false, false},
        {"a nanosecond more outside",    0,                  600 * NS_PER_S + 1, false, true },
        {"no bar of SPY",                WHEN_NONE,          0,                  true,  true },
        {"no bar of QQQ",                0,                  WHEN_NONE,          false, true },
        {"a bar that is still to close", -NS_PER_S,          0,                  true,  false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct market_inputs in = calm_market();
        int64_t spy = cases[i].spy_ns, qqq = cases[i].qqq_ns;
        in.is_open = cases[i].is_open;
        in.spy.last_1m_ns = spy == WHEN_NONE ? spy : -spy; /* ages at now_ns = 0 */
        in.qqq.last_1m_ns = qqq == WHEN_NONE ? qqq : -qqq;
        if (market_context_of(&in).is_stale_1m != cases[i].is_stale) fail_msg("%s", cases[i].what);
    }
}

/* A price that is not known neither moves the market nor frightens it, however it is not known. */
static void
test_market_context_missing_never_looks_like_zero(void **state)
{
    static const double nothings[] = {(double)NAN, (double)INFINITY, 0, -1};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(nothings); i++) {
        struct market_inputs in = calm_market();
        in.spy.last_1m = in.qqq.prev_close = in.vxx_close = nothings[i];
        struct market_context c = market_context_of(&in);
        assert_int_equal(c.trend, TREND_FLAT);
        assert_int_equal(c.volatility, VOLATILITY_MID);
        assert_int_equal(c.mood, RISK_MOOD_NEUTRAL);
        assert_true(fabs(c.spy_overnight_ret) + fabs(c.qqq_overnight_ret) <= 0);
        in = calm_market();
        in.vxx_close = 10; /* would be calm */
        in.vxz_close = nothings[i];
        assert_int_equal(market_context_of(&in).volatility, VOLATILITY_MID);
    }
}

static void
test_market_context_volatility_has_its_bounds(void **state)
{
    static const struct {
        double vxx, vxz;
        enum volatility_regime want;
    } cases[] = {
        {35,    100,   VOLATILITY_HIGH},
        {34.99, 100,   VOLATILITY_MID },
        {23,    20,    VOLATILITY_HIGH}, /* 1.15 */
        {22.9,  20,    VOLATILITY_MID },
        {18,    18,    VOLATILITY_LOW },
        {18.01, 18.01, VOLATILITY_MID },
        {10.2,  10,    VOLATILITY_LOW }, /* 1.02 */
        {10.3,  10,    VOLATILITY_MID },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct market_inputs in = calm_market();
        in.vxx_close = cases[i].vxx;
        in.vxz_close = cases[i].vxz;
        if (market_context_of(&in).volatility != cases[i].want) fail_msg("case %zu", i);
    }
}

static void
test_market_context_document_has_every_key(void **state)
{
    static const char *const keys[] = {"timestamp",         "spy_prev_close",    "spy_last_1m",
                                       "spy_overnight_ret", "qqq_prev_close",    "qqq_last_1m",
                                       "vxx_close_1d",      "qqq_overnight_ret", "vxz_close_1d",
                                       "vxx_vxz_ratio",     "spy_last_1m_ts",    "qqq_last_1m_ts",
                                       "stale_1m",          "stale_reason",      "market_trend",
                                       "risk_on_off",       "volatility_regime"};
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct market_inputs in = calm_market();
    (void)state;
    in.qqq.last_1m = UNKNOWN;
    in.qqq.last_1m_ns = WHEN_NONE;
    struct market_context c = market_context_of(&in);
    market_context_write(&o, &in, &c);
    CLEANUP(json_freep) struct json *doc = doc_of(&t);
    assert_int_equal(json_len(doc), COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_non_null(json_member(doc, keys[i]));
    assert_false(json_has(doc, "qqq_last_1m_ts"));
    assert_string_equal(json_str(doc, "stale_reason", ""), "missing_or_old_1m_bars");
}

/* ---- posture ------------------------------------------------------------------------------- */

static void
test_posture_asks_no_more_than_its_label_and_confidence(void **state)
{
    static const char *const regimes[] = {"PANIC", "RISK_OFF", "RISK_ON", "NEUTRAL", "unknown", ""};
    static const char *const vols[] = {"high", "mid", "low", "odd"};
    static const char *const trends[] = {"up", "flat", "down"};
    static const char *const moods[] = {"risk_off", "risk_on", "neutral"};
    struct rng r = check_rng("postures");
    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct posture_inputs in = {
            .structural_regime = regimes[rng_below(&r, COUNT_OF(regimes))],
            .structural_confidence = 3 * rng_f64(&r) - 1,
            .volatility = vols[rng_below(&r, COUNT_OF(vols))],
            .trend = trends[rng_below(&r, COUNT_OF(trends))],
            .mood = moods[rng_below(&r, COUNT_OF(moods))],
        };
        struct posture_state p = posture_of(&in);
        bool is_down = str_eq(p.regime_label, "bear") || str_eq(p.regime_label, "crash");
        bool is_short = is_down && p.regime_confidence >= 0.65;
        assert_true(p.regime_confidence >= 0.45 && p.regime_confidence <= 1);
        assert_int_equal(p.posture == POSTURE_SHORT, is_short);
        assert_int_equal(p.prefer_shorts, is_short);
        assert_int_equal(p.tighten_long_exits, is_short);
        assert_int_equal(p.allow_new_longs, !is_short);
        assert_int_equal(p.posture == POSTURE_LONG,
                         str_eq(p.regime_label, "bull") && p.regime_confidence >= 0.55);
        /* A structural regime that is not believed says nothing. */
        if (in.structural_confidence < 0.6) assert_false(str_starts(p.source, "structural"));
    }
}

static void
test_posture_document_tells_where_it_comes_from(void **state)
{
    CLEANUP(text_free) struct text with = {0};
    CLEANUP(text_free) struct text without = {0};
    struct json_out o = {.to = &with}, none = {.to = &without};
    struct market_inputs in = calm_market();
    struct market_context c = market_context_of(&in);
    struct posture_inputs p = {"RISK_OFF", 0.777777, "high", "flat", "neutral"};
    struct posture_state s = posture_of(&p);
    (void)state;
    posture_write(&o, &p, &s, &c, 0);
    posture_write(&none, &p, &s, NULL, 0);
    CLEANUP(json_freep) struct json *doc = doc_of(&with);
    CLEANUP(json_freep) struct json *bare = doc_of(&without);
    assert_string_equal(json_str(doc, "regime_source", ""), "structural_regime:RISK_OFF+high_vol");
    assert_true(fabs(json_f64(doc, "structural_confidence", 0) - 0.7778) <= 0);
    assert_string_equal(json_str(json_get(doc, "market_context"), "market_trend", ""), "flat");
    assert_int_equal(json_len(json_get(bare, "market_context")),
                     json_len(json_get(doc, "market_context")));
    assert_false(json_has(json_get(bare, "market_context"), "stale_1m"));
}

/* ---- regime and sector --------------------------------------------------------------------- */

static void
test_regime_document_is_valid_and_its_label_known(void **state)
{
    static const char *const words[] = {"short", "LONG", "bear", "neutral", "", "odd"};
    static const char *const vols[] = {"high", "elevated", "mid", "low", "", "odd"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(words) * COUNT_OF(vols); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct json_out o = {.to = &t};
        struct regime_inputs in = {words[i / COUNT_OF(vols)], -0.3, vols[i % COUNT_OF(vols)], ""};
        struct regime_state s = regime_detect(&in);
        struct err err = {0};
        regime_write(&o, &in, &s, NS_PER_S);
        CLEANUP(json_freep) struct json *doc = doc_of(&t);
        if (schema_check(SCHEMA_REGIME_STATE, doc, &err) != RC_OK) fail_msg("%s", err.text);
        /* Whatever was detected, nobody is against both directions. */
        assert_true(regime_alignment(s.label, INTEL_BULLISH) +
                        regime_alignment(s.label, INTEL_BEARISH) >=
                    0);
    }
}

static void
test_regime_that_is_not_known_takes_no_neutral_flow(void **state)
{
    static const char *const labels[] = {"RISK_ON", "BEAR", "NEUTRAL", "", "odd"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        assert_true(fabs(regime_alignment(labels[i], INTEL_NEUTRAL)) <= 0);
    assert_true(fabs(regime_alignment("odd", INTEL_BULLISH) + 1) <= 0);
}

static void
test_sector_table_is_what_is_shipped(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text t = {0};
    (void)state;
    check_read_file("config/sector_profiles.json", &t);
    CLEANUP(json_freep) struct json *doc = doc_of(&t);
    struct sector_profiles p = sector_profiles_decode(doc, &a);
    assert_string_equal(p.version, SECTOR_PROFILES_SHIPPED.version);
    for (int s = 0; s < SECTORS_LEN; s++) {
        const struct sector_weights *got = &p.sector[s], *want = &SECTOR_PROFILES_SHIPPED.sector[s];
        assert_true(fabs(got->flow - want->flow) + fabs(got->dark_pool - want->dark_pool) +
                        fabs(got->earnings - want->earnings) +
                        fabs(got->short_interest - want->short_interest) <=
                    0);
    }
}

static void
test_sector_that_is_not_known_weighs_nothing(void **state)
{
    static const char *const symbols[] = {
        "", " ", "KO", "AAPLX", "AAP", "JPM JPM", "a very long name of none"};
    CLEANUP(arena_done) struct arena a = {0};
    struct sector_profiles none = sector_profiles_decode(NULL, &a);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        assert_int_equal(sector_of(symbols[i]), SECTOR_UNKNOWN);
    for (int s = 0; s < SECTORS_LEN; s++)
        assert_true(fabs(none.sector[s].flow * none.sector[s].dark_pool * none.sector[s].earnings -
                         1) <= 0);
    assert_string_equal(none.version, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_context_bars_are_stale_after_their_limit),
        cmocka_unit_test(test_market_context_missing_never_looks_like_zero),
        cmocka_unit_test(test_market_context_volatility_has_its_bounds),
        cmocka_unit_test(test_market_context_document_has_every_key),
        cmocka_unit_test(test_posture_asks_no_more_than_its_label_and_confidence),
        cmocka_unit_test(test_posture_document_tells_where_it_comes_from),
        cmocka_unit_test(test_regime_document_is_valid_and_its_label_known),
        cmocka_unit_test(test_regime_that_is_not_known_takes_no_neutral_flow),
        cmocka_unit_test(test_sector_table_is_what_is_shipped),
        cmocka_unit_test(test_sector_that_is_not_known_weighs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
