/* From the cache's object to plain values, and from those to the enriched ones. */
#include "tests/strategy/score_case.h"

#define NOW_S  INT64_C(1769806000)
#define NOW_NS (NOW_S * NS_PER_S)

static struct enriched
enrich_text(const char *cache_obj)
{
    CLEANUP(json_freep) struct json *doc = doc_of(cache_obj);
    CLEANUP(symbol_flow_done) struct symbol_flow flow = {0};
    struct enriched e;
    assert_true(symbol_flow_decode("aapl", doc, &flow));
    assert_string_equal(flow.symbol, "AAPL");
    enrich(&flow, NULL, NOW_NS, &e);
    e.alert = NULL; /* goes with the flow */
    e.alerts_len = 0;
    return e;
}

static void
test_symbol_flow_refuses_what_is_no_symbol(void **state)
{
    CLEANUP(json_freep) struct json *doc = doc_of("{\"a\": 1}");
    CLEANUP(json_freep) struct json *list = doc_of("[1]");
    struct symbol_flow f = {.alerts_len = 7};
    (void)state;
    assert_false(symbol_flow_decode("AAPL", list, &f));
    assert_false(symbol_flow_decode("AAPL", NULL, &f));
    assert_false(symbol_flow_decode("", doc, &f));
    assert_false(symbol_flow_decode("_metadata", doc, &f));
    assert_int_equal(f.alerts_len, 7); /* untouched */
    symbol_flow_done(&(struct symbol_flow){0});
}

static void
test_symbol_flow_marks_what_is_missing(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = doc_of("{\"conviction\": null, \"greeks\": {}, \"insider\": 5, "
                              "\"dark_pool\": [1], \"iv\": {\"a\": null}, \"simulated\": true, "
                              "\"flow_trades\": {\"a\": 1}}");
    CLEANUP(symbol_flow_done) struct symbol_flow f = {0};
    (void)state;
    assert_true(symbol_flow_decode("BRK.B", doc, &f));
    assert_true(f.is_simulated);
    assert_false(f.has_conviction || f.has_trade_count);
    assert_false(f.facts.greeks.is_present || f.facts.insider.is_present ||
                 f.facts.dark_pool.is_present || f.facts.iv.is_present);
    assert_true(f.updated_s == WHEN_NONE && symbol_flow_is_stale(&f, NOW_NS));
    assert_null(f.alert);
    assert_int_equal(f.flow_trades_len, 0);
}

static void
test_symbol_flow_reads_the_first_1024_alerts(void **state)
{
    CLEANUP(text_free) struct text text = {0};
    (void)state;
    for (int n = FLOW_ALERTS_MAX - 1; n <= FLOW_ALERTS_MAX + 1; n++) {
        text_clear(&text);
        text_puts(&text, "{\"flow_trades\": [1");
        for (int i = 1; i < n; i++)
            text_puts(&text, ",{}");
        text_puts(&text, "]}");
        CLEANUP(json_freep) struct json *doc = doc_of(text_str(&text));
        CLEANUP(symbol_flow_done) struct symbol_flow f = {0};
        assert_true(symbol_flow_decode("X", doc, &f));
        assert_int_equal(f.flow_trades_len, n);
        /* The element that is no object is passed over, and takes no room. */
        assert_int_equal(f.alerts_len, MIN(n - 1, FLOW_ALERTS_MAX));
    }
}

static void
test_symbol_flow_is_stale_after_two_hours(void **state)
{
    static const struct {
        const char *obj;
        bool want;
    } cases[] = {
        {"{\"_last_update\": 1769798800, \"last_update\": 5}",    false}, /* 7200 s */
        {"{\"_last_update\": \"1769798799\"}",                    true },
        {"{\"_last_update\": null, \"last_update\": 1769806000}", false},
        {"{\"_last_update\": \"?\"}",                             true },
        {"{\"_last_update\": 1e300}",                             false},
        {"{\"_last_update\": -1e300}",                            true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = doc_of(cases[i].obj);
        CLEANUP(symbol_flow_done) struct symbol_flow f = {0};
        assert_true(symbol_flow_decode("X", doc, &f));
        if (symbol_flow_is_stale(&f, NOW_NS) != cases[i].want) fail_msg("%s", cases[i].obj);
    }
}

static void
test_gamma_levels_are_positive_distinct_ascending_and_twenty(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = doc_of(
        "{\"greeks\": {\"gamma_exposure_levels\": [], \"gammaExposureLevels\": [182.5, \"181\", "
        "{\"strike\": 200, \"price\": 1}, {\"level\": null, \"price\": 190}, -5, 0, \"x\", "
        "181.0000001, {}], "
        "\"gamma_levels\": [77], \"gammaWall\": 300, \"gamma_wall\": \"299.5\", \"max_pain\": "
        "182.5, "
        "\"maxPain\": 150}}");
    struct flow_facts f;
    (void)state;
    flow_facts_decode(doc, FACTS_CACHE, &f);
    static const double want[] = {150, 181, 182.5, 190, 200, 299.5, 300};
    assert_int_equal(f.gamma_levels_len, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_near("level", f.gamma_level[i], want[i]);

    CLEANUP(text_free) struct text text = {0};
    text_puts(&text, "{\"greeks\": {\"gamma_wall\": 0.5, \"gammaLevels\": [");
    for (int i = 40; i > 0; i--)
        text_printf(&text, "%d,", i);
    text_puts(&text, "3]}}");
    CLEANUP(json_freep) struct json *many = doc_of(text_str(&text));
    flow_facts_decode(many, FACTS_CACHE, &f);
    assert_int_equal(f.gamma_levels_len, GAMMA_LEVELS_MAX);
    assert_near("the lowest", f.gamma_level[0], 0.5);
    assert_near("the highest kept", f.gamma_level[GAMMA_LEVELS_MAX - 1], 19);
}

/* ---- enrichment ---------------------------------------------------------------------------- */

static void
test_enrich_derives_features(void **state)
{
    static const struct {
        const char *promise, *obj;
        double skew, smile, put_call, toxicity, event;
    } cases[] = {
        {"nothing known is average",                           "{}",                                                                  0,     0,     1,    0.35, 0.2 },
        {"strong and bullish",                                 "{\"sentiment\": \"BULLISH\", \"conviction\": 0.8}",                   0.108, 0.02,
         0.68,                                                                                                                                            0.56, 0.85},
        {"strong and bearish is not negative",                 "{\"sentiment\": \"BEARISH\", \"conviction\": 0.8}",
         0.108,                                                                                                                              -0.02, 1.4,  0.56, 0.85},
        {"the skew is capped",                                 "{\"sentiment\": \"BULLISH\", \"conviction\": 1}",                     0.15,  0.02,  0.6,
         0.7,                                                                                                                                                   0.85},
        {"and below",                                          "{\"sentiment\": \"BULLISH\", \"conviction\": 0}",                     -0.15, 0.02,  1,    0,    0.2 },
        {"another word is neutral",                            "{\"sentiment\": \"bullish\", \"conviction\": 0.7}",                   0.06,  0,     1,
         0.49,                                                                                                                                                  0.6 },
        {"both bullish",
         "{\"sentiment\": \"BULLISH\", \"conviction\": 0.5, \"dark_pool\": {\"sentiment\": "
         "\"BULLISH\"}}",                                                                                                             0,     0.08,  0.8,  0.35, 0.2 },
        {"both bearish",
         "{\"sentiment\": \"BEARISH\", \"conviction\": 0.5, \"dark_pool\": {\"sentiment\": "
         "\"BEARISH\"}}",                                                                                                             0,     -0.08, 1.25, 0.35, 0.2 },
        {"against each other",
         "{\"sentiment\": \"BEARISH\", \"conviction\": 0.5, \"dark_pool\": {\"sentiment\": "
         "\"BULLISH\"}}",                                                                                                             0,     0,     1.25, 0.35, 0.2 },
        {"dark pool alone says nothing",
         "{\"conviction\": 0.5, \"dark_pool\": {\"sentiment\": \"BULLISH\"}}",                                                        0,     0,     1,    0.35, 0.2 },
        {"at 30 million",                                      "{\"conviction\": 0.5, \"dark_pool\": {\"total_notional\": 3e7}}",     0,     0,
         1,                                                                                                                                               0.35, 0.2 },
        {"above 30 million",                                   "{\"conviction\": 0.5, \"dark_pool\": {\"total_premium\": 30000001}}",
         0,                                                                                                                                  0,     1,    0.5,  0.2 },
        {"toxicity is at most one",
         "{\"conviction\": 1.4, \"dark_pool\": {\"total_premium\": 4e7}}",                                                            0.15,  0,     1,    1,    0.85},
        {"what the cache says of the features does not count",
         "{\"conviction\": 0.5, \"iv_term_skew\": 9, \"smile_slope\": 9}",                                                            0,     0,     1,    0.35, 0.2 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct enriched e = enrich_text(cases[i].obj);
        assert_near(cases[i].promise, e.iv_term_skew, cases[i].skew);
        assert_near(cases[i].promise, e.smile_slope, cases[i].smile);
        assert_near(cases[i].promise, e.put_call_skew, cases[i].put_call);
        assert_near(cases[i].promise, e.toxicity, cases[i].toxicity);
        assert_near(cases[i].promise, e.event_alignment, cases[i].event);
    }
}

static void
test_enrich_does_not_take_absent_flow_for_average(void **state)
{
    struct enriched e = enrich_text("{\"flow_trades\": [{}, {}, {}]}");
    (void)state;
    assert_true(e.has_conviction);
    assert_near("conviction", e.conviction, 0);
    assert_near("trades are counted", e.trade_count, 3);
    assert_near("unless the cache counts them",
                enrich_text("{\"trade_count\": 7.9, \"flow_trades\": [{}]}").trade_count, 7);
}

static void
test_enrich_freshness_halves_every_quarter_of_an_hour(void **state)
{
    (void)state;
    assert_near("now", enrich_freshness(NOW_S, NOW_NS), 1);
    assert_near("a half-life", enrich_freshness(NOW_S - 900, NOW_NS), 0.5);
    assert_near("two", enrich_freshness(NOW_S - 1800, NOW_NS + NS_PER_S - 1),
                0.25); /* whole seconds count */
    assert_near("of the future", enrich_freshness(NOW_S + 900, NOW_NS), 1);
    assert_near("unknown", enrich_freshness(WHEN_NONE, NOW_NS), 1);
    assert_near("long ago", enrich_freshness(0, NOW_NS), 0);
}

static void
test_enrich_finds_the_sweep_block(void **state)
{
    (void)state;
    struct enriched e =
        enrich_text("{\"dark_pool\": {\"total_notional\": 0, \"total_premium\": 10000000}}");
    assert_true(e.sweep_block.is_detected && e.sweep_block.is_immediate);
    e = enrich_text("{\"dark_pool\": {\"total_notional\": 9999999.99, \"total_premium\": 5e9}}");
    assert_false(e.sweep_block.is_detected || e.sweep_block.is_immediate);
    assert_false(e.whale.is_detected || e.burst.is_detected || e.staircase.is_detected);
}

static void
test_enrich_synthesises_a_squeeze(void **state)
{
    static const struct {
        const char *promise, *obj;
        double signals;
        bool is_synthetic, is_high;
    } cases[] = {
        {"none",                  "{}",                                                       0, true,  false},
        {"open interest",         "{\"oi_change\": {\"net_oi_change\": 50001}}",              1, true,  false},
        {"at its step",           "{\"oi_change\": {\"net_oi_change\": 50000}}",              0, true,  false},
        {"gamma",                 "{\"greeks\": {\"call_gamma\": 1, \"put_gamma\": 100002}}", 1, true,  false},
        {"gamma at its step",     "{\"greeks\": {\"call_gamma\": 1, \"put_gamma\": 100001}}", 0, true,
         false                                                                                               },
        {"bullish",               "{\"sentiment\": \"BULLISH\", \"conviction\": 0.51}",       1, true,  false},
        {"bullish at its step",   "{\"sentiment\": \"BULLISH\", \"conviction\": 0.5}",        0, true,
         false                                                                                               },
        {"all",
         "{\"sentiment\": \"BULLISH\", \"conviction\": 0.6, \"oi_change\": {\"net_oi_change\": "
         "60000}, "
         "\"greeks\": {\"put_gamma\": 200000}, \"squeeze_score\": {\"signals\": 0}}",         3, true,  true },
        {"the cache's own stays", "{\"squeeze_score\": {\"signals\": 2}}",                    2, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct enriched e = enrich_text(cases[i].obj);
        assert_near(cases[i].promise, e.facts.squeeze.signals, cases[i].signals);
        if (e.has_synthetic_squeeze != cases[i].is_synthetic ||
            e.facts.squeeze.is_high_potential != cases[i].is_high)
            fail_msg("%s", cases[i].promise);
    }
}

static void
test_enrich_finds_shorts_under_three_names(void **state)
{
    (void)state;
    assert_near("first",
                enrich_text("{\"ftd_pressure\": {\"ftd_count\": 1}, \"ftd\": {\"ftd_count\": 3}}")
                    .facts.shorts.ftd_count,
                1);
    assert_near("second",
                enrich_text("{\"ftd_pressure\": {}, \"shorts_ftds\": {\"ftd_count\": 2}}")
                    .facts.shorts.ftd_count,
                2);
    struct enriched e =
        enrich_text("{\"shorts\": {\"ftd_count\": 9}, \"ftd\": {\"ftd_count\": 3}}");
    assert_near("third", e.facts.shorts.ftd_count, 3);
    assert_near("ftd stays what it is", e.facts.ftd.ftd_count, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbol_flow_refuses_what_is_no_symbol),
        cmocka_unit_test(test_symbol_flow_marks_what_is_missing),
        cmocka_unit_test(test_symbol_flow_reads_the_first_1024_alerts),
        cmocka_unit_test(test_symbol_flow_is_stale_after_two_hours),
        cmocka_unit_test(test_gamma_levels_are_positive_distinct_ascending_and_twenty),
        cmocka_unit_test(test_enrich_derives_features),
        cmocka_unit_test(test_enrich_does_not_take_absent_flow_for_average),
        cmocka_unit_test(test_enrich_freshness_halves_every_quarter_of_an_hour),
        cmocka_unit_test(test_enrich_finds_the_sweep_block),
        cmocka_unit_test(test_enrich_synthesises_a_squeeze),
        cmocka_unit_test(test_enrich_finds_shorts_under_three_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
