#include "base/json_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

__extension__ typedef unsigned __int128 u128;

/* ---- numbers ------------------------------------------------------------------------------- */

/* The whole number with a point before its last places. */
static void
decimal_write(uint64_t whole, int places, bool is_negative, char buf[F64_TEXT_MAX])
{
    char backwards[F64_TEXT_MAX];
    size_t len = 0, at = 0;

    for (int i = 0; i <= places || whole > 0; i++, whole /= 10) {
        if (i == places && places > 0) backwards[len++] = '.';
        backwards[len++] = (char)('0' + whole % 10);
    }
    if (is_negative) backwards[len++] = '-';
    while (len > 0)
        buf[at++] = backwards[--len];
    buf[at] = '\0';
}

/* 10^n, n up to 20; 10^19 is the largest of 64 bits. */
static u128
ten_to(int n)
{
    static const uint64_t power[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000,
                                     UINT64_C(10000000000000000000)};

    return n < (int)COUNT_OF(power) ? power[n] : (u128)power[19] * power[n - 19];
}

/* m / 2^k with m < 2^53 and 3 <= k <= 66: a double between 0.0001 and 10^15. */
struct binary {
    uint64_t m;
    int k;
};

/*
 * x * 10^places as a whole number, rounded as printf does (exactly, half to even); true where that
 * many places read back to x: where they are nearer to it than half the way to its neighbour, which
 * is 10^places / 2 in units of 2^-k.  All of it fits into 127 bits.  (Below a power of two the
 * neighbour is nearer; but those of our range are exact with 15 digits.)
 */
static bool
rounds_back(struct binary x, int places, uint64_t *ret_whole)
{
    u128 power = ten_to(places), scaled = x.m * power;
    u128 unit = (u128)1 << x.k, rest = scaled & (unit - 1), whole = scaled >> x.k;

    if (rest > unit / 2 || (rest == unit / 2 && (whole & 1) != 0)) {
        whole++;
        rest = unit - rest;
    }
    *ret_whole = (uint64_t)whole;
    return 2 * rest < power || (2 * rest == power && (x.m & 1) == 0);
}

/* The shortest of "%.15g", "%.16g" and "%.17g" that reads back to x; false where it is not ours. */
static bool
shortest_decimal(double x, char buf[F64_TEXT_MAX])
{
    static const double steps[] = {1e-3, 1e-2, 1e-1, 1e0, 1e1,  1e2,  1e3,  1e4,  1e5,
                                   1e6,  1e7,  1e8,  1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    double size = fabs(x);
    int exponent = 0, before = -3; /* digits before the point; 0 for 0.1, -1 for 0.01 */

    if (!(size >= 1e-4 && size < 1e15)) return false; /* with an exponent, or 0 */
    double fraction = frexp(size, &exponent);
    struct binary b = {(uint64_t)ldexp(fraction, DBL_MANT_DIG), DBL_MANT_DIG - exponent};
    for (size_t i = 0; i < COUNT_OF(steps) && size >= steps[i]; i++)
        before++;
    for (int digits = 15; digits <= 17; digits++) {
        int places = digits - before;
        uint64_t whole = 0;

        if (!rounds_back(b, places, &whole) && digits < 17) continue;
        for (; places > 0 && whole % 10 == 0; places--)
            whole /= 10;
        decimal_write(whole, places, x < 0, buf);
        return true;
    }
    return false;
}

/* A whole number that a double tells from its neighbours; zero keeps its sign, as printf does. */
static bool
whole_number(double x, char buf[F64_TEXT_MAX])
{
    double size = fabs(x);

    if (!(size < 1e15) || size > floor(size)) return false;
    decimal_write((uint64_t)size, 0, signbit(x) != 0, buf);
    return true;
}

const char *
f64_text(double x, char buf[F64_TEXT_MAX])
{
    if (whole_number(x, buf)) return buf;
    if (!isfinite(x)) {
        (void)snprintf(buf, F64_TEXT_MAX, "null");
        return buf;
    }
    if (shortest_decimal(x, buf)) return buf;
    /* 15 digits are always kept by a double, 17 always tell it from its neighbours; a denormal one
     * has fewer of its own. */
    for (int digits = fabs(x) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(buf, F64_TEXT_MAX, "%.*g", digits, x);
        double back = strtod(buf, NULL);
        if (!(back < x) && !(back > x)) break;
    }
    return buf;
}

/* x * 10^places as a whole number, rounded exactly and half to even; false where it is not ours. */
static bool
rounded_whole(double x, int places, uint64_t *ret_whole)
{
    double size = fabs(x);
    int exponent = 0;

    if (!(size >= 1e-4 && size * (double)ten_to(places) < 9e15)) return false; /* below 2^53 */
    double fraction = frexp(size, &exponent);
    struct binary b = {(uint64_t)ldexp(fraction, DBL_MANT_DIG), DBL_MANT_DIG - exponent};
    if (b.k < 3) return false;
    (void)rounds_back(b, places, ret_whole);
    return true;
}

double
round_dec(double x, int k)
{
    char buf[352]; /* 309 digits before the point, 15 behind it */
    uint64_t whole = 0;

    ASSERT(k >= 0 && k <= 15);
    if (!isfinite(x) || !(fabs(x) > 0)) return x;
    /* Both are exact as doubles, so that the division rounds once, as strtod does. */
    if (rounded_whole(x, k, &whole)) return copysign((double)whole / (double)ten_to(k), x);
    (void)snprintf(buf, sizeof(buf), "%.*f", k, x);
    return strtod(buf, NULL);
}

const char *
f64_fixed(double x, int places, char buf[F64_FIXED_MAX])
{
    uint64_t whole = 0;

    ASSERT(places >= 0);
    if (places <= 15 && rounded_whole(x, places, &whole))
        decimal_write(whole, places, x < 0, buf);
    else
        (void)snprintf(buf, F64_FIXED_MAX, "%.*f", places, x);
    return buf;
}

/* ---- strings ------------------------------------------------------------------------------- */

static void
escape_write(struct text *to, uint8_t b)
{
    static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
    const char *named = b != 0 ? strchr(from, b) : NULL;

    if (named != NULL)
        text_printf(to, "\\%c", into[named - from]);
    else if (b != 0 && b < 0x20)
        text_printf(to, "\\u%04x", (unsigned)b);
    else
        text_puts(to, "\xEF\xBF\xBD"); /* a bad byte, or a NUL, which our own reader refuses */
}

/* The code of a lone surrogate in the three bytes that JSON_LOG keeps it in; 0 where there is none.
 */
static unsigned
surrogate_at(const char *s, size_t len)
{
    const uint8_t *b = (const uint8_t *)s;

    if (len < 3 || b[0] != 0xed || b[1] < 0xa0 || b[1] > 0xbf || (b[2] & 0xc0) != 0x80) return 0;
    return 0xd000U | (b[1] & 0x3fU) << 6 | (b[2] & 0x3fU);
}

static void
string_write(const struct json_out *o, const char *s, size_t len)
{
    struct text *to = o->to;
    size_t plain = json_plain_len(s, len);

    text_reserve(to, len + 2);
    char *at_end = to->data + to->len;
    *at_end++ = '"';
    if (plain > 0) memcpy(at_end, s, plain); /* all of it, mostly */
    to->len += plain + 1;
    for (size_t at = plain; at < len;) {
        plain = json_plain_len(s + at, len - at);
        if (plain == 0 && (uint8_t)s[at] >= 0x80) plain = utf8_sequence(s + at, len - at);
        unsigned surrogate = o->keeps_surrogates ? surrogate_at(s + at, len - at) : 0;
        if (plain > 0)
            text_add(to, s + at, plain);
        else if (surrogate != 0)
            text_printf(to, "\\u%04x", surrogate);
        else
            escape_write(to, (uint8_t)s[at]);
        at += surrogate != 0 ? 3 : MAX(plain, (size_t)1);
    }
    text_putc(to, '"');
}

/* ---- structure ----------------------------------------------------------------------------- */

/* What comes before any value: the comma and the key. */
static void
begin(struct json_out *o, const char *key)
{
    bool in_object = o->depth > 0 && o->closer[o->depth] == '}';

    ASSERT((key != NULL) == in_object);
    ASSERT(o->depth > 0 || !o->has_member[0]); /* one outermost value */
    if (o->has_member[o->depth]) text_putc(o->to, ',');
    o->has_member[o->depth] = true;
    if (!in_object) return;
    string_write(o, key, strlen(key));
    text_putc(o->to, ':');
}

static void
open_level(struct json_out *o, const char *key, char opener, char closer)
{
    begin(o, key);
    ASSERT(o->depth + 1 < JSON_OUT_DEPTH_MAX);
    text_putc(o->to, opener);
    o->depth++;
    o->has_member[o->depth] = false;
    o->closer[o->depth] = closer;
}

void
json_out_obj(struct json_out *o, const char *key)
{
    open_level(o, key, '{', '}');
}

void
json_out_arr(struct json_out *o, const char *key)
{
    open_level(o, key, '[', ']');
}

void
json_out_end(struct json_out *o)
{
    ASSERT(o->depth > 0);
    text_putc(o->to, o->closer[o->depth]);
    o->depth--;
}

/* ---- values -------------------------------------------------------------------------------- */

void
json_out_str(struct json_out *o, const char *key, const char *value)
{
    if (value == NULL)
        json_out_null(o, key);
    else
        json_out_strn(o, key, value, strlen(value));
}

void
json_out_strn(struct json_out *o, const char *key, const char *value, size_t len)
{
    begin(o, key);
    string_write(o, value, len);
}

void
json_out_i64(struct json_out *o, const char *key, int64_t value)
{
    char buf[F64_TEXT_MAX];

    begin(o, key);
    /* Unsigned: the smallest number has no positive partner. */
    decimal_write(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 0, value < 0, buf);
    text_puts(o->to, buf);
}

void
json_out_count(struct json_out *o, const char *key, int64_t n)
{
    if (n < 0)
        json_out_null(o, key);
    else
        json_out_i64(o, key, n);
}

void
json_out_f64(struct json_out *o, const char *key, double value)
{
    char buf[F64_TEXT_MAX];

    begin(o, key);
    text_puts(o->to, f64_text(value, buf));
}

void
json_out_num(struct json_out *o, const char *key, double value)
{
    char buf[F64_TEXT_MAX];
    const char *text = f64_text(value, buf);

    begin(o, key);
    text_puts(o->to, text);
    if (isfinite(value) && strpbrk(text, ".e") == NULL) text_puts(o->to, ".0");
}

void
json_out_bool(struct json_out *o, const char *key, bool value)
{
    begin(o, key);
    text_puts(o->to, value ? "true" : "false");
}

void
json_out_null(struct json_out *o, const char *key)
{
    begin(o, key);
    text_puts(o->to, "null");
}

void
json_out_usd(struct json_out *o, const char *key, usd value)
{
    char buf[USD_TEXT_MAX];

    begin(o, key);
    text_puts(o->to, usd_text(value, buf));
}

void
json_out_time(struct json_out *o, const char *key, int64_t at_ns)
{
    char buf[ISO_TEXT_MAX];

    json_out_str(o, key, at_ns == WHEN_NONE ? NULL : when_iso(at_ns, buf));
}

void
json_out_raw(struct json_out *o, const char *key, const char *json, size_t len)
{
    ASSERT(len > 0);
    begin(o, key);
    text_add(o->to, json, len);
}

static void
number_write(struct text *to, const cJSON *node)
{
    char buf[F64_TEXT_MAX];

    if (node->valuestring != NULL && isfinite(node->valuedouble))
        text_puts(to, node->valuestring);
    else
        text_puts(to, f64_text(node->valuedouble, buf));
}

/* As deep as the parser allowed: a document from outside must not run into the limit of our own
 * records. */
static void
value_write(const struct json_out *o, const struct json *v)
{
    struct text *to = o->to;
    enum json_kind kind = json_kind(v);

    switch (kind) {
    case JSON_NULL:
        text_puts(to, "null");
        break;
    case JSON_BOOL:
        text_puts(to, json_is_true(v) ? "true" : "false");
        break;
    case JSON_NUMBER:
        number_write(to, json_node(v));
        break;
    case JSON_STRING:
        string_write(o, json_string(v), strlen(json_string(v)));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        text_putc(to, kind == JSON_OBJECT ? '{' : '[');
        for (const struct json *c = json_first(v); c != NULL; c = json_next(c)) {
            if (c != json_first(v)) text_putc(to, ',');
            if (kind == JSON_OBJECT) {
                string_write(o, json_key(c), strlen(json_key(c)));
                text_putc(to, ':');
            }
            value_write(o, c);
        }
        text_putc(to, kind == JSON_OBJECT ? '}' : ']');
        break;
    }
}

void
json_out_value(struct json_out *o, const char *key, const struct json *v)
{
    begin(o, key);
    value_write(o, v);
}
