/*
 * The lock seam: advisory whole-file locks between processes (flock).
 *
 * A lock is held from acquire until release or the end of the process, however it ends.  The file
 * stays. Implementation: io/lock.c.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/err.h"

struct lock {
    int fd; /* -1 while not held */
};
#define LOCK_NONE ((struct lock){-1})

struct locks {
    void *self;
    /* RC_BUSY if somebody else still holds it after wait_ms (real time). */
    enum rc (*acquire)(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock,
                       struct err *err);
    /* Replaces what the lock file says ("pid=… ts=…"). */
    enum rc (*write)(void *self, const struct lock *lock, const char *line, struct err *err);
    void (*release)(void *self, struct lock *lock);
};

#endif
