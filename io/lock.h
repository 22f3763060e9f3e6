/*
 * lock: flock() on files under the root, behind the seam of base/lock.h.
 *
 * The descriptor closes on exec, so a child never holds its parent's lock.  A lock file that was
 * deleted or replaced while we waited for it is opened anew: a lock on a file without a name keeps
 * nobody out.
 *
 * What cannot be opened heals: permissions are given back, so that a holder of the file stays one;
 * a directory in its place is renamed to <path>.corrupted.<n>.  The event state_self_healed tells;
 * without a log nothing is touched.
 */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include <sys/types.h>

#include "base/lock.h"
#include "base/log.h"

struct posix_locks {
    int root_fd;
    const struct log *log; /* NULL: heals nothing; may be set once the logger exists; borrowed */
};

/* Opens the root, which must exist, without a log; locks_close gives it back, held locks stay held.
 */
enum rc locks_open(const char *root, struct posix_locks *ret_locks, struct err *err) MUST_USE;
void locks_close(struct posix_locks *l);

/* The seam; l must stay where it is while it is used. */
struct locks locks_seam(struct posix_locks *l);

/*
 * The number after "pid=" in a lock file, 0 where there is none.  What is written there is a hint
 * for people: whether the lock is held only acquire can tell.
 */
pid_t lock_holder_pid(const struct posix_locks *l, const char *path);

#endif
