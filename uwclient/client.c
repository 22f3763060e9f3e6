#include "uwclient/client_internal.h"

#include <strings.h>

void
uw_answer_free(struct uw_answer *a)
{
    json_free(a->body);
    text_free(&a->raw);
    *a = (struct uw_answer){0};
}

bool
uw_client_has_key(const struct uw_client *c)
{
    return c->cfg->api_key != NULL && c->cfg->api_key[0] != '\0';
}

static struct usage_limits
limits_of(const struct uw_config *cfg)
{
    return (struct usage_limits){cfg->rate_limit_per_min, cfg->daily_limit, cfg->safety_buffer,
                                 cfg->mock};
}

enum rc
uw_client_init(struct uw_client *c, const struct uw_deps *deps, const struct uw_config *cfg,
               const char *spec_path, struct err *err)
{
    const char *required[UW_ENDPOINTS_LEN];
    size_t required_len = uw_required_paths(required);

    if (strncasecmp(cfg->base_url, "https://", 8) != 0 && !http_url_is_loopback(cfg->base_url))
        return err_set(err, RC_DENIED, "UW_BASE_URL must be https, or on a loopback address");
    *c = (struct uw_client){
        .deps = *deps,
        .cfg = cfg,
        .spec_path = spec_path,
        .cache = {.fs = deps->fs, .clock = deps->clock, .log = deps->log, .swept_at_ns = WHEN_NONE},
        .spec_said_ns = WHEN_NONE,
        .key_said_ns = WHEN_NONE,
        .auth_said_ns = WHEN_NONE,
    };
    if (!str_copy(c->base_url, sizeof c->base_url, cfg->base_url))
        return err_set(err, RC_RANGE, "UW_BASE_URL is too long");
    for (size_t len = strlen(c->base_url); len > 0 && c->base_url[len - 1] == '/'; len--)
        c->base_url[len - 1] = '\0';
    const struct usage_deps usage_deps = {deps->clock, deps->fs,  deps->store,
                                          deps->locks, deps->log, deps->ny};
    const struct usage_limits limits = {cfg->rate_limit_per_min, cfg->daily_limit,
                                        cfg->safety_buffer, cfg->mock};
    usage_init(&c->usage, &usage_deps, &limits);
    scope_init(&c->scope, deps->clock, deps->fs, deps->store, deps->log, &cfg->tickers, cfg->mock);
    rng_init(&c->rng, deps->seed);
    spec_load(deps->fs, spec_path, required, required_len, &c->spec, &c->spec_err);
    if (c->spec.state != SPEC_OK) say_spec_unavailable(c);
    return RC_OK;
}

void
uw_client_reconfigure(struct uw_client *c, const struct uw_config *cfg)
{
    c->cfg = cfg;
    c->usage.limits = limits_of(cfg);
    c->scope.tickers = &cfg->tickers;
}

void
uw_client_done(struct uw_client *c)
{
    usage_done(&c->usage);
    scope_done(&c->scope);
    spec_done(&c->spec);
}

static void
flight_done(struct uw_flight *f)
{
    text_free(&f->params_json);
}

static void
prepare(const struct uw_client *c, const struct uw_call *call, struct uw_flight *f)
{
    const struct uw_policy_row *policy = call->policy != NULL ? uw_policy_find(call->policy) : NULL;

    f->params = call->params;
    uw_params_sort(&f->params);
    uw_params_canonical(&f->params, &f->params_json);
    f->caller = call->caller != NULL ? call->caller : "";
    f->name = policy != NULL ? policy->name : "";
    f->ttl_s = policy != NULL ? policy->ttl_s : 0;
    f->cap_per_day = policy != NULL ? uw_policy_cap(policy, c->cfg->tickers.len) : 0;
}

/* ---- the refusals ---------------------------------------------------------------------------- */

static bool
params_are_known(const struct uw_client *c, const struct uw_flight *f)
{
    const struct spec_op *op = f->match.op;

    for (size_t i = 0; i < f->call->params.len; i++) {
        if (spec_query_param(op, f->call->params.item[i].name) != NULL) continue;
        say_invalid_param(c, f, f->call->params.item[i].name, "unknown");
        return false;
    }
    for (size_t i = 0; i < op->params_len; i++) {
        bool is_there = op->params[i].in_path || !op->params[i].required;
        for (size_t p = 0; p < f->params.len && !is_there; p++)
            is_there = str_eq(f->params.item[p].name, op->params[i].name);
        if (is_there) continue;
        say_invalid_param(c, f, op->params[i].name, "missing");
        return false;
    }
    return true;
}

static bool
symbol_allowed(struct uw_client *c, struct uw_flight *f, const char *text, size_t len)
{
    char raw[sizeof f->refused_symbol], symbol[SYMBOL_MAX];

    memcpy(raw, text, MIN(len, sizeof raw - 1));
    raw[MIN(len, sizeof raw - 1)] = '\0';
    /* "-ACME" would mean everything but ACME: that is not a question about allowed symbols. */
    bool is_good = len < sizeof raw && raw[0] != '-' && symbol_set(symbol, raw);
    if (is_good && f->symbol[0] == '\0') (void)str_copy(f->symbol, sizeof f->symbol, symbol);
    if (is_good && scope_allows(&c->scope, f->call->scope, symbol)) return true;
    (void)str_copy(f->refused_symbol, sizeof f->refused_symbol,
                   raw); /* shown, so cutting is fine */
    return false;
}

static bool
list_allowed(struct uw_client *c, struct uw_flight *f, const char *list)
{
    for (const char *at = list;; at++) {
        size_t len = strcspn(at, ",");
        if (!symbol_allowed(c, f, at, len)) return false;
        at += len;
        if (*at == '\0') return true;
    }
}

static bool
is_symbol_name(const char *name)
{
    return str_eq(name, "ticker") || str_eq(name, "symbol") || str_eq(name, "ticker_symbol");
}

/* The symbols of a call stand in its path and in three parameters (SC-1). */
static bool
symbols_are_allowed(struct uw_client *c, struct uw_flight *f)
{
    for (size_t i = 0; i < f->match.values_len; i++) {
        const char *value = f->match.values[i].value;
        if (is_symbol_name(f->match.values[i].name) && !symbol_allowed(c, f, value, strlen(value)))
            return false;
    }
    for (size_t i = 0; i < f->params.len; i++) {
        const struct uw_param *p = &f->params.item[i];
        bool is_list = str_eq(p->name, "ticker_symbol") || p->kind == UW_PARAM_LIST;
        if (!is_symbol_name(p->name)) continue;
        /* A number is no symbol: refused as the empty text is. */
        bool is_text = p->kind == UW_PARAM_STR || p->kind == UW_PARAM_LIST;
        const char *text = is_text ? p->as.str : "";
        if (is_list ? !list_allowed(c, f, text) : !symbol_allowed(c, f, text, strlen(text)))
            return false;
    }
    return true;
}

/* Steps 1 to 3: UW_OK, or one of the three refusals with its event. */
static enum uw_result
refuse(struct uw_client *c, struct uw_flight *f)
{
    if (match_path(&c->spec, c->base_url, f->call->endpoint, &f->match, NULL) != RC_OK) {
        if (!spec_is_usable(&c->spec) && said_due(c, &c->spec_said_ns)) say_spec_unavailable(c);
        say_invalid_endpoint(c, f->call);
        return UW_EINVAL_ENDPOINT;
    }
    if (!params_are_known(c, f)) return UW_EINVAL_PARAM;
    if (!symbols_are_allowed(c, f)) {
        say_scope_block(c, f);
        return UW_ESCOPE;
    }
    return UW_OK;
}

/* ---- the call -------------------------------------------------------------------------------- */

static void
answer_mock(const struct uw_flight *f, struct uw_answer *a)
{
    a->result = UW_OK;
    a->status = 200;
    a->is_mock = true;
    a->body = body_mock(f->symbol[0] != '\0' ? f->symbol : "SPY", f->match.path);
}

static bool
answer_cached(struct uw_client *c, const struct uw_flight *f, const struct cache_question *q,
              struct uw_answer *a)
{
    struct json *kept = cache_get(&c->cache, q);

    if (kept == NULL) return false;
    a->result = UW_OK;
    a->status = 200;
    a->is_cache_hit = true;
    a->body = kept;
    say_hit(c, f);
    return true;
}

static void
answer_no_key(struct uw_client *c, const struct uw_flight *f, struct uw_answer *a)
{
    a->result = UW_ENOKEY;
    a->body = body_empty();
    if (said_due(c, &c->key_said_ns))
        log_event(c->deps.log, EV_UW_KEY_MISSING, F_STR("caller", f->caller));
}

/* Steps 4 to 16. */
static void
answer(struct uw_client *c, struct uw_flight *f, struct uw_answer *a)
{
    struct cache_question q = {f->match.path, &f->params, "", f->name, f->ttl_s};
    bool is_kept = f->ttl_s > 0 && f->call->mode != UW_CACHE_BYPASS;

    if (c->cfg->mock && !c->cfg->mock_enforce_limits) {
        answer_mock(f, a);
        return;
    }
    if (is_kept && f->call->mode == UW_CACHE_USE && answer_cached(c, f, &q, a)) return;
    if (!c->cfg->mock && !uw_client_has_key(c)) {
        answer_no_key(c, f, a);
        return;
    }
    transport_run(c, f, a);
    if (a->result == UW_OK && is_kept && json_has(a->body, "data")) {
        cache_put(&c->cache, &q, a->body);
        cache_evict(&c->cache);
    }
}

enum uw_result
uw_http_get(struct uw_client *c, const struct uw_call *call, struct uw_answer *ret_answer)
{
    CLEANUP(flight_done) struct uw_flight f = {.call = call};

    *ret_answer = (struct uw_answer){.reason = "", .wait_ns = -1};
    prepare(c, call, &f);
    ret_answer->result = refuse(c, &f);
    if (ret_answer->result == UW_OK) answer(c, &f, ret_answer);
    return ret_answer->result;
}

struct json *
uw_get(struct uw_client *c, const struct uw_call *call)
{
    struct uw_answer a;
    enum uw_result result = uw_http_get(c, call, &a);
    struct json *body = a.body;

    (void)result; /* a body that is no data says so itself */
    a.body = NULL;
    uw_answer_free(&a);
    return body;
}

const char *
uw_result_name(enum uw_result r)
{
    static const char *const names[] = {
        [UW_OK] = "ok",
        [UW_EINVAL_ENDPOINT] = "invalid_endpoint",
        [UW_EINVAL_PARAM] = "invalid_param",
        [UW_ESCOPE] = "scope",
        [UW_ENOKEY] = "no_api_key",
        [UW_BLOCKED] = "blocked",
        [UW_EHTTP] = "http_error",
        [UW_ETRANSPORT] = "transport_error",
        [UW_ESCHEMA] = "schema_error",
    };
    return names[r];
}
