/*
 * The HTTP seam for tests: answers from a script or from a function, and remembers what was asked.
 */
#ifndef TESTS_LIB_FAKE_HTTP_H
#define TESTS_LIB_FAKE_HTTP_H

#include "base/clock.h"
#include "base/http.h"

enum { FAKE_REPLIES_MAX = 64, FAKE_URL_MAX = 1024 };

struct fake_reply {
    enum rc rc;       /* RC_OK: the status arrived */
    int status;       /* 0 = 200 */
    const char *body; /* NULL = {"data":[]} */
    size_t body_len;  /* 0 = strlen(body) */
    const char *retry_after;
    const char *daily_count, *daily_limit; /* x-uw-... headers, NULL = not sent */
    const char *error;                     /* words of a failure */
};

struct fake_http {
    struct fake_reply
        script[FAKE_REPLIES_MAX]; /* one after the other; the last one again and again */
    size_t script_len, script_at;
    /* In place of the script: fills the reply; text may be used for its body. */
    void (*answer)(void *ctx, const struct http_request *req, struct text *body,
                   struct fake_reply *ret_reply);
    void *ctx;
    const struct clock *clock; /* for the times of the requests; NULL = not kept */
    int64_t *mono_ns;          /* of each request */
    size_t mono_cap;
    size_t requests;
    char url[FAKE_URL_MAX];  /* of the last one */
    char authorization[128]; /* of the last one */
    int64_t timeout_ms;      /* of the last one */
};

void fake_http_push(struct fake_http *f, struct fake_reply reply);
void fake_http_reset(struct fake_http *f); /* an empty script, nothing asked */
struct http fake_http_seam(struct fake_http *f);

#endif
