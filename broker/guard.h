/*
 * The guards: brokers that wrap a broker.  main() stacks them; the stack is read there from top to
 * bottom.
 *
 * A guard may refuse (RC_DENIED, nothing was sent) or pass on; it never changes an order.  Orders
 * with `reduces` set, which close or shrink a position, pass the guards that only stop new risk.
 */
#ifndef BROKER_GUARD_H
#define BROKER_GUARD_H

#include "base/clock.h"
#include "config/config.h"
#include "model/broker.h"
#include "model/ledger.h"
#include "model/prices.h"

/* Forwards everything; a guard starts from pass_broker() and replaces the calls it watches. */
struct pass {
    struct broker inner;
};
struct broker pass_broker(struct pass *self);

/*
 * Fence: refuses to send or cancel once a newer epoch exists (ARCHITECTURE 5.1).  A stopped process
 * that wakes after its successor started sends nothing.
 */
struct fence {
    struct pass pass; /* first: forwarded calls see it */
    int64_t epoch;
    void *source;
    enum rc (*current_epoch)(void *source, int64_t *ret_epoch,
                             struct err *err); /* unreadable refuses too */
};
struct broker fence_broker(struct fence *g);

/* Arm and paper guard: new risk only where mode, URL and acknowledgement agree (spec 10 R5.1). */
struct arm_guard {
    struct pass pass;
    const struct broker_config *cfg;
};
struct broker arm_guard_broker(struct arm_guard *g);

/* Kill switch: the engine sets it each cycle from the freeze file; reason is shown in the refusal.
 */
struct kill_switch {
    struct pass pass;
    bool entries_halted;
    bool all_halted;
    char reason[128];
};
struct broker kill_switch_broker(struct kill_switch *g);

/* Risk limits on the single order and the day, whatever the strategy thinks it computed. */
struct risk_guard {
    struct pass pass;
    const struct broker *prices; /* for the notional of a market order: the latest trade */
    double max_notional_usd;     /* MAX_NOTIONAL_PER_ORDER */
    int64_t orders_per_day_max;
    const struct clock *clock;
    int64_t day; /* UTC day of the count */
    int64_t orders_today;
};
struct broker risk_guard_broker(struct risk_guard *g);

/*
 * Rate budget: at most `per_min` requests in any 60 s to the trading host, and as many to the data
 * host, which the broker counts apart.  Of the trading budget RESERVE_PERCENT is kept for cancels,
 * orders that reduce, and asking about orders and positions.  A read beyond the budget is RC_BUSY,
 * an entry RC_DENIED.
 */
enum { RATE_WINDOW_MAX = 1024, RESERVE_PERCENT = 30 };
struct rate_window {
    int64_t sent_ns[RATE_WINDOW_MAX]; /* ring of monotonic instants */
    size_t head, len;
};
struct rate_guard {
    struct pass pass;
    const struct clock *clock;
    int64_t per_min;
    struct rate_window trading, data;
};
struct broker rate_guard_broker(struct rate_guard *g);

/*
 * Spare data: prices for what must never cost the trading path an answer.  A budget of its own, a
 * third of the data budget, that is not counted in the one it watches; and nothing at all while
 * the two together would pass SPARE_TOTAL_PERCENT of it.  RC_BUSY beyond.
 */
enum { SPARE_OWN_PERCENT = 35, SPARE_TOTAL_PERCENT = 75 };
struct spare_data {
    struct broker inner;           /* below the rate budget */
    const struct rate_guard *main; /* whose data requests go first */
    struct rate_window own;
};
struct prices spare_data_prices(struct spare_data *s);

/*
 * Ledger guard: sends only what is committed in the ledger and was never sent, and writes down what
 * became of it before it returns.  RC_UNKNOWN leaves the intent UNKNOWN; it is never sent again.
 */
struct ledger_guard {
    struct pass pass;
    const struct ledger *ledger;
    const struct clock *clock;
    int64_t epoch;
};
struct broker ledger_guard_broker(struct ledger_guard *g);

/* Copies what the broker says about an order into the "known since" part of its intent. */
void intent_learn(struct intent *in, const struct order *o, int64_t now_ns);

#endif
