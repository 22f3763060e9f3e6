#include "base/json_internal.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/when.h"

/*
 * The number as it was written.  Numbers without a note have at most 15 significant digits, and so
 * many come back unchanged from a double.
 */
static const char *
number_text(const struct json *v, char buf[F64_TEXT_MAX])
{
    const cJSON *node = json_node(v);

    if (node->valuestring != NULL) return node->valuestring;
    return f64_text(node->valuedouble, buf);
}

/* Text of a number or of a string; NULL for anything else. */
static const char *
decimal_text(const struct json *v, char buf[F64_TEXT_MAX])
{
    if (v != NULL && json_kind(v) == JSON_NUMBER) return number_text(v, buf);
    return json_string(v);
}

/* ---- the value itself ---------------------------------------------------------------------- */

const char *
json_string(const struct json *v)
{
    return v != NULL && json_kind(v) == JSON_STRING ? json_node(v)->valuestring : NULL;
}

bool
json_is_true(const struct json *v)
{
    return v != NULL && cJSON_IsTrue(json_node(v));
}

bool
json_truthy(const struct json *v)
{
    if (v == NULL) return false;
    switch (json_kind(v)) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return json_is_true(v);
    case JSON_NUMBER:
        return json_node(v)->valuedouble < 0 || json_node(v)->valuedouble > 0 ||
               isnan(json_node(v)->valuedouble);
    case JSON_STRING:
        return !str_eq(json_string(v), "");
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_first(v) != NULL;
    }
    return false;
}

const char *
json_long_digits(const struct json *v)
{
    if (json_kind(v) != JSON_NUMBER || json_node(v)->valuestring == NULL) return NULL;
    const char *text = json_node(v)->valuestring;
    return strpbrk(text, ".eEIN") == NULL ? text : NULL;
}

bool
json_is_whole(const struct json *v)
{
    char buf[F64_TEXT_MAX];

    return json_kind(v) == JSON_NUMBER && strpbrk(number_text(v, buf), ".eEIN") == NULL;
}

double
json_f64_of(const struct json *v, double dflt)
{
    double x = dflt;

    if (v == NULL) return dflt;
    switch (json_kind(v)) {
    case JSON_BOOL:
        return json_is_true(v) ? 1 : 0;
    case JSON_NUMBER:
        return isfinite(json_node(v)->valuedouble) ? json_node(v)->valuedouble : dflt;
    case JSON_STRING:
        return str_to_f64(json_string(v), &x) ? x : dflt;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return dflt;
}

/* White space around a number in text is no part of it (spec 10 R0.2). */
static const char *
trimmed(const char *text, size_t *ret_len)
{
    static const char WHITE[] = " \t\r\n";

    text += strspn(text, WHITE);
    *ret_len = strlen(text);
    while (*ret_len > 0 && strchr(WHITE, text[*ret_len - 1]) != NULL)
        --*ret_len;
    return text;
}

static bool
is_whole(const struct json *v, int64_t *ret_value)
{
    char buf[F64_TEXT_MAX];
    const char *text = decimal_text(v, buf);
    size_t len = 0;

    if (text == NULL) return false;
    if (str_to_i64(text, ret_value)) return true;
    text = trimmed(text, &len);
    return decimal_scaled(text, len, 0, ret_value) == DECIMAL_EXACT;
}

int64_t
json_i64_of(const struct json *v, int64_t dflt)
{
    int64_t value = 0;

    return is_whole(v, &value) ? value : dflt;
}

/* ---- tolerant readers by key --------------------------------------------------------------- */

double
json_f64(const struct json *obj, const char *key, double dflt)
{
    return json_f64_of(json_get(obj, key), dflt);
}

int64_t
json_i64(const struct json *obj, const char *key, int64_t dflt)
{
    return json_i64_of(json_get(obj, key), dflt);
}

bool
json_bool(const struct json *obj, const char *key, bool dflt)
{
    const struct json *v = json_get(obj, key);

    return json_kind(v) == JSON_BOOL ? json_is_true(v) : dflt;
}

const char *
json_str(const struct json *obj, const char *key, const char *dflt)
{
    const char *s = json_string(json_get(obj, key));

    return s != NULL ? s : dflt;
}

/* ---- what gives a record its meaning ------------------------------------------------------- */

static void
wrong(struct json_in *in, const char *key, const char *what)
{
    in->rc = err_set(in->err, RC_PARSE, "\"%.60s\" %s", key, what);
}

/* The member that must be there; NULL if it is not, or something went wrong before. */
static const struct json *
needed(struct json_in *in, const char *key)
{
    const struct json *v = in->rc == RC_OK ? json_get(in->obj, key) : NULL;

    if (in->rc == RC_OK && v == NULL) wrong(in, key, "is missing");
    return v;
}

const char *
json_need_str(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);

    if (v == NULL) return "";
    if (json_kind(v) == JSON_STRING) return json_string(v);
    wrong(in, key, "is not a string");
    return "";
}

int64_t
json_need_i64(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);
    int64_t value = 0;

    if (v != NULL && !is_whole(v, &value)) wrong(in, key, "is not a whole number of 64 bits");
    return in->rc == RC_OK ? value : 0;
}

double
json_need_f64(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);

    if (v == NULL) return 0;
    double x = json_f64_of(v, (double)NAN);
    if (json_kind(v) == JSON_BOOL)
        wrong(in, key, "is not a number");
    else if (isnan(x))
        wrong(in, key, "is not a finite number");
    return in->rc == RC_OK ? x : 0;
}

static usd
usd_of(struct json_in *in, const char *key, const struct json *v)
{
    char buf[F64_TEXT_MAX];
    const char *text = decimal_text(v, buf);
    usd amount = USD_ZERO;
    size_t len = 0;

    if (text == NULL) {
        wrong(in, key, "is not an amount");
        return amount;
    }
    text = trimmed(text, &len);
    in->rc = usd_parse(text, len, &amount, in->err);
    if (in->rc != RC_OK && in->err != NULL) in->rc = err_wrap(in->err, "\"%.60s\"", key);
    return amount;
}

static int64_t
time_of(struct json_in *in, const char *key, const struct json *v)
{
    const char *text = json_string(v);
    int64_t at_ns = text != NULL ? when_parse_or_none(text) : WHEN_NONE;

    if (at_ns == WHEN_NONE) wrong(in, key, "is not an instant");
    return at_ns;
}

usd
json_need_usd(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);

    return v != NULL ? usd_of(in, key, v) : USD_ZERO;
}

int64_t
json_need_time(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);

    return v != NULL ? time_of(in, key, v) : WHEN_NONE;
}

bool
json_need_bool(struct json_in *in, const char *key)
{
    const struct json *v = needed(in, key);

    if (v != NULL && json_kind(v) != JSON_BOOL) wrong(in, key, "is not true or false");
    return in->rc == RC_OK && json_is_true(v);
}

usd
json_opt_usd(struct json_in *in, const char *key, usd dflt)
{
    const struct json *v = in->rc == RC_OK ? json_get(in->obj, key) : NULL;

    return v != NULL ? usd_of(in, key, v) : dflt;
}

int64_t
json_opt_time(struct json_in *in, const char *key, int64_t dflt)
{
    const struct json *v = in->rc == RC_OK ? json_get(in->obj, key) : NULL;

    return v != NULL ? time_of(in, key, v) : dflt;
}
