/*
 * Promises of the flow: shapes as recorded, queries as the vendor answers them, flows that last and
 * tell something, recorded alerts moved in their order.
 */
#include "tests/sim/market.h"

#include <math.h>

#include "sim/stamp.h"

static const char *const SYMBOLS[] = {"AAPL", "AMD",  "BAC",  "COIN", "F",
                                      "JPM",  "META", "NVDA", "SPY",  "XOM"};

/* ---- queries -------------------------------------------------------------------------------- */

static void
test_flow_queries_select_and_order(void **state)
{
    static const struct {
        const char *what, *query;
        int64_t rows_max;
        const char *only; /* the one ticker that may come; NULL = several */
    } CASES[] = {
        {"one symbol",            "ticker_symbol=NVDA",              100, "NVDA"},
        {"a list",                "ticker_symbol=NVDA,AMD",          100, NULL  },
        {"limit",                 "ticker_symbol=NVDA&limit=3",      3,   "NVDA"},
        {"limit below one",       "limit=0",                         1,   NULL  },
        {"limit above the bound", "limit=5000",                      200, NULL  },
        {"whole market",          "",                                100, NULL  },
        {"nobody",                "ticker_symbol=ZZZZ",              0,   NULL  },
        {"newer than now",        "newer_than=2026-02-10T20:00:00Z", 0,   NULL  },
        {"a name within a name",  "ticker_symbol=NVD",               0,   NULL  },
    };
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    m.at.now_ns = market_at(20, 0);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(json_freep)
        struct json *doc = market_get(&m, "/api/option-trades/flow-alerts", CASES[i].query);
        const struct json *rows = json_get_arr(doc, "data");
        int64_t last = INT64_MAX;

        if ((int64_t)json_len(rows) > CASES[i].rows_max ||
            (CASES[i].rows_max > 0 && json_len(rows) == 0))
            fail_msg("%s: %zu rows", CASES[i].what, json_len(rows));
        for (const struct json *r = json_first(rows); r != NULL; r = json_next(r)) {
            int64_t at = when_parse_or_none(json_str(r, "created_at", ""));

            assert_true(at <= last && at <= m.at.now_ns);
            last = at;
            if (CASES[i].only != NULL)
                assert_string_equal(json_str(r, "ticker", ""), CASES[i].only);
        }
    }
    market_free(&m);
}

/* Polling with newer_than = the last created_at misses nothing and repeats nothing. */
static void
test_flow_polled_in_steps_is_complete(void **state)
{
    struct market m;
    int64_t newest = market_at(14, 0);
    size_t seen = 0, all = 0;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    for (int minute = 0; minute <= 400; minute += 5) {
        char query[96];
        double seconds = when_to_s_f64(newest);

        m.at.now_ns = market_at(14, 30) + minute * NS_PER_MIN;
        (void)snprintf(query, sizeof(query), "ticker_symbol=NVDA&limit=200&newer_than=%.6f",
                       seconds);
        CLEANUP(json_freep)
        struct json *doc = market_get(&m, "/api/option-trades/flow-alerts", query);
        const struct json *rows = json_get_arr(doc, "data"), *first = json_first(rows);

        seen += json_len(rows);
        if (first != NULL) newest = when_parse_or_none(json_str(first, "created_at", ""));
    }
    for (size_t i = 0; i < m.sim.flow.alerts.len; i++)
        all += str_eq(m.sim.flow.alerts.row[i].symbol, "NVDA") ? 1 : 0;
    assert_true(all > 5);
    assert_int_equal(seen, all);
    market_free(&m);
}

static void
test_flow_prints_are_newest_first_and_in_the_past(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    m.at.now_ns = market_at(19, 0);
    for (size_t i = 0; i < COUNT_OF(SYMBOLS); i++) {
        char path[64];
        int64_t last = INT64_MAX;

        (void)snprintf(path, sizeof(path), "/api/darkpool/%s", SYMBOLS[i]);
        CLEANUP(json_freep) struct json *doc = market_get(&m, path, NULL);
        for (const struct json *r = json_first(json_get(doc, "data")); r != NULL;
             r = json_next(r)) {
            int64_t at = when_parse_or_none(json_str(r, "executed_at", ""));
            double product = json_f64(r, "price", 0) * json_f64(r, "size", 0);

            assert_true(at <= last && at <= m.at.now_ns);
            last = at;
            assert_true(fabs(product - json_f64(r, "premium", 0)) <
                        0.01); /* as in all 500 recorded ones */
            assert_true(json_f64(r, "price", 0) >= json_f64(r, "nbbo_bid", 0) &&
                        json_f64(r, "price", 0) <= json_f64(r, "nbbo_ask", 0));
        }
    }
    market_free(&m);
}

/* ---- what is drawn -------------------------------------------------------------------------- */

static void
test_flow_is_the_same_for_the_same_seed(void **state)
{
    struct market a, b;

    (void)state;
    market_make(&a, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    market_make(&b, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    assert_int_equal(a.sim.flow.alerts.json.len, b.sim.flow.alerts.json.len);
    assert_memory_equal(a.sim.flow.alerts.json.data, b.sim.flow.alerts.json.data,
                        a.sim.flow.alerts.json.len);
    for (size_t i = 0; i < a.sim.flow.len; i++)
        assert_string_equal(text_str(&a.sim.flow.symbol[i].prints.json),
                            text_str(&b.sim.flow.symbol[i].prints.json));
    market_free(&a);
    market_free(&b);
}

/* Under pressure for half an hour, a large company's net premium is far on that side; the price
 * leans on it. */
static void
test_flow_follows_pressure_and_foretells_drift(void **state)
{
    struct zone *ny = market_zone();
    double right = 0, all = 0, drift = 0, pressed = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 25; seed++) {
        struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), seed);
        struct sim_flow flow = {0};
        struct err err = {0};

        assert_int_equal(flow_synth(&day, &flow, &err), RC_OK);
        for (size_t i = 0; i < day.len; i++) {
            const struct day_symbol *s = &day.symbol[i];

            for (int m = 0; m < day.minutes; m++) {
                double r = log((double)s->minute[m].close.e4 / (double)s->minute[m].open.e4);

                if (s->pressure[m] == 0) continue;
                drift += (s->pressure[m] > 0 ? r : -r) / s->profile.day_vol_pct * 100;
                pressed++;
            }
            for (int m = 35; m < day.minutes; m++) {
                double net = 0;

                if (s->pressure[m] == 0 || s->pressure[m] != s->pressure[m - 35]) continue;
                if (m + 1 < day.minutes && s->pressure[m + 1] != 0)
                    continue; /* once a flow, at its end */
                net = flow_net_premium(&flow, i, day.session.open_ns + m * NS_PER_MIN) -
                      flow_net_premium(&flow, i, day.session.open_ns + (m - 35) * NS_PER_MIN);
                right +=
                    (net > 100000 && s->pressure[m] > 0) || (net < -100000 && s->pressure[m] < 0)
                        ? 1
                        : 0;
                all++;
            }
        }
        flow_done(&flow);
        day_done(&day);
    }
    printf("%.0f of %.0f flows show, drift a minute %.4f day volatilities\n", right, all,
           drift / pressed);
    assert_true(all > 50 && right / all > 0.9);
    assert_true(drift / pressed > 0.001 && drift / pressed < 0.01);
    zone_free(ny);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
test_flow_alerts_have_the_recorded_distribution(void **state)
{
    struct market m;
    double premium[20000];
    size_t len = 0, whole = 0, sweeps = 0;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    for (size_t i = 0; i < m.sim.flow.alerts.len && len < COUNT_OF(premium); i++) {
        const struct flow_row *row = &m.sim.flow.alerts.row[i];
        struct err err = {0};
        struct json *doc = NULL;

        assert_int_equal(json_parse(m.sim.flow.alerts.json.data + row->offset, row->len,
                                    JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err),
                         RC_OK);
        double asked = json_f64(doc, "total_ask_side_prem", -1),
               bid = json_f64(doc, "total_bid_side_prem", -1);
        premium[len] = json_f64(doc, "total_premium", 0);
        assert_true(fabs(asked + bid - premium[len]) < 0.5);
        assert_true(json_i64(doc, "volume", -1) >= json_i64(doc, "total_size", 0));
        whole += asked < 0.5 || bid < 0.5 ? 1 : 0;
        sweeps += json_bool(doc, "has_sweep", false) ? 1 : 0;
        len++;
        json_free(doc);
    }
    qsort(premium, len, sizeof(*premium), by_value);
    printf("%zu alerts, premium quartiles %.0f %.0f %.0f\n", len, premium[len / 4],
           premium[len / 2], premium[len * 3 / 4]);
    assert_true(len > 100);
    assert_true(premium[0] >= 10000);
    assert_true(premium[len / 4] > 10000 &&
                premium[len / 4] < 30000); /* recorded 16 614 and 25 711  */
    assert_true(premium[len / 2] > 15000 &&
                premium[len / 2] < 100000);     /* recorded 21 948 and 96 760  */
    assert_true(premium[len * 3 / 4] < 250000); /* recorded 132 450 to 189 980 */
    assert_true((double)whole / (double)len > 0.6);
    assert_true((double)sweeps / (double)len > 0.05 && (double)sweeps / (double)len < 0.35);
    market_free(&m);
}

/* ---- recorded alerts ------------------------------------------------------------------------ */

static void
test_flow_moves_recorded_alerts_in_their_order(void **state)
{
    static const char ONE[] = "{\"data\":[{\"id\":\"b\",\"ticker\":\"NVDA\",\"option_chain\":"
                              "\"NVDA260220C00190000\",\"type\":\"call\","
                              "\"created_at\":\"2026-01-30T20:58:03.5Z\",\"end_time\":"
                              "1769806683000,\"total_premium\":\"50000\"},"
                              "{\"id\":\"a\",\"ticker\":\"ELSE\",\"option_chain\":"
                              "\"ELSE260220P00190000\",\"type\":\"put\","
                              "\"created_at\":\"2026-01-30T20:57:03Z\",\"total_premium\":\"1\"}]}";
    static const char TWO[] =
        "[\"flow-alerts\",{\"response\":{},\"status\":\"ok\"}]\n"
        "[\"flow-alerts\",{\"id\":\"c\",\"ticker\":\"AMD\",\"option_chain\":\"AMD260220P00187500\","
        "\"end_time\":1769810000000,\"total_premium\":7.5}]\n";
    static const char *const IDS[] = {"a", "b", "c"};
    struct zone *ny = market_zone();
    struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    struct text files[2] = {0};
    struct sim_flow flow = {0};
    struct err err = {0};

    (void)state;
    text_puts(&files[0], ONE);
    text_puts(&files[1], TWO);
    if (flow_load(&day, files, 2, &flow, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(flow.alerts.len, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct flow_row *row = &flow.alerts.row[i];
        struct json *doc = NULL;
        char when[STAMP_MAX];

        assert_true(row->at_ns >= day.session.open_ns && row->at_ns < day.session.close_ns);
        assert_int_equal(json_parse(flow.alerts.json.data + row->offset, row->len, JSON_STRICT,
                                    &JSON_LIMITS_BODY, &doc, &err),
                         RC_OK);
        assert_string_equal(json_str(doc, "id", ""), IDS[i]);
        assert_string_equal(json_str(doc, "created_at", ""), stamp_utc(row->at_ns, 6, when));
        if (i == 1) { /* end_time keeps its distance from created_at: half a second before it */
            int64_t end_ms = json_i64(doc, "end_time", 0), at_ms = row->at_ns / NS_PER_MS;
            assert_true(end_ms - at_ms >= -501 && end_ms - at_ms <= -499);
            assert_string_equal(json_str(doc, "total_premium", ""), "50000"); /* text stays text */
        }
        if (i == 2) { /* what only the option symbol said */
            assert_string_equal(json_str(doc, "type", ""), "put");
            assert_string_equal(json_str(doc, "expiry", ""), "2026-02-20");
            assert_true(fabs(json_f64(doc, "strike", 0) - 187.5) < 1e-9);
        }
        json_free(doc);
    }
    /* A symbol without bars is in the market's list only. */
    struct flow_query q = {
        .tickers = "ELSE", .newer_ns = WHEN_NONE, .older_ns = INT64_MAX, .limit = 10};
    struct text out = {0};
    assert_int_equal(flow_alerts(&flow, &q, &out), 0);
    q.tickers = NULL;
    assert_int_equal(flow_alerts(&flow, &q, &out), 3);
    text_free(&out);
    text_free(&files[0]);
    text_free(&files[1]);
    flow_done(&flow);
    day_done(&day);
    zone_free(ny);
}

static void
test_flow_refuses_files_without_alerts(void **state)
{
    static const char *const CASES[] = {
        "", "{}", "{\"data\":[]}", "{\"data\":[{\"ticker\":\"A\"}]}", "{", "[1,2]"};
    struct zone *ny = market_zone();
    struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 2);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct text file = {0};
        struct sim_flow flow = {0};
        struct err err = {0};

        text_puts(&file, CASES[i]);
        assert_int_equal(flow_load(&day, &file, 1, &flow, &err), RC_PARSE);
        assert_true(err.text[0] != '\0');
        text_free(&file);
    }
    day_done(&day);
    zone_free(ny);
}

static void
test_flow_takes_the_recorded_day_whole(void **state)
{
    struct zone *ny = market_zone();
    struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), 2);
    struct text file = {0};
    struct sim_flow flow = {0};
    struct err err = {0};

    (void)state;
    if (!shared_file("uw/recorded_2026-01-30/flow_alerts_union.json", &file)) {
        day_done(&day);
        zone_free(ny);
        skip();
    }
    if (flow_load(&day, &file, 1, &flow, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(flow.alerts.len, 113);
    text_free(&file);
    flow_done(&flow);
    day_done(&day);
    zone_free(ny);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_queries_select_and_order),
        cmocka_unit_test(test_flow_polled_in_steps_is_complete),
        cmocka_unit_test(test_flow_prints_are_newest_first_and_in_the_past),
        cmocka_unit_test(test_flow_is_the_same_for_the_same_seed),
        cmocka_unit_test(test_flow_follows_pressure_and_foretells_drift),
        cmocka_unit_test(test_flow_alerts_have_the_recorded_distribution),
        cmocka_unit_test(test_flow_moves_recorded_alerts_in_their_order),
        cmocka_unit_test(test_flow_refuses_files_without_alerts),
        cmocka_unit_test(test_flow_takes_the_recorded_day_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
