/*
 * The operators of spec 40 0.1 and 0.3, numbers (0.4), families (3.0.2), members and counters.
 */
#include "tests/analytics/logs.h"

#include "analytics/members.h"
#include "analytics/number.h"

static const struct node *
read_text(struct json_line *l, const char *text)
{
    const struct node *v = json_line_read(l, text, strlen(text));

    assert_non_null(v);
    return v;
}

static void
test_analytics_num_of_any_value(void **state)
{
    static const struct {
        const char *json;
        double num; /* NONE: none */
    } cases[] = {
        {"1",                                                                                   1.0                             },
        {"-0",                                                                                  0.0                             },
        {"-0.0",                                                                                -0.0                            },
        {"2.5e3",                                                                               2500.0                          },
        {"0.1",                                                                                 0.1                             },
        {"13.252300000000048",                                                                  13.252300000000048              },
        {"9007199254740993",                                                                    9007199254740992.0              },
        {"9007199254740993.0000000001",                                                         9007199254740994.0              },
        {"123456789012345678901234567890",                                                      123456789012345678901234567890.0},
        {"1e-400",                                                                              0.0                             },
        {"1e400",                                                                               NONE                            },
        {"NaN",                                                                                 NONE                            },
        {"Infinity",                                                                            NONE                            },
        {"-Infinity",                                                                           NONE                            },
        {"true",                                                                                1.0                             },
        {"false",                                                                               0.0                             },
        {"null",                                                                                NONE                            },
        {"[]",                                                                                  NONE                            },
        {"[1]",                                                                                 NONE                            },
        {"{}",                                                                                  NONE                            },
        {"\"\"",                                                                                NONE                            },
        {"\" 12 \"",                                                                            12.0                            },
        {"\"\\u00a012\\u3000\"",                                                                12.0                            },
        {"\"+.5\"",                                                                             0.5                             },
        {"\"5.\"",                                                                              5.0                             },
        {"\"-1e+2\"",                                                                           -100.0                          },
        {"\".\"",                                                                               NONE                            },
        {"\"1e\"",                                                                              NONE                            },
        {"\"0x10\"",                                                                            NONE                            },
        {"\"1_000\"",                                                                           NONE                            },
        {"\"nan\"",                                                                             NONE                            },
        {"\"1e999\"",                                                                           NONE                            },
        {"\"1 2\"",                                                                             NONE                            },
        {"\"12\\u0000\"",                                                                       NONE                            },
        {"\"0000000000000000000000000000000000000000000000000000000000000000000000000000007\"",
         7.0                                                                                                                    },
    };
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double got = val_num(read_text(&l, cases[i].json)), want = cases[i].num;
        if (is_known(want) ? !check_same_bits(got, want) : is_known(got))
            fail_msg("num(%s) is %.17g", cases[i].json, got);
    }
    assert_false(is_known(val_num(NULL)));
    assert_true(check_same_bits(val_num0(NULL), 0.0));
    assert_true(check_same_bits(val_abs0(read_text(&l, "-2")), 2.0));
    assert_true(check_same_bits(zn(-0.0), 0.0));
}

static void
test_analytics_str_and_truthy_of_any_value(void **state)
{
    static const struct {
        const char *json, *str;
        bool truthy;
    } cases[] = {
        {"\"a\"",                          "a",                              true },
        {"\" \"",                          " ",                              true },
        {"\"\"",                           "",                               false},
        {"0",                              "",                               false},
        {"-0",                             "",                               false},
        {"0.0",                            "",                               false},
        {"0e7",                            "",                               false},
        {"1e-400",                         "",                               false},
        {"5",                              "5",                              true },
        {"-5",                             "-5",                             true },
        {"5.0",                            "5.0",                            true },
        {"5.50",                           "5.5",                            true },
        {"1e2",                            "100.0",                          true },
        {"1e16",                           "1e+16",                          true },
        {"0.00001",                        "1e-05",                          true },
        {"123456789012345678901234567890", "123456789012345678901234567890", true },
        {"NaN",                            "",                               true },
        {"1e400",                          "",                               true },
        {"true",                           "",                               true },
        {"false",                          "",                               false},
        {"null",                           "",                               false},
        {"[]",                             "",                               false},
        {"[0]",                            "",                               true },
        {"{}",                             "",                               false},
        {"{\"a\":null}",                   "",                               true },
    };
    CLEANUP(json_line_done) struct json_line l = {0};
    char buf[VAL_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct node *v = read_text(&l, cases[i].json);
        if (!span_is(val_str(v, buf), cases[i].str)) fail_msg("str(%s)", cases[i].json);
        if (val_truthy(v) != cases[i].truthy) fail_msg("truthy(%s)", cases[i].json);
    }
    const struct node *pair = read_text(&l, "{\"a\":0,\"b\":\"\",\"c\":7}");
    const struct node *a = node_member(pair, "a"), *b = node_member(pair, "b");
    const struct node *c = node_member(pair, "c");
    assert_ptr_equal(val_first(a, c), c);
    assert_ptr_equal(val_first(c, a), c);
    assert_ptr_equal(val_first(a, b), b);
    assert_null(val_first(a, NULL));
}

static void
test_analytics_ts_of_text(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"1970-01-01",                                    0                 },
        {"1970-01-01T00:00:01Z",                          1000000           },
        {"1970-01-01 00:00:01",                           1000000           },
        {"1970-01-01T01",                                 3600000000        },
        {"1970-01-01T01Z",                                3600000000        },
        {"1970-01-01T00:01",                              60000000          },
        {"1970-01-01T00:00:00.5+00:00",                   500000            },
        {"1970-01-01T00:00:00,000001",                    1                 },
        {"1970-01-01T00:00:00.0000019",                   1                 },
        {"1970-01-01T00:00:00+01",                        -3600000000       },
        {"1970-01-01T00:00:00-0130",                      5400000000        },
        {"1970-01-01T00:00:00+01:30",                     -5400000000       },
        {"1970-01-01T00:00:00+01:30:15",                  -5415000000       },
        {"1970-01-01T00:00:00+013015",                    -5415000000       },
        {" \xC2\xA0"
         "1970-01-01T00:00:01Z\xE3\x80\x80\x1F", 1000000           },
        {"2024-02-29",                                    1709164800000000  },
        {"0001-01-01",                                    -62135596800000000},
        {"9999-12-31T23:59:59.999999",                    253402300799999999},
        {"",                                              TS_NONE           },
        {"2023-02-29",                                    TS_NONE           },
        {"0000-01-01",                                    TS_NONE           },
        {"1970-13-01",                                    TS_NONE           },
        {"1970-1-01",                                     TS_NONE           },
        {"1970-01-01T",                                   TS_NONE           },
        {"1970-01-01t00:00",                              TS_NONE           },
        {"1970-01-01Z",                                   TS_NONE           },
        {"1970-01-01+00:00",                              TS_NONE           },
        {"1970-01-01T24:00",                              TS_NONE           },
        {"1970-01-01T23:60",                              TS_NONE           },
        {"1970-01-01T23:59:60",                           TS_NONE           },
        {"1970-01-01T00:00.5",                            TS_NONE           },
        {"1970-01-01T00:00:00.",                          TS_NONE           },
        {"1970-01-01T00:00:00+24:00",                     TS_NONE           },
        {"1970-01-01T00:00:00+1",                         TS_NONE           },
        {"1970-01-01T00:00:00+01:3",                      TS_NONE           },
        {"1970-01-01T00:00:00+01:3015",                   TS_NONE           },
        {"1970-01-01T00:00:00ZZ",                         TS_NONE           },
        {"1970-01-01T00:00:00 Z",                         TS_NONE           },
        {"1970-01-01T000000",                             TS_NONE           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = ts_of(span_of(cases[i].text));
        if (got != cases[i].us) fail_msg("ts(%s) is %lld", cases[i].text, (long long)got);
    }
}

static void
test_analytics_tsany_takes_seconds_too(void **state)
{
    static const struct {
        const char *json;
        int64_t us;
    } cases[] = {
        {"true",                     1000000         },
        {"1.5",                      1500000         },
        {"-1.5",                     -1500000        },
        {"1769076000",               1769076000000000},
        {"0.0000005",                0               },
        {"0.0000015",                2               },
        {"253402300800",             TS_NONE         },
        {"1e300",                    TS_NONE         },
        {"NaN",                      TS_NONE         },
        {"\"1769076000\"",           TS_NONE         },
        {"\"1970-01-01T00:00:01Z\"", 1000000         },
        {"[]",                       TS_NONE         },
    };
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = val_tsany(read_text(&l, cases[i].json));
        if (got != cases[i].us) fail_msg("tsany(%s) is %lld", cases[i].json, (long long)got);
    }
    assert_int_equal(val_tsany(NULL), TS_NONE);
}

static void
test_analytics_day_is_what_the_text_shows(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    assert_true(val_is_day(read_text(&l, "\"2026-01-22\""), "2026-01-22"));
    assert_true(val_is_day(read_text(&l, "\"2026-01-22 whatever\""), "2026-01-22"));
    assert_true(val_is_day(read_text(&l, "\"\\u2003 2026-01-22T23:30:00-05:00\""), "2026-01-22"));
    assert_false(val_is_day(read_text(&l, "\"2026-01-2\""), "2026-01-22"));
    assert_false(val_is_day(read_text(&l, "20260122"), "2026-01-22"));
    assert_false(val_is_day(NULL, "2026-01-22"));
}

/* ---- numbers ------------------------------------------------------------------------------- */

static void
test_analytics_number_text_is_the_shortest(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0.0,                     "0.0"                    },
        {-0.0,                    "-0.0"                   },
        {3.0,                     "3.0"                    },
        {-12.5,                   "-12.5"                  },
        {0.1 + 0.2,               "0.30000000000000004"    },
        {0.0001,                  "0.0001"                 },
        {0.00001,                 "1e-05"                  },
        {0.000012345,             "1.2345e-05"             },
        {1e15,                    "1000000000000000.0"     },
        {9999999999999998.0,      "9999999999999998.0"     },
        {1000000000000000.1,      "1000000000000000.1"     },
        {1e16,                    "1e+16"                  },
        {1.5e16,                  "1.5e+16"                },
        {1e22,                    "1e+22"                  },
        {1e23,                    "1e+23"                  },
        {5e-324,                  "5e-324"                 },
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308,  "1.7976931348623157e+308"},
        {4.440892098500626e-16,   "4.440892098500626e-16"  },
 /* 2^-44: rounded to sixteen digits it does not read back, but the decimal above does */
        {5.684341886080802e-14,   "5.684341886080802e-14"  },
        {9007199254740992.0,      "9007199254740992.0"     },
    };
    char buf[F64_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(number_text(cases[i].x, buf), cases[i].text);
    assert_string_equal(number_text(HUGE_VAL, buf), "null"); /* a sum may leave the doubles */
    assert_string_equal(number_text(NONE, buf), "null");
}

/* Digits of a text, without sign, point, exponent and zeros at both ends. */
static int
significant(const char *text)
{
    int first = -1, last = -1, at = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') continue;
        if (*text != '0' && first < 0) first = at;
        if (*text != '0') last = at;
        at++;
    }
    return first < 0 ? 1 : last - first + 1;
}

static void
test_analytics_number_text_reads_back_and_none_is_shorter(void **state)
{
    struct rng r = check_rng("shortest text");

    (void)state;
    for (int i = 0; i < 30000; i++) {
        uint64_t bits = rng_u64(&r);
        double x = 0;
        char text[F64_TEXT_MAX], shorter[64];
        memcpy(&x, &bits, sizeof(x));
        if (i % 3 == 1) x = rng_f64(&r) - 0.5;
        if (i % 3 == 2) x = ldexp(1.0, (int)rng_range(&r, -1074, 1023));
        if (!isfinite(x)) continue;
        (void)number_text(x, text);
        assert_true(check_same_bits(number_read(span_of(text)), x));
        int digits = significant(text);
        (void)snprintf(shorter, sizeof(shorter), "%.*e", MAX(digits - 2, 0), x);
        if (digits > 1 && check_same_bits(strtod(shorter, NULL), x))
            fail_msg("%s is longer than %s", text, shorter);
    }
}

static void
test_analytics_number_read_rounds_as_the_c_library(void **state)
{
    struct rng r = check_rng("number_read");

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char text[64];
        int digits = (int)rng_range(&r, 1, 20), places = (int)rng_range(&r, 0, 20);
        size_t at = 0;
        if (rng_chance(&r, 0.3)) text[at++] = '-';
        text[at++] = (char)('1' + rng_below(&r, 9));
        for (int k = 1; k < digits; k++)
            text[at++] = (char)('0' + rng_below(&r, 10));
        if (places > 0) text[at++] = '.';
        for (int k = 0; k < places; k++)
            text[at++] = (char)('0' + rng_below(&r, 10));
        text[at] = '\0';
        if (rng_chance(&r, 0.2)) (void)snprintf(text + at, 8, "e%d", (int)rng_range(&r, -99, 99));
        if (!check_same_bits(number_read(span_of(text)), strtod(text, NULL))) fail_msg("%s", text);
    }
}

/* Whatever is taken for the shortest text is that; and the common ones are seen. */
static void
test_analytics_number_is_shortest_agrees_with_the_text(void **state)
{
    static const char *const kept[] = {"0.0",     "-0.0",  "1.5",    "-12.25",          "0.0001",
                                       "0.00012", "100.0", "500.01", "12345678901234.5"};
    static const char *const changed[] = {"1.50",  "0.00001", "0.0000", "1e2",
                                          "1.5e0", "-0",      "NaN",    "0.1000000000000000055"};
    struct rng r = check_rng("shortest as written");
    char text[64], buf[F64_TEXT_MAX];
    int seen = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_true(number_is_shortest(span_of(kept[i])));
    for (size_t i = 0; i < COUNT_OF(changed); i++)
        assert_false(number_is_shortest(span_of(changed[i])));
    for (int i = 0; i < 50000; i++) {
        int places = (int)rng_range(&r, 1, 17);
        double size = ldexp(rng_f64(&r) - 0.5, (int)rng_range(&r, -20, 60));
        (void)snprintf(text, sizeof(text), "%.*f", places, size);
        if (!number_is_shortest(span_of(text))) continue;
        seen++;
        assert_string_equal(number_text(number_read(span_of(text)), buf), text);
    }
    assert_true(seen > 5000);
}

/* ---- families, members, counters ------------------------------------------------------------ */

static void
test_analytics_families(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (int i = 1; i < FAMILIES; i++)
        assert_true(strcmp(family_name[family_sorted[i - 1]], family_name[family_sorted[i]]) < 0);
    for (int i = 1; i < FEATURES; i++)
        assert_true(strcmp(feature_name[feature_sorted[i - 1]], feature_name[feature_sorted[i]]) <
                    0);
    assert_int_equal(family_of_v2(span_of(" Flow_Strength\xC2\xA0")), FAM_FLOW);
    assert_int_equal(family_of_v2(span_of("greeks_gamma")), FAM_OTHER);
    assert_int_equal(family_of_v2(span_of("")), FAM_OTHER);
    assert_int_equal(family_of_v1(span_of("SHORTS_SQUEEZE")), FAM_SHORT_INTEREST);
    assert_int_equal(family_of_v1(span_of("freshness_factor")), FAM_OTHER);

    /* total does not count, Total does; the last of repeated keys counts; 1e-9 is not above 1e-9 */
    const struct node *a = read_text(
        &l, "{\"flow\":1e-9,\"total\":9,\"sentiment\":\"0.2\",\"darkpool\":1,\"darkpool\":0}");
    assert_int_equal(families_of_adjustments(a), 1 << FAM_SENTIMENT);
    assert_int_equal(families_of_adjustments(read_text(&l, "{\"Total\":1}")), 1 << FAM_OTHER);
    assert_int_equal(families_of_adjustments(read_text(&l, "[1]")), 0);

    /* the first of the largest, at the place of the first of its key */
    const struct node *c = read_text(&l, "{\"flow\":1,\"regime\":-3,\"calendar\":3,\"flow\":3}");
    assert_int_equal(family_of_components(c), FAM_FLOW);
    c = read_text(&l, "{\"regime\":-3,\"calendar\":3}");
    assert_int_equal(family_of_components(c), FAM_REGIME);
    c = read_text(&l, "{\"regime\":0,\"calendar\":\"x\"}");
    assert_int_equal(family_of_components(c), FAM_UNKNOWN);
}

static void
test_analytics_members_count_once(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};
    static const int sizes[] = {3, 24, 25, 400};

    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        CLEANUP(text_free) struct text t = {0};
        int n = sizes[s];
        /* k0 .. k(n-1), then the even ones again with another value, backwards */
        text_putc(&t, '{');
        for (int i = 0; i < n; i++)
            text_printf(&t, "\"k%d\":%d,", i, i);
        for (int i = n - 1; i >= 0; i--)
            text_printf(&t, "\"k%d\":%d,", i - i % 2, 1000 + i - i % 2);
        text_puts(&t, "\"z\":0}");
        CLEANUP(members_done) struct members m = members_of(read_text(&l, text_str(&t)));
        assert_int_equal(m.len, n + 1);
        for (int i = 0; i < n; i++) {
            char key[16];
            (void)snprintf(key, sizeof(key), "k%d", i);
            assert_true(span_is(m.at[i].key, key));
            assert_int_equal(val_num(m.at[i].value), i % 2 == 0 ? 1000 + i : i);
        }
        CLEANUP(members_done) struct members sorted = members_sorted(&l.node[0]);
        assert_int_equal(sorted.len, n + 1);
        for (size_t i = 1; i < sorted.len; i++)
            assert_true(span_cmp(sorted.at[i - 1].key, sorted.at[i].key) < 0);
        for (size_t i = 0; i + 1 < sorted.len; i++) /* the last is z */
            assert_true(val_num(sorted.at[i].value) >= 1000 ||
                        (sorted.at[i].key.at[sorted.at[i].key.len - 1] - '0') % 2 == 1);
    }
}

/* Keys that share their first eight bytes, are part of each other or hold a NUL. */
static void
test_analytics_members_sorted_by_every_byte(void **state)
{
    static const char *const wanted[] = {
        "", "a", "a\\u0000", "aaaaaaa", "aaaaaaaa", "aaaaaaaab", "aaaaaaaac", "b", "\\u00e9"};
    struct rng r = check_rng("sorted members");
    size_t order[COUNT_OF(wanted)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        order[i] = i;
    for (int round = 0; round < 200; round++) {
        CLEANUP(json_line_done) struct json_line l = {0};
        CLEANUP(text_free) struct text t = {0};
        for (size_t i = COUNT_OF(wanted) - 1; i > 0; i--) {
            size_t other = rng_below(&r, i + 1), at = order[i];
            order[i] = order[other];
            order[other] = at;
        }
        for (size_t i = 0; i < COUNT_OF(wanted); i++)
            text_printf(&t, "%c\"%s\":%zu", i == 0 ? '{' : ',', wanted[order[i]], order[i]);
        text_putc(&t, '}');
        CLEANUP(members_done) struct members m = members_sorted(read_text(&l, text_str(&t)));
        assert_int_equal(m.len, COUNT_OF(wanted));
        for (size_t i = 0; i < m.len; i++)
            assert_int_equal((size_t)val_num(m.at[i].value), i);
    }
}

static void
test_analytics_words_and_tallies(void **state)
{
    struct words w = {0};
    struct tally t = {0};
    word id = 1;

    (void)state;
    assert_int_equal(words_add(&w, span_of("")), 0);
    assert_false(words_find(&w, span_of("x"), &id));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++) {
            char text[16];
            (void)snprintf(text, sizeof(text), "w%d", 3000 - i);
            assert_int_equal(words_add(&w, span_of(text)), i + 1);
            assert_true(span_is(words_text(&w, (word)(i + 1)), text));
            tally_add(&t, (word)(i + 1), i);
        }
    }
    assert_int_equal(words_add_upper(&w, span_of("w7\xC3\xA9")), 3001);
    assert_true(span_is(words_text(&w, 3001), "W7\xC3\xA9"));
    assert_true(word_is_low(&w, 3001, "w7\xC3\xA9"));
    assert_false(word_is_low(&w, 3001, "w7"));
    assert_true(words_find(&w, span_of("w5"), &id) && id == 2996);

    assert_int_equal(t.len, 3000);
    assert_int_equal(tally_find(&t, 4000), UINT32_MAX);
    for (uint32_t i = 0; i < t.len; i++)
        assert_true(t.key[i] == i + 1 && t.count[i] == 2 * (int64_t)i);
    uint32_t *order = tally_sorted(&t, &w);
    for (uint32_t i = 1; i < t.len; i++) {
        struct span a = words_text(&w, pair_second(t.key[order[i - 1]]));
        assert_true(span_cmp(a, words_text(&w, pair_second(t.key[order[i]]))) < 0);
    }
    free(order);
    tally_done(&t);
    words_done(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analytics_num_of_any_value),
        cmocka_unit_test(test_analytics_str_and_truthy_of_any_value),
        cmocka_unit_test(test_analytics_ts_of_text),
        cmocka_unit_test(test_analytics_tsany_takes_seconds_too),
        cmocka_unit_test(test_analytics_day_is_what_the_text_shows),
        cmocka_unit_test(test_analytics_number_text_is_the_shortest),
        cmocka_unit_test(test_analytics_number_text_reads_back_and_none_is_shorter),
        cmocka_unit_test(test_analytics_number_read_rounds_as_the_c_library),
        cmocka_unit_test(test_analytics_number_is_shortest_agrees_with_the_text),
        cmocka_unit_test(test_analytics_families),
        cmocka_unit_test(test_analytics_members_count_once),
        cmocka_unit_test(test_analytics_members_sorted_by_every_byte),
        cmocka_unit_test(test_analytics_words_and_tallies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
