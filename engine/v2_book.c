#include "base/json.h"
#include "engine/v2.h"
#include "shadow/book_json.h"

#define ARCHIVE "logs/archive"

enum { TAIL_MAX = 8 << 20 };

static const struct store_spec SPEC = {
    .path = V2_POSITIONS_PATH, .default_json = "{\"positions\": {}}", .has_prev = true};

static void
say_failed(const struct v2_seams *s, const char *doing, const struct err *err)
{
    log_event(s->log, EV_SHADOW_DECISION_ERROR, F_STR("symbol", ""), F_STR("function", doing),
              F_STR("error", err->text));
}

/* ---- the state file ------------------------------------------------------------------------ */

static void
write_outbox(const struct v2_book *b, struct json_out *o)
{
    json_out_arr(o, "outbox");
    for (int log = 0; log < SHADOW_LOGS_LEN; log++) {
        if (b->line[log].len == 0) continue;
        json_out_obj(o, NULL);
        json_out_str(o, "log", shadow_log_path((enum shadow_log)log));
        json_out_i64(o, "offset", b->offset[log]);
        json_out_str(o, "lines", text_str(&b->line[log]));
        json_out_end(o);
    }
    json_out_end(o);
}

static enum rc
save(struct v2_book *b, const struct v2_seams *s, bool with_outbox, struct err *err)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    shadow_positions_write(&o, "positions", &b->book);
    if (with_outbox) write_outbox(b, &o);
    json_out_end(&o);
    enum rc rc = store_save(s->store, &SPEC, &doc, err);
    if (rc != RC_OK) return rc;
    b->is_dirty = false;
    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &b->seen, &ignored) != RC_OK)
        b->seen = (struct fs_stat){0};
    return RC_OK;
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
    if (st.exists && s->fs->read_at(s->fs->self, path, was_archived ? 0 : offset, TAIL_MAX, &young,
                                    &ignored) == RC_OK)
        text_add(bytes, text_str(&young), young.len);
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

/* ---- loading ------------------------------------------------------------------------------- */

static bool
log_from_path(const char *path, enum shadow_log *ret_log)
{
    for (int log = 0; log < SHADOW_LOGS_LEN; log++)
        if (str_eq(path, shadow_log_path((enum shadow_log)log))) {
            *ret_log = (enum shadow_log)log;
            return true;
        }
    return false;
}

/* What the engine before us had committed and perhaps not written. */
static void
take_outbox(struct v2_book *b, const struct json *doc)
{
    for (const struct json *e = json_first(json_get_arr(doc, "outbox")); e != NULL;
         e = json_next(e)) {
        enum shadow_log log = SHADOW_LOG_TRADES;
        const char *lines = json_str(e, "lines", "");

        if (!log_from_path(json_str(e, "log", ""), &log)) continue;
        text_puts(&b->line[log], lines);
        b->offset[log] = json_i64(e, "offset", 0);
        b->has_offset[log] = true;
        b->is_committed = true;
    }
}

static void
load(struct v2_book *b, const struct v2_seams *s)
{
    enum store_origin origin = STORE_MISSING;
    CLEANUP(json_freep) struct json *doc = store_load(s->store, &SPEC, &origin);
    struct shadow_book fresh = {0};
    struct err err = {0};

    /* What somebody damaged under us is written again from our own memory. */
    if (b->is_loaded && origin != STORE_FILE) {
        b->is_dirty = true;
        return;
    }
    if (shadow_book_decode(doc, &fresh, &err) != RC_OK) {
        say_failed(s, "shadow_book_decode", &err);
        shadow_book_done(&fresh);
        b->is_loaded = true;
        return;
    }
    shadow_book_done(&b->book);
    b->book = fresh;
    if (!b->is_loaded) take_outbox(b, doc);
    b->is_loaded = true;
}

void
v2_book_sync(struct v2_book *b, const struct v2_seams *s)
{
    struct fs_stat st = {0};
    struct err err = {0};

    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &st, &err) != RC_OK) st = b->seen;
    bool is_same = st.exists == b->seen.exists && st.inode == b->seen.inode &&
                   st.mtime_ns == b->seen.mtime_ns && st.size == b->seen.size;
    if (b->is_loaded && is_same) return;
    load(b, s);
    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &b->seen, &err) != RC_OK) b->seen = st;
    if (b->is_committed) {
        v2_book_flush(b, s);
        log_event(s->log, EV_SHADOW_RECORDS_REPLAYED, F_STR("path", V2_POSITIONS_PATH));
    }
}

/* ---- writing ------------------------------------------------------------------------------- */

void
v2_book_put_line(struct v2_book *b, enum shadow_log log, const struct text *line)
{
    text_add(&b->line[log], text_str(line), line->len);
    text_putc(&b->line[log], '\n');
    b->is_committed = false;
}

static bool
has_lines(const struct v2_book *b)
{
    for (int log = 0; log < SHADOW_LOGS_LEN; log++)
        if (b->line[log].len > 0) return true;
    return false;
}

/* Book and records into the state file; from here on they cannot be lost. */
static bool
commit(struct v2_book *b, const struct v2_seams *s)
{
    struct err err = {0};

    for (int log = 0; log < SHADOW_LOGS_LEN; log++) {
        struct fs_stat st = {0};

        /* Lines that are still to be appended keep the place from which they are looked for. */
        if (b->line[log].len == 0 || b->has_offset[log]) continue;
        if (s->fs->stat(s->fs->self, shadow_log_path((enum shadow_log)log), &st, &err) != RC_OK)
            return false;
        b->offset[log] = st.exists ? st.size : 0;
        b->has_offset[log] = true;
    }
    if (save(b, s, true, &err) == RC_OK) return true;
    say_failed(s, "commit", &err);
    return false;
}

/* True when every committed record stands in its log. */
static bool
append_all(struct v2_book *b, const struct v2_seams *s)
{
    bool is_done = true;

    for (int log = 0; log < SHADOW_LOGS_LEN; log++) {
        struct text *lines = &b->line[log];
        struct err err = {0};

        if (lines->len == 0) continue;
        if (append_missing(s, shadow_log_path((enum shadow_log)log), b->offset[log],
                           text_str(lines), lines->len, &err) >= 0) {
            text_clear(lines);
            b->has_offset[log] = false;
            continue;
        }
        say_failed(s, "append", &err);
        is_done = false;
    }
    return is_done;
}

void
v2_book_flush(struct v2_book *b, const struct v2_seams *s)
{
    struct err err = {0};

    if (has_lines(b)) {
        if (!b->is_committed) b->is_committed = commit(b, s);
        if (!b->is_committed || !append_all(b, s)) return;
        b->is_committed = false;
        b->is_dirty = true; /* the outbox goes */
    }
    if (b->is_dirty && save(b, s, false, &err) != RC_OK) say_failed(s, "save", &err);
}

void
v2_book_done(struct v2_book *b)
{
    shadow_book_done(&b->book);
    for (int log = 0; log < SHADOW_LOGS_LEN; log++)
        text_free(&b->line[log]);
}
