#include "state/aside.h"

#include <inttypes.h>

enum rc
aside_name(const struct fs *fs, const char *path, const char *word, const char *ext, int64_t now_s,
           struct text *ret_name, struct err *err)
{
    for (int64_t s = now_s; s < now_s + ASIDE_TRIES_MAX; s++) {
        struct fs_stat st = {0};

        text_clear(ret_name);
        text_printf(ret_name, "%s.%s.%" PRId64 "%s", path, word, s, ext);
        enum rc rc = fs->stat(fs->self, text_str(ret_name), &st, err);
        if (rc != RC_OK || !st.exists) {
            if (rc != RC_OK) text_clear(ret_name);
            return rc;
        }
    }
    text_clear(ret_name);
    return err_set(err, RC_RANGE, "%s: no free name to set it aside", path);
}

enum rc
aside_move(const struct fs *fs, const char *path, const char *word, const char *ext, int64_t now_s,
           struct text *ret_name, struct err *err)
{
    enum rc rc = aside_name(fs, path, word, ext, now_s, ret_name, err);

    struct fs_stat left = {0}, moved = {0};

    if (rc != RC_OK) return rc;
    rc = fs->rename(fs->self, path, text_str(ret_name), err);
    if (rc == RC_OK) return RC_OK;
    /* Renamed, but the folder could not be synced: it is moved for all we do next. */
    if (fs->stat(fs->self, path, &left, NULL) == RC_OK && !left.exists &&
        fs->stat(fs->self, text_str(ret_name), &moved, NULL) == RC_OK && moved.exists)
        return RC_OK;
    text_clear(ret_name);
    return rc;
}
