/*
 * Money and price: a whole number of 1/10000 dollar, the smallest step in which a US stock is
 * quoted.
 *
 * A one-field struct, so that adding a price to a quantity does not compile.  Sums of fills equal
 * the position exactly; there is no NaN.  Every rounding is half away from zero and is said here.
 */
#ifndef BASE_USD_H
#define BASE_USD_H

#include "base/err.h"

typedef struct {
    int64_t e4; /* 12.34 USD is 123400 */
} usd;

/* Bounds that keep every notional inside int64_t. */
#define PRICE_MAX_E4 INT64_C(1000000000000) /* 100 million USD a share */
#define QTY_MAX      INT64_C(9000000)       /* shares                  */
_Static_assert(PRICE_MAX_E4 <= INT64_MAX / QTY_MAX, "a notional cannot overflow");

#define USD_ZERO     ((usd){0})
#define USD_CENTS(n) ((usd){(n)*INT64_C(100)})

static inline usd
usd_add(usd a, usd b)
{
    return (usd){a.e4 + b.e4};
}

static inline usd
usd_sub(usd a, usd b)
{
    return (usd){a.e4 - b.e4};
}

static inline usd
usd_neg(usd a)
{
    return (usd){-a.e4};
}

static inline usd
usd_abs(usd a)
{
    return (usd){a.e4 < 0 ? -a.e4 : a.e4};
}

static inline int
usd_cmp(usd a, usd b)
{
    return (a.e4 > b.e4) - (a.e4 < b.e4);
}

static inline double
usd_to_double(usd a)
{
    return (double)a.e4 / 1e4;
}

/* price * qty, exact.  Asserts |price| <= PRICE_MAX_E4 and |qty| <= QTY_MAX. */
usd usd_notional(usd price, int64_t qty);

/* amount * bps / 10000, rounded half away from zero. */
usd usd_bps(usd amount, int64_t bps);

/* total / qty, rounded half away from zero to 0.0001; qty > 0. */
usd usd_div_qty(usd total, int64_t qty);

/* Rounded half away from zero to 0.01 USD. */
usd usd_round_cents(usd a);

/*
 * Rounds a double half away from zero to 0.0001 USD.
 *
 * RC_RANGE for NaN, infinity and |x| above 900 trillion USD (which int64_t could not hold).
 */
enum rc usd_from_double(double x, usd *ret_usd, struct err *err) MUST_USE;

/*
 * Parses decimal text exactly: [+-]digits[.digits][e[+-]digits], nothing else around it.
 *
 * More than four decimals are rounded half away from zero; RC_PARSE, or RC_RANGE beyond
 * +-INT64_MAX steps (so that every amount has a negative).
 */
enum rc usd_parse(const char *text, size_t len, usd *ret_usd, struct err *err) MUST_USE;

enum { USD_TEXT_MAX = 32 };

/* "12.34", "-0.0050": at least two decimals, at most four, no trailing zeros past the second. */
const char *usd_text(usd a, char buf[USD_TEXT_MAX]);

#endif
