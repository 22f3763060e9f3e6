/*
 * sim_clock: a clock that stands still until it is told to move.
 *
 * Sleeping advances both times at once, so a day passes as fast as it can be computed.  The wall
 * clock may be stepped apart from the monotonic one, as an operator or a time server does.
 */
#ifndef SIM_SIM_CLOCK_H
#define SIM_SIM_CLOCK_H

#include "base/clock.h"

struct sim_clock {
    int64_t now_ns, mono_ns;
    int64_t slept_ns; /* sum of all sleeps */
    int64_t sleeps;   /* how many there were */
    /* Told after every advance, so that a simulated world can follow; NULL for none. */
    void (*advanced)(void *ctx, int64_t now_ns);
    void *ctx;
};

/* Wall time now_ns, monotonic time one second after an unknown start. */
void sim_clock_init(struct sim_clock *c, int64_t now_ns);

void sim_clock_advance(struct sim_clock *c, int64_t by_ns); /* both times; by_ns >= 0 */
void sim_clock_step(struct sim_clock *c, int64_t by_ns); /* the wall clock only, also backwards */

/* The seam; c must stay where it is while it is used. */
struct clock sim_clock_seam(struct sim_clock *c);

#endif
