#include "decide_fixture.h"

#include "strategy/ladder.h"

static void
test_regime_label_takes_the_first_match(void **state)
{
    (void)state;
    static const struct {
        double vol, breadth, premium;
        int gamma;
        const char *label;
    } cases[] = {
        {0.91, 0.3,   1,  -1, "high_vol_neg_gamma"  },
        {0.90, 0,     1,  -1, "mixed"               },
        {0.91, 0,     1,  1,  "mixed"               },
        {0.49, 0.21,  1,  1,  "low_vol_uptrend"     },
        {0.49, 0.20,  1,  1,  "mixed"               },
        {0.50, 0.21,  1,  1,  "mixed"               },
        {0.60, -0.21, -1, 1,  "downtrend_flow_heavy"},
        {0.60, -0.20, -1, 1,  "mixed"               },
        {0.60, -0.21, 0,  1,  "mixed"               },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(
            market_regime_of(cases[i].vol, cases[i].breadth, cases[i].premium, cases[i].gamma),
            cases[i].label);

    struct market_regime_inputs in = {
        .has_spy = true, .spy = DIRECTION_BEARISH, .net_premium = -1e9};
    assert_string_equal(market_regime(&in), "mixed");
}

/* Closes whose returns alternate between mean + d and mean - d. */
static void
zigzag(double close[61], double mean, double d)
{
    close[0] = 100;
    for (size_t i = 1; i < 61; i++)
        close[i] = close[i - 1] * (1 + mean + (i % 2 ? d : -d));
}

static void
test_regime_comes_from_mean_and_deviation(void **state)
{
    (void)state;
    static const struct {
        double mean, deviation;
        enum structural_regime regime;
        double confidence;
    } cases[] = {
        {0,      0.01,  REGIME_NEUTRAL,  0.5},
        {0.0049, 0.01,  REGIME_NEUTRAL,  0.5},
        {0.0051, 0.01,  REGIME_RISK_ON,  0.6},
        {0.0051, 0.031, REGIME_RISK_OFF, 0.6},
        {-0.009, 0.031, REGIME_RISK_OFF, 0.6},
        {-0.011, 0.031, REGIME_PANIC,    0.7},
        {-0.011, 0.029, REGIME_NEUTRAL,  0.5},
    };
    struct structural_state before = {.regime = REGIME_RISK_ON, .confidence = 0.1, .updated_ns = 5};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double close[61];
        zigzag(close, cases[i].mean, cases[i].deviation);
        struct structural_state s = structural_regime_of(close, 61, &before, 7);
        if (s.regime != cases[i].regime)
            fail_msg("row %zu: %s", i, structural_regime_name(s.regime));
        assert_near(s.confidence, cases[i].confidence, 0);
        assert_int_equal(s.updated_ns, 7);
    }
}

static void
test_regime_stays_without_enough_closes(void **state)
{
    (void)state;
    struct structural_state before = {.regime = REGIME_PANIC, .confidence = 0.7, .updated_ns = 5};
    double close[61];
    zigzag(close, 0, 0.01);

    assert_int_equal(structural_regime_of(close, 30, &before, 7).regime,
                     REGIME_PANIC); /* 29 returns */
    assert_int_equal(structural_regime_of(close, 31, &before, 7).regime, REGIME_NEUTRAL);
    assert_int_equal(structural_regime_of(close, 0, &before, 7).regime, REGIME_PANIC);
    close[30] = 0;
    assert_int_equal(structural_regime_of(close, 61, &before, 7).regime, REGIME_PANIC);
}

static void
test_regime_multiplies_by_direction(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double bullish, bearish;
    } cases[] = {
        {"RISK_ON",  1.2, 0.9},
        {"NEUTRAL",  1.0, 1.0},
        {"RISK_OFF", 0.8, 1.1},
        {"PANIC",    1.2, 0.9},
        {"?",        1.0, 1.0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum structural_regime r = structural_regime_from(cases[i].name);
        assert_near(structural_multiplier(r, DIRECTION_BULLISH), cases[i].bullish, 0);
        assert_near(structural_multiplier(r, DIRECTION_BEARISH), cases[i].bearish, 0);
    }
}

static void
test_regime_macro_factor_at_its_yields(void **state)
{
    (void)state;
    static const struct {
        double yield_pct;
        bool is_rising, is_growth;
        enum direction d;
        double factor;
    } cases[] = {
        {5.0,  false, true,  DIRECTION_BULLISH, 1.0              },
        {5.01, false, true,  DIRECTION_BULLISH, 0.8 * 0.9        },
        {5.01, false, true,  DIRECTION_BEARISH, 0.8              },
        {5.01, false, false, DIRECTION_BULLISH, 0.9              },
        {5.01, false, false, DIRECTION_BEARISH, 1.0              },
        {4.5,  true,  true,  DIRECTION_BULLISH, 0.85 * 0.9       },
        {4.5,  true,  false, DIRECTION_BEARISH, 1.0              },
        {5.01, true,  true,  DIRECTION_BULLISH, 0.72 * 0.85 * 0.9},
        {3.0,  false, true,  DIRECTION_BULLISH, 1.0              },
        {2.99, false, true,  DIRECTION_BULLISH, 1.1 * 1.05       },
        {2.99, false, false, DIRECTION_BEARISH, 1.0              },
        {2.99, false, true,  DIRECTION_BEARISH, 1.1              },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct macro_state m = {true, cases[i].yield_pct, cases[i].is_rising};
        assert_near(macro_multiplier(&m, cases[i].is_growth, cases[i].d), cases[i].factor, 1e-12);
        m.is_known = false;
        assert_near(macro_multiplier(&m, cases[i].is_growth, cases[i].d), 1.0, 0);
    }
    struct macro_state no_yield = {true, (double)NAN, false};
    assert_near(macro_multiplier(&no_yield, true, DIRECTION_BULLISH), 1.0, 0);
    assert_true(macro_is_growth("Technology"));
    assert_true(macro_is_growth("Consumer Discretionary"));
    assert_true(macro_is_growth("general"));
    assert_false(macro_is_growth("Tech_Growth"));
}

static void
test_regime_of_exits_takes_neutral_for_mixed(void **state)
{
    (void)state;
    assert_string_equal(exit_regime_name(REGIME_NEUTRAL), "mixed");
    assert_string_equal(exit_regime_name(REGIME_OTHER), "mixed");
    assert_string_equal(exit_regime_name(REGIME_PANIC), "PANIC");
}

static void
test_ladder_takes_the_worst_rung_and_its_first_reason(void **state)
{
    (void)state;
    bool holds[HALTS_LEN] = {0};

    assert_int_equal(ladder_of(holds).rung, RUNG_NORMAL);
    assert_int_equal(ladder_of(holds).reason, HALTS_LEN);
    holds[HALT_NOT_ARMED] = holds[HALT_FROZEN] = true;
    assert_int_equal(ladder_of(holds).rung, RUNG_EXITS_ONLY);
    assert_int_equal(ladder_of(holds).reason, HALT_FROZEN);
    holds[HALT_BROKER_UNREACHABLE] = true;
    assert_int_equal(ladder_of(holds).rung, RUNG_RECONCILE_ONLY);
    assert_int_equal(ladder_of(holds).reason, HALT_BROKER_UNREACHABLE);
    holds[HALT_LEDGER_UNUSABLE] = true;
    assert_int_equal(ladder_of(holds).rung, RUNG_OBSERVE_ONLY);
    assert_true(ladder_of(holds).holds[HALT_NOT_ARMED]);
}

static void
test_ladder_has_a_name_and_a_rung_for_each_reason(void **state)
{
    (void)state;
    for (int h = 0; h < HALTS_LEN; h++) {
        bool holds[HALTS_LEN] = {0};
        holds[h] = true;
        assert_true(halt_row((enum halt)h)->name[0] != '\0');
        assert_int_not_equal(ladder_of(holds).rung, RUNG_NORMAL);
        assert_int_equal(ladder_of(holds).reason, h);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regime_label_takes_the_first_match),
        cmocka_unit_test(test_regime_comes_from_mean_and_deviation),
        cmocka_unit_test(test_regime_stays_without_enough_closes),
        cmocka_unit_test(test_regime_multiplies_by_direction),
        cmocka_unit_test(test_regime_macro_factor_at_its_yields),
        cmocka_unit_test(test_regime_of_exits_takes_neutral_for_mixed),
        cmocka_unit_test(test_ladder_takes_the_worst_rung_and_its_first_reason),
        cmocka_unit_test(test_ladder_has_a_name_and_a_rung_for_each_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
