#include "shadow/book_json.h"

#include <math.h>
#include <string.h>

#include "base/when.h"
#include "shadow/record_json.h"
#include "shadow/uw_json.h"

static const char *const MARK_KEYS[] = {"last_price", "unrealized_pnl_usd", "unrealized_pnl_pct",
                                        "last_update_ts"};

/* ---- reading ------------------------------------------------------------------------------- */

static bool
is_mark_key(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(MARK_KEYS); i++) {
        if (str_eq(key, MARK_KEYS[i])) return true;
    }
    return false;
}

/* The members of the record that are, or are not, of the mark; as an object. */
static const char *
members_of(const struct json *record, bool is_mark, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    for (const struct json *v = json_first(ops_obj(record)); v != NULL; v = json_next(v)) {
        if (is_mark_key(json_key(v)) == is_mark) json_out_value(&o, json_key(v), v);
    }
    json_out_end(&o);
    return arena_strndup(a, text_str(&t), t.len);
}

static const char *
keep_text(const struct json *record, const char *key, const char *dflt, struct arena *a)
{
    char buf[F64_TEXT_MAX];
    const char *s = ops_str(json_get(record, key), dflt, buf);

    return s != NULL ? arena_strdup(a, s) : NULL;
}

static struct shadow_mark
read_mark(const struct json *record)
{
    const char *at = json_str(record, "last_update_ts", NULL);

    return (struct shadow_mark){
        .price = json_f64(record, "last_price", (double)NAN),
        .pnl_usd = json_f64(record, "unrealized_pnl_usd", (double)NAN),
        .pnl_fraction = json_f64(record, "unrealized_pnl_pct", (double)NAN),
        .at_ns = at != NULL ? when_parse_or_none(at) : WHEN_NONE,
    };
}

static struct shadow_position
read_position(const struct json *record, const char *symbol, struct arena *a)
{
    struct shadow_position p = {
        .symbol = symbol,
        .trade_id = keep_text(record, "trade_id", NULL, a),
        .entered_text = keep_text(record, "entry_timestamp", "", a),
        .direction = keep_text(record, "direction", "", a),
        .entry_v2_score = json_f64(record, "entry_v2_score", 0),
        .entry_v1_score = json_f64(record, "entry_v1_score", 0),
        .entry_price = json_f64(record, "entry_price", (double)NAN),
        .qty = json_f64(record, "qty", (double)NAN),
        .size_usd = json_f64(record, "position_size_usd", (double)NAN),
        .entry_uw = shadow_uw_of_snapshot(json_get_obj(record, "entry_uw"), a),
        .entry_regime = keep_text(record, "entry_regime", "", a),
        .entry_sector = keep_text(record, "entry_sector", "UNKNOWN", a),
        .mark = read_mark(record),
        .kept_json = members_of(record, false, a),
        .mark_json = members_of(record, true, a),
    };

    p.side = keep_text(record, "side", shadow_side_of(p.direction), a);
    p.entered_ns = when_parse_or_none(p.entered_text);
    return p;
}

enum rc
shadow_book_decode(const struct json *doc, struct shadow_book *ret_book, struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    const struct json *positions = json_get_obj(doc, "positions");

    if (json_len(positions) > SHADOW_POSITIONS_MAX)
        return err_set(err, RC_RANGE, "%zu shadow positions, at most %d", json_len(positions),
                       SHADOW_POSITIONS_MAX);
    for (const struct json *v = json_first(positions); v != NULL; v = json_next(v)) {
        if (json_kind(v) == JSON_NULL) continue;
        struct shadow_position p = read_position(v, json_key(v), &a);
        shadow_book_put(ret_book, &p);
    }
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void
write_mark(struct json_out *o, const struct shadow_mark *m)
{
    char at[ISO_TEXT_MAX];

    json_out_f64(o, "last_price", m->price);
    json_out_f64(o, "unrealized_pnl_usd", m->pnl_usd);
    json_out_f64(o, "unrealized_pnl_pct", m->pnl_fraction);
    if (m->at_ns != WHEN_NONE) json_out_str(o, "last_update_ts", when_iso_brief(m->at_ns, at));
}

static void
write_made_here(struct json_out *o, const char *key, const struct shadow_position *p)
{
    char at[ISO_TEXT_MAX];

    json_out_obj(o, key);
    json_out_str(o, "trade_id", p->trade_id);
    json_out_str(o, "entry_timestamp", shadow_entered_text(p, at));
    json_out_str(o, "direction", p->direction);
    json_out_str(o, "side", p->side);
    json_out_f64(o, "entry_v2_score", p->entry_v2_score);
    json_out_f64(o, "entry_v1_score", p->entry_v1_score);
    json_out_raw(o, "entry_uw", p->entry_uw.json, strlen(p->entry_uw.json));
    json_out_str(o, "entry_regime", p->entry_regime);
    json_out_str(o, "entry_sector", p->entry_sector);
    json_out_f64(o, "entry_price", p->entry_price);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "position_size_usd", p->size_usd);
    write_mark(o, &p->mark);
    json_out_end(o);
}

/* Two objects become one: {a} and {b} are {a,b}. */
static void
join(struct text *to, const char *a, const char *b)
{
    bool has_both = !str_eq(a, "{}") && !str_eq(b, "{}");

    text_add(to, a, strlen(a) - 1);
    if (has_both) text_putc(to, ',');
    text_puts(to, b + 1);
}

static void
write_as_read(struct json_out *o, const char *key, const struct shadow_position *p)
{
    CLEANUP(text_free) struct text mark = {0}, record = {0};
    struct json_out mark_out = {.to = &mark};

    if (p->mark_json != NULL) {
        text_puts(&mark, p->mark_json);
    } else {
        json_out_obj(&mark_out, NULL);
        write_mark(&mark_out, &p->mark);
        json_out_end(&mark_out);
    }
    join(&record, p->kept_json, text_str(&mark));
    json_out_raw(o, key, record.data, record.len);
}

void
shadow_positions_write(struct json_out *o, const char *key, const struct shadow_book *b)
{
    json_out_obj(o, key);
    for (size_t i = 0; i < b->len; i++) {
        const struct shadow_position *p = &b->position[i];
        if (p->kept_json != NULL)
            write_as_read(o, p->symbol, p);
        else
            write_made_here(o, p->symbol, p);
    }
    json_out_end(o);
}

void
shadow_book_write(struct json_out *o, const char *key, const struct shadow_book *b)
{
    json_out_obj(o, key);
    shadow_positions_write(o, "positions", b);
    json_out_end(o);
}
