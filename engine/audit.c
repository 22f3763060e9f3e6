#include "engine/engine.h"

/*
 * What was changed without being asked, for whoever must answer for it later (spec 10 R1.41, 8.3).
 */
#define AUDIT_PATH "data/audit_positions_autofix.jsonl"

void
engine_audit(struct engine *eng, const char *event, const struct field *fields)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_str(&o, "event", event);
    json_out_time(&o, "ts", clock_now(&eng->seams.clock));
    json_out_obj(&o, "details");
    fields_write(&o, fields);
    json_out_end(&o);
    json_out_end(&o);
    /* Observability only: a lost line is said on standard error. */
    (void)!store_append(&eng->seams.store, AUDIT_PATH, &line, &ignored);
}
