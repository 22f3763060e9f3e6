#include "tests/lib/check.h"

#include <float.h>
#include <math.h>

#include "base/json.h"
#include "base/when.h"

static void
test_json_out_places_commas_and_keys(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    (void)state;
    json_out_obj(&o, NULL);
    json_out_str(&o, "s", "x");
    json_out_str(&o, "null", NULL);
    json_out_arr(&o, "a");
    json_out_i64(&o, NULL, INT64_MIN);
    json_out_obj(&o, NULL);
    json_out_end(&o);
    json_out_arr(&o, NULL);
    json_out_end(&o);
    json_out_f64(&o, NULL, 0.1);
    json_out_end(&o);
    json_out_bool(&o, "t", true);
    json_out_bool(&o, "f", false);
    json_out_null(&o, "n");
    json_out_usd(&o, "p", (usd){-123450});
    json_out_time(&o, "at", when_parse_or_none("2026-01-30T20:58:07.5Z"));
    json_out_time(&o, "never", WHEN_NONE);
    json_out_raw(&o, "raw", "[1]", 3);
    json_out_f64(&o, "nan", (double)NAN);
    json_out_f64(&o, "inf", -(double)INFINITY);
    json_out_end(&o);
    assert_string_equal(
        t.data,
        "{\"s\":\"x\",\"null\":null,\"a\":[-9223372036854775808,{},[],0.1],\"t\":true,\"f\":false,"
        "\"n\":null,\"p\":-12.345,\"at\":\"2026-01-30T20:58:07.500000+00:00\",\"never\":null,"
        "\"raw\":[1],\"nan\":null,\"inf\":null}");
}

static void
test_json_out_escapes_and_mends_strings(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *written;
    } cases[] = {
        {"",                         0,  "\"\""                                    },
        {"a\"b\\c/d",                7,  "\"a\\\"b\\\\c/d\""                       },
        {"\b\f\n\r\t\x01\x1f\x7f",   8,  "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""   },
        {"\xc3\xa9\xf0\x9f\x98\x80", 6,  "\"\xc3\xa9\xf0\x9f\x98\x80\""            },
        {"a\xff\xfe!",               4,  "\"a\xef\xbf\xbd\xef\xbf\xbd!\""          },
        {"\xe2\x82",                 2,  "\"\xef\xbf\xbd\xef\xbf\xbd\""            }, /* a cut sequence */
        {"\xed\xa0\x80",             3,  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a\0b",                     3,
         "\"a\xef\xbf\xbd"
         "b\""                                                                     }, /* what our own reader would refuse */
        {"0123456789\"0123456789",   21, "\"0123456789\\\"0123456789\""            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct json_out o = {.to = &t};
        json_out_strn(&o, NULL, cases[i].bytes, cases[i].len);
        assert_string_equal(t.data, cases[i].written);
    }
}

/* Whatever the bytes: the strict reader takes what was written, and reads the same text from good
 * bytes. */
static void
test_json_out_strings_read_back(void **state)
{
    struct rng r = check_rng("json strings");

    (void)state;
    for (int i = 0; i < 5000; i++) {
        char bytes[40];
        size_t len = (size_t)rng_below(&r, sizeof(bytes) - 1);
        bool is_ascii = rng_chance(&r, 0.5);
        for (size_t j = 0; j < len; j++)
            bytes[j] = (char)rng_range(&r, 1, is_ascii ? 127 : 255);
        bytes[len] = '\0';
        CLEANUP(text_free) struct text t = {0};
        CLEANUP(json_freep) struct json *doc = NULL;
        struct json_out o = {.to = &t};
        json_out_obj(&o, NULL);
        json_out_str(&o, bytes, bytes);
        json_out_end(&o);
        assert_int_equal(json_parse(t.data, t.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                         RC_OK);
        assert_string_equal(json_key(json_first(doc)), json_string(json_first(doc)));
        if (utf8_valid(bytes, len)) assert_string_equal(json_string(json_first(doc)), bytes);
    }
}

static void
test_json_out_doubles_are_short_and_exact(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0,                      "0"                      },
        {-0.0,                   "-0"                     },
        {1,                      "1"                      },
        {-17,                    "-17"                    },
        {0.1,                    "0.1"                    },
        {0.1 + 0.2,              "0.30000000000000004"    },
        {1.0 / 3,                "0.3333333333333333"     },
        {100000,                 "100000"                 },
        {123456789012345,        "123456789012345"        },
        {9007199254740992,       "9007199254740992"       },
        {1e15,                   "1e+15"                  },
        {1e22,                   "1e+22"                  },
        {1e-7,                   "1e-07"                  },
        {2.5e-5,                 "2.5e-05"                },
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324,                 "5e-324"                 },
        {1e-320,                 "1e-320"                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char buf[F64_TEXT_MAX];
        assert_string_equal(f64_text(cases[i].x, buf), cases[i].text);
    }
    struct rng r = check_rng("doubles");
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_u64(&r);
        double x = 0;
        char buf[F64_TEXT_MAX];
        memcpy(&x, &bits, sizeof(x));
        if (!isfinite(x)) continue;
        double back = strtod(f64_text(x, buf), NULL);
        assert_memory_equal(&back, &x, sizeof(x));
        struct json *doc = NULL;
        assert_int_equal(json_parse(buf, strlen(buf), JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                         RC_OK);
        json_free(doc);
    }
}

/* The shortest of three attempts, as the header promises it. */
static void
shortest(double x, char buf[F64_TEXT_MAX])
{
    for (int digits = fabs(x) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(buf, F64_TEXT_MAX, "%.*g", digits, x);
        double back = strtod(buf, NULL);
        if (!(back < x) && !(back > x)) return;
    }
}

static void
test_json_out_decimals_are_written_as_printf_would(void **state)
{
    static const double edges[] = {1e-4,
                                   0.00010001,
                                   0.000099999,
                                   999999999999999.0,
                                   1e15,
                                   0.999999,
                                   0.9999999,
                                   123456789.123456,
                                   99999999999999.9,
                                   0.99999999999999999,
                                   999999999999999.5,
                                   999999999999998.5,
                                   0.00012345678901234567,
                                   5e-324,
                                   0.1 + 0.2};
    struct rng r = check_rng("decimals");
    char expected[F64_TEXT_MAX], buf[F64_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        shortest(edges[i], expected);
        assert_string_equal(f64_text(edges[i], buf), expected);
    }
    for (int i = 0; i < 400000; i++) {
        int64_t most = (int64_t)pow(10, (double)rng_range(&r, 1, 17));
        double x = (double)rng_range(&r, -most, most) / pow(10, (double)rng_below(&r, 21));
        if (rng_chance(&r, 0.2)) x *= rng_f64(&r);
        if (rng_chance(&r, 0.1)) x = ldexp(1, (int)rng_range(&r, -14, 50));
        if (rng_chance(&r, 0.1)) x = nextafter(x, (double)INFINITY);
        if (rng_chance(&r, 0.1)) x = nextafter(x, 0);
        shortest(x, expected);
        assert_string_equal(f64_text(x, buf), expected);
    }
}

/* As the text of printf reads back: at, beside and far from the halves, of any size. */
static void
test_json_round_dec_is_that_of_the_text(void **state)
{
    static const double halves[] = {0, 0.5, 0.5000001, 0.4999999, 0.50000001, 0.49999999, 0.25};
    char text[352];
    struct rng rng;
    (void)state;
    rng_init(&rng, 20260130);
    for (int i = 0; i < 200000; i++) {
        int k = (int)rng_below(&rng, 16);
        double x = pow(10, (double)rng_range(&rng, -12, 12)) * rng_normal(&rng);

        if (i % 2 == 0) /* near a half of the last place */
            x = ((double)rng_range(&rng, -100000, 100000) +
                 halves[rng_below(&rng, COUNT_OF(halves))]) /
                pow(10, k);
        (void)snprintf(text, sizeof text, "%.*f", k, x);
        double want = strtod(text, NULL), got = round_dec(x, k);
        if (!check_same_bits(want, got))
            fail_msg("%.17g to %d places: %.17g instead of %.17g", x, k, got, want);
    }
}

static void
test_json_round_dec_rounds_the_exact_binary_value(void **state)
{
    static const struct {
        double x;
        int k;
        double want;
    } cases[] = {
        {2.5,        0,  2       }, /* a tie, to even */
        {3.5,        0,  4       },
        {0.125,      2,  0.12    },
        {0.375,      2,  0.38    },
        {2.675,      2,  2.67    }, /* the double lies below */
        {1.005,      2,  1.0     },
        {-2.5,       0,  -2      },
        {1234.56789, 3,  1234.568},
        {0.1,        15, 0.1     },
        {1e300,      4,  1e300   },
        {4.9e-324,   6,  0       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double got = round_dec(cases[i].x, cases[i].k);
        if (got < cases[i].want || got > cases[i].want)
            fail_msg("%.17g, %d: %.17g", cases[i].x, cases[i].k, got);
    }
    assert_true(isnan(round_dec((double)NAN, 2)));
    assert_true(isinf(round_dec((double)INFINITY, 2)));
    assert_true(signbit(round_dec(-0.001, 2)));
}

/* ---- calls out of order are our own mistakes ----------------------------------------------- */

static void
no_key_in_object(void)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_obj(&o, NULL);
    json_out_i64(&o, NULL, 1);
}

static void
key_in_array(void)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_arr(&o, NULL);
    json_out_i64(&o, "a", 1);
}

static void
two_outermost_values(void)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_null(&o, NULL);
    json_out_null(&o, NULL);
}

static void
end_of_nothing(void)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    json_out_end(&o);
}

static void
too_deep(void)
{
    struct text t = {0};
    struct json_out o = {.to = &t};

    for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++)
        json_out_arr(&o, NULL);
}

static void
test_json_out_asserts_the_order_of_calls(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};

    (void)state;
    assert_true(check_aborts(no_key_in_object));
    assert_true(check_aborts(key_in_array));
    assert_true(check_aborts(two_outermost_values));
    assert_true(check_aborts(end_of_nothing));
    assert_true(check_aborts(too_deep));
    for (int i = 0; i < JSON_OUT_DEPTH_MAX - 1; i++)
        json_out_arr(&o, NULL);
    for (int i = 0; i < JSON_OUT_DEPTH_MAX - 1; i++)
        json_out_end(&o);
    assert_int_equal(t.len, 2 * (JSON_OUT_DEPTH_MAX - 1));
}

/* ---- decode(encode(x)) == x ---------------------------------------------------------------- */

static void
random_value(struct rng *r, struct json_out *o, const char *key, int depth)
{
    switch (rng_below(r, depth > 4 ? 5 : 7)) {
    case 0:
        json_out_null(o, key);
        break;
    case 1:
        json_out_i64(o, key, (int64_t)rng_u64(r) >> rng_below(r, 64));
        break;
    case 2:
        json_out_f64(o, key, ldexp(rng_f64(r) - 0.5, (int)rng_range(r, -300, 300)));
        break;
    case 3:
        json_out_usd(o, key, (usd){(int64_t)rng_u64(r) >> rng_below(r, 64)});
        break;
    case 4:
        json_out_bool(o, key, rng_chance(r, 0.5));
        break;
    case 5:
        json_out_arr(o, key);
        for (uint64_t n = rng_below(r, 5); n > 0; n--)
            random_value(r, o, NULL, depth + 1);
        json_out_end(o);
        break;
    default:
        json_out_obj(o, key);
        for (uint64_t n = rng_below(r, 12); n > 0; n--) {
            char name[32];
            (void)snprintf(name, sizeof(name), "k\"\n%llu", (unsigned long long)n);
            random_value(r, o, name, depth + 1);
        }
        json_out_end(o);
        break;
    }
}

static void
test_json_documents_survive_reading_and_writing(void **state)
{
    struct rng r = check_rng("json documents");

    (void)state;
    for (int i = 0; i < 2000; i++) {
        CLEANUP(text_free) struct text first = {0};
        CLEANUP(text_free) struct text second = {0};
        CLEANUP(text_free) struct text third = {0};
        struct json *doc = NULL;
        struct json_out o1 = {.to = &first}, o2 = {.to = &second}, o3 = {.to = &third};
        random_value(&r, &o1, NULL, 0);
        assert_int_equal(
            json_parse(first.data, first.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
        json_out_value(&o2, NULL, doc);
        json_freep(&doc);
        assert_int_equal(
            json_parse(second.data, second.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
        json_out_value(&o3, NULL, doc);
        json_freep(&doc);
        assert_string_equal(second.data, third.data);
    }
}

static void
test_json_out_keeps_a_lone_surrogate_only_when_told(void **state)
{
    static const char line[] = "{\"a\\ud800b\":\"\\udfff\\ud83d\\ude00\"}";
    CLEANUP(text_free) struct text kept = {0}, mended = {0};
    struct json_out to_kept = {.to = &kept, .keeps_surrogates = true}, to_mended = {.to = &mended};
    struct json *doc = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(json_parse(line, sizeof(line) - 1, JSON_LOG, &JSON_LIMITS_FILE, &doc, &err),
                     RC_OK);
    json_out_value(&to_kept, NULL, doc);
    json_out_value(&to_mended, NULL, doc);
    assert_string_equal(text_str(&kept), "{\"a\\ud800b\":\"\\udfff\xF0\x9F\x98\x80\"}");
    assert_true(utf8_valid(kept.data, kept.len) && utf8_valid(mended.data, mended.len));
    assert_null(strstr(mended.data, "\\ud"));
    json_free(doc);
}

static void
test_json_out_num_keeps_the_point_of_a_double(void **state)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    (void)state;
    json_out_arr(&o, NULL);
    json_out_num(&o, NULL, 3);
    json_out_num(&o, NULL, -0.0);
    json_out_num(&o, NULL, 0.25);
    json_out_num(&o, NULL, 1e22);
    json_out_num(&o, NULL, (double)NAN);
    json_out_end(&o);
    assert_string_equal(text_str(&t), "[3.0,-0.0,0.25,1e+22,null]");
}

static void
expect_pretty(const char *doc_text, enum json_order order, const char *want)
{
    CLEANUP(text_free) struct text got = {0};
    CLEANUP(json_freep) struct json *doc = NULL;

    assert_int_equal(
        json_parse(doc_text, strlen(doc_text), JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
    json_pretty(&got, doc, order);
    assert_string_equal(text_str(&got), want);
}

static void
test_json_pretty_indents_by_two_and_sorts_on_request(void **state)
{
    static const char DOC[] =
        "{\"b\":[1,{\"z\":null,\"a\":\"x\\n\"}],\"a\":{},\"B\":[],\"10\":1.50}";

    (void)state;
    expect_pretty(DOC, JSON_SORTED,
                  "{\n  \"10\": 1.5,\n  \"B\": [],\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n"
                  "      \"a\": \"x\\n\",\n      \"z\": null\n    }\n  ]\n}");
    expect_pretty(DOC, JSON_AS_WRITTEN,
                  "{\n  \"b\": [\n    1,\n    {\n      \"z\": null,\n      \"a\": \"x\\n\"\n"
                  "    }\n  ],\n  \"a\": {},\n  \"B\": [],\n  \"10\": 1.5\n}");
    expect_pretty("7", JSON_SORTED, "7");
}

/* However the members came, sorted they are the same bytes, and the same document. */
static void
test_json_pretty_reads_back(void **state)
{
    struct rng r = check_rng("pretty documents");

    (void)state;
    for (int i = 0; i < 500; i++) {
        CLEANUP(text_free) struct text plain = {0};
        CLEANUP(text_free) struct text pretty = {0};
        CLEANUP(text_free) struct text again = {0};
        struct json *doc = NULL;
        struct json_out o = {.to = &plain};
        random_value(&r, &o, NULL, 0);
        assert_int_equal(
            json_parse(plain.data, plain.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
        json_pretty(&pretty, doc, JSON_SORTED);
        json_freep(&doc);
        assert_int_equal(
            json_parse(pretty.data, pretty.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
        json_pretty(&again, doc, JSON_SORTED);
        json_freep(&doc);
        assert_string_equal(pretty.data, again.data);
    }
}

/* Numbers as they occur: of any size, with few decimals, on the middle between two, with a sign. */
static double
some_number(struct rng *r)
{
    double size = exp(60 * rng_f64(r) - 25), step = (double)rng_range(r, 1, 100000);

    if (rng_chance(r, 0.5)) size = (double)rng_range(r, 0, 2000000) / step;
    if (rng_chance(r, 0.3)) size = ((double)rng_range(r, 0, 100000) + 0.5) / 1024;
    if (rng_chance(r, 0.1)) size = floor(size);
    return rng_chance(r, 0.5) ? size : -size;
}

static void
test_json_fixed_decimals_are_those_of_printf(void **state)
{
    struct rng r = check_rng("fixed decimals");
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char want[F64_FIXED_MAX], got[F64_FIXED_MAX];
        double x = some_number(&r);
        int places = (int)rng_range(&r, 0, 18);
        (void)snprintf(want, sizeof want, "%.*f", places, x);
        if (!str_eq(f64_fixed(x, places, got), want))
            fail_msg("%.17g to %d places: %s, not %s", x, places, got, want);
        if (places > 15) continue;
        double rounded = round_dec(x, places), back = strtod(want, NULL);
        if (!check_same_bits(rounded, back))
            fail_msg("%.17g to %d places is %.17g, not %.17g", x, places, rounded, back);
    }
}

static void
test_json_whole_numbers_are_those_of_printf(void **state)
{
    static const double cases[] = {0,     -0.0,
                                   1,     -1,
                                   7e14,  999999999999999.0,
                                   1e15,  -1e15,
                                   1e16,  123456789012345.0,
                                   1e300, 4503599627370497.5};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char want[F64_TEXT_MAX], got[F64_TEXT_MAX];
        for (int digits = 15; digits <= 17; digits++) {
            (void)snprintf(want, sizeof want, "%.*g", digits, cases[i]);
            if (fabs(strtod(want, NULL) - cases[i]) <= 0) break;
        }
        assert_string_equal(f64_text(cases[i], got), want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_out_keeps_a_lone_surrogate_only_when_told),
        cmocka_unit_test(test_json_out_num_keeps_the_point_of_a_double),
        cmocka_unit_test(test_json_out_places_commas_and_keys),
        cmocka_unit_test(test_json_out_escapes_and_mends_strings),
        cmocka_unit_test(test_json_out_strings_read_back),
        cmocka_unit_test(test_json_out_doubles_are_short_and_exact),
        cmocka_unit_test(test_json_out_decimals_are_written_as_printf_would),
        cmocka_unit_test(test_json_round_dec_rounds_the_exact_binary_value),
        cmocka_unit_test(test_json_round_dec_is_that_of_the_text),
        cmocka_unit_test(test_json_out_asserts_the_order_of_calls),
        cmocka_unit_test(test_json_documents_survive_reading_and_writing),
        cmocka_unit_test(test_json_pretty_indents_by_two_and_sorts_on_request),
        cmocka_unit_test(test_json_pretty_reads_back),
        cmocka_unit_test(test_json_fixed_decimals_are_those_of_printf),
        cmocka_unit_test(test_json_whole_numbers_are_those_of_printf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
