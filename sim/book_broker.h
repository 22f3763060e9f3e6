/*
 * The book as a struct broker, for whole-service simulations without HTTP.
 *
 * Every call advances the book to the clock's now.  Faults: the n-th call from now on can be made
 * to fail (book_broker.fail_at), with or without having been executed, which is what a lost answer
 * looks like.
 */
#ifndef SIM_BOOK_BROKER_H
#define SIM_BOOK_BROKER_H

#include "base/clock.h"
#include "model/broker.h"
#include "sim/book.h"

struct book_broker {
    struct sim_book *book;     /* borrowed */
    const struct sim_day *day; /* borrowed: assets, bars, market clock */
    const struct clock *clock; /* borrowed */
    int64_t calls;             /* made so far */
    int64_t fail_at;           /* the call that fails, counted from 1; 0 = none */
    bool is_executed; /* the failing call is executed all the same: RC_UNKNOWN instead of RC_IO */
    struct book_faults faults; /* of the orders that are submitted */
};

/* The seam; bb must stay where it is while it is used. */
struct broker book_broker_seam(struct book_broker *bb);

#endif
