/*
 * Instants and amounts in the forms in which the two vendors write them.
 */
#ifndef SIM_STAMP_H
#define SIM_STAMP_H

#include "base/json.h"
#include "model/calendar.h"

enum { STAMP_MAX = 48 };

/* "2026-01-30T20:58:07.568503Z" with 0, 3, 6 or 9 decimals. */
const char *stamp_utc(int64_t at_ns, int decimals, char buf[STAMP_MAX]);
/* "2026-01-30T15:58:07.568503123-05:00": New York time; 0 decimals leave the fraction out. */
const char *stamp_ny(const struct zone *ny, int64_t at_ns, int decimals, char buf[STAMP_MAX]);

/* Members whose number is sent as text. */
void out_decimal(struct json_out *o, const char *key, double x, int decimals);
void out_usd_text(struct json_out *o, const char *key, usd x); /* at least two decimals, exact */
void out_i64_text(struct json_out *o, const char *key, int64_t x);
void out_utc(struct json_out *o, const char *key,
             int64_t at_ns); /* nanoseconds and Z; WHEN_NONE is null */

#endif
