#include "model/calendar.h"

#include <stddef.h>

enum { JAN = 1, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC };

enum { SUN, MON, TUE, WED, THU, FRI, SAT };

enum {
    FULL_CLOSE_MIN = 16 * 60,
    EARLY_CLOSE_MIN = 13 * 60,
    EARLY_CLOSE_MIN_UNTIL_1992 = 14 * 60,
    CLOSED_DAYS_MAX = 14 /* in a row; the longest so far were six (September 2001) */
};

static bool
is_day(struct date d, int month, int day)
{
    return d.month == month && d.day == day;
}

/* The n-th given weekday of its month. */
static bool
is_nth(struct date d, int month, int weekday, int n)
{
    return d.month == month && date_weekday(d) == weekday && (d.day + 6) / 7 == n;
}

/*
 * A holiday of fixed date: kept on the Friday before where it falls on a Saturday, on the Monday
 * after where it falls on a Sunday.
 */
static bool
is_observed(struct date d, int month, int day)
{
    int weekday = date_weekday(d);

    if (is_day(d, month, day)) return true;
    return (weekday == FRI && is_day(d, month, day - 1)) ||
           (weekday == MON && is_day(d, month, day + 1));
}

/* Easter Sunday of the Gregorian calendar: the golden number and the epact give the paschal full
 * moon. */
static struct date
easter(int year)
{
    int golden = year % 19, century = year / 100, rest = year % 100;
    int moon_shift = (8 * century + 13) / 25;
    int epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    int to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    int late = (golden + 11 * epact + 22 * to_sunday) / 451;
    int days = epact + to_sunday - 7 * late + 114;

    return (struct date){year, days / 31, days % 31 + 1};
}

static bool
is_good_friday(struct date d)
{
    return date_to_days(d) == date_to_days(easter(d.year)) - 2;
}

/* A day without trading by NYSE rule 7.2, or NULL; weekends are not asked. */
static const char *
holiday(struct date d)
{
    /* A New Year's Day on a Saturday is not kept on Friday: the books of the year close then. */
    if (is_day(d, JAN, 1) || (is_day(d, JAN, 2) && date_weekday(d) == MON)) return "New Year's Day";
    if (d.year >= 1998 && is_nth(d, JAN, MON, 3)) return "Martin Luther King Jr. Day";
    if (is_nth(d, FEB, MON, 3)) return "Washington's Birthday";
    if (is_good_friday(d)) return "Good Friday";
    if (d.month == MAY && date_weekday(d) == MON && d.day > 31 - 7) return "Memorial Day";
    if (d.year >= 2022 && is_observed(d, JUN, 19)) return "Juneteenth";
    if (is_observed(d, JUL, 4)) return "Independence Day";
    if (is_nth(d, SEP, MON, 1)) return "Labor Day";
    if (is_nth(d, NOV, THU, 4)) return "Thanksgiving Day";
    if (is_observed(d, DEC, 25)) return "Christmas Day";
    return NULL;
}

/* Closures outside the rules. */
static const char *
closure(struct date d)
{
    static const struct {
        struct date date;
        const char *why;
    } table[] = {
        {{1994, 4, 27},  "day of mourning for President Nixon" },
        {{2001, 9, 11},  "attacks of September 11"             },
        {{2001, 9, 12},  "attacks of September 11"             },
        {{2001, 9, 13},  "attacks of September 11"             },
        {{2001, 9, 14},  "attacks of September 11"             },
        {{2004, 6, 11},  "day of mourning for President Reagan"},
        {{2007, 1, 2},   "day of mourning for President Ford"  },
        {{2012, 10, 29}, "Hurricane Sandy"                     },
        {{2012, 10, 30}, "Hurricane Sandy"                     },
        {{2018, 12, 5},  "day of mourning for President Bush"  },
        {{2025, 1, 9},   "day of mourning for President Carter"},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (date_cmp(table[i].date, d) == 0) return table[i].why;
    }
    return NULL;
}

/*
 * Around Independence Day, since 1995: the trading day before closes early where it is 3 July,
 * except that until 2012 a Thursday holiday shortened the Friday after it instead of the Wednesday.
 */
static bool
is_early_in_july(struct date d)
{
    int weekday = date_weekday(d);

    if (d.year < 1995) return false;
    if (is_day(d, JUL, 3)) return weekday != WED || d.year >= 2013;
    return is_day(d, JUL, 5) && weekday == FRI && d.year < 2013;
}

/* Why a trading day closes early, or NULL. */
static const char *
early_close(struct date d)
{
    static const struct date single[] = {
        {1997, 12, 26},
        {1999, 12, 31},
        {2003, 12, 26}
    };
    struct date yesterday = date_from_days(date_to_days(d) - 1);

    if (is_early_in_july(d)) return "around Independence Day";
    if (d.year >= 1992 && is_nth(yesterday, NOV, THU, 4)) return "day after Thanksgiving";
    if (is_day(d, DEC, 24)) return "Christmas Eve";
    for (size_t i = 0; i < COUNT_OF(single); i++) {
        if (date_cmp(single[i], d) == 0) return "year-end holidays";
    }
    return NULL;
}

static int64_t
new_york_ns(const struct zone *ny, struct date d, int minute)
{
    struct civil local = {.date = d, .hour = minute / 60, .minute = minute % 60};

    return zone_utc(ny, &local);
}

static struct session
no_session(struct date d, const char *why)
{
    return (struct session){d, SESSION_NONE, WHEN_NONE, WHEN_NONE, why};
}

static struct session
session_until(const struct zone *ny, struct date d, enum session_kind kind, int close_minute,
              const char *why)
{
    return (struct session){d, kind, new_york_ns(ny, d, 9 * 60 + 30),
                            new_york_ns(ny, d, close_minute), why};
}

struct session
calendar_session(const struct zone *ny, struct date d)
{
    int weekday = date_weekday(d);
    int early_min = d.year < 1993 ? EARLY_CLOSE_MIN_UNTIL_1992 : EARLY_CLOSE_MIN;

    if (weekday == SUN || weekday == SAT) return no_session(d, "weekend");
    /* The ends of the time that an instant can hold: nothing is traded there. */
    if (d.year < 1700 || d.year > 2200) return no_session(d, "no rule for the year");
    if (d.year < CALENDAR_YEAR_MIN || d.year > CALENDAR_YEAR_MAX) {
        return session_until(ny, d, SESSION_FULL, FULL_CLOSE_MIN, "no rule for the year");
    }
    const char *why = holiday(d);
    if (why == NULL) why = closure(d);
    if (why != NULL) return no_session(d, why);
    why = early_close(d);
    if (why != NULL) return session_until(ny, d, SESSION_EARLY, early_min, why);
    return session_until(ny, d, SESSION_FULL, FULL_CLOSE_MIN, "");
}

struct session
calendar_session_at(const struct zone *ny, int64_t at_ns)
{
    return calendar_session(ny, zone_date(ny, at_ns));
}

struct session
calendar_next_session(const struct zone *ny, int64_t at_ns)
{
    int64_t day = date_to_days(zone_date(ny, at_ns));
    struct session s = calendar_session(ny, date_from_days(day));

    for (int i = 0; i < CLOSED_DAYS_MAX && (s.kind == SESSION_NONE || s.open_ns <= at_ns); i++) {
        s = calendar_session(ny, date_from_days(++day));
    }
    return s;
}

enum market_phase
calendar_phase(const struct zone *ny, int64_t at_ns)
{
    struct session s = calendar_session_at(ny, at_ns);

    if (s.kind == SESSION_NONE) return PHASE_CLOSED;
    if (at_ns < new_york_ns(ny, s.date, 4 * 60)) return PHASE_CLOSED;
    if (at_ns < s.open_ns) return PHASE_PRE;
    if (at_ns < s.close_ns) return PHASE_OPEN;
    return at_ns < new_york_ns(ny, s.date, 20 * 60) ? PHASE_AFTER : PHASE_CLOSED;
}

const char *
market_phase_name(enum market_phase p)
{
    switch (p) {
    case PHASE_CLOSED:
        return "closed";
    case PHASE_PRE:
        return "pre";
    case PHASE_OPEN:
        return "open";
    case PHASE_AFTER:
        return "after";
    }
    return "closed";
}
