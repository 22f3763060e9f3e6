#include "uwclient/flow_cache.h"

#define WRITE_EVENT_NS NS_PER_MIN
#define FILE_BYTES_MAX ((size_t)256 << 20)

static struct store_spec
cache_spec(void)
{
    return (struct store_spec){
        .path = FLOW_CACHE_PATH, .default_json = "{}", .bytes_max = FILE_BYTES_MAX};
}

static struct fs_stat
look(const struct flow_cache *c)
{
    struct fs_stat st = {0};

    if (c->fs->stat(c->fs->self, FLOW_CACHE_PATH, &st, NULL) != RC_OK) st = (struct fs_stat){0};
    return st;
}

void
flow_cache_load(struct flow_cache *c, bool is_live)
{
    struct store_spec spec = cache_spec();
    enum store_origin origin = STORE_FILE;
    struct lock held = LOCK_NONE;
    /* Without the lock the file is read all the same: it is replaced whole, never written in place.
     */
    bool is_locked =
        c->locks->acquire(c->locks->self, FLOW_CACHE_LOCK_PATH, 1000, &held, NULL) == RC_OK;
    CLEANUP(json_freep) struct json *doc = store_load(c->store, &spec, &origin);
    const struct json *meta = json_get_obj(doc, "_metadata");

    c->last_success_s = json_i64(meta, "last_success_ts", 0);
    c->last_flow_success_s = json_i64(meta, "last_flow_success_ts", 0);
    c->is_live_file = str_eq(json_str(meta, "mode", NULL), "real") && c->last_success_s > 0;
    flow_model_load(&c->model, doc, is_live);
    c->written = look(c);
    c->write_failed_at_ns = WHEN_NONE;
    if (is_locked) c->locks->release(c->locks->self, &held);
}

void
flow_cache_done(struct flow_cache *c)
{
    flow_model_done(&c->model);
    text_free(&c->bytes);
}

static void
put_epoch(struct json_out *o, const char *key, int64_t s)
{
    if (s > 0)
        json_out_i64(o, key, s);
    else
        json_out_null(o, key);
}

static void
write_metadata(const struct flow_cache *c, const struct flow_status *s, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "last_update", when_to_s(clock_now(c->clock)));
    json_out_str(&o, "updated_by", "uw_flow_daemon");
    json_out_i64(&o, "ticker_count", (int64_t)c->model.len);
    json_out_i64(&o, "schema_version", FLOW_CACHE_SCHEMA);
    json_out_i64(&o, "pid", s->pid);
    json_out_i64(&o, "cycle", s->cycle);
    json_out_str(&o, "session", s->session);
    json_out_str(&o, "status", s->status);
    json_out_str(&o, "mode", s->is_mock ? "mock" : "real");
    put_epoch(&o, "last_success_ts", s->last_success_s);
    put_epoch(&o, "last_flow_success_ts", s->last_flow_success_s);
    json_out_end(&o);
}

/* A file that had to be healed, or is gone, says nothing about what others want: the model stands.
 */
static void
merge_file(struct flow_cache *c)
{
    struct store_spec spec = cache_spec();
    enum store_origin origin = STORE_FILE;
    struct fs_stat now = look(c);

    if (fs_is_same(&now, &c->written)) return;
    CLEANUP(json_freep) struct json *doc = store_load(c->store, &spec, &origin);
    if (origin == STORE_FILE) flow_model_adopt(&c->model, doc);
}

static void
say_failed(struct flow_cache *c, const struct err *err)
{
    int64_t now_ns = clock_now(c->clock);

    if (c->write_failed_at_ns != WHEN_NONE &&
        llabs(now_ns - c->write_failed_at_ns) < WRITE_EVENT_NS)
        return;
    c->write_failed_at_ns = now_ns;
    log_event(c->log, EV_UW_CACHE_WRITE_FAILED, F_STR("path", FLOW_CACHE_PATH),
              F_STR("error", err->text));
}

enum rc
flow_cache_flush(struct flow_cache *c, const struct flow_status *status, int64_t wait_ms,
                 struct err *err)
{
    CLEANUP(text_free) struct text metadata = {0};
    struct store_spec spec = cache_spec();
    struct lock held = LOCK_NONE;
    enum rc rc = c->locks->acquire(c->locks->self, FLOW_CACHE_LOCK_PATH, wait_ms, &held, err);

    if (rc != RC_OK) {
        if (rc != RC_BUSY) say_failed(c, err);
        return rc;
    }
    merge_file(c);
    text_clear(&c->bytes);
    write_metadata(c, status, &metadata);
    flow_model_render(&c->model, &metadata, &c->bytes);
    rc = store_save(c->store, &spec, &c->bytes, err);
    if (rc == RC_OK) c->model.is_dirty = false;
    c->written = look(c);
    c->locks->release(c->locks->self, &held);
    if (rc != RC_OK) say_failed(c, err);
    return rc;
}
