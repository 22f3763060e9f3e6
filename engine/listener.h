/*
 * listener: hears on the broker's stream that an order has changed, so that the desk asks at once
 * instead of at its next turn.
 *
 * The stream is the third witness and the least: a message lost, doubled, late or invented moves a
 * question in time and decides nothing.  Connecting never waits; a stream that is lost is tried
 * again after 1, 2, 4 … 60 s, one that is silent for too long is given up.  Real time throughout.
 */
#ifndef ENGINE_LISTENER_H
#define ENGINE_LISTENER_H

#include "base/log.h"
#include "base/rand.h"
#include "broker/trade_stream.h"
#include "io/websocket.h"

#define LISTENER_RETRY_MIN_NS     NS_PER_S
#define LISTENER_RETRY_MAX_NS     (60 * NS_PER_S)
#define LISTENER_RETRY_REFUSED_NS (15 * NS_PER_MIN) /* wrong keys do not mend themselves */

enum listener_phase {
    LISTENER_AWAY, /* until the next try */
    LISTENER_OPENING,
    LISTENER_AUTHENTICATING,
    LISTENER_SUBSCRIBING,
    LISTENER_LIVE
};

struct listener_options {
    const struct broker_config *cfg; /* borrowed */
    const struct clock *clock;       /* borrowed */
    const struct log *log;           /* borrowed */
    int64_t silent_ns;               /* nothing heard for so long, not even a pong: given up */
    uint64_t seed;                   /* of the jitter */
    /* An order of ours has changed. */
    void (*changed)(void *ctx, const char *client_id);
    void *ctx;
};

struct listener {
    struct listener_options opt;
    struct text url;
    struct rng rng;
    struct websocket *ws; /* NULL while away */
    enum listener_phase phase;
    int64_t next_try_ns, phase_ns, pinged_ns; /* monotonic */
    int64_t heard_ns;                         /* of the last connection; 0 = never */
    int failures;                             /* in a row */
    bool is_refused, is_trouble_told, is_bad_told;
    int64_t updates, connections;
};

void listener_init(struct listener *l, const struct listener_options *opt);
void listener_done(struct listener *l);

/* Does what is possible at once. */
void listener_step(struct listener *l);

/* When to step at the latest (monotonic), and what to wait for besides: -1 for no descriptor. */
int64_t listener_due_ns(const struct listener *l);
int listener_fd(const struct listener *l, short *ret_events);

/* "away", "opening", "live"; seconds since anything was heard, NAN for never. */
const char *listener_state(const struct listener *l);
double listener_age_s(const struct listener *l);

#endif
