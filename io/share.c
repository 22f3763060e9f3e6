#include "io/share.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum rc
share_program_folder(struct text *ret_path, struct err *err)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len < 0) return err_sys(err, RC_IO, errno, "read /proc/self/exe");
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) *slash = '\0';
    text_puts(ret_path, path);
    return RC_OK;
}

static bool
take_if_there(struct text *ret_path, const char *folder, const char *middle, const char *name)
{
    if (folder == NULL || folder[0] == '\0') return false;
    text_clear(ret_path);
    text_printf(ret_path, "%s%s/%s", folder, middle, name);
    return access(text_str(ret_path), R_OK) == 0;
}

enum rc
share_find(const char *root, const char *name, struct text *ret_path, struct err *err)
{
    CLEANUP(text_free) struct text program = {0};
    enum rc rc = share_program_folder(&program, err);

    if (rc != RC_OK) return rc;
    const char *const beside = text_str(&program);
    if (take_if_there(ret_path, root, "", name) ||
        take_if_there(ret_path, getenv("STOCKBOT_SHARE"), "", name) ||
        take_if_there(ret_path, beside, "/../share/stockbot", name) ||
        take_if_there(ret_path, beside, "/..", name) ||
        take_if_there(ret_path, beside, "/../..", name))
        return RC_OK;
    text_clear(ret_path);
    return err_set(err, RC_NOT_FOUND, "%s: not under the root, STOCKBOT_SHARE or beside %s", name,
                   beside);
}
