#include "scripts/step.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/child.h"
#include "io/share.h"

void
step_end_free(struct step_end *e)
{
    text_free(&e->out);
    text_free(&e->err);
}

const char *
step_said(const struct step_end *e)
{
    const char *all = text_str(e->err.len > 0 ? &e->err : &e->out);
    const char *newline = strrchr(all, '\n');

    return newline != NULL ? newline + 1 : all;
}

static void
fd_freep(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
}

static enum rc
catcher(int *ret_fd, struct err *err)
{
    *ret_fd = memfd_create("step", MFD_CLOEXEC);
    return *ret_fd >= 0 ? RC_OK : err_sys(err, RC_IO, errno, "catch the output of a step");
}

/* The last keep_max bytes without the white space at the end; 0: all of them. */
static void
read_caught(int fd, size_t keep_max, struct text *to)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || st.st_size == 0) return;
    size_t size = (size_t)st.st_size;
    size_t want = keep_max > 0 ? MIN(size, keep_max) : size;
    off_t at = (off_t)(size - want);
    text_reserve(to, want);
    while (to->len < want) {
        char buf[16384];
        ssize_t len = pread(fd, buf, MIN(sizeof buf, want - to->len), at + (off_t)to->len);

        if (len <= 0) break;
        text_add(to, buf, (size_t)len);
    }
    while (keep_max > 0 && to->len > 0 && strchr(" \t\r\n", to->data[to->len - 1]) != NULL)
        to->data[--to->len] = '\0';
}

/* False once the time is over. */
static bool
await_end(const struct child *c, const struct clock *clock, int64_t until_ns)
{
    struct pollfd fd = {.fd = c->pidfd, .events = POLLIN};

    for (;;) {
        int64_t left_ns = until_ns - clock_mono(clock);

        if (left_ns <= 0) return poll(&fd, 1, 0) > 0;
        if (poll(&fd, 1, (int)MIN(left_ns / NS_PER_MS + 1, 60000)) > 0) return true;
    }
}

/* Asked to end, then made to; one that is gone already is what was wanted. */
static void
end_it(const struct child *c, const struct clock *clock)
{
    struct err gone = {0};

    if (child_signal(c, SIGTERM, &gone) != RC_OK) return;
    if (await_end(c, clock, clock_mono(clock) + STEP_GRACE_S * NS_PER_S)) return;
    if (child_signal(c, SIGKILL, &gone) != RC_OK) return;
}

static enum rc
await(struct child *c, const struct clock *clock, int limit_s, int *ret_status, struct err *err)
{
    bool has_ended = false;
    int ended_by = 0;

    bool in_time = await_end(c, clock, clock_mono(clock) + limit_s * NS_PER_S);
    if (!in_time) end_it(c, clock);
    enum rc rc = child_reap(c, true, &has_ended, &ended_by, err);
    *ret_status = in_time ? ended_by : STEP_TIMED_OUT;
    return rc;
}

enum { ARGV_MAX = STEP_ARGS_MAX + 8 };

static enum rc
make_argv(const struct step *s, const char *program, const char *argv[ARGV_MAX], struct err *err)
{
    const char *const handed[][2] = {
        {"--root",   s->root  },
        {"--config", s->config},
        {"--as-of",  s->as_of }
    };
    size_t n = 0;

    argv[n++] = program;
    for (size_t i = 0; s->args[i] != NULL; i++) {
        if (i == STEP_ARGS_MAX) return err_set(err, RC_RANGE, "%s: too many options", s->args[0]);
        argv[n++] = s->args[i];
    }
    for (size_t i = 0; i < COUNT_OF(handed); i++) {
        if (handed[i][1] == NULL) continue;
        argv[n++] = handed[i][0];
        argv[n++] = handed[i][1];
    }
    argv[n] = NULL;
    return RC_OK;
}

enum rc
step_program(const char *const *argv, const char *const *env, int limit_s, size_t keep_max,
             const struct clock *clock, struct step_end *ret_end, struct err *err)
{
    CLEANUP(fd_freep) int out = -1;
    CLEANUP(fd_freep) int errors = -1;
    struct child child = CHILD_NONE;
    int64_t begun_ns = clock_mono(clock);

    *ret_end = (struct step_end){0};
    enum rc rc = catcher(&out, err);
    if (rc == RC_OK) rc = catcher(&errors, err);
    if (rc != RC_OK) return rc;
    const struct child_spec spec = {.argv = argv,
                                    .env = env,
                                    .stdout_fd = out,
                                    .stderr_fd = errors,
                                    .progress_fd = -1,
                                    .death_signal = SIGTERM};
    rc = child_spawn(&spec, &child, err);
    if (rc == RC_OK) rc = await(&child, clock, limit_s, &ret_end->status, err);
    ret_end->seconds = (double)(clock_mono(clock) - begun_ns) / (double)NS_PER_S;
    read_caught(out, keep_max, &ret_end->out);
    read_caught(errors, keep_max, &ret_end->err);
    return rc;
}

enum rc
step_run(const struct step *s, const struct clock *clock, struct step_end *ret_end, struct err *err)
{
    CLEANUP(text_free) struct text program = {0};
    const char *argv[ARGV_MAX];
    enum rc rc = share_program_folder(&program, err);

    *ret_end = (struct step_end){0};
    text_puts(&program, "/stockbot");
    if (rc == RC_OK) rc = make_argv(s, text_str(&program), argv, err);
    if (rc != RC_OK) return rc;
    return step_program(argv, s->env, s->limit_s, STEP_TAIL_MAX, clock, ret_end, err);
}
