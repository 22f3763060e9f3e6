/*
 * What holds on any day: sums agree with each other, the order of the lines and how they come does
 * not matter, and bad input costs the line it stands in.
 */
#include "tests/analytics/logs.h"
#include "tests/analytics/random_day.h"
#include "tests/analytics/small_day.h"

static artifact *const artifacts[] = {
    artifact_feature_equalizer, artifact_long_short,     artifact_exit_completeness,
    artifact_value_curves,      artifact_regime_matrix,  artifact_parity,
    artifact_parity_details,    artifact_live_vs_shadow,
};

/* All documents of a day, one after the other. */
static void
all_documents(const struct day *d, struct text *to)
{
    for (size_t i = 0; i < COUNT_OF(artifacts); i++)
        document_of(d, artifacts[i], to);
}

static const struct json *
at(const struct json *v, const char *a, const char *b)
{
    v = json_get(v, a);
    return b != NULL ? json_get(v, b) : v;
}

static void
document_tree(const struct day *d, artifact *write, struct json **ret)
{
    CLEANUP(text_free) struct text t = {0};
    struct err err = {0};

    document_of(d, write, &t);
    if (json_parse(t.data, t.len, JSON_STRICT, &JSON_LIMITS_FILE, ret, &err) != RC_OK)
        fail_msg("%s", err.text);
}

static bool
near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(a) + fabs(b));
}

/* ---- conservation -------------------------------------------------------------------------- */

static int64_t
sum_of_counts(const struct json *nested)
{
    int64_t sum = 0;

    for (const struct json *o = json_first(nested); o != NULL; o = json_next(o)) {
        for (const struct json *c = json_first(o); c != NULL; c = json_next(c))
            sum += json_i64_of(c, -1);
    }
    return sum;
}

static void
check_sides(const struct day *d, int64_t *ret_known, double *ret_total)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    const struct json *all = NULL;

    document_tree(d, artifact_long_short, &doc);
    all = json_get(doc, "overall");
    const struct json *l = json_get(doc, "long"), *s = json_get(doc, "short");
    assert_int_equal(json_i64(all, "count", -1), json_i64(l, "count", 0) + json_i64(s, "count", 0));
    assert_int_equal(json_i64(all, "win_count", -1),
                     json_i64(l, "win_count", 0) + json_i64(s, "win_count", 0));
    assert_true(near(json_f64(all, "total_pnl_usd", -1),
                     json_f64(l, "total_pnl_usd", 0) + json_f64(s, "total_pnl_usd", 0)));
    *ret_known = json_i64(all, "count", -1);
    *ret_total = json_f64(all, "total_pnl_usd", -1);
}

static void
check_equalizer(const struct day *d, int64_t known, double total)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    document_tree(d, artifact_feature_equalizer, &doc);
    const struct json *reasons = json_get(doc, "exit_reason_distributions");
    assert_int_equal(sum_of_counts(json_get(reasons, "by_sector")), known);
    assert_int_equal(sum_of_counts(json_get(reasons, "by_regime")), known);
    assert_int_equal(sum_of_counts(json_get(reasons, "by_feature_cluster")), known);
    const struct json *replaced = json_get(doc, "replacement_telemetry");
    assert_int_equal(json_i64(replaced, "replacement_exit_count", -1) +
                         json_i64(replaced, "non_replacement_exit_count", -1),
                     known);
    assert_true(near(json_f64(replaced, "replacement_total_pnl_usd", 0) +
                         json_f64(replaced, "non_replacement_total_pnl_usd", 0),
                     total));
    for (const struct json *f = json_first(json_get(doc, "features")); f != NULL;
         f = json_next(f)) {
        const struct json *l = at(f, "by_side", "long"), *s = at(f, "by_side", "short");
        assert_int_equal(json_i64(f, "count", -1),
                         json_i64(l, "count", 0) + json_i64(s, "count", 0));
        assert_true(near(json_f64(f, "total_pnl_usd", -1),
                         json_f64(l, "total_pnl_usd", 0) + json_f64(s, "total_pnl_usd", 0)));
        assert_true(json_i64(f, "win", 0) + json_i64(f, "loss", 0) <= json_i64(f, "count", -1));
    }
}

/* Every point is in a bin, the sides of a bin make the bin. */
static void
check_curves(const struct day *d)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    document_tree(d, artifact_value_curves, &doc);
    for (const struct json *f = json_first(json_get(doc, "features")); f != NULL;
         f = json_next(f)) {
        const struct json *l = json_first(json_get(f, "long")),
                          *s = json_first(json_get(f, "short"));
        int64_t counted = 0;
        double last = HUGE_VAL;
        for (const struct json *b = json_first(json_get(f, "overall")); b != NULL;
             b = json_next(b)) {
            int64_t count = json_i64(b, "count", -1);
            assert_int_equal(count, json_i64(l, "count", 0) + json_i64(s, "count", 0));
            assert_true(json_f64(b, "x_lo", 0) <= json_f64(b, "x_hi", 0));
            assert_true(json_f64(b, "x_lo", 0) <= last); /* no gap */
            last = json_f64(b, "x_hi", 0);
            counted += count;
            l = json_next(l);
            s = json_next(s);
        }
        assert_true(counted >= json_i64(f, "point_count", -1));
    }
}

static void
check_matrix(const struct day *d, int64_t known, double total)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    int64_t count = 0;
    double pnl = 0;

    document_tree(d, artifact_regime_matrix, &doc);
    for (const struct json *r = json_first(json_get(doc, "matrix")); r != NULL; r = json_next(r)) {
        for (const struct json *c = json_first(r); c != NULL; c = json_next(c)) {
            count += json_i64(json_get(c, "_cell"), "count", -1);
            pnl += json_f64(json_get(c, "_cell"), "total_pnl_usd", 0);
        }
    }
    assert_int_equal(count, known);
    assert_true(near(pnl, total));
}

static void
check_parity(const struct day *d)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    int64_t rows = 0;

    document_tree(d, artifact_parity, &doc);
    const struct json *counts = json_get(doc, "counts"), *entry = json_get(doc, "entry_parity");
    const struct json *classes = json_get(entry, "classification_counts");
    for (const struct json *c = json_first(classes); c != NULL; c = json_next(c))
        rows += json_i64_of(c, -1);
    assert_int_equal(rows, json_i64(counts, "entry_parity_rows", -1));
    assert_int_equal(rows, json_len(json_get(entry, "rows")));
    assert_int_equal(rows, json_i64(counts, "v1_entry_events_today", 0) +
                               json_i64(counts, "v2_shadow_entry_events_today", 0) -
                               json_i64(json_get(doc, "aggregate_metrics"), "matched_pairs", -1));
    assert_int_equal(json_i64(counts, "v1_unique_symbols_today", -1),
                     json_len(at(doc, "overlap", "v1_vs_shadow_candidates_symbols")) +
                         json_len(at(doc, "overlap", "v1_only_symbols")));
}

/* The symbols of a window add up to it. */
static void
check_windows(const struct day *d)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    document_tree(d, artifact_live_vs_shadow, &doc);
    for (const struct json *w = json_first(json_get(doc, "windows")); w != NULL; w = json_next(w)) {
        double live = 0, shadow = 0;
        int64_t trades = 0;
        for (const struct json *s = json_first(json_get(doc, "per_symbol")); s != NULL;
             s = json_next(s)) {
            if (!str_eq(json_str(s, "window", ""), json_key(w))) continue;
            live += json_f64(s, "live_pnl_usd", 0);
            shadow += json_f64(s, "shadow_pnl_usd", 0);
            trades += json_i64(s, "live_trade_count", -1) + json_i64(s, "shadow_trade_count", -1);
        }
        assert_true(near(live, json_f64(json_get(w, "live"), "pnl_usd", -1)));
        assert_true(near(shadow, json_f64(json_get(w, "shadow"), "pnl_usd", -1)));
        assert_int_equal(trades, json_i64(json_get(w, "live"), "trade_count", -1) +
                                     json_i64(json_get(w, "shadow"), "trade_count", -1));
    }
}

static void
test_contract_4_20_sums_agree_with_each_other(void **state)
{
    struct rng r = check_rng("conservation");

    (void)state;
    for (int round = 0; round < 60; round++) {
        struct random_day from = random_day(&r);
        struct day *d = read_day(&from);
        int64_t known = 0;
        double total = 0;
        check_sides(d, &known, &total);
        check_equalizer(d, known, total);
        check_curves(d);
        check_matrix(d, known, total);
        check_parity(d);
        check_windows(d);
        day_free(d);
        random_day_free(&from);
    }
}

/* ---- order, pieces, noise ------------------------------------------------------------------- */

static void
shuffle(struct rng *r, struct lines *l)
{
    for (size_t i = l->n; i > 1; i--) {
        size_t k = rng_below(r, i);
        char *t = l->at[i - 1];
        l->at[i - 1] = l->at[k];
        l->at[k] = t;
    }
}

/* Counts do not depend on the order of the lines, sums but for their last bits. */
static void
test_analytics_the_order_of_the_lines_does_not_matter(void **state)
{
    struct rng r = check_rng("permutation");

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct random_day from = random_day(&r);
        struct day *d = read_day(&from);
        int64_t known[2] = {0};
        double total[2] = {0};
        CLEANUP(text_free) struct text rows = {0}; /* parity pairs by time, not by line */
        CLEANUP(text_free) struct text rows_again = {0};
        check_sides(d, &known[0], &total[0]);
        document_of(d, artifact_parity_details, &rows);
        day_free(d);
        for (int i = 0; i < DAY_LOGS; i++)
            shuffle(&r, &from.log[i]);
        d = read_day(&from);
        check_sides(d, &known[1], &total[1]);
        check_equalizer(d, known[0], total[0]);
        check_matrix(d, known[0], total[0]);
        document_of(d, artifact_parity_details, &rows_again);
        assert_int_equal(known[0], known[1]);
        assert_true(near(total[0], total[1]));
        assert_string_equal(text_str(&rows), text_str(&rows_again));
        day_free(d);
        random_day_free(&from);
    }
}

static void
test_analytics_the_size_of_the_pieces_does_not_matter(void **state)
{
    static const size_t pieces[] = {1, 2, 7, 100, 4096};
    struct rng r = check_rng("pieces");
    struct random_day from = random_day(&r);
    CLEANUP(text_free) struct text whole = {0};
    struct day *d = read_day(&from);

    (void)state;
    all_documents(d, &whole);
    day_free(d);
    for (size_t p = 0; p < COUNT_OF(pieces); p++) {
        CLEANUP(text_free) struct text got = {0};
        d = day_of(SMALL_DATE, SMALL_AS_OF);
        for (int i = 0; i < DAY_LOGS; i++) {
            CLEANUP(text_free) struct text log = {0};
            for (size_t k = 0; k < from.log[i].n; k++)
                text_printf(&log, "%s\r\n", from.log[i].at[k]);
            for (size_t at_byte = 0; at_byte < log.len; at_byte += pieces[p])
                day_feed(d, (enum day_log)i, log.data + at_byte, MIN(pieces[p], log.len - at_byte));
        }
        day_finish(d);
        all_documents(d, &got);
        assert_string_equal(text_str(&got), text_str(&whole));
        day_free(d);
    }
    random_day_free(&from);
}

/* Lines that are not records change nothing but their count. */
static void
test_analytics_malformed_lines_cost_only_themselves(void **state)
{
    static const char *const junk[] = {"{",
                                       "null",
                                       "[{}]",
                                       "\"x\"",
                                       "{\"ts\":\"2026-03-04\",}",
                                       "{\"a\":01}",
                                       "\xFF\xFE",
                                       "{\"event_type\":\"shadow_exit\"",
                                       "}{",
                                       "\xEF\xBB\xBF{}"};
    struct rng r = check_rng("malformed lines");
    struct random_day from = random_day(&r);
    CLEANUP(text_free) struct text whole = {0};
    CLEANUP(text_free) struct text got = {0};
    struct day *d = read_day(&from);

    (void)state;
    all_documents(d, &whole);
    day_free(d);
    d = day_of(SMALL_DATE, SMALL_AS_OF);
    for (int i = 0; i < DAY_LOGS; i++) {
        for (size_t k = 0; k < from.log[i].n; k++) {
            if (rng_chance(&r, 0.3)) {
                const char *line = ONE_OF(&r, junk);
                day_feed(d, (enum day_log)i, line, strlen(line));
                day_feed(d, (enum day_log)i, "\n", 1);
            }
            day_feed(d, (enum day_log)i, from.log[i].at[k], strlen(from.log[i].at[k]));
            day_feed(d, (enum day_log)i, "\n\n", 2);
        }
        day_feed_end(d, (enum day_log)i);
    }
    day_finish(d);
    all_documents(d, &got);
    assert_string_equal(text_str(&got), text_str(&whole));
    for (int i = 0; i < DAY_LOGS; i++) {
        assert_true(day_look(d)->log[i].malformed > 0);
        assert_int_equal(day_look(d)->log[i].records, from.log[i].n);
    }
    day_free(d);
    random_day_free(&from);
}

/* Any byte anywhere: the documents stay valid JSON of the same shape. */
static void
test_contract_4_20_10_documents_survive_damaged_logs(void **state)
{
    struct rng r = check_rng("damage");

    (void)state;
    for (int round = 0; round < 300; round++) {
        const char *const logs[DAY_LOGS] = {small_shadow, small_exits, small_v1};
        struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);
        for (int i = 0; i < DAY_LOGS; i++) {
            char *bytes = strdup(logs[i]);
            size_t len = strlen(logs[i]);
            assert_non_null(bytes);
            for (uint64_t n = rng_below(&r, 30); n > 0; n--)
                bytes[rng_below(&r, len)] = (char)rng_below(&r, 256);
            day_feed(d, (enum day_log)i, bytes, rng_below(&r, len + 1));
            free(bytes);
        }
        day_finish(d);
        for (size_t i = 0; i < COUNT_OF(artifacts); i++) {
            CLEANUP(json_freep) struct json *doc = NULL;
            CLEANUP(text_free) struct text t = {0};
            document_of(d, artifacts[i], &t);
            /* lone surrogates are kept, so the tolerant mode */
            assert_int_equal(json_parse(t.data, t.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, NULL),
                             RC_OK);
        }
        day_free(d);
    }
}

/* ---- nothing ------------------------------------------------------------------------------- */

static void
test_contract_4_20_10_an_empty_day_has_full_shapes(void **state)
{
    struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);
    CLEANUP(json_freep) struct json *parity = NULL;
    CLEANUP(json_freep) struct json *curves = NULL;
    CLEANUP(json_freep) struct json *windows = NULL;
    CLEANUP(json_freep) struct json *equalizer = NULL;

    (void)state;
    day_finish(d);
    document_tree(d, artifact_parity, &parity);
    assert_int_equal(json_len(at(parity, "entry_parity", "rows")), 0);
    assert_int_equal(json_len(at(parity, "entry_parity", "classification_counts")), 5);
    assert_false(json_bool(json_get(parity, "notes"), "parity_available", true));
    document_tree(d, artifact_value_curves, &curves);
    assert_int_equal(json_len(json_get(curves, "features")), FEATURES);
    assert_int_equal(json_len(json_get(json_first(json_get(curves, "features")), "overall")), 1);
    document_tree(d, artifact_live_vs_shadow, &windows);
    assert_int_equal(json_len(json_get(windows, "windows")), 3);
    assert_true(json_bool(at(windows, "windows", "5d"), "insufficient_data", false));
    document_tree(d, artifact_feature_equalizer, &equalizer);
    assert_int_equal(json_len(json_get(equalizer, "features")), 0);
    assert_int_equal(json_len(at(equalizer, "score_evolution", "delta_stats")), 0);
    day_free(d);
}

/* Sums that leave the doubles are null, not a word that JSON has not. */
static void
test_analytics_sums_beyond_doubles_are_null(void **state)
{
    static const char lines[] = ENTRY("t1", "A", "14:00:00", ",\"side\":\"long\"")
        EXIT("t1", "A", "15:00:00", ",\"pnl\":1e308")
            ENTRY("t2", "A", "14:00:01", ",\"side\":\"long\"")
                EXIT("t2", "A", "15:00:00", ",\"pnl\":1e308");
    struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);
    CLEANUP(json_freep) struct json *doc = NULL;

    (void)state;
    feed(d, DAY_SHADOW_TRADES, lines);
    day_finish(d);
    document_tree(d, artifact_long_short, &doc);
    const struct json *all = json_get(doc, "overall");
    assert_int_equal(json_i64(all, "count", 0), 2);
    assert_non_null(json_member(all, "total_pnl_usd"));
    assert_null(json_get(all, "total_pnl_usd"));
    day_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_20_sums_agree_with_each_other),
        cmocka_unit_test(test_analytics_the_order_of_the_lines_does_not_matter),
        cmocka_unit_test(test_analytics_the_size_of_the_pieces_does_not_matter),
        cmocka_unit_test(test_analytics_malformed_lines_cost_only_themselves),
        cmocka_unit_test(test_contract_4_20_10_documents_survive_damaged_logs),
        cmocka_unit_test(test_contract_4_20_10_an_empty_day_has_full_shapes),
        cmocka_unit_test(test_analytics_sums_beyond_doubles_are_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
