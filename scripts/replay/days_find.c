#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripts/replay/days.h"
#include "scripts/view.h"

#define DAY_FILE_BYTES_MAX ((size_t)1 << 20)

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyzer loses track of lists that grow inside another struct; the sanitizers do not. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* ---- lists --------------------------------------------------------------------------------- */

static void *
room_for_one(void *array, size_t len, size_t *cap, size_t size)
{
    if (len < *cap) return array;
    *cap = *cap == 0 ? 16 : 2 * *cap;
    void *more = realloc(array, *cap * size);
    ASSERT(more != NULL);
    return more;
}

void
day_broken_add(struct day_broken *b, const char *name, const char *why)
{
    struct text *words = room_for_one(b->words, b->len, &b->cap, sizeof *b->words);

    b->words = words;
    words[b->len] = (struct text){0};
    text_printf(&words[b->len++], "%s: %s", name, why);
}

static struct day_folder *
add_folder(struct days_found *f, const char *path)
{
    f->folder = room_for_one(f->folder, f->folders, &f->folders_cap, sizeof *f->folder);
    f->folder[f->folders] = (struct day_folder){0};
    text_puts(&f->folder[f->folders].path, path);
    return &f->folder[f->folders++];
}

static struct day_unit *
add_unit(struct days_found *f, const char *name)
{
    struct day_unit *units = room_for_one(f->unit, f->units, &f->units_cap, sizeof *f->unit);
    struct day_unit *u = &units[f->units++];

    f->unit = units;
    *u = (struct day_unit){0};
    (void)str_copy(u->name, sizeof u->name, name); /* a longer name is only shown shorter */
    return u;
}

void
days_found_done(struct days_found *f)
{
    for (size_t i = 0; i < f->folders; i++) {
        struct day_folder *d = &f->folder[i];
        for (size_t k = 0; k < d->files; k++)
            text_free(&d->file[k].csv);
        free(d->file);
        text_free(&d->path);
        text_free(&d->flow_path);
        text_free(&d->state_path);
    }
    for (size_t i = 0; i < f->units; i++)
        free(f->unit[i].symbols);
    for (size_t i = 0; i < f->broken.len; i++)
        text_free(&f->broken.words[i]);
    free(f->broken.words);
    free(f->folder);
    free(f->unit);
    *f = (struct days_found){0};
}

/* ---- names of a folder --------------------------------------------------------------------- */

struct names {
    struct text *name;
    size_t len, cap;
};

static bool
take_name(void *ctx, const char *name)
{
    struct names *n = ctx;

    n->name = room_for_one(n->name, n->len, &n->cap, sizeof *n->name);
    n->name[n->len] = (struct text){0};
    text_puts(&n->name[n->len++], name);
    return true;
}

static void
names_free(struct names *n)
{
    for (size_t i = 0; i < n->len; i++)
        text_free(&n->name[i]);
    free(n->name);
    *n = (struct names){0};
}

static bool
is_dir(const struct fs *fs, const char *path)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    return fs->stat(fs->self, path, &st, &ignored) == RC_OK && st.exists && st.is_dir;
}

static bool
is_alerts(const char *name)
{
    return str_ends(name, ".json") || str_ends(name, ".jsonl") || str_ends(name, ".json.gz") ||
           str_ends(name, ".jsonl.gz");
}

/* ---- bars ---------------------------------------------------------------------------------- */

/* The dates of all files of a folder, each once. */
struct dates {
    struct date *date;
    size_t len, cap;
};

static int
by_date(const void *a, const void *b)
{
    return date_cmp(*(const struct date *)a, *(const struct date *)b);
}

static bool
dates_have(const struct dates *d, struct date date)
{
    return d->date != NULL && bsearch(&date, d->date, d->len, sizeof date, by_date) != NULL;
}

static void
dates_merge(struct dates *to, const struct date *date, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (dates_have(to, date[i])) continue;
        to->date = room_for_one(to->date, to->len, &to->cap, sizeof *to->date);
        to->date[to->len++] = date[i];
        qsort(to->date, to->len, sizeof *to->date, by_date);
    }
}

/* Reads one file into the folder; what is no file of bars is passed over. */
static enum rc
add_file(struct day_folder *d, const char *path, const struct fs *fs, const struct zone *ny,
         struct dates *dates, struct err *err)
{
    struct load_bars bars = {0};
    struct date *date = NULL;
    size_t len = 0;
    enum rc rc = load_bars_read(path, fs, NULL, &bars, err);

    if (rc != RC_OK || bars.len == 0) return rc;
    rc = day_dates(ny, &bars.file[0], &date, &len, err);
    if (rc == RC_OK) {
        dates_merge(dates, date, len);
        free(date);
        struct day_file *file = realloc(d->file, (d->files + 1) * sizeof *file);
        ASSERT(file != NULL);
        d->file = file;
        d->file[d->files++] = bars.file[0];
        bars.len = 0; /* taken */
    }
    load_bars_free(&bars);
    return rc;
}

/* ---- folders ------------------------------------------------------------------------------- */

struct finding {
    const struct fs *fs;
    const struct zone *ny;
    struct days_found *found;
};

static void
add_dates(const struct finding *g, size_t folder, const char *prefix, const struct dates *dates)
{
    for (size_t i = 0; i < dates->len; i++) {
        char day[ISO_TEXT_MAX];
        CLEANUP(text_free) struct text name = {0};

        (void)date_text(dates->date[i], day);
        text_printf(&name, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", day);
        struct day_unit *u = add_unit(g->found, text_str(&name));
        u->date = dates->date[i];
        u->folder = folder;
    }
}

static void
set_if_dir(const struct fs *fs, const char *path, const char *sub, struct text *to)
{
    CLEANUP(text_free) struct text t = {0};

    text_printf(&t, "%s/%s", path, sub);
    if (!is_dir(fs, text_str(&t))) return;
    text_clear(to);
    text_puts(to, text_str(&t));
}

/* DIR itself: a file that cannot be read is named, and the days go on without its symbol. */
static void
find_flat(const struct finding *g, const char *path, const struct names *names)
{
    struct dates dates = {0};
    struct day_folder *d = add_folder(g->found, path);
    size_t at = g->found->folders - 1;

    for (size_t i = 0; i < names->len; i++) {
        CLEANUP(text_free) struct text file = {0};
        char symbol[SYMBOL_MAX];
        struct err err = {0};

        if (!load_symbol_of(text_str(&names->name[i]), symbol)) continue;
        text_printf(&file, "%s/%s", path, text_str(&names->name[i]));
        if (add_file(d, text_str(&file), g->fs, g->ny, &dates, &err) != RC_OK)
            day_broken_add(&g->found->broken, text_str(&names->name[i]), err.text);
    }
    set_if_dir(g->fs, path, "flow", &d->flow_path);
    set_if_dir(g->fs, path, "state", &d->state_path);
    add_dates(g, at, "", &dates);
    free(dates.date);
}

/* The files of one day's folder; the first that cannot be read breaks it. */
static enum rc
read_bars(const struct finding *g, struct day_folder *d, const char *path, struct dates *dates,
          struct err *err)
{
    struct names names = {0};
    enum rc rc = g->fs->list(g->fs->self, path, take_name, &names, err);

    for (size_t i = 0; i < names.len && rc == RC_OK; i++) {
        CLEANUP(text_free) struct text file = {0};
        char symbol[SYMBOL_MAX];

        if (is_alerts(text_str(&names.name[i])) && d->flow_path.len == 0)
            text_puts(&d->flow_path, path);
        if (!load_symbol_of(text_str(&names.name[i]), symbol)) continue;
        text_printf(&file, "%s/%s", path, text_str(&names.name[i]));
        rc = add_file(d, text_str(&file), g->fs, g->ny, dates, err);
    }
    names_free(&names);
    return rc;
}

static void
find_folder(const struct finding *g, const char *path, const char *name)
{
    CLEANUP(text_free) struct text bars = {0};
    struct dates dates = {0};
    struct date own;
    struct err err = {0}, no_date = {0};
    struct day_folder *d = add_folder(g->found, path);
    size_t at = g->found->folders - 1;

    text_puts(&bars, path);
    set_if_dir(g->fs, path, "bars", &bars);
    enum rc rc = read_bars(g, d, text_str(&bars), &dates, &err);
    set_if_dir(g->fs, path, "flow", &d->flow_path);
    set_if_dir(g->fs, path, "state", &d->state_path);
    bool is_one_day = date_parse(name, &own, &no_date) == RC_OK;
    if (rc == RC_OK && dates.len == 0) rc = err_set(&err, RC_NOT_FOUND, "no files of bars in it");
    if (rc == RC_OK && is_one_day && !dates_have(&dates, own))
        rc = err_set(&err, RC_NOT_FOUND, "no bars of %s", name);
    if (rc != RC_OK) {
        day_broken_add(&g->found->broken, name, err.text);
    } else if (is_one_day) {
        struct day_unit *u = add_unit(g->found, name);
        u->date = own;
        u->folder = at;
    } else {
        add_dates(g, at, name, &dates);
    }
    free(dates.date);
}

/* ---- drawn days ---------------------------------------------------------------------------- */

static enum rc
read_symbols(const struct json *list, struct day_unit *u, struct err *err)
{
    u->symbols = calloc(json_len(list) + 1, sizeof *u->symbols);
    ASSERT(u->symbols != NULL);
    if (json_len(list) > DAY_SYMBOLS_MAX - 1)
        return err_set(err, RC_RANGE, "more than %d symbols", DAY_SYMBOLS_MAX - 1);
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        const char *s = json_string(v);
        if (s == NULL || !symbol_set(u->symbols[u->symbols_len], s))
            return err_set(err, RC_PARSE, "symbols: %s is no symbol", s != NULL ? s : "a value");
        u->symbols_len++;
    }
    return u->symbols_len > 0 ? RC_OK : err_set(err, RC_PARSE, "symbols: there are none");
}

static enum rc
read_drawn(const char *bytes, size_t len, struct day_unit *u, struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    enum rc rc = json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, err);
    if (rc != RC_OK) return rc;
    struct json_in in = {.obj = doc, .err = err};
    const char *day = json_need_str(&in, "day");
    int64_t seed = json_need_i64(&in, "seed");
    rc = in.rc == RC_OK ? date_parse(day, &u->date, err) : in.rc;
    if (rc == RC_OK) rc = read_symbols(json_get_arr(doc, "symbols"), u, err);
    u->is_drawn = true;
    u->seed = (uint64_t)seed;
    return rc;
}

static void
find_drawn(const struct finding *g, const char *path, const char *name)
{
    CLEANUP(text_free) struct text day = {0};
    CLEANUP(text_free) struct text bytes = {0};
    struct err err = {0};
    struct day_unit u = {0};
    enum rc rc = g->fs->read_all(g->fs->self, path, DAY_FILE_BYTES_MAX, &bytes, &err);

    if (rc == RC_OK) rc = read_drawn(text_str(&bytes), bytes.len, &u, &err);
    if (rc != RC_OK) {
        free(u.symbols);
        day_broken_add(&g->found->broken, name, err.text);
        return;
    }
    struct day_unit *kept = add_unit(g->found, name);
    text_add(&day, name, strlen(name) - strlen(".json"));
    (void)str_copy(u.name, sizeof u.name, text_str(&day));
    *kept = u;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static int
by_day(const void *a, const void *b)
{
    const struct day_unit *x = a, *y = b;
    int order = date_cmp(x->date, y->date);

    return order != 0 ? order : strcmp(x->name, y->name);
}

/* What stands beside the bars of a folder of one recording. */
static bool
is_part_of_a_day(const char *name)
{
    return str_eq(name, "flow") || str_eq(name, "state") || is_alerts(name);
}

enum rc
days_find(const char *path, const struct fs *fs, const struct zone *ny,
          struct days_found *ret_found, struct err *err)
{
    struct names names = {0};
    struct finding g = {.fs = fs, .ny = ny, .found = ret_found};
    bool has_bars = false;

    if (!is_dir(fs, path)) return err_set(err, RC_NOT_FOUND, "%s: no such folder", path);
    enum rc rc = fs->list(fs->self, path, take_name, &names, err);
    for (size_t i = 0; i < names.len; i++) {
        char symbol[SYMBOL_MAX];
        has_bars = has_bars || load_symbol_of(text_str(&names.name[i]), symbol);
    }
    for (size_t i = 0; i < names.len && rc == RC_OK; i++) {
        CLEANUP(text_free) struct text inner = {0};
        const char *name = text_str(&names.name[i]);

        if (has_bars && is_part_of_a_day(name)) continue;
        text_printf(&inner, "%s/%s", path, name);
        if (is_dir(fs, text_str(&inner)))
            find_folder(&g, text_str(&inner), name);
        else if (str_ends(name, ".json"))
            find_drawn(&g, text_str(&inner), name);
    }
    if (rc == RC_OK && has_bars) find_flat(&g, path, &names);
    names_free(&names);
    if (rc != RC_OK) return rc;
    if (ret_found->units == 0 && ret_found->broken.len == 0)
        return err_set(err, RC_NOT_FOUND,
                       "%s: no day in it: neither SYMBOL.csv, nor a folder of "
                       "them, nor a drawn day",
                       path);
    if (ret_found->units > DAYS_MAX)
        return err_set(err, RC_RANGE, "%s: more than %d days", path, DAYS_MAX);
    if (ret_found->units > 0)
        qsort(ret_found->unit, ret_found->units, sizeof *ret_found->unit, by_day);
    return RC_OK;
}
