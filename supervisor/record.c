#include "supervisor/internal.h"

#include "base/json.h"

/* Which fields a record has (spec 10 R1.18); SERVICE ones name the service. */
enum {
    HAS_SERVICE = 1,
    HAS_PID = 2,
    HAS_CMD = 4,
    HAS_ENTRYPOINT = 8,
    HAS_API_PORT = 16,
    HAS_EXIT_CODE = 32,
    HAS_FAILURES = 64,
    HAS_REASON = 128,
    HAS_HOLDER = 256,
    HAS_PLACE = 512, /* where the child was: cycle, stage, symbol, silence */
    FIELDS_MAX = 16
};

/* clang-format off */
static const struct {
    const char *event;
    unsigned has;
    enum event_id system; /* EVENTS_LEN: a record only */
} RECORDS[] = {
    [ACT_LOG_START] = {"SERVICE_START", HAS_SERVICE, EVENTS_LEN},
    [ACT_LOG_ENGINE_STARTING] = {"TRADING_ENGINE_STARTING", HAS_SERVICE | HAS_ENTRYPOINT | HAS_CMD, EVENTS_LEN},
    [ACT_LOG_STARTED] = {"SERVICE_STARTED", HAS_SERVICE | HAS_PID | HAS_CMD, EVENTS_LEN},
    [ACT_LOG_ENGINE_STARTED] = {"TRADING_ENGINE_STARTED", HAS_PID | HAS_CMD | HAS_API_PORT, EVENTS_LEN},
    [ACT_LOG_START_FAILED] = {"SERVICE_START_FAILED", HAS_SERVICE | HAS_REASON, EV_SERVICE_START_FAILED},
    [ACT_LOG_EXITED_IMMEDIATELY] = {"SERVICE_EXITED_IMMEDIATELY", HAS_SERVICE | HAS_EXIT_CODE, EVENTS_LEN},
    [ACT_LOG_EXITED_EARLY] = {"SERVICE_EXITED_EARLY", HAS_SERVICE | HAS_EXIT_CODE, EVENTS_LEN},
    [ACT_LOG_ENGINE_EXITED] = {"TRADING_ENGINE_EXITED", HAS_SERVICE | HAS_EXIT_CODE | HAS_PID | HAS_PLACE,
                               EV_TRADING_ENGINE_EXITED},
    [ACT_LOG_DIED] = {"SERVICE_DIED", HAS_SERVICE | HAS_EXIT_CODE | HAS_FAILURES, EV_SERVICE_DIED},
    [ACT_LOG_FAILED_REPEATEDLY] = {"SERVICE_FAILED_REPEATEDLY", HAS_SERVICE | HAS_FAILURES,
                                   EV_SERVICE_FAILED_REPEATEDLY},
    [ACT_LOG_ENGINE_RESTARTING] = {"TRADING_ENGINE_RESTARTING", HAS_SERVICE | HAS_FAILURES | HAS_EXIT_CODE,
                                   EVENTS_LEN},
    [ACT_LOG_HELD] = {"SERVICE_HELD_CONFIG", HAS_SERVICE | HAS_EXIT_CODE, EV_SERVICE_HELD_CONFIG},
    [ACT_LOG_RELEASED] = {"SERVICE_RELEASED", HAS_SERVICE, EVENTS_LEN},
    [ACT_LOG_EXTERNAL] = {"SERVICE_EXTERNAL", HAS_SERVICE | HAS_HOLDER, EV_SERVICE_EXTERNAL},
    [ACT_LOG_SKIPPED_NO_SECRETS] = {"SERVICE_SKIPPED_NO_SECRETS", HAS_SERVICE, EVENTS_LEN},
    [ACT_LOG_STALL_DUMP] = {"ENGINE_STALL_DUMP_REQUESTED", HAS_SERVICE | HAS_PID | HAS_PLACE,
                            EV_ENGINE_STALL_DUMP_REQUESTED},
    [ACT_LOG_STALL_ABORT] = {"ENGINE_STALL_ABORTED", HAS_SERVICE | HAS_PID | HAS_PLACE, EV_ENGINE_STALL_ABORTED},
    [ACT_LOG_STALL_OVER] = {"ENGINE_STALL_OVER", HAS_SERVICE | HAS_PID | HAS_PLACE, EV_ENGINE_STALL_OVER},
    [ACT_LOG_KILLED] = {"SERVICE_KILLED", HAS_SERVICE | HAS_PID, EV_SERVICE_KILLED},
    [ACT_LOG_FINISHED] = {"SERVICE_FINISHED", HAS_SERVICE, EVENTS_LEN},
};
/* clang-format on */

void
record_write(struct supervisor *s, const char *event, const struct field *fields)
{
    struct json_out o = {.to = &s->line};
    char when[ISO_TEXT_MAX];

    text_clear(&s->line);
    json_out_obj(&o, NULL);
    json_out_str(&o, "ts", when_dt(clock_now(s->seams.clock), when));
    json_out_str(&o, "event", event);
    fields_write(&o, fields);
    json_out_end(&o);
    config_redact(s->cfg, &s->line); /* a sentence may quote what stood in a file (R1.16) */
    /* The store has told standard error that the line is lost; to supervise is more than to write.
     */
    (void)!store_append(s->seams.store, SUPERVISOR_LOG_PATH, &s->line, NULL);
}

static size_t
add(struct field *to, size_t n, bool is_wanted, struct field field)
{
    if (!is_wanted) return n;
    ASSERT(n + 1 < FIELDS_MAX);
    to[n] = field;
    return n + 1;
}

void
record_action(struct supervisor *s, struct service *svc, enum action act)
{
    ASSERT((size_t)act < COUNT_OF(RECORDS) && RECORDS[act].event != NULL);
    const unsigned has = RECORDS[act].has;
    struct field f[FIELDS_MAX];
    size_t n = 0;

    if (has & HAS_PLACE) place_look(s, svc);
    n = add(f, n, has & HAS_SERVICE, F_STR("service", svc->rules->name));
    n = add(f, n, has & HAS_ENTRYPOINT, F_STR("entrypoint", svc->program));
    n = add(f, n, has & HAS_EXIT_CODE, F_I64("exit_code", svc->m.exit_code));
    n = add(f, n, has & HAS_PID, F_I64("pid", svc->pid));
    n = add(f, n, has & HAS_CMD, F_STR("cmd", svc->cmd));
    /* The engine has no port: its heartbeat and run.jsonl are its face.  The field stays for
     * readers. */
    n = add(f, n, has & HAS_API_PORT, F_STR("api_port", ""));
    n = add(f, n, has & HAS_FAILURES, F_I64("failure_count", svc->m.failures));
    n = add(f, n, has & HAS_REASON, F_STR("reason", svc->error));
    n = add(f, n, has & HAS_HOLDER, svc->holder > 0 ? F_I64("pid", svc->holder) : F_NULL("pid"));
    n = add(f, n, has & HAS_PLACE, F_I64("cycle", svc->place.cycle));
    n = add(f, n, has & HAS_PLACE, F_STR("stage", stage_name(svc->place.stage)));
    n = add(f, n, (has & HAS_PLACE) && svc->place.symbol[0] != '\0', F_SYMBOL(svc->place.symbol));
    n = add(f, n, has & HAS_PLACE, F_I64("silent_ms", svc->place.silent_ms));
    f[n] = F_END;
    record_write(s, RECORDS[act].event, f);
    /* An engine that was stopped and ended in order is no news. */
    if (act == ACT_LOG_ENGINE_EXITED && svc->m.exit_code == 0) return;
    if (RECORDS[act].system != EVENTS_LEN) log_fields(s->seams.log, RECORDS[act].system, f);
}

void
record_error(struct supervisor *s, const struct err *err)
{
    const int64_t now_ns = sup_mono(s);

    if (str_eq(s->complaint, err->text) && now_ns - s->complaint_ns < COMPLAINT_NS) return;
    (void)str_copy(s->complaint, sizeof s->complaint, err->text); /* as long as any err->text */
    s->complaint_ns = now_ns;
    record(s, "SUPERVISOR_TICK_ERROR", F_STR("error", err->text));
    log_event(s->seams.log, EV_SUPERVISOR_TICK_ERROR, F_STR("error", err->text));
}
