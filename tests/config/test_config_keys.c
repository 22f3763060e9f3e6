#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/tmpdir.h"

/* Spec 10 9.1, number by number: what stands where nobody says anything. */
static void
test_config_defaults_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"ALPACA_BASE_URL",                  "https://paper-api.alpaca.markets"},
        {"ALPACA_DATA_URL",                  "https://data.alpaca.markets"     },
        {"UW_BASE_URL",                      "https://api.unusualwhales.com"   },
        {"TRADING_MODE",                     "PAPER"                           },
        {"LIVE_TRADING_ACK",                 ""                                },
        {"REQUIRE_LIVE_ACK",                 "true"                            },
        {"LONG_ONLY",                        "false"                           },
        {"RUN_INTERVAL_SEC",                 "60"                              },
        {"SIMULATE_MARKET_OPEN",             "false"                           },
        {"MIN_PREMIUM_USD",                  "100000"                          },
        {"MAX_EXPIRY_DAYS",                  "7"                               },
        {"CLUSTER_WINDOW_SEC",               "600"                             },
        {"CLUSTER_MIN_SWEEPS",               "3"                               },
        {"MIN_EXEC_SCORE",                   "3.0"                             },
        {"SIZE_BASE_USD",                    "500"                             },
        {"MIN_NOTIONAL_USD",                 "100"                             },
        {"MAX_CONCURRENT_POSITIONS",         "16"                              },
        {"COOLDOWN_MINUTES_PER_TICKER",      "15"                              },
        {"TIME_EXIT_MINUTES",                "150"                             },
        {"TIME_EXIT_DAYS_STALE",             "12"                              },
        {"TIME_EXIT_STALE_PNL_THRESH_PCT",   "0.03"                            },
        {"TRAILING_STOP_PCT",                "0.015"                           },
        {"STALE_TRADE_EXIT_MINUTES",         "120"                             },
        {"STALE_TRADE_MOMENTUM_THRESH_PCT",  "0.002"                           },
        {"ENABLE_REGIME_AWARE_STALE",        "false"                           },
        {"PROFIT_TARGETS",                   "0.02,0.05,0.10"                  },
        {"SCALE_OUT_FRACTIONS",              "0.3,0.3,0.4"                     },
        {"ENABLE_OPPORTUNITY_DISPLACEMENT",  "true"                            },
        {"DISPLACEMENT_MIN_AGE_HOURS",       "4"                               },
        {"DISPLACEMENT_MAX_PNL_PCT",         "0.01"                            },
        {"DISPLACEMENT_SCORE_ADVANTAGE",     "2.0"                             },
        {"DISPLACEMENT_COOLDOWN_HOURS",      "6"                               },
        {"ENTRY_TOLERANCE_BPS",              "10"                              },
        {"ENTRY_MAX_RETRIES",                "3"                               },
        {"ENTRY_RETRY_SLEEP_SEC",            "1.0"                             },
        {"ENTRY_POST_ONLY",                  "true"                            },
        {"ENABLE_EXEC_PREDICTOR",            "true"                            },
        {"SLIPPAGE_THRESHOLD_BPS_DEFAULT",   "8.0"                             },
        {"MAX_SPREAD_BPS",                   "50"                              },
        {"ENABLE_SPREAD_WATCHDOG",           "true"                            },
        {"ENABLE_THEME_RISK",                "true"                            },
        {"MAX_THEME_NOTIONAL_USD",           "50000"                           },
        {"THEME_MAP_PATH",                   "theme_map.json"                  },
        {"MAX_POSITION_SIZE_USD",            "750"                             },
        {"MAX_NOTIONAL_PER_ORDER",           "2000"                            },
        {"MAX_PORTFOLIO_EXPOSURE_PCT",       "0.30"                            },
        {"MAX_CONCENTRATION_PER_SYMBOL_PCT", "0.15"                            },
        {"MAX_PRICE_DEVIATION_PCT",          "0.05"                            },
        {"MIN_COOLDOWN_MINUTES",             "5"                               },
        {"ALLOW_DIRECTION_FLIP",             "false"                           },
        {"BAR_STALE_MAX_AGE_MINUTES",        "5"                               },
        {"ATTRIBUTION_EXIT_FILL_WAIT_SEC",   "20"                              },
        {"MAX_STALL_SEC",                    "180"                             },
        {"BACKOFF_BASE_SEC",                 "5"                               },
        {"BACKOFF_MAX_SEC",                  "300"                             },
        {"COMPOSITE_VERSION",                "v1"                              },
        {"SHADOW_TRADING_ENABLED",           "true"                            },
        {"SHADOW_PNL_ENABLED",               "true"                            },
        {"SHADOW_EXIT_ENABLED",              "false"                           },
        {"V2_SHAPING_ENABLED",               "false"                           },
        {"SUP_GRACE_SEC",                    "10"                              },
        {"ENV_FILE",                         ".env"                            },
        {"ENABLE_EXHAUSTION_GATE",           "true"                            },
        {"ENABLE_GAMMA_WALL_GATE",           "true"                            },
        {"ENABLE_RVOL_BOOST",                "false"                           },
    };
    static const char *const no_environment[] = {NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(config_done) struct config cfg = {0};
    struct config_options opt = {.root = dir.path, .environ_ = no_environment};
    struct err err = {0};

    assert_int_equal(config_load(&opt, &cfg, &err), RC_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *value = config_text(&cfg, rows[i].name);
        if (value == NULL || strcmp(value, rows[i].value) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, value != NULL ? value : "(none)",
                     rows[i].value);
    }
}

/* Spec 10 9.3: an old file or environment is taken, whatever stands in these keys. */
static void
test_config_takes_the_keys_of_the_earlier_program(void **state)
{
    (void)state;
    static const char *const names[] = {
        "ENABLE_SHADOW_LAB",
        "DEFAULT_QTY",
        "EXP_MIN_TRADES",
        "FLOW_COUNT_W",
        "EXP_MIN_CONF",
        "FLOW_PREMIUM_MILLION_W",
        "PROMOTE_MIN_DELTA_SHARPE",
        "CONFIRM_GAMMA_NEG_W",
        "PROMOTE_MAX_DD_INCREASE",
        "CONFIRM_DARKPOOL_W",
        "ENABLE_CONFIDENCE_CALIBRATION",
        "CONFIRM_NET_PREMIUM_W",
        "PROMOTE_MIN_TRADES",
        "CONFIRM_VOL_W",
        "PROMOTE_MIN_WINRATE_WILSON",
        "DARKPOOL_OFFLIT_MIN",
        "PROMOTE_MIN_SHARPE_DELTA",
        "NET_PREMIUM_MIN_ABS",
        "PROMOTE_MIN_SHARPE_DELTA_CI",
        "RV20_MAX",
        "PROMOTE_ALPHA",
        "MIN_TRADES_FOR_ADJUST",
        "PROMOTE_BOOTSTRAP_SAMPLES",
        "WEIGHT_STEP",
        "PROMOTE_EFFECT_SIZE_MIN",
        "WEIGHT_MIN",
        "ENABLE_STABILITY_DECAY",
        "WEIGHT_MAX",
        "STABILITY_ALPHA",
        "WIN_RATE_UP",
        "ENABLE_CAPITAL_RAMP",
        "WIN_RATE_DOWN",
        "RAMP_MIN_WEEKS",
        "EMERGENCY_MIN_TRADES",
        "RAMP_MAX_INCREASE",
        "EMERGENCY_WIN_RATE_THRESH",
        "RAMP_DRAWDOWN_LIMIT",
        "EMERGENCY_PNL_THRESH",
        "ENABLE_INCIDENT_RECOVERY",
        "EMERGENCY_ADJUST_FACTOR",
        "KILL_SWITCH_COOLDOWN_MIN",
        "ENABLE_PER_TICKER_LEARNING",
        "MAX_INCIDENTS_PER_DAY",
        "FEATURE_STORE_DIR",
        "ENABLE_LEVERAGE_GATES",
        "PROFILE_PATH",
        "LEVERAGE_MAX",
        "MIN_SAMPLES_DAILY_UPDATE",
        "LEVERAGE_PROMOTION_WINRATE",
        "MIN_SAMPLES_WEEKLY_UPDATE",
        "LEVERAGE_PROMOTION_SHARPE",
        "CONFIDENCE_PRIOR",
        "ENABLE_ADVANCED_REGIME",
        "ATR_LOOKBACK",
        "VOL_REGIME_THRESHOLD",
        "ATR_MIN_PCT",
        "LIQUIDITY_REGIME_MIN_VOL",
        "SIZE_VOL_CAP",
        "ATTRIBUTION_PNL_EPS_USD",
        "ENABLE_REGIME_GATING",
        "ENABLE_UNIVERSE_FEASIBILITY",
        "REGIME_MIN_CONF",
        "FRED_API_KEY",
        "CHAOS_MODE",
        "API_PORT",
        "ENTRY_MODE",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(config_done) struct config cfg = {0};
        char line[128], variable[128];
        struct err err = {0};

        (void)snprintf(line, sizeof(line), "%s: anything\n", names[i]);
        (void)snprintf(variable, sizeof(variable), "%s=anything", names[i]);
        const char *const vars[] = {variable, NULL};
        tmpdir_write(&dir, "settings.yaml", line);
        struct config_options opt = {
            .root = dir.path, .yaml_path = tmpdir_path(&dir, "settings.yaml"), .environ_ = vars};
        if (config_load(&opt, &cfg, &err) != RC_OK) fail_msg("%s", err.text);
        assert_int_equal(config_issues(&cfg), 0);
    }
}

/* A list of numbers counts by place: equal ones stay, and a wrong one spoils all of it. */
static void
test_config_fractions_stay_in_their_places(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *name, *value, *words;
    } rows[] = {
        {"SCALE_OUT_FRACTIONS=0.25,0.25,0.5", "SCALE_OUT_FRACTIONS", "0.25,0.25,0.5",  NULL                   },
        {"SCALE_OUT_FRACTIONS=0;1",           "SCALE_OUT_FRACTIONS", "0,1",            NULL                   },
        {"SCALE_OUT_FRACTIONS=0.3,1.1",       "SCALE_OUT_FRACTIONS", "0.3,0.3,0.4",    "outside 0 to 1"       },
        {"PROFIT_TARGETS=0.01, 0.015",        "PROFIT_TARGETS",      "0.01,0.015",     NULL                   },
        {"PROFIT_TARGETS=0.02,soon",          "PROFIT_TARGETS",      "0.02,0.05,0.10", "\"soon\" is no number"},
        {"PROFIT_TARGETS=-0.02",              "PROFIT_TARGETS",      "0.02,0.05,0.10", "outside 0.0001 to 10" },
        {"PROFIT_TARGETS=1,1,1,1,1,1,1,1,1",  "PROFIT_TARGETS",      "0.02,0.05,0.10", "more than 8"          },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const vars[] = {rows[i].variable, NULL};
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(config_done) struct config cfg = {0};
        struct config_options opt = {.root = dir.path, .environ_ = vars};
        struct err err = {0};

        assert_int_equal(config_load(&opt, &cfg, &err), RC_OK);
        assert_string_equal(config_text(&cfg, rows[i].name), rows[i].value);
        assert_int_equal(config_issues(&cfg), rows[i].words != NULL ? 1 : 0);
        if (rows[i].words == NULL) continue;
        const char *why = config_issue(&cfg, 0).why;
        if (strstr(why, rows[i].words) == NULL) fail_msg("%s: %s", rows[i].variable, why);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_defaults_are_those_of_the_specification),
        cmocka_unit_test(test_config_fractions_stay_in_their_places),
        cmocka_unit_test(test_config_takes_the_keys_of_the_earlier_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
