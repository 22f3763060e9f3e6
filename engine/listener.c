#include "engine/listener.h"

#include <math.h>
#include <poll.h>

#define OPENING_MAX_NS (20 * NS_PER_S) /* from the handshake to the first "listening" */

void
listener_init(struct listener *l, const struct listener_options *opt)
{
    *l = (struct listener){.opt = *opt};
    trade_stream_url(opt->cfg->base_url, &l->url);
    rng_init(&l->rng, opt->seed);
}

void
listener_done(struct listener *l)
{
    websocket_free(l->ws);
    text_free(&l->url);
    *l = (struct listener){0};
}

static int64_t
now_of(const struct listener *l)
{
    return clock_mono(l->opt.clock);
}

static void
enter(struct listener *l, enum listener_phase phase)
{
    l->phase = phase;
    l->phase_ns = now_of(l);
}

/* 1, 2, 4 … 60 s, four fifths to six fifths of it. */
static int64_t
retry_ns(struct listener *l)
{
    int64_t wait_ns = LISTENER_RETRY_MIN_NS;

    if (l->is_refused) return LISTENER_RETRY_REFUSED_NS;
    for (int i = 1; i < l->failures && wait_ns < LISTENER_RETRY_MAX_NS; i++)
        wait_ns *= 2;
    return (int64_t)((double)MIN(wait_ns, LISTENER_RETRY_MAX_NS) * (0.8 + 0.4 * rng_f64(&l->rng)));
}

/* One word when it was lost, none for each vain attempt after it.  why may be the stream's own. */
static void
go_away(struct listener *l, const char *why)
{
    l->failures++;
    int64_t wait_ns = retry_ns(l);
    l->next_try_ns = now_of(l) + wait_ns;
    if (!l->is_trouble_told)
        log_event(l->opt.log, EV_TRADE_STREAM_LOST, F_STR("error", why),
                  F_STR("phase", l->phase == LISTENER_LIVE ? "live" : "opening"),
                  F_F64("retry_s", (double)wait_ns / (double)NS_PER_S));
    l->is_trouble_told = true;
    if (l->ws != NULL) l->heard_ns = websocket_heard_ns(l->ws);
    websocket_free(l->ws);
    l->ws = NULL;
    enter(l, LISTENER_AWAY);
}

/* ---- messages ------------------------------------------------------------------------------ */

static void
send(struct listener *l, void (*write)(const struct listener *l, struct text *to))
{
    CLEANUP(text_free) struct text text = {0};

    write(l, &text);
    websocket_send(l->ws, text_str(&text), text.len);
}

static void
who_we_are(const struct listener *l, struct text *to)
{
    trade_stream_authenticate(l->opt.cfg, to);
}

static void
what_we_want(const struct listener *l, struct text *to)
{
    (void)l;
    trade_stream_listen(to);
}

static void
become_live(struct listener *l)
{
    l->failures = 0;
    l->is_trouble_told = l->is_bad_told = false;
    l->connections++;
    enter(l, LISTENER_LIVE);
    log_event(l->opt.log, EV_TRADE_STREAM_LIVE, F_I64("connections", l->connections));
}

static void
say_bad(struct listener *l, const struct err *err)
{
    if (!l->is_bad_told) log_event(l->opt.log, EV_TRADE_STREAM_BAD, F_STR("error", err->text));
    l->is_bad_told = true;
}

static void
take_message(void *ctx, const char *bytes, size_t len)
{
    struct listener *l = ctx;
    struct trade_message m;
    struct err err = {0};

    if (trade_message_decode(bytes, len, &m, &err) != RC_OK) {
        say_bad(l, &err);
        return;
    }
    switch (m.kind) {
    case TRADE_AUTHORISED:
        if (l->phase != LISTENER_AUTHENTICATING) break;
        send(l, what_we_want);
        enter(l, LISTENER_SUBSCRIBING);
        break;
    case TRADE_REFUSED:
        l->is_refused = true; /* acted upon by the step: it is running now */
        break;
    case TRADE_LISTENING:
        if (l->phase == LISTENER_SUBSCRIBING) become_live(l);
        break;
    case TRADE_UPDATE:
        l->updates++;
        if (m.client_id[0] != '\0' && trade_event_is_change(m.event))
            l->opt.changed(l->opt.ctx, m.client_id);
        break;
    case TRADE_OTHER:
        break;
    }
}

/* ---- stepping ------------------------------------------------------------------------------ */

static void
try_again(struct listener *l)
{
    struct websocket_options opt = {
        .url = text_str(&l->url), .clock = l->opt.clock, .message = take_message, .ctx = l};
    struct err err = {0};

    if (now_of(l) < l->next_try_ns) return;
    l->is_refused = false;
    enter(l, LISTENER_OPENING);
    if (websocket_new(&opt, &l->ws, &err) != RC_OK) go_away(l, err.text);
}

/* A line that is alive answers a ping; what does not is given up. */
static void
keep_alive(struct listener *l)
{
    int64_t now_ns = now_of(l), heard_ns = websocket_heard_ns(l->ws), quiet_ns = now_ns - heard_ns;
    /* A cycle may have kept us away: the silence is theirs once a ping had its time. */
    bool is_asked = l->pinged_ns > heard_ns && now_ns - l->pinged_ns > l->opt.silent_ns / 3;

    if (l->phase == LISTENER_LIVE && quiet_ns > l->opt.silent_ns && is_asked) {
        log_event(l->opt.log, EV_TRADE_STREAM_SILENT,
                  F_F64("age_s", (double)quiet_ns / (double)NS_PER_S));
        go_away(l, "silent for too long");
        return;
    }
    if (l->phase == LISTENER_LIVE && quiet_ns > l->opt.silent_ns / 3 &&
        now_ns - l->pinged_ns > l->opt.silent_ns / 3) {
        l->pinged_ns = now_ns;
        websocket_ping(l->ws);
        (void)websocket_step(l->ws);
    }
    if (l->phase != LISTENER_LIVE && now_ns - l->phase_ns > OPENING_MAX_NS)
        go_away(l, "the stream does not get ready");
}

void
listener_step(struct listener *l)
{
    if (l == NULL) return;
    if (l->phase == LISTENER_AWAY) try_again(l);
    if (l->phase == LISTENER_AWAY) return;
    enum websocket_state state = websocket_step(l->ws);
    if (l->is_refused) {
        go_away(l, "the broker refused our keys");
        return;
    }
    if (state == WEBSOCKET_OVER) {
        go_away(l, websocket_why(l->ws));
        return;
    }
    if (state == WEBSOCKET_OPEN && l->phase == LISTENER_OPENING) {
        enter(l, LISTENER_AUTHENTICATING);
        send(l, who_we_are);
        (void)websocket_step(l->ws); /* sent at once; what it says is heard at the next step */
    }
    keep_alive(l);
}

int64_t
listener_due_ns(const struct listener *l)
{
    if (l == NULL) return INT64_MAX;
    if (l->phase == LISTENER_AWAY) return l->next_try_ns;
    if (websocket_fd(l->ws) < 0) return now_of(l) + WEBSOCKET_STEP_MS * NS_PER_MS;
    return now_of(l) + (l->phase == LISTENER_LIVE ? l->opt.silent_ns / 3 : NS_PER_S);
}

int
listener_fd(const struct listener *l, short *ret_events)
{
    *ret_events = POLLIN;
    if (l == NULL || l->ws == NULL) return -1;
    if (websocket_wants_write(l->ws)) *ret_events = POLLIN | POLLOUT;
    return websocket_fd(l->ws);
}

const char *
listener_state(const struct listener *l)
{
    return l->phase == LISTENER_LIVE ? "live" : l->phase == LISTENER_AWAY ? "away" : "opening";
}

double
listener_age_s(const struct listener *l)
{
    int64_t heard_ns = l->ws != NULL ? websocket_heard_ns(l->ws) : l->heard_ns;

    if (l->connections == 0) return (double)NAN;
    return (double)(now_of(l) - heard_ns) / (double)NS_PER_S;
}
