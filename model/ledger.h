/*
 * The ledger seam: every order we meant to send and every fill we were told of (ARCHITECTURE 5).
 *
 * Facts are added, never rewritten; corrections are fills of kind "adjustment".  The position of a
 * symbol is the sum of its fills.  Implementations: state/ledger.c (SQLite, synchronous=FULL) and
 * sim/ledger_mem.c.
 */
#ifndef MODEL_LEDGER_H
#define MODEL_LEDGER_H

#include "base/arena.h"
#include "model/order.h"

enum intent_state {
    INTENT_COMMITTED, /* durable here, not yet sent: at a start this means UNKNOWN         */
    INTENT_UNKNOWN,   /* sent, no usable answer: look up, never resend                     */
    INTENT_OPEN,      /* the broker has it and it works                                    */
    INTENT_FILLED,    /* final                                                             */
    INTENT_CANCELED,  /* final by the broker's word; part may be filled                    */
    INTENT_REJECTED,  /* final by the broker's word                                        */
    INTENT_EXPIRED,   /* final: broker's word, or two empty look-ups and no activity       */
    INTENT_NOT_SENT   /* final: refused by a guard of ours, or certainly never left        */
};

enum intent_purpose { PURPOSE_ENTRY, PURPOSE_EXIT };

struct intent {
    struct order_intent order;
    enum intent_purpose purpose;
    char reason[REASON_MAX]; /* close reason of an exit, "" for an entry */
    char context[1024]; /* JSON object of the engine: score, regime, direction … carried to the
                           records */
    int64_t epoch, cycle;
    int64_t created_ns;

    /* What is known since. */
    enum intent_state state;
    char broker_id[BROKER_ID_MAX];
    int64_t filled_qty; /* as the order said; the fills themselves are separate rows */
    usd filled_cost;
    int64_t filled_ns; /* WHEN_NONE until known */
    int64_t updated_ns;
    int lookups;            /* empty look-ups since it became UNKNOWN */
    int64_t last_lookup_ns; /* WHEN_NONE before the first             */
    bool is_recorded;       /* the engine has written its trade records */
    char note[REASON_MAX];  /* last broker word or error */
};

struct intents {
    struct intent *intent; /* ascending by creation, from an arena */
    size_t len;
};

struct ledger_position {
    char symbol[SYMBOL_MAX];
    int64_t qty; /* signed sum of fills */
    usd cost;    /* of the open quantity, at average entry, >= 0, rounded once per reducing fill */
    usd realised_pnl; /* of everything closed so far */
};

struct ledger_positions {
    struct ledger_position *position; /* open ones, ascending by symbol */
    size_t len;
};

struct ledger {
    void *self;
    /* Durable before it returns.  RC_DENIED if the client id was ever used. */
    enum rc (*add_intent)(void *self, const struct intent *in, struct err *err);
    /* Writes the "what is known since" part of the intent with this client id. */
    enum rc (*update_intent)(void *self, const struct intent *in, struct err *err);
    enum rc (*find_intent)(void *self, const char *client_id, struct intent *ret_intent,
                           struct err *err);
    /* Not final, or final and not yet recorded. */
    enum rc (*live_intents)(void *self, struct arena *a, struct intents *ret_list, struct err *err);
    enum rc (*intents_since)(void *self, int64_t from_ns, struct arena *a, struct intents *ret_list,
                             struct err *err);
    /* RC_OK also where the id is known already; ret_is_new says which. kind: "fill" or
     * "adjustment". */
    enum rc (*add_fill)(void *self, const struct fill *f, const char *client_id, const char *kind,
                        bool *ret_is_new, struct err *err);
    enum rc (*fills_since)(void *self, int64_t from_ns, struct arena *a, struct fills *ret_list,
                           struct err *err);
    /* Latest fill instant, WHEN_NONE where there is none. */
    enum rc (*last_fill_ns)(void *self, int64_t *ret_ns, struct err *err);
    enum rc (*positions)(void *self, struct arena *a, struct ledger_positions *ret_list,
                         struct err *err);
};

const char *intent_state_name(enum intent_state s); /* "committed", "unknown", … */
bool intent_state_from(const char *word, enum intent_state *ret_state);
bool intent_state_is_final(enum intent_state s);
const char *intent_purpose_name(enum intent_purpose p); /* "entry", "exit" */

/*
 * Applies one execution to a position.  Opening adds cost; reducing takes the average cost of the
 * part (rounded half away from zero once) and realises the difference; crossing zero does both.
 */
void ledger_position_apply(struct ledger_position *p, enum order_side side, int64_t qty, usd price);

#endif
