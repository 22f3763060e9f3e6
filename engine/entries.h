/*
 * Entries that are being worked: limit orders one after the other, then a market order (spec 10
 * R5.38).
 *
 * Each attempt is an order of its own with its own id; the next one is sent only when the broker
 * has said that the one before is over and unfilled, so that no two orders of one candidate are
 * ever open.  Held in memory: after a restart what was sent is found out from the ledger, a limit
 * order that still rests is cancelled, and no further attempt is made.
 */
#ifndef ENGINE_ENTRIES_H
#define ENGINE_ENTRIES_H

#include "config/config.h"
#include "engine/desk.h"
#include "strategy/snapshot.h"

#define LIMIT_WAIT_NS  (2 * NS_PER_S) /* a limit order is given this long             */
#define CANCEL_WAIT_NS (3 * NS_PER_S) /* then asked again for its cancellation        */

enum { WORKING_MAX = 32 };

struct working_entry {
    struct planned_entry plan;
    char context[sizeof(((struct intent *)0)->context)]; /* carried by each attempt's intent */
    int attempt; /* 1.. of the limit orders; attempts_max(cfg) + 1 is the market order */
    char client_id[CLIENT_ID_MAX];
    usd limit; /* of the last limit order */
    int64_t sent_ns;
    int64_t cancel_ns; /* WHEN_NONE until asked */
    int64_t retry_ns;  /* the next attempt not before; WHEN_NONE while one works */
};

struct entries {
    struct desk *desk;
    const struct strategy_config *cfg;
    struct working_entry working[WORKING_MAX];
    size_t len;
    int64_t strays_ns; /* when orders of an engine before us were last cancelled; 0 = never */
};

/* Sends the first attempt. RC_BUSY: too many at work, or the symbol is at work or has a live order;
 * else as desk_send. */
enum rc entries_begin(struct entries *w, const struct planned_entry *plan, const char *context,
                      struct err *err) MUST_USE;

/* Cancels what waited long enough, sends the next attempts.  is_open false: no further attempt. */
void entries_tick(struct entries *w, bool is_open);

/* Another attempt of the symbol is to come, or works. */
bool entries_at_work(const struct entries *w, const char *symbol);

/* Withdraws what is open in the symbol and makes no further attempt. */
void entries_stop_symbol(struct entries *w, const char *symbol);

/* Forgets the attempts still to come; what is sent goes on. */
void entries_stop(struct entries *w);

#endif
