/*
 * The members of a raw alert by name, shared by flow.c and flow_json.c.  Nobody else includes this.
 */
#ifndef STRATEGY_FLOW_JSON_H
#define STRATEGY_FLOW_JSON_H

#include "strategy/flow.h"
#include "strategy/flow_facts.h"

enum alert_key {
    KEY_TICKER,
    KEY_SYMBOL,
    KEY_TYPE,
    KEY_ASK_SIDE,
    KEY_BID_SIDE,
    KEY_HAS_SWEEP,
    KEY_HAS_FLOOR,
    KEY_HAS_MULTILEG,
    KEY_CREATED_AT,
    KEY_TIMESTAMP,
    KEY_TOTAL_PREMIUM,
    KEY_PREMIUM,
    KEY_EXPIRY,
    KEY_EXPIRATION,
    KEY_VOLUME,
    KEY_OPEN_INTEREST,
    KEY_OI,
    /* for the sweep rule only */
    KEY_SWEEP,
    KEY_IS_SWEEP,
    KEY_IS_SWEEP_CAMEL,
    KEY_IS_SWEEP_TRADE,
    KEY_TRADE_TYPE,
    KEY_TAG,
    KEY_TOTAL_PREMIUM_CAMEL,
    KEY_TS,
    KEY_T,
    KEY_TIME,
    KEY_DATE,
    KEY_CREATED_AT_CAMEL,
    ALERT_KEYS_LEN
};

/* NULL for what is absent or null; borrowed from the alert. */
struct alert_fields {
    const struct json *value[ALERT_KEYS_LEN];
};

void alert_fields_read(const struct json *alert, struct alert_fields *ret_fields);

/* "First usable of (a, b)": present, not null, "", 0, false or empty; NULL where neither is. */
const struct json *alert_first_usable(const struct json *a, const struct json *b);

/* The integer value of a number or a text, 0 for what is absent; false for a text that spells none.
 */
bool alert_whole(const struct json *v, int64_t *ret_value);

#endif
