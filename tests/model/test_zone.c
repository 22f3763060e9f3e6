#include "tests/lib/check.h"

#include "base/when.h"
#include "model/calendar.h"

/* ---- zone files made by hand --------------------------------------------------------------- */

static void
put(struct text *to, uint64_t value, int bytes)
{
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        text_putc(to, (char)(value >> shift & 0xFF));
}

static void
put_header(struct text *to, char version, unsigned times, unsigned types, unsigned leaps)
{
    text_puts(to, "TZif");
    text_putc(to, version);
    for (int i = 0; i < 15; i++)
        text_putc(to, '\0');
    put(to, 0, 4);
    put(to, 0, 4);
    put(to, leaps, 4);
    put(to, times, 4);
    put(to, types, 4);
    put(to, 4, 4);
}

static void
put_type(struct text *to, int offset_s, int is_dst)
{
    put(to, (uint32_t)offset_s, 4);
    put(to, (uint64_t)is_dst, 1);
    put(to, 0, 1);
}

/* Version 2 with no transitions but those of the footer. */
static void
put_ruled(struct text *to, int offset_s, const char *footer)
{
    put_header(to, '2', 0, 1, 0);
    put_type(to, offset_s, 0);
    put(to, 0, 4);
    put_header(to, '2', 0, 1, 0);
    put_type(to, offset_s, 0);
    put(to, 0, 4);
    text_printf(to, "\n%s\n", footer);
}

static struct zone *
zone_ruled(const char *footer)
{
    CLEANUP(text_free) struct text t = {0};
    struct zone *z = NULL;
    struct err err = {0};

    put_ruled(&t, 0, footer);
    if (zone_new(t.data, t.len, &z, &err) != RC_OK) fail_msg("%s: %s", footer, err.text);
    return z;
}

static void
zone_freep(struct zone **z)
{
    zone_free(*z);
}

/* ---- real zones ---------------------------------------------------------------------------- */

static struct zone *
zone_named(const char *name)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    struct zone *z = NULL;
    struct err err = {0};

    text_printf(&path, "/usr/share/zoneinfo/%s", name);
    check_read_file(path.data, &bytes);
    if (zone_new(text_str(&bytes), bytes.len, &z, &err) != RC_OK)
        fail_msg("%s: %s", name, err.text);
    return z;
}

static void
test_zone_new_york_changes_its_clocks(void **state)
{
    static const struct {
        const char *at;
        int hours;
    } cases[] = {
        {"2026-01-30T12:00Z",    -5},
        {"2026-03-08T06:59:59Z", -5},
        {"2026-03-08T07:00:00Z", -4},
        {"2026-11-01T05:59:59Z", -4},
        {"2026-11-01T06:00:00Z", -5},
        {"2006-04-02T06:59:59Z", -5},
        {"2006-04-02T07:00:00Z", -4},
        {"2006-10-29T06:00:00Z", -5},
        {"1990-04-01T07:00:00Z", -4},
        {"2037-03-08T07:00:00Z", -4},
        {"2050-03-13T06:59:59Z", -5},
        {"2050-03-13T07:00:00Z", -4}, /* by the footer */
        {"2050-11-06T05:59:59Z", -4},
        {"2050-11-06T06:00:00Z", -5},
        {"2200-07-01T00:00:00Z", -4},
    };
    CLEANUP(zone_freep) struct zone *ny = zone_named("America/New_York");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t offset_s = zone_offset_s(ny, when_parse_or_none(cases[i].at));
        if (offset_s != cases[i].hours * 3600)
            fail_msg("%s: %lld", cases[i].at, (long long)offset_s);
    }
    assert_int_equal(zone_offset_s(ny, when_parse_or_none("1800-01-01")),
                     -17762); /* local mean time */
}

static void
test_zone_local_time_goes_back_to_utc(void **state)
{
    static const struct {
        struct civil local;
        const char *utc;
    } cases[] = {
        {{{2026, 1, 30}, 9, 30, 0, 0},         "2026-01-30T14:30:00Z"          },
        {{{2026, 3, 8}, 1, 59, 59, 999999999}, "2026-03-08T06:59:59.999999999Z"},
        {{{2026, 3, 8}, 2, 0, 0, 0},           "2026-03-08T07:00:00Z"          }, /* does not exist: the gap ends */
        {{{2026, 3, 8}, 2, 59, 59, 5},         "2026-03-08T07:00:00Z"          },
        {{{2026, 3, 8}, 3, 0, 0, 0},           "2026-03-08T07:00:00Z"          },
        {{{2026, 11, 1}, 0, 59, 59, 0},        "2026-11-01T04:59:59Z"          },
        {{{2026, 11, 1}, 1, 0, 0, 0},          "2026-11-01T05:00:00Z"          }, /* exists twice: the first */
        {{{2026, 11, 1}, 1, 59, 59, 0},        "2026-11-01T05:59:59Z"          },
        {{{2026, 11, 1}, 2, 0, 0, 0},          "2026-11-01T07:00:00Z"          },
        {{{2060, 7, 1}, 12, 0, 0, 0},          "2060-07-01T16:00:00Z"          },
    };
    CLEANUP(zone_freep) struct zone *ny = zone_named("America/New_York");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char buf[ISO_TEXT_MAX];
        int64_t at_ns = zone_utc(ny, &cases[i].local);
        if (at_ns != when_parse_or_none(cases[i].utc))
            fail_msg("%s: %s", cases[i].utc, when_iso(at_ns, buf));
    }
    struct civil local = zone_local(ny, when_parse_or_none("2026-01-31T02:03:04.5Z"));
    assert_true(local.date.day == 30 && local.hour == 21 && local.minute == 3 &&
                local.nanosecond == 500000000);
    assert_int_equal(zone_date(ny, when_parse_or_none("2026-01-31T04:59:59Z")).day, 30);
    assert_int_equal(zone_date(ny, when_parse_or_none("2026-01-31T05:00:00Z")).day, 31);
}

/*
 * The ISO C library as a second opinion, in zones of many habits; and the way back: the local time
 * of an instant belongs to that instant or, where it exists twice, to the earlier one.
 */
static void
test_zone_agrees_with_the_c_library(void **state)
{
    static const char *const names[] = {
        "America/New_York", "Europe/Dublin",   "Australia/Lord_Howe", "America/St_Johns",
        "Asia/Kathmandu",   "Pacific/Apia",    "America/Sao_Paulo",   "Africa/Casablanca",
        "Asia/Tehran",      "Pacific/Chatham", "America/Nuuk",        "UTC"};
    struct rng r = check_rng("zones");
    int64_t from_ns = when_parse_or_none("1850-01-01"), to_ns = when_parse_or_none("2200-01-01");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CLEANUP(text_free) struct text path = {0};
        text_printf(&path, "/usr/share/zoneinfo/%s", names[i]);
        if (access(path.data, R_OK) != 0) {
            printf("skipped: no zone %s\n", names[i]);
            continue;
        }
        CLEANUP(zone_freep) struct zone *z = zone_named(names[i]);
        (void)setenv("TZ", names[i], 1);
        tzset();
        for (int n = 0; n < 20000; n++) {
            int64_t at_ns = rng_range(&r, from_ns / NS_PER_S, to_ns / NS_PER_S) * NS_PER_S;
            time_t at_s = (time_t)(at_ns / NS_PER_S);
            struct tm tm;
            char buf[ISO_TEXT_MAX];
            assert_non_null(localtime_r(&at_s, &tm));
            if (zone_offset_s(z, at_ns) != tm.tm_gmtoff) {
                fail_msg("%s at %s: %lld, not %ld", names[i], when_iso(at_ns, buf),
                         (long long)zone_offset_s(z, at_ns), tm.tm_gmtoff);
            }
            struct civil local = zone_local(z, at_ns), again;
            int64_t back_ns = zone_utc(z, &local);
            again = zone_local(z, back_ns);
            if (back_ns > at_ns || when_from_civil(&again) != when_from_civil(&local)) {
                fail_msg("%s at %s does not come back", names[i], when_iso(at_ns, buf));
            }
        }
    }
    (void)unsetenv("TZ");
    tzset();
}

/* ---- rules --------------------------------------------------------------------------------- */

static void
test_zone_follows_every_kind_of_rule(void **state)
{
    static const struct {
        const char *footer, *at;
        int offset_s;
    } cases[] = {
        {"UTC0",                                 "2026-07-01",           0     },
        {"<+0545>-5:45",                         "2026-07-01",           20700 },
        {"EST5EDT,M3.2.0,M11.1.0",               "2026-07-01",           -14400},
        {"EST5EDT,M3.2.0,M11.1.0",               "2026-12-01",           -18000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3",         "2026-01-01",           39600 }, /* summer over the new year */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3",         "2026-07-01",           36000 },
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-12-31",           39600 },
        {"IST-1GMT0,M10.5.0,M3.5.0/1",           "2026-07-01",           3600  },
        {"IST-1GMT0,M10.5.0,M3.5.0/1",           "2026-12-01",           0     },
        {"AAA0BBB,J60,J61",                      "2024-03-01T01:59:59Z", 0     }, /* J60 is 1 March in leap years too */
        {"AAA0BBB,J60,J61",                      "2024-03-01T02:00:00Z", 3600  },
        {"AAA0BBB,J60,J61",                      "2023-03-01T02:00:00Z", 3600  },
        {"AAA0BBB,59,60",                        "2024-02-29T02:00:00Z",
         3600                                                                  }, /* 59 is the sixtieth day, whatever its name */
        {"AAA0BBB,59,60",                        "2023-03-01T02:00:00Z", 3600  },
        {"AAA0BBB,M2.5.4/0,M12.5.4/24",          "2024-02-29T00:00:00Z", 3600  }, /* a fifth Thursday */
        {"AAA0BBB,M2.5.4/0,M12.5.4/24",          "2023-02-23T00:00:00Z", 3600  }, /* only four: the last */
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",     "2026-03-29T00:59:59Z", -10800}, /* Saturday evening */
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",     "2026-03-29T01:00:00Z", -7200 },
        {"AAA0BBB,M1.1.1/-167,M7.1.1/167",       "2026-01-01T00:00:00Z",
         3600                                                                  }, /* began in the old year */
        {"EST5EDT,0/0,J365/25",                  "2026-01-01T00:00:00Z", -14400}, /* all the year round */
        {"EST5EDT,0/0,J365/25",                  "2026-01-01T05:00:00Z", -14400},
        {"EST5EDT,0/0,J365/25",                  "2026-12-31T23:59:59Z", -14400},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(zone_freep) struct zone *z = zone_ruled(cases[i].footer);
        int64_t offset_s = zone_offset_s(z, when_parse_or_none(cases[i].at));
        if (offset_s != cases[i].offset_s)
            fail_msg("%s at %s: %lld", cases[i].footer, cases[i].at, (long long)offset_s);
        struct civil local = zone_local(z, when_parse_or_none(cases[i].at));
        assert_true(zone_utc(z, &local) <= when_parse_or_none(cases[i].at));
    }
}

static void
test_zone_refuses_malformed_footers(void **state)
{
    static const char *const cases[] = {
        "EST",
        "E5",
        "5",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST25",
        "EST5:60",
        "<EST5",
        "<>5",
        "EST5EDT,M13.1.0,M1.1.0",
        "EST5EDT,M1.6.0,M2.1.0",
        "EST5EDT,M1.1.7,M2.1.0",
        "EST5EDT,J0,J365",
        "EST5EDT,J1,J366",
        "EST5EDT,366,1",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/2:60,M11.1.0",
        "EST5 EDT",
        "EST99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct zone *z = NULL;
        put_ruled(&t, 0, cases[i]);
        if (zone_new(t.data, t.len, &z, NULL) != RC_PARSE) fail_msg("%s", cases[i]);
        assert_null(z);
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static void
test_zone_reads_version_one(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(zone_freep) struct zone *z = NULL;

    (void)state;
    put_header(&t, '\0', 2, 2, 0);
    put(&t, (uint32_t)-100, 4);
    put(&t, 100, 4);
    put(&t, 1, 1);
    put(&t, 0, 1);
    put_type(&t, -3600, 0);
    put_type(&t, 7200, 1);
    put(&t, 0, 4);
    assert_int_equal(zone_new(t.data, t.len, &z, NULL), RC_OK);
    assert_int_equal(zone_offset_s(z, -101 * NS_PER_S),
                     -3600); /* the first type before everything */
    assert_int_equal(zone_offset_s(z, -100 * NS_PER_S), 7200);
    assert_int_equal(zone_offset_s(z, 99 * NS_PER_S), 7200);
    assert_int_equal(zone_offset_s(z, 100 * NS_PER_S), -3600);
    assert_int_equal(zone_offset_s(z, INT64_MAX), -3600);
    assert_int_equal(zone_offset_s(z, WHEN_NONE), -3600);
    assert_true(zone_local(z, WHEN_NONE).date.year == 1677); /* the ends of time do not overflow */
    assert_true(zone_local(z, INT64_MAX).date.year == 2262);
    /* The clocks went three hours on and, 200 s later, back again: what was skipped then, came. */
    struct civil local = zone_local(z, 500 * NS_PER_S);
    assert_int_equal(zone_utc(z, &local), 500 * NS_PER_S);
}

static void
test_zone_refuses_bad_files_and_says_why(void **state)
{
    CLEANUP(text_free) struct text good = {0};
    struct zone *z = NULL;
    struct err err = {0};

    (void)state;
    put_header(&good, '\0', 2, 1, 0);
    put(&good, 5, 4);
    put(&good, 9, 4);
    put(&good, 0, 2);
    put_type(&good, 0, 0);
    put(&good, 0, 4);
    assert_int_equal(zone_new(good.data, good.len, &z, &err), RC_OK);
    zone_free(z);

    static const struct {
        size_t at;
        char byte;
        const char *words;
    } changes[] = {
        {0,  'X',  "not a zone file, or a cut one"            },
        {4,  '5',  "zone file of unknown version"             },
        {31, 1,    "not a zone file, or a cut one"            }, /* a leap second that is not there */
        {35, 3,    "not a zone file, or a cut one"            },
        {32, 0x7F, "not a zone file, or a cut one"            },
        {39, 0,    "zone file without a type of local time"   },
        {51, 5,    "zone file with transitions out of order"  },
        {52, 1,    "zone file with a type that does not exist"},
        {54, 0x7F, "zone file with an offset of 2130706432 s" },
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        CLEANUP(text_free) struct text bad = {0};
        text_add(&bad, good.data, good.len);
        bad.data[changes[i].at] = changes[i].byte;
        z = NULL;
        assert_int_equal(zone_new(bad.data, bad.len, &z, &err), RC_PARSE);
        assert_string_equal(err.text, changes[i].words);
        assert_null(z);
    }
    CLEANUP(text_free) struct text leap = {0};
    put_header(&leap, '\0', 0, 1, 1);
    put_type(&leap, 0, 0);
    put(&leap, 0, 8);
    put(&leap, 0, 4);
    assert_int_equal(zone_new(leap.data, leap.len, &z, &err), RC_PARSE);
    assert_string_equal(err.text, "zone file that counts leap seconds");
}

static void
test_zone_refuses_every_truncation(void **state)
{
    CLEANUP(text_free) struct text whole = {0};

    (void)state;
    put_ruled(&whole, -18000, "EST5EDT,M3.2.0,M11.1.0");
    for (size_t len = 0; len < whole.len; len++) {
        char *part = malloc(MAX(len, (size_t)1));
        struct zone *z = NULL;
        assert_non_null(part);
        memcpy(part, whole.data, len);
        assert_int_equal(zone_new(part, len, &z, NULL), RC_PARSE);
        assert_null(z);
        free(part);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_new_york_changes_its_clocks),
        cmocka_unit_test(test_zone_local_time_goes_back_to_utc),
        cmocka_unit_test(test_zone_agrees_with_the_c_library),
        cmocka_unit_test(test_zone_follows_every_kind_of_rule),
        cmocka_unit_test(test_zone_refuses_malformed_footers),
        cmocka_unit_test(test_zone_reads_version_one),
        cmocka_unit_test(test_zone_refuses_bad_files_and_says_why),
        cmocka_unit_test(test_zone_refuses_every_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
