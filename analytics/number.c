#include "analytics/number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- reading ------------------------------------------------------------------------------- */

/* Powers of ten that a double holds exactly. */
static const double POWER[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Any number, by the C library, which rounds right at every length but wants an end. */
static double
read_slowly(struct span text)
{
    char room[64];
    CLEANUP(text_free) struct text copy = {0};

    if (text.len < sizeof(room)) {
        memcpy(room, text.at, text.len);
        room[text.len] = '\0';
        return strtod(room, NULL);
    }
    text_add(&copy, text.at, text.len);
    return strtod(text_str(&copy), NULL);
}

/*
 * Digits that fit into 2^53 and a power of ten that a double holds: one operation, so one rounding.
 * False for a number that needs more than that.
 */
static bool
read_quickly(struct span text, double *ret_value)
{
    const char *at = text.at, *end = text.at + text.len;
    bool is_negative = at < end && *at == '-';
    uint64_t digits = 0;
    size_t places = 0;

    if (text.len > 17) return false;
    at += is_negative;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    if (at < end && *at == '.') {
        const char *point = at++;
        for (; at < end && *at >= '0' && *at <= '9'; at++)
            digits = digits * 10 + (uint64_t)(*at - '0');
        places = (size_t)(at - point) - 1;
    }
    if (at < end || digits > UINT64_C(1) << DBL_MANT_DIG) return false;
    double magnitude = (double)digits / POWER[places];
    bool is_whole_zero = digits == 0 && places == 0; /* -0 is the whole number 0, -0.0 is not */
    *ret_value = is_negative && !is_whole_zero ? -magnitude : magnitude;
    return true;
}

double
number_read(struct span text)
{
    double value = 0;

    return read_quickly(text, &value) ? value : read_slowly(text);
}

/* Up to 15 digits always survive a double, so a plain number of these without a needless zero at
 * its end is as short as can be. */
bool
number_is_shortest(struct span text)
{
    const char *at = text.at, *end = text.at + text.len, *point = NULL;

    if (at < end && *at == '-') at++;
    if (end - at > DBL_DIG + 1) return false;
    for (const char *c = at; c < end; c++) {
        if (*c == '.' && point == NULL)
            point = c;
        else if (*c < '0' || *c > '9')
            return false;
    }
    if (point == NULL) return false;
    const char *fraction = point + 1;
    if (end[-1] == '0') return end - fraction == 1;
    bool is_tiny = *at == '0' && end - fraction > 4 && memcmp(fraction, "0000", 4) == 0;
    return !is_tiny; /* below 0.0001 it has an exponent */
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Significant digits and the exponent of the first: 0.012 is "12", -2. */
struct digits {
    char text[DBL_DECIMAL_DIG + 1];
    int len, exponent;
};

static void
digits_parse(const char *scientific, struct digits *ret)
{
    const char *at = scientific;

    ret->len = 0;
    for (; *at != 'e'; at++) {
        if (*at != '.') ret->text[ret->len++] = *at;
    }
    ret->exponent = (int)strtol(at + 1, NULL, 10);
    while (ret->len > 1 && ret->text[ret->len - 1] == '0')
        ret->len--;
}

static bool
reads_back(const char *text, double x)
{
    double back = strtod(text, NULL);

    return !(back < x) && !(back > x);
}

/*
 * x > 0 rounded to n digits reads back to it; or else the next decimal of n digits above does. That
 * happens at powers of two, whose upper neighbour is twice as far away as the lower one.
 */
static bool
digits_try(double x, int n, char buf[F64_TEXT_MAX])
{
    (void)snprintf(buf, F64_TEXT_MAX, "%.*e", n - 1, x);
    if (reads_back(buf, x)) return true;
    char *exponent = strchr(buf, 'e');
    ASSERT(exponent != NULL && exponent > buf);
    char *last = exponent - 1;
    if (*last == '9') return false; /* it would end in a zero: fewer digits, which were tried */
    ++*last;
    return reads_back(buf, x);
}

/* The shortest digits of x > 0. */
static void
digits_of(double x, struct digits *ret)
{
    char buf[F64_TEXT_MAX];
    /* Fifteen digits always survive a normal double, so no shorter number hides behind them. */
    int n = x < DBL_MIN ? 1 : DBL_DIG;

    while (n < DBL_DECIMAL_DIG && !digits_try(x, n, buf))
        n++;
    if (n == DBL_DECIMAL_DIG) (void)snprintf(buf, sizeof(buf), "%.*e", n - 1, x);
    digits_parse(buf, ret);
}

static void
write_plain(const struct digits *d, char *to)
{
    int point = d->exponent + 1, at = 0; /* digits before the point */

    if (point <= 0) {
        *to++ = '0';
        *to++ = '.';
        for (; point < 0; point++)
            *to++ = '0';
        for (; at < d->len; at++)
            *to++ = d->text[at];
    } else {
        for (; at < MAX(d->len, point); at++) {
            if (at == point) *to++ = '.';
            *to++ = at < d->len ? d->text[at] : '0';
        }
        if (d->len <= point) {
            *to++ = '.';
            *to++ = '0';
        }
    }
    *to = '\0';
}

static void
write_exponent(const struct digits *d, char *to)
{
    *to++ = d->text[0];
    if (d->len > 1) *to++ = '.';
    for (int i = 1; i < d->len; i++)
        *to++ = d->text[i];
    int size = abs(d->exponent);
    *to++ = 'e';
    *to++ = d->exponent < 0 ? '-' : '+';
    if (size >= 100) *to++ = (char)('0' + size / 100 % 10);
    *to++ = (char)('0' + size / 10 % 10);
    *to++ = (char)('0' + size % 10);
    *to = '\0';
}

const char *
number_text(double x, char buf[F64_TEXT_MAX])
{
    double size = fabs(x);
    struct digits d = {0};

    if (!isfinite(x)) {
        memcpy(buf, "null", 5);
        return buf;
    }
    if (size >= 1e-4 && size < 1e15) {
        /* The common ones, without the C library. */
        (void)f64_text(x, buf);
        size_t len = strlen(buf);
        if (memchr(buf, '.', len) == NULL) memcpy(buf + len, ".0", 3);
        return buf;
    }
    char *to = buf;
    if (signbit(x)) *to++ = '-';
    if (fpclassify(x) == FP_ZERO) {
        memcpy(to, "0.0", 4);
        return buf;
    }
    digits_of(size, &d);
    if (d.exponent >= -4 && d.exponent < 16)
        write_plain(&d, to);
    else
        write_exponent(&d, to);
    return buf;
}
