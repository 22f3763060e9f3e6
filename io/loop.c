#include "io/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The one thing that cannot be an argument: a signal handler has no place for it. */
static struct loop *volatile the_loop;

static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};

/* Only what a signal handler may do. */
static void
ask_to_stop(struct loop *loop, int number)
{
    if (loop->stop == 0 && loop->stop_limit_s > 0) (void)alarm(loop->stop_limit_s);
    loop->stop = number;
}

static void
on_signal(int number)
{
    int saved_errno = errno;
    struct loop *loop = the_loop;
    uint64_t one = 1;
    if (loop != NULL) {
        if (number == SIGTERM || number == SIGINT) ask_to_stop(loop, number);
        if (number == SIGHUP) loop->hup = 1;
        if (number == SIGUSR1) loop->usr1 = 1;
        if (number == SIGCHLD) loop->child = 1;
        /* It fails only when full, and then the loop wakes anyway. */
        ssize_t n = write(loop->wake_fd, &one, sizeof one);
        (void)n;
    }
    errno = saved_errno;
}

static void
set_handlers(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    int failed = sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT_OF(handled); i++)
        failed |= sigaction(handled[i], &action, NULL);
    ASSERT(failed == 0); /* these signals exist and may be handled */
}

enum rc
loop_init(struct loop *loop, struct err *err)
{
    ASSERT(the_loop == NULL);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return err_sys(err, RC_IO, errno, "eventfd");
    *loop = (struct loop){.wake_fd = fd};
    the_loop = loop;
    set_handlers(on_signal);
    (void)signal(SIGPIPE, SIG_IGN);
    return RC_OK;
}

static void
on_limit(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

void
loop_limit_stop(struct loop *loop, unsigned seconds)
{
    struct sigaction action = {.sa_handler = on_limit};
    int failed = sigemptyset(&action.sa_mask);

    failed |= sigaction(SIGALRM, &action, NULL);
    ASSERT(failed == 0);
    loop->stop_limit_s = seconds;
}

void
loop_done(struct loop *loop)
{
    if (the_loop != loop) return;
    set_handlers(SIG_DFL);
    if (loop->stop_limit_s > 0) (void)alarm(0); /* the end is reached */
    the_loop = NULL;
    (void)close(loop->wake_fd); /* an eventfd: nothing to lose */
    loop->wake_fd = -1;
}

/* NULL (for ever) or the time that is left. */
static const struct timespec *
time_left(const struct clock *clock, int64_t deadline_ns, struct timespec *ts)
{
    if (deadline_ns == INT64_MAX) return NULL;
    int64_t left_ns = MAX(deadline_ns - clock_mono(clock), (int64_t)0);
    *ts = (struct timespec){.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    return ts;
}

int
loop_wait(struct loop *loop, struct pollfd *fds, size_t n, const struct clock *clock,
          int64_t deadline_ns)
{
    ASSERT(n <= LOOP_FDS_MAX);
    struct pollfd all[LOOP_FDS_MAX + 1] = {
        {.fd = loop->wake_fd, .events = POLLIN}
    };
    for (size_t i = 0; i < n; i++)
        all[i + 1] = (struct pollfd){.fd = fds[i].fd, .events = fds[i].events};

    struct timespec ts;
    int ready = ppoll(all, n + 1, time_left(clock, deadline_ns, &ts), NULL);
    ASSERT(ready >= 0 || errno == EINTR || errno == ENOMEM);
    if (ready < 0) /* a signal, which woke the loop; what stands in revents is void */
        for (size_t i = 0; i <= n; i++)
            all[i].revents = 0;

    uint64_t wakes = 0;
    ssize_t drained = read(loop->wake_fd, &wakes, sizeof wakes); /* EAGAIN where no signal came */
    (void)drained;
    for (size_t i = 0; i < n; i++)
        fds[i].revents = all[i + 1].revents;
    return MAX(ready, 0) - (all[0].revents != 0 ? 1 : 0);
}
