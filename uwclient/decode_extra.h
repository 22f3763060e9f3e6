/*
 * Endpoints that have a policy and no poll job: the intelligence runners and the operator read them
 * (spec 20 4.13, 4.17, 4.18).
 *
 * Lists are allocated in the caller's arena and point into the answer; a row without what gives it
 * its meaning (a symbol, a name) is left out.
 */
#ifndef UWCLIENT_DECODE_EXTRA_H
#define UWCLIENT_DECODE_EXTRA_H

#include "base/arena.h"
#include "model/symbol.h"
#include "uwclient/decode.h"

/* Reports before the open or after the close of one day. */
struct earnings_row {
    char symbol[SYMBOL_MAX];
    struct date report_date;
    bool has_date;
    const char *report_time; /* "premarket", "postmarket", "unknown" or "" */
    const char *sector;
    double expected_move_fraction; /* of the price; 0 = not known */
    bool has_options, is_s_p_500;
};
struct earnings_list {
    const struct earnings_row *row;
    size_t len;
};
void earnings_list_decode(const struct json *body, struct arena *arena,
                          struct earnings_list *ret_list);

/* Per-minute increments of one symbol, summed: the rows are not cumulative. */
struct net_premium {
    size_t minutes;
    usd call, put; /* net premium, signed */
    double delta;
    const char *last_minute; /* as sent; "" without rows */
};
void net_premium_decode(const struct json *body, struct net_premium *ret_premium);

/* One filed trade of an insider. */
struct insider_trade {
    char symbol[SYMBOL_MAX];
    const char *code; /* of the form: P purchase, S sale, ... */
    const char *transaction_date, *filing_date;
    int64_t shares; /* signed */
    usd price;
    bool is_officer, is_director, is_ten_percent_owner;
};
struct insider_trades {
    const struct insider_trade *row;
    size_t len;
};
void insider_trades_decode(const struct json *body, struct arena *arena,
                           struct insider_trades *ret_trades);

struct filing {
    const char *name, *cik, *filing_date;
    bool is_hedge_fund;
};
struct filings {
    const struct filing *row;
    size_t len;
};
void filings_decode(const struct json *body, struct arena *arena, struct filings *ret_filings);

/* The newest report of shares sold short. */
struct short_interest {
    bool has_row;
    double float_pct; /* of the float, in percent */
    double days_to_cover;
    int64_t shares, float_shares;
    const char *market_date;
};
void short_interest_decode(const struct json *body, struct short_interest *ret_interest);

struct season {
    char symbol[SYMBOL_MAX];
    int64_t month, years;
    double avg_change, median_change, positive_months_perc; /* as sent: fractions */
};
struct seasons {
    const struct season *row;
    size_t len;
};
void seasons_decode(const struct json *body, struct arena *arena, struct seasons *ret_seasons);

struct fda_event {
    char symbol[SYMBOL_MAX];
    const char *catalyst, *status, *drug;
    struct date start;
    bool has_start;
};
struct fda_events {
    const struct fda_event *row;
    size_t len;
};
void fda_events_decode(const struct json *body, struct arena *arena, struct fda_events *ret_events);

#endif
