/*
 * child: starts a program, signals it and learns how it ended, without ever meaning another
 * process: what is held is a pidfd, not a number.
 *
 * The child gets /dev/null as standard input, default signal handlers, an empty signal mask and no
 * descriptor but 0, 1, 2 and its end of the progress pipe (base/progress.h).  Its environment is
 * ours with additions.  Secrets go through the environment, never through the arguments, which
 * everybody can read.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <sys/types.h>

#include "base/err.h"

struct child_spec {
    const char *const *argv; /* argv[0] is the program's path (no search); ends with NULL */
    const char *const *env;  /* "NAME=value" sets, "NAME" leaves out; ends with NULL; may be NULL */
    int stdout_fd, stderr_fd; /* -1 = ours */
    int progress_fd;  /* write end of a progress pipe, becomes STOCKBOT_PROGRESS_FD; -1 = none */
    int death_signal; /* what the kernel sends the child when we die; 0 = nothing */
    bool is_group_leader; /* its own process group: a Ctrl-C at the terminal is ours alone */
};

struct child {
    pid_t pid; /* 0 = none */
    int pidfd; /* -1 = none; readable once the child has ended */
};
#define CHILD_NONE ((struct child){0, -1})

/* RC_NOT_FOUND or RC_IO where the program cannot be started: the child then never was. */
enum rc child_spawn(const struct child_spec *spec, struct child *ret_child,
                    struct err *err) MUST_USE;

/* RC_NOT_FOUND once it has ended. */
enum rc child_signal(const struct child *c, int signal_number, struct err *err) MUST_USE;

/*
 * Has it ended?  If so it is reaped, the descriptor is closed and c becomes CHILD_NONE.
 *
 * wait        false: looks only; true: waits for the end
 * ret_status  0..255 what it passed to exit(), negative: the signal that ended it; only when ended
 */
enum rc child_reap(struct child *c, bool wait, bool *ret_has_ended, int *ret_status,
                   struct err *err) MUST_USE;

/* A pipe for progress records: [0] is ours; [1] is for child_spec, to be closed after the spawn. */
enum rc child_progress_pipe(int ret_fds[2], struct err *err) MUST_USE;

#endif
