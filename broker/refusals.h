/*
 * What the broker answered to the last orders that it refused, for whoever writes down why one came
 * to nothing.  Kept in memory only: the sentence that the ledger keeps outlives the process.
 */
#ifndef BROKER_REFUSALS_H
#define BROKER_REFUSALS_H

#include "base/text.h"
#include "model/order.h"

enum { REFUSALS_MAX = 16, REFUSAL_BODY_MAX = 2000 };

struct refused_order {
    char client_id[CLIENT_ID_MAX];
    int http_status;
    char body[REFUSAL_BODY_MAX + 1]; /* whole characters of it, without secrets */
};

struct refusals {
    struct refused_order kept[REFUSALS_MAX]; /* a ring */
    size_t next;
};

void refusals_keep(struct refusals *r, const char *client_id, int http_status,
                   const struct text *body);
/* NULL where the order was not refused, or too many were since. */
const struct refused_order *refusals_find(const struct refusals *r, const char *client_id);

#endif
