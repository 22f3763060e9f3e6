#include "scripts/view.h"

#include <errno.h>
#include <signal.h>

#define STATE_BYTES_MAX ((size_t)64 << 20)

struct json *
view_load(const struct fs *fs, const char *path)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json *doc = NULL;
    struct err ignored = {0};

    if (fs->read_all(fs->self, path, STATE_BYTES_MAX, &bytes, &ignored) != RC_OK) return NULL;
    if (json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) != RC_OK) return NULL;
    return doc;
}

void
view_tail(const struct fs *fs, const char *path, size_t max_bytes, bool (*each)(void *ctx, const struct json *record),
          void *ctx)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, path, &st, &ignored) != RC_OK || !st.exists || st.size <= 0) return;
    int64_t from = MAX(0, st.size - (int64_t)max_bytes);
    if (fs->read_at(fs->self, path, from, max_bytes, &bytes, &ignored) != RC_OK) return;
    const char *data = text_str(&bytes);
    size_t end = bytes.len;
    while (end > 0) {
        size_t start = end - 1;
        struct json *doc = NULL;

        while (start > 0 && data[start - 1] != '\n') start--;
        /* A first line that was cut by max_bytes is no JSON and is passed over like any other such line. */
        bool go_on = true;
        if (json_parse(data + start, end - start, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) == RC_OK)
            go_on = each(ctx, doc);
        json_free(doc);
        if (!go_on || start == 0) return;
        end = start - 1;
    }
}

const char *
view_age(double seconds, char buf[32])
{
    if (!(seconds >= 0))
        (void)str_copy(buf, 32, "-");
    else if (seconds < 120)
        (void)snprintf(buf, 32, "%.0f s", seconds);
    else if (seconds < 7200)
        (void)snprintf(buf, 32, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        (void)snprintf(buf, 32, "%.0f h", seconds / 3600);
    else
        (void)snprintf(buf, 32, "%.0f d", seconds / 86400);
    return buf;
}

bool
view_is_alive(int64_t pid)
{
    return pid > 1 && pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}
