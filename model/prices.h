/*
 * The price capability: what a price of a symbol is, and nothing else of a broker.
 *
 * v2 gets this instead of a broker: it has no call that sends, changes or cancels an order, or that
 * tells about an account (spec 30 8.1, C-14).  Return codes as in model/broker.h; RC_BUSY where the
 * budget of requests is used up.
 */
#ifndef MODEL_PRICES_H
#define MODEL_PRICES_H

#include "base/arena.h"
#include "model/market.h"

struct prices {
    void *self; /* latest_trade NULL: there is nobody to ask */
    enum rc (*latest_trade)(void *self, const char *symbol, struct last_trade *ret_trade,
                            struct err *err);
    /* The newest `limit` bars that start in [from_ns, to_ns], ascending. */
    enum rc (*bars)(void *self, const char *symbol, enum bar_size size, int64_t from_ns,
                    int64_t to_ns, int limit, struct arena *a, struct bars *ret_bars,
                    struct err *err);
};

static inline bool
prices_are_there(const struct prices *p)
{
    return p->latest_trade != NULL && p->bars != NULL;
}

#endif
