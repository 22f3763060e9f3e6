/*
 * snapshot: everything one decision may look at, and everything it wants to happen.
 *
 * The engine gathers a snapshot, decide() turns it into a plan, the engine acts on the plan.  A
 * recorded snapshot decided again gives the same plan.
 *
 * A source that did not answer is marked missing, never zero: is_known, is_…_known, WHEN_NONE, NaN
 * or TRI_UNKNOWN.  What is missing blocks entries; exits run on what there is.
 *
 * Sizes: at most SYMBOLS_MAX candidates, POSITIONS_MAX positions and PENDING_MAX pending entries.
 */
#ifndef STRATEGY_SNAPSHOT_H
#define STRATEGY_SNAPSHOT_H

#include "model/calendar.h"
#include "strategy/arm.h"
#include "strategy/control.h"
#include "strategy/displacement.h"
#include "strategy/exits.h"
#include "strategy/gates.h"
#include "strategy/ladder.h"
#include "strategy/regime.h"
#include "strategy/risk.h"
#include "strategy/size.h"

enum { POSITIONS_MAX = 1024, PENDING_MAX = 256 };

/* ==== seen ================================================================================== */

/* One scored symbol of this cycle. */
struct candidate {
    char symbol[SYMBOL_MAX];
    enum direction direction; /* of the sentiment */
    double composite_score;   /* after the boosts */
    double toxicity;          /* features_for_learning.toxicity; NaN where not told */
    double conviction;        /* of the cache entry; NaN where not told */

    /* Verdict of the composite gate (R4.35).  A refused symbol comes without the market data below.
     */
    struct {
        bool is_refused;
        const char *gate; /* "score_gate", "toxicity_gate", … */
        double number, threshold;
    } composite;

    bool is_quarantined; /* scoring or judging it ended the process twice in a row      */
    bool is_frozen;      /* ledger and broker disagree about it: no entry until they agree */
    bool is_frozen_by_operator;

    struct last_trade last;
    struct nbbo quote;
    struct momentum_view momentum;
    enum tristate shortable;
    int64_t cooldown_until_ns; /* WHEN_NONE for none */
    int64_t last_fill_ns;      /* last fill in the symbol, entry or exit; WHEN_NONE for none */
};

/* One open position. */
struct held {
    struct position at_broker;
    struct position_record record;
    struct last_trade last; /* where the broker tells no price */
    /* From the flow cache: 0 and DIRECTION_NONE where it has not the symbol, NaN where it could not
     * be read.
     */
    bool in_cache;
    double exit_score;        /* composite score, no boosts, regime as exit_regime_name() (R6.4) */
    double mixed_score;       /* the same with regime "mixed" (R7.2) */
    enum direction sentiment; /* now */
    bool has_pending_close;   /* an exit order works, or its fate is not known */
    bool is_quarantined;      /* judging its exit ended the process twice in a row */
    int64_t displaced_ns;     /* last displacement of the symbol, WHEN_NONE never */
};

/* An entry of an earlier cycle that is not resolved: working, or its fate not known. */
struct pending_entry {
    char symbol[SYMBOL_MAX];
    enum order_side side;
    int64_t qty; /* still open */
    usd price;   /* limit, or the price at the time for a market order */
};

struct snapshot {
    /* time */
    int64_t now_ns;
    struct date ny_date;
    bool is_market_open;
    int64_t session_open_ns; /* of today's session, WHEN_NONE where there is none */
    bool is_clock_trusted;   /* false: stepped since the last cycle, not yet confirmed */

    /* may we act at all */
    struct arm_verdict arm;
    bool is_fenced; /* a newer engine epoch exists */
    bool is_ledger_usable;
    bool is_reconciled; /* once in this process, and not failed in this cycle (R5.2) */
    bool is_self_test_ok;
    bool is_entries_quarantined;
    struct freezes freezes;
    enum control_level control; /* ordered by the operator */
    struct risk_marks marks;
    struct performance_verdict performance;

    /* the broker */
    bool is_account_known;
    struct account account;
    bool are_positions_known;
    struct held *held; /* ascending by symbol */
    size_t held_len;
    bool is_pending_known;
    struct pending_entry *pending;
    size_t pending_len;

    /* the market */
    const char *market_regime; /* label of R5.5 */
    enum structural_regime structural_regime;
    struct macro_state macro; /* behind m_mac of R5.14 */
    enum entry_route
        route_rule; /* of the router file for the label; entry_route_default() without one */

    /* thresholds that live in state files */
    enum trading_stage stage;
    int exploration_used;    /* today, New York */
    double score_adjustment; /* of struct score_floor */
    double starting_equity;  /* STARTING_EQUITY of the settings, 0 by mode */
    const struct themes
        *themes; /* NULL: not readable; the theme gate then blocks while the setting is on */

    /* every scored symbol, any order */
    struct candidate *candidate;
    size_t candidates_len;
};

/* ==== planned =============================================================================== */

/* A position that must be confirmed closed before the entry may be sent. */
struct close_first {
    bool is_needed;
    char symbol[SYMBOL_MAX];
    int64_t qty; /* > 0: all of it */
    enum order_side side;
    char reason[REASON_MAX]; /* "displaced_by_NVDA", "position_flip", … */
    bool is_already_planned; /* plan.position closes it by a rule: wait for that, send no second
                                order */
    bool is_flip;            /* else a displacement: */
    struct displacement_verdict displacement;
    struct exit_measures m; /* of the position that goes */
};

struct planned_entry {
    char symbol[SYMBOL_MAX];
    enum direction direction;
    enum order_side side;
    int64_t qty;
    usd ref;                  /* last trade */
    struct entry_price price; /* mode, and the limit or a market order */
    struct entry_quote quote;
    struct close_first close_first;
    struct exit_target target[EXIT_TARGETS_MAX]; /* to be kept with the position */
    size_t targets_len;

    /* what explains it */
    double composite_score, multiplier, score; /* score = composite_score * multiplier */
    struct size_result size;
    struct expectancy expectancy;
    struct momentum_result momentum;
    double toxicity;
};

/* One position, judged. */
struct planned_position {
    char symbol[SYMBOL_MAX];
    const struct held *held; /* in the snapshot */
    enum order_side side;    /* of the order that closes it */
    struct exit_verdict
        verdict; /* action EXIT_HOLD, EXIT_CLOSE, EXIT_CLOSE_PART or EXIT_NOT_EVALUATED */
};

/* Who refused a symbol. */
enum refusal_stage {
    REFUSED_COMPOSITE, /* the composite gate                                        */
    REFUSED_HALT,      /* the rung: no entries in this cycle                        */
    REFUSED_CLOSED,    /* the market is closed                                      */
    REFUSED_SYMBOL,    /* quarantined, frozen, no direction, no price, no quantity  */
    REFUSED_GATE       /* one of the twenty                                         */
};

struct refusal {
    char symbol[SYMBOL_MAX];
    enum refusal_stage stage;
    enum entry_gate entry_gate; /* of REFUSED_GATE, else GATES_LEN */
    const char *gate;           /* name: of the composite gate, of the halt, of the gate … */
    const char *message;        /* event name of the gate log */
    double number, threshold;   /* NaN where there is none */
    char reason[REASON_MAX];
    char detail[REASON_MAX];
    enum direction direction;
    double composite_score, score; /* score NaN where it was not computed */
    int64_t qty;                   /* 0 where it was not computed */
    usd price;                     /* last trade, zero where not known */
    struct entry_quote quote;

    /* of REFUSED_GATE: what the gates saw up to the one that refused */
    double multiplier;
    struct expectancy expectancy;    /* from gate 6 on */
    struct momentum_result momentum; /* from gate 13 on */
    bool is_displacement_asked;      /* the book is full */
    struct displacement_verdict displacement;
};

struct plan {
    bool is_market_open;
    struct ladder ladder;
    bool may_enter; /* market open and rung normal; without it there are no entries */
    bool may_exit;  /* market open and rung at most exits_only; without it no close may be sent */

    struct planned_entry *entry;       /* in the order in which they are to be made */
    size_t entries_len;                /* 0..ENTRIES_PER_CYCLE_MAX */
    struct planned_position *position; /* every known position, ascending by symbol */
    size_t positions_len;
    const struct displaceable *displaceable; /* each of them as displacement saw it, at the end */
    struct refusal *refusal; /* every candidate without an entry, in the order they were judged */
    size_t refusals_len;

    /* the account, judged */
    struct risk_limits limits;
    struct risk_verdict risk;
    struct risk_marks marks;     /* to be kept */
    const struct freeze *freeze; /* the first in force, NULL for none */
    const struct freeze *
        *run_out; /* day-scoped freezes of earlier dates: to be removed from the file */
    size_t run_out_len;
    int exploration_used; /* to be kept */
};

#endif
