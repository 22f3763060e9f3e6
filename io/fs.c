#include "io/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/when.h"

enum {
    MODE_FILE = 0640,
    MODE_FOLDER = 0750,
    TEMPORARY_TRIES = 1000 /* names left over from an earlier process of the same number */
};

static enum rc
fail(struct err *err, const char *path, int sys_errno)
{
    return err_sys(err, sys_errno == ENOENT ? RC_NOT_FOUND : RC_IO, sys_errno, "%s", path);
}

/* The folder part of a path, "." where there is none; cut at PATH_MAX, which open refuses too. */
static void
folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, PATH_MAX, "%s", path);
    if (slash == NULL)
        (void)snprintf(folder, PATH_MAX, ".");
    else if ((size_t)(slash - path) < PATH_MAX)
        folder[slash == path ? 1 : slash - path] = '\0';
}

static const char *
name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static enum rc
make_folders(int root_fd, const char *path, struct err *err)
{
    char part[PATH_MAX];
    if (!str_copy(part, sizeof part, path)) return fail(err, path, ENAMETOOLONG);
    for (char *at = part + 1; part[0] != '\0'; at++) {
        if (*at != '/' && *at != '\0') continue;
        char kept = *at;
        *at = '\0';
        if (mkdirat(root_fd, part, MODE_FOLDER) != 0 && errno != EEXIST)
            return fail(err, part, errno);
        *at = kept;
        if (kept == '\0') break;
    }
    struct stat st;
    if (fstatat(root_fd, path, &st, 0) != 0) return fail(err, path, errno);
    return S_ISDIR(st.st_mode) ? RC_OK : fail(err, path, ENOTDIR);
}

/*
 * openat, making the folder on the way where it is missing.  Gives -1 and the words on failure,
 * RC_BUSY for an exclusive name that is taken.  shown is the path that the words name.
 */
static int
open_for_writing(int root_fd, const char *path, const char *shown, int flags, enum rc *ret_rc,
                 struct err *err)
{
    char folder[PATH_MAX];
    /* O_NONBLOCK: never to wait for the reader of a pipe that somebody put there. */
    flags |= O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(root_fd, path, flags, MODE_FILE);
    if (fd < 0 && errno == ENOENT) {
        folder_of(path, folder);
        *ret_rc = make_folders(root_fd, folder, err);
        if (*ret_rc != RC_OK) return -1;
        fd = openat(root_fd, path, flags, MODE_FILE);
    }
    if (fd < 0) *ret_rc = err_sys(err, errno == EEXIST ? RC_BUSY : RC_IO, errno, "%s", shown);
    return fd;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A regular file, open for reading; -1 and the words otherwise. */
static int
open_for_reading(const struct posix_fs *fs, const char *path, struct stat *st, enum rc *ret_rc,
                 struct err *err)
{
    int fd = openat(fs->root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, st) != 0) {
        *ret_rc = fail(err, path, errno);
    } else if (S_ISDIR(st->st_mode)) {
        *ret_rc = fail(err, path, EISDIR);
    } else if (!S_ISREG(st->st_mode)) {
        *ret_rc = err_set(err, RC_IO, "%s: is no regular file", path);
    } else {
        return fd;
    }
    if (fd >= 0) (void)close(fd); /* nothing was written */
    return -1;
}

/* Reads on until the file ends or n bytes are there. */
static enum rc
read_up_to(int fd, int64_t offset, size_t n, const char *path, struct text *to, struct err *err)
{
    while (to->len < n) {
        if (to->cap <= to->len + 1) text_reserve(to, MIN(n - to->len, (size_t)64 << 10));
        size_t room = MIN(to->cap - to->len - 1, n - to->len);
        ssize_t got = pread(fd, to->data + to->len, room, offset + (int64_t)to->len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(err, path, errno);
        if (got == 0) break;
        to->len += (size_t)got;
        to->data[to->len] = '\0';
    }
    return RC_OK;
}

static enum rc
seam_read_all(void *self, const char *path, size_t max, struct text *ret_bytes, struct err *err)
{
    struct stat st;
    enum rc rc = RC_OK;
    int fd = open_for_reading(self, path, &st, &rc, err);
    if (fd < 0) return rc;

    struct text t = {0};
    text_reserve(&t, MIN((size_t)st.st_size, max) + 1);
    rc = read_up_to(fd, 0, max + 1, path, &t, err); /* one more: it may grow while it is read */
    (void)close(fd);                                /* nothing was written */
    if (rc == RC_OK && t.len > max)
        rc = err_set(err, RC_RANGE, "%s: more than %zu bytes", path, max);
    if (rc != RC_OK) {
        text_free(&t);
        return rc;
    }
    text_free(ret_bytes);
    *ret_bytes = t;
    return RC_OK;
}

static enum rc
seam_read_at(void *self, const char *path, int64_t offset, size_t max, struct text *ret_bytes,
             struct err *err)
{
    struct stat st;
    enum rc rc = RC_OK;
    if (offset < 0) return err_set(err, RC_RANGE, "%s: offset %lld", path, (long long)offset);
    int fd = open_for_reading(self, path, &st, &rc, err);
    if (fd < 0) return rc;

    struct text t = *ret_bytes; /* its room: whoever reads piece by piece asks for it once */
    *ret_bytes = (struct text){0};
    text_clear(&t);
    text_reserve(&t, MIN(max, (size_t)MAX(st.st_size - offset, 0)) + 1);
    rc = read_up_to(fd, offset, max, path, &t, err);
    (void)close(fd); /* nothing was written */
    if (rc != RC_OK) {
        text_free(&t);
        return rc;
    }
    *ret_bytes = t;
    return RC_OK;
}

static enum rc
seam_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    const struct posix_fs *fs = self;
    struct stat st;
    if (fstatat(fs->root_fd, path, &st, 0) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) return fail(err, path, errno);
        *ret_stat = (struct fs_stat){0};
        return RC_OK;
    }
    *ret_stat = (struct fs_stat){
        .exists = true,
        .is_dir = S_ISDIR(st.st_mode),
        .size = st.st_size,
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec,
        .inode = st.st_ino,
    };
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

static enum rc
write_all(int fd, const char *bytes, size_t len, const char *path, struct err *err)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_sys(err, RC_IO, errno, "%s", path);
        bytes += n;
        len -= (size_t)n;
    }
    return RC_OK;
}

/* A file system that cannot sync folders says EINVAL or ENOTSUP; the rename is then as durable as
 * it gets. */
static enum rc
sync_folder(const struct posix_fs *fs, const char *path, struct err *err)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    int fd = openat(fs->root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", folder);
    int failed = fsync(fd) != 0 ? errno : 0;
    (void)close(fd); /* nothing was written */
    if (failed == 0 || failed == EINVAL || failed == ENOTSUP) return RC_OK;
    return err_sys(err, RC_IO, failed, "%s: sync", folder);
}

/* The name of the next temporary beside the path. */
static enum rc
temporary_name(struct posix_fs *fs, const char *path, char name[PATH_MAX], struct err *err)
{
    int folder_len = (int)(name_of(path) - path);
    int n = snprintf(name, PATH_MAX, "%.*s.%s.%ld.%llu.tmp", folder_len, path, name_of(path),
                     (long)getpid(), (unsigned long long)fs->temporaries++);
    return n < PATH_MAX ? RC_OK : err_sys(err, RC_IO, ENAMETOOLONG, "%s", path);
}

static enum rc
write_temporary(struct posix_fs *fs, const char *path, const char *bytes, size_t len,
                char name[PATH_MAX], struct err *err)
{
    enum rc rc = RC_BUSY;
    int fd = -1;
    for (int i = 0; i < TEMPORARY_TRIES && fd < 0 && rc == RC_BUSY; i++) {
        rc = temporary_name(fs, path, name, err);
        if (rc != RC_OK) return rc;
        fd = open_for_writing(fs->root_fd, name, path, O_EXCL, &rc, err);
    }
    if (fd < 0) return rc;

    rc = write_all(fd, bytes, len, path, err);
    if (rc == RC_OK && fsync(fd) != 0) rc = err_sys(err, RC_IO, errno, "%s: sync", path);
    if (close(fd) != 0 && rc == RC_OK) rc = err_sys(err, RC_IO, errno, "%s", path);
    if (rc != RC_OK) (void)unlinkat(fs->root_fd, name, 0); /* the failure itself is what counts */
    return rc;
}

/*
 * Makes <path>.prev the file that <path> is now, while <path> stays in place: a second link,
 * renamed over the old generation.  Where a file system has no links the file itself is renamed,
 * and for the moment until the new one follows there is only <path>.prev.
 */
static enum rc
keep_previous(struct posix_fs *fs, const char *path, struct err *err)
{
    char prev[PATH_MAX], link_name[PATH_MAX];
    if (snprintf(prev, sizeof prev, "%s.prev", path) >= (int)sizeof prev)
        return err_sys(err, RC_IO, ENAMETOOLONG, "%s", path);
    enum rc rc = temporary_name(fs, path, link_name, err);
    if (rc != RC_OK) return rc;

    struct stat st;
    if (fstatat(fs->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return err_sys(err, RC_IO, EISDIR, "%s", path); /* is no generation to be kept */
    if (linkat(fs->root_fd, path, fs->root_fd, link_name, 0) != 0) {
        if (errno == ENOENT) return RC_OK; /* the first generation */
        if (errno != EPERM && errno != ENOTSUP && errno != EMLINK)
            return err_sys(err, RC_IO, errno, "%s: keep the previous generation", path);
        if (renameat(fs->root_fd, path, fs->root_fd, prev) == 0) return RC_OK;
        return err_sys(err, RC_IO, errno, "%s: keep the previous generation", path);
    }
    if (renameat(fs->root_fd, link_name, fs->root_fd, prev) != 0)
        rc = err_sys(err, RC_IO, errno, "%s", prev);
    /* Renaming one link of a file over another one of it does nothing and leaves both. */
    (void)unlinkat(fs->root_fd, link_name, 0);
    return rc;
}

static enum rc
seam_replace(void *self, const char *path, const char *bytes, size_t len, bool keep_prev,
             struct err *err)
{
    struct posix_fs *fs = self;
    char temporary[PATH_MAX];
    enum rc rc = write_temporary(fs, path, bytes, len, temporary, err);
    if (rc != RC_OK) return rc;
    if (keep_prev) rc = keep_previous(fs, path, err);
    if (rc == RC_OK && renameat(fs->root_fd, temporary, fs->root_fd, path) != 0)
        rc = err_sys(err, RC_IO, errno, "%s", path);
    if (rc != RC_OK) {
        (void)unlinkat(fs->root_fd, temporary, 0); /* the failure itself is what counts */
        return rc;
    }
    return sync_folder(fs, path, err);
}

/* What comes in large pieces is not read again soon: it goes to the disk at once and leaves the
 * page cache to those who trade.  Only hints, which nothing is to be said about where they fail. */
static void
pass_on(int fd, int64_t len)
{
    enum { BULK = 512 << 10, STAYS = 16 << 20 };
    off_t end = len >= BULK ? lseek(fd, 0, SEEK_CUR) : -1;

    if (end < len) return;
    (void)sync_file_range(fd, end - len, len, SYNC_FILE_RANGE_WRITE);
    if (end > STAYS) (void)posix_fadvise(fd, 0, end - STAYS, POSIX_FADV_DONTNEED);
}

static enum rc
seam_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    const struct posix_fs *fs = self;
    enum rc rc = RC_OK;
    int fd = open_for_writing(fs->root_fd, path, path, O_APPEND, &rc, err);
    if (fd < 0) return rc;

    /* One call: a record is not mixed with those of other processes. */
    ssize_t n = write(fd, bytes, len);
    while (n < 0 && errno == EINTR)
        n = write(fd, bytes, len);
    if (n < 0)
        rc = err_sys(err, RC_IO, errno, "%s", path);
    else if ((size_t)n < len)
        rc = err_set(err, RC_IO, "%s: only %zd of %zu bytes were written", path, n, len);
    pass_on(fd, n);
    if (close(fd) != 0 && rc == RC_OK) rc = err_sys(err, RC_IO, errno, "%s", path);
    return rc;
}

static enum rc
seam_rename(void *self, const char *from, const char *to, struct err *err)
{
    const struct posix_fs *fs = self;
    char folder[PATH_MAX];
    int failed = renameat(fs->root_fd, from, fs->root_fd, to) != 0 ? errno : 0;
    if (failed == ENOENT && faccessat(fs->root_fd, from, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        folder_of(to, folder); /* it is the target's folder that is missing */
        enum rc rc = make_folders(fs->root_fd, folder, err);
        if (rc != RC_OK) return rc;
        failed = renameat(fs->root_fd, from, fs->root_fd, to) != 0 ? errno : 0;
    }
    if (failed != 0)
        return err_sys(err, failed == ENOENT ? RC_NOT_FOUND : RC_IO, failed, "%s to %s", from, to);
    return sync_folder(fs, to, err);
}

static enum rc
seam_remove(void *self, const char *path, struct err *err)
{
    const struct posix_fs *fs = self;
    return unlinkat(fs->root_fd, path, 0) == 0 ? RC_OK : fail(err, path, errno);
}

static enum rc
seam_make_dir(void *self, const char *path, struct err *err)
{
    const struct posix_fs *fs = self;
    return make_folders(fs->root_fd, path, err);
}

/* ---- folders ------------------------------------------------------------------------------- */

struct names {
    char **name;
    size_t len, cap;
    struct arena arena;
};

static void
names_free(struct names *list)
{
    arena_done(&list->arena);
    free(list->name);
}

static bool
names_add(struct names *list, const char *name)
{
    if (list->len == list->cap) {
        size_t cap = list->cap == 0 ? 64 : list->cap * 2;
        char **grown = realloc(list->name, cap * sizeof *grown);
        if (grown == NULL) return false;
        list->name = grown;
        list->cap = cap;
    }
    list->name[list->len++] = arena_strdup(&list->arena, name);
    return true;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum rc
collect(DIR *dir, const char *path, struct names *list, struct err *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) return errno == 0 ? RC_OK : fail(err, path, errno);
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")) continue;
        if (list->len == FS_LIST_MAX)
            return err_set(err, RC_RANGE, "%s: more than %d names", path, FS_LIST_MAX);
        if (!names_add(list, entry->d_name))
            return err_set(err, RC_NOMEM, "%s: out of memory", path);
    }
}

static enum rc
seam_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
          struct err *err)
{
    const struct posix_fs *fs = self;
    int fd = openat(fs->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(err, path, errno);
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        enum rc rc = fail(err, path, errno);
        (void)close(fd); /* nothing was written */
        return rc;
    }
    struct names list = {0};
    enum rc rc = collect(dir, path, &list, err);
    (void)closedir(dir); /* nothing was written */
    if (rc == RC_OK && list.len > 0) {
        qsort(list.name, list.len, sizeof list.name[0], by_name);
        for (size_t i = 0; i < list.len && each(ctx, list.name[i]); i++) {
        }
    }
    names_free(&list);
    return rc;
}

/* ---- the seam ------------------------------------------------------------------------------ */

enum rc
fs_open(const char *root, struct posix_fs *ret_fs, struct err *err)
{
    enum rc rc = make_folders(AT_FDCWD, root, err);
    if (rc != RC_OK) return rc;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(err, root, errno);
    *ret_fs = (struct posix_fs){.root_fd = fd};
    return RC_OK;
}

void
fs_close(struct posix_fs *fs)
{
    if (fs->root_fd >= 0) (void)close(fs->root_fd); /* a folder: nothing was written through it */
    fs->root_fd = -1;
}

struct fs
fs_seam(struct posix_fs *fs)
{
    return (struct fs){
        .self = fs,
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
