#include "tests/lib/fake_http.h"

void
fake_http_push(struct fake_http *f, struct fake_reply reply)
{
    ASSERT(f->script_len < FAKE_REPLIES_MAX);
    f->script[f->script_len++] = reply;
}

void
fake_http_reset(struct fake_http *f)
{
    f->script_len = f->script_at = f->requests = 0;
    f->url[0] = f->authorization[0] = '\0';
}

static void
add_header(struct http_response *r, const char *name, const char *value)
{
    if (value == NULL) return;
    (void)str_copy(r->extra[r->extra_len].name, sizeof r->extra[0].name, name);
    (void)str_copy(r->extra[r->extra_len].value, sizeof r->extra[0].value, value);
    r->extra_len++;
}

static void
remember(struct fake_http *f, const struct http_request *req)
{
    (void)str_copy(f->url, sizeof f->url, req->url);
    f->authorization[0] = '\0';
    for (size_t i = 0; i < req->headers_len; i++) {
        if (str_eq(req->headers[i].name, "Authorization"))
            (void)str_copy(f->authorization, sizeof f->authorization, req->headers[i].value);
    }
    f->timeout_ms = req->timeout_ms;
    if (f->clock != NULL && f->requests < f->mono_cap)
        f->mono_ns[f->requests] = clock_mono(f->clock);
    f->requests++;
}

static enum rc
perform(void *self, const struct http_request *req, struct http_response *ret_resp, struct err *err)
{
    struct fake_http *f = self;
    struct fake_reply reply = {0};
    CLEANUP(text_free) struct text body = {0};

    remember(f, req);
    if (f->answer != NULL) {
        f->answer(f->ctx, req, &body, &reply);
    } else if (f->script_len > 0) {
        reply = f->script[MIN(f->script_at, f->script_len - 1)];
        f->script_at++;
    }
    if (reply.rc != RC_OK)
        return err_set(err, reply.rc, "%s", reply.error != NULL ? reply.error : "scripted");
    *ret_resp =
        (struct http_response){.status = reply.status != 0 ? reply.status : 200, .latency_ms = 7};
    if (reply.body != NULL)
        text_add(&ret_resp->body, reply.body,
                 reply.body_len > 0 ? reply.body_len : strlen(reply.body));
    else if (body.len > 0)
        text_add(&ret_resp->body, text_str(&body), body.len);
    else
        text_puts(&ret_resp->body, "{\"data\":[]}");
    if (reply.retry_after != NULL)
        (void)str_copy(ret_resp->retry_after, sizeof ret_resp->retry_after, reply.retry_after);
    add_header(ret_resp, "x-uw-daily-req-count", reply.daily_count);
    add_header(ret_resp, "x-uw-token-req-limit", reply.daily_limit);
    return RC_OK;
}

struct http
fake_http_seam(struct fake_http *f)
{
    return (struct http){.self = f, .perform = perform};
}
