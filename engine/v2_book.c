#include "base/json.h"
#include "engine/v2.h"
#include "shadow/book_json.h"

static const struct store_spec SPEC = {
    .path = V2_POSITIONS_PATH, .default_json = "{\"positions\": {}}", .has_prev = true};

/* ---- the state file ------------------------------------------------------------------------ */

static enum rc
save(void *self, const struct v2_seams *s, bool with_outbox, struct err *err)
{
    struct v2_book *b = self;
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    shadow_positions_write(&o, "positions", &b->book);
    if (with_outbox) v2_outbox_write(&b->outbox, &o);
    json_out_end(&o);
    enum rc rc = store_save(s->store, &SPEC, &doc, err);
    if (rc != RC_OK) return rc;
    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &b->seen, &ignored) != RC_OK)
        b->seen = (struct fs_stat){0};
    return RC_OK;
}

/* ---- loading ------------------------------------------------------------------------------- */

static void
load(struct v2_book *b, const struct v2_seams *s)
{
    enum store_origin origin = STORE_MISSING;
    CLEANUP(json_freep) struct json *doc = store_load(s->store, &SPEC, &origin);
    struct shadow_book fresh = {0};
    struct err err = {0};

    /* What somebody damaged under us is written again from our own memory. */
    if (b->is_loaded && origin != STORE_FILE) {
        b->is_dirty = true;
        return;
    }
    if (shadow_book_decode(doc, &fresh, &err) != RC_OK) {
        v2_say_failed(s, "shadow_book_decode", &err);
        shadow_book_done(&fresh);
        b->is_loaded = true;
        return;
    }
    shadow_book_done(&b->book);
    b->book = fresh;
    if (!b->is_loaded) v2_outbox_take(&b->outbox, doc);
    b->is_loaded = true;
}

void
v2_book_sync(struct v2_book *b, const struct v2_seams *s)
{
    struct fs_stat st = {0};
    struct err err = {0};

    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &st, &err) != RC_OK) st = b->seen;
    if (b->is_loaded && fs_is_same(&st, &b->seen)) return;
    load(b, s);
    if (s->fs->stat(s->fs->self, V2_POSITIONS_PATH, &b->seen, &err) != RC_OK) b->seen = st;
    if (b->outbox.is_committed) {
        v2_book_flush(b, s);
        log_event(s->log, EV_SHADOW_RECORDS_REPLAYED, F_STR("path", V2_POSITIONS_PATH));
    }
}

/* ---- writing ------------------------------------------------------------------------------- */

void
v2_book_put_line(struct v2_book *b, enum shadow_log log, const struct text *line)
{
    CLEANUP(text_free) struct text whole = {0};

    text_add(&whole, text_str(line), line->len);
    text_putc(&whole, '\n');
    v2_outbox_put(&b->outbox, (int)log, &whole);
}

void
v2_book_flush(struct v2_book *b, const struct v2_seams *s)
{
    const struct v2_state state = {b, &b->is_dirty, save};

    v2_outbox_flush(&b->outbox, s, &state);
}

void
v2_book_done(struct v2_book *b)
{
    shadow_book_done(&b->book);
    v2_outbox_done(&b->outbox);
}
