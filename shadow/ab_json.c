#include "shadow/ab_json.h"

#include <math.h>

enum { USD_DECIMALS = 4, FRACTION_DECIMALS = 6, AGE_DECIMALS = 2 };

/* ---- positions ----------------------------------------------------------------------------- */

static struct ab_position
position_decode(const struct json *v, struct arena *a)
{
    char buf[F64_TEXT_MAX];
    char *symbol = arena_strdup(a, ops_str(json_get(v, "symbol"), "", buf));

    str_upper(symbol);
    return (struct ab_position){
        .symbol = symbol,
        .side = ab_side_from(json_str(v, "side", "")),
        .qty = json_f64(v, "qty", 0),
        .entry_price = json_f64(v, "entry_price", 0),
        .entered_ns = when_parse_or_none(json_str(v, "entry_ts", "")),
    };
}

struct ab_book
ab_book_decode(const struct json *positions, struct arena *a)
{
    const struct json *array = json_is_array(positions) ? positions : NULL;
    struct ab_book b = {
        .position = ARENA_NEW(a, struct ab_position, json_len(array)),
        .record = ARENA_NEW(a, const struct json *, json_len(array)),
    };

    for (const struct json *v = json_first(array); v != NULL; v = json_next(v), b.len++) {
        b.position[b.len] = position_decode(v, a);
        b.record[b.len] = v;
    }
    return b;
}

/* The record with the merged figures in their place. */
static void
write_added(struct json_out *o, const struct json *record, const struct ab_fill *fill,
            const struct ab_merge *m)
{
    json_out_obj(o, NULL);
    for (const struct json *v = json_first(record); v != NULL; v = json_next(v)) {
        bool is_changed = str_eq(json_key(v), "qty") || str_eq(json_key(v), "entry_price") ||
                          (m->takes_fill_time && str_eq(json_key(v), "entry_ts"));
        if (!is_changed) json_out_value(o, json_key(v), v);
    }
    json_out_f64(o, "qty", m->qty);
    json_out_f64(o, "entry_price", m->entry_price);
    if (m->takes_fill_time) json_out_str(o, "entry_ts", fill->entry_ts);
    json_out_end(o);
}

static void
write_appended(struct json_out *o, const struct ab_fill *fill)
{
    const struct ab_position *p = &fill->position;

    json_out_obj(o, NULL);
    json_out_str(o, "symbol", p->symbol);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "entry_price", p->entry_price);
    json_out_str(o, "entry_ts", fill->entry_ts);
    json_out_str(o, "side", ab_side_name(p->side));
    json_out_end(o);
}

void
ab_merge_write(struct json_out *o, const char *key, const struct ab_book *b,
               const struct ab_fill *fill, const struct ab_merge *m)
{
    json_out_arr(o, key);
    for (size_t i = 0; i < b->len; i++) {
        if (m->act == AB_ADDED && i == m->index)
            write_added(o, b->record[i], fill, m);
        else
            json_out_value(o, NULL, b->record[i]);
    }
    if (m->act == AB_APPENDED) write_appended(o, fill);
    json_out_end(o);
}

/* ---- a tick -------------------------------------------------------------------------------- */

size_t
ab_events_of(const struct ab_look *look, enum ab_event ret_event[AB_EVENTS_MAX])
{
    size_t len = 0;

    switch (look->act) {
    case AB_DROPPED:
        break;
    case AB_NO_PRICE:
        ret_event[len++] = AB_EVENT_PRICE_MISSING;
        break;
    case AB_MARKED:
        ret_event[len++] = AB_EVENT_UPDATE;
        break;
    case AB_CLOSED:
        ret_event[len++] = AB_EVENT_UPDATE;
        ret_event[len++] = AB_EVENT_EXIT;
        ret_event[len++] = AB_EVENT_REMOVED;
        break;
    }
    return len;
}

static void
write_stamp(struct json_out *o, const char *event_type, int64_t now_ns)
{
    char at[ISO_TEXT_MAX];

    json_out_str(o, "ts", when_iso_brief(now_ns, at));
    json_out_i64(o, "_ts", when_to_s(now_ns));
    json_out_str(o, "event_type", event_type);
}

void
ab_tick_write(struct json_out *o, const char *key, size_t positions, int64_t now_ns)
{
    json_out_obj(o, key);
    write_stamp(o, "shadow_pnl_tick", now_ns);
    json_out_i64(o, "positions", (int64_t)positions);
    json_out_end(o);
}

static void
write_entry(struct json_out *o, const struct ab_report *r)
{
    const struct json *entry_ts = json_get(r->record, "entry_ts");

    json_out_f64(o, "qty", r->position->qty);
    json_out_str(o, "side", ab_side_name(r->position->side));
    json_out_f64(o, "entry_price", r->position->entry_price);
    if (entry_ts != NULL)
        json_out_value(o, "entry_ts", entry_ts);
    else
        json_out_null(o, "entry_ts");
}

static void
write_update(struct json_out *o, const struct ab_report *r)
{
    const struct shadow_pnl *pnl = &r->look->pnl;

    write_entry(o, r);
    json_out_f64(o, "current_price", r->seen->price);
    json_out_f64(o, "unrealized_pnl_usd", round_dec(pnl->usd, USD_DECIMALS));
    json_out_f64(o, "unrealized_pnl_pct", round_dec(pnl->fraction, FRACTION_DECIMALS));
    json_out_f64(o, "age_min", round_dec(r->look->age_min, AGE_DECIMALS)); /* NaN is null */
}

static void
write_exit(struct json_out *o, const struct ab_report *r)
{
    const struct shadow_pnl *pnl = &r->look->pnl;
    char at[ISO_TEXT_MAX];

    json_out_str(o, "reason", ab_reason_name(r->look->reason));
    write_entry(o, r);
    json_out_f64(o, "exit_price", r->seen->price);
    json_out_str(o, "exit_ts", when_iso_brief(r->seen->now_ns, at));
    json_out_f64(o, "realized_pnl_usd", round_dec(pnl->usd, USD_DECIMALS));
    json_out_f64(o, "realized_pnl_pct", round_dec(pnl->fraction, FRACTION_DECIMALS));
}

void
ab_event_write(struct json_out *o, const char *key, enum ab_event e, const struct ab_report *r)
{
    static const char *const types[] = {
        [AB_EVENT_PRICE_MISSING] = "shadow_pnl_price_missing",
        [AB_EVENT_UPDATE] = "shadow_pnl_update",
        [AB_EVENT_EXIT] = "shadow_exit",
        [AB_EVENT_REMOVED] = "shadow_ledger_update",
    };

    json_out_obj(o, key);
    write_stamp(o, types[e], r->seen->now_ns);
    json_out_str(o, "symbol", r->position->symbol);
    switch (e) {
    case AB_EVENT_PRICE_MISSING:
        json_out_str(o, "severity", "WARN");
        break;
    case AB_EVENT_UPDATE:
        write_update(o, r);
        break;
    case AB_EVENT_EXIT:
        write_exit(o, r);
        break;
    case AB_EVENT_REMOVED:
        json_out_str(o, "action", "remove");
        json_out_f64(o, "qty", r->position->qty);
        json_out_str(o, "reason", ab_reason_name(r->look->reason));
        break;
    }
    json_out_end(o);
}
