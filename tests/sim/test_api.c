/*
 * Promises of the endpoints: every member that the real services were seen or documented to send is
 * there, in the same kind; keys, paging and errors as theirs.
 */
#include "tests/sim/market.h"

#include <math.h>

static const char *const SYMBOLS[] = {"AAPL", "LCID", "NVDA", "SPY", "XLF"};

#define ORDER(id, symbol, side, qty)                                                               \
    "{\"symbol\":\"" symbol "\",\"qty\":" qty ",\"side\":\"" side                                  \
    "\",\"type\":\"market\",\"time_in_force\":\"day\",\"client_order_id\":\"" id "\"}"

static void
place(struct market *m, const char *body)
{
    CLEANUP(sim_reply_free) struct sim_reply r = market_ask(m, "POST", "/v2/orders", NULL, body);

    if (r.status != 200) fail_msg("%d %s", r.status, text_str(&r.body));
    m->at.now_ns += 3 * NS_PER_S;
}

/* ---- shapes --------------------------------------------------------------------------------- */

/* Names where `have` lacks a member of `want` or has another kind of value; null in either fits
 * all. */
static void
compare(const char *what, const struct json *want, const struct json *have)
{
    for (const struct json *w = json_first(want); w != NULL; w = json_next(w)) {
        const struct json *h = NULL;

        for (const struct json *c = json_first(have); c != NULL && h == NULL; c = json_next(c))
            if (str_eq(json_key(c), json_key(w))) h = c;
        if (h == NULL) fail_msg("%s: no member %s", what, json_key(w));
        if (json_kind(w) == JSON_NULL || json_kind(h) == JSON_NULL) continue;
        if (json_kind(w) != json_kind(h)) fail_msg("%s: %s is of another kind", what, json_key(w));
        if (json_is_object(w)) compare(what, w, h);
        if (json_is_array(w) && json_len(w) > 0 && json_len(h) > 0 && json_is_object(json_first(w)))
            compare(what, json_first(w), json_first(h));
    }
}

/* "a/b/c" inside the document; 0 is the first element of an array. */
static const struct json *
at_path(const struct json *doc, const char *path)
{
    char copy[128];
    char *save = NULL;

    assert_true(str_copy(copy, sizeof(copy), path));
    for (char *part = strtok_r(copy, "|", &save); part != NULL; part = strtok_r(NULL, "|", &save))
        doc = json_is_array(doc) ? json_first(doc) : json_get(doc, part);
    return doc;
}

static void
test_api_broker_answers_have_the_documented_members(void **state)
{
    static const struct {
        const char *example, *path, *query, *have;
    } CASES[] = {
        {"trading_schemas|Account|example-1",                               "/v2/account",                   NULL,                  ""           },
        {"trading_schemas|Clock|example-1",                                 "/v2/clock",                     NULL,                  ""           },
        {"trading_schemas|Calendar|example-1",                              "/v2/calendar",                  NULL,                  "0"          },
        {"trading_schemas|Assets|example-1",                                "/v2/assets/NVDA",               NULL,                  ""           },
        {"trading_schemas|Position|example-1",                              "/v2/positions",                 NULL,                  "0"          },
        {"trading_schemas|Position|example-2",                              "/v2/positions/NVDA",            NULL,                  "x"          },
        {"trading_schemas|Order|example-1",                                 "/v2/orders",                    "status=all",          "0"          },
        {"trading_schemas|Order|example-1",                                 "/v2/orders:by_client_order_id", "client_order_id=a",
         ""                                                                                                                                      },
        {"trading_schemas|TradingActivities|example-1",                     "/v2/account/activities/FILL",   NULL,                  "0"          },
        {"entities|account-trade-activity-v2",                              "/v2/account/activities",        "activity_types=FILL",
         "0"                                                                                                                                     },
        {"data_schemas|LatestTradeResponse|latestTradesResponse-example-1",
         "/v2/stocks/NVDA/trades/latest",                                                                    NULL,                  ""           },
        {"data_schemas|LatestQuoteResponse|quotesResponse-example-1",
         "/v2/stocks/NVDA/quotes/latest",                                                                    NULL,                  ""           },
        {"data_schemas|BarsResponse|barsResponse-stock-example-1",          "/v2/stocks/NVDA/bars",
         "timeframe=1Min",                                                                                                          ""           },
        {"data_schemas|Bar|stock-example-1",                                "/v2/stocks/bars",
         "timeframe=1Day&symbols=NVDA&start=2026-01-02",                                                                            "bars|NVDA|0"},
    };
    struct text file = {0};
    struct market m;

    (void)state;
    if (!shared_file("alpaca/doc_examples.json", &file)) skip();
    CLEANUP(json_freep) struct json *examples = market_json(&file);
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    place(&m, ORDER("a", "NVDA", "buy", "\"3\""));
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(json_freep) struct json *doc = market_get(&m, CASES[i].path, CASES[i].query);
        const struct json *want = at_path(examples, CASES[i].example);
        const struct json *have = str_eq(CASES[i].have, "x") ? doc : at_path(doc, CASES[i].have);

        if (want == NULL || have == NULL) fail_msg("%s: nothing to compare", CASES[i].path);
        compare(CASES[i].path, want, have);
    }
    market_free(&m);
    text_free(&file);
}

static void
test_api_vendor_answers_have_the_recorded_members(void **state)
{
    static const struct {
        const char *recorded, *path, *query;
    } CASES[] = {
        {"recorded_2025-12-26/flow_alerts.json",         "/api/option-trades/flow-alerts", NULL        },
        {"recorded_2026-01-30/flow_alerts_union.json",   "/api/option-trades/flow-alerts",
         "limit=200"                                                                                   },
        {"recorded_2025-12-26/darkpool_AAPL.json",       "/api/darkpool/AAPL",             NULL        },
        {"recorded_2025-12-26/market_tide.json",         "/api/market/market-tide",        NULL        },
        {"recorded_2025-12-26/top_net_impact.json",      "/api/market/top-net-impact",     NULL        },
        {"recorded_2025-12-26/greek_exposure_AAPL.json", "/api/stock/AAPL/greek-exposure",
         "timeframe=1W"                                                                                },
        {"recorded_2025-12-26/oi_change_AAPL.json",      "/api/stock/AAPL/oi-change",      "order=desc"},
        {"recorded_2025-12-26/iv_rank_AAPL.json",        "/api/stock/AAPL/iv-rank",        NULL        },
        {"recorded_2026-01-30/max_pain_MS.json",         "/api/stock/AAPL/max-pain",       NULL        },
        {"recorded_2025-12-26/etf_in_outflow_AAPL.json", "/api/etfs/AAPL/in-outflow",      NULL        },
    };
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    m.at.now_ns = market_at(20, 0);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char name[128];
        CLEANUP(text_free) struct text file = {0};

        (void)snprintf(name, sizeof(name), "uw/%s", CASES[i].recorded);
        if (!shared_file(name, &file)) {
            market_free(&m);
            skip();
        }
        CLEANUP(json_freep) struct json *want = market_json(&file);
        CLEANUP(json_freep) struct json *have = market_get(&m, CASES[i].path, CASES[i].query);

        if (json_len(json_get(want, "data")) > 0 && json_len(json_get(have, "data")) == 0)
            fail_msg("%s: no rows", CASES[i].path);
        compare(CASES[i].path, want, have);
    }
    market_free(&m);
}

/* Endpoints that were never recorded, by the vendor's own examples. */
static void
test_api_vendor_tables_have_the_members_that_are_read(void **state)
{
    static const struct {
        const char *path, *members;
    } CASES[] = {
        {"/api/congress/recent-trades",
         "ticker txn_type transaction_date filed_at_date amounts member_type name"        },
        {"/api/etfs/SPY/in-outflow",        "date change change_prem close volume is_fomc"},
        {"/api/shorts/AAPL/ftds",           "date price quantity"                         },
        {"/api/institution/AAPL/ownership",
         "name filing_date units shares_outstanding value historical_units"               },
        {"/api/earnings/AAPL",
         "report_date report_time ending_fiscal_quarter street_mean_est expected_move"    },
    };
    struct market m;

    (void)state;
    market_make(&m,
                (const char *const[]){"AAPL", "COP", "SPY", "XLF", "BAC", "GM", "UNH", "BA", "PFE"},
                9, 1);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(json_freep) struct json *doc = market_get(&m, CASES[i].path, NULL);
        char members[160];
        char *save = NULL;

        assert_true(str_copy(members, sizeof(members), CASES[i].members));
        for (char *name = strtok_r(members, " ", &save); name != NULL;
             name = strtok_r(NULL, " ", &save))
            if (!json_has(json_first(json_get(doc, "data")), name))
                fail_msg("%s: no %s", CASES[i].path, name);
    }
    CLEANUP(json_freep) struct json *future = market_get(&m, "/api/earnings/AAPL", NULL);
    assert_true(strcmp(json_str(json_first(json_get(future, "data")), "report_date", ""),
                       "2026-02-10") > 0);
    market_free(&m);
}

/* ---- keys, paths, parameters ---------------------------------------------------------------- */

static int
status_with(struct market *m, const char *path, const char *bearer, const char *key)
{
    struct sim_request req = {
        .method = "GET", .path = path, .authorization = bearer, .apca_key = key};
    CLEANUP(sim_reply_free) struct sim_reply r = {0};

    req.apca_secret = "secret";
    sim_handle(&m->sim, &req, &r);
    return r.status;
}

static void
test_api_wrong_keys_and_paths_are_refused(void **state)
{
    static const char *const NOWHERE[] = {"/",
                                          "/v3/account",
                                          "/v2/nothing",
                                          "/api/calendar/AAPL",
                                          "/api/flow",
                                          "/v2/stocks/",
                                          "/v2/stocks/AAPL",
                                          "/api/darkpool/aapl",
                                          "/sim/none",
                                          "/v2/stocks/AAPL/trades/first"};
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    assert_int_equal(status_with(&m, "/api/market/market-tide", NULL, NULL), 401);
    assert_int_equal(status_with(&m, "/api/market/market-tide", "Bearer uwx", NULL), 401);
    assert_int_equal(status_with(&m, "/api/market/market-tide", "uw", NULL), 401);
    assert_int_equal(status_with(&m, "/api/market/market-tide", "Bearer uw", NULL), 200);
    assert_int_equal(status_with(&m, "/v2/account", NULL, NULL), 401);
    assert_int_equal(status_with(&m, "/v2/account", NULL, "wrong"), 401);
    assert_int_equal(status_with(&m, "/v2/account", NULL, "key"), 200);
    for (size_t i = 0; i < COUNT_OF(NOWHERE); i++)
        assert_int_equal(status_with(&m, NOWHERE[i], "Bearer uw", "key"), 404);
    market_free(&m);
}

static void
test_api_counts_requests_and_unknown_parameters(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    for (int i = 1; i <= 3; i++) {
        CLEANUP(sim_reply_free)
        struct sim_reply r =
            market_ask(&m, "GET", "/api/option-trades/flow-alerts", "symbol=AAPL&limit=5", NULL);
        char count[8];

        (void)snprintf(count, sizeof(count), "%d", i);
        assert_string_equal(r.header[0].name, "x-uw-daily-req-count");
        assert_string_equal(r.header[0].value, count);
        assert_string_equal(r.header[1].name, "x-uw-token-req-limit");
    }
    assert_int_equal(m.sim.unknown_params, 3); /* `symbol` is not what the parameter is called */
    CLEANUP(json_freep) struct json *book = market_get(&m, "/sim/book", NULL);
    assert_int_equal(json_i64(json_get(book, "requests"), "uw_flow_alerts", 0), 3);
    assert_int_equal(json_i64(book, "unknown_parameters", 0), 3);
    market_free(&m);
}

/* ---- orders over the API -------------------------------------------------------------------- */

static void
test_api_refuses_orders_that_are_none(void **state)
{
    static const struct {
        const char *body;
        int status;
    } CASES[] = {
        {"",          400       },
        {"{",         400       },
        {"{}",        422       },
        {ORDER("a",   "NVDA",     "hold", "1"), 422},
        {ORDER("a",       "NVDA",              "buy", "0"), 422},
        {ORDER("a",   "NVDA", "buy", "\"1.5\""), 422},
        {ORDER("a",       "NONE",              "buy", "1"), 422},
        {ORDER("a",   "NVDA",     "buy", "8000000"), 403},
        {"{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"limit\",\"time_in_force\":"
         "\"day\"}", 422       },
        {"{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"limit\",\"limit_price\":\"1."
         "00001\",\"time_in_force\":\"day\"}",   422},
        {"{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"stop\",\"time_in_force\":"
         "\"day\"}",       422             },
        {"{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":"
         "\"gtc\"}",   422    },
    };
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(sim_reply_free)
        struct sim_reply r = market_ask(&m, "POST", "/v2/orders", NULL, CASES[i].body);
        CLEANUP(json_freep) struct json *doc = market_json(&r.body);

        if (r.status != CASES[i].status) fail_msg("%s: %d", CASES[i].body, r.status);
        assert_true(json_i64(doc, "code", 0) > 0 && json_str(doc, "message", NULL) != NULL);
    }
    assert_int_equal(m.sim.book.orders_len, 0);
    market_free(&m);
}

static void
test_api_averages_multiply_back_to_the_cost(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    m.sim.book.cfg.partial_chance = 1; /* many prices in one position */
    for (int i = 0; i < 7; i++) {
        char body[256];

        (void)snprintf(body, sizeof(body), ORDER("c%d", "LCID", "buy", "37"), i);
        place(&m, body);
        m.at.now_ns += 5 * NS_PER_MIN;
    }
    CLEANUP(json_freep) struct json *p = market_get(&m, "/v2/positions/LCID", NULL);
    const struct ledger_position *held = book_position(&m.sim.book, "LCID");
    double cost = json_f64(p, "avg_entry_price", 0) * (double)held->qty * 1e4;

    assert_int_equal(held->qty, 7 * 37);
    assert_true(held->cost.e4 % held->qty != 0); /* otherwise nothing is shown */
    assert_int_equal(llround(cost), held->cost.e4);
    CLEANUP(json_freep) struct json *list = market_get(&m, "/v2/orders", "status=closed");
    for (const struct json *o = json_first(list); o != NULL; o = json_next(o)) {
        const struct book_order *order = book_find(&m.sim.book, json_str(o, "id", ""));

        assert_int_equal(llround(json_f64(o, "filled_avg_price", 0) * 37 * 1e4),
                         order->o.filled_cost.e4);
    }
    market_free(&m);
}

static void
test_api_lists_page_without_gap_or_repeat(void **state)
{
    struct market m;
    char token[128] = "";
    size_t fills = 0, orders = 0;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    m.sim.book.cfg.partial_chance = 0.5;
    for (int i = 0; i < 60; i++) {
        char body[256];

        (void)snprintf(body, sizeof(body), ORDER("c%d", "XLF", "buy", "5"), i);
        place(&m, body);
    }
    for (;;) {
        char query[256];

        (void)snprintf(query, sizeof(query), "direction=asc&page_size=7&page_token=%s", token);
        CLEANUP(json_freep)
        struct json *page = market_get(&m, "/v2/account/activities/FILL", query);
        if (json_len(page) == 0) break;
        for (const struct json *a = json_first(page); a != NULL; a = json_next(a), fills++) {
            assert_string_equal(json_str(a, "id", ""), m.sim.book.fill[fills].f.fill_id);
            (void)str_copy(token, sizeof(token), json_str(a, "id", ""));
        }
    }
    assert_int_equal(fills, m.sim.book.fills_len);
    CLEANUP(json_freep) struct json *dflt = market_get(&m, "/v2/orders", "status=all");
    assert_int_equal(json_len(dflt), 50);
    /* Newest first, then everything before the oldest one of the page. */
    for (char until[64] = "2027-01-01T00:00:00Z";;) {
        char query[256];

        (void)snprintf(query, sizeof(query), "status=all&limit=9&until=%s", until);
        CLEANUP(json_freep) struct json *page = market_get(&m, "/v2/orders", query);
        if (json_len(page) == 0) break;
        for (const struct json *o = json_first(page); o != NULL; o = json_next(o), orders++)
            (void)str_copy(until, sizeof(until), json_str(o, "submitted_at", ""));
    }
    assert_int_equal(orders, 60);
    market_free(&m);
}

static void
test_api_bars_page_over_symbols(void **state)
{
    struct market m;
    char token[64] = "";
    size_t bars = 0, pages = 0;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    m.at.now_ns = market_at(15, 30); /* 60 completed minutes */
    for (;;) {
        char query[256];

        (void)snprintf(query, sizeof(query), "symbols=NVDA,AAPL,ZZZZ&timeframe=1Min&limit=25%s%s",
                       token[0] != '\0' ? "&page_token=" : "", token);
        CLEANUP(json_freep) struct json *page = market_get(&m, "/v2/stocks/bars", query);
        for (const struct json *s = json_first(json_get(page, "bars")); s != NULL; s = json_next(s))
            bars += json_len(s);
        pages++;
        if (!json_has(page, "next_page_token")) break;
        assert_true(str_copy(token, sizeof(token), json_str(page, "next_page_token", "")));
    }
    assert_int_equal(bars, 120);
    assert_int_equal(pages, 5);
    CLEANUP(json_freep)
    struct json *newest =
        market_get(&m, "/v2/stocks/NVDA/bars", "timeframe=1Min&limit=2&sort=desc");
    assert_string_equal(json_str(json_first(json_get(newest, "bars")), "t", ""),
                        "2026-02-10T15:29:00Z");
    CLEANUP(sim_reply_free)
    struct sim_reply bad = market_ask(&m, "GET", "/v2/stocks/bars", "timeframe=1Week", NULL);
    assert_int_equal(bad.status, 400);
    market_free(&m);
}

static void
test_api_control_changes_faults_and_stops(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 1);
    CLEANUP(sim_reply_free)
    struct sim_reply set = market_ask(&m, "POST", "/sim/faults", NULL, "reset:/v2/,drop:/api/");
    assert_int_equal(set.status, 200);
    assert_int_equal(m.sim.faults.len, 2);
    CLEANUP(sim_reply_free)
    struct sim_reply bad = market_ask(&m, "POST", "/sim/faults", NULL, "nonsense");
    assert_int_equal(bad.status, 400);
    CLEANUP(sim_reply_free) struct sim_reply hit = market_ask(&m, "GET", "/v2/clock", NULL, NULL);
    assert_int_equal(hit.fate, FATE_RESET);
    CLEANUP(sim_reply_free)
    struct sim_reply none = market_ask(&m, "POST", "/sim/faults", NULL, NULL);
    assert_int_equal(none.status, 200);
    assert_int_equal(m.sim.faults.len, 0);
    CLEANUP(json_freep) struct json *status = market_get(&m, "/sim/status", NULL);
    assert_int_equal(json_i64(status, "faults_hit", 0), 1);
    CLEANUP(sim_reply_free)
    struct sim_reply stop = market_ask(&m, "POST", "/sim/shutdown", NULL, NULL);
    assert_int_equal(stop.status, 200);
    assert_true(m.sim.is_stop_wanted);
    market_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_api_broker_answers_have_the_documented_members),
        cmocka_unit_test(test_api_vendor_answers_have_the_recorded_members),
        cmocka_unit_test(test_api_vendor_tables_have_the_members_that_are_read),
        cmocka_unit_test(test_api_wrong_keys_and_paths_are_refused),
        cmocka_unit_test(test_api_counts_requests_and_unknown_parameters),
        cmocka_unit_test(test_api_refuses_orders_that_are_none),
        cmocka_unit_test(test_api_averages_multiply_back_to_the_cost),
        cmocka_unit_test(test_api_lists_page_without_gap_or_repeat),
        cmocka_unit_test(test_api_bars_page_over_symbols),
        cmocka_unit_test(test_api_control_changes_faults_and_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
