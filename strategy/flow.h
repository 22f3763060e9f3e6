/*
 * One option flow alert, reduced to what strategy decides on (spec 10 section 3, R3.1 and R3.2).
 *
 * An alert arrives as an object of some 36 fields; a symbol keeps up to a hundred of them and the
 * engine thousands of symbols.  What stays is 56 bytes an alert: what the base filter, the clusters
 * and the sweep urgency of the score read.  Pure: the clock is an argument where one is needed.
 *
 *   flow.c        flow_alert_decode(), the base filter, names
 *   flow_json.c   flow_alert_write(): the normalised alert as an object, for `stockbot calc` and
 * logs clusters.c    alerts that came close together (clusters.h)
 */
#ifndef STRATEGY_FLOW_H
#define STRATEGY_FLOW_H

#include "base/json.h"
#include "base/when.h"
#include "model/symbol.h"

enum flow_type { FLOW_SWEEP, FLOW_BLOCK, FLOW_MULTILEG, FLOW_SINGLELEG, FLOW_TYPES_LEN };

struct flow_alert {
    int64_t at_ns; /* WHEN_NONE: the alert names no time, which means now                      */
    int64_t expiry_ns; /* a date is its 00:00 UTC; WHEN_NONE: none, or not a date */
    int64_t sweep_ns; /* time by the keys of the sweep rule (R4.10); WHEN_NONE: no time is known  */
    double premium_usd;
    char ticker[SYMBOL_MAX]; /* "" where the alert is not usable */
    uint8_t type;            /* enum flow_type */
    bool is_bullish;         /* call bought at the ask, or put sold at the bid */
    bool has_volume_over_oi; /* volume > open interest: new positions are likely */
    bool is_usable;          /* could be normalised; one that could not is counted as dropped */
    bool is_large_sweep;     /* a sweep of at least FLOW_LARGE_SWEEP_USD (R4.10 a, b) */
};

/* The premium from which a sweep counts for urgency (spec 10 R4.10). */
#define FLOW_LARGE_SWEEP_USD 100000.0

struct flow_limits {
    double min_premium_usd;   /* 100 000 */
    int64_t max_expiry_days;  /* 7       */
    int64_t cluster_window_s; /* 600     */
    int64_t cluster_min;      /* 3 alerts */
};

/* The defaults above. */
extern const struct flow_limits FLOW_LIMITS_DEFAULT;

/* Never fails: an alert that cannot be normalised comes out with is_usable = false. */
struct flow_alert flow_alert_decode(const struct json *alert);

/*
 * The base filter (spec 10 R3.2): premium, expiry, volume over open interest, single-leg kinds
 * only.
 *
 * An expiry in the past passes: only the far end is bounded.
 */
bool flow_alert_passes(const struct flow_alert *a, const struct flow_limits *limits,
                       int64_t now_ns);

/* "sweep", "block", "multileg", "singleleg" */
const char *flow_type_name(enum flow_type t);
/* "BULLISH_SWEEP", ... */
const char *flow_signal_name(bool is_bullish, enum flow_type t);

/* The normalised alert (R3.1) as an object; alert is what a was decoded from. */
void flow_alert_write(struct json_out *o, const char *key, const struct json *alert,
                      const struct flow_alert *a, int64_t now_ns);

/* The alert's own text of its time; an ISO text for a number and for an alert without one. */
const char *flow_alert_time_text(const struct json *alert, int64_t now_ns, char buf[ISO_TEXT_MAX]);

#endif
