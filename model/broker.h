/*
 * The broker seam.
 *
 * A guard is itself a broker that wraps a broker; main() stacks them: fence, arm, kill switch, risk
 * limits, rate budget, ledger, Alpaca.  Implementations: broker/alpaca.c, the guards in broker/,
 * and the in-process book of sim/.
 *
 * Return codes of every call: RC_OK; RC_DENIED (a guard of ours refused: nothing was sent);
 * RC_RANGE (the broker refused for good, 4xx: nothing was accepted); RC_NOT_FOUND (404); RC_IO
 * (nothing left this machine); RC_UNKNOWN (sent, no usable answer); RC_PARSE (answer not
 * understood; for submit and cancel this too is RC_UNKNOWN); RC_STOPPED.
 */
#ifndef MODEL_BROKER_H
#define MODEL_BROKER_H

#include "base/arena.h"
#include "model/market.h"
#include "model/order.h"

enum order_filter { ORDERS_OPEN, ORDERS_ALL };

struct broker {
    void *self;
    enum rc (*account)(void *self, struct account *ret_account, struct err *err);
    enum rc (*clock)(void *self, struct market_clock *ret_clock, struct err *err);
    enum rc (*positions)(void *self, struct arena *a, struct positions *ret_list, struct err *err);
    enum rc (*asset)(void *self, const char *symbol, struct asset *ret_asset, struct err *err);

    /* One POST, never repeated. */
    enum rc (*submit)(void *self, const struct order_intent *o, struct order *ret_order,
                      struct err *err);
    /* Asks for the cancellation; the order's status says when it happened. */
    enum rc (*cancel)(void *self, const char *broker_id, struct err *err);
    enum rc (*order_by_id)(void *self, const char *broker_id, struct order *ret_order,
                           struct err *err);
    enum rc (*order_by_client_id)(void *self, const char *client_id, struct order *ret_order,
                                  struct err *err);
    /* All of them: pages are followed. after_ns: submitted at or after; WHEN_NONE for no bound. */
    enum rc (*orders)(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
                      struct orders *ret_list, struct err *err);
    /* Executions at or after the instant, ascending; pages are followed. */
    enum rc (*fills)(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list,
                     struct err *err);

    enum rc (*latest_trade)(void *self, const char *symbol, struct last_trade *ret_trade,
                            struct err *err);
    enum rc (*latest_quote)(void *self, const char *symbol, struct nbbo *ret_quote,
                            struct err *err);
    /* The newest `limit` bars that start in [from_ns, to_ns], ascending. */
    enum rc (*bars)(void *self, const char *symbol, enum bar_size size, int64_t from_ns,
                    int64_t to_ns, int limit, struct arena *a, struct bars *ret_bars,
                    struct err *err);
};

#endif
