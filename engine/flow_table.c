#include "engine/flow_table.h"

#include "base/hash.h"

enum { READ_TRIES_MAX = 3 }; /* of a file that is replaced while it is read */

static const struct store_spec CACHE_SPEC = {
    .path = FLOW_CACHE_PATH, .default_json = "{}", .bytes_max = FLOW_CACHE_BYTES_MAX};

void
flow_table_done(struct flow_table *t)
{
    for (size_t i = 0; i < t->len; i++)
        symbol_flow_done(&t->entry[i]->flow);
    free(t->entry);
    arena_done(&t->entries);
    flow_file_done(&t->file);
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
    e->hash = hash_bytes(span->value, span->value_len, 0);
    e->bytes = span->value_len;
    return RC_OK;
}

/* The symbol of a member, "" for metadata and for what is no symbol. */
static void
symbol_of(const struct json_span *span, char symbol[SYMBOL_MAX])
{
    char key[SYMBOL_MAX] = "";

    symbol[0] = '\0';
    if (span->key_len == 0 || span->key_len >= sizeof(key) || span->key[0] == '_') return;
    memcpy(key, span->key, span->key_len);
    (void)symbol_set(symbol, key); /* "" where it is none */
}

/*
 * An object ends where it ends: the same bytes again are the same object, and where they end need
 * not be looked for.
 */
static size_t
known_length(void *ctx, const struct json_span *at)
{
    struct flow_table *t = ctx;
    char symbol[SYMBOL_MAX];
    bool found = false;

    t->known = NULL;
    symbol_of(at, symbol);
    size_t i = position_of(t, symbol, &found);
    if (!found) return 0;
    const struct flow_entry *e = t->entry[i];
    if (e->generation == 0 || at->value_len == 0 || at->value[0] != '{') return 0;
    if (e->bytes > at->value_len) return e->bytes;
    if (hash_bytes(at->value, e->bytes, 0) != e->hash) return 0;
    t->known = e;
    return e->bytes;
}

static enum rc
take_span(struct flow_table *t, const struct json_span *span, struct err *err)
{
    char symbol[SYMBOL_MAX];

    t->total_keys++;
    symbol_of(span, symbol);
    struct flow_entry *e = symbol[0] != '\0' ? entry_for(t, symbol) : NULL;
    if (e == NULL) return RC_OK;
    if (e->generation == t->generation)
        return err_set(err, RC_PARSE, "duplicate symbol %s", symbol);
    e->generation = t->generation;
    enum rc rc = e == t->known ? RC_OK : entry_decode(t, e, span, err);
    if (rc == RC_OK && e->generation == t->generation) {
        t->symbols++;
        t->net_premium += e->flow.facts.dark_pool.total_premium;
    }
    return rc;
}

static enum rc
take_file(struct flow_table *t, const struct fs *fs, struct err *err)
{
    struct json_span span;
    enum rc rc = flow_file_open(&t->file, fs, FLOW_CACHE_PATH, FLOW_WINDOW_BYTES, err);

    t->generation++;
    t->total_keys = t->symbols = t->decoded = t->not_objects = 0;
    t->net_premium = 0;
    while (rc == RC_OK) {
        rc = flow_file_next(&t->file, known_length, t, &span, err);
        if (rc == RC_OK) rc = take_span(t, &span, err);
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
    const char *first = text_str(&t->file.window);

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

    for (int i = 0; i < READ_TRIES_MAX; i++) {
        if (fs->stat(fs->self, FLOW_CACHE_PATH, &now, &err) != RC_OK ||
            (now.exists && now.is_dir) || now.size > (int64_t)FLOW_CACHE_BYTES_MAX) {
            text_clear(&t->file.window);
            return heal(t, store, log);
        }
        if (!now.exists) {
            drop_all(t);
            return FLOW_CACHE_MISSING;
        }
        if (fs_is_same(&now, &t->stat)) return FLOW_CACHE_UNCHANGED;
        enum rc rc = take_file(t, fs, &err);
        /* Pieces of two files make neither: what was read says nothing, good or bad. */
        if (!flow_file_is_one(&t->file, &now)) continue;
        if (rc != RC_OK) return heal(t, store, log);
        t->stat = now;
        return FLOW_CACHE_OK;
    }
    drop_all(t);
    return FLOW_CACHE_UNREADABLE;
}

enum flow_cache_state
flow_table_refresh(struct flow_table *t, const struct fs *fs, const struct store *store,
                   const struct log *log)
{
    t->state = refresh(t, fs, store, log);
    report(t, log);
    return t->state;
}
