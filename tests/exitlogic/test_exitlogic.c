/* The verdict: its order, and what holds for every position. */
#include "exitlogic/exitlogic.h"
#include "exitlogic/exit_pnl.h"

#include <math.h>

#include "tests/lib/check.h"

enum { ROUNDS = 20000 };

static const char *const LABELS[] = {"RISK_ON", "RISK_OFF", "BEAR", "NEUTRAL", "MIXED", ""};
static const char *const SECTORS[] = {"TECH", "BIOTECH", "ENERGY", "UNKNOWN", ""};
static const char *const SENTIMENTS[] = {"BULLISH", "BEARISH", "NEUTRAL", "bullish"};

static const char *
one_of(struct rng *r, const char *const *list, size_t len)
{
    return list[rng_below(r, len)];
}

static double
between(struct rng *r, double lo, double hi)
{
    return lo + (hi - lo) * rng_f64(r);
}

static struct v2_moment
some_moment(struct rng *r)
{
    return (struct v2_moment){
        .v2_score = between(r, 0, 8),
        .flow_strength = between(r, -0.2, 1.2),
        .dark_pool_bias = between(r, -1, 1),
        .sentiment = one_of(r, SENTIMENTS, COUNT_OF(SENTIMENTS)),
        .regime_label = one_of(r, LABELS, COUNT_OF(LABELS)),
        .sector = one_of(r, SECTORS, COUNT_OF(SECTORS)),
    };
}

static struct v2_exit_case
some_case(struct rng *r)
{
    double entry_price = between(r, 0.01, 2000);

    return (struct v2_exit_case){
        .symbol = "AAPL",
        .side = rng_chance(r, 0.5) ? V2_LONG : V2_SHORT,
        .entry_price = entry_price,
        .price = entry_price * between(r, 0.85, 1.15),
        .entry = some_moment(r),
        .now = some_moment(r),
        .realised_vol_20d = rng_chance(r, 0.1) ? (double)NAN : between(r, 0, 1.2),
        .flags = {.earnings_risk = rng_chance(r, 0.2),
                  .sector_collapse = rng_chance(r, 0.2),
                  .thesis_invalidated = rng_chance(r, 0.2)},
        .candidate = rng_chance(r, 0.5) ? "NVDA" : NULL,
        .candidate_v2_score = between(r, 0, 8),
    };
}

/* ---- properties ---------------------------------------------------------------------------- */

static void
test_exitlogic_stop_and_target_never_cross(void **state)
{
    struct rng r = check_rng("stop and target never cross");
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct v2_exit_case c = some_case(&r);
        struct v2_exit_verdict v;
        v2_exit_judge(&c, &v);
        double win = c.side == V2_LONG ? 1 : -1;
        assert_true(win * (v.target.price - c.entry_price) > 0);
        assert_true(win * (c.entry_price - v.stop.price) > 0);
        assert_true(v.target.pct >= 0.01 && v.target.pct <= 0.10);
        assert_true(v.stop.pct >= 0.005 && v.stop.pct <= 0.08);
    }
}

static void
test_exitlogic_long_and_short_levels_mirror(void **state)
{
    struct rng r = check_rng("levels mirror");
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct v2_exit_case up = some_case(&r), down;
        struct v2_exit_verdict u, d;
        up.side = V2_LONG;
        down = up;
        down.side = V2_SHORT;
        v2_exit_judge(&up, &u);
        v2_exit_judge(&down, &d);
        double near = 1e-9 * up.entry_price;
        assert_true(fabs((u.target.price + d.target.price) / 2 - up.entry_price) <= near);
        assert_true(fabs((u.stop.price + d.stop.price) / 2 - up.entry_price) <= near);
        assert_true(u.score.score >= 0 && u.score.score <= 1);
        assert_true(fabs(u.score.score - d.score.score) <= 0);
    }
}

static void
test_exitlogic_verdict_is_what_its_numbers_say(void **state)
{
    struct rng r = check_rng("verdict and numbers");
    int seen[V2_EXIT_INTEL_DETERIORATION + 1] = {0};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct v2_exit_case c = some_case(&r);
        struct v2_exit_verdict v;
        v2_exit_judge(&c, &v);
        bool is_long = c.side == V2_LONG;
        bool is_won = is_long ? c.price >= v.target.price : c.price <= v.target.price;
        bool is_lost = is_long ? c.price <= v.stop.price : c.price >= v.stop.price;
        bool is_swap = v.replacement.reason == V2_REPLACE_CHOSEN;
        enum v2_exit_reason want = is_won                           ? V2_EXIT_PROFIT
                                   : is_lost                        ? V2_EXIT_STOP
                                   : is_swap                        ? V2_EXIT_REPLACEMENT
                                   : v.score.score >= V2_SCORE_EXIT ? v.score.reason
                                                                    : V2_EXIT_HOLD;
        assert_false(is_won && is_lost);
        assert_int_equal(v.reason, want);
        assert_int_equal(v.is_exit, want != V2_EXIT_HOLD);
        seen[v.reason]++;
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        if (seen[i] == 0) fail_msg("no case of %s", v2_exit_reason_name((enum v2_exit_reason)i));
}

/* ---- tables -------------------------------------------------------------------------------- */

/* All that was known at entry is gone now: the score is 0.9 with a full volatility. */
static struct v2_exit_case
all_lost(double price)
{
    return (struct v2_exit_case){
        .symbol = "AAPL",
        .side = V2_LONG,
        .entry_price = 100,
        .price = price,
        .entry = {8, 1, -1, "BULLISH", "RISK_ON", "TECH"   },
        .now = {0, 0, 0,  "NEUTRAL", "",        "UNKNOWN"},
        .realised_vol_20d = 0.60,
    };
}

static void
test_exitlogic_asks_prices_then_replacement_then_score(void **state)
{
    static const struct {
        const char *promise;
        double price;
        const char *candidate;
        double candidate_v2_score;
        enum v2_exit_reason want;
    } cases[] = {
        {"the target goes before all",       106,         "NVDA", 8,           V2_EXIT_PROFIT             },
        {"then the stop",                    97,          "NVDA", 8,           V2_EXIT_STOP               },
        {"then what is better",              100,         "NVDA", 0.25,        V2_EXIT_REPLACEMENT        },
        {"not better by enough",             100,         "NVDA", 0.2499,      V2_EXIT_INTEL_DETERIORATION},
        {"better, nobody knows by how much", 100,         "NVDA", (double)NAN, V2_EXIT_INTEL_DETERIORATION},
        {"nothing better",                   100,         NULL,   8,           V2_EXIT_INTEL_DETERIORATION},
        {"without a price the score counts", (double)NAN, NULL,   0,           V2_EXIT_INTEL_DETERIORATION},
        {"a price of zero is none",          0,           "NVDA", 8,           V2_EXIT_REPLACEMENT        },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct v2_exit_case c = all_lost(cases[i].price);
        struct v2_exit_verdict v;
        c.candidate = cases[i].candidate;
        c.candidate_v2_score = cases[i].candidate_v2_score;
        v2_exit_judge(&c, &v);
        if (v.reason != cases[i].want)
            fail_msg("%s: %s", cases[i].promise, v2_exit_reason_name(v.reason));
    }
}

static void
test_exitlogic_levels_are_reached_exactly(void **state)
{
    static const struct {
        const char *promise;
        double price;
        enum v2_side side;
        enum v2_exit_reason want;
    } cases[] = {
        {"a step below a long's target",  101.9999, V2_LONG,  V2_EXIT_HOLD  },
        {"on it",                         102,      V2_LONG,  V2_EXIT_PROFIT},
        {"a step above a long's stop",    98.5001,  V2_LONG,  V2_EXIT_HOLD  },
        {"on it",                         98.5,     V2_LONG,  V2_EXIT_STOP  },
        {"gapped far below",              1,        V2_LONG,  V2_EXIT_STOP  },
        {"a step above a short's target", 98.0001,  V2_SHORT, V2_EXIT_HOLD  },
        {"on it",                         98,       V2_SHORT, V2_EXIT_PROFIT},
        {"a step below a short's stop",   101.4999, V2_SHORT, V2_EXIT_HOLD  },
        {"on it",                         101.5,    V2_SHORT, V2_EXIT_STOP  },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct v2_exit_case c = {
            .symbol = "AAPL",
            .side = cases[i].side,
            .entry_price = 100,
            .price = cases[i].price,
            .entry = {4, 0, 0, "NEUTRAL", "", "UNKNOWN"},
            .now = {4, 0, 0, "NEUTRAL", "", "UNKNOWN"},
            .realised_vol_20d = (double)NAN,
        };
        struct v2_exit_verdict v;
        v2_exit_judge(&c, &v);
        if (v.reason != cases[i].want)
            fail_msg("%s: %s", cases[i].promise, v2_exit_reason_name(v.reason));
    }
}

static void
test_exitlogic_unknown_entry_price_hits_nothing(void **state)
{
    struct v2_exit_case c = all_lost(1);
    struct v2_exit_verdict v;
    (void)state;
    c.entry_price = (double)NAN;
    c.now = c.entry;
    v2_exit_judge(&c, &v);
    assert_int_equal(v.reason, V2_EXIT_HOLD);
    assert_int_equal(v.target.lack, V2_LACK_ENTRY_PRICE);
    assert_true(isnan(v.stop.price));
}

static void
test_exitlogic_a_flag_of_either_file_counts(void **state)
{
    struct v2_exit_flags before = {.earnings_risk = true};
    struct v2_exit_flags after = {.thesis_invalidated = true};
    (void)state;
    struct v2_exit_flags f = v2_flags_or(&before, &after);
    assert_true(f.earnings_risk && f.thesis_invalidated);
    assert_false(f.sector_collapse || f.regime_risk || f.overnight_flow_risk);
}

static void
test_exitlogic_pnl_adds_up_over_every_grouping(void **state)
{
    struct rng r = check_rng("exit P&L adds up");
    CLEANUP(arena_done) struct arena a = {0};
    struct v2_exit_pnl s = {0};
    double sums[3] = {0};
    int64_t rows[3] = {0}, held = 0;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        char reason[16];
        (void)snprintf(reason, sizeof reason, "r%d", (int)rng_below(&r, 40));
        struct v2_exit_row row = {
            .reason = reason,
            .regime = one_of(&r, LABELS, COUNT_OF(LABELS)),
            .sector = one_of(&r, SECTORS, COUNT_OF(SECTORS)),
            .pnl_usd = rng_chance(&r, 0.3) ? (double)NAN : (double)rng_range(&r, -50, 50),
            .held_min = rng_chance(&r, 0.3) ? (double)NAN : between(&r, 0, 500),
            .exit_score = rng_f64(&r),
        };
        v2_exit_pnl_add(&s, &row, &a);
        held += isfinite(row.held_min);
    }
    const struct counts *groups[] = {&s.by_reason, &s.by_regime, &s.by_sector};
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        for (size_t i = 0; i < groups[g]->len; i++) {
            sums[g] += groups[g]->row[i].sum;
            rows[g] += groups[g]->row[i].n;
            if (i > 0) assert_true(strcmp(groups[g]->row[i - 1].key, groups[g]->row[i].key) < 0);
        }
    }
    assert_int_equal(rows[0], s.rows);
    assert_int_equal(rows[1], rows[2]);
    assert_int_equal(s.known, rows[1]);
    assert_true(s.wins <= s.known && fabs(s.pnl_usd_sum - sums[0]) < 1e-6);
    assert_true(fabs(sums[0] - sums[1]) < 1e-6 && fabs(sums[1] - sums[2]) < 1e-6);
    assert_int_equal(held, s.held[0] + s.held[1] + s.held[2] + s.held[3]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exitlogic_stop_and_target_never_cross),
        cmocka_unit_test(test_exitlogic_long_and_short_levels_mirror),
        cmocka_unit_test(test_exitlogic_verdict_is_what_its_numbers_say),
        cmocka_unit_test(test_exitlogic_asks_prices_then_replacement_then_score),
        cmocka_unit_test(test_exitlogic_levels_are_reached_exactly),
        cmocka_unit_test(test_exitlogic_unknown_entry_price_hits_nothing),
        cmocka_unit_test(test_exitlogic_a_flag_of_either_file_counts),
        cmocka_unit_test(test_exitlogic_pnl_adds_up_over_every_grouping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
