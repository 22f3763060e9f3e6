/*
 * A world in which an entry passes every gate and a position is held: each test spoils one thing.
 */
#ifndef TESTS_STRATEGY_DECIDE_FIXTURE_H
#define TESTS_STRATEGY_DECIDE_FIXTURE_H

#include <math.h>

#include "strategy/decide.h"
#include "strategy/number.h"
#include "tests/lib/check.h"

#define NOW_NS       (INT64_C(1769790600) * NS_PER_S) /* 2026-01-30 16:30 UTC, 11:30 in New York */
#define USD(dollars) ((usd){(int64_t)((dollars)*1e4 + ((dollars) < 0 ? -0.5 : 0.5))})

/* cmocka compares floats; these are doubles. */
#define assert_near(a, b, epsilon)                                                                 \
    do {                                                                                           \
        double near_a = (a), near_b = (b);                                                         \
        if (!(fabs(near_a - near_b) <= (epsilon)))                                                 \
            fail_msg("%s: %.17g, not %.17g", #a, near_a, near_b);                                  \
    } while (0)

static char *target_gains[] = {(char[]){"0.02"}, (char[]){"0.05"}, (char[]){"0.10"}};
static char *target_parts[] = {(char[]){"0.3"}, (char[]){"0.3"}, (char[]){"0.4"}};

/* The defaults of config.def. */
static inline struct strategy_config
fixture_config(void)
{
    return (struct strategy_config){
        .min_exec_score = 3.0,
        .min_notional_usd = 100,
        .max_concurrent_positions = 16,
        .cooldown_min = 15,
        .min_cooldown_min = 5,
        .time_exit_days_stale = 12,
        .time_exit_stale_pnl = 0.03,
        .trailing_stop_fraction = 0.015,
        .stale_trade_min = 120,
        .stale_trade_momentum = 0.002,
        .entry_tolerance_bps = 10,
        .slippage_threshold_bps = 8.0,
        .max_spread_bps = 50,
        .entry_max_retries = 3,
        .exec_predictor = true,
        .spread_watchdog = true,
        .theme_risk = true,
        .max_theme_notional_usd = 50000,
        .max_position_size_usd = 750,
        .max_notional_per_order = 2000,
        .max_portfolio_exposure = 0.30,
        .max_concentration = 0.15,
        .max_price_deviation = 0.05,
        .displacement = true,
        .displacement_min_age_h = 4,
        .displacement_cooldown_h = 6,
        .displacement_max_pnl = 0.01,
        .displacement_score_advantage = 2.0,
        .profit_targets = {target_gains, 3},
        .scale_out_fractions = {target_parts, 3},
    };
}

static inline struct entry_quote
fixture_quote(double bid, double ask)
{
    return (struct entry_quote){.is_known = true, .bid = USD(bid), .ask = USD(ask)};
}

/* A position as the broker reports it: |qty| shares at average entry, now at price. */
static inline struct position
fixture_position(const char *symbol, int64_t qty, double entry, double price)
{
    double shares = qty < 0 ? -(double)qty : (double)qty;
    struct position p = {.qty = qty,
                         .cost = USD(shares * entry),
                         .price = USD(price),
                         .market_value = USD((double)qty * price),
                         /* six decimals, as a broker's text has them */
                         .unrealised_fraction =
                             nearbyint((qty < 0 ? -1e6 : 1e6) * (price - entry) / entry) / 1e6};
    (void)str_copy(p.symbol, sizeof(p.symbol), symbol);
    return p;
}

static inline struct position_record
fixture_record(double score, double age_min, enum direction d)
{
    return (struct position_record){.is_known = true,
                                    .entered_ns = NOW_NS - (int64_t)(age_min * (double)NS_PER_MIN),
                                    .entry_score = score,
                                    .direction = d,
                                    .market_regime = "mixed"};
}

static inline struct candidate
fixture_candidate(const char *symbol, enum direction d, double score)
{
    struct candidate c = {
        .direction = d,
        .composite_score = score,
        .toxicity = 0.1,
        .conviction = 0.5,
        .last = {.price = USD(40),  .at_ns = NOW_NS, .is_known = true},
        .quote = {.bid = USD(39.99), .ask = USD(40.01), .at_ns = NOW_NS, .is_known = true},
        .momentum = {.data = MOMENTUM_INSUFFICIENT},
        .shortable = TRI_YES,
        .cooldown_until_ns = WHEN_NONE,
        .last_fill_ns = WHEN_NONE,
    };
    (void)str_copy(c.symbol, sizeof(c.symbol), symbol);
    return c;
}

static inline struct held
fixture_held(const char *symbol, int64_t qty, double entry, double price, double score)
{
    return (struct held){
        .at_broker = fixture_position(symbol, qty, entry, price),
        .record = fixture_record(score, 60, qty < 0 ? DIRECTION_BEARISH : DIRECTION_BULLISH),
        .in_cache = true,
        .exit_score = score,
        .mixed_score = score,
        .sentiment = qty < 0 ? DIRECTION_BEARISH : DIRECTION_BULLISH,
        .displaced_ns = WHEN_NONE,
    };
}

/* PAPER, armed, reconciled, open market, 55 000 USD, nothing held, no candidates. */
static inline struct snapshot
fixture_snapshot(const struct themes *themes)
{
    return (struct snapshot){
        .now_ns = NOW_NS,
        .ny_date = {2026,                         1,                30            },
        .is_market_open = true,
        .session_open_ns = NOW_NS - 120 * NS_PER_MIN,
        .is_clock_trusted = true,
        .arm = {.mode = MODE_PAPER,           .url = URL_PAPER, .state = ARMED},
        .is_ledger_usable = true,
        .is_reconciled = true,
        .is_self_test_ok = true,
        .freezes = {.is_known = true            },
        .is_account_known = true,
        .account = {.cash = USD(55000), .equity = USD(55000),                 .buying_power = USD(110000)             },
        .are_positions_known = true,
        .is_pending_known = true,
        .market_regime = "mixed",
        .structural_regime = REGIME_NEUTRAL,
        .route_rule = ROUTE_LIMIT_OFFSET,
        .stage = STAGE_BOOTSTRAP,
        .themes = themes,
    };
}

#endif
