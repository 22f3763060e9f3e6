#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum { ARGS_BYTES_MAX = 4096 };

bool
surround_in_session(const struct supervisor *s)
{
    /* Without a zone table every hour may be one of trading: the shorter delays are the careful
     * choice. */
    if (s->new_york == NULL) return true;
    return calendar_phase(s->new_york, clock_now(s->seams.clock)) == PHASE_OPEN;
}

/* ---- locks ----------------------------------------------------------------------------------- */

/* Taking it and giving it back at once shows that nobody holds it (R1.11). */
static bool
is_foreign(const struct supervisor *s, const char *lock_path)
{
    const struct locks *locks = s->seams.locks;
    struct lock lock = LOCK_NONE;
    const enum rc rc = locks->acquire(locks->self, lock_path, 0, &lock, NULL);

    if (rc == RC_OK) locks->release(locks->self, &lock);
    return rc == RC_BUSY; /* a lock that cannot even be tried is for the service itself to complain
                             about */
}

enum obstacle
surround_obstacle(struct supervisor *s, struct service *svc)
{
    const struct service_rules *rules = svc->rules;

    svc->holder = 0;
    if (rules->lock_path != NULL && is_foreign(s, rules->lock_path)) {
        svc->holder = lock_holder_pid(s->seams.lock_files, rules->lock_path);
        return OBSTACLE_FOREIGN_LOCK;
    }
    if (access(svc->program, X_OK) != 0) return OBSTACLE_NO_PROGRAM;
    if (rules->needs_secrets && s->missing_len > 0) return OBSTACLE_NO_SECRETS;
    return OBSTACLE_NONE;
}

/* ---- leftovers ------------------------------------------------------------------------------- */

/*
 * Is that the command line of a child of ours?  An engine that somebody runs by hand carries
 * --standalone; it is not ours to end.  The command line, because /proc/N/exe of a process that
 * guards its secrets is closed.
 */
static bool
is_childs_command(const char *args, size_t len, const char *program)
{
    const char *name = strrchr(args, '/');

    if (!str_eq(name == NULL ? args : name + 1, program)) return false;
    for (const char *arg = args; arg < args + len; arg += strlen(arg) + 1) {
        if (str_eq(arg, "--standalone")) return false;
    }
    return true;
}

/* Reads at most size - 1 bytes of a small file; 0 where it cannot be read. */
static size_t
read_small(const char *path, char *buf, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = 0;

    buf[0] = '\0';
    if (fd < 0) return 0;
    do {
        n = read(fd, buf, size - 1);
    } while (n < 0 && errno == EINTR);
    (void)close(fd); /* only read from */
    n = MAX(n, 0);
    buf[n] = '\0';
    return (size_t)n;
}

static bool
is_leftover(pid_t pid, const char *program)
{
    char path[32], args[ARGS_BYTES_MAX];

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid); /* fits */
    const size_t len = read_small(path, args, sizeof args);

    return len > 0 && is_childs_command(args, len, program);
}

/*
 * The descriptor is taken before the process is looked at, and the lock is looked at last: a number
 * that was given to another process meanwhile cannot be hit.
 */
void
surround_evict(struct supervisor *s, struct service *svc)
{
    const pid_t pid = lock_holder_pid(s->seams.lock_files, svc->rules->lock_path);
    const int pid_fd = pid > 0 ? pidfd_open(pid, 0) : -1;

    if (pid_fd < 0) return;
    if (is_leftover(pid, svc->rules->program) && is_foreign(s, svc->rules->lock_path) &&
        pidfd_send_signal(pid_fd, SIGKILL, NULL, 0) == 0) {
        record(s, "SERVICE_LEFTOVER_KILLED", F_STR("service", svc->rules->name), F_I64("pid", pid));
        log_event(s->seams.log, EV_SERVICE_LEFTOVER_KILLED, F_STR("service", svc->rules->name),
                  F_I64("pid", pid));
    }
    (void)close(pid_fd); /* the signal is on its way */
}
