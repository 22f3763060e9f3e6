/* The seven gates at, above and below their thresholds; their order; the indicators they read. */
#include "tests/strategy/score_case.h"

#include "strategy/composite_gate.h"
#include "strategy/indicators.h"

static struct composite
good(void)
{
    return (struct composite){
        .score = 3, .sentiment = SENTIMENT_BULLISH, .toxicity = 0.5, .freshness = 1};
}

static const struct composite_gate_market CALM = {
    .price = 100, .ema20 = 100, .atr20 = 1, .is_exhaustion_on = true, .is_wall_on = true};

static void
test_composite_gate_of_the_score(void **state)
{
    static const struct {
        const char *promise;
        double score, threshold, toxicity, freshness;
        enum sentiment sentiment;
        const char *want;
        double number;
    } cases[] = {
        {"at the threshold",       2.7,         2.7, 0,     1,     SENTIMENT_BULLISH, "passed",            2.7  },
        {"just below",             2.699,       2.7, 0,     1,     SENTIMENT_BULLISH, "score_gate",        2.699},
        {"a threshold of its own", 3.4,         3.5, 0,     1,     SENTIMENT_BULLISH, "score_gate",        3.4  },
        {"no number",              (double)NAN, 2.7, 0,     1,     SENTIMENT_BULLISH, "score_gate",        0    },
        {"toxic at 0.90",          3,           2.7, 0.9,   1,     SENTIMENT_BEARISH, "passed",            3    },
        {"toxic above",            3,           2.7, 0.901, 1,     SENTIMENT_BEARISH, "toxicity_gate",     0.901},
        {"fresh at 0.25",          3,           2.7, 0,     0.25,  SENTIMENT_BEARISH, "passed",            3    },
        {"not fresh",              3,           2.7, 0,     0.249, SENTIMENT_BEARISH, "freshness_gate",    0.249},
        {"no direction",           3,           2.7, 0,     1,     SENTIMENT_NEUTRAL, "direction_neutral", 0    },
        {"the first one decides",  1,           2.7, 0.95,  0.1,   SENTIMENT_NEUTRAL, "score_gate",        1    },
        {"then the second",        3,           2.7, 0.95,  0.1,   SENTIMENT_NEUTRAL, "toxicity_gate",     0.95 },
        {"then the third",         3,           2.7, 0.5,   0.1,   SENTIMENT_NEUTRAL, "freshness_gate",    0.1  },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct composite c = good();
        c.toxicity = cases[i].toxicity;
        c.freshness = cases[i].freshness;
        c.sentiment = cases[i].sentiment;
        struct composite_gate_result r =
            composite_gate_score(&c, cases[i].score, cases[i].threshold);
        if (!str_eq(composite_gate_name(r.gate), cases[i].want))
            fail_msg("%s: %s", cases[i].promise, composite_gate_name(r.gate));
        if (!isnan(cases[i].score)) assert_near(cases[i].promise, r.number, cases[i].number);
    }
    assert_string_equal(composite_gate_name(composite_gate_score(NULL, 8, 2.7).gate),
                        "composite_none");
}

/* What the score says is what the gate compares: three decimals. */
static void
test_composite_gate_compares_rounded_freshness(void **state)
{
    (void)state;
    struct composite c =
        score_text("{\"sentiment\": \"BULLISH\", \"freshness\": 0.2496, \"motif_whale\": "
                   "{\"detected\": true}}",
                   "mixed", WHEN_NONE);
    assert_int_equal(composite_gate_score(&c, 3, 2.7).gate, COMPOSITE_GATE_PASS);
}

static void
test_composite_gate_of_the_market(void **state)
{
    static const struct {
        const char *promise;
        struct composite_gate_market m;
        const char *want;
    } cases[] = {
        {"calm",                       {100, 100, 1, true, true},    "passed"                  },
        {"2.5 ranges above",           {102.5, 100, 1, true, true},  "passed"                  },
        {"further above",              {102.51, 100, 1, true, true}, "atr_exhaustion_gate"     },
        {"far below is no exhaustion", {60, 100, 1, true, true},     "passed"                  },
        {"switched off",               {140, 100, 1, false, true},   "passed"                  },
        {"no price",                   {0, 100, 1, true, true},      "passed"                  },
        {"no average",                 {140, 0, 1, true, true},      "passed"                  },
        {"no range",                   {140, 100, 0, true, true},    "passed"                  },
        {"at the wall",                {501, 501, 1, true, true},    "resistance_wall_detected"},
        {"below the wall",             {499, 499, 1, true, true},    "resistance_wall_detected"},
        {"a cent from it",             {501.01, 501, 1, true, true}, "passed"                  },
        {"another level",              {200, 200, 1, true, true},    "resistance_wall_detected"},
        {"exhaustion comes first",     {200, 100, 1, true, true},    "atr_exhaustion_gate"     },
        {"wall switched off",          {500, 500, 1, true, false},   "passed"                  },
    };
    struct enriched e = {
        .facts = {.gamma_level = {200, 500}, .gamma_levels_len = 2}
    };
    struct composite c = good();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct composite_gate_result r = composite_gate(&c, &e, 3, 2.7, &cases[i].m);
        if (!str_eq(composite_gate_name(r.gate), cases[i].want))
            fail_msg("%s: %s", cases[i].promise, composite_gate_name(r.gate));
    }
    e.facts.gamma_levels_len = 0;
    assert_int_equal(composite_gate(&c, &e, 3, 2.7, &cases[8].m).gate, COMPOSITE_GATE_PASS);
}

static void
test_composite_gate_says_number_and_threshold(void **state)
{
    struct enriched e = {
        .facts = {.gamma_level = {100.1}, .gamma_levels_len = 1}
    };
    struct composite c = good();
    (void)state;
    struct composite_gate_result r = composite_gate(&c, &e, 3, 2.7, &CALM);
    assert_int_equal(r.gate, COMPOSITE_GATE_WALL);
    assert_near("distance", r.number, 0.1 / 100.1);
    assert_near("threshold", r.threshold, 0.002);
    r = composite_gate(&c, &(struct enriched){0}, 3, 2.7, &CALM);
    assert_near("score", r.number, 3);
    assert_near("threshold", r.threshold, 2.7);
    r = composite_gate(NULL, &e, 0, 2.7, &CALM);
    assert_int_equal(r.gate, COMPOSITE_GATE_NONE);
}

static void
test_composite_threshold_of_a_symbol(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = doc_of("{\"AAPL\": 3.1, \"MSFT\": \"2.9\", \"NVDA\": null, \"AMD\": \"x\"}");
    (void)state;
    assert_near("own", composite_threshold(doc, "AAPL"), 3.1);
    assert_near("text", composite_threshold(doc, "MSFT"), 2.9);
    assert_near("null", composite_threshold(doc, "NVDA"), 2.7);
    assert_near("a word", composite_threshold(doc, "AMD"), 2.7);
    assert_near("none", composite_threshold(NULL, "AAPL"), 2.7);
}

/* ---- indicators ---------------------------------------------------------------------------- */

static struct bar
bar_of(int64_t minute, int64_t high, int64_t low, int64_t close)
{
    return (struct bar){.start_ns = minute * NS_PER_MIN,
                        .high = {high * 10000},
                        .low = {low * 10000},
                        .close = {close * 10000}};
}

static void
test_indicators_average_and_range(void **state)
{
    struct bar bar[] = {bar_of(0, 11, 9, 10), bar_of(1, 13, 11, 12), bar_of(2, 12, 6, 7),
                        bar_of(3, 8, 7, 8)};
    struct bars all = {bar, 4}, two = {bar, 2}, one = {bar, 1}, none = {NULL, 0};
    (void)state;
    /* ranges: |13 - 10| = 3, |6 - 12| = 6, 8 - 7 = 1 */
    assert_near("mean of three", bars_atr(&all, 20), 10.0 / 3);
    assert_near("newest two", bars_atr(&all, 2), 3.5);
    assert_near("one range", bars_atr(&two, 20), 3);
    assert_near("no range", bars_atr(&one, 20), 0);
    assert_near("no bars", bars_atr(&none, 20), 0);
    assert_near("nothing asked", bars_atr(&all, 0), 0);
    bar[1].high = (usd){PRICE_MAX_E4};
    assert_near("at most 1000", bars_atr(&two, 20), 1000);

    assert_near("the first close", bars_ema(&one, 20), 10);
    assert_near("then a part of the way", bars_ema(&two, 3), 11);
    assert_near("no bars", bars_ema(&none, 20), 0);
}

static void
test_indicators_bars_grow_stale(void **state)
{
    struct bar bar[] = {bar_of(10, 1, 1, 1)};
    struct bars bars = {bar, 1}, none = {NULL, 0};
    (void)state;
    assert_false(bars_are_stale(&bars, 15 * NS_PER_MIN, 5 * NS_PER_MIN));
    assert_true(bars_are_stale(&bars, 15 * NS_PER_MIN + 1, 5 * NS_PER_MIN));
    assert_true(bars_are_stale(&none, 0, 5 * NS_PER_MIN));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_gate_of_the_score),
        cmocka_unit_test(test_composite_gate_compares_rounded_freshness),
        cmocka_unit_test(test_composite_gate_of_the_market),
        cmocka_unit_test(test_composite_gate_says_number_and_threshold),
        cmocka_unit_test(test_composite_threshold_of_a_symbol),
        cmocka_unit_test(test_indicators_average_and_range),
        cmocka_unit_test(test_indicators_bars_grow_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
