/*
 * Flow alerts: which are kept, and what they add up to (spec 20 3.8.1).
 *
 * The server may answer about other symbols than the one asked for (a parameter it does not know is
 * ignored without a word), so an answer is believed row by row.
 */
#ifndef UWCLIENT_DECODE_FLOW_H
#define UWCLIENT_DECODE_FLOW_H

#include "uwclient/decode.h"

enum {
    FLOW_TRADES_MAX = 100, /* alerts kept of a symbol */
    FLOW_ROWS_MAX = 1000   /* rows looked at          */
};

struct flow_trade {
    const struct json *row; /* borrowed from the answer */
    const char *id;         /* "" = none */
    int64_t created_ns;
    usd premium;
    bool is_call;
};

struct flow_trades {
    struct flow_trade trade[FLOW_ROWS_MAX]; /* newest first */
    size_t len;                             /* at most FLOW_TRADES_MAX once selected */
    size_t foreign;                         /* rows about another symbol */
};

/* Rows about the symbol, not older than the lookback, each id once, newest first, at most 100. */
void flow_select(const struct json *body, const char *symbol, int64_t now_ns, int64_t lookback_s,
                 struct flow_trades *ret_trades);

struct flow_summary {
    const char *sentiment;
    double conviction;         /* 0..1 */
    usd total, call, put, net; /* premium; net = call - put */
    int64_t trade_count;
};

/*
 * With net premium n and total t, in USD:
 *
 *   n >  10 000   BULLISH, conviction min(1, 0.3 + n / 2 000 000)
 *   n < -10 000   BEARISH, conviction min(1, 0.3 - n / 2 000 000)
 *   t > 0         NEUTRAL, conviction min(0.3, 0.1 + t / 5 000 000)
 *   else          NEUTRAL, conviction 0.05; without a trade 0
 */
struct flow_summary flow_summarise(const struct flow_trades *trades);

/* The seven numbers as members of an open object. */
void flow_summary_write(const struct flow_summary *s, struct json_out *o);

#endif
