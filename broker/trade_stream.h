/*
 * What is said on Alpaca's stream of trade updates.  An update is a hint that an order has changed
 * and no more: what it changed to is asked of the order list and the account activities.
 */
#ifndef BROKER_TRADE_STREAM_H
#define BROKER_TRADE_STREAM_H

#include "config/config.h"
#include "model/order.h"

enum trade_message_kind {
    TRADE_AUTHORISED,
    TRADE_REFUSED, /* wrong keys */
    TRADE_LISTENING,
    TRADE_UPDATE,
    TRADE_OTHER /* a stream or an answer that we do not know */
};

struct trade_message {
    enum trade_message_kind kind;
    char event[24]; /* of an update, the broker's word: "fill", "pending_cancel", …, or a new one */
    char client_id[CLIENT_ID_MAX]; /* "" for an order that cannot be ours */
    char symbol[SYMBOL_MAX];       /* "" where it is none */
};

/* RC_PARSE for what is no JSON object, or an update without an order. */
enum rc trade_message_decode(const char *bytes, size_t len, struct trade_message *ret_message,
                             struct err *err) MUST_USE;

/* False for the words that end a question that nobody asks: accepted, new, on its way. */
bool trade_event_is_change(const char *event);

/* "<base>/stream": where the stream of a trading host is. */
void trade_stream_url(const char *base_url, struct text *to);

/* What we say: who we are (it holds the secret), and what we want to hear. */
void trade_stream_authenticate(const struct broker_config *cfg, struct text *to);
void trade_stream_listen(struct text *to);

#endif
