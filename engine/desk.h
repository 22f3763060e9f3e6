/*
 * The order desk: sends what the plan wants, at most once, and finds out what became of it.
 *
 * Every order is an intent in the ledger first (ARCHITECTURE 5).  The desk never waits: it is asked
 * again by desk_tick while anything is open.  An order without an answer stays UNKNOWN; it is
 * looked up by its client id, in the order list and among the executions, and ends as `expired`
 * only after two empty look-ups ten seconds apart outside the order window with no execution of it.
 *
 * A symbol with a live intent takes no other order, except that an exit asks a working entry to be
 * cancelled first.  Fills are accepted once, by execution id; an intent is settled when it is final
 * and the sum of its fills is what the broker says was filled.
 */
#ifndef ENGINE_DESK_H
#define ENGINE_DESK_H

#include "base/clock.h"
#include "base/log.h"
#include "model/broker.h"
#include "model/ledger.h"

#define ORDER_WINDOW_NS                                                                            \
    (30 * NS_PER_S) /* a POST may still arrive that long after we gave up on it   */
#define LOOKUP_GAP_NS                                                                              \
    (10 * NS_PER_S) /* between two empty look-ups that count                     */
#define CLOCK_DOUBT_NS   (10 * NS_PER_MIN) /* our clock and the broker's may be that far apart */
#define LATE_FILLS_NS    CLOCK_DOUBT_NS /* an execution may be listed that long after it happened */
#define OUTSIDE_FILLS_NS NS_PER_DAY     /* how far back trades made by hand are looked for */
#define HINT_GAP_NS      NS_PER_S       /* between two rumours about an order that count */
enum { LOOKUPS_TO_EXPIRE = 2, HINTS_PER_MIN = 30 };

/* An intent that is over: what was really bought or sold. */
struct settled {
    const struct intent *intent;
    int64_t qty;      /* sum of its fills */
    usd cost;         /* sum of price * qty of its fills, exact */
    int64_t first_ns; /* first fill, WHEN_NONE without one */
    int64_t last_ns;  /* last fill */
};

struct desk_owner {
    void *self;
    /* Writes the trade records of a settled intent; false if they could not be written: asked
     * again. */
    bool (*settled)(void *self, const struct settled *s);
    /* Refreshes the watchdog before and after each call to the broker. */
    void (*progress)(void *self);
};

enum { DESK_ASKED_MAX = 64 };

struct desk_asked {
    char client_id[CLIENT_ID_MAX];
    int64_t at_ns;          /* of the last question; 0 = none yet */
    int64_t known_mono_ns;  /* since when this process knows the order */
    int64_t hinted_mono_ns; /* of the last rumour that counted; 0 = none */
    int64_t lookup_mono_ns; /* of the last empty look-up that counted; 0 = none */
};

struct desk {
    const struct broker *broker;
    const struct ledger *ledger;
    const struct clock *clock;
    const struct log *log;
    struct desk_owner owner;
    int64_t epoch;
    int64_t cycle;

    struct arena scratch;    /* one tick */
    struct intents live;     /* as of the last tick, in scratch */
    bool is_live_known;      /* false: the ledger could not be read then, and live is empty */
    int64_t fills_pulled_ns; /* executions up to here are in the ledger; WHEN_NONE at the start */
    size_t accepted_this_cycle;
    struct desk_asked asked[DESK_ASKED_MAX];
    int64_t hints_mono_ns; /* when the minute began in which so many rumours counted */
    int hints;
};

void desk_init(struct desk *d, const struct broker *broker, const struct ledger *ledger,
               const struct clock *clock, const struct log *log, struct desk_owner owner,
               int64_t epoch);
void desk_done(struct desk *d);

/* v1-<epoch>-<utc date>-<cycle>-<symbol>-<hash of intent>, at most 48 characters. */
void desk_client_id(const struct intent *in, char ret_id[CLIENT_ID_MAX]);

/*
 * Commits the intent and sends it once.  The caller fills order (without client_id), purpose,
 * reason, context; the desk the rest.  RC_BUSY if the symbol has a live intent; otherwise as
 * broker->submit, and *ret_in says what is known.
 */
enum rc desk_send(struct desk *d, const struct intent *in, struct intent *ret_in,
                  struct err *err) MUST_USE;

/* Brings every live intent up to date, pulls new executions, settles what is over. */
enum rc desk_tick(struct desk *d, struct err *err) MUST_USE;

/*
 * Takes the executions of the last day into the ledger, also those of orders that are not ours:
 * called when ledger and broker differ.
 */
enum rc desk_pull(struct desk *d, struct err *err) MUST_USE;

/* Asks for the cancellation of every open intent of the symbol with that purpose. */
void desk_cancel(struct desk *d, const char *symbol, enum intent_purpose purpose);

/*
 * A rumour that this order has changed: it is due at the next tick.  False where it is not live,
 * for a second after the last rumour about it that counted, and beyond HINTS_PER_MIN: a stream that
 * floods must not use up the budget of requests.
 */
bool desk_hint(struct desk *d, const char *client_id);

/* The live intent of a symbol as of the last tick or send, NULL where there is none. */
const struct intent *desk_live(const struct desk *d, const char *symbol);
size_t desk_live_count(const struct desk *d, enum intent_purpose purpose);
bool desk_has_unknown(const struct desk *d);

#endif
