#include "scripts/broker_view.h"

#include "io/process.h"

static enum rc
no_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    (void)self;
    (void)o;
    (void)ret_order;
    return err_set(err, RC_DENIED, "this command sends no order");
}

static enum rc
no_cancel(void *self, const char *broker_id, struct err *err)
{
    (void)self;
    (void)broker_id;
    return err_set(err, RC_DENIED, "this command cancels no order");
}

enum rc
broker_view_open(struct broker_view *v, const struct broker_config *cfg, const struct clock *clock,
                 struct err *err)
{
    const struct http_options options = {.clock = clock};

    *v = (struct broker_view){0};
    if (cfg->key[0] == '\0' || cfg->secret[0] == '\0')
        return err_set(err, RC_DENIED, "no broker keys (ALPACA_KEY, ALPACA_SECRET)");
    enum rc rc = process_guard_secrets(err);
    if (rc == RC_OK) rc = curl_http_new(&options, &v->curl, err);
    if (rc != RC_OK) return rc;
    v->http = curl_http_seam(v->curl);
    alpaca_init(&v->alpaca, &v->http, clock, cfg);
    v->rate = (struct rate_guard){
        .pass = {alpaca_broker(&v->alpaca)}, .clock = clock, .per_min = cfg->requests_per_min};
    v->pass = (struct pass){rate_guard_broker(&v->rate)};
    v->broker = pass_broker(&v->pass);
    v->broker.submit = no_submit;
    v->broker.cancel = no_cancel;
    return RC_OK;
}

void
broker_view_done(struct broker_view *v)
{
    curl_http_free(v->curl);
    v->curl = NULL;
}
