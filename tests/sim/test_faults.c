/*
 * Promises of the faults: the language of SPEC, and what each of them does to an answer.
 */
#include "tests/sim/market.h"

static void
test_faults_spec_is_read_or_refused(void **state)
{
    static const struct {
        const char *spec;
        size_t rules; /* SIZE_MAX = refused */
    } CASES[] = {
        {"",                                                                                     0       },
        {"reset",                                                                                1       },
        {"reset:POST/v2/orders:0.05,delay=2000:GET:0.01,lost:POST:0.1,429:/api/:20@10:15-10:20", 4       },
        {" dupfill , latefill=5000 \n missingfill=1 ",                                           3       },
        {"clockskew=-90000",                                                                     1       },
        {"calendar:3",                                                                           1       },
        {"503:/api/:1.0@09:30-16:00",                                                            1       },
        {"delay",                                                                                SIZE_MAX},
        {"reset=5",                                                                              SIZE_MAX},
        {"explode",                                                                              SIZE_MAX},
        {"delay=abc",                                                                            SIZE_MAX},
        {"drop:1.5",                                                                             SIZE_MAX},
        {"drop@9:30-10:00",                                                                      SIZE_MAX},
        {"drop@09:30",                                                                           SIZE_MAX},
        {"drop:OVERLONGMETHOD/v2",                                                               SIZE_MAX},
        {"drop,reset,bad",                                                                       SIZE_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct faults f = {.seed = 1, .len = 7};
        struct err err = {0};
        enum rc rc = faults_parse(&f, CASES[i].spec, &err);

        if ((rc == RC_OK) != (CASES[i].rules != SIZE_MAX))
            fail_msg("%s: %s", CASES[i].spec, err.text);
        assert_int_equal(f.len,
                         rc == RC_OK ? CASES[i].rules : 7); /* refused: the old rules stand */
        assert_int_equal(f.seed, 1);
    }
}

static void
test_faults_apply_where_when_and_how_often_they_say(void **state)
{
    static const struct {
        const char *spec, *method, *path;
        int minute, hits; /* of 100 requests */
    } CASES[] = {
        {"reset",                   "GET",  "/v2/account",  600, 100},
        {"reset:POST",              "GET",  "/v2/account",  600, 0  },
        {"reset:/v2/orders",        "GET",  "/v2/account",  600, 0  },
        {"reset:/v2/orders",        "GET",  "/v2/orders/1", 600, 100},
        {"reset:POST/v2/orders",    "POST", "/v2/orders",   600, 100},
        {"reset:POST/v2/orders",    "GET",  "/v2/orders",   600, 0  },
        {"reset:20",                "GET",  "/",            600, 20 },
        {"reset:0",                 "GET",  "/",            600, 0  },
        {"reset:1.0",               "GET",  "/",            600, 100},
        {"reset:0.0",               "GET",  "/",            600, 0  },
        {"reset@10:00-10:01",       "GET",  "/",            600, 100},
        {"reset@10:00-10:01",       "GET",  "/",            601, 0  },
        {"reset:5@10:00-10:01:GET", "GET",  "/",            600, -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct faults f = {.seed = 1};
        int hits = 0;

        if (faults_parse(&f, CASES[i].spec, NULL) != RC_OK) {
            assert_int_equal(CASES[i].hits, -1);
            continue;
        }
        for (uint64_t n = 0; n < 100; n++)
            hits += faults_choose(&f, CASES[i].method, CASES[i].path, CASES[i].minute, n).is_reset
                        ? 1
                        : 0;
        if (hits != CASES[i].hits) fail_msg("%s: %d hits", CASES[i].spec, hits);
    }
}

static void
test_faults_by_chance_come_from_the_seed(void **state)
{
    struct faults a = {.seed = 1}, b = {.seed = 1}, c = {.seed = 2};
    int hits = 0, differ = 0;

    (void)state;
    assert_int_equal(faults_parse(&a, "lost:0.1", NULL), RC_OK);
    assert_int_equal(faults_parse(&b, "lost:0.1", NULL), RC_OK);
    assert_int_equal(faults_parse(&c, "lost:0.1", NULL), RC_OK);
    for (uint64_t n = 0; n < 10000; n++) {
        bool x = faults_choose(&a, "GET", "/", 0, n).is_lost;

        assert_int_equal(x, faults_choose(&b, "GET", "/", 0, n).is_lost);
        differ += x != faults_choose(&c, "GET", "/", 0, n).is_lost ? 1 : 0;
        hits += x ? 1 : 0;
    }
    assert_true(hits > 800 && hits < 1200 && differ > 500);
}

/* ---- on the market -------------------------------------------------------------------------- */

#define BUY(id)                                                                                    \
    "{\"symbol\":\"NVDA\",\"qty\":\"3\",\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":"   \
    "\"day\","                                                                                     \
    "\"client_order_id\":\"" id "\"}"

static void
test_faults_do_to_an_answer_what_they_are_called(void **state)
{
    static const struct {
        const char *spec, *path;
        enum sim_fate fate;
        int status;
        const char *type, *part; /* of the body */
    } CASES[] = {
        {"drop",     "/v2/account",             FATE_DROP,     200, "application/json", ""                   },
        {"reset",    "/v2/account",             FATE_RESET,    200, "application/json", ""                   },
        {"lost",     "/v2/account",             FATE_RESET,    200, "application/json", "equity"             },
        {"truncate", "/v2/account",             FATE_TRUNCATE, 200, "application/json", "equity"             },
        {"html",     "/v2/account",             FATE_ANSWER,   200, "text/html",        "<html>"             },
        {"garbage",  "/v2/account",             FATE_ANSWER,   200, "application/json", ",,"                 },
        {"429",      "/v2/account",             FATE_ANSWER,   429, "application/json", "rate limit exceeded"},
        {"429",      "/api/market/market-tide", FATE_ANSWER,   429, "application/json", "message"            },
        {"429bare",  "/v2/account",             FATE_ANSWER,   429, "text/plain",       "Too Many"           },
        {"503",      "/v2/account",             FATE_ANSWER,   503, "application/json", "50010000"           },
        {"500",      "/api/market/market-tide", FATE_ANSWER,   500, "text/plain",       "Internal"           },
        {"401",      "/v2/account",             FATE_ANSWER,   401, "application/json", "not authorized"     },
    };
    struct market m;

    (void)state;
    market_make(&m, (const char *const[]){"NVDA"}, 1, 1);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        market_faults(&m, CASES[i].spec);
        CLEANUP(sim_reply_free)
        struct sim_reply r = market_ask(&m, "GET", CASES[i].path, NULL, NULL);

        if (r.fate != CASES[i].fate || r.status != CASES[i].status)
            fail_msg("%s: %d", CASES[i].spec, r.status);
        assert_string_equal(r.content_type, CASES[i].type);
        assert_non_null(strstr(text_str(&r.body), CASES[i].part));
        assert_int_equal(r.headers_len > 0 && str_eq(r.header[0].name, "Retry-After"),
                         str_eq(CASES[i].spec, "429"));
    }
    market_faults(&m, "delay=1500,delay=500");
    m.sim.latency_ms = 7;
    CLEANUP(sim_reply_free) struct sim_reply slow = market_ask(&m, "GET", "/v2/clock", NULL, NULL);
    assert_int_equal(slow.delay_ms, 2007);
    market_free(&m);
}

/* The most important one: the order stands, the answer does not come; asked again, the id is taken.
 */
static void
test_faults_lose_the_answer_but_not_the_order(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, (const char *const[]){"NVDA"}, 1, 1);
    market_faults(&m, "lost:POST/v2/orders:1");
    CLEANUP(sim_reply_free)
    struct sim_reply lost = market_ask(&m, "POST", "/v2/orders", NULL, BUY("a"));
    assert_int_equal(lost.fate, FATE_RESET);
    assert_int_equal(m.sim.book.orders_len, 1);
    CLEANUP(sim_reply_free)
    struct sim_reply again = market_ask(&m, "POST", "/v2/orders", NULL, BUY("a"));
    assert_int_equal(again.status, 422);
    assert_non_null(strstr(text_str(&again.body), "40010001"));
    assert_int_equal(m.sim.book.duplicates_refused, 1);
    CLEANUP(json_freep)
    struct json *found = market_get(&m, "/v2/orders:by_client_order_id", "client_order_id=a");
    assert_string_equal(json_str(found, "symbol", ""), "NVDA");
    /* Reset comes before anything happened. */
    market_faults(&m, "reset:POST/v2/orders:1");
    CLEANUP(sim_reply_free)
    struct sim_reply reset = market_ask(&m, "POST", "/v2/orders", NULL, BUY("b"));
    assert_int_equal(reset.fate, FATE_RESET);
    assert_int_equal(m.sim.book.orders_len, 1);
    market_free(&m);
}

static size_t
activities(struct market *m)
{
    CLEANUP(json_freep) struct json *list = market_get(m, "/v2/account/activities/FILL", NULL);

    return json_len(list);
}

static void
test_faults_of_fills_and_cancels_reach_the_book(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, (const char *const[]){"NVDA"}, 1, 1);
    m.sim.book.cfg.partial_chance = 0;
    market_faults(&m, "dupfill:POST");
    CLEANUP(sim_reply_free)
    struct sim_reply a = market_ask(&m, "POST", "/v2/orders", NULL, BUY("a"));
    assert_int_equal(a.status, 200);
    m.at.now_ns += 2 * NS_PER_S;
    assert_int_equal(activities(&m), 2);
    market_faults(&m, "missingfill=30000:POST");
    CLEANUP(sim_reply_free)
    struct sim_reply b = market_ask(&m, "POST", "/v2/orders", NULL, BUY("b"));
    assert_int_equal(b.status, 200);
    m.at.now_ns += 2 * NS_PER_S;
    CLEANUP(json_freep)
    struct json *order = market_get(&m, "/v2/orders:by_client_order_id", "client_order_id=b");
    assert_string_equal(json_str(order, "status", ""), "filled");
    assert_int_equal(activities(&m), 2);
    m.at.now_ns += 30 * NS_PER_S;
    assert_int_equal(activities(&m), 3);
    market_faults(&m, "rejectcancel");
    CLEANUP(sim_reply_free)
    struct sim_reply c = market_ask(&m, "DELETE", "/v2/orders/x", NULL, NULL);
    assert_int_equal(c.status, 422);
    market_faults(&m, "clockskew=3600000,calendar");
    CLEANUP(json_freep) struct json *clock = market_get(&m, "/v2/clock", NULL);
    assert_int_equal(when_parse_or_none(json_str(clock, "timestamp", "")) - m.at.now_ns,
                     NS_PER_HOUR);
    CLEANUP(json_freep)
    struct json *days = market_get(&m, "/v2/calendar", "start=2026-02-10&end=2026-02-10");
    assert_int_equal(json_len(days), 0);
    market_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_spec_is_read_or_refused),
        cmocka_unit_test(test_faults_apply_where_when_and_how_often_they_say),
        cmocka_unit_test(test_faults_by_chance_come_from_the_seed),
        cmocka_unit_test(test_faults_do_to_an_answer_what_they_are_called),
        cmocka_unit_test(test_faults_lose_the_answer_but_not_the_order),
        cmocka_unit_test(test_faults_of_fills_and_cancels_reach_the_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
