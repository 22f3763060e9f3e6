/*
 * The vendor's slow-moving tables of a symbol: drawn from the seed and the symbol, in the recorded
 * shapes.
 *
 * Each writes the whole answer.  A symbol that the market does not have gets an empty list, as the
 * vendor answers for what it does not know.
 */
#ifndef SIM_UW_ROWS_H
#define SIM_UW_ROWS_H

#include "sim/sim.h"

struct uw_ask {
    struct sim *sim;
    const struct sim_request *req;
    const struct day_symbol *symbol; /* NULL = unknown here */
};

typedef void (*uw_rows_fn)(const struct uw_ask *ask, struct json_out *o);

void uw_greek_exposure(const struct uw_ask *ask,
                       struct json_out *o);                      /* one row a session, ascending  */
void uw_oi_change(const struct uw_ask *ask, struct json_out *o); /* 50 contracts by order         */
void uw_max_pain(const struct uw_ask *ask, struct json_out *o);  /* one row an expiry             */
void uw_iv_rank(const struct uw_ask *ask, struct json_out *o);   /* the last sessions, ascending  */
void uw_etf_flow(const struct uw_ask *ask, struct json_out *o);  /* ETFs: one row a day           */
void uw_ftds(const struct uw_ask *ask, struct json_out *o);
void uw_insider(const struct uw_ask *ask, struct json_out *o);
void uw_ownership(const struct uw_ask *ask, struct json_out *o);
void uw_earnings(const struct uw_ask *ask, struct json_out *o);
void uw_congress(const struct uw_ask *ask, struct json_out *o);
void uw_earnings_list(const struct uw_ask *ask, bool is_premarket, struct json_out *o);

#endif
