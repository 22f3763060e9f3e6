#include "tests/lib/check.h"

#include <math.h>

#include "base/when.h"

static void
test_when_parses_the_documented_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"1970-01-01",                       0                                 },
        {"1970-01-02",                       NS_PER_DAY                        },
        {"1969-12-31T23:59:59.999999999Z",   -1                                },
        {"1970-01-01T00:00",                 0                                 },
        {"1970-01-01 00:00:01",              NS_PER_S                          },
        {"1970-01-01T00:00:00.5Z",           NS_PER_S / 2                      },
        {"1970-01-01T00:00:00.000000001",    1                                 },
        {"1970-01-01T01:00:00+01:00",        0                                 },
        {"1970-01-01T01:00:00+01",           0                                 },
        {"1970-01-01T01:30:00+0130",         0                                 },
        {"1969-12-31T19:00-05:00",           0                                 },
        {" \t1970-01-01T00:00:00Z\r\n",      0                                 },
        {"1970-01-01 ",                      0                                 },
        {"2026-01-30T20:58:07.568503+00:00", INT64_C(1769806687568503000)      },
        {"2000-02-29",                       INT64_C(951782400) * NS_PER_S     },
        {"1678-01-01",                       INT64_C(-9214560000) * NS_PER_S   },
        {"2261-12-31T23:59:59.999999999Z",   INT64_C(9214646400) * NS_PER_S - 1},
        {"1970-01-01T23:59:00+23:59",        0                                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = 77;
        struct err err = {0};
        if (when_parse(cases[i].text, &ns, &err) != RC_OK)
            fail_msg("\"%s\": %s", cases[i].text, err.text);
        if (ns != cases[i].ns) fail_msg("\"%s\": %lld", cases[i].text, (long long)ns);
    }
}

static void
test_when_refuses_everything_else(void **state)
{
    static const char *const cases[] = {
        "",
        "today",
        "2026",
        "2026-01",
        "2026-1-30",
        "2026-00-10",
        "2026-13-10",
        "2026-02-29",
        "1900-02-29",
        "2026-04-31",
        "1677-12-31",
        "2262-01-01",
        "2026-01-30T",
        "2026-01-30T20",
        "2026-01-30T20:5",
        "2026-01-30T24:00",
        "2026-01-30T23:60",
        "2026-01-30T23:59:60",
        "2026-01-30T23:59:59.",
        "2026-01-30T23:59:59.Z",
        "2026-01-30T23:59:59.0000000001",
        "2026-01-30T23:59:59,5",
        "2026-01-30t23:59",
        "2026-01-30T23:59z",
        "2026-01-30T23:59ZZ",
        "2026-01-30T23:59+1",
        "2026-01-30T23:59+24:00",
        "2026-01-30T23:59+01:60",
        "2026-01-30T23:59+01:",
        "2026-01-30Z",
        "2026-01-30T23:59 Z",
        "2026-01-30x",
        "-2026-01-30",
        "2026/01/30",
        "1769806687",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = 77;
        if (when_parse(cases[i], &ns, NULL) != RC_PARSE) fail_msg("\"%s\" was accepted", cases[i]);
        assert_int_equal(ns, 77);
        assert_true(when_parse_or_none(cases[i]) == WHEN_NONE);
    }
}

static void
test_when_writes_its_forms(void **state)
{
    char buf[ISO_TEXT_MAX];
    int64_t at_ns = when_parse_or_none("2026-01-30T20:58:07.568503999Z");

    (void)state;
    assert_string_equal(when_iso(at_ns, buf), "2026-01-30T20:58:07.568503+00:00");
    assert_string_equal(when_dt(at_ns, buf), "2026-01-30 20:58:07 UTC");
    assert_string_equal(when_compact(at_ns, buf), "20260130T205807Z");
    assert_string_equal(when_rfc3339(at_ns, buf), "2026-01-30T20:58:07Z");
    assert_string_equal(when_iso(0, buf), "1970-01-01T00:00:00.000000+00:00");
    assert_string_equal(when_iso_brief(at_ns, buf), "2026-01-30T20:58:07.568503+00:00");
    assert_string_equal(when_iso_brief(0, buf), "1970-01-01T00:00:00+00:00");
    assert_string_equal(when_iso_brief(NS_PER_MS, buf), "1970-01-01T00:00:00.001000+00:00");
    assert_string_equal(when_iso(-1, buf), "1969-12-31T23:59:59.999999+00:00");
    assert_string_equal(when_iso(INT64_MAX, buf), "2262-04-11T23:47:16.854775+00:00");
    assert_string_equal(when_iso(INT64_MIN, buf), "1677-09-21T00:12:43.145224+00:00");
    assert_string_equal(date_text((struct date){2026, 1, 30}, buf), "2026-01-30");
}

static void
test_when_text_reads_back(void **state)
{
    struct rng r = check_rng("when");
    int64_t first = when_parse_or_none("1678-01-01"), last = when_parse_or_none("2261-12-31");

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t at_ns = rng_range(&r, first, last);
        char buf[ISO_TEXT_MAX];
        struct civil c = when_to_civil(at_ns);
        assert_true(when_from_civil(&c) == at_ns);
        int64_t us = at_ns - ((at_ns % 1000) + 1000) % 1000;
        assert_true(when_parse_or_none(when_iso(at_ns, buf)) == us);
        assert_true(when_parse_or_none(when_rfc3339(at_ns, buf)) == when_to_s(at_ns) * NS_PER_S);
    }
}

static void
test_when_every_date_has_its_number_and_weekday(void **state)
{
    int64_t first = date_to_days((struct date){1600, 1, 1}),
            last = date_to_days((struct date){2400, 12, 31});
    struct date before = {1599, 12, 31};
    int weekday = 5; /* 1599-12-31 was a Friday */

    (void)state;
    assert_int_equal(date_to_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_weekday((struct date){2026, 1, 30}), 5);
    assert_int_equal(last - first + 1,
                     801 * 365 + 195); /* 201 years divisible by 4, less 1700 ... 2300 */
    for (int64_t day = first; day <= last; day++) {
        struct date d = date_from_days(day);
        weekday = (weekday + 1) % 7;
        if (!date_valid(d) || date_to_days(d) != day || date_weekday(d) != weekday ||
            date_cmp(before, d) != -1) {
            fail_msg("%d-%d-%d", d.year, d.month, d.day);
        }
        before = d;
    }
    assert_int_equal(date_cmp(before, before), 0);
    assert_int_equal(date_cmp((struct date){2026, 2, 1}, (struct date){2026, 1, 31}), 1);
}

static void
test_when_dates_are_exact(void **state)
{
    struct date d = {0};

    (void)state;
    assert_int_equal(date_parse("2024-02-29", &d, NULL), RC_OK);
    assert_true(d.year == 2024 && d.month == 2 && d.day == 29);
    static const char *const refused[] = {"2023-02-29",  "2024-2-29",        "2024-02-29 ",
                                          " 2024-02-29", "2024-02-29T00:00", "",
                                          "20240229"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (date_parse(refused[i], &d, NULL) != RC_PARSE)
            fail_msg("\"%s\" was accepted", refused[i]);
    }
    assert_int_equal(d.day, 29);
}

static void
test_when_speaks_in_seconds(void **state)
{
    (void)state;
    assert_int_equal(when_to_s(1999999999), 1);
    assert_int_equal(when_to_s(-1), -1);
    assert_int_equal(when_to_s(-NS_PER_S), -1);
    assert_true(fabs(when_to_s_f64(INT64_C(1769806687568503000)) - 1769806687.568503) <= 0);
    assert_true(fabs(when_to_s_f64(1) - 1e-9) <= 0);
    assert_true(when_from_s_f64(1.5) == NS_PER_S * 3 / 2);
    assert_true(when_from_s_f64(-0.25) == -NS_PER_S / 4);
    assert_true(when_from_s_f64((double)NAN) == WHEN_NONE);
    assert_true(when_from_s_f64((double)INFINITY) == WHEN_NONE);
    assert_true(when_from_s_f64(9.3e9) == WHEN_NONE);
    assert_true(when_from_s_f64(-9.3e9) == WHEN_NONE);
}

static void
civil_out_of_range(void)
{
    struct civil c = {
        .date = {2300, 1, 1}
    };

    (void)when_from_civil(&c);
}

static void
test_when_asserts_that_an_instant_fits(void **state)
{
    (void)state;
    assert_true(check_aborts(civil_out_of_range));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_parses_the_documented_forms),
        cmocka_unit_test(test_when_refuses_everything_else),
        cmocka_unit_test(test_when_writes_its_forms),
        cmocka_unit_test(test_when_text_reads_back),
        cmocka_unit_test(test_when_every_date_has_its_number_and_weekday),
        cmocka_unit_test(test_when_dates_are_exact),
        cmocka_unit_test(test_when_speaks_in_seconds),
        cmocka_unit_test(test_when_asserts_that_an_instant_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
