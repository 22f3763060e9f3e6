#include "base/usd.h"

#include <math.h>

#include "base/decimal.h"

__extension__ typedef __int128 i128;

static const double USD_DOUBLE_MAX = 9e14;

/* n / d, rounded half away from zero; the caller knows that the quotient fits. */
static usd
div_round(i128 n, i128 d)
{
    i128 half = d / 2;
    i128 q = n < 0 ? (n - half) / d : (n + half) / d;

    ASSERT(q >= INT64_MIN && q <= INT64_MAX);
    return (usd){(int64_t)q};
}

usd
usd_notional(usd price, int64_t qty)
{
    ASSERT(price.e4 >= -PRICE_MAX_E4 && price.e4 <= PRICE_MAX_E4);
    ASSERT(qty >= -QTY_MAX && qty <= QTY_MAX);
    return (usd){price.e4 * qty};
}

usd
usd_bps(usd amount, int64_t bps)
{
    return div_round((i128)amount.e4 * bps, 10000);
}

usd
usd_div_qty(usd total, int64_t qty)
{
    ASSERT(qty > 0);
    /* Twice both sides: half of an odd divisor would be cut. */
    return div_round((i128)total.e4 * 2, (i128)qty * 2);
}

usd
usd_round_cents(usd a)
{
    int64_t cents = a.e4 / 100, rest = a.e4 % 100;

    cents += (rest >= 50) - (rest <= -50);
    return (usd){cents * 100}; /* the largest amounts end in 07 and 08: they round towards zero */
}

enum rc
usd_from_double(double x, usd *ret_usd, struct err *err)
{
    if (!isfinite(x)) return err_set(err, RC_RANGE, "%f is not an amount", x);
    if (fabs(x) > USD_DOUBLE_MAX) return err_set(err, RC_RANGE, "%g USD is too large", x);

    /* near + missed is |x| * 10000 without any rounding, so that ties are those of the exact value.
     */
    double near = fabs(x) * 1e4;
    double missed = fma(fabs(x), 1e4, -near);
    double whole = floor(near);
    double part = near - whole;
    int64_t e4 = (int64_t)whole;

    if (part > 0.5 || (part >= 0.5 && missed >= 0)) e4++;
    if (part <= 0)
        e4 += (int64_t)floor(missed + 0.5); /* beyond 2^53 what was missed is whole steps */
    *ret_usd = (usd){signbit(x) ? -e4 : e4};
    return RC_OK;
}

enum rc
usd_parse(const char *text, size_t len, usd *ret_usd, struct err *err)
{
    int64_t e4 = 0;

    switch (decimal_scaled(text, len, 4, &e4)) {
    case DECIMAL_EXACT:
    case DECIMAL_ROUNDED:
        *ret_usd = (usd){e4};
        return RC_OK;
    case DECIMAL_RANGE:
        return err_set(err, RC_RANGE, "%.*s USD is too large", (int)MIN(len, 40U), text);
    case DECIMAL_INVALID:
        break;
    }
    return err_set(err, RC_PARSE, "\"%.*s\" is not a decimal amount", (int)MIN(len, 40U), text);
}

const char *
usd_text(usd a, char buf[USD_TEXT_MAX])
{
    uint64_t size = a.e4 < 0 ? -(uint64_t)a.e4 : (uint64_t)a.e4; /* right for INT64_MIN too */
    char backwards[USD_TEXT_MAX];
    size_t len = 0, at = 0;
    int place = 4;

    for (; place > 2 && size % 10 == 0; place--)
        size /= 10;
    for (; place >= 0 || size > 0; place--, size /= 10) {
        if (len > 0 && place == 0) backwards[len++] = '.';
        backwards[len++] = (char)('0' + size % 10);
    }
    if (a.e4 < 0) backwards[len++] = '-';
    while (len > 0)
        buf[at++] = backwards[--len];
    buf[at] = '\0';
    return buf;
}
