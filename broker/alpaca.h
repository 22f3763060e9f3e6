/*
 * broker: Alpaca, and the guards that stand between the engine and it.
 *
 * Nothing here decides what to trade.  Nothing here sends an order twice: a POST is made once, and
 * what became of it is asked afterwards (ARCHITECTURE 5).
 *
 *   alpaca.c         struct broker over Alpaca's trading and data REST
 *   alpaca_decode.c  bytes to nouns: orders, positions, account, fills, prices
 *   trade_stream.c   what is said on the stream of trade updates
 *   broker_http.c    requests, retries of reads, error bodies
 *   refusals.c       what was answered to the last orders that were refused
 *   pass.c           the forwarding that every guard starts from
 *   guard.c          fence, arm, kill switch, risk limits
 *   rate_guard.c     the budget of requests, with a reserve for exits and cancels
 *   ledger_guard.c   sends only what is committed, writes down what became of it
 */
#ifndef BROKER_ALPACA_H
#define BROKER_ALPACA_H

#include "broker/broker_http.h"
#include "broker/refusals.h"
#include "model/broker.h"

/* The storage is the caller's; http, clock and cfg must outlive the broker. */
struct alpaca {
    struct alpaca_http link;
    bool is_sip_refused; /* the account has no whole tape: bars come from IEX (spec 10 R5.30) */
    struct refusals refused;
};

void alpaca_init(struct alpaca *a, const struct http *http, const struct clock *clock,
                 const struct broker_config *cfg);
struct broker alpaca_broker(struct alpaca *a);

#endif
