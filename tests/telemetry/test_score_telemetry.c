/* Score telemetry: what is counted, what the file keeps, what the views say of it (spec 40 9.1). */
#include "tests/lib/check.h"

#include <math.h>

#include "sim/mem_fs.h"
#include "sim/sim_clock.h"
#include "state/store.h"
#include "telemetry/score_telemetry.h"

#define NOW_NS (INT64_C(1769785200) * NS_PER_S)

static struct score_telemetry t; /* large */

static void
add(const char *symbol, double score, int64_t at_ns)
{
    const struct score_sample s = {
        .symbol = symbol, .score = score, .freshness = 0.87654, .at_ns = at_ns};
    score_telemetry_add(&t, &s);
}

static struct json *
written(void)
{
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    struct json *doc = NULL;
    struct err err = {0};

    score_telemetry_write(&t, &o);
    if (json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

static struct json *
view(void (*write)(const struct score_telemetry *, const struct score_window *, struct json_out *),
     double hours, const char *symbol)
{
    const struct score_window w = {.now_ns = NOW_NS, .hours = hours, .symbol = symbol};
    CLEANUP(text_free) struct text text = {0};
    struct json_out o = {.to = &text};
    struct json *doc = NULL;
    struct err err = {0};

    write(&t, &w, &o);
    if (json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);
    return doc;
}

static void
test_score_telemetry_keeps_the_newest_thousand(void **state)
{
    char symbol[SYMBOL_MAX];
    (void)state;
    score_telemetry_init(&t);
    for (int i = 0; i < 2345; i++) {
        (void)snprintf(symbol, sizeof symbol, "S%d", i);
        add(symbol, i / 1000.0, NOW_NS + i * NS_PER_S);
    }
    CLEANUP(json_freep) struct json *doc = written();
    const struct json *scores = json_get_arr(doc, "scores");
    assert_int_equal(json_len(scores), SCORE_TELEMETRY_KEPT);
    assert_int_equal(json_len(json_get_arr(doc, "decay_factors")), SCORE_TELEMETRY_KEPT);
    assert_string_equal(json_str(json_first(scores), "symbol", ""), "S1345");
    assert_int_equal(json_i64(json_first(scores), "timestamp", 0), 1769785200 + 1345);
    assert_string_equal(json_str(json_first(scores), "dt", ""), "2026-01-30T15:22:25+00:00");
    const struct json *last = json_first(json_get_arr(doc, "decay_factors"));
    assert_true(fabs(json_f64(last, "freshness", 0) - 0.877) < 1e-12);
}

static void
test_score_telemetry_counts_components_and_names(void **state)
{
    (void)state;
    score_telemetry_init(&t);
    score_telemetry_add_component(&t, "flow", 1.5);
    score_telemetry_add_component(&t, "flow", -0.5);
    score_telemetry_add_component(&t, "flow", 0);
    score_telemetry_add_component(&t, "flow", (double)NAN); /* counts nowhere */
    score_telemetry_add_name(&t, LIST_MISSING_INTEL, "greeks");
    score_telemetry_add_name(&t, LIST_MISSING_INTEL, "greeks");
    score_telemetry_add_name(&t, LIST_NEUTRAL_DEFAULTS, "iv");
    CLEANUP(json_freep) struct json *doc = written();
    const struct json *flow = json_get_obj(json_get_obj(doc, "components"), "flow");
    assert_int_equal(json_i64(flow, "count", 0), 3);
    assert_int_equal(json_i64(flow, "zero_count", 0), 1);
    assert_true(fabs(json_f64(flow, "total", 0) - 2.0) < 1e-12);
    assert_int_equal(json_i64(json_get_obj(doc, "missing_intel"), "greeks", 0), 2);
    assert_int_equal(json_i64(json_get_obj(doc, "neutral_defaults"), "iv", 0), 1);
    assert_int_equal(json_len(json_get_obj(doc, "core_features_missing")), 0);
}

/* C-28: what comes after a save, and after a restart, is counted on. */
static void
test_score_telemetry_goes_on_after_save_and_restart(void **state)
{
    struct sim_clock time;
    struct err err = {0};
    (void)state;
    sim_clock_init(&time, NOW_NS);
    struct clock clock = sim_clock_seam(&time);
    struct mem_fs *disk = mem_fs_new(&clock);
    assert_non_null(disk);
    struct fs fs = mem_fs_seam(disk);
    struct state_store state_store;
    state_store_init(&state_store, &fs, &clock, NULL);
    struct store store = state_store_seam(&state_store);

    score_telemetry_load(&t, &store);
    for (int i = 0; i < 30; i++) {
        add("AAPL", 3, NOW_NS + i * NS_PER_S);
        score_telemetry_add_component(&t, i < 20 ? "flow" : "new_name", 1);
        if (i % 10 == 9) assert_int_equal(score_telemetry_save(&t, &store, &err), RC_OK);
        if (i == 19) score_telemetry_load(&t, &store); /* another process */
    }
    score_telemetry_load(&t, &store);
    CLEANUP(json_freep) struct json *doc = written();
    assert_int_equal(json_len(json_get_arr(doc, "scores")), 30);
    const struct json *components = json_get_obj(doc, "components");
    assert_int_equal(json_i64(json_get_obj(components, "flow"), "count", 0), 20);
    assert_int_equal(json_i64(json_get_obj(components, "new_name"), "count", 0), 10);
    mem_fs_free(disk);
}

static void
test_score_telemetry_reads_nonsense_as_nothing(void **state)
{
    static const char *const docs[] = {
        "{\"scores\":[1,null,{\"symbol\":\"AAPL\"},{\"score\":1,\"timestamp\":-5},"
        "{\"symbol\":\"a b\",\"score\":1,\"timestamp\":5}],\"components\":[],"
        "\"missing_intel\":{\"x\":\"y\"},\"defaulted_conviction\":-7}",
        "{\"components\":{\"flow\":{\"count\":-4,\"total\":\"x\",\"zero_count\":null}}}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(docs); i++) {
        struct json *doc = NULL;
        struct err err = {0};
        assert_int_equal(
            json_parse(docs[i], strlen(docs[i]), JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err),
            RC_OK);
        score_telemetry_init(&t);
        score_telemetry_decode(doc, &t);
        json_free(doc);
        assert_int_equal(t.scores.len, 0);
        assert_int_equal(t.defaulted_convictions, 0);
        if (t.components_len > 0) assert_int_equal(t.component[0].count, 0);
    }
}

static void
test_score_quantile_lies_between_its_neighbours(void **state)
{
    static const double v[] = {1, 2, 4, 8};
    (void)state;
    assert_true(fabs(score_quantile(v, 4, 0) - 1) < 1e-12);
    assert_true(fabs(score_quantile(v, 4, 0.25) - 1.75) < 1e-12);
    assert_true(fabs(score_quantile(v, 4, 0.5) - 3) < 1e-12);
    assert_true(fabs(score_quantile(v, 4, 0.9) - 6.8) < 1e-12);
    assert_true(fabs(score_quantile(v, 4, 1) - 8) < 1e-12);
    assert_true(fabs(score_quantile(v, 1, 0.9) - 1) < 1e-12);
    assert_true(fabs(score_quantile(v, 0, 0.5)) < 1e-12);
}

static void
test_score_views_of_a_window(void **state)
{
    static const double scores[] = {-0.5, 0.999, 1, 2.5, 7.999, 8, 9};
    (void)state;
    score_telemetry_init(&t);
    for (size_t i = 0; i < COUNT_OF(scores); i++)
        add(i % 2 == 0 ? "AAPL" : "AMD", scores[i], NOW_NS - NS_PER_MIN);
    add("AAPL", 5, NOW_NS - 3 * NS_PER_HOUR); /* too old */
    score_telemetry_add_component(&t, "flow", 2);
    score_telemetry_add_component(&t, "flow", 0);
    score_telemetry_add_component(&t, "flow", 0);
    score_telemetry_add_name(&t, LIST_MISSING_INTEL, "greeks");

    CLEANUP(json_freep) struct json *all = view(score_distribution_write, 1, NULL);
    assert_int_equal(json_i64(all, "count", 0), 7);
    assert_true(fabs(json_f64(all, "median", 0) - 2.5) < 1e-12);
    assert_true(fabs(json_f64(all, "mean", 0) - 4.143) < 1e-12);
    const struct json *h = json_get_obj(all, "histogram");
    assert_int_equal(json_i64(h, "0-1", 0), 2);
    assert_int_equal(json_i64(h, "1-2", 0), 1);
    assert_int_equal(json_i64(h, "7-8", 0), 1);
    assert_int_equal(json_i64(h, "8+", 0), 2);

    CLEANUP(json_freep) struct json *oldest = view(score_distribution_write, 3, NULL);
    assert_int_equal(json_i64(oldest, "count", 0), 8); /* as old as the window is long */
    CLEANUP(json_freep) struct json *apple = view(score_distribution_write, 24, "aapl");
    assert_int_equal(json_i64(apple, "count", 0), 5);
    CLEANUP(json_freep) struct json *health = view(score_health_write, 1, NULL);
    const struct json *flow = json_get_obj(health, "flow");
    assert_true(fabs(json_f64(flow, "avg_contribution", 0) - 0.667) < 1e-12);
    assert_true(fabs(json_f64(flow, "zero_percentage", 0) - 66.7) < 1e-12);
    CLEANUP(json_freep) struct json *missing = view(score_missing_write, 1, NULL);
    const struct json *greeks = json_get_obj(json_get_obj(missing, "missing_intel"), "greeks");
    assert_true(fabs(json_f64(greeks, "percentage", 0) - 14.3) < 1e-12);

    score_telemetry_init(&t);
    score_telemetry_add_component(&t, "flow", 2);
    CLEANUP(json_freep) struct json *empty = view(score_health_write, 1, NULL);
    assert_int_equal(json_len(empty), 0);
    CLEANUP(json_freep) struct json *none = view(score_distribution_write, 1, NULL);
    assert_int_equal(json_i64(none, "count", -1), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_telemetry_keeps_the_newest_thousand),
        cmocka_unit_test(test_score_telemetry_counts_components_and_names),
        cmocka_unit_test(test_score_telemetry_goes_on_after_save_and_restart),
        cmocka_unit_test(test_score_telemetry_reads_nonsense_as_nothing),
        cmocka_unit_test(test_score_quantile_lies_between_its_neighbours),
        cmocka_unit_test(test_score_views_of_a_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
