#include "state/retention.h"

#define ARCHIVE "logs/archive"
#define MIB     (INT64_C(1) << 20)

enum {
    STAMP_LEN = 16,      /* 20260130T205807Z */
    ARCHIVES_MAX = 1024, /* of one log; beyond, the rest waits for the next pass */
    NAME_BYTES_MAX = 200 /* of a log; longer names are not ours */
};

const struct retention_limits RETENTION_AT_START = {64 * MIB, 10 * MIB, 3};
const struct retention_limits RETENTION_IN_OPERATION = {64 * MIB, 5 * MIB, 3};

bool
retention_is_contract_log(const char *path)
{
    static const char *const names[] = {
        "attribution", "exit_attribution", "exits",         "master_trade_log", "orders",
        "run",         "shadow",           "shadow_trades", "system_events",    "uw_attribution",
    };
    char want[64];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(want, sizeof(want), "logs/%s.jsonl", names[i]);
        if (str_eq(path, want)) return true;
    }
    return false;
}

struct pass {
    const struct fs *fs;
    const struct clock *clock;
    const struct log *log;
    const struct retention_limits *limits;
    const char *folder;
    int archived;
};

/* "run" + ".jsonl", with the folder before it where it is not logs/. */
static bool
split(const struct pass *p, const char *name, struct text *ret_stem, const char **ret_ext)
{
    const char *ext = str_ends(name, ".jsonl") ? ".jsonl" : ".log";
    size_t stem_len = strlen(name) - strlen(ext);

    if (stem_len == 0 || stem_len > NAME_BYTES_MAX) return false;
    if (!str_eq(p->folder, "logs")) text_printf(ret_stem, "%s-", p->folder);
    text_add(ret_stem, name, stem_len);
    *ret_ext = ext;
    return true;
}

/* ---- old archives -------------------------------------------------------------------------- */

/* The stamps of one log's archives, ascending because names are listed sorted. */
struct archives {
    const char *stem, *ext;
    char stamp[ARCHIVES_MAX][STAMP_LEN + 1];
    size_t len;
};

static bool
is_stamp(const char *s)
{
    for (size_t i = 0; i < STAMP_LEN; i++) {
        char want = i == 8 ? 'T' : i == STAMP_LEN - 1 ? 'Z' : '0';

        if (want == '0' ? s[i] < '0' || s[i] > '9' : s[i] != want) return false;
    }
    return true;
}

/* Exactly <stem>.<stamp><ext>: no other log's archive may be taken for one of ours. */
static bool
collect(void *ctx, const char *name)
{
    struct archives *a = ctx;
    size_t stem_len = strlen(a->stem);
    size_t len = strlen(name);

    if (len != stem_len + 1 + STAMP_LEN + strlen(a->ext) || !str_starts(name, a->stem) ||
        name[stem_len] != '.' || !str_ends(name, a->ext) || !is_stamp(name + stem_len + 1))
        return true;
    memcpy(a->stamp[a->len], name + stem_len + 1, STAMP_LEN);
    a->stamp[a->len++][STAMP_LEN] = '\0';
    return a->len < ARCHIVES_MAX;
}

static void
drop_oldest(const struct pass *p, const char *stem, const char *ext)
{
    struct archives *a = calloc(1, sizeof(*a));

    if (a == NULL) return;
    a->stem = stem;
    a->ext = ext;
    /* A folder that cannot be listed now can be at the next pass. */
    (void)p->fs->list(p->fs->self, ARCHIVE, collect, a, NULL);
    for (size_t i = 0; i + (size_t)p->limits->archives_kept < a->len; i++) {
        CLEANUP(text_free) struct text path = {0};

        text_printf(&path, "%s/%s.%s%s", ARCHIVE, stem, a->stamp[i], ext);
        (void)p->fs->remove(p->fs->self, text_str(&path), NULL); /* as above */
    }
    free(a);
}

/* ---- archiving ----------------------------------------------------------------------------- */

/* The first free name from now on, second by second. */
static enum rc
archive_name(const struct pass *p, const char *stem, const char *ext, struct text *ret_name)
{
    int64_t now_ns = clock_now(p->clock);
    char stamp[ISO_TEXT_MAX];

    for (int i = 0; i < 3600; i++) {
        struct fs_stat st = {0};

        text_clear(ret_name);
        text_printf(ret_name, "%s/%s.%s%s", ARCHIVE, stem,
                    when_compact(now_ns + i * NS_PER_S, stamp), ext);
        enum rc rc = p->fs->stat(p->fs->self, text_str(ret_name), &st, NULL);
        if (rc != RC_OK || !st.exists) return rc;
    }
    return RC_RANGE;
}

static void
archive(struct pass *p, const char *path, const char *name, int64_t bytes, bool is_contract)
{
    CLEANUP(text_free) struct text stem = {0};
    CLEANUP(text_free) struct text into = {0};
    const char *ext = NULL;

    if (!split(p, name, &stem, &ext)) return;
    if (archive_name(p, text_str(&stem), ext, &into) != RC_OK) return;
    if (p->fs->rename(p->fs->self, path, text_str(&into), NULL) != RC_OK) return;
    p->archived++;
    log_event(p->log, EV_LOG_ROTATED, F_STR("path", path), F_STR("archive", text_str(&into)),
              F_I64("bytes", bytes));
    if (!is_contract) drop_oldest(p, text_str(&stem), ext);
}

static bool
look_at(void *ctx, const char *name)
{
    struct pass *p = ctx;
    CLEANUP(text_free) struct text path = {0};
    struct fs_stat st = {0};
    bool is_log = str_ends(name, ".jsonl") || (str_eq(p->folder, "logs") && str_ends(name, ".log"));

    if (!is_log) return true;
    text_printf(&path, "%s/%s", p->folder, name);
    if (p->fs->stat(p->fs->self, text_str(&path), &st, NULL) != RC_OK || !st.exists || st.is_dir)
        return true;
    bool is_contract = retention_is_contract_log(text_str(&path));
    if (st.size > (is_contract ? p->limits->contract_bytes : p->limits->other_bytes))
        archive(p, text_str(&path), name, st.size, is_contract);
    return true;
}

int
retention_run(const struct fs *fs, const struct clock *clock, const struct log *log,
              const struct retention_limits *limits)
{
    static const char *const folders[] = {"logs", "data", "state"};
    struct pass p = {.fs = fs, .clock = clock, .log = log, .limits = limits};

    if (fs->make_dir(fs->self, ARCHIVE, NULL) != RC_OK) return 0;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        p.folder = folders[i];
        (void)fs->list(fs->self, folders[i], look_at, &p,
                       NULL); /* a folder that is missing has no logs */
    }
    return p.archived;
}
