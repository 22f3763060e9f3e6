/*
 * The decoders: vectors, any order of rows, numbers in any dress (spec 20 3.8).
 */
#include "tests/lib/check.h"
#include "base/json.h"
#include "uwclient/decode_company.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"
#include "uwclient/decode_market.h"
#include "uwclient/decode_options.h"

#define NOW_S 1768928400 /* 2026-01-20 12:00 New York */
#define NOW   (NOW_S * NS_PER_S)

static const struct date TODAY = {2026, 1, 20};

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

/* ---- helpers
 * ------------------------------------------------------------------------------------------ */

static void
test_decode_numbers_in_any_dress(void **state)
{
    static const struct {
        const char *json;
        double want;
    } cases[] = {
        {"1.5",            1.5    },
        {"\"1.5\"",        1.5    },
        {"\" 1,234.50 \"", 1234.5 },
        {"\"2.5e6\"",      2500000},
        {"-3",             -3     },
        {"\"-3\"",         -3     },
        {"\"+4\"",         4      },
        {"true",           0      },
        {"false",          0      },
        {"null",           0      },
        {"{}",             0      },
        {"[7]",            0      },
        {"\"\"",           0      },
        {"\"abc\"",        0      },
        {"\"1.5x\"",       0      },
        {"\"0x10\"",       0      },
        {"\"nan\"",        0      },
        {"\"inf\"",        0      },
        {"\"1e999\"",      0      },
        {"\"1,5\"",        15     },
        {"\"1.\"",         1      },
        {"\",\"",          0      },
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

/* ---- option flow
 * -------------------------------------------------------------------------------------- */

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

/* ---- dark pool
 * ---------------------------------------------------------------------------------------- */

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

/* ---- the market
 * --------------------------------------------------------------------------------------- */

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

/* ---- options
 * ------------------------------------------------------------------------------------------ */

static void
test_greek_exposure_is_of_the_newest_day(void **state)
{
    CLEANUP(json_freep)
    struct json *body =
        parse("{\"data\":[{\"date\":\"2026-01-19\",\"call_gamma\":\"1\",\"put_gamma\":\"-1\"},"
              "{\"date\":\"2026-01-20\",\"call_gamma\":\"2900000.5\",\"put_gamma\":\"-1300000."
              "125\",\"call_delta\":\"160000000.25\","
              "\"put_delta\":\"-24000000.75\"},{\"date\":\"2025-12-31\",\"call_gamma\":\"9\"}]}");
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct greek_exposure g;

    (void)state;
    greek_exposure_decode(body, &g);
    greek_exposure_write(&g, NOW, &m);
    CLEANUP(json_freep) struct json *out = parse(text_str(&m.text));
    assert_string_equal(json_str(out, "date", ""), "2026-01-20");
    assert_true(near(json_f64(out, "gamma_exposure", 0), 1600000.375));
    assert_true(near(json_f64(out, "delta_exposure", 0), 135999999.5));
    assert_int_equal(json_i64(out, "exposure_update", 0), NOW_S);
}

static void
test_max_pain_takes_the_next_expiry(void **state)
{
    static const struct {
        const char *rows, *want;
    } cases[] = {
        {"{\"expiry\":\"2026-02-20\"},{\"expiry\":\"2026-01-20\"},{\"expiry\":\"2026-01-16\"}",
         "2026-01-20"                                                                                       },
        {"{\"expiry\":\"2026-01-16\"},{\"expiry\":\"2026-01-09\"}",                             "2026-01-16"},
        {"{\"expiry\":\"2026-03-01\"},{\"expiry\":\"2026-02-01\"}",                             "2026-02-01"},
        {"{\"expiry\":\"soon\"},{\"expiry\":\"2026-02-01\"}",                                   "2026-02-01"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text body = {0};
        struct max_pain p;
        text_printf(&body, "{\"data\":[%s]}", cases[i].rows);
        CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
        max_pain_decode(doc, TODAY, &p);
        assert_true(p.has_row);
        assert_string_equal(json_str(p.row, "expiry", ""), cases[i].want);
    }
}

static void
test_max_pain_leaves_out_what_was_not_sent(void **state)
{
    CLEANUP(json_freep)
    struct json *body =
        parse("{\"data\":[{\"expiry\":\"2026-01-23\",\"max_pain\":\"49.5\",\"close\":null}]}");
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct max_pain p;

    (void)state;
    max_pain_decode(body, TODAY, &p);
    max_pain_write(&p, NOW, &m);
    assert_string_equal(text_str(&m.text),
                        "{\"expiry\":\"2026-01-23\",\"max_pain\":49.5,\"last_update\":1768928400}");
}

static void
test_oi_change_counts_a_contract_once(void **state)
{
    CLEANUP(json_freep)
    struct json *desc = parse("{\"data\":[{\"option_symbol\":\"ACME300118C00050000\",\"oi_diff_"
                              "plain\":6000,\"curr_date\":\"2026-01-20\"},"
                              "{\"option_symbol\":\"ACME300118P00050000\",\"oi_diff_plain\":"
                              "\"1500\",\"curr_date\":\"2026-01-16\"}]}");
    CLEANUP(json_freep)
    struct json *asc =
        parse("{\"data\":[{\"option_symbol\":\"ACME300118C00060000\",\"oi_diff_plain\":-700},"
              "{\"option_symbol\":\"ACME300118C00050000\",\"oi_diff_plain\":6000},"
              "{\"option_symbol\":\"nonsense\",\"oi_diff_plain\":1},{\"oi_diff_plain\":1}]}");
    const struct json *const bodies[] = {desc, asc};
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct oi_change c;

    (void)state;
    oi_change_decode(bodies, 2, &c);
    oi_change_write(&c, NOW, &m);
    assert_string_equal(text_str(&m.text), "{\"call_oi_change\":5300,\"put_oi_change\":1500,\"net_"
                                           "oi_change\":3800,\"total_oi_change\":6800,"
                                           "\"oi_sentiment\":\"BULLISH\",\"contracts\":3,\"curr_"
                                           "date\":\"2026-01-20\",\"last_update\":1768928400}");
}

static void
test_option_symbols_name_their_side(void **state)
{
    static const struct {
        const char *symbol;
        char want;
    } cases[] = {
        {"ACME300118C00050000", 'C'},
        {"F260206P00280000",    'P'},
        {"BRKB260206P00280000", 'P'},
        {"C260206P00280000",    'P'},
        {"260206C00280000",     0  },
        {"ACME300118X00050000", 0  },
        {"",                    0  },
        {"ACME",                0  },
        {"ACME30O118C00050000", 0  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (option_symbol_side(cases[i].symbol) != cases[i].want) fail_msg("%s", cases[i].symbol);
    }
}

static void
test_greeks_of_the_nearest_strike(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse("{\"data\":[{\"strike\":\"45\",\"call_delta\":\"0.9\"},{\"strike\":"
                              "\"50\",\"call_delta\":\"0.51\"},"
                              "{\"strike\":\"bad\"},{\"strike\":\"55\"}]}");
    struct greeks_atm g;

    (void)state;
    greeks_atm_decode(body, 51.9, &g);
    assert_true(g.has_row && near(g.strike, 50));
    assert_true(near(uw_num_at(g.row, "call_delta"), 0.51));
}

/* ---- companies
 * ---------------------------------------------------------------------------------------- */

static void
test_etf_flow_sums_the_last_five_dates(void **state)
{
    CLEANUP(json_freep)
    struct json *body =
        parse("{\"data\":[{\"date\":\"2026-01-12\",\"change\":1000,\"change_prem\":\"99999\"},"
              "{\"date\":\"2026-01-20\",\"change\":-80,\"change_prem\":\"-19600.0\"},{\"date\":"
              "\"2026-01-13\",\"change\":1,\"change_prem\":\"1\"},"
              "{\"date\":\"2026-01-14\",\"change\":2,\"change_prem\":\"2\"},{\"date\":\"2026-01-"
              "16\",\"change\":4,\"change_prem\":\"4\"},"
              "{\"date\":\"2026-01-15\",\"change\":3,\"change_prem\":\"3\"},{\"date\":\"\","
              "\"change\":7}]}");
    struct etf_flow f;

    (void)state;
    etf_flow_decode(body, &f);
    assert_int_equal(f.rows, 5);
    assert_true(near(dollars(f.net_flow), -19590));
    assert_int_equal(f.net_shares, -70);
    assert_string_equal(f.latest_date, "2026-01-20");
}

static void
test_fails_are_of_the_last_date(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse("{\"data\":[{\"date\":\"2025-12-14\",\"quantity\":9100},{\"date\":"
                              "\"2025-12-13\",\"quantity\":\"1400\"}]}");
    struct fails f;

    (void)state;
    fails_decode(body, &f);
    assert_int_equal(f.count, 9100);
    assert_int_equal(f.sum_5, 10500);
    assert_string_equal(f.date, "2025-12-14");
}

static void
test_insider_leans_with_the_money(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse("{\"data\":[{\"date\":\"2026-01-12\",\"buy_sell\":\"buy\","
                              "\"premium\":\"250000\",\"transactions\":2},"
                              "{\"date\":\"2026-01-12\",\"buy_sell\":\"SELL\",\"premium\":\"-"
                              "1250000\",\"transactions\":6},"
                              "{\"date\":\"2025-10-21\",\"buy_sell\":\"buy\",\"premium\":"
                              "\"99999999\",\"transactions\":9},"
                              "{\"date\":\"2026-01-12\",\"buy_sell\":\"gift\",\"premium\":\"1\"},{"
                              "\"buy_sell\":\"buy\",\"premium\":\"5\"}]}");
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct insider i;

    (void)state;
    insider_decode(body, TODAY, &i);
    insider_write(&i, NOW, &m);
    CLEANUP(json_freep) struct json *out = parse(text_str(&m.text));
    assert_string_equal(json_str(out, "sentiment", ""), "BEARISH");
    assert_int_equal(json_i64(out, "net_buys", 0), 2);
    assert_int_equal(json_i64(out, "net_sells", 0), 6);
    assert_true(near(json_f64(out, "conviction_modifier", 0), -1.0 / 30));
    assert_true(near(json_f64(out, "total_usd", 0), 1500000));
}

static void
test_earnings_take_the_nearest_report_to_come(void **state)
{
    CLEANUP(json_freep)
    struct json *body =
        parse("{\"data\":[{\"report_date\":\"2026-04-30\",\"report_time\":\"postmarket\"},"
              "{\"report_date\":\"2026-01-30\",\"report_time\":\"premarket\"},{\"report_date\":"
              "\"2026-01-19\"},{\"report_date\":null}]}");
    CLEANUP(json_freep) struct json *past = parse("{\"data\":[{\"report_date\":\"2025-01-30\"}]}");
    CLEANUP(member_free) struct member m = MEMBER_EMPTY;
    struct earnings e;

    (void)state;
    earnings_decode(body, TODAY, &e);
    earnings_write(&e, TODAY, NOW, &m);
    assert_string_equal(
        text_str(&m.text),
        "{\"has_earnings\":true,\"earnings_date\":\"2026-01-30\",\"report_time\":\"premarket\","
        "\"days_to_earnings\":10,\"has_fda\":false,\"fda_catalyst\":\"\",\"economic_events\":[],"
        "\"last_update\":1768928400}");
    earnings_decode(past, TODAY, &e);
    assert_false(e.is_known);
}

static void
test_congress_reads_the_side_from_the_type(void **state)
{
    static const struct {
        const char *type;
        int buys, sells;
    } cases[] = {
        {"Buy",                1, 0},
        {"Purchase",           1, 0},
        {"purchase (partial)", 1, 0},
        {"Sell",               0, 1},
        {"Sell (partial)",     0, 1},
        {"Sell (PARTIAL)",     0, 1},
        {"Sale (Full)",        0, 1},
        {"Receive",            0, 0},
        {"Exchange",           0, 0},
        {"",                   0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text body = {0};
        struct congress c;
        text_printf(&body,
                    "{\"data\":[{\"ticker\":\"ACME\",\"txn_type\":\"%s\"},{\"ticker\":\"ZETA\","
                    "\"txn_type\":\"Buy\"}]}",
                    cases[i].type);
        CLEANUP(json_freep) struct json *doc = parse(text_str(&body));
        congress_decode(doc, "ACME", &c);
        assert_int_equal(c.recent, 1);
        if (c.buys != cases[i].buys || c.sells != cases[i].sells) fail_msg("%s", cases[i].type);
    }
}

static void
test_owners_rank_by_share_of_the_company(void **state)
{
    CLEANUP(json_freep)
    struct json *body = parse(
        "{\"data\":[{\"units\":6000000,\"shares_outstanding\":\"120000000.0\",\"filing_date\":"
        "\"2026-01-02\"},"
        "{\"units\":\"1200000\",\"shares_outstanding\":\"120000000\",\"filing_date\":\"2025-11-"
        "14\"},"
        "{\"units\":12000000,\"shares_outstanding\":\"120000000\",\"filing_date\":\"2025-12-06\"},"
        "{\"units\":5,\"shares_outstanding\":\"0\"},{\"units\":600000,\"shares_outstanding\":"
        "120000000},"
        "{\"units\":600000,\"shares_outstanding\":120000000},{\"units\":120000,\"shares_"
        "outstanding\":120000000}]}");
    struct owners w;

    (void)state;
    owners_decode(body, TODAY, &w);
    assert_int_equal(w.holders, 7);
    assert_int_equal(w.recent, 2); /* 2025-12-06 is 45 days ago */
    assert_true(near(w.top_pct, 10));
    assert_true(near(w.top5_pct, 10 + 5 + 1 + 0.5 + 0.5));
    assert_int_equal(w.sample_len, 3);
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
        cmocka_unit_test(test_greek_exposure_is_of_the_newest_day),
        cmocka_unit_test(test_max_pain_takes_the_next_expiry),
        cmocka_unit_test(test_max_pain_leaves_out_what_was_not_sent),
        cmocka_unit_test(test_oi_change_counts_a_contract_once),
        cmocka_unit_test(test_option_symbols_name_their_side),
        cmocka_unit_test(test_greeks_of_the_nearest_strike),
        cmocka_unit_test(test_etf_flow_sums_the_last_five_dates),
        cmocka_unit_test(test_fails_are_of_the_last_date),
        cmocka_unit_test(test_insider_leans_with_the_money),
        cmocka_unit_test(test_earnings_take_the_nearest_report_to_come),
        cmocka_unit_test(test_congress_reads_the_side_from_the_type),
        cmocka_unit_test(test_owners_rank_by_share_of_the_company),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
