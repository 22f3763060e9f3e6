#include "base/decimal.h"

/* The parts of [+-]digits[.digits][e[+-]digits]. */
struct decimal {
    bool is_negative;
    const char *whole, *fraction;
    size_t whole_len, fraction_len;
    int64_t exponent;
};

/* Exponents are cut here: larger than the digits of any text, so that cutting changes no result. */
static const int64_t EXPONENT_MAX = INT64_C(1) << 60;

static size_t
count_digits(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

/* e[+-]digits up to the end of the text */
static bool
exponent_read(const char *s, size_t len, int64_t *ret_exponent)
{
    size_t at = 1;
    int64_t exponent = 0;
    bool is_negative = at < len && s[at] == '-';

    if (at < len && (s[at] == '+' || s[at] == '-')) at++;
    size_t digits = count_digits(s + at, len - at);
    if (digits == 0 || at + digits != len) return false;
    for (; at < len; at++)
        exponent = exponent >= EXPONENT_MAX / 10 ? EXPONENT_MAX : exponent * 10 + (s[at] - '0');
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

static bool
decimal_split(const char *s, size_t len, struct decimal *d)
{
    size_t at = 0;

    if (at < len && (s[at] == '+' || s[at] == '-')) d->is_negative = s[at++] == '-';
    d->whole = s + at;
    d->whole_len = count_digits(s + at, len - at);
    at += d->whole_len;
    if (d->whole_len == 0) return false;
    if (at < len && s[at] == '.') {
        at++;
        d->fraction = s + at;
        d->fraction_len = count_digits(s + at, len - at);
        at += d->fraction_len;
        if (d->fraction_len == 0) return false;
    }
    if (at == len) return true;
    return (s[at] == 'e' || s[at] == 'E') && exponent_read(s + at, len - at, &d->exponent);
}

static int
digit_at(const struct decimal *d, int64_t i)
{
    size_t at = (size_t)i;

    return at < d->whole_len ? d->whole[at] - '0' : d->fraction[at - d->whole_len] - '0';
}

enum decimal_result
decimal_scaled(const char *text, size_t len, int scale, int64_t *ret_value)
{
    struct decimal d = {.fraction = text};
    int64_t value = 0;
    bool is_exact = true, overflow = false;

    ASSERT(scale >= 0 && scale <= 18);
    if (!decimal_split(text, len, &d)) return DECIMAL_INVALID;

    /* The first `keep` digits count; the one behind them decides the rounding. */
    int64_t total = (int64_t)(d.whole_len + d.fraction_len);
    int64_t keep = (int64_t)d.whole_len + d.exponent + scale;
    for (int64_t i = 0; i < MIN(keep, total) && !overflow; i++) {
        overflow = __builtin_mul_overflow(value, 10, &value) ||
                   __builtin_add_overflow(value, digit_at(&d, i), &value);
    }
    for (int64_t i = total; i < keep && value != 0 && !overflow; i++) {
        overflow = __builtin_mul_overflow(value, 10, &value);
    }
    for (int64_t i = MAX(keep, 0); i < total && is_exact; i++)
        is_exact = digit_at(&d, i) == 0;
    if (!overflow && keep >= 0 && keep < total && digit_at(&d, keep) >= 5) {
        overflow = __builtin_add_overflow(value, 1, &value);
    }
    if (overflow) return DECIMAL_RANGE;
    *ret_value = d.is_negative ? -value : value;
    return is_exact ? DECIMAL_EXACT : DECIMAL_ROUNDED;
}
