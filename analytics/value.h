/*
 * The operators of spec 40 0.1 on the nodes of a log line: total, they never fail.
 *
 * "None" among numbers is NaN, which num() itself never gives: is_known() asks.
 */
#ifndef ANALYTICS_VALUE_H
#define ANALYTICS_VALUE_H

#include <math.h>

#include "base/json_line.h"

#define NONE ((double)NAN)

static inline bool
is_known(double x)
{
    return !isnan(x);
}

/* x, 0.0 where it is none. */
static inline double
known_or_0(double x)
{
    return isnan(x) ? 0.0 : x;
}

/* x, but a zero of either sign becomes +0.0. */
static inline double
zn(double x)
{
    return x + 0.0;
}

double val_num(const struct node *v);
double val_num0(const struct node *v);
double val_abs0(const struct node *v);
bool val_truthy(const struct node *v);

/*
 * str(x): a string itself; a number that is not zero as text, in buf where it needs one; anything
 * else "".  A whole number of any length keeps its digits.
 */
enum { VAL_TEXT_MAX = 32 };
struct span val_str(const struct node *v, char buf[VAL_TEXT_MAX]);

/* The first truthy one of a, b; otherwise b.  first(a, b, c) is val_first(val_first(a, b), c). */
const struct node *val_first(const struct node *a, const struct node *b);

/* The member of an object at the end of a path of member names; absent where a step is no object.
 */
const struct node *val_at(const struct node *v, const char *const *path, size_t steps);

/* Without Unicode white space at both ends. */
struct span span_trim(struct span s);

/* ts(x) of a text: microseconds since 1970; TS_NONE where it is none. */
#define TS_NONE INT64_MIN
int64_t ts_of(struct span s);
/* ts(x) and tsany(x) of spec 40 0.3. */
int64_t val_ts(const struct node *v);
int64_t val_tsany(const struct node *v);

/* epoch(x): seconds as a double. */
double ts_epoch(int64_t ts_us);

/* dayof(x) = day, which has ten characters. */
bool val_is_day(const struct node *v, const char *day);

#endif
