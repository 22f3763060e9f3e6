#include "telemetry/score_telemetry.h"

#include <math.h>

#include "base/when.h"

enum { DECIMALS = 3 };

static const char *const LISTS[SCORE_LISTS_LEN] = {
    [LIST_MISSING_INTEL] = "missing_intel",
    [LIST_NEUTRAL_DEFAULTS] = "neutral_defaults",
    [LIST_CORE_MISSING] = "core_features_missing",
};

void
score_telemetry_init(struct score_telemetry *t)
{
    *t = (struct score_telemetry){.updated_ns = WHEN_NONE};
}

/* ---- counting ------------------------------------------------------------------------------ */

static void
ring_put(struct score_ring *r, const char *symbol, double value, int64_t at_ns)
{
    struct score_seen *s = &r->seen[r->next];

    if (!symbol_set(s->symbol, symbol)) return;
    s->value = round_dec(value, DECIMALS);
    s->at_ns = at_ns;
    r->next = (r->next + 1) % SCORE_TELEMETRY_KEPT;
    r->len = MIN(r->len + 1, (size_t)SCORE_TELEMETRY_KEPT);
}

void
score_telemetry_add(struct score_telemetry *t, const struct score_sample *s)
{
    if (!isfinite(s->score)) return;
    ring_put(&t->scores, s->symbol, s->score, s->at_ns);
    if (s->freshness > 0) ring_put(&t->decay, s->symbol, s->freshness, s->at_ns);
    t->defaulted_convictions += s->has_defaulted_conviction;
    t->updated_ns = s->at_ns;
}

/*
 * NULL where there is no room for another name.  Names come in the same order symbol after symbol:
 * the row behind the last one is looked at first.
 */
static struct score_component *
component_of(struct score_telemetry *t, const char *name)
{
    for (size_t k = 0; k < t->components_len; k++) {
        size_t i = (t->component_next + k) % t->components_len;

        if (!str_eq(t->component[i].name, name)) continue;
        t->component_next = i + 1;
        return &t->component[i];
    }
    if (t->components_len == SCORE_NAMES_MAX) return NULL;
    struct score_component *c = &t->component[t->components_len++];
    (void)str_copy(c->name, sizeof c->name, name);
    return c;
}

void
score_telemetry_add_component(struct score_telemetry *t, const char *name, double value)
{
    struct score_component *c = component_of(t, name);

    if (c == NULL || !isfinite(value)) return;
    c->count++;
    c->total += fabs(value);
    c->zeros += !(value < 0) && !(value > 0);
}

static struct score_count *
count_of(struct score_telemetry *t, enum score_list list, const char *name)
{
    struct score_count *row = t->list[list];

    for (size_t k = 0; k < t->list_len[list]; k++) {
        size_t i = (t->list_next[list] + k) % t->list_len[list];

        if (!str_eq(row[i].name, name)) continue;
        t->list_next[list] = i + 1;
        return &row[i];
    }
    if (t->list_len[list] == SCORE_NAMES_MAX) return NULL;
    row += t->list_len[list]++;
    (void)str_copy(row->name, sizeof row->name, name);
    return row;
}

void
score_telemetry_add_name(struct score_telemetry *t, enum score_list list, const char *name)
{
    struct score_count *c = count_of(t, list, name);

    if (c != NULL) c->n++;
}

/* ---- writing ------------------------------------------------------------------------------- */

static const struct score_seen *
oldest_first(const struct score_ring *r, size_t i)
{
    return &r->seen[(r->next + SCORE_TELEMETRY_KEPT - r->len + i) % SCORE_TELEMETRY_KEPT];
}

static void
write_scores(const struct score_ring *r, struct json_out *o)
{
    char iso[ISO_TEXT_MAX];

    json_out_arr(o, "scores");
    for (size_t i = 0; i < r->len; i++) {
        const struct score_seen *s = oldest_first(r, i);

        json_out_obj(o, NULL);
        json_out_str(o, "symbol", s->symbol);
        json_out_f64(o, "score", s->value);
        json_out_i64(o, "timestamp", when_to_s(s->at_ns));
        json_out_str(o, "dt", when_iso_brief(s->at_ns, iso));
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_decay(const struct score_ring *r, struct json_out *o)
{
    json_out_arr(o, "decay_factors");
    for (size_t i = 0; i < r->len; i++) {
        const struct score_seen *s = oldest_first(r, i);

        json_out_obj(o, NULL);
        json_out_str(o, "symbol", s->symbol);
        json_out_f64(o, "freshness", s->value);
        json_out_i64(o, "timestamp", when_to_s(s->at_ns));
        json_out_end(o);
    }
    json_out_end(o);
}

static void
write_components(const struct score_telemetry *t, struct json_out *o)
{
    json_out_obj(o, "components");
    for (size_t i = 0; i < t->components_len; i++) {
        const struct score_component *c = &t->component[i];

        json_out_obj(o, c->name);
        json_out_i64(o, "count", c->count);
        json_out_f64(o, "total", c->total);
        json_out_i64(o, "zero_count", c->zeros);
        json_out_end(o);
    }
    json_out_end(o);
}

void
score_telemetry_write(const struct score_telemetry *t, struct json_out *o)
{
    json_out_obj(o, NULL);
    write_scores(&t->scores, o);
    write_components(t, o);
    for (int list = 0; list < SCORE_LISTS_LEN; list++) {
        json_out_obj(o, LISTS[list]);
        for (size_t i = 0; i < t->list_len[list]; i++)
            json_out_i64(o, t->list[list][i].name, t->list[list][i].n);
        json_out_end(o);
    }
    json_out_i64(o, "defaulted_conviction", t->defaulted_convictions);
    write_decay(&t->decay, o);
    json_out_time(o, "last_update", t->updated_ns);
    json_out_end(o);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void
decode_ring(const struct json *rows, const char *value_key, struct score_ring *r)
{
    for (const struct json *v = json_first(rows); v != NULL; v = json_next(v)) {
        double value = json_f64(v, value_key, (double)NAN);
        int64_t at_s = json_i64(v, "timestamp", -1);

        if (isnan(value) || at_s < 0 || at_s > INT64_MAX / NS_PER_S) continue;
        ring_put(r, json_str(v, "symbol", ""), value, at_s * NS_PER_S);
    }
}

static void
decode_components(const struct json *rows, struct score_telemetry *t)
{
    for (const struct json *v = json_first(rows); v != NULL; v = json_next(v)) {
        struct score_component *c = component_of(t, json_key(v));

        if (c == NULL) continue;
        c->count = MAX(json_i64(v, "count", 0), (int64_t)0);
        c->zeros = MAX(json_i64(v, "zero_count", 0), (int64_t)0);
        c->total = json_f64(v, "total", 0);
    }
}

void
score_telemetry_decode(const struct json *doc, struct score_telemetry *t)
{
    decode_ring(json_get_arr(doc, "scores"), "score", &t->scores);
    decode_ring(json_get_arr(doc, "decay_factors"), "freshness", &t->decay);
    decode_components(json_get_obj(doc, "components"), t);
    for (int list = 0; list < SCORE_LISTS_LEN; list++) {
        const struct json *rows = json_get_obj(doc, LISTS[list]);

        for (const struct json *v = json_first(rows); v != NULL; v = json_next(v)) {
            struct score_count *c = count_of(t, (enum score_list)list, json_key(v));
            if (c != NULL) c->n = MAX(json_i64_of(v, 0), (int64_t)0);
        }
    }
    t->defaulted_convictions = MAX(json_i64(doc, "defaulted_conviction", 0), (int64_t)0);
    t->updated_ns = when_parse_or_none(json_str(doc, "last_update", ""));
}

/* ---- the file ------------------------------------------------------------------------------ */

static const struct store_spec SPEC = {.path = SCORE_TELEMETRY_PATH, .default_json = "{}"};

void
score_telemetry_load(struct score_telemetry *t, const struct store *store)
{
    CLEANUP(json_freep) struct json *doc = store_load(store, &SPEC, NULL);

    score_telemetry_init(t);
    score_telemetry_decode(doc, t);
}

enum rc
score_telemetry_save(const struct score_telemetry *t, const struct store *store, struct err *err)
{
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};

    score_telemetry_write(t, &o);
    return store_save(store, &SPEC, &doc, err);
}
