/*
 * Prices of the market: quote, trade, bar.
 */
#ifndef MODEL_MARKET_H
#define MODEL_MARKET_H

#include "base/usd.h"
#include "base/when.h"
#include "model/symbol.h"

struct nbbo {
    usd bid, ask; /* best bid and offer over all venues; both > 0 and bid <= ask where is_known */
    int64_t at_ns;
    bool is_known;
};

struct last_trade {
    usd price; /* > 0 where is_known */
    int64_t at_ns;
    bool is_known;
};

struct bar {
    int64_t start_ns;
    usd open, high, low, close;
    int64_t volume; /* shares */
};

struct bars {
    struct bar *bar; /* ascending by start, from an arena */
    size_t len;
};

enum bar_size { BAR_1MIN, BAR_1DAY };

#endif
