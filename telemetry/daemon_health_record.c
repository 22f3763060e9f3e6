#include "telemetry/daemon_health.h"

/* ---- events -------------------------------------------------------------------------------- */

static const char *
word_or_null(const char *word)
{
    return word[0] != '\0' ? word : NULL;
}

static struct field
age_field(const char *key, double age_s)
{
    return age_s >= 0 ? F_F64(key, round_dec(age_s, 3)) : F_NULL(key);
}

static struct field
held_field(enum known held)
{
    return held == KNOWN_NOT ? F_NULL("lock_held") : F_BOOL("lock_held", held == KNOWN_YES);
}

/* An event of this report: a drill's events say so. */
#define SAY(log, r, id, ...)                                                                       \
    log_event((log), (id), __VA_ARGS__, (r)->is_mock ? F_STR("mode", "mock") : F_END)

static void
say_process(const struct log *log, const struct health_report *r)
{
    const struct health_facts *f = r->facts;
    const struct health_verdict *v = r->verdict;

    if (!v->pid_ok)
        SAY(log, r, EV_UW_HEALTH_PID_MISSING, F_I64("exec_main_pid", f->main_pid),
            F_STR("active_state", word_or_null(f->active)),
            F_STR("sub_state", word_or_null(f->sub)));
    if (!v->lock_ok)
        SAY(log, r, EV_UW_HEALTH_LOCK_STALE,
            f->lock_pid > 0 ? F_I64("lock_pid", f->lock_pid) : F_NULL("lock_pid"),
            F_I64("exec_main_pid", f->main_pid), held_field(f->is_lock_held));
    if (v->crash_loop || v->high_restarts)
        SAY(log, r, v->crash_loop ? EV_UW_HEALTH_CRASH_LOOP : EV_UW_HEALTH_MANY_RESTARTS,
            F_I64("n_restarts", f->restarts), F_I64("threshold", r->limits->restarts_max),
            F_STR("active_state", word_or_null(f->active)),
            F_STR("sub_state", word_or_null(f->sub)));
    if (v->restart_storm) SAY(log, r, EV_UW_HEALTH_RESTART_STORM, F_I64("count", f->storm_lines));
}

static void
write_counts(struct json_out *o, const char *key, const struct health_facts *f)
{
    json_out_obj(o, key);
    json_out_i64(o, "uw_rate_limit_block", f->rate_limit_blocks);
    json_out_i64(o, "uw_invalid_endpoint_attempt", f->invalid_endpoints);
    json_out_end(o);
}

static void
say_output(const struct log *log, const struct health_report *r)
{
    CLEANUP(text_free) struct text counts = {0};
    struct json_out o = {.to = &counts};
    const struct health_facts *f = r->facts;
    const struct health_verdict *v = r->verdict;

    write_counts(&o, NULL, f);
    if (!v->poll_fresh)
        SAY(log, r, EV_UW_HEALTH_POLL_STALE, age_field("flow_cache_age_sec", f->cache_age_s),
            age_field("poll_age_sec", f->poll_age_s),
            F_I64("max_poll_age_sec", r->limits->poll_age_max_s));
    if (v->endpoint_errors)
        SAY(log, r, EV_UW_HEALTH_ENDPOINT_ERRORS, F_RAW("counts", text_str(&counts)),
            F_I64("window_sec", r->limits->endpoint_window_s));
    if (!v->flow_fresh)
        SAY(log, r, EV_UW_HEALTH_FLOW_STALE, age_field("age_sec", f->flow_age_s),
            F_STR("status", word_or_null(f->daemon_status)));
}

/* {"pid_issue":true,"lock_issue":true} */
static void
write_violations(const struct health_verdict *v, struct text *to)
{
    const char *names[HEALTH_CHECKS];
    size_t len = health_violations(v, names);
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < len; i++)
        json_out_bool(&o, names[i], true);
    json_out_end(&o);
}

void
health_say(const struct log *log, const struct health_report *r)
{
    CLEANUP(text_free) struct text violations = {0};

    say_process(log, r);
    say_output(log, r);
    if (r->verdict->status == HEALTH_OK) {
        SAY(log, r, EV_UW_HEALTH_OK, F_STR("service", DAEMON_UNIT));
        return;
    }
    write_violations(r->verdict, &violations);
    SAY(log, r,
        r->verdict->status == HEALTH_CRITICAL ? EV_UW_HEALTH_CRITICAL : EV_UW_HEALTH_WARNING,
        F_STR("service", DAEMON_UNIT), F_RAW("details", text_str(&violations)));
}

void
health_say_heal_attempt(const struct log *log)
{
    log_event(log, EV_UW_HEAL_ATTEMPT, F_STR("service", DAEMON_UNIT));
}

void
health_say_healed(const struct log *log, const struct heal_outcome *h)
{
    log_event(log, h->is_success ? EV_UW_HEAL_SUCCESS : EV_UW_HEAL_FAILED,
              F_STR("service", DAEMON_UNIT), F_STR("output", text_str(&h->output)));
}

/* ---- the state document -------------------------------------------------------------------- */

static void
put_age(struct json_out *o, const char *key, double age_s)
{
    if (age_s >= 0)
        json_out_f64(o, key, round_dec(age_s, 3));
    else
        json_out_null(o, key);
}

static void
write_service(struct json_out *o, const struct health_facts *f)
{
    json_out_str(o, "service", DAEMON_UNIT);
    json_out_str(o, "service_manager", f->is_manager_there ? "systemd" : "unavailable");
    json_out_i64(o, "exec_main_pid", f->main_pid);
    json_out_str(o, "active_state", word_or_null(f->active));
    json_out_str(o, "sub_state", word_or_null(f->sub));
    json_out_str(o, "result", word_or_null(f->result));
    json_out_i64(o, "n_restarts", f->restarts);
    json_out_str(o, "lock_file", DAEMON_LOCK_PATH);
    if (f->lock_pid > 0)
        json_out_i64(o, "lock_pid", f->lock_pid);
    else
        json_out_null(o, "lock_pid");
    if (f->is_lock_held == KNOWN_NOT)
        json_out_null(o, "lock_held");
    else
        json_out_bool(o, "lock_held", f->is_lock_held == KNOWN_YES);
}

static void
write_output(struct json_out *o, const struct health_report *r)
{
    const struct health_facts *f = r->facts;

    json_out_str(o, "flow_cache", DAEMON_CACHE_PATH);
    put_age(o, "flow_cache_age_sec", f->cache_age_s);
    put_age(o, "poll_age_sec", f->poll_age_s);
    put_age(o, "flow_age_sec", f->flow_age_s);
    if (f->is_flow_due)
        json_out_bool(o, "flow_fresh", r->verdict->flow_fresh);
    else
        json_out_null(o, "flow_fresh");
    json_out_str(o, "daemon_status", word_or_null(f->daemon_status));
    write_counts(o, "endpoint_error_counts", f);
    json_out_bool(o, "high_restart_count", r->verdict->high_restarts);
    json_out_obj(o, "restart_storm");
    json_out_bool(o, "available", f->has_storm_count);
    json_out_i64(o, "count", f->storm_lines);
    json_out_bool(o, "detected", r->verdict->restart_storm);
    json_out_end(o);
}

static void
write_heal(struct json_out *o, const struct health_report *r)
{
    json_out_obj(o, "self_heal");
    json_out_bool(o, "attempted", r->heal->is_attempted);
    if (r->heal->is_attempted) {
        json_out_bool(o, "success", r->heal->is_success);
        json_out_str(o, "output", text_str(&r->heal->output));
    } else if (r->heal->why_not != NULL) {
        json_out_str(o, "why_not", r->heal->why_not);
    }
    json_out_end(o);
    json_out_arr(o, "self_heal_history");
    for (size_t i = 0; i < r->history->len; i++)
        json_out_f64(o, NULL, when_to_s_f64(r->history->at_ns[i]));
    json_out_end(o);
}

void
health_encode(const struct health_report *r, struct text *to)
{
    struct json_out o = {.to = to};
    const struct health_verdict *v = r->verdict;

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    json_out_time(&o, "timestamp", r->now_ns);
    json_out_bool(&o, "pid_ok", v->pid_ok);
    json_out_bool(&o, "lock_ok", v->lock_ok);
    json_out_bool(&o, "poll_fresh", v->poll_fresh);
    json_out_bool(&o, "crash_loop", v->crash_loop);
    json_out_bool(&o, "endpoint_errors", v->endpoint_errors);
    json_out_bool(&o, "restart_storm_detected", v->restart_storm);
    json_out_str(&o, "status", health_status_name(v->status));
    json_out_obj(&o, "details");
    write_service(&o, r->facts);
    write_output(&o, r);
    write_heal(&o, r);
    json_out_str(&o, "mode", r->is_mock ? "mock" : "real");
    json_out_str(&o, "mock_scenario", r->is_mock ? r->scenario : NULL);
    json_out_end(&o);
    json_out_end(&o);
}

/* Attempts older than the window that limits them are forgotten. */
struct heal_history
heal_history_decode(const struct json *doc, int64_t now_ns)
{
    const struct json *list = json_get_arr(json_get_obj(doc, "details"), "self_heal_history");
    struct heal_history h = {0};

    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        int64_t at_ns = when_from_s_f64(json_f64_of(v, 0));
        if (at_ns != WHEN_NONE && llabs(now_ns - at_ns) < 6 * NS_PER_HOUR) heal_note(&h, at_ns);
    }
    return h;
}

struct store_spec
health_store_spec(void)
{
    return (struct store_spec){
        .path = DAEMON_HEALTH_PATH, .default_json = "{}", .bytes_max = 1 << 20};
}
