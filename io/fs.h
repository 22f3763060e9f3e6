/*
 * fs: the POSIX disk behind the seam of base/fs.h.
 *
 * Paths are relative to the root that was opened, or absolute.  Missing folders on the way to a
 * file that is written are made.  A written or appended file is never a symbolic link that somebody
 * put there.  Errors name the path and the system's words: "state/a.json: No space left on device".
 *
 *   fs.c         the seam
 *   fs_sweep.c   temporaries that a killed process left
 *
 * Temporary files are called ".<name>.<pid>.<n>.tmp" and lie beside their target (spec 10 R0.7).
 */
#ifndef IO_FS_H
#define IO_FS_H

#include "base/fs.h"

struct posix_fs {
    int root_fd;
    uint64_t temporaries; /* made by this process so far: the <n> of the next one */
};

enum {
    FS_LIST_MAX = 1000000 /* names of one folder */
};

/* Opens the root, which is made where it is missing.  fs_close gives it back. */
enum rc fs_open(const char *root, struct posix_fs *ret_fs, struct err *err) MUST_USE;
void fs_close(struct posix_fs *fs);

/* The seam; fs must stay where it is while it is used. */
struct fs fs_seam(struct posix_fs *fs);

/*
 * Removes temporaries that a process which is gone left in the folder; how many, in ret_removed.
 *
 * To be called at the start, before anything is written: files of this process's own number are
 * then left from an earlier life of it, as in a container whose processes always get the same
 * numbers.
 */
enum rc fs_sweep(struct posix_fs *fs, const char *folder, int *ret_removed,
                 struct err *err) MUST_USE;

#endif
