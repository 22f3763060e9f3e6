#include "base/when.h"

#include <math.h>

enum {
    YEAR_MIN = 1678, /* whole years inside an int64_t of nanoseconds */
    YEAR_MAX = 2261
};

static int64_t
floor_div(int64_t n, int64_t d)
{
    return n / d - (n % d < 0);
}

/* ---- dates --------------------------------------------------------------------------------- */

/*
 * Years begin in March, so that the leap day is the last of its year; 400 of them, an era, have
 * 146097 days.  719468 days lie between 0000-03-01 and 1970-01-01.
 */
int64_t
date_to_days(struct date d)
{
    int64_t year = (int64_t)d.year - (d.month <= 2);
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct date
date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t doe = shifted - era * 146097; /* day of era, 0..146096 */
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month = (5 * doy + 2) / 153; /* 0 = March */

    return (struct date){
        .year = (int)(yoe + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(doy - (153 * month + 2) / 5 + 1),
    };
}

int
date_weekday(struct date d)
{
    int64_t days = date_to_days(d) + 4; /* 1970-01-01 was a Thursday */

    return (int)(days - floor_div(days, 7) * 7);
}

int
date_cmp(struct date a, struct date b)
{
    if (a.year != b.year) return a.year < b.year ? -1 : 1;
    if (a.month != b.month) return a.month < b.month ? -1 : 1;
    return (a.day > b.day) - (a.day < b.day);
}

bool
date_valid(struct date d)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);

    if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > month_days[d.month - 1]) return false;
    return d.month != 2 || d.day < 29 || is_leap;
}

/* ---- instants ------------------------------------------------------------------------------ */

int64_t
when_from_civil(const struct civil *c)
{
    int64_t seconds = date_to_days(c->date) * 86400 + (int64_t)c->hour * 3600 +
                      (int64_t)c->minute * 60 + c->second;
    int64_t ns = 0;
    bool overflow = __builtin_mul_overflow(seconds, NS_PER_S, &ns) ||
                    __builtin_add_overflow(ns, (int64_t)c->nanosecond, &ns);

    ASSERT(!overflow);
    return ns;
}

struct civil
when_to_civil(int64_t at_ns)
{
    int64_t days = floor_div(at_ns, NS_PER_DAY);
    int64_t ns = at_ns % NS_PER_DAY;

    if (ns < 0) ns += NS_PER_DAY;
    return (struct civil){
        .date = date_from_days(days),
        .hour = (int)(ns / NS_PER_HOUR),
        .minute = (int)(ns / NS_PER_MIN % 60),
        .second = (int)(ns / NS_PER_S % 60),
        .nanosecond = (int)(ns % NS_PER_S),
    };
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Exactly n digits; on success the cursor stands behind them. */
static bool
take_digits(const char **at, int n, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') return false; /* the NUL ends here too */
        value = value * 10 + (c - '0');
    }
    *at += n;
    *ret_value = value;
    return true;
}

static bool
take_char(const char **at, char c)
{
    if (**at != c) return false;
    (*at)++;
    return true;
}

static bool
take_date(const char **at, struct date *d)
{
    return take_digits(at, 4, &d->year) && take_char(at, '-') && take_digits(at, 2, &d->month) &&
           take_char(at, '-') && take_digits(at, 2, &d->day) && date_valid(*d);
}

/* .1 to .123456789 */
static bool
take_fraction(const char **at, int *ret_ns)
{
    int ns = 0, digits = 0;

    while (digits < 9 && **at >= '0' && **at <= '9') {
        ns = ns * 10 + (*(*at)++ - '0');
        digits++;
    }
    if (digits == 0) return false;
    for (; digits < 9; digits++)
        ns *= 10;
    *ret_ns = ns;
    return true;
}

static bool
take_time(const char **at, struct civil *c)
{
    if (!take_digits(at, 2, &c->hour) || !take_char(at, ':') || !take_digits(at, 2, &c->minute))
        return false;
    if (take_char(at, ':')) {
        if (!take_digits(at, 2, &c->second)) return false;
        if (take_char(at, '.') && !take_fraction(at, &c->nanosecond)) return false;
    }
    return c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

/* Z, +-HH, +-HH:MM, +-HHMM or nothing. */
static bool
take_offset(const char **at, int64_t *ret_offset_ns)
{
    int hours = 0, minutes = 0;
    char sign = **at;

    *ret_offset_ns = 0;
    if (sign != '+' && sign != '-') {
        (void)take_char(at, 'Z');
        return true;
    }
    (*at)++;
    if (!take_digits(at, 2, &hours)) return false;
    if (take_char(at, ':') || (**at >= '0' && **at <= '9')) {
        if (!take_digits(at, 2, &minutes)) return false;
    }
    if (hours > 23 || minutes > 59) return false;
    *ret_offset_ns = (hours * 60 + minutes) * NS_PER_MIN;
    if (sign == '-') *ret_offset_ns = -*ret_offset_ns;
    return true;
}

static bool
take_instant(const char **at, int64_t *ret_ns)
{
    struct civil c = {0};
    int64_t offset_ns = 0;

    if (!take_date(at, &c.date) || c.date.year < YEAR_MIN || c.date.year > YEAR_MAX) return false;
    /* A blank may also be the white space behind a date alone. */
    if (**at == 'T' || (**at == ' ' && (*at)[1] >= '0' && (*at)[1] <= '9')) {
        (*at)++;
        if (!take_time(at, &c) || !take_offset(at, &offset_ns)) return false;
    }
    *ret_ns = when_from_civil(&c) - offset_ns;
    return true;
}

enum rc
when_parse(const char *text, int64_t *ret_ns, struct err *err)
{
    const char *at = text;
    int64_t ns = 0;

    while (is_blank(*at))
        at++;
    bool ok = take_instant(&at, &ns);
    while (ok && is_blank(*at))
        at++;
    if (!ok || *at != '\0') return err_set(err, RC_PARSE, "\"%.60s\" is not an instant", text);
    *ret_ns = ns;
    return RC_OK;
}

int64_t
when_parse_or_none(const char *text)
{
    int64_t ns = WHEN_NONE;

    return when_parse(text, &ns, NULL) == RC_OK ? ns : WHEN_NONE;
}

enum rc
date_parse(const char *text, struct date *ret_date, struct err *err)
{
    struct date d = {0};
    const char *at = text;

    if (!take_date(&at, &d) || *at != '\0')
        return err_set(err, RC_PARSE, "\"%.60s\" is not a date", text);
    *ret_date = d;
    return RC_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The number in so many digits, and one byte behind them. */
static char *
put(char *at, int number, int digits, char behind)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    at[digits] = behind;
    return at + digits + 1;
}

/* Stands in every record, so without printf.  The years of an instant have four digits. */
const char *
when_iso(int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    struct civil c = when_to_civil(at_ns);
    char *at = put(buf, c.date.year, 4, '-');

    at = put(at, c.date.month, 2, '-');
    at = put(at, c.date.day, 2, 'T');
    at = put(at, c.hour, 2, ':');
    at = put(at, c.minute, 2, ':');
    at = put(at, c.second, 2, '.');
    at = put(at, c.nanosecond / 1000, 6, '+');
    memcpy(at, "00:00", sizeof("00:00"));
    return buf;
}

const char *
when_iso_brief(int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    static const char fraction[] = ".000000", offset[] = "+00:00";
    char *at = strstr(when_iso(at_ns, buf), fraction);

    if (at != NULL) memcpy(at, offset, sizeof(offset));
    return buf;
}

const char *
when_dt(int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    struct civil c = when_to_civil(at_ns);

    (void)snprintf(buf, ISO_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d UTC", c.date.year,
                   c.date.month, c.date.day, c.hour, c.minute, c.second);
    return buf;
}

const char *
when_compact(int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    struct civil c = when_to_civil(at_ns);

    (void)snprintf(buf, ISO_TEXT_MAX, "%04d%02d%02dT%02d%02d%02dZ", c.date.year, c.date.month,
                   c.date.day, c.hour, c.minute, c.second);
    return buf;
}

const char *
when_rfc3339(int64_t at_ns, char buf[ISO_TEXT_MAX])
{
    struct civil c = when_to_civil(at_ns);

    (void)snprintf(buf, ISO_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.date.year, c.date.month,
                   c.date.day, c.hour, c.minute, c.second);
    return buf;
}

const char *
date_text(struct date d, char buf[ISO_TEXT_MAX])
{
    (void)snprintf(buf, ISO_TEXT_MAX, "%04d-%02d-%02d", d.year, d.month, d.day);
    return buf;
}

int64_t
when_to_s(int64_t at_ns)
{
    return floor_div(at_ns, NS_PER_S);
}

double
when_to_s_f64(int64_t at_ns)
{
    int64_t us = at_ns / NS_PER_US, s = when_to_s(at_ns);

    /* Whole microseconds fit a double exactly, so that one division gives the nearest number of
     * seconds. */
    if (at_ns % NS_PER_US == 0) return (double)us / 1e6;
    return (double)s + (double)(at_ns - s * NS_PER_S) / 1e9;
}

int64_t
when_from_s_f64(double seconds)
{
    if (!isfinite(seconds) || fabs(seconds) >= 9.2e9) return WHEN_NONE;
    double whole = floor(seconds);
    return (int64_t)whole * NS_PER_S + (int64_t)round((seconds - whole) * 1e9);
}
