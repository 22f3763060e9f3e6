#include "decide_fixture.h"

#include "strategy/entry_price.h"

/* bid 39.90, ask 40.10: middle 40.00, tolerance 10 bps = 0.04. */
static void
test_entry_price_limits_by_mode_and_side(void **state)
{
    (void)state;
    static const struct {
        enum entry_mode mode;
        enum order_side side;
        double limit; /* 0: market order */
    } cases[] = {
        {ENTRY_MAKER_BIAS,      SIDE_BUY,  39.96},
        {ENTRY_MAKER_BIAS,      SIDE_SELL, 39.96},
        {ENTRY_MIDPOINT,        SIDE_BUY,  40.00},
        {ENTRY_MIDPOINT,        SIDE_SELL, 40.00},
        {ENTRY_BID_PLUS,        SIDE_BUY,  39.94},
        {ENTRY_BID_PLUS,        SIDE_SELL, 40.06},
        {ENTRY_MARKET_FALLBACK, SIDE_BUY,  0    },
        {ENTRY_MARKET_FALLBACK, SIDE_SELL, 0    },
    };
    struct entry_quote q = fixture_quote(39.90, 40.10);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        usd limit = USD_ZERO;
        bool has = entry_limit(cases[i].mode, cases[i].side, &q, 10, &limit);
        assert_int_equal(has, cases[i].limit > 0);
        if (limit.e4 != USD(cases[i].limit).e4) fail_msg("row %zu: %lld", i, (long long)limit.e4);
    }
}

/* bid 39.99, ask 40.01: the spread is half the tolerance. */
static void
test_entry_price_stays_inside_a_tight_quote(void **state)
{
    (void)state;
    static const struct {
        enum entry_mode mode;
        enum order_side side;
        double limit;
    } cases[] = {
        {ENTRY_MAKER_BIAS,      SIDE_BUY,  39.97},
        {ENTRY_MAKER_BIAS,      SIDE_SELL, 40.01},
        {ENTRY_MIDPOINT,        SIDE_BUY,  39.97},
        {ENTRY_MIDPOINT,        SIDE_SELL, 40.03},
        {ENTRY_MARKET_FALLBACK, SIDE_BUY,  40.00},
        {ENTRY_MARKET_FALLBACK, SIDE_SELL, 40.00},
    };
    struct entry_quote q = fixture_quote(39.99, 40.01);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        usd limit = USD_ZERO;
        assert_true(entry_limit(cases[i].mode, cases[i].side, &q, 10, &limit));
        if (limit.e4 != USD(cases[i].limit).e4) fail_msg("row %zu: %lld", i, (long long)limit.e4);
    }
}

static void
test_entry_price_reprices_towards_the_market_but_not_through_it(void **state)
{
    (void)state;
    struct entry_quote q = fixture_quote(39.90, 40.10);

    assert_int_equal(entry_reprice(SIDE_BUY, USD(39.96), &q, 10).e4, USD(40.00).e4);
    assert_int_equal(entry_reprice(SIDE_BUY, USD(40.50), &q, 10).e4, USD(40.06).e4); /* ask - tol */
    assert_int_equal(entry_reprice(SIDE_BUY, USD(39.00), &q, 10).e4, USD(39.90).e4); /* bid       */
    assert_int_equal(entry_reprice(SIDE_SELL, USD(40.04), &q, 10).e4, USD(40.00).e4);
    assert_int_equal(entry_reprice(SIDE_SELL, USD(39.00), &q, 10).e4,
                     USD(39.94).e4); /* bid + tol */
    assert_int_equal(entry_reprice(SIDE_SELL, USD(41.00), &q, 10).e4, USD(40.10).e4); /* ask */
}

static void
test_entry_price_substitutes_a_missing_quote(void **state)
{
    (void)state;
    struct last_trade last = {.price = USD(40), .is_known = true}, none = {0};
    struct nbbo good = {.bid = USD(39.9), .ask = USD(40.1), .is_known = true};
    struct nbbo crossed = {.bid = USD(40.2), .ask = USD(40.1), .is_known = true};
    struct nbbo half = {.bid = USD_ZERO, .ask = USD(40.1), .is_known = true};
    struct nbbo missing = {.bid = USD(1), .ask = USD(2)};

    assert_false(entry_quote_of(&good, &last).is_synthetic);
    assert_int_equal(entry_quote_of(&good, &none).bid.e4, USD(39.9).e4);
    const struct nbbo *bad[] = {&crossed, &half, &missing};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct entry_quote q = entry_quote_of(bad[i], &last);
        assert_true(q.is_known && q.is_synthetic);
        assert_int_equal(q.bid.e4, USD(39.96).e4);
        assert_int_equal(q.ask.e4, USD(40.04).e4);
        assert_false(entry_quote_of(bad[i], &none).is_known);
    }
}

static void
test_entry_price_mode_by_router_predictor_and_regime(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double bid, ask, toxicity;
        const char *regime;
        enum entry_route rule;
        bool predictor;
        enum entry_route route;
        enum entry_mode mode;
    } cases[] = {
        {"plain",                       39.99,   40.01,   0.1,         "mixed",                ROUTE_LIMIT_OFFSET,  false, ROUTE_LIMIT_OFFSET,
         ENTRY_MAKER_BIAS                                                                                                                                            },
        {"peg",                         39.99,   40.01,   0.1,         "quiet",                ROUTE_PEG_MID,       false, ROUTE_PEG_MID,       ENTRY_MIDPOINT       },
        {"vwap",                        39.99,   40.01,   0.1,         "mixed",                ROUTE_VWAP_ADAPTIVE, false, ROUTE_VWAP_ADAPTIVE,
         ENTRY_MARKET_FALLBACK                                                                                                                                       },
        {"toxic",                       39.99,   40.01,   0.61,        "quiet",                ROUTE_PEG_MID,       false, ROUTE_TWAP_SLICE,
         ENTRY_MAKER_BIAS                                                                                                                                            },
        {"just not toxic",              39.99,   40.01,   0.6,         "quiet",                ROUTE_PEG_MID,       false, ROUTE_PEG_MID,
         ENTRY_MIDPOINT                                                                                                                                              },
        {"50 bps of the bid",           40,      40.2,    0.1,         "quiet",                ROUTE_PEG_MID,       false, ROUTE_PEG_MID,
         ENTRY_MIDPOINT                                                                                                                                              },
        {"and a little more",           40,      40.2001, 0.1,         "quiet",                ROUTE_PEG_MID,       false, ROUTE_TWAP_SLICE,
         ENTRY_MAKER_BIAS                                                                                                                                            },
        {"predictor, on its threshold", 12.49,   12.51,   0.1,         "mixed",                ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MAKER_BIAS     }, /* 16 bps */
        {"predictor, just below",       12.4901, 12.51,   0.1,         "mixed",                ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MIDPOINT       },
        {"wide",                        39.80,   40.01,   0.1,         "quiet",                ROUTE_PEG_MID,       false, ROUTE_TWAP_SLICE,
         ENTRY_MAKER_BIAS                                                                                                                                            },
        {"predictor, small",            39.97,   40.03,   0.1,         "mixed",                ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MIDPOINT       }, /* 15 bps / 2 = 7.5 */
        {"predictor, large",            39.96,   40.04,   0.1,         "mixed",                ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MAKER_BIAS     }, /* 20 bps / 2 = 10 */
        {"panic of gamma",              39.96,   40.04,   0.1,         "high_vol_neg_gamma",   ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MARKET_FALLBACK},
        {"downtrend",                   39.96,   40.04,   0.1,         "downtrend_flow_heavy", ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MARKET_FALLBACK},
        {"uptrend",                     39.97,   40.03,   0.1,         "low_vol_uptrend",      ROUTE_LIMIT_OFFSET,  true,
         ROUTE_LIMIT_OFFSET,                                                                                                                    ENTRY_MAKER_BIAS     },
        {"toxicity not told",           39.99,   40.01,   NUMBER_NONE, "quiet",                ROUTE_PEG_MID,       false,
         ROUTE_PEG_MID,                                                                                                                         ENTRY_MIDPOINT       },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct strategy_config cfg = fixture_config();
        cfg.exec_predictor = cases[i].predictor;
        struct entry_price_inputs in = {.quote = fixture_quote(cases[i].bid, cases[i].ask),
                                        .side = SIDE_BUY,
                                        .toxicity = cases[i].toxicity,
                                        .market_regime = cases[i].regime,
                                        .route_rule = cases[i].rule,
                                        .cfg = &cfg};
        struct entry_price p = entry_price(&in);
        if (p.mode != cases[i].mode || p.route != cases[i].route)
            fail_msg("%s: %s, %s", cases[i].what, entry_route_name(p.route),
                     entry_mode_name(p.mode));
    }
}

static void
test_entry_price_route_comes_from_the_rules(void **state)
{
    (void)state;
    static const struct {
        const char *file, *regime; /* NULL: no file */
        enum entry_route route;
    } cases[] = {
        {NULL,                                                    "quiet", ROUTE_PEG_MID      },
        {NULL,                                                    "mixed", ROUTE_LIMIT_OFFSET },
        {"{}",                                                    "quiet", ROUTE_LIMIT_OFFSET },
        {"{\"selection_rules\": {\"mixed\": \"vwap_adaptive\"}}", "mixed", ROUTE_VWAP_ADAPTIVE},
        {"{\"selection_rules\": {\"mixed\": \"vwap_adaptive\"}}", "high",  ROUTE_LIMIT_OFFSET },
        {"{\"selection_rules\": {\"mixed\": \"by_pigeon\"}}",     "mixed", ROUTE_LIMIT_OFFSET },
        {"{\"selection_rules\": {\"mixed\": 5}}",                 "mixed", ROUTE_LIMIT_OFFSET },
        {"{\"selection_rules\": 5}",                              "mixed", ROUTE_LIMIT_OFFSET },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = NULL;
        if (cases[i].file != NULL)
            assert_int_equal(json_parse(cases[i].file, strlen(cases[i].file), JSON_STRICT,
                                        &JSON_LIMITS_BODY, &doc, NULL),
                             RC_OK);
        if (entry_route_rule(doc, cases[i].regime) != cases[i].route) fail_msg("row %zu", i);
    }
}

static void
test_entry_price_predictor_counts_the_time_since_the_open(void **state)
{
    (void)state;
    struct strategy_config cfg = fixture_config();
    struct entry_price_inputs in = {.quote = fixture_quote(39.97, 40.03),
                                    .side = SIDE_BUY,
                                    .market_regime = "mixed",
                                    .minutes_since_open = 195,
                                    .cfg = &cfg};
    assert_near(entry_price(&in).predicted_slippage, 7.5 + 0.05, 1e-9);
    cfg.slippage_threshold_bps = 7.5 + 0.04;
    assert_int_equal(entry_price(&in).mode, ENTRY_MAKER_BIAS);
    cfg.slippage_threshold_bps = 7.5 + 0.06;
    assert_int_equal(entry_price(&in).mode, ENTRY_MIDPOINT);
}

static void
test_entry_price_without_any_quote_has_no_limit(void **state)
{
    (void)state;
    struct strategy_config cfg = fixture_config();
    struct entry_price_inputs in = {.side = SIDE_BUY, .market_regime = "mixed", .cfg = &cfg};
    assert_false(entry_price(&in).has_limit);
}

static void
test_entry_price_words(void **state)
{
    (void)state;
    assert_int_equal(entry_route_from("peg_mid", ROUTE_LIMIT_OFFSET), ROUTE_PEG_MID);
    assert_int_equal(entry_route_from("nonsense", ROUTE_LIMIT_OFFSET), ROUTE_LIMIT_OFFSET);
    assert_int_equal(entry_route_default("quiet"), ROUTE_PEG_MID);
    assert_int_equal(entry_route_default("high"), ROUTE_LIMIT_OFFSET);
}

/* A limit is whole cents, positive, and a buy never bids above the ask. */
static void
test_entry_price_property_limits_are_orders(void **state)
{
    (void)state;
    struct rng rng = check_rng("entry limits");

    for (int i = 0; i < 20000; i++) {
        int64_t bid = 100 + (int64_t)rng_below(&rng, 5000000),
                spread = (int64_t)rng_below(&rng, 20000);
        struct entry_quote q = {.is_known = true, .bid = {bid}, .ask = {bid + spread}};
        enum entry_mode mode = (enum entry_mode)rng_below(&rng, 4);
        enum order_side side = (enum order_side)rng_below(&rng, 2);
        usd limit = USD_ZERO;
        if (!entry_limit(mode, side, &q, 10, &limit)) continue;
        assert_true(limit.e4 > 0 && limit.e4 % 100 == 0);
        if (side == SIDE_BUY) assert_true(limit.e4 <= q.ask.e4 + 50); /* rounding to cents */
        usd next = entry_reprice(side, limit, &q, 10);
        assert_true(next.e4 > 0 && next.e4 % 100 == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry_price_limits_by_mode_and_side),
        cmocka_unit_test(test_entry_price_stays_inside_a_tight_quote),
        cmocka_unit_test(test_entry_price_reprices_towards_the_market_but_not_through_it),
        cmocka_unit_test(test_entry_price_substitutes_a_missing_quote),
        cmocka_unit_test(test_entry_price_mode_by_router_predictor_and_regime),
        cmocka_unit_test(test_entry_price_route_comes_from_the_rules),
        cmocka_unit_test(test_entry_price_predictor_counts_the_time_since_the_open),
        cmocka_unit_test(test_entry_price_without_any_quote_has_no_limit),
        cmocka_unit_test(test_entry_price_words),
        cmocka_unit_test(test_entry_price_property_limits_are_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
