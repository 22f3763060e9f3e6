#include "uwclient/client_internal.h"

#define SAID_EVERY_NS (15 * NS_PER_MIN)

bool
said_due(const struct uw_client *c, int64_t *said_ns)
{
    int64_t now_ns = clock_now(c->deps.clock);

    if (*said_ns != WHEN_NONE && llabs(now_ns - *said_ns) < SAID_EVERY_NS) return false;
    *said_ns = now_ns;
    return true;
}

void
uw_config_say(const struct config *cfg, const struct log *log)
{
    for (size_t i = 0; i < config_issues(cfg); i++) {
        struct config_issue issue = config_issue(cfg, i);
        const char *value = getenv(issue.name);
        if (!str_starts(issue.name, "UW_") && !str_eq(issue.name, "TICKERS")) continue;
        log_event(log, EV_UW_CONFIG_INVALID, F_STR("name", issue.name),
                  F_I64("value_length", value != NULL ? strlen(value) : 0),
                  F_STR("default", issue.used));
    }
}

void
say_invalid_endpoint(const struct uw_client *c, const struct uw_call *call)
{
    CLEANUP(text_free) struct text shown = {0};

    match_shown(call->endpoint, &shown);
    log_event(c->deps.log, EV_UW_INVALID_ENDPOINT, F_STR("endpoint", text_str(&shown)),
              F_STR("caller", call->caller != NULL ? call->caller : ""),
              F_F64("timestamp", when_to_s_f64(clock_now(c->deps.clock))));
}

void
say_spec_unavailable(struct uw_client *c)
{
    c->spec_said_ns = clock_now(c->deps.clock);
    log_event(c->deps.log, EV_UW_SPEC_UNAVAILABLE, F_STR("path", c->spec_path),
              F_STR("state", spec_state_name(c->spec.state)), F_I64("paths_count", c->spec.ops_len),
              F_I64("min_required", SPEC_PATHS_MIN), F_STR("error", c->spec_err.text));
}

void
say_invalid_param(const struct uw_client *c, const struct uw_flight *f, const char *param,
                  const char *problem)
{
    log_event(c->deps.log, EV_UW_INVALID_PARAM, F_STR("endpoint", f->match.path),
              F_STR("param", param), F_STR("problem", problem), F_STR("caller", f->caller));
}

void
say_scope_block(const struct uw_client *c, const struct uw_flight *f)
{
    log_event(c->deps.log, EV_UW_SCOPE_BLOCK, F_STR("endpoint", f->match.path),
              F_SYMBOL(f->refused_symbol), F_STR("scope", uw_scope_name(f->call->scope)),
              F_STR("caller", f->caller));
}

void
say_hit(const struct uw_client *c, const struct uw_flight *f)
{
    log_event(c->deps.log, EV_UW_CALL, F_STR("endpoint", f->match.path), F_BOOL("cache_hit", true),
              F_I64("ttl_seconds", f->ttl_s), F_STR("endpoint_name", f->name));
}

void
say_block(const struct uw_client *c, const struct uw_flight *f, const struct uw_answer *a)
{
    double wait_s = (double)a->wait_ns / (double)NS_PER_S;

    log_event(c->deps.log, EV_UW_RATE_LIMIT_BLOCK, F_STR("reason", a->reason),
              F_STR("endpoint", f->match.path), F_RAW("params", text_str(&f->params_json)),
              a->wait_ns < 0 ? F_NULL("wait_s") : F_F64("wait_s", round_dec(wait_s, 3)));
}

void
say_outcome(const struct uw_client *c, const struct uw_flight *f, const struct uw_answer *a,
            enum rc transport_rc)
{
    if (a->result == UW_ETRANSPORT) {
        /* A request that we gave up because we were asked to end is nobody's failure. */
        bool is_ending = c->deps.is_stopping != NULL && c->deps.is_stopping(c->deps.stop_ctx);

        log_event(c->deps.log, EV_UW_CALL, F_SEV(is_ending ? SEV_INFO : SEV_ERROR),
                  F_STR("endpoint", f->match.path), F_STR("error", a->message),
                  F_STR("error_type", rc_name(transport_rc)), F_I64("attempts", a->attempts));
        return;
    }
    bool is_schema_error = a->result == UW_ESCHEMA;
    log_event(c->deps.log, EV_UW_CALL, F_SEV(a->result == UW_OK ? SEV_INFO : SEV_WARN),
              F_STR("endpoint", f->match.path), F_STR("endpoint_name", f->name),
              F_I64("status", a->status), F_BOOL("cache_hit", false),
              F_I64("latency_ms", a->latency_ms), F_I64("attempts", a->attempts),
              F_STR("caller", f->caller), is_schema_error ? F_BOOL("schema_error", true) : F_END);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

struct json *
uw_parse_object(const char *bytes, size_t len, struct err *err)
{
    struct json *doc = NULL;

    if (json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, err) != RC_OK) return NULL;
    if (json_is_object(doc)) return doc;
    json_free(doc);
    (void)err_set(err, RC_PARSE, "not an object");
    return NULL;
}

static struct json *
build(const struct text *t)
{
    struct json *doc = uw_parse_object(text_str(t), t->len, NULL);

    ASSERT(doc != NULL); /* we wrote it */
    return doc;
}

static void
open_empty(struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_arr(o, "data");
    json_out_end(o);
}

struct json *
body_empty(void)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    open_empty(&o);
    json_out_end(&o);
    return build(&t);
}

struct json *
body_blocked(const char *reason)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    open_empty(&o);
    json_out_bool(&o, "_blocked", true);
    json_out_str(&o, "_reason", reason);
    json_out_end(&o);
    return build(&t);
}

struct json *
body_error(int status)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    open_empty(&o);
    json_out_bool(&o, "_error", true);
    json_out_i64(&o, "_status", status);
    json_out_end(&o);
    return build(&t);
}

struct json *
body_mock(const char *symbol, const char *path)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    json_out_arr(&o, "data");
    json_out_obj(&o, NULL);
    json_out_str(&o, "symbol", symbol);
    json_out_f64(&o, "flow_strength", 0.6);
    json_out_f64(&o, "darkpool_bias", 0.1);
    json_out_str(&o, "sentiment", "BULLISH");
    json_out_i64(&o, "earnings_proximity", 3);
    json_out_end(&o);
    json_out_end(&o);
    json_out_bool(&o, "_mock", true);
    json_out_str(&o, "_endpoint", path);
    json_out_end(&o);
    return build(&t);
}
