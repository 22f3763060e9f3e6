#include "telemetry/bundle_internal.h"

enum { WINDOW = 32 << 20, BEHIND = WINDOW / 4 };

void
lines_begin(struct log_lines *l, struct bundle *b, const char *log)
{
    int64_t at = 0;

    *l = (struct log_lines){.b = b};
    for (size_t i = 0; i < b->inputs.len; i++) {
        const struct input *in = &b->inputs.item[i];

        if (!str_eq(in->log, log) || in->content_bytes == 0) continue;
        l->file = bundle_grow(&b->arena, l->file, l->len, &l->cap, sizeof(*l->file));
        l->file[l->len++] = (struct line_file){.in = in, .at = at};
        at += in->content_bytes;
    }
}

static void
close_file(struct line_file *f)
{
    if (f->is_open) f->src.close(f->src.self);
    f->is_open = false;
    f->stream_at = 0;
}

void
lines_done(struct log_lines *l)
{
    for (size_t i = 0; i < l->len; i++)
        close_file(&l->file[i]);
    text_free(&l->window);
    text_free(&l->bytes);
    piece_reader_done(&l->reader);
}

static bool
open_file(struct log_lines *l, struct line_file *f)
{
    if (!f->is_open) f->is_open = bundle_open(l->b, f->in->path, &f->src, NULL) == INPUT_READ;
    return f->is_open;
}

/* Moves the window forward: what it holds behind its new beginning stays. */
static void
keep_rest(struct log_lines *l, struct line_file *f, int64_t at)
{
    size_t gone = (size_t)(at - f->window_at);

    memmove(l->window.data, l->window.data + gone, l->window.len - gone);
    l->window.len -= gone;
}

/* The window from there on; unpacks the file from its beginning where that has gone by. */
static bool
fill_window(struct log_lines *l, struct line_file *f, int64_t at)
{
    bool is_ahead =
        l->window_of == f && at >= f->window_at && at <= f->window_at + (int64_t)l->window.len;

    if (is_ahead)
        keep_rest(l, f, at);
    else
        text_clear(&l->window);
    if (!is_ahead && f->stream_at > at) close_file(f);
    f->window_at = at;
    l->window_of = f;
    if (!open_file(l, f)) return false;
    while (l->window.len < WINDOW) {
        const char *bytes = NULL;
        size_t len = 0;

        if (f->src.next(f->src.self, &bytes, &len, NULL) != RC_OK || len == 0) break;
        size_t skip = (size_t)MIN(MAX(at - f->stream_at, 0), (int64_t)len);
        if (l->window.len > 0) skip = 0;
        text_add(&l->window, bytes + skip, len - skip);
        f->stream_at += (int64_t)len;
    }
    return true;
}

static bool
read_compressed(struct log_lines *l, struct line_file *f, int64_t at, size_t len)
{
    int64_t end = at + (int64_t)len;
    bool is_inside =
        l->window_of == f && at >= f->window_at && end <= f->window_at + (int64_t)l->window.len;

    if (!is_inside && !fill_window(l, f, MAX(at - BEHIND, 0))) return false;
    if (end > f->window_at + (int64_t)l->window.len) return false;
    text_clear(&l->bytes);
    text_add(&l->bytes, l->window.data + (at - f->window_at), len);
    return true;
}

static bool
read_plain(struct log_lines *l, const struct line_file *f, int64_t at, size_t len)
{
    const struct source *src = &f->in->src;

    return f->in->is_open && src->read_at(src->self, at, len, &l->bytes, NULL) == RC_OK &&
           l->bytes.len == len;
}

const struct node *
lines_read(struct log_lines *l, struct line_ref ref)
{
    for (size_t i = 0; i < l->len; i++) {
        struct line_file *f = &l->file[i];
        int64_t at = (int64_t)ref.at - f->at;

        if (at < 0 || at >= f->in->content_bytes) continue;
        bool is_read = f->in->is_compressed ? read_compressed(l, f, at, ref.len)
                                            : read_plain(l, f, at, ref.len);
        if (!is_read) return NULL;
        return piece_read(&l->reader, text_str(&l->bytes), l->bytes.len);
    }
    return NULL;
}
