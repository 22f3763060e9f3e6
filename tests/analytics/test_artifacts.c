/*
 * The artifacts of a small day, number by number as counted by hand.
 */
#include "tests/analytics/logs.h"
#include "tests/analytics/small_day.h"

static struct day *
small_day(void)
{
    struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);

    feed(d, DAY_SHADOW_TRADES, small_shadow);
    feed(d, DAY_EXIT_ATTRIBUTION, small_exits);
    feed(d, DAY_ATTRIBUTION, small_v1);
    day_state(d, DAY_UNIVERSE_V2, small_universe, sizeof(small_universe) - 1);
    day_finish(d);
    return d;
}

/* ---- looking into a document ---------------------------------------------------------------- */

/* The value at a path of names and places, parted by slashes. */
static const struct node *
value_at(const struct node *v, const char *path)
{
    char step[128];

    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        int64_t place = 0;
        (void)snprintf(step, sizeof(step), "%.*s", (int)len, path);
        if (node_kind(v) == JSON_ARRAY && str_to_i64(step, &place)) {
            const struct node *e = node_first(v);
            for (; place > 0 && e != NULL; place--)
                e = node_after(v, e);
            v = e;
        } else {
            v = node_member(v, step);
        }
        path += len + (path[len] == '/');
    }
    return v;
}

struct wanted {
    const char *path;
    const char *text; /* as written; NULL: not there */
};

static void
check_document(artifact *write, const struct wanted *wanted, size_t n)
{
    CLEANUP(json_line_done) struct json_line l = {0};
    CLEANUP(text_free) struct text t = {0};
    struct day *d = small_day();

    document_of(d, write, &t);
    const struct node *doc = json_line_read(&l, t.data, t.len);
    assert_non_null(doc);
    for (size_t i = 0; i < n; i++) {
        const struct node *v = value_at(doc, wanted[i].path);
        struct span got = node_text(v);
        if (wanted[i].text == NULL ? v != NULL : v == NULL || !span_is(got, wanted[i].text))
            fail_msg("%s is %.*s", wanted[i].path, v != NULL ? (int)got.len : 9,
                     v != NULL ? got.at : "not there");
    }
    day_free(d);
}
#define CHECK(write, wanted) check_document((write), (wanted), COUNT_OF(wanted))

/* ---- by hand ------------------------------------------------------------------------------- */

static void
test_analytics_trades_by_hand(void **state)
{
    (void)state;
    struct day *d = small_day();
    const struct day_view *v = day_look(d);
    static const char *const symbols[] = {"AAA", "BBB", "CCC", "DDD", "EEE"};

    assert_int_equal(v->trades, 5);
    assert_int_equal(v->entries, 6);
    assert_int_equal(v->exits, 6);
    assert_int_equal(v->exits_without_entry, 1);
    assert_int_equal(v->candidates, 1);
    assert_int_equal(v->feature_usage->len, 1);
    for (size_t i = 0; i < v->trades; i++)
        assert_true(span_is(words_text(v->words, v->trade[i].symbol), symbols[i]));
    assert_true(v->trade[1].is_short && v->trade[2].is_short && !v->trade[4].is_short);
    assert_true(v->trade[2].pnl_usd >= 2.0 && v->trade[2].pnl_usd <= 2.0);
    assert_true(v->trade[2].pnl_pct >= 0.1 && v->trade[2].pnl_pct <= 0.1);
    assert_true(v->trade[2].is_replaced && !v->trade[0].is_replaced);
    assert_true(v->trade[2].time_in_trade_minutes >= 60.5 &&
                v->trade[2].time_in_trade_minutes <= 60.5);
    assert_false(is_known(v->trade[3].pnl_usd));
    assert_true(v->trade[0].has_attribution && !v->trade[2].has_attribution);
    assert_int_equal(v->trade[0].universe_rank, 3);
    assert_false(is_known(v->trade[0].universe_score));
    assert_int_equal(v->trade[1].universe_rank, 1);
    assert_int_equal(v->trade[2].universe_rank, 0);
    day_free(d);
}

static void
test_contract_4_20_4_long_and_short_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"_meta/date",             SMALL_DATE           },
        {"_meta/kind",             "long_short_analysis"},
        {"overall/count",          "4"                  },
        {"overall/win_count",      "2"                  },
        {"overall/loss_count",     "1"                  },
        {"overall/win_rate",       "0.5"                },
        {"overall/avg_pnl_usd",    "2.0"                },
        {"overall/avg_win_usd",    "6.0"                },
        {"overall/avg_loss_usd",   "-4.0"               },
        {"overall/expectancy_usd", "1.0"                },
        {"overall/total_pnl_usd",  "8.0"                },
        {"long/count",             "2"                  },
        {"long/expectancy_usd",    "5.0"                },
        {"long/avg_loss_usd",      "0.0"                },
        {"short/count",            "2"                  },
        {"short/expectancy_usd",   "-1.0"               },
        {"short/total_pnl_usd",    "-2.0"               },
    };

    (void)state;
    CHECK(artifact_long_short, wanted);
}

static void
test_contract_4_20_5_equalizer_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"features/flow_strength/count",                              "3"                 },
        {"features/flow_strength/win",                                "1"                 },
        {"features/flow_strength/loss",                               "1"                 },
        {"features/flow_strength/win_rate",                           "0.3333333333333333"},
        {"features/flow_strength/total_pnl_usd",                      "6.0"               },
        {"features/flow_strength/avg_pnl_usd",                        "2.0"               },
        {"features/flow_strength/by_side/long/count",                 "2"                 },
        {"features/flow_strength/by_side/long/total_pnl_usd",         "10.0"              },
        {"features/flow_strength/by_side/short/avg_pnl_usd",          "-4.0"              },
        {"features/sentiment/count",                                  "1"                 },
        {"features/darkpool_bias",                                    NULL                },
        {"feature_exit_impact/flow_strength/count",                   "3"                 },
 /* AAA's own 0.5; BBB's is text; EEE's is null, and its exit has none */
        {"feature_exit_impact/flow_strength/avg_v2_exit_score",       "0.5"               },
        {"feature_exit_impact/flow_strength/avg_vol_expansion",       "0.25"              },
        {"feature_exit_impact/flow_strength/avg_score_deterioration", "0.5"               },
        {"feature_cluster_counts/flow_strength",                      "2"                 },
        {"feature_cluster_counts/flow_strength+sentiment",            "1"                 },
        {"feature_cluster_counts/(none)",                             NULL                },
        {"exit_reason_distributions/by_feature_cluster/(none)/stop",  "1"                 },
        {"exit_reason_distributions/by_sector/TECH/profit",           "1"                 },
        {"exit_reason_distributions/by_sector/UNKNOWN/stop",          "1"                 },
        {"exit_reason_distributions/by_regime/RISK_ON/time",          "1"                 },
        {"score_evolution/points/0/delta_v2_score",                   "0.5"               },
        {"score_evolution/points/1/delta_v2_score",                   "-0.25"             },
        {"score_evolution/points/1/side",                             "short"             },
        {"score_evolution/points/2",                                  NULL                },
        {"score_evolution/delta_stats/n",                             "2"                 },
        {"score_evolution/delta_stats/median",                        "0.125"             },
        {"volatility_expansion/points/0/time_in_trade_minutes",       "60.0"              },
        {"volatility_expansion/points/1",                             NULL                },
        {"alignment_drift/regime_alignment_drift_stats/mean",         "-2.0"              },
        {"alignment_drift/sector_alignment_drift_stats/n",            NULL                },
        {"feature_contribution_decay/flow_strength/delta_stats/max",  "-0.25"             },
        {"feature_contribution_decay/sentiment",                      NULL                },
        {"replacement_telemetry/replacement_exit_count",              "1"                 },
        {"replacement_telemetry/replacement_total_pnl_usd",           "2.0"               },
        {"replacement_telemetry/non_replacement_exit_count",          "3"                 },
        {"replacement_telemetry/non_replacement_total_pnl_usd",       "6.0"               },
    };

    (void)state;
    CHECK(artifact_feature_equalizer, wanted);
}

static void
test_contract_4_20_3_completeness_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"counts/exit_attribution_records",                                   "3"                  },
        {"counts/complete_records",                                           "2"                  },
        {"counts/complete_rate",                                              "0.6666666666666666" },
        {"top_level_completeness/qty/present",                                "2"                  },
        {"top_level_completeness/qty/missing",                                "1"                  },
 /* null is there */
        {"top_level_completeness/v2_exit_score/present_rate",                 "1.0"                },
        {"exit_component_completeness/vol_expansion/missing",                 "1"                  },
        {"missing_top_level_counts/qty",                                      "1"                  },
        {"missing_top_level_counts/pnl",                                      NULL                 },
        {"missing_component_counts/vol_expansion",                            "1"                  },
        {"by_exit_reason_missing_counts/stop/top:qty",                        "1"                  },
        {"by_exit_reason_missing_counts/stop/comp:vol_expansion",             "1"                  },
        {"by_exit_reason_missing_counts/stop/type_non_numeric:v2_exit_score", "1"                  },
        {"by_exit_reason_missing_counts/time",                                NULL                 },
        {"required_top_level_keys/0",                                         "pnl"                },
        {"required_top_level_keys/11",                                        "v2_exit_components" },
        {"required_exit_component_keys/6",                                    "score_deterioration"},
    };

    (void)state;
    CHECK(artifact_exit_completeness, wanted);
}

/* 0.1, 0.2, 0.2: the eighths stand at 0, 0, 0, 1, 1, 1, 2, 2, 2, so three bins, the middle one with
 * all. */
static void
test_analytics_value_curves_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"_meta/bins",                                     "8"   },
        {"features/flow_strength/bins",                    "8"   },
        {"features/flow_strength/point_count",             "3"   },
        {"features/flow_strength/overall/0/x_lo",          "0.1" },
        {"features/flow_strength/overall/0/x_hi",          "0.1" },
        {"features/flow_strength/overall/0/count",         "1"   },
        {"features/flow_strength/overall/1/x_hi",          "0.2" },
        {"features/flow_strength/overall/1/count",         "3"   },
        {"features/flow_strength/overall/1/total_pnl_usd", "6.0" },
        {"features/flow_strength/overall/2/x_lo",          "0.2" },
        {"features/flow_strength/overall/2/count",         "2"   },
        {"features/flow_strength/overall/3",               NULL  },
        {"features/flow_strength/long/2/count",            "1"   },
        {"features/flow_strength/short/2/avg_pnl_usd",     "-4.0"},
        {"features/sentiment/overall/0/x_lo",              "1.0" },
        {"features/sentiment/point_count",                 "1"   },
        {"features/darkpool_bias/overall/0/x_lo",          "0.0" },
        {"features/darkpool_bias/overall/0/count",         "0"   },
        {"features/darkpool_bias/overall/1",               NULL  },
        {"features/darkpool_bias/point_count",             "0"   },
    };

    (void)state;
    CHECK(artifact_value_curves, wanted);
}

static void
test_analytics_matrix_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"matrix/RISK_ON/TECH/_cell/count",                          "3"                  },
        {"matrix/RISK_ON/TECH/_cell/total_pnl_usd",                  "6.0"                },
        {"matrix/RISK_ON/TECH/features/flow_strength/avg_input",     "0.16666666666666666"},
        {"matrix/RISK_ON/TECH/features/darkpool_bias/count",         "3"                  },
        {"matrix/RISK_ON/TECH/features/darkpool_bias/avg_input",     "0.0"                },
        {"matrix/RISK_OFF/UNKNOWN/_cell/avg_pnl_usd",                "2.0"                },
        {"matrix/RISK_OFF/UNKNOWN/features/sentiment/total_pnl_usd", "2.0"                },
        {"matrix/RISK_OFF/TECH",                                     NULL                 },
    };

    (void)state;
    CHECK(artifact_regime_matrix, wanted);
}

static void
test_contract_4_20_7_parity_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"counts/v1_records_today",                          "5"                    },
        {"counts/v1_unique_symbols_today",                   "2"                    },
        {"counts/shadow_records_today",                      "13"                   },
        {"counts/shadow_candidate_symbols_today",            "1"                    },
        {"counts/shadow_entry_symbols_today",                "6"                    },
        {"counts/shadow_exit_symbols_today",                 "6"                    },
        {"counts/v1_entry_events_today",                     "1"                    },
        {"counts/v2_shadow_entry_events_today",              "6"                    },
        {"counts/entry_parity_rows",                         "6"                    },
        {"overlap/v1_only_symbols/0",                        "BBB"                  },
        {"overlap/v1_vs_shadow_candidates_symbols/0",        "AAA"                  },
        {"overlap/v1_vs_shadow_entries_symbols/1",           "BBB"                  },
        {"overlap/shadow_only_candidate_symbols/0",          NULL                   },
        {"entry_parity/rows/0/classification",               "perfect_match"        },
        {"entry_parity/rows/0/entry_ts_delta_seconds",       "2.0"                  },
        {"entry_parity/rows/0/score_delta",                  "0.0"                  },
        {"entry_parity/rows/0/price_delta_usd",              "-0.010000000000005116"},
 /* of equals the first: regime */
        {"entry_parity/rows/0/feature_family",               "regime"               },
        {"entry_parity/rows/0/v2_feature_families/0",        "flow"                 },
        {"entry_parity/rows/1/symbol",                       "BBB"                  },
        {"entry_parity/rows/1/classification",               "missing_in_v1"        },
        {"entry_parity/rows/1/missing_fields/0",             "v1_entry_ts"          },
        {"entry_parity/rows/1/v1_entry_ts",                  ""                     },
        {"entry_parity/rows/3/v2_feature_families/0",        "unknown"              },
        {"entry_parity/classification_counts/perfect_match", "1"                    },
        {"entry_parity/classification_counts/missing_in_v1", "5"                    },
        {"entry_parity/classification_counts/divergent",     "0"                    },
        {"entry_parity/allowed_classifications/4",           "perfect_match"        },
        {"aggregate_metrics/match_rate",                     "1.0"                  },
        {"aggregate_metrics/matched_pairs",                  "1"                    },
        {"aggregate_metrics/mean_entry_ts_delta_seconds",    "2.0"                  },
        {"notes/parity_available",                           "true"                 },
        {"inputs/v1_log_present",                            "true"                 },
    };

    (void)state;
    CHECK(artifact_parity, wanted);
}

static void
test_contract_4_20_9_live_and_shadow_by_hand(void **state)
{
    static const struct wanted wanted[] = {
        {"as_of_ts",                        SMALL_AS_OF         },
        {"windows/24h/live/pnl_usd",        "4.0"               },
        {"windows/24h/live/trade_count",    "3"                 },
        {"windows/24h/live/expectancy_usd", "1.3333333333333333"},
        {"windows/24h/live/win_rate",       "0.3333333333333333"},
 /* 10 - 4 + 1: a null P&L asks pnl_usd */
        {"windows/24h/shadow/pnl_usd",      "7.0"               },
        {"windows/24h/shadow/trade_count",  "3"                 },
        {"windows/24h/delta/pnl_usd",       "3.0"               },
        {"windows/24h/delta/trade_count",   "0"                 },
        {"windows/24h/insufficient_data",   "false"             },
        {"windows/48h/live/trade_count",    "3"                 },
        {"windows/5d/live/pnl_usd",         "11.0"              },
        {"windows/5d/shadow/pnl_usd",       "4.0"               },
        {"per_symbol/0/symbol",             "AAA"               },
        {"per_symbol/0/window",             "24h"               },
        {"per_symbol/0/delta_pnl_usd",      "5.0"               },
        {"per_symbol/1/live_trade_count",   "2"                 },
        {"per_symbol/2/symbol",             "EEE"               },
        {"per_symbol/2/live_pnl_usd",       "0.0"               },
        {"per_symbol/3/window",             "48h"               },
        {"per_symbol/10/symbol",            "ZZZ"               },
        {"per_symbol/10/shadow_pnl_usd",    "-3.0"              },
        {"per_symbol/11",                   NULL                },
    };

    (void)state;
    CHECK(artifact_live_vs_shadow, wanted);
}

/* The overnight trade is left out, unless it is asked for. */
static void
test_analytics_overnight_trades_on_request(void **state)
{
    struct day_options options = {.date = SMALL_DATE, .includes_overnight = true};
    struct day *d = day_new(&options);
    const struct day_view *v = day_look(d);

    (void)state;
    feed(d, DAY_SHADOW_TRADES, small_shadow);
    day_finish(d);
    assert_int_equal(v->trades, 6);
    assert_int_equal(v->entries, 6);
    assert_int_equal(v->exits_without_entry, 0);
    assert_true(span_is(words_text(v->words, v->trade[0].symbol), "OLD"));
    assert_int_equal(v->entry_symbols->len, 6);
    day_free(d);
}

/* A repeated trade id keeps the place of the first entry and the words of the last. */
static void
test_analytics_a_repeated_entry_keeps_its_place(void **state)
{
    static const char lines[] = ENTRY("t1", "AAA", "14:30:00", "")
        ENTRY("t2", "BBB", "14:31:00", "") ENTRY("t1", "CCC", "14:32:00", "")
            EXIT("t1", "AAA", "15:00:00", ",\"pnl\":1") EXIT("t1", "AAA", "15:01:00", ",\"pnl\":2")
                EXIT("t2", "BBB", "15:02:00", ",\"pnl\":3");
    struct day *d = day_of(SMALL_DATE, SMALL_AS_OF);
    const struct day_view *v = day_look(d);

    (void)state;
    feed(d, DAY_SHADOW_TRADES, lines);
    day_finish(d);
    assert_int_equal(v->trades, 2);
    assert_true(span_is(words_text(v->words, v->trade[0].symbol), "CCC"));
    assert_true(v->trade[0].pnl_usd >= 2.0 && v->trade[0].pnl_usd <= 2.0);
    day_free(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_trades_by_hand),
        cmocka_unit_test(test_contract_4_20_4_long_and_short_by_hand),
        cmocka_unit_test(test_contract_4_20_5_equalizer_by_hand),
        cmocka_unit_test(test_contract_4_20_3_completeness_by_hand),
        cmocka_unit_test(test_analytics_value_curves_by_hand),
        cmocka_unit_test(test_analytics_matrix_by_hand),
        cmocka_unit_test(test_contract_4_20_7_parity_by_hand),
        cmocka_unit_test(test_contract_4_20_9_live_and_shadow_by_hand),
        cmocka_unit_test(test_analytics_overnight_trades_on_request),
        cmocka_unit_test(test_analytics_a_repeated_entry_keeps_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
