/* The sum of the composite score: sweeps, dampening, overlays, notes. */
#include "tests/strategy/score_case.h"

#define AT(iso) when_parse_or_none(iso)
#define NOW     AT("2026-01-30T20:00:00Z")

#define BULL(rest) "{\"sentiment\": \"BULLISH\", " rest "}"
#define BEAR(rest) "{\"sentiment\": \"BEARISH\", " rest "}"

/* ---- sweep urgency ------------------------------------------------------------------------- */

#define BIG "\"premium\": 100000"
#define SWEEPS(s)                                                                                  \
    "{\"conviction\": 0.5, \"flow_trades\": [{\"sweep\": true, " BIG "}, {\"sweep\": true, " BIG   \
    "}, " s "]"                                                                                    \
    "}"

static void
test_composite_sweep_urgency(void **state)
{
    static const struct {
        const char *promise, *third;
        size_t want;
    } cases[] = {
        {"a flag",                               "{\"is_sweep\": true, " BIG "}",                                       3},
        {"another flag",                         "{\"isSweep\": \" Yes \", " BIG "}",                                   3},
        {"a third flag",                         "{\"is_sweep_trade\": \"1\", " BIG "}",                                3},
        {"the number one is no flag",            "{\"sweep\": 1, " BIG "}",                                             2},
        {"no is no flag",                        "{\"sweep\": \"no\", " BIG "}",                                        2},
        {"the vendor's own flag does not count", "{\"has_sweep\": true, " BIG "}",                                      2},
        {"a kind",                               "{\"trade_type\": \"intermarket sweep\", " BIG "}",                    3},
        {"the first kind that is not empty",
         "{\"trade_type\": \"\", \"type\": \"CALL_SWEEP\", " BIG "}",                                                   3},
        {"only the first one",                   "{\"trade_type\": \"block\", \"tag\": \"sweep\", " BIG "}",            2},
        {"a tag",                                "{\"tag\": \"Sweep\", " BIG "}",                                       3},
        {"too small",                            "{\"sweep\": true, \"premium\": 99999.99}",                            2},
        {"the first premium present counts",
         "{\"sweep\": true, \"premium\": 0, \"total_premium\": 1e6}",                                                   2},
        {"null is not present",
         "{\"sweep\": true, \"premium\": null, \"totalPremium\": \"100000\"}",                                          3},
        {"an hour old",                          "{\"sweep\": true, " BIG ", \"timestamp\": \"2026-01-30T19:00:00Z\"}", 3},
        {"a second more",                        "{\"sweep\": true, " BIG ", \"timestamp\": \"2026-01-30T18:59:59Z\"}", 2},
        {"seconds",                              "{\"sweep\": true, " BIG ", \"ts\": 1769799599}",                      2},
        {"milliseconds",                         "{\"sweep\": true, " BIG ", \"t\": 1769799599000}",                    2},
        {"the first time that can be read",
         "{\"sweep\": true, " BIG ", \"ts\": \"?\", \"time\": 1769799599}",                                             2},
        {"created_at last",                      "{\"sweep\": true, " BIG ", \"created_at\": \"2026-01-30 18:59:59\"}",
         2                                                                                                               },
        {"created_at as a number is no time",    "{\"sweep\": true, " BIG ", \"createdAt\": 5}",                        3},
        {"of the future",                        "{\"sweep\": true, " BIG ", \"date\": \"2026-02-01\"}",                3},
        {"not an object",                        "17",                                                                  2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, SWEEPS("%s"), cases[i].third);
        struct composite c = score_text(text, "mixed", NOW);
        if (c.sweeps != cases[i].want) fail_msg("%s: %zu sweeps", cases[i].promise, c.sweeps);
        bool is_urgent = cases[i].want >= 3;
        assert_near(cases[i].promise, c.component[COMPONENT_FLOW],
                    is_urgent ? 2.4 * 0.5 * 1.2 : 1.2);
        assert_near(cases[i].promise, c.sweep_multiplier, is_urgent ? 1.2 : 1.0);
    }
}

/* ---- sum, overlays, notes ------------------------------------------------------------------ */

static void
test_composite_sum_is_dampened_boosted_and_clamped(void **state)
{
    (void)state;
    assert_near("freshness scales the sum", score_text("{\"freshness\": 0.5}", "mixed", NOW).score,
                0.969);
    assert_near(
        "the boost comes after freshness",
        score_text("{\"freshness\": 0, \"motif_sweep_block\": {\"detected\": true}}", "mixed", NOW)
            .score,
        0.5);
    assert_near("never below zero", score_text("{\"toxicity\": 50}", "mixed", NOW).score, 0);
    assert_near("never above eight", score_text("{\"smile_slope\": 500}", "mixed", NOW).score, 8);
    assert_near(
        "what overflows does not score",
        score_text("{\"smile_slope\": 1e308, \"iv_term_skew\": 1e308, \"event_alignment\": 1e308, "
                   "\"motif_staircase\": {\"detected\": true, \"slope\": 1.7e308}}",
                   "mixed", NOW)
            .score,
        0);
    assert_near("freshness that is no number is the default",
                score_text("{\"freshness\": \"NaN\"}", "mixed", NOW).score, 1.937);
}

static void
test_composite_overlays(void **state)
{
    static const struct {
        const char *promise, *enriched;
        double overlay;
        int delay_s;
    } cases[] = {
        {"aligned and skewed",                  BULL("\"iv_term_skew\": 0.081"),                             0.25,  0  },
        {"skew at its step",                    BULL("\"iv_term_skew\": 0.08"),                              0,     0  },
        {"skewed the other way",                BEAR("\"iv_term_skew\": 0.081"),                             -0.3,  0  },
        {"whale",                               "{\"motif_whale\": {\"detected\": true}}",                   0.2,   0  },
        {"congress",                            BULL("\"congress\": {\"recent_count\": 3, \"buys\": 1}"),    0.15,  0  },
        {"shorts",                              BULL("\"shorts\": {\"interest_pct\": 40}"),                  0.2,   0  },
        {"too toxic",                           "{\"toxicity\": 0.86}",                                      -0.25, 0  },
        {"toxic at its step",                   "{\"toxicity\": 0.85}",                                      0,     0  },
        {"three stairs",                        "{\"motif_staircase\": {\"detected\": true, \"steps\": 3}}", 0,     120},
        {"four stairs",                         "{\"motif_staircase\": {\"detected\": true, \"steps\": 4}}", 0,     0  },
        {"an immediate block overrides stairs",
         "{\"motif_staircase\": {\"detected\": true}, \"motif_sweep_block\": {\"detected\": true, "
         "\"immediate\": true}}",                                                                            0,     0  },
        {"a burst overrides both",
         "{\"motif_sweep_block\": {\"detected\": true, \"immediate\": true}, \"motif_burst\": "
         "{\"detected\": "
         "true, "
         "\"intensity\": 2.01}}",                                                                            0,     180},
        {"a slow burst does not wait",          "{\"motif_burst\": {\"detected\": true, \"intensity\": 2}}",
         0,                                                                                                         0  },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct composite c = score_text(cases[i].enriched, "mixed", NOW);
        assert_near(cases[i].promise, c.sizing_overlay, cases[i].overlay);
        if (c.entry_delay_s != cases[i].delay_s)
            fail_msg("%s: %d s", cases[i].promise, c.entry_delay_s);
    }
}

static void
notes_of(const char *enriched, const char *gate_msg, struct text *to)
{
    CLEANUP(json_freep) struct json *doc = doc_of(enriched);
    CLEANUP(enriched_done) struct enriched e = {0};
    struct composite c = {0};
    enriched_decode(doc, &e);
    composite_v1(&e, SCORE_REGIME_MIXED, NULL, NOW, &c);
    composite_notes(to, &(struct composite_view){.symbol = "X",
                                                 .regime = "mixed",
                                                 .composite = &c,
                                                 .enriched = &e,
                                                 .gate_msg = gate_msg});
}

static void
test_composite_notes_say_what_spoke(void **state)
{
    static const struct {
        const char *enriched, *note;
    } cases[] = {
        {"{\"toxicity\": 0.301}",                                                          "mild_toxicity(0.30)"      },
        {"{\"motif_burst\": {\"detected\": true, \"count\": 7}}",                          "burst(7 updates)"         },
        {BEAR("\"congress\": {\"recent_count\": 1, \"buys\": 1}"),                         "congress_oppose(1B/0S)"   },
        {"{\"congress\": {\"recent_count\": 1}}",                                          "congress_neutral(0B/0S)"  },
        {BULL("\"shorts\": {\"interest_pct\": 1, \"ftd_count\": 1234567.9}"),              "FTDs(1,234,567)"          },
        {BEAR("\"shorts\": {\"interest_pct\": 21}"),                                       "crowded_short"            },
        {BEAR("\"insider\": {\"net_buys\": 2, \"total_usd\": 2540000}"),
         "inst_oppose(2B/0S,$2.5M)"                                                                                   },
        {"{\"insider\": {\"net_buys\": 2}}",                                               "inst_neutral(2B/0S,$0.0M)"},
        {BEAR("\"market_tide\": {\"call_premium\": 3, \"put_premium\": 1}"),               "tide_oppose(75%C)"        },
        {"{\"market_tide\": {\"call_premium\": 3, \"put_premium\": 1}}",                   "tide_active(75%C)"        },
        {"{\"calendar\": {\"has_fda\": true, \"fda_catalyst\": \"PDUFA\"}}",               "FDA:PDUFA"                },
        {"{\"greeks\": {\"gamma_squeeze_setup\": true}}",                                  "gamma_squeeze_setup"      },
        {"{\"iv_rank\": {\"iv_rank\": 81}}",                                               "high_iv_caution"          },
        {BULL("\"oi_change\": {\"net_oi_change\": 50001}"),                                "strong_call_positioning"  },
        {"{\"etf_flow\": {\"overall_sentiment\": \"BULLISH\", \"market_risk_on\": true}}",
         "risk_on_environment"                                                                                        },
        {"{\"squeeze_score\": {\"high_squeeze_potential\": true}}",                        "high_squeeze_potential"   },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text notes = {0};
        notes_of(cases[i].enriched, NULL, &notes);
        if (strstr(text_str(&notes), cases[i].note) == NULL)
            fail_msg("%s is not in %s", cases[i].note, text_str(&notes));
    }
    CLEANUP(text_free) struct text notes = {0};
    notes_of("{\"market_tide\": {\"call_premium\": 6, \"put_premium\": 4}}",
             "resistance_wall_detected", &notes);
    assert_null(strstr(text_str(&notes), "tide"));
    text_clear(&notes);
    notes_of("{\"iv_rank\": {\"iv_rank\": 20}}", NULL, &notes);
    assert_null(strstr(text_str(&notes), "_iv_"));
    text_clear(&notes);
    notes_of("{\"iv_rank\": {\"iv_rank\": 80}}", "resistance_wall_detected", &notes);
    assert_null(strstr(text_str(&notes), "_iv_"));
    assert_true(str_ends(text_str(&notes), "; gate:resistance_wall_detected"));
}

static void
test_composite_sources_say_what_is_missing(void **state)
{
    (void)state;
    struct composite c = score_text("{}", "mixed", NOW);
    assert_int_equal(c.source[COMPONENT_DARK_POOL], SOURCE_MISSING);
    assert_int_equal(c.source[COMPONENT_OI], SOURCE_DEFAULT);
    assert_int_equal(c.source[COMPONENT_IV_RANK], SOURCE_REAL);
    c = score_text("{\"dark_pool\": {\"sentiment\": \"BEARISH\"}, \"greeks\": {\"vanna\": 1}}",
                   "mixed", NOW);
    assert_int_equal(c.source[COMPONENT_DARK_POOL], SOURCE_REAL);
    assert_int_equal(c.source[COMPONENT_GREEKS], SOURCE_REAL);
}

static void
test_composite_self_test_passes(void **state)
{
    struct err err = {0};
    (void)state;
    if (composite_self_test(&err) != RC_OK) fail_msg("%s", err.text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_sweep_urgency),
        cmocka_unit_test(test_composite_sum_is_dampened_boosted_and_clamped),
        cmocka_unit_test(test_composite_overlays),
        cmocka_unit_test(test_composite_notes_say_what_spoke),
        cmocka_unit_test(test_composite_sources_say_what_is_missing),
        cmocka_unit_test(test_composite_self_test_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
