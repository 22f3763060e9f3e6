#include "exit_scene.h"

/* A long that moved by pct and a short that moved by -pct are the same trade. */
static void
test_exit_price_rules_at_their_thresholds_for_both_sides(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double pnl_pct, age_min;
        enum exit_action action;
        const char *label;
    } cases[] = {
        {"flat",                            0,     60,    EXIT_HOLD,  ""                  },
        {"just above the stop loss",        -0.99, 60,    EXIT_HOLD,  ""                  },
        {"on the stop loss",                -1.00, 60,    EXIT_CLOSE, "stop_loss"         },
        {"just below the stop loss",        -1.01, 60,    EXIT_CLOSE, "stop_loss"         },
        {"gapped far below",                -40,   60,    EXIT_CLOSE, "stop_loss"         },
        {"just below the target",           0.74,  60,    EXIT_HOLD,  ""                  },
        {"on the target",                   0.75,  60,    EXIT_CLOSE, "profit_075"        },
        {"above the target",                0.76,  60,    EXIT_CLOSE, "profit_075"        },
        {"no alpha, just too young",        0.19,  119.9, EXIT_HOLD,  ""                  },
        {"no alpha after two hours",        0.19,  120,   EXIT_CLOSE, "stale_alpha_cutoff"},
        {"some alpha after two hours",      0.21,  120,   EXIT_HOLD,  ""                  },
        {"on the edge of both stale rules", 0.20,  120,   EXIT_CLOSE, "stale_trade"       },
        {"a loss is no alpha either",       -0.5,  120,   EXIT_CLOSE, "stale_alpha_cutoff"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int side = 1; side >= -1; side -= 2) {
            struct scene s;
            scene_set(&s, side, 100 + side * cases[i].pnl_pct);
            s.record.high_water = s.record.low_water =
                s.held.price; /* the trail is not in question here */
            s.record.has_trail_dist = true;
            s.record.trail_dist = USD(99);
            scene_age(&s, cases[i].age_min);
            struct exit_verdict v = exit_decide(&s.view);
            if (v.action != cases[i].action || strcmp(v.label, cases[i].label) != 0)
                fail_msg("%s, side %d: %s %s", cases[i].what, side, action_name(v.action), v.label);
            assert_int_equal(v.qty, v.action == EXIT_CLOSE ? 10 : 0);
            assert_int_equal(v.reason[0] != '\0', v.action == EXIT_CLOSE);
        }
    }
}

static void
test_exit_trailing_stop_follows_the_best_price(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double side; /* 1 or -1 */
        double best, price, age_min, trail_dist;
        const char *regime;
        bool hit;
        double stop;
    } cases[] = {
        {"long, mixed, above the stop",       1,  101,   99.9901, 20,   0,   "mixed",   false, 99.99   },
        {"long, mixed, on the stop",          1,  101,   99.99,   20,   0,   "mixed",   true,  99.99   },
        {"short, mixed, below the stop",      -1, 99,    99.9899, 20,   0,   "mixed",   false, 99.99   },
        {"short, mixed, on the stop",         -1, 99,    99.99,   20,   0,   "mixed",   true,  99.99   },
        {"long, other regime",                1,  101,   99.99,   20,   0,   "RISK_ON", false, 99.485  },
        {"long, other regime, on the stop",   1,  101,   99.485,  20,   0,   "RISK_ON", true,  99.485  },
        {"long winner, just too young",       1,  100.7, 100.1,   29.9, 0,   "mixed",   false, 99.693  },
        {"long winner of 30 minutes",         1,  100.7, 100.1,   30,   0,   "mixed",   true,  100.1965},
        {"short winner of 30 minutes",        -1, 99.3,  99.9,    30,   0,   "mixed",   true,  99.7965 },
        {"a loser gets no tight trail",       1,  100.2, 99.6,    30,   0,   "mixed",   false, 99.198  },
        {"long, absolute distance",           1,  100.6, 100.1,   20,   0.5, "mixed",   true,  100.1   },
        {"short, absolute distance",          -1, 99.4,  99.9,    20,   0.5, "mixed",   true,  99.9    },
        {"short, absolute distance, not yet", -1, 99.4,  99.8999, 20,   0.5, "mixed",   false, 99.9    },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].side > 0 ? 1 : -1, cases[i].price);
        s.view.exit_regime = cases[i].regime;
        s.record.high_water = USD(cases[i].side > 0 ? cases[i].best : 100);
        s.record.low_water = USD(cases[i].side < 0 ? cases[i].best : 100);
        s.record.has_trail_dist = cases[i].trail_dist > 0;
        s.record.trail_dist = USD(cases[i].trail_dist);
        scene_age(&s, cases[i].age_min);
        struct exit_verdict v = exit_decide(&s.view);
        if (v.m.trail_stop.e4 != USD(cases[i].stop).e4)
            fail_msg("%s: stop %lld", cases[i].what, (long long)v.m.trail_stop.e4);
        if ((v.action == EXIT_CLOSE) != cases[i].hit)
            fail_msg("%s: %s", cases[i].what, action_name(v.action));
        if (!cases[i].hit) continue;
        assert_string_equal(v.label, "trail_stop");
        assert_near(v.trigger[0].number, cases[i].price, 1e-9);
        assert_near(v.trigger[0].threshold, cases[i].stop, 1e-9);
    }
}

static void
test_exit_invalid_trailing_stop_is_not_hit(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 100);
    s.record.has_trail_dist = true;
    s.record.trail_dist = USD(100);
    struct exit_verdict v = exit_decide(&s.view);
    assert_int_equal(v.action, EXIT_HOLD);
    assert_true(v.m.trail_is_invalid);
}

static void
test_exit_keeps_water_marks_and_says_the_acceleration_once(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 100.5);
    s.record.high_water = USD(100.3);
    s.record.low_water = USD(99.9);
    struct exit_verdict v = exit_decide(&s.view);
    assert_int_equal(v.action, EXIT_HOLD);
    assert_int_equal(v.high_water.e4, USD(100.5).e4);
    assert_int_equal(v.low_water.e4, USD(99.9).e4);
    assert_true(v.profit_acceleration && v.is_acceleration_new);
    s.record.profit_acceleration = true;
    v = exit_decide(&s.view);
    assert_true(v.profit_acceleration && !v.is_acceleration_new);
}

static void
test_exit_signal_decay_at_its_threshold(void **state)
{
    (void)state;
    static const struct {
        double ent, cur;
        bool fires;
    } cases[] = {
        {4, 2.41, false},
        {4, 2.40, false},
        {4, 2.39, true },
        {4, 0,    false},
        {0, 1,    false},
        {4, -1,   false}
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, 1, 100.1);
        s.record.entry_score = cases[i].ent;
        s.view.current_score = cases[i].cur < 0 ? NUMBER_NONE : cases[i].cur;
        struct exit_verdict v = exit_decide(&s.view);
        if ((v.action == EXIT_CLOSE) != cases[i].fires)
            fail_msg("row %zu: %s", i, action_name(v.action));
        if (cases[i].fires) assert_string_equal(v.reason, "signal_decay(0.60)");
    }
}

static void
test_exit_gravest_of_the_stops_gives_the_label(void **state)
{
    (void)state;
    struct scene s;

    scene_set(&s, 1, 98.5); /* stop loss, trail and decay together */
    s.record.high_water = USD(100);
    s.view.current_score = 2;
    struct exit_verdict v = exit_decide(&s.view);
    assert_string_equal(v.label, "stop_loss");
    assert_int_equal(v.triggers_len, 3);
    assert_string_equal(v.reason, "stop_loss(-1.50%)+trail_stop(-1.5%)+signal_decay(0.50)");

    scene_set(&s, 1, 100.8); /* target and decay: decay is named, the target has no token then */
    s.view.current_score = 2;
    v = exit_decide(&s.view);
    assert_string_equal(v.label, "signal_decay");
    assert_string_equal(v.reason, "signal_decay(0.50)");

    scene_set(&s, 1, 100.8); /* target and tight trail */
    s.record.high_water = USD(102);
    v = exit_decide(&s.view);
    assert_string_equal(v.label, "profit_075");
    assert_string_equal(v.reason, "profit_target(0.75%)+trail_stop");
}

static void
test_exit_regime_protection_is_for_losing_longs(void **state)
{
    (void)state;
    static const struct {
        double side; /* 1 or -1 */
        const char *at_entry, *now;
        double pnl_pct;
        bool fires;
    } cases[] = {
        {1,  "high_vol_neg_gamma", "mixed",              -0.51, true },
        {1,  "high_vol_neg_gamma", "mixed",              -0.50, false},
        {-1, "high_vol_neg_gamma", "mixed",              -0.51, false},
        {1,  "mixed",              "high_vol_neg_gamma", -0.51, false},
        {1,  "",                   "high_vol_neg_gamma", -0.51, true },
        {1,  "unknown",            "high_vol_neg_gamma", -0.51, true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].side > 0 ? 1 : -1, 100 + cases[i].side * cases[i].pnl_pct);
        (void)str_copy(s.record.market_regime, sizeof(s.record.market_regime), cases[i].at_entry);
        s.view.exit_regime = cases[i].now;
        struct exit_verdict v = exit_decide(&s.view);
        if ((v.action == EXIT_CLOSE) != cases[i].fires) fail_msg("row %zu", i);
        if (cases[i].fires) assert_string_equal(v.reason, "regime_neg_gamma");
    }
}

static void
test_exit_urgency_adds_its_factors(void **state)
{
    (void)state;
    struct scene s;

    /* faded to half: 0.5; turned: 2.4; 7 points below the best within a day: 3 * 1.5; deep loss: 2
     */
    scene_set(&s, 1, 94);
    s.record.high_water = USD(101);
    s.view.current_score = 2;
    s.view.current_direction = DIRECTION_BEARISH;
    struct exit_verdict v = exit_decide(&s.view);
    assert_near(v.m.urgency, 0.5 + 2.4 + 4.5 + 2.0, 1e-9);
    assert_int_equal(v.rule, EXIT_URGENCY);
    assert_string_equal(v.label, "signal_decay");
    assert_string_equal(v.reason,
                        "exit_urgency(9.40)+signal_decay(0.50)+flow_reversal+drawdown(7.0%)");
    assert_int_equal(v.triggers_len, 1);

    /* the fall is spread over the days held; age above 72 h counts */
    scene_age(&s, 96 * 60);
    s.view.current_score = 4;
    s.view.current_direction = DIRECTION_BULLISH;
    v = exit_decide(&s.view);
    assert_near(v.m.urgency, round_dec(7.0 / 4 * 0.5 * 1.5 + 24.0 / 48 * 0.8 + 2.0, 2), 1e-9);
    assert_string_equal(v.m.urgency_reason, "drawdown");
}

static void
test_exit_urgency_closes_from_six_on(void **state)
{
    (void)state;
    struct scene s;
    /* turned 2.4, fall of w points: w * 0.5 * 1.5; 4.8 points make 6.0 */
    scene_set(&s, 1, 100);
    s.view.current_direction = DIRECTION_BEARISH;
    s.record.high_water = USD(104.8);
    struct exit_verdict v = exit_decide(&s.view);
    assert_near(v.m.urgency, 6.0, 1e-9);
    assert_int_equal(v.rule, EXIT_URGENCY);
    s.record.high_water = USD(104.79);
    v = exit_decide(&s.view);
    assert_near(v.m.urgency, 5.99, 1e-9);
    assert_int_not_equal(v.rule, EXIT_URGENCY);
}

static void
test_exit_urgency_of_a_symbol_out_of_the_cache(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 100);
    s.view.current_score = 0; /* not in the cache: faded altogether */
    assert_near(exit_decide(&s.view).m.urgency, 1.0, 1e-9);
    s.view.current_score = NUMBER_NONE; /* cache not readable: nothing known */
    assert_near(exit_decide(&s.view).m.urgency, 0, 1e-9);
}

static void
test_exit_stale_by_days(void **state)
{
    (void)state;
    static const struct {
        double days, pnl_pct;
        enum exit_rule rule;
    } cases[] = {
        {11.99, 0.5,   EXIT_RULES_LEN     },
        {12,    0.5,   EXIT_STALE_POSITION},
        {12,    -2.99, EXIT_STALE_POSITION},
        {12,    -3.01, EXIT_STALE_ALPHA   },
        {12,    2.99,  EXIT_STALE_POSITION},
        {12,    3.01,  EXIT_PROFIT_TARGET },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, 1, 100 + cases[i].pnl_pct);
        scene_age(&s, cases[i].days * 24 * 60);
        struct exit_verdict v = exit_decide(&s.view);
        if (v.rule != cases[i].rule) fail_msg("row %zu: %s", i, exit_rule_name(v.rule));
        if (v.rule == EXIT_STALE_POSITION) assert_string_equal(v.reason, "stale_position");
    }
}

static void
test_exit_stale_reasons_carry_age_and_pnl(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 100.1);
    scene_age(&s, 121);
    assert_string_equal(exit_decide(&s.view).reason, "stale_alpha_cutoff(121min,0.10%)");
    scene_set(&s, 1, 100.2);
    scene_age(&s, 125);
    assert_string_equal(exit_decide(&s.view).reason, "stale_trade(125min,0.20%)");
}

static void
test_exit_stale_trade_in_a_panic_needs_decay_where_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *regime;
        double cur;
        bool aware, fires;
    } cases[] = {
        {"PANIC", 4,   false, true },
        {"PANIC", 4,   true,  false},
        {"PANIC", 2.3, true,  true },
        {"mixed", 4,   true,  true },
        {"PANIC", 0,   true,  true }, /* out of the cache: faded altogether
  */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, 1, 100.2);
        scene_age(&s, 120);
        s.cfg.regime_aware_stale = cases[i].aware;
        s.view.exit_regime = cases[i].regime;
        s.view.current_score = cases[i].cur;
        if ((exit_decide(&s.view).rule == EXIT_STALE_TRADE) != cases[i].fires)
            fail_msg("row %zu", i);
    }
}

static void
test_exit_scale_out_only_where_nothing_closes(void **state)
{
    (void)state;
    struct scene s;
    /* The broker's P&L says little, the prices say 2 %: only then the profit target does not come
     * first. */
    scene_set(&s, 1, 102);
    s.held.unrealised_fraction = 0.005;
    struct exit_verdict v = exit_decide(&s.view);
    assert_int_equal(v.action, EXIT_CLOSE_PART);
    assert_int_equal(v.qty, 3);
    assert_int_equal(v.target, 0);
    assert_string_equal(v.reason, "profit_target(2%)");
    s.record.target[0].is_hit = true;
    assert_int_equal(exit_decide(&s.view).action, EXIT_HOLD);
    s.record.target[0].is_hit = false;
    s.held.unrealised_fraction = 0.02;
    assert_int_equal(exit_decide(&s.view).action, EXIT_CLOSE);

    scene_set(&s, -1, 98);
    s.held.unrealised_fraction = 0.005;
    assert_int_equal(exit_decide(&s.view).action, EXIT_CLOSE_PART);
    s.held.price = USD(98.01);
    assert_int_equal(exit_decide(&s.view).action, EXIT_HOLD);
}

static void
test_exit_scale_out_leaves_a_share(void **state)
{
    (void)state;
    static const struct {
        int64_t held, sold;
    } cases[] = {
        {1, 0},
        {2, 1},
        {3, 1},
        {7, 2}
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, 1, 102);
        s.held = fixture_position("XYZ", cases[i].held, 100, 102);
        s.held.unrealised_fraction = 0.005;
        assert_int_equal(exit_decide(&s.view).qty, cases[i].sold);
    }
}

static void
test_exit_without_record_still_has_its_stop(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 98.9);
    s.record = (struct position_record){.entered_ns = WHEN_NONE};
    assert_string_equal(exit_decide(&s.view).label, "stop_loss");
    s.held = fixture_position("XYZ", 10, 100, 100.1);
    struct exit_verdict v = exit_decide(&s.view);
    assert_int_equal(v.action, EXIT_HOLD);
    assert_true(isnan(v.m.age_min));
}

static void
test_exit_time_rules_are_silent_while_the_clock_is_in_doubt(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 100.1);
    scene_age(&s, 20 * 24 * 60);
    assert_int_equal(exit_decide(&s.view).action, EXIT_CLOSE);
    s.view.is_clock_trusted = false;
    assert_int_equal(exit_decide(&s.view).action, EXIT_HOLD);
    s.held = fixture_position("XYZ", 10, 100, 98);
    assert_string_equal(exit_decide(&s.view).label, "stop_loss");
}

static void
test_exit_price_comes_from_the_broker_then_from_the_last_trade(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 98);
    s.held.price = USD_ZERO;
    s.held.unrealised_fraction = NUMBER_NONE;
    assert_int_equal(exit_decide(&s.view).why_not, EXIT_NO_PRICE);
    assert_int_equal(exit_decide(&s.view).action, EXIT_NOT_EVALUATED);
    s.view.last = (struct last_trade){.price = USD(98), .is_known = true};
    struct exit_verdict v = exit_decide(&s.view);
    assert_string_equal(v.label, "stop_loss");
    assert_near(v.m.pnl_pct, -2, 1e-9);
    s.held.has_fraction = true;
    assert_int_equal(exit_decide(&s.view).why_not, EXIT_FRACTION);
}

static void
test_exit_entry_price_comes_from_broker_record_or_price(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, 1, 99);
    s.held.unrealised_fraction = NUMBER_NONE;
    s.held.cost = USD_ZERO;
    s.record.entry_price = USD(110);
    assert_int_equal(exit_decide(&s.view).m.entry.e4, USD(110).e4);
    s.record.entry_price = USD_ZERO;
    struct exit_verdict v = exit_decide(&s.view);
    assert_int_equal(v.m.entry.e4, USD(99).e4);
    assert_near(v.m.pnl_pct, 0, 0);
}

/* Long at p moving to q is the mirror of short moving the other way: same P&L, same verdict. */
static void
test_exit_property_long_and_short_mirror(void **state)
{
    (void)state;
    struct rng rng = check_rng("exit mirror");

    for (int i = 0; i < 20000; i++) {
        int64_t move = rng_range(&rng, -600, 600),
                best = rng_range(&rng, 0, 600); /* cents of 100 USD */
        double age = rng_f64(&rng) * 300;
        struct exit_verdict v[2];
        struct scene s;
        for (int k = 0; k < 2; k++) {
            int side = k == 0 ? 1 : -1;
            scene_set(&s, side, 100 + side * (double)move / 100);
            scene_age(&s, age);
            /* an absolute distance: a fraction of the best price is no mirror */
            s.record.has_trail_dist = true;
            s.record.trail_dist = USD(0.8);
            s.record.high_water = side > 0 ? USD(100 + (double)best / 100) : USD(100);
            s.record.low_water = side < 0 ? USD(100 - (double)best / 100) : USD(100);
            v[k] = exit_decide(&s.view);
        }
        assert_near(v[0].m.pnl_pct, v[1].m.pnl_pct, 1e-9);
        assert_near(v[0].m.high_water_pct, v[1].m.high_water_pct, 1e-9);
        assert_int_equal(v[0].action, v[1].action);
        assert_string_equal(v[0].reason, v[1].reason);
    }
}

/* The long stop never lies above the best price, the short one never below; closes say why, holds
 * do not. */
static void
test_exit_property_verdicts_explain_themselves(void **state)
{
    (void)state;
    struct rng rng = check_rng("exit verdicts");

    for (int i = 0; i < 20000; i++) {
        int side = rng_chance(&rng, 0.5) ? 1 : -1;
        struct scene s;
        scene_set(&s, side, 90 + rng_f64(&rng) * 20);
        scene_age(&s, rng_f64(&rng) * 1000);
        s.record.high_water = USD(100 + rng_f64(&rng) * 10);
        s.record.low_water = USD(100 - rng_f64(&rng) * 10);
        s.view.current_score = rng_f64(&rng) * 8;
        if (rng_chance(&rng, 0.3)) s.view.current_direction = DIRECTION_BEARISH;
        struct exit_verdict v = exit_decide(&s.view);
        assert_true(v.action != EXIT_NOT_EVALUATED);
        assert_true(usd_cmp(v.low_water, v.high_water) <= 0);
        if (v.m.trail_stop.e4 > 0)
            assert_true(side > 0 ? usd_cmp(v.m.trail_stop, v.high_water) <= 0
                                 : usd_cmp(v.m.trail_stop, v.low_water) >= 0);
        assert_int_equal(v.action != EXIT_HOLD, v.triggers_len > 0);
        assert_int_equal(v.action != EXIT_HOLD, v.reason[0] != '\0');
        assert_int_equal(v.action != EXIT_HOLD, v.qty > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_price_rules_at_their_thresholds_for_both_sides),
        cmocka_unit_test(test_exit_trailing_stop_follows_the_best_price),
        cmocka_unit_test(test_exit_invalid_trailing_stop_is_not_hit),
        cmocka_unit_test(test_exit_keeps_water_marks_and_says_the_acceleration_once),
        cmocka_unit_test(test_exit_signal_decay_at_its_threshold),
        cmocka_unit_test(test_exit_gravest_of_the_stops_gives_the_label),
        cmocka_unit_test(test_exit_regime_protection_is_for_losing_longs),
        cmocka_unit_test(test_exit_urgency_adds_its_factors),
        cmocka_unit_test(test_exit_urgency_closes_from_six_on),
        cmocka_unit_test(test_exit_urgency_of_a_symbol_out_of_the_cache),
        cmocka_unit_test(test_exit_stale_by_days),
        cmocka_unit_test(test_exit_stale_reasons_carry_age_and_pnl),
        cmocka_unit_test(test_exit_stale_trade_in_a_panic_needs_decay_where_asked_for),
        cmocka_unit_test(test_exit_scale_out_only_where_nothing_closes),
        cmocka_unit_test(test_exit_scale_out_leaves_a_share),
        cmocka_unit_test(test_exit_without_record_still_has_its_stop),
        cmocka_unit_test(test_exit_time_rules_are_silent_while_the_clock_is_in_doubt),
        cmocka_unit_test(test_exit_price_comes_from_the_broker_then_from_the_last_trade),
        cmocka_unit_test(test_exit_entry_price_comes_from_broker_record_or_price),
        cmocka_unit_test(test_exit_property_long_and_short_mirror),
        cmocka_unit_test(test_exit_property_verdicts_explain_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
