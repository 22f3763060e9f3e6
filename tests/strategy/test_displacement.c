#include "decide_fixture.h"

#include "strategy/displacement.h"

static struct displaceable
held(const char *symbol, double current, double entry_score, double pnl_pct, double age_h)
{
    struct displaceable d = {.current = current,
                             .entry_score = entry_score,
                             .pnl_pct = pnl_pct,
                             .age_h = age_h,
                             .displaced_ns = WHEN_NONE};
    (void)str_copy(d.symbol, sizeof(d.symbol), symbol);
    return d;
}

static struct displacement_verdict
find(double score, const struct displaceable *list, size_t len)
{
    struct strategy_config cfg = fixture_config();
    struct displacement_view v = {
        .symbol = "NEW", .score = score, .list = list, .len = len, .now_ns = NOW_NS, .cfg = &cfg};
    return displacement_find(&v);
}

static void
test_displacement_tiers_at_their_thresholds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double score, current, entry_score, pnl_pct, age_h;
        enum displacement_tier tier;
    } cases[] = {
        {"elite: score not above 3.6",        3.6,  2.0,  3.0,  2,     1,    DISPLACEMENT_NONE       },
        {"elite: weak now",                   3.61, 2.99, 3.0,  2,     1,    DISPLACEMENT_ELITE      },
        {"elite: not weak enough",            3.61, 3.0,  3.0,  2,     1,    DISPLACEMENT_NONE       },
        {"elite: losing",                     3.61, 5.0,  3.0,  -0.51, 1,    DISPLACEMENT_ELITE      },
        {"elite: not losing enough",          3.61, 5.0,  3.0,  -0.5,  1,    DISPLACEMENT_NONE       },
        {"competitive: score not above 4.0",  4.0,  3.0,  3.0,  2,     1,    DISPLACEMENT_NONE       },
        {"competitive: by more than a point", 4.5,  3.49, 4.0,  2,     1,    DISPLACEMENT_COMPETITIVE},
        {"competitive: by a point",           4.5,  3.5,  4.0,  2,     1,    DISPLACEMENT_NONE       },
        {"normal: all hold",                  5.0,  4.5,  3.0,  1.0,   4,    DISPLACEMENT_NORMAL     },
        {"normal: too young",                 5.0,  4.5,  3.0,  1.0,   3.99, DISPLACEMENT_NONE       },
        {"normal: earns too much",            5.0,  4.5,  3.0,  1.01,  4,    DISPLACEMENT_NONE       },
        {"normal: advantage too small",       5.0,  4.5,  3.01, 1.0,   4,    DISPLACEMENT_NONE       },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct displaceable one =
            held("OLD", cases[i].current, cases[i].entry_score, cases[i].pnl_pct, cases[i].age_h);
        struct displacement_verdict v = find(cases[i].score, &one, 1);
        if (v.tier != cases[i].tier)
            fail_msg("%s: %s", cases[i].what, displacement_tier_name(v.tier));
    }
}

static void
test_displacement_elite_takes_the_weakest(void **state)
{
    (void)state;
    const struct displaceable list[] = {
        held("AAA", 4.0, 4, -0.6, 1),
        held("BBB", 2.0, 4, 0.3, 1),
        held("CCC", 2.0, 4, 0.2, 1),
        held("DDD", 1.0, 4, 5, 1),
    };
    struct displacement_verdict v = find(3.7, list, 3);
    assert_int_equal(v.index, 2); /* of two alike the one that earns less */
    assert_string_equal(v.reason, "elite_tier_displacement");
    assert_string_equal(v.why, "score_too_low");
    v = find(3.7, list, 4);
    assert_int_equal(v.index, 3);
    v = find(3.7, list, 1);
    assert_string_equal(v.why, "negative_pnl");
}

static void
test_displacement_normal_prefers_low_score_then_age_then_loss(void **state)
{
    (void)state;
    const struct displaceable list[] = {
        held("AAA", 4.5, 2.5, 0.1, 5),
        held("BBB", 4.5, 2.0, 0.5, 5),
        held("CCC", 4.5, 2.0, 0.5, 9),
        held("DDD", 4.5, 2.0, 0.2, 9),
    };
    assert_int_equal(find(4.8, list, 1).index, 0);
    assert_int_equal(find(4.8, list, 2).index, 1);
    assert_int_equal(find(4.8, list, 3).index, 2);
    struct displacement_verdict v = find(4.8, list, 4);
    assert_int_equal(v.index, 3);
    assert_int_equal(v.tier, DISPLACEMENT_NORMAL);
    assert_near(v.score_advantage, 2.8, 1e-12);
}

static void
test_displacement_leaves_out_who_may_not_go(void **state)
{
    (void)state;
    struct displaceable one = held("OLD", 1, 1, 0, 10);

    assert_int_equal(find(5, &one, 1).tier, DISPLACEMENT_ELITE);
    one.is_out = true;
    assert_int_equal(find(5, &one, 1).tier, DISPLACEMENT_NONE);
    one.is_out = false;
    (void)str_copy(one.symbol, sizeof(one.symbol), "NEW");
    assert_int_equal(find(5, &one, 1).tier, DISPLACEMENT_NONE);
    assert_int_equal(find(5, NULL, 0).tier, DISPLACEMENT_NONE);
}

static void
test_displacement_cooldown_is_for_the_normal_tier(void **state)
{
    (void)state;
    struct displaceable one = held("OLD", 4.8, 2.0, 0.1, 10);

    one.displaced_ns = NOW_NS - 6 * NS_PER_HOUR + 1;
    struct displacement_verdict v = find(5, &one, 1);
    assert_int_equal(v.tier, DISPLACEMENT_NONE);
    assert_int_equal(v.in_cooldown, 1);
    one.displaced_ns = NOW_NS - 6 * NS_PER_HOUR;
    assert_int_equal(find(5, &one, 1).tier, DISPLACEMENT_NORMAL);
}

static void
test_displacement_counts_why_it_found_none(void **state)
{
    (void)state;
    const struct displaceable list[] = {
        held("AAA", 4.5, 2.5, 0.1, 1),         held("BBB", 4.5, 2.0, 3.0, 5),
        held("CCC", 4.5, 4.5, 0.5, 9),         held("DDD", 4.5, 4.5, 0.5, 9),
        held("EEE", 4.5, 2.0, NUMBER_NONE, 9), held("FFF", 4.5, 2.0, 0, NUMBER_NONE),
    };
    struct displacement_verdict v = find(4.8, list, 6);
    assert_int_equal(v.tier, DISPLACEMENT_NONE);
    assert_int_equal(v.too_young, 2);
    assert_int_equal(v.pnl_too_high, 2); /* a P&L that is not known is not known to be small */
    assert_int_equal(v.score_advantage_insufficient, 2);
}

static void
test_displacement_can_be_switched_off(void **state)
{
    (void)state;
    struct strategy_config cfg = fixture_config();
    struct displaceable one = held("OLD", 1, 1, 0, 10);
    cfg.displacement = false;
    struct displacement_view v = {
        .symbol = "NEW", .score = 5, .list = &one, .len = 1, .now_ns = NOW_NS, .cfg = &cfg};
    assert_int_equal(displacement_find(&v).tier, DISPLACEMENT_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_displacement_tiers_at_their_thresholds),
        cmocka_unit_test(test_displacement_elite_takes_the_weakest),
        cmocka_unit_test(test_displacement_normal_prefers_low_score_then_age_then_loss),
        cmocka_unit_test(test_displacement_leaves_out_who_may_not_go),
        cmocka_unit_test(test_displacement_cooldown_is_for_the_normal_tier),
        cmocka_unit_test(test_displacement_counts_why_it_found_none),
        cmocka_unit_test(test_displacement_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
