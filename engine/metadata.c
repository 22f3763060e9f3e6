#include "engine/metadata.h"

static void
meta_done(struct position_meta *p)
{
    free(p->components);
    free(p->others);
    p->components = p->others = NULL;
}

void
metadata_done(struct metadata *md)
{
    for (size_t i = 0; i < md->len; i++)
        meta_done(&md->position[i]);
    md->len = 0;
}

static size_t
index_of(const struct metadata *md, const char *symbol, bool *ret_found)
{
    size_t i = 0;

    while (i < md->len && strcmp(md->position[i].symbol, symbol) < 0)
        i++;
    *ret_found = i < md->len && str_eq(md->position[i].symbol, symbol);
    return i;
}

struct position_meta *
metadata_find(struct metadata *md, const char *symbol)
{
    bool found = false;
    size_t i = index_of(md, symbol, &found);

    return found ? &md->position[i] : NULL;
}

struct position_meta *
metadata_put(struct metadata *md, const char *symbol)
{
    bool found = false;
    size_t i = index_of(md, symbol, &found);

    if (found) return &md->position[i];
    if (md->len == POSITIONS_MAX) return NULL;
    for (size_t k = md->len++; k > i; k--)
        md->position[k] = md->position[k - 1];
    md->position[i] = (struct position_meta){.updated_ns = WHEN_NONE};
    md->position[i].record.entered_ns = WHEN_NONE;
    (void)str_copy(md->position[i].symbol, SYMBOL_MAX, symbol);
    return &md->position[i];
}

void
metadata_remove(struct metadata *md, const char *symbol)
{
    bool found = false;
    size_t i = index_of(md, symbol, &found);

    if (!found) return;
    meta_done(&md->position[i]);
    md->len--;
    for (size_t k = i; k < md->len; k++)
        md->position[k] = md->position[k + 1];
}

/* ---- the file ------------------------------------------------------------------------------ */

static const char *const KNOWN_KEYS[] = {
    "entry_ts",
    "entry_price",
    "qty",
    "side",
    "entry_score",
    "components",
    "market_regime",
    "direction",
    "regime_modifier",
    "ignition_status",
    "correlation_id",
    "client_order_id",
    "entry_order_id",
    "targets",
    "high_water",
    "low_water",
    "trail_dist",
    "profit_acceleration_applied",
    "initial_qty",
    "updated_at",
    "recovered_from",
};

static bool
is_known_key(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(KNOWN_KEYS); i++)
        if (str_eq(KNOWN_KEYS[i], key)) return true;
    return false;
}

static char *
value_text(const struct json *v)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    if (v == NULL) return NULL;
    json_out_value(&o, NULL, v);
    return t.data;
}

/* The members we do not know, as an object of their own; NULL where there are none. */
static char *
other_members(const struct json *entry)
{
    struct text t = {0};
    struct json_out o = {.to = &t};
    size_t n = 0;

    json_out_obj(&o, NULL);
    for (const struct json *v = json_first(entry); v != NULL; v = json_next(v)) {
        if (is_known_key(json_key(v))) continue;
        json_out_value(&o, json_key(v), v);
        n++;
    }
    json_out_end(&o);
    if (n > 0) return t.data;
    text_free(&t);
    return NULL;
}

static usd
usd_member(const struct json *entry, const char *key)
{
    usd value = USD_ZERO;
    struct err ignored = {0};

    if (usd_from_double(json_f64(entry, key, 0.0), &value, &ignored) != RC_OK) return USD_ZERO;
    return value;
}

static void
targets_decode(const struct json *list, struct position_record *r)
{
    for (const struct json *v = json_first(list); v != NULL && r->targets_len < EXIT_TARGETS_MAX;
         v = json_next(v))
        r->target[r->targets_len++] = (struct exit_target){.gain = json_f64(v, "pct", 0.0),
                                                           .part = json_f64(v, "fraction", 0.0),
                                                           .is_hit = json_bool(v, "hit", false)};
}

static void
entry_decode(struct position_meta *p, const struct json *entry)
{
    enum position_side side = POSITION_LONG;
    struct position_record *r = &p->record;

    r->is_known = true;
    r->entered_ns = when_parse_or_none(json_str(entry, "entry_ts", ""));
    r->entry_price = usd_member(entry, "entry_price");
    r->entry_score = json_f64(entry, "entry_score", 0.0);
    r->direction = direction_from(json_str(entry, "direction", ""));
    (void)str_copy(r->market_regime, sizeof(r->market_regime),
                   json_str(entry, "market_regime", ""));
    r->high_water = usd_member(entry, "high_water");
    r->low_water = usd_member(entry, "low_water");
    r->has_trail_dist = json_has(entry, "trail_dist");
    r->trail_dist = usd_member(entry, "trail_dist");
    r->profit_acceleration = json_bool(entry, "profit_acceleration_applied", false);
    targets_decode(json_get_arr(entry, "targets"), r);
    p->qty = json_i64(entry, "qty", 0);
    p->initial_qty = json_i64(entry, "initial_qty", p->qty);
    (void)position_side_from(json_str(entry, "side", "buy"), &side);
    p->side = side == POSITION_LONG ? SIDE_BUY : SIDE_SELL;
    p->regime_modifier = json_f64(entry, "regime_modifier", 0.0);
    (void)str_copy(p->ignition, sizeof(p->ignition), json_str(entry, "ignition_status", ""));
    (void)str_copy(p->correlation_id, sizeof(p->correlation_id),
                   json_str(entry, "correlation_id", ""));
    (void)str_copy(p->client_order_id, sizeof(p->client_order_id),
                   json_str(entry, "client_order_id", ""));
    (void)str_copy(p->entry_order_id, sizeof(p->entry_order_id),
                   json_str(entry, "entry_order_id", ""));
    (void)str_copy(p->recovered_from, sizeof(p->recovered_from),
                   json_str(entry, "recovered_from", ""));
    p->components = value_text(json_get_obj(entry, "components"));
    p->others = other_members(entry);
    p->updated_ns = when_parse_or_none(json_str(entry, "updated_at", ""));
}

void
metadata_decode(struct metadata *md, const struct json *doc)
{
    metadata_done(md);
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        char symbol[SYMBOL_MAX];

        if (!json_is_object(v) || !symbol_set(symbol, json_key(v)) ||
            metadata_find(md, symbol) != NULL)
            continue;
        struct position_meta *p = metadata_put(md, symbol);
        if (p == NULL) return;
        entry_decode(p, v);
    }
}

static const char *
or_null(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

static void
members_out(struct json_out *o, const char *object_text)
{
    struct json_scan scan;
    struct json_span span;
    struct err ignored = {0};

    json_scan_init(&scan, object_text, strlen(object_text));
    while (json_scan_next(&scan, &span, &ignored) == RC_OK) {
        CLEANUP(text_free) struct text key = {0};

        text_add(&key, span.key, span.key_len);
        json_out_raw(o, text_str(&key), span.value, span.value_len);
    }
}

void
metadata_encode_one(struct json_out *o, const char *key, const struct position_meta *p)
{
    const struct position_record *r = &p->record;

    json_out_obj(o, key);
    json_out_time(o, "entry_ts", r->entered_ns);
    json_out_usd(o, "entry_price", r->entry_price);
    json_out_i64(o, "qty", p->qty);
    json_out_str(o, "side", order_side_name(p->side));
    json_out_f64(o, "entry_score", r->entry_score);
    if (p->components != NULL)
        json_out_raw(o, "components", p->components, strlen(p->components));
    else
        json_out_raw(o, "components", "{}", 2);
    json_out_str(o, "market_regime", r->market_regime);
    json_out_str(o, "direction", direction_name(r->direction));
    json_out_f64(o, "regime_modifier", p->regime_modifier);
    json_out_str(o, "ignition_status", p->ignition);
    json_out_str(o, "correlation_id", or_null(p->correlation_id));
    json_out_str(o, "client_order_id", or_null(p->client_order_id));
    json_out_str(o, "entry_order_id", or_null(p->entry_order_id));
    json_out_arr(o, "targets");
    for (size_t i = 0; i < r->targets_len; i++) {
        json_out_obj(o, NULL);
        json_out_f64(o, "pct", r->target[i].gain);
        json_out_f64(o, "fraction", r->target[i].part);
        json_out_bool(o, "hit", r->target[i].is_hit);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_usd(o, "high_water", r->high_water);
    json_out_usd(o, "low_water", r->low_water);
    if (r->has_trail_dist)
        json_out_usd(o, "trail_dist", r->trail_dist);
    else
        json_out_null(o, "trail_dist");
    json_out_bool(o, "profit_acceleration_applied", r->profit_acceleration);
    json_out_i64(o, "initial_qty", p->initial_qty);
    json_out_time(o, "updated_at", p->updated_ns);
    if (p->recovered_from[0] != '\0') json_out_str(o, "recovered_from", p->recovered_from);
    if (p->others != NULL) members_out(o, p->others);
    json_out_end(o);
}

void
metadata_encode(const struct metadata *md, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < md->len; i++)
        metadata_encode_one(&o, (&md->position[i])->symbol, &md->position[i]);
    json_out_end(&o);
}
