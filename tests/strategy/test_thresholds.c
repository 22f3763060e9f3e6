/*
 * Limits on money and shares of money stand where they are written: an amount that reaches its
 * limit exactly is no breach, one 1/10000 of a dollar more is one; also for amounts that no double
 * holds.
 */
#include "gate_scene.h"

enum { ROUNDS = 2000 };

/* A multiple of step between lo and hi. */
static int64_t
draw(struct rng *rng, int64_t lo, int64_t hi, int64_t step)
{
    return rng_range(rng, lo / step, hi / step) * step;
}

/* Asks for one share at this price, or for more. */
static void
ask_for(struct scene *s, int64_t qty, int64_t price_e4)
{
    s->view.qty = qty;
    s->view.ref = s->view.limit = (usd){price_e4};
}

/* passes: the gate's answer exactly on the limit; the caller has moved one step beyond for the
 * second. */
static void
expect(const char *what, int round, bool on_limit_blocks, bool beyond_blocks)
{
    if (on_limit_blocks) fail_msg("%s, round %d: the limit itself blocks", what, round);
    if (!beyond_blocks) fail_msg("%s, round %d: one step beyond passes", what, round);
}

static void
test_thresholds_of_the_order_size(void **state)
{
    (void)state;
    struct rng rng = check_rng("order size");
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int i = 0; i < ROUNDS; i++) {
        s.view.buying_power = (usd){draw(&rng, 600000, 8000000, 20)};
        ask_for(&s, 1, s.view.buying_power.e4 / 20 * 19);
        bool on_limit = blocks(&s, GATE_ORDER_SIZE);
        ask_for(&s, 1, s.view.ref.e4 + 1);
        expect("95 % of the buying power", i, on_limit, blocks(&s, GATE_ORDER_SIZE));

        s.view.buying_power = USD(100000);
        int64_t qty = rng_range(&rng, 1, 60);
        ask_for(&s, qty, 10000 * 825 / qty);
        s.limits.max_position = (usd){qty * s.view.ref.e4};
        on_limit = blocks(&s, GATE_ORDER_SIZE);
        s.limits.max_position.e4 -= 1;
        expect("largest position", i, on_limit, blocks(&s, GATE_ORDER_SIZE));
        s.limits.max_position = USD(825);
    }
    scene_done(&s);
}

static void
test_thresholds_of_the_smallest_order(void **state)
{
    (void)state;
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int64_t qty = 1; qty <= 10000; qty++) {
        if (1000000 % qty != 0) continue;
        ask_for(&s, qty, 1000000 / qty);
        bool on_limit = blocks(&s, GATE_MIN_NOTIONAL);
        ask_for(&s, qty, 1000000 / qty - 1);
        expect("100 USD", (int)qty, on_limit, blocks(&s, GATE_MIN_NOTIONAL));
    }
    scene_done(&s);
}

static void
test_thresholds_of_the_buying_power(void **state)
{
    (void)state;
    struct rng rng = check_rng("buying power");
    struct scene s;
    for (int i = 0; i < ROUNDS; i++) {
        bool is_short = i % 2 == 1;
        scene_set(&s, is_short ? DIRECTION_BEARISH : DIRECTION_BULLISH);
        ask_for(&s, rng_range(&rng, 1, 40), draw(&rng, 20000, 400000, 2));
        int64_t notional = s.view.qty * s.view.ref.e4;
        s.view.buying_power = (usd){is_short ? notional / 2 * 3 : notional};
        bool on_limit = blocks(&s, GATE_BUYING_POWER);
        s.view.buying_power.e4 -= 1;
        expect("buying power", i, on_limit, blocks(&s, GATE_BUYING_POWER));
        scene_done(&s);
    }
}

static void
test_thresholds_of_the_spread(void **state)
{
    (void)state;
    struct rng rng = check_rng("spread");
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t step = rng_range(&rng, 1, 20000); /* 399 to 401 is 50 bps */
        s.view.quote =
            (struct entry_quote){.is_known = true, .bid = {399 * step}, .ask = {401 * step}};
        bool on_limit = blocks(&s, GATE_SPREAD);
        s.view.quote.ask.e4 += 1;
        expect("50 bps", i, on_limit, blocks(&s, GATE_SPREAD));
    }
    scene_done(&s);
}

static void
test_thresholds_of_the_net_delta(void **state)
{
    (void)state;
    struct rng rng = check_rng("net delta");
    for (int i = 0; i < ROUNDS; i++) {
        struct scene s;
        scene_set(&s, DIRECTION_BULLISH);
        s.view.equity = (usd){draw(&rng, 10000000, 900000000, 10)};
        hold(&s, "AAA", 10, 1);
        hold(&s, "BBB", -10, 1);
        s.book.holding[1].market_value = (usd){rng_range(&rng, 0, 10000000)};
        s.book.holding[0].market_value =
            (usd){s.view.equity.e4 / 10 * 7 + s.book.holding[1].market_value.e4};
        bool on_limit = blocks(&s, GATE_CONCENTRATION);
        s.book.holding[0].market_value.e4 += 1;
        expect("70 % long", i, on_limit, blocks(&s, GATE_CONCENTRATION));
        scene_done(&s);
    }
}

static void
test_thresholds_of_the_guarded_price(void **state)
{
    (void)state;
    struct rng rng = check_rng("price deviation");
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t last = draw(&rng, 500000, 7000000, 20), way = i % 2 == 0 ? 1 : -1;
        ask_for(&s, 1, last);
        s.view.limit = (usd){last + way * last / 20};
        bool on_limit = blocks(&s, GATE_TRADE_GUARD);
        s.view.limit.e4 += way;
        expect("5 % off", i, on_limit, blocks(&s, GATE_TRADE_GUARD));
    }
    scene_done(&s);
}

static void
test_thresholds_of_the_guarded_shares_of_equity(void **state)
{
    (void)state;
    struct rng rng = check_rng("shares of equity");
    for (int i = 0; i < ROUNDS; i++) {
        struct scene s;
        scene_set(&s, DIRECTION_BULLISH);
        hold(&s, "OTHER", 10, 1);
        ask_for(&s, 1, draw(&rng, 600000, 7000000, 1));
        s.view.equity = (usd){draw(&rng, 100000000, 900000000, 10)};
        s.book.holding[0].cost = (usd){s.view.equity.e4 / 10 * 3 - s.view.limit.e4};
        bool on_limit = blocks(&s, GATE_TRADE_GUARD);
        s.book.holding[0].cost.e4 += 1;
        expect("30 % in all", i, on_limit, blocks(&s, GATE_TRADE_GUARD));

        ask_for(&s, 1, draw(&rng, 600000, 7000000, 3));
        s.view.equity = (usd){s.view.limit.e4 / 3 * 20};
        s.book.holding[0].cost = USD_ZERO;
        on_limit = blocks(&s, GATE_TRADE_GUARD);
        ask_for(&s, 1, s.view.limit.e4 + 1);
        expect("15 % in one", i, on_limit, blocks(&s, GATE_TRADE_GUARD));
        scene_done(&s);
    }
}

static void
test_thresholds_of_the_guarded_amounts(void **state)
{
    (void)state;
    struct rng rng = check_rng("amounts");
    struct scene s;
    scene_set(&s, DIRECTION_BULLISH);
    for (int i = 0; i < ROUNDS; i++) {
        ask_for(&s, rng_range(&rng, 2, 30), draw(&rng, 30000, 240000, 1));
        double notional = (double)(s.view.qty * s.view.ref.e4) / 1e4;
        double beyond = (double)(s.view.qty * s.view.ref.e4 - 1) / 1e4;
        s.cfg.max_notional_per_order = notional;
        bool on_limit = blocks(&s, GATE_TRADE_GUARD);
        s.cfg.max_notional_per_order = beyond;
        expect("largest order", i, on_limit, blocks(&s, GATE_TRADE_GUARD));
        s.cfg.max_notional_per_order = 2000;

        s.cfg.max_position_size_usd = notional;
        on_limit = blocks(&s, GATE_TRADE_GUARD);
        s.cfg.max_position_size_usd = beyond;
        expect("position size", i, on_limit, blocks(&s, GATE_TRADE_GUARD));
        s.cfg.max_position_size_usd = 750;
    }
    scene_done(&s);
}

/* Reaching the step is enough here, and one less is not. */
static void
test_thresholds_of_the_momentum(void **state)
{
    (void)state;
    struct rng rng = check_rng("momentum");
    for (int i = 0; i < ROUNDS; i++) {
        int64_t step = rng_range(&rng, 1, 800), way = i % 2 == 0 ? 1 : -1;
        struct scene s;
        scene_set(&s, way > 0 ? DIRECTION_BULLISH : DIRECTION_BEARISH);
        s.view.score = 1.4; /* no way around it */
        s.view.momentum = (struct momentum_view){
            .data = MOMENTUM_KNOWN, .first_close = {10000 * step}, .last_close = {10000 * step}};
        s.view.momentum.last_close.e4 += way * (step - 1);
        bool below_blocks = blocks(&s, GATE_MOMENTUM);
        s.view.momentum.last_close.e4 += way;
        expect("one in ten thousand", i, blocks(&s, GATE_MOMENTUM), below_blocks);
        scene_done(&s);
    }
}

/* A loss or a fall that reaches its limit is a breach. */
static void
test_thresholds_of_the_account(void **state)
{
    (void)state;
    struct rng rng = check_rng("account");
    const struct date day = {2026, 3, 5};
    struct risk_limits limits = risk_limits_of(MODE_PAPER, 0);
    limits.min_equity = USD_ZERO; /* these two would speak first */
    limits.daily_loss = USD(1e6);

    for (int i = 0; i < ROUNDS; i++) {
        usd equity = {draw(&rng, 10000000, 900000000, 100)};
        struct risk_marks marks = {.has_peak = true, .peak = {equity.e4 / 4 * 5}};
        if (risk_check(&limits, &marks, &equity, day).breach != RISK_DRAWDOWN)
            fail_msg("round %d: a fall of 20 %% is no breach", i);
        marks.peak.e4 -= 1;
        if (risk_check(&limits, &marks, &equity, day).breach != RISK_NONE)
            fail_msg("round %d: less than 20 %% is a breach", i);

        marks = (struct risk_marks){
            .has_baseline = true, .baseline_date = day, .baseline = {equity.e4 / 25 * 26}};
        if (risk_check(&limits, &marks, &equity, day).breach != RISK_DAILY_LOSS_PCT)
            fail_msg("round %d: a loss of 4 %% is no breach", i);
        marks.baseline.e4 -= 1;
        if (risk_check(&limits, &marks, &equity, day).breach != RISK_NONE)
            fail_msg("round %d: less than 4 %% is a breach", i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thresholds_of_the_order_size),
        cmocka_unit_test(test_thresholds_of_the_smallest_order),
        cmocka_unit_test(test_thresholds_of_the_buying_power),
        cmocka_unit_test(test_thresholds_of_the_spread),
        cmocka_unit_test(test_thresholds_of_the_net_delta),
        cmocka_unit_test(test_thresholds_of_the_guarded_price),
        cmocka_unit_test(test_thresholds_of_the_guarded_shares_of_equity),
        cmocka_unit_test(test_thresholds_of_the_guarded_amounts),
        cmocka_unit_test(test_thresholds_of_the_momentum),
        cmocka_unit_test(test_thresholds_of_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
