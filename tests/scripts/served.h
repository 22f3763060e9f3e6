/*
 * The market simulator on a loopback port of its own, in a process of its own, for commands that
 * ask it.
 */
#ifndef TESTS_SCRIPTS_SERVED_H
#define TESTS_SCRIPTS_SERVED_H

#include "tests/sim/market.h"

#include <poll.h>
#include <sys/prctl.h>

#include "io/clock.h"
#include "sim/server.h"

/* How it stands: {0} is a market of NVDA and AAPL at 15:00 UTC without faults. */
struct serve {
    const char *faults;
    int64_t at_ns;
    const char *const *symbols;
    size_t symbols_len;
};

struct served {
    pid_t pid;
    int port;
};

static struct clock served_real;

UNUSED static int64_t
served_mono(void *self)
{
    (void)self;
    return clock_mono(&served_real);
}

UNUSED static void
served_run(const struct serve *how, int to_parent)
{
    static const char *const two[] = {"NVDA", "AAPL"};
    static struct market m;
    struct server *s = NULL;
    struct err err = {0};
    struct sys_clock sys_clock;
    struct clock_options opt = {0};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no market behind */
    if (clock_open(&opt, &sys_clock, &err) != RC_OK) _exit(3);
    served_real = clock_seam(&sys_clock);
    market_make(&m, how->symbols_len > 0 ? how->symbols : two,
                how->symbols_len > 0 ? how->symbols_len : COUNT_OF(two), 1);
    m.clock.mono_ns = served_mono;
    if (how->at_ns != 0) m.at.now_ns = how->at_ns;
    if (how->faults != NULL) market_faults(&m, how->faults);
    if (server_open(&m.sim, 0, &s, &err) != RC_OK) _exit(3);
    int port = server_port(s);
    if (write(to_parent, &port, sizeof port) != (ssize_t)sizeof port) _exit(3);
    for (;;) {
        struct pollfd fd = {.fd = server_fd(s), .events = POLLIN};

        (void)poll(&fd, 1, 20); /* run looks itself */
        server_run(s);
    }
}

UNUSED static struct served
served_open(const struct serve *how)
{
    struct served v = {0};
    int fds[2];

    (void)fflush(NULL);
    assert_int_equal(pipe(fds), 0);
    v.pid = fork();
    if (v.pid == 0) served_run(how, fds[1]);
    assert_true(v.pid > 0);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &v.port, sizeof v.port), (ssize_t)sizeof v.port);
    (void)close(fds[0]);
    return v;
}

UNUSED static void
served_close(const struct served *v)
{
    (void)kill(v->pid, SIGKILL); /* it keeps nothing */
    assert_int_equal(waitpid(v->pid, NULL, 0), v->pid);
}

#endif
