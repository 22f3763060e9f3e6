#include "engine/performance.h"

#include <math.h>

#include "base/json.h"
#include "telemetry/today.h"

#define ARCHIVE    "logs/archive"
#define LOOK_NS    (60 * NS_PER_S)
#define HISTORY_NS (30 * NS_PER_DAY)

enum { CHUNK = 1 << 20, LINE_MAX_BYTES = 8 << 20 };

/* ---- records ------------------------------------------------------------------------------- */

static void
keep(struct performance *p, int64_t closed_ns, double pnl_usd)
{
    if (p->len == PERFORMANCE_TRADES_MAX) {
        memmove(&p->trade[0], &p->trade[1], (p->len - 1) * sizeof p->trade[0]);
        p->len--;
    }
    p->trade[p->len++] = (struct closed_trade){closed_ns, pnl_usd};
}

/* A trade that was closed: no entry, and a profit, a loss or a reason of the close. */
static void
take_line(struct performance *p, const char *line, size_t len, int64_t since_ns)
{
    CLEANUP(json_freep) struct json *record = NULL;
    struct err ignored = {0};

    if (json_parse(line, len, JSON_LOG, &JSON_LIMITS_BODY, &record, &ignored) != RC_OK) return;
    const char *trade_id = json_str(record, "trade_id", NULL);
    double pnl_usd = json_f64(record, "pnl_usd", 0);
    int64_t at_ns = when_parse_or_none(json_str(record, "ts", ""));
    bool has_reason = json_str(record, "close_reason", "")[0] != '\0';

    if (trade_id == NULL || str_starts(trade_id, "open_") || at_ns == WHEN_NONE) return;
    if (!(fabs(pnl_usd) > 0) && !has_reason) return;
    if (at_ns >= since_ns) keep(p, at_ns, pnl_usd);
}

/* The whole lines behind the offset, which moves behind them. */
static void
read_behind(struct performance *p, const struct fs *fs, const char *path, int64_t *offset,
            int64_t since_ns)
{
    for (size_t want = CHUNK; want <= LINE_MAX_BYTES;) {
        CLEANUP(text_free) struct text bytes = {0};
        struct err ignored = {0};
        size_t at = 0;

        if (fs->read_at(fs->self, path, *offset, want, &bytes, &ignored) != RC_OK) return;
        for (const char *data = text_str(&bytes), *newline;
             (newline = memchr(data + at, '\n', bytes.len - at)) != NULL;) {
            take_line(p, data + at, (size_t)(newline - data) - at, since_ns);
            at = (size_t)(newline - data) + 1;
        }
        *offset += (int64_t)at;
        if (bytes.len < want) return;
        want = at == 0 ? want * 2 : CHUNK; /* a line longer than the chunk */
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static bool
take_newest(void *ctx, const char *name)
{
    char *newest = ctx;

    if (str_starts(name, "attribution.")) (void)str_copy(newest, 128, name);
    return true; /* names come in order of time */
}

static void
read_archive(struct performance *p, const struct fs *fs, int64_t since_ns)
{
    char newest[128] = "", path[192];
    int64_t offset = 0;
    struct err ignored = {0};

    if (fs->list(fs->self, ARCHIVE, take_newest, newest, &ignored) != RC_OK || newest[0] == '\0')
        return;
    (void)snprintf(path, sizeof path, ARCHIVE "/%s", newest);
    read_behind(p, fs, path, &offset, since_ns);
}

static void
read_news(struct performance *p, const struct fs *fs, int64_t since_ns)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (p->looked_ns == 0) read_archive(p, fs, since_ns);
    if (fs->stat(fs->self, ATTRIBUTION_PATH, &st, &ignored) != RC_OK || !st.exists) return;
    /* Archived since the last look: what it had was read, but for records of the last minute. */
    if (st.inode != p->inode || st.size < p->offset) p->offset = 0;
    p->inode = st.inode;
    read_behind(p, fs, ATTRIBUTION_PATH, &p->offset, since_ns);
}

struct performance_verdict
performance_look(struct performance *p, const struct fs *fs, enum trade_mode mode, int64_t now_ns)
{
    if (mode != MODE_LIVE) return (struct performance_verdict){0};
    if (p->looked_ns != 0 && now_ns - p->looked_ns < LOOK_NS && now_ns >= p->looked_ns)
        return p->verdict;
    read_news(p, fs, now_ns - HISTORY_NS);
    p->looked_ns = now_ns;
    p->verdict = performance_check(mode, p->trade, p->len, now_ns);
    return p->verdict;
}
