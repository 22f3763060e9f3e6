/*
 * Slow figures of one symbol: fund flow, fails to deliver, insiders, earnings, congress, owners
 * (spec 20 3.8.4).
 */
#ifndef UWCLIENT_DECODE_COMPANY_H
#define UWCLIENT_DECODE_COMPANY_H

#include "model/symbol.h"
#include "uwclient/decode.h"

enum {
    RECENT_DATES = 5,
    INSIDER_DAYS = 90,
    OWNER_FILING_DAYS = 45,
    SAMPLE_ROWS = 3,
    NO_EARNINGS_DAYS = 999
};

struct etf_flow {
    size_t rows;  /* summed: the last five days */
    usd net_flow; /* sum of change_prem */
    int64_t net_shares;
    char latest_date[16];
};
void etf_flow_decode(const struct json *body, struct etf_flow *ret_flow);
/* is_risk_on: the five-day flows of SPY, QQQ and IWM together are positive. */
void etf_flow_write(const struct etf_flow *f, bool is_risk_on, int64_t now_ns, struct member *m);

struct fails {
    bool has_row;
    int64_t count, sum_5; /* shares: of the newest date, of the last five dates */
    char date[16];
};
void fails_decode(const struct json *body, struct fails *ret_fails);
void fails_write(const struct fails *f, int64_t now_ns, struct member *m);

struct insider {
    int64_t buys, sells; /* transactions */
    usd buy_usd, sell_usd;
};
/* Rows of the last 90 days. */
void insider_decode(const struct json *body, struct date today, struct insider *ret_insider);
/* conviction_modifier = 0.05 * clamp((buy - sell) / (buy + sell), -1, 1), 0 without volume. */
void insider_write(const struct insider *i, int64_t now_ns, struct member *m);
void insider_write_neutral(struct member *m); /* until the first answer */

struct earnings {
    bool is_known;
    struct date date;
    char report_time[16];
};
/* The nearest report from today on. */
void earnings_decode(const struct json *body, struct date today, struct earnings *ret_earnings);
void earnings_write(const struct earnings *e, struct date today, int64_t now_ns, struct member *m);

struct congress {
    int64_t recent, buys, sells; /* trades in the symbol */
    const struct json *sample[SAMPLE_ROWS];
    size_t sample_len;
};
/* The rows of one symbol out of an answer about all. */
void congress_decode(const struct json *body, const char *symbol, struct congress *ret_congress);
void congress_write(const struct congress *c, int64_t now_ns, struct member *m);

struct owners {
    int64_t holders, recent;  /* recent: filed within 45 days */
    double top_pct, top5_pct; /* of the shares outstanding, 4 decimals */
    const struct json *sample[SAMPLE_ROWS];
    size_t sample_len;
};
void owners_decode(const struct json *body, struct date today, struct owners *ret_owners);
void owners_write(const struct owners *w, int64_t now_ns, struct member *m);

#endif
