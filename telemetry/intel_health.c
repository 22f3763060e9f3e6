#include "telemetry/intel_health.h"

#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "intel/schema.h"
#include "telemetry/trades.h"

enum { DOC_BYTES_MAX = 64 << 20, LOG_TAIL_MAX = 4 << 20 };

/* The rows of freshness, in order; the first SCHEMA_ROWS are also checked for their shape. */
static const struct {
    enum schema schema;
    enum intel_target target;
} FILES[] = {
    {SCHEMA_DAILY_UNIVERSE,       INTEL_OF_UNIVERSE  },
    {SCHEMA_CORE_UNIVERSE,        INTEL_OF_UNIVERSE  },
    {SCHEMA_DAILY_UNIVERSE_V2,    INTEL_OF_NOTHING   },
    {SCHEMA_PREMARKET_INTEL,      INTEL_OF_PREMARKET },
    {SCHEMA_POSTMARKET_INTEL,     INTEL_OF_POSTMARKET},
    {SCHEMA_UW_USAGE_STATE,       INTEL_OF_NOTHING   },
    {SCHEMA_REGIME_STATE,         INTEL_OF_REGIME    },
    {SCHEMA_UW_INTEL_PNL_SUMMARY, INTEL_OF_NOTHING   },
};
enum { SCHEMA_ROWS = 7, PNL_ROW = 7, USAGE_ROW = 5 };

const char *
intel_status_name(enum intel_status s)
{
    static const char *const NAMES[] = {"ok",    "warn",       "skip",      "missing",
                                        "stale", "bad_schema", "incomplete"};

    return NAMES[s];
}

bool
intel_is_well(const struct intel_health *h)
{
    for (size_t i = 0; i < h->len; i++)
        if (h->checks[i].status > INTEL_SKIP) return false;
    return true;
}

bool
intel_needs_heal(const struct intel_health *h, enum intel_target target)
{
    for (size_t i = 0; i < h->len; i++)
        if (h->checks[i].target == target && h->checks[i].status > INTEL_SKIP) return true;
    return false;
}

/* ---- files --------------------------------------------------------------------------------- */

static struct intel_check *
new_check(struct intel_health *h, enum intel_kind kind, const char *path)
{
    ASSERT(h->len < INTEL_CHECKS_MAX);
    struct intel_check *c = &h->checks[h->len++];

    *c = (struct intel_check){.kind = kind, .age_s = (double)NAN, .newest_ns = WHEN_NONE};
    (void)str_copy(c->path, sizeof c->path, path);
    return c;
}

static struct intel_check *
new_file_check(struct intel_health *h, enum intel_kind kind, size_t row)
{
    char path[INTEL_PATH_MAX];
    const char *name = schema_name(FILES[row].schema);

    (void)snprintf(path, sizeof path, "state/%s.json", name);
    struct intel_check *c = new_check(h, kind, path);
    c->target = FILES[row].target;
    (void)snprintf(c->name, sizeof c->name, "%s:%s",
                   kind == INTEL_FRESHNESS ? "freshness" : "schema", name);
    return c;
}

/* False for a file that is not there. */
static bool
look_age(const struct fs *fs, int64_t now_ns, struct intel_check *c)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, c->path, &st, &ignored) != RC_OK || !st.exists) return false;
    /* Written after the instant we look from (--as-of, or just healed): as young as can be. */
    c->age_s = (double)MAX(0, now_ns - st.mtime_ns) / (double)NS_PER_S;
    return true;
}

static void
look_freshness(const struct fs *fs, const struct intel_limits *limits, int64_t now_ns,
               struct intel_check *c)
{
    if (!look_age(fs, now_ns, c))
        c->status = INTEL_MISSING;
    else if (c->age_s > (double)limits->age_max_s)
        c->status = INTEL_STALE;
}

/* RC_NOT_FOUND where there is no file. */
static enum rc
load(const struct fs *fs, const char *path, struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    enum rc rc = fs->read_all(fs->self, path, DOC_BYTES_MAX, &bytes, err);

    if (rc != RC_OK) return rc;
    return json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, ret_doc, err);
}

static void
look_schema(const struct fs *fs, enum schema schema, struct intel_check *c)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};
    enum rc rc = load(fs, c->path, &doc, &err);

    if (rc == RC_NOT_FOUND) {
        c->status = INTEL_MISSING;
        return;
    }
    if (rc == RC_OK) rc = schema_check(schema, doc, &err);
    if (rc != RC_OK) c->status = INTEL_BAD_SCHEMA;
    (void)str_copy(c->detail, sizeof c->detail, rc == RC_OK ? "ok" : err.text);
}

static void
look_usage(const struct fs *fs, const struct intel_limits *limits, struct intel_check *c)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err ignored = {0};

    (void)str_copy(c->name, sizeof c->name, "uw_usage");
    if (load(fs, c->path, &doc, &ignored) != RC_OK || !json_is_object(doc)) {
        c->status = INTEL_MISSING;
        return;
    }
    c->calls_today = json_i64(doc, "calls_today", 0);
    if (c->calls_today >= limits->calls_warn) c->status = INTEL_WARN;
}

/* ---- the master trade log ------------------------------------------------------------------ */

static int64_t
line_time(const struct json *line)
{
    static const char *const KEYS[] = {"exit_ts", "entry_ts", "timestamp"};

    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        const char *text = json_str(line, KEYS[i], "");

        if (text[0] != '\0') return when_parse_or_none(text);
    }
    return WHEN_NONE;
}

static bool
is_whole_trade(const struct json *line)
{
    static const char *const KEYS[] = {"trade_id", "symbol", "side", "entry_ts", "source"};

    for (size_t i = 0; i < COUNT_OF(KEYS); i++)
        if (json_member(line, KEYS[i]) == NULL) return false;
    return true;
}

static void
look_line(const char *bytes, size_t len, struct intel_check *c)
{
    CLEANUP(json_freep) struct json *line = NULL;
    struct err ignored = {0};

    if (json_parse(bytes, len, JSON_LOG, &JSON_LIMITS_FILE, &line, &ignored) != RC_OK ||
        !json_is_object(line)) {
        c->bad_lines++;
        return;
    }
    c->parsed_lines++;
    if (!is_whole_trade(line)) c->bad_lines++;
    c->newest_ns = MAX(c->newest_ns, line_time(line));
}

static bool
is_blank(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\v\f", bytes[i]) == NULL) return false;
    return true;
}

/* The last lines that are not blank, newest first. */
static void
look_lines(const struct text *tail, struct intel_check *c)
{
    const char *bytes = text_str(tail);
    size_t end = tail->len;

    for (int lines = 0; end > 0 && lines < INTEL_LOG_LINES;) {
        size_t start = end;

        while (start > 0 && bytes[start - 1] != '\n')
            start--;
        if (start == 0 && tail->len == LOG_TAIL_MAX) return; /* begins before what was read */
        if (!is_blank(bytes + start, end - start)) {
            look_line(bytes + start, end - start, c);
            lines++;
        }
        end = start > 0 ? start - 1 : 0;
    }
}

static void
look_trade_log(const struct fs *fs, const struct intel_limits *limits, int64_t now_ns,
               struct intel_check *c)
{
    CLEANUP(text_free) struct text tail = {0};
    struct fs_stat st = {0};
    struct err err = {0};

    (void)str_copy(c->name, sizeof c->name, "master_trade_log");
    if (!look_age(fs, now_ns, c)) {
        c->status = INTEL_MISSING;
        return;
    }
    enum rc rc = fs->stat(fs->self, c->path, &st, &err);
    if (rc == RC_OK)
        rc = fs->read_at(fs->self, c->path, MAX(0, st.size - LOG_TAIL_MAX), LOG_TAIL_MAX, &tail,
                         &err);
    if (rc != RC_OK) c->bad_lines++; /* cannot be read: nothing in it is good */
    look_lines(&tail, c);
    if (c->bad_lines > 0)
        c->status = INTEL_BAD_SCHEMA;
    else if (c->age_s > (double)limits->age_max_s)
        c->status = INTEL_STALE;
}

/* ---- the operator's copy ------------------------------------------------------------------- */

struct latest {
    char today[ISO_TEXT_MAX], name[ISO_TEXT_MAX];
};

static bool
take_latest(void *ctx, const char *name)
{
    struct latest *l = ctx;
    struct date date;
    struct err ignored = {0};

    if (date_parse(name, &date, &ignored) == RC_OK && strcmp(name, l->today) <= 0 &&
        strcmp(name, l->name) > 0)
        (void)str_copy(l->name, sizeof l->name, name);
    return true;
}

static void
skip(struct intel_check *c, const char *why)
{
    c->status = INTEL_SKIP;
    (void)str_copy(c->detail, sizeof c->detail, why);
}

static void
look_sync(const struct fs *fs, const struct intel_limits *limits, int64_t now_ns,
          struct intel_check *c)
{
    static const char *const WANTED[] = {"daily_universe", "core_universe", "premarket_intel",
                                         "postmarket_intel", "uw_usage_state"};
    struct latest latest = {0};
    struct err ignored = {0};

    (void)str_copy(c->name, sizeof c->name, "droplet_sync");
    if (!limits->is_operator) {
        skip(c, "not the operator's machine");
        return;
    }
    (void)date_text(when_to_civil(now_ns).date, latest.today);
    if (fs->list(fs->self, c->path, take_latest, &latest, &ignored) != RC_OK ||
        latest.name[0] == '\0') {
        skip(c, "nothing was fetched yet");
        return;
    }
    (void)snprintf(c->path, sizeof c->path, "droplet_sync/%.10s", latest.name);
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        char path[2 * INTEL_PATH_MAX];
        struct fs_stat st = {0};

        (void)snprintf(path, sizeof path, "%s/%s.json", c->path, WANTED[i]);
        if (fs->stat(fs->self, path, &st, &ignored) != RC_OK || !st.exists)
            c->missing[c->missing_len++] = WANTED[i];
    }
    if (c->missing_len > 0) c->status = INTEL_INCOMPLETE;
}

struct intel_health
intel_health_look(const struct fs *fs, const struct intel_limits *limits, int64_t now_ns)
{
    struct intel_health h = {0};

    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        look_freshness(fs, limits, now_ns, new_file_check(&h, INTEL_FRESHNESS, i));
    for (size_t i = 0; i < SCHEMA_ROWS; i++)
        look_schema(fs, FILES[i].schema, new_file_check(&h, INTEL_SCHEMA, i));
    if (h.checks[PNL_ROW].status != INTEL_MISSING)
        look_schema(fs, FILES[PNL_ROW].schema, new_file_check(&h, INTEL_SCHEMA, PNL_ROW));
    look_usage(fs, limits, new_check(&h, INTEL_USAGE, h.checks[USAGE_ROW].path));
    look_trade_log(fs, limits, now_ns, new_check(&h, INTEL_TRADE_LOG, MASTER_LOG_PATH));
    look_sync(fs, limits, now_ns, new_check(&h, INTEL_SYNC, "droplet_sync"));
    return h;
}
