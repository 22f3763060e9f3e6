/*
 * The decoders of slow figures: options and companies (spec 20 3.8.4).
 */
#include "tests/lib/check.h"
#include "base/json.h"
#include "uwclient/decode_company.h"
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

/* ---- options --------------------------------------------------------------------------------- */

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

/* ---- companies ------------------------------------------------------------------------------- */

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
