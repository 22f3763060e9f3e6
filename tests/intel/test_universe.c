/* The universe and the intel files: ranking, order, and documents that are valid. */
#include <math.h>

#include "intel/schema.h"
#include "intel/universe_json.h"
#include "intel/uw_intel.h"
#include "tests/lib/check.h"

static struct json *
parsed(const char *text, size_t len)
{
    struct json *doc = NULL;
    struct err err = {0};
    if (json_parse(text, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%.200s: %s", text, err.text);
    return doc;
}

static void
expect_valid(enum schema s, const struct text *t)
{
    struct err err = {0};
    CLEANUP(json_freep) struct json *doc = parsed(t->data, t->len);
    if (schema_check(s, doc, &err) != RC_OK) fail_msg("%s", err.text);
}

/* ---- the universe -------------------------------------------------------------------------- */

/* Rows and risk features of made symbols, in the order given. */
static void
write_sources(const int *order, int len, struct text *rows, struct text *risk)
{
    text_puts(rows, "[");
    text_puts(risk, "{\"symbols\":{");
    for (int i = 0; i < len; i++) {
        int n = order[i];
        const char *comma = i > 0 ? "," : "";
        text_printf(rows, "%s{\"%s\":\"s%d\"}", comma, n % 2 == 0 ? "ticker" : "symbol", n);
        /* Some have the same volatility, some none. */
        text_printf(risk, "%s\"S%d\":{\"realized_vol_20d\":%s}", comma, n,
                    n % 5 == 0   ? "null"
                    : n % 3 == 0 ? "0.4"
                    : n % 7 == 0 ? "9"
                                 : "0.25");
    }
    text_puts(rows, "]");
    text_puts(risk, "}}");
}

static void
build(const int *order, int len, struct text *to)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text rows_text = {0};
    CLEANUP(text_free) struct text risk_text = {0};
    struct universe_build b;
    struct json_out o = {.to = to};
    write_sources(order, len, &rows_text, &risk_text);
    CLEANUP(json_freep) struct json *rows = parsed(rows_text.data, rows_text.len);
    CLEANUP(json_freep) struct json *risk = parsed(risk_text.data, risk_text.len);
    universe_build(
        &(struct universe_sources){
            .net_impact = rows, .risk_features = risk, .daily_max = 30, .core_max = 7},
        &a, &b);
    assert_int_equal(b.daily.len, 30);
    assert_int_equal(b.core.len, 7);
    for (size_t i = 0; i < b.core.len; i++)
        assert_int_equal(b.core.row[i].candidate, b.daily.row[i].candidate);
    for (size_t i = 1; i < b.daily.len; i++) {
        double before = b.daily.row[i - 1].score.score, here = b.daily.row[i].score.score;
        bool is_equal = !(before > here) && !(before < here);
        assert_true(before >= here);
        if (is_equal) assert_true(b.daily.row[i - 1].candidate < b.daily.row[i].candidate);
    }
    json_out_arr(&o, NULL);
    universe_write(&o, NULL, &b, &b.daily, NS_PER_S);
    universe_v2_write(&o, NULL, &b, NS_PER_S);
    json_out_end(&o);
}

static void
test_universe_does_not_depend_on_the_order_of_symbols(void **state)
{
    enum { SYMBOLS = 60 };
    struct rng r = check_rng("order of candidates");
    CLEANUP(text_free) struct text first = {0};
    int order[SYMBOLS];
    (void)state;
    for (int i = 0; i < SYMBOLS; i++)
        order[i] = i;
    build(order, SYMBOLS, &first);
    for (int round = 0; round < 20; round++) {
        CLEANUP(text_free) struct text again = {0};
        for (int i = SYMBOLS - 1; i > 0; i--) {
            int j = (int)rng_below(&r, (uint64_t)i + 1), kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        build(order, SYMBOLS, &again);
        assert_string_equal(again.data, first.data);
    }
}

static void
test_universe_scores_stay_within_their_weights(void **state)
{
    static const char *const symbols[] = {"AAPL", "MRNA", "JPM", "XOM", "KO", ""};
    static const char *const labels[] = {"RISK_ON", "RISK_OFF", "BEAR", "MIXED", "NEUTRAL", "odd"};
    struct rng r = check_rng("universe scores");
    (void)state;
    for (int round = 0; round < 5000; round++) {
        double vol = 2 * rng_f64(&r) - 0.5;
        const char *symbol = symbols[rng_below(&r, COUNT_OF(symbols))];
        const char *label = labels[rng_below(&r, COUNT_OF(labels))];
        struct universe_score v1 = universe_score_v1(vol),
                              v2 = universe_score_v2(symbol, vol, label);
        assert_true(v1.score >= 0 && v1.score <= 0.30);
        assert_true(v2.score >= 0.05 * 0.25 * 2 && v2.score <= 0.35);
        /* More volatility never ranks lower. */
        assert_true(universe_score_v1(vol + 0.05).score >= v1.score);
        /* An unknown sector is like any that the regime does not favour, an unknown label neutral.
         */
        assert_true(universe_score_v2("KO", vol, label).score <= v2.score);
        assert_true(fabs(universe_score_v2(symbol, vol, "odd").score -
                         universe_score_v2(symbol, vol, "NEUTRAL").score) <= 0);
    }
}

static void
test_universe_candidates_follow_their_rules(void **state)
{
    static const struct {
        const char *what, *rows, *risk, *want;
        bool is_mock;
    } cases[] = {
        {"the call failed",        "null",                                           "null",                                       "DIA IWM QQQ SPY XLE XLF XLK XLV", false},
        {"symbol before ticker",
         "[{\"symbol\":\"b\",\"ticker\":\"c\"},{\"symbol\":\"\",\"ticker\":\"d\"}]", "null",
         "B D DIA IWM QQQ SPY XLE XLF XLK XLV",                                                                                                                       false},
        {"a bad row ends it",      "[{\"ticker\":\"b\"},[],{\"ticker\":\"c\"}]",     "null",
         "B DIA IWM QQQ SPY XLE XLF XLK XLV",                                                                                                                         false},
        {"names of the risk file", "[]",                                             "{\"symbols\":{\"q1\":1,\"SPY\":{},\"\":2}}",
         "DIA IWM Q1 QQQ SPY XLE XLF XLK XLV",                                                                                                                        false},
        {"mock asks nobody",       "[{\"ticker\":\"b\"}]",                           "{\"symbols\":[\"c\"]}",
         "AAPL AMD AMZN COIN META MSFT NVDA PLTR QQQ SPY TSLA XLE XLF XLK",                                                                                           true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_done) struct arena a = {0};
        CLEANUP(text_free) struct text got = {0};
        CLEANUP(json_freep) struct json *rows = parsed(cases[i].rows, strlen(cases[i].rows));
        CLEANUP(json_freep) struct json *risk = parsed(cases[i].risk, strlen(cases[i].risk));
        struct universe_candidates c = universe_candidates_of(
            &(struct universe_sources){
                .is_mock = cases[i].is_mock, .net_impact = rows, .risk_features = risk},
            &a);
        for (size_t k = 0; k < c.len; k++)
            text_printf(&got, "%s%s", k > 0 ? " " : "", c.candidate[k].symbol);
        if (!str_eq(text_str(&got), cases[i].want))
            fail_msg("%s: %s", cases[i].what, text_str(&got));
    }
}

static void
test_universe_takes_at_most_500_names_of_the_risk_file(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text t = {0};
    (void)state;
    text_puts(&t, "{\"symbols\":{");
    for (int i = 0; i < 700; i++)
        text_printf(&t, "%s\"Z%d\":{}", i > 0 ? "," : "", i);
    text_puts(&t, "}}");
    CLEANUP(json_freep) struct json *risk = parsed(t.data, t.len);
    struct universe_candidates c =
        universe_candidates_of(&(struct universe_sources){.risk_features = risk}, &a);
    assert_int_equal(c.len, 500 + 8);
}

static void
test_universe_documents_are_valid(void **state)
{
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text v1 = {0};
    CLEANUP(text_free) struct text v2 = {0};
    struct json_out o1 = {.to = &v1}, o2 = {.to = &v2};
    struct universe_build b;
    const char *const *symbol = NULL;
    (void)state;
    universe_build(&(struct universe_sources){.is_mock = true, .daily_max = 200, .core_max = 60},
                   &a, &b);
    universe_write(&o1, NULL, &b, &b.daily, NS_PER_S);
    universe_v2_write(&o2, NULL, &b, NS_PER_S);
    expect_valid(SCHEMA_DAILY_UNIVERSE, &v1);
    expect_valid(SCHEMA_CORE_UNIVERSE, &v1);
    expect_valid(SCHEMA_DAILY_UNIVERSE_V2, &v2);
    /* Both files together are one list of symbols for the intel runners. */
    CLEANUP(json_freep) struct json *daily = parsed(v1.data, v1.len);
    const struct json *both[] = {daily, daily, NULL};
    assert_int_equal(universe_symbols_of(both, COUNT_OF(both), &a, &symbol), 14);
    assert_string_equal(symbol[0], "AAPL");
}

static void
test_universe_takes_a_recorded_answer(void **state)
{
    const char *shared = getenv("STOCKBOT_SHARED");
    CLEANUP(arena_done) struct arena a = {0};
    CLEANUP(text_free) struct text t = {0};
    char path[512];
    struct universe_build b;
    (void)state;
    (void)snprintf(path, sizeof path, "%.300s/data/uw/recorded_2025-12-26/top_net_impact.json",
                   shared != NULL ? shared : "../shared");
    check_read_file(path, &t);
    if (t.len == 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    CLEANUP(json_freep) struct json *answer = parsed(t.data, t.len);
    const struct json *rows = json_get_arr(answer, "data");
    universe_build(&(struct universe_sources){.net_impact = rows, .daily_max = 200, .core_max = 60},
                   &a, &b);
    assert_int_equal(json_len(rows), 20);
    /* Twenty symbols, of which SPY is always there. */
    assert_int_equal(b.daily.len, 20 - 1 + 8);
}

/* ---- UW intel ------------------------------------------------------------------------------ */

static void
test_uw_intel_documents_are_valid(void **state)
{
    CLEANUP(text_free) struct text pre = {0};
    CLEANUP(text_free) struct text post = {0};
    struct json_out o1 = {.to = &pre}, o2 = {.to = &post};
    struct uw_intel r = premarket_intel_of(&(struct premarket_rows){0}),
                    mock = postmarket_intel_mock();
    (void)state;
    uw_intel_begin(&o1, false, NS_PER_S);
    premarket_record_write(&o1, "KO", &r);
    premarket_end(&o1);
    expect_valid(SCHEMA_PREMARKET_INTEL, &pre);
    uw_intel_begin(&o2, true, NS_PER_S);
    postmarket_record_write(&o2, "KO", &mock, AFTERHOURS_NOT_ASKED);
    postmarket_end(&o2, AFTERHOURS_NOT_ASKED);
    expect_valid(SCHEMA_POSTMARKET_INTEL, &post);
    CLEANUP(json_freep) struct json *doc = parsed(post.data, post.len);
    assert_string_equal(json_str(json_get(doc, "_meta"), "mode", ""), "mock");
    assert_int_equal(json_len(json_get(doc, "market")), 0);
}

static void
test_uw_intel_counts_25_alerts_and_no_more(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    (void)state;
    text_puts(&t, "[");
    for (int i = 0; i < 40; i++)
        text_printf(&t, "%s{\"conviction\":%d}", i > 0 ? "," : "", i < FLOW_ROWS_MAX ? 1 : 100);
    text_puts(&t, "]");
    CLEANUP(json_freep) struct json *rows = parsed(t.data, t.len);
    struct premarket_rows r = premarket_rows_decode(rows, NULL);
    assert_int_equal(r.convictions, FLOW_ROWS_MAX);
    assert_true(fabs(premarket_intel_of(&r).flow_strength - 1) <= 0);
}

static void
test_uw_intel_bias_is_bounded(void **state)
{
    struct rng r = check_rng("dark-pool bias");
    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct premarket_rows rows = {
            .off_lit_volume = 1e6 * (rng_f64(&r) - 0.2),
            .lit_volume = 1e6 * (rng_f64(&r) - 0.2),
        };
        double bias = premarket_intel_of(&rows).dark_pool_bias;
        assert_true(bias >= -1 && bias <= 1);
        if (rows.lit_volume > 0 && rows.off_lit_volume > 0 && fabs(bias) > 0)
            assert_int_equal(bias > 0, rows.off_lit_volume > rows.lit_volume);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_universe_does_not_depend_on_the_order_of_symbols),
        cmocka_unit_test(test_universe_scores_stay_within_their_weights),
        cmocka_unit_test(test_universe_candidates_follow_their_rules),
        cmocka_unit_test(test_universe_takes_at_most_500_names_of_the_risk_file),
        cmocka_unit_test(test_universe_documents_are_valid),
        cmocka_unit_test(test_universe_takes_a_recorded_answer),
        cmocka_unit_test(test_uw_intel_documents_are_valid),
        cmocka_unit_test(test_uw_intel_counts_25_alerts_and_no_more),
        cmocka_unit_test(test_uw_intel_bias_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
