/*
 * Instants and dates.  An instant is int64_t nanoseconds UTC since 1970; there is no other inside.
 *
 * Text forms (spec 10 R0.1): ISO is "2026-01-30T20:58:07.568503+00:00", always six fractional
 * digits; DT is "2026-01-30 20:58:07 UTC".
 */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include "base/err.h"

#define NS_PER_US   INT64_C(1000)
#define NS_PER_MS   INT64_C(1000000)
#define NS_PER_S    INT64_C(1000000000)
#define NS_PER_MIN  (60 * NS_PER_S)
#define NS_PER_HOUR (3600 * NS_PER_S)
#define NS_PER_DAY  (86400 * NS_PER_S)

/* "No instant": smaller than any that can be parsed. */
#define WHEN_NONE INT64_MIN

/* A civil date of the proleptic Gregorian calendar, and a time of day. */
struct date {
    int year;  /* 1678..2261 fit an instant */
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

struct civil {
    struct date date;
    int hour, minute, second;
    int nanosecond;
};

enum { ISO_TEXT_MAX = 48 };

int64_t when_from_civil(const struct civil *c); /* fields are taken as UTC */
struct civil when_to_civil(int64_t at_ns);

/* Days since 1970-01-01, and back; weekday 0 = Sunday. */
int64_t date_to_days(struct date d);
struct date date_from_days(int64_t days);
int date_weekday(struct date d);
int date_cmp(struct date a, struct date b);
bool date_valid(struct date d);

/*
 * Parses an instant: YYYY-MM-DD, then T or blank, HH:MM[:SS[.0-9 digits]], then Z, +-HH[:MM],
 * +-HHMM or nothing (= UTC).  A date alone is its 00:00 UTC.  Surrounding white space is allowed.
 * RC_PARSE otherwise.
 */
enum rc when_parse(const char *text, int64_t *ret_ns, struct err *err) MUST_USE;

/* As when_parse, WHEN_NONE for what is not an instant. */
int64_t when_parse_or_none(const char *text);

/* Exactly YYYY-MM-DD of an existing day. */
enum rc date_parse(const char *text, struct date *ret_date, struct err *err) MUST_USE;

const char *when_iso(int64_t at_ns, char buf[ISO_TEXT_MAX]);       /* ISO                     */
const char *when_iso_brief(int64_t at_ns, char buf[ISO_TEXT_MAX]); /* without a zero fraction */
const char *when_dt(int64_t at_ns, char buf[ISO_TEXT_MAX]);        /* DT                      */
const char *when_compact(int64_t at_ns, char buf[ISO_TEXT_MAX]);   /* 20260130T205807Z        */
const char *when_rfc3339(int64_t at_ns, char buf[ISO_TEXT_MAX]);   /* ...T20:58:07Z, whole s; */
const char *date_text(struct date d, char buf[ISO_TEXT_MAX]);      /* 2026-01-30              */

/* Whole seconds since 1970, rounded towards minus infinity. */
int64_t when_to_s(int64_t at_ns);
double when_to_s_f64(int64_t at_ns);
int64_t when_from_s_f64(double seconds); /* WHEN_NONE if not finite or out of range */

#endif
