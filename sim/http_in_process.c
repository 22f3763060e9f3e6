#include "sim/http_in_process.h"

#include <stdio.h>
#include <string.h>

enum { URL_MAX = 4096 };

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %41 is A, + is a blank; in place. */
static void
unescape(char *s)
{
    char *to = s;

    for (; *s != '\0'; s++) {
        int hi = *s == '%' ? hex_digit(s[1]) : -1, lo = hi >= 0 ? hex_digit(s[2]) : -1;

        if (lo >= 0) {
            *to++ = (char)(hi * 16 + lo);
            s += 2;
        } else {
            *to++ = *s == '+' ? ' ' : *s;
        }
    }
    *to = '\0';
}

static void
split_query(char *at, struct sim_request *req)
{
    while (at != NULL && *at != '\0' && req->query_len < SIM_QUERY_MAX) {
        char *next = strchr(at, '&'), *value;

        if (next != NULL) *next++ = '\0';
        value = strchr(at, '=');
        if (value != NULL) *value++ = '\0';
        if (value != NULL) unescape(value);
        unescape(at);
        req->query[req->query_len++] =
            (struct sim_param){.name = at, .value = value == NULL ? "" : value};
        at = next;
    }
}

static void
take_headers(const struct http_request *from, struct sim_request *req)
{
    for (size_t i = 0; i < from->headers_len; i++) {
        const struct http_header *h = &from->headers[i];

        if (str_eq_nocase(h->name, "authorization")) req->authorization = h->value;
        if (str_eq_nocase(h->name, "apca-api-key-id")) req->apca_key = h->value;
        if (str_eq_nocase(h->name, "apca-api-secret-key")) req->apca_secret = h->value;
    }
}

/* The reply as the client would have received it; the body changes hands. */
static void
receive(struct sim_reply *from, struct http_response *ret_resp)
{
    struct http_response resp = {
        .status = from->status, .body = from->body, .latency_ms = from->delay_ms};

    from->body = (struct text){0};
    (void)str_copy(resp.content_type, sizeof(resp.content_type), from->content_type);
    for (size_t i = 0; i < from->headers_len; i++) {
        if (str_eq_nocase(from->header[i].name, "retry-after")) {
            (void)str_copy(resp.retry_after, sizeof(resp.retry_after), from->header[i].value);
        } else if (resp.extra_len < HTTP_HEADERS_MAX) {
            (void)str_copy(resp.extra[resp.extra_len].name, sizeof(resp.extra[0].name),
                           from->header[i].name);
            (void)str_copy(resp.extra[resp.extra_len].value, sizeof(resp.extra[0].value),
                           from->header[i].value);
            resp.extra_len++;
        }
    }
    *ret_resp = resp;
}

static enum rc
perform(void *self, const struct http_request *from, struct http_response *ret_resp,
        struct err *err)
{
    CLEANUP(sim_reply_free) struct sim_reply reply = {0};
    struct sim_request req = {
        .method = from->method, .body = from->body, .body_len = from->body_len};
    const char *host = strstr(from->url, "://"),
               *slash = host == NULL ? NULL : strchr(host + 3, '/');
    char url[URL_MAX];

    if (!str_copy(url, sizeof(url), slash == NULL ? "/" : slash))
        return err_set(err, RC_RANGE, "%s: address too long", from->method);

    char *query = strchr(url, '?');

    if (query != NULL) *query++ = '\0';
    split_query(query, &req);
    unescape(url);
    req.path = url;
    take_headers(from, &req);
    sim_handle(self, &req, &reply);
    if (reply.fate != FATE_ANSWER)
        return err_set(err, RC_UNKNOWN, "%s %s: connection reset", from->method, url);
    if (from->timeout_ms > 0 && reply.delay_ms > from->timeout_ms)
        return err_set(err, RC_UNKNOWN, "%s %s: timed out", from->method, url);
    receive(&reply, ret_resp);
    return RC_OK;
}

struct http
http_in_process(struct sim *sim)
{
    return (struct http){.self = sim, .perform = perform};
}
