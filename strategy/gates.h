/*
 * gates: the twenty questions an entry must pass, in order; the first that blocks ends the
 * candidate.
 *
 * Pure and table-driven: one row a gate in gates.c.  What is not known blocks (fail closed), except
 * where the row says that it passes: momentum without bars, spread without a quote.  Nothing is
 * closed or ordered before all gates were passed.
 *
 *   gates.c         the table and the short gates
 *   gate_parts.h    what these three share
 *   gate_score.c    expectancy (R5.24), minimum score (R5.26), momentum (R5.30)
 *   trade_guard.c   the trade guard (R5.32)
 *
 * Source: spec 10 R5.23..R5.33.
 */
#ifndef STRATEGY_GATES_H
#define STRATEGY_GATES_H

#include "config/config.h"
#include "strategy/direction.h"
#include "strategy/displacement.h"
#include "strategy/entry_price.h"
#include "strategy/exposure.h"
#include "strategy/risk.h"
#include "strategy/size.h"

enum entry_gate {
    GATE_CONCENTRATION,
    GATE_THEME,
    GATE_SCORE_VALIDITY,
    GATE_MIN_NOTIONAL,
    GATE_ONE_POSITION,
    GATE_EXPECTANCY,
    GATE_CYCLE_CAP,
    GATE_MIN_SCORE,
    GATE_CAPACITY,
    GATE_COOLDOWN,
    GATE_SYMBOL_EXPOSURE,
    GATE_SECTOR_EXPOSURE,
    GATE_MOMENTUM,
    GATE_ORDER_SIZE,
    GATE_LONG_ONLY,
    GATE_METADATA,
    GATE_SHORTABLE,
    GATE_TRADE_GUARD,
    GATE_SPREAD,
    GATE_BUYING_POWER,
    GATES_LEN /* none blocked */
};

enum { ENTRIES_PER_CYCLE_MAX = 6 };
#define FLIP_SCORE_MIN                                                                             \
    4.0 /* an opposite position is turned around only from this score on (R5.29) */

enum tristate { TRI_UNKNOWN, TRI_NO, TRI_YES };

enum momentum_data {
    MOMENTUM_KNOWN,
    MOMENTUM_INSUFFICIENT, /* fewer than two bars in the last three minutes */
    MOMENTUM_ERROR         /* the request failed */
};

/* One-minute bars of the last three minutes. */
struct momentum_view {
    enum momentum_data data;
    usd first_close, last_close;
    double atr14; /* USD; 0 = unknown */
};

/* Everything one candidate is judged by. */
struct entry_view {
    /* the candidate */
    const char *symbol;
    enum direction direction;
    double score; /* final: composite score times the structural multiplier */
    bool has_score;
    double toxicity; /* NaN where not told: no penalty */
    int64_t qty;     /* of size_entry() */
    usd ref;         /* latest trade price, > 0 */
    usd limit;       /* price that will be used: the limit, or ref for a market order */
    const char *market_regime;

    /* market data of the symbol */
    struct entry_quote quote;
    struct momentum_view momentum;
    enum tristate shortable;

    /* account and book as they stand after the entries accepted before */
    bool is_account_known;
    usd equity, buying_power;
    bool is_book_known;
    const struct holdings *book; /* positions, pending entries, entries of this plan */
    int entries_accepted;        /* in this cycle */
    bool freeze_active, broker_degraded;

    /* the symbol's own history */
    int64_t cooldown_until_ns; /* WHEN_NONE for none */
    int64_t last_fill_ns;      /* entry or exit; WHEN_NONE for none */

    /* what would be closed first (R5.29, R5.27) */
    bool is_flip; /* an opposite position stands and the score suffices */
    const struct displacement_verdict *displacement; /* NULL where the book is not full */
    const char *skip; /* the symbol that will be gone: displaced or flipped; NULL */

    /* thresholds */
    int64_t now_ns;
    enum trading_stage stage;
    int exploration_used;    /* of the day's quota */
    double score_adjustment; /* of R5.26 */
    const struct risk_limits *limits;
    const struct strategy_config *cfg;
};

/*
 * The position that a candidate would turn around: of the same instrument, opposite, free to be
 * closed, and the score is at least FLIP_SCORE_MIN.  NULL where there is none, or where an entry is
 * pending too.
 */
const struct holding *flip_of(const struct holdings *book, const char *symbol, enum direction d,
                              double score);

struct expectancy {
    double ev;
    double regime_term, toxicity_term;
    bool passed;
    bool uses_exploration;
    char reason[64]; /* "expectancy_passed", "exploration_quota_3/12", "score_floor_breach", … */
};

enum ignition {
    IGNITION_PASSED,
    IGNITION_BYPASSED, /* did not move its way, but the score is high enough */
    IGNITION_INSUFFICIENT,
    IGNITION_ERROR,
    IGNITION_BLOCKED
};

struct momentum_result {
    enum ignition status;
    double change;    /* fraction */
    double threshold; /* fraction */
};

struct gate_verdict {
    bool is_blocked;
    enum entry_gate gate;     /* the first that blocked; GATES_LEN where none did */
    double number, threshold; /* of that gate; NaN where it has none */
    char reason[REASON_MAX];  /* for blocked_trades.jsonl */
    char detail[REASON_MAX];  /* theme, existing side, error …; "" where the numbers say all */
    struct expectancy expectancy;    /* set once gate 6 was asked */
    struct momentum_result momentum; /* set once gate 13 was asked */
};

struct gate_verdict entry_gates(const struct entry_view *v);

/* One gate alone, for tests and `stockbot calc`; as the row of the table asks it. */
struct gate_verdict entry_gate(enum entry_gate g, const struct entry_view *v);

const char *
gate_name(enum entry_gate g); /* "concentration", "theme", … (gate_type of the events) */
const char *gate_message(enum entry_gate g); /* event name: "concentration_blocked_bullish", … */

struct expectancy expectancy_of(const struct entry_view *v);
struct momentum_result momentum_of(const struct entry_view *v);
const char *ignition_name(enum ignition s); /* "passed", "bypassed_high_score", … */

/* Base 1.5 in bootstrap, else MIN_EXEC_SCORE, plus the adjustment. */
double score_min(const struct entry_view *v);

/* ---- the self-healing score floor (R5.26) -------------------------------------------------- */

#define SCORE_FLOOR_RAISED 0.5

struct score_floor {
    double adjustment;    /* 0 or SCORE_FLOOR_RAISED */
    int64_t activated_ns; /* WHEN_NONE while 0 */
    int64_t reset_ns;     /* WHEN_NONE never */
    int consecutive_losses;
};

/*
 * 0.5 once the last three closed trades all lost; back to 0 when one of the last three did not, or
 * 24 h after it was set (it is set again only by a trade closed after that).
 *
 * pnl_pct  of the last closed trades, newest last; fewer than three raise nothing
 * last_closed_ns  of the newest of them, WHEN_NONE without one
 */
struct score_floor score_floor_after(const struct score_floor *f, const double *pnl_pct, size_t len,
                                     int64_t last_closed_ns, int64_t now_ns);

#endif
