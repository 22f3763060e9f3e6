#include "uwclient/daemon_log.h"

#include <inttypes.h>
#include <stdarg.h>

enum {
    TELL_EVERY = 10 /* cycles */
};

static void PRINTF_LIKE(2, 3) tell(const struct daemon *d, const char *fmt, ...)
{
    char line[160];
    va_list args;

    if (d->deps.say == NULL) return;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args); /* for people: cut rather than lost */
    va_end(args);
    d->deps.say(d->deps.ctx, line);
}

void
say_started(const struct daemon *d)
{
    const struct uw_client *c = d->deps.client;

    tell(d, "started, %zu symbols", d->deps.cfg->tickers.len);
    log_event(d->deps.log, EV_UW_DAEMON_STARTED, F_I64("pid", d->deps.pid),
              F_I64("tickers", d->deps.cfg->tickers.len),
              F_BOOL("has_api_key", uw_client_has_key(c)), F_I64("spec_paths", c->spec.ops_len),
              F_STR("mode", d->deps.cfg->mock ? "mock" : "real"));
}

void
say_stopped(const struct daemon *d, const char *reason)
{
    double uptime_s = (double)(clock_mono(d->deps.clock) - d->started_mono_ns) / (double)NS_PER_S;

    tell(d, "stopped after %" PRId64 " cycles: %s", d->cycle, reason);
    log_event(d->deps.log, EV_UW_DAEMON_STOPPED, F_I64("pid", d->deps.pid), F_STR("reason", reason),
              F_I64("cycles", d->cycle), F_F64("uptime_s", round_dec(uptime_s, 3)));
}

static bool
is_limit(enum daemon_status s)
{
    return s == DAEMON_LIMITED_MINUTE || s == DAEMON_LIMITED_DAY || s == DAEMON_AUTH;
}

void
say_status(struct daemon *d, enum daemon_status to, int64_t until_ns, const char *reason)
{
    int64_t now_ns = clock_now(d->deps.clock);
    double since_s = (double)(now_ns - d->status_since_ns) / (double)NS_PER_S;
    char iso[ISO_TEXT_MAX];

    if (is_limit(d->status))
        log_event(d->deps.log, EV_UW_DAEMON_RESUMED, F_STR("state", daemon_status_name(d->status)),
                  F_F64("duration_s", round_dec(since_s, 3)));
    if (is_limit(to))
        log_event(d->deps.log, EV_UW_DAEMON_LIMITED, F_STR("state", daemon_status_name(to)),
                  F_STR("until", until_ns == WHEN_NONE ? NULL : when_iso(until_ns, iso)),
                  F_STR("reason", reason));
    tell(d, "%s, was %s", daemon_status_name(to), daemon_status_name(d->status));
    d->status = to;
    d->status_since_ns = now_ns;
    d->is_day_limited_said = false;
}

void
say_job_disabled(const struct daemon *d, const struct job *j, int status)
{
    char key[JOB_KEY_MAX];

    job_key(j, key);
    log_event(d->deps.log, EV_UW_JOB_DISABLED, F_STR("job", key), F_I64("status", status));
}

void
say_fallback(const struct daemon *d, const struct job *j, int status)
{
    char key[JOB_KEY_MAX], error[32] = "no answer";

    job_key(j, key);
    if (status > 0) (void)snprintf(error, sizeof error, "status %d", status);
    log_event(d->deps.log, EV_UW_POLL_FALLBACK, F_STR("function", key), F_STR("error", error));
}

/* Every record of that log begins alike and ends with both forms of its time. */
static void
append_api_log(const struct daemon *d, struct text *line, struct json_out *o)
{
    int64_t now_ns = clock_now(d->deps.clock);
    char dt[ISO_TEXT_MAX];

    json_out_i64(o, "ts", when_to_s(now_ns));
    json_out_i64(o, "_ts", when_to_s(now_ns));
    json_out_str(o, "_dt", when_dt(now_ns, dt));
    json_out_end(o);
    enum rc rc = store_append(d->deps.store, API_LOG_PATH, line, NULL);
    (void)rc; /* the store reports it */
}

static void
put_url(const struct daemon *d, const char *path, struct json_out *o)
{
    CLEANUP(text_free) struct text url = {0};

    text_puts(&url, d->deps.client->base_url);
    text_puts(&url, path);
    json_out_str(o, "url", text_str(&url));
}

static void
say_rate_limited(struct daemon *d, const struct uw_call *call, const struct uw_answer *a)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    const struct usage_state *s = &d->deps.client->usage.state;

    if (d->is_day_limited_said) return; /* once in a pause */
    d->is_day_limited_said = true;
    json_out_obj(&o, NULL);
    json_out_str(&o, "event", "UW_API_RATE_LIMITED");
    put_url(d, call->endpoint, &o);
    json_out_i64(&o, "status", a->status);
    char count[24], limit[24];
    (void)snprintf(count, sizeof count, "%lld", (long long)s->header_count);
    (void)snprintf(limit, sizeof limit, "%lld", (long long)s->header_limit);
    json_out_str(&o, "daily_count", s->header_count >= 0 ? count : NULL);
    json_out_str(&o, "daily_limit", s->header_limit >= 0 ? limit : NULL);
    json_out_str(&o, "message", a->message);
    json_out_bool(&o, "queued", false);
    append_api_log(d, &line, &o);
}

static void
say_api_error(const struct daemon *d, const struct uw_call *call, const struct uw_answer *a)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};

    json_out_obj(&o, NULL);
    json_out_str(&o, "event", "UW_API_ERROR");
    put_url(d, call->endpoint, &o);
    json_out_str(&o, "error", a->message[0] != '\0' ? a->message : uw_result_name(a->result));
    if (a->status > 0)
        json_out_i64(&o, "status_code", a->status);
    else
        json_out_null(&o, "status_code");
    append_api_log(d, &line, &o);
}

void
say_answer(struct daemon *d, const struct uw_call *call, const struct uw_answer *a)
{
    if (a->result == UW_EHTTP && a->status == 429)
        say_rate_limited(d, call, a);
    else if (a->result == UW_EHTTP || a->result == UW_ETRANSPORT || a->result == UW_ESCHEMA)
        say_api_error(d, call, a);
}

void
keep_payload(struct daemon *d, const struct uw_call *call, const struct uw_answer *a)
{
    CLEANUP(text_free) struct text all = {0};
    struct text *line = &d->payloads[d->payloads_next];
    struct json_out o = {.to = line};
    int64_t now_ns = clock_now(d->deps.clock);
    char dt[ISO_TEXT_MAX];

    if (a->raw.len == 0) return;
    d->payloads_next = (d->payloads_next + 1) % PAYLOADS_KEPT;
    text_clear(line);
    json_out_obj(&o, NULL);
    json_out_i64(&o, "ts", when_to_s(now_ns));
    json_out_str(&o, "dt", when_dt(now_ns, dt));
    put_url(d, call->endpoint, &o);
    json_out_i64(&o, "status", a->status);
    if (a->result == UW_OK)
        json_out_value(&o, "payload", a->body);
    else
        json_out_strn(&o, "payload", text_str(&a->raw), a->raw.len);
    json_out_end(&o);
    for (size_t i = 0; i < PAYLOADS_KEPT; i++) {
        const struct text *t = &d->payloads[(d->payloads_next + i) % PAYLOADS_KEPT];
        text_add(&all, text_str(t), t->len);
        if (t->len > 0) text_putc(&all, '\n');
    }
    /* Kept for people; a disk that refuses it refuses what matters too, and that is reported. */
    (void)d->deps.fs->replace(d->deps.fs->self, PAYLOAD_LOG_PATH, text_str(&all), all.len, false,
                              NULL);
}

void
say_cycle(const struct daemon *d, const char *session, const struct usage_view *view)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    int64_t now_ns = clock_now(d->deps.clock);

    json_out_obj(&o, NULL);
    json_out_str(&o, "event", "uw_flow_cycle");
    json_out_i64(&o, "cycle", d->cycle);
    json_out_time(&o, "timestamp", now_ns);
    json_out_i64(&o, "ts", when_to_s(now_ns));
    json_out_str(&o, "source", "uw_flow_daemon");
    json_out_i64(&o, "jobs_ok", d->jobs_ok);
    json_out_i64(&o, "jobs_failed", d->jobs_failed);
    json_out_i64(&o, "calls_today", view->calls_today);
    json_out_i64(&o, "cap", view->cap);
    json_out_str(&o, "session", session);
    json_out_str(&o, "status", daemon_status_name(d->status));
    json_out_end(&o);
    if (d->cycle % TELL_EVERY == 0)
        tell(d, "cycle %" PRId64 ": %" PRId64 " polls, %" PRId64 " of %" PRId64 " calls, %s",
             d->cycle, d->jobs_ok + d->jobs_failed, view->calls_today, view->cap,
             daemon_status_name(d->status));
    enum rc rc = store_append(d->deps.store, CYCLE_LOG_PATH, &line, NULL);
    (void)rc; /* the store reports it */
}
