#include "broker/alpaca_stream.h"

#include "base/json.h"
#include "strategy/arm.h"

static const struct json_limits LIMITS = {.bytes_max = TRADE_MESSAGE_MAX, .depth_max = 16};

enum rc
alpaca_stream_url(const struct broker_config *cfg, struct text *ret_url, struct err *err)
{
    enum arm_state state = arm_check(cfg).state;
    const char *rest = strstr(cfg->base_url, "://");

    if (state != ARMED && state != ARM_NO_LIVE_ACK)
        return err_set(err, RC_DENIED, "trade stream: %s", arm_state_name(state));
    if (rest == NULL) return err_set(err, RC_DENIED, "trade stream: no URL");
    text_clear(ret_url);
    text_printf(ret_url, "%s%.*s/stream", str_starts(cfg->base_url, "https") ? "wss" : "ws",
                (int)(3 + strcspn(rest + 3, "/?#")), rest);
    return RC_OK;
}

void
alpaca_stream_login(const struct broker_config *cfg, struct text *ret_message)
{
    struct json_out o = {.to = ret_message};

    json_out_obj(&o, NULL);
    json_out_str(&o, "action", "authenticate");
    json_out_obj(&o, "data");
    json_out_str(&o, "key_id", cfg->key);
    json_out_str(&o, "secret_key", cfg->secret);
    json_out_end(&o);
    json_out_end(&o);
}

void
alpaca_stream_listen(struct text *ret_message)
{
    text_puts(ret_message, "{\"action\":\"listen\",\"data\":{\"streams\":[\"trade_updates\"]}}");
}

static enum trade_event
event_from(const char *word)
{
    static const struct {
        const char *word;
        enum trade_event event;
    } KNOWN[] = {
        {"new",          TRADE_EVENT_NEW         },
        {"fill",         TRADE_EVENT_FILL        },
        {"partial_fill", TRADE_EVENT_PARTIAL_FILL},
        {"canceled",     TRADE_EVENT_CANCELED    },
        {"expired",      TRADE_EVENT_EXPIRED     },
        {"rejected",     TRADE_EVENT_REJECTED    },
        {"replaced",     TRADE_EVENT_REPLACED    },
    };

    for (size_t i = 0; i < COUNT_OF(KNOWN); i++)
        if (str_eq(word, KNOWN[i].word)) return KNOWN[i].event;
    return str_starts(word, "pending_") ? TRADE_EVENT_PENDING : TRADE_EVENT_UNKNOWN;
}

static enum rc
decode_update(const struct json *data, struct trade_update *u, struct err *err)
{
    struct json_in in = {.obj = json_get_obj(data, "order"), .err = err};
    const char *id = json_need_str(&in, "id");

    if (in.rc != RC_OK) return err_wrap(err, "trade stream: order");
    if (id[0] == '\0' || !str_copy(u->broker_id, sizeof(u->broker_id), id))
        return err_set(err, RC_PARSE, "trade stream: order: id: empty or too long");
    if (!str_copy(u->client_id, sizeof(u->client_id), json_str(in.obj, "client_order_id", "")))
        return err_set(err, RC_PARSE, "trade stream: order: client_order_id: too long");
    u->kind = TRADE_UPDATE;
    u->event = event_from(json_str(data, "event", ""));
    return RC_OK;
}

/* Listening to something else than what we asked for is a refusal. */
static bool
is_listening(const struct json *data)
{
    for (const struct json *v = json_first(json_get_arr(data, "streams")); v != NULL;
         v = json_next(v)) {
        const char *name = json_string(v);

        if (name != NULL && str_eq(name, "trade_updates")) return true;
    }
    return false;
}

enum rc
alpaca_stream_decode(const char *bytes, size_t len, struct trade_update *ret_update,
                     struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct trade_update u = {.kind = TRADE_OTHER};
    enum rc rc = json_parse(bytes, len, JSON_STRICT, &LIMITS, &doc, err);

    if (rc != RC_OK) return err_set(err, RC_PARSE, "trade stream: a message that is no JSON");
    if (!json_is_object(doc))
        return err_set(err, RC_PARSE, "trade stream: a message that is no object");
    const char *stream = json_str(doc, "stream", "");
    const struct json *data = json_get_obj(doc, "data");
    if (str_eq(stream, "trade_updates"))
        rc = decode_update(data, &u, err);
    else if (str_eq(stream, "authorization"))
        u.kind =
            str_eq(json_str(data, "status", ""), "authorized") ? TRADE_AUTHORIZED : TRADE_REFUSED;
    else if (str_eq(stream, "listening"))
        u.kind = is_listening(data) ? TRADE_LISTENING : TRADE_REFUSED;
    if (rc == RC_OK) *ret_update = u;
    return rc;
}
