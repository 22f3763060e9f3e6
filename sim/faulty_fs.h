/*
 * faulty_fs: a disk that fails when told to.  It wraps another one and passes on what it does not
 * refuse.
 *
 *   struct faulty_fs faulty;
 *   faulty_fs_init(&faulty, &real);
 *   for (faulty.fail_at = 1; ; faulty.fail_at++) { ... until the operation under test succeeds ...
 * }
 */
#ifndef SIM_FAULTY_FS_H
#define SIM_FAULTY_FS_H

#include "base/fs.h"

enum fs_op {
    FS_READ_ALL,
    FS_READ_AT,
    FS_REPLACE,
    FS_APPEND,
    FS_RENAME,
    FS_REMOVE,
    FS_STAT,
    FS_MAKE_DIR,
    FS_LIST,
    FS_OPS_LEN
};

enum disk_fault {
    FAULT_REFUSED, /* nothing happens, and it fails */
    FAULT_AFTER,   /* it happens, and fails all the same: the folder could not be synced */
    FAULT_TORN     /* an append writes torn_bytes and fails; else as FAULT_REFUSED */
};

struct faulty_fs {
    struct fs inner;

    /* The nth call fails. */
    int64_t fail_at; /* counted from 1 over the calls that ops selects; 0 = none */
    unsigned ops;    /* set of 1 << enum fs_op; 0 = all */
    bool is_lasting; /* the calls after it fail too */
    enum disk_fault kind;
    size_t torn_bytes;
    enum rc rc;    /* what it returns ... */
    int sys_errno; /* ... and the system's words for why */

    /* Conditions that last. */
    int64_t room_bytes; /* -1 = any; else writes take from it, and fail once it is used up: an
                           append writes what fits, as a full disk does */
    bool is_read_only;

    /* What happened. */
    int64_t calls; /* those that ops selects */
    int64_t calls_of[FS_OPS_LEN];
    int64_t failures;
};

/* No fault: fail_at 0, any room; kind REFUSED with RC_IO and "Input/output error". */
void faulty_fs_init(struct faulty_fs *f, const struct fs *inner);

/* The seam; f must stay where it is while it is used. */
struct fs faulty_fs_seam(struct faulty_fs *f);

#endif
