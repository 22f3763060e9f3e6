#include "engine/flow_file.h"

enum { ROOM_MAX = 256 << 20 }; /* of one member: beyond, the file is refused */

/* The window from the place in it on; larger where that is where it begins already. */
static enum rc
read_from(struct flow_file *f, const struct json_scan *place, struct err *err)
{
    if (f->reads > 0 && place->at == 0) f->room *= 2;
    if (f->room > ROOM_MAX)
        return err_set(err, RC_RANGE, "%s: a member of more than %d bytes", f->path, ROOM_MAX);
    f->offset += (int64_t)place->at;
    enum rc rc = f->fs->read_at(f->fs->self, f->path, f->offset, f->room, &f->window, err);
    if (rc == RC_NOT_FOUND) return err_set(err, RC_IO, "%s: gone while it was read", f->path);
    if (rc != RC_OK) return rc;
    f->reads++;
    f->is_end = f->window.len < f->room;
    json_scan_init(&f->scan, text_str(&f->window), f->window.len);
    f->scan.started = place->started;
    return RC_OK;
}

enum rc
flow_file_open(struct flow_file *f, const struct fs *fs, const char *path, size_t room,
               struct err *err)
{
    const struct json_scan start = {.at = 0};

    *f = (struct flow_file){.fs = fs, .path = path, .window = f->window, .room = room};
    return read_from(f, &start, err);
}

void
flow_file_done(struct flow_file *f)
{
    text_free(&f->window);
}

/* As far as the window shows it: cut off members fail, or end where the window does. */
static enum rc
next_in_window(struct flow_file *f, size_t (*known)(void *ctx, const struct json_span *at),
               void *ctx, struct json_span *span, struct err *err)
{
    enum rc rc = json_scan_key(&f->scan, span, err);

    if (rc != RC_OK) return rc;
    span->value_len = f->scan.len - f->scan.at;
    size_t len = known(ctx, span);
    if (len > span->value_len && !f->is_end)
        return err_set(err, RC_RANGE, "%s: the window ends in a member", f->path);
    if (len == 0 || len > span->value_len) return json_scan_value(&f->scan, span, err);
    json_scan_pass(&f->scan, span, len);
    return RC_OK;
}

enum rc
flow_file_next(struct flow_file *f, size_t (*known)(void *ctx, const struct json_span *at),
               void *ctx, struct json_span *ret_span, struct err *err)
{
    for (;;) {
        const struct json_scan place = f->scan;
        struct json_span span = {0};
        /* What fails in the middle of the file is cut off, mostly, and needs no words. */
        enum rc rc = next_in_window(f, known, ctx, &span, f->is_end ? err : NULL);
        bool is_cut = !f->is_end && (rc != RC_OK || f->scan.at == f->scan.len);

        if (!is_cut) {
            if (rc == RC_OK) *ret_span = span;
            return rc;
        }
        rc = read_from(f, &place, err);
        if (rc != RC_OK) return rc;
    }
}

bool
flow_file_is_one(const struct flow_file *f, const struct fs_stat *before)
{
    struct fs_stat after = {0};
    struct err ignored = {0};

    if (f->reads <= 1) return true;
    return f->fs->stat(f->fs->self, f->path, &after, &ignored) == RC_OK &&
           fs_is_same(before, &after);
}
