#include "telemetry/log_files.h"

#include "base/when.h"

#define ARCHIVE "logs/archive"

enum { GENERATIONS_MAX = 4096, STAMP_LEN = 16, DAY_LEN = 8 };

struct generations {
    struct arena *arena;
    const char *stem; /* "attribution" */
    const char *folder;
    const char **path; /* GENERATIONS_MAX */
    size_t len;
    int64_t oldest_ns; /* what was rotated away before holds nothing that is asked for */
};

/* Digits and the letters of 20260130T205807Z; gives WHEN_NONE for anything else. */
static int64_t
stamp_ns(const char *s)
{
    char iso[ISO_TEXT_MAX];

    if (strspn(s, "0123456789TZ") < STAMP_LEN || s[8] != 'T' || s[15] != 'Z') return WHEN_NONE;
    (void)snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6, s + 9,
                   s + 11, s + 13);
    return when_parse_or_none(iso);
}

static void
add(struct generations *g, const char *name)
{
    if (g->len == GENERATIONS_MAX) return;
    g->path[g->len++] = arena_printf(g->arena, "%s/%s", g->folder, name);
}

/* The end of a name behind a generation: nothing, or ".gz". */
static bool
is_end(const char *s)
{
    return s[0] == '\0' || str_eq(s, ".gz");
}

/* <stem>.<stamp>.jsonl[.gz] */
static bool
take_archived(void *ctx, const char *name)
{
    struct generations *g = ctx;
    size_t len = strlen(g->stem);

    if (!str_starts(name, g->stem) || name[len] != '.') return true;
    int64_t at_ns = stamp_ns(name + len + 1);
    if (at_ns == WHEN_NONE || at_ns < g->oldest_ns) return true;
    const char *end = name + len + 1 + STAMP_LEN;
    if (str_starts(end, ".jsonl") && is_end(end + 6)) add(g, name);
    return true;
}

/* <stem>.jsonl.<n>[.gz], <stem>.jsonl-<YYYYMMDD>[.gz], <stem>.jsonl.gz */
static bool
take_beside(void *ctx, const char *name)
{
    struct generations *g = ctx;
    size_t len = strlen(g->stem);

    if (!str_starts(name, g->stem) || !str_starts(name + len, ".jsonl")) return true;
    const char *end = name + len + 6;
    if (str_eq(end, ".gz")) add(g, name);
    if (end[0] != '.' && end[0] != '-') return true;
    size_t digits = strspn(end + 1, "0123456789");
    bool is_dated = end[0] == '-' && digits == DAY_LEN;
    bool is_numbered = end[0] == '.' && digits > 0 && digits < 4;
    if ((is_dated || is_numbered) && is_end(end + 1 + digits)) add(g, name);
    return true;
}

/* ".12.gz" is older than ".2", a date than the date after it; what is dated goes first. */
static int
by_age(const void *one, const void *other)
{
    const char *a = strstr(*(char *const *)one, ".jsonl") + 6;
    const char *b = strstr(*(char *const *)other, ".jsonl") + 6;
    int64_t n = 0, m = 0;

    if (a[0] != b[0]) return a[0] == '-' ? -1 : 1;
    if (a[0] == '-') return strcmp(a, b);
    n = (int64_t)strtoll(a + 1, NULL, 10);
    m = (int64_t)strtoll(b + 1, NULL, 10);
    return n != m ? (n > m ? -1 : 1) : strcmp(a, b);
}

/* A killed compressor leaves both: the plain one is whole. */
static bool
is_twice(const struct generations *g, size_t i)
{
    size_t len = strlen(g->path[i]);

    if (!str_ends(g->path[i], ".gz")) return false;
    for (size_t k = 0; k < g->len; k++)
        if (strlen(g->path[k]) == len - 3 && str_starts(g->path[i], g->path[k])) return true;
    return false;
}

void
log_generations(const struct fs *fs, const char *stem, int64_t since_ns, struct arena *a,
                void (*each)(void *ctx, const char *path), void *ctx)
{
    struct generations g = {
        .arena = a,
        .stem = stem,
        .folder = ARCHIVE,
        .path = ARENA_NEW(a, const char *, GENERATIONS_MAX),
        .oldest_ns = since_ns,
    };

    /* A folder that is missing or cannot be listed holds no generations. */
    (void)fs->list(fs->self, ARCHIVE, take_archived, &g, NULL);
    size_t archived = g.len;
    g.folder = "logs";
    (void)fs->list(fs->self, "logs", take_beside, &g, NULL);
    if (g.len > archived + 1) qsort(g.path + archived, g.len - archived, sizeof(*g.path), by_age);
    for (size_t i = 0; i < g.len; i++)
        if (!is_twice(&g, i)) each(ctx, g.path[i]);
}
