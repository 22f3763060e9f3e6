/*
 * The decoders of endpoints without a poll job, the drift report, and the official examples.
 */
#include "tests/lib/check.h"
#include "io/gz.h"
#include "tests/lib/uw_world.h"
#include "uwclient/decode_extra.h"
#include "uwclient/drift.h"

#define NOON "2026-01-20T17:00:00Z"

static struct json *
parse(const char *text)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s: %s", err.text, text);
    return doc;
}

static bool
near(double a, double b)
{
    double diff = a > b ? a - b : b - a;

    return diff <= 1e-9;
}

static void
test_extra_lists_leave_out_rows_without_a_meaning(void **state)
{
    CLEANUP(arena_done) struct arena arena = {0};
    CLEANUP(json_freep)
    struct json *earnings = parse("{\"data\":[{\"symbol\":\"acme\",\"report_date\":\"2026-01-20\","
                                  "\"report_time\":\"postmarket\","
                                  "\"expected_move_perc\":\"0.04\",\"has_options\":true,\"is_s_p_"
                                  "500\":null},{\"symbol\":\"no symbol\"},{}]}");
    CLEANUP(json_freep)
    struct json *trades = parse("{\"data\":[{\"ticker\":\"ACME\",\"transaction_code\":\"S\","
                                "\"amount\":-35921,\"price\":\"632\",\"is_officer\":true},"
                                "{\"ticker\":null}]}");
    CLEANUP(json_freep)
    struct json *filed = parse("{\"data\":[{\"name\":\"FUND "
                               "A\",\"cik\":\"0001\",\"is_hedge_fund\":true},{\"cik\":\"2\"}]}");
    CLEANUP(json_freep)
    struct json *months = parse(
        "{\"data\":[{\"ticker\":\"SPY\",\"month\":6,\"avg_change\":\"-0.0068\",\"years\":16},7]}");
    CLEANUP(json_freep)
    struct json *fda = parse(
        "{\"data\":[{\"ticker\":\"ACME\",\"catalyst\":\"PDUFA "
        "Date\",\"start_date\":\"2026-02-24\"},{\"ticker\":\"ZETA\",\"start_date\":\"soon\"}]}");
    struct earnings_list e;
    struct insider_trades t;
    struct filings f;
    struct seasons s;
    struct fda_events v;

    (void)state;
    earnings_list_decode(earnings, &arena, &e);
    assert_int_equal(e.len, 1);
    assert_string_equal(e.row[0].symbol, "ACME");
    assert_true(e.row[0].has_date && e.row[0].report_date.day == 20 && e.row[0].has_options);
    assert_true(near(e.row[0].expected_move_fraction, 0.04));
    insider_trades_decode(trades, &arena, &t);
    assert_int_equal(t.len, 1);
    assert_int_equal(t.row[0].shares, -35921);
    assert_int_equal(t.row[0].price.e4, 6320000);
    assert_true(t.row[0].is_officer && !t.row[0].is_director);
    filings_decode(filed, &arena, &f);
    assert_int_equal(f.len, 1);
    assert_true(f.row[0].is_hedge_fund);
    seasons_decode(months, &arena, &s);
    assert_int_equal(s.len, 1);
    assert_true(near(s.row[0].avg_change, -0.0068) && s.row[0].years == 16);
    fda_events_decode(fda, &arena, &v);
    assert_int_equal(v.len, 2);
    assert_true(v.row[0].has_start && !v.row[1].has_start);
}

static void
test_extra_short_interest_is_one_object(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse("{\"data\":{\"market_date\":\"2026-01-15\",\"percent_returned\":\"5."
                              "67\",\"days_to_cover_returned\":\"2.1\","
                              "\"si_float_returned\":4250000,\"total_float_returned\":75000000}}");
    CLEANUP(json_freep) struct json *none = parse("{\"data\":[]}");
    struct short_interest s;

    (void)state;
    short_interest_decode(body, &s);
    assert_true(s.has_row && near(s.float_pct, 5.67) && near(s.days_to_cover, 2.1));
    assert_int_equal(s.shares, 4250000);
    short_interest_decode(none, &s);
    assert_false(s.has_row);
}

static void
test_recorded_net_premium_ticks_sum_up(void **state)
{
    static const struct {
        const char *symbol;
        size_t minutes;
        int64_t call, put; /* USD, summed by another program */
    } cases[] = {
        {"AMD",  390, 4992658,  -829459  },
        {"AVGO", 390, -905298,  -1475582 },
        {"NVDA", 391, 34774953, -10702407},
        {"QCOM", 388, 860986,   285257   },
        {"SMH",  389, -3068594, 135395   },
        {"TSM",  390, -1525334, -2161742 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char name[128];
        struct net_premium n;
        (void)snprintf(name, sizeof name, "data/uw/recorded_2025-01-23/net_prem_ticks_%s.json",
                       cases[i].symbol);
        CLEANUP(json_freep) struct json *body = uw_shared_json(name);
        if (body == NULL) skip();
        net_premium_decode(body, &n);
        assert_int_equal(n.minutes, cases[i].minutes);
        assert_int_equal(n.call.e4, cases[i].call * 10000);
        assert_int_equal(n.put.e4, cases[i].put * 10000);
        assert_true(strlen(n.last_minute) > 0);
    }
}

/* ---- drift ----------------------------------------------------------------------------------- */

#define TIDE_ROW                                                                                   \
    "\"timestamp\":\"2026-01-20T09:30:00-05:00\",\"date\":\"2026-01-20\",\"net_call_premium\":"    \
    "\"1\","                                                                                       \
    "\"net_put_premium\":\"2\""

static void
note(struct drift *d, const char *json)
{
    CLEANUP(json_freep) struct json *body = parse(json);

    drift_note(d, UW_EP_MARKET_TIDE, body);
}

static void
test_drift_counts_and_says_a_change_once(void **state)
{
    struct uw_world w;
    static struct drift d, again;
    CLEANUP(text_free) struct text report = {0};

    (void)state;
    uw_world_make(&w, NOON);
    drift_init(&d, &w.clock, &w.store, &w.log);
    note(&d, "{\"data\":[{" TIDE_ROW ",\"net_volume\":5},{" TIDE_ROW ",\"net_volume\":null}]}");
    assert_int_equal(d.len, 0); /* null is not another type */
    note(&d, "{\"data\":[{" TIDE_ROW ",\"net_volume\":\"5\",\"extra\":1},{" TIDE_ROW "}]}");
    note(&d, "{\"data\":[{" TIDE_ROW ",\"net_volume\":\"6\",\"extra\":1}]}");
    assert_int_equal(d.len, 3); /* mistyped, unknown, missing */
    assert_int_equal(test_log_count(&w.events, EV_UW_SHAPE_CHANGED), 3);
    note(&d, "{}");
    note(&d, "{\"data\":7}");
    note(&d, "{\"data\":[7]}");
    assert_int_equal(d.len, 6);
    drift_save(&d);
    drift_init(&again, &w.clock, &w.store, &w.log);
    drift_load(&again);
    assert_int_equal(again.len, 6);
    assert_int_equal(again.rows[UW_EP_MARKET_TIDE], 5);
    assert_int_equal(again.answers[UW_EP_MARKET_TIDE], 6);
    note(&again,
         "{\"data\":[{" TIDE_ROW ",\"net_volume\":\"5\"}]}"); /* known since before the restart */
    assert_int_equal(test_log_count(&w.events, EV_UW_SHAPE_CHANGED), 6);
    drift_report(&again, &report);
    assert_non_null(strstr(text_str(&report), "/api/market/market-tide: 7 answers, 6 rows\n"));
    assert_non_null(
        strstr(text_str(&report), "mistyped net_volume: 3 rows, last 2026-01-20T17:00:00"));
    uw_world_remove(&w);
}

static void
test_drift_stays_bounded(void **state)
{
    struct uw_world w;
    static struct drift d;

    (void)state;
    uw_world_make(&w, NOON);
    drift_init(&d, &w.clock, &w.store, NULL);
    for (int i = 0; i < 2 * DRIFT_FINDINGS_MAX; i++) {
        CLEANUP(text_free) struct text body = {0};
        text_printf(&body, "{\"data\":[{" TIDE_ROW ",\"net_volume\":5,\"f%d\":1}]}", i);
        note(&d, text_str(&body));
    }
    assert_int_equal(d.len, DRIFT_FINDINGS_MAX);
    assert_int_equal(d.overflow, DRIFT_FINDINGS_MAX);
    uw_world_remove(&w);
}

/* ---- the official examples ------------------------------------------------------------------- */

static struct json *
official_examples(void)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json *doc = NULL;
    struct err err = {0};
    char path[1024];

    if (uw_shared("data/uw/openapi_examples.json.gz", path) == NULL) return NULL;
    if (gz_read_all(path, 64 << 20, &bytes, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(
        json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), RC_OK);
    return doc;
}

/* The vendor's own examples of every endpoint that we use have the shapes that we expect. */
static void
test_drift_knows_the_official_examples(void **state)
{
    CLEANUP(json_freep) struct json *examples = official_examples();
    struct uw_world w;
    static struct drift d;
    int seen = 0;

    (void)state;
    if (examples == NULL) skip();
    uw_world_make(&w, NOON);
    drift_init(&d, &w.clock, &w.store, NULL);
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++) {
        char key[128];
        (void)snprintf(key, sizeof key, "GET %s", uw_endpoint_row((enum uw_endpoint)i)->path);
        const struct json *body = json_get(json_get(json_get(examples, key), "responses"), "200");
        if (!json_has(body, "data")) continue; /* no example, or one of a single row */
        seen++;
        drift_note(&d, (enum uw_endpoint)i, body);
    }
    for (size_t i = 0; i < d.len; i++) {
        /* Examples are shorter than real rows: what they leave out is no news, what they add would
         * be. */
        if (d.finding[i].kind == DRIFT_UNKNOWN)
            fail_msg("%s: unknown %s", uw_endpoint_row(d.finding[i].endpoint)->path,
                     d.finding[i].field);
    }
    assert_true(seen >= 15);
    uw_world_remove(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extra_lists_leave_out_rows_without_a_meaning),
        cmocka_unit_test(test_extra_short_interest_is_one_object),
        cmocka_unit_test(test_recorded_net_premium_ticks_sum_up),
        cmocka_unit_test(test_drift_counts_and_says_a_change_once),
        cmocka_unit_test(test_drift_stays_bounded),
        cmocka_unit_test(test_drift_knows_the_official_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
