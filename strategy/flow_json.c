#include "strategy/flow_json.h"

#include <math.h>

/* A value as it was received: text as it is, a number in its shortest form, "" for what is absent.
 */
static void
put_received(struct text *to, const struct json *v)
{
    char number[F64_TEXT_MAX];
    if (json_string(v) != NULL) {
        text_puts(to, json_string(v));
    } else if (json_kind(v) == JSON_NUMBER) {
        text_puts(to, f64_text(json_f64_of(v, 0), number));
    }
}

static const struct json *
time_of(const struct json *alert)
{
    return alert_first_usable(json_get(alert, "created_at"), json_get(alert, "timestamp"));
}

const char *
flow_alert_time_text(const struct json *alert, int64_t now_ns, char buf[ISO_TEXT_MAX])
{
    const struct json *at = time_of(alert);
    if (json_string(at) != NULL) {
        (void)str_copy(buf, ISO_TEXT_MAX, json_string(at)); /* a time of 48 characters is none */
        return buf;
    }
    int64_t at_ns = json_kind(at) == JSON_NUMBER ? when_from_s_f64(json_f64_of(at, 0)) : now_ns;
    return when_iso(at_ns == WHEN_NONE ? now_ns : at_ns, buf);
}

static void
write_id(struct json_out *o, const struct json *alert, const char *ticker)
{
    CLEANUP(text_free) struct text id = {0};
    text_printf(&id, "%s_", ticker);
    put_received(&id, time_of(alert));
    text_putc(&id, '_');
    put_received(&id, json_get(alert, "strike"));
    json_out_str(o, "id", text_str(&id));
}

static void
write_magnitude(struct json_out *o, const struct json *alert)
{
    const struct json *v =
        alert_first_usable(json_get(alert, "flow_magnitude"), json_get(alert, "magnitude"));
    char word[FACT_WORD_MAX] = "";

    if (v != NULL)
        (void)str_copy(word, sizeof word, json_string(v) != NULL ? json_string(v) : "UNKNOWN");
    str_upper(word);
    json_out_str(o, "flow_magnitude", word);
}

static void
write_contracts(struct json_out *o, const struct json *alert)
{
    const struct json *oi =
        alert_first_usable(json_get(alert, "open_interest"), json_get(alert, "oi"));
    int64_t volume = 0, open_interest = 0;

    /* A text that is no number was the reason to drop the alert; it is shown as 0. */
    if (!alert_whole(json_get(alert, "volume"), &volume)) volume = 0;
    if (!alert_whole(oi, &open_interest)) open_interest = 0;
    json_out_i64(o, "volume", volume);
    json_out_i64(o, "open_interest", open_interest);
}

void
flow_alert_write(struct json_out *o, const char *key, const struct json *alert,
                 const struct flow_alert *a, int64_t now_ns)
{
    const struct json *expiry =
        alert_first_usable(json_get(alert, "expiry"), json_get(alert, "expiration"));
    const struct json *conv =
        alert_first_usable(json_get(alert, "flow_conv"), json_get(alert, "flow_conviction"));
    char at[ISO_TEXT_MAX];

    if (conv == NULL) conv = json_get(alert, "conviction");
    json_out_obj(o, key);
    json_out_str(o, "ticker", a->ticker);
    json_out_str(o, "timestamp", flow_alert_time_text(alert, now_ns, at));
    json_out_str(o, "direction", a->is_bullish ? "bullish" : "bearish");
    json_out_str(o, "flow_type", flow_type_name((enum flow_type)a->type));
    json_out_str(o, "signal_type", flow_signal_name(a->is_bullish, (enum flow_type)a->type));
    json_out_f64(o, "flow_conv", json_f64_of(conv, 0));
    write_magnitude(o, alert);
    json_out_f64(o, "premium_usd", a->premium_usd);
    json_out_f64(o, "strike", json_f64(alert, "strike", 0));
    json_out_str(o, "expiry", json_string(expiry));
    write_contracts(o, alert);
    json_out_f64(o, "spot", json_f64(alert, "underlying_price", 0));
    json_out_str(o, "exchange", json_str(alert, "exchange", NULL));
    write_id(o, alert, a->ticker);
    json_out_end(o);
}
