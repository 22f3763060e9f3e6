/* Each component of the score, at, below and above its steps. */
#include "tests/strategy/score_case.h"

#define AT(iso) when_parse_or_none(iso)
#define NOW     AT("2026-01-30T20:00:00Z")

struct rule {
    const char *promise;
    const char *enriched;
    const char *regime;
    enum component component;
    double want; /* exact; components that are rounded on the way in are rounded here too */
};

static bool
is_rounded(enum component c)
{
    return c >= COMPONENT_CONGRESS && c <= COMPONENT_CALENDAR;
}

static void
check(const struct rule *rule, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct composite c = score_text(rule[i].enriched, rule[i].regime, NOW);
        double want = is_rounded(rule[i].component) ? round_dec(rule[i].want, 4) : rule[i].want;
        assert_near(rule[i].promise, c.component[rule[i].component], want);
    }
}

static void
test_composite_flow_and_dark_pool(void **state)
{
    static const struct rule rules[] = {
        {"absent conviction is one half", "{}",                                                                     "mixed", COMPONENT_FLOW,      2.4 * 0.5 },
        {"null is absent",                "{\"conviction\": null}",                                                 "mixed", COMPONENT_FLOW,      2.4 * 0.5 },
        {"a word is no conviction",       "{\"conviction\": \"NaN\"}",                                              "mixed", COMPONENT_FLOW,      0         },
        {"text is a number",              "{\"conviction\": \" 0.75 \"}",                                           "mixed", COMPONENT_FLOW,      2.4 * 0.75},
        {"at most one",                   "{\"conviction\": 1.7}",                                                  "mixed", COMPONENT_FLOW,      2.4       },
        {"stealth below 0.3",             "{\"conviction\": 0.25, \"trade_count\": 1}",                             "mixed", COMPONENT_FLOW,
         2.4 * 0.45                                                                                                                                         },
        {"no stealth without trades",     "{\"conviction\": 0.25}",                                                 "mixed", COMPONENT_FLOW,
         2.4 * 0.25                                                                                                                                         },
        {"half a trade is none",          "{\"conviction\": 0.25, \"trade_count\": 0.9}",                           "mixed",
         COMPONENT_FLOW,                                                                                                                          0.6       },
        {"no stealth at 0.3",             "{\"conviction\": 0.3, \"trade_count\": 9}",                              "mixed", COMPONENT_FLOW,
         2.4 * 0.3                                                                                                                                          },
        {"no dark pool",                  "{}",                                                                     "mixed", COMPONENT_DARK_POOL, 1.3 * 0.2 },
        {"the last hour counts",
         "{\"dark_pool\": {\"total_notional_1h\": 25e6, \"total_notional\": 9e9}}",                                 "mixed",
         COMPONENT_DARK_POOL,                                                                                                                     1.3 * 0.6 },
        {"its other name",                "{\"dark_pool\": {\"total_notional_1h\": 0, \"notional_1h\": \"25e6\"}}",
         "mixed",                                                                                                            COMPONENT_DARK_POOL, 1.3 * 0.6 },
        {"the day without an hour",       "{\"dark_pool\": {\"total_notional\": 25e6}}",                            "mixed",
         COMPONENT_DARK_POOL,                                                                                                                     1.3 * 0.6 },
        {"a negative hour is none",
         "{\"dark_pool\": {\"total_notional_1h\": -1, \"total_premium\": 25e6}}",                                   "mixed",
         COMPONENT_DARK_POOL,                                                                                                                     1.3 * 0.6 },
        {"at most 50 million",            "{\"dark_pool\": {\"total_premium\": 1e12}}",                             "mixed",
         COMPONENT_DARK_POOL,                                                                                                                     1.3       },
        {"negative is nothing",           "{\"dark_pool\": {\"total_premium\": -5}}",                               "mixed",
         COMPONENT_DARK_POOL,                                                                                                                     0.26      },
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_insider_and_derived_features(void **state)
{
    static const struct rule rules[] = {
        {"no insiders",                                    "{}",                                                               "mixed", COMPONENT_INSIDER,  0.125           },
        {"bullish insiders",
         "{\"insider\": {\"sentiment\": \"BULLISH\", \"conviction_modifier\": 0.05}}",                                         "mixed",
         COMPONENT_INSIDER,                                                                                                                                 0.5 * 0.55      },
        {"bearish insiders",
         "{\"insider\": {\"sentiment\": \"BEARISH\", \"conviction_modifier\": 0.05}}",                                         "mixed",
         COMPONENT_INSIDER,                                                                                                                                 0.5 * 0.45      },
        {"the sign of a bearish modifier does not matter",
         "{\"insider\": {\"sentiment\": \"BEARISH\", \"conviction_modifier\": -0.05}}",                                        "mixed",
         COMPONENT_INSIDER,                                                                                                                                 0.5 * 0.45      },
        {"another word is neutral",
         "{\"insider\": {\"sentiment\": \"bullish\", \"conviction_modifier\": 1}}",                                            "mixed",
         COMPONENT_INSIDER,                                                                                                                                 0.125           },
        {"aligned skew",                                   "{\"sentiment\": \"BULLISH\", \"iv_term_skew\": 0.1}",              "mixed",
         COMPONENT_IV_SKEW,                                                                                                                                 0.6 * 0.1 * 1.3 },
        {"aligned below zero",                             "{\"sentiment\": \"BEARISH\", \"iv_term_skew\": -0.1}",             "mixed",
         COMPONENT_IV_SKEW,                                                                                                                                 0.6 * 0.1 * 1.3 },
        {"against the flow",                               "{\"sentiment\": \"BEARISH\", \"iv_term_skew\": 0.1}",              "mixed",
         COMPONENT_IV_SKEW,                                                                                                                                 0.6 * 0.1 * 0.7 },
        {"a neutral flow has no side",                     "{\"iv_term_skew\": 0.1}",                                          "mixed", COMPONENT_IV_SKEW,
         0.6 * 0.1 * 0.7                                                                                                                                                    },
        {"smile has no sign",                              "{\"smile_slope\": -0.08}",                                         "mixed", COMPONENT_SMILE,    0.35 * 0.08     },
        {"no whale",                                       "{\"motif_whale\": {\"avg_conviction\": 0.9}}",                     "mixed", COMPONENT_WHALE,    0               },
        {"whale",                                          "{\"motif_whale\": {\"detected\": true, \"avg_conviction\": 0.9}}", "mixed",
         COMPONENT_WHALE,                                                                                                                                   0.63            },
        {"whale of unknown size",                          "{\"motif_whale\": {\"detected\": true}}",                          "mixed",
         COMPONENT_WHALE,                                                                                                                                   0               },
        {"event",                                          "{\"event_alignment\": 0.85}",                                      "mixed", COMPONENT_EVENT,    0.34            },
        {"staircase",                                      "{\"motif_staircase\": {\"detected\": true, \"slope\": 0.05}}",     "mixed",
         COMPONENT_MOTIF,                                                                                                                                   0.075           },
        {"burst",                                          "{\"motif_burst\": {\"detected\": true, \"intensity\": 1}}",        "mixed",
         COMPONENT_MOTIF,                                                                                                                                   0.25            },
        {"a burst is capped",                              "{\"motif_burst\": {\"detected\": true, \"intensity\": 9}}",        "mixed",
         COMPONENT_MOTIF,                                                                                                                                   0.5             },
        {"toxicity at 0.3",                                "{\"toxicity\": 0.3}",                                              "mixed", COMPONENT_TOXICITY, 0               },
        {"mild toxicity",                                  "{\"toxicity\": 0.4}",                                              "mixed", COMPONENT_TOXICITY, -0.9 * 0.1 * 0.5},
        {"toxicity at 0.5 is mild",                        "{\"toxicity\": 0.5}",                                              "mixed", COMPONENT_TOXICITY,
         -0.9 * 0.2 * 0.5                                                                                                                                                   },
        {"toxic",                                          "{\"toxicity\": 0.9}",                                              "mixed", COMPONENT_TOXICITY, -0.9 * 0.4 * 1.5},
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_regime_names_are_exact(void **state)
{
    static const struct rule rules[] = {
        {"risk on, bullish",             "{\"sentiment\": \"BULLISH\"}", "RISK_ON",  COMPONENT_REGIME,
         0.3 * 0.15 * 2                                                                                               },
        {"risk on, other",               "{\"sentiment\": \"BEARISH\"}", "RISK_ON",  COMPONENT_REGIME,
         0.3 * -0.05 * 2                                                                                              },
        {"risk off, bullish",            "{\"sentiment\": \"BULLISH\"}", "RISK_OFF", COMPONENT_REGIME,
         0.3 * 0.10 * 2                                                                                               },
        {"risk off, other",              "{}",                           "RISK_OFF", COMPONENT_REGIME, 0.3 * -0.10 * 2},
        {"mixed",                        "{}",                           "mixed",    COMPONENT_REGIME, 0.012          },
        {"neutral",                      "{}",                           "NEUTRAL",  COMPONENT_REGIME, 0.012          },
        {"another case is another name", "{}",                           "MIXED",    COMPONENT_REGIME, 0              },
        {"panic is unknown here",        "{}",                           "PANIC",    COMPONENT_REGIME, 0              },
        {"nothing",                      "{}",                           "",         COMPONENT_REGIME, 0              },
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

#define BULL(rest) "{\"sentiment\": \"BULLISH\", " rest "}"
#define BEAR(rest) "{\"sentiment\": \"BEARISH\", " rest "}"

static void
test_composite_congress_and_shorts(void **state)
{
    static const struct rule rules[] = {
        {"no trades",                    BULL("\"congress\": {\"recent_count\": 0, \"buys\": 5}"),               "mixed",
         COMPONENT_CONGRESS,                                                                                                                  0                            },
        {"confirm",
         BULL("\"congress\": {\"recent_count\": 3, \"buys\": 2, \"conviction_boost\": 0.1}"),
         "mixed",                                                                                                         COMPONENT_CONGRESS, 0.9 * (0.6 + 0.3 * 0.4) * 1.1},
        {"confirm a fall",               BEAR("\"congress\": {\"recent_count\": 30, \"sells\": 2}"),             "mixed",
         COMPONENT_CONGRESS,                                                                                                                  0.9                          },
        {"oppose",                       BEAR("\"congress\": {\"recent_count\": 5, \"buys\": 2, \"sells\": 1}"), "mixed",
         COMPONENT_CONGRESS,                                                                                                                  -0.9 * 0.4 * 0.5             },
        {"even",                         BULL("\"congress\": {\"recent_count\": 5, \"buys\": 2, \"sells\": 2}"), "mixed",
         COMPONENT_CONGRESS,                                                                                                                  0.9 * 0.2 * 0.5              },
        {"flow without a side",          "{\"congress\": {\"recent_count\": 5, \"buys\": 2}}",                   "mixed",
         COMPONENT_CONGRESS,                                                                                                                  0.9 * 0.2 * 0.5              },
        {"failures alone are no shorts",
         BULL("\"shorts\": {\"ftd_count\": 900000, \"squeeze_risk\": true}"),                                    "mixed",
         COMPONENT_SHORTS,                                                                                                                    0                            },
        {"interest at 15",               BULL("\"shorts\": {\"interest_pct\": 15}"),                             "mixed", COMPONENT_SHORTS,
         0                                                                                                                                                                 },
        {"interest above 15",            BULL("\"shorts\": {\"interest_pct\": 20}"),                             "mixed", COMPONENT_SHORTS,
         0.7 * 0.5 * 0.2                                                                                                                                                   },
        {"days at 5",                    BULL("\"shorts\": {\"interest_pct\": 1, \"days_to_cover\": 5}"),        "mixed",
         COMPONENT_SHORTS,                                                                                                                    0                            },
        {"days above 5",                 BULL("\"shorts\": {\"interest_pct\": 1, \"days_to_cover\": 7}"),        "mixed",
         COMPONENT_SHORTS,                                                                                                                    0.7 * 0.3 * 0.2              },
        {"failures",                     BULL("\"shorts\": {\"interest_pct\": 1, \"ftd_count\": 1000000}"),      "mixed",
         COMPONENT_SHORTS,                                                                                                                    0.7 * 0.2 * 6 / 7            },
        {"failures at 100 000",          BULL("\"shorts\": {\"interest_pct\": 1, \"ftd_count\": 100000}"),
         "mixed",                                                                                                         COMPONENT_SHORTS,   0                            },
        {"a squeeze needs no side",      "{\"shorts\": {\"interest_pct\": 1, \"squeeze_risk\": true}}",
         "mixed",                                                                                                         COMPONENT_SHORTS,   0.21                         },
        {"a crowded short",              BEAR("\"shorts\": {\"interest_pct\": 20.01}"),                          "mixed",
         COMPONENT_SHORTS,                                                                                                                    -0.14                        },
        {"not yet crowded",              BEAR("\"shorts\": {\"interest_pct\": 20}"),                             "mixed", COMPONENT_SHORTS,
         0                                                                                                                                                                 },
        {"interest is capped",           BULL("\"shorts\": {\"interest_pct\": 90}"),                             "mixed",
         COMPONENT_SHORTS,                                                                                                                    0.7 * 0.5                    },
        {"days are capped",              BULL("\"shorts\": {\"interest_pct\": 1, \"days_to_cover\": 90}"),
         "mixed",                                                                                                         COMPONENT_SHORTS,   0.7 * 0.3                    },
        {"interest between",             BULL("\"shorts\": {\"interest_pct\": 15.5}"),                           "mixed",
         COMPONENT_SHORTS,                                                                                                                    0.7 * 0.5 * 0.02             },
        {"failures just above",          "{\"shorts\": {\"interest_pct\": 1, \"ftd_count\": 100000.5}}",
         "mixed",                                                                                                         COMPONENT_SHORTS,   0.7 * 0.2 * 5 / 7            },
        {"failures are capped",          "{\"shorts\": {\"interest_pct\": 1, \"ftd_count\": 1e9}}",              "mixed",
         COMPONENT_SHORTS,                                                                                                                    0.7 * 0.2                    },
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_institutional(void **state)
{
    static const struct rule rules[] = {
        {"nothing known",                        BULL("\"x\": 1"),                                             "mixed", COMPONENT_INSTITUTIONAL, 0                                      },
        {"holders",                              BULL("\"institutional\": {\"holders_count\": 5}"),            "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5 * (0.2 + 0.8 * (0.2 * 0.6)) * 0.6  },
        {"recent ones before all, cut to whole",
         BULL("\"institutional\": {\"recent_count\": 5.9, \"holders_count\": 90}"),                            "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5 * (0.2 + 0.8 * (0.2 * 0.6)) * 0.6  },
        {"everything at its cap",
         BULL("\"institutional\": {\"recent_count\": 99, \"top_holder_pct\": 50, "
              "\"top5_holder_pct\": 90}"),
         "mixed",                                                                                                       COMPONENT_INSTITUTIONAL, 0.5 * 0.6                              },
        {"empty holdings fall back to insiders",
         BULL("\"institutional\": {\"recent_count\": 0}, \"insider\": {\"net_buys\": 5, "
              "\"net_sells\": 1, "
              "\"total_usd\": 1000000}"),
         "mixed",                                                                                                       COMPONENT_INSTITUTIONAL, 0.5 * (0.5 + 0.3 * 0.5)                },
        {"size of insider purchases",
         BULL("\"insider\": {\"net_buys\": 20, \"total_usd\": 10000000}"),                                     "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5 * (0.5 + 0.5 + 0.15)               },
        {"its cap",                              BULL("\"insider\": {\"net_buys\": 20, \"total_usd\": 1e12}"), "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5 * (0.5 + 0.5 + 0.3)                },
        {"insiders oppose",                      BEAR("\"insider\": {\"net_buys\": 10}"),                      "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                -0.5 * 0.3 * 0.5                       },
        {"insiders even",                        BEAR("\"insider\": {\"net_buys\": 5, \"net_sells\": 5}"),     "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5 * 0.15 * 0.5                       },
        {"insiders silent",                      BEAR("\"insider\": {\"total_usd\": 5e9}"),                    "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0                                      },
        {"insider activity is capped",           BEAR("\"insider\": {\"net_sells\": 50}"),                     "mixed",
         COMPONENT_INSTITUTIONAL,                                                                                                                0.5                                    },
        {"half a per cent of five holders",      "{\"institutional\": {\"top5_holder_pct\": 0.5}}",
         "mixed",                                                                                                       COMPONENT_INSTITUTIONAL, 0.5 * (0.2 + 0.8 * (0.02 * 0.15)) * 0.6},
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_tide_and_calendar(void **state)
{
    static const struct rule rules[] = {
        {"no tide",                          BULL("\"market_tide\": {}"),                                           "mixed", COMPONENT_TIDE,     0                         },
        {"nothing moved",                    BULL("\"market_tide\": {\"call_premium\": 0, \"put_premium\": 0}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0                         },
        {"calls confirm",                    BULL("\"market_tide\": {\"call_premium\": 75, \"put_premium\": -25}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0.4 * (0.4 + 0.5 * 0.6)   },
        {"calls oppose",
         BEAR("\"market_tide\": {\"call_premium\": \"75\", \"put_premium\": \"25\"}"),                              "mixed",
         COMPONENT_TIDE,                                                                                                                         -0.4 * 0.25 * 0.5         },
        {"zero falls to the other name",
         BULL("\"market_tide\": {\"call_premium\": 0, \"net_call_premium\": 75, "
              "\"net_put_premium\": 25}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0.4 * 0.7                 },
        {"55 per cent is no side",
         BULL("\"market_tide\": {\"call_premium\": 55, \"put_premium\": 45}"),                                      "mixed",
         COMPONENT_TIDE,                                                                                                                         0                         },
        {"strong, and the flow has no side",
         "{\"market_tide\": {\"call_premium\": 75, \"put_premium\": 25}}",                                          "mixed", COMPONENT_TIDE,
         0.04                                                                                                                                                              },
        {"weak, and the flow has no side",
         "{\"market_tide\": {\"call_premium\": 60, \"put_premium\": 40}}",                                          "mixed", COMPONENT_TIDE,
         0                                                                                                                                                                 },
        {"five rows and no more",
         BULL("\"market_tide\": {\"has_data\": true, \"data\": ["
              "{\"net_call_premium\": 15, \"net_put_premium\": -5}, {\"net_call_premium\": \"15\", "
              "\"net_put_premium\": 5}, {\"net_call_premium\": 15}, {\"net_call_premium\": 15, "
              "\"net_put_premium\": 15}, {\"net_call_premium\": 15}, {\"net_put_premium\": 1e9}]}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0.4 * 0.7                 },
        {"rows need has_data",               BULL("\"market_tide\": {\"data\": [{\"net_call_premium\": 9}]}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0                         },
        {"earnings in a week",               "{\"calendar\": {\"has_earnings\": true, \"days_to_earnings\": 7}}",
         "mixed",                                                                                                            COMPONENT_CALENDAR, 0                         },
        {"earnings tomorrow",                "{\"calendar\": {\"has_earnings\": true, \"days_to_earnings\": 1}}",
         "mixed",                                                                                                            COMPONENT_CALENDAR, 0.45 * 0.4 * (1 - 1.0 / 7)},
        {"earnings past",                    "{\"calendar\": {\"has_earnings\": true, \"days_to_earnings\": -7}}",
         "mixed",                                                                                                            COMPONENT_CALENDAR, 0.36                      },
        {"earnings some day",                "{\"calendar\": {\"has_earnings\": true}}",                            "mixed",
         COMPONENT_CALENDAR,                                                                                                                     0                         },
        {"no earnings",                      "{\"calendar\": {\"days_to_earnings\": 1}}",                           "mixed", COMPONENT_CALENDAR,
         0                                                                                                                                                                 },
        {"FDA",                              "{\"calendar\": {\"has_fda\": true}}",                                 "mixed", COMPONENT_CALENDAR, 0.225                     },
        {"events listed",                    "{\"calendar\": {\"economic_events\": [1]}}",                          "mixed", COMPONENT_CALENDAR,
         0.09 / 3                                                                                                                                                          },
        {"events counted",                   "{\"calendar\": {\"economic_events\": 9}}",                            "mixed", COMPONENT_CALENDAR,
         0.09                                                                                                                                                              },
        {"45 per cent is no side",
         BEAR("\"market_tide\": {\"call_premium\": 45, \"put_premium\": 55}"),                                      "mixed",
         COMPONENT_TIDE,                                                                                                                         0                         },
        {"44 per cent is one",               BEAR("\"market_tide\": {\"call_premium\": 44, \"put_premium\": 56}"),
         "mixed",                                                                                                            COMPONENT_TIDE,     0.4 * (0.4 + 0.12 * 0.6)  },
        {"48 per cent is none",
         BEAR("\"market_tide\": {\"call_premium\": 48, \"put_premium\": 52}"),                                      "mixed",
         COMPONENT_TIDE,                                                                                                                         0                         },
        {"earnings beyond a week",
         "{\"calendar\": {\"has_earnings\": true, \"days_to_earnings\": 7.5}}",                                     "mixed",
         COMPONENT_CALENDAR,                                                                                                                     0                         },
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_steps(void **state)
{
    static const struct rule rules[] = {
        {"no greeks",                         "{\"greeks\": {\"call_gamma\": null}}",                                "mixed", COMPONENT_GREEKS,  0.08 },
        {"small gamma",                       "{\"greeks\": {\"gamma_exposure\": 10000}}",                           "mixed", COMPONENT_GREEKS,
         0.08                                                                                                                                         },
        {"gamma above 10 000",                "{\"greeks\": {\"gamma_exposure\": -10001}}",                          "mixed",
         COMPONENT_GREEKS,                                                                                                                       0.04 },
        {"gamma above 100 000",               "{\"greeks\": {\"gamma_exposure\": 100001}}",                          "mixed",
         COMPONENT_GREEKS,                                                                                                                       0.1  },
        {"gamma above 500 000",               "{\"greeks\": {\"call_gamma\": \"100000\", \"put_gamma\": 600001}}",
         "mixed",                                                                                                             COMPONENT_GREEKS,  0.2  },
        {"squeeze set up",                    "{\"greeks\": {\"gamma_squeeze_setup\": true}}",                       "mixed",
         COMPONENT_GREEKS,                                                                                                                       0.4  },
        {"no failures",                       "{}",                                                                  "mixed", COMPONENT_FTD,     0.06 },
        {"few failures",                      "{\"ftd\": {\"ftd_count\": 10000}}",                                   "mixed", COMPONENT_FTD,     0.06 },
        {"above 10 000",                      "{\"ftd\": {\"ftd_count\": 10001}}",                                   "mixed", COMPONENT_FTD,     0.03 },
        {"above 50 000",                      "{\"ftd\": {\"ftd_count\": 50001}}",                                   "mixed", COMPONENT_FTD,     0.099},
        {"above 100 000",                     "{\"ftd\": {\"ftd_count\": 100001}}",                                  "mixed", COMPONENT_FTD,     0.201},
        {"above 200 000",                     "{\"shorts\": {\"ftd_count\": 200001}}",                               "mixed", COMPONENT_FTD,     0.3  },
        {"pressure",                          "{\"ftd\": {\"squeeze_pressure\": true}}",                             "mixed", COMPONENT_FTD,     0.3  },
        {"ftd before shorts",                 "{\"ftd\": {\"ftd_count\": 1}, \"shorts\": {\"squeeze_risk\": true}}",
         "mixed",                                                                                                             COMPONENT_FTD,     0.06 },
        {"rank unknown",                      "{}",                                                                  "mixed", COMPONENT_IV_RANK, 0.03 },
        {"rank null is unknown, not zero",    "{\"iv_rank\": {\"iv_rank\": null, \"x\": 1}}",                        "mixed",
         COMPONENT_IV_RANK,                                                                                                                      0.03 },
        {"rank that is no number is unknown", "{\"iv_rank\": {\"iv_rank\": \"NaN\"}}",                               "mixed",
         COMPONENT_IV_RANK,                                                                                                                      0.03 },
        {"rank zero is a rank",               "{\"iv_rank\": {\"iv_rank\": 0}}",                                     "mixed", COMPONENT_IV_RANK, 0.2  },
        {"rank below 20",                     "{\"iv_rank\": {\"iv_rank_1y\": 19.99}}",                              "mixed", COMPONENT_IV_RANK,
         0.2                                                                                                                                          },
        {"rank 20",                           "{\"iv_rank\": {\"iv_rank\": 20}}",                                    "mixed", COMPONENT_IV_RANK, 0.1  },
        {"rank 30",                           "{\"iv_rank\": {\"iv_rank\": 30}}",                                    "mixed", COMPONENT_IV_RANK, 0.03 },
        {"rank 70",                           "{\"iv_rank\": {\"iv_rank\": 70}}",                                    "mixed", COMPONENT_IV_RANK, 0.03 },
        {"rank above 70",                     "{\"iv_rank\": {\"iv_rank\": 80}}",                                    "mixed", COMPONENT_IV_RANK, -0.1 },
        {"rank above 80",                     "{\"iv_rank\": {\"iv_rank\": 80.01}}",                                 "mixed", COMPONENT_IV_RANK, -0.2 },
        {"iv before iv_rank",                 "{\"iv\": {\"iv_rank\": 85}, \"iv_rank\": {\"iv_rank\": 5}}",          "mixed",
         COMPONENT_IV_RANK,                                                                                                                      -0.2 },
        {"gamma at 500 000",                  "{\"greeks\": {\"gamma_exposure\": -500000}}",                         "mixed",
         COMPONENT_GREEKS,                                                                                                                       0.1  },
        {"gamma at 100 000",                  "{\"greeks\": {\"gamma_exposure\": 100000}}",                          "mixed",
         COMPONENT_GREEKS,                                                                                                                       0.04 },
        {"failures at 200 000",               "{\"ftd\": {\"ftd_count\": 200000}}",                                  "mixed", COMPONENT_FTD,
         0.201                                                                                                                                        },
        {"failures at 100 000",               "{\"ftd\": {\"ftd_count\": 100000}}",                                  "mixed", COMPONENT_FTD,
         0.099                                                                                                                                        },
        {"failures at 50 000",                "{\"ftd\": {\"ftd_count\": 50000}}",                                   "mixed", COMPONENT_FTD,     0.03 },
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

static void
test_composite_open_interest_funds_squeeze(void **state)
{
    static const struct rule rules[] = {
        {"no open interest",                     "{}",                                                                      "mixed", COMPONENT_OI,      0.07       },
        {"large, bullish, confirmed",            BULL("\"oi_change\": {\"net_oi_change\": 50001}"),                         "mixed",
         COMPONENT_OI,                                                                                                                                  0.35       },
        {"at 50 000",                            BULL("\"oi_change\": {\"net_oi_change\": 50000}"),                         "mixed", COMPONENT_OI,
         0.35 * 0.57                                                                                                                                               },
        {"large, flow against it",               BEAR("\"oi_change\": {\"net_oi_change\": 50001}"),                         "mixed",
         COMPONENT_OI,                                                                                                                                  0.35 * 0.57},
        {"at 20 000",                            BULL("\"oi_change\": {\"net_oi_change\": 20000}"),                         "mixed", COMPONENT_OI,
         0.35 * 0.29                                                                                                                                               },
        {"bearish by its sign",                  BEAR("\"oi_change\": {\"net_oi_change\": -99000}"),                        "mixed",
         COMPONENT_OI,                                                                                                                                  0.35 * 0.29},
        {"bearish by its word",
         BULL("\"oi_change\": {\"net_oi_change\": 99000, \"oi_sentiment\": \"BEARISH\"}"),                                  "mixed",
         COMPONENT_OI,                                                                                                                                  0.35 * 0.29},
        {"at 10 000",                            BULL("\"oi_change\": {\"net_oi_change\": 10000}"),                         "mixed", COMPONENT_OI,
         0.035                                                                                                                                                     },
        {"at 1 000",                             BULL("\"oi_change\": {\"net_oi_change\": 1000}"),                          "mixed", COMPONENT_OI,      0.07       },
        {"volume stands in",                     BULL("\"oi_change\": {\"volume\": 250000}"),                               "mixed", COMPONENT_OI,
         0.35 * 0.57                                                                                                                                               },
        {"not with open interest",               BULL("\"oi_change\": {\"volume\": 250000, \"curr_oi\": 1}"),
         "mixed",                                                                                                                    COMPONENT_OI,      0.07       },
        {"the other name",                       BULL("\"oi\": {\"net_oi_change\": 60000}"),                                "mixed", COMPONENT_OI,      0.35       },
        {"no funds",                             "{}",                                                                      "mixed", COMPONENT_ETF,     0.06       },
        {"risk on",
         "{\"etf_flow\": {\"overall_sentiment\": \"BULLISH\", \"market_risk_on\": true}}",                                  "mixed",
         COMPONENT_ETF,                                                                                                                                 0.3        },
        {"bullish funds",                        "{\"etf_flow\": {\"overall_sentiment\": \"BULLISH\"}}",                    "mixed",
         COMPONENT_ETF,                                                                                                                                 0.15       },
        {"bearish funds",
         "{\"etf_flow\": {\"overall_sentiment\": \"BEARISH\", \"market_risk_on\": true}}",                                  "mixed",
         COMPONENT_ETF,                                                                                                                                 -0.09      },
        {"other funds",                          "{\"etf_flow\": {\"net_flow\": 1}}",                                       "mixed", COMPONENT_ETF,     0.06       },
        {"no squeeze",                           "{}",                                                                      "mixed", COMPONENT_SQUEEZE, 0.04       },
        {"signals",                              "{\"squeeze_score\": {\"signals\": 1}}",                                   "mixed", COMPONENT_SQUEEZE, 0.1        },
        {"no signals",                           "{\"squeeze_score\": {\"signals\": 0.5}}",                                 "mixed", COMPONENT_SQUEEZE, 0.04       },
        {"high",                                 "{\"squeeze_score\": {\"signals\": 0, \"high_squeeze_potential\": true}}", "mixed",
         COMPONENT_SQUEEZE,                                                                                                                             0.2        },
        {"above 20 000",                         BULL("\"oi_change\": {\"net_oi_change\": 20001}"),                         "mixed", COMPONENT_OI,
         0.35 * 0.57                                                                                                                                               },
        {"above 10 000",                         BULL("\"oi_change\": {\"net_oi_change\": 10001}"),                         "mixed", COMPONENT_OI,
         0.35 * 0.29                                                                                                                                               },
        {"above 1 000",                          BULL("\"oi_change\": {\"net_oi_change\": 1001}"),                          "mixed", COMPONENT_OI,
         0.035                                                                                                                                                     },
        {"a tenth of the volume",                BULL("\"oi_change\": {\"volume\": 200000}"),                               "mixed",
         COMPONENT_OI,                                                                                                                                  0.35 * 0.29},
        {"a neutral word gives way to the sign",
         BULL("\"oi_change\": {\"net_oi_change\": 60000, \"oi_sentiment\": \"NEUTRAL\"}"),                                  "mixed",
         COMPONENT_OI,                                                                                                                                  0.35       },
        {"another word does not",
         BULL("\"oi_change\": {\"net_oi_change\": 60000, \"oi_sentiment\": \"MIXED\"}"),                                    "mixed",
         COMPONENT_OI,                                                                                                                                  0.35 * 0.29},
    };
    (void)state;
    check(rules, COUNT_OF(rules));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite_flow_and_dark_pool),
        cmocka_unit_test(test_composite_insider_and_derived_features),
        cmocka_unit_test(test_composite_regime_names_are_exact),
        cmocka_unit_test(test_composite_congress_and_shorts),
        cmocka_unit_test(test_composite_institutional),
        cmocka_unit_test(test_composite_tide_and_calendar),
        cmocka_unit_test(test_composite_steps),
        cmocka_unit_test(test_composite_open_interest_funds_squeeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
