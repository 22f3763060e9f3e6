/*
 * Alpaca's stream of trade updates: its address, what we say to it, what it says to us.
 *
 * Of an update only the event and the names of the order are read.  What was bought, and at which
 * price, is not: it is a reason to ask for the order, never a statement about it.
 */
#ifndef BROKER_ALPACA_STREAM_H
#define BROKER_ALPACA_STREAM_H

#include "base/text.h"
#include "config/config.h"
#include "model/order.h"

enum { TRADE_MESSAGE_MAX = 256 * 1024 };

enum trade_message {
    TRADE_OTHER, /* an object that is none of these: left alone */
    TRADE_AUTHORIZED,
    TRADE_REFUSED, /* our keys, or what we wanted to listen to */
    TRADE_LISTENING,
    TRADE_UPDATE
};

enum trade_event {
    TRADE_EVENT_UNKNOWN, /* one that we do not know is still about its order */
    TRADE_EVENT_NEW,
    TRADE_EVENT_FILL,
    TRADE_EVENT_PARTIAL_FILL,
    TRADE_EVENT_CANCELED,
    TRADE_EVENT_EXPIRED,
    TRADE_EVENT_REJECTED,
    TRADE_EVENT_REPLACED,
    TRADE_EVENT_PENDING, /* pending_new, pending_cancel, pending_replace */
};

struct trade_update {
    enum trade_message kind;
    enum trade_event event;
    char broker_id[BROKER_ID_MAX];
    char client_id[BROKER_ID_MAX * 2 + 1]; /* "" where there is none */
};

/*
 * The address beside the trading host: https becomes wss, http becomes ws, the path is /stream.
 * RC_DENIED where mode and host do not belong together (strategy/arm.h), or for a host that is
 * neither the broker's nor this machine: our keys go nowhere else.
 */
enum rc alpaca_stream_url(const struct broker_config *cfg, struct text *ret_url,
                          struct err *err) MUST_USE;

/* The two things that we say. The first holds the secrets. */
void alpaca_stream_login(const struct broker_config *cfg, struct text *ret_message);
void alpaca_stream_listen(struct text *ret_message);

/* RC_PARSE for what is no object, or an update without its order; never quotes the message. */
enum rc alpaca_stream_decode(const char *bytes, size_t len, struct trade_update *ret_update,
                             struct err *err) MUST_USE;

#endif
