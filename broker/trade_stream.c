#include "broker/trade_stream.h"

#include "base/json.h"

static enum trade_message_kind
kind_of(const char *stream, const struct json *data)
{
    if (str_eq(stream, "trade_updates")) return TRADE_UPDATE;
    if (str_eq(stream, "authorization"))
        return str_eq(json_str(data, "status", ""), "authorized") ? TRADE_AUTHORISED
                                                                  : TRADE_REFUSED;
    if (!str_eq(stream, "listening")) return TRADE_OTHER;
    for (const struct json *s = json_first(json_get_arr(data, "streams")); s != NULL;
         s = json_next(s))
        if (str_eq(json_string(s), "trade_updates")) return TRADE_LISTENING;
    return TRADE_OTHER;
}

enum rc
trade_message_decode(const char *bytes, size_t len, struct trade_message *ret_message,
                     struct err *err)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct trade_message m = {0};

    if (json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, err) != RC_OK)
        return err_wrap(err, "trade update");
    if (!json_is_object(doc)) return err_set(err, RC_PARSE, "trade update: no object");
    const struct json *data = json_get_obj(doc, "data");
    m.kind = kind_of(json_str(doc, "stream", ""), data);
    if (m.kind == TRADE_UPDATE) {
        const struct json *order = json_get_obj(data, "order");

        if (order == NULL) return err_set(err, RC_PARSE, "trade update: data.order is missing");
        (void)str_copy(m.event, sizeof m.event, json_str(data, "event", ""));
        (void)symbol_set(m.symbol, json_str(order, "symbol", "")); /* stays "" */
        /* An id that is longer than ours is somebody else's. */
        if (!str_copy(m.client_id, sizeof m.client_id, json_str(order, "client_order_id", "")))
            m.client_id[0] = '\0';
    }
    *ret_message = m;
    return RC_OK;
}

bool
trade_event_is_change(const char *event)
{
    static const char *const QUIET[] = {"accepted", "calculated", "new", "pending_cancel",
                                        "pending_new"};

    for (size_t i = 0; i < COUNT_OF(QUIET); i++)
        if (str_eq(event, QUIET[i])) return false;
    return true;
}

void
trade_stream_url(const char *base_url, struct text *to)
{
    size_t len = strlen(base_url);

    while (len > 0 && base_url[len - 1] == '/')
        len--;
    text_add(to, base_url, len);
    text_puts(to, "/stream");
}

void
trade_stream_authenticate(const struct broker_config *cfg, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_str(&o, "action", "authenticate");
    json_out_obj(&o, "data");
    json_out_str(&o, "key_id", cfg->key);
    json_out_str(&o, "secret_key", cfg->secret);
    json_out_end(&o);
    json_out_end(&o);
}

void
trade_stream_listen(struct text *to)
{
    text_puts(to, "{\"action\":\"listen\",\"data\":{\"streams\":[\"trade_updates\"]}}");
}
