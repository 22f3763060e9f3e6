#include "uwclient/poll.h"

#include "uwclient/decode_company.h"

#define CALLER "uw_flow_daemon"

/* ---- asking ---------------------------------------------------------------------------------- */

static int64_t
pause_until(const struct poll *p)
{
    struct usage_view view = usage_view(&p->env->client->usage);

    return view.pause != PAUSE_NONE ? view.pause_until_ns : clock_now(p->env->clock) + NS_PER_MIN;
}

static enum job_outcome
outcome_of_block(const struct uw_answer *a)
{
    if (str_eq(a->reason, "per_minute_cap")) return JOB_MINUTE_CAP;
    if (str_eq(a->reason, "daily_cap")) return JOB_DAY_CAP;
    if (str_eq(a->reason, "endpoint_cap")) return JOB_ENDPOINT_CAP;
    return str_eq(a->reason, "server_backoff") ? JOB_PAUSED : JOB_IMPOSSIBLE;
}

static enum job_outcome
outcome_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return JOB_AUTH;
    case 404:
    case 422:
        return JOB_REFUSED;
    case 429:
        return JOB_PAUSED;
    default:
        return JOB_FAILED;
    }
}

static enum job_outcome
outcome_of(const struct uw_answer *a)
{
    switch (a->result) {
    case UW_OK:
        return JOB_OK;
    case UW_EINVAL_ENDPOINT:
    case UW_EINVAL_PARAM:
    case UW_ESCOPE:
        return JOB_IMPOSSIBLE;
    case UW_ENOKEY:
        return JOB_AUTH;
    case UW_BLOCKED:
        return outcome_of_block(a);
    case UW_EHTTP:
        return outcome_of_status(a->status);
    case UW_ETRANSPORT:
    case UW_ESCHEMA:
        return JOB_FAILED;
    }
    return JOB_FAILED;
}

struct json *
poll_ask(struct poll *p, const struct uw_params *params)
{
    const struct uw_policy_row *policy = uw_policy_row(uw_job_row(p->job->kind)->policy);
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(uw_answer_free) struct uw_answer a;
    struct json *body = NULL;

    uw_endpoint_path(policy->endpoint, p->job->symbol, &path);
    struct uw_call call = {
        .endpoint = text_str(&path),
        .policy = policy->name,
        .mode = UW_CACHE_REFRESH,
        .scope = UW_SCOPE_FLOW_DAEMON,
        .caller = CALLER,
        .timeout_ms = DAEMON_TIMEOUT_MS,
    };
    if (params != NULL) call.params = *params;
    p->env->before(p->env->ctx);
    enum uw_result result = uw_http_get(p->env->client, &call, &a);
    p->now_ns = clock_now(p->env->clock);
    p->today = zone_date(p->env->ny, p->now_ns);
    p->report.outcome = outcome_of(&a);
    p->report.status = a.status;
    if (p->report.outcome == JOB_MINUTE_CAP) p->report.wait_or_until_ns = a.wait_ns;
    if (p->report.outcome == JOB_PAUSED) p->report.wait_or_until_ns = pause_until(p);
    p->env->after(p->env->ctx, &call, &a);
    if (result == UW_OK) {
        if (p->env->drift != NULL && !a.is_mock)
            drift_note(p->env->drift, policy->endpoint, a.body);
        body = a.body;
        a.body = NULL;
    }
    return body;
}

/* ---- storing --------------------------------------------------------------------------------- */

static void
say_dropped(const struct poll *p, const char *symbol, const struct member *m)
{
    if (m->dropped != NULL)
        log_event(p->env->log, EV_UW_CACHE_VALUE_DROPPED, F_STR("ticker", symbol),
                  F_STR("key", m->dropped));
}

/* The entry of a configured symbol, with what every entry has from its start.  NULL without room.
 */
struct flow_ticker *
poll_entry(const struct poll *p, const char *symbol)
{
    struct flow_model *m = &p->env->cache->model;
    struct flow_ticker *t = flow_model_need(m, symbol);

    if (t == NULL) return NULL;
    t->is_configured = true;
    if (flow_model_get(t, "insider") == NULL) {
        CLEANUP(member_free) struct member neutral = MEMBER_EMPTY;
        insider_write_neutral(&neutral);
        flow_model_set(m, t, "insider", &neutral.text, p->now_ns);
    }
    if (p->env->cfg->mock) {
        CLEANUP(text_free) struct text yes = {0};
        text_puts(&yes, "true");
        flow_model_set(m, t, "simulated", &yes, p->now_ns);
    } else if (flow_model_get(t, "simulated") != NULL) {
        flow_model_unset(m, t, "simulated", p->now_ns);
    }
    return t;
}

void
poll_touch(const struct poll *p, struct flow_ticker *t)
{
    flow_model_touch(&p->env->cache->model, t, p->name, p->job->kind == UW_JOB_OPTION_FLOW,
                     p->now_ns);
}

void
poll_store(const struct poll *p, const char *key, const struct member *m)
{
    struct flow_ticker *t = poll_entry(p, p->job->symbol);

    if (t == NULL) return;
    flow_model_set(&p->env->cache->model, t, key, &m->text, p->now_ns);
    poll_touch(p, t);
    say_dropped(p, t->symbol, m);
}

void
poll_store_greeks(const struct poll *p, const struct member *m)
{
    struct flow_ticker *t = poll_entry(p, p->job->symbol);

    if (t == NULL) return;
    flow_model_merge_greeks(&p->env->cache->model, t, &m->text, p->now_ns);
    poll_touch(p, t);
    say_dropped(p, t->symbol, m);
}

void
poll_store_nothing(const struct poll *p)
{
    struct flow_ticker *t = poll_entry(p, p->job->symbol);

    if (t != NULL) poll_touch(p, t);
}

struct json *
poll_stored(const struct flow_ticker *t, const char *key)
{
    const char *text = t != NULL ? flow_model_get(t, key) : NULL;
    struct json *doc = NULL;

    if (text == NULL) return NULL;
    enum rc rc = json_parse(text, strlen(text), JSON_STRICT, &JSON_LIMITS_FILE, &doc, NULL);
    return rc == RC_OK ? doc : NULL;
}

void
poll_store_or_keep(const struct poll *p, const char *key, bool has_rows, const struct member *m)
{
    struct flow_ticker *t = flow_model_find(&p->env->cache->model, p->job->symbol);
    CLEANUP(json_freep) struct json *old = poll_stored(t, key);
    int64_t age_s = when_to_s(p->now_ns) - json_i64(old, "last_update", 0);

    if (!has_rows && old != NULL && age_s < SLOW_VALUE_KEPT_S)
        poll_store_nothing(p);
    else
        poll_store(p, key, m);
}
