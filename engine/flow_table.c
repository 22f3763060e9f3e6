#include "engine/flow_table.h"

#include "base/hash.h"

static const struct store_spec CACHE_SPEC = {
    .path = FLOW_CACHE_PATH, .default_json = "{}", .bytes_max = FLOW_CACHE_BYTES_MAX};

void
flow_table_done(struct flow_table *t)
{
    for (size_t i = 0; i < t->len; i++)
        symbol_flow_done(&t->entry[i]->flow);
    free(t->entry);
    arena_done(&t->entries);
    text_free(&t->bytes);
    arena_done(&t->scratch);
    *t = (struct flow_table){0};
}

bool
flow_entry_is_current(const struct flow_table *t, const struct flow_entry *e)
{
    return e->generation == t->generation;
}

bool
flow_table_is_readable(const struct flow_table *t)
{
    return t->state == FLOW_CACHE_OK || t->state == FLOW_CACHE_UNCHANGED;
}

/* Where the symbol stands, or where it would. */
static size_t
position_of(const struct flow_table *t, const char *symbol, bool *ret_found)
{
    size_t lo = 0;
    size_t hi = t->len;

    *ret_found = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(t->entry[mid]->flow.symbol, symbol);

        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct flow_entry *
flow_table_find(const struct flow_table *t, const char *symbol)
{
    bool found = false;
    size_t at = position_of(t, symbol, &found);

    return found && flow_entry_is_current(t, t->entry[at]) ? t->entry[at] : NULL;
}

/* The entry of the symbol, made when there is none; NULL when the table is full. */
static struct flow_entry *
entry_for(struct flow_table *t, const char *symbol)
{
    bool found = false;
    size_t at = position_of(t, symbol, &found);

    if (found) return t->entry[at];
    if (t->len >= SYMBOLS_MAX) return NULL;
    if (t->len == t->cap) {
        size_t cap = t->cap == 0 ? 64 : t->cap * 2;
        struct flow_entry **room = reallocarray(t->entry, cap, sizeof(struct flow_entry *));

        ASSERT(room != NULL);
        t->entry = room;
        t->cap = cap;
    }
    struct flow_entry *e = ARENA_NEW(&t->entries, struct flow_entry, 1);
    (void)str_copy(e->flow.symbol, sizeof(e->flow.symbol), symbol);
    e->last_score.at_ns = WHEN_NONE;
    for (size_t k = t->len++; k > at; k--)
        t->entry[k] = t->entry[k - 1];
    t->entry[at] = e;
    return e;
}

void
flow_table_remember(struct flow_table *t, const char *symbol, int64_t at_ns, int64_t count)
{
    char key[SYMBOL_MAX];

    if (at_ns == WHEN_NONE || !symbol_set(key, symbol)) return;
    struct flow_entry *e = entry_for(t, key);
    if (e == NULL) return;
    for (int64_t i = MIN(count, PERSISTENCE_RING); i > 0; i--)
        persistence_record(&e->persistence, at_ns - (i - 1) * NS_PER_MIN, NULL);
}

/* Decodes one symbol whose bytes are new. RC_PARSE: the file is corrupt. */
static enum rc
entry_decode(struct flow_table *t, struct flow_entry *e, const struct json_span *span,
             struct err *err)
{
    const struct json *doc = NULL;
    struct symbol_flow flow;
    char symbol[SYMBOL_MAX];

    arena_reset(&t->scratch);
    enum rc rc =
        json_parse_in(span->value, span->value_len, &JSON_LIMITS_FILE, &t->scratch, &doc, err);
    if (rc != RC_OK) return rc;
    (void)str_copy(symbol, sizeof(symbol), e->flow.symbol);
    t->decoded++;
    if (!symbol_flow_decode(symbol, doc, &flow)) {
        t->not_objects++;
        e->generation = 0; /* not an object: not in this read */
        return RC_OK;
    }
    symbol_flow_done(&e->flow);
    e->flow = flow;
    return RC_OK;
}

static enum rc
take_span(struct flow_table *t, const struct json_span *span, struct err *err)
{
    char key[SYMBOL_MAX];
    char symbol[SYMBOL_MAX];

    t->total_keys++;
    if (span->key_len > 0 && span->key[0] == '_') return RC_OK;
    if (span->key_len >= sizeof(key)) return RC_OK;
    memcpy(key, span->key, span->key_len);
    key[span->key_len] = '\0';
    if (!symbol_set(symbol, key)) return RC_OK;
    struct flow_entry *e = entry_for(t, symbol);
    if (e == NULL) return RC_OK;
    if (e->generation == t->generation)
        return err_set(err, RC_PARSE, "duplicate symbol %s", symbol);
    uint64_t hash = hash_bytes(span->value, span->value_len, 0);
    bool known = e->generation != 0 && e->hash == hash;
    e->generation = t->generation;
    e->hash = hash;
    enum rc rc = known ? RC_OK : entry_decode(t, e, span, err);
    if (rc == RC_OK && e->generation == t->generation) {
        t->symbols++;
        t->net_premium += e->flow.facts.dark_pool.total_premium;
    }
    return rc;
}

static enum rc
take_bytes(struct flow_table *t, struct err *err)
{
    struct json_scan scan;
    struct json_span span;
    enum rc rc;

    t->generation++;
    t->total_keys = t->symbols = t->decoded = t->not_objects = 0;
    t->net_premium = 0;
    json_scan_init(&scan, text_str(&t->bytes), t->bytes.len);
    while ((rc = json_scan_next(&scan, &span, err)) == RC_OK) {
        rc = take_span(t, &span, err);
        if (rc != RC_OK) return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Forgets what a bad file said; what the engine remembers beside it stays. */
static void
drop_all(struct flow_table *t)
{
    t->generation++;
    t->total_keys = t->symbols = 0;
    t->net_premium = 0;
    t->stat = (struct fs_stat){0};
}

/* The store reads the file in its own strict way, sets it aside and says so. */
static enum flow_cache_state
heal(struct flow_table *t, const struct store *store, const struct log *log)
{
    enum store_origin origin = STORE_FILE;
    const char *first = text_str(&t->bytes);

    first += strspn(first, " \t\r\n");
    if (*first == '[' || *first == '"' || (*first >= '0' && *first <= '9'))
        log_event(log, EV_UW_CACHE_CORRUPTED_STRUCTURE,
                  F_STR("cache_type", *first == '[' ? "array" : "scalar"));
    json_free(store_load(store, &CACHE_SPEC, &origin));
    drop_all(t);
    return FLOW_CACHE_CORRUPT;
}

static void
report(const struct flow_table *t, const struct log *log)
{
    switch (t->state) {
    case FLOW_CACHE_MISSING:
        log_event(log, EV_UW_CACHE_MISSING, F_STR("uw_cache_path", FLOW_CACHE_PATH),
                  F_STR("fallback", "empty_cache"));
        break;
    case FLOW_CACHE_CORRUPT:
    case FLOW_CACHE_UNREADABLE:
        log_event(log, EV_UW_CACHE_EMPTY, F_STR("uw_cache_path", FLOW_CACHE_PATH));
        break;
    case FLOW_CACHE_OK:
    case FLOW_CACHE_UNCHANGED:
        if (t->total_keys == 0)
            log_event(log, EV_UW_CACHE_EMPTY, F_STR("uw_cache_path", FLOW_CACHE_PATH));
        break;
    }
    if (t->symbols == 0)
        log_event(log, EV_UW_CACHE_EMPTY_NO_SIGNALS, F_I64("cache_symbol_count", 0),
                  F_I64("cache_total_keys", t->total_keys));
}

static enum flow_cache_state
refresh(struct flow_table *t, const struct fs *fs, const struct store *store, const struct log *log)
{
    struct fs_stat now = {0};
    struct err err = {0};

    if (fs->stat(fs->self, FLOW_CACHE_PATH, &now, &err) != RC_OK || (now.exists && now.is_dir)) {
        text_clear(&t->bytes);
        return heal(t, store, log);
    }
    if (!now.exists) {
        drop_all(t);
        return FLOW_CACHE_MISSING;
    }
    if (t->stat.exists && now.inode == t->stat.inode && now.size == t->stat.size &&
        now.mtime_ns == t->stat.mtime_ns)
        return FLOW_CACHE_UNCHANGED;
    text_clear(&t->bytes);
    enum rc rc = fs->read_all(fs->self, FLOW_CACHE_PATH, FLOW_CACHE_BYTES_MAX, &t->bytes, &err);
    if (rc == RC_NOT_FOUND) {
        drop_all(t);
        return FLOW_CACHE_MISSING;
    }
    if (rc != RC_OK || take_bytes(t, &err) != RC_OK) return heal(t, store, log);
    t->stat = now;
    return FLOW_CACHE_OK;
}

enum flow_cache_state
flow_table_refresh(struct flow_table *t, const struct fs *fs, const struct store *store,
                   const struct log *log)
{
    t->state = refresh(t, fs, store, log);
    report(t, log);
    return t->state;
}
