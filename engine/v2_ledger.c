#include "base/json.h"
#include "engine/v2.h"

static const struct store_spec SPEC = {.path = V2_LEDGER_PATH,
                                       .default_json = "{\"positions\": []}"};

/* Above this the lines of further cycles are dropped: a disk that takes nothing fills no memory,
 * and what waits stays shorter than what is searched behind an offset. */
enum { WAITING_MAX = 4 << 20 };

static enum rc
save(void *self, const struct v2_seams *s, bool with_outbox, struct err *err)
{
    struct v2_ledger *l = self;
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_raw(&o, "positions", text_str(&l->positions), l->positions.len);
    if (with_outbox) v2_outbox_write(&l->outbox, &o);
    json_out_end(&o);
    enum rc rc = store_save(s->store, &SPEC, &doc, err);
    if (rc != RC_OK) return rc;
    if (s->fs->stat(s->fs->self, V2_LEDGER_PATH, &l->seen, &ignored) != RC_OK)
        l->seen = (struct fs_stat){0};
    return RC_OK;
}

static void
flush(struct v2_ledger *l, const struct v2_seams *s)
{
    const struct v2_state state = {l, &l->is_dirty, save};

    v2_outbox_flush(&l->outbox, s, &state);
}

static void
take_positions(struct v2_ledger *l, const struct json *doc)
{
    struct json_out o = {.to = &l->positions};
    const struct json *positions = json_get_arr(doc, "positions");

    text_clear(&l->positions);
    json_out_arr(&o, NULL);
    for (const struct json *p = json_first(positions); p != NULL; p = json_next(p))
        json_out_value(&o, NULL, p);
    json_out_end(&o);
}

static void
load(struct v2_ledger *l, const struct v2_seams *s)
{
    enum store_origin origin = STORE_MISSING;
    CLEANUP(json_freep) struct json *doc = store_load(s->store, &SPEC, &origin);

    /* What somebody damaged under us is written again from our own memory. */
    if (l->is_loaded && origin != STORE_FILE) {
        l->is_dirty = true;
        return;
    }
    take_positions(l, doc);
    if (!l->is_loaded) v2_outbox_take(&l->outbox, doc);
    if (origin == STORE_MISSING) l->is_dirty = true; /* there is a file from the first cycle on */
    l->is_loaded = true;
}

void
v2_ledger_sync(struct v2_ledger *l, const struct v2_seams *s)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (s->fs->stat(s->fs->self, V2_LEDGER_PATH, &st, &ignored) != RC_OK) st = l->seen;
    if (l->is_loaded && fs_is_same(&st, &l->seen)) return;
    load(l, s);
    if (s->fs->stat(s->fs->self, V2_LEDGER_PATH, &l->seen, &ignored) != RC_OK) l->seen = st;
    if (!l->outbox.is_committed) return;
    flush(l, s);
    log_event(s->log, EV_SHADOW_RECORDS_REPLAYED, F_STR("path", V2_LEDGER_PATH));
}

void
v2_ledger_set(struct v2_ledger *l, const struct text *positions)
{
    if (str_eq(text_str(&l->positions), text_str(positions))) return;
    text_clear(&l->positions);
    text_add(&l->positions, text_str(positions), positions->len);
    l->is_dirty = true;
}

void
v2_ledger_flush(struct v2_ledger *l, const struct v2_seams *s, const struct text *stream)
{
    bool has_room = v2_outbox_waiting(&l->outbox) + stream->len <= WAITING_MAX;
    struct err err = {0};

    if (!has_room) {
        (void)err_set(&err, RC_RANGE,
                      "%zu bytes wait for the disk, the lines of this cycle are lost",
                      v2_outbox_waiting(&l->outbox));
        v2_say_failed(s, "v2_ledger_flush", &err);
    } else if (stream->len > 0) {
        v2_outbox_put(&l->outbox, V2_LOG_STREAM, stream);
    }
    flush(l, s);
}

void
v2_ledger_done(struct v2_ledger *l)
{
    text_free(&l->positions);
    v2_outbox_done(&l->outbox);
}
