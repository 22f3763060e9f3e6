#include "engine/memory.h"

#include <math.h>

#include "base/hash.h"

void
memory_init(struct memory *m, const struct zone *ny)
{
    *m = (struct memory){.ny = ny};
    m->freezes.is_known = true;
    m->floor.activated_ns = m->floor.reset_ns = WHEN_NONE;
    m->regime.updated_ns = WHEN_NONE;
}

void
memory_done(struct memory *m)
{
    arena_done(&m->freezes_arena);
    json_free(m->thresholds);
    m->thresholds = NULL;
    metadata_done(&m->metadata);
}

/* ---- symbol times -------------------------------------------------------------------------- */

const struct symbol_times *
memory_times_find(const struct memory *m, const char *symbol)
{
    for (size_t i = 0; i < m->times_len; i++)
        if (str_eq(m->times[i].symbol, symbol)) return &m->times[i];
    return NULL;
}

struct symbol_times *
memory_times(struct memory *m, const char *symbol)
{
    size_t oldest = 0;

    for (size_t i = 0; i < m->times_len; i++) {
        if (str_eq(m->times[i].symbol, symbol)) return &m->times[i];
        if (m->times[i].last_fill_ns < m->times[oldest].last_fill_ns) oldest = i;
    }
    size_t at = m->times_len < SYMBOL_TIMES_MAX ? m->times_len++ : oldest;
    m->times[at] = (struct symbol_times){
        .cooldown_until_ns = WHEN_NONE, .last_fill_ns = WHEN_NONE, .displaced_ns = WHEN_NONE};
    (void)str_copy(m->times[at].symbol, SYMBOL_MAX, symbol);
    return &m->times[at];
}

static const char *
freeze_text(const struct freeze_order *order, int64_t now_ns, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    json_out_bool(&o, "active", true);
    json_out_str(&o, "reason", order->reason);
    json_out_time(&o, "timestamp", now_ns);
    json_out_obj(&o, "details");
    json_out_f64(&o, "number", order->number);
    json_out_f64(&o, "threshold", order->threshold);
    json_out_end(&o);
    if (order->is_day_scoped) json_out_str(&o, "scope", "day");
    json_out_end(&o);
    return arena_strndup(a, text_str(&t), t.len);
}

void
memory_freeze(struct memory *m, const struct freeze_order *order, const struct log *log,
              int64_t now_ns)
{
    if (!m->freezes.is_known || m->freezes.len >= FREEZES_MAX) return;
    for (size_t i = 0; i < m->freezes.len; i++)
        if (str_eq(m->freezes.freeze[i].key, order->key) && m->freezes.freeze[i].is_active) return;
    struct freeze *list = ARENA_NEW(&m->freezes_arena, struct freeze, m->freezes.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < m->freezes.len; i++) /* one that was let go gives way to its like */
        if (!str_eq(m->freezes.freeze[i].key, order->key)) list[n++] = m->freezes.freeze[i];
    struct freeze *f = &list[n++];
    *f = (struct freeze){.is_active = true,
                         .is_day_scoped = order->is_day_scoped,
                         .ny_date = zone_date(m->ny, now_ns),
                         .text = freeze_text(order, now_ns, &m->freezes_arena)};
    (void)str_copy(f->key, sizeof(f->key), order->key);
    (void)str_copy(f->reason, sizeof(f->reason), order->reason);
    m->freezes.freeze = list;
    m->freezes.len = n;
    log_event(log, EV_FREEZE_ACTIVATED, F_STR("key", order->key), F_STR("reason", order->reason),
              F_F64("number", order->number), F_F64("threshold", order->threshold),
              F_STR("scope", order->is_day_scoped ? "day" : NULL));
}

void
memory_rewrite(struct memory *m, enum memory_file f)
{
    m->saved_hash[f] = 0;
}

/* ---- files --------------------------------------------------------------------------------- */

static struct store_spec
spec_of(enum memory_file f)
{
    const struct memory_codec *c = &MEMORY_CODECS[f];

    return (struct store_spec){
        .path = c->path, .default_json = c->default_json, .has_prev = c->has_prev};
}

static struct fs_stat
stat_of(const struct fs *fs, const char *path)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, path, &st, &ignored) != RC_OK) return (struct fs_stat){0};
    return st;
}

static uint64_t
hash_of(const struct text *json)
{
    return hash_bytes(text_str(json), json->len, 1);
}

static uint64_t
content_hash(const struct memory *m, enum memory_file f, int64_t now_ns, struct text *json)
{
    if (MEMORY_CODECS[f].encode == NULL) return 0;
    MEMORY_CODECS[f].encode(m, now_ns, json);
    return hash_of(json);
}

static bool
is_surely_absent(const struct fs *fs, const char *path)
{
    struct fs_stat st = {0};
    struct err ignored = {0};

    return fs->stat(fs->self, path, &st, &ignored) == RC_OK && !st.exists;
}

/* Whether there is no order that could be lost. */
static bool
is_control_unsaid(const struct memory *m)
{
    return m->control.level == CONTROL_NONE && m->control.frozen_len == 0;
}

/*
 * Whether the file may be touched now: not while somebody else holds its lock.  We never wait for
 * him, and a lock that cannot be opened at all keeps nobody from anything.
 */
static bool
file_lock(struct memory *m, enum memory_file f, const struct log *log, struct lock *ret_lock)
{
    const struct memory_codec *c = &MEMORY_CODECS[f];
    struct err err = {0};

    *ret_lock = LOCK_NONE;
    if (c->lock_path == NULL || m->locks == NULL) return true;
    bool is_held = m->locks->acquire(m->locks->self, c->lock_path, 0, ret_lock, &err) == RC_BUSY;
    if (is_held && !m->is_held_said[f])
        log_event(log, EV_STATE_FILE_HELD, F_STR("path", c->path), F_STR("error", err.text));
    m->is_held_said[f] = is_held;
    return !is_held;
}

static void
file_unlock(const struct memory *m, struct lock *lock)
{
    if (lock->fd >= 0) m->locks->release(m->locks->self, lock);
}

static void
load_file(struct memory *m, enum memory_file f, const struct fs *fs, const struct store *store,
          const struct log *log, int64_t now_ns)
{
    const struct memory_codec *c = &MEMORY_CODECS[f];
    struct store_spec spec = spec_of(f);
    enum store_origin origin = STORE_FILE;
    CLEANUP(text_free) struct text json = {0};

    if (f == MEMORY_CONTROL && is_control_unsaid(m) && is_surely_absent(fs, c->path)) {
        m->was_loaded[f] = true; /* the operator has never said anything, and it is his file */
        m->seen[f] = (struct fs_stat){0};
        m->saved_hash[f] = content_hash(m, f, now_ns, &json);
        return;
    }
    CLEANUP(json_freep) struct json *doc = store_load(store, &spec, &origin);
    bool is_sound = origin == STORE_FILE || origin == STORE_PREV || origin == STORE_REBUILT;
    bool is_first = !m->was_loaded[f];
    /* A file of ours that was lost or damaged while we run: memory is the truth, and is written
     * back. */
    bool is_lost_order = f == MEMORY_CONTROL && is_control_unsaid(m);
    if (is_first || is_sound || c->is_operators || is_lost_order) c->decode(m, doc, now_ns);
    if (f == MEMORY_FREEZES && (origin == STORE_DEFAULT || origin == STORE_MEMORY)) {
        /* A kill switch must not be lost silently: frozen until the end of the day (spec 10 8.7).
         */
        memory_freeze(m,
                      &(struct freeze_order){.key = "freeze_file_corrupted",
                                             .reason = "governor_freezes.json could not be read",
                                             .is_day_scoped = true,
                                             .number = (double)NAN,
                                             .threshold = (double)NAN},
                      log, now_ns);
    }
    /* What was just read need not be written back in our own words; what was lost must. */
    m->saved_hash[f] = is_sound ? content_hash(m, f, now_ns, &json) : 0;
    m->seen[f] = stat_of(fs, c->path);
    m->was_loaded[f] = true;
}

static void
sync_file(struct memory *m, enum memory_file f, const struct fs *fs, const struct store *store,
          const struct log *log, int64_t now_ns)
{
    struct fs_stat now = stat_of(fs, MEMORY_CODECS[f].path);
    struct lock lock = LOCK_NONE;

    if (m->was_loaded[f] && fs_is_same(&now, &m->seen[f])) return;
    /* A process that begins needs something to begin with. */
    if (file_lock(m, f, log, &lock) || !m->was_loaded[f]) {
        load_file(m, f, fs, store, log, now_ns);
        file_unlock(m, &lock);
    } else if (f == MEMORY_FREEZES) {
        m->freezes.is_known = false; /* somebody is about to freeze something, or to let it go */
    }
}

void
memory_sync(struct memory *m, const struct fs *fs, const struct store *store, const struct log *log,
            int64_t now_ns)
{
    for (size_t f = 0; f < MEMORY_FILES_LEN; f++)
        sync_file(m, (enum memory_file)f, fs, store, log, now_ns);
}

static void
save_file(struct memory *m, enum memory_file f, const struct fs *fs, const struct store *store,
          const struct log *log, const struct text *json)
{
    const struct store_spec spec = spec_of(f);
    struct err err = {0};

    if (store_save(store, &spec, json, &err) != RC_OK) {
        log_event(log, EV_STATE_WRITE_FAILED, F_STR("path", spec.path), F_STR("error", err.text));
        return;
    }
    m->saved_hash[f] = hash_of(json);
    m->seen[f] = stat_of(fs, spec.path);
}

void
memory_flush_one(struct memory *m, enum memory_file f, const struct fs *fs,
                 const struct store *store, const struct log *log, int64_t now_ns)
{
    const struct memory_codec *c = &MEMORY_CODECS[f];
    CLEANUP(text_free) struct text json = {0};
    struct lock lock = LOCK_NONE;

    if (c->encode == NULL || !m->was_loaded[f]) return;
    if (content_hash(m, f, now_ns, &json) == m->saved_hash[f]) return;
    if (!file_lock(m, f, log, &lock)) return;
    /* Others may have spoken since we looked: their word is never written over. */
    struct fs_stat now = stat_of(fs, c->path);
    bool is_shared = f == MEMORY_CONTROL || c->lock_path != NULL;
    if (!is_shared || fs_is_same(&now, &m->seen[f])) save_file(m, f, fs, store, log, &json);
    file_unlock(m, &lock);
}

void
memory_flush(struct memory *m, const struct fs *fs, const struct store *store,
             const struct log *log, int64_t now_ns)
{
    for (size_t f = 0; f < MEMORY_FILES_LEN; f++)
        memory_flush_one(m, (enum memory_file)f, fs, store, log, now_ns);
}
