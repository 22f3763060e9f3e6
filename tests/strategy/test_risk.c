#include "decide_fixture.h"

static const struct date today = {2026, 1, 30}, yesterday = {2026, 1, 29};

static void
test_risk_limits_follow_the_mode(void **state)
{
    (void)state;
    struct risk_limits paper = risk_limits_of(MODE_PAPER, 0), live = risk_limits_of(MODE_LIVE, 0);

    assert_int_equal(paper.starting_equity.e4, USD(55000).e4);
    assert_int_equal(paper.daily_loss.e4, USD(2200).e4);
    assert_int_equal(paper.min_equity.e4, USD(46750).e4);
    assert_int_equal(paper.max_position.e4, USD(825).e4);
    assert_int_equal(paper.min_position.e4, USD(50).e4);
    assert_int_equal(paper.max_symbol.e4, USD(5500).e4);
    assert_int_equal(paper.max_sector.e4, USD(16500).e4);
    assert_int_equal(live.starting_equity.e4, USD(10000).e4);
    assert_int_equal(live.daily_loss.e4, USD(400).e4);
    assert_int_equal(live.max_position.e4, USD(300).e4);
    /* An unknown mode is not armed; should it ever count, the tighter limits do. */
    assert_int_equal(risk_limits_of(MODE_OTHER, 0).max_position.e4, live.max_position.e4);
    assert_int_equal(risk_limits_of(MODE_PAPER, 20000).min_equity.e4, USD(17000).e4);
    assert_int_equal(risk_limits_of(MODE_PAPER, (double)NAN).starting_equity.e4, USD(55000).e4);
}

static void
test_risk_names_the_first_limit_that_is_breached(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double equity, peak, baseline;
        enum risk_breach breach;
        double number, threshold;
    } cases[] = {
        {"all well",                                  55000,    55000, 55000,    RISK_NONE,           0,        0    },
        {"on the floor",                              46750,    46750, 46750,    RISK_NONE,           0,        0    },
        {"below the floor",                           46749.99, 46750, 46750,    RISK_EQUITY_FLOOR,   46749.99, 46750},
        {"the floor comes before the drawdown",       40000,    80000, 40000,    RISK_EQUITY_FLOOR,   40000,
         46750                                                                                                       },
        {"drawdown just below",                       48000.01, 60000, 48000.01, RISK_NONE,           0,        0    },
        {"drawdown on the limit",                     48000,    60000, 48000,    RISK_DRAWDOWN,       0.2,      0.2  },
        {"drawdown comes before the day's loss",      48000,    60000, 60000,    RISK_DRAWDOWN,       0.2,      0.2  },
        {"day's loss just below",                     57800.01, 60000, 60000,    RISK_NONE,           0,        0    },
        {"day's loss on the limit",                   57800,    60000, 60000,    RISK_DAILY_LOSS_USD, -2200,    -2200},
        {"day's loss in per cent, below the dollars", 50000,    52000, 52000,    RISK_DAILY_LOSS_PCT,
         0.04,                                                                                                  0.04 },
        {"per cent just below",                       50000,    52000, 51999,    RISK_NONE,           0,        0    },
        {"a gain is no loss",                         60000,    60000, 50000,    RISK_NONE,           0,        0    },
    };
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct risk_marks marks = {.has_peak = true,
                                   .peak = USD(cases[i].peak),
                                   .has_baseline = true,
                                   .baseline_date = today,
                                   .baseline = USD(cases[i].baseline)};
        usd equity = USD(cases[i].equity);
        struct risk_verdict v = risk_check(&limits, &marks, &equity, today);
        if (v.breach != cases[i].breach)
            fail_msg("%s: %s", cases[i].what, risk_breach_key(v.breach));
        if (v.breach == RISK_NONE) continue;
        assert_near(v.number, cases[i].number, 1e-9);
        assert_near(v.threshold, cases[i].threshold, 1e-9);
        assert_int_equal(v.is_day_scoped,
                         v.breach == RISK_DAILY_LOSS_USD || v.breach == RISK_DAILY_LOSS_PCT);
    }
}

static void
test_risk_without_equity_is_unknown_not_zero(void **state)
{
    (void)state;
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);
    struct risk_marks marks = {0};
    usd zero = USD_ZERO;

    assert_int_equal(risk_check(&limits, &marks, NULL, today).breach, RISK_UNKNOWN);
    assert_int_equal(risk_check(&limits, &marks, &zero, today).breach, RISK_UNKNOWN);
}

static void
test_risk_peak_starts_at_the_first_equity_and_only_rises(void **state)
{
    (void)state;
    struct risk_marks m = {0};

    m = risk_marks_after(&m, USD(40000), today, false, 1);
    assert_int_equal(m.peak.e4, USD(40000).e4);
    assert_false(m.has_baseline); /* the market is closed */
    m = risk_marks_after(&m, USD(39000), today, true, 2);
    assert_int_equal(m.peak.e4, USD(40000).e4);
    assert_int_equal(m.peak_ns, 1);
    assert_int_equal(m.baseline.e4, USD(39000).e4);
    m = risk_marks_after(&m, USD(41000), today, true, 3);
    assert_int_equal(m.peak.e4, USD(41000).e4);
    assert_int_equal(m.baseline.e4, USD(39000).e4); /* the first of the day stays */
}

static void
test_risk_baseline_of_another_day_does_not_count(void **state)
{
    (void)state;
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);
    struct risk_marks m = {
        .has_baseline = true, .baseline_date = yesterday, .baseline = USD(60000)};
    usd equity = USD(55000);

    assert_int_equal(risk_check(&limits, &m, &equity, today).breach, RISK_NONE);
    m = risk_marks_after(&m, equity, today, true, 9);
    assert_int_equal(m.baseline.e4, equity.e4);
    assert_int_equal(date_cmp(m.baseline_date, today), 0);
}

static void
test_risk_performance_freezes_live_only(void **state)
{
    (void)state;
    struct closed_trade t[12];
    /* 2 of 10 won, -600 USD, three days ago */
    for (size_t i = 0; i < 10; i++)
        t[i] = (struct closed_trade){NOW_NS - 3 * NS_PER_DAY, i < 2 ? 100 : -100};

    assert_true(performance_check(MODE_LIVE, t, 10, NOW_NS).is_frozen);
    assert_false(performance_check(MODE_PAPER, t, 10, NOW_NS).is_frozen);
    assert_false(performance_check(MODE_LIVE, t, 9, NOW_NS).is_frozen); /* nine are too few */
    t[2].pnl_usd = 100; /* three of ten: 0.30 is not below 0.30 */
    assert_false(performance_check(MODE_LIVE, t, 10, NOW_NS).is_frozen);
    t[2].pnl_usd = 0;
    t[9].pnl_usd = -100; /* 2 wins, 7 losses, one even: -500 is not below -500 */
    assert_false(performance_check(MODE_LIVE, t, 10, NOW_NS).is_frozen);
    t[9].pnl_usd = -100.01;
    assert_true(performance_check(MODE_LIVE, t, 10, NOW_NS).is_frozen);
}

static void
test_risk_performance_sees_two_bad_days(void **state)
{
    (void)state;
    struct closed_trade t[15];
    for (size_t i = 0; i < 10; i++)
        t[i] = (struct closed_trade){NOW_NS - 5 * NS_PER_DAY, 100};
    for (size_t i = 10; i < 15; i++)
        t[i] = (struct closed_trade){NOW_NS - NS_PER_DAY, -41};

    assert_true(performance_check(MODE_LIVE, t, 15, NOW_NS).is_frozen);  /* -205 in five losses */
    assert_false(performance_check(MODE_LIVE, t, 14, NOW_NS).is_frozen); /* four are too few */
    for (size_t i = 10; i < 15; i++)
        t[i].pnl_usd = -40;
    assert_false(
        performance_check(MODE_LIVE, t, 15, NOW_NS).is_frozen); /* -200 is not below -200 */
    for (size_t i = 0; i < 15; i++)
        t[i].closed_ns = NOW_NS - 31 * NS_PER_DAY;
    assert_int_equal(performance_check(MODE_LIVE, t, 15, NOW_NS).trades_30d, 0);
}

static struct freezes
decode(const char *text, struct arena *a, enum rc want)
{
    struct err err = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    struct freezes list = {0};
    FILE *f = fopen("/usr/share/zoneinfo/America/New_York", "rb");
    assert_non_null(f);
    char bytes[16384];
    size_t len = fread(bytes, 1, sizeof(bytes), f);
    (void)fclose(f);
    struct zone *ny = NULL;
    assert_int_equal(zone_new(bytes, len, &ny, &err), RC_OK);
    assert_int_equal(json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err),
                     RC_OK);
    assert_int_equal(freezes_decode(doc, ny, a, &list, &err), want);
    zone_free(ny);
    return list;
}

static void
test_freezes_are_active_as_true_or_as_an_active_object(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool in_force;
    } cases[] = {
        {"{}",                                                                                       false},
        {"{\"a\": true}",                                                                            true },
        {"{\"a\": false}",                                                                           false},
        {"{\"a\": {\"active\": true}}",                                                              true },
        {"{\"a\": {\"active\": false}}",                                                             false},
        {"{\"a\": {}}",                                                                              false},
        {"{\"a\": {\"active\": 1}}",                                                                 false},
        {"{\"a\": {\"active\": \"true\"}}",                                                          false},
        {"{\"a\": \"yes\"}",                                                                         false},
        {"{\"a\": 1}",                                                                               false},
        {"{\"a\": false, \"b\": true}",                                                              true },
 /* of the day before: over; of today, or without a time: in force */
        {"{\"a\": {\"active\": true, \"scope\": \"day\", \"timestamp\": \"2026-01-29T20:00:00Z\"}}",
         false                                                                                            },
        {"{\"a\": {\"active\": true, \"scope\": \"day\", \"timestamp\": \"2026-01-30T15:00:00Z\"}}",
         true                                                                                             },
        {"{\"a\": {\"active\": true, \"scope\": \"day\"}}",                                          true },
 /* 01:00 UTC is still the evening before in New York */
        {"{\"a\": {\"active\": true, \"scope\": \"day\", \"timestamp\": \"2026-01-30T01:00:00Z\"}}",
         false                                                                                            },
        {"{\"a\": {\"active\": true, \"timestamp\": \"2026-01-29T20:00:00Z\"}}",                     true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = {0};
        struct freezes list = decode(cases[i].json, &a, RC_OK);
        assert_true(list.is_known);
        if ((freezes_first_in_force(&list, today) != NULL) != cases[i].in_force)
            fail_msg("%s", cases[i].json);
        arena_done(&a);
    }
}

static void
test_freezes_that_are_no_object_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_false(decode("[]", &a, RC_PARSE).is_known);
    assert_false(decode("true", &a, RC_PARSE).is_known);
    arena_done(&a);
}

static void
test_freezes_key_comes_from_the_reason(void **state)
{
    (void)state;
    char key[FREEZE_KEY_MAX];
    freeze_key_of("Daily loss LIMIT", key);
    assert_string_equal(key, "daily_loss_limit");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_risk_limits_follow_the_mode),
        cmocka_unit_test(test_risk_names_the_first_limit_that_is_breached),
        cmocka_unit_test(test_risk_without_equity_is_unknown_not_zero),
        cmocka_unit_test(test_risk_peak_starts_at_the_first_equity_and_only_rises),
        cmocka_unit_test(test_risk_baseline_of_another_day_does_not_count),
        cmocka_unit_test(test_risk_performance_freezes_live_only),
        cmocka_unit_test(test_risk_performance_sees_two_bad_days),
        cmocka_unit_test(test_freezes_are_active_as_true_or_as_an_active_object),
        cmocka_unit_test(test_freezes_that_are_no_object_are_refused),
        cmocka_unit_test(test_freezes_key_comes_from_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
