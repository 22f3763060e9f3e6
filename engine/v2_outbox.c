#include "base/json.h"
#include "engine/v2.h"

#define ARCHIVE "logs/archive"

/* Bytes behind an offset that are searched; what waits for the disk stays below. */
enum { TAIL_MAX = 8 << 20 };

const char *
v2_log_path(int log)
{
    return log == V2_LOG_STREAM ? "logs/shadow.jsonl" : shadow_log_path((enum shadow_log)log);
}

void
v2_say_failed(const struct v2_seams *s, const char *doing, const struct err *err)
{
    log_event(s->log, EV_SHADOW_DECISION_ERROR, F_STR("symbol", ""), F_STR("function", doing),
              F_STR("error", err->text));
}

/* ---- in the state file --------------------------------------------------------------------- */

void
v2_outbox_write(const struct v2_outbox *b, struct json_out *o)
{
    json_out_arr(o, "outbox");
    for (int log = 0; log < V2_LOGS_LEN; log++) {
        if (b->line[log].len == 0) continue;
        json_out_obj(o, NULL);
        json_out_str(o, "log", v2_log_path(log));
        json_out_i64(o, "offset", b->offset[log]);
        json_out_str(o, "lines", text_str(&b->line[log]));
        json_out_end(o);
    }
    json_out_end(o);
}

/* -1 for a path that is none of ours: a file's word alone makes us write nowhere. */
static int
log_from_path(const char *path)
{
    for (int log = 0; log < V2_LOGS_LEN; log++)
        if (str_eq(path, v2_log_path(log))) return log;
    return -1;
}

void
v2_outbox_take(struct v2_outbox *b, const struct json *doc)
{
    for (const struct json *e = json_first(json_get_arr(doc, "outbox")); e != NULL;
         e = json_next(e)) {
        int log = log_from_path(json_str(e, "log", ""));

        if (log < 0) continue;
        text_puts(&b->line[log], json_str(e, "lines", ""));
        b->offset[log] = json_i64(e, "offset", 0);
        b->has_offset[log] = true;
        b->is_committed = true;
    }
}

/* ---- each record once ---------------------------------------------------------------------- */

/* Whether the line, with its newline, begins somewhere in the bytes at the start of a line. */
static bool
has_line(const struct text *bytes, const char *line, size_t len)
{
    const char *data = text_str(bytes), *at = data;
    size_t left = bytes->len;

    while ((at = memmem(at, left, line, len)) != NULL) {
        if (at == data || at[-1] == '\n') return true;
        at++;
        left = bytes->len - (size_t)(at - data);
    }
    return false;
}

struct newest {
    const char *prefix;
    char name[128];
};

static bool
take_newest(void *ctx, const char *name)
{
    struct newest *n = ctx;

    if (str_starts(name, n->prefix)) (void)str_copy(n->name, sizeof n->name, name);
    return true; /* names come in order: the last one is the newest */
}

/* A line that was written but for its newline is there: the next append will end it. */
static void
end_last_line(struct text *bytes)
{
    if (bytes->len > 0 && bytes->data[bytes->len - 1] != '\n') text_putc(bytes, '\n');
}

/* The log was archived since: what was behind the offset is now the end of its newest archive. */
static void
read_archive(const struct v2_seams *s, const char *path, int64_t offset, struct text *bytes)
{
    char prefix[64], archive[256];
    struct newest n = {.prefix = prefix};
    const char *name = strrchr(path, '/');
    struct err ignored = {0};

    (void)snprintf(prefix, sizeof prefix, "%.*s.", (int)strcspn(name + 1, "."), name + 1);
    if (s->fs->list(s->fs->self, ARCHIVE, take_newest, &n, &ignored) != RC_OK || n.name[0] == '\0')
        return;
    (void)snprintf(archive, sizeof archive, ARCHIVE "/%s", n.name);
    if (s->fs->read_at(s->fs->self, archive, offset, TAIL_MAX, bytes, &ignored) != RC_OK)
        text_clear(bytes);
}

/* What the log has behind the offset. */
static void
read_behind(const struct v2_seams *s, const char *path, int64_t offset, struct text *bytes)
{
    CLEANUP(text_free) struct text young = {0};
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (s->fs->stat(s->fs->self, path, &st, &ignored) != RC_OK) return;
    bool was_archived = st.size < offset;
    if (was_archived) read_archive(s, path, offset, bytes);
    end_last_line(bytes);
    if (st.exists && s->fs->read_at(s->fs->self, path, was_archived ? 0 : offset, TAIL_MAX, &young,
                                    &ignored) == RC_OK)
        text_add(bytes, text_str(&young), young.len);
    end_last_line(bytes);
}

/* Appends those of the lines that the log has not got; how many, or -1 where that failed. */
static int
append_missing(const struct v2_seams *s, const char *path, int64_t offset, const char *lines,
               size_t len, struct err *err)
{
    CLEANUP(text_free) struct text there = {0};
    CLEANUP(text_free) struct text missing = {0};
    int count = 0;

    read_behind(s, path, offset, &there);
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(lines + at, '\n', len - at);
        size_t line_len = newline != NULL ? (size_t)(newline - lines) + 1 - at : len - at;

        if (!has_line(&there, lines + at, line_len)) {
            text_add(&missing, lines + at, line_len);
            count++;
        }
        at += line_len;
    }
    if (count == 0) return 0;
    return store_append_lines(s->store, path, &missing, err) == RC_OK ? count : -1;
}

/* ---- writing ------------------------------------------------------------------------------- */

void
v2_outbox_put(struct v2_outbox *b, int log, const struct text *lines)
{
    text_add(&b->line[log], text_str(lines), lines->len);
    b->is_committed = false;
}

size_t
v2_outbox_waiting(const struct v2_outbox *b)
{
    size_t len = 0;

    for (int log = 0; log < V2_LOGS_LEN; log++)
        len += b->line[log].len;
    return len;
}

/* Where each log ends now: behind it a line is looked for before it is written.  Lines that are
 * still to be appended keep their place. */
static enum rc
find_ends(struct v2_outbox *b, const struct v2_seams *s, struct err *err)
{
    for (int log = 0; log < V2_LOGS_LEN; log++) {
        struct fs_stat st = {0};

        if (b->line[log].len == 0 || b->has_offset[log]) continue;
        enum rc rc = s->fs->stat(s->fs->self, v2_log_path(log), &st, err);
        if (rc != RC_OK) return rc;
        b->offset[log] = st.exists ? st.size : 0;
        b->has_offset[log] = true;
    }
    return RC_OK;
}

/* True when every line stands in its log. */
static bool
append_all(struct v2_outbox *b, const struct v2_seams *s)
{
    bool is_done = true;

    for (int log = 0; log < V2_LOGS_LEN; log++) {
        struct text *lines = &b->line[log];
        struct err err = {0};

        if (lines->len == 0) continue;
        if (append_missing(s, v2_log_path(log), b->offset[log], text_str(lines), lines->len,
                           &err) >= 0) {
            text_clear(lines);
            b->has_offset[log] = false;
            continue;
        }
        v2_say_failed(s, "append", &err);
        is_done = false;
    }
    return is_done;
}

void
v2_outbox_flush(struct v2_outbox *b, const struct v2_seams *s, const struct v2_state *state)
{
    struct err err = {0};

    if (v2_outbox_waiting(b) > 0) {
        bool is_bound = *state->is_dirty || b->is_committed; /* to a change of the state */

        if (find_ends(b, s, &err) != RC_OK) {
            v2_say_failed(s, "find_ends", &err);
            return;
        }
        if (is_bound && !b->is_committed) {
            /* From here on they cannot be lost. */
            if (state->save(state->self, s, true, &err) != RC_OK) {
                v2_say_failed(s, "commit", &err);
                return;
            }
            b->is_committed = true;
        }
        if (!append_all(b, s)) return;
        b->is_committed = false;
        if (is_bound) *state->is_dirty = true; /* the outbox goes */
    }
    if (!*state->is_dirty) return;
    if (state->save(state->self, s, false, &err) != RC_OK) {
        v2_say_failed(s, "save", &err);
        return;
    }
    *state->is_dirty = false;
}

void
v2_outbox_done(struct v2_outbox *b)
{
    for (int log = 0; log < V2_LOGS_LEN; log++)
        text_free(&b->line[log]);
}
