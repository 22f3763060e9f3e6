#include "tests/lib/check.h"

static void
test_text_grows_and_stays_terminated(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    CLEANUP(text_free) struct text want = {0};

    (void)state;
    assert_string_equal(text_str(&t), "");
    text_clear(&t);
    for (int i = 0; i < 1000; i++) {
        text_printf(&t, "%d,", i);
        assert_int_equal(strlen(t.data), t.len);
    }
    for (int i = 0; i < 1000; i++) {
        char number[16];
        (void)snprintf(number, sizeof(number), "%d", i);
        text_puts(&want, number);
        text_putc(&want, ',');
    }
    assert_string_equal(t.data, want.data);
    text_clear(&t);
    assert_string_equal(text_str(&t), "");
    text_add(&t, "a\0b", 3);
    assert_int_equal(t.len, 3);
    assert_memory_equal(t.data, "a\0b", 4);
    text_free(&t);
    assert_null(t.data);
    text_add(&t, NULL, 0);
    assert_string_equal(t.data, "");
}

static void
test_text_compares(void **state)
{
    (void)state;
    assert_true(str_eq("a", "a"));
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq("a", NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_eq_nocase("NvDa", "nvda"));
    assert_false(str_eq_nocase("NVDA", NULL));
    assert_true(str_starts("NVDA", ""));
    assert_true(str_starts("NVDA", "NV"));
    assert_false(str_starts("NV", "NVDA"));
    assert_true(str_ends("a.json", ".json"));
    assert_false(str_ends("json", ".json"));
}

static void
test_text_copies_with_cutting(void **state)
{
    char room[5] = "....";

    (void)state;
    assert_true(str_copy(room, sizeof(room), "NVDA"));
    assert_string_equal(room, "NVDA");
    assert_false(str_copy(room, sizeof(room), "GOOGL"));
    assert_string_equal(room, "GOOG");
    assert_false(str_copy(room, 1, "x"));
    assert_string_equal(room, "");
    assert_true(str_copy(room, 1, ""));
}

static void
test_text_trims_and_raises(void **state)
{
    char a[] = " \t\r\n a b \v\f ", b[] = "   ", c[] = "x", d[] = "brk.b \xc3\xa9";

    (void)state;
    str_trim(a);
    assert_string_equal(a, "a b");
    str_trim(b);
    assert_string_equal(b, "");
    str_trim(c);
    assert_string_equal(c, "x");
    str_upper(d);
    assert_string_equal(d, "BRK.B \xc3\xa9");
}

static void
test_text_reads_whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0",                       true,  0        },
        {"-0",                      true,  0        },
        {"+7",                      true,  7        },
        {"007",                     true,  7        },
        {"9223372036854775807",     true,  INT64_MAX},
        {"-9223372036854775808",    true,  INT64_MIN},
        {"9223372036854775808",     false, 0        },
        {"-9223372036854775809",    false, 0        },
        {"99999999999999999999999", false, 0        },
        {"",                        false, 0        },
        {"-",                       false, 0        },
        {"1 ",                      false, 0        },
        {" 1",                      false, 0        },
        {"1.0",                     false, 0        },
        {"0x1",                     false, 0        },
        {"+-1",                     false, 0        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t value = 77;
        if (str_to_i64(cases[i].text, &value) != cases[i].ok) fail_msg("\"%s\"", cases[i].text);
        assert_int_equal(value, cases[i].ok ? cases[i].value : 77);
    }
}

static void
test_text_reads_decimal_and_exponent_numbers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        double value;
    } cases[] = {
        {"0",                      true,  0                     },
        {" 1.5\t",                 true,  1.5                   },
        {"+2",                     true,  2                     },
        {"-.5",                    true,  -0.5                  },
        {"5.",                     true,  5                     },
        {"1e3",                    true,  1000                  },
        {"1E-3",                   true,  0.001                 },
        {"1.e+2",                  true,  100                   },
        {"007.5",                  true,  7.5                   },
        {"1e-400",                 true,  0                     },
        {"1.7976931348623157e308", true,  1.7976931348623157e308},
        {"1e309",                  false, 0                     },
        {"-1e309",                 false, 0                     },
        {"",                       false, 0                     },
        {" ",                      false, 0                     },
        {".",                      false, 0                     },
        {"-",                      false, 0                     },
        {"e5",                     false, 0                     },
        {"1e",                     false, 0                     },
        {"1e+",                    false, 0                     },
        {"1 2",                    false, 0                     },
        {"1,5",                    false, 0                     },
        {"0x10",                   false, 0                     },
        {"1p3",                    false, 0                     },
        {"nan",                    false, 0                     },
        {"inf",                    false, 0                     },
        {"Infinity",               false, 0                     },
        {"1_000",                  false, 0                     },
        {"--1",                    false, 0                     },
        {"- 1",                    false, 0                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double value = 77;
        if (str_to_f64(cases[i].text, &value) != cases[i].ok) fail_msg("\"%s\"", cases[i].text);
        double want = cases[i].ok ? cases[i].value : 77;
        if (value < want || value > want) fail_msg("\"%s\": %.17g", cases[i].text, value);
    }
}

static void
test_text_reads_booleans(void **state)
{
    static const char *const yes[] = {"1", "true", "TRUE", "Yes", "y", "on", "ON"};
    static const char *const no[] = {"0", "false", "False", "no", "N", "off"};
    static const char *const neither[] = {"", "2", "t", "truee", " true", "enabled"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        bool value = false;
        assert_true(str_to_bool(yes[i], &value) && value);
    }
    for (size_t i = 0; i < COUNT_OF(no); i++) {
        bool value = true;
        assert_true(str_to_bool(no[i], &value) && !value);
    }
    for (size_t i = 0; i < COUNT_OF(neither); i++) {
        bool value = true;
        assert_false(str_to_bool(neither[i], &value));
        assert_true(value);
    }
}

static void
test_text_knows_well_formed_utf8(void **state)
{
    static const struct {
        const char *bytes;
        bool ok;
    } cases[] = {
        {"",                 true },
        {"plain",            true },
        {"\xc2\x80",         true },
        {"\xdf\xbf",         true },
        {"\xe0\xa0\x80",     true },
        {"\xed\x9f\xbf",     true },
        {"\xee\x80\x80",     true },
        {"\xef\xbf\xbf",     true },
        {"\xf0\x90\x80\x80", true },
        {"\xf4\x8f\xbf\xbf", true },
        {"\x80",             false}, /* continuation alone */
        {"\xc0\xaf",         false}, /* overlong */
        {"\xc1\xbf",         false},
        {"\xe0\x9f\xbf",     false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xed\xa0\x80",     false}, /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xff",             false},
        {"\xe2\x82",         false}, /* cut */
        {"\xe2\x28\xa1",     false},
        {"\xf0\x9f\x98",     false},
        {"a\xc3",            false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (utf8_valid(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].ok)
            fail_msg("case %zu", i);
    }
    assert_true(utf8_valid("a\0b", 3));
    assert_int_equal(utf8_sequence("", 0), 0);
}

static void
test_text_knows_how_much_one_replacement_stands_for(void **state)
{
    static const struct {
        const char *bytes;
        size_t damaged;
    } cases[] = {
        {"\xff",             1},
        {"\x80\x80",         1}, /* nothing begins with a tail */
        {"\xc0\x80",         1}, /* overlong */
        {"\xc3(",            1},
        {"\xe2\x82",         2}, /* cut off */
        {"\xe2\x82(",        2},
        {"\xe0\x80\x80",     1}, /* overlong */
        {"\xed\xa0\x80",     1}, /* a surrogate */
        {"\xf0\x9f\x98",     3},
        {"\xf0\x9f\x98\x80"
         "x",       4}, /* would be whole: never asked */
        {"\xf4\x90\x80\x80", 1}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (utf8_damaged(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].damaged)
            fail_msg("row %zu", i);
}

static void
test_text_knows_the_ends_of_lines(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"\n",           1},
        {"\r",           1},
        {"\r\n",         2},
        {"\n\r",         1},
        {"\v",           1},
        {"\f",           1},
        {"\x1c",         1},
        {"\x1d",         1},
        {"\x1e",         1},
        {"\x1f",         0},
        {"\t",           0},
        {"\xc2\x85",     2},
        {"\xc2\x84",     0},
        {"\xe2\x80\xa8", 3},
        {"\xe2\x80\xa9", 3},
        {"\xe2\x80\xaa", 0},
        {"\xe2\x80",     0},
        {"",             0},
        {"a\n",          0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (line_end(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].len)
            fail_msg("row %zu", i);
}

/* Wherever the first byte that is no ASCII stands. */
static void
test_text_validity_does_not_depend_on_where_it_breaks(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        char bytes[44];

        memset(bytes, 'a', sizeof(bytes));
        assert_true(utf8_valid(bytes, sizeof(bytes)));
        for (size_t k = 0; k < 3; k++)
            bytes[at + k] = "\xe2\x82\xac"[k];
        assert_true(utf8_valid(bytes, sizeof(bytes)));
        assert_false(utf8_valid(bytes, at + 2));
        bytes[at + 1] = 'x';
        assert_false(utf8_valid(bytes, sizeof(bytes)));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows_and_stays_terminated),
        cmocka_unit_test(test_text_compares),
        cmocka_unit_test(test_text_copies_with_cutting),
        cmocka_unit_test(test_text_trims_and_raises),
        cmocka_unit_test(test_text_reads_whole_numbers),
        cmocka_unit_test(test_text_reads_decimal_and_exponent_numbers),
        cmocka_unit_test(test_text_reads_booleans),
        cmocka_unit_test(test_text_knows_well_formed_utf8),
        cmocka_unit_test(test_text_knows_how_much_one_replacement_stands_for),
        cmocka_unit_test(test_text_knows_the_ends_of_lines),
        cmocka_unit_test(test_text_validity_does_not_depend_on_where_it_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
