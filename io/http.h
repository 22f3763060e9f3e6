/*
 * http: libcurl behind the seam of base/http.h.  The only includer of libcurl.
 *
 * Before anything is sent: https only, or http to this machine; no user name in the URL; no line
 * breaks in headers.  Certificates are verified, redirects are not followed, there are no cookies,
 * no .netrc, and no proxy for this machine.  Answers to GET may come over a connection that is
 * kept; every other method gets a fresh one, because libcurl sends again by itself what a kept
 * connection lost, and an order must go out once.
 *
 * While it waits it looks at the stop flag at least every 100 ms and calls the progress function at
 * least every second.  Deadlines are real time.  Error texts hold method, scheme and host, never a
 * path, a header or a body: a path can be a secret too (webhooks).
 */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <signal.h>

#include "base/clock.h"
#include "base/http.h"

enum { HTTP_STOP_CHECK_MS = 100, HTTP_PROGRESS_MS = 1000, HTTP_TIMEOUT_MS_MAX = 600000 };

struct http_options {
    const struct clock *clock;         /* for its monotonic time; borrowed */
    const volatile sig_atomic_t *stop; /* cancels when not 0; NULL = never; borrowed */
    void (*progress)(void *ctx);       /* NULL = none */
    void *progress_ctx;
    const char *ca_file; /* NULL = the system's certificates; borrowed */
};

struct curl_http; /* a client: one request at a time, connections kept between them */

/* Gives a client for curl_http_free.  The process ignores SIGPIPE from now on. */
enum rc curl_http_new(const struct http_options *opt, struct curl_http **ret_http,
                      struct err *err) MUST_USE;
void curl_http_free(struct curl_http *h);

/* The seam. */
struct http curl_http_seam(struct curl_http *h);

/*
 * The same without waiting, for who has a loop of his own: begin, then look again and again.
 * RC_BUSY from a look: still under way.  Anything else is the end of it, as perform() gives it. One
 * request at a time, and none through the seam meanwhile; req and what it points to stay until the
 * end.
 */
enum rc curl_http_begin(struct curl_http *h, const struct http_request *req,
                        struct err *err) MUST_USE;
enum rc curl_http_look(struct curl_http *h, struct http_response *ret_resp,
                       struct err *err) MUST_USE;

#endif
