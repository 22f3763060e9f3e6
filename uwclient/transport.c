#include "uwclient/client_internal.h"

#include <strings.h>

#include "uwclient/quota_log.h"

/*
 * Attempts and what an outcome means (spec 20 2.10):
 *
 *   200                                 refusals in a row are forgotten
 *   408, 500, 502, 503, 504, no status  up to three attempts, 1 s and 2 s apart (+ up to 250 ms),
 * or as long as a Retry-After of at most 10 s says 429                                 one attempt;
 * a pause that all processes keep 401, 403                            one attempt; a pause of 15
 * minutes other 4xx, 200 without an object    one attempt; the caller decides
 */
#define USER_AGENT        "stockbot/1 (+uwclient)"
#define RETRY_AFTER_MAX_S 10
#define JITTER_MAX_NS     (250 * NS_PER_MS)
#define AUTH_PREFIX       "Bearer "

enum { STATUS_OK = 200, STATUS_TOO_MANY = 429 };

/* One attempt: an HTTP status, or why there is none. */
struct outcome {
    enum rc rc;
    struct err err;
    struct http_response resp;
};

static void
outcome_free(struct outcome *o)
{
    http_response_free(&o->resp);
}

/* Clears a secret before its memory is given back. */
static void
secret_free(struct text *t)
{
    if (t->data != NULL) explicit_bzero(t->data, t->cap);
    text_free(t);
}

/* No word of the key in what is logged, whatever a library put into its message (TR-6). */
static void
scrub(const struct uw_client *c, char *words)
{
    if (!uw_client_has_key(c)) return;
    size_t len = strlen(c->cfg->api_key);
    for (char *at = strstr(words, c->cfg->api_key); at != NULL; at = strstr(at, c->cfg->api_key))
        memset(at, '*', len);
}

static void
url_of(const struct uw_client *c, const struct uw_flight *f, bool with_query, struct text *to)
{
    text_puts(to, c->base_url);
    text_puts(to, f->match.path);
    if (with_query && f->params.len > 0) {
        text_putc(to, '?');
        uw_params_query(&f->params, to);
    }
}

static void
log_attempt(const struct uw_client *c, const struct uw_flight *f, int attempt)
{
    CLEANUP(text_free) struct text url = {0};
    const struct window *w = &c->usage.state.window;

    ASSERT(w->len > 0); /* the reservation of this attempt */
    url_of(c, f, false, &url);
    quota_append(c->deps.store, &(struct quota_line){.at_ns = w->at[w->len - 1].wall_ns,
                                                     .mono_ns = w->at[w->len - 1].mono_ns,
                                                     .url = text_str(&url),
                                                     .params_json = text_str(&f->params_json),
                                                     .endpoint_name = f->name,
                                                     .caller = f->caller,
                                                     .attempt = attempt});
    if (c->usage.state.calls_today % QUOTA_ROTATE_CHECK == 0) quota_rotate(c->deps.fs);
}

static void
send(const struct uw_client *c, const struct uw_flight *f, struct outcome *out)
{
    CLEANUP(text_free) struct text url = {0};
    CLEANUP(secret_free) struct text auth = {0};

    text_puts(&auth, AUTH_PREFIX);
    text_puts(&auth, c->cfg->api_key);
    url_of(c, f, true, &url);
    struct http_request req = {
        .method = "GET",
        .url = text_str(&url),
        .headers = {{"Authorization", text_str(&auth)},
                    {"Accept", "application/json"},
                    {"User-Agent", USER_AGENT}},
        .headers_len = 3,
        .timeout_ms = f->call->timeout_ms > 0 ? f->call->timeout_ms : UW_TIMEOUT_MS,
        .connect_timeout_ms = UW_CONNECT_TIMEOUT_MS,
        .body_max = UW_BODY_MAX,
    };
    out->rc = c->deps.http->perform(c->deps.http->self, &req, &out->resp, &out->err);
    scrub(c, out->err.text);
}

/* Steps 7 to 10.  An ask of a retry skips the pause, which this very call may have caused. */
static bool
reserve(struct uw_client *c, const struct uw_flight *f, bool is_retry, struct uw_answer *a)
{
    const char *tide = uw_endpoint_row(UW_EP_MARKET_TIDE)->path;
    struct usage_ask ask = {
        .name = f->name,
        .cap_per_day = f->cap_per_day,
        .is_probe = str_eq(f->match.op->path, tide),
        .is_retry = is_retry,
    };
    int64_t wait_ns = -1;
    enum usage_verdict verdict = usage_reserve(&c->usage, &ask, &wait_ns);

    if (verdict == USAGE_ADMITTED) return true;
    if (is_retry) return false; /* the call ends with its last real outcome (TR-8) */
    a->result = UW_BLOCKED;
    a->status = STATUS_TOO_MANY;
    a->reason = usage_reason(verdict);
    a->wait_ns = wait_ns;
    a->body = body_blocked(a->reason);
    say_block(c, f, a);
    return false;
}

static bool
is_worth_a_retry(const struct outcome *o)
{
    int s = o->resp.status;

    if (o->rc == RC_OK) return s == 408 || s == 500 || s == 502 || s == 503 || s == 504;
    return o->rc == RC_IO || o->rc == RC_UNKNOWN || o->rc == RC_TIMEOUT;
}

/* Whole seconds of a Retry-After header, -1 if it is absent or a date. */
static int64_t
retry_after_s(const struct outcome *o)
{
    int64_t s = -1;

    return str_to_i64(o->resp.retry_after, &s) && s >= 0 ? s : -1;
}

/* False if the process was asked to stop while waiting. */
static bool
wait_for_retry(struct uw_client *c, const struct outcome *o, int attempt)
{
    int64_t asked_s = o->rc == RC_OK ? retry_after_s(o) : -1;
    int64_t wait_ns = (int64_t)attempt * NS_PER_S + rng_range(&c->rng, 0, JITTER_MAX_NS);

    if (asked_s >= 0 && asked_s <= RETRY_AFTER_MAX_S) wait_ns = asked_s * NS_PER_S;
    clock_sleep(c->deps.clock, wait_ns);
    return c->deps.is_stopping == NULL || !c->deps.is_stopping(c->deps.stop_ctx);
}

/* ---- what the server said -------------------------------------------------------------------- */

static int64_t
header_i64(const struct http_response *r, const char *name)
{
    const char *value = http_header(r, name);
    int64_t n = -1;

    return value != NULL && str_to_i64(value, &n) ? n : -1;
}

static bool
contains_nocase(const char *s, const char *word)
{
    return strcasestr(s, word) != NULL;
}

static void
handle_too_many(struct uw_client *c, const struct outcome *o, struct uw_answer *a)
{
    CLEANUP(json_freep)
    struct json *doc = uw_parse_object(text_str(&o->resp.body), o->resp.body.len, NULL);
    int64_t count = header_i64(&o->resp, "x-uw-daily-req-count");
    int64_t limit = header_i64(&o->resp, "x-uw-token-req-limit");
    const char *message = json_str(doc, "message", json_str(doc, "msg", ""));
    bool is_daily = contains_nocase(message, "daily") || (limit > 0 && count >= limit);

    (void)str_copy(a->message, sizeof a->message, message); /* for a log line */
    scrub(c, a->message);
    a->pause = usage_refused(&c->usage, is_daily, retry_after_s(o));
}

static void
handle_auth(struct uw_client *c, const struct uw_flight *f, struct uw_answer *a)
{
    usage_auth_failed(&c->usage);
    a->pause = PAUSE_AUTH;
    if (said_due(c, &c->auth_said_ns))
        log_event(c->deps.log, EV_UW_AUTH_FAILED, F_I64("status", a->status),
                  F_STR("endpoint", f->match.path));
}

/* The final attempt becomes the answer. */
static void
conclude(struct uw_client *c, const struct uw_flight *f, struct outcome *o, struct uw_answer *a)
{
    a->latency_ms = o->resp.latency_ms;
    if (o->rc == RC_RANGE) { /* a body beyond the limit came with a status that no longer matters */
        a->result = UW_ESCHEMA;
        a->status = STATUS_OK;
    } else if (o->rc != RC_OK) {
        a->result = UW_ETRANSPORT;
        a->status = 0;
    } else {
        a->status = o->resp.status;
        a->result = a->status == STATUS_OK ? UW_OK : UW_EHTTP;
        a->raw = o->resp.body;
        o->resp.body = (struct text){0};
    }
    if (a->result == UW_OK) {
        a->body = uw_parse_object(text_str(&a->raw), a->raw.len, &o->err);
        if (a->body == NULL) a->result = UW_ESCHEMA;
    }
    if (a->result != UW_OK) a->body = body_error(a->status);
    if (a->result == UW_ESCHEMA || a->result == UW_ETRANSPORT)
        (void)str_copy(a->message, sizeof a->message, o->err.text); /* for a log line */
    say_outcome(c, f, a, o->rc);
}

static void
tell_budget(struct uw_client *c, const struct uw_flight *f, const struct outcome *o,
            struct uw_answer *a)
{
    if (o->rc != RC_OK) return;
    a->status = o->resp.status;
    usage_told(&c->usage, header_i64(&o->resp, "x-uw-daily-req-count"),
               header_i64(&o->resp, "x-uw-token-req-limit"));
    if (o->resp.status == STATUS_OK) usage_succeeded(&c->usage);
    if (o->resp.status == STATUS_TOO_MANY) handle_too_many(c, o, a);
    if (o->resp.status == 401 || o->resp.status == 403) handle_auth(c, f, a);
}

static void
mock_attempt(struct uw_client *c, const struct uw_flight *f, struct uw_answer *a)
{
    a->attempts = 1;
    log_attempt(c, f, 1);
    a->result = UW_OK;
    a->status = STATUS_OK;
    a->is_mock = true;
    a->body = body_mock(f->symbol[0] != '\0' ? f->symbol : "SPY", f->match.path);
    say_outcome(c, f, a, RC_OK);
}

void
transport_run(struct uw_client *c, struct uw_flight *f, struct uw_answer *a)
{
    CLEANUP(outcome_free) struct outcome last = {0};

    if (!reserve(c, f, false, a)) return;
    if (c->cfg->mock) {
        mock_attempt(c, f, a);
        return;
    }
    for (int attempt = 1;; attempt++) {
        outcome_free(&last);
        last = (struct outcome){0};
        a->attempts = attempt;
        log_attempt(c, f, attempt);
        send(c, f, &last);
        tell_budget(c, f, &last, a);
        if (!is_worth_a_retry(&last) || attempt == UW_ATTEMPTS_MAX) break;
        if (!wait_for_retry(c, &last, attempt) || !reserve(c, f, true, a)) break;
    }
    conclude(c, f, &last, a);
}
