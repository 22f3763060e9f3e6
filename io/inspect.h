/*
 * inspect: looks at other processes from outside and leaves them as they are.
 *
 * For health checks: nothing here makes a file, and a process that is about to take its lock does
 * not lose it because somebody looked.
 */
#ifndef IO_INSPECT_H
#define IO_INSPECT_H

#include "base/err.h"

/* Runs, or sleeps; one that has ended and waits to be collected does not count. */
bool inspect_is_alive(int64_t pid);

enum lock_seen {
    LOCK_SEEN_FREE,
    LOCK_SEEN_HELD,
    LOCK_SEEN_UNKNOWN /* the system does not tell */
};

/* What can be known of an flock() lock file without asking for the lock. */
struct lock_sight {
    bool exists;
    int64_t named_pid; /* after "pid=" in its last line that is not blank; 0 = none */
    enum lock_seen held;
};

/*
 * The lock file as it stands; absent is a sight like others.
 *
 * The kernel's table (/proc/locks) says who holds an flock() on the file.  It leaves out holders in
 * another process namespace, and some file systems are numbered otherwise there; so where it says
 * nothing while the named process lives, or cannot be read, a shared lock is tried for an instant:
 * refused means held.  A daemon that starts at that very instant waits for its lock longer than
 * that.
 *
 * path  absolute, or relative to the working folder
 */
struct lock_sight inspect_lock(const char *path);

#endif
