/*
 * The requests of the last 60 seconds.
 *
 * A request counts while either clock says that it is young: the wall clock, because the times are
 * shared between processes and restarts, and the monotonic clock, because a step of the wall clock
 * must not hand out a second minute's worth of requests.  With a paced clock the 60 seconds are
 * seconds of its wall time.
 */
#ifndef UWCLIENT_WINDOW_H
#define UWCLIENT_WINDOW_H

#include "base/clock.h"

enum {
    WINDOW_MAX = 1000 /* remembered requests; a limit above it is taken as this */
};

struct window {
    struct {
        int64_t wall_ns;
        int64_t mono_ns; /* 0 = not known */
    } at[WINDOW_MAX];
    size_t len; /* oldest first */
};

/* Both clocks at one moment, and how long 60 s of wall time really take. */
struct window_now {
    int64_t wall_ns;
    int64_t mono_ns;
    int64_t minute_real_ns;
};

struct window_now window_now(const struct clock *clock);

/* At most 60 s old by one of the clocks. */
bool window_is_young(int64_t wall_ns, int64_t mono_ns, const struct window_now *now);

/* Forgets what is older than 60 s, or more than 5 s in the future, by both clocks. */
void window_prune(struct window *w, const struct window_now *now);
void window_add(struct window *w, const struct window_now *now);

/* Wall time until the oldest request is 60 s old; 0 for an empty window.  Pruned before. */
int64_t window_wait_ns(const struct window *w, const struct window_now *now);

#endif
