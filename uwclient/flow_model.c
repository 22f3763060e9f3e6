#include "uwclient/flow_model.h"

#include <inttypes.h>

#include "uwclient/decode_flow.h"

/* ---- tickers --------------------------------------------------------------------------------- */

static void
ticker_free(struct flow_ticker *t)
{
    flow_object_free(&t->members);
    flow_object_free(&t->greeks);
    flow_object_free(&t->updates);
    text_free(&t->text);
}

void
flow_model_done(struct flow_model *m)
{
    for (size_t i = 0; i < m->len; i++)
        ticker_free(&m->ticker[i]);
    free(m->ticker);
    flow_object_free(&m->top);
    *m = (struct flow_model){0};
}

struct flow_ticker *
flow_model_find(const struct flow_model *m, const char *symbol)
{
    for (size_t i = 0; i < m->len; i++) {
        if (str_eq(m->ticker[i].symbol, symbol)) return &m->ticker[i];
    }
    return NULL;
}

struct flow_ticker *
flow_model_need(struct flow_model *m, const char *symbol)
{
    struct flow_ticker *t = flow_model_find(m, symbol);

    if (t != NULL) return t;
    if (m->len == SYMBOLS_MAX || strlen(symbol) >= FLOW_KEY_MAX) return NULL;
    if (m->len == m->cap) {
        m->cap = m->cap == 0 ? 64 : 2 * m->cap;
        struct flow_ticker *grown = realloc(m->ticker, m->cap * sizeof *grown);
        ASSERT(grown != NULL);
        m->ticker = grown;
    }
    ASSERT(m->ticker != NULL && m->len < m->cap);
    t = &m->ticker[m->len++];
    *t = (struct flow_ticker){0};
    (void)str_copy(t->symbol, sizeof t->symbol, symbol); /* measured above */
    return t;
}

static void
remove_ticker(struct flow_model *m, size_t i)
{
    ticker_free(&m->ticker[i]);
    memmove(&m->ticker[i], &m->ticker[i + 1], (m->len - i - 1) * sizeof m->ticker[0]);
    m->len--;
}

static void
mark_dirty(struct flow_model *m, struct flow_ticker *t, int64_t now_ns)
{
    if (t != NULL) text_clear(&t->text);
    if (!m->is_dirty) m->dirty_since_ns = now_ns;
    m->is_dirty = true;
}

void
flow_model_configure(struct flow_model *m, const char *symbol, bool is_configured)
{
    struct flow_ticker *t = flow_model_find(m, symbol);

    if (t != NULL) t->is_configured = is_configured;
}

void
flow_model_set(struct flow_model *m, struct flow_ticker *t, const char *key,
               const struct text *json, int64_t now_ns)
{
    flow_object_set(&t->members, key, text_str(json), json->len);
    mark_dirty(m, t, now_ns);
}

void
flow_model_unset(struct flow_model *m, struct flow_ticker *t, const char *key, int64_t now_ns)
{
    flow_object_unset(&t->members, key);
    mark_dirty(m, t, now_ns);
}

const char *
flow_model_get(const struct flow_ticker *t, const char *key)
{
    const struct flow_member *found = flow_object_find(&t->members, key);

    return found != NULL ? text_str(&found->json) : NULL;
}

static void
merge_object(struct flow_object *to, const char *json, size_t len)
{
    struct json_scan scan;
    struct json_span span;

    json_scan_init(&scan, json, len);
    while (json_scan_next(&scan, &span, NULL) == RC_OK) {
        char key[FLOW_KEY_MAX];
        if (span.key_len >= sizeof key) continue;
        memcpy(key, span.key, span.key_len);
        key[span.key_len] = '\0';
        flow_object_set(to, key, span.value, span.value_len);
    }
}

void
flow_model_merge_greeks(struct flow_model *m, struct flow_ticker *t, const struct text *object,
                        int64_t now_ns)
{
    merge_object(&t->greeks, text_str(object), object->len);
    mark_dirty(m, t, now_ns);
}

void
flow_model_set_top(struct flow_model *m, const char *key, const struct text *json, int64_t now_ns)
{
    flow_object_set(&m->top, key, text_str(json), json->len);
    mark_dirty(m, NULL, now_ns);
}

/* ---- stamps and age -------------------------------------------------------------------------- */

void
flow_model_touch(struct flow_model *m, struct flow_ticker *t, const char *job, bool is_flow,
                 int64_t now_ns)
{
    int64_t now_s = when_to_s(now_ns);
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, now_s);
    flow_object_set(&t->updates, job, digits, strlen(digits));
    if (is_flow) {
        t->has_flow_job = true;
        t->flow_update_s = now_s;
    }
    if (is_flow || !t->has_flow_job) t->last_update_s = now_s;
    mark_dirty(m, t, now_ns);
}

int64_t
flow_model_updated_s(const struct flow_ticker *t, const char *job)
{
    const struct flow_member *found = flow_object_find(&t->updates, job);
    double s = 0;

    return found != NULL && str_to_f64(text_str(&found->json), &s) ? (int64_t)s : 0;
}

void
flow_model_clear_flow(struct flow_model *m, struct flow_ticker *t, int64_t now_ns)
{
    CLEANUP(member_free) struct member summary = MEMBER_EMPTY;
    struct flow_summary none = {.sentiment = "NEUTRAL"};

    member_open(&summary);
    flow_summary_write(&none, &summary.out);
    member_close(&summary);
    merge_object(&t->members, text_str(&summary.text), summary.text.len);
    flow_object_set(&t->members, "flow_trades", "[]", 2);
    flow_object_unset(&t->members, "flow");
    t->has_flow = false;
    mark_dirty(m, t, now_ns);
}

size_t
flow_model_expire(struct flow_model *m, int64_t now_ns)
{
    size_t cleared = 0;

    for (size_t i = 0; i < m->len; i++) {
        struct flow_ticker *t = &m->ticker[i];
        int64_t stamp_s = t->flow_update_s > 0 ? t->flow_update_s : t->last_update_s;
        if (!t->is_configured || !t->has_flow || when_to_s(now_ns) - stamp_s <= FLOW_STALE_S)
            continue;
        flow_model_clear_flow(m, t, now_ns);
        cleared++;
    }
    return cleared;
}

/* ---- the file -------------------------------------------------------------------------------- */

static const char *const owned_members[] = {
    "flow_trades", "sentiment",     "conviction",   "total_premium", "call_premium", "put_premium",
    "net_premium", "trade_count",   "flow",         "dark_pool",     "market_tide",  "max_pain",
    "oi_change",   "iv_rank",       "ftd_pressure", "etf_flow",      "insider",      "calendar",
    "congress",    "institutional", "simulated",    "greeks",        "_updates",     "_last_update",
};

static const char *const owned_top[] = {"_metadata", "_top_net_impact", "_market_tide",
                                        "_congress_recent_trades"};

static bool
is_one_of(const char *key, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (str_eq(list[i], key)) return true;
    }
    return false;
}

static bool
is_ticker(const struct json *v)
{
    return json_key(v)[0] != '_' && json_is_object(v);
}

/* What later decisions need of an entry that was written by an earlier process. */
static void
read_values(struct flow_ticker *t, const struct json *entry)
{
    const struct json *flow = json_get_obj(entry, "flow"), *etf = json_get_obj(entry, "etf_flow");

    t->last_update_s = json_i64(entry, "_last_update", 0);
    t->flow_update_s =
        json_i64(flow, "last_update", json_i64(json_get_obj(entry, "_updates"), "option_flow", 0));
    t->has_flow_job = flow_object_find(&t->updates, "option_flow") != NULL;
    t->has_flow = flow != NULL || json_len(json_get_arr(entry, "flow_trades")) > 0;
    t->has_etf_flow = json_has(etf, "net_flow");
    t->etf_net_flow = uw_usd_at(etf, "net_flow");
    t->has_earnings = uw_date_at(json_get_obj(entry, "calendar"), "earnings_date", &t->earnings);
}

static void
take_entry(struct flow_model *m, const struct json *entry)
{
    static const char *const kept_apart[] = {"greeks", "_updates", "_last_update", NULL};
    struct flow_ticker *t = flow_model_need(m, json_key(entry));

    if (t == NULL) return;
    text_clear(&t->text);
    flow_object_take(&t->greeks, json_get_obj(entry, "greeks"), NULL);
    flow_object_take(&t->updates, json_get_obj(entry, "_updates"), NULL);
    flow_object_take(&t->members, entry, kept_apart);
    read_values(t, entry);
}

void
flow_model_load(struct flow_model *m, const struct json *doc, bool is_live)
{
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        if (str_eq(json_key(v), "_metadata")) continue;
        if (!is_ticker(v))
            flow_object_set_value(&m->top, json_key(v), v);
        else if (!is_live || !json_bool(v, "simulated", false))
            take_entry(m, v);
    }
}

/* Members of our tickers that are not ours: those of the file, and only those. */
static void
adopt_members(struct flow_ticker *t, const struct json *entry)
{
    for (size_t i = t->members.len; i > 0; i--) {
        const char *key = t->members.item[i - 1].key;
        if (!is_one_of(key, owned_members, COUNT_OF(owned_members)) && json_get(entry, key) == NULL)
            flow_object_unset(&t->members, key);
    }
    for (const struct json *v = json_first(entry); v != NULL; v = json_next(v)) {
        if (!is_one_of(json_key(v), owned_members, COUNT_OF(owned_members)))
            flow_object_set_value(&t->members, json_key(v), v);
    }
    text_clear(&t->text);
}

static void
drop_absent(struct flow_model *m, const struct json *doc)
{
    for (size_t i = m->len; i > 0; i--) {
        struct flow_ticker *t = &m->ticker[i - 1];
        if (!t->is_configured && json_get_obj(doc, t->symbol) == NULL) remove_ticker(m, i - 1);
    }
    for (size_t i = m->top.len; i > 0; i--) {
        const char *key = m->top.item[i - 1].key;
        if (!is_one_of(key, owned_top, COUNT_OF(owned_top)) && json_get(doc, key) == NULL)
            flow_object_unset(&m->top, key);
    }
}

void
flow_model_adopt(struct flow_model *m, const struct json *doc)
{
    drop_absent(m, doc);
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        struct flow_ticker *t = is_ticker(v) ? flow_model_find(m, json_key(v)) : NULL;
        if (t != NULL && t->is_configured)
            adopt_members(t, v);
        else if (is_ticker(v))
            take_entry(m, v);
        else if (!is_one_of(json_key(v), owned_top, COUNT_OF(owned_top)))
            flow_object_set_value(&m->top, json_key(v), v);
    }
}

static int64_t
newest_update_s(const struct flow_ticker *t)
{
    int64_t newest_s = 0;

    for (size_t i = 0; i < t->updates.len; i++)
        newest_s = MAX(newest_s, flow_model_updated_s(t, t->updates.item[i].key));
    return newest_s;
}

void
flow_model_forget(struct flow_model *m, bool (*is_known)(void *ctx, const char *symbol), void *ctx,
                  int64_t now_s)
{
    for (size_t i = m->len; i > 0; i--) {
        const struct flow_ticker *t = &m->ticker[i - 1];
        if (t->is_configured || is_known(ctx, t->symbol) ||
            now_s - newest_update_s(t) <= FLOW_FORGET_S)
            continue;
        remove_ticker(m, i - 1);
    }
}

static void
render_ticker(struct flow_ticker *t)
{
    struct json_out o = {.to = &t->text};

    json_out_obj(&o, NULL);
    flow_object_write(&t->members, &o);
    if (t->greeks.len > 0) {
        json_out_obj(&o, "greeks");
        flow_object_write(&t->greeks, &o);
        json_out_end(&o);
    }
    if (t->updates.len > 0) {
        json_out_obj(&o, "_updates");
        flow_object_write(&t->updates, &o);
        json_out_end(&o);
    }
    if (t->last_update_s > 0) json_out_i64(&o, "_last_update", t->last_update_s);
    json_out_end(&o);
}

void
flow_model_render(struct flow_model *m, const struct text *metadata, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_raw(&o, "_metadata", text_str(metadata), metadata->len);
    flow_object_write(&m->top, &o);
    for (size_t i = 0; i < m->len; i++) {
        struct flow_ticker *t = &m->ticker[i];
        if (t->text.len == 0) render_ticker(t);
        json_out_raw(&o, t->symbol, text_str(&t->text), t->text.len);
    }
    json_out_end(&o);
}
