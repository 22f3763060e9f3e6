/*
 * What the shadow left at a root: its positions, what it did last and why, and what exitlogic says
 * of each position with what is known now.  For `stockbot shadow` and `stockbot explain`.
 *
 *   shadow_look.c    files and logs
 *   shadow_world.c   the v2 score of a symbol anew, from the state files
 *   shadow_print.c   for people, and for programs
 */
#ifndef SCRIPTS_SHADOW_LOOK_H
#define SCRIPTS_SHADOW_LOOK_H

#include "exitlogic/exitlogic.h"
#include "intel/composite_v2.h"
#include "scripts/look.h"
#include "shadow/book.h"
#include "strategy/composite_gate.h"

enum { SHADOW_EVENTS = 12, SHADOW_REASON_MAX = 64 };

enum shadow_file { SHADOW_FILE_MISSING, SHADOW_FILE_SOUND, SHADOW_FILE_DAMAGED };

/* The newest decision about a symbol. */
struct shadow_decision {
    const char *symbol;
    int64_t at_ns;
    const char *direction;
    bool is_v1_pass, is_v2_pass;
    double v1_score, v2_score, price; /* NaN: not told */
    struct shadow_uw uw;
};

enum shadow_did { SHADOW_DID_LOOK, SHADOW_DID_ENTER, SHADOW_DID_BLOCK, SHADOW_DID_EXIT };

/* Something the shadow decided, as its log says it. */
struct shadow_event {
    enum shadow_did did;
    int64_t at_ns;
    char symbol[SYMBOL_MAX], side[8], reason[SHADOW_REASON_MAX];
    double v1_score, v2_score, qty, price, pnl_usd; /* NaN: not told */
    bool is_v2_pass;
};

/* Trades that ended on the day. */
struct shadow_closed {
    size_t trades, wins;
    double pnl_usd;
};

struct shadow_look {
    struct look *look;
    const char *only; /* a symbol, NULL for all */
    enum shadow_file positions_file, heartbeat_file;
    struct err positions_err;
    struct shadow_book book;
    int64_t beat_ns; /* WHEN_NONE without a heartbeat */
    char beat_symbol[SYMBOL_MAX], beat_event[SHADOW_REASON_MAX];
    struct shadow_decision *decision; /* one a symbol, newest first */
    size_t decisions_len, decisions_cap;
    struct shadow_event event[SHADOW_EVENTS]; /* newest first */
    size_t events_len;
    struct shadow_closed closed;                                        /* of the New York date */
    size_t entered;                                                     /* the same */
    struct json *risk, *premarket, *postmarket, *universe, *thresholds; /* NULL where missing */
};

/* Reads it all; false where nothing of a shadow is there. */
bool shadow_look_open(struct look *l, const char *only, struct shadow_look *ret_look);
void shadow_look_done(struct shadow_look *s);

const struct shadow_decision *shadow_look_decision(const struct shadow_look *s, const char *symbol);

/* A position with what is known now. */
struct shadow_state {
    const struct shadow_position *position;
    double price;          /* newest of decision and mark; NaN: none */
    struct shadow_pnl pnl; /* at that price */
    double held_min;       /* NaN: entry time not known */
    double v2_score;       /* now; that of the entry where no decision is known */
    struct v2_exit_verdict verdict;
    double to_target_pct, to_stop_pct; /* from the price to the level, signed; NaN: none */
};

void shadow_look_state(const struct shadow_look *s, const struct shadow_position *p,
                       struct shadow_state *ret_state);

/* ---- the v2 score anew --------------------------------------------------------------------- */

struct shadow_score {
    struct v2_world world;
    struct composite_v2_case v2_case;
    struct composite_v2 v2;
    double threshold;
    struct composite_gate_result gate; /* of the rules that the score alone decides */
};

/* From the state files, on the v1 score with boosts; texts live in the arena. */
void shadow_score_of(const struct look *l, const struct enriched *e, const char *symbol,
                     const struct composite *v1, double v1_score, struct arena *a,
                     struct shadow_score *ret_score);

/* ---- shown --------------------------------------------------------------------------------- */

void shadow_look_print(const struct shadow_look *s);
void shadow_look_write(const struct shadow_look *s, struct json_out *o);
/* One line about a position. */
void shadow_state_write(const struct shadow_state *st, struct json_out *o, const char *key);

#endif
