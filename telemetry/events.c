#include "telemetry/events.h"

#include "base/json.h"

/* ---- what an event says of itself ---------------------------------------------------------- */

static const struct field *
field_find(const struct field *fields, const char *key)
{
    for (const struct field *f = fields; f->kind != FIELD_END; f++)
        if (str_eq(f->key, key)) return f;
    return NULL;
}

static const char *
field_text(const struct field *fields, const char *key)
{
    const struct field *f = field_find(fields, key);

    return f != NULL && f->kind == FIELD_STR ? f->as.str : NULL;
}

/* An explicit severity: one of our four words; HIGH and SEVERE mean ERROR (R1.39); others do not
 * count. */
static enum severity
severity_of(const struct event_row *row, const struct field *fields)
{
    const char *word = field_text(fields, "severity");

    if (word == NULL) return row->severity;
    for (enum severity s = SEV_INFO; s <= SEV_CRITICAL; s++)
        if (str_eq(word, severity_name(s))) return s;
    if (str_eq(word, "HIGH") || str_eq(word, "SEVERE")) return SEV_ERROR;
    return row->severity;
}

static bool
is_blocked_gate(const struct event_row *row)
{
    return row->route == ROUTE_GATE && !str_eq(row->name, "cycle_summary") &&
           !str_ends(row->name, "_passed");
}

/* Files in logs/ whose lines are records with a shape of their own, not events (R1.37, R1.41). */
static bool
has_own_records(const char *subsystem)
{
    static const char *const names[] = {
        "attribution",      "exit_attribution", "exits",         "gate_diagnostic",
        "master_trade_log", "orders",           "run",           "shadow",
        "shadow_trades",    "signals",          "system_events", "uw_attribution"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(subsystem, names[i])) return true;
    return false;
}

/* ---- records ------------------------------------------------------------------------------- */

/* The fields that are not lifted out of the details.  The events of the Unusual Whales client name
 * their symbol in both places (spec 20 SC-7 among the details, spec 10 R1.38 above them). */
static void
details_write(struct json_out *o, const struct event_row *row, const struct field *fields)
{
    bool has_symbol_twice = str_eq(row->subsystem, "uw");

    for (const struct field *f = fields; f->kind != FIELD_END; f++) {
        bool is_lifted =
            str_eq(f->key, "severity") || (str_eq(f->key, "symbol") && !has_symbol_twice);
        if (!is_lifted) fields_write(o, (const struct field[]){*f, F_END});
    }
}

static void
gate_details_write(struct json_out *o, const struct event_row *row, const struct field *fields)
{
    json_out_str(o, "reason", row->name);
    if (field_find(fields, "score") == NULL) json_out_null(o, "score");
    if (field_find(fields, "position_state") == NULL) json_out_null(o, "position_state");
    for (const struct field *f = fields; f->kind != FIELD_END; f++) {
        struct field one[] = {*f, F_END};

        /* The place of "reason" is taken: the reason within the gate stands beside it. */
        if (str_eq(f->key, "reason")) one[0].key = "reason_detail";
        details_write(o, row, one);
    }
}

static void
system_record(struct text *line, const struct event_row *row, int64_t now_ns,
              const struct field *fields)
{
    struct json_out o = {.to = line};
    bool is_blocked = is_blocked_gate(row);
    const char *symbol = field_text(fields, "symbol");

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", now_ns);
    json_out_str(&o, "subsystem", row->subsystem);
    json_out_str(&o, "event_type", is_blocked ? "blocked" : row->name);
    json_out_str(&o, "severity", severity_name(severity_of(row, fields)));
    if (symbol != NULL && symbol[0] != '\0') json_out_str(&o, "symbol", symbol);
    json_out_obj(&o, "details");
    if (is_blocked)
        gate_details_write(&o, row, fields);
    else
        details_write(&o, row, fields);
    json_out_end(&o);
    json_out_end(&o);
}

static void
subsystem_record(struct text *line, const struct event_row *row, int64_t now_ns,
                 const struct field *fields)
{
    struct json_out o = {.to = line};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", now_ns);
    json_out_str(&o, "msg", row->name);
    fields_write(&o, fields);
    json_out_end(&o);
}

/* "2026-01-30 20:58:07 UTC WARN state/state_self_healed {...}" */
static void
echo(const struct event_log *l, const struct event_row *row, int64_t now_ns,
     const struct field *fields)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    char when[ISO_TEXT_MAX];

    text_printf(&line, "%s %s %s/%s ", when_dt(now_ns, when),
                severity_name(severity_of(row, fields)), row->subsystem, row->name);
    json_out_obj(&o, NULL);
    fields_write(&o, fields);
    json_out_end(&o);
    if (l->redact != NULL) l->redact(l->redact_ctx, &line);
    (void)fprintf(l->echo, "%s\n", text_str(&line)); /* nowhere left to say that it failed */
}

/* ---- the seam ------------------------------------------------------------------------------ */

typedef void record_fn(struct text *line, const struct event_row *row, int64_t now_ns,
                       const struct field *fields);

static void
write_record(const struct event_log *l, const char *path, record_fn *record,
             const struct event_row *row, int64_t now_ns, const struct field *fields)
{
    CLEANUP(text_free) struct text line = {0};

    record(&line, row, now_ns, fields);
    if (line.len > EVENT_LINE_MAX) {
        const char *symbol = field_text(fields, "symbol");
        const struct field cut[] = {F_SYMBOL(symbol), F_SEV(severity_of(row, fields)),
                                    F_BOOL("truncated", true), F_I64("bytes", line.len), F_END};

        text_clear(&line);
        record(&line, row, now_ns, cut);
    }
    if (l->redact != NULL) l->redact(l->redact_ctx, &line);
    /* The store has said on standard error that the line is lost; the caller of an event has better
     * to do. */
    (void)!store_append(l->store, path, &line, NULL);
}

static void
event(void *self, enum event_id id, const struct field *fields)
{
    struct event_log *l = self;
    const struct event_row *row = event_row(id);
    int64_t now_ns = clock_now(l->clock);

    if (l->depth >= EVENT_NESTING_MAX) {
        l->dropped++;
        return;
    }
    l->depth++;
    if (row->route != ROUTE_SYSTEM && !has_own_records(row->subsystem)) {
        CLEANUP(text_free) struct text path = {0};

        text_printf(&path, "logs/%s.jsonl", row->subsystem);
        write_record(l, text_str(&path), subsystem_record, row, now_ns, fields);
    }
    write_record(l, EVENTS_LOG_PATH, system_record, row, now_ns, fields);
    if (l->echo != NULL && severity_of(row, fields) >= l->echo_min) echo(l, row, now_ns, fields);
    l->depth--;
}

void
event_log_init(struct event_log *l, const struct store *store, const struct clock *clock)
{
    *l = (struct event_log){.store = store, .clock = clock, .echo_min = SEV_WARN};
}

struct log
event_log_seam(struct event_log *l)
{
    return (struct log){.self = l, .event = event};
}
