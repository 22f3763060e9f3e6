/*
 * The broker's JSON: one writer a shape.  Numbers are strings, instants have nanoseconds.
 */
#ifndef SIM_ALPACA_H
#define SIM_ALPACA_H

#include "sim/sim.h"

void alpaca_out_account(const struct sim *sim, struct json_out *o);
void alpaca_out_order(const struct sim *sim, const struct book_order *order, struct json_out *o);
void alpaca_out_position(const struct sim *sim, const struct ledger_position *p,
                         struct json_out *o);
void alpaca_out_activity(const struct sim *sim, const struct book_fill *fill, struct json_out *o);
void alpaca_out_asset(const struct sim *sim, const struct day_symbol *s, struct json_out *o);
void alpaca_out_clock(const struct sim *sim, int64_t at_ns, struct json_out *o);
void alpaca_out_refusal(const struct book_refusal *refusal, struct json_out *o);
void alpaca_refuse(struct sim_reply *r, int status, int64_t code, const char *message);

/* alpaca_data.c; path is what follows /v2/stocks/ */
enum sim_route alpaca_data_get(struct sim *sim, const struct sim_request *req, const char *path,
                               struct sim_reply *r);

#endif
