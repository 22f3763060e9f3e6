#include "uwclient/cache.h"

#include <inttypes.h>

#define RECORD_BYTES_MAX (32u << 20)
#define FUTURE_MAX_S     300
#define EXPIRED_KEPT_S   86400
#define SWEEP_EVERY_NS   NS_PER_HOUR
#define CORRUPTED_MARK   ".corrupted."

void
cache_key(const char *path, const struct uw_params *sorted, const char *prefix,
          char ret_key[SHA256_HEX_MAX])
{
    CLEANUP(text_free) struct text t = {0};

    text_puts(&t, "{\"endpoint\":");
    uw_json_ascii(&t, path, strlen(path));
    text_puts(&t, ",\"params\":");
    uw_params_canonical(sorted, &t);
    text_puts(&t, ",\"prefix\":");
    uw_json_ascii(&t, prefix, strlen(prefix));
    text_putc(&t, '}');
    (void)sha256_hex(text_str(&t), t.len, ret_key);
}

static void
file_of(const struct cache_question *q, char ret_path[128])
{
    char key[SHA256_HEX_MAX];

    cache_key(q->path, q->params, q->prefix, key);
    (void)snprintf(ret_path, 128, CACHE_DIR "/%s.json", key);
}

static void
set_aside(const struct cache *c, const char *path, const struct err *why)
{
    char aside[192];
    const char *name = strrchr(path, '/') + 1;

    (void)snprintf(aside, sizeof aside, CACHE_DIR "/%s" CORRUPTED_MARK "%" PRId64 ".json", name,
                   when_to_s(clock_now(c->clock)));
    log_event(c->log, EV_UW_RECORD_READ_FAILED, F_STR("path", path), F_STR("error", why->text),
              F_STR("error_type", rc_name(why->code)));
    bool is_kept = c->fs->rename(c->fs->self, path, aside, NULL) == RC_OK;
    log_event(c->log, EV_UW_RECORD_HEALED, F_STR("path", path),
              F_STR("backup", is_kept ? aside : NULL), F_STR("default_type", "none"));
}

/* Young enough, not from the future, and the answer to this question. */
static bool
is_hit(const struct json *record, const struct cache_question *q, double now_s)
{
    CLEANUP(text_free) struct text asked = {0};
    CLEANUP(text_free) struct text stored = {0};
    struct json_out out = {.to = &stored};
    double ts = json_f64(record, "ts", 0);
    const struct json *params = json_get_obj(record, "params");

    if (json_f64(record, "expires_at", 0) <= now_s || ts > now_s + FUTURE_MAX_S) return false;
    if (now_s - ts > (double)q->ttl_s || json_get_obj(record, "data") == NULL || params == NULL)
        return false;
    if (!str_eq(json_str(record, "endpoint", NULL), q->path)) return false;
    uw_params_canonical(q->params, &asked);
    json_out_value(&out, NULL, params);
    return str_eq(text_str(&asked), text_str(&stored));
}

static enum rc
read_record(const struct cache *c, const char *path, struct json **ret_record, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct json_limits limits = {.bytes_max = RECORD_BYTES_MAX, .depth_max = 70};

    enum rc rc = c->fs->read_all(c->fs->self, path, RECORD_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &limits, ret_record, err);
    if (rc == RC_OK && !json_is_object(*ret_record)) {
        json_free(*ret_record);
        *ret_record = NULL;
        rc = err_set(err, RC_PARSE, "not an object");
    }
    return rc;
}

/* The member "data" of the record as a document of its own. */
static struct json *
take_data(const struct json *record)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct json_limits limits = {.bytes_max = RECORD_BYTES_MAX, .depth_max = 70};
    struct json *data = NULL;

    json_out_value(&o, NULL, json_get_obj(record, "data"));
    enum rc rc = json_parse(text_str(&t), t.len, JSON_STRICT, &limits, &data, NULL);
    return rc == RC_OK ? data : NULL;
}

struct json *
cache_get(struct cache *c, const struct cache_question *q)
{
    CLEANUP(json_freep) struct json *record = NULL;
    struct err err = {0};
    char path[128];

    file_of(q, path);
    enum rc rc = read_record(c, path, &record, &err);
    if (rc == RC_NOT_FOUND) return NULL;
    if (rc != RC_OK) {
        set_aside(c, path, &err);
        return NULL;
    }
    return is_hit(record, q, when_to_s_f64(clock_now(c->clock))) ? take_data(record) : NULL;
}

void
cache_put(struct cache *c, const struct cache_question *q, const struct json *answer)
{
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(text_free) struct text params = {0};
    struct json_out o = {.to = &t};
    double now_s = when_to_s_f64(clock_now(c->clock));
    char path[128];

    uw_params_canonical(q->params, &params);
    json_out_obj(&o, NULL);
    json_out_f64(&o, "ts", now_s);
    json_out_f64(&o, "expires_at", now_s + (double)q->ttl_s);
    json_out_str(&o, "endpoint", q->path);
    json_out_str(&o, "endpoint_name", q->name);
    json_out_raw(&o, "params", text_str(&params), params.len);
    json_out_value(&o, "data", answer);
    json_out_end(&o);
    file_of(q, path);
    /* A record that was not kept costs one call, nothing else. */
    (void)c->fs->replace(c->fs->self, path, text_str(&t), t.len, false, NULL);
}

/* ---- eviction -------------------------------------------------------------------------------- */

struct kept {
    char name[96];
    double ts;
    int64_t size;
};

struct sweep {
    const struct cache *c;
    struct kept *kept;
    size_t len, cap;
    int64_t bytes;
    double now_s;
};

static void
forget(const struct cache *c, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, CACHE_DIR "/%s", name);
    (void)c->fs->remove(c->fs->self, path, NULL); /* gone already, or tried again in an hour */
}

/* The two first members of a record, without building it.  False for a file that is no record. */
static bool
read_times(const char *bytes, size_t len, double *ret_ts, double *ret_expires)
{
    struct json_scan scan;
    struct json_span span;
    bool has_ts = false, has_expires = false;

    json_scan_init(&scan, bytes, len);
    while (!(has_ts && has_expires) && json_scan_next(&scan, &span, NULL) == RC_OK) {
        CLEANUP(text_free) struct text number = {0};
        text_add(&number, span.value, span.value_len);
        if (span.key_len == 2 && memcmp(span.key, "ts", 2) == 0)
            has_ts = str_to_f64(text_str(&number), ret_ts);
        if (span.key_len == 10 && memcmp(span.key, "expires_at", 10) == 0)
            has_expires = str_to_f64(text_str(&number), ret_expires);
    }
    return has_ts && has_expires;
}

static void
keep(struct sweep *s, const char *name, double ts, int64_t size)
{
    if (s->len == s->cap) {
        s->cap = s->cap == 0 ? 256 : 2 * s->cap;
        s->kept = realloc(s->kept, s->cap * sizeof *s->kept);
        ASSERT(s->kept != NULL);
    }
    struct kept *k = &s->kept[s->len++];
    (void)str_copy(k->name, sizeof k->name, name); /* key and suffix always fit */
    k->ts = ts;
    k->size = size;
    s->bytes += size;
}

static bool
look_at(void *ctx, const char *name)
{
    struct sweep *s = ctx;
    CLEANUP(text_free) struct text bytes = {0};
    double ts = 0, expires = 0;
    char path[256];
    const char *mark = strstr(name, CORRUPTED_MARK);

    if (name[0] == '.' || strlen(name) >= sizeof(struct kept){0}.name) return true;
    if (mark != NULL) {
        double quarantined_s = 0;
        char digits[32] = "";
        (void)str_copy(digits, MIN(strcspn(mark + strlen(CORRUPTED_MARK), ".") + 1, sizeof digits),
                       mark + strlen(CORRUPTED_MARK));
        bool is_dated = str_to_f64(digits, &quarantined_s);
        if (is_dated && s->now_s - quarantined_s > CACHE_QUARANTINE_DAYS * 86400.0)
            forget(s->c, name);
        return true;
    }
    (void)snprintf(path, sizeof path, CACHE_DIR "/%s", name);
    if (s->c->fs->read_all(s->c->fs->self, path, RECORD_BYTES_MAX, &bytes, NULL) != RC_OK)
        return true;
    if (!read_times(text_str(&bytes), bytes.len, &ts, &expires))
        return true; /* set aside when asked for */
    if (expires + EXPIRED_KEPT_S < s->now_s)
        forget(s->c, name);
    else
        keep(s, name, ts, (int64_t)bytes.len);
    return true;
}

static int
by_age(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    return (x->ts > y->ts) - (x->ts < y->ts);
}

void
cache_evict(struct cache *c)
{
    int64_t now_ns = clock_now(c->clock);

    if (c->swept_at_ns != WHEN_NONE && llabs(now_ns - c->swept_at_ns) < SWEEP_EVERY_NS) return;
    c->swept_at_ns = now_ns;

    struct sweep s = {.c = c, .now_s = when_to_s_f64(now_ns)};
    (void)c->fs->list(c->fs->self, CACHE_DIR, look_at, &s, NULL); /* no folder: nothing to do */
    if (s.len > 0) qsort(s.kept, s.len, sizeof *s.kept, by_age);
    size_t left = s.len;
    for (size_t i = 0; i < s.len && (left > CACHE_FILES_MAX || s.bytes > CACHE_BYTES_MAX);
         i++, left--) {
        forget(c, s.kept[i].name);
        s.bytes -= s.kept[i].size;
    }
    free(s.kept);
}
