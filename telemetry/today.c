#include "telemetry/today.h"

#include "base/json.h"

#define ARCHIVE "logs/archive"
#define CHUNK   (INT64_C(1) << 20)

enum {
    PROBE_BYTES = 64 * 1024 /* holds at least one whole record */
};

/* ---- records ------------------------------------------------------------------------------- */

/* The UTC date of a record; month 0 for a line that has none. */
static struct date
date_of(const struct json *record)
{
    int64_t at_ns = when_parse_or_none(json_str(record, "ts", ""));

    if (at_ns == WHEN_NONE) return (struct date){0};
    return when_to_civil(at_ns).date;
}

static struct json *
parse(const char *line, size_t len)
{
    struct json *doc = NULL;

    /* A line that is no JSON is passed over: half lines are closed, not removed. */
    return json_parse(line, len, JSON_LOG, &JSON_LIMITS_BODY, &doc, NULL) == RC_OK ? doc : NULL;
}

static void
count_line(struct today_trades *t, const char *line, size_t len)
{
    CLEANUP(json_freep) struct json *record = parse(line, len);
    const char *trade_id = json_str(record, "trade_id", NULL);
    usd pnl = USD_ZERO;

    if (trade_id == NULL || str_starts(trade_id, "open_")) return;
    if (date_cmp(date_of(record), t->date) != 0) return;
    if (usd_from_double(json_f64(record, "pnl_usd", 0), &pnl, NULL) != RC_OK) return;
    t->trades++;
    t->wins += pnl.e4 > 0;
    t->pnl = usd_add(t->pnl, pnl);
}

/* The bytes up to the last newline; how many those were. */
static size_t
count_lines(struct today_trades *t, const struct text *bytes)
{
    const char *at = text_str(bytes);
    const char *end = at + bytes->len;

    for (;;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) return (size_t)(at - text_str(bytes));
        if (newline > at) count_line(t, at, (size_t)(newline - at));
        at = newline + 1;
    }
}

/* Counts from the offset to the end of a file; the offset moves behind the last whole line. */
static enum rc
count_file(struct today_trades *t, const struct fs *fs, const char *path, int64_t *offset,
           struct err *err)
{
    size_t want = (size_t)CHUNK;

    for (;;) {
        CLEANUP(text_free) struct text bytes = {0};
        enum rc rc = fs->read_at(fs->self, path, *offset, want, &bytes, err);

        if (rc != RC_OK) return rc;
        size_t whole = count_lines(t, &bytes);
        *offset += (int64_t)whole;
        if (bytes.len < want) return RC_OK; /* the rest is a line that is still being written */
        want = whole == 0 ? want * 2 : (size_t)CHUNK; /* a line longer than the chunk */
        if (want > (size_t)64 << 20)
            return err_set(err, RC_RANGE, "%s: a line of %zu bytes", path, bytes.len);
    }
}

/* ---- where today begins -------------------------------------------------------------------- */

/* The date of the first whole record behind the offset; month 0 where there is none near. */
static struct date
date_behind(const struct fs *fs, const char *path, int64_t offset)
{
    CLEANUP(text_free) struct text bytes = {0};

    if (fs->read_at(fs->self, path, offset, PROBE_BYTES, &bytes, NULL) != RC_OK)
        return (struct date){0};
    const char *end = text_str(&bytes) + bytes.len;
    const char *at = memchr(text_str(&bytes), '\n', bytes.len);
    while (at != NULL && ++at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) break;
        CLEANUP(json_freep) struct json *record = parse(at, (size_t)(newline - at));
        struct date d = date_of(record);
        if (d.month != 0) return d;
        at = newline;
    }
    return (struct date){0};
}

/* Records are appended in time: steps back from the end, each longer, until one is older than
 * today. */
static int64_t
beginning_of(const struct today_trades *t, const struct fs *fs, const char *path, int64_t size)
{
    for (int64_t back = CHUNK; back < size; back *= 2) {
        struct date d = date_behind(fs, path, size - back);

        if (d.month != 0 && date_cmp(d, t->date) < 0) return size - back;
    }
    return 0;
}

/* ---- archives ------------------------------------------------------------------------------ */

/* Archives of the log in the order of their stamps: "attribution.20260130T205807Z.jsonl". */
struct archives {
    struct today_trades *t;
    const struct fs *fs;
    uint64_t inode; /* only this one, from the offset; 0: all that were rotated today or later */
    int64_t offset;
    struct err *err;
    enum rc rc;
};

static bool
count_archive(void *ctx, const char *name)
{
    static const char prefix[] = "attribution.";
    struct archives *a = ctx;
    CLEANUP(text_free) struct text path = {0};
    struct fs_stat st = {0};
    char today[16];

    if (!str_starts(name, prefix) || !str_ends(name, ".jsonl")) return true;
    text_printf(&path, "%s/%s", ARCHIVE, name);
    if (a->inode != 0) {
        a->rc = a->fs->stat(a->fs->self, text_str(&path), &st, a->err);
        if (a->rc != RC_OK || st.inode != a->inode) return a->rc == RC_OK;
        a->rc = count_file(a->t, a->fs, text_str(&path), &a->offset, a->err);
        return false;
    }
    (void)snprintf(today, sizeof(today), "%04d%02d%02dT", a->t->date.year, a->t->date.month,
                   a->t->date.day);
    if (strcmp(name + sizeof(prefix) - 1, today) < 0) return true; /* rotated before today */
    a->rc = a->fs->stat(a->fs->self, text_str(&path), &st, a->err);
    if (a->rc != RC_OK) return false;
    int64_t offset = beginning_of(a->t, a->fs, text_str(&path), st.size);
    a->rc = count_file(a->t, a->fs, text_str(&path), &offset, a->err);
    return a->rc == RC_OK;
}

static enum rc
count_archives(struct today_trades *t, const struct fs *fs, uint64_t inode, int64_t offset,
               struct err *err)
{
    struct archives a = {
        .t = t, .fs = fs, .inode = inode, .offset = offset, .err = err, .rc = RC_OK};
    enum rc rc = fs->list(fs->self, ARCHIVE, count_archive, &a, err);

    if (rc == RC_NOT_FOUND) return RC_OK; /* nothing was ever rotated */
    return rc == RC_OK ? a.rc : rc;
}

/* ---- the update ---------------------------------------------------------------------------- */

/* The file is not the one that was read: what was appended to the old one before it was renamed,
 * then this.
 */
static enum rc
change_file(struct today_trades *t, const struct fs *fs, const struct fs_stat *st, bool is_first,
            struct err *err)
{
    enum rc rc = RC_OK;

    if (is_first)
        rc = count_archives(t, fs, 0, 0, err);
    else if (t->has_file)
        rc = count_archives(t, fs, t->inode, t->offset, err);
    if (rc != RC_OK) return rc;
    t->has_file = st->exists;
    t->inode = st->inode;
    t->offset = is_first && st->exists ? beginning_of(t, fs, ATTRIBUTION_PATH, st->size) : 0;
    return RC_OK;
}

enum rc
today_update(struct today_trades *t, const struct fs *fs, int64_t now_ns, struct err *err)
{
    struct today_trades next = *t;
    struct date date = when_to_civil(now_ns).date;
    bool is_first = t->date.month == 0;
    struct fs_stat st = {0};

    if (date_cmp(date, next.date) != 0) {
        next.date = date;
        next.trades = next.wins = 0;
        next.pnl = USD_ZERO;
    }
    enum rc rc = fs->stat(fs->self, ATTRIBUTION_PATH, &st, err);
    if (rc != RC_OK) return rc;
    bool is_other = !next.has_file || !st.exists || st.inode != next.inode || st.size < next.offset;
    if (is_first || (is_other && (st.exists || next.has_file)))
        rc = change_file(&next, fs, &st, is_first, err);
    if (rc == RC_OK && st.exists && st.size > next.offset)
        rc = count_file(&next, fs, ATTRIBUTION_PATH, &next.offset, err);
    if (rc == RC_OK) *t = next;
    return rc;
}
