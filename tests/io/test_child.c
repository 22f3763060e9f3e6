#include "io/child.h"

#include "tests/lib/check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>

#include "base/progress.h"
#include "io/process.h"
#include "tests/lib/tmpdir.h"

static struct child_spec
spec_of(const char *const *argv)
{
    return (struct child_spec){.argv = argv, .stdout_fd = -1, .stderr_fd = -1, .progress_fd = -1};
}

static struct child
spawn(const struct child_spec *spec)
{
    struct child c = CHILD_NONE;
    struct err err = {0};
    if (child_spawn(spec, &c, &err) != RC_OK) fail_msg("%s", err.text);
    return c;
}

static int
wait_for(struct child *c)
{
    bool has_ended = false;
    int status = 0;
    struct err err = {0};
    if (child_reap(c, true, &has_ended, &status, &err) != RC_OK) fail_msg("%s", err.text);
    assert_true(has_ended);
    assert_int_equal(c->pidfd, -1);
    return status;
}

/* Runs a shell line and returns its standard output. */
static struct text
shell(const char *line, const char *const *env)
{
    int fds[2];
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    struct child_spec spec = spec_of(argv);
    struct text out = {0};
    char buf[4096];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    spec.env = env;
    spec.stdout_fd = fds[1];
    struct child c = spawn(&spec);
    (void)close(fds[1]);
    for (ssize_t n; (n = read(fds[0], buf, sizeof buf)) > 0;)
        text_add(&out, buf, (size_t)n);
    (void)close(fds[0]);
    assert_int_equal(wait_for(&c), 0);
    return out;
}

static size_t
open_fds(void)
{
    struct tmpdir self = {"/proc/self/fd"};
    return tmpdir_count(&self, "");
}

static void
test_child_tells_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        {"exit 0",        0       },
        {"exit 78",       78      },
        {"exit 255",      255     },
        {"kill -9 $$",    -SIGKILL},
        {"kill -ABRT $$", -SIGABRT},
    };
    size_t before = open_fds();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const argv[] = {"/bin/sh", "-c", cases[i].line, NULL};
        struct child_spec spec = spec_of(argv);
        struct child c = spawn(&spec);
        assert_int_equal(wait_for(&c), cases[i].status);
    }
    assert_int_equal(open_fds(), before);
}

static void
test_child_that_cannot_start_never_was(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    tmpdir_write(&dir, "text", "no program");
    static const struct {
        const char *name;
        enum rc rc;
        const char *words;
    } cases[] = {
        {"none", RC_NOT_FOUND, "/none: No such file or directory"},
        {"text", RC_IO,        "/text: Permission denied"        },
        {"",     RC_IO,        "/: Permission denied"            },
    };
    size_t before = open_fds();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const argv[] = {tmpdir_path(&dir, cases[i].name), NULL};
        struct child_spec spec = spec_of(argv);
        struct child c = CHILD_NONE;
        struct err err = {0};
        assert_int_equal(child_spawn(&spec, &c, &err), cases[i].rc);
        assert_true(str_starts(err.text, "start: ") && str_ends(err.text, cases[i].words));
        assert_int_equal(c.pidfd, -1);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be reaped */
    assert_int_equal(open_fds(), before);
}

static void
test_child_gets_only_its_descriptors(void **state)
{
    (void)state;
    int leak = fcntl(STDIN_FILENO, F_DUPFD, 200); /* open, and not close-on-exec */
    assert_true(leak >= 200);
    CLEANUP(text_free) struct text out = shell("ls /proc/self/fd; readlink /proc/self/fd/0", NULL);
    (void)close(leak);
    /* ls has 0, 1, 2 and the folder it reads */
    assert_string_equal(text_str(&out), "0\n1\n2\n3\n/dev/null\n");
}

static void
test_child_descriptors_may_stand_in_each_others_place(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    int out_fd = open(tmpdir_path(&dir, "out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int err_fd = open(tmpdir_path(&dir, "err"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int saved_in = fcntl(0, F_DUPFD_CLOEXEC, 50), saved_err = fcntl(2, F_DUPFD_CLOEXEC, 50);
    assert_int_equal(dup2(out_fd, 2),
                     2); /* what shall be its 1 is our 2, what shall be its 2 is our 0 */
    assert_int_equal(dup2(err_fd, 0), 0);
    const char *const argv[] = {"/bin/sh", "-c", "echo to-out; echo to-err >&2", NULL};
    struct child_spec spec = spec_of(argv);
    spec.stdout_fd = 2;
    spec.stderr_fd = 0;
    struct child c = spawn(&spec);
    int status = wait_for(&c);
    assert_int_equal(dup2(saved_in, 0), 0);
    assert_int_equal(dup2(saved_err, 2), 2);
    (void)close(saved_in);
    (void)close(saved_err);
    (void)close(out_fd);
    (void)close(err_fd);
    assert_int_equal(status, 0);
    CLEANUP(text_free) struct text out = tmpdir_read(&dir, "out"), error = tmpdir_read(&dir, "err");
    assert_string_equal(text_str(&out), "to-out\n");
    assert_string_equal(text_str(&error), "to-err\n");
}

static void
test_child_environment_is_ours_with_changes(void **state)
{
    (void)state;
    assert_int_equal(setenv("TEST_KEPT", "kept", 1), 0);
    assert_int_equal(setenv("TEST_CHANGED", "old", 1), 0);
    assert_int_equal(setenv("TEST_GONE", "here", 1), 0);
    static const char *const env[] = {"TEST_CHANGED=new", "TEST_GONE", "TEST_ADDED=a=b", NULL};
    CLEANUP(text_free)
    struct text out = shell(
        "echo $TEST_KEPT,$TEST_CHANGED,${TEST_GONE-unset},$TEST_ADDED,${STOCKBOT_PROGRESS_FD-none}",
        env);
    assert_string_equal(text_str(&out), "kept,new,unset,a=b,none\n");
}

/* Everybody can read the arguments of a process. */
static void
test_child_secret_in_the_environment_is_not_in_the_command_line(void **state)
{
    (void)state;
    static const char *const env[] = {"ALPACA_SECRET=hush", NULL};
    CLEANUP(text_free)
    struct text out = shell("echo $ALPACA_SECRET; tr '\\0' ' ' </proc/self/cmdline", env);
    assert_true(str_starts(text_str(&out), "hush\n"));
    assert_null(strstr(text_str(&out) + 5, "hush"));
}

static void
test_child_starts_with_default_signals(void **state)
{
    (void)state;
    sigset_t block, old;
    assert_int_equal(sigemptyset(&block), 0);
    assert_int_equal(sigaddset(&block, SIGTERM), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, &block, &old), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    CLEANUP(text_free) struct text out = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status", NULL);
    assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
    (void)signal(SIGPIPE, SIG_DFL);
    const char *blocked_text = strstr(text_str(&out), "SigBlk:\t");
    const char *ignored_text = strstr(text_str(&out), "SigIgn:\t");
    assert_non_null(blocked_text);
    assert_non_null(ignored_text);
    unsigned long long blocked = strtoull(blocked_text + strlen("SigBlk:\t"), NULL, 16);
    unsigned long long ignored = strtoull(ignored_text + strlen("SigIgn:\t"), NULL, 16);
    assert_int_equal(blocked, 0);
    /* Signals 32 and 33 are the C library's own: whoever started the tests may have left them
     * ignored, and nobody can set them. */
    assert_int_equal(ignored & ~(3ULL << 31), 0);
}

static void
test_child_is_signalled_and_seen_to_end(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sleep", "1000", NULL};
    struct child_spec spec = spec_of(argv);
    struct child c = spawn(&spec);
    struct err err = {0};
    bool has_ended = true;
    int status = 4711;
    assert_int_equal(child_reap(&c, false, &has_ended, &status, &err), RC_OK);
    assert_false(has_ended);
    assert_int_equal(status, 4711);

    assert_int_equal(child_signal(&c, SIGTERM, &err), RC_OK);
    struct pollfd fd = {.fd = c.pidfd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);                 /* the descriptor says so */
    assert_int_equal(child_signal(&c, SIGTERM, &err), RC_OK); /* not reaped: still ours */
    assert_int_equal(wait_for(&c), -SIGTERM);
    assert_int_equal(child_signal(&c, SIGTERM, &err), RC_NOT_FOUND);
    assert_int_equal(child_reap(&c, false, &has_ended, &status, &err), RC_NOT_FOUND);
}

static void
test_child_reports_progress_on_its_pipe(void **state)
{
    (void)state;
    int fds[2];
    struct err err = {0};
    assert_int_equal(child_progress_pipe(fds, &err), RC_OK);
    assert_true((fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
    const char *const argv[] = {
        "/bin/sh", "-c", "printf 12345678901234567890123456789012 >&$STOCKBOT_PROGRESS_FD", NULL};
    struct child_spec spec = spec_of(argv);
    spec.progress_fd = fds[1];
    struct child c = spawn(&spec);
    (void)close(fds[1]);
    assert_int_equal(wait_for(&c), 0);
    char record[sizeof(struct progress) + 1];
    assert_int_equal(read(fds[0], record, sizeof record), sizeof(struct progress));
    assert_int_equal(read(fds[0], record, sizeof record), 0); /* nobody else holds the other end */
    (void)close(fds[0]);
}

static void
test_child_dies_with_its_parent(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t parent = fork();
    if (parent == 0) {
        const char *const argv[] = {"/bin/sleep", "1000", NULL};
        struct child_spec spec = spec_of(argv);
        struct child c = CHILD_NONE;
        struct err err = {0};
        spec.death_signal = SIGKILL;
        spec.stdout_fd = fds[1]; /* held until the grandchild is gone */
        if (child_spawn(&spec, &c, &err) != RC_OK) _exit(1);
        _exit(0);
    }
    (void)close(fds[1]);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    struct pollfd fd = {.fd = fds[0], .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);
    char byte = 0;
    assert_int_equal(read(fds[0], &byte, 1), 0);
    (void)close(fds[0]);
}

/* In a process of its own: it cannot be undone. */
static void
test_process_guard_forbids_core_files_and_attaching(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = {0};
        struct tmpdir self = {"/proc/self"};
        if (process_guard_secrets(&err) != RC_OK) _exit(1);
        if (prctl(PR_GET_DUMPABLE) != 0) _exit(4);
        CLEANUP(text_free) struct text limits = tmpdir_read(&self, "limits");
        const char *core = strstr(text_str(&limits), "Max core file size");
        if (core == NULL) _exit(2);
        char *end = NULL;
        long soft = strtol(core + 18, &end, 10), hard = strtol(end, NULL, 10);
        _exit(soft == 0 && hard == 0 ? 0 : 3);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_tells_how_it_ended),
        cmocka_unit_test(test_child_that_cannot_start_never_was),
        cmocka_unit_test(test_child_gets_only_its_descriptors),
        cmocka_unit_test(test_child_descriptors_may_stand_in_each_others_place),
        cmocka_unit_test(test_child_environment_is_ours_with_changes),
        cmocka_unit_test(test_child_secret_in_the_environment_is_not_in_the_command_line),
        cmocka_unit_test(test_child_starts_with_default_signals),
        cmocka_unit_test(test_child_is_signalled_and_seen_to_end),
        cmocka_unit_test(test_child_reports_progress_on_its_pipe),
        cmocka_unit_test(test_child_dies_with_its_parent),
        cmocka_unit_test(test_process_guard_forbids_core_files_and_attaching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
