/*
 * The log seam: one structured event for what happened.
 *
 * The names stand in base/events.def, one row each; they are part of the contract with dashboards
 * and tests.  Writing an event can never fail the caller.  Never a secret, never a whole response
 * body.
 *
 *   log_event(log, EV_STATE_SELF_HEALED, F_STR("path", path), F_I64("bytes", len));
 *
 * Implementations: telemetry/events.c (files) and a recording one in tests.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/compiler.h"
#include "base/usd.h"

struct json;

enum severity { SEV_INFO, SEV_WARN, SEV_ERROR, SEV_CRITICAL };

/* Where the record goes besides logs/system_events.jsonl (spec 10 R1.38..R1.41). */
enum event_route {
    ROUTE_SYSTEM, /* system_events only                                                     */
    ROUTE_BOTH,   /* also {"ts","msg",fields} in logs/<subsystem>.jsonl: "log k/m" of R1.39 */
    ROUTE_GATE    /* as BOTH; the system event is gate/blocked with details.reason (R1.40)  */
};

enum event_id {
#define EVENT(id, subsystem, name, severity, route, meaning) EV_##id,
#include "base/events.def"
#undef EVENT
    EVENTS_LEN
};

struct event_row {
    const char *subsystem;
    const char *name;
    enum severity severity;
    enum event_route route;
    const char *meaning;
};

const struct event_row *event_row(enum event_id id);
const char *severity_name(enum severity s); /* "INFO", "WARN", "ERROR", "CRITICAL" */

enum field_kind {
    FIELD_END,
    FIELD_STR,
    FIELD_I64,
    FIELD_F64,
    FIELD_BOOL,
    FIELD_USD,
    FIELD_NULL,
    FIELD_RAW /* JSON text that the caller built */
};

struct field {
    const char *key; /* "symbol" is lifted to the top of the record; "severity" overrides the row */
    enum field_kind kind;
    union {
        const char *str;
        int64_t i64;
        double f64;
        bool boolean;
    } as;
};

#define F_STR(k, v)  ((struct field){(k), FIELD_STR, {.str = (v)}}) /* NULL is written as null */
#define F_I64(k, v)  ((struct field){(k), FIELD_I64, {.i64 = (int64_t)(v)}})
#define F_F64(k, v)  ((struct field){(k), FIELD_F64, {.f64 = (v)}})
#define F_BOOL(k, v) ((struct field){(k), FIELD_BOOL, {.boolean = (v)}})
#define F_USD(k, v)  ((struct field){(k), FIELD_USD, {.i64 = (v).e4}})
#define F_NULL(k)    ((struct field){(k), FIELD_NULL, {.i64 = 0}})
#define F_RAW(k, v)  ((struct field){(k), FIELD_RAW, {.str = (v)}})
#define F_SYMBOL(v)  F_STR("symbol", (v))
#define F_SEV(s)     F_STR("severity", severity_name(s))

struct log {
    void *self;
    /* fields end with FIELD_END */
    void (*event)(void *self, enum event_id id, const struct field *fields);
};

#define F_END                    ((struct field){NULL, FIELD_END, {.i64 = 0}})
#define log_event(log, ...)      LOG_EVENT_((log), __VA_ARGS__, F_END)
#define LOG_EVENT_(log, id, ...) log_fields((log), (id), (const struct field[]){__VA_ARGS__})

void log_fields(const struct log *log, enum event_id id,
                const struct field *fields); /* log may be NULL */

struct json_out;
/* Writes the fields as members, for loggers and for records that take the same shape. */
void fields_write(struct json_out *o, const struct field *fields);

#endif
