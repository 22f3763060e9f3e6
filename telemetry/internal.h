/*
 * What the trade record encoders share; never included from elsewhere.
 */
#ifndef TELEMETRY_INTERNAL_H
#define TELEMETRY_INTERNAL_H

#include "telemetry/trades.h"

/* The JSON the caller holds; {} where there is none. */
void out_object(struct json_out *o, const char *key, const char *json);
/* The names of an object's members, sorted. */
void out_sorted_keys(struct json_out *o, const char *key, const char *json);
void out_regime(struct json_out *o, const struct regime_snapshot *r);
/* Null where it is zero: a price that is not known. */
void out_price(struct json_out *o, const char *key, usd price);
/* The head of a record: "_ts" and "_dt" (R1.41). */
void out_ts_dt(struct json_out *o, int64_t at_ns);
/* "<prefix>_<symbol>_<ISO>" */
void out_dated_id(struct json_out *o, const char *key, const char *prefix, const char *symbol,
                  int64_t at_ns);

#endif
