/*
 * `stockbot explain SYMBOL`: why a symbol was traded, or was not.
 *
 *   cmd_explain.c     options
 *   explain_read.c    the facts: files, and the pure functions of strategy/ over them
 *   explain_print.c   for people, and for programs
 *   explain_v2.c      v1 and v2 side by side
 *
 * The score is computed anew from the flow cache, so its components can be shown; boosts and the
 * verdicts of the gates are those that the engine wrote down.
 */
#ifndef SCRIPTS_EXPLAIN_H
#define SCRIPTS_EXPLAIN_H

#include "engine/metadata.h"
#include "scripts/look.h"
#include "scripts/show/shadow_look.h"
#include "strategy/composite_gate.h"
#include "strategy/composite_json.h"
#include "strategy/last_scores.h"

enum { EXPLAIN_GATES = 5, EXPLAIN_TRADES = 8, EXPLAIN_HALTS = 8, EXPLAIN_WORDS = 200 };

/* A refusal that the engine wrote down. */
struct explain_gate {
    int64_t at_ns;
    char gate[64], stage[24], detail[EXPLAIN_WORDS], direction[16];
    double score, number, threshold; /* NaN where there is none */
};

struct explain_trade {
    int64_t entered_ns, exited_ns;
    char side[8], reason[EXPLAIN_WORDS];
    int64_t qty;
    usd entry_price, exit_price, pnl;
    double pnl_pct, hold_min;
};

struct explain {
    char symbol[SYMBOL_MAX];
    bool is_configured;

    /* the score */
    bool is_in_cache, is_stale;
    struct symbol_flow flow;
    struct enriched enriched;
    struct composite composite;
    double threshold;
    bool has_last_score;
    struct last_score last_score; /* with boosts, of the last cycle */

    /* what stopped it */
    struct explain_gate gate[EXPLAIN_GATES]; /* newest first */
    size_t gates_len;
    int64_t cycle_ns; /* the last cycle while the market was open */
    char rung[32], rung_reason[96];
    char halt[EXPLAIN_HALTS][EXPLAIN_WORDS]; /* freezes and quarantines in force */
    size_t halts_len;

    /* what it holds */
    bool is_held, has_record, has_price;
    struct ledger_position at_ledger;
    struct position_meta meta;
    usd price;
    int64_t price_ns;
    struct exit_verdict verdict;

    /* v2, on paper */
    bool has_shadow; /* it has left something at the root */
    struct shadow_look shadow;
    bool is_held_v2;
    struct shadow_state held_v2;
    double v1_score;        /* with boosts where the last cycle told them */
    struct shadow_score v2; /* with is_in_cache */

    struct intents orders; /* of the session's date, in the look's arena */
    struct fills fills;
    struct explain_trade trade[EXPLAIN_TRADES]; /* closed ones, newest first */
    size_t trades_len;
};

/* False where nothing at all is known of the symbol. */
bool explain_read(struct look *l, const char *symbol, struct explain *ret_explain);
void explain_done(struct explain *x);

/* v1 beside v2: scores, gates, positions, the way to target and stop; what v2 is made of. */
void explain_v2_print(const struct look *l, const struct explain *x);
void explain_v2_write(const struct explain *x, struct json_out *o);

/* Of the price: how far the v1 position is from its profit target and its stop; NaN: none. */
double explain_to_target_pct(const struct explain *x);
double explain_to_stop_pct(const struct explain *x);

void explain_print(const struct look *l, const struct explain *x);
void explain_write(const struct explain *x, struct json_out *o);

#endif
