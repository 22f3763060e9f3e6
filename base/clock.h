/*
 * The clock seam.  Only io/clock.c asks the system.
 *
 * Wall time dates records and decides sessions; it may be paced (a recorded day at 200 times the
 * speed) or simulated.  Monotonic time bounds waiting and is always real in a process of its own:
 * network deadlines and the watchdog do not speed up with the day.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/when.h"

struct clock {
    void *self;
    int64_t (*now_ns)(void *self);  /* wall clock, UTC                              */
    int64_t (*mono_ns)(void *self); /* monotonic, starts anywhere, never steps      */
    /* Real duration of a duration of wall time: the same unless the clock is paced. */
    int64_t (*real_ns)(void *self, int64_t wall_ns);
    /* Waits that long in wall time; returns early when the process is asked to stop. */
    void (*sleep)(void *self, int64_t wall_ns);
};

static inline int64_t
clock_now(const struct clock *c)
{
    return c->now_ns(c->self);
}

static inline int64_t
clock_mono(const struct clock *c)
{
    return c->mono_ns(c->self);
}

static inline int64_t
clock_real(const struct clock *c, int64_t wall_ns)
{
    return c->real_ns(c->self, wall_ns);
}

static inline void
clock_sleep(const struct clock *c, int64_t wall_ns)
{
    c->sleep(c->self, wall_ns);
}

#endif
