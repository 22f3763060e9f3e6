#include "sim/faulty_fs.h"

#include <errno.h>

/* What becomes of one call. */
enum verdict { PASS, FAIL, PASS_AND_FAIL };

void
faulty_fs_init(struct faulty_fs *f, const struct fs *inner)
{
    *f = (struct faulty_fs){.inner = *inner, .rc = RC_IO, .sys_errno = EIO, .room_bytes = -1};
}

static bool
writes(enum fs_op op)
{
    return op == FS_REPLACE || op == FS_APPEND || op == FS_RENAME || op == FS_REMOVE ||
           op == FS_MAKE_DIR;
}

static enum rc
fail(struct faulty_fs *f, const char *path, enum rc rc, int sys_errno, struct err *err)
{
    f->failures++;
    return err_sys(err, rc, sys_errno, "%s", path);
}

/* Counts the call; FAIL and PASS_AND_FAIL have written the words into planned. */
static enum verdict
judge(struct faulty_fs *f, enum fs_op op, const char *path, struct err *planned)
{
    bool is_selected = f->ops == 0 || (f->ops & 1U << op) != 0;
    f->calls_of[op]++;
    if (is_selected) f->calls++;
    if (f->is_read_only && writes(op)) {
        (void)fail(f, path, RC_IO, EROFS, planned);
        return FAIL;
    }
    bool is_due = f->fail_at > 0 && is_selected &&
                  (f->is_lasting ? f->calls >= f->fail_at : f->calls == f->fail_at);
    if (!is_due) return PASS;
    (void)fail(f, path, f->rc, f->sys_errno, planned);
    return f->kind == FAULT_AFTER ? PASS_AND_FAIL : FAIL;
}

/* The result of a call whose inner part, if it was made, gave rc. */
static enum rc
settle(enum verdict v, enum rc rc, const struct err *planned, struct err *err)
{
    if (v == PASS || rc != RC_OK) return rc;
    return err_set(err, planned->code, "%s", planned->text);
}

/* True if that many bytes still fit, which are then taken. */
static bool
take_room(struct faulty_fs *f, size_t len)
{
    if (f->room_bytes < 0) return true;
    if ((uint64_t)f->room_bytes < len) return false;
    f->room_bytes -= (int64_t)len;
    return true;
}

static enum rc
seam_read_all(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_READ_ALL, path, &planned);
    if (v != PASS) return settle(v, RC_OK, &planned, err);
    return f->inner.read_all(f->inner.self, path, max, ret_bytes, err);
}

static enum rc
seam_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
             struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_READ_AT, path, &planned);
    if (v != PASS) return settle(v, RC_OK, &planned, err);
    return f->inner.read_at(f->inner.self, path, offset, max, ret_bytes, err);
}

static enum rc
seam_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
             struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_REPLACE, path, &planned);
    if (v == FAIL) return settle(v, RC_OK, &planned, err);
    if (!take_room(f, len)) return fail(f, path, RC_IO, ENOSPC, err);
    return settle(v, f->inner.replace(f->inner.self, path, bytes, len, keep_prev, err), &planned,
                  err);
}

/* Writes the first part of a record and fails. */
static enum rc
tear(struct faulty_fs *f, const char *path, const char *bytes, size_t len, size_t part,
     struct err *err)
{
    enum rc rc = part == 0 ? RC_OK : f->inner.append(f->inner.self, path, bytes, part, err);
    if (rc != RC_OK) return rc;
    return err_set(err, RC_IO, "%s: only %zu of %zu bytes were written", path, part, len);
}

static enum rc
seam_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_APPEND, path, &planned);
    if (v == FAIL && f->kind == FAULT_TORN && !f->is_read_only)
        return tear(f, path, bytes, len, MIN(f->torn_bytes, len), err);
    if (v == FAIL) return settle(v, RC_OK, &planned, err);
    if (!take_room(f, len)) {
        size_t part = (size_t)f->room_bytes;
        f->room_bytes = 0;
        enum rc rc = fail(f, path, RC_IO, ENOSPC, err);
        return part == 0 ? rc : tear(f, path, bytes, len, part, err);
    }
    return settle(v, f->inner.append(f->inner.self, path, bytes, len, err), &planned, err);
}

static enum rc
seam_rename(void *self, const char *from, const char *to, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_RENAME, from, &planned);
    if (v == FAIL) return settle(v, RC_OK, &planned, err);
    return settle(v, f->inner.rename(f->inner.self, from, to, err), &planned, err);
}

static enum rc
seam_remove(void *self, const char *path, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_REMOVE, path, &planned);
    if (v == FAIL) return settle(v, RC_OK, &planned, err);
    return settle(v, f->inner.remove(f->inner.self, path, err), &planned, err);
}

static enum rc
seam_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_STAT, path, &planned);
    if (v != PASS) return settle(v, RC_OK, &planned, err);
    return f->inner.stat(f->inner.self, path, ret_stat, err);
}

static enum rc
seam_make_dir(void *self, const char *path, struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_MAKE_DIR, path, &planned);
    if (v == FAIL) return settle(v, RC_OK, &planned, err);
    return settle(v, f->inner.make_dir(f->inner.self, path, err), &planned, err);
}

static enum rc
seam_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
          struct err *err)
{
    struct faulty_fs *f = self;
    struct err planned = {0};
    enum verdict v = judge(f, FS_LIST, path, &planned);
    if (v != PASS) return settle(v, RC_OK, &planned, err);
    return f->inner.list(f->inner.self, path, each, ctx, err);
}

struct fs
faulty_fs_seam(struct faulty_fs *f)
{
    return (struct fs){
        .self = f,
        .read_all = seam_read_all,
        .replace = seam_replace,
        .append = seam_append,
        .rename = seam_rename,
        .remove = seam_remove,
        .stat = seam_stat,
        .make_dir = seam_make_dir,
        .list = seam_list,
        .read_at = seam_read_at,
    };
}
