#include "gate_scene.h"

static void
test_gate_expectancy_by_stage_and_regime(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double score, toxicity;
        const char *regime;
        enum trading_stage stage;
        int used;
        double ev;
        bool passed;
        const char *reason;
    } cases[] = {
        {"score floor",                    2.99, 0,    "mixed",                STAGE_BOOTSTRAP,       0, 0.098,  false, "score_floor_breach"     },
        {"on the floor",                   3.0,  0,    "mixed",                STAGE_BOOTSTRAP,       0, 0.1,    true,  "expectancy_passed"      },
        {"unlocked, on its floor",         3.0,  0,    "mixed",                STAGE_UNLOCKED,        0, 0.1,    true,
         "expectancy_passed"                                                                                                                     },
        {"unlocked, just below: explored", 3.0,  0.31, "mixed",                STAGE_UNLOCKED,        0, 0.099,  true,
         "exploration_quota_1/8"                                                                                                                 },
        {"unlocked, last of the quota",    3.0,  0.31, "mixed",                STAGE_UNLOCKED,        7, 0.099,  true,
         "exploration_quota_8/8"                                                                                                                 },
        {"unlocked, quota used up",        3.0,  0.31, "mixed",                STAGE_UNLOCKED,        8, 0.099,  false,
         "ev_below_floor_unlocked"                                                                                                               },
        {"high confidence",                3.5,  0,    "mixed",                STAGE_HIGH_CONFIDENCE, 4, 0.2,    true,
         "expectancy_passed"                                                                                                                     },
        {"high confidence, below",         3.49, 0,    "mixed",                STAGE_HIGH_CONFIDENCE, 4, 0.198,  false,
         "ev_below_floor_high_confidence"                                                                                                        },
        {"toxic",                          3.0,  0.9,  "mixed",                STAGE_UNLOCKED,        0, -0.02,  true,  "exploration_quota_1/8"  },
        {"too toxic to explore",           3.0,  0.91, "mixed",                STAGE_UNLOCKED,        0, -0.023, false,
         "ev_below_floor_unlocked"                                                                                                               },
        {"risk on",                        3.0,  0,    "RISK_ON",              STAGE_UNLOCKED,        0, 0.15,   true,  "expectancy_passed"      },
        {"risk off",                       3.0,  0,    "RISK_OFF",             STAGE_UNLOCKED,        8, 0.05,   false, "ev_below_floor_unlocked"},
        {"negative gamma",                 3.0,  0,    "high_vol_neg_gamma",   STAGE_BOOTSTRAP,       0, 0.02,   true,
         "expectancy_passed"                                                                                                                     },
        {"uptrend",                        3.0,  0,    "low_vol_uptrend",      STAGE_BOOTSTRAP,       0, 0.18,   true,  "expectancy_passed"      },
        {"downtrend",                      3.0,  0,    "downtrend_flow_heavy", STAGE_BOOTSTRAP,       0, 0.04,   true,
         "expectancy_passed"                                                                                                                     },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, DIRECTION_BULLISH);
        s.view.score = cases[i].score;
        s.view.toxicity = cases[i].toxicity;
        s.view.market_regime = cases[i].regime;
        s.view.stage = cases[i].stage;
        s.view.exploration_used = cases[i].used;
        struct gate_verdict v = entry_gate(GATE_EXPECTANCY, &s.view);
        if (v.is_blocked == cases[i].passed || strcmp(v.expectancy.reason, cases[i].reason) != 0)
            fail_msg("%s: %s", cases[i].what, v.expectancy.reason);
        assert_near(v.expectancy.ev, cases[i].ev, 1e-9);
        scene_done(&s);
    }
}

static void
test_gate_expectancy_refuses_under_a_freeze_or_a_sick_broker(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    s.view.broker_degraded = true;
    assert_string_equal(entry_gate(GATE_EXPECTANCY, &s.view).reason,
                        "expectancy_blocked:broker_health_degraded");
    s.view.freeze_active = true;
    assert_string_equal(entry_gate(GATE_EXPECTANCY, &s.view).reason,
                        "expectancy_blocked:freeze_active");
    scene_done(&s);
}

static void
test_gate_min_score_by_stage_and_adjustment(void **state)
{
    (void)state;
    static const struct {
        enum trading_stage stage;
        double adjustment, min;
    } cases[] = {
        {STAGE_BOOTSTRAP, 0,   1.5},
        {STAGE_BOOTSTRAP, 0.5, 2.0},
        {STAGE_UNLOCKED,  0,   3.0},
        {STAGE_UNLOCKED,  0.5, 3.5},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, DIRECTION_BULLISH);
        s.view.stage = cases[i].stage;
        s.view.score_adjustment = cases[i].adjustment;
        s.view.score = cases[i].min;
        assert_false(blocks(&s, GATE_MIN_SCORE));
        s.view.score = cases[i].min - 0.001;
        assert_true(blocks(&s, GATE_MIN_SCORE));
        scene_done(&s);
    }
}

static void
test_gate_momentum_records_how_the_price_moved(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double score, first, last, atr;
        enum direction d;
        enum ignition status;
    } cases[] = {
        {"up, default step",          3.5,  40, 40.0041, 0,        DIRECTION_BULLISH, IGNITION_PASSED  },
        {"up, not enough",            3.5,  40, 40.0039, 0,        DIRECTION_BULLISH, IGNITION_BYPASSED},
        {"down for a short",          3.5,  40, 39.9959, 0,        DIRECTION_BEARISH, IGNITION_PASSED  },
        {"up for a short",            3.5,  40, 40.1,    0,        DIRECTION_BEARISH, IGNITION_BYPASSED},
        {"up, measured by the range", 3.5,  40, 40.0161, 0.2,      DIRECTION_BULLISH, IGNITION_PASSED  },
        {"range, not enough",         3.5,  40, 40.0159, 0.2,      DIRECTION_BULLISH, IGNITION_BYPASSED},
        {"step is at most 0.002",     3.5,  40, 40.0801, 40,       DIRECTION_BULLISH, IGNITION_PASSED  },
        {"step is at least 0.00002",  3.5,  40, 40.0009, 0.000001, DIRECTION_BULLISH,
         IGNITION_PASSED                                                                               },
        {"still, high score",         4.01, 40, 39.9601, 0,        DIRECTION_BULLISH, IGNITION_PASSED  },
        {"falling, high score",       4.01, 40, 39.95,   0,        DIRECTION_BULLISH, IGNITION_BYPASSED},
        {"low score",                 1.49, 40, 39.95,   0,        DIRECTION_BULLISH, IGNITION_BLOCKED },
        {"bypass from 1.5 on",        1.5,  40, 39.95,   0,        DIRECTION_BULLISH, IGNITION_BYPASSED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].d);
        s.view.score = cases[i].score;
        s.view.momentum = (struct momentum_view){.data = MOMENTUM_KNOWN,
                                                 .first_close = USD(cases[i].first),
                                                 .last_close = USD(cases[i].last),
                                                 .atr14 = cases[i].atr};
        struct gate_verdict v = entry_gate(GATE_MOMENTUM, &s.view);
        if (v.momentum.status != cases[i].status)
            fail_msg("%s: %s", cases[i].what, ignition_name(v.momentum.status));
        assert_int_equal(v.is_blocked, cases[i].status == IGNITION_BLOCKED);
        s.view.momentum.data = MOMENTUM_ERROR;
        assert_false(blocks(&s, GATE_MOMENTUM)); /* fails open */
        scene_done(&s);
    }
}

/* Each row spoils one thing of an order that the guard lets pass. */
static void
test_trade_guard_says_what_it_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *detail; /* "" passes */
        const char *symbol;
        enum direction d;
        int64_t qty;
        double limit, ref, equity, power, order_max, position_max;
        int64_t held_qty;
        double held_cost, other_cost, minutes_since_fill;
    } cases[] = {
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000, 110000, 2000, 750, 0,   0,   0,       -1 },
        {"invalid_symbol",                                         "",    DIRECTION_BULLISH, 10, 40,    40,  55000, 110000, 2000, 750, 0,   0,   0,
         -1                                                                                                                                                  },
        {"invalid_side_unknown",                                   "XYZ", DIRECTION_NONE,    10, 40,    40,  55000, 110000, 2000, 750, 0,   0,
         0,                                                                                                                                               -1 },
        {"invalid_qty_0",                                          "XYZ", DIRECTION_BULLISH, 0,  40,    40,  55000, 110000, 2000, 750, 0,   0,   0,
         -1                                                                                                                                                  },
        {"invalid_price_0.00",                                     "XYZ", DIRECTION_BULLISH, 10, 0,     40,  55000, 110000, 2000, 750, 0,   0,
         0,                                                                                                                                               -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 75,    75,  55000, 110000, 750,  750, 0,   0,   0,       -1 },
        {"notional_exceeds_limit_750.10_max_750.00",               "XYZ", DIRECTION_BULLISH, 10, 75.01, 75,  55000,
         110000,                                                                                                            750,  1e6, 0,   0,   0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 1,  750,   750, 55000, 110000, 2000, 750, 0,   0,   0,       -1 },
        {"min_share_notional_exceeds_cap_price_750.01_cap_750.00", "XYZ", DIRECTION_BULLISH, 1,
         750.01,                                                                                        750, 55000, 110000, 2000, 750, 0,   0,   0,       -1 },
        {"position_size_exceeds_limit_750.10_max_750.00",          "XYZ", DIRECTION_BULLISH, 10, 75.01, 75,
         55000,                                                                                                     110000, 2000, 750, 0,   0,   0,       -1 },
        {"position_size_exceeds_limit_760.00_max_750.00",          "XYZ", DIRECTION_BULLISH, 10, 40,    40,
         55000,                                                                                                     110000, 2000, 750, 9,   360, 0,       -1 },
        {"direction_flip_blocked_current_short_new_long",          "XYZ", DIRECTION_BULLISH, 10, 40,    40,
         55000,                                                                                                     110000, 2000, 750, -10, 400, 0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000, 110000, 2000, 750, -11, 440, 0,       -1 },
        {"direction_flip_blocked_current_long_new_short",          "XYZ", DIRECTION_BEARISH, 10, 40,    40,
         55000,                                                                                                     110000, 2000, 750, 9,   360, 0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000, 110000, 2000, 750, 0,   0,   16100,   -1 },
        {"portfolio_exposure_exceeds_limit_30.01%_max_30.00%",     "XYZ", DIRECTION_BULLISH, 10, 40,    40,
         55000,                                                                                                     110000, 2000, 750, 0,   0,   16105.5, -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 60,    60,  4000,  110000, 2000, 750, 0,   0,   0,       -1 },
        {"symbol_concentration_exceeds_limit_15.05%_max_15.00%",   "XYZ", DIRECTION_BULLISH, 10, 60.2,
         60,                                                                                                 4000,  110000, 2000, 750, 0,   0,   0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000, 400,    2000, 750, 0,   0,   0,       -1 },
        {"insufficient_buying_power_400.00_available_399.99",      "XYZ", DIRECTION_BULLISH, 10, 40,    40,
         55000,                                                                                                     399.99, 2000, 750, 0,   0,   0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BEARISH, 10, 40,    40,  55000, 1,      2000, 750, 0,   0,   0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 42,    40,  55000, 110000, 2000, 750, 0,   0,   0,       -1 },
        {"price_deviation_exceeds_limit_5.05%_max_5.00%",          "XYZ", DIRECTION_BULLISH, 10, 42.02, 40,
         55000,                                                                                                     110000, 2000, 750, 0,   0,   0,       -1 },
        {"price_deviation_exceeds_limit_5.05%_max_5.00%",          "XYZ", DIRECTION_BULLISH, 10, 37.98, 40,
         55000,                                                                                                     110000, 2000, 750, 0,   0,   0,       -1 },
        {"",                                                       "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000, 110000, 2000, 750, 0,   0,   0,       5  },
        {"cooldown_not_met_4.9_min_required_5_min",                "XYZ", DIRECTION_BULLISH, 10, 40,    40,  55000,
         110000,                                                                                                            2000, 750, 0,   0,   0,       4.9},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].d);
        s.view.symbol = cases[i].symbol;
        s.view.qty = cases[i].qty;
        s.view.limit = USD(cases[i].limit);
        s.view.ref = USD(cases[i].ref);
        s.view.equity = USD(cases[i].equity);
        s.view.buying_power = USD(cases[i].power);
        s.cfg.max_notional_per_order = cases[i].order_max;
        s.cfg.max_position_size_usd = cases[i].position_max;
        if (cases[i].held_qty != 0) hold(&s, "XYZ", cases[i].held_qty, cases[i].held_cost);
        if (cases[i].other_cost > 0) hold(&s, "OTHER", 10, cases[i].other_cost);
        if (cases[i].minutes_since_fill >= 0)
            s.view.last_fill_ns =
                NOW_NS - (int64_t)(cases[i].minutes_since_fill * (double)NS_PER_MIN);
        struct gate_verdict v = entry_gate(GATE_TRADE_GUARD, &s.view);
        if (strcmp(v.detail, cases[i].detail) != 0) fail_msg("row %zu: %s", i, v.detail);
        assert_int_equal(v.is_blocked, cases[i].detail[0] != '\0');
        if (v.is_blocked) {
            assert_true(str_starts(v.reason, "trade_guard:"));
            assert_string_equal(v.reason + strlen("trade_guard:"), v.detail);
        }
        scene_done(&s);
    }
}

static void
test_trade_guard_leaves_out_what_is_closed_first(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    hold(&s, "XYZ", -18, 720);
    assert_true(blocks(&s, GATE_TRADE_GUARD) == false); /* 10 of 18 covered: no flip */
    s.view.qty = 18;
    assert_true(blocks(&s, GATE_TRADE_GUARD));
    s.view.skip = "XYZ";
    assert_false(blocks(&s, GATE_TRADE_GUARD));
    s.cfg.allow_direction_flip = true;
    s.view.skip = NULL;
    assert_false(blocks(&s, GATE_TRADE_GUARD));
    scene_done(&s);
}

static void
test_score_floor_rises_after_three_losses_and_falls_again(void **state)
{
    (void)state;
    const double losses[] = {-1, -2, -0.1}, mixed[] = {-1, -2, 0.0}, old_win[] = {5, -1, -2, -3};
    const int64_t hour = NS_PER_HOUR;
    struct score_floor f = {.activated_ns = WHEN_NONE, .reset_ns = WHEN_NONE};

    assert_near(score_floor_after(&f, losses, 2, NOW_NS, NOW_NS).adjustment, 0, 0);
    assert_near(score_floor_after(&f, mixed, 3, NOW_NS, NOW_NS).adjustment, 0, 0);
    assert_near(score_floor_after(&f, old_win, 4, NOW_NS, NOW_NS).adjustment, 0.5, 0);
    f = score_floor_after(&f, losses, 3, NOW_NS, NOW_NS);
    assert_near(f.adjustment, 0.5, 0);
    assert_int_equal(f.activated_ns, NOW_NS);
    assert_near(score_floor_after(&f, losses, 3, NOW_NS, NOW_NS + 24 * hour - 1).adjustment, 0.5,
                0);
    assert_near(score_floor_after(&f, mixed, 3, NOW_NS, NOW_NS + 1).adjustment, 0, 0);
    f = score_floor_after(&f, losses, 3, NOW_NS, NOW_NS + 24 * hour);
    assert_near(f.adjustment, 0, 0);
    /* the same three losses do not raise it again, a fourth does */
    f = score_floor_after(&f, losses, 3, NOW_NS, NOW_NS + 25 * hour);
    assert_near(f.adjustment, 0, 0);
    f = score_floor_after(&f, losses, 3, NOW_NS + 26 * hour, NOW_NS + 26 * hour);
    assert_near(f.adjustment, 0.5, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_expectancy_by_stage_and_regime),
        cmocka_unit_test(test_gate_expectancy_refuses_under_a_freeze_or_a_sick_broker),
        cmocka_unit_test(test_gate_min_score_by_stage_and_adjustment),
        cmocka_unit_test(test_gate_momentum_records_how_the_price_moved),
        cmocka_unit_test(test_trade_guard_says_what_it_refuses),
        cmocka_unit_test(test_trade_guard_leaves_out_what_is_closed_first),
        cmocka_unit_test(test_score_floor_rises_after_three_losses_and_falls_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
