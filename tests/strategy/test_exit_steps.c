#include "exit_scene.h"

/* 33.3333 * 0.985 = 32.8333005: no price of 0.0001 steps stands on it, 32.8333 is the first below.
 */
static void
test_exit_trailing_stop_between_two_steps_is_reached_by_neither_side_early(void **state)
{
    (void)state;
    static const struct {
        double best, price, stop;
        int side;
        bool hit;
    } cases[] = {
        {33.3333, 32.8334, 32.8333, 1,  false},
        {33.3333, 32.8333, 32.8333, 1,  true },
        {33.3339, 32.8339, 32.8338, 1,  false}, /* 32.8338915 would round to 32.8339 */
        {33.3339, 32.8338, 32.8338, 1,  true },
        {33.3331, 33.8330, 33.8331, -1, false}, /* 33.8330965 */
        {33.3331, 33.8331, 33.8331, -1, true },
        {33.3334, 33.8334, 33.8335, -1, false}, /* 33.8334010 would round to 33.8334 */
        {33.3334, 33.8335, 33.8335, -1, true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].side, cases[i].price);
        s.held.unrealised_fraction = -0.005; /* no other rule has a say */
        s.view.exit_regime = "RISK_ON";
        s.record.high_water = s.record.low_water = USD(cases[i].best);
        scene_age(&s, 20);
        struct exit_verdict v = exit_decide(&s.view);
        if (v.m.trail_stop.e4 != USD(cases[i].stop).e4 || (v.action == EXIT_CLOSE) != cases[i].hit)
            fail_msg("row %zu: %s, stop %lld", i, action_name(v.action),
                     (long long)v.m.trail_stop.e4);
    }
}

/* Prices that no double holds: the P&L on a threshold is the threshold, one step beside it is not.
 */
static void
test_exit_thresholds_of_prices_are_exact(void **state)
{
    (void)state;
    static const struct {
        int side;
        double entry, price;
        const char *label;
    } cases[] = {
        {1,  340.00,   342.55,     "profit_075"},
        {1,  340.00,   342.5499,   ""          },
        {-1, 65182.20, 64693.3335, "profit_075"},
        {-1, 65182.20, 64693.3336, ""          },
        {-1, 419.72,   416.5721,   "profit_075"},
        {-1, 60760.98, 61368.5898, "stop_loss" },
        {-1, 60760.98, 61368.5897, ""          },
        {1,  0.07,     0.0693,     "stop_loss" },
        {1,  0.07,     0.0694,     ""          },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s;
        scene_set(&s, cases[i].side, 100);
        s.held = fixture_position("XYZ", cases[i].side * 10, cases[i].entry, cases[i].price);
        s.held.unrealised_fraction = NUMBER_NONE;
        s.record.entry_score = 0;
        s.record.has_trail_dist = true;
        s.record.trail_dist = USD(cases[i].entry / 2);
        scene_age(&s, 20);
        struct exit_verdict v = exit_decide(&s.view);
        if (strcmp(v.label, cases[i].label) != 0) fail_msg("row %zu: %s", i, v.label);
    }
}

/* The whole range of entries: 0.75 % and -1 % of them, where that is a price. */
static void
test_exit_property_thresholds_are_exact_at_every_price(void **state)
{
    (void)state;
    struct rng rng = check_rng("exit thresholds");

    for (int i = 0; i < 20000; i++) {
        int64_t entry_e4 = 400 * rng_range(&rng, 1, 50000000);
        int side = rng_chance(&rng, 0.5) ? 1 : -1;
        bool is_target = rng_chance(&rng, 0.5);
        int64_t on = entry_e4 + side * (is_target ? entry_e4 / 400 * 3 : -(entry_e4 / 100));
        int64_t away = on - (is_target ? side : -side);
        struct scene s;
        scene_set(&s, side, 100);
        s.record.entry_score = 0;
        s.record.has_trail_dist = true;
        s.record.trail_dist = (usd){entry_e4 / 2};
        s.held.unrealised_fraction = NUMBER_NONE;
        s.held.cost = usd_notional((usd){entry_e4}, 10);
        scene_age(&s, 20);
        s.held.price = (usd){on};
        assert_string_equal(exit_decide(&s.view).label, is_target ? "profit_075" : "stop_loss");
        s.held.price = (usd){away};
        assert_int_equal(exit_decide(&s.view).action, EXIT_HOLD);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_exit_trailing_stop_between_two_steps_is_reached_by_neither_side_early),
        cmocka_unit_test(test_exit_thresholds_of_prices_are_exact),
        cmocka_unit_test(test_exit_property_thresholds_are_exact_at_every_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
