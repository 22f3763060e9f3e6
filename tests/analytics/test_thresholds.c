/*
 * The artifacts at their thresholds: from how many replacements on a day is an anomaly, from how
 * many trades on advice is trusted, which event is the first of a window
 * (contract 4.20.6, 4.20.7, 4.20.9, 4.20.10; spec 40 3.6, 3.11 to 3.14).
 */
#include "base/json.h"
#include "tests/analytics/logs.h"

#define DAY   "2026-03-04"
#define AS_OF DAY "T21:00:00+00:00"

/* Closed trades of one symbol each, the first of them replaced, the first of them with a feature.
 */
struct trades {
    int len, replaced, active, active_replaced;
    double pnl;
};

static void
add_trade(struct text logs[DAY_LOGS], int i, const struct trades *t)
{
    bool is_active = i < t->active;
    bool is_replaced =
        is_active ? i < t->active_replaced : i - t->active < t->replaced - t->active_replaced;
    const char *adjust = is_active ? "{\"flow_strength\":0.1}" : "{}";
    char at[40];

    (void)snprintf(at, sizeof at, DAY "T15:%02d:00+00:00", i);
    text_printf(&logs[DAY_SHADOW_TRADES],
                "{\"ts\":\"%s\",\"event_type\":\"shadow_entry_opened\",\"trade_id\":\"t%d\","
                "\"symbol\":\"S%d\",\"side\":\"long\",\"entry_ts\":\"%s\",\"entry_price\":10,"
                "\"qty\":1,\"intel_snapshot\":{\"v2_uw_adjustments\":%s}}\n",
                at, i, i, at, adjust);
    text_printf(&logs[DAY_SHADOW_TRADES],
                "{\"ts\":\"" DAY "T16:00:00+00:00\",\"event_type\":\"shadow_exit\","
                "\"trade_id\":\"t%d\",\"symbol\":\"S%d\",\"pnl\":%.4f,"
                "\"replacement_candidate\":%s}\n",
                i, i, t->pnl, is_replaced ? "\"X\"" : "null");
    text_printf(&logs[DAY_EXIT_ATTRIBUTION],
                "{\"timestamp\":\"" DAY "T16:00:00+00:00\",\"symbol\":\"S%d\","
                "\"entry_timestamp\":\"%s\",\"entry_uw\":{\"v2_uw_adjustments\":%s}}\n",
                i, at, adjust);
}

/* The document over logs, whose texts are freed. */
static struct json *
document(struct text logs[DAY_LOGS], artifact *write)
{
    CLEANUP(text_free) struct text text = {0};
    struct day *d = day_of(DAY, AS_OF);
    struct json *doc = NULL;

    for (int i = 0; i < DAY_LOGS; i++) {
        feed(d, (enum day_log)i, text_str(&logs[i]));
        text_free(&logs[i]);
    }
    day_finish(d);
    document_of(d, write, &text);
    day_free(d);
    assert_int_equal(
        json_parse(text_str(&text), text.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL), RC_OK);
    return doc;
}

static struct json *
made(const struct trades *t, artifact *write)
{
    struct text logs[DAY_LOGS] = {{0}};

    for (int i = 0; i < t->len; i++)
        add_trade(logs, i, t);
    return document(logs, write);
}

static void
test_contract_4_20_6_an_anomaly_has_a_rate_and_a_number(void **state)
{
    static const struct {
        struct trades day;
        bool is_anomaly;
    } cases[] = {
        {{7, 2, 0, 0, 1},  false}, /* 29 %, but only two */
        {{11, 3, 0, 0, 1}, true }, /* 27 % */
        {{12, 3, 0, 0, 1}, false}, /* 25 % is not above 25 % */
        {{13, 3, 5, 3, 1}, true }, /* 3 of 5 with the feature, 23 % of all */
        {{13, 3, 4, 3, 1}, false}, /* 3 of 4: too few with the feature */
        {{13, 3, 6, 3, 1}, false}, /* 3 of 6 is not above one half */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = made(&cases[i].day, artifact_replacement);

        assert_int_equal(json_i64(json_get(doc, "counts"), "replacement_trades", -1),
                         cases[i].day.replaced);
        if (json_is_true(json_get(doc, "replacement_anomaly_detected")) != cases[i].is_anomaly)
            fail_msg("case %zu", i);
    }
}

static void
test_contract_4_20_10_confidence_grows_with_the_trades(void **state)
{
    static const struct {
        int trades;
        const char *confidence;
    } cases[] = {
        {9,  "low"   },
        {10, "medium"},
        {29, "medium"},
        {30, "high"  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct trades day = {.len = cases[i].trades, .active = cases[i].trades, .pnl = 1};
        CLEANUP(json_freep) struct json *doc = made(&day, artifact_signal_weights);
        const struct json *advice = json_first(json_get(doc, "recommendations"));

        assert_string_equal(json_str(advice, "signal", ""), "flow");
        assert_string_equal(json_str(advice, "confidence", ""), cases[i].confidence);
    }
}

/* Nothing earned is not won, and says nothing about a weight; 50 USD a trade say all they may. */
static void
test_contract_4_20_10_advice_follows_the_expectancy(void **state)
{
    static const struct {
        double pnl, win_rate, delta;
    } cases[] = {
        {0,      0, 0     },
        {0.0001, 1, 5e-7  },
        {25,     1, 0.125 },
        {50,     1, 0.25  },
        {500,    1, 0.25  },
        {-25,    0, -0.125},
        {-500,   0, -0.25 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct trades day = {.len = 2, .active = 2, .pnl = cases[i].pnl};
        CLEANUP(json_freep) struct json *signals = made(&day, artifact_signal_performance);
        CLEANUP(json_freep) struct json *weights = made(&day, artifact_signal_weights);
        const struct json *signal = json_first(json_get(signals, "signals"));
        const struct json *advice = json_first(json_get(weights, "recommendations"));

        if (fabs(json_f64(signal, "win_rate", -1) - cases[i].win_rate) > 1e-12 ||
            fabs(json_f64(advice, "suggested_delta_weight", -1) - cases[i].delta) > 1e-12)
            fail_msg("pnl %g: win rate %g, delta %g", cases[i].pnl,
                     json_f64(signal, "win_rate", -1),
                     json_f64(advice, "suggested_delta_weight", -1));
    }
}

/* The event that is as old as the window is long belongs to it; one a microsecond older does not.
 */
static void
test_contract_4_20_9_windows_begin_with_their_first_event(void **state)
{
    static const struct {
        const char *ts;
        int in_24h, in_48h, in_5d;
    } cases[] = {
        {AS_OF,                              1, 1, 1},
        {"2026-03-03T21:00:00+00:00",        1, 1, 1},
        {"2026-03-03T20:59:59.999999+00:00", 0, 1, 1},
        {"2026-03-02T21:00:00+00:00",        0, 1, 1},
        {"2026-03-02T20:59:59.999999+00:00", 0, 0, 1},
        {"2026-02-27T21:00:00+00:00",        0, 0, 1},
        {"2026-02-27T20:59:59.999999+00:00", 0, 0, 0},
        {"2026-03-05T00:00:00+00:00",        1, 1, 1}, /* there is no upper bound */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text logs[DAY_LOGS] = {{0}};

        text_printf(&logs[DAY_ATTRIBUTION],
                    "{\"type\":\"attribution\",\"trade_id\":\"a\",\"ts\":\"%s\",\"symbol\":\"A\","
                    "\"pnl_usd\":1}\n",
                    cases[i].ts);
        text_printf(&logs[DAY_EXIT_ATTRIBUTION],
                    "{\"timestamp\":\"%s\",\"symbol\":\"A\",\"pnl\":1}\n", cases[i].ts);
        CLEANUP(json_freep) struct json *doc = document(logs, artifact_live_vs_shadow);
        const struct json *windows = json_get(doc, "windows");
        const struct {
            const char *name;
            int wanted;
        } looks[] = {
            {"24h", cases[i].in_24h},
            {"48h", cases[i].in_48h},
            {"5d",  cases[i].in_5d }
        };
        for (size_t w = 0; w < COUNT_OF(looks); w++) {
            const struct json *window = json_get(windows, looks[w].name);

            if (json_i64(json_get(window, "live"), "trade_count", -1) != looks[w].wanted ||
                json_i64(json_get(window, "shadow"), "trade_count", -1) != looks[w].wanted)
                fail_msg("%s in %s", cases[i].ts, looks[w].name);
        }
    }
}

/* Differences of the doubles themselves, without tolerance. */
static void
test_contract_4_20_7_a_pair_is_judged_at_the_limit(void **state)
{
    static const struct {
        const char *v2_at, *score, *price, *wanted;
    } cases[] = {
        {"15:00:05",        "0",        "0",        "perfect_match"},
        {"15:00:05.000001", "0",        "0",        "near_match"   },
        {"15:01:00",        "0",        "0",        "near_match"   },
        {"15:01:00.000001", "0",        "0",        "divergent"    },
        {"15:00:00",        "0.05",     "0",        "perfect_match"},
        {"15:00:00",        "0.050001", "0",        "near_match"   },
        {"15:00:00",        "0.25",     "0",        "near_match"   },
        {"15:00:00",        "0.250001", "0",        "divergent"    },
        {"15:00:00",        "0",        "0.05",     "perfect_match"},
        {"15:00:00",        "0",        "0.050001", "near_match"   },
        {"15:00:00",        "0",        "0.5",      "near_match"   },
        {"15:00:00",        "0",        "0.500001", "divergent"    },
        {"15:00:00",        "null",     "0",        "divergent"    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text logs[DAY_LOGS] = {{0}};

        text_puts(&logs[DAY_ATTRIBUTION],
                  "{\"trade_id\":\"open_1\",\"ts\":\"" DAY "T15:00:00Z\",\"symbol\":\"A\","
                  "\"context\":{\"entry_ts\":\"" DAY "T15:00:00Z\",\"score\":0,"
                  "\"entry_price\":0}}\n");
        text_printf(&logs[DAY_SHADOW_TRADES],
                    "{\"event_type\":\"shadow_entry_opened\",\"ts\":\"" DAY "T15:00:00Z\","
                    "\"entry_ts\":\"" DAY "T%sZ\",\"symbol\":\"A\",\"trade_id\":\"t\","
                    "\"v2_score\":%s,\"entry_price\":%s}\n",
                    cases[i].v2_at, cases[i].score, cases[i].price);
        CLEANUP(json_freep) struct json *doc = document(logs, artifact_parity);
        const struct json *row = json_first(json_get(json_get(doc, "entry_parity"), "rows"));

        if (!str_eq(json_str(row, "classification", ""), cases[i].wanted))
            fail_msg("case %zu is %s, %s is wanted", i, json_str(row, "classification", "nothing"),
                     cases[i].wanted);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_20_6_an_anomaly_has_a_rate_and_a_number),
        cmocka_unit_test(test_contract_4_20_7_a_pair_is_judged_at_the_limit),
        cmocka_unit_test(test_contract_4_20_9_windows_begin_with_their_first_event),
        cmocka_unit_test(test_contract_4_20_10_confidence_grows_with_the_trades),
        cmocka_unit_test(test_contract_4_20_10_advice_follows_the_expectancy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
