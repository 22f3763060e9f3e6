/*
 * What decide.c and decide_entry.c share; nobody else includes it.
 */
#ifndef STRATEGY_DECIDE_PARTS_H
#define STRATEGY_DECIDE_PARTS_H

#include "strategy/decide.h"

/* The book as it stands after the entries accepted so far. */
struct desk {
    const struct strategy_config *cfg;
    const struct snapshot *seen;
    struct plan *plan; /* entries and refusals are added here; there is room for all */
    bool is_book_known;
    struct holdings book;
    struct displaceable *displaceable; /* one a position, in the order of seen->held */
    usd buying_power;
};

/* The exit view of a position, as the snapshot tells it. */
struct exit_view held_exit_view(const struct strategy_config *cfg, const struct snapshot *seen,
                                const struct held *h);

/* Opens the desk: positions and pending entries into the book, positions into the displaceable. */
struct desk desk_open(const struct strategy_config *cfg, const struct snapshot *seen,
                      struct arena *a, struct plan *plan);

/* Judges one candidate: adds it to the plan's entries or to its refusals. */
void desk_judge(struct desk *d, const struct candidate *c);

#endif
