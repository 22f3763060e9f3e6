#include "telemetry/alerts.h"

#include "base/hash.h"
#include "base/json.h"

/*
 * Names in capitals and the first two are those of the contract's dashboards; what they do not know
 * goes under the name it has in the log.
 */
static const char *const NAME[EVENTS_LEN] = {
    [EV_ENGINE_EXCEPTION] = "iteration_failed",
    [EV_ENGINE_STALL_ABORTED] = "restart_triggered",
    [EV_SHUTDOWN_SIGNAL] = "shutdown_signal",
    [EV_FREEZE_ACTIVATED] = "FREEZE_ACTIVATED",
    [EV_PERFORMANCE_FREEZE] = "FREEZE_ACTIVATED",
    [EV_CLOSE_FIRST] = "POSITION_DISPLACED",
    [EV_RECONCILE_FIXED] = "POSITION_DIVERGENCE_RECONCILED",
    [EV_DIVERGENCE_FIXED] = "POSITION_DIVERGENCE_AUTO_FIXED",
    [EV_POSITION_MISMATCH] = "POSITION_DIVERGENCE",
    [EV_POSITION_AGREES] = "POSITION_DIVERGENCE_RECONCILED",
    [EV_CLOSE_FAILED] = "close_position_failed",
    [EV_CLOSE_ALL_FAILED] = "close_position_all_attempts_failed",
    [EV_LEDGER_REBUILT] = "ledger_rebuilt",
    [EV_QUARANTINED] = "stage_quarantined",
    [EV_ENGINE_START_FAILED] = "engine_start_failed",
    [EV_TRADING_ENGINE_EXITED] = "trading_engine_exited",
    [EV_SERVICE_FAILED_REPEATEDLY] = "service_failed_repeatedly",
    [EV_SERVICE_HELD_CONFIG] = "service_held_config",
    [EV_SECRETS_MISSING] = "secrets_missing",
};

const char *
alert_name(enum event_id id)
{
    return NAME[id];
}

static uint64_t
what_of(const char *name, const struct field *fields)
{
    uint64_t what = hash_bytes(name, strlen(name), 0);

    for (const struct field *f = fields; f->kind != FIELD_END; f++)
        if (f->kind == FIELD_STR && f->as.str != NULL && str_eq(f->key, "symbol"))
            what = hash_bytes(f->as.str, strlen(f->as.str), what);
    return what;
}

static bool
is_news(struct alerts *a, enum event_id id, uint64_t what)
{
    int64_t now_ns = clock_mono(a->clock);

    if (a->told[id].what == what && now_ns - a->told[id].mono_ns < ALERT_AGAIN_NS) return false;
    a->told[id].what = what;
    a->told[id].mono_ns = now_ns;
    return true;
}

static void
take(void *self, enum event_id id, const struct field *fields)
{
    CLEANUP(text_free) struct text body = {0};
    struct json_out o = {.to = &body};
    struct alerts *a = self;
    const char *name = NAME[id];

    log_fields(&a->under, id, fields);
    if (name == NULL || !is_news(a, id, what_of(name, fields))) return;
    json_out_obj(&o, NULL);
    json_out_str(&o, "event", name);
    json_out_time(&o, "timestamp", clock_now(a->clock));
    fields_write(&o, fields);
    json_out_end(&o);
    if (a->redact != NULL) a->redact(a->redact_ctx, &body);
    a->put(a->put_ctx, text_str(&body), body.len);
}

struct log
alerts_seam(struct alerts *a)
{
    return (struct log){.self = a, .event = take};
}
