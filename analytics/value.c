#include "analytics/value.h"

#include <string.h>

#include "analytics/number.h"
#include "base/when.h"

#define US_PER_S INT64_C(1000000)

/* ---- text ---------------------------------------------------------------------------------- */

/* Bytes of the white space character at the start; 0 for none. */
static size_t
space_len(struct span s)
{
    static const char *const wide[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80",
                                       "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
                                       "\xE2\x81\x9F", "\xE3\x80\x80"};

    if (s.len == 0) return 0;
    uint8_t b = (uint8_t)s.at[0];
    if (b < 0x80) return b == ' ' || (b >= 0x09 && b <= 0x0D) || (b >= 0x1C && b <= 0x1F);
    for (size_t i = 0; i < COUNT_OF(wide); i++) {
        size_t len = strlen(wide[i]);
        if (s.len >= len && memcmp(s.at, wide[i], len) == 0) return len;
    }
    /* U+2000 to U+200A */
    bool is_general = s.len >= 3 && memcmp(s.at, "\xE2\x80", 2) == 0 && (uint8_t)s.at[2] >= 0x80 &&
                      (uint8_t)s.at[2] <= 0x8A;
    return is_general ? 3 : 0;
}

struct span
span_trim(struct span s)
{
    for (size_t n = space_len(s); n > 0; n = space_len(s)) {
        s.at += n;
        s.len -= n;
    }
    for (bool found = true; found;) {
        found = false;
        for (size_t n = 1; n <= 3 && n <= s.len && !found; n++) {
            found = space_len((struct span){s.at + s.len - n, n}) == n;
            if (found) s.len -= n;
        }
    }
    return s;
}

static bool
is_whole_text(struct span number)
{
    for (size_t i = 0; i < number.len; i++) {
        char c = number.at[i];
        if (!(c >= '0' && c <= '9') && c != '-') return false;
    }
    return true;
}

struct span
val_str(const struct node *v, char buf[VAL_TEXT_MAX])
{
    if (node_kind(v) == JSON_STRING) return node_text(v);
    if (node_kind(v) != JSON_NUMBER || !val_truthy(v)) return (struct span){"", 0};
    if (is_whole_text(node_text(v))) return node_text(v);
    double x = number_read(node_text(v));
    if (!isfinite(x)) return (struct span){"", 0};
    return (struct span){buf, strlen(number_text(x, buf))};
}

/* ---- numbers ------------------------------------------------------------------------------- */

static double
num_of_string(struct span s)
{
    char room[64];
    double value = 0;
    CLEANUP(text_free) struct text copy = {0};
    const char *text = room;

    s = span_trim(s);
    if (s.len == 0 || memchr(s.at, '\0', s.len) != NULL) return NONE;
    if (s.len < sizeof(room)) {
        memcpy(room, s.at, s.len);
        room[s.len] = '\0';
    } else {
        text_add(&copy, s.at, s.len);
        text = text_str(&copy);
    }
    return str_to_f64(text, &value) ? value : NONE;
}

double
val_num(const struct node *v)
{
    double x = NONE;

    switch (node_kind(v)) {
    case JSON_NUMBER:
        x = number_read(node_text(v));
        return isfinite(x) ? x : NONE;
    case JSON_BOOL:
        return v->at[0] == 't' ? 1.0 : 0.0;
    case JSON_STRING:
        return num_of_string(node_text(v));
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return NONE;
}

double
val_num0(const struct node *v)
{
    return known_or_0(val_num(v));
}

double
val_abs0(const struct node *v)
{
    return fabs(val_num0(v));
}

bool
val_truthy(const struct node *v)
{
    switch (node_kind(v)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        return v->at[0] == 't';
    case JSON_NUMBER:
        return fpclassify(number_read(node_text(v))) != FP_ZERO;
    case JSON_STRING:
        return v->len > 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return v->size > 1;
    }
    return false;
}

const struct node *
val_first(const struct node *a, const struct node *b)
{
    return val_truthy(a) ? a : b;
}

const struct node *
val_at(const struct node *v, const char *const *path, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        v = node_member(v, path[i]);
    return v;
}

/* ---- time ---------------------------------------------------------------------------------- */

struct cursor {
    const char *at, *end;
};

static bool
take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

/* Exactly so many digits. */
static bool
take_digits(struct cursor *c, int n, int *ret_value)
{
    int value = 0;

    if (c->end - c->at < n) return false;
    for (int i = 0; i < n; i++, c->at++) {
        if (*c->at < '0' || *c->at > '9') return false;
        value = value * 10 + (*c->at - '0');
    }
    *ret_value = value;
    return true;
}

static bool
take_date(struct cursor *c, struct date *d)
{
    return take_digits(c, 4, &d->year) && take(c, '-') && take_digits(c, 2, &d->month) &&
           take(c, '-') && take_digits(c, 2, &d->day) && d->year > 0 && date_valid(*d);
}

/* [.,] and digits, of which six count. */
static bool
take_fraction(struct cursor *c, int64_t *ret_us)
{
    int64_t us = 0, unit = US_PER_S;

    if (!take(c, '.') && !take(c, ',')) return true;
    if (c->at == c->end || *c->at < '0' || *c->at > '9') return false;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        unit /= 10;
        us += unit * (*c->at - '0');
    }
    *ret_us = us;
    return true;
}

static bool
take_time(struct cursor *c, int64_t *ret_us)
{
    int hour = 0, minute = 0, second = 0;
    int64_t fraction_us = 0;

    if (!take_digits(c, 2, &hour)) return false;
    if (take(c, ':')) {
        if (!take_digits(c, 2, &minute)) return false;
        if (take(c, ':') && !(take_digits(c, 2, &second) && take_fraction(c, &fraction_us)))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ret_us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_S + fraction_us;
    return true;
}

/* +-HH, +-HHMM, +-HH:MM, the last two also with seconds; or Z. */
static bool
take_offset(struct cursor *c, int64_t *ret_us)
{
    int hour = 0, minute = 0, second = 0;

    *ret_us = 0;
    if (c->at == c->end || take(c, 'Z')) return true;
    bool is_west = take(c, '-');
    if (!is_west && !take(c, '+')) return false;
    if (!take_digits(c, 2, &hour)) return false;
    bool has_colons = take(c, ':');
    if (has_colons || c->at < c->end) {
        if (!take_digits(c, 2, &minute)) return false;
        bool has_seconds = has_colons ? take(c, ':') : c->at < c->end;
        if (has_seconds && !take_digits(c, 2, &second)) return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ret_us = ((int64_t)hour * 3600 + minute * 60 + second) * (is_west ? -US_PER_S : US_PER_S);
    return true;
}

int64_t
ts_of(struct span s)
{
    struct cursor c;
    struct date d = {0};
    int64_t time_us = 0, offset_us = 0;

    s = span_trim(s);
    c = (struct cursor){s.at, s.at + s.len};
    if (!take_date(&c, &d)) return TS_NONE;
    if (c.at < c.end) {
        if (!take(&c, 'T') && !take(&c, ' ')) return TS_NONE;
        if (!take_time(&c, &time_us) || !take_offset(&c, &offset_us)) return TS_NONE;
    }
    if (c.at < c.end) return TS_NONE;
    return date_to_days(d) * 86400 * US_PER_S + time_us - offset_us;
}

int64_t
val_ts(const struct node *v)
{
    char buf[VAL_TEXT_MAX];

    return ts_of(val_str(v, buf));
}

/* Seconds from year 1 up to the end of 9999, the instants that a text can name. */
#define SECONDS_MIN (-62135596800.0)
#define SECONDS_MAX 253402300800.0

int64_t
val_tsany(const struct node *v)
{
    if (node_kind(v) != JSON_NUMBER && node_kind(v) != JSON_BOOL) return val_ts(v);
    double seconds = val_num(v), whole = 0;
    if (!(seconds >= SECONDS_MIN && seconds < SECONDS_MAX)) return TS_NONE;
    double fraction = modf(seconds, &whole);
    return (int64_t)whole * US_PER_S + (int64_t)rint(fraction * 1e6);
}

double
ts_epoch(int64_t ts_us)
{
    return (double)ts_us / 1e6;
}

bool
val_is_day(const struct node *v, const char *day)
{
    char buf[VAL_TEXT_MAX];
    struct span s = span_trim(val_str(v, buf));

    return s.len >= 10 && memcmp(s.at, day, 10) == 0;
}
