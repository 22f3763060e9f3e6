#include "strategy/risk.h"

#include <math.h>

#include "strategy/number.h"

/* Shares of the starting equity, the same in both modes (R5.9). */
static const double MIN_EQUITY_FRACTION = 0.85;
static const double MAX_SYMBOL_FRACTION = 0.10;
static const double MAX_SECTOR_FRACTION = 0.30;
static const double DAILY_LOSS_FRACTION = 0.04;
static const double MAX_DRAWDOWN_FRACTION = 0.20;
static const double RISK_PER_TRADE_FRACTION = 0.015;
static const int64_t MIN_POSITION_USD = 50;

struct mode_limits {
    int64_t starting_equity_usd, daily_loss_usd, max_position_usd;
};

static const struct mode_limits PAPER_LIMITS = {55000, 2200, 825};
static const struct mode_limits LIVE_LIMITS = {10000, 400, 300};

/* Performance freeze (R5.8). */
enum {
    PERFORMANCE_LONG_DAYS = 30,
    PERFORMANCE_LONG_TRADES_MIN = 10,
    PERFORMANCE_SHORT_DAYS = 2,
    PERFORMANCE_SHORT_TRADES_MIN = 5
};
static const double PERFORMANCE_LONG_WIN_RATE = 0.30, PERFORMANCE_LONG_PNL_USD = -500;
static const double PERFORMANCE_SHORT_WIN_RATE = 0.20, PERFORMANCE_SHORT_PNL_USD = -200;

/* A share of an amount that is known to be finite and in range. */
static usd
usd_share(usd amount, double fraction)
{
    return (usd){llround((double)amount.e4 * fraction)};
}

struct risk_limits
risk_limits_of(enum trade_mode mode, double starting_equity_usd)
{
    const struct mode_limits *m = mode == MODE_PAPER ? &PAPER_LIMITS : &LIVE_LIMITS;
    usd start = USD_CENTS(m->starting_equity_usd * 100);

    if (starting_equity_usd > 0 && usd_from_double(starting_equity_usd, &start, NULL) != RC_OK) {
        start = USD_CENTS(m->starting_equity_usd * 100);
    }
    return (struct risk_limits){
        .starting_equity = start,
        .daily_loss = USD_CENTS(m->daily_loss_usd * 100),
        .daily_loss_fraction = DAILY_LOSS_FRACTION,
        .min_equity = usd_share(start, MIN_EQUITY_FRACTION),
        .max_drawdown_fraction = MAX_DRAWDOWN_FRACTION,
        .risk_per_trade_fraction = RISK_PER_TRADE_FRACTION,
        .max_position = USD_CENTS(m->max_position_usd * 100),
        .min_position = USD_CENTS(MIN_POSITION_USD * 100),
        .max_symbol = usd_share(start, MAX_SYMBOL_FRACTION),
        .max_sector = usd_share(start, MAX_SECTOR_FRACTION),
    };
}

struct risk_marks
risk_marks_after(const struct risk_marks *m, usd equity, struct date ny_date, bool is_market_open,
                 int64_t now_ns)
{
    struct risk_marks after = *m;

    if (!after.has_peak || usd_cmp(equity, after.peak) > 0) {
        after.has_peak = true;
        after.peak = equity;
        after.peak_ns = now_ns;
    }
    if (is_market_open && (!after.has_baseline || date_cmp(after.baseline_date, ny_date) != 0)) {
        after.has_baseline = true;
        after.baseline_date = ny_date;
        after.baseline = equity;
        after.baseline_ns = now_ns;
    }
    return after;
}

const char *
risk_breach_key(enum risk_breach b)
{
    static const char *const keys[] = {
        [RISK_NONE] = "",
        [RISK_EQUITY_FLOOR] = "account_equity_floor_breached",
        [RISK_DRAWDOWN] = "max_drawdown_exceeded",
        [RISK_DAILY_LOSS_USD] = "daily_loss_dollar_limit",
        [RISK_DAILY_LOSS_PCT] = "daily_loss_pct_limit",
        [RISK_UNKNOWN] = "equity_unknown",
    };
    return keys[b];
}

static void
risk_breached(struct risk_verdict *v, enum risk_breach breach, double number, double threshold)
{
    v->breach = breach;
    v->number = number;
    v->threshold = threshold;
    v->is_day_scoped = breach == RISK_DAILY_LOSS_USD || breach == RISK_DAILY_LOSS_PCT;
}

struct risk_verdict
risk_check(const struct risk_limits *limits, const struct risk_marks *marks, const usd *equity,
           struct date ny_date)
{
    struct risk_verdict v = {.number = NUMBER_NONE, .threshold = NUMBER_NONE};

    if (equity == NULL || equity->e4 <= 0) {
        v.breach = RISK_UNKNOWN;
        return v;
    }
    v.equity = *equity;
    v.peak = marks->has_peak && usd_cmp(marks->peak, *equity) > 0 ? marks->peak : *equity;
    v.drawdown_fraction = (double)usd_sub(v.peak, v.equity).e4 / (double)v.peak.e4;
    if (marks->has_baseline && date_cmp(marks->baseline_date, ny_date) == 0) {
        v.daily_pnl = usd_sub(v.equity, marks->baseline);
    }
    double pnl = usd_to_double(v.daily_pnl);
    double loss_fraction = -(double)v.daily_pnl.e4 / (double)v.equity.e4;

    if (usd_cmp(v.equity, limits->min_equity) < 0) {
        risk_breached(&v, RISK_EQUITY_FLOOR, usd_to_double(v.equity),
                      usd_to_double(limits->min_equity));
    } else if (v.drawdown_fraction >= limits->max_drawdown_fraction) {
        risk_breached(&v, RISK_DRAWDOWN, v.drawdown_fraction, limits->max_drawdown_fraction);
    } else if (usd_cmp(v.daily_pnl, usd_neg(limits->daily_loss)) <= 0) {
        risk_breached(&v, RISK_DAILY_LOSS_USD, pnl, -usd_to_double(limits->daily_loss));
    } else if (v.daily_pnl.e4 < 0 && loss_fraction >= limits->daily_loss_fraction) {
        risk_breached(&v, RISK_DAILY_LOSS_PCT, loss_fraction, limits->daily_loss_fraction);
    }
    return v;
}

/* Trades closed in (now - days, now]: how many, how many won, what they brought. */
static int
trades_within(const struct closed_trade *trades, size_t len, int64_t now_ns, int days,
              double *ret_win_rate, double *ret_pnl_usd)
{
    int count = 0, wins = 0;
    double pnl = 0;

    for (size_t i = 0; i < len; i++) {
        if (trades[i].closed_ns < now_ns - days * NS_PER_DAY || trades[i].closed_ns > now_ns)
            continue;
        count++;
        wins += trades[i].pnl_usd > 0;
        pnl += trades[i].pnl_usd;
    }
    *ret_win_rate = count > 0 ? (double)wins / count : NUMBER_NONE;
    *ret_pnl_usd = pnl;
    return count;
}

struct performance_verdict
performance_check(enum trade_mode mode, const struct closed_trade *trades, size_t len,
                  int64_t now_ns)
{
    struct performance_verdict v = {0};

    v.trades_30d =
        trades_within(trades, len, now_ns, PERFORMANCE_LONG_DAYS, &v.win_rate_30d, &v.pnl_usd_30d);
    v.trades_2d =
        trades_within(trades, len, now_ns, PERFORMANCE_SHORT_DAYS, &v.win_rate_2d, &v.pnl_usd_2d);
    if (mode == MODE_PAPER || v.trades_30d < PERFORMANCE_LONG_TRADES_MIN) return v;
    bool is_long_bad =
        v.win_rate_30d < PERFORMANCE_LONG_WIN_RATE && v.pnl_usd_30d < PERFORMANCE_LONG_PNL_USD;
    bool is_short_bad = v.trades_2d >= PERFORMANCE_SHORT_TRADES_MIN &&
                        v.win_rate_2d < PERFORMANCE_SHORT_WIN_RATE &&
                        v.pnl_usd_2d < PERFORMANCE_SHORT_PNL_USD;
    v.is_frozen = is_long_bad || is_short_bad;
    return v;
}
