#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* what was written through it is a log line or a byte in a pipe */
    *fd = -1;
}

/* <log_dir>/<service>.out, -1 where the child shall inherit ours. */
static enum rc
open_output(const struct supervisor *s, const struct service *svc, int *ret_fd, struct err *err)
{
    char path[PATH_MAX];

    *ret_fd = -1;
    if (s->opt.log_dir == NULL) return RC_OK;
    if (snprintf(path, sizeof path, "%s/%s.out", s->opt.log_dir, svc->rules->name) >=
        (int)sizeof path)
        return err_set(err, RC_RANGE, "%s: path too long", s->opt.log_dir);
    *ret_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    return *ret_fd >= 0 ? RC_OK : err_sys(err, RC_IO, errno, "%s", path);
}

static enum rc
start(struct supervisor *s, struct service *svc, int out_fd, struct err *err)
{
    int pipe_fds[2] = {-1, -1};
    enum rc rc = child_progress_pipe(pipe_fds, err);

    if (rc != RC_OK) return rc;
    s->env[s->env_len] = svc->rules->is_engine && svc->last_exit[0] != '\0' ? svc->last_exit : NULL;
    s->env[s->env_len + 1] = NULL;
    const struct child_spec spec = {
        .argv = svc->argv,
        .env = s->env,
        .stdout_fd = out_fd,
        .stderr_fd = out_fd,
        .progress_fd = pipe_fds[1],
        .death_signal = SIGTERM,
    };

    rc = child_spawn(&spec, &svc->child, err);
    close_fd(&pipe_fds[1]);
    if (rc == RC_OK)
        svc->progress_fd = pipe_fds[0];
    else
        close_fd(&pipe_fds[0]);
    return rc;
}

bool
service_spawn(struct supervisor *s, struct service *svc)
{
    struct err err = {0};
    int out_fd = -1;
    enum rc rc = open_output(s, svc, &out_fd, &err);

    /* Better an engine whose words go elsewhere than none: a full disk must not keep it from its
     * exits. */
    if (rc != RC_OK) record_error(s, &err);
    rc = start(s, svc, out_fd, &err);
    close_fd(&out_fd);
    if (rc != RC_OK) {
        (void)str_copy(svc->error, sizeof svc->error, err.text);
        return false;
    }
    svc->pid = svc->child.pid;
    svc->last = (struct progress){0};
    svc->killed_ns = NEVER_NS;
    svc->cycle_ns = sup_mono(s);
    svc->error[0] = '\0';
    return true;
}

void
service_signal(const struct service *svc, int signum)
{
    /* It may have ended by itself since: the loop will see that. */
    (void)!child_signal(&svc->child, signum, NULL);
}

bool
service_next_progress(struct service *svc, struct progress *ret_record)
{
    struct progress rec;
    ssize_t n = 0;

    if (svc->progress_fd < 0) return false;
    do {
        n = read(svc->progress_fd, &rec, sizeof rec);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return false;
    /* Its end was closed, or something else writes there: silence from now on, which the watchdog
     * judges. */
    if (n != (ssize_t)sizeof rec || rec.magic != PROGRESS_MAGIC) {
        close_fd(&svc->progress_fd);
        return false;
    }
    svc->last = rec;
    *ret_record = rec;
    return true;
}

bool
service_reap(struct supervisor *s, struct service *svc, int *ret_exit_code)
{
    struct err err = {0};
    bool has_ended = false;

    if (svc->child.pidfd < 0) return false;
    if (child_reap(&svc->child, false, &has_ended, ret_exit_code, &err) != RC_OK)
        record_error(s, &err);
    if (has_ended) close_fd(&svc->progress_fd);
    return has_ended;
}

void
service_forget(struct service *svc)
{
    close_fd(&svc->child.pidfd);
    close_fd(&svc->progress_fd);
}
