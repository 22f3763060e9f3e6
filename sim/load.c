#include "sim/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/gz.h"

#define FILE_MAX ((size_t)256 << 20)

/* Paths of a folder's files. */
struct folder {
    const char *path;
    struct text *file;
    size_t len, cap;
};

static void
add_file(struct folder *f, const char *path)
{
    if (f->len == f->cap) {
        f->cap = f->cap == 0 ? 64 : f->cap * 2;
        f->file = realloc(f->file, f->cap * sizeof(*f->file));
        ASSERT(f->file != NULL);
    }
    f->file[f->len] = (struct text){0};
    text_puts(&f->file[f->len++], path);
}

static bool
add_name(void *ctx, const char *name)
{
    struct folder *f = ctx;
    CLEANUP(text_free) struct text path = {0};

    text_printf(&path, "%s/%s", f->path, name);
    add_file(f, text_str(&path));
    return true;
}

static void
folder_free(struct folder *f)
{
    for (size_t i = 0; i < f->len; i++)
        text_free(&f->file[i]);
    free(f->file);
}

/* The files of a folder, or the path itself if it is a file. */
static enum rc
folder_open(const struct fs *fs, const char *path, struct folder *ret_folder, struct err *err)
{
    struct folder f = {.path = path};
    struct fs_stat stat = {0};
    enum rc rc = fs->stat(fs->self, path, &stat, err);

    if (rc == RC_OK && !stat.exists)
        rc = err_set(err, RC_NOT_FOUND, "%s: no such file or folder", path);
    if (rc == RC_OK && !stat.is_dir) add_file(&f, path);
    if (rc == RC_OK && stat.is_dir) rc = fs->list(fs->self, path, add_name, &f, err);
    if (rc != RC_OK) {
        folder_free(&f);
        return rc;
    }
    *ret_folder = f;
    return RC_OK;
}

bool
load_symbol_of(const char *path, char ret_symbol[SYMBOL_MAX])
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    const char *dot = strstr(name, ".csv");

    if (dot == NULL || dot - name >= SYMBOL_MAX) return false;
    if (!str_eq(dot, ".csv") && !str_eq(dot, ".csv.gz")) return false;
    (void)snprintf(ret_symbol, SYMBOL_MAX, "%.*s", (int)(dot - name), name);
    return symbol_valid(ret_symbol);
}

static bool
is_wanted(const struct sim_options *opt, const char *symbol)
{
    if (opt == NULL) return true;
    for (size_t i = 0; i < opt->symbols_len; i++)
        if (str_eq(opt->symbols[i], symbol)) return true;
    return !opt->are_symbols_given;
}

void
load_bars_free(struct load_bars *b)
{
    for (size_t i = 0; i < b->len; i++)
        text_free(&b->file[i].csv);
    free(b->file);
    *b = (struct load_bars){0};
}

enum rc
load_bars_read(const char *path, const struct fs *fs, const struct sim_options *wanted,
               struct load_bars *ret_bars, struct err *err)
{
    struct folder dir = {0};
    struct load_bars b = {0};
    enum rc rc = folder_open(fs, path, &dir, err);

    if (rc != RC_OK) return rc;
    b.file = calloc(dir.len + 1, sizeof(*b.file));
    ASSERT(b.file != NULL);
    for (size_t i = 0; i < dir.len && rc == RC_OK; i++) {
        const char *file = text_str(&dir.file[i]);

        if (!load_symbol_of(file, b.file[b.len].symbol) || !is_wanted(wanted, b.file[b.len].symbol))
            continue;
        rc = gz_read_all(file, FILE_MAX, &b.file[b.len].csv, err);
        if (rc == RC_OK) b.len++;
    }
    folder_free(&dir);
    if (rc != RC_OK) {
        load_bars_free(&b);
        return rc;
    }
    *ret_bars = b;
    return RC_OK;
}

static enum rc
load_day(const struct sim_options *opt, const struct fs *fs, const struct day_spec *spec,
         struct sim_day *ret_day, struct err *err)
{
    struct load_bars bars = {0};
    enum rc rc = load_bars_read(opt->bars_dir, fs, opt, &bars, err);

    if (rc == RC_OK) rc = day_load(spec, bars.file, bars.len, ret_day, err);
    load_bars_free(&bars);
    return rc == RC_OK ? rc : err_wrap(err, "%s", opt->bars_dir);
}

enum rc
load_flow_read(const char *path, const struct fs *fs, const struct sim_day *day,
               struct sim_flow *ret_flow, struct err *err)
{
    struct folder dir = {0};
    enum rc rc = folder_open(fs, path, &dir, err);

    if (rc != RC_OK) return rc;

    struct text *files = calloc(dir.len + 1, sizeof(*files));
    size_t len = 0;

    ASSERT(files != NULL);
    for (; len < dir.len && rc == RC_OK; len++)
        rc = gz_read_all(text_str(&dir.file[len]), FILE_MAX, &files[len], err);
    if (rc == RC_OK) rc = flow_load(day, files, len, ret_flow, err);
    for (size_t i = 0; i < len; i++)
        text_free(&files[i]);
    free(files);
    folder_free(&dir);
    return rc == RC_OK ? rc : err_wrap(err, "%s", path);
}

enum rc
load_market(const struct sim_options *opt, const struct fs *fs, struct sim *sim, struct err *err)
{
    const char *names[OPTIONS_SYMBOLS_MAX];
    int64_t now = clock_now(sim->clock);
    struct session today = calendar_session_at(sim->ny, now);
    struct day_spec spec = {.ny = sim->ny, .date = opt->date, .seed = opt->seed, .symbols = names};

    for (size_t i = 0; i < opt->symbols_len; i++)
        names[i] = opt->symbols[i];

    enum rc rc;

    if (opt->bars_dir != NULL) {
        rc = load_day(opt, fs, &spec, &sim->day, err); /* the files say which symbols there are */
    } else {
        if (spec.date.year == 0)
            spec.date =
                today.kind != SESSION_NONE ? today.date : calendar_next_session(sim->ny, now).date;
        spec.symbols_len = opt->symbols_len;
        rc = day_synth(&spec, &sim->day, err);
    }
    if (rc != RC_OK) return rc;
    if (opt->flow_path != NULL)
        return load_flow_read(opt->flow_path, fs, &sim->day, &sim->flow, err);
    return flow_synth(&sim->day, &sim->flow, err);
}
