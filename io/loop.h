/*
 * loop: what a daemon waits on: its signals, some descriptors and a deadline.
 *
 * A signal sets a flag at once, wherever the process is, so that a request under way (io/http.h)
 * and a sleep (io/clock.h) see it, and wakes the loop through a descriptor.  One loop a process:
 * signal handlers have no argument.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/err.h"

enum { LOOP_FDS_MAX = 16 };

struct loop {
    int wake_fd;                 /* written by the handlers */
    volatile sig_atomic_t stop;  /* SIGTERM or SIGINT: its number, stays set              */
    volatile sig_atomic_t hup;   /* SIGHUP came; to be cleared by who answers it          */
    volatile sig_atomic_t usr1;  /* SIGUSR1 came; likewise                                */
    volatile sig_atomic_t child; /* SIGCHLD came; likewise: clear first, then reap all    */
    unsigned stop_limit_s;       /* 0: none */
};

/* Takes over SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGCHLD, ignores SIGPIPE.  loop_done gives them
 * back. */
enum rc loop_init(struct loop *loop, struct err *err) MUST_USE;
void loop_done(struct loop *loop);

/*
 * From now on the process ends that many real seconds after the first SIGTERM or SIGINT, with exit
 * status 0, whatever it is doing then: a request that gets no answer, a disk that hangs.  For who
 * can be killed at any moment without a loss.
 */
void loop_limit_stop(struct loop *loop, unsigned seconds);

/*
 * Waits until a descriptor is ready, a signal has come (also one that came before the call) or the
 * deadline.
 *
 * fds, n       as for poll(), at most LOOP_FDS_MAX; revents are 0 where nothing is ready
 * deadline_ns  monotonic; INT64_MAX for none; one that is over looks without waiting
 *
 * Returns how many of the descriptors are ready.
 */
int loop_wait(struct loop *loop, struct pollfd *fds, size_t n, const struct clock *clock,
              int64_t deadline_ns);

#endif
