/*
 * Answers that the real API gave, decoded; the sums were computed from the files by another
 * program.
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/decode_company.h"
#include "uwclient/decode_darkpool.h"
#include "uwclient/decode_flow.h"
#include "uwclient/decode_market.h"
#include "uwclient/decode_options.h"
#include "uwclient/drift.h"

#define DEC26 "data/uw/recorded_2025-12-26/"
#define JAN30 "data/uw/recorded_2026-01-30/"

static struct json *
recorded(const char *name)
{
    struct json *doc = uw_shared_json(name);

    if (doc == NULL) skip();
    return doc;
}

static bool
near(double a, double b)
{
    double diff = a > b ? a - b : b - a;

    return diff <= 1e-6;
}

static void
test_recorded_dark_pool(void **state)
{
    CLEANUP(json_freep) struct json *body = recorded(DEC26 "darkpool_AAPL.json");
    struct dark_pool p;

    (void)state;
    dark_pool_decode(body, when_parse_or_none("2025-12-26T23:45:00Z"), &p);
    assert_int_equal(p.print_count, 500);
    assert_int_equal(p.total_notional.e4, INT64_C(2333952070187));
    assert_int_equal(p.total_notional_1h.e4, INT64_C(118188570366));
    assert_int_equal(p.off_lit_volume, 853612);
    assert_int_equal(p.buy_volume, 193595);
    assert_int_equal(p.sell_volume, 192964);
    assert_string_equal(p.sentiment, "BULLISH");
    assert_true(p.is_truncated);
}

static void
test_recorded_flow_alerts_of_each_symbol(void **state)
{
    static const struct {
        const char *file, *now, *symbol;
        size_t trades;
        int64_t total, call, net; /* USD */
        double conviction;
    } cases[] = {
        {DEC26 "flow_alerts.json",       "2025-12-26T21:15:00Z", "SLV",  23, 923410,  117554,  -688302,
         0.644151                                                                                           },
        {DEC26 "flow_alerts.json",       "2025-12-26T21:15:00Z", "TLT",  10, 443068,  443068,  443068,
         0.521534                                                                                           },
        {DEC26 "flow_alerts.json",       "2025-12-26T21:15:00Z", "IWM",  3,  1514539, 0,       -1514539, 1.0},
        {JAN30 "flow_alerts_union.json", "2026-01-30T20:58:10Z", "GLD",  8,  366914,  191859,  16804,
         0.308402                                                                                           },
        {JAN30 "flow_alerts_union.json", "2026-01-30T20:58:10Z", "TSLA", 7,  2115502, 2115502,
         2115502,                                                                                        1.0},
        {JAN30 "flow_alerts_union.json", "2026-01-30T20:58:10Z", "SPY",  4,  669243,  251269,  -166705,
         0.3833525                                                                                          },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *body = recorded(cases[i].file);
        static struct flow_trades t;
        flow_select(body, cases[i].symbol, when_parse_or_none(cases[i].now), 3600, &t);
        struct flow_summary s = flow_summarise(&t);
        if (t.len != cases[i].trades) fail_msg("%s: %zu trades", cases[i].symbol, t.len);
        assert_int_equal(s.total.e4, cases[i].total * 10000);
        assert_int_equal(s.call.e4, cases[i].call * 10000);
        assert_int_equal(s.net.e4, cases[i].net * 10000);
        assert_true(near(s.conviction, cases[i].conviction));
        assert_string_equal(s.sentiment, cases[i].net > 0 ? "BULLISH" : "BEARISH");
    }
}

/* The answers of the production poller were about the whole market, whatever symbol it asked for.
 */
static void
test_recorded_flow_belongs_to_few_of_those_who_asked(void **state)
{
    CLEANUP(json_freep) struct json *all = recorded(JAN30 "flow_alerts_union.json");
    CLEANUP(json_freep) struct json *polls = recorded(JAN30 "flow_alerts_polls.json");
    size_t kept = 0, asked = 0;

    (void)state;
    for (const struct json *poll = json_first(polls); poll != NULL; poll = json_next(poll)) {
        static struct flow_trades t;
        flow_select(all, json_key(poll), json_i64(poll, "polled_at", 0) * NS_PER_S, 3600, &t);
        kept += t.len;
        asked++;
        assert_int_equal(t.len + t.foreign, 113);
    }
    assert_int_equal(asked, 17);
    assert_true(kept < 30);
}

static void
test_recorded_market(void **state)
{
    CLEANUP(json_freep) struct json *tide = recorded(DEC26 "market_tide.json");
    CLEANUP(json_freep)
    struct json *minute = recorded("data/uw/recorded_2025-03-17/market_tide_1m.json");
    CLEANUP(json_freep) struct json *impact = recorded(DEC26 "top_net_impact.json");
    struct market_tide t;
    struct net_impact n;
    int64_t sum_e4 = 0;

    (void)state;
    market_tide_decode(tide, &t);
    assert_string_equal(t.timestamp, "2025-12-26T16:00:00-05:00");
    assert_int_equal(t.call_premium.e4, INT64_C(1136140640000));
    assert_int_equal(t.put_premium.e4, INT64_C(1807706240000));
    assert_int_equal(t.net_volume, -625457);
    assert_string_equal(t.sentiment, "BEARISH");
    market_tide_decode(minute, &t);
    assert_string_equal(t.timestamp, "2025-03-17T16:14:00-04:00");
    assert_int_equal(t.call_premium.e4, INT64_C(445449320000) + INT64_C(638843810000));
    assert_string_equal(t.sentiment, "BULLISH");
    net_impact_decode(impact, &n);
    for (size_t i = 0; i < n.len; i++)
        sum_e4 += n.row[i].net_premium.e4;
    assert_int_equal(n.len, 20);
    assert_int_equal(sum_e4, INT64_C(-137285940000));
}

static void
test_recorded_options(void **state)
{
    CLEANUP(json_freep) struct json *exposure = recorded(DEC26 "greek_exposure_AAPL.json");
    CLEANUP(json_freep) struct json *rank = recorded(DEC26 "iv_rank_AAPL.json");
    CLEANUP(json_freep) struct json *oi = recorded(DEC26 "oi_change_AAPL.json");
    CLEANUP(json_freep) struct json *pain = recorded(JAN30 "max_pain_MS.json");
    CLEANUP(json_freep) struct json *greeks = recorded(DEC26 "greeks_AAPL.json");
    CLEANUP(json_freep) struct json *again = recorded(DEC26 "oi_change_AAPL.json");
    const struct json *const bodies[] = {oi, again}; /* a contract in both answers counts once */
    struct greek_exposure g;
    struct iv_rank r;
    struct oi_change c;
    struct max_pain p;
    struct greeks_atm atm;

    (void)state;
    greek_exposure_decode(exposure, &g);
    assert_string_equal(g.date, "2025-07-01");
    assert_true(near(g.value[GREEK_CALL_GAMMA] + g.value[GREEK_PUT_GAMMA], 1813024.8704));
    assert_true(near(g.value[GREEK_CALL_DELTA] + g.value[GREEK_PUT_DELTA], 50576829.4655));
    iv_rank_decode(rank, &r);
    assert_string_equal(r.date, "2025-12-26");
    assert_true(near(r.rank, 0.3965) && near(r.current_iv, 0.1727) && near(r.close, 273.4));
    oi_change_decode(bodies, 2, &c);
    assert_int_equal(c.contracts, 25);
    assert_int_equal(c.call_change, 22366);
    assert_int_equal(c.put_change, 6444);
    assert_string_equal(c.curr_date, "2025-12-26");
    max_pain_decode(pain, (struct date){2026, 1, 30}, &p);
    assert_true(p.has_row && near(p.max_pain, 182.5));
    greeks_atm_decode(greeks, 273.4, &atm);
    assert_true(atm.has_row && near(atm.strike, 262.5));
}

static void
test_recorded_empty_fund_flow(void **state)
{
    CLEANUP(json_freep) struct json *body = recorded(DEC26 "etf_in_outflow_AAPL.json");
    struct etf_flow f;

    (void)state;
    etf_flow_decode(body, &f);
    assert_int_equal(f.rows, 0);
    assert_int_equal(f.net_flow.e4, 0);
}

/* The shapes we expect are those that were recorded: no finding in any of them. */
static void
test_recorded_shapes_do_not_drift(void **state)
{
    static const struct {
        const char *file;
        enum uw_endpoint endpoint;
    } cases[] = {
        {DEC26 "flow_alerts.json",         UW_EP_FLOW_ALERTS    },
        {JAN30 "flow_alerts_union.json",   UW_EP_FLOW_ALERTS    },
        {DEC26 "darkpool_AAPL.json",       UW_EP_DARKPOOL_TICKER},
        {DEC26 "market_tide.json",         UW_EP_MARKET_TIDE    },
        {DEC26 "top_net_impact.json",      UW_EP_TOP_NET_IMPACT },
        {DEC26 "greek_exposure_AAPL.json", UW_EP_GREEK_EXPOSURE },
        {DEC26 "greeks_AAPL.json",         UW_EP_GREEKS         },
        {DEC26 "oi_change_AAPL.json",      UW_EP_OI_CHANGE      },
        {DEC26 "iv_rank_AAPL.json",        UW_EP_IV_RANK        },
        {DEC26 "etf_in_outflow_AAPL.json", UW_EP_ETF_IN_OUTFLOW },
        {JAN30 "max_pain_MS.json",         UW_EP_MAX_PAIN       },
    };
    struct uw_world w;
    static struct drift d;

    (void)state;
    uw_world_make(&w, "2026-01-30T21:00:00Z");
    drift_init(&d, &w.clock, &w.store, &w.log);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *body = uw_shared_json(cases[i].file);
        if (body == NULL) {
            uw_world_remove(&w);
            skip();
        }
        drift_note(&d, cases[i].endpoint, body);
        if (d.len > 0)
            fail_msg("%s: %s %s", cases[i].file, drift_kind_name(d.finding[0].kind),
                     d.finding[0].field);
    }
    uw_world_remove(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_dark_pool),
        cmocka_unit_test(test_recorded_flow_alerts_of_each_symbol),
        cmocka_unit_test(test_recorded_flow_belongs_to_few_of_those_who_asked),
        cmocka_unit_test(test_recorded_market),
        cmocka_unit_test(test_recorded_options),
        cmocka_unit_test(test_recorded_empty_fund_flow),
        cmocka_unit_test(test_recorded_shapes_do_not_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
