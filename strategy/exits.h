/*
 * exits: when an open position is closed, in whole or in part, and why.
 *
 * Pure.  One position in, one verdict out; the verdict also carries the water marks and flags to
 * keep.
 *
 *   exits.c         the rules in order (R6.5..R6.17)
 *   exit_measure.c  what they look at (R6.4, R6.6, R6.10)
 *
 * An operator's order to close everything comes before all rules (exit_flatten).
 *
 * Order of the rules: regime protection, exit urgency, stale by days, stale alpha, stale trade: the
 * first that fires closes.  Then trailing stop, stop loss, signal decay and profit target are asked
 * together. Only where none closes, the scale-out targets.
 *
 * Source: spec 10 R6.1..R6.16 (its R6.16 constants stand in exits.h).
 */
#ifndef STRATEGY_EXITS_H
#define STRATEGY_EXITS_H

#include "config/config.h"
#include "model/market.h"
#include "model/order.h"
#include "strategy/direction.h"
#include "strategy/regime.h"

/* ---- the fixed numbers (R6.16) ------------------------------------------------------------- */

#define EXIT_STOP_LOSS_FRACTION                                                                    \
    (-0.01)                           /* P&L at or below: stop loss                              */
#define EXIT_PROFIT_FRACTION   0.0075 /* P&L at or above: profit target                          */
#define EXIT_DECAY_RATIO       0.60   /* score now / at entry below: signal decay                */
#define EXIT_TRAIL_ACCELERATED 0.005  /* trailing fraction of a winner ...                       */
#define EXIT_ACCELERATION_MIN  30.0   /* ... that has been held for so many minutes              */
#define EXIT_TRAIL_MIXED       0.01   /* trailing fraction while the regime is mixed             */
#define EXIT_REGIME_LOSS_PCT   (-0.5) /* P&L below: a long in negative gamma is closed           */
#define EXIT_STALE_ALPHA_PCT   0.20   /* P&L below, after STALE_TRADE_EXIT_MINUTES: no alpha left */
#define EXIT_URGENCY_MIN       6.0    /* urgency at or above closes                              */
#define EXIT_PNL_LIMIT_PCT     1000.0 /* P&L figures are clamped to plus and minus this          */

/* ---- what we keep about a position (position_metadata.json, spec 10 R8.9) ------------------ */

enum { EXIT_TARGETS_MAX = 8 };

struct exit_target {
    double gain; /* fraction: 0.02 is +2 % */
    double part; /* fraction of the quantity then held */
    bool is_hit;
};

struct position_record {
    bool is_known; /* false: the broker has a position we have no record of; all below is default */
    int64_t entered_ns; /* WHEN_NONE: not known; the time rules then stay silent */
    usd entry_price;    /* zero: not known */
    double entry_score; /* final score at entry; 0: not known */
    enum direction direction;
    char market_regime[REGIME_NAME_MAX]; /* label at entry; "" not known */
    usd high_water, low_water;           /* extremes since entry; zero: none yet */
    bool has_trail_dist;
    usd trail_dist;           /* absolute distance that replaces the fraction */
    bool profit_acceleration; /* the tight trail of a winner has been in use (said once) */
    struct exit_target target[EXIT_TARGETS_MAX];
    size_t targets_len; /* 0: no scale-outs */
};

/* PROFIT_TARGETS and SCALE_OUT_FRACTIONS of the settings; a missing part is 0. Returns the count.
 */
size_t exit_targets_of(const struct strategy_config *cfg,
                       struct exit_target ret_target[EXIT_TARGETS_MAX]);

/* ---- in ------------------------------------------------------------------------------------ */

struct exit_view {
    const struct position *held; /* as the broker reports it, quantity not 0 */
    const struct position_record *record;
    struct last_trade last; /* stands in where the broker tells no price */
    double current_score; /* composite score without boosts, regime as exit_regime; 0: symbol not in
                             the cache */
    enum direction current_direction; /* sentiment now */
    const char *exit_regime;          /* "mixed", "RISK_ON", … (exit_regime_name) */
    int64_t now_ns;
    bool is_clock_trusted; /* false: ages mean nothing, only price and score rules are asked */
    const struct strategy_config *cfg;
};

/* ---- out ----------------------------------------------------------------------------------- */

enum exit_rule {
    EXIT_REGIME_PROTECTION,
    EXIT_URGENCY,
    EXIT_STALE_POSITION,
    EXIT_STALE_ALPHA,
    EXIT_STALE_TRADE,
    EXIT_TRAIL_STOP,
    EXIT_STOP_LOSS,
    EXIT_SIGNAL_DECAY,
    EXIT_PROFIT_TARGET,
    EXIT_SCALE_OUT,
    EXIT_OPERATOR_FLAT, /* no rule: `stockbot halt --flat` */
    EXIT_RULES_LEN
};

enum exit_action {
    EXIT_HOLD,
    EXIT_CLOSE,
    EXIT_CLOSE_PART,
    EXIT_NOT_EVALUATED /* see why_not */
};

enum exit_not {
    EXIT_EVALUATED,
    EXIT_NO_PRICE,      /* neither the broker nor the market tells a price                       */
    EXIT_CLOSE_PENDING, /* a close is on its way already: wait for it, send no second one        */
    EXIT_FRACTION,      /* the holding has a part of a share: not ours to manage                 */
    EXIT_QUARANTINED,   /* evaluating this symbol ended the process twice in a row               */
    EXIT_MARKET_CLOSED  /* outside the session nothing is sent                                   */
};

/* A rule that holds: its number stood on the wrong side of its threshold. */
struct exit_trigger {
    enum exit_rule rule;
    double number,
        threshold; /* in the rule's own unit: per cent, minutes, USD, score ratio, urgency */
};

/* Measures of R6.4; NaN where not known. */
struct exit_measures {
    usd price, entry;
    double pnl_pct;             /* right for the side, clamped to +-1000 */
    double age_min;             /* NaN: entry time or clock not known */
    double high_water_pct;      /* best P&L since entry, from the water marks */
    double drawdown_pct;        /* high_water_pct - pnl_pct */
    double score_ratio;         /* current / entry; NaN unless both are positive */
    double decay;               /* score_ratio clamped to 0..1 */
    bool is_reversal;           /* sentiment has turned against the direction of the entry */
    double urgency;             /* 0..10, two decimals; 0 where the rule was not reached */
    const char *urgency_reason; /* first factor, "" for none */
    usd trail_stop;             /* zero where invalid or not reached */
    double trail_fraction;      /* tau in force; 0 where the absolute distance counts */
    bool trail_is_invalid;
};

struct exit_verdict {
    enum exit_action action;
    enum exit_not why_not;
    enum exit_rule rule; /* the rule that decided; EXIT_RULES_LEN for none */
    const char
        *label; /* "stop_loss", "signal_decay", "profit_075", "trail_stop", "stale_trade", … */
    struct exit_trigger trigger[EXIT_RULES_LEN]; /* all that hold among those asked */
    size_t triggers_len;
    struct exit_measures m;

    /* A close sends this many shares; a part sends fewer. Zero for a hold. */
    int64_t qty;
    size_t target;           /* index of the target of EXIT_CLOSE_PART */
    char reason[REASON_MAX]; /* text of R6.17; "" for a hold */

    /* To be kept, whatever was decided. */
    usd high_water, low_water;
    bool profit_acceleration;
    bool is_acceleration_new; /* first time: to be said in the log */
};

struct exit_verdict exit_decide(const struct exit_view *v);

/*
 * Closes all of the position because the operator ordered it, whatever the rules say, also without
 * a price; a part of a share is not ours to sell.  is_measured false leaves out the measures.
 */
struct exit_verdict exit_flatten(const struct exit_view *v, bool is_measured);

/* The measures alone (also for displacement, R7.2); false where no price is known. */
bool exit_measure(const struct exit_view *v, struct exit_measures *ret_m);

const char *
exit_rule_name(enum exit_rule r); /* event name of the rule, "regime_safety_trigger", … */
const char *exit_not_name(enum exit_not n);

#endif
