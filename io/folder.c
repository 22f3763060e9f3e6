#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { DEPTH_MAX = 8 };

static enum rc
sync_fd(int fd, const char *path, struct err *err)
{
    int failed = fsync(fd) != 0 ? errno : 0;

    /* A file system that cannot sync folders says so; what it did is as durable as it gets. */
    if (failed == 0 || failed == EINVAL || failed == ENOTSUP) return RC_OK;
    return err_sys(err, RC_IO, failed, "%s: sync", path);
}

static enum rc sync_tree(int parent_fd, const char *name, const char *shown, int depth,
                         struct err *err);

static enum rc
sync_entries(DIR *dir, const char *shown, int depth, struct err *err)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) return errno == 0 ? RC_OK : err_sys(err, RC_IO, errno, "%s", shown);
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")) continue;
        rc = sync_tree(dirfd(dir), entry->d_name, shown, depth + 1, err);
    }
    return rc;
}

/* Files and folders below, then the folder itself; links and the like hold nothing.  Not syncfs():
 * others who wait for this disk shall not wait for all that it has to write. */
static enum rc
sync_tree(int parent_fd, const char *name, const char *shown, int depth, struct err *err)
{
    struct stat st;
    enum rc rc = RC_OK;

    if (depth > DEPTH_MAX) return err_set(err, RC_RANGE, "%s: folders too deep", shown);
    int fd = openat(parent_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP) return RC_OK;
    if (fd < 0) return err_sys(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, errno, "%s", shown);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        DIR *dir = fdopendir(dup(fd));

        rc = dir != NULL ? sync_entries(dir, shown, depth, err)
                         : err_sys(err, RC_IO, errno, "%s", shown);
        if (dir != NULL) (void)closedir(dir);
    }
    if (rc == RC_OK) rc = sync_fd(fd, shown, err);
    (void)close(fd); /* synced above */
    return rc;
}

static enum rc
sync_parent(const struct posix_fs *fs, const char *path, struct err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    (void)snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path),
                   slash == NULL ? "." : path);
    int fd = openat(fs->root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return err_sys(err, RC_IO, errno, "%s", folder);
    enum rc rc = sync_fd(fd, folder, err);
    (void)close(fd); /* nothing was written through it */
    return rc;
}

static enum rc
seam_exchange(void *self, const char *fresh, const char *place, struct err *err)
{
    const struct posix_fs *fs = self;
    enum rc rc = sync_tree(fs->root_fd, fresh, fresh, 0, err);

    if (rc != RC_OK) return rc;
    int failed = 0;
    if (renameat2(fs->root_fd, fresh, fs->root_fd, place, RENAME_EXCHANGE) != 0) failed = errno;
    if (failed == ENOENT) /* the first one: over an empty folder at most */
        failed = renameat(fs->root_fd, fresh, fs->root_fd, place) != 0 ? errno : 0;
    if (failed == EINVAL || failed == ENOSYS || failed == ENOTSUP)
        return err_sys(err, RC_DENIED, failed, "%s and %s cannot change names", fresh, place);
    if (failed != 0) return err_sys(err, RC_IO, failed, "%s to %s", fresh, place);
    return sync_parent(fs, place, err);
}

static enum rc
seam_remove(void *self, const char *path, struct err *err)
{
    const struct posix_fs *fs = self;

    if (unlinkat(fs->root_fd, path, AT_REMOVEDIR) == 0) return RC_OK;
    return err_sys(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, errno, "%s", path);
}

struct folders
folders_seam(struct posix_fs *fs)
{
    return (struct folders){.self = fs, .exchange = seam_exchange, .remove = seam_remove};
}
