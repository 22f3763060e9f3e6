/*
 * The HTTP seam: one request, one answer, in bounded time.
 *
 * RC_OK means that an HTTP status arrived, whatever it is.  RC_UNKNOWN: the request may have
 * reached the server and no complete answer came (time-out, reset, cut body).  RC_IO: it certainly
 * did not leave (name, connection refused, TLS).  RC_STOPPED: cancelled before it was sent.
 * Redirects are not followed.
 *
 * Implementations: io/http.c (libcurl) and the scripted one in sim/.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/err.h"
#include "base/text.h"

enum { HTTP_HEADERS_MAX = 16, HTTP_HEADER_VALUE_MAX = 512 };

struct http_header {
    const char *name;
    const char *value; /* secret ones are never put into an error text */
};

struct http_request {
    const char *method; /* "GET", "POST", "DELETE", "PATCH" */
    const char *url;    /* https, or http on a loopback address only */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t headers_len;
    const char *body; /* NULL for none */
    size_t body_len;
    int64_t timeout_ms;         /* the whole request, real time */
    int64_t connect_timeout_ms; /* 0 = 5000                     */
    size_t body_max;            /* 0 = 16 MiB after decompression; beyond is RC_RANGE for a GET and
                                   RC_UNKNOWN for what may have changed something there */
};

struct http_response {
    int status;
    struct text body;
    char content_type[64];
    char retry_after[32];
    /* Answer headers whose lower-case names begin with x-: name and value, as received. */
    struct {
        char name[48];
        char value[80];
    } extra[HTTP_HEADERS_MAX];
    size_t extra_len;
    int64_t latency_ms;
};

struct http {
    void *self;
    enum rc (*perform)(void *self, const struct http_request *req, struct http_response *ret_resp,
                       struct err *err);
};

void http_response_free(struct http_response *r); /* fits CLEANUP */

/* The value of a kept header by its lower-case name, NULL where it did not come. */
const char *http_header(const struct http_response *r, const char *lower_name);

/* True for 127.0.0.0/8, [::1] and localhost. */
bool http_url_is_loopback(const char *url);

/* Percent-encodes for a path segment or a query value (RFC 3986 unreserved characters stay). */
void http_escape(struct text *to, const char *value);

#endif
