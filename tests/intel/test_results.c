/* Intel P&L and the schemas of what v2 writes. */
#include <math.h>

#include "intel/schema.h"
#include "intel/tuning.h"
#include "tests/lib/check.h"

static struct json *
parsed(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

/* ---- schemas ------------------------------------------------------------------------------- */

#define META                                                                                       \
    "\"_meta\":{\"ts\":\"2026-01-21T12:00:00+00:00\",\"version\":\"v\",\"uw_intel_version\":"      \
    "\"u\"}"

/* A document with nothing in it that need not be there. */
static const char *const least[SCHEMAS_LEN] = {
    [SCHEMA_DAILY_UNIVERSE] = "{" META ",\"symbols\":[{\"symbol\":\"A\"}]}",
    [SCHEMA_CORE_UNIVERSE] = "{" META ",\"symbols\":[{\"symbol\":\"A\"}]}",
    [SCHEMA_DAILY_UNIVERSE_V2] = "{" META ",\"symbols\":[{\"symbol\":\"A\"}]}",
    [SCHEMA_PREMARKET_INTEL] =
        "{" META
        ",\"symbols\":{\"A\":{\"flow_strength\":0,\"darkpool_bias\":null,\"sentiment\":\"\"}}}",
    [SCHEMA_POSTMARKET_INTEL] = "{" META ",\"symbols\":{\"A\":{\"sentiment\":null}}}",
    [SCHEMA_UW_USAGE_STATE] =
        "{\"date\":\"\",\"calls_today\":0,\"minute_window\":[],\"by_endpoint\":{}}",
    [SCHEMA_REGIME_STATE] = "{" META ",\"regime_label\":\"BEAR\"}",
    [SCHEMA_UW_INTEL_PNL_SUMMARY] = "{" META ",\"by_feature\":{}}",
    [SCHEMA_INTEL_HEALTH_STATE] = "{" META ",\"checks\":[]}",
    [SCHEMA_UW_DAEMON_HEALTH_STATE] =
        "{\"timestamp\":\"2026-01-21T12:00:00Z\",\"pid_ok\":true,\"lock_ok\":true,\"poll_fresh\":"
        "false,"
        "\"crash_loop\":false,\"endpoint_errors\":false,\"status\":\"warning\",\"details\":{}}",
    [SCHEMA_SHADOW_TRADE] =
        "{\"ts\":\"2026-01-21T12:00:00Z\",\"event_type\":\"x\",\"symbol\":\"A\",\"v2_score\":null}",
    [SCHEMA_EXIT_ATTRIBUTION] = "{\"symbol\":\"A\",\"timestamp\":\"2026-01-21T12:00:00Z\",\"entry_"
                                "timestamp\":\"e\",\"exit_reason\":\"\","
                                "\"v2_exit_score\":0,\"v2_exit_components\":{}}",
    [SCHEMA_EXIT_INTEL_PNL_SUMMARY] = "{" META ",\"by_exit_reason\":{}}",
    [SCHEMA_PREMARKET_EXIT_INTEL] = "{" META ",\"symbols\":{}}",
    [SCHEMA_POSTMARKET_EXIT_INTEL] = "{" META ",\"symbols\":{}}",
};

/* The document without one of its members, or with another value there. */
static void
write_changed(const struct json *doc, const char *changed, const char *value, struct text *to)
{
    struct json_out o = {.to = to};
    json_out_obj(&o, NULL);
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        bool is_it = str_eq(json_key(v), changed);
        if (!is_it) json_out_value(&o, json_key(v), v);
        if (is_it && value != NULL) json_out_raw(&o, changed, value, strlen(value));
    }
    json_out_end(&o);
}

static bool
is_valid(enum schema s, const char *text, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = parsed(text);
    return schema_check(s, doc, err) == RC_OK;
}

static void
test_schema_needs_every_member_of_the_least_document(void **state)
{
    (void)state;
    for (int s = 0; s < SCHEMAS_LEN; s++) {
        struct err err = {0};
        CLEANUP(json_freep) struct json *doc = parsed(least[s]);
        enum schema found = SCHEMA_DAILY_UNIVERSE;
        if (!is_valid((enum schema)s, least[s], &err)) fail_msg("%s", err.text);
        assert_true(schema_from_name(schema_name((enum schema)s), &found) && (int)found == s);
        for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
            CLEANUP(text_free) struct text without = {0};
            write_changed(doc, json_key(v), NULL, &without);
            if (is_valid((enum schema)s, without.data, &err))
                fail_msg("%s without %s", schema_name((enum schema)s), json_key(v));
            if (strstr(err.text, json_key(v)) == NULL) fail_msg("%s: %s", json_key(v), err.text);
        }
        assert_false(is_valid((enum schema)s, "[]", &err));
        assert_int_equal(schema_check((enum schema)s, NULL, NULL), RC_PARSE);
    }
}

static void
test_schema_takes_only_values_of_the_kind(void **state)
{
    static const struct {
        const char *key, *value;
        enum schema schema;
        bool is_valid;
    } cases[] = {
        {"_meta",           "{\"ts\":5}",                                    SCHEMA_DAILY_UNIVERSE,         false},
        {"_meta",           "{\"ts\":\"T Z+\"}",                             SCHEMA_DAILY_UNIVERSE,         true },
        {"_meta",           "{\"ts\":\"2026-01-21T12:00:00Z\"}",             SCHEMA_DAILY_UNIVERSE_V2,      false},
        {"symbols",         "[{\"symbol\":1}]",                              SCHEMA_DAILY_UNIVERSE,         true },
        {"symbols",         "[[\"symbol\"]]",                                SCHEMA_DAILY_UNIVERSE,         false},
        {"symbols",         "{\"A\":{\"flow_strength\":0,\"sentiment\":0}}", SCHEMA_PREMARKET_INTEL,        false},
        {"symbols",         "{}",                                            SCHEMA_PREMARKET_INTEL,        true },
        {"regime_label",    "5",                                             SCHEMA_REGIME_STATE,           false},
        {"calls_today",     "true",                                          SCHEMA_UW_USAGE_STATE,         true },
        {"calls_today",     "3.0",                                           SCHEMA_UW_USAGE_STATE,         false},
        {"calls_today",     "3e0",                                           SCHEMA_UW_USAGE_STATE,         false},
        {"calls_today",     "\"3\"",                                         SCHEMA_UW_USAGE_STATE,         false},
        {"calls_today",     "null",                                          SCHEMA_UW_USAGE_STATE,         false},
        {"date",            "null",                                          SCHEMA_UW_USAGE_STATE,         true },
        {"pid_ok",          "1",                                             SCHEMA_UW_DAEMON_HEALTH_STATE, false},
        {"status",          "\"Healthy\"",                                   SCHEMA_UW_DAEMON_HEALTH_STATE, false},
        {"entry_timestamp", "\"\"",                                          SCHEMA_EXIT_ATTRIBUTION,       false},
        {"exit_reason",     "null",                                          SCHEMA_EXIT_ATTRIBUTION,       false},
        {"v2_exit_score",   "null",                                          SCHEMA_EXIT_ATTRIBUTION,       true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text changed = {0};
        CLEANUP(json_freep) struct json *doc = parsed(least[cases[i].schema]);
        write_changed(doc, cases[i].key, cases[i].value, &changed);
        if (is_valid(cases[i].schema, changed.data, NULL) != cases[i].is_valid)
            fail_msg("%s: %s = %s", schema_name(cases[i].schema), cases[i].key, cases[i].value);
    }
}

/* ---- intel P&L ----------------------------------------------------------------------------- */

static void
test_intel_pnl_strongest_source_wins_in_any_order(void **state)
{
    static const struct symbol_pnl told[] = {
        {"A", PNL_SHADOW,           1},
        {"A", PNL_EXIT_ATTRIBUTION, 2},
        {"A", PNL_EXITS,            3},
        {"B", PNL_SHADOW,           4},
        {"B", PNL_EXIT_ATTRIBUTION, 5},
        {"C", PNL_SHADOW,           6},
    };
    struct rng r = check_rng("order of the logs");
    (void)state;
    for (int round = 0; round < 200; round++) {
        CLEANUP(arena_done) struct arena a = {0};
        struct pnl_table t = {.arena = &a};
        for (int i = 0; i < 60; i++) /* all of them, most more than once */
            pnl_learn(&t, &told[i < 54 ? rng_below(&r, COUNT_OF(told)) : (uint64_t)(i - 54)]);
        assert_int_equal(t.len, 3);
        assert_true(fabs(pnl_find(&t, "A")->pct - 3) + fabs(pnl_find(&t, "B")->pct - 5) +
                        fabs(pnl_find(&t, "C")->pct - 6) <=
                    0);
        assert_null(pnl_find(&t, "AA"));
    }
}

static void
test_intel_pnl_of_one_log_takes_the_last_but_shadow_the_first(void **state)
{
    static const enum pnl_source sources[] = {PNL_SHADOW, PNL_EXIT_ATTRIBUTION, PNL_EXITS};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        CLEANUP(arena_done) struct arena a = {0};
        struct pnl_table t = {.arena = &a};
        pnl_learn(&t, &(struct symbol_pnl){"A", sources[i], 1});
        pnl_learn(&t, &(struct symbol_pnl){"A", sources[i], 2});
        assert_true(fabs(pnl_find(&t, "A")->pct - (sources[i] == PNL_SHADOW ? 1 : 2)) <= 0);
    }
}

static void
test_intel_pnl_keeps_many_symbols_in_order(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    struct pnl_table t = {.arena = &a};
    struct rng r = check_rng("many symbols");
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char symbol[16];
        int n = (int)rng_below(&r, 500);
        (void)snprintf(symbol, sizeof symbol, "S%d", n);
        pnl_learn(&t, &(struct symbol_pnl){symbol, PNL_EXITS, n});
    }
    for (size_t i = 0; i < t.len; i++) {
        if (i > 0) assert_true(strcmp(t.row[i - 1].symbol, t.row[i].symbol) < 0);
        assert_int_equal(strtol(t.row[i].symbol + 1, NULL, 10), (long)t.row[i].pct);
    }
}

static void
test_intel_pnl_summary_is_valid_and_adds_up(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text doc_text = {0};
    struct json_out o = {.to = &doc_text};
    struct pnl_table t = {.arena = &a};
    struct intel_pnl s = {0};
    struct intel_attribution won = {.symbol = "A", .score_delta = 0.2}, lost = {.symbol = "B"},
                             none = {.symbol = "C"};
    struct err err = {0};
    (void)state;
    won.feature[FEATURE_SENTIMENT] = 1;
    pnl_learn(&t, &(struct symbol_pnl){"A", PNL_EXITS, 1.5});
    pnl_learn(&t, &(struct symbol_pnl){"B", PNL_EXITS, 0}); /* nothing earned is nothing won */
    intel_pnl_count(&s, &won, &t);
    intel_pnl_count(&s, &lost, &t);
    intel_pnl_count(&s, &none, &t);
    intel_pnl_write(&o, &s, &(struct intel_pnl_inputs){.has_exits = true}, "2026-01-21", NS_PER_S);
    CLEANUP(json_freep) struct json *doc = parsed(doc_text.data);
    if (schema_check(SCHEMA_UW_INTEL_PNL_SUMMARY, doc, &err) != RC_OK) fail_msg("%s", err.text);
    const struct json *sentiment = json_get(json_get(doc, "by_feature"), "sentiment");
    assert_int_equal(json_i64(json_get(doc, "counts"), "attribution_records", 0), 3);
    assert_int_equal(json_i64(sentiment, "n", 0), 2);
    assert_true(fabs(json_f64(sentiment, "win_rate", 0) - 0.5) <= 0);
    assert_true(fabs(json_f64(sentiment, "avg_feature_value", 0) - 0.5) <= 0);
    assert_true(fabs(json_f64(sentiment, "avg_pnl_pct", 0) - 0.75) <= 0);
}

static void
test_tuning_nudge_follows_the_money(void **state)
{
    (void)state;
    for (int w = 0; w <= 100; w++) {
        double rate = w / 100.0;
        assert_true(tuning_nudge(rate, 1) >= 0);
        assert_true(tuning_nudge(rate, -1) <= 0);
        assert_true(fabs(tuning_nudge(rate, 0)) <= 0);
        assert_true(tuning_nudge(rate + 0.01, 1) >= tuning_nudge(rate, 1));
    }
}

static void
test_tuning_decode_nudges_each_feature_by_its_own_numbers(void **state)
{
    CLEANUP(json_freep)
    struct json *summary =
        parsed("{\"_meta\":{\"date\":\"2026-01-21\"},\"by_feature\":{"
               "\"sentiment\":{\"n\":4,\"win_rate\":0.7,\"avg_pnl_pct\":1},"
               "\"flow_strength\":{\"n\":4,\"win_rate\":0.5,\"avg_pnl_pct\":1}}}");
    struct tuning t = tuning_decode(summary), nothing = tuning_decode(NULL);
    (void)state;
    assert_true(t.has_summary);
    assert_string_equal(t.date, "2026-01-21");
    assert_true(fabs(t.feature[FEATURE_SENTIMENT].nudge - 0.10) <= 0);
    assert_int_equal(t.feature[FEATURE_SENTIMENT].n, 4);
    assert_true(fabs(t.feature[FEATURE_FLOW_STRENGTH].nudge) <= 0);
    assert_false(nothing.has_summary);
}

static void
test_intel_pnl_active_counts_only_where_the_feature_spoke(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text plain = {0}, extended = {0};
    struct json_out to_plain = {.to = &plain}, to_extended = {.to = &extended};
    struct pnl_table t = {.arena = &a};
    struct intel_pnl s = {0};
    struct intel_attribution loud = {.symbol = "A"}, silent = {.symbol = "B"};
    (void)state;
    loud.feature[FEATURE_FLOW_STRENGTH] = 0.5;
    pnl_learn(&t, &(struct symbol_pnl){"A", PNL_EXITS, 2});
    pnl_learn(&t, &(struct symbol_pnl){"B", PNL_EXITS, -1});
    intel_pnl_count(&s, &loud, &t);
    intel_pnl_count(&s, &silent, &t);
    json_out_obj(&to_extended, NULL);
    intel_pnl_write_members(&to_extended, &s, INTEL_PNL_EXTENDED);
    json_out_end(&to_extended);
    CLEANUP(json_freep) struct json *doc = parsed(extended.data);
    const struct json *flow = json_get(json_get(doc, "by_feature"), "flow_strength");
    const struct json *mood = json_get(json_get(doc, "by_feature"), "sentiment");
    assert_int_equal(json_i64(flow, "n", 0), 2);
    assert_int_equal(json_i64(flow, "active_n", 0), 1);
    assert_true(fabs(json_f64(flow, "active_avg_pnl_pct", 0) - 2) <= 0);
    assert_true(fabs(json_f64(flow, "active_win_rate", 0) - 1) <= 0);
    assert_int_equal(json_i64(mood, "active_n", -1), 0);
    assert_false(json_has(mood, "active_win_rate")); /* nothing is known, which is not 0 */
    assert_non_null(strstr(extended.data, "\"win_rate\":0.5"));
    assert_non_null(strstr(extended.data, "\"active_win_rate\":1.0")); /* a double stays one */

    json_out_obj(&to_plain, NULL);
    intel_pnl_write_members(&to_plain, &s, INTEL_PNL_PLAIN);
    json_out_end(&to_plain);
    assert_null(strstr(plain.data, "active"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_needs_every_member_of_the_least_document),
        cmocka_unit_test(test_schema_takes_only_values_of_the_kind),
        cmocka_unit_test(test_intel_pnl_strongest_source_wins_in_any_order),
        cmocka_unit_test(test_intel_pnl_of_one_log_takes_the_last_but_shadow_the_first),
        cmocka_unit_test(test_intel_pnl_keeps_many_symbols_in_order),
        cmocka_unit_test(test_intel_pnl_summary_is_valid_and_adds_up),
        cmocka_unit_test(test_tuning_nudge_follows_the_money),
        cmocka_unit_test(test_tuning_decode_nudges_each_feature_by_its_own_numbers),
        cmocka_unit_test(test_intel_pnl_active_counts_only_where_the_feature_spoke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
