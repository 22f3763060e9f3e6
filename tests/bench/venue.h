/*
 * A broker in this process that answers at once: every order is filled at its price, every symbol
 * has a quote.
 *
 * It has no book and no days, so that what a cycle costs is what the engine costs.  Memory is
 * fixed.
 */
#ifndef TESTS_BENCH_VENUE_H
#define TESTS_BENCH_VENUE_H

#include "base/clock.h"
#include "model/broker.h"

enum { VENUE_ORDERS_MAX = 256, VENUE_HELD_MAX = 256 };

struct venue_held {
    char symbol[SYMBOL_MAX];
    int64_t qty;
    usd cost;
};

struct venue {
    const struct clock *clock;
    struct order order[VENUE_ORDERS_MAX]; /* the newest ones, a ring */
    size_t orders;                        /* ever */
    struct venue_held held[VENUE_HELD_MAX];
    size_t held_len;
};

struct broker venue_broker(struct venue *v);

#endif
