#include "tests/lib/check.h"

#include "model/ledger.h"
#include "model/order.h"

static void
test_order_status_words_are_the_brokers(void **state)
{
    static const struct {
        const char *word;
        enum order_status status;
        bool is_final;
    } cases[] = {
        {"new",                  ORDER_PENDING,          false},
        {"accepted",             ORDER_PENDING,          false},
        {"pending_new",          ORDER_PENDING,          false},
        {"accepted_for_bidding", ORDER_PENDING,          false},
        {"held",                 ORDER_PENDING,          false},
        {"stopped",              ORDER_PENDING,          false},
        {"suspended",            ORDER_PENDING,          false},
        {"pending_replace",      ORDER_PENDING,          false},
        {"partially_filled",     ORDER_PARTIALLY_FILLED, false},
        {"pending_cancel",       ORDER_PENDING_CANCEL,   false},
        {"filled",               ORDER_FILLED,           true },
        {"canceled",             ORDER_CANCELED,         true },
        {"expired",              ORDER_EXPIRED,          true },
        {"rejected",             ORDER_REJECTED,         true },
        {"done_for_day",         ORDER_DONE_FOR_DAY,     true },
        {"replaced",             ORDER_REPLACED,         true },
        {"calculated",           ORDER_STATUS_UNKNOWN,   false},
        {"Filled",               ORDER_STATUS_UNKNOWN,   false},
        {"",                     ORDER_STATUS_UNKNOWN,   false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum order_status s = order_status_from(cases[i].word);
        if (s != cases[i].status || order_status_is_final(s) != cases[i].is_final)
            fail_msg("%s", cases[i].word);
    }
    for (int s = ORDER_PENDING; s <= ORDER_STATUS_UNKNOWN; s++) {
        assert_int_equal(order_status_from(order_status_name((enum order_status)s)), s);
    }
    assert_int_equal(order_status_from(NULL), ORDER_STATUS_UNKNOWN);
}

static void
test_order_sides(void **state)
{
    enum position_side side = POSITION_SHORT;

    (void)state;
    assert_string_equal(order_side_name(SIDE_BUY), "buy");
    assert_string_equal(order_side_name(SIDE_SELL), "sell");
    assert_string_equal(position_side_name(POSITION_LONG), "long");
    assert_string_equal(position_side_name(POSITION_SHORT), "short");
    assert_string_equal(order_type_name(ORDER_MARKET), "market");
    assert_string_equal(order_type_name(ORDER_LIMIT), "limit");
    assert_int_equal(order_side_opposite(SIDE_BUY), SIDE_SELL);
    assert_int_equal(order_side_opposite(SIDE_SELL), SIDE_BUY);
    assert_true(position_side_from("buy", &side) && side == POSITION_LONG);
    assert_true(position_side_from("SHORT", &side) && side == POSITION_SHORT);
    assert_true(position_side_from("Long", &side) && side == POSITION_LONG);
    assert_true(position_side_from("sell", &side) && side == POSITION_SHORT);
    assert_false(position_side_from("", &side));
    assert_false(position_side_from("hold", &side));
    assert_false(position_side_from(NULL, &side));
    assert_int_equal(side, POSITION_SHORT);
}

static void
test_order_finds_a_position(void **state)
{
    struct position list[] = {
        {.symbol = "AAPL", .qty = 1 },
        {.symbol = "NVDA", .qty = -2}
    };
    struct positions positions = {list, 2}, none = {NULL, 0};

    (void)state;
    assert_ptr_equal(positions_find(&positions, "NVDA"), &list[1]);
    assert_null(positions_find(&positions, "NVD"));
    assert_null(positions_find(&none, "NVDA"));
}

static void
test_ledger_intent_states(void **state)
{
    static const struct {
        const char *name;
        bool is_final;
    } cases[] = {
        {"committed", false},
        {"unknown",   false},
        {"open",      false},
        {"filled",    true },
        {"canceled",  true },
        {"rejected",  true },
        {"expired",   true },
        {"not_sent",  true },
    };
    enum intent_state s = INTENT_OPEN;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_string_equal(intent_state_name((enum intent_state)i), cases[i].name);
        assert_true(intent_state_from(cases[i].name, &s) && s == (enum intent_state)i);
        assert_int_equal(intent_state_is_final(s), cases[i].is_final);
    }
    assert_false(intent_state_from("done", &s));
    assert_false(intent_state_from(NULL, &s));
    assert_int_equal(s, INTENT_NOT_SENT);
    assert_string_equal(intent_purpose_name(PURPOSE_ENTRY), "entry");
    assert_string_equal(intent_purpose_name(PURPOSE_EXIT), "exit");
}

/* ---- positions ----------------------------------------------------------------------------- */

static void
test_ledger_position_opens_reduces_and_turns(void **state)
{
    static const struct {
        const char *what;
        enum order_side side;
        int64_t qty, price_e4;
        int64_t want_qty, want_cost_e4, want_pnl_e4; /* after it */
    } steps[] = {
        {"open long",                SIDE_BUY,  10, 100000, 10, 1000000, 0     },
        {"add",                      SIDE_BUY,  5,  130000, 15, 1650000, 0     },
        {"sell a third at a profit", SIDE_SELL, 5,  120000, 10, 1100000, 50000 },
        {"sell some at a loss",      SIDE_SELL, 4,  100000, 6,  660000,  10000 },
        {"sell all and turn short",  SIDE_SELL, 8,  110000, -2, 220000,  10000 },
        {"add to the short",         SIDE_SELL, 1,  140000, -3, 360000,  10000 },
        {"cover one",                SIDE_BUY,  1,  100000, -2, 240000,  30000 },
        {"cover and turn long",      SIDE_BUY,  3,  130000, 1,  130000,  10000 },
        {"close",                    SIDE_SELL, 1,  130001, 0,  0,       10001 },
        {"open three",               SIDE_BUY,  3,  33333,  3,  99999,   10001 },
        {"add one odd",              SIDE_BUY,  1,  1,      4,  100000,  10001 },
        {"reduce three quarters",    SIDE_SELL, 3,  25000,  1,  25000,   10001 },
        {"worthless",                SIDE_SELL, 1,  0,      0,  0,       -14999},
    };
    struct ledger_position p = {.symbol = "NVDA"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        ledger_position_apply(&p, steps[i].side, steps[i].qty, (usd){steps[i].price_e4});
        if (p.qty != steps[i].want_qty || p.cost.e4 != steps[i].want_cost_e4 ||
            p.realised_pnl.e4 != steps[i].want_pnl_e4) {
            fail_msg("%s: %lld, %lld, %lld", steps[i].what, (long long)p.qty, (long long)p.cost.e4,
                     (long long)p.realised_pnl.e4);
        }
    }
}

static void
test_ledger_position_rounds_the_part_half_away_from_zero(void **state)
{
    static const struct {
        int64_t qty, cost_e4, part, want_cost_e4;
    } cases[] = {
        {2, 1,   1, 0 }, /* half a step goes with the part */
        {2, 3,   1, 1 },
        {3, 100, 1, 67},
        {3, 100, 2, 33},
        {3, 100, 3, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ledger_position is_long = {.qty = cases[i].qty, .cost = {cases[i].cost_e4}};
        struct ledger_position is_short = {.qty = -cases[i].qty, .cost = {cases[i].cost_e4}};
        ledger_position_apply(&is_long, SIDE_SELL, cases[i].part, USD_ZERO);
        ledger_position_apply(&is_short, SIDE_BUY, cases[i].part, USD_ZERO);
        assert_int_equal(is_long.cost.e4, cases[i].want_cost_e4);
        assert_int_equal(is_short.cost.e4, cases[i].want_cost_e4);
        assert_int_equal(is_long.realised_pnl.e4, -is_short.realised_pnl.e4);
    }
}

/*
 * No 1/10000 dollar is made or lost: cash spent and received, plus the signed cost of what is open,
 * is the realised P&L, after every one of many random fills.
 */
static void
test_ledger_position_conserves_money(void **state)
{
    struct rng r = check_rng("fills");

    (void)state;
    for (int run = 0; run < 200; run++) {
        struct ledger_position p = {.symbol = "NVDA"};
        int64_t cash_e4 = 0, shares = 0;
        int64_t qty_max = run % 2 == 0 ? 7 : 1000000;
        for (int i = 0; i < 200; i++) {
            enum order_side side = rng_chance(&r, 0.5) ? SIDE_BUY : SIDE_SELL;
            int64_t qty = rng_range(&r, 1, qty_max), price_e4 = rng_range(&r, 0, 9999999);
            ledger_position_apply(&p, side, qty, (usd){price_e4});
            cash_e4 += side == SIDE_BUY ? -qty * price_e4 : qty * price_e4;
            shares += side == SIDE_BUY ? qty : -qty;
            int64_t signed_cost_e4 = p.qty < 0 ? -p.cost.e4 : p.cost.e4;
            assert_int_equal(p.qty, shares);
            assert_true(p.cost.e4 >= 0 && (p.qty != 0 || p.cost.e4 == 0));
            assert_true(cash_e4 + signed_cost_e4 == p.realised_pnl.e4);
        }
    }
}

static void
no_shares(void)
{
    struct ledger_position p = {.qty = 0};

    ledger_position_apply(&p, SIDE_BUY, 0, (usd){1});
}

static void
negative_price(void)
{
    struct ledger_position p = {.qty = 0};

    ledger_position_apply(&p, SIDE_BUY, 1, (usd){-1});
}

static void
test_ledger_position_asserts_a_real_execution(void **state)
{
    (void)state;
    assert_true(check_aborts(no_shares));
    assert_true(check_aborts(negative_price));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_status_words_are_the_brokers),
        cmocka_unit_test(test_order_sides),
        cmocka_unit_test(test_order_finds_a_position),
        cmocka_unit_test(test_ledger_intent_states),
        cmocka_unit_test(test_ledger_position_opens_reduces_and_turns),
        cmocka_unit_test(test_ledger_position_rounds_the_part_half_away_from_zero),
        cmocka_unit_test(test_ledger_position_conserves_money),
        cmocka_unit_test(test_ledger_position_asserts_a_real_execution),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
