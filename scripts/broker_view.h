/*
 * A broker that is only asked: Alpaca by the settings behind a rate budget,
 * without the stack that could send.  submit and cancel are RC_DENIED.
 */
#ifndef SCRIPTS_BROKER_VIEW_H
#define SCRIPTS_BROKER_VIEW_H

#include "broker/alpaca.h"
#include "broker/guard.h"
#include "config/config.h"
#include "io/http.h"

struct broker_view {
    struct curl_http *curl;
    struct http http;
    struct alpaca alpaca;
    struct rate_guard rate;
    struct pass pass;
    struct broker broker;
};

/* v must stay where it is; cfg and clock are borrowed.  RC_DENIED without keys.
 */
enum rc broker_view_open(struct broker_view *v, const struct broker_config *cfg,
                         const struct clock *clock, struct err *err) MUST_USE;
void broker_view_done(struct broker_view *v);

#endif
