/* Raw alerts: normalisation, the base filter, clusters. */
#include "tests/strategy/score_case.h"

#include "base/rand.h"
#include "strategy/clusters.h"

#define NOW when_parse_or_none("2026-01-30T15:30:00Z")

/* An alert that passes everything; "more" is put in front, and repeated keys are not allowed. */
#define ALERT(more)                                                                                \
    "{" more "\"ticker\": \"AAPL\", \"type\": \"call\", \"total_ask_side_prem\": \"2\", "          \
    "\"total_bid_side_prem\": 1, \"has_sweep\": true, \"created_at\": \"2026-01-30T15:00:00Z\", "  \
    "\"volume\": 500, \"open_interest\": 100}"

static struct flow_alert
alert_of(const char *text)
{
    CLEANUP(json_freep) struct json *doc = doc_of(text);
    return flow_alert_decode(doc);
}

static void
test_flow_alert_takes_the_first_usable_key(void **state)
{
    (void)state;
    struct flow_alert a =
        alert_of(ALERT("\"total_premium\": 0, \"premium\": \"150000.5\", \"expiry\": \"\", "
                       "\"expiration\": \"2026-02-06\", "));
    assert_true(a.is_usable && a.is_bullish && a.has_volume_over_oi);
    assert_near("premium", a.premium_usd, 150000.5);
    assert_true(a.expiry_ns == when_parse_or_none("2026-02-06"));
    assert_true(a.at_ns == when_parse_or_none("2026-01-30T15:00:00Z"));
    a = alert_of("{\"ticker\": \"\", \"symbol\": \" goog \", \"created_at\": 0, \"timestamp\": "
                 "1769787000.5}");
    assert_true(a.is_usable);
    assert_string_equal(a.ticker, "GOOG");
    assert_true(a.at_ns == INT64_C(1769787000500000000));
    assert_true(alert_of("{\"symbol\": \"X\"}").at_ns == WHEN_NONE);
}

static void
test_flow_alert_has_a_direction(void **state)
{
    static const struct {
        const char *type, *ask, *bid;
        bool is_bullish;
    } cases[] = {
        {"\"call\"",  "2",     "1",     true },
        {"\"CALL\"",  "2",     "1",     true },
        {"\"call\"",  "1",     "1",     false},
        {"\"put\"",   "1",     "2",     true },
        {"\"put\"",   "1",     "1",     true },
        {"\"put\"",   "2",     "1",     false},
        {"\"other\"", "2",     "1",     false},
        {"null",      "2",     "1",     false},
        {"\"call\"",  "\"2\"", "\"x\"", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"ticker\": \"X\", \"type\": %s, \"total_ask_side_prem\": %s, "
                       "\"total_bid_side_prem\": %s}",
                       cases[i].type, cases[i].ask, cases[i].bid);
        if (alert_of(text).is_bullish != cases[i].is_bullish) fail_msg("%s", text);
    }
}

static void
test_flow_alert_has_a_kind(void **state)
{
    static const struct {
        const char *flags, *want;
    } cases[] = {
        {"\"has_sweep\": true, \"has_floor\": true",                       "BEARISH_SWEEP"    },
        {"\"has_sweep\": false, \"has_floor\": 1, \"has_multileg\": true", "BEARISH_BLOCK"    },
        {"\"has_multileg\": \"yes\"",                                      "BEARISH_MULTILEG" },
        {"\"has_multileg\": \"false\"",                                    "BEARISH_SINGLELEG"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{\"ticker\": \"X\", %s}", cases[i].flags);
        struct flow_alert a = alert_of(text);
        assert_string_equal(flow_signal_name(a.is_bullish, (enum flow_type)a.type), cases[i].want);
    }
    assert_string_equal(flow_type_name(FLOW_BLOCK), "block");
}

static void
test_flow_alert_that_cannot_be_normalised_is_marked(void **state)
{
    static const struct {
        const char *text;
        bool is_usable, has_volume_over_oi;
    } cases[] = {
        {"{\"ticker\": \"X\"}",                                                          true,  false},
        {"{}",                                                                           false, false},
        {"[]",                                                                           false, false},
        {"{\"ticker\": 5}",                                                              false, false},
        {"{\"ticker\": \"NOT A SYMBOL\"}",                                               false, false},
        {"{\"ticker\": \"X\", \"created_at\": \"soon\"}",                                false, false},
        {"{\"ticker\": \"X\", \"created_at\": {}}",                                      true,  false},
        {"{\"ticker\": \"X\", \"volume\": \"many\"}",                                    false, false},
        {"{\"ticker\": \"X\", \"volume\": \"3.5\"}",                                     false, false},
        {"{\"ticker\": \"X\", \"volume\": \"\"}",                                        false, false},
        {"{\"ticker\": \"X\", \"volume\": \" 3 \", \"open_interest\": 2.9}",             true,  true },
        {"{\"ticker\": \"X\", \"volume\": 3.9, \"open_interest\": \"\", \"oi\": \"3\"}", true,
         false                                                                                       },
        {"{\"ticker\": \"X\", \"volume\": 1, \"open_interest\": \"few\"}",               false, false},
        {"{\"ticker\": \"X\", \"volume\": 1e300, \"open_interest\": -1e300}",            true,  true },
        {"{\"ticker\": \"X\", \"volume\": \"99999999999999999999\"}",                    false, false},
        {"{\"ticker\": \"X\", \"volume\": [], \"oi\": true}",                            true,  false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct flow_alert a = alert_of(cases[i].text);
        if (a.is_usable != cases[i].is_usable ||
            a.has_volume_over_oi != cases[i].has_volume_over_oi)
            fail_msg("%s", cases[i].text);
    }
}

static void
test_flow_base_filter(void **state)
{
    static const struct {
        const char *promise, *changes;
        bool want;
    } cases[] = {
        {"passes",                   "\"total_premium\": 100000, \"expiry\": \"2026-02-06\", ",        true },
        {"a cent less",              "\"total_premium\": 99999.99, \"expiry\": \"2026-02-06\", ",      false},
        {"no expiry",                "\"total_premium\": 100000, ",                                    false},
        {"expiry is no date",        "\"total_premium\": 100000, \"expiry\": \"soon\", ",              false},
 /* 2026-02-07 00:00 is 7 days and 8.5 hours ahead: seven whole days */
        {"the last day",             "\"total_premium\": 100000, \"expiry\": \"2026-02-07\", ",        true },
        {"a day too far",            "\"total_premium\": 100000, \"expiry\": \"2026-02-08\", ",        false},
        {"eight days to the second",
         "\"total_premium\": 1e6, \"expiry\": \"2026-02-07T15:30:00Z\", ",                             false},
        {"a second less",            "\"total_premium\": 1e6, \"expiry\": \"2026-02-07T15:29:59Z\", ", true },
        {"long past",                "\"total_premium\": 100000, \"expiry\": \"2020-01-01\", ",        true },
        {"many legs",
         "\"total_premium\": 1e6, \"expiry\": \"2026-02-06\", \"has_multileg\": true, ",               true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, ALERT("%s"), cases[i].changes);
        struct flow_alert a = alert_of(text);
        if (flow_alert_passes(&a, &FLOW_LIMITS_DEFAULT, NOW) != cases[i].want)
            fail_msg("%s", cases[i].promise);
    }
    struct flow_alert a = alert_of(ALERT("\"total_premium\": 1e6, \"expiry\": \"2026-02-06\", "));
    a.type = FLOW_MULTILEG;
    assert_false(flow_alert_passes(&a, &FLOW_LIMITS_DEFAULT, NOW));
    a.type = FLOW_SINGLELEG;
    assert_true(flow_alert_passes(&a, &FLOW_LIMITS_DEFAULT, NOW));
    a.has_volume_over_oi = false;
    assert_false(flow_alert_passes(&a, &FLOW_LIMITS_DEFAULT, NOW));
    a.has_volume_over_oi = true;
    a.is_usable = false;
    assert_false(flow_alert_passes(&a, &FLOW_LIMITS_DEFAULT, NOW));
}

/* ---- clusters ------------------------------------------------------------------------------ */

static struct flow_alert
simple(const char *ticker, bool is_bullish, int64_t at_s, enum flow_type type)
{
    struct flow_alert a = {
        .at_ns = NOW + at_s * NS_PER_S,
        .expiry_ns = NOW,
        .premium_usd = 100000 + (double)at_s,
        .type = (uint8_t)type,
        .is_bullish = is_bullish,
        .has_volume_over_oi = true,
        .is_usable = true,
    };
    (void)str_copy(a.ticker, sizeof a.ticker, ticker);
    return a;
}

enum { ALERTS = 64 };

static struct clusters
find(const struct flow_alert *alert, size_t len, struct arena *a)
{
    const struct flow_alert *ref[ALERTS];
    assert_true(len <= ALERTS);
    for (size_t i = 0; i < len; i++)
        ref[i] = &alert[i];
    return clusters_find(ref, len, &FLOW_LIMITS_DEFAULT, NOW, a);
}

static void
test_clusters_cut_greedily(void **state)
{
    CLEANUP(arena_done) struct arena arena = {0};
    const struct flow_alert alert[] = {
        simple("B", true, 601, FLOW_BLOCK), /* opens the second window of B */
        simple("B", true, 0, FLOW_SWEEP),    simple("B", true, 600, FLOW_BLOCK),
        simple("B", true, 300, FLOW_SWEEP),  simple("B", true, 602, FLOW_SWEEP),
        simple("B", true, 1201, FLOW_BLOCK), simple("B", false, 0, FLOW_BLOCK),
        simple("B", false, 0, FLOW_SWEEP),   simple("B", false, 0, FLOW_SWEEP),
        simple("A", true, 5, FLOW_SWEEP),    simple("A", true, 6, FLOW_SWEEP),
    };
    (void)state;
    struct clusters found = find(alert, COUNT_OF(alert), &arena);
    assert_int_equal(found.len, 3);
    assert_true(found.cluster[0].is_bullish && found.cluster[1].is_bullish &&
                !found.cluster[2].is_bullish);
    assert_int_equal(found.cluster[0].count, 3);
    assert_true(found.cluster[0].end_ns == NOW + 600 * NS_PER_S);
    assert_int_equal(found.cluster[0].type, FLOW_SWEEP);
    assert_int_equal(found.cluster[0].member[1], 3);
    assert_near("mean", found.cluster[0].premium_usd_mean, 100300);
    assert_int_equal(found.cluster[1].count, 3);
    assert_true(found.cluster[1].start_ns == NOW + 601 * NS_PER_S);
    assert_int_equal(found.cluster[2].member[0], 6); /* equal times keep the order of the input */
    assert_int_equal(found.cluster[2].type, FLOW_SWEEP);
}

static void
test_clusters_break_a_tie_of_kinds_by_time(void **state)
{
    CLEANUP(arena_done) struct arena arena = {0};
    const struct flow_alert alert[] = {
        simple("A", true, 4, FLOW_SWEEP),     simple("A", true, 1, FLOW_BLOCK),
        simple("A", true, 2, FLOW_SWEEP),     simple("A", true, 3, FLOW_BLOCK),
        simple("A", true, 0, FLOW_SINGLELEG),
    };
    (void)state;
    struct clusters found = find(alert, COUNT_OF(alert), &arena);
    assert_int_equal(found.len, 1);
    assert_int_equal(found.cluster[0].type, FLOW_BLOCK);
}

static void
test_clusters_take_the_most_frequent_kind(void **state)
{
    CLEANUP(arena_done) struct arena arena = {0};
    const struct flow_alert alert[] = {
        simple("A", true, 0, FLOW_SWEEP), simple("A", true, 1, FLOW_BLOCK),
        simple("A", true, 2, FLOW_SWEEP), simple("A", true, 3, FLOW_BLOCK),
        simple("A", true, 4, FLOW_BLOCK),
    };
    (void)state;
    struct clusters found = find(alert, COUNT_OF(alert), &arena);
    assert_int_equal(found.cluster[0].type, FLOW_BLOCK);
}

static void
test_clusters_of_nothing(void **state)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct flow_alert alert[3] = {simple("A", true, 0, FLOW_SWEEP),
                                  simple("A", true, 0, FLOW_SWEEP),
                                  simple("A", true, 0, FLOW_SWEEP)};
    (void)state;
    assert_int_equal(find(alert, 0, &arena).len, 0);
    assert_int_equal(find(alert, 2, &arena).len, 0);
    assert_int_equal(find(alert, 3, &arena).len, 1);
    alert[1].is_usable = false;
    assert_int_equal(find(alert, 3, &arena).len, 0);
    assert_int_equal(find(alert, 3, &arena).dropped, 1);
    alert[1] = simple("A", true, 0, FLOW_SWEEP);
    alert[1].at_ns = WHEN_NONE; /* no time is now */
    assert_int_equal(find(alert, 3, &arena).len, 1);
}

/* Every alert lies in at most one cluster, clusters do not overlap, and each has at least three. */
static void
test_clusters_are_disjoint_windows(void **state)
{
    struct rng r;
    (void)state;
    rng_init(&r, 7);
    for (int round = 0; round < 500; round++) {
        CLEANUP(arena_done) struct arena arena = {0};
        struct flow_alert alert[ALERTS];
        bool is_used[ALERTS] = {false};
        size_t n = (size_t)rng_below(&r, ALERTS + 1);
        for (size_t i = 0; i < n; i++)
            alert[i] = simple(rng_chance(&r, 0.5) ? "A" : "B", rng_chance(&r, 0.5),
                              rng_range(&r, 0, 4000), FLOW_SWEEP);
        struct clusters found = find(alert, n, &arena);
        for (size_t i = 0; i < found.len; i++) {
            const struct cluster *c = &found.cluster[i];
            assert_true(c->count >= 3 && c->end_ns - c->start_ns <= 600 * NS_PER_S);
            for (size_t k = 0; k < c->count; k++) {
                assert_false(is_used[c->member[k]]);
                is_used[c->member[k]] = true;
                assert_string_equal(alert[c->member[k]].ticker, c->ticker);
            }
            const struct cluster *before = i > 0 ? &found.cluster[i - 1] : NULL;
            if (before == NULL || !str_eq(before->ticker, c->ticker) ||
                before->is_bullish != c->is_bullish)
                continue;
            assert_true(c->start_ns - before->start_ns > 600 * NS_PER_S);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_alert_takes_the_first_usable_key),
        cmocka_unit_test(test_flow_alert_has_a_direction),
        cmocka_unit_test(test_flow_alert_has_a_kind),
        cmocka_unit_test(test_flow_alert_that_cannot_be_normalised_is_marked),
        cmocka_unit_test(test_flow_base_filter),
        cmocka_unit_test(test_clusters_cut_greedily),
        cmocka_unit_test(test_clusters_break_a_tie_of_kinds_by_time),
        cmocka_unit_test(test_clusters_take_the_most_frequent_kind),
        cmocka_unit_test(test_clusters_of_nothing),
        cmocka_unit_test(test_clusters_are_disjoint_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
