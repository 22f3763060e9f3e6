/*
 * vendor: what a runner of the intelligence asks of Unusual Whales.
 *
 * Best effort: a call that fails, or that the budget or the allow-list refuses, gives no rows, and
 * is counted.  A full minute is waited for, up to VENDOR_WAIT_MAX_S in all; after
 * VENDOR_TROUBLES_MAX calls in a row that got nothing from a vendor in trouble the rest is not
 * asked, so that a dead vendor costs a minute and not the morning.
 *
 * A dry run asks nothing: a call that cannot be written down would be missing in the budget.
 */
#ifndef SCRIPTS_VENDOR_H
#define SCRIPTS_VENDOR_H

#include "scripts/job.h"
#include "scripts/uw/uw_desk.h"

enum { VENDOR_WAIT_MAX_S = 240, VENDOR_TROUBLES_MAX = 5 };

struct vendor {
    struct job *job;
    struct uw_desk desk;
    bool is_open;
    int64_t asked, answered; /* calls; those that were not made any more count as asked */
    int64_t waited_ns;
    int troubles;           /* in a row */
    char why[UW_ERROR_MAX]; /* of the first call without an answer; "" */
};

/* Gives a vendor for vendor_close.  A dry run opens nothing.  RC_DENIED: configuration. */
enum rc vendor_open(struct job *job, struct vendor **ret_vendor, struct err *err) MUST_USE;
void vendor_close(struct vendor **v); /* fits CLEANUP; of NULL nothing */

/* "data" of the answer, borrowed from ret_answer (uw_answer_free); NULL where there is none. */
const struct json *vendor_rows(struct vendor *v, const struct uw_call *call,
                               struct uw_answer *ret_answer);

/* The same for the endpoint of a policy, about a symbol, or NULL for the whole market. */
const struct json *vendor_ask(struct vendor *v, enum uw_policy policy, const char *symbol,
                              const struct uw_params *params, struct uw_answer *ret_answer);

/* Says to a person what was not answered, and writes "vendor" into the summary. */
void vendor_say(const struct vendor *v);

#endif
