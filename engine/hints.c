#include "engine/hints.h"

#include "broker/alpaca_stream.h"

static const char *const NAMES[] = {[HINTS_OFF] = "off",
                                    [HINTS_DOWN] = "down",
                                    [HINTS_CONNECTING] = "connecting",
                                    [HINTS_LOGIN] = "login",
                                    [HINTS_LISTENING] = "listening"};

static int64_t
now_mono(const struct hints *h)
{
    return clock_mono(&h->seams.clock);
}

static void
enter(struct hints *h, enum hints_state state)
{
    h->state = state;
    h->since_mono_ns = h->heard_mono_ns = h->pinged_mono_ns = now_mono(h);
}

/* 1, 2, 4 … 60 s, each a fifth sooner or later. */
static int64_t
pause_ns(struct hints *h)
{
    int64_t ns = HINTS_AGAIN_NS;

    for (int i = 1; i < h->failures && ns < HINTS_AGAIN_MAX; i++)
        ns *= 2;
    ns = MIN(ns, HINTS_AGAIN_MAX);
    return ns + rng_range(&h->rng, -ns / 5, ns / 5);
}

/* Told at the 1st, 2nd, 4th, 8th … failure in a row: a broker without a stream is no news. */
static void
lose(struct hints *h, enum event_id event, const char *why)
{
    h->seams.stream.close(h->seams.stream.self);
    h->failures++;
    enter(h, HINTS_DOWN);
    h->retry_mono_ns = now_mono(h) + pause_ns(h);
    if ((h->failures & (h->failures - 1)) == 0)
        log_event(h->seams.log, event, F_STR("error", why), F_I64("failures", h->failures));
}

static void
begin(struct hints *h)
{
    struct err err = {0};

    if (now_mono(h) < h->retry_mono_ns) return;
    h->is_garbage_told = false;
    if (h->seams.stream.open(h->seams.stream.self, &err) == RC_OK)
        enter(h, HINTS_CONNECTING);
    else
        lose(h, EV_TRADE_STREAM_LOST, err.text);
}

static void
say(struct hints *h, const struct text *message)
{
    struct err err = {0};

    if (h->seams.stream.send(h->seams.stream.self, text_str(message), message->len, &err) != RC_OK)
        lose(h, EV_TRADE_STREAM_LOST, err.text);
}

static void
log_in(struct hints *h)
{
    CLEANUP(text_free) struct text login = {0};

    enter(h, HINTS_LOGIN);
    alpaca_stream_login(h->seams.cfg, &login);
    say(h, &login);
}

/* Whether the budget of this minute lets a hint be followed. */
static bool
may_follow(struct hints *h)
{
    if (now_mono(h) - h->minute_mono_ns >= NS_PER_MIN) {
        h->minute_mono_ns = now_mono(h);
        h->followed = 0;
    }
    return h->followed < HINTS_PER_MIN;
}

static bool
follow(struct hints *h, const struct trade_update *u)
{
    if (!may_follow(h) || !h->seams.changed(h->seams.ctx, u->client_id, u->broker_id)) return false;
    h->followed++;
    return true;
}

/* True if an order is to be asked for now. */
static bool
answer(struct hints *h, const struct trade_update *u)
{
    CLEANUP(text_free) struct text listen = {0};

    switch (u->kind) {
    case TRADE_OTHER:
        return false;
    case TRADE_AUTHORIZED:
        alpaca_stream_listen(&listen);
        if (h->state == HINTS_LOGIN) say(h, &listen);
        return false;
    case TRADE_REFUSED:
        lose(h, EV_TRADE_STREAM_REFUSED, "the stream does not take our keys");
        return false;
    case TRADE_LISTENING:
        if (h->state != HINTS_LOGIN) return false;
        h->state = HINTS_LISTENING;
        h->since_mono_ns = now_mono(h);
        h->failures = 0;
        log_event(h->seams.log, EV_TRADE_STREAM_UP);
        return false;
    case TRADE_UPDATE:
        return h->state == HINTS_LISTENING && follow(h, u);
    }
    return false;
}

static bool
read_messages(struct hints *h)
{
    CLEANUP(text_free) struct text message = {0};
    bool is_any = false;

    for (int i = 0; i < HINTS_STEP_MESSAGES_MAX; i++) {
        struct trade_update u;
        struct err err = {0};

        if (h->state != HINTS_LOGIN && h->state != HINTS_LISTENING) break;
        if (!h->seams.stream.take(h->seams.stream.self, &message)) break;
        if (alpaca_stream_decode(text_str(&message), message.len, &u, &err) == RC_OK) {
            is_any |= answer(h, &u);
        } else if (!h->is_garbage_told) {
            h->is_garbage_told = true;
            log_event(h->seams.log, EV_TRADE_STREAM_GARBAGE, F_STR("error", err.text));
        }
    }
    return is_any;
}

/* Silence counts while we listened: what came during a long cycle still waits to be read. */
static void
note_heard(struct hints *h)
{
    int64_t now_ns = now_mono(h);
    int64_t away_ns = now_ns - h->step_mono_ns;
    uint64_t heard = h->seams.stream.heard(h->seams.stream.self);

    if (away_ns > HINTS_UNSEEN_MAX)
        h->heard_mono_ns = MIN(now_ns, h->heard_mono_ns + away_ns - HINTS_UNSEEN_MAX);
    if (heard != h->heard) h->heard_mono_ns = now_ns;
    h->heard = heard;
    h->step_mono_ns = now_ns;
}

/* Pings three times in the time that may be silent; gives up after it. */
static void
mind_silence(struct hints *h)
{
    int64_t now_ns = now_mono(h);
    int64_t limit_ns = h->seams.silence_ns;

    if (h->state == HINTS_LISTENING && now_ns - h->heard_mono_ns > limit_ns) {
        lose(h, EV_TRADE_STREAM_SILENT, "nothing was heard for too long");
    } else if ((h->state == HINTS_CONNECTING || h->state == HINTS_LOGIN) &&
               now_ns - h->since_mono_ns > HINTS_BEGIN_NS) {
        lose(h, EV_TRADE_STREAM_LOST, "no connection in time");
    } else if (h->state == HINTS_LISTENING && now_ns - h->heard_mono_ns > limit_ns / 3 &&
               now_ns - h->pinged_mono_ns > limit_ns / 3) {
        h->pinged_mono_ns = now_ns;
        h->seams.stream.ping(h->seams.stream.self);
    }
}

void
hints_init(struct hints *h, const struct hints_seams *seams)
{
    *h = (struct hints){.seams = *seams, .state = HINTS_OFF};
    rng_init(&h->rng, seams->seed);
    if (seams->stream.self == NULL) return;
    enter(h, HINTS_DOWN);
    h->retry_mono_ns = h->step_mono_ns = h->minute_mono_ns = h->since_mono_ns;
}

void
hints_done(struct hints *h)
{
    if (h->state != HINTS_OFF) h->seams.stream.close(h->seams.stream.self);
    h->state = HINTS_OFF;
}

bool
hints_step(struct hints *h)
{
    if (!hints_are_on(h)) return false;
    if (h->state == HINTS_DOWN) {
        h->step_mono_ns = now_mono(h);
        begin(h);
        return false;
    }
    enum stream_state stream = h->seams.stream.step(h->seams.stream.self);
    note_heard(h);
    if (h->state == HINTS_CONNECTING && stream == STREAM_OPEN) log_in(h);
    bool is_any = read_messages(h);
    if (stream == STREAM_CLOSED && h->state != HINTS_DOWN)
        lose(h, EV_TRADE_STREAM_LOST, h->seams.stream.why(h->seams.stream.self));
    mind_silence(h);
    return is_any;
}

bool
hints_are_on(const struct hints *h)
{
    return h != NULL && h->state != HINTS_OFF;
}

const char *
hints_state_name(const struct hints *h)
{
    return NAMES[h->state];
}

int64_t
hints_age_s(const struct hints *h)
{
    bool is_open = h->state == HINTS_LOGIN || h->state == HINTS_LISTENING;

    return is_open ? (now_mono(h) - h->heard_mono_ns) / NS_PER_S : -1;
}
