#include "uwclient/daemon.h"

#include "uwclient/daemon_log.h"

#define REQUEST_GAP_NS     (200 * NS_PER_MS) /* between the starts of two requests */
#define FLUSH_DIRTY_NS     (5 * NS_PER_S)
#define HEARTBEAT_NS       (120 * NS_PER_S)
#define FLUSH_SHARE        4 /* a flush is followed by so many times its own length without one */
#define FLUSH_WAIT_MS      5000
#define FLUSH_STOP_WAIT_MS 500
#define CYCLE_MIN_NS       NS_PER_MIN
#define SLEEP_MAX_NS       NS_PER_S
#define SLEEP_MIN_REAL_NS  NS_PER_MS
#define SAY_EVERY_NS       (15 * NS_PER_MIN)
#define CALENDARS_EVERY_NS NS_PER_HOUR

const char *
daemon_status_name(enum daemon_status s)
{
    static const char *const names[] = {
        [DAEMON_OK] = "ok",
        [DAEMON_LIMITED_MINUTE] = "limited_minute",
        [DAEMON_LIMITED_DAY] = "limited_day",
        [DAEMON_AUTH] = "auth",
        [DAEMON_NO_KEY] = "no_api_key",
        [DAEMON_NO_SPEC] = "spec_unavailable",
        [DAEMON_STOPPED] = "stopped",
    };
    return names[s];
}

static bool
is_stopping(const struct daemon *d)
{
    return d->deps.is_stopping(d->deps.ctx);
}

static void
tell_alive(const struct daemon *d)
{
    if (d->deps.alive != NULL) d->deps.alive(d->deps.ctx, daemon_status_name(d->status));
}

/* ---- pacing ---------------------------------------------------------------------------------- */

/* Wall time until so many requests may begin; 0 = now. */
static int64_t
pace_wait_ns(struct daemon *d, int64_t requests)
{
    struct window_now now = window_now(d->deps.clock);
    int64_t limit = schedule_pace(d->deps.cfg->rate_limit_per_min);

    window_prune(&d->pace, &now);
    int64_t wait_ns = 0;
    /* A poll of two requests starts with room for both, unless the limit is smaller than the poll.
     */
    if ((int64_t)d->pace.len + MIN(requests, limit) > limit)
        wait_ns = MAX(window_wait_ns(&d->pace, &now), NS_PER_MS);
    int64_t gap_real_ns = clock_real(d->deps.clock, REQUEST_GAP_NS);
    int64_t since_ns = now.mono_ns - d->request_mono_ns;
    if (d->request_mono_ns != 0 && since_ns >= 0 && since_ns < gap_real_ns) {
        double part = (double)(gap_real_ns - since_ns) / (double)MAX(gap_real_ns, 1);
        wait_ns = MAX(wait_ns, (int64_t)(part * (double)REQUEST_GAP_NS) + 1);
    }
    return wait_ns;
}

static void
before_request(void *ctx)
{
    struct daemon *d = ctx;

    for (int64_t wait_ns = pace_wait_ns(d, 1); wait_ns > 0 && !is_stopping(d);
         wait_ns = pace_wait_ns(d, 1)) {
        clock_sleep(d->deps.clock, MIN(wait_ns, SLEEP_MAX_NS));
        tell_alive(d);
    }
    struct window_now now = window_now(d->deps.clock);
    window_add(&d->pace, &now);
    d->request_mono_ns = now.mono_ns;
}

/* A request without an answer because we are asked to end: nobody's failure, and no reason to ask
 * later. */
static bool
was_given_up(const struct daemon *d, enum uw_result result)
{
    return result == UW_ETRANSPORT && is_stopping(d);
}

static void
after_answer(void *ctx, const struct uw_call *call, const struct uw_answer *a)
{
    struct daemon *d = ctx;

    if (!was_given_up(d, a->result)) say_answer(d, call, a);
    if (d->deps.cfg->raw_payload_log) keep_payload(d, call, a);
    tell_alive(d);
}

static struct job_env
env_of(struct daemon *d)
{
    return (struct job_env){
        .client = d->deps.client,
        .cache = &d->cache,
        .drift = &d->drift,
        .cfg = d->deps.cfg,
        .clock = d->deps.clock,
        .ny = d->deps.ny,
        .log = d->deps.log,
        .before = before_request,
        .after = after_answer,
        .ctx = d,
    };
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool
in_universe(void *ctx, const char *symbol)
{
    return scope_in_universe(ctx, symbol);
}

static void
load_poller(struct daemon *d)
{
    struct store_spec spec = {.path = POLLER_PATH, .default_json = "{\"_schema\":2,\"jobs\":{}}"};
    enum store_origin origin = STORE_FILE;
    CLEANUP(json_freep) struct json *doc = store_load(d->deps.store, &spec, &origin);

    schedule_decode(&d->schedule, doc, clock_now(d->deps.clock));
}

static void
save_poller(const struct daemon *d)
{
    struct store_spec spec = {.path = POLLER_PATH, .default_json = "{\"_schema\":2,\"jobs\":{}}"};
    CLEANUP(text_free) struct text json = {0};

    schedule_encode(&d->schedule, &json);
    enum rc rc = store_save(d->deps.store, &spec, &json, NULL);
    (void)rc; /* costs some polls after a restart; a full disk is reported by the flow cache */
}

enum rc
daemon_init(struct daemon *d, const struct daemon_deps *deps, struct err *err)
{
    int64_t now_ns = clock_now(deps->clock);

    *d = (struct daemon){
        .deps = *deps,
        .cache = {.clock = deps->clock,
                  .fs = deps->fs,
                  .store = deps->store,
                  .locks = deps->locks,
                  .log = deps->log},
        .paused_until_ns = WHEN_NONE,
        .status_since_ns = now_ns,
        .started_ns = now_ns,
        .started_mono_ns = clock_mono(deps->clock),
        .cycle_start_ns = now_ns,
        .flushed_ns = WHEN_NONE,
        .key_said_ns = WHEN_NONE,
        .spec_said_ns = now_ns,
        .calendars_at_ns = now_ns,
    };
    flow_cache_load(&d->cache, !deps->cfg->mock);
    if (deps->cfg->mock && d->cache.is_live_file) {
        flow_cache_done(&d->cache);
        return err_set(err, RC_DENIED,
                       "UW_MOCK is set, but %s was written by a live daemon: use another root",
                       FLOW_CACHE_PATH);
    }
    d->last_success_s = d->cache.last_success_s;
    d->last_flow_success_s = d->cache.last_flow_success_s;
    schedule_configure(&d->schedule, &deps->cfg->tickers, &deps->cfg->etf_tickers, now_ns);
    load_poller(d);
    struct job_env env = env_of(d);
    jobs_configure(&env, &d->schedule);
    flow_model_forget(&d->cache.model, in_universe, &deps->client->scope, when_to_s(now_ns));
    drift_init(&d->drift, deps->clock, deps->store, deps->log);
    drift_load(&d->drift);
    return RC_OK;
}

void
daemon_done(struct daemon *d)
{
    flow_cache_done(&d->cache);
    schedule_done(&d->schedule);
    for (size_t i = 0; i < PAYLOADS_KEPT; i++)
        text_free(&d->payloads[i]);
}

void
daemon_reconfigure(struct daemon *d, const struct uw_config *cfg)
{
    int64_t started_ns = d->schedule.started_ns;
    struct job_env env = env_of(d);

    d->deps.cfg = cfg;
    env.cfg = cfg;
    schedule_configure(&d->schedule, &cfg->tickers, &cfg->etf_tickers, clock_now(d->deps.clock));
    d->schedule.started_ns = started_ns;
    jobs_configure(&env, &d->schedule);
}

/* ---- status ---------------------------------------------------------------------------------- */

static enum daemon_status
judge_status(const struct daemon *d, const struct usage_view *view, int64_t *ret_until_ns,
             const char **ret_reason)
{
    int64_t now_ns = clock_now(d->deps.clock);

    *ret_until_ns = view->pause_until_ns;
    *ret_reason = "server_backoff";
    if (!spec_is_usable(&d->deps.client->spec)) return DAEMON_NO_SPEC;
    if (!d->deps.cfg->mock && !uw_client_has_key(d->deps.client)) return DAEMON_NO_KEY;
    switch (view->pause) {
    case PAUSE_MINUTE:
        return DAEMON_LIMITED_MINUTE;
    case PAUSE_DAILY:
        return DAEMON_LIMITED_DAY;
    case PAUSE_AUTH:
        return DAEMON_AUTH;
    case PAUSE_NONE:
        break;
    }
    if (view->calls_today >= view->cap) {
        *ret_reason = "daily_cap";
        *ret_until_ns = (date_to_days(when_to_civil(now_ns).date) + 1) * NS_PER_DAY;
        return DAEMON_LIMITED_DAY;
    }
    return DAEMON_OK;
}

static bool
is_due_again(int64_t now_ns, int64_t *said_ns)
{
    if (*said_ns != WHEN_NONE && llabs(now_ns - *said_ns) < SAY_EVERY_NS) return false;
    *said_ns = now_ns;
    return true;
}

static void
update_status(struct daemon *d, const struct usage_view *view)
{
    const struct uw_client *c = d->deps.client;
    int64_t now_ns = clock_now(d->deps.clock), until_ns = WHEN_NONE;
    const char *reason = "";
    enum daemon_status status = judge_status(d, view, &until_ns, &reason);

    if (status != d->status) say_status(d, status, until_ns, reason);
    if (status == DAEMON_NO_KEY && is_due_again(now_ns, &d->key_said_ns))
        log_event(d->deps.log, EV_UW_KEY_MISSING, F_STR("caller", "uw_flow_daemon"));
    if (status == DAEMON_NO_SPEC && is_due_again(now_ns, &d->spec_said_ns))
        log_event(d->deps.log, EV_UW_SPEC_UNAVAILABLE, F_STR("path", c->spec_path),
                  F_STR("state", spec_state_name(c->spec.state)),
                  F_I64("paths_count", c->spec.ops_len), F_I64("min_required", SPEC_PATHS_MIN),
                  F_STR("error", c->spec_err.text));
}

/* ---- one turn -------------------------------------------------------------------------------- */

static void
run_job(struct daemon *d, struct job *j)
{
    struct job_env env = env_of(d);
    struct job_report r = job_run(&env, j);
    int64_t now_ns = clock_now(d->deps.clock);

    if (r.outcome == JOB_FAILED && r.status == 0 && is_stopping(d)) return; /* given up by us */
    if (r.outcome == JOB_OK) {
        d->jobs_ok++;
        d->last_success_s = when_to_s(now_ns);
        if (j->kind == UW_JOB_OPTION_FLOW) d->last_flow_success_s = d->last_success_s;
    } else {
        d->jobs_failed++;
        if (r.outcome == JOB_FAILED) say_fallback(d, j, r.status);
    }
    if (r.outcome == JOB_MINUTE_CAP)
        d->paused_until_ns = now_ns + MAX(NS_PER_S, r.wait_or_until_ns);
    if (schedule_result(j, r.outcome, r.wait_or_until_ns, now_ns)) say_job_disabled(d, j, r.status);
}

/* The next job, if one may run now; otherwise how long to wait. */
static struct job *
choose(struct daemon *d, const struct usage_view *view, enum market_phase phase, int64_t now_ns,
       int64_t *ret_wait_ns)
{
    int64_t due_ns = INT64_MAX;
    bool is_probing = d->status == DAEMON_LIMITED_DAY && view->probe_next_ns != WHEN_NONE &&
                      now_ns >= view->probe_next_ns;
    struct schedule_now now = {
        .now_ns = now_ns,
        .phase = phase,
        .open_ns = calendar_session_at(d->deps.ny, now_ns).open_ns,
        .used = view->cap > 0 ? (double)view->calls_today / (double)view->cap : 1.0,
        .probe_only = is_probing,
    };

    *ret_wait_ns = SLEEP_MAX_NS;
    d->is_pass_done = true;
    if (d->status != DAEMON_OK && !is_probing) return NULL;
    bool is_paused =
        d->paused_until_ns != WHEN_NONE && now_ns < d->paused_until_ns &&
        d->paused_until_ns - now_ns <= NS_PER_MIN; /* longer: the clock was stepped back */
    if (is_paused) return NULL;
    struct job *j = schedule_next(&d->schedule, &now, &due_ns);
    if (j == NULL) {
        if (due_ns != INT64_MAX) *ret_wait_ns = MIN(SLEEP_MAX_NS, due_ns - now_ns);
        return NULL;
    }
    d->is_pass_done = j->last_try_ns != WHEN_NONE && j->last_try_ns >= d->started_ns;
    *ret_wait_ns = pace_wait_ns(d, uw_job_row(j->kind)->requests);
    return *ret_wait_ns == 0 ? j : NULL;
}

static void
flush(struct daemon *d, const char *session, int64_t wait_ms)
{
    struct flow_status status = {
        .cycle = d->cycle,
        .session = session,
        .status = daemon_status_name(d->status),
        .is_mock = d->deps.cfg->mock,
        .last_success_s = d->last_success_s,
        .last_flow_success_s = d->last_flow_success_s,
        .pid = d->deps.pid,
    };
    struct err err = {0};
    int64_t begin_ns = clock_mono(d->deps.clock);
    enum rc rc = flow_cache_flush(&d->cache, &status, wait_ms, &err);

    if (rc == RC_OK) d->flushed_ns = clock_now(d->deps.clock);
    save_poller(d);
    drift_save(&d->drift);
    int64_t end_ns = clock_mono(d->deps.clock);
    d->flush_not_before_ns = end_ns + FLUSH_SHARE * (end_ns - begin_ns);
}

static bool
flush_is_due(const struct daemon *d, int64_t now_ns)
{
    bool is_settled =
        d->cache.model.is_dirty && now_ns - d->cache.model.dirty_since_ns >= FLUSH_DIRTY_NS;
    bool is_heartbeat = d->flushed_ns == WHEN_NONE || now_ns - d->flushed_ns >= HEARTBEAT_NS;
    bool went_back = d->flushed_ns != WHEN_NONE && now_ns < d->flushed_ns;

    if (clock_mono(d->deps.clock) < d->flush_not_before_ns) return false;
    return is_settled || is_heartbeat || went_back;
}

/* True once every job that was due has been tried since the cycle began, and a minute has passed.
 */
static bool
cycle_is_over(const struct daemon *d, const struct job *next, int64_t now_ns)
{
    bool is_tried =
        next == NULL || (next->last_try_ns != WHEN_NONE && next->last_try_ns >= d->cycle_start_ns);

    return is_tried && llabs(now_ns - d->cycle_start_ns) >= CYCLE_MIN_NS;
}

static void
end_cycle(struct daemon *d, const char *session, const struct usage_view *view, int64_t now_ns)
{
    struct job_env env = env_of(d);

    d->cycle++;
    say_cycle(d, session, view);
    d->jobs_ok = d->jobs_failed = 0;
    d->cycle_start_ns = now_ns;
    if (llabs(now_ns - d->calendars_at_ns) < CALENDARS_EVERY_NS) return;
    d->calendars_at_ns = now_ns;
    jobs_configure(&env, &d->schedule); /* days to earnings have become fewer */
}

int64_t
daemon_turn(struct daemon *d)
{
    struct usage_view view = usage_view(&d->deps.client->usage);
    int64_t now_ns = clock_now(d->deps.clock), wait_ns = 0;
    enum market_phase phase = calendar_phase(d->deps.ny, now_ns);
    const char *session = market_phase_name(phase);

    update_status(d, &view);
    struct job *j = choose(d, &view, phase, now_ns, &wait_ns);
    if (cycle_is_over(d, j, now_ns)) end_cycle(d, session, &view, now_ns);
    if (j != NULL) run_job(d, j);

    now_ns = clock_now(d->deps.clock);
    if (phase == PHASE_OPEN)
        (void)flow_model_expire(&d->cache.model, now_ns); /* how many does not matter */
    if (flush_is_due(d, now_ns)) flush(d, session, FLUSH_WAIT_MS);
    tell_alive(d);
    return j != NULL ? 0 : wait_ns;
}

/* A wait as it is slept: at least a millisecond of real time, so that a fast clock cannot make us
 * spin. */
static int64_t
sleep_of(const struct daemon *d, int64_t wait_ns)
{
    int64_t second_real_ns = MAX(clock_real(d->deps.clock, NS_PER_S), 1);
    int64_t least_ns =
        (int64_t)((double)SLEEP_MIN_REAL_NS / (double)second_real_ns * (double)NS_PER_S);

    return MAX(wait_ns, least_ns);
}

static void
take_reload(struct daemon *d)
{
    const struct uw_config *cfg = d->deps.reloaded != NULL ? d->deps.reloaded(d->deps.ctx) : NULL;

    if (cfg != NULL) daemon_reconfigure(d, cfg);
}

static void
leave(struct daemon *d, const char *reason)
{
    int64_t now_ns = clock_now(d->deps.clock);
    const char *session = market_phase_name(calendar_phase(d->deps.ny, now_ns));
    struct usage_view view = usage_view(&d->deps.client->usage);

    if (d->jobs_ok + d->jobs_failed > 0) end_cycle(d, session, &view, now_ns);
    d->status = DAEMON_STOPPED;
    flush(d, session, FLUSH_STOP_WAIT_MS);
    say_stopped(d, reason);
}

void
daemon_run(struct daemon *d, bool is_once)
{
    bool is_done = false;

    say_started(d);
    while (!is_done && !is_stopping(d)) {
        take_reload(d);
        int64_t wait_ns = daemon_turn(d);
        is_done = is_once && d->is_pass_done;
        if (!is_done && wait_ns > 0 && !is_stopping(d))
            clock_sleep(d->deps.clock, sleep_of(d, wait_ns));
    }
    leave(d, is_stopping(d) ? "signal" : "once");
}
