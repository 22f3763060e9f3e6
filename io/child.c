#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/text.h"

enum {
    FD_PROGRESS = 3, /* where the child finds its progress pipe          */
    FD_REPORT = 4,   /* tells the parent why the program did not start   */
    FD_KEEP_MIN = 16 /* descriptors are moved above this before they are put in place */
};

/* What the child needs, prepared before the fork: between fork and exec nothing is allocated. */
struct plan {
    const struct child_spec *spec;
    char *const *argv;
    char **envp;
    char progress_env[sizeof PROGRESS_ENV + 16];
    pid_t parent;
    int null_fd, report_fd;
};

/* ---- the environment ----------------------------------------------------------------------- */

static size_t
count(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

static bool
same_name(const char *a, const char *b)
{
    size_t len = strcspn(b, "=");
    return strncmp(a, b, len) == 0 && (a[len] == '=' || a[len] == '\0');
}

static bool
is_overridden(const char *const *list, const char *var)
{
    for (; list != NULL && *list != NULL; list++)
        if (same_name(*list, var)) return true;
    return false;
}

/* execve() takes pointers to char that it does not write through. */
static char *
unconst(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {.in = s};
    return u.out;
}

static enum rc
build_environment(struct plan *p, struct err *err)
{
    const char *const *own = (const char *const *)environ;
    const char *const *extra = p->spec->env;
    p->envp = calloc(count(own) + count(extra) + 2, sizeof *p->envp);
    if (p->envp == NULL) return err_set(err, RC_NOMEM, "out of memory");

    size_t n = 0;
    for (size_t i = 0; own != NULL && own[i] != NULL; i++)
        if (!is_overridden(extra, own[i]) && !same_name(own[i], PROGRESS_ENV))
            p->envp[n++] = unconst(own[i]);
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        if (strchr(extra[i], '=') != NULL) p->envp[n++] = unconst(extra[i]);
    if (p->spec->progress_fd >= 0) {
        (void)snprintf(p->progress_env, sizeof p->progress_env, "%s=%d", PROGRESS_ENV, FD_PROGRESS);
        p->envp[n++] = p->progress_env;
    }
    return RC_OK;
}

/* ---- in the child: only async-signal-safe calls -------------------------------------------- */

static NORETURN void
give_up(int report_fd)
{
    int failed = errno;
    ssize_t n = write(report_fd, &failed, sizeof failed);
    _exit(n == (ssize_t)sizeof failed ? 127 : 126);
}

static void
reset_signals(int report_fd)
{
    for (int s = 1; s < NSIG; s++)
        if (s != SIGKILL && s != SIGSTOP)
            (void)signal(s, SIG_DFL); /* refused for the C library's own two */
    sigset_t none;
    if (sigemptyset(&none) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0) give_up(report_fd);
}

/* Copies a descriptor out of the way of the places 0..4. */
static int
lift(int fd, int report_fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_KEEP_MIN);
    if (high < 0) give_up(report_fd);
    return high;
}

static void
place(int fd, int where, int report_fd)
{
    if (dup2(fd, where) < 0) give_up(report_fd);
}

static NORETURN void
run_child(const struct plan *p)
{
    const struct child_spec *s = p->spec;
    int report_fd = p->report_fd;
    reset_signals(report_fd);
    if (s->is_group_leader && setpgid(0, 0) != 0) give_up(report_fd);
    if (s->death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, s->death_signal) != 0) give_up(report_fd);
        if (getppid() != p->parent) _exit(126); /* it died before we had asked for the signal */
    }
    int report = lift(report_fd, report_fd);
    int in = lift(p->null_fd, report);
    int out = lift(s->stdout_fd >= 0 ? s->stdout_fd : STDOUT_FILENO, report);
    int error = lift(s->stderr_fd >= 0 ? s->stderr_fd : STDERR_FILENO, report);
    int progress = s->progress_fd >= 0 ? lift(s->progress_fd, report) : -1;
    place(in, STDIN_FILENO, report);
    place(out, STDOUT_FILENO, report);
    place(error, STDERR_FILENO, report);
    if (progress >= 0)
        place(progress, FD_PROGRESS, report);
    else
        (void)close(FD_PROGRESS); /* may not be open */
    if (dup3(report, FD_REPORT, O_CLOEXEC) < 0) give_up(report);
    if (close_range(FD_REPORT + 1, ~0U, 0) != 0) give_up(FD_REPORT);
    (void)execve(p->argv[0], p->argv, p->envp); /* returns only on failure */
    give_up(FD_REPORT);
}

/* ---- in the parent ------------------------------------------------------------------------- */

static void
close_fd(int fd)
{
    if (fd >= 0) (void)close(fd); /* nothing that could be lost was written through these */
}

/* Reads the child's report: nothing once exec has closed it, else the errno of what failed. */
static enum rc
await_exec(int fd, const struct plan *p, struct err *err)
{
    int failed = 0;
    ssize_t n = 0;
    do {
        n = read(fd, &failed, sizeof failed);
    } while (n < 0 && errno == EINTR);
    if (n == 0) return RC_OK;
    if (n != (ssize_t)sizeof failed) failed = n < 0 ? errno : EIO;
    return err_sys(err, failed == ENOENT ? RC_NOT_FOUND : RC_IO, failed, "%s", p->argv[0]);
}

static enum rc
fork_child(struct plan *p, int read_end, struct child *ret_child, struct err *err)
{
    p->parent = getpid();
    pid_t pid = fork();
    if (pid < 0) return err_sys(err, RC_IO, errno, "fork");
    if (pid == 0) run_child(p);

    close_fd(p->report_fd); /* else the child's end would not be the last one */
    p->report_fd = -1;
    enum rc rc = await_exec(read_end, p, err);
    int pidfd = rc == RC_OK ? pidfd_open(pid, 0) : -1;
    if (rc == RC_OK && pidfd < 0) {
        rc = err_sys(err, RC_IO, errno, "pidfd_open");
        (void)kill(pid, SIGKILL); /* ours and not reaped: the number cannot be another process's */
    }
    if (rc != RC_OK) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        return rc;
    }
    *ret_child = (struct child){pid, pidfd};
    return RC_OK;
}

enum rc
child_spawn(const struct child_spec *spec, struct child *ret_child, struct err *err)
{
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = spec->argv};
    struct plan p = {.spec = spec, .argv = argv.out, .null_fd = -1, .report_fd = -1};
    int pipe_fds[2] = {-1, -1};
    enum rc rc = build_environment(&p, err);
    if (rc == RC_OK && (p.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        rc = err_sys(err, RC_IO, errno, "/dev/null");
    if (rc == RC_OK && pipe2(pipe_fds, O_CLOEXEC) != 0) rc = err_sys(err, RC_IO, errno, "pipe");
    p.report_fd = pipe_fds[1];
    if (rc == RC_OK) rc = fork_child(&p, pipe_fds[0], ret_child, err);

    close_fd(pipe_fds[0]);
    close_fd(p.report_fd);
    close_fd(p.null_fd);
    free(p.envp);
    return rc == RC_OK ? RC_OK : err_wrap(err, "start");
}

enum rc
child_signal(const struct child *c, int signal_number, struct err *err)
{
    if (c->pidfd < 0) return err_set(err, RC_NOT_FOUND, "no process");
    if (pidfd_send_signal(c->pidfd, signal_number, NULL, 0) == 0) return RC_OK;
    return err_sys(err, errno == ESRCH ? RC_NOT_FOUND : RC_IO, errno, "signal %d to process %ld",
                   signal_number, (long)c->pid);
}

enum rc
child_reap(struct child *c, bool wait, bool *ret_has_ended, int *ret_status, struct err *err)
{
    siginfo_t info = {0};
    if (c->pidfd < 0) return err_set(err, RC_NOT_FOUND, "no process");
    int failed = 0;
    do {
        failed =
            waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | (wait ? 0 : WNOHANG)) != 0 ? errno : 0;
    } while (failed == EINTR);
    if (failed != 0) return err_sys(err, RC_IO, failed, "wait for process %ld", (long)c->pid);
    *ret_has_ended = info.si_pid != 0;
    if (info.si_pid == 0) return RC_OK;
    *ret_status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    close_fd(c->pidfd);
    *c = CHILD_NONE;
    return RC_OK;
}

enum rc
child_progress_pipe(int ret_fds[2], struct err *err)
{
    /* Both ends: the child must not wait for a supervisor that does not read. */
    if (pipe2(ret_fds, O_CLOEXEC | O_NONBLOCK) == 0) return RC_OK;
    return err_sys(err, RC_IO, errno, "progress pipe");
}
