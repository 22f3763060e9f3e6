#include "telemetry/bundle_internal.h"

enum { COPY_PIECE = 256 << 10 };

const char *const BUNDLE_KIND_NAMES[BUNDLE_KINDS] = {"state", "logs", "reports"};

/* ---- one file, once ------------------------------------------------------------------------ */

static struct input *
add_input(struct bundle *b, const struct taking *what)
{
    struct input_list *l = &b->inputs;

    l->item = bundle_grow(&b->arena, l->item, l->len, &l->cap, sizeof(*l->item));
    l->item[l->len] =
        (struct input){.kind = BUNDLE_KIND_NAMES[what->kind],
                       .path = arena_strdup(&b->arena, what->path),
                       .log = what->log != NULL ? arena_strdup(&b->arena, what->log) : NULL};
    return &l->item[l->len++];
}

/* The words without the name of the file, which stands beside them. */
static void
note(struct bundle *b, struct input *in, enum input_state state, const struct err *why)
{
    const char *colon = strstr(why->text, ": ");
    bool has_path = colon != NULL && memchr(why->text, '/', (size_t)(colon - why->text)) != NULL;

    in->state = state;
    in->error = arena_strdup(&b->arena, has_path ? colon + 2 : why->text);
}

enum input_state
bundle_open(struct bundle *b, const char *path, struct source *ret_source, struct err *why)
{
    const struct sources *sources = b->spec->seams.sources;
    struct pin pin = {.state = INPUT_READ, .path = path, .bytes = -1};

    if (b->pins != NULL) pin = b->pins->find(b->pins->self, path);
    if (pin.state == INPUT_UNREADABLE) (void)err_set(why, RC_IO, "%s", pin.error);
    if (pin.state == INPUT_UNREADABLE || pin.path == NULL)
        return pin.state == INPUT_UNREADABLE ? INPUT_UNREADABLE : INPUT_MISSING;
    enum rc rc = sources->open(sources->self, pin.path, pin.bytes, ret_source, why);
    if (rc == RC_NOT_FOUND) return INPUT_MISSING;
    return rc == RC_OK ? INPUT_READ : INPUT_UNREADABLE;
}

/* What cannot be opened is told in the row, and no failure of the run. */
static bool
open_input(struct bundle *b, struct input *in, struct source *ret_source)
{
    struct err why = {0};

    in->state = bundle_open(b, in->path, ret_source, &why);
    if (in->state == INPUT_UNREADABLE) note(b, in, INPUT_UNREADABLE, &why);
    return in->state == INPUT_READ;
}

static enum rc
drain(struct bundle *b, const struct source *src, struct input *in, const struct taking *what,
      struct err *err)
{
    int64_t before = b->bytes_done;

    for (;;) {
        struct err why = {0};
        const char *bytes = NULL;
        size_t len = 0;
        enum rc rc = bundle_go_on(b, err);

        if (rc != RC_OK) return rc;
        rc = src->next(src->self, &bytes, &len, &why);
        if (rc != RC_OK) note(b, in, INPUT_DAMAGED, &why);
        if (rc != RC_OK || len == 0) break;
        if (what->feed != NULL) what->feed(what->ctx, bytes, len);
        b->bytes_done = MIN(before + src->facts(src->self).content_bytes, b->bytes_all);
        if (b->spec->seams.progress != NULL)
            b->spec->seams.progress(b->spec->seams.ctx, b->bytes_done, b->bytes_all);
    }
    struct source_facts facts = src->facts(src->self);
    in->bytes = facts.bytes;
    in->content_bytes = facts.content_bytes;
    in->is_compressed = facts.is_compressed;
    (void)str_copy(in->sha256, sizeof(in->sha256), facts.sha256);
    return RC_OK;
}

/* ---- the copy ------------------------------------------------------------------------------ */

/* Tells a disk that does not take the copy, which ends the run, from an input that cannot be read
 * on, which is named. */
struct copying {
    struct out out;
    struct err *err;
    enum rc rc; /* of the writing */
};

static enum rc
put_out(void *ctx, const char *bytes, size_t len, struct err *err)
{
    struct copying *c = ctx;

    (void)err;
    c->rc = out_add(&c->out, bytes, len, c->err);
    return c->rc;
}

static enum rc
copy_bytes(const struct source *src, struct copying *c, struct err *why)
{
    CLEANUP(text_free) struct text piece = {0};
    int64_t end = src->facts(src->self).bytes;
    enum rc rc = RC_OK;

    for (int64_t at = 0; rc == RC_OK && at < end; at += COPY_PIECE) {
        rc = src->read_at(src->self, at, COPY_PIECE, &piece, why);
        if (rc == RC_OK) rc = put_out(c, text_str(&piece), piece.len, why);
    }
    return rc;
}

static enum rc
copy_tail(const struct source *src, int64_t lines, struct copying *c, struct err *why)
{
    int64_t offset = 0;
    enum rc rc = tail_start(src, lines, &offset, why);

    return rc == RC_OK ? tail_read(src, offset, put_out, c, why) : rc;
}

/* The name below the bundle's folder is the path below the root. */
static enum rc
copy_out(struct bundle *b, enum bundle_kind kind, struct input *in, const struct source *src,
         struct err *err)
{
    const struct bundle_options *options = &b->spec->options;
    struct output *row = bundle_output(b, BUNDLE_KIND_NAMES[kind], in->path, in->path);
    struct copying c = {.err = err};
    struct err why = {0};
    enum rc rc;

    out_begin(&c.out, b, in->path);
    if (kind == KIND_LOGS && in->bytes > options->log_bytes_max) {
        row->is_truncated = true;
        (void)snprintf(row->note, sizeof(row->note), "tailed_last_lines=%lld original_bytes=%lld",
                       (long long)options->tail_lines, (long long)in->bytes);
        rc = copy_tail(src, options->tail_lines, &c, &why);
    } else {
        rc = copy_bytes(src, &c, &why);
    }
    if (rc != RC_OK && c.rc == RC_OK) note(b, in, INPUT_DAMAGED, &why);
    if (c.rc == RC_OK) c.rc = out_end(&c.out, row, err);
    out_done(&c.out);
    return c.rc;
}

/* ---- the call ------------------------------------------------------------------------------ */

static void
add_missing(struct bundle *b, enum bundle_kind kind, const char *path)
{
    struct missing_list *l = &b->missing[kind];

    l->path = bundle_grow(&b->arena, l->path, l->len, &l->cap, sizeof(*l->path));
    l->path[l->len++] = arena_strdup(&b->arena, path);
}

static enum rc
put_text(void *ctx, const char *bytes, size_t len, struct err *err)
{
    (void)err;
    text_add(ctx, bytes, len);
    return RC_OK;
}

static void
read_tail(struct bundle *b, struct input *in, const struct source *src, const struct taking *what)
{
    struct err why = {0};
    int64_t offset = 0;
    enum rc rc = tail_start(src, what->tail_lines, &offset, &why);

    if (rc == RC_OK) rc = tail_read(src, offset, put_text, what->tail, &why);
    if (rc != RC_OK) note(b, in, INPUT_DAMAGED, &why);
}

enum rc
bundle_take(struct bundle *b, const struct taking *what, struct err *err)
{
    struct input *in = add_input(b, what);
    struct source src;

    if (!open_input(b, in, &src)) {
        if (what->is_copied) add_missing(b, what->kind, what->path);
        return RC_OK;
    }
    enum rc rc = drain(b, &src, in, what, err);
    if (rc == RC_OK && what->tail != NULL) read_tail(b, in, &src, what);
    if (rc == RC_OK && what->is_copied) rc = copy_out(b, what->kind, in, &src, err);
    in->src = src;
    in->is_open = what->is_kept && rc == RC_OK;
    if (!in->is_open) src.close(src.self);
    return rc;
}
