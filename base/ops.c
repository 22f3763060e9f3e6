#include "base/ops.h"

#include <math.h>

double
ops_numz(const struct json *v, double dflt)
{
    double x = json_f64_of(v, dflt);

    return x < 0 || x > 0 ? x : dflt;
}

const char *
ops_str(const struct json *v, const char *dflt, char buf[F64_TEXT_MAX])
{
    const char *s = json_string(v);

    if (s != NULL) return s[0] != '\0' ? s : dflt;
    if (json_kind(v) != JSON_NUMBER || !json_truthy(v)) return dflt;
    const char *digits = json_long_digits(v);
    if (digits != NULL) return digits;
    double x = json_f64_of(v, 0);
    return x < 0 || x > 0 ? f64_text(x, buf) : dflt;
}

const struct json *
ops_obj(const struct json *v)
{
    return json_is_object(v) ? v : NULL;
}

static bool
int_of_text(const char *s, int64_t *ret_value)
{
    enum { INT_TEXT_MAX = 64 };
    char text[INT_TEXT_MAX];

    if (!str_copy(text, sizeof text, s)) return false;
    str_trim(text);
    return str_to_i64(text, ret_value);
}

bool
ops_int(const struct json *v, int64_t *ret_value)
{
    if (json_string(v) != NULL) return int_of_text(json_string(v), ret_value);

    double x = trunc(json_f64_of(v, (double)NAN));
    if (isnan(x)) return false;
    /* 2^63 is a double, INT64_MAX is not. */
    if (x >= 0x1p63)
        *ret_value = INT64_MAX;
    else if (x < -0x1p63)
        *ret_value = INT64_MIN;
    else
        *ret_value = (int64_t)x;
    return true;
}

const struct json *
ops_first(const struct json *obj, const char *const *keys, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct json *v = json_get(obj, keys[i]);
        if (json_truthy(v)) return v;
    }
    return NULL;
}

bool
ops_is_day(const struct json *v, const char *day)
{
    enum { DAY_LEN = 10 };
    char buf[F64_TEXT_MAX];

    return strlen(day) == DAY_LEN && str_starts(ops_str(v, "", buf), day);
}

double
ops_clamp(double x, double lo, double hi)
{
    return fmax(lo, fmin(hi, x));
}
