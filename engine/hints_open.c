#include "broker/alpaca_stream.h"
#include "engine/hints.h"
#include "io/ws.h"

struct ws *
hints_open(struct hints *h, const struct config *cfg, const struct hints_seams *seams)
{
    CLEANUP(text_free) struct text url = {0};
    struct hints_seams all = *seams;
    struct ws *ws = NULL;
    struct err err = {0};

    *h = (struct hints){.state = HINTS_OFF};
    if (!cfg->engine.trade_stream) return NULL;
    enum rc rc = alpaca_stream_url(&cfg->broker, &url, &err);
    const struct ws_options opt = {.url = text_str(&url), .message_max = TRADE_MESSAGE_MAX};
    if (rc == RC_OK) rc = ws_new(&opt, &ws, &err);
    if (rc != RC_OK) {
        log_event(seams->log, EV_TRADE_STREAM_LOST, F_STR("error", err.text));
        return NULL;
    }
    all.stream = ws_seam(ws);
    all.cfg = &cfg->broker;
    all.silence_ns = cfg->engine.trade_stream_silence_s * NS_PER_S;
    hints_init(h, &all);
    return ws;
}
