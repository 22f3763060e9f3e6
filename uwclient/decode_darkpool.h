/*
 * Dark-pool prints of one symbol (spec 20 3.8.2).
 */
#ifndef UWCLIENT_DECODE_DARKPOOL_H
#define UWCLIENT_DECODE_DARKPOOL_H

#include "uwclient/decode.h"

enum {
    DARKPOOL_ROWS_MAX = 500 /* the server sends no more: an answer of so many was cut */
};

struct dark_pool {
    const char *sentiment;
    usd total_notional, total_notional_1h;
    int64_t off_lit_volume; /* shares */
    int64_t buy_volume, sell_volume;
    int64_t print_count;
    bool is_truncated;
};

/*
 * Cancelled prints are dropped.  A print is a buy above the middle of its NBBO and a sell below it,
 * unless its price was agreed elsewhere (averages, prior references, contingent and derivative
 * trades).
 *
 * sentiment  BULLISH or BEARISH by the sign of buys - sells, once more than 1 000 000 USD were
 * printed
 */
void dark_pool_decode(const struct json *body, int64_t now_ns, struct dark_pool *ret_pool);
/* The rule of the sentiment alone; net_volume: bought less sold shares. */
const char *dark_pool_sentiment(usd total_notional, int64_t net_volume);
void dark_pool_write(const struct dark_pool *p, int64_t now_ns, struct member *m);

#endif
