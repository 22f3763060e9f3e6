#include "io/loop.h"

#include "tests/lib/check.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "io/clock.h"
#include "io/notify.h"
#include "tests/lib/tmpdir.h"

struct place {
    struct loop loop;
    struct sys_clock sys_clock;
    struct clock clock;
};

static void
place_open(struct place *p)
{
    struct err err = {0};
    struct clock_options opt = {0};
    assert_int_equal(clock_open(&opt, &p->sys_clock, &err), RC_OK);
    p->clock = clock_seam(&p->sys_clock);
    assert_int_equal(loop_init(&p->loop, &err), RC_OK);
}

static void
place_done(struct place *p)
{
    loop_done(&p->loop);
}

static int64_t
in_seconds(const struct place *p, int64_t seconds)
{
    return clock_mono(&p->clock) + seconds * NS_PER_S;
}

static void
test_loop_sets_the_flag_of_each_signal_and_wakes(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    place_open(&p);
    const struct {
        volatile sig_atomic_t *flag;
        int number, want;
    } cases[] = {
        {&p.loop.hup,   SIGHUP,  1      },
        {&p.loop.usr1,  SIGUSR1, 1      },
        {&p.loop.child, SIGCHLD, 1      },
        {&p.loop.stop,  SIGINT,  SIGINT },
        {&p.loop.stop,  SIGTERM, SIGTERM},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        *cases[i].flag = 0;
        assert_int_equal(raise(cases[i].number), 0);
        assert_int_equal(*cases[i].flag, cases[i].want); /* at once */
        int64_t deadline = in_seconds(&p, 60);
        assert_int_equal(loop_wait(&p.loop, NULL, 0, &p.clock, deadline), 0);
        assert_true(clock_mono(&p.clock) < deadline - 30 * NS_PER_S);
    }
    /* The wakes were used up: the next wait waits. */
    int64_t start = clock_mono(&p.clock);
    assert_int_equal(loop_wait(&p.loop, NULL, 0, &p.clock, start + 20 * NS_PER_MS), 0);
    assert_true(clock_mono(&p.clock) - start >= 20 * NS_PER_MS);
}

static void
test_loop_a_signal_while_waiting_ends_the_wait(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    place_open(&p);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        (void)usleep(30000);
        (void)kill(parent, SIGHUP);
        _exit(0);
    }
    while (p.loop.hup == 0)
        (void)loop_wait(&p.loop, NULL, 0, &p.clock, INT64_MAX);
    while (p.loop.child == 0)
        (void)loop_wait(&p.loop, NULL, 0, &p.clock, INT64_MAX);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
test_loop_tells_which_descriptors_are_ready(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    int a[2], b[2];
    place_open(&p);
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    assert_int_equal(write(b[1], "x", 1), 1);
    struct pollfd fds[] = {
        {.fd = a[0],        .events = POLLIN,  .revents = POLLIN},
        {.fd = b[0],        .events = POLLIN },
        {.fd = -1, .events = POLLIN, .revents = POLLIN                 },
    };
    assert_int_equal(loop_wait(&p.loop, fds, 3, &p.clock, in_seconds(&p, 60)), 1);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, POLLIN);
    assert_int_equal(fds[2].revents, 0);

    assert_int_equal(raise(SIGUSR1), 0); /* a signal is not counted as a descriptor */
    assert_int_equal(loop_wait(&p.loop, fds, 3, &p.clock, in_seconds(&p, 60)), 1);
    assert_int_equal(loop_wait(&p.loop, fds, 1, &p.clock, in_seconds(&p, -5)),
                     0); /* over: only a look */
    for (int i = 0; i < 2; i++) {
        (void)close(a[i]);
        (void)close(b[i]);
    }
}

/* A child that hears of nothing but the signal; it gives itself up only long after the limit. */
static void
hang(bool is_limited)
{
    struct place p;

    place_open(&p);
    if (is_limited) loop_limit_stop(&p.loop, 1);
    (void)raise(SIGTERM);
    (void)raise(SIGTERM); /* does not begin anew */
    for (int64_t end_ns = in_seconds(&p, is_limited ? 30 : 2); clock_mono(&p.clock) < end_ns;)
        (void)poll(NULL, 0, 100);
    _exit(3);
}

static void
test_loop_a_stop_takes_no_longer_than_its_limit(void **state)
{
    (void)state;
    for (int is_limited = 0; is_limited < 2; is_limited++) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) hang(is_limited);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), is_limited ? 0 : 3);
    }
}

static void
test_loop_done_gives_the_signals_back(void **state)
{
    (void)state;
    struct place p;
    struct err err = {0};
    place_open(&p);
    loop_done(&p.loop);
    loop_done(&p.loop); /* once more does nothing */
    struct sigaction action;
    assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_DFL);
    assert_int_equal(loop_init(&p.loop, &err), RC_OK); /* a second life */
    loop_done(&p.loop);
}

/* ---- notify: what a manager reads ---------------------------------------------------------- */

static void
test_notify_without_a_manager_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    notify_ready("up");
    notify_status("cycle %d", 1);
    notify_watchdog();
    notify_stopping();
    assert_int_equal(notify_watchdog_interval_ns(), 0);
}

static void
test_notify_tells_the_manager(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", tmpdir_path(&dir, "notify"));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);

    notify_ready("up");
    notify_status("cycle %d", 7);
    notify_watchdog();
    notify_stopping();
    static const char *const want[] = {"READY=1\nSTATUS=up", "STATUS=cycle 7", "WATCHDOG=1",
                                       "STOPPING=1"};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        char got[256] = "";
        assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
        assert_string_equal(got, want[i]);
    }
    assert_int_equal(notify_watchdog_interval_ns(), 15 * NS_PER_S);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    (void)close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_sets_the_flag_of_each_signal_and_wakes),
        cmocka_unit_test(test_loop_a_signal_while_waiting_ends_the_wait),
        cmocka_unit_test(test_loop_tells_which_descriptors_are_ready),
        cmocka_unit_test(test_loop_a_stop_takes_no_longer_than_its_limit),
        cmocka_unit_test(test_loop_done_gives_the_signals_back),
        cmocka_unit_test(test_notify_without_a_manager_does_nothing),
        cmocka_unit_test(test_notify_tells_the_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
