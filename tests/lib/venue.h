/*
 * A venue for tests of the order path: it books what it is told, and answers as wrongly as a test
 * says.
 */
#ifndef TESTS_LIB_VENUE_H
#define TESTS_LIB_VENUE_H

#include "base/clock.h"
#include "model/broker.h"

enum { VENUE_ORDERS = 64, VENUE_FILLS = 64 };

struct venue {
    struct clock *clock;
    struct order order[VENUE_ORDERS];
    size_t orders_len;
    struct fill fill[VENUE_FILLS];
    size_t fills_len;
    int posts;
    enum rc next_submit; /* what the next POST tells us … */
    bool next_is_lost;   /* … and whether it never reached the book */
    bool by_id_is_blind; /* look-ups by client id do not see orders yet */
    bool list_is_down;   /* the order list answers 503 */
    bool reads_are_down; /* all reads do */
    bool fills_are_late; /* executions are not listed yet */
    struct nbbo quote;   /* told for every symbol */
};

struct broker venue_broker(struct venue *v);
struct order *venue_find(struct venue *v, const char *client_id);

/* The venue executes a part of an order, or ends it. */
void venue_execute(struct venue *v, struct order *o, int64_t qty, int64_t price_cents);

#endif
