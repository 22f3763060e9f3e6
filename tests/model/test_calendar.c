#include "tests/lib/check.h"

#include "base/json.h"
#include "model/calendar.h"

static int
setup_new_york(void **state)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct zone *ny = NULL;
    struct err err = {0};

    check_read_file("/usr/share/zoneinfo/America/New_York", &bytes);
    if (zone_new(text_str(&bytes), bytes.len, &ny, &err) != RC_OK) {
        (void)fprintf(stderr, "America/New_York: %s\n", err.text);
        return -1;
    }
    *state = ny;
    return 0;
}

static int
teardown_new_york(void **state)
{
    zone_free(*state);
    return 0;
}

static struct date
date_of(const char *text)
{
    struct date d = {0};

    assert_int_equal(date_parse(text, &d, NULL), RC_OK);
    return d;
}

static void
assert_instant(const char *what, int64_t at_ns, const char *want)
{
    char buf[ISO_TEXT_MAX];

    if (at_ns == when_parse_or_none(want)) return;
    fail_msg("%s: %s, not %s", what, when_iso(at_ns, buf), want);
}

/* ---- sessions ------------------------------------------------------------------------------ */

/* Every weekday of a year that is not a full day. */
static void
test_calendar_keeps_the_holidays_of_sample_years(void **state)
{
    static const struct {
        int year;
        const char *closed; /* MM-DD, in order */
        const char *early;
    } cases[] = {
        {1990, "01-01 02-19 04-13 05-28 07-04 09-03 11-22 12-25",                               "12-24"                  },
        {1992, "01-01 02-17 04-17 05-25 07-03 09-07 11-26 12-25",                               "11-27 12-24"            },
        {1994, "02-21 04-01 04-27 05-30 07-04 09-05 11-24 12-26",                               "11-25"                  },
        {1996, "01-01 02-19 04-05 05-27 07-04 09-02 11-28 12-25",                               "07-05 11-29 12-24"      },
        {1997, "01-01 02-17 03-28 05-26 07-04 09-01 11-27 12-25",                               "07-03 11-28 12-24 12-26"},
        {1998, "01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25",                         "11-27 12-24"            },
        {1999, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",                         "11-26 12-31"            },
        {2000, "01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25",                               "07-03 11-24"            },
        {2001, "01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25",
         "07-03 11-23 12-24"                                                                                             },
        {2002, "01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25",                         "07-05 11-29 12-24"      },
        {2003, "01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25",                         "07-03 11-28 12-24 12-26"},
        {2004, "01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24",                   "11-26"                  },
        {2007, "01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25",                   "07-03 11-23 12-24"      },
        {2011, "01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26",                               "11-25"                  },
        {2012, "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25",
         "07-03 11-23 12-24"                                                                                             },
        {2018, "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25",                   "07-03 11-23 12-24"      },
        {2021, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",                         "11-26"                  },
        {2022, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",                         "11-25"                  },
        {2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
         "07-03 11-28 12-24"                                                                                             },
        {2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",                   "11-27 12-24"            },
        {2030, "01-01 01-21 02-18 04-19 05-27 06-19 07-04 09-02 11-28 12-25",                   "07-03 11-29 12-24"      },
        {2033, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",                         "11-25"                  },
        {2035, "01-01 01-15 02-19 03-23 05-28 06-19 07-04 09-03 11-22 12-25",                   "07-03 11-23 12-24"      },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text closed = {0};
        CLEANUP(text_free) struct text early = {0};
        int64_t day = date_to_days((struct date){cases[i].year, 1, 1});
        for (; date_from_days(day).year == cases[i].year; day++) {
            struct date d = date_from_days(day);
            struct session s = calendar_session(*state, d);
            if (s.kind == SESSION_FULL || str_eq(s.why, "weekend")) continue;
            struct text *list = s.kind == SESSION_NONE ? &closed : &early;
            text_printf(list, "%s%02d-%02d", list->len > 0 ? " " : "", d.month, d.day);
        }
        if (!str_eq(text_str(&closed), cases[i].closed)) {
            fail_msg("%d closed: %s, not %s", cases[i].year, text_str(&closed), cases[i].closed);
        }
        if (!str_eq(text_str(&early), cases[i].early)) {
            fail_msg("%d early: %s, not %s", cases[i].year, text_str(&early), cases[i].early);
        }
    }
}

static void
test_calendar_opens_and_closes_at_new_york_hours(void **state)
{
    static const struct {
        const char *date;
        enum session_kind kind;
        const char *open, *close, *why;
    } cases[] = {
        {"2026-01-30", SESSION_FULL,  "2026-01-30T14:30Z", "2026-01-30T21:00Z", ""                                    },
        {"2026-07-06", SESSION_FULL,  "2026-07-06T13:30Z", "2026-07-06T20:00Z", ""                                    },
        {"2026-03-06", SESSION_FULL,  "2026-03-06T14:30Z", "2026-03-06T21:00Z", ""                                    },
        {"2026-03-09", SESSION_FULL,  "2026-03-09T13:30Z", "2026-03-09T20:00Z",
         ""                                                                                                           }, /* clocks went forward */
        {"2026-10-30", SESSION_FULL,  "2026-10-30T13:30Z", "2026-10-30T20:00Z", ""                                    },
        {"2026-11-02", SESSION_FULL,  "2026-11-02T14:30Z", "2026-11-02T21:00Z", ""                                    }, /* and back */
        {"2026-11-27", SESSION_EARLY, "2026-11-27T14:30Z", "2026-11-27T18:00Z",
         "day after Thanksgiving"                                                                                     },
        {"1992-12-24", SESSION_EARLY, "1992-12-24T14:30Z", "1992-12-24T19:00Z", "Christmas Eve"                       },
        {"2025-07-03", SESSION_EARLY, "2025-07-03T13:30Z", "2025-07-03T17:00Z",
         "around Independence Day"                                                                                    },
        {"2025-01-09", SESSION_NONE,  NULL,                NULL,                "day of mourning for President Carter"},
        {"2026-01-31", SESSION_NONE,  NULL,                NULL,                "weekend"                             },
        {"2022-06-20", SESSION_NONE,  NULL,                NULL,                "Juneteenth"                          },
        {"2021-06-18", SESSION_FULL,  "2021-06-18T13:30Z", "2021-06-18T20:00Z",
         ""                                                                                                           }, /* not yet a holiday */
        {"2010-12-31", SESSION_FULL,  "2010-12-31T14:30Z", "2010-12-31T21:00Z",
         ""                                                                                                           }, /* 1 January is a Saturday */
        {"1989-12-25", SESSION_FULL,  "1989-12-25T14:30Z", "1989-12-25T21:00Z",
         "no rule for the year"                                                                                       },
        {"2036-01-01", SESSION_FULL,  "2036-01-01T14:30Z", "2036-01-01T21:00Z",
         "no rule for the year"                                                                                       },
        {"2201-01-01", SESSION_NONE,  NULL,                NULL,                "no rule for the year"                },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct session s = calendar_session(*state, date_of(cases[i].date));
        if (s.kind != cases[i].kind) fail_msg("%s: kind %d", cases[i].date, (int)s.kind);
        assert_string_equal(s.why, cases[i].why);
        if (s.kind == SESSION_NONE) {
            assert_true(s.open_ns == WHEN_NONE && s.close_ns == WHEN_NONE);
            continue;
        }
        assert_instant(cases[i].date, s.open_ns, cases[i].open);
        assert_instant(cases[i].date, s.close_ns, cases[i].close);
    }
}

static void
test_calendar_knows_the_phase_of_an_instant(void **state)
{
    static const struct {
        const char *at;
        const char *phase;
    } cases[] = {
        {"2026-01-30T08:59:59.999999999Z", "closed"},
        {"2026-01-30T09:00:00Z",           "pre"   },
        {"2026-01-30T14:29:59.999999999Z", "pre"   },
        {"2026-01-30T14:30:00Z",           "open"  },
        {"2026-01-30T20:59:59.999999999Z", "open"  },
        {"2026-01-30T21:00:00Z",           "after" },
        {"2026-01-31T00:59:59.999999999Z", "after" },
        {"2026-01-31T01:00:00Z",           "closed"},
        {"2026-01-31T16:00:00Z",           "closed"},
        {"2026-11-27T17:59:59Z",           "open"  },
        {"2026-11-27T18:00:00Z",           "after" },
        {"2026-12-25T16:00:00Z",           "closed"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *phase =
            market_phase_name(calendar_phase(*state, when_parse_or_none(cases[i].at)));
        if (!str_eq(phase, cases[i].phase)) fail_msg("%s: %s", cases[i].at, phase);
    }
    assert_int_equal(calendar_phase(*state, WHEN_NONE), PHASE_CLOSED);
    assert_int_equal(calendar_phase(*state, INT64_MAX), PHASE_CLOSED);
}

static void
test_calendar_finds_the_next_session(void **state)
{
    static const struct {
        const char *at, *open;
    } cases[] = {
        {"2026-01-30T14:29:59Z", "2026-01-30T14:30Z"},
        {"2026-01-30T14:30:00Z", "2026-02-02T14:30Z"}, /* strictly after */
        {"2026-01-31T02:00:00Z", "2026-02-02T14:30Z"}, /* still Friday in New York */
        {"2001-09-10T20:00:00Z", "2001-09-17T13:30Z"},
        {"2026-12-24T18:00:00Z", "2026-12-28T14:30Z"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct session s = calendar_next_session(*state, when_parse_or_none(cases[i].at));
        assert_instant(cases[i].at, s.open_ns, cases[i].open);
    }
    assert_int_equal(calendar_next_session(*state, INT64_MAX).kind, SESSION_NONE);
    assert_int_equal(calendar_next_session(*state, WHEN_NONE).kind, SESSION_NONE);
}

/* Sessions follow each other without overlap, and each is found from the instant before it and
 * inside it. */
static void
test_calendar_sessions_are_in_order(void **state)
{
    int64_t at_ns = when_parse_or_none("1990-01-01"), end_ns = when_parse_or_none("2036-01-01");
    int64_t last_close_ns = at_ns;
    int sessions = 0;

    while (at_ns < end_ns) {
        struct session s = calendar_next_session(*state, at_ns);
        int64_t length_ns = s.close_ns - s.open_ns;
        assert_true(s.kind != SESSION_NONE && s.open_ns > last_close_ns);
        if (s.kind == SESSION_FULL)
            assert_int_equal(length_ns, 390 * NS_PER_MIN);
        else
            assert_int_equal(length_ns, (s.date.year < 1993 ? 270 : 210) * NS_PER_MIN);
        assert_int_equal(calendar_session_at(*state, s.open_ns).open_ns, s.open_ns);
        assert_int_equal(calendar_session_at(*state, s.close_ns).open_ns, s.open_ns);
        assert_int_equal(calendar_next_session(*state, s.open_ns - 1).open_ns, s.open_ns);
        last_close_ns = s.close_ns;
        at_ns = s.open_ns;
        sessions++;
    }
    /* 252 a year on average */
    assert_in_range(sessions, 46 * 251, 46 * 253);
}

static void
test_calendar_agrees_with_the_broker_calendar(void **state)
{
    const char *shared = getenv("STOCKBOT_SHARED");
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};

    text_printf(&path, "%s/data/alpaca/us_equity_calendar.json",
                shared != NULL ? shared : "../shared");
    check_read_file(path.data, &bytes);
    if (bytes.len == 0) {
        printf("skipped: no %s\n", path.data);
        skip();
    }
    if (json_parse(bytes.data, bytes.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) != RC_OK)
        fail_msg("%s", err.text);

    int64_t day = date_to_days((struct date){2013, 1, 1}),
            end = date_to_days((struct date){2029, 1, 1});
    int compared = 0;
    for (; day < end; day++) {
        char text[ISO_TEXT_MAX];
        struct session s = calendar_session(*state, date_from_days(day));
        if (str_eq(s.why, "weekend")) continue;
        bool is_holiday = false;
        date_text(s.date, text);
        const struct json *h = json_first(json_get_arr(doc, "holidays"));
        for (; h != NULL && !is_holiday; h = json_next(h))
            is_holiday = str_eq(json_string(h), text);
        bool is_early = json_has(json_get_obj(doc, "early_closes"), text);
        if (is_holiday != (s.kind == SESSION_NONE))
            fail_msg("%s: holiday %d, %s", text, is_holiday, s.why);
        if (is_early != (s.kind == SESSION_EARLY))
            fail_msg("%s: early %d, %s", text, is_early, s.why);
        compared++;
    }
    assert_int_equal(compared, 834 * 5 + 4); /* 834 weeks from a Tuesday, and Tuesday to Friday */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_keeps_the_holidays_of_sample_years),
        cmocka_unit_test(test_calendar_opens_and_closes_at_new_york_hours),
        cmocka_unit_test(test_calendar_knows_the_phase_of_an_instant),
        cmocka_unit_test(test_calendar_finds_the_next_session),
        cmocka_unit_test(test_calendar_sessions_are_in_order),
        cmocka_unit_test(test_calendar_agrees_with_the_broker_calendar),
    };

    return cmocka_run_group_tests(tests, setup_new_york, teardown_new_york);
}
