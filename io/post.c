#include "io/post.h"

#include <time.h>

struct poster {
    struct poster_options opt;
    struct curl_http *http;
    struct http_request req;
    struct text queue[POST_QUEUE_MAX]; /* a ring; the first is under way or the next to be sent */
    size_t first, len;
    bool is_under_way;
};

enum rc
poster_new(const struct poster_options *opt, struct poster **ret_poster, struct err *err)
{
    struct http_options http = {.clock = opt->clock};
    struct poster *p = calloc(1, sizeof *p);

    if (p == NULL) return err_set(err, RC_NOMEM, "poster");
    enum rc rc = curl_http_new(&http, &p->http, err);
    if (rc != RC_OK) {
        free(p);
        return rc;
    }
    p->opt = *opt;
    p->req = (struct http_request){
        .method = "POST", .url = opt->url, .timeout_ms = POST_TIMEOUT_MS, .body_max = 64 << 10};
    p->req.headers[p->req.headers_len++] = (struct http_header){"Content-Type", "application/json"};
    *ret_poster = p;
    return RC_OK;
}

void
poster_free(struct poster *p)
{
    if (p == NULL) return;
    curl_http_free(p->http);
    for (size_t i = 0; i < POST_QUEUE_MAX; i++)
        text_free(&p->queue[i]);
    free(p);
}

void
poster_put(struct poster *p, const char *json, size_t len)
{
    if (p->len == POST_QUEUE_MAX) {
        p->opt.failed(p->opt.failed_ctx, "the queue is full");
        return;
    }
    struct text *to = &p->queue[(p->first + p->len++) % POST_QUEUE_MAX];
    text_clear(to);
    text_add(to, json, len);
}

/* The first of the queue is done with, whatever became of it. */
static void
drop_first(struct poster *p)
{
    p->first = (p->first + 1) % POST_QUEUE_MAX;
    p->len--;
    p->is_under_way = false;
}

static enum rc
begin(struct poster *p, struct err *err)
{
    const struct text *body = &p->queue[p->first];

    p->req.body = text_str(body);
    p->req.body_len = body->len;
    enum rc rc = curl_http_begin(p->http, &p->req, err);
    p->is_under_way = rc == RC_OK;
    return rc;
}

static enum rc
look(struct poster *p, struct err *err)
{
    CLEANUP(http_response_free) struct http_response answer = {0};
    enum rc rc = curl_http_look(p->http, &answer, err);

    if (rc == RC_OK && (answer.status < 200 || answer.status > 299))
        rc = err_set(err, RC_DENIED, "the server answered %d", answer.status);
    return rc;
}

bool
poster_step(struct poster *p)
{
    while (p != NULL && p->len > 0) {
        struct err err = {0};
        enum rc rc = p->is_under_way ? RC_OK : begin(p, &err);

        if (rc == RC_OK) rc = look(p, &err);
        if (rc == RC_BUSY) return true;
        if (rc != RC_OK) p->opt.failed(p->opt.failed_ctx, err.text);
        drop_first(p);
    }
    return false;
}

void
poster_drain(struct poster *p)
{
    const struct timespec pause = {.tv_nsec = POST_STEP_MS * NS_PER_MS};

    if (p == NULL) return;
    int64_t until_ns = clock_mono(p->opt.clock) + POST_DRAIN_NS;
    while (poster_step(p) && clock_mono(p->opt.clock) < until_ns)
        (void)nanosleep(&pause, NULL); /* woken early: looked at early */
}
