#include "io/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

struct sweep {
    const struct posix_fs *fs;
    const char *folder;
    int removed;
};

/* Takes ".<name>.<pid>.<n>.tmp" apart from behind; false for any other name. */
static bool
parse_temporary(const char *name, int64_t *ret_pid, int64_t *ret_n)
{
    char part[NAME_MAX + 1];
    if (name[0] != '.' || !str_ends(name, ".tmp") || !str_copy(part, sizeof part, name))
        return false;
    part[strlen(part) - 4] = '\0';
    char *n = strrchr(part, '.');
    if (n == NULL || n == part) return false;
    *n = '\0';
    char *pid = strrchr(part, '.');
    if (pid == NULL || pid == part) return false;
    return str_to_i64(n + 1, ret_n) && str_to_i64(pid + 1, ret_pid) && *ret_pid > 0 &&
           *ret_pid <= INT32_MAX;
}

static bool
sweep_one(void *ctx, const char *name)
{
    struct sweep *s = ctx;
    int64_t pid = 0, n = 0;
    char path[PATH_MAX];
    if (!parse_temporary(name, &pid, &n)) return true;
    bool is_ours = pid == getpid();
    bool is_in_use =
        is_ours ? n < (int64_t)s->fs->temporaries : kill((pid_t)pid, 0) == 0 || errno == EPERM;
    if (is_in_use || snprintf(path, sizeof path, "%s/%s", s->folder, name) >= (int)sizeof path)
        return true;
    if (unlinkat(s->fs->root_fd, path, 0) == 0) s->removed++;
    return true;
}

enum rc
fs_sweep(struct posix_fs *fs, const char *folder, int *ret_removed, struct err *err)
{
    struct sweep s = {.fs = fs, .folder = folder};
    struct fs seam = fs_seam(fs);
    enum rc rc = seam.list(seam.self, folder, sweep_one, &s, err);
    if (rc == RC_OK) *ret_removed = s.removed;
    return rc;
}
