/*
 * Answers about the whole market: tide, top net impact (spec 20 3.8.3, 3.8.4).
 */
#ifndef UWCLIENT_DECODE_MARKET_H
#define UWCLIENT_DECODE_MARKET_H

#include "model/symbol.h"
#include "uwclient/decode.h"

struct market_tide {
    bool has_row;
    usd call_premium;      /* bullish side: max(c, 0) + max(-p, 0) */
    usd put_premium;       /* bearish side: max(-c, 0) + max(p, 0) */
    usd net_call, net_put; /* c and p as sent: cumulative over the day, signed */
    int64_t net_volume;
    const char *sentiment;        /* the side that is more than 1.2 times the other */
    const char *timestamp, *date; /* as sent, borrowed from the answer */
};

/* The newest row: the values grow over the day, so the first one says nothing. */
void market_tide_decode(const struct json *body, struct market_tide *ret_tide);
void market_tide_write(const struct market_tide *t, int64_t now_ns, struct member *m);

enum { NET_IMPACT_MAX = 200 };

struct net_impact {
    struct {
        char ticker[SYMBOL_MAX];
        usd net_premium;
    } row[NET_IMPACT_MAX];
    size_t len;
};

void net_impact_decode(const struct json *body, struct net_impact *ret_impact);
void net_impact_write(const struct net_impact *n, int64_t now_ns, struct member *m);

#endif
