#include "sim/trade_stream.h"

#include "base/ws.h"
#include "sim/alpaca.h"

void
trade_stream_answer(const struct sim_request *req, struct sim_reply *r)
{
    char accept[WS_ACCEPT_MAX];

    if (req->ws_key == NULL) {
        alpaca_refuse(r, 400, 40010000, "a WebSocket handshake is wanted");
        return;
    }
    r->status = 101;
    sim_header(r, "Upgrade", "websocket");
    sim_header(r, "Sec-WebSocket-Accept", ws_accept(req->ws_key, accept));
}

/* ---- saying -------------------------------------------------------------------------------- */

static void
say(struct trade_stream *t, const struct text *json)
{
    ws_frame_write(&t->out, WS_BINARY, text_str(json), json->len, NULL);
}

/* {"stream": stream, "data": {…}}: what is between is the caller's. */
static void
message_begin(struct json_out *o, const char *stream)
{
    json_out_obj(o, NULL);
    json_out_str(o, "stream", stream);
    json_out_obj(o, "data");
}

static void
message_end(struct json_out *o)
{
    json_out_end(o);
    json_out_end(o);
}

static void
say_authorisation(struct trade_stream *t, const char *action)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    message_begin(&o, "authorization");
    json_out_str(&o, "status", t->is_authorised ? "authorized" : "unauthorized");
    json_out_str(&o, "action", action);
    message_end(&o);
    say(t, &json);
}

static void
say_listening(struct trade_stream *t)
{
    CLEANUP(text_free) struct text json = {0};
    struct json_out o = {.to = &json};

    message_begin(&o, "listening");
    json_out_arr(&o, "streams");
    json_out_str(&o, NULL, "trade_updates");
    json_out_end(&o);
    message_end(&o);
    say(t, &json);
}

/* ---- the book's changes -------------------------------------------------------------------- */

/* What happens to the frame of an update. */
static void
send_update(struct trade_stream *t, struct sim *sim, const char *event, const struct text *json)
{
    CLEANUP(text_free) struct text path = {0};
    struct civil local = zone_local(sim->ny, sim->now_ns);

    text_printf(&path, "/%s", event);
    struct fault_choice c = faults_choose(&sim->faults, "STREAM", text_str(&path),
                                          local.hour * 60 + local.minute, t->updates++);
    sim->faults_hit += c.is_any ? 1 : 0;
    if (c.is_dropped) return;
    if (c.is_garbage) text_puts(&t->out, "\xf3garbage, not a frame");
    if (c.is_truncated) ws_frame_write(&t->out, WS_BINARY, text_str(json), json->len / 2, NULL);
    if (!c.is_garbage && !c.is_truncated) say(t, json);
    if (c.book.is_fill_repeated) say(t, json);
    t->is_reset = t->is_over = c.is_reset;
}

static void
tell_order(struct trade_stream *t, struct sim *sim, const struct book_order *order,
           const char *event, const struct book_fill *fill)
{
    CLEANUP(text_free) struct text json = {0};
    CLEANUP(text_free) struct text body = {0};
    struct json_out o = {.to = &json}, inner = {.to = &body};

    alpaca_out_order(sim, order, &inner);
    message_begin(&o, "trade_updates");
    json_out_str(&o, "event", event);
    if (fill != NULL) {
        json_out_str(&o, "execution_id", fill->f.fill_id);
        json_out_usd(&o, "price", fill->f.price);
        json_out_i64(&o, "qty", fill->f.qty);
        json_out_time(&o, "timestamp", fill->f.at_ns);
    }
    json_out_raw(&o, "order", text_str(&body), body.len);
    message_end(&o);
    send_update(t, sim, event, &json);
}

/* The stream's words are those of the status, but for these. */
static const char *
event_of(enum order_status s)
{
    return s == ORDER_PENDING ? "new" : order_status_name(s);
}

void
trade_stream_look(struct trade_stream *t, struct sim *sim)
{
    const struct sim_book *b = &sim->book;

    if (!t->is_listening || t->is_over) return;
    sim->now_ns = clock_now(sim->clock);
    book_advance(&sim->book, sim->now_ns);
    for (; t->fills_seen < b->fills_len && !t->is_over; t->fills_seen++) {
        const struct book_fill *f = &b->fill[t->fills_seen];

        if (f->visible_ns > sim->now_ns) break;
        tell_order(t, sim, &b->order[f->order], f->leaves_qty > 0 ? "partial_fill" : "fill", f);
    }
    for (size_t i = 0; i < b->orders_len && !t->is_over; i++) {
        enum order_status now = b->order[i].o.status;
        bool is_new = i == t->statuses.len;

        if (is_new) text_putc(&t->statuses, (char)ORDER_STATUS_UNKNOWN);
        if (t->statuses.data[i] == (char)now) continue;
        t->statuses.data[i] = (char)now;
        /* Executions were told above. */
        if (now != ORDER_FILLED && now != ORDER_PARTIALLY_FILLED)
            tell_order(t, sim, &b->order[i], event_of(now), NULL);
    }
}

/* What was before somebody listened is nobody's news. */
static void
begin_listening(struct trade_stream *t, const struct sim *sim)
{
    const struct sim_book *b = &sim->book;

    t->is_listening = true;
    t->fills_seen = b->fills_len;
    for (size_t i = t->statuses.len; i < b->orders_len; i++)
        text_putc(&t->statuses, (char)b->order[i].o.status);
}

/* ---- hearing ------------------------------------------------------------------------------- */

static void
take_message(struct trade_stream *t, struct sim *sim, const char *bytes, size_t len)
{
    CLEANUP(json_freep) struct json *doc = NULL;

    if (json_parse(bytes, len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL) != RC_OK) {
        t->is_over = true;
        return;
    }
    const char *action = json_str(doc, "action", "");
    const struct json *data = json_get_obj(doc, "data");
    if (str_eq(action, "authenticate")) {
        t->is_authorised = str_eq(json_str(data, "key_id", ""), sim->keys.alpaca) &&
                           str_eq(json_str(data, "secret_key", ""), sim->keys.alpaca_secret);
        say_authorisation(t, action);
        t->is_over = !t->is_authorised;
    } else if (str_eq(action, "listen") && t->is_authorised) {
        begin_listening(t, sim);
        say_listening(t);
    } else if (str_eq(action, "listen")) {
        say_authorisation(t, action);
    }
}

void
trade_stream_take(struct trade_stream *t, struct sim *sim, const char *bytes, size_t len)
{
    size_t at = 0;

    text_add(&t->in, bytes, len);
    while (!t->is_over && at < t->in.len) {
        struct ws_frame f;

        if (ws_frame_read(t->in.data + at, t->in.len - at, true, TRADE_STREAM_FRAME_MAX, &f,
                          NULL) != RC_OK) {
            t->is_over = true;
            break;
        }
        if (f.consumed == 0) break;
        at += f.consumed;
        if (f.op == WS_PING) ws_frame_write(&t->out, WS_PONG, f.payload, f.len, NULL);
        if (f.op == WS_CLOSE) t->is_over = true;
        if (f.op == WS_TEXT || f.op == WS_BINARY) take_message(t, sim, f.payload, f.len);
    }
    text_drop(&t->in, at);
}

void
trade_stream_done(struct trade_stream *t)
{
    text_free(&t->in);
    text_free(&t->out);
    text_free(&t->statuses);
}
