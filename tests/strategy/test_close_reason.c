#include "decide_fixture.h"

#include "strategy/close_reason.h"

static void
test_close_reason_orders_its_tokens(void **state)
{
    (void)state;
    char text[REASON_MAX];
    struct close_facts f = {.trigger = TRIGGER_STOP_LOSS,
                            .pnl_pct = -1.234,
                            .age_min = 150,
                            .time_exit = true,
                            .trail_stop = true,
                            .decay = 0.5,
                            .flow_reversal = true,
                            .drawdown = true,
                            .drawdown_pct = 4.06,
                            .momentum_reversal = true};
    close_reason(&f, text);
    assert_string_equal(
        text, "stop_loss(-1.23%)+time_exit(2h)+trail_stop(-1.2%)+signal_decay(0.50)+flow_reversal+"
              "drawdown(4.1%)+momentum_reversal");
    f = (struct close_facts){.decay = 1, .displaced_by = "NVDA", .position_flip = true};
    close_reason(&f, text);
    assert_string_equal(text, "displaced_by_NVDA+position_flip");
    f = (struct close_facts){.decay = NUMBER_NONE, .scale_out_fraction = 0.29};
    close_reason(&f, text);
    assert_string_equal(text, "profit_target(29%)");
}

static void
test_close_reason_is_never_empty_and_never_too_long(void **state)
{
    (void)state;
    char text[REASON_MAX];
    struct close_facts f = {.decay = NUMBER_NONE};
    close_reason(&f, text);
    assert_string_equal(text, "unknown_exit");
    f.primary = "drawdown";
    close_reason(&f, text);
    assert_string_equal(text, "drawdown");
    f = (struct close_facts){.trigger = TRIGGER_EXIT_URGENCY,
                             .pnl_pct = -1000,
                             .urgency = 10,
                             .age_min = 1e7,
                             .time_exit = true,
                             .trail_stop = true,
                             .decay = 0.1,
                             .flow_reversal = true,
                             .scale_out_fraction = 0.1,
                             .drawdown = true,
                             .drawdown_pct = 2000,
                             .momentum_reversal = true,
                             .regime = "high_vol_neg_gamma",
                             .displaced_by = "ABCDEFGHIJ",
                             .stale_position = true,
                             .stale_trade = true,
                             .stale_alpha = true,
                             .position_flip = true};
    close_reason(&f, text);
    assert_true(strlen(text) < REASON_MAX);
    assert_true(text[strlen(text) - 1] != '+');
    int open = 0; /* no token is cut in two */
    for (const char *c = text; *c != '\0'; c++)
        open += *c == '(' ? 1 : *c == ')' ? -1 : 0;
    assert_int_equal(open, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_reason_orders_its_tokens),
        cmocka_unit_test(test_close_reason_is_never_empty_and_never_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
