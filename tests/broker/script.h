/*
 * The Alpaca adapter over a scripted server: answers in order, and what it was asked.
 */
#ifndef TESTS_BROKER_SCRIPT_H
#define TESTS_BROKER_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "broker/alpaca.h"

struct answer {
    enum rc rc; /* of the transport */
    int status;
    const char *body;
};

struct script {
    const struct answer *answer;
    size_t len, next;
    int posts, reads, deletes;
    char last_url[512];
    char last_body[512];
};

static enum rc
script_perform(void *self, const struct http_request *req, struct http_response *ret_resp,
               struct err *err)
{
    struct script *s = self;

    s->posts += str_eq(req->method, "POST");
    s->reads += str_eq(req->method, "GET");
    s->deletes += str_eq(req->method, "DELETE");
    (void)str_copy(s->last_url, sizeof(s->last_url), req->url);
    if (req->body != NULL) (void)str_copy(s->last_body, sizeof(s->last_body), req->body);
    assert_true(s->next < s->len);
    const struct answer *a = &s->answer[s->next++];
    if (a->rc != RC_OK) return err_set(err, a->rc, "scripted");
    ret_resp->status = a->status;
    text_puts(&ret_resp->body, a->body);
    return RC_OK;
}

static int64_t
the_now(void *self)
{
    return *(int64_t *)self;
}

static int64_t
same_ns(void *self, int64_t wall_ns)
{
    (void)self;
    return wall_ns;
}

static void
no_sleep(void *self, int64_t wall_ns)
{
    *(int64_t *)self += wall_ns;
}

struct fixture {
    struct script script;
    struct alpaca alpaca;
    struct broker broker;
    struct broker_config cfg;
    int64_t now_ns;
};

static void
setup(struct fixture *f, const struct answer *answers, size_t len)
{
    *f = (struct fixture){
        .script = {.answer = answers, .len = len},
          .now_ns = 1000 * NS_PER_S
    };
    f->cfg = (struct broker_config){.key = "k",
                                    .secret = "s",
                                    .base_url = "https://paper-api.alpaca.markets",
                                    .data_url = "https://data.alpaca.markets"};
    struct http http = {.self = &f->script, .perform = script_perform};
    struct clock clock = {.self = &f->now_ns,
                          .now_ns = the_now,
                          .mono_ns = the_now,
                          .real_ns = same_ns,
                          .sleep = no_sleep};
    alpaca_init(&f->alpaca, &http, &clock, &f->cfg);
    f->broker = alpaca_broker(&f->alpaca);
}

#define ORDER_JSON                                                                                 \
    "{\"id\":\"b-1\",\"client_order_id\":\"c-1\",\"symbol\":\"AAPL\",\"side\":\"buy\",\"type\":"   \
    "\"limit\","                                                                                   \
    "\"status\":\"partially_filled\",\"qty\":\"10\",\"filled_qty\":\"3\",\"filled_avg_price\":"    \
    "\"174.785\","                                                                                 \
    "\"limit_price\":\"174.79\",\"submitted_at\":\"2026-01-30T15:00:00.123456789Z\",\"filled_"     \
    "at\":null}"

static struct order_intent
an_order(void)
{
    struct order_intent o = {
        .side = SIDE_BUY, .type = ORDER_LIMIT, .qty = 10, .limit = USD_CENTS(17479)};

    (void)str_copy(o.client_id, sizeof(o.client_id), "c-1");
    (void)str_copy(o.symbol, sizeof(o.symbol), "AAPL");
    return o;
}

#endif
