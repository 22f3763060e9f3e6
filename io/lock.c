#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"

enum { RETRY_MS = 20, LINE_MAX_LEN = 256, PATH_LEN_MAX = 256, ASIDE_MAX = 1000 };

static void
pause_ms(int64_t ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};
    (void)nanosleep(&ts, NULL); /* woken early: tried early */
}

/* Is the open file still the one with that name? */
static bool
is_named(int root_fd, const char *path, int fd)
{
    struct stat named, open_file;
    return fstatat(root_fd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open_file) == 0 &&
           named.st_ino == open_file.st_ino && named.st_dev == open_file.st_dev;
}

static int
open_lock_file(int root_fd, const char *path)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(root_fd, path, flags, 0640);
    const char *slash = strrchr(path, '/');
    if (fd >= 0 || errno != ENOENT || slash == NULL) return fd;

    /* The folder is missing: one level is made, as all our locks lie in state/. */
    char folder[256];
    if ((size_t)(slash - path) >= sizeof folder) return -1;
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (mkdirat(root_fd, folder, 0750) != 0 && errno != EEXIST) return -1;
    return openat(root_fd, path, flags, 0640);
}

/* A free name beside it; false where none is found or the system refuses. */
static bool
move_aside(int root_fd, const char *path, char *name, size_t size)
{
    for (int n = 1; n <= ASIDE_MAX; n++) {
        if (snprintf(name, size, "%s.corrupted.%d", path, n) >= (int)size) return false;
        if (renameat2(root_fd, path, root_fd, name, RENAME_NOREPLACE) == 0) return true;
        if (errno != EEXIST) return false;
    }
    return false;
}

/* Makes openable what was not; whether there is a point in trying again. */
static bool
heal(const struct posix_locks *l, const char *path, int why)
{
    char name[PATH_LEN_MAX] = "";
    bool is_forbidden = why == EACCES;
    bool is_healed = false;

    if (l->log == NULL) return false; /* what cannot be told is not touched */
    if (is_forbidden)
        is_healed = fchmodat(l->root_fd, path, 0640, 0) == 0;
    else if (why == EISDIR || why == ELOOP)
        is_healed = move_aside(l->root_fd, path, name, sizeof name);
    if (is_healed)
        log_event(l->log, EV_STATE_SELF_HEALED, F_STR("path", path),
                  F_STR("backup", name[0] != '\0' ? name : NULL), F_STR("default_type", "lock"),
                  F_STR("used", is_forbidden ? "permissions" : "default"));
    return is_healed;
}

/* RC_BUSY if somebody else holds it. */
static enum rc
try_once(const struct posix_locks *l, const char *path, struct lock *ret_lock, struct err *err)
{
    int fd = open_lock_file(l->root_fd, path);
    if (fd < 0 && heal(l, path, errno)) fd = open_lock_file(l->root_fd, path);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", path);
    int failed = 0;
    do {
        failed = flock(fd, LOCK_EX | LOCK_NB) != 0 ? errno : 0;
    } while (failed == EINTR);
    if (failed == 0 && is_named(l->root_fd, path, fd)) {
        ret_lock->fd = fd;
        return RC_OK;
    }
    (void)close(fd); /* nothing was written */
    if (failed != 0 && failed != EWOULDBLOCK) return err_sys(err, RC_IO, failed, "%s: lock", path);
    return RC_BUSY;
}

static enum rc
busy(const struct posix_locks *l, const char *path, struct err *err)
{
    pid_t pid = lock_holder_pid(l, path);
    if (pid == 0) return err_set(err, RC_BUSY, "%s is held by another process", path);
    return err_set(err, RC_BUSY, "%s is held by process %ld", path, (long)pid);
}

static enum rc
seam_acquire(void *self, const char *path, int64_t wait_ms, struct lock *ret_lock, struct err *err)
{
    const struct posix_locks *l = self;
    for (int64_t waited_ms = 0;; waited_ms += RETRY_MS) {
        enum rc rc = try_once(l, path, ret_lock, err);
        if (rc != RC_BUSY) return rc;
        if (waited_ms >= wait_ms) return busy(l, path, err);
        pause_ms(MIN(wait_ms - waited_ms, (int64_t)RETRY_MS));
    }
}

static enum rc
seam_write(void *self, const struct lock *lock, const char *line, struct err *err)
{
    (void)self;
    ASSERT(lock->fd >= 0);
    char text[LINE_MAX_LEN];
    int len = snprintf(text, sizeof text, "%s\n", line);
    if (len >= (int)sizeof text) return err_set(err, RC_RANGE, "lock file: line too long");
    ssize_t n = pwrite(lock->fd, text, (size_t)len, 0);
    if (n == len && ftruncate(lock->fd, len) == 0) return RC_OK;
    return err_sys(err, RC_IO, n >= 0 && n < len ? ENOSPC : errno, "lock file: write");
}

static void
seam_release(void *self, struct lock *lock)
{
    (void)self;
    if (lock->fd >= 0)
        (void)close(lock->fd); /* ends the lock; what stands in the file is only a hint */
    *lock = LOCK_NONE;
}

pid_t
lock_holder_pid(const struct posix_locks *l, const char *path)
{
    char text[LINE_MAX_LEN] = "";
    int fd = openat(l->root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return 0;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    (void)close(fd); /* nothing was written */
    const char *at = n > 0 ? strstr(text, "pid=") : NULL;
    if (at == NULL) return 0;

    char digits[16];
    size_t len = strspn(at + 4, "0123456789");
    int64_t pid = 0;
    if (len >= sizeof digits) return 0;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)len, at + 4);
    return str_to_i64(digits, &pid) && pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

enum rc
locks_open(const char *root, struct posix_locks *ret_locks, struct err *err)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", root);
    *ret_locks = (struct posix_locks){.root_fd = fd};
    return RC_OK;
}

void
locks_close(struct posix_locks *l)
{
    if (l->root_fd >= 0) (void)close(l->root_fd); /* a folder: nothing was written through it */
    l->root_fd = -1;
}

struct locks
locks_seam(struct posix_locks *l)
{
    return (struct locks){
        .self = l, .acquire = seam_acquire, .write = seam_write, .release = seam_release};
}
