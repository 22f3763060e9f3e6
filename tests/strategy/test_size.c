#include "decide_fixture.h"

#include "strategy/size.h"

static struct size_inputs
inputs(double score, double ref, const struct risk_limits *limits)
{
    return (struct size_inputs){.equity = USD(55000),
                                .ref = USD(ref),
                                .score = score,
                                .sentiment = DIRECTION_BULLISH,
                                .conviction = 0.5,
                                .market_regime = "mixed",
                                .stage = STAGE_BOOTSTRAP,
                                .limits = limits};
}

/* The worked examples of spec 10 R5.22. */
static void
test_size_agrees_with_the_examples(void **state)
{
    (void)state;
    static const struct {
        double score, notional;
        int64_t q0, q;
    } cases[] = {
        {3.2, 550, 13, 7 },
        {3.8, 825, 20, 12},
        {4.6, 825, 20, 12}
    };
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct size_inputs in = inputs(cases[i].score, 40, &limits);
        struct size_result r = size_entry(&in);
        assert_true(r.is_ok);
        assert_near(r.base_usd, 825, 1e-9);
        assert_near(r.notional_usd, cases[i].notional, 1e-9);
        assert_int_equal(r.qty_base, cases[i].q0);
        assert_int_equal(r.qty, cases[i].q);
    }
}

static void
test_size_steps_stand_at_their_scores(void **state)
{
    (void)state;
    static const struct {
        double score, conviction, step;
    } cases[] = {
        {2.99, 1.0 / 1.5, 0.8 * 0.6},
        {3.0,  1.0 / 1.5, 0.8      },
        {3.49, 1.0 / 1.5, 0.8      },
        {3.5,  1,         0.8      },
        {3.79, 1,         0.8      },
        {3.8,  1,         0.8 * 1.2},
        {4.19, 1,         0.8 * 1.2},
        {4.2,  1,         0.8 * 1.5},
        {4.5,  1,         0.8 * 1.5},
        {4.51, 2.0 / 1.5, 0.8 * 1.5},
    };
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct size_inputs in = inputs(cases[i].score, 40, &limits);
        in.stage = STAGE_HIGH_CONFIDENCE;
        struct size_result r = size_entry(&in);
        assert_near(r.conviction_multiplier, cases[i].conviction, 1e-12);
        assert_near(r.score_multiplier, cases[i].step, 1e-12);
        assert_near(r.dynamic_multiplier, fmax(0.5, cases[i].step), 1e-12);
    }
}

static void
test_size_flow_modifier_needs_conviction(void **state)
{
    (void)state;
    static const struct {
        enum direction sentiment;
        double conviction;
        double modifier;
        int64_t q1;
    } cases[] = {
        {DIRECTION_BULLISH, 0.70, 1.0, 13},
        {DIRECTION_BULLISH, 0.71, 1.2, 16}, /* 15.6 */
        {DIRECTION_BEARISH, 0.70, 1.0, 13},
        {DIRECTION_BEARISH, 0.71, 0.8, 10}, /* 10.4 */
        {DIRECTION_NONE,    0.9,  1.0, 13},
    };
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct size_inputs in = inputs(3.2, 40, &limits);
        in.sentiment = cases[i].sentiment;
        in.conviction = cases[i].conviction;
        struct size_result r = size_entry(&in);
        assert_near(r.flow_modifier, cases[i].modifier, 0);
        assert_int_equal(r.qty_flow, cases[i].q1);
    }
    struct size_inputs in = inputs(3.2, 40, &limits);
    in.conviction = NUMBER_NONE;
    assert_int_equal(size_entry(&in).qty_flow, 13);
}

static void
test_size_is_at_least_one_share_and_never_without_a_price(void **state)
{
    (void)state;
    struct risk_limits limits = risk_limits_of(MODE_LIVE, 0);
    struct size_inputs in = inputs(4.6, 900, &limits);

    in.equity = USD(10000);
    assert_int_equal(size_entry(&in).qty, 1);
    in.ref = USD_ZERO;
    assert_false(size_entry(&in).is_ok);
    in.ref = USD(-1);
    assert_false(size_entry(&in).is_ok);
    in.ref = (usd){1};
    assert_true(size_entry(&in).qty <= QTY_MAX);
}

static void
test_size_is_clamped_between_the_position_limits(void **state)
{
    (void)state;
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);
    struct size_inputs in = inputs(3.6, 10, &limits);

    in.equity = USD(1000); /* 1.5 % is 15 USD */
    assert_near(size_entry(&in).base_usd, 50, 0);
    in.equity = USD(1000000);
    assert_near(size_entry(&in).base_usd, 825, 0);
}

static void
test_size_stage_words_and_caps(void **state)
{
    (void)state;
    assert_int_equal(trading_stage_from("unlocked"), STAGE_UNLOCKED);
    assert_int_equal(trading_stage_from("high_confidence"), STAGE_HIGH_CONFIDENCE);
    assert_int_equal(trading_stage_from("nonsense"), STAGE_BOOTSTRAP);
    assert_int_equal(trading_stage_from(NULL), STAGE_BOOTSTRAP);
    assert_near(stage_limits(STAGE_BOOTSTRAP)->size_cap, 0.6, 0);
    assert_near(stage_limits(STAGE_UNLOCKED)->ev_floor, 0.10, 0);
    assert_int_equal(stage_limits(STAGE_HIGH_CONFIDENCE)->exploration_quota, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_agrees_with_the_examples),
        cmocka_unit_test(test_size_steps_stand_at_their_scores),
        cmocka_unit_test(test_size_flow_modifier_needs_conviction),
        cmocka_unit_test(test_size_is_at_least_one_share_and_never_without_a_price),
        cmocka_unit_test(test_size_is_clamped_between_the_position_limits),
        cmocka_unit_test(test_size_stage_words_and_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
