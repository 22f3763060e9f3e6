#include "io/page.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"

static enum rc
fail(struct err *err, const char *path, int sys_errno)
{
    return err_sys(err, sys_errno == ENOENT ? RC_NOT_FOUND : RC_IO, sys_errno, "%s", path);
}

static enum rc
map_fd(int fd, const char *path, size_t size, struct page *ret_page, struct err *err)
{
    if (ftruncate(fd, (off_t)size) != 0) return fail(err, path, errno);
    int failed = posix_fallocate(fd, 0, (off_t)size);
    if (failed != 0 && failed != EOPNOTSUPP && failed != EINVAL) return fail(err, path, failed);
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) return fail(err, path, errno);
    *ret_page = (struct page){data, size};
    return RC_OK;
}

enum rc
page_map(const char *path, size_t size, struct page *ret_page, struct err *err)
{
    ASSERT(size > 0);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", path);
    enum rc rc = map_fd(fd, path, size, ret_page, err);
    (void)close(fd); /* the mapping stays */
    return rc;
}

void
page_unmap(struct page *p)
{
    if (p->data != NULL) (void)munmap(p->data, p->size); /* cannot fail for what was mapped */
    *p = (struct page){0};
}

/* Up to len bytes from the start; fewer only at the file's end. */
static ssize_t
read_some(int fd, char *buf, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t n = pread(fd, buf + at, len - at, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        at += (size_t)n;
    }
    return (ssize_t)at;
}

enum rc
page_read(const char *path, void *buf, size_t size, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(err, path, errno);
    ssize_t n = read_some(fd, buf, size);
    enum rc rc = RC_OK;
    if (n < 0)
        rc = fail(err, path, errno);
    else if ((size_t)n < size)
        rc = err_set(err, RC_PARSE, "%s: %zd bytes instead of %zu", path, n, size);
    (void)close(fd); /* nothing was written */
    return rc;
}

static struct fs_stat
to_fs_stat(const struct stat *st)
{
    return (struct fs_stat){
        .exists = true,
        .is_dir = S_ISDIR(st->st_mode),
        .size = st->st_size,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
        .inode = st->st_ino,
    };
}

static enum rc
load_fd(int fd, const char *path, size_t max, struct text *buf, struct fs_stat *ret_stat,
        struct err *err)
{
    struct stat before, after;
    if (fstat(fd, &before) != 0) return fail(err, path, errno);
    if (!S_ISREG(before.st_mode)) return err_set(err, RC_IO, "%s: is no regular file", path);
    if ((uint64_t)before.st_size > max)
        return err_set(err, RC_RANGE, "%s: more than %zu bytes", path, max);

    size_t size = (size_t)before.st_size;
    text_clear(buf);
    text_reserve(buf, size);
    ssize_t n = read_some(fd, buf->data, size);
    if (n < 0) return fail(err, path, errno);
    buf->len = (size_t)n;
    buf->data[n] = '\0';
    if (fstat(fd, &after) != 0) return fail(err, path, errno);
    bool is_same = (size_t)n == size && after.st_size == before.st_size &&
                   after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                   after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
    if (!is_same) return err_set(err, RC_BUSY, "%s: changed while it was read", path);
    *ret_stat = to_fs_stat(&before);
    return RC_OK;
}

enum rc
file_load(const char *path, size_t max, struct text *buf, struct fs_stat *ret_stat, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(err, path, errno);
    enum rc rc = load_fd(fd, path, max, buf, ret_stat, err);
    (void)close(fd); /* nothing was written */
    return rc;
}
