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
    if (json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) !=
        RC_OK)
        return NULL;
    return doc;
}

void
view_tail(const struct fs *fs, const char *path, size_t max_bytes,
          bool (*each)(void *ctx, const struct json *record), void *ctx)
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

        while (start > 0 && data[start - 1] != '\n')
            start--;
        /* A first line that was cut by max_bytes is no JSON and is passed over like any other such
         * line. */
        bool go_on = true;
        if (json_parse(data + start, end - start, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) ==
            RC_OK)
            go_on = each(ctx, doc);
        json_free(doc);
        if (!go_on || start == 0) return;
        end = start - 1;
    }
}

/* ---- following ---- */

enum { FOLLOW_CHUNK = 1 << 20 };

static void
follow_lines(struct view_follow *f, const struct text *bytes,
             void (*each)(void *ctx, const struct json *record), void *ctx)
{
    const char *data = text_str(bytes);
    size_t at = 0;

    for (;;) {
        const char *end = memchr(data + at, '\n', bytes->len - at);
        struct json *doc = NULL;
        struct err ignored = {0};

        if (end == NULL) break;
        size_t len = (size_t)(end - (data + at));
        bool is_skipped =
            f->skip != NULL && memmem(data + at, len, f->skip, strlen(f->skip)) != NULL;
        if (!is_skipped &&
            json_parse(data + at, len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) == RC_OK)
            each(ctx, doc);
        json_free(doc);
        at += len + 1;
    }
    /* A line as long as the whole chunk is no record of ours. */
    f->offset += (int64_t)(at == 0 && bytes->len == FOLLOW_CHUNK ? bytes->len : at);
}

void
view_follow(struct view_follow *f, const struct fs *fs,
            void (*each)(void *ctx, const struct json *record), void *ctx)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, f->path, &st, &ignored) != RC_OK || !st.exists) return;
    if (st.inode != f->inode || st.size < f->offset) f->offset = 0;
    f->inode = st.inode;
    while (f->offset < st.size) {
        CLEANUP(text_free) struct text bytes = {0};
        int64_t before = f->offset;

        if (fs->read_at(fs->self, f->path, f->offset, FOLLOW_CHUNK, &bytes, &ignored) != RC_OK)
            return;
        follow_lines(f, &bytes, each, ctx);
        if (f->offset == before) return; /* the rest is half a line */
    }
}

/* ---- words ---- */

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

const char *
view_usd(usd amount, bool show_plus, char buf[VIEW_USD_MAX])
{
    int64_t cents = usd_round_cents(usd_abs(amount)).e4 / 100;
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)(cents / 100));
    size_t at = 0;

    if (amount.e4 < 0 && cents > 0) buf[at++] = '-';
    if (show_plus && (amount.e4 >= 0 || cents == 0)) buf[at++] = '+';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) buf[at++] = ',';
        buf[at++] = digits[i];
    }
    (void)snprintf(buf + at, VIEW_USD_MAX - at, ".%02d", (int)(cents % 100));
    return buf;
}

const char *
view_ny_time(const struct zone *ny, int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    if (at_ns == WHEN_NONE) {
        (void)str_copy(buf, ISO_TEXT_MAX, "--:--:--");
        return buf;
    }
    struct civil local = zone_local(ny, at_ns);
    (void)snprintf(buf, ISO_TEXT_MAX, "%02d:%02d:%02d", local.hour, local.minute, local.second);
    return buf;
}

/* ---- processes ---- */

bool
view_is_alive(int64_t pid)
{
    char path[64], line[512] = "";

    if (pid <= 1 || pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno != EPERM)) return false;
    (void)snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) return true; /* no /proc: the signal was answered */
    size_t len = fread(line, 1, sizeof(line) - 1, f);
    (void)fclose(f);
    line[len] = '\0';
    const char *state = strrchr(line, ')'); /* the name before it may hold anything */
    return state == NULL || strncmp(state, ") Z", 3) != 0;
}

int64_t
view_lock_pid(const struct fs *fs, const char *path)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct err ignored = {0};
    int64_t pid = 0;

    if (fs->read_all(fs->self, path, 4096, &bytes, &ignored) != RC_OK) return 0;
    const char *at = strstr(text_str(&bytes), "pid=");
    if (at == NULL) return 0;
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)MIN(strspn(at + 4, "0123456789"), 20U),
                   at + 4);
    return str_to_i64(digits, &pid) && view_is_alive(pid) ? pid : 0;
}
