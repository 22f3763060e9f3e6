#include "scripts/report/report_run.h"

#include "analytics/cut.h"
#include "analytics/doc.h"
#include "analytics/value.h"
#include "io/source.h"
#include "scripts/command.h"
#include "telemetry/log_files.h"

#define DOC_BYTES_MAX  ((size_t)64 << 20)
#define TAIL_BYTES_MAX ((size_t)16 << 20)

void
report_run_begin(struct report_run *r, struct job *job)
{
    *r = (struct report_run){.job = job};
}

/* The report names them too; this is for the one who waits, or for the mail of a timer. */
static void
say_damage(const struct report_run *r)
{
    for (size_t i = 0; i < r->inputs_len; i++) {
        char buf[REPORT_DAMAGE_MAX];
        const char *damage = report_damage(&r->input[i], buf);

        if (damage != NULL)
            (void)fprintf(stderr, "%s: %s: %s\n", r->job->spec->name, r->input[i].path, damage);
    }
}

void
report_run_done(struct report_run *r)
{
    say_damage(r);
    for (size_t i = 0; i < r->docs_len; i++)
        json_free(r->doc[i]);
    arena_done(&r->arena);
    arena_done(&r->scratch);
}

struct report_about
report_about(const struct report_run *r)
{
    return (struct report_about){r->job->date_text, r->input, r->inputs_len};
}

/* ---- inputs -------------------------------------------------------------------------------- */

static struct report_input *
note_of(struct report_run *r, const char *path, const char *maker)
{
    ASSERT(r->inputs_len < REPORT_INPUTS_MAX);
    struct report_input *in = &r->input[r->inputs_len++];

    *in = (struct report_input){.path = path, .maker = maker};
    return in;
}

bool
report_has(const struct report_run *r, const char *path)
{
    for (size_t i = 0; i < r->inputs_len; i++)
        if (str_eq(r->input[i].path, path)) return !r->input[i].is_missing;
    return false;
}

static void
say_wrong(struct report_input *in, enum rc rc, const struct err *err)
{
    const char *words = err->text;
    size_t len = strlen(in->path);

    in->is_missing = rc == RC_NOT_FOUND;
    if (str_starts(words, in->path) && str_starts(words + len, ": ")) words += len + 2;
    (void)str_copy(in->wrong, sizeof(in->wrong), words);
}

const struct json *
report_doc(struct report_run *r, const char *path, const char *maker)
{
    CLEANUP(text_free) struct text bytes = {0};
    const struct fs *fs = &r->job->runner.fs;
    struct report_input *in = note_of(r, path, maker);
    struct json *doc = NULL;
    struct err err = {0};
    enum rc rc = fs->read_all(fs->self, path, DOC_BYTES_MAX, &bytes, &err);

    if (rc == RC_OK)
        rc = json_parse(text_str(&bytes), bytes.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &err);
    if (rc != RC_OK) {
        say_wrong(in, rc, &err);
        return NULL;
    }
    r->doc[r->docs_len++] = doc;
    if (json_is_object(doc)) return doc;
    (void)str_copy(in->wrong, sizeof(in->wrong), "holds JSON, but no object");
    return NULL;
}

/* ---- logs ---------------------------------------------------------------------------------- */

struct feeding {
    struct report_run *run;
    void (*put)(void *ctx, const char *bytes, size_t len);
    void *ctx;
    struct report_input *note;
    size_t generations;
};

/* The file as it is when it is opened: what is appended later belongs to the next run. */
static enum rc
feed_file(struct report_run *r, const char *path,
          void (*put)(void *ctx, const char *bytes, size_t len), void *ctx, struct err *err)
{
    struct sources sources = sources_seam(&r->job->runner.posix_fs);
    struct source src = {0};
    const char *bytes = NULL;
    size_t len = 0;
    enum rc rc = sources.open(sources.self, path, -1, &src, err);

    if (rc != RC_OK) return rc;
    do {
        rc = src.next(src.self, &bytes, &len, err);
        if (rc == RC_OK && len > 0) put(ctx, bytes, len);
    } while (rc == RC_OK && len > 0);
    src.close(src.self);
    return rc;
}

static void
feed_generation(void *ctx, const char *path)
{
    struct feeding *f = ctx;
    struct err err = {0};
    enum rc rc = feed_file(f->run, path, f->put, f->ctx, &err);

    f->put(f->ctx, "", 0);
    f->generations++;
    if (rc != RC_OK && f->note->wrong[0] == '\0') say_wrong(f->note, rc, &err);
}

void
report_feed(struct report_run *r, const char *path, const char *maker,
            void (*put)(void *ctx, const char *bytes, size_t len), void *ctx)
{
    struct report_input unnoted = {.path = path};
    struct report_input *in = maker != NULL ? note_of(r, path, maker) : &unnoted;
    struct feeding f = {.run = r, .put = put, .ctx = ctx, .note = in};
    const char *name = strrchr(path, '/') + 1;
    char stem[64];

    (void)snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - strlen(".jsonl")), name);
    log_generations(&r->job->runner.fs, stem, date_to_days(r->job->date) * NS_PER_DAY, &r->arena,
                    feed_generation, &f);
    feed_generation(&f, path);
    /* Just rotated away: it has a past, and nothing to tell since. */
    if (in->is_missing && f.generations > 1) {
        in->is_missing = false;
        in->wrong[0] = '\0';
    }
}

void
report_note_lines(struct report_run *r, const char *path, uint64_t lines, uint64_t malformed)
{
    for (size_t i = 0; i < r->inputs_len; i++) {
        if (!str_eq(r->input[i].path, path)) continue;
        r->input[i].lines = (int64_t)lines;
        r->input[i].malformed = (int64_t)malformed;
    }
}

struct reading {
    struct report_run *run;
    const struct report_log *log;
    struct cut cut;
};

/* A text may also be written with escapes. */
static bool
may_hold(struct span piece, const char *text)
{
    return text == NULL || memmem(piece.at, piece.len, text, strlen(text)) != NULL ||
           memchr(piece.at, '\\', piece.len) != NULL;
}

static void
take_record(void *self, const struct node *record, struct line_ref line)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct reading *g = self;
    const struct report_log *log = g->log;
    struct span piece = span_trim(g->cut.piece);
    struct err ignored = {0};

    (void)record; /* that it is one is known by now */
    (void)line;
    if (!may_hold(piece, log->only)) return;
    if (json_parse(piece.at, piece.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &ignored) != RC_OK) {
        g->cut.stats.malformed++;
        return;
    }
    log->take(log->ctx, doc, &g->run->scratch);
    arena_reset(&g->run->scratch);
}

static void
take_piece(void *ctx, const char *bytes, size_t len)
{
    struct reading *g = ctx;

    if (len > 0)
        cut_feed(&g->cut, bytes, len);
    else
        cut_end(&g->cut);
}

/* Reads what is handed to take_piece while given runs. */
static void
read_records(struct report_run *r, const struct report_log *log, const struct text *lines)
{
    CLEANUP(piece_reader_done) struct piece_reader reader = {0};
    struct reading g = {
        .run = r, .log = log, .cut = {.record = take_record, .reader = &reader}
    };
    size_t at = r->inputs_len;

    g.cut.self = &g;
    if (lines != NULL) {
        at--; /* noted by who read them */
        take_piece(&g, text_str(lines), lines->len);
        cut_end(&g.cut);
    } else {
        report_feed(r, log->path, log->maker, take_piece, &g);
    }
    r->input[at].lines = (int64_t)g.cut.stats.lines;
    r->input[at].malformed = (int64_t)g.cut.stats.malformed;
    cut_done(&g.cut);
}

void
report_read(struct report_run *r, const struct report_log *log)
{
    read_records(r, log, NULL);
}

/* ---- tails --------------------------------------------------------------------------------- */

static enum rc
put_text(void *ctx, const char *bytes, size_t len, struct err *err)
{
    (void)err;
    text_add(ctx, bytes, len);
    return RC_OK;
}

/* The last lines of the file from the offset on that is left of them within so many bytes. */
static enum rc
read_tail(const struct source *src, int64_t lines, size_t bytes_max, struct text *to,
          struct err *err)
{
    int64_t size = src->facts(src->self).bytes, start = 0;
    enum rc rc = tail_start(src, lines, &start, err);
    bool is_cut = size - start > (int64_t)bytes_max;

    if (is_cut) start = size - (int64_t)bytes_max;
    if (rc == RC_OK) rc = tail_read(src, start, put_text, to, err);
    if (!is_cut || to->len == 0) return rc;
    const char *end = memchr(to->data, '\n', to->len); /* the first line was cut */
    size_t drop = end == NULL ? to->len : (size_t)(end - to->data) + 1;
    to->len -= drop;
    memmove(to->data, to->data + drop, to->len);
    return rc;
}

void
report_last_lines(struct report_run *r, const char *path, int64_t lines, size_t bytes_max,
                  struct text *ret_lines)
{
    struct sources sources = sources_seam(&r->job->runner.posix_fs);
    struct source src = {0};
    struct err ignored = {0};

    text_clear(ret_lines);
    if (sources.open(sources.self, path, -1, &src, &ignored) != RC_OK) return;
    if (read_tail(&src, lines, bytes_max, ret_lines, &ignored) != RC_OK) text_clear(ret_lines);
    src.close(src.self);
}

void
report_read_last(struct report_run *r, const struct report_log *log, int64_t lines)
{
    CLEANUP(text_free) struct text last = {0};
    const struct fs *fs = &r->job->runner.fs;
    struct report_input *in = note_of(r, log->path, log->maker);
    struct fs_stat st = {0};
    struct err err = {0};

    if (fs->stat(fs->self, log->path, &st, &err) != RC_OK)
        say_wrong(in, RC_IO, &err);
    else if (!st.exists)
        in->is_missing = true;
    report_last_lines(r, log->path, lines, TAIL_BYTES_MAX, &last);
    read_records(r, log, &last);
}

/* ---- outputs ------------------------------------------------------------------------------- */

enum rc
report_put(struct report_run *r, const char *path, const char *bytes, size_t len, struct err *err)
{
    const struct fs *fs = &r->job->runner.fs;

    if (r->job->is_dry) return RC_OK;
    return fs->replace(fs->self, path, bytes, len, false, err);
}

int
report_save(struct report_run *r, const char *name, struct paper *p, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};

    text_printf(&path, "reports/%s_%s.md", name, r->job->date_text);
    while (p->md.len > 1 && p->md.data[p->md.len - 2] == '\n' && p->md.data[p->md.len - 1] == '\n')
        p->md.len--;
    if (report_put(r, text_str(&path), text_str(&p->md), p->md.len, err) != RC_OK)
        return EXIT_FAILED;
    if (r->job->is_dry) return EXIT_DONE;
    text_clear(&r->job->path);
    text_puts(&r->job->path, text_str(&path));
    return EXIT_DONE;
}

void
report_canonical(const struct text *json, struct text *ret_text)
{
    CLEANUP(json_line_done) struct json_line line = {0};
    CLEANUP(doc_free) struct doc doc = {0};
    const struct node *root = json_line_read(&line, text_str(json), json->len);

    ASSERT(root != NULL); /* it was written a moment ago */
    doc_node(&doc, NULL, root);
    text_clear(ret_text);
    text_add(ret_text, text_str(&doc.text), doc.text.len);
}

int
report_save_state(struct report_run *r, const char *path, const struct text *json, struct err *err)
{
    CLEANUP(text_free) struct text canonical = {0};

    report_canonical(json, &canonical);
    return report_put(r, path, text_str(&canonical), canonical.len, err) == RC_OK ? EXIT_DONE
                                                                                  : EXIT_FAILED;
}
