#include "engine/context.h"
#include "engine/engine.h"

#include "base/hash.h"

/*
 * The orders that are on their way, for people and programs that look from outside (spec 10 8.5).
 * The ledger is what a restart goes by; these two say the same in the words of the position records
 * and are written anew when something in them changes, or somebody has changed them.
 */
#define PENDING_ENTRIES_PATH "state/pending_entries.json"
#define PENDING_EXITS_PATH   "state/pending_exits.json"

static void
entry_write(struct json_out *o, const struct intent *in, struct arena *a)
{
    struct entry_context c = entry_context_read(in->context, a);

    json_out_obj(o, in->order.client_id);
    json_out_str(o, "symbol", in->order.symbol);
    json_out_str(o, "side", order_side_name(in->order.side));
    json_out_i64(o, "qty", in->order.qty);
    json_out_f64(o, "score", c.score);
    json_out_raw(o, "components", c.components, strlen(c.components));
    json_out_str(o, "market_regime", c.market_regime);
    json_out_str(o, "direction", direction_name(c.direction));
    json_out_str(o, "correlation_id", c.correlation_id);
    json_out_str(o, "ignition_status", c.ignition);
    json_out_f64(o, "regime_modifier", c.regime_modifier);
    json_out_arr(o, "order_ids");
    if (in->broker_id[0] != '\0') json_out_str(o, NULL, in->broker_id);
    json_out_end(o);
    json_out_str(o, "attempt", in->reason);
    json_out_time(o, "created", in->created_ns);
    json_out_end(o);
}

static void
exit_write(struct json_out *o, const struct intent *in, const struct position_meta *meta)
{
    json_out_obj(o, in->order.symbol);
    json_out_str(o, "exit_order_id", in->broker_id[0] != '\0' ? in->broker_id : NULL);
    json_out_str(o, "client_order_id", in->order.client_id);
    json_out_str(o, "reason", in->reason);
    json_out_i64(o, "qty", in->order.qty);
    json_out_time(o, "submitted", in->created_ns);
    if (meta != NULL)
        metadata_encode_one(o, "position", meta);
    else
        json_out_null(o, "position");
    json_out_end(o);
}

static void
save_if_changed(struct engine *eng, const char *path, const struct text *doc, struct pending *p)
{
    const struct store_spec spec = {.path = path, .default_json = "{}"};
    const struct fs *fs = &eng->seams.fs;
    uint64_t hash = hash_bytes(text_str(doc), doc->len, 1);
    struct fs_stat now = {0};
    struct err err = {0};

    (void)!fs->stat(fs->self, path, &now, &err); /* not to be looked at: written anew */
    if (now.exists && hash == p->hash && fs_is_same(&now, &p->file)) return;
    p->hash = hash;
    p->file = (struct fs_stat){0};
    if (store_save(&eng->seams.store, &spec, doc, &err) == RC_OK)
        (void)!fs->stat(fs->self, path, &p->file, &err);
    else
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", path),
                  F_STR("error", err.text));
}

void
engine_pending(struct engine *eng)
{
    CLEANUP(text_free) struct text entries = {0};
    CLEANUP(text_free) struct text exits = {0};
    struct json_out entry = {.to = &entries}, exit = {.to = &exits};

    json_out_obj(&entry, NULL);
    json_out_obj(&exit, NULL);
    for (size_t i = 0; i < eng->desk.live.len; i++) {
        const struct intent *in = &eng->desk.live.intent[i];

        if (in->purpose == PURPOSE_ENTRY)
            entry_write(&entry, in, &eng->arena);
        else
            exit_write(&exit, in, metadata_find(&eng->memory.metadata, in->order.symbol));
    }
    json_out_end(&entry);
    json_out_end(&exit);
    save_if_changed(eng, PENDING_ENTRIES_PATH, &entries, &eng->pending_entries);
    save_if_changed(eng, PENDING_EXITS_PATH, &exits, &eng->pending_exits);
}
