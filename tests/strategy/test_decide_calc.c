#include "decide_fixture.h"

#include "base/json.h"
#include "strategy/calc_input.h"
#include "strategy/decide.h"

typedef enum rc calc_fn(const struct json *in, struct json_out *out, struct err *err);

/* Runs a computation; gives the parsed answer, NULL where it refused with the wanted code. */
static struct json *
run(calc_fn *fn, const char *text, enum rc want)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    CLEANUP(text_free) struct text to = {0};
    struct json_out out = {.to = &to};
    struct json *answer = NULL;
    struct err err = {0};

    assert_int_equal(json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err),
                     RC_OK);
    enum rc rc = fn(doc, &out, &err);
    if (rc != want) fail_msg("%s: %s %s", text, rc_name(rc), err.text);
    if (rc != RC_OK) {
        assert_true(err.text[0] != '\0');
        return NULL;
    }
    assert_int_equal(
        json_parse(text_str(&to), to.len, JSON_STRICT, &JSON_LIMITS_BODY, &answer, &err), RC_OK);
    return answer;
}

static void
test_calc_defaults_are_those_of_the_settings_table(void **state)
{
    (void)state;
    CLEANUP(json_freep) struct json *doc = NULL;
    struct strategy_config cfg = {0}, want = fixture_config();
    struct err err = {0};

    assert_int_equal(json_parse("{}", 2, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err), RC_OK);
    assert_int_equal(calc_settings(doc, &cfg, &err), RC_OK);
    assert_near(cfg.min_exec_score, want.min_exec_score, 0);
    assert_int_equal(cfg.max_concurrent_positions, want.max_concurrent_positions);
    assert_int_equal(cfg.stale_trade_min, want.stale_trade_min);
    assert_near(cfg.trailing_stop_fraction, want.trailing_stop_fraction, 0);
    assert_near(cfg.max_portfolio_exposure, want.max_portfolio_exposure, 0);
    assert_near(cfg.max_spread_bps, want.max_spread_bps, 0);
    assert_int_equal(cfg.displacement, want.displacement);
    assert_int_equal(cfg.allow_direction_flip, want.allow_direction_flip);
}

static void
test_calc_size_shows_every_step(void **state)
{
    (void)state;
    CLEANUP(json_freep)
    struct json *a =
        run(size_calc, "{\"equity\": 55000, \"ref\": \"40.00\", \"score\": 3.2}", RC_OK);
    assert_int_equal(json_i64(a, "qty", 0), 7);
    assert_int_equal(json_i64(a, "qty_base", 0), 13);
    assert_near(json_f64(a, "notional_usd", 0), 550, 1e-9);
    (void)run(size_calc, "{\"equity\": 55000, \"score\": 3.2}", RC_PARSE);
    (void)run(size_calc, "{\"equity\": 55000, \"ref\": 0, \"score\": 3.2}", RC_RANGE);
}

static void
test_calc_gates_say_who_blocks(void **state)
{
    (void)state;
    CLEANUP(json_freep)
    struct json *pass =
        run(entry_gates_calc,
            "{\"symbol\": \"xyz\", \"direction\": \"bullish\", \"score\": 3.8, \"ref\": 40, "
            "\"equity\": 55000, \"buying_power\": 110000, \"now\": \"2026-01-30T16:30:00Z\"}",
            RC_OK);
    assert_true(json_bool(pass, "passed", false));
    assert_int_equal(json_i64(pass, "qty", 0), 12);
    assert_int_equal(json_len(json_get_arr(pass, "gates")), GATES_LEN);

    CLEANUP(json_freep)
    struct json *block =
        run(entry_gates_calc,
            "{\"symbol\": \"GOOG\", \"direction\": \"bullish\", \"score\": 3.8, \"ref\": 40, "
            "\"equity\": 55000, \"buying_power\": 110000, \"now\": 1769790600, "
            "\"positions\": [{\"symbol\": \"GOOGL\", \"qty\": 5, \"market_value\": 800}]}",
            RC_OK);
    assert_false(json_bool(block, "passed", true));
    assert_string_equal(json_str(block, "gate", ""), "one_position_per_symbol");
    assert_int_equal(json_i64(block, "gate_number", 0), 5);
    assert_string_equal(json_str(block, "detail", ""), "GOOGL long");
}

static void
test_calc_gates_take_settings_by_name(void **state)
{
    (void)state;
    CLEANUP(json_freep)
    struct json *a =
        run(entry_gates_calc,
            "{\"symbol\": \"XYZ\", \"direction\": \"bullish\", \"score\": 3.8, \"ref\": 40, "
            "\"equity\": 55000, \"buying_power\": 110000, \"now\": 1769790600, "
            "\"settings\": {\"MIN_EXEC_SCORE\": 4.0}}",
            RC_OK);
    assert_string_equal(json_str(a, "reason", ""), "expectancy_blocked:score_floor_breach");
    (void)run(entry_gates_calc, "{\"settings\": {\"MIN_EXEC_SKORE\": 4.0}}", RC_RANGE);
    (void)run(entry_gates_calc, "{\"settings\": {\"MIN_EXEC_SCORE\": 400}}", RC_RANGE);
    (void)run(entry_gates_calc, "{\"settings\": {\"MIN_EXEC_SCORE\": \"high\"}}", RC_RANGE);
    (void)run(entry_gates_calc, "{\"settings\": {\"ALPACA_KEY\": 1}}", RC_RANGE);
}

static void
test_calc_gates_refuse_what_is_missing(void **state)
{
    (void)state;
    (void)run(entry_gates_calc, "{}", RC_PARSE);
    (void)run(entry_gates_calc, "{\"symbol\": \"not a symbol\"}", RC_PARSE);
    (void)run(entry_gates_calc,
              "{\"symbol\": \"XYZ\", \"direction\": \"bullish\", \"score\": 3.8, \"ref\": 40, "
              "\"equity\": 1, "
              "\"buying_power\": 1}",
              RC_PARSE); /* no time */
    (void)run(entry_gates_calc,
              "{\"symbol\": \"XYZ\", \"direction\": \"bullish\", \"score\": 3.8, \"ref\": 40, "
              "\"equity\": 1, "
              "\"buying_power\": 1, \"now\": 1, \"positions\": [{\"symbol\": \"A\"}]}",
              RC_PARSE);
}

#define CANDIDATE                                                                                  \
    "\"symbol\": \"XYZ\", \"score\": 3.8, \"ref\": 40, \"equity\": 55000, "                        \
    "\"buying_power\": 110000, \"now\": 1769790600"

/* A check by hand that passed over a misspelt value would answer another question. */
static void
test_calc_names_the_field_that_it_cannot_read(void **state)
{
    (void)state;
    static const struct {
        calc_fn *fn;
        const char *text, *field;
    } cases[] = {
        {entry_gates_calc,
         "{" CANDIDATE ", \"direction\": \"bullish\", \"qty\": -9223372036854775808}",                "\"qty\""                  },
        {entry_gates_calc,
         "{" CANDIDATE ", \"direction\": \"bullish\", \"positions\": [{\"symbol\": \"A\", \"qty\": "
         "-9223372036854775808, \"market_value\": 1}]}",                                              "positions: \"qty\""       },
        {entry_gates_calc,  "{" CANDIDATE "}",                                                        "\"direction\""            },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"up\"}",                                 "\"direction\""            },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"mode\": \"x\"}",
         "\"mode\""                                                                                                              },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"mode\": 1}",               "\"mode\""                 },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"qty\": \"x\"}",
         "\"qty\""                                                                                                               },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"toxicity\": \"NaN\"}",
         "\"toxicity\""                                                                                                          },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"atr14\": []}",
         "\"atr14\""                                                                                                             },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"shortable\": 1}",
         "\"shortable\""                                                                                                         },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"entries_accepted\": 2.5}",
         "\"entries_accepted\""                                                                                                  },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"entries_accepted\": -1}",
         "\"entries_accepted\""                                                                                                  },
        {entry_gates_calc,
         "{" CANDIDATE ", \"direction\": \"bullish\", \"freeze_active\": \"yes\"}",
         "\"freeze_active\""                                                                                                     },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"positions\": {}}",
         "\"positions\""                                                                                                         },
        {entry_gates_calc,
         "{" CANDIDATE
         ", \"direction\": \"bullish\", \"pending\": [{\"symbol\": \"A\", \"qty\": 1}]}",             "pending: \"market_value\""},
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"settings\": 5}",
         "\"settings\""                                                                                                          },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"themes\": []}",
         "\"themes\""                                                                                                            },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"displaces\": \"ABC\"}",
         "\"displaces\""                                                                                                         },
        {entry_gates_calc,  "{" CANDIDATE ", \"direction\": \"bullish\", \"last_fill\": \"noon\"}",
         "\"last_fill\""                                                                                                         },
        {size_calc,         "{\"equity\": 1, \"ref\": 1, \"score\": 3, \"conviction\": \"high\"}",
         "\"conviction\""                                                                                                        },
        {size_calc,         "{\"equity\": 1, \"ref\": 1, \"score\": \"Infinity\"}",                   "\"score\""                },
        {displacement_calc, "{\"symbol\": \"X\", \"now\": 1}",                                        "\"score\""                },
        {displacement_calc, "{\"symbol\": \"X\", \"now\": 1, \"score\": 4, \"positions\": 1}",
         "\"positions\""                                                                                                         },
        {displacement_calc,
         "{\"symbol\": \"X\", \"now\": 1, \"score\": 4, \"positions\": [{\"symbol\": \"A\", "
         "\"age_h\": true}]}",                                                                        "positions: \"age_h\""     },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = NULL;
        CLEANUP(text_free) struct text to = {0};
        struct json_out out = {.to = &to};
        struct err err = {0};
        assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), JSON_STRICT,
                                    &JSON_LIMITS_BODY, &doc, &err),
                         RC_OK);
        if (cases[i].fn(doc, &out, &err) == RC_OK) fail_msg("accepted: %s", cases[i].text);
        if (strstr(err.text, cases[i].field) != err.text)
            fail_msg("%s does not begin with %s", err.text, cases[i].field);
    }
}

static void
test_calc_gates_know_themes_and_who_gives_way(void **state)
{
    (void)state;
#define BOOK                                                                                       \
    "\"direction\": \"bullish\", \"positions\": [{\"symbol\": \"AAA\", \"qty\": 9, "               \
    "\"market_value\": 600}, {\"symbol\": \"BBB\", \"qty\": -9, \"market_value\": 400.01}]"
    static const struct {
        const char *more;
        const char *gate; /* NULL passes */
    } cases[] = {
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 1000.01}",                              NULL      },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 1000}",                                 "theme"   },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 1000}, \"themes\": {\"BBB\": \"oil\"}", NULL      },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 500}, \"themes\": {\"bbb\": \"oil\"}",
         "theme"                                                                                       },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 500}, \"themes\": {\"XYZ\": \"oil\"}",  NULL      },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 1000, \"ENABLE_THEME_RISK\": false}",   NULL      },
        {"\"settings\": {\"MAX_THEME_NOTIONAL_USD\": 500}, \"displaces\": \"AAA\"",          NULL      },
        {"\"settings\": {\"MAX_CONCURRENT_POSITIONS\": 2}",                                  "capacity"},
        {"\"settings\": {\"MAX_CONCURRENT_POSITIONS\": 2}, \"displaces\": \"bbb\"",          NULL      },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text in = {0};
        text_printf(&in, "{" CANDIDATE ", " BOOK ", %s}", cases[i].more);
        CLEANUP(json_freep) struct json *a = run(entry_gates_calc, text_str(&in), RC_OK);
        const char *gate = json_str(a, "gate", NULL);
        if (gate == NULL ? cases[i].gate != NULL
                         : cases[i].gate == NULL || strcmp(gate, cases[i].gate) != 0)
            fail_msg("%s: %s", cases[i].more, gate == NULL ? "passed" : gate);
        assert_int_equal(gate == NULL,
                         json_kind(json_get(a, "reason")) == JSON_NULL || !json_has(a, "reason"));
    }
}

static void
test_calc_exit_explains_a_close(void **state)
{
    (void)state;
    CLEANUP(json_freep)
    struct json *a = run(exit_calc,
                         "{\"symbol\": \"XYZ\", \"qty\": -10, \"entry_price\": 100, \"price\": "
                         "101.2, \"now\": 7200, "
                         "\"entered\": 3600, \"entry_score\": 4, \"current_score\": 2}",
                         RC_OK);
    assert_string_equal(json_str(a, "action", ""), "close");
    assert_string_equal(json_str(a, "label", ""), "stop_loss");
    assert_string_equal(json_str(a, "reason", ""), "stop_loss(-1.20%)+signal_decay(0.50)");
    assert_int_equal(json_i64(a, "qty", 0), 10);
    assert_int_equal(json_len(json_get_arr(a, "triggers")), 2);
    assert_near(json_f64(json_get(a, "measures"), "age_min", 0), 60, 1e-9);

    CLEANUP(json_freep)
    struct json *hold = run(
        exit_calc,
        "{\"symbol\": \"XYZ\", \"qty\": 10, \"entry_price\": 100, \"price\": 100.1, \"now\": 7200}",
        RC_OK);
    assert_string_equal(json_str(hold, "action", ""), "hold");
    assert_false(json_has(json_get(hold, "measures"), "age_min"));
    (void)run(exit_calc,
              "{\"symbol\": \"XYZ\", \"qty\": 0, \"entry_price\": 100, \"price\": 100, \"now\": 1}",
              RC_RANGE);
    (void)run(exit_calc, "{\"symbol\": \"XYZ\", \"qty\": 1, \"entry_price\": 100, \"price\": 100}",
              RC_PARSE);
}

/* R6.4: the broker's numbers, else the market's and the record's; none is an error. */
static void
test_calc_exit_takes_prices_from_where_there_are_some(void **state)
{
    (void)state;
    static const struct {
        const char *members, *action, *label;
        double entry, pnl_pct;
    } cases[] = {
        {"\"entry_price\": 100, \"last_trade\": 98",                     "close",         "stop_loss", 100, -2},
        {"\"entry_price\": 100, \"price\": 0, \"last_trade\": \" 98 \"", "close",         "stop_loss", 100,
         -2                                                                                                   },
        {"\"entry_price\": 100, \"price\": null",                        "not_evaluated", "",          0,   0 },
        {"\"entry_price\": 100, \"price\": -5, \"last_trade\": 0",       "not_evaluated", "",          0,   0 },
        {"\"price\": 98, \"recorded_entry_price\": 100",                 "close",         "stop_loss", 100, -2},
        {"\"price\": \" 98 \", \"entry_price\": 0",                      "hold",          "",          98,  0 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "{\"symbol\": \"XYZ\", \"qty\": 10, \"now\": 7200, %s}",
                       cases[i].members);
        CLEANUP(json_freep) struct json *a = run(exit_calc, text, RC_OK);
        assert_string_equal(json_str(a, "action", ""), cases[i].action);
        assert_string_equal(json_str(a, "label", ""), cases[i].label);
        if (str_eq(cases[i].action, "not_evaluated")) {
            assert_string_equal(json_str(a, "why_not", ""), "no_price");
            continue;
        }
        assert_near(json_f64(json_get(a, "measures"), "entry", 0), cases[i].entry, 0);
        assert_near(json_f64(json_get(a, "measures"), "pnl_pct", 9), cases[i].pnl_pct, 1e-9);
    }
}

/* R6.3: NEUTRAL is mixed, and mixed has a trail of its own. */
static void
test_calc_exit_takes_neutral_for_mixed(void **state)
{
    (void)state;
    static const char *const regimes[] = {"NEUTRAL", "mixed", "MIXED", "RISK_ON"};
    static const double fraction[] = {0.01, 0.01, 0.01, 0.015};

    for (size_t i = 0; i < COUNT_OF(regimes); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "{\"symbol\": \"XYZ\", \"qty\": 10, \"now\": 7200, \"price\": 100, "
                       "\"entry_price\": 100, \"exit_regime\": \"%s\"}",
                       regimes[i]);
        CLEANUP(json_freep) struct json *a = run(exit_calc, text, RC_OK);
        assert_near(json_f64(json_get(a, "measures"), "trail_fraction", 0), fraction[i], 0);
    }
}

static void
test_calc_displacement_names_who_gives_way(void **state)
{
    (void)state;
    CLEANUP(json_freep)
    struct json *a = run(displacement_calc,
                         "{\"symbol\": \"NEW\", \"score\": 3.7, \"now\": 1, \"positions\": ["
                         "{\"symbol\": \"CCC\", \"current\": 2.0, \"pnl_pct\": 0.1}, "
                         "{\"symbol\": \"AAA\", \"current\": 2.0, \"pnl_pct\": 0.1}]}",
                         RC_OK);
    assert_string_equal(json_str(a, "tier", ""), "elite");
    assert_string_equal(json_str(a, "symbol", ""), "AAA");
    CLEANUP(json_freep)
    struct json *none =
        run(displacement_calc, "{\"symbol\": \"NEW\", \"score\": 3.7, \"now\": 1}", RC_OK);
    assert_string_equal(json_str(none, "tier", ""), "none");
    (void)run(displacement_calc, "{\"symbol\": \"NEW\", \"now\": 1}", RC_PARSE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calc_defaults_are_those_of_the_settings_table),
        cmocka_unit_test(test_calc_size_shows_every_step),
        cmocka_unit_test(test_calc_gates_say_who_blocks),
        cmocka_unit_test(test_calc_gates_take_settings_by_name),
        cmocka_unit_test(test_calc_gates_refuse_what_is_missing),
        cmocka_unit_test(test_calc_names_the_field_that_it_cannot_read),
        cmocka_unit_test(test_calc_gates_know_themes_and_who_gives_way),
        cmocka_unit_test(test_calc_exit_explains_a_close),
        cmocka_unit_test(test_calc_exit_takes_prices_from_where_there_are_some),
        cmocka_unit_test(test_calc_exit_takes_neutral_for_mixed),
        cmocka_unit_test(test_calc_displacement_names_who_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
