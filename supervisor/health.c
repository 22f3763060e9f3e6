#include "supervisor/internal.h"

#include "base/json.h"
#include "io/notify.h"

static const struct store_spec HEALTH = {.path = HEALTH_PATH, .default_json = "{}"};

/*
 * R1.20, and for an engine that lives but completes no cycle: DEGRADED.
 *
 * Its heartbeat is the ready or cycle record on its pipe, sent once the heartbeat file is written:
 * the same fact, without reading JSON that somebody else wrote.
 */
static enum service_status
status_of(const struct supervisor *s, const struct service *svc)
{
    const enum service_status status = machine_status(&svc->m, svc->rules);
    const bool is_late = svc->rules->is_watched && machine_has_child(&svc->m) &&
                         sup_mono(s) - svc->cycle_ns > HEARTBEAT_NS;

    return status == STATUS_OK && is_late ? STATUS_DEGRADED : status;
}

/* R1.20; a supervisor on its way down, whose last word stays in the file, does not leave an OK
 * behind. */
static enum service_status
overall_status(const struct supervisor *s)
{
    enum service_status overall = s->is_stopping ? STATUS_DEGRADED : STATUS_OK;

    for (size_t i = 0; i < SERVICES; i++) {
        const struct service *svc = &s->service[i];

        if (!svc->is_wanted) continue;
        if (svc->rules->is_critical && svc->status == STATUS_FAILED) return STATUS_FAILED;
        if (svc->status == STATUS_FAILED ||
            (svc->rules->is_critical && svc->status == STATUS_DEGRADED))
            overall = STATUS_DEGRADED;
    }
    return overall;
}

static void
write_details(struct json_out *o, const struct service *svc)
{
    json_out_obj(o, svc->rules->name);
    json_out_str(o, "name", svc->rules->name);
    if (machine_has_child(&svc->m))
        json_out_i64(o, "pid", svc->pid);
    else
        json_out_null(o, "pid");
    json_out_time(o, "last_heartbeat_time", svc->heartbeat_ns);
    json_out_str(o, "status", service_status_name(svc->status));
    json_out_str(o, "last_error_message", svc->error[0] != '\0' ? svc->error : NULL);
    json_out_time(o, "last_updated", svc->updated_ns);
    /* Beyond R1.19: what an operator asks next. */
    json_out_str(o, "state", service_state_name(svc->m.state));
    json_out_i64(o, "failure_count", svc->m.failures);
    json_out_i64(o, "cycle", (int64_t)svc->last.cycle);
    json_out_end(o);
}

static void
write_health(struct supervisor *s)
{
    struct json_out o = {.to = &s->health};
    struct err err = {0};

    text_clear(&s->health);
    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    json_out_str(&o, "overall_status", service_status_name(overall_status(s)));
    json_out_obj(&o, "services");
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->service[i].is_wanted)
            json_out_str(&o, s->service[i].rules->name, service_status_name(s->service[i].status));
    }
    json_out_end(&o);
    json_out_time(&o, "timestamp", clock_now(s->seams.clock));
    json_out_obj(&o, "details");
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->service[i].is_wanted) write_details(&o, &s->service[i]);
    }
    json_out_end(&o);
    json_out_end(&o);
    config_redact(s->cfg, &s->health);
    if (store_save(s->seams.store, &HEALTH, &s->health, &err) != RC_OK) record_error(s, &err);
}

/* One line for the service manager: "trading-bot OK, uw-daemon EXTERNAL". */
static void
tell_manager(const struct supervisor *s)
{
    char words[160] = "";
    size_t at = 0;

    for (size_t i = 0; i < SERVICES && at < sizeof words; i++) {
        const struct service *svc = &s->service[i];

        if (!svc->is_wanted) continue;
        at += (size_t)snprintf(words + at, sizeof words - at, "%s%s %s", at == 0 ? "" : ", ",
                               svc->rules->name, service_status_name(svc->status));
    }
    notify_status("%s", words);
}

void
health_publish(struct supervisor *s, bool is_due)
{
    bool has_changed = false;

    for (size_t i = 0; i < SERVICES; i++) {
        struct service *svc = &s->service[i];
        const enum service_status status = status_of(s, svc);

        if (!svc->rules->is_watched && machine_has_child(&svc->m))
            svc->heartbeat_ns = clock_now(s->seams.clock);
        if (status == svc->status) continue;
        svc->status = status;
        svc->updated_ns = clock_now(s->seams.clock);
        has_changed = true;
    }
    if (has_changed) tell_manager(s);
    if (has_changed || is_due) write_health(s);
}
