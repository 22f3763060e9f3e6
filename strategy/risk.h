/*
 * risk: what the account may lose, and the freezes that stop new entries.
 *
 * Pure.  The marks (peak equity, equity at the start of the day) come in as values and go out as
 * values; whoever called keeps them in state/peak_equity.json and state/daily_start_equity.json.
 *
 *   risk.c      limits by mode, marks, the four account limits, the performance freeze
 *   freezes.c   governor_freezes.json: which keys are active, which have run out
 *
 * Source: spec 10 R5.6..R5.12.
 */
#ifndef STRATEGY_RISK_H
#define STRATEGY_RISK_H

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "model/calendar.h"
#include "model/order.h"
#include "strategy/arm.h"

/* ---- limits (R5.9) ------------------------------------------------------------------------- */

struct risk_limits {
    usd starting_equity;
    usd daily_loss;                 /* positive amount                     */
    double daily_loss_fraction;     /* of the current equity               */
    usd min_equity;                 /* 0.85 of the starting equity         */
    double max_drawdown_fraction;   /* from the peak                       */
    double risk_per_trade_fraction; /* of the equity                       */
    usd max_position, min_position; /* one entry                           */
    usd max_symbol, max_sector;     /* exposure: 0.10, 0.30 of the start   */
};

/* starting_equity_usd: STARTING_EQUITY of the settings; 0 takes the mode's own. */
struct risk_limits risk_limits_of(enum trade_mode mode, double starting_equity_usd);

/* ---- marks (R5.11, R5.12) ------------------------------------------------------------------ */

struct risk_marks {
    bool has_peak; /* false: missing or healed file; the peak starts at the equity seen next */
    usd peak;
    int64_t peak_ns;
    bool has_baseline;
    struct date baseline_date; /* New York */
    usd baseline;
    int64_t baseline_ns;
};

/*
 * The marks after this equity was seen: the peak only rises; the first equity of a date with an
 * open market is that date's baseline, and a baseline of another date is replaced by it.
 */
struct risk_marks risk_marks_after(const struct risk_marks *m, usd equity, struct date ny_date,
                                   bool is_market_open, int64_t now_ns);

/* ---- the account limits (R5.10) ------------------------------------------------------------ */

enum risk_breach {
    RISK_NONE,
    RISK_EQUITY_FLOOR,   /* equity below the minimum                              */
    RISK_DRAWDOWN,       /* fall from the peak                                    */
    RISK_DAILY_LOSS_USD, /* scope: day                                            */
    RISK_DAILY_LOSS_PCT, /* scope: day                                            */
    RISK_UNKNOWN         /* equity not known: nothing can be checked, no entries  */
};

struct risk_verdict {
    enum risk_breach breach; /* the first that holds */
    double number, threshold;
    bool is_day_scoped; /* the freeze ends with its New York date */
    usd equity, peak;
    usd daily_pnl;            /* equity - baseline; zero without a baseline of today */
    double drawdown_fraction; /* (peak - equity) / peak */
};

/* The key of the freeze: "account_equity_floor_breached" …; "" for RISK_NONE, "equity_unknown". */
const char *risk_breach_key(enum risk_breach b);

/* equity NULL where the broker did not tell it. */
struct risk_verdict risk_check(const struct risk_limits *limits, const struct risk_marks *marks,
                               const usd *equity, struct date ny_date);

/* ---- performance freeze, LIVE only (R5.8) -------------------------------------------------- */

struct closed_trade {
    int64_t closed_ns;
    double pnl_usd;
};

struct performance_verdict {
    bool is_frozen;
    int trades_30d, trades_2d;
    double win_rate_30d, win_rate_2d; /* fraction; NaN without trades */
    double pnl_usd_30d, pnl_usd_2d;
};

struct performance_verdict performance_check(enum trade_mode mode,
                                             const struct closed_trade *trades, size_t len,
                                             int64_t now_ns);

/* ---- freezes (R5.6, R5.7) ------------------------------------------------------------------ */

enum { FREEZE_KEY_MAX = 64, FREEZES_MAX = 256 };

struct freeze {
    char key[FREEZE_KEY_MAX];
    char reason[REASON_MAX];
    bool is_active;      /* as written: true, or an object whose "active" is true            */
    bool is_day_scoped;  /* scope "day": ends by itself after its New York date              */
    struct date ny_date; /* of its timestamp; year 0 where none could be read: never expires */
    const char *text;    /* the value as it was written, JSON; the arena's */
};

struct freezes {
    bool is_known; /* false: the file could not be read; counts as frozen (R8.7: a kill switch is
                    * never lost)
                    */
    struct freeze *freeze;
    size_t len;
};

/*
 * Reads governor_freezes.json.  A value that is neither a boolean nor an object is no freeze.  More
 * than FREEZES_MAX keys is RC_RANGE, a key longer than FREEZE_KEY_MAX - 1 is cut.
 *
 * ny is the New York zone, for the date of a timestamp.
 */
enum rc freezes_decode(const struct json *doc, const struct zone *ny, struct arena *a,
                       struct freezes *ret_freezes, struct err *err) MUST_USE;

/* In force on the date: active and not run out. */
bool freeze_in_force(const struct freeze *f, struct date ny_date);
/* Active in the file, but day-scoped and of an earlier date: the engine removes it (R5.7). */
bool freeze_has_run_out(const struct freeze *f, struct date ny_date);
/* The first in force, NULL for none. */
const struct freeze *freezes_first_in_force(const struct freezes *list, struct date ny_date);

/* The key for a reason: lower case, blanks to '_' (R5.7). */
void freeze_key_of(const char *reason, char ret_key[FREEZE_KEY_MAX]);

#endif
