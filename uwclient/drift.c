#include "uwclient/drift.h"

#include <inttypes.h>

#include "uwclient/drift_shapes.h"

enum { SHAPE_FIELDS_MAX = 128 };

void
drift_init(struct drift *d, const struct clock *clock, const struct store *store,
           const struct log *log)
{
    *d = (struct drift){.clock = clock, .store = store, .log = log};
}

static const char *const kind_names[] = {
    [DRIFT_UNKNOWN] = "unknown",
    [DRIFT_MISSING] = "missing",
    [DRIFT_MISTYPED] = "mistyped",
};

const char *
drift_kind_name(enum drift_kind k)
{
    return kind_names[k];
}

/* ---- looking --------------------------------------------------------------------------------- */

static void
found(struct drift *d, enum uw_endpoint e, enum drift_kind kind, const char *field)
{
    char name[DRIFT_FIELD_MAX];
    int64_t now_ns = clock_now(d->clock);

    (void)str_copy(name, sizeof name, field); /* a cut name still tells which */
    d->is_dirty = true;
    for (size_t i = 0; i < d->len; i++) {
        struct drift_finding *f = &d->finding[i];
        if (f->endpoint != e || f->kind != kind || !str_eq(f->field, name)) continue;
        f->rows++;
        f->last_ns = now_ns;
        return;
    }
    if (d->len == DRIFT_FINDINGS_MAX) {
        d->overflow++;
        return;
    }
    struct drift_finding *f = &d->finding[d->len++];
    *f = (struct drift_finding){
        .endpoint = e, .kind = kind, .rows = 1, .first_ns = now_ns, .last_ns = now_ns};
    memcpy(f->field, name, sizeof name);
    log_event(d->log, EV_UW_SHAPE_CHANGED, F_STR("endpoint", uw_endpoint_row(e)->path),
              F_STR("field", name), F_STR("problem", kind_names[kind]));
}

/* The kinds a value may have; every kind for null, which any field may be. */
static unsigned
kinds_of(const struct json *v)
{
    switch (json_kind(v)) {
    case JSON_STRING:
        return FIELD_S;
    case JSON_NUMBER:
        return FIELD_N;
    case JSON_BOOL:
        return FIELD_B;
    case JSON_ARRAY:
        return FIELD_A;
    case JSON_OBJECT:
        return FIELD_O;
    case JSON_NULL:
        break;
    }
    return FIELD_S | FIELD_N | FIELD_B | FIELD_A | FIELD_O;
}

/* Rows repeat the order of their fields, so the search begins behind the last hit. */
static size_t
find_field(const struct shape *s, const char *name, size_t hint)
{
    for (size_t n = 0; n < s->len; n++) {
        size_t i = (hint + n) % s->len;
        if (str_eq(s->field[i].name, name)) return i;
    }
    return s->len;
}

static void
note_row(struct drift *d, enum uw_endpoint e, const struct shape *s, const struct json *row)
{
    bool seen[SHAPE_FIELDS_MAX] = {false};
    size_t at = 0;

    ASSERT(s->len <= SHAPE_FIELDS_MAX);
    for (const struct json *v = json_first(row); v != NULL; v = json_next(v)) {
        size_t i = find_field(s, json_key(v), at);
        if (i == s->len) {
            found(d, e, DRIFT_UNKNOWN, json_key(v));
            continue;
        }
        seen[i] = true;
        at = i + 1;
        if ((s->field[i].kinds & kinds_of(v)) == 0) found(d, e, DRIFT_MISTYPED, json_key(v));
    }
    for (size_t i = 0; i < s->len; i++) {
        if (!seen[i] && (s->field[i].kinds & FIELD_MUST) != 0)
            found(d, e, DRIFT_MISSING, s->field[i].name);
    }
    d->rows[e]++;
}

/* `data` itself is a field like others: an answer without it is no answer. */
void
drift_note(struct drift *d, enum uw_endpoint endpoint, const struct json *body)
{
    struct shape s = shape_of(endpoint);
    const struct json *data = json_get(body, "data");

    if (s.len == 0) return;
    d->answers[endpoint]++;
    d->is_dirty = true;
    if (data == NULL) {
        found(d, endpoint, DRIFT_MISSING, "data");
    } else if (json_is_object(data)) {
        note_row(d, endpoint, &s, data);
    } else if (!json_is_array(data)) {
        found(d, endpoint, DRIFT_MISTYPED, "data");
    }
    for (const struct json *row = json_is_array(data) ? json_first(data) : NULL; row != NULL;
         row = json_next(row)) {
        if (json_is_object(row))
            note_row(d, endpoint, &s, row);
        else
            found(d, endpoint, DRIFT_MISTYPED, "data[]");
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct store_spec
drift_spec(void)
{
    return (struct store_spec){
        .path = DRIFT_PATH,
        .default_json = "{\"schema_version\":1,\"endpoints\":{},\"findings\":[]}",
    };
}

static bool
endpoint_from_path(const char *path, enum uw_endpoint *ret_endpoint)
{
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++) {
        if (!str_eq(uw_endpoint_row((enum uw_endpoint)i)->path, path)) continue;
        *ret_endpoint = (enum uw_endpoint)i;
        return true;
    }
    return false;
}

static bool
kind_from_name(const char *name, enum drift_kind *ret_kind)
{
    for (size_t i = 0; i < COUNT_OF(kind_names); i++) {
        if (!str_eq(kind_names[i], name)) continue;
        *ret_kind = (enum drift_kind)i;
        return true;
    }
    return false;
}

static void
load_finding(struct drift *d, const struct json *v)
{
    struct drift_finding f = {.rows = MAX(json_i64(v, "rows", 0), 0)};

    if (d->len == DRIFT_FINDINGS_MAX) return;
    if (!endpoint_from_path(json_str(v, "endpoint", ""), &f.endpoint)) return;
    if (!kind_from_name(json_str(v, "problem", ""), &f.kind)) return;
    (void)str_copy(f.field, sizeof f.field,
                   json_str(v, "field", "")); /* written by us, so it fits */
    f.first_ns = when_parse_or_none(json_str(v, "first", ""));
    f.last_ns = when_parse_or_none(json_str(v, "last", ""));
    d->finding[d->len++] = f;
}

void
drift_load(struct drift *d)
{
    struct store_spec spec = drift_spec();
    enum store_origin origin = STORE_FILE;
    CLEANUP(json_freep) struct json *doc = store_load(d->store, &spec, &origin);
    const struct json *endpoints = json_get_obj(doc, "endpoints");

    for (const struct json *v = json_first(endpoints); v != NULL; v = json_next(v)) {
        enum uw_endpoint e;
        if (!endpoint_from_path(json_key(v), &e)) continue;
        d->answers[e] = MAX(json_i64(v, "answers", 0), 0);
        d->rows[e] = MAX(json_i64(v, "rows", 0), 0);
    }
    for (const struct json *v = json_first(json_get_arr(doc, "findings")); v != NULL;
         v = json_next(v))
        load_finding(d, v);
    d->overflow = MAX(json_i64(doc, "overflow", 0), 0);
}

static void
write_endpoints(const struct drift *d, struct json_out *o)
{
    json_out_obj(o, "endpoints");
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++) {
        if (d->answers[i] == 0) continue;
        json_out_obj(o, uw_endpoint_row((enum uw_endpoint)i)->path);
        json_out_i64(o, "answers", d->answers[i]);
        json_out_i64(o, "rows", d->rows[i]);
        json_out_end(o);
    }
    json_out_end(o);
}

void
drift_save(struct drift *d)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    struct store_spec spec = drift_spec();

    if (!d->is_dirty) return;
    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    write_endpoints(d, &o);
    json_out_arr(&o, "findings");
    for (size_t i = 0; i < d->len; i++) {
        const struct drift_finding *f = &d->finding[i];
        json_out_obj(&o, NULL);
        json_out_str(&o, "endpoint", uw_endpoint_row(f->endpoint)->path);
        json_out_str(&o, "problem", kind_names[f->kind]);
        json_out_str(&o, "field", f->field);
        json_out_i64(&o, "rows", f->rows);
        json_out_time(&o, "first", f->first_ns);
        json_out_time(&o, "last", f->last_ns);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_i64(&o, "overflow", d->overflow);
    json_out_end(&o);
    if (store_save(d->store, &spec, &t, NULL) == RC_OK) d->is_dirty = false;
}

void
drift_report(const struct drift *d, struct text *to)
{
    char last[ISO_TEXT_MAX];

    for (size_t e = 0; e < UW_ENDPOINTS_LEN; e++) {
        if (d->answers[e] == 0) continue;
        text_printf(to, "%s: %" PRId64 " answers, %" PRId64 " rows\n",
                    uw_endpoint_row((enum uw_endpoint)e)->path, d->answers[e], d->rows[e]);
        for (size_t i = 0; i < d->len; i++) {
            const struct drift_finding *f = &d->finding[i];
            if (f->endpoint == e)
                text_printf(to, "  %-8s %s: %" PRId64 " rows, last %s\n", kind_names[f->kind],
                            f->field, f->rows,
                            f->last_ns == WHEN_NONE ? "unknown" : when_iso(f->last_ns, last));
        }
    }
    if (d->overflow > 0) text_printf(to, "and %" PRId64 " findings without room\n", d->overflow);
}
