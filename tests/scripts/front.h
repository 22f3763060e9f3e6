/*
 * Runs the real `stockbot` as a user does and looks at what it says and how it ends.
 */
#ifndef TESTS_SCRIPTS_FRONT_H
#define TESTS_SCRIPTS_FRONT_H

#include "tests/lib/check.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum { FRONT_ARGS_MAX = 24 };

/* One run: the process and the file its output goes to. */
struct front {
    pid_t pid;
    char out_path[PATH_MAX];
    int status; /* exit status, or minus the signal */
    struct text out;
};

UNUSED static const char *
front_program(void)
{
    static char path[PATH_MAX];
    const char *build = getenv("STOCKBOT_BUILD");

    (void)snprintf(path, sizeof(path), "%s/stockbot",
                   build != NULL && build[0] != '\0' ? build : "build");
    return path;
}

/* Starts a program of ours; args ends with NULL.  Standard output and error go to <dir>/<name>. */
UNUSED static void
front_start_program(struct front *f, const char *program, const char *dir, const char *name,
                    const char *const *args)
{
    const char *argv[FRONT_ARGS_MAX + 2] = {program};
    size_t n = 1;

    for (; args[n - 1] != NULL; n++) {
        assert_true(n < FRONT_ARGS_MAX);
        argv[n] = args[n - 1];
    }
    *f = (struct front){0};
    (void)snprintf(f->out_path, sizeof(f->out_path), "%s/%s", dir, name);
    (void)fflush(NULL);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid > 0) return;
    int fd = open(f->out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) _exit(127);
    (void)setenv("TERM", "dumb", 1);
    (void)execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

UNUSED static void
front_start(struct front *f, const char *dir, const char *name, const char *const *args)
{
    front_start_program(f, front_program(), dir, name, args);
}

UNUSED static void
front_wait(struct front *f)
{
    int status = 0;

    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    f->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    text_clear(&f->out);
    check_read_file(f->out_path, &f->out);
}

UNUSED static void
front_run_program(struct front *f, const char *program, const char *dir, const char *name,
                  const char *const *args)
{
    front_start_program(f, program, dir, name, args);
    front_wait(f);
    if (f->status == 127) fail_msg("%s cannot be run", program);
}

UNUSED static void
front_run(struct front *f, const char *dir, const char *name, const char *const *args)
{
    front_run_program(f, front_program(), dir, name, args);
}

UNUSED static void
front_done(struct front *f)
{
    text_free(&f->out);
}

/*
 * A copy of the program in a folder of its own, <dir>/bin/real, beside a script under the name that
 * it starts its steps by: what those do is the test's to say.
 */
UNUSED static const char *
front_install(const struct tmpdir *dir, const char *script)
{
    CLEANUP(text_free) struct text program = {0};

    check_read_file(front_program(), &program);
    assert_int_equal(mkdir(tmpdir_path(dir, "bin"), 0700), 0);
    tmpdir_write(dir, "bin/stockbot", script);
    assert_int_equal(chmod(tmpdir_path(dir, "bin/stockbot"), 0700), 0);
    tmpdir_write_bytes(dir, "bin/real", text_str(&program), program.len);
    assert_int_equal(chmod(tmpdir_path(dir, "bin/real"), 0700), 0);
    return tmpdir_path(dir, "bin/real");
}

/* Shows the whole output when the promise is broken. */
#define front_expect(f, fact)                                                                      \
    do {                                                                                           \
        if (!(fact))                                                                               \
            fail_msg("%s\nstatus %d, output:\n%s", #fact, (f)->status, text_str(&(f)->out));       \
    } while (0)

UNUSED static bool
front_says(const struct front *f, const char *words)
{
    return strstr(text_str(&f->out), words) != NULL;
}

#endif
