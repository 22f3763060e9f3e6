/*
 * The A/B ledger: hypothetical orders of v2 where v1 traded too, held without limit and marked to
 * market.
 *
 * The older of the two paper systems, with a state and a stream of its own; it shares nothing with
 * the simulator (spec 30 D-9).  Repeated executions add up.
 */
#ifndef SHADOW_AB_LEDGER_H
#define SHADOW_AB_LEDGER_H

#include "base/text.h"
#include "base/when.h"
#include "shadow/pnl.h"

enum ab_side { AB_LONG, AB_SHORT };

const char *ab_side_name(enum ab_side s); /* "long", "short" */

/* "short" and "sell" in any case are short, anything else is long. */
enum ab_side ab_side_from(const char *word);

struct ab_position {
    const char *symbol; /* upper case, "" where the record has none */
    enum ab_side side;
    double qty, entry_price; /* 0 where the record has none               */
    int64_t entered_ns;      /* WHEN_NONE where the text is no instant    */
};

/* ---- a hypothetical order ------------------------------------------------------------------ */

enum ab_merge_act {
    AB_UNCHANGED, /* the order has no quantity or no price     */
    AB_ADDED,     /* to the first position of symbol and side  */
    AB_APPENDED
};

struct ab_merge {
    enum ab_merge_act act;
    size_t index;            /* of the position added to            */
    double qty, entry_price; /* of the position afterwards          */
    bool takes_fill_time;    /* the order is the older of the two   */
};

/* The price is the mean by quantity; where the position had no quantity or price, the order's. */
struct ab_merge ab_merge(const struct ab_position *p, size_t len, const struct ab_position *fill);

/* ---- one look at a position ---------------------------------------------------------------- */

#define AB_STALE_AGE_MIN   240.0 /* TIME_EXIT_MINUTES                */
#define AB_STALE_PNL_BELOW 0.03  /* TIME_EXIT_STALE_PNL_THRESH_PCT    */

struct ab_seen {
    int64_t now_ns;
    double price;          /* newest minute close; not above zero: none             */
    const char *direction; /* of the symbol's cluster: "bullish", "bearish"         */
    const char *posture;   /* "long", "short"                                       */
    bool may_exit;         /* SHADOW_EXIT_ENABLED                                   */
};

enum ab_act {
    AB_DROPPED, /* a record without symbol, quantity or price: nothing is said of it */
    AB_NO_PRICE,
    AB_MARKED,
    AB_CLOSED
};

enum ab_reason { AB_COUNTER_SIGNAL, AB_POSTURE_RISK_OFF, AB_POSTURE_RISK_ON, AB_STALE_ALPHA };

/* "counter_signal", "posture_risk_off", "posture_risk_on", "stale_alpha" */
const char *ab_reason_name(enum ab_reason r);

struct ab_look {
    enum ab_act act;
    struct shadow_pnl pnl; /* where there is a price                    */
    double age_min;        /* NaN where the entry time is not known     */
    enum ab_reason reason; /* if AB_CLOSED                              */
};

/*
 * Marks to market and, where exits are on, closes by the first of: a signal against the side; a
 * posture of "short" on a long, of "long" on a short; 240 minutes old and within 3 % of the entry.
 */
struct ab_look ab_look_at(const struct ab_position *p, const struct ab_seen *seen);

#endif
