/*
 * Hints: what the broker's stream of trade updates is good for.  An update makes the desk ask for
 * its order sooner; it is never a fill, a state or an end of an order by itself.  Lost ones cost
 * nothing but time, for orders are asked for anyway; doubled and false ones cost a question, of
 * which there are at most HINTS_PER_MIN.
 *
 * A step never waits.  A stream on which nothing is heard, answers to our pings included, for the
 * time that the settings say is told of, closed and opened anew; so is one that ends.  Attempts are
 * 1, 2, 4 … 60 s apart, each a fifth sooner or later by chance.
 */
#ifndef ENGINE_HINTS_H
#define ENGINE_HINTS_H

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/stream.h"
#include "config/config.h"

#define HINTS_STEP_NS    (100 * NS_PER_MS) /* between two steps, real time */
#define HINTS_BEGIN_NS   (15 * NS_PER_S)   /* for connecting and logging in */
#define HINTS_AGAIN_NS   NS_PER_S
#define HINTS_AGAIN_MAX  (60 * NS_PER_S)
#define HINTS_UNSEEN_MAX NS_PER_S /* between two steps; more of silence is our own absence */
enum { HINTS_PER_MIN = 30, HINTS_STEP_MESSAGES_MAX = 64 };

enum hints_state { HINTS_OFF, HINTS_DOWN, HINTS_CONNECTING, HINTS_LOGIN, HINTS_LISTENING };

struct hints_seams {
    struct stream stream; /* {0}: hints are off */
    struct clock clock;
    const struct log *log;
    const struct broker_config *cfg;
    int64_t silence_ns;
    uint64_t seed;
    /* An order may have changed: true if it is one to be asked for now. */
    bool (*changed)(void *ctx, const char *client_id, const char *broker_id);
    void *ctx;
};

struct hints {
    struct hints_seams seams;
    enum hints_state state;
    struct rng rng;
    int failures;           /* attempts since it last listened */
    int64_t since_mono_ns;  /* of the state */
    int64_t retry_mono_ns;  /* while down */
    int64_t heard_mono_ns;  /* of the last frame */
    int64_t pinged_mono_ns; /* of our last ping */
    int64_t step_mono_ns;   /* of the last step */
    uint64_t heard;         /* frames at the last step */
    int64_t minute_mono_ns; /* when the minute began in which so many hints were followed */
    int followed;
    bool is_garbage_told; /* once a connection */
};

void hints_init(struct hints *h, const struct hints_seams *seams);
void hints_done(struct hints *h);

struct ws;
/*
 * hints_init over the broker's own stream, where TRADE_STREAM wants it; seams lacks stream, cfg and
 * silence_ns, which are the settings'.  Gives the connection for ws_free after hints_done; NULL
 * where there is none: an engine without trade updates asks for its orders anyway.
 */
struct ws *hints_open(struct hints *h, const struct config *cfg, const struct hints_seams *seams);

/* Moves on as far as it goes without waiting; true if an order is to be asked for now.  NULL is
 * off. */
bool hints_step(struct hints *h);
bool hints_are_on(const struct hints *h);

/* For the heartbeat: "off", "down", "connecting", "login", "listening"; and for how many seconds
 * nothing was heard, -1 where it is not open. */
const char *hints_state_name(const struct hints *h);
int64_t hints_age_s(const struct hints *h);

#endif
