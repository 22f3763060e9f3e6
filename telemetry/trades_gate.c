#include "telemetry/internal.h"

void
signal_encode(int64_t at_ns, const char *candidate_json, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", at_ns);
    json_out_str(&o, "type", "signal");
    out_object(&o, "cluster", candidate_json);
    json_out_end(&o);
}

/* The members of an object, except those that the record has already. */
static void
out_members(struct json_out *o, const char *json, const char *const *taken, size_t taken_len)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    if (json == NULL ||
        json_parse(json, strlen(json), JSON_LOG, &JSON_LIMITS_BODY, &doc, NULL) != RC_OK)
        return;
    for (const struct json *v = json_is_object(doc) ? json_first(doc) : NULL; v != NULL;
         v = json_next(v)) {
        bool is_taken = false;

        for (size_t i = 0; i < taken_len; i++)
            is_taken = is_taken || str_eq(json_key(v), taken[i]);
        if (!is_taken) json_out_value(o, json_key(v), v);
    }
}

void
blocked_encode(const struct blocked_record *r, struct text *to)
{
    static const char *const own[] = {"timestamp",      "symbol",     "reason",
                                      "score",          "signals",    "direction",
                                      "decision_price", "components", "outcome_tracked"};
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "reason", r->reason);
    json_out_f64(&o, "score", r->score);
    out_object(&o, "signals", r->signals_json);
    json_out_str(&o, "direction", r->direction);
    out_price(&o, "decision_price", r->decision_price);
    out_object(&o, "components", r->components_json);
    json_out_bool(&o, "outcome_tracked", false);
    out_members(&o, r->extra_json, own, COUNT_OF(own));
    json_out_end(&o);
}

void
gate_diagnostic_encode(int64_t at_ns, const char *symbol, const char *gate,
                       const char *details_json, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", at_ns);
    json_out_i64(&o, "timestamp", when_to_s(at_ns));
    json_out_str(&o, "symbol", symbol);
    json_out_str(&o, "gate_name", gate);
    json_out_str(&o, "decision", "blocked");
    json_out_str(&o, "status", "rejected");
    out_object(&o, "details", details_json);
    json_out_end(&o);
}
