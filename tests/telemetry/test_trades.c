/*
 * The trade records: the keys and values of the spec, and the arithmetic of a profit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <math.h>

#include "telemetry/trades.h"

#define T0 (INT64_C(1750000000) * NS_PER_S + 123456000) /* 2025-06-15T15:06:40.123456 */

static struct entry_record
an_entry(void)
{
    struct entry_record r = {
        .at_ns = T0, .symbol = "AMD", .side = SIDE_SELL, .is_filled = true, .qty = 30};

    r.price.e4 = 1759000;
    r.entered_ns = T0 - NS_PER_S;
    r.type = ORDER_LIMIT;
    r.limit.e4 = 1758000;
    r.attempt = 2;
    r.status = "filled";
    r.note = "n";
    r.score = 4.182;
    r.direction = "bearish";
    r.gamma_regime = "negative";
    r.market_regime = "mixed";
    r.components_json = "{\"smile\":0.588,\"flow\":1.5}";
    r.account_equity.e4 = 550001234;
    r.position_size.e4 = 52770000;
    r.correlation_id = "uw_0123456789abcdef";
    r.client_order_id = "v1-1";
    r.regime.regime = "mixed";
    r.regime.sector_posture = "TECH";
    return r;
}

static struct exit_record
an_exit(enum position_side side)
{
    struct exit_record r = {.at_ns = T0, .symbol = "AMD", .side = side, .qty = 30, .entry_qty = 60};
    const struct date friday = {2025, 6, 13};

    r.entry_cost.e4 = 30 * 1759000;
    r.exit_proceeds.e4 = 30 * 1768795;
    r.entered_ns = T0 - 90 * NS_PER_MIN;
    r.exited_ns = T0;
    r.entry_score = 3.5;
    r.components_json = "{\"flow\":0.65,\"dark_pool\":1}";
    r.market_regime = "mixed";
    r.direction = "bullish";
    r.close_reason = "trail_stop+signal_decay(0.50)";
    r.entry_order_id = "e-1";
    r.exit_order_id = "x-1";
    r.correlation_id = "uw_0";
    r.type = ORDER_MARKET;
    r.flow = 0.65;
    r.entry_ny = (struct civil){.date = friday, .hour = 9, .minute = 45};
    r.fraction = 0.5;
    r.regime.regime = "mixed";
    return r;
}

static void
check(struct text *t, const char *want)
{
    struct json *doc = NULL;

    assert_string_equal(text_str(t), want);
    assert_int_equal(json_parse(t->data, t->len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                     RC_OK);
    json_free(doc);
    text_free(t);
}

static void
test_trades_order_variants(void **state)
{
#define HEAD   "\"symbol\":\"AMD\",\"side\":\"sell\""
#define LIMIT  ",\"limit_price\":175.80"
#define FAILED ",\"error\":\"e\",\"error_details\":null}"
    static const char *const want_of[] = {
        [ACTION_SUBMIT_LIMIT_FILLED] = HEAD LIMIT ",\"filled_price\":175.90,\"attempt\":2}",
        [ACTION_SUBMIT_LIMIT_FINAL_FILLED] = HEAD LIMIT ",\"filled_price\":175.90,\"attempt\":2}",
        [ACTION_LIMIT_NOT_FILLED] = HEAD LIMIT ",\"attempt\":2}",
        [ACTION_LIMIT_FINAL_NOT_FILLED] = HEAD LIMIT ",\"attempt\":2}",
        [ACTION_LIMIT_RETRY_FAILED] = HEAD FAILED,
        [ACTION_LIMIT_FINAL_FAILED] = HEAD FAILED,
        [ACTION_MARKET_FAIL] = HEAD FAILED,
        [ACTION_SCALE_OUT_FAILED] = HEAD FAILED,
        [ACTION_CLOSE_POSITION_FAILED] = HEAD FAILED,
        [ACTION_SUBMIT_MARKET_FALLBACK] = HEAD "}",
        [ACTION_SCALE_OUT] = "\"symbol\":\"AMD\",\"qty\":3,\"fraction\":0.5}",
        [ACTION_CLOSE_POSITION] = "\"symbol\":\"AMD\",\"reason\":\"stale\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(want_of); i++) {
        struct order_record r = {.at_ns = T0,
                                 .action = (enum order_action)i,
                                 .symbol = "AMD",
                                 .side = SIDE_SELL,
                                 .limit = {1758000},
                                 .filled_price = {1759000},
                                 .attempt = 2,
                                 .error = "e",
                                 .qty = 3,
                                 .fraction = 0.5,
                                 .reason = "stale"};
        struct text t = {0};
        char want[512];

        (void)snprintf(
            want, sizeof(want),
            "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"order\",\"action\":\"%s\",%s",
            order_action_name(r.action), want_of[i]);
        order_record_encode(&r, &t);
        check(&t, want);
    }
}

static void
test_trades_entry_order_and_rejection(void **state)
{
    struct entry_record r = an_entry();
    struct text t = {0};

    (void)state;
    entry_order_encode(&r, &t);
    check(&t, "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"order\",\"symbol\":\"AMD\","
              "\"qty\":30,"
              "\"side\":\"sell\",\"score\":4.182,\"price\":175.90,\"order_type\":\"limit\","
              "\"status\":\"filled\","
              "\"note\":\"n\",\"client_order_id\":\"v1-1\"}");
    r.is_filled = false;
    r.status = "submitted_unfilled";
    entry_order_encode(&r, &t);
    assert_non_null(strstr(t.data, "\"price\":null"));
    text_clear(&t);
    entry_rejected_encode(&r, "422", &t);
    check(&t, "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"order\",\"symbol\":\"AMD\","
              "\"qty\":30,"
              "\"side\":\"sell\",\"error\":\"422\",\"order_type\":\"limit\","
              "\"entry_status\":\"submitted_unfilled\",\"client_order_id\":\"v1-1\"}");
}

static void
test_trades_entry_attribution(void **state)
{
    struct entry_record r = an_entry();
    struct text t = {0};

    (void)state;
    entry_attribution_encode(&r, &t);
    check(&t,
          "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"attribution\","
          "\"trade_id\":\"open_AMD_2025-06-15T15:06:40.123456+00:00\",\"symbol\":\"AMD\",\"pnl_"
          "usd\":0,"
          "\"context\":{\"direction\":\"bearish\",\"side\":\"sell\",\"gamma_regime\":\"negative\","
          "\"market_regime\":\"mixed\",\"regime\":\"mixed\",\"score\":4.182,\"entry_score\":4.182,"
          "\"order_type\":\"limit\",\"entry_ts\":\"2025-06-15T15:06:39.123456+00:00\","
          "\"entry_status\":\"filled\",\"pending_fill\":false,\"entry_price\":175.90,\"entry_qty\":"
          "30,"
          "\"qty\":30,\"entry_price_source\":\"alpaca.order.filled_avg_price\","
          "\"components\":{\"smile\":0.588,\"flow\":1.5},\"position_side\":\"short\","
          "\"account_equity_at_entry\":55000.12,\"position_size_usd\":5277.00,"
          "\"correlation_id\":\"uw_0123456789abcdef\",\"client_order_id\":\"v1-1\","
          "\"metadata_incomplete\":false}}");

    /* No fill: no price is made up. */
    r.is_filled = false;
    r.status = "submitted_unfilled";
    entry_attribution_encode(&r, &t);
    assert_null(strstr(t.data, "entry_price"));
    assert_non_null(strstr(t.data, "\"pending_fill\":true,\"requested_qty\":30,"));
    text_free(&t);
}

static void
test_trades_incomplete_entries_say_so(void **state)
{
    struct entry_record full = an_entry(), rows[6], pending = an_entry();

    (void)state;
    assert_false(entry_is_incomplete(&full));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = full;
    rows[0].entered_ns = WHEN_NONE;
    rows[1].price = USD_ZERO;
    rows[2].qty = 0;
    rows[3].score = 0;
    rows[4].components_json = "{}";
    rows[5].market_regime = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!entry_is_incomplete(&rows[i])) fail_msg("row %zu", i);
    pending.is_filled = false;
    pending.price = USD_ZERO;
    pending.components_json = NULL;
    assert_false(entry_is_incomplete(&pending));
    pending.status = NULL;
    assert_true(entry_is_incomplete(&pending));
}

static void
test_contract_4_20_11_master_log_of_a_trade(void **state)
{
    struct entry_record in = an_entry();
    struct exit_record out = an_exit(POSITION_SHORT);
    struct text t = {0};

    (void)state;
    out.entered_ns = in.entered_ns;
    entry_master_encode(&in, &t);
    check(&t,
          "{\"trade_id\":\"live:AMD:2025-06-15T15:06:39.123456+00:00\",\"symbol\":\"AMD\",\"side\":"
          "\"short\","
          "\"is_live\":true,\"is_shadow\":false,\"entry_ts\":\"2025-06-15T15:06:39.123456+00:00\","
          "\"exit_ts\":null,\"entry_price\":175.90,\"exit_price\":null,\"size\":30,"
          "\"realized_pnl_usd\":null,\"signals\":[\"flow\",\"smile\"],"
          "\"feature_snapshot\":{\"smile\":0.588,\"flow\":1.5},\"regime_snapshot\":{\"regime\":"
          "\"mixed\","
          "\"sector_posture\":\"TECH\",\"volatility_bucket\":null,\"trend_bucket\":null},"
          "\"exit_reason\":null,\"source\":\"live\",\"timestamp\":\"2025-06-15T15:06:40.123456+00:"
          "00\"}");
    exit_master_encode(&out, &t);
    check(&t,
          "{\"trade_id\":\"live:AMD:2025-06-15T15:06:39.123456+00:00\",\"symbol\":\"AMD\",\"side\":"
          "\"short\","
          "\"is_live\":true,\"is_shadow\":false,\"entry_ts\":\"2025-06-15T15:06:39.123456+00:00\","
          "\"exit_ts\":\"2025-06-15T15:06:40.123456+00:00\",\"entry_price\":175.90,\"exit_price\":"
          "176.8795,"
          "\"size\":30,\"realized_pnl_usd\":-29.39,\"signals\":[\"dark_pool\",\"flow\"],"
          "\"feature_snapshot\":{\"flow\":0.65,\"dark_pool\":1},\"regime_snapshot\":{\"regime\":"
          "\"mixed\","
          "\"sector_posture\":null,\"volatility_bucket\":null,\"trend_bucket\":null},"
          "\"exit_reason\":\"trail_stop+signal_decay(0.50)\",\"source\":\"live\","
          "\"timestamp\":\"2025-06-15T15:06:40.123456+00:00\"}");
}

static void
test_trades_profit_is_exact_and_for_the_side(void **state)
{
    static const struct {
        const char *what;
        enum position_side side;
        int64_t qty, cost_e4, proceeds_e4, pnl_e4;
        double pct;
    } rows[] = {
        {"long won",   POSITION_LONG,  10, 1000000, 1100000, 100000,  10    },
        {"long lost",  POSITION_LONG,  10, 1000000, 900000,  -100000, -10   },
        {"short won",  POSITION_SHORT, 10, 1000000, 900000,  100000,  10    },
        {"short lost", POSITION_SHORT, 10, 1000000, 1100000, -100000, -10   },
        {"even",       POSITION_LONG,  3,  1000000, 1000000, 0,       0     },
        {"thirds",     POSITION_LONG,  3,  1000000, 1000001, 1,       0.0001},
        {"free",       POSITION_LONG,  1,  0,       10000,   10000,   0     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct exit_record r = {.side = rows[i].side,
                                .qty = rows[i].qty,
                                .entry_cost = {rows[i].cost_e4},
                                .exit_proceeds = {rows[i].proceeds_e4}};

        if (exit_pnl(&r).e4 != rows[i].pnl_e4 || fabs(exit_pnl_pct(&r) - rows[i].pct) > 1e-12)
            fail_msg("%s: %f", rows[i].what, exit_pnl_pct(&r));
    }
}

static void
test_trades_exit_attribution(void **state)
{
    struct exit_record r = an_exit(POSITION_LONG);
    struct text t = {0};

    (void)state;
    exit_attribution_encode(&r, &t);
    check(&t,
          "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"attribution\","
          "\"trade_id\":\"close_AMD_2025-06-15T15:06:40.123456+00:00\",\"symbol\":\"AMD\",\"entry_"
          "score\":3.5,"
          "\"market_regime\":\"mixed\",\"exit_pnl\":0.5569,\"pnl_pct\":0.5569,\"pnl_usd\":29.39,"
          "\"hold_minutes\":90,\"stealth_boost_applied\":false,\"context\":{"
          "\"close_reason\":\"trail_stop+signal_decay(0.50)\",\"entry_price\":175.90,\"exit_"
          "price\":176.8795,"
          "\"pnl_pct\":0.5569,\"hold_minutes\":90,\"side\":\"buy\",\"position_side\":\"long\","
          "\"order_side_raw\":\"buy\",\"qty\":30,\"entry_qty\":60,\"exit_qty\":30,\"entry_order_"
          "id\":\"e-1\","
          "\"exit_order_id\":\"x-1\",\"entry_score\":3.5,\"components\":{\"flow\":0.65,\"dark_"
          "pool\":1},"
          "\"market_regime\":\"mixed\",\"direction\":\"bullish\",\"time_of_day\":\"OPEN\","
          "\"day_of_week\":\"FRIDAY\",\"entry_hour\":9,\"flow_magnitude\":\"MEDIUM\","
          "\"signal_strength\":\"STRONG\",\"entry_ts\":\"2025-06-15T13:36:40.123456+00:00\","
          "\"entry_price_source\":\"alpaca.order.filled_avg_price_or_position.avg_entry_price\","
          "\"exit_price_source\":\"alpaca.order.filled_avg_price\",\"correlation_id\":\"uw_0\"}}");
}

static void
test_trades_words_for_numbers(void **state)
{
    static const struct {
        int hour, minute;
        double flow, score;
        const char *time, *magnitude, *strength;
    } rows[] = {
        {9,  29, 0.29,        2.49, "\"AFTER_HOURS\"", "\"LOW\"",    "\"WEAK\""    },
        {9,  30, 0.3,         2.5,  "\"OPEN\"",        "\"MEDIUM\"", "\"MODERATE\""},
        {9,  59, 0.69,        3.49, "\"OPEN\"",        "\"MEDIUM\"", "\"MODERATE\""},
        {10, 0,  0.7,         3.5,  "\"MID_DAY\"",     "\"HIGH\"",   "\"STRONG\""  },
        {14, 59, (double)NAN, 0,    "\"MID_DAY\"",     "null",       "\"WEAK\""    },
        {15, 0,  0,           9,    "\"CLOSE\"",       "\"LOW\"",    "\"STRONG\""  },
        {15, 59, 0,           9,    "\"CLOSE\"",       "\"LOW\"",    "\"STRONG\""  },
        {16, 0,  0,           9,    "\"AFTER_HOURS\"", "\"LOW\"",    "\"STRONG\""  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct exit_record r = an_exit(POSITION_LONG);
        struct text t = {0};
        char want[200];

        r.entry_ny.hour = rows[i].hour;
        r.entry_ny.minute = rows[i].minute;
        r.flow = rows[i].flow;
        r.entry_score = rows[i].score;
        exit_attribution_encode(&r, &t);
        (void)snprintf(want, sizeof(want), "\"time_of_day\":%s,", rows[i].time);
        if (strstr(t.data, want) == NULL) fail_msg("row %zu: %s", i, t.data);
        (void)snprintf(want, sizeof(want), "\"flow_magnitude\":%s,\"signal_strength\":%s",
                       rows[i].magnitude, rows[i].strength);
        if (strstr(t.data, want) == NULL) fail_msg("row %zu: %s", i, t.data);
        bool is_low = str_eq(rows[i].magnitude, "\"LOW\"");
        assert_true((strstr(t.data, "\"stealth_boost_applied\":true") != NULL) == is_low);
        text_free(&t);
    }
}

static void
test_trades_partial_exit_and_exit_line(void **state)
{
    struct exit_record r = an_exit(POSITION_LONG);
    struct text t = {0};

    (void)state;
    exit_partial_encode(&r, &t);
    check(&t, "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"attribution\","
              "\"trade_id\":\"scale_AMD_2025-06-15T15:06:40.123456+00:00\",\"symbol\":\"AMD\","
              "\"pnl_usd\":29.39,"
              "\"pnl_pct\":0.5569,\"hold_minutes\":90,\"context\":{"
              "\"close_reason\":\"trail_stop+signal_decay(0.50)\",\"entry_price\":175.90,\"exit_"
              "price\":176.8795,"
              "\"pnl_pct\":0.5569,\"hold_minutes\":90,\"side\":\"buy\",\"qty\":30,"
              "\"exit_order_id\":\"x-1\",\"fraction\":0.5,"
              "\"entry_score\":3.5,\"components\":{\"flow\":0.65,\"dark_pool\":1},\"market_"
              "regime\":\"mixed\","
              "\"direction\":\"bullish\"}}");
    exit_line_encode(&r, &t);
    check(&t, "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"timestamp\":\"2025-06-15T15:06:40."
              "123456+00:00\","
              "\"symbol\":\"AMD\",\"side\":\"long\",\"qty\":30,\"entry_price\":175.90,\"exit_"
              "price\":176.8795,"
              "\"pnl_usd\":29.39,\"pnl_pct\":0.5569,\"hold_minutes\":90,"
              "\"close_reason\":\"trail_stop+signal_decay(0.50)\","
              "\"entry_ts\":\"2025-06-15T13:36:40.123456+00:00\",\"exit_ts\":\"2025-06-15T15:06:40."
              "123456+00:00\","
              "\"entry_score\":3.5,\"market_regime\":\"mixed\","
              "\"trade_id\":\"live:AMD:2025-06-15T13:36:40.123456+00:00\"}");
}

static void
test_trades_live_orders_and_portfolio(void **state)
{
    struct entry_record in = an_entry();
    struct exit_record out = an_exit(POSITION_SHORT);
    struct text t = {0};

    (void)state;
    in.limit.e4 = 1000000;
    in.price.e4 = 1001000;
    entry_live_encode(&in, "LIMIT_FILLED", &t);
    check(&t, "{\"_ts\":1750000000,\"_dt\":\"2025-06-15 15:06:40 UTC\",\"event\":\"LIMIT_FILLED\","
              "\"symbol\":\"AMD\",\"side\":\"sell\",\"qty\":30,\"order_type\":\"limit\",\"limit_"
              "price\":100.00,"
              "\"fill_price\":100.10,\"slippage_bps\":10,\"attempt\":2,\"status\":\"filled\","
              "\"note\":\"n\"}");
    in.type = ORDER_MARKET;
    in.is_filled = false;
    entry_live_encode(&in, "ORDER_SUBMITTED", &t);
    assert_non_null(
        strstr(t.data, "\"limit_price\":null,\"fill_price\":null,\"slippage_bps\":null"));
    text_clear(&t);
    in.is_filled = true;
    entry_portfolio_encode(&in, &t);
    check(&t,
          "{\"_ts\":1750000000,\"_dt\":\"2025-06-15 15:06:40 UTC\",\"event\":\"POSITION_OPENED\","
          "\"symbol\":\"AMD\",\"side\":\"short\",\"qty\":30,\"entry_price\":100.10,\"exit_price\":"
          "null,"
          "\"realized_pnl\":null,\"unrealized_pnl\":0,\"holding_period_min\":0,\"reason\":null,"
          "\"order_type\":\"market\",\"score\":4.182}");
    exit_portfolio_encode(&out, &t);
    check(&t,
          "{\"_ts\":1750000000,\"_dt\":\"2025-06-15 15:06:40 UTC\",\"event\":\"POSITION_CLOSED\","
          "\"symbol\":\"AMD\",\"side\":\"short\",\"qty\":30,\"entry_price\":175.90,\"exit_price\":"
          "176.8795,"
          "\"realized_pnl\":-29.39,\"unrealized_pnl\":0,\"holding_period_min\":90,"
          "\"reason\":\"trail_stop+signal_decay(0.50)\",\"order_type\":\"market\",\"score\":3.5}");
}

static void
test_trades_what_was_not_traded(void **state)
{
    struct blocked_record r = {.at_ns = T0,
                               .symbol = "AMD",
                               .reason = "score_below_min",
                               .direction = "bullish",
                               .score = 2.9,
                               .decision_price = {1759000},
                               .components_json = "{\"flow\":1}",
                               .extra_json =
                                   "{\"min_required\":3,\"score\":99,\"stage\":\"bootstrap\"}"};
    struct text t = {0};

    (void)state;
    blocked_encode(&r, &t);
    check(&t,
          "{\"timestamp\":\"2025-06-15T15:06:40.123456+00:00\",\"symbol\":\"AMD\","
          "\"reason\":\"score_below_min\",\"score\":2.9,\"signals\":{},\"direction\":\"bullish\","
          "\"decision_price\":175.90,\"components\":{\"flow\":1},\"outcome_tracked\":false,"
          "\"min_required\":3,\"stage\":\"bootstrap\"}");
    gate_diagnostic_encode(T0, "AMD", "score_gate", "{\"score\":2.1}", &t);
    check(
        &t,
        "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"timestamp\":1750000000,\"symbol\":\"AMD\","
        "\"gate_name\":\"score_gate\",\"decision\":\"blocked\",\"status\":\"rejected\","
        "\"details\":{\"score\":2.1}}");
    signal_encode(T0, "{\"ticker\":\"AMD\"}", &t);
    check(&t, "{\"ts\":\"2025-06-15T15:06:40.123456+00:00\",\"type\":\"signal\",\"cluster\":{"
              "\"ticker\":\"AMD\"}}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades_order_variants),
        cmocka_unit_test(test_trades_entry_order_and_rejection),
        cmocka_unit_test(test_trades_entry_attribution),
        cmocka_unit_test(test_trades_incomplete_entries_say_so),
        cmocka_unit_test(test_contract_4_20_11_master_log_of_a_trade),
        cmocka_unit_test(test_trades_profit_is_exact_and_for_the_side),
        cmocka_unit_test(test_trades_exit_attribution),
        cmocka_unit_test(test_trades_words_for_numbers),
        cmocka_unit_test(test_trades_partial_exit_and_exit_line),
        cmocka_unit_test(test_trades_live_orders_and_portfolio),
        cmocka_unit_test(test_trades_what_was_not_traded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
