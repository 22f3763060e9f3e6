/*
 * http_server: a small scripted HTTP server on a loopback port of its own, in a thread of the test.
 *
 *   struct http_server *s = http_server_start((struct reply[]){{.status = 200, .body = "{}"}}, 1);
 *   ... http_server_url(s, "/v2/orders") ...
 *   http_server_stop(s);
 *
 * Request number i, counted over all connections, gets reply i; past the end the last reply is
 * given again.  What was asked is kept and may be read at any time.
 */
#ifndef TESTS_LIB_HTTP_SERVER_H
#define TESTS_LIB_HTTP_SERVER_H

#include "base/compiler.h"

enum reply_how {
    REPLY_WHOLE,     /* status, headers, body */
    REPLY_GZIP,      /* as WHOLE, the body compressed */
    REPLY_TRUNCATED, /* promises the whole body, sends half of it, closes */
    REPLY_DRIP,      /* one byte of the body every drip_ms */
    REPLY_RAW,       /* the body is sent as it is, without any header, then closed */
    REPLY_SILENT,    /* reads the request, then says nothing; the client must give up */
    REPLY_CLOSE,     /* reads the request, closes without a word */
    REPLY_RESET,     /* reads the request, resets the connection */
    REPLY_THEN_CLOSE /* as WHOLE, then closes the connection without having announced it */
};

struct reply {
    enum reply_how how;
    int status;               /* 0 = 200 */
    const char *headers;      /* whole lines, each ending in \r\n; NULL for none */
    const char *content_type; /* NULL = application/json */
    const char *body;         /* NULL = "" */
    size_t body_len;          /* 0 = strlen(body) */
    int delay_ms;             /* before the answer begins */
    int drip_ms;
};

enum { HTTP_SEEN_MAX = 64 };

struct seen_request {
    char method[8];
    char target[512];   /* path and query as sent */
    char headers[2048]; /* as sent, request line and blank line left out */
    char body[2048];
    int connection; /* number of the connection it came over, from 0 */
};

struct http_server;

struct http_server *http_server_start(const struct reply *replies, size_t n);
/* As above, and closes this many connections right after accepting them, before it begins to
 * answer. */
struct http_server *http_server_start_rude(const struct reply *replies, size_t n, int rude);
void http_server_stop(struct http_server *s);

int http_server_port(const struct http_server *s);
/* "http://127.0.0.1:<port><path>"; good until 16 more were asked for. */
const char *http_server_url(const struct http_server *s, const char *path);

size_t http_server_seen(struct http_server *s);  /* requests read completely */
int http_server_accepted(struct http_server *s); /* connections */
struct seen_request http_server_request(struct http_server *s, size_t i);

/* A loopback port on which nobody listens (just closed). */
int http_closed_port(void);

#endif
