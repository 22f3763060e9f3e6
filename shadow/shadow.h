/*
 * shadow: what v2 would have traded, on paper.
 *
 * One step looks at one symbol once a cycle: it opens a paper position, marks or closes the one
 * that is open, and says what is to be put on record.  Pure: prices come in by value, nothing here
 * can send an order, read a clock or a file; a test lists the undefined symbols of these objects.
 *
 *   shadow.h      the nouns, and shadow_step()
 *   step.c        the step (spec 30 8.4 to 8.7)
 *   pnl.c/h       what a trade earned (spec 30 8.9)
 *   size.c/h      how much an entry buys (spec 30 8.5)
 *   book.c/h      the open positions
 *   uw_json.c/h   the UW snapshot from JSON
 *   book_json.c/h     state/shadow_v2_positions.json (spec 30 8.3)
 *   record_json.c/h   the lines of the three logs, and the heartbeat (spec 30 8.8, 8.9, 7.5)
 *   ab_ledger.c/h     the older paper ledger: what v1 and v2 both would have bought (spec 30 8.10)
 *   ab_json.c/h       state/shadow_positions.json and the lines of its stream
 *
 * Whether a position is closed is for exitlogic to judge.  The two do not know each other: who runs
 * the step asks exitlogic about the open position and hands the verdict in by value.  Without a
 * verdict a position is marked to market and kept, as for a symbol that was not evaluated.
 *
 * What others computed and the step only passes on, such as the UW snapshot and the reasoning
 * behind a level, travels as the JSON text it was written in ("evidence"): it reaches state and
 * logs unchanged, also where a later version knows more of it.
 *
 * A price, a quantity or a P&L that is not known is NaN, and null on record; only the master log
 * has 0.0 for an unknown size or entry price, because its readers add them up (spec 30 8.9).
 */
#ifndef SHADOW_SHADOW_H
#define SHADOW_SHADOW_H

#include "base/arena.h"
#include "shadow/pnl.h"

enum { SHADOW_POSITIONS_MAX = 8192 }; /* one a symbol */

/* Families of UW features, in the order in which they stand on record. */
enum shadow_family {
    SHADOW_ALIGNMENT,
    SHADOW_DARK_POOL,
    SHADOW_EARNINGS,
    SHADOW_FLOW,
    SHADOW_OTHER,
    SHADOW_SENTIMENT,
    SHADOW_VOLATILITY,
    SHADOW_FAMILIES_LEN
};

/* What the composite v2 said of the UW data: the snapshot, and what of it the step looks at. */
struct shadow_uw {
    const char *json;                     /* evidence: the whole snapshot, an object */
    const char *adjustments_json;         /* evidence: its v2_uw_adjustments         */
    const char *sector_profile_json;      /* evidence: its v2_uw_sector_profile      */
    double flow_strength;                 /* 0 where unknown                         */
    double dark_pool_bias;                /* 0 where unknown                         */
    const char *sentiment;                /* "NEUTRAL" where unknown                 */
    const char *regime_label;             /* "" where unknown                        */
    const char *sector;                   /* "UNKNOWN" where unknown                 */
    bool has_family[SHADOW_FAMILIES_LEN]; /* families with an adjustment that is not zero */
};

/* The last evaluation of a position. */
struct shadow_mark {
    double price, pnl_usd, pnl_fraction;
    int64_t at_ns; /* WHEN_NONE: not evaluated since the entry */
};

/* Texts belong to the book the position stands in, else to whoever made it. */
struct shadow_position {
    const char *symbol;
    const char *trade_id;     /* NULL where the state has none */
    int64_t entered_ns;       /* WHEN_NONE where the state's text is no instant */
    const char *entered_text; /* as the state writes it, "" for none; NULL for what was made here */
    const char *direction;
    const char *side; /* "long", "short", or what the state says: only "short" is short */
    double entry_v2_score, entry_v1_score;
    double entry_price, qty, size_usd;
    struct shadow_uw entry_uw;
    const char *entry_regime, *entry_sector;
    struct shadow_mark mark;
    /* As read from the state, both objects; NULL for what was made here. */
    const char *kept_json; /* evidence: all but the mark, keys we do not know included */
    const char *mark_json; /* evidence: the mark */
};

struct shadow_book {
    struct shadow_position *position; /* in ascending order of the symbol */
    char **texts;                     /* one block a position             */
    size_t len, cap;
};

/* exitlogic's verdict on the open position, by value. */
struct shadow_verdict {
    bool is_exit;
    const char *reason;
    double exit_score, score_component;                    /* the latter as reported, rounded */
    double target_price, stop_price;                       /* NaN: there is none              */
    const char *components_json, *target_json, *stop_json; /* evidence */
    const char *replacement;                               /* NULL: none was chosen            */
    const char *replacement_json;                          /* evidence; NULL: none was chosen  */
};

enum shadow_truth { SHADOW_UNKNOWN, SHADOW_NO, SHADOW_YES };

/* All that one step may look at, the time included. */
struct shadow_seen {
    int64_t now_ns;
    const char *symbol;       /* upper case */
    const char *direction;    /* of this symbol's signal now */
    const char *new_trade_id; /* for an entry; random, 32 hexadecimal digits */
    double v1_score, v2_score;
    bool is_v1_pass, is_v2_pass;
    struct shadow_uw uw;
    double sizing_overlay; /* of the composite, -0.4..0.4 has an effect */
    const char *universe_version, *universe_source;
    enum shadow_truth in_universe;
    const char *market_regime, *posture, *regime_label, *volatility_regime;
    double current_price;        /* the cycle's price of the symbol                     */
    double last_trade, bid, ask; /* what the market says, asked where that is not known */
    double account_equity, buying_power, size_usd;
    const struct shadow_verdict *verdict; /* on the open position; NULL: none was asked for */
};

struct shadow_settings {
    bool is_paper; /* TRADING_MODE: caps the size where no size is given */
};

enum shadow_act {
    SHADOW_NOTHING,
    SHADOW_BLOCKED, /* v2 wanted in and could not */
    SHADOW_OPENED,
    SHADOW_KEPT,
    SHADOW_CLOSED
};

enum shadow_block {
    SHADOW_BLOCK_PRICE,        /* no price                              */
    SHADOW_BLOCK_QTY,          /* less than a thousandth of a share     */
    SHADOW_BLOCK_BUYING_POWER, /* longs only                            */
    SHADOW_BLOCK_BOOK_FULL     /* SHADOW_POSITIONS_MAX positions are open */
};

/* "price_unavailable", "qty_zero", "insufficient_buying_power", "book_full". */
const char *shadow_block_name(enum shadow_block b);

/*
 * What one step did.  It borrows from book, seen and verdict, so it goes on record before the book
 * changes.
 */
struct shadow_outcome {
    enum shadow_act act;
    enum shadow_block block;         /* if SHADOW_BLOCKED */
    double required_usd;             /* if blocked for buying power */
    double price;                    /* that the step went by; NaN: none */
    struct shadow_position position; /* opened, as kept, or as closed */
    struct shadow_pnl pnl;           /* if SHADOW_CLOSED              */
};

/* The price a step goes by: the cycle's, else the last trade, else the middle of the quote; NaN. */
double shadow_price(const struct shadow_seen *seen);

/*
 * One step for one symbol: (positions, what was seen, settings) to what happened.
 *
 * No position and v2 passes: entry, at most one a symbol and not closed in the same step.  A
 * position: mark to market where there is a price, then close if the verdict says so.  The book is
 * not changed: shadow_book_apply() does that.
 */
void shadow_step(const struct shadow_book *book, const struct shadow_seen *seen,
                 const struct shadow_settings *settings, struct shadow_outcome *ret_outcome);

/* The position marked to market at a price above zero. */
struct shadow_position shadow_marked(const struct shadow_position *p, double price, int64_t now_ns);

/* A symbol that could be held instead, with its composite score v2; NaN: it has none. */
struct shadow_candidate {
    const char *symbol;
    double v2_score;
};

/*
 * Who would take the symbol's place: of the list, without the symbol and without what is held, the
 * first with a score, else the first, else NULL (spec 30 8.6).
 */
const struct shadow_candidate *shadow_candidate_of(const struct shadow_book *book,
                                                   const char *symbol,
                                                   const struct shadow_candidate *list, size_t len);

#endif
