/*
 * Clusters: alerts of one ticker and direction that came within one window (spec 10 R3.3).
 *
 * They do not trade; they are computed so that telemetry can compare them with the score.
 */
#ifndef STRATEGY_CLUSTERS_H
#define STRATEGY_CLUSTERS_H

#include "base/arena.h"
#include "strategy/flow.h"

struct cluster {
    char ticker[SYMBOL_MAX];
    bool is_bullish;
    uint8_t type; /* enum flow_type: the most frequent, of equals the one that came first */
    size_t count;
    int64_t start_ns, end_ns;
    double premium_usd_mean;
    const size_t *member; /* count indices into the alerts given, by time */
};

struct clusters {
    struct cluster *cluster; /* by ticker, bullish first, by time; from the arena */
    size_t len;
    size_t dropped; /* alerts that could not be normalised */
};

/*
 * Filters, sorts and cuts.  Within a window every alert lies at most cluster_window_s after the
 * first one, both ends included; the first later one opens the next window.
 */
struct clusters clusters_find(const struct flow_alert *const *alert, size_t alerts_len,
                              const struct flow_limits *limits, int64_t now_ns, struct arena *a);

#endif
