/*
 * Promises of the Alpaca adapter: one POST an order whatever comes back, exact numbers, all pages.
 */
#include "tests/broker/script.h"

#include "broker/alpaca_decode.h"

/* ---- sending --------------------------------------------------------------------------------- */

static void
test_alpaca_sends_one_post_whatever_comes_back(void **state)
{
    static const struct {
        const char *what;
        struct answer answers[2];
        size_t len;
        enum rc want;
    } CASES[] = {
        {"accepted",                                     {{RC_OK, 200, ORDER_JSON}},         1, RC_OK     },
        {"accepted, and told in a way that is no JSON",  {{RC_OK, 200, "<html>"}},           1, RC_UNKNOWN},
        {"accepted, and an order without an id",
         {{RC_OK, 200, "{\"status\":\"new\"}"}},
         1,                                                                                     RC_UNKNOWN},
        {"no answer in time",                            {{RC_UNKNOWN, 0, ""}},              1, RC_UNKNOWN},
        {"a body too large to read",                     {{RC_RANGE, 0, ""}},                1, RC_UNKNOWN},
        {"connection refused",                           {{RC_IO, 0, ""}},                   1, RC_IO     },
        {"server error",
         {{RC_OK, 500, "{\"code\":50010000,\"message\":\"internal server error\"}"}},
         1,                                                                                     RC_UNKNOWN},
        {"bad gateway",                                  {{RC_OK, 502, "<html>"}},           1, RC_UNKNOWN},
        {"gateway time-out",                             {{RC_OK, 504, ""}},                 1, RC_UNKNOWN},
        {"too many requests",
         {{RC_OK, 429, "{\"code\":42910000,\"message\":\"rate limit exceeded\"}"}},
         1,                                                                                     RC_RANGE  },
        {"unauthorised, in HTML",                        {{RC_OK, 401, "<html>401</html>"}}, 1, RC_RANGE  },
        {"buying power",
         {{RC_OK, 403, "{\"code\":40310000,\"message\":\"insufficient buying power\"}"}},
         1,                                                                                     RC_RANGE  },
        {"forbidden by something in between",            {{RC_OK, 403, "<html>"}},           1, RC_UNKNOWN},
        {"the id is there already, and read",
         {{RC_OK, 422, "{\"code\":40010001,\"message\":\"client_order_id must be unique\"}"},
          {RC_OK, 200, ORDER_JSON}},
         2,                                                                                     RC_OK     },
        {"the id is there already, with the other code",
         {{RC_OK, 422, "{\"code\":42210000,\"message\":\"client_order_id must be unique\"}"},
          {RC_OK, 200, ORDER_JSON}},
         2,                                                                                     RC_OK     },
        {"the id is there already, and cannot be read",
         {{RC_OK, 422, "{\"code\":40010001,\"message\":\"client_order_id must be unique\"}"},
          {RC_OK, 404, "{}"}},
         2,                                                                                     RC_UNKNOWN},
        {"not tradable",
         {{RC_OK, 422, "{\"code\":42210000,\"message\":\"asset is not tradable\"}"}},
         1,                                                                                     RC_RANGE  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct fixture f;
        struct order_intent o = an_order();
        struct order ret = {0};
        struct err err = {0};

        print_message("%s\n", CASES[i].what);
        setup(&f, CASES[i].answers, CASES[i].len);
        assert_int_equal(f.broker.submit(f.broker.self, &o, &ret, &err), CASES[i].want);
        assert_int_equal(f.script.posts, 1);
        assert_int_equal(f.script.next, CASES[i].len);
        if (CASES[i].want == RC_OK) assert_string_equal(ret.broker_id, "b-1");
        assert_null(strstr(err.text, "\"s\""));
    }
}

static void
test_alpaca_sends_prices_as_exact_text(void **state)
{
    static const struct answer ANSWER[] = {
        {RC_OK, 200, ORDER_JSON}
    };
    struct fixture f;
    struct order_intent o = an_order();
    struct order ret;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, 1);
    assert_int_equal(f.broker.submit(f.broker.self, &o, &ret, &err), RC_OK);
    assert_string_equal(f.script.last_url, "https://paper-api.alpaca.markets/v2/orders");
    assert_string_equal(
        f.script.last_body,
        "{\"symbol\":\"AAPL\",\"qty\":\"10\",\"side\":\"buy\",\"type\":\"limit\",\"time_in_force\":"
        "\"day\","
        "\"limit_price\":\"174.79\",\"extended_hours\":false,\"client_order_id\":\"c-1\"}");
}

/* ---- reading --------------------------------------------------------------------------------- */

static void
test_alpaca_retries_reads_three_times_and_only_where_it_may_help(void **state)
{
    static const char ACCOUNT[] =
        "{\"cash\":\"1.5\",\"equity\":\"55000.12\",\"buying_power\":\"2\"}";
    static const struct {
        const char *what;
        struct answer answers[3];
        size_t len;
        enum rc want;
    } CASES[] = {
        {"at once",                           {{RC_OK, 200, ACCOUNT}},                                   1, RC_OK       },
        {"third time",                        {{RC_OK, 503, ""}, {RC_IO, 0, ""}, {RC_OK, 200, ACCOUNT}}, 3, RC_OK       },
        {"never",                             {{RC_OK, 500, ""}, {RC_OK, 500, ""}, {RC_OK, 500, ""}},    3, RC_UNKNOWN  },
        {"forbidden is final",                {{RC_OK, 403, "{}"}},                                      1, RC_RANGE    },
        {"not there is final",                {{RC_OK, 404, "{}"}},                                      1, RC_NOT_FOUND},
        {"no JSON is final",                  {{RC_OK, 200, "<html>"}},                                  1, RC_PARSE    },
        {"no equity is an error, never zero",
         {{RC_OK, 200, "{\"cash\":\"1\",\"buying_power\":\"2\"}"}},
         1,                                                                                                 RC_PARSE    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct fixture f;
        struct account account = {0};
        struct err err = {0};

        print_message("%s\n", CASES[i].what);
        setup(&f, CASES[i].answers, CASES[i].len);
        assert_int_equal(f.broker.account(f.broker.self, &account, &err), CASES[i].want);
        assert_int_equal(f.script.reads, CASES[i].len);
        if (CASES[i].want == RC_OK) assert_int_equal(account.equity.e4, 550001200);
    }
}

static void
test_alpaca_decodes_an_order_with_its_average_rounded_once(void **state)
{
    static const struct answer ANSWER[] = {
        {RC_OK, 200, ORDER_JSON}
    };
    struct fixture f;
    struct order o;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, 1);
    assert_int_equal(f.broker.order_by_client_id(f.broker.self, "c 1&", &o, &err), RC_OK);
    assert_string_equal(
        f.script.last_url,
        "https://paper-api.alpaca.markets/v2/orders:by_client_order_id?client_order_id=c%201%26");
    assert_int_equal(o.filled_cost.e4, 5243550); /* 3 * 174.785, not 3 * 174.79 */
    assert_int_equal(o.status, ORDER_PARTIALLY_FILLED);
    assert_int_equal(o.submitted_ns % NS_PER_S, 123456789);
    assert_int_equal(o.filled_ns, WHEN_NONE);
}

static void
test_alpaca_keeps_a_status_it_does_not_know_as_open(void **state)
{
    static const char *const WORDS[] = {
        "held", "suspended", "calculated", "stopped", "accepted_for_bidding", "brand_new"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        assert_false(order_status_is_final(order_status_from(WORDS[i])));
    assert_int_equal(order_status_from("brand_new"), ORDER_STATUS_UNKNOWN);
}

static void
test_alpaca_tells_a_short_by_side_and_a_fraction_by_name(void **state)
{
    static const char LIST[] = "[{\"symbol\":\"TSLA\",\"qty\":\"5\",\"side\":\"short\",\"avg_entry_"
                               "price\":\"10.01\",\"cost_basis\":"
                               "\"-50.05\"},"
                               "{\"symbol\":\"AAPL\",\"qty\":\"2.5\",\"side\":\"long\",\"avg_entry_"
                               "price\":\"100\",\"unrealized_"
                               "plpc\":\"0.20\"},"
                               "{\"symbol\":\"MSFT\",\"qty\":\"-7\",\"side\":\"short\",\"avg_entry_"
                               "price\":\"3.3333333\"}]";
    static const struct answer ANSWER[] = {
        {RC_OK, 200, LIST}
    };
    struct fixture f;
    struct arena a = {0};
    struct positions list;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, 1);
    assert_int_equal(f.broker.positions(f.broker.self, &a, &list, &err), RC_OK);
    assert_int_equal(list.len, 3);
    assert_string_equal(list.position[0].symbol, "AAPL");
    assert_true(list.position[0].has_fraction);
    assert_int_equal(list.position[0].qty, 2);
    assert_int_equal(list.position[1].qty, -7);
    assert_int_equal(list.position[1].cost.e4, 233333); /* 7 * 3.3333333 */
    assert_int_equal(list.position[2].qty, -5);
    assert_int_equal(list.position[2].cost.e4, 500500);
    arena_done(&a);
}

/* Pages of orders: the newest submission of a page is asked for again, what is known is passed
 * over. */
static void
test_alpaca_follows_pages_of_orders(void **state)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    struct fixture f;
    struct arena a = {0};
    struct orders list;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 502; i++) {
        struct text *to = i < 500 ? &first : &second;
        bool opens = i == 0 || i == 500;

        if (i == 500) text_puts(to, "["); /* overlaps the last of the first page */
        if (i == 500)
            text_printf(to,
                        "{\"id\":\"o499\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"status\":\"new\","
                        "\"qty\":\"1\","
                        "\"filled_qty\":\"0\",\"submitted_at\":\"2026-01-30T15:%02d:%02dZ\"},",
                        499 / 60, 499 % 60);
        text_printf(to,
                    "%s{\"id\":\"o%d\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"status\":\"new\","
                    "\"qty\":\"1\","
                    "\"filled_qty\":\"0\",\"submitted_at\":\"2026-01-30T15:%02d:%02dZ\"}",
                    i == 0  ? "["
                    : opens ? ""
                            : ",",
                    i, i / 60, i % 60);
    }
    text_puts(&first, "]");
    text_puts(&second, "]");
    const struct answer answers[] = {
        {RC_OK, 200, text_str(&first) },
        {RC_OK, 200, text_str(&second)}
    };
    setup(&f, answers, 2);
    assert_int_equal(f.broker.orders(f.broker.self, ORDERS_ALL, WHEN_NONE, &a, &list, &err), RC_OK);
    assert_int_equal(list.len, 502);
    assert_non_null(strstr(f.script.last_url, "&after=2026-01-30T15%3A08%3A18.999999%2B00%3A00"));
    arena_done(&a);
}

static void
test_alpaca_quote_with_a_missing_side_is_not_known(void **state)
{
    static const struct {
        const char *body;
        enum rc rc;
        bool known;
    } CASES[] = {
        {"{\"quote\":{\"bp\":10.01,\"ap\":10.02,\"t\":\"2026-01-30T15:00:00Z\"}}", RC_OK,    true },
        {"{\"quote\":{\"bp\":0,\"ap\":10.02}}",                                    RC_OK,    false},
        {"{\"quote\":{\"bp\":10.03,\"ap\":10.02}}",                                RC_OK,    false},
        {"{\"quote\":{\"ap\":10.02}}",                                             RC_PARSE, false},
        {"{}",                                                                     RC_PARSE, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const struct answer answers[] = {
            {RC_OK, 200, CASES[i].body}
        };
        struct fixture f;
        struct nbbo q = {0};
        struct err err = {0};

        setup(&f, answers, 1);
        assert_int_equal(f.broker.latest_quote(f.broker.self, "AAPL", &q, &err), CASES[i].rc);
        assert_int_equal(q.is_known, CASES[i].known);
    }
}

static void
test_alpaca_bars_come_ascending(void **state)
{
    static const char BODY[] =
        "{\"bars\":[{\"t\":\"2026-01-30T15:01:00Z\",\"o\":2,\"h\":3,\"l\":1,\"c\":2.5,\"v\":7},"
        "{\"t\":\"2026-01-30T15:00:00Z\",\"o\":1,\"h\":2,\"l\":1,\"c\":2,\"v\":5}]}";
    static const struct answer ANSWER[] = {
        {RC_OK, 200, BODY}
    };
    struct fixture f;
    struct arena a = {0};
    struct bars bars;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, 1);
    assert_int_equal(
        f.broker.bars(f.broker.self, "AAPL", BAR_1MIN, 0, NS_PER_HOUR, 2, &a, &bars, &err), RC_OK);
    assert_int_equal(bars.len, 2);
    assert_int_equal(bars.bar[0].volume, 5);
    assert_int_equal(bars.bar[1].close.e4, 25000);
    arena_done(&a);
}

/* An account that may not see the last minutes of the whole tape reads those of one exchange; a
 * refused symbol says nothing about the account. */
static void
test_alpaca_bars_fall_back_to_one_exchange(void **state)
{
    static const char BODY[] = "{\"bars\":null}";
    static const char NO[] =
        "{\"message\":\"subscription does not permit querying recent SIP data\"}";
    static const struct answer ANSWER[] = {
        {RC_OK, 200, BODY                              },
        {RC_OK, 422, "{\"message\":\"invalid symbol\"}"},
        {RC_OK, 422, "{\"message\":\"invalid symbol\"}"},
        {RC_OK, 403, NO                                },
        {RC_OK, 200, BODY                              },
        {RC_OK, 200, BODY                              },
    };
    static const struct {
        const char *feed;
        enum rc rc;
        int reads;
    } STEPS[] = {
        {"feed=sip", RC_OK,    1},
        {"feed=iex", RC_RANGE, 3},
        {"feed=iex", RC_OK,    5},
        {"feed=iex", RC_OK,    6},
    };
    struct fixture f;
    struct arena a = {0};
    struct bars bars;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, COUNT_OF(ANSWER));
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        assert_int_equal(
            f.broker.bars(f.broker.self, "AAPL", BAR_1MIN, 0, NS_PER_HOUR, 2, &a, &bars, &err),
            STEPS[i].rc);
        assert_non_null(strstr(f.script.last_url, STEPS[i].feed));
        assert_int_equal(f.script.reads, STEPS[i].reads);
    }
    arena_done(&a);
}

/* One page of so many orders of one instant, named from the first on. */
static void
page_of_instant(struct text *to, int first, int len)
{
    text_puts(to, "[");
    for (int i = 0; i < len; i++)
        text_printf(to,
                    "%s{\"id\":\"o%d\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"status\":\"new\","
                    "\"qty\":\"1\",\"filled_qty\":\"0\","
                    "\"submitted_at\":\"2026-01-30T15:00:00Z\"}",
                    i > 0 ? "," : "", first + i);
    text_puts(to, "]");
}

static void
test_alpaca_asks_from_both_ends_where_a_page_is_of_one_instant(void **state)
{
    static const struct {
        int second_first, second_len;
        enum rc rc;
        size_t orders;
    } cases[] = {
        {499, 500, RC_OK,    999}, /* the ends meet */
        {500, 499, RC_OK,    999}, /* the second page is not full */
        {500, 500, RC_RANGE, 0  }, /* there may be more in between */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text first = {0}, second = {0};
        struct fixture f;
        struct arena a = {0};
        struct orders list = {0};
        struct err err = {0};

        page_of_instant(&first, 0, 500);
        page_of_instant(&second, cases[i].second_first, cases[i].second_len);
        const struct answer answers[] = {
            {RC_OK, 200, text_str(&first) }, /* brings all of them */
            {RC_OK, 200, text_str(&first) }, /* and nothing new    */
            {RC_OK, 200, text_str(&second)},
            {RC_OK, 200, "[]"             },
        };
        setup(&f, answers, COUNT_OF(answers));
        assert_int_equal(f.broker.orders(f.broker.self, ORDERS_ALL, WHEN_NONE, &a, &list, &err),
                         cases[i].rc);
        assert_int_equal(list.len, cases[i].orders);
        assert_non_null(strstr(f.script.last_url, cases[i].rc == RC_OK ? "asc" : "direction=desc"));
        arena_done(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpaca_sends_one_post_whatever_comes_back),
        cmocka_unit_test(test_alpaca_sends_prices_as_exact_text),
        cmocka_unit_test(test_alpaca_retries_reads_three_times_and_only_where_it_may_help),
        cmocka_unit_test(test_alpaca_decodes_an_order_with_its_average_rounded_once),
        cmocka_unit_test(test_alpaca_keeps_a_status_it_does_not_know_as_open),
        cmocka_unit_test(test_alpaca_tells_a_short_by_side_and_a_fraction_by_name),
        cmocka_unit_test(test_alpaca_follows_pages_of_orders),
        cmocka_unit_test(test_alpaca_asks_from_both_ends_where_a_page_is_of_one_instant),
        cmocka_unit_test(test_alpaca_quote_with_a_missing_side_is_not_known),
        cmocka_unit_test(test_alpaca_bars_come_ascending),
        cmocka_unit_test(test_alpaca_bars_fall_back_to_one_exchange),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
