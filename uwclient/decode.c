#include "uwclient/decode.h"

#include <math.h>

enum { NUMBER_TEXT_MAX = 512, ROW_LEVELS_MAX = 8 };
#define USD_PLAUSIBLE_E4  INT64_C(10000000000000000) /* 1 trillion USD */
#define MILLISECONDS_FROM 2e9

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct json *
skip_to_object(const struct json *v)
{
    while (v != NULL && !json_is_object(v))
        v = json_next(v);
    return v;
}

struct uw_rows
uw_rows_of(const struct json *body)
{
    const struct json *data = json_get(body, "data");

    if (json_is_object(data)) return (struct uw_rows){.at = data, .is_single = true};
    return (struct uw_rows){.at = json_is_array(data) ? skip_to_object(json_first(data)) : NULL};
}

void
uw_rows_next(struct uw_rows *r)
{
    r->at = r->is_single ? NULL : skip_to_object(json_next(r->at));
}

size_t
uw_rows_count(const struct json *body)
{
    size_t n = 0;

    UW_EACH_ROW(r, body)
    n++;
    return n;
}

const struct json *
uw_latest(const struct json *body, const char *key)
{
    const struct json *best = NULL;

    UW_EACH_ROW(r, body)
    {
        const char *text = json_str(r.at, key, NULL);
        if (text == NULL) continue;
        if (best == NULL || strcmp(text, json_str(best, key, "")) > 0) best = r.at;
    }
    return best;
}

static bool
is_shallower(const struct json *v, int levels) // NOLINT(misc-no-recursion)
{
    if (!json_is_object(v) && !json_is_array(v)) return true;
    if (levels == 0) return false;
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c)) {
        if (!is_shallower(c, levels - 1)) return false;
    }
    return true;
}

bool
uw_is_shallow(const struct json *row)
{
    return is_shallower(row, ROW_LEVELS_MAX);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The text without thousands commas; false if it is too long to be a number. */
static bool
plain_digits(const char *text, char ret_digits[NUMBER_TEXT_MAX])
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        if (*text == ',') continue;
        if (n + 1 == NUMBER_TEXT_MAX) return false;
        ret_digits[n++] = *text;
    }
    ret_digits[n] = '\0';
    str_trim(ret_digits);
    return n > 0;
}

double
uw_num(const struct json *v)
{
    char digits[NUMBER_TEXT_MAX];
    double x = 0;

    if (json_kind(v) == JSON_NUMBER) return json_f64_of(v, 0);
    if (json_kind(v) != JSON_STRING || !plain_digits(json_string(v), digits)) return 0;
    return str_to_f64(digits, &x) ? x : 0;
}

usd
uw_usd(const struct json *v)
{
    char digits[NUMBER_TEXT_MAX];
    usd x = USD_ZERO;
    enum rc rc = RC_PARSE;

    if (json_kind(v) == JSON_STRING && plain_digits(json_string(v), digits))
        rc = usd_parse(digits, strlen(digits), &x, NULL);
    /* "1." and ".5" are numbers too; no decimals are lost in them. */
    if (rc == RC_PARSE && json_kind(v) == JSON_STRING) rc = usd_from_double(uw_num(v), &x, NULL);
    if (json_kind(v) == JSON_NUMBER) rc = usd_from_double(json_f64_of(v, 0), &x, NULL);
    return rc == RC_OK && llabs(x.e4) <= USD_PLAUSIBLE_E4 ? x : USD_ZERO;
}

usd
uw_usd_sum(usd a, usd b)
{
    usd sum;

    if (__builtin_add_overflow(a.e4, b.e4, &sum.e4)) sum.e4 = a.e4 > 0 ? INT64_MAX : -INT64_MAX;
    return sum;
}

int64_t
uw_count(const struct json *v)
{
    double x = trunc(uw_num(v));

    return fabs(x) <= 1e12 ? (int64_t)x : 0; /* sums of a whole body stay inside int64_t */
}

int64_t
uw_time(const struct json *v)
{
    if (json_kind(v) == JSON_STRING) return when_parse_or_none(json_string(v));
    if (json_kind(v) != JSON_NUMBER) return WHEN_NONE;
    double x = json_f64_of(v, 0);
    return when_from_s_f64(x >= MILLISECONDS_FROM ? x / 1000 : x);
}

double
uw_num_at(const struct json *row, const char *key)
{
    return uw_num(json_get(row, key));
}

usd
uw_usd_at(const struct json *row, const char *key)
{
    return uw_usd(json_get(row, key));
}

int64_t
uw_count_at(const struct json *row, const char *key)
{
    return uw_count(json_get(row, key));
}

int64_t
uw_time_at(const struct json *row, const char *key)
{
    return uw_time(json_get(row, key));
}

bool
uw_date_at(const struct json *row, const char *key, struct date *ret_date)
{
    char ten[11];

    (void)str_copy(ten, sizeof ten, json_str(row, key, "")); /* a time behind the date is cut off */
    return date_parse(ten, ret_date, NULL) == RC_OK;
}

const char *
uw_sentiment(double x)
{
    return x > 0 ? "BULLISH" : x < 0 ? "BEARISH" : "NEUTRAL";
}

/* ---- a member -------------------------------------------------------------------------------- */

void
member_open(struct member *m)
{
    m->out = (struct json_out){.to = &m->text};
    json_out_obj(&m->out, NULL);
}

void
member_close(struct member *m)
{
    json_out_end(&m->out);
}

void
member_free(struct member *m)
{
    text_free(&m->text);
}

void
member_num(struct member *m, const char *key, double x)
{
    if (!isfinite(x) && m->dropped == NULL) m->dropped = key;
    json_out_f64(&m->out, key, isfinite(x) ? x : 0);
}
