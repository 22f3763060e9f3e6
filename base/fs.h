/*
 * The file seam.  Paths are relative to the root directory that the implementation was opened on
 * (STOCKBOT_ROOT), or absolute.
 *
 * Implementations: io/fs.c (POSIX) and sim/faulty_fs.c (fails its nth call, fills up, tears
 * writes).
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/err.h"
#include "base/text.h"

struct fs_stat {
    bool exists;
    bool is_dir;
    int64_t size;
    int64_t mtime_ns;
    uint64_t inode;
};

/* Nobody has touched the file between the two looks, as far as a look can tell. */
static inline bool
fs_is_same(const struct fs_stat *a, const struct fs_stat *b)
{
    return a->exists == b->exists && a->is_dir == b->is_dir && a->inode == b->inode &&
           a->size == b->size && a->mtime_ns == b->mtime_ns;
}

struct fs {
    void *self;
    /* The whole file, at most max bytes (RC_RANGE beyond); RC_NOT_FOUND where there is none. */
    enum rc (*read_all)(void *self, const char *path, size_t max, struct text *ret_bytes,
                        struct err *err);
    /* Old file or new one, never half: temporary file beside it, fsync, rename, fsync of the
     * folder. keep_prev: the old generation stays as <path>.prev. */
    enum rc (*replace)(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
                       struct err *err);
    /* One write() of the bytes on an append descriptor; the folder is made when missing. */
    enum rc (*append)(void *self, const char *path, const char *bytes, size_t len, struct err *err);
    enum rc (*rename)(void *self, const char *from, const char *to, struct err *err);
    enum rc (*remove)(void *self, const char *path,
                      struct err *err); /* RC_NOT_FOUND where there is none */
    /* Absent is RC_OK. */
    enum rc (*stat)(void *self, const char *path, struct fs_stat *ret_stat, struct err *err);
    enum rc (*make_dir)(void *self, const char *path,
                        struct err *err); /* with parents; existing is RC_OK */
    /* Names in a folder, sorted, without . and ..; calls each(ctx, name) until it returns false. */
    enum rc (*list)(void *self, const char *path, bool (*each)(void *ctx, const char *name),
                    void *ctx, struct err *err);
    /* At most max bytes from the offset on, fewer at the end of the file, none (RC_OK) beyond it:
     * the tail of a log without the log. RC_NOT_FOUND where there is no file.  The room of
     * ret_bytes is used again; after a failure it is empty or as it was. */
    enum rc (*read_at)(void *self, const char *path, int64_t offset, size_t max,
                       struct text *ret_bytes, struct err *err);
};

#endif
