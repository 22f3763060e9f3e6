/*
 * Prices for the symbols that are worth asking about, within the broker's budget of requests.
 */
#ifndef ENGINE_MARKET_H
#define ENGINE_MARKET_H

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "model/broker.h"
#include "strategy/snapshot.h"

enum {
    MARKET_SYMBOLS_MAX = 24, /* candidates asked about in one cycle: three requests each */
    ASSETS_MAX = 1024,
    STALE_MAX = 256 /* beyond it the one said longest ago goes */
};

/* What does not change within a day. */
struct asset_note {
    char symbol[SYMBOL_MAX];
    enum tristate shortable;
    int64_t day; /* UTC day of the answer */
};

/* Stale bars of a symbol, and when they were last said. */
struct stale_note {
    char symbol[SYMBOL_MAX];
    int64_t said_ns;
};

struct market {
    const struct broker *broker;
    const struct clock *clock;
    const struct log *log;
    const struct strategy_config *cfg;
    struct asset_note asset[ASSETS_MAX];
    size_t assets_len;
    struct stale_note stale[STALE_MAX];
    size_t stale_len;
    int64_t regime_tried_ns;
    int64_t probed_ns; /* 0: not yet */
};

/* Indicators of the composite gate's last two rules. */
struct market_view {
    double price, ema20, atr20; /* USD; 0 = not known */
};

/*
 * Fills last, quote, momentum and shortable of the candidate; what did not answer stays missing.
 * Errors are for the cycle's list; the return is the first of them, RC_OK without one.
 */
enum rc market_ask(struct market *m, struct candidate *c, struct arena *a,
                   struct market_view *ret_view, struct err *err);

/*
 * Looks every ten minutes whether minute bars come at all, and are of these minutes: those of SPY,
 * which is traded in each (spec 10 R5.31).  What is wrong with them is said; the error is that of
 * the request.
 */
enum rc market_probe_bars(struct market *m, struct arena *a, struct err *err) MUST_USE;

/* Recomputes the structural regime from SPY's daily closes when it is older than REGIME_REFRESH_S.
 */
void market_regime_refresh(struct market *m, struct structural_state *state, struct arena *a);

#endif
