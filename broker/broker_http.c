#include "broker/broker_http.h"

static const char *
host_url(const struct alpaca_http *a, enum alpaca_host host)
{
    return host == HOST_TRADING ? a->cfg->base_url : a->cfg->data_url;
}

static void
request_fill(const struct alpaca_http *a, struct http_request *req, const char *method,
             const char *url)
{
    *req = (struct http_request){.method = method, .url = url, .timeout_ms = REQUEST_TIMEOUT_MS};
    req->headers[req->headers_len++] = (struct http_header){"APCA-API-KEY-ID", a->cfg->key};
    req->headers[req->headers_len++] = (struct http_header){"APCA-API-SECRET-KEY", a->cfg->secret};
    req->headers[req->headers_len++] = (struct http_header){"Accept", "application/json"};
}

const char *
alpaca_error_text(const struct json *doc, char *buf, size_t size)
{
    if (doc == NULL) {
        (void)str_copy(buf, size, "no JSON body");
        return buf;
    }
    (void)snprintf(buf, size, "%.200s (code %lld)", json_str(doc, "message", "no message"),
                   (long long)alpaca_error_code(doc));
    return buf;
}

int64_t
alpaca_error_code(const struct json *doc)
{
    return json_i64(doc, "code", 0);
}

/* The body of an answer; one that tells of a failure may repeat what it was asked with. */
static struct json *
body_parse(const struct alpaca_http *a, struct http_response *resp)
{
    struct json *doc = NULL;
    struct err ignored = {0};

    if (resp->status < 200 || resp->status > 299) {
        config_redact_secret(&resp->body, a->cfg->key);
        config_redact_secret(&resp->body, a->cfg->secret);
    }

    /* What is no JSON is told to the caller as NULL; the status says more than the parser could. */
    if (json_parse(text_str(&resp->body), resp->body.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc,
                   &ignored) != RC_OK)
        return NULL;
    return doc;
}

static bool
status_is_transient(int status)
{
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

static enum rc
status_to_rc(int status)
{
    if (status == 404) return RC_NOT_FOUND;
    if (status_is_transient(status) || status >= 500 || status == 408) return RC_UNKNOWN;
    return RC_RANGE;
}

/* One attempt of a read; *ret_again says whether another could help. */
static enum rc
read_once(const struct alpaca_http *a, const char *path, const struct http_request *req,
          struct json **ret_doc, bool *ret_again, int64_t *ret_wait_s, struct err *err)
{
    CLEANUP(http_response_free) struct http_response resp = {0};
    char words[256];

    *ret_again = false;
    *ret_wait_s = 0;
    enum rc rc = a->http.perform(a->http.self, req, &resp, err);
    if (rc != RC_OK) {
        *ret_again = rc == RC_IO || rc == RC_UNKNOWN || rc == RC_TIMEOUT;
        return rc;
    }
    CLEANUP(json_freep) struct json *doc = body_parse(a, &resp);
    if (resp.status != 200) {
        *ret_again = status_is_transient(resp.status);
        (void)str_to_i64(resp.retry_after, ret_wait_s);
        return err_set(err, status_to_rc(resp.status), "%s: HTTP %d: %s", path, resp.status,
                       alpaca_error_text(doc, words, sizeof(words)));
    }
    if (doc == NULL) return err_set(err, RC_PARSE, "%s: HTTP 200, but the body is no JSON", path);
    *ret_doc = doc;
    doc = NULL;
    return RC_OK;
}

enum rc
alpaca_read(const struct alpaca_http *a, enum alpaca_host host, const char *path,
            struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text url = {0};
    struct http_request req;
    enum rc rc = RC_UNKNOWN;

    text_printf(&url, "%s%s", host_url(a, host), path);
    request_fill(a, &req, "GET", text_str(&url));
    for (int attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
        bool again = false;
        int64_t wait_s = 0;

        rc = read_once(a, path, &req, ret_doc, &again, &wait_s, err);
        if (rc == RC_OK || !again || attempt == READ_ATTEMPTS) break;
        int64_t wait_ns = wait_s > 0 ? MIN(wait_s, 5) * NS_PER_S : attempt * NS_PER_S / 2;
        clock_sleep(&a->clock, wait_ns);
    }
    return rc == RC_OK ? RC_OK : err_wrap(err, "broker");
}

void
alpaca_answer_free(struct alpaca_answer *a)
{
    text_free(&a->body);
    json_free(a->doc);
    *a = (struct alpaca_answer){0};
}

enum rc
alpaca_send_once(const struct alpaca_http *a, const char *method, const char *path,
                 const struct text *body, struct alpaca_answer *ret_answer, struct err *err)
{
    CLEANUP(text_free) struct text url = {0};
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct http_request req;

    text_printf(&url, "%s%s", host_url(a, HOST_TRADING), path);
    request_fill(a, &req, method, text_str(&url));
    if (body != NULL) {
        req.headers[req.headers_len++] = (struct http_header){"Content-Type", "application/json"};
        req.body = text_str(body);
        req.body_len = body->len;
    }
    enum rc rc = a->http.perform(a->http.self, &req, &resp, err);
    if (rc != RC_OK) return err_wrap(err, "broker: %s %s", method, path);
    struct json *doc = body_parse(a, &resp);
    *ret_answer = (struct alpaca_answer){.status = resp.status, .body = resp.body, .doc = doc};
    resp.body = (struct text){0};
    return RC_OK;
}
