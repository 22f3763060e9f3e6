/*
 * Reading values that nobody vouches for: the operators of spec 30 0.1.
 *
 * All are total: absent, null, or of another kind gives the default, never an error.  num(x, d) and
 * truthy(x) are json_f64_of and json_truthy of base/json.h; up(s) compares as str_eq_nocase.
 */
#ifndef BASE_OPS_H
#define BASE_OPS_H

#include "base/json.h"

/* num, but zero means unset: it gives dflt too. */
double ops_numz(const struct json *v, double dflt);

/*
 * A non-empty string itself, borrowed; a number that is not zero as the shortest text that reads
 * back to it, in buf, a whole one with all its digits, borrowed; anything else dflt.
 */
const char *ops_str(const struct json *v, const char *dflt, char buf[F64_TEXT_MAX]);

/* The value if it is an object, else NULL, which every reader of base/json.h takes for {}. */
const struct json *ops_obj(const struct json *v);

/*
 * A whole number: a number truncated toward zero (true and false are 1 and 0), or text that is
 * wholly an integer.  False where there is none; beyond int64_t it stays at the bound.
 */
bool ops_int(const struct json *v, int64_t *ret_value);

/* The first of the members that is truthy; NULL if none is. */
const struct json *ops_first(const struct json *obj, const char *const *keys, size_t len);

/* Whether the first ten characters of str(v) are that day, YYYY-MM-DD. */
bool ops_is_day(const struct json *v, const char *day);

/* max(lo, min(hi, x)). */
double ops_clamp(double x, double lo, double hi);

#endif
