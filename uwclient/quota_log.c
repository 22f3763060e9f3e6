#include "uwclient/quota_log.h"

#include "uwclient/usage_file.h"

/* Where the retention of logs puts a log that has grown past its limit (state/retention.h). */
#define QUOTA_ARCHIVE        "logs/archive"
#define QUOTA_ARCHIVE_PREFIX "data-uw_api_quota."

enum {
    OLD_LINES_MAX = 2000 /* so many older lines in a row end the search backwards */
};

void
quota_append(const struct store *store, const struct quota_line *line)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "ts", when_to_s(line->at_ns));
    json_out_str(&o, "url", line->url);
    json_out_raw(&o, "params", line->params_json, strlen(line->params_json));
    json_out_str(&o, "source", "src/uw/uw_client");
    json_out_str(&o, "endpoint_name", line->endpoint_name);
    json_out_str(&o, "caller", line->caller);
    json_out_i64(&o, "attempt", line->attempt);
    json_out_i64(&o, "mono_ns", line->mono_ns);
    json_out_end(&o);
    enum rc rc = store_append(store, QUOTA_PATH, &json, NULL);
    (void)rc; /* the store reports it; the call goes on */
}

static void
generation_path(int n, char path[64])
{
    if (n == 0)
        (void)snprintf(path, 64, "%s", QUOTA_PATH);
    else
        (void)snprintf(path, 64, "%s.%d", QUOTA_PATH, n);
}

void
quota_rotate(const struct fs *fs)
{
    struct fs_stat st;
    char from[64], to[64];

    if (fs->stat(fs->self, QUOTA_PATH, &st, NULL) != RC_OK || !st.exists ||
        st.size < QUOTA_ROTATE_BYTES)
        return;
    for (int n = QUOTA_GENERATIONS - 1; n >= 0; n--) {
        generation_path(n, from);
        generation_path(n + 1, to);
        (void)fs->rename(fs->self, from, to, NULL); /* absent, or tried again at the next look */
    }
}

struct counter {
    struct usage_state *into;
    const struct window_now *now;
    int64_t day_start_s;
    int64_t today;
    int old_in_a_row;
};

static void
count_line(struct counter *c, const char *line, size_t len)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    if (json_parse(line, len, JSON_LOG, &JSON_LIMITS_BODY, &doc, NULL) != RC_OK) return;
    int64_t ts = json_i64(doc, "ts", 0);
    /* The line names whole seconds; the end of that second is the careful reading. */
    struct window_now at = {.wall_ns = (ts + 1) * NS_PER_S,
                            .mono_ns = MAX(json_i64(doc, "mono_ns", 0), 0)};
    if (window_is_young(at.wall_ns, at.mono_ns, c->now)) window_add(&c->into->window, &at);
    if (ts < c->day_start_s || ts >= c->day_start_s + 86400) {
        c->old_in_a_row++;
        return;
    }
    c->old_in_a_row = 0;
    c->today++;
    const char *name = json_str(doc, "endpoint_name", "");
    int64_t *calls = *name != '\0' ? usage_count_of(c->into, name) : NULL;
    if (calls != NULL) ++*calls;
}

/* Backwards, because the lines of today stand at the end. */
static void
count_file(const struct fs *fs, const char *path, struct counter *c)
{
    CLEANUP(text_free) struct text bytes = {0};

    if (fs->read_all(fs->self, path, 2 * (size_t)QUOTA_ROTATE_BYTES, &bytes, NULL) != RC_OK) return;
    const char *start = text_str(&bytes), *end = start + bytes.len;
    while (end > start && c->old_in_a_row < OLD_LINES_MAX) {
        const char *newline = memrchr(start, '\n', (size_t)(end - start));
        const char *line = newline != NULL ? newline + 1 : start;
        if (end > line) count_line(c, line, (size_t)(end - line));
        end = newline != NULL ? newline : start;
    }
}

static void
reverse(struct window *w)
{
    for (size_t i = 0; i < w->len / 2; i++) {
        size_t j = w->len - 1 - i;
        int64_t wall_ns = w->at[i].wall_ns, mono_ns = w->at[i].mono_ns;
        w->at[i] = w->at[j];
        w->at[j].wall_ns = wall_ns;
        w->at[j].mono_ns = mono_ns;
    }
}

/* The newest archive, "" for none: the day's lines are in no older one, for a log is archived at
 * many times a day's lines. */
struct newest {
    char path[128];
};

static bool
take_newest(void *ctx, const char *name)
{
    struct newest *n = ctx;

    if (str_starts(name, QUOTA_ARCHIVE_PREFIX))
        (void)snprintf(n->path, sizeof n->path, QUOTA_ARCHIVE "/%s", name);
    return true; /* names come in order of time */
}

static void
count_archive(const struct fs *fs, struct counter *c)
{
    struct newest n = {0};

    if (fs->list(fs->self, QUOTA_ARCHIVE, take_newest, &n, NULL) == RC_OK && n.path[0] != '\0')
        count_file(fs, n.path, c);
}

int64_t
quota_count(const struct fs *fs, const struct window_now *now, struct usage_state *into)
{
    struct counter c = {
        .into = into,
        .now = now,
        .day_start_s = date_to_days(into->date) * 86400,
    };
    char path[64];

    for (int n = 0; n <= 1 && c.old_in_a_row < OLD_LINES_MAX; n++) {
        generation_path(n, path);
        count_file(fs, path, &c);
    }
    if (c.old_in_a_row < OLD_LINES_MAX) count_archive(fs, &c);
    into->calls_today = c.today;
    reverse(&into->window); /* read backwards */
    return c.today;
}
