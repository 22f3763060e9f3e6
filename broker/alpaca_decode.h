/*
 * Alpaca's JSON to our nouns.  Numbers arrive as text; averages carry more decimals than a price
 * and are multiplied by the quantity and rounded once; a status we do not know is
 * ORDER_STATUS_UNKNOWN.
 *
 * Every decoder gives RC_PARSE or RC_RANGE with the field's name, and writes its result only on
 * success.
 */
#ifndef BROKER_ALPACA_DECODE_H
#define BROKER_ALPACA_DECODE_H

#include "base/json.h"
#include "model/broker.h"

enum rc alpaca_decode_account(const struct json *v, struct account *ret, struct err *err) MUST_USE;
enum rc alpaca_decode_clock(const struct json *v, struct market_clock *ret,
                            struct err *err) MUST_USE;
enum rc alpaca_decode_asset(const struct json *v, struct asset *ret, struct err *err) MUST_USE;
enum rc alpaca_decode_position(const struct json *v, struct position *ret,
                               struct err *err) MUST_USE;
enum rc alpaca_decode_order(const struct json *v, struct order *ret, struct err *err) MUST_USE;
enum rc alpaca_decode_fill(const struct json *v, struct fill *ret, struct err *err) MUST_USE;
enum rc alpaca_decode_trade(const struct json *body, struct last_trade *ret,
                            struct err *err) MUST_USE;

/* A quote with a side missing, zero or crossed is RC_OK and not known: it decides nothing. */
enum rc alpaca_decode_quote(const struct json *body, struct nbbo *ret, struct err *err) MUST_USE;
enum rc alpaca_decode_bar(const struct json *v, struct bar *ret, struct err *err) MUST_USE;

#endif
