#include "base/log.h"

#include "base/json.h"

static const struct event_row ROWS[EVENTS_LEN] = {
#define EVENT(id, subsystem, name, severity, route, meaning)                                       \
    [EV_##id] = {subsystem, name, severity, route, meaning},
#include "base/events.def"
#undef EVENT
};

const struct event_row *
event_row(enum event_id id)
{
    ASSERT((unsigned)id < EVENTS_LEN);
    return &ROWS[id];
}

const char *
severity_name(enum severity s)
{
    switch (s) {
    case SEV_INFO:
        return "INFO";
    case SEV_WARN:
        return "WARN";
    case SEV_ERROR:
        return "ERROR";
    case SEV_CRITICAL:
        return "CRITICAL";
    }
    return "INFO";
}

void
log_fields(const struct log *log, enum event_id id, const struct field *fields)
{
    if (log != NULL) log->event(log->self, id, fields);
}

static void
field_write(struct json_out *o, const struct field *f)
{
    switch (f->kind) {
    case FIELD_END:
        break;
    case FIELD_STR:
        json_out_str(o, f->key, f->as.str);
        break;
    case FIELD_I64:
        json_out_i64(o, f->key, f->as.i64);
        break;
    case FIELD_F64:
        json_out_f64(o, f->key, f->as.f64);
        break;
    case FIELD_BOOL:
        json_out_bool(o, f->key, f->as.boolean);
        break;
    case FIELD_USD:
        json_out_usd(o, f->key, (usd){f->as.i64});
        break;
    case FIELD_NULL:
        json_out_null(o, f->key);
        break;
    case FIELD_RAW:
        if (f->as.str == NULL)
            json_out_null(o, f->key);
        else
            json_out_raw(o, f->key, f->as.str, strlen(f->as.str));
        break;
    }
}

void
fields_write(struct json_out *o, const struct field *fields)
{
    for (const struct field *f = fields; f->kind != FIELD_END; f++)
        field_write(o, f);
}
