/*
 * One symbol of data/uw_flow_cache.json, as the v1 path keeps it from cycle to cycle (spec 10
 * section 2.2).
 *
 * Under one KiB, and 56 bytes an alert, in one allocation that symbol_flow_done gives back.  The
 * bytes of the cache are not needed afterwards.
 */
#ifndef STRATEGY_SYMBOL_FLOW_H
#define STRATEGY_SYMBOL_FLOW_H

#include "strategy/flow.h"
#include "strategy/flow_facts.h"

enum {
    FLOW_ALERTS_MAX =
        1024 /* a symbol; the writer keeps 100.  Further ones are counted, not read. */
};

struct symbol_flow {
    char symbol[SYMBOL_MAX];
    bool is_simulated; /* synthetic data: never scored for live entries */
    bool has_conviction, has_trade_count;
    enum sentiment sentiment;
    double conviction;  /* 0 where absent or not a number */
    double trade_count; /* whole; meaningful with has_trade_count */
    int64_t updated_s;  /* _last_update, else last_update; WHEN_NONE where neither is there */
    struct flow_facts facts;
    struct flow_alert *alert; /* owned */
    size_t alerts_len;
    size_t flow_trades_len; /* as in the cache, may pass FLOW_ALERTS_MAX */
};

/*
 * Gives a symbol_flow to be freed with symbol_flow_done; never fails: what is missing is marked
 * missing.
 *
 * symbol  its key in the cache; upper-cased.  False (and nothing given) where it is no symbol or
 * obj is no object: the caller skips it.
 */
bool symbol_flow_decode(const char *symbol, const struct json *obj,
                        struct symbol_flow *ret_flow) MUST_USE;
void symbol_flow_done(struct symbol_flow *f); /* as after = {0} */

/* Older than two hours, or of unknown age: stale for reporting (spec 10 R2.5). */
bool symbol_flow_is_stale(const struct symbol_flow *f, int64_t now_ns);

/* The alerts of an array, at most FLOW_ALERTS_MAX; gives memory for free().  NULL where there are
 * none. */
struct flow_alert *flow_alerts_decode(const struct json *array, size_t *ret_len);

#endif
