/*
 * Four trades and three entries of v1, small enough to be added up by hand: scores by family, the
 * hours of the day, replacements, signals and the advice made from them.
 */
#include "tests/analytics/logs.h"

#define DAY  "2026-03-04"
#define T(t) "\"" DAY "T" t "+00:00\""

/* A and B long, C and D short; B and D were replaced.  Active at the entry: A flow, B flow and
 * darkpool, C sentiment, D nothing. */
#define CANDIDATE(ts, regime)                                                                      \
    "{\"ts\": " ts ", \"event_type\": \"shadow_trade_candidate\", \"symbol\": \"A\", "             \
    "\"market_regime\": \"" regime "\", \"posture\": \"long\"}\n"
#define ENTRY(id, ts, side, score, adjust)                                                         \
    "{\"ts\": " ts ", \"event_type\": \"shadow_entry_opened\", \"trade_id\": \"" id                \
    "\", \"symbol\": \"" id "\", \"side\": \"" side "\", \"entry_ts\": " ts                        \
    ", \"entry_price\": 10, \"qty\": 1, \"v2_score\": " score                                      \
    ", \"intel_snapshot\": {\"v2_uw_adjustments\": " adjust                                        \
    ", \"v2_uw_regime_profile\": {\"regime_label\": \" R \"}}}\n"
#define EXIT(id, ts, pnl, replaced)                                                                \
    "{\"ts\": " ts ", \"event_type\": \"shadow_exit\", \"trade_id\": \"" id                        \
    "\", \"exit_price\": 11, \"pnl\": " pnl ", \"replacement_candidate\": " replaced "}\n"
#define ATTRIBUTION(id, ts, adjust, reasoning)                                                     \
    "{\"timestamp\": " T("20:00:00") ", \"symbol\": \"" id "\", \"entry_timestamp\": " ts          \
                                     ", \"entry_uw\": {\"v2_uw_adjustments\": " adjust             \
                                     "}, \"replacement_reasoning\": " reasoning "}\n"
#define V1(id, ts, score, components)                                                              \
    "{\"ts\": " ts ", \"type\": \"attribution\", \"trade_id\": \"open_" id "\", \"symbol\": \"" id \
    "\", \"context\": {\"entry_ts\": " ts ", \"entry_score\": " score                              \
    ", \"entry_price\": 10, \"position_side\": \"LONG\", \"market_regime\": \"mixed\", "           \
    "\"components\": " components "}}\n"

#define FLOW     "{\"flow_strength\": 0.1, \"total\": 0.1}"
#define FLOWDARK "{\"flow_strength\": 0.1, \"darkpool_bias\": -0.2, \"total\": -0.1}"
#define MOOD     "{\"sentiment\": 0.1, \"total\": 0.1}"
#define NOTHING  "{\"flow_strength\": 1e-10, \"total\": 5}"

static struct day *
small_day(void)
{
    struct day *d = day_of(DAY, "2026-03-05T00:00:00Z");

    feed(d, DAY_SHADOW_TRADES,
         CANDIDATE(T("15:10:00"), "up") CANDIDATE(T("15:20:00"), "down")
             CANDIDATE(T("15:30:00"), "down") ENTRY("A", T("15:00:00"), "long", "3.0", FLOW)
                 ENTRY("B", T("15:01:00"), "long", "2.0", FLOWDARK)
                     ENTRY("C", T("15:02:00"), "Short", "4.0", MOOD)
                         ENTRY("D", T("15:03:00"), "short", "1.0", NOTHING)
                             EXIT("A", T("16:00:00"), "6", "null")
                                 EXIT("B", T("16:01:00"), "-2", "\"X\"")
                                     EXIT("C", T("16:02:00"), "8", "\"\"")
                                         EXIT("D", T("16:03:00"), "-2", "\"Y\""));
    feed(d, DAY_EXIT_ATTRIBUTION,
         ATTRIBUTION("A", T("15:00:00"), FLOW, "null")
             ATTRIBUTION("B", T("15:01:00"), FLOWDARK, "{\"cause\": \"\", \"reason\": \"better\"}")
                 ATTRIBUTION("C", T("15:02:00"), MOOD, "null"));
    feed(d, DAY_ATTRIBUTION,
         V1("A", T("15:00:30"), "2.5", "{\"flow\": 1}")
             V1("B", T("15:01:30"), "2.75", "{\"flow\": 1}")
                 V1("Z", T("15:04:00"), "9.0", "{\"dark_pool\": -1}"));
    static const char regime[] = "{\"regime_label\": \"CALM\", \"volatility_regime\": \"low\"}";
    day_state(d, DAY_REGIME_STATE, regime, strlen(regime));
    day_finish(d);
    return d;
}

/* The document, parsed. */
static struct json *
made(artifact *write)
{
    struct day *d = small_day();
    CLEANUP(text_free) struct text text = {0};
    struct json *doc = NULL;
    struct err err = {0};

    document_of(d, write, &text);
    if (json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    day_free(d);
    return doc;
}

/* The value at a path "a.b.0.c". */
static const struct json *
at(const struct json *v, const char *path)
{
    char step[64];

    while (v != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        int64_t n = 0;

        (void)snprintf(step, sizeof(step), "%.*s", (int)len, path);
        path += len + (path[len] == '.' ? 1 : 0);
        if (!json_is_array(v)) {
            v = json_get(v, step);
            continue;
        }
        assert_true(str_to_i64(step, &n));
        for (v = json_first(v); v != NULL && n > 0; n--)
            v = json_next(v);
    }
    return v;
}

struct expected {
    const char *path;
    double number;
    const char *text; /* instead of the number */
};

static void
check_all(const struct json *doc, const struct expected *e, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct json *v = at(doc, e[i].path);
        const char *text = json_string(v);

        if (v == NULL) fail_msg("%s: is not there", e[i].path);
        if (e[i].text != NULL && !str_eq(text, e[i].text))
            fail_msg("%s: %s, wanted %s", e[i].path, text, e[i].text);
        double x = json_f64_of(v, 1e99), off = x - e[i].number;
        if (e[i].text == NULL && !(off < 1e-12 && off > -1e-12))
            fail_msg("%s: %.17g, wanted %.17g", e[i].path, x, e[i].number);
    }
}

#define CHECK(doc, ...)                                                                            \
    do {                                                                                           \
        const struct expected rows[] = {__VA_ARGS__};                                              \
        check_all((doc), rows, COUNT_OF(rows));                                                    \
    } while (0)

/*
 * Pairs: A (v2 3.0, v1 2.5: +0.5) and B (2.0, 2.75: -0.75), family flow of v1, both long.  Alone: Z
 * of v1 (darkpool), C (sentiment) and D (unknown) of v2, each with a difference of 0.
 */
static void
test_analytics_scores_are_binned_by_family_and_side(void **state)
{
    CLEANUP(json_freep) struct json *doc = made(artifact_score_distribution);

    (void)state;
    CHECK(doc, {"families.flow.overall.score_delta_hist.n", 2, NULL},
          {"families.flow.overall.score_delta_hist.counts.18", 1, NULL}, /* 0.5 */
          {"families.flow.overall.score_delta_hist.counts.13", 1, NULL}, /* -0.75 */
          {"families.flow.long.v1_score_hist.counts.10", 1, NULL},       /* 2.5 */
          {"families.flow.long.v1_score_hist.counts.11", 1, NULL},       /* 2.75 */
          {"families.flow.short.v1_score_hist.n", 0, NULL},
          {"families.darkpool.long.v1_score_hist.counts.31", 1, NULL}, /* 9.0, beyond the last */
          {"families.darkpool.long.v2_score_hist.counts.0", 1, NULL},  /* missing counts as 0 */
          {"families.sentiment.short.v2_score_hist.counts.16", 1, NULL},
          {"families.unknown.short.score_delta_hist.counts.16", 1, NULL},
          {"families.flow.overall.score_delta_hist.edges.0", -4, NULL},
          {"families.flow.overall.score_delta_hist.edges.32", 4, NULL},
          {"families.greeks.overall.v1_score_hist.n", 0, NULL});
    assert_int_equal(json_len(json_get(doc, "families")), 15);
}

static void
test_analytics_families_have_mean_variance_and_what_they_earned(void **state)
{
    CLEANUP(json_freep) struct json *doc = made(artifact_feature_families);

    (void)state;
    CHECK(doc, {"families.flow.counts.parity_rows", 2, NULL},
          {"families.flow.counts.parity_rows_long", 2, NULL},
          {"families.flow.counts.parity_rows_short", 0, NULL},
          {"families.flow.counts.realized_trades", 2, NULL}, /* A and B */
          {"families.flow.mean_value", -0.125, NULL},
          {"families.flow.variance", 0.390625, NULL}, /* 0.625 twice, squared */
          {"families.flow.stability_score", 1 / 1.390625, NULL},
          {"families.flow.long_short_skew", -0.125, NULL},
          {"families.flow.ev_contribution", 2, NULL}, /* (6 - 2) / 2 */
          {"families.darkpool.counts.realized_trades", 1, NULL},
          {"families.darkpool.ev_contribution", -2, NULL},
          {"families.sentiment.ev_contribution", 8, NULL},
          {"families.unknown.counts.realized_trades", 1, NULL}, /* D has no record */
          {"families.unknown.ev_contribution", -2, NULL},
          {"families.calendar.stability_score", 1, NULL});
}

static void
test_analytics_hours_show_what_was_said_most_or_the_state(void **state)
{
    CLEANUP(json_freep) struct json *doc = made(artifact_regime_timeline);

    (void)state;
    CHECK(doc, {"hourly.15.dominant_market_regime", 0, "down"},
          {"hourly.15.dominant_posture", 0, "long"}, {"hourly.15.dominant_regime_label", 0, "CALM"},
          {"hourly.15.volatility_bucket", 0, "low"}, {"hourly.15.counts.v2_market_regime", 3, NULL},
          {"hourly.15.counts.v1_market_regime", 3, NULL},
          {"hourly.14.dominant_market_regime", 0, "CALM"}, {"hourly.14.dominant_posture", 0, ""},
          {"hourly.23.hour_utc", 23, NULL}, {"day_summary.dominant_market_regime", 0, "CALM"},
          {"day_summary.dominant_posture", 0, "long"}, {"day_summary.trend_bucket", 0, "unknown"});
    assert_int_equal(json_len(json_get(doc, "hourly")), 24);
    assert_true(json_is_true(at(doc, "notes.fallbacks_used.regime_state_present")));
    assert_false(json_is_true(at(doc, "notes.fallbacks_used.posture_state_present")));
}

static void
test_contract_4_20_6_replacements_by_feature_family_and_cause(void **state)
{
    CLEANUP(json_freep) struct json *doc = made(artifact_replacement);

    (void)state;
    CHECK(doc, {"counts.realized_trades", 4, NULL}, {"counts.replacement_trades", 2, NULL},
          {"counts.replacement_rate", 0.5, NULL},
          {"per_feature_replacement_rate.flow_strength.denom", 2, NULL},
          {"per_feature_replacement_rate.flow_strength.numer", 1, NULL},
          {"per_feature_replacement_rate.darkpool_bias.replacement_rate", 1, NULL},
          {"per_feature_replacement_rate.sentiment.numer", 0, NULL},
          {"per_family_replacement_rate.unknown.denom", 1, NULL},
          {"per_family_replacement_rate.unknown.numer", 1, NULL},
          {"replacement_cause_histogram.better", 1, NULL},
          {"replacement_cause_histogram.unknown", 1, NULL});
    assert_int_equal(json_len(json_get(doc, "replacement_cause_histogram")), 2);
    assert_int_equal(json_len(json_get(doc, "per_feature_replacement_rate")), 3);
    assert_false(json_is_true(json_get(doc, "replacement_anomaly_detected"))); /* only two */
}

/* Total 10; flow 6 + half of B's -2, darkpool the other half, sentiment 8, unknown -2. */
static void
test_contract_4_20_10_signals_and_advice_by_hand(void **state)
{
    CLEANUP(json_freep) struct json *doc = made(artifact_signal_performance);
    CLEANUP(json_freep) struct json *advice = made(artifact_signal_weights);

    (void)state;
    assert_int_equal(json_len(json_get(doc, "signals")), 4);
    CHECK(doc, {"as_of_ts", 0, "2026-03-05T00:00:00+00:00"}, {"signals.0.name", 0, "darkpool"},
          {"signals.0.contribution_to_total_pnl", -0.1, NULL}, {"signals.1.name", 0, "flow"},
          {"signals.1.trade_count", 2, NULL}, {"signals.1.win_rate", 0.5, NULL},
          {"signals.1.expectancy_usd", 2, NULL}, {"signals.1.avg_pnl_usd", 2, NULL},
          {"signals.1.contribution_to_total_pnl", 0.5, NULL},
          {"signals.1.long_short_breakdown.long.trade_count", 2, NULL},
          {"signals.1.long_short_breakdown.short.win_rate", 0, NULL},
          {"signals.1.regime_breakdown.0.regime", 0, "R"},
          {"signals.1.regime_breakdown.0.trade_count", 2, NULL},
          {"signals.2.name", 0, "sentiment"}, /* "Short" is short here */
          {"signals.2.long_short_breakdown.short.trade_count", 1, NULL},
          {"signals.3.name", 0, "unknown"});
    /* The strongest first, of equals by name. */
    CHECK(advice, {"recommendations.0.signal", 0, "sentiment"},
          {"recommendations.0.suggested_delta_weight", 0.04, NULL},
          {"recommendations.0.confidence", 0, "low"},
          {"recommendations.0.rationale", 0, "expectancy_usd=8.0 trades=1 cap=0.25"},
          {"recommendations.1.signal", 0, "darkpool"},
          {"recommendations.1.suggested_delta_weight", -0.01, NULL},
          {"recommendations.2.signal", 0, "flow"}, {"recommendations.3.signal", 0, "unknown"});
}

static void
test_analytics_empty_day_has_whole_documents(void **state)
{
    static artifact *const all[] = {artifact_score_distribution, artifact_feature_families,
                                    artifact_regime_timeline,    artifact_replacement,
                                    artifact_signal_performance, artifact_signal_weights};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct day *d = day_of(DAY, "2026-03-05T00:00:00Z");
        CLEANUP(text_free) struct text text = {0};
        CLEANUP(json_freep) struct json *doc = NULL;

        day_finish(d);
        document_of(d, all[i], &text);
        assert_int_equal(
            json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL),
            RC_OK);
        if (all[i] == artifact_replacement)
            CHECK(doc, {"replacement_cause_histogram.unknown", 0, NULL},
                  {"counts.replacement_rate", 0, NULL});
        if (all[i] == artifact_feature_families)
            CHECK(doc, {"families.flow.stability_score", 1, NULL});
        if (all[i] == artifact_signal_weights)
            assert_true(json_is_array(json_get(doc, "recommendations")));
        day_free(d);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_scores_are_binned_by_family_and_side),
        cmocka_unit_test(test_analytics_families_have_mean_variance_and_what_they_earned),
        cmocka_unit_test(test_analytics_hours_show_what_was_said_most_or_the_state),
        cmocka_unit_test(test_contract_4_20_6_replacements_by_feature_family_and_cause),
        cmocka_unit_test(test_contract_4_20_10_signals_and_advice_by_hand),
        cmocka_unit_test(test_analytics_empty_day_has_whole_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
