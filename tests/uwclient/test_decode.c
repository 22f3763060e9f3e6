/*
 * The decoders: vectors, any order of rows, numbers in any dress (spec 20 3.8).
 */
#include "tests/lib/check.h"
#include "base/json.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"
#include "uwclient/decode_market.h"

#define NOW_S 1768928400 /* 2026-01-20 12:00 New York */
#define NOW   (NOW_S * NS_PER_S)

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

static double
dollars(usd x)
{
    return usd_to_double(x);
}

/* ---- helpers --------------------------------------------------------------------------------- */

static void
test_decode_numbers_in_any_dress(void **state)
{
    static const struct {
        const char *json;
        double want;
    } cases[] = {
        {"1.5",                                                                          1.5    },
        {"\"1.5\"",                                                                      1.5    },
        {"\" 1,234.50 \"",                                                               1234.5 },
        {"\"2.5e6\"",                                                                    2500000},
        {"-3",                                                                           -3     },
        {"\"-3\"",                                                                       -3     },
        {"\"+4\"",                                                                       4      },
        {"\"0.2500000000000000000000000000000000000000000000000000000000000000000000\"", 0.25   },
        {"\" 1e-3\"",                                                                    0.001  },
        {"\".5\"",                                                                       0.5    },
        {"true",                                                                         0      },
        {"false",                                                                        0      },
        {"null",                                                                         0      },
        {"{}",                                                                           0      },
        {"[7]",                                                                          0      },
        {"\"\"",                                                                         0      },
        {"\"abc\"",                                                                      0      },
        {"\"1.5x\"",                                                                     0      },
        {"\"0x10\"",                                                                     0      },
        {"\"nan\"",                                                                      0      },
        {"\"inf\"",                                                                      0      },
        {"\"1e999\"",                                                                    0      },
        {"\"1,5\"",                                                                      15     },
        {"\"1.\"",                                                                       1      },
        {"\",\"",                                                                        0      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *v = parse(cases[i].json);
        if (!near(uw_num(v), cases[i].want)) fail_msg("%s: %g", cases[i].json, uw_num(v));
        if (cases[i].want < 1e9 && !near(dollars(uw_usd(v)), cases[i].want))
            fail_msg("usd of %s", cases[i].json);
    }
    CLEANUP(json_freep) struct json *huge = parse("\"2000000000000\"");
    assert_int_equal(uw_usd(huge).e4, 0); /* two trillion dollars are no premium */
}

static void
test_decode_instants_in_any_dress(void **state)
{
    static const struct {
        const char *json;
        int64_t want_s;
    } cases[] = {
        {"1768928400",                    NOW_S            },
        {"1768928400000",                 NOW_S            },
        {"\"2026-01-20T17:00:00Z\"",      NOW_S            },
        {"\"2026-01-20 17:00:00\"",       NOW_S            },
        {"\"2026-01-20T12:00:00-05:00\"", NOW_S            },
        {"\"2026-01-20\"",                NOW_S - 17 * 3600},
        {"\"yesterday\"",                 -1               },
        {"null",                          -1               },
        {"true",                          -1               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *v = parse(cases[i].json);
        int64_t got = uw_time(v);
        int64_t want = cases[i].want_s < 0 ? WHEN_NONE : cases[i].want_s * NS_PER_S;
        if (got != want) fail_msg("%s", cases[i].json);
    }
}

static void
test_decode_rows_of_every_envelope(void **state)
{
    static const struct {
        const char *json;
        size_t want;
    } cases[] = {
        {"{\"data\":[{\"a\":1},{\"a\":2}]}",       2},
        {"{\"data\":{\"a\":1},\"date\":{}}",       1},
        {"{\"data\":[1,null,\"x\",[],{\"a\":1}]}", 1},
        {"{\"data\":null}",                        0},
        {"{\"data\":\"no\"}",                      0},
        {"{}",                                     0},
        {"{\"data\":[]}",                          0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *body = parse(cases[i].json);
        if (uw_rows_count(body) != cases[i].want) fail_msg("%s", cases[i].json);
    }
}

/* ---- option flow ----------------------------------------------------------------------------- */

struct trade_in {
    const char *premium, *type;
};

static void
add_trade(struct text *to, int i, const struct trade_in *t)
{
    if (to->len > 0) text_putc(to, ',');
    text_printf(to,
                "{\"id\":\"%d\",\"ticker\":\"ACME\",\"type\":\"%s\",\"total_premium\":%s,"
                "\"created_at\":\"2026-01-20T16:%02d:00Z\"}",
                i, t->type, t->premium, 10 + i % 50);
}

static struct flow_summary
summary_of(const struct trade_in *in, size_t len)
{
    CLEANUP(text_free) struct text rows = {0};
    CLEANUP(text_free) struct text body = {0};
    static struct flow_trades trades;

    for (size_t i = 0; i < len; i++)
        add_trade(&rows, (int)i, &in[i]);
    text_printf(&body, "{\"data\":[%s]}", text_str(&rows));
    CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
    flow_select(doc, "ACME", NOW, 3600, &trades);
    assert_int_equal(trades.len, len);
    return flow_summarise(&trades);
}

static void
test_flow_summary_vectors(void **state)
{
    static const struct {
        struct trade_in in[3];
        size_t len;
        const char *sentiment;
        double conviction, total, call, put, net;
    } cases[] = {
        {{{"\"187000\"", "call"}, {"\"42000\"", "put"}, {"5300.50", "CALL"}},
         3,                                                                      "BULLISH",
         0.37515025,                                                                                     234300.5,
         192300.5,                                                                                                           42000,
         150300.5                                                                                                                             },
        {{{"9000", "C"}, {"4000", "put"}},                                    2, "NEUTRAL", 0.1026,      13000,    9000,     4000,    5000    },
        {{{"10000", "call"}},                                                 1, "NEUTRAL", 0.102,       10000,    10000,    0,       10000   },
        {{{"\"10000.01\"", "call"}},                                          1, "BULLISH", 0.305000005, 10000.01, 10000.01, 0,       10000.01},
        {{{"3000000", "put"}},                                                1, "BEARISH", 1.0,         3000000,  0,        3000000, -3000000},
        {{{"0", "put"}},                                                      1, "NEUTRAL", 0.05,        0,        0,        0,       0       },
        {{{"null", "x"}},                                                     1, "NEUTRAL", 0.05,        0,        0,        0,       0       },
        {{{0}},                                                               0, "NEUTRAL", 0.0,         0,        0,        0,       0       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct flow_summary s = summary_of(cases[i].in, cases[i].len);
        assert_string_equal(s.sentiment, cases[i].sentiment);
        if (!near(s.conviction, cases[i].conviction))
            fail_msg("row %zu: conviction %.12g", i, s.conviction);
        assert_true(near(dollars(s.total), cases[i].total) && near(dollars(s.call), cases[i].call));
        assert_true(near(dollars(s.put), cases[i].put) && near(dollars(s.net), cases[i].net));
        assert_int_equal(s.trade_count, cases[i].len);
    }
}

static void
test_flow_keeps_what_is_about_the_symbol_and_young(void **state)
{
    static const char BODY[] =
        "{\"data\":["
        "{\"id\":\"old\",\"ticker\":\"ACME\",\"created_at\":\"2026-01-20T15:59:59Z\",\"total_"
        "premium\":\"1\"},"
        "{\"id\":\"edge\",\"ticker\":\"ACME\",\"created_at\":\"2026-01-20T16:00:00Z\",\"total_"
        "premium\":\"1\"},"
        "{\"id\":\"other\",\"ticker\":\"ZETA\",\"created_at\":\"2026-01-20T16:59:00Z\",\"total_"
        "premium\":\"1\"},"
        "{\"id\":\"new\",\"ticker\":\"acme\",\"created_at\":\"2026-01-20T16:59:00Z\",\"premium\":"
        "\"7\"},"
        "{\"id\":\"edge\",\"ticker\":\"ACME\",\"created_at\":\"2026-01-20T16:30:00Z\",\"total_"
        "premium\":\"1\"},"
        "{\"id\":\"undated\",\"ticker\":\"ACME\",\"total_premium\":\"1\"},"
        "{\"id\":\"anonymous\",\"created_at\":\"2026-01-20T16:30:00Z\",\"total_premium\":\"1\"},"
        "{\"ticker\":\"ACME\",\"created_at\":1768926600,\"total_premium\":\"\",\"premium\":5},"
        "{\"ticker\":\"ACME\",\"created_at\":1768926601,\"deep\":[[[[[[[[[1]]]]]]]]]},"
        "null, 7]}";
    CLEANUP(json_freep) struct json *body = parse(BODY);
    static struct flow_trades t;

    (void)state;
    flow_select(body, "ACME", NOW, 3600, &t);
    assert_int_equal(t.len, 3);
    assert_int_equal(t.foreign, 2);
    assert_string_equal(t.trade[0].id, "new");
    assert_int_equal(t.trade[0].premium.e4, 70000); /* premium, where total_premium is not there */
    assert_string_equal(t.trade[1].id, "");
    assert_int_equal(t.trade[1].premium.e4, 50000); /* or empty */
    assert_string_equal(t.trade[2].id, "edge");
    assert_int_equal(t.trade[2].created_ns, NOW - NS_PER_HOUR); /* the first of a repeated id */
}

static void
test_flow_keeps_the_newest_hundred_in_any_order(void **state)
{
    struct rng rng = check_rng("keeps_the_newest_hundred");
    int order[200];

    (void)state;
    for (int round = 0; round < 20; round++) {
        CLEANUP(text_free) struct text body = {0};
        static struct flow_trades t;
        for (int i = 0; i < 200; i++)
            order[i] = i;
        for (int i = 199; i > 0; i--) {
            int j = (int)rng_below(&rng, (uint64_t)i + 1), moved = order[i];
            order[i] = order[j];
            order[j] = moved;
        }
        text_puts(&body, "{\"data\":[");
        for (int i = 0; i < 200; i++)
            text_printf(
                &body,
                "%s{\"id\":\"%d\",\"ticker\":\"ACME\",\"created_at\":%d,\"total_premium\":1}",
                i > 0 ? "," : "", order[i], NOW_S - 10 * order[i]);
        text_puts(&body, "]}");
        CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
        flow_select(doc, "ACME", NOW, 3600, &t);
        assert_int_equal(t.len, 100);
        for (int i = 0; i < 100; i++)
            assert_int_equal(t.trade[i].created_ns, NOW - (int64_t)i * 10 * NS_PER_S);
    }
}

/* ---- dark pool ------------------------------------------------------------------------------- */

struct print_in {
    int64_t size;
    const char *price, *premium;
    int64_t age_s;
    const char *bid, *ask, *sale;
    bool is_canceled;
};

static void
add_print(struct text *to, const struct print_in *p)
{
    char at[ISO_TEXT_MAX];

    if (to->len > 0) text_putc(to, ',');
    text_printf(to,
                "{\"size\":%lld,\"price\":\"%s\",\"premium\":\"%s\",\"executed_at\":\"%s\",\"nbbo_"
                "bid\":\"%s\","
                "\"nbbo_ask\":\"%s\",\"sale_cond_codes\":%s,\"trade_code\":null,\"canceled\":%s}",
                (long long)p->size, p->price, p->premium,
                when_rfc3339(NOW - p->age_s * NS_PER_S, at), p->bid, p->ask, p->sale,
                p->is_canceled ? "true" : "false");
}

static const struct print_in PRINTS[] = {
    {20000, "50.02", "1000400", 60,   "50.00", "50.02", "null",                    false},
    {4000,  "50.00", "200000",  600,  "50.00", "50.02", "null",                    false},
    {1000,  "50.01", "50010",   700,  "50.00", "50.02", "null",                    false},
    {10000, "49.90", "499000",  800,  "50.00", "50.02", "\"average_price_trade\"", false},
    {2000,  "50.00", "100000",  900,  "50.00", "50.02", "null",                    true },
    {3000,  "50.05", "150150",  4000, "50.03", "50.05", "null",                    false},
};

static void
test_dark_pool_vector_in_both_orders(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        CLEANUP(text_free) struct text rows = {0};
        CLEANUP(text_free) struct text body = {0};
        struct dark_pool p;
        for (size_t i = 0; i < COUNT_OF(PRINTS); i++)
            add_print(&rows, &PRINTS[way == 0 ? i : COUNT_OF(PRINTS) - 1 - i]);
        text_printf(&body, "{\"data\":[%s]}", text_str(&rows));
        CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
        dark_pool_decode(doc, NOW, &p);
        assert_int_equal(p.print_count, 5);
        assert_true(near(dollars(p.total_notional), 1899560));
        assert_true(near(dollars(p.total_notional_1h), 1749410));
        assert_int_equal(p.off_lit_volume, 38000);
        assert_int_equal(p.buy_volume, 23000);
        assert_int_equal(p.sell_volume, 4000);
        assert_string_equal(p.sentiment, "BULLISH");
        assert_false(p.is_truncated);
    }
}

static void
test_dark_pool_without_premium_or_time(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse("{\"data\":[{\"size\":\"100\",\"price\":\"12.5\"},{\"size\":3,"
                              "\"price\":2,\"premium\":\"0\"},{}]}");
    CLEANUP(json_freep) struct json *none = parse("{\"data\":[]}");
    struct dark_pool p;

    (void)state;
    dark_pool_decode(body, NOW, &p);
    assert_int_equal(p.total_notional.e4, 12560000);
    assert_int_equal(p.total_notional_1h.e4, 12560000); /* without a time it counts as young */
    assert_int_equal(p.print_count, 3);
    assert_string_equal(p.sentiment, "NEUTRAL");
    dark_pool_decode(none, NOW, &p);
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    dark_pool_write(&p, NOW, &m);
    CLEANUP(json_freep) struct json *out = parse(text_str(&m.text));
    assert_string_equal(json_str(out, "sentiment", ""), "NEUTRAL");
    assert_int_equal(json_i64(out, "last_update", 0), NOW_S);
    assert_int_equal(json_i64(out, "print_count", -1), 0);
}

static void
test_dark_pool_sentiment_needs_a_million(void **state)
{
    static const struct {
        const char *premium, *price;
        const char *want;
    } cases[] = {
        {"1000000",    "50.02", "NEUTRAL"},
        {"1000000.01", "50.02", "BULLISH"},
        {"1000000.01", "50.00", "BEARISH"},
        {"9000000",    "50.01", "NEUTRAL"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct print_in in = {10,      cases[i].price, cases[i].premium, 1,
                              "50.00", "50.02",        "null",           false};
        CLEANUP(text_free) struct text row = {0};
        CLEANUP(text_free) struct text body = {0};
        struct dark_pool p;
        add_print(&row, &in);
        text_printf(&body, "{\"data\":[%s]}", text_str(&row));
        CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
        dark_pool_decode(doc, NOW, &p);
        if (!str_eq(p.sentiment, cases[i].want)) fail_msg("row %zu: %s", i, p.sentiment);
    }
}

/* ---- the market ------------------------------------------------------------------------------ */

static void
test_market_tide_vectors(void **state)
{
    static const struct {
        const char *call, *put;
        double want_call, want_put;
        const char *sentiment;
    } cases[] = {
        {"\"2400000\"",         "\"-600000\"",         3000000,   0,         "BULLISH"},
        {"\"-180770624.0000\"", "\"-113614064.0000\"", 113614064, 180770624, "BEARISH"},
        {"0",                   "0",                   0,         0,         "NEUTRAL"},
        {"null",                "null",                0,         0,         "NEUTRAL"},
        {"120",                 "100",                 120,       100,       "NEUTRAL"}, /* exactly 1.2 times is not more */
        {"121",                 "100",                 121,       100,       "BULLISH"},
        {"100",                 "121",                 100,       121,       "BEARISH"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int way = 0; way < 2; way++) {
            CLEANUP(text_free) struct text body = {0};
            struct market_tide t;
            const char *early = "{\"timestamp\":\"2026-01-20T09:30:00-05:00\",\"net_call_premium\":"
                                "\"9\",\"net_put_premium\":\"9\"}";
            text_printf(&body,
                        "{\"data\":[%s%s{\"timestamp\":\"2026-01-20T12:00:00-05:00\",\"date\":"
                        "\"2026-01-20\","
                        "\"net_call_premium\":%s,\"net_put_premium\":%s,\"net_volume\":-5}%s%s]}",
                        way == 0 ? early : "", way == 0 ? "," : "", cases[i].call, cases[i].put,
                        way == 1 ? "," : "", way == 1 ? early : "");
            CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
            market_tide_decode(doc, &t);
            assert_true(near(dollars(t.call_premium), cases[i].want_call));
            assert_true(near(dollars(t.put_premium), cases[i].want_put));
            if (!str_eq(t.sentiment, cases[i].sentiment)) fail_msg("row %zu: %s", i, t.sentiment);
            CLEANUP(member_free) struct member m = MEMBER_EMPTY;
            market_tide_write(&t, NOW, &m);
            CLEANUP(json_freep) struct json *out = parse(text_str(&m.text));
            assert_false(
                json_has(out, "net_call_premium")); /* a consumer would take it for a side */
            assert_false(json_has(out, "net_put_premium"));
            assert_int_equal(json_i64(json_get(out, "raw"), "net_volume", 0), -5);
        }
    }
}

static void
test_net_impact_takes_numbers_and_texts(void **state)
{
    CLEANUP(json_freep)
    struct json *body =
        parse("{\"data\":[{\"ticker\":\"acme\",\"net_premium\":\"2.5e6\"},{\"symbol\":\"ZETA\","
              "\"net_premium\":-7300500.0},"
              "{\"ticker\":\"not a symbol\",\"net_premium\":1},{\"net_premium\":1}]}");
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct net_impact n;

    (void)state;
    net_impact_decode(body, &n);
    net_impact_write(&n, NOW, &m);
    CLEANUP(json_freep) struct json *out = parse(text_str(&m.text));
    const struct json *first = json_first(json_get_arr(out, "data"));
    assert_int_equal(json_len(json_get_arr(out, "data")), 2);
    assert_string_equal(json_str(first, "ticker", ""), "ACME");
    assert_true(near(json_f64(first, "net_premium", 0), 2500000));
    assert_true(near(json_f64(json_next(first), "net_premium", 0), -7300500));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_numbers_in_any_dress),
        cmocka_unit_test(test_decode_instants_in_any_dress),
        cmocka_unit_test(test_decode_rows_of_every_envelope),
        cmocka_unit_test(test_flow_summary_vectors),
        cmocka_unit_test(test_flow_keeps_what_is_about_the_symbol_and_young),
        cmocka_unit_test(test_flow_keeps_the_newest_hundred_in_any_order),
        cmocka_unit_test(test_dark_pool_vector_in_both_orders),
        cmocka_unit_test(test_dark_pool_without_premium_or_time),
        cmocka_unit_test(test_dark_pool_sentiment_needs_a_million),
        cmocka_unit_test(test_market_tide_vectors),
        cmocka_unit_test(test_net_impact_takes_numbers_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
