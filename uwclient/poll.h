/*
 * A job at work: what poll.c, the polls and jobs.c share; inside uwclient only.
 *
 *   poll.c         asking, and putting one member into the model
 *   poll_flow.c    option flow and dark pool of one symbol
 *   poll_market.c  what one answer says about all symbols
 *   poll_option.c  exposure, max pain, IV rank, open interest
 *   poll_company.c fund flow, fails, insiders, owners, earnings
 */
#ifndef UWCLIENT_POLL_H
#define UWCLIENT_POLL_H

#include "uwclient/jobs.h"

struct poll {
    const struct job_env *env;
    struct job *job;
    const char *name;  /* of the job */
    int64_t now_ns;    /* when the answer was there */
    struct date today; /* New York */
    struct job_report report;
};

/* Gives the answer's body (json_free), NULL where the poll ends here; the report says why. */
struct json *poll_ask(struct poll *p, const struct uw_params *params);

/* The entry of a configured symbol, with what every entry has from its start.  NULL without room.
 */
struct flow_ticker *poll_entry(const struct poll *p, const char *symbol);
void poll_touch(const struct poll *p, struct flow_ticker *t); /* the job succeeded for it */

/* For the job's own symbol: one member; members of greeks; success without anything to store. */
void poll_store(const struct poll *p, const char *key, const struct member *m);
void poll_store_greeks(const struct poll *p, const struct member *m);
void poll_store_nothing(const struct poll *p);

/*
 * An answer without rows replaces a value only once that is a day old: the value is gone, not
 * merely late.
 */
void poll_store_or_keep(const struct poll *p, const char *key, bool has_rows,
                        const struct member *m);

/* A stored member as a document (json_free), NULL where there is none; t may be NULL. */
struct json *poll_stored(const struct flow_ticker *t, const char *key);

void poll_flow(struct poll *p);
void poll_dark_pool(struct poll *p);
void poll_tide(struct poll *p);
void poll_net_impact(struct poll *p);
void poll_congress(struct poll *p);
void poll_greek_exposure(struct poll *p);
void poll_max_pain(struct poll *p);
void poll_greeks(struct poll *p);
void poll_iv_rank(struct poll *p);
void poll_oi_change(struct poll *p);
void poll_etf_flow(struct poll *p);
void poll_fails(struct poll *p);
void poll_insider(struct poll *p);
void poll_owners(struct poll *p);
void poll_calendar(struct poll *p);

#endif
