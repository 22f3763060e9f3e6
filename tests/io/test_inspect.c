/*
 * Looking at another process's lock: nothing is made, nothing is taken, the truth is told (spec 20
 * 5.2, T-24).
 */
#include "tests/lib/check.h"
#include "tests/lib/tmpdir.h"

#include <sys/file.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "io/inspect.h"
#include "io/lock.h"

#define LOCK "uw.lock"

/* A process that takes the lock as the daemon does, and keeps it until it is told to go. */
struct holder {
    pid_t pid;
    int to_child[2], from_child[2];
};

static void
hold(const char *folder, const struct holder *h)
{
    struct posix_locks locks;
    struct lock lock;
    struct err err = {0};
    char line[64], byte = 'x';

    if (locks_open(folder, &locks, &err) != RC_OK) _exit(3);
    struct locks seam = locks_seam(&locks);
    (void)close(h->to_child[1]);
    if (seam.acquire(seam.self, LOCK, 2000, &lock, &err) != RC_OK) _exit(4);
    (void)snprintf(line, sizeof line, "pid=%ld ts=now", (long)getpid());
    if (seam.write(seam.self, &lock, line, &err) != RC_OK) _exit(5);
    if (write(h->from_child[1], &byte, 1) != 1) _exit(6);
    _exit(read(h->to_child[0], &byte, 1) == 0 ? 0 : 7);
}

static struct holder
holder_start(const char *folder)
{
    struct holder h = {0};

    assert_int_equal(pipe(h.to_child), 0);
    assert_int_equal(pipe(h.from_child), 0);
    h.pid = fork();
    if (h.pid == 0) hold(folder, &h);
    assert_true(h.pid > 0);
    (void)close(h.to_child[0]);
    (void)close(h.from_child[1]);
    return h;
}

static void
holder_wait(const struct holder *h)
{
    char byte = 0;

    assert_int_equal(read(h->from_child[0], &byte, 1), 1);
}

static int
holder_end(struct holder *h)
{
    int status = 0;

    (void)close(h->to_child[1]);
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    (void)close(h->from_child[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_inspect_does_not_make_the_lock_file(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct lock_sight s = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        s = inspect_lock(tmpdir_path(&dir, LOCK));
    assert_false(s.exists);
    assert_int_equal(s.held, LOCK_SEEN_FREE);
    assert_int_equal(tmpdir_count(&dir, ""), 0);
    assert_false(inspect_lock(tmpdir_path(&dir, "no/such/folder")).exists);
}

static void
test_inspect_sees_who_holds_the_lock(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct holder h = holder_start(dir.path);

    (void)state;
    holder_wait(&h);
    struct lock_sight s = inspect_lock(tmpdir_path(&dir, LOCK));
    assert_true(s.exists);
    assert_int_equal(s.held, LOCK_SEEN_HELD);
    assert_int_equal(s.named_pid, h.pid);
    assert_true(inspect_is_alive(h.pid));
    assert_int_equal(holder_end(&h), 0);

    s = inspect_lock(tmpdir_path(&dir, LOCK));
    assert_true(s.exists);
    assert_int_equal(s.held, LOCK_SEEN_FREE);
    assert_int_equal(s.named_pid, h.pid);
    assert_false(inspect_is_alive(h.pid));
}

/* A lock that a living process is said to hold and does not. */
static void
test_inspect_sees_that_a_living_process_let_go(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char line[64];

    (void)state;
    (void)snprintf(line, sizeof line, "pid=%ld ts=now\n", (long)getpid());
    tmpdir_write(&dir, LOCK, line);
    struct lock_sight s = inspect_lock(tmpdir_path(&dir, LOCK));
    assert_int_equal(s.held, LOCK_SEEN_FREE);
    assert_int_equal(s.named_pid, getpid());
}

/* The table shows a shared lock as READ, which is not the daemon's; so the lock itself is asked. */
static void
test_inspect_a_reader_of_the_lock_file_is_no_holder(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char line[64];

    (void)state;
    (void)snprintf(line, sizeof line, "pid=%ld\n", (long)getpid());
    tmpdir_write(&dir, LOCK, line);
    int fd = open(tmpdir_path(&dir, LOCK), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_SH), 0);
    /* Shared with shared is granted: the question was asked, and took nothing away. */
    assert_int_equal(inspect_lock(tmpdir_path(&dir, LOCK)).held, LOCK_SEEN_FREE);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(inspect_lock(tmpdir_path(&dir, LOCK)).held, LOCK_SEEN_HELD);
    (void)close(fd);
}

static void
test_inspect_reads_the_last_line_that_is_not_blank(void **state)
{
    static const struct {
        const char *name, *text;
        int64_t pid;
    } cases[] = {
        {"one line",         "pid=41 ts=x\n",                    41},
        {"grown file",       "pid=40 ts=x\npid=41 ts=y\n",       41},
        {"blank lines",      "pid=41 ts=x\n\n  \n",              41},
        {"no newline",       "pid=41",                           41},
        {"empty",            "",                                 0 },
        {"names nobody",     "pid=40 ts=x\nstarting\n",          0 },
        {"no number",        "pid=abc\n",                        0 },
        {"beyond a number",  "pid=99999999999999999999999999\n", 0 },
        {"beyond a process", "pid=99999999999\n",                0 },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tmpdir_write(&dir, LOCK, cases[i].text);
        if (inspect_lock(tmpdir_path(&dir, LOCK)).named_pid != cases[i].pid)
            fail_msg("%s", cases[i].name);
    }
}

static void
test_inspect_reads_the_end_of_a_file_that_grew_for_years(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    for (int i = 1; i <= 5000; i++)
        text_printf(&t, "pid=%d ts=2026-01-20T17:00:00+00:00\n", i);
    tmpdir_write(&dir, LOCK, text_str(&t));
    assert_int_equal(inspect_lock(tmpdir_path(&dir, LOCK)).named_pid, 5000);
}

static void
test_inspect_a_process_that_waits_to_be_collected_is_dead(void **state)
{
    pid_t pid = fork();
    siginfo_t info;

    (void)state;
    if (pid == 0) _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0); /* a zombie now */
    assert_false(inspect_is_alive(pid));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(inspect_is_alive(getpid()));
    assert_false(inspect_is_alive(0));
    assert_false(inspect_is_alive(-1));
    assert_false(inspect_is_alive(INT64_C(1) << 40));
}

/* T-24: a daemon that starts while the sentinel looks again and again gets its lock. */
static void
test_inspect_a_thousand_looks_do_not_disturb_a_start(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    char line[64];

    (void)state;
    for (int round = 0; round < 10; round++) {
        /* The worst case: the file names a living process, so the lock itself is asked. */
        (void)snprintf(line, sizeof line, "pid=%ld\n", (long)getpid());
        tmpdir_write(&dir, LOCK, line);
        struct holder h = holder_start(dir.path);
        for (int i = 0; i < 100; i++)
            (void)inspect_lock(tmpdir_path(&dir, LOCK));
        holder_wait(&h);
        struct lock_sight s = inspect_lock(tmpdir_path(&dir, LOCK));
        assert_int_equal(s.held, LOCK_SEEN_HELD);
        assert_int_equal(s.named_pid, h.pid);
        assert_int_equal(holder_end(&h), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect_does_not_make_the_lock_file),
        cmocka_unit_test(test_inspect_sees_who_holds_the_lock),
        cmocka_unit_test(test_inspect_sees_that_a_living_process_let_go),
        cmocka_unit_test(test_inspect_a_reader_of_the_lock_file_is_no_holder),
        cmocka_unit_test(test_inspect_reads_the_last_line_that_is_not_blank),
        cmocka_unit_test(test_inspect_reads_the_end_of_a_file_that_grew_for_years),
        cmocka_unit_test(test_inspect_a_process_that_waits_to_be_collected_is_dead),
        cmocka_unit_test(test_inspect_a_thousand_looks_do_not_disturb_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
