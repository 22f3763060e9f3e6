#include "tests/lib/check.h"

#include <math.h>

#include "base/json.h"
#include "base/when.h"

static const struct json_limits SMALL = {.bytes_max = 1 << 20, .depth_max = 8};

static enum rc
parse(const char *text, enum json_mode mode, struct json **ret_doc, struct err *err)
{
    return json_parse(text, strlen(text), mode, &SMALL, ret_doc, err);
}

static struct json *
parsed(const char *text, enum json_mode mode)
{
    struct json *doc = NULL;
    struct err err = {0};

    if (parse(text, mode, &doc, &err) != RC_OK) fail_msg("%s: %s", text, err.text);
    return doc;
}

/* The document written again. */
static const char *
rewritten(const struct json *doc, struct text *to)
{
    struct json_out o = {.to = to};

    text_clear(to);
    json_out_value(&o, NULL, doc);
    return text_str(to);
}

/* ---- what is accepted and refused ---------------------------------------------------------- */

static void
test_json_strict_accepts_rfc_8259(void **state)
{
    static const char *const cases[][2] = {
        {"null",                                    "null"                        },
        {" \t\r\n[ ] ",                             "[]"                          },
        {"{}",                                      "{}"                          },
        {"[1,-0,0.5,1e3,1E+3,-2.5e-3]",             "[1,-0,0.5,1e3,1E+3,-2.5e-3]" },
        {"\"\"",                                    "\"\""                        },
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",          "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u00e9\\u20AC\\ud83d\\ude00\\u0001\"",
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0001\""                        },
        {"\"\xc3\xa9 \x7f\"",                       "\"\xc3\xa9 \x7f\""           },
        {"{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
         "{\"a\":{\"a\":1},\"b\":{\"a\":2}}"                                      }, /* same key, other objects */
        {"{\"a\":1,\"A\":2,\"\":3}",                "{\"a\":1,\"A\":2,\"\":3}"    },
        {"[[[[[[[[1]]]]]]]]",                       "[[[[[[[[1]]]]]]]]"           }, /* the limit */
        {"[true,false,null]",                       "[true,false,null]"           },
    };
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = parsed(cases[i][0], JSON_STRICT);
        assert_string_equal(rewritten(doc, &t), cases[i][1]);
    }
}

static void
test_json_strict_refuses_and_says_where(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        const char *words;
    } cases[] = {
        {"",                                              RC_PARSE, "line 1, column 1: the text ends where a value should be"},
        {"  \n ",                                         RC_PARSE, "line 2, column 2: the text ends where a value should be"},
        {"\xef\xbb\xbf{}",                                RC_PARSE, "line 1, column 1: not a value"                          }, /* byte-order mark */
        {"{} x",                                          RC_PARSE, "line 1, column 4: text behind the value"                },
        {"1 2",                                           RC_PARSE, "line 1, column 3: text behind the value"                },
        {"[1,]",                                          RC_PARSE, "line 1, column 4: not a value"                          },
        {"[,1]",                                          RC_PARSE, "line 1, column 2: not a value"                          },
        {"[1 2]",                                         RC_PARSE, "line 1, column 4: a comma or ] should be here"          },
        {"[1",                                            RC_PARSE, "line 1, column 3: a comma or ] should be here"          },
        {"[1}",                                           RC_PARSE, "line 1, column 3: a comma or ] should be here"          },
        {"{\"a\":1,}",                                    RC_PARSE, "line 1, column 8: a key should be here"                 },
        {"{\"a\" 1}",                                     RC_PARSE, "line 1, column 6: a colon should be here"               },
        {"{\"a\":}",                                      RC_PARSE, "line 1, column 6: not a value"                          },
        {"{a:1}",                                         RC_PARSE, "line 1, column 2: a key should be here"                 },
        {"{1:1}",                                         RC_PARSE, "line 1, column 2: a key should be here"                 },
        {"{",                                             RC_PARSE, "line 1, column 2: a key should be here"                 },
        {"\"abc",                                         RC_PARSE, "line 1, column 1: string without an end"                },
        {"\"abc\\",                                       RC_PARSE, "line 1, column 5: unknown escape in a string"           },
        {"'a'",                                           RC_PARSE, "line 1, column 1: not a value"                          },
        {"\"a\tb\"",                                      RC_PARSE, "line 1, column 3: control character in a string"        },
        {"\"a\nb\"",                                      RC_PARSE, "line 1, column 3: control character in a string"        },
        {"\"\\x\"",                                       RC_PARSE, "line 1, column 2: unknown escape in a string"           },
        {"\"\\u12g4\"",                                   RC_PARSE, "line 1, column 2: \\u wants four hexadecimal digits"    },
        {"\"\\u12\"",                                     RC_PARSE, "line 1, column 2: \\u wants four hexadecimal digits"    },
        {"\"\\ud800\"",                                   RC_PARSE, "line 1, column 2: half a surrogate pair"                },
        {"\"\\ud800\\u0041\"",                            RC_PARSE, "line 1, column 2: half a surrogate pair"                },
        {"\"\\udc00\\ud800\"",                            RC_PARSE, "line 1, column 2: half a surrogate pair"                },
        {"\"a\\u0000\"",                                  RC_PARSE, "line 1, column 3: NUL in a string"                      },
        {"\"ab\xff\"",                                    RC_PARSE, "line 1, column 4: invalid UTF-8"                        },
        {"\"\xed\xa0\x80\"",                              RC_PARSE, "line 1, column 2: invalid UTF-8"                        },
        {"\"\xc0\xaf\"",                                  RC_PARSE, "line 1, column 2: invalid UTF-8"                        },
        {"01",                                            RC_PARSE, "line 1, column 1: malformed number"                     },
        {"-",                                             RC_PARSE, "line 1, column 1: malformed number"                     },
        {"-01",                                           RC_PARSE, "line 1, column 1: malformed number"                     },
        {"1.",                                            RC_PARSE, "line 1, column 1: malformed number"                     },
        {".5",                                            RC_PARSE, "line 1, column 1: not a value"                          },
        {"+1",                                            RC_PARSE, "line 1, column 1: not a value"                          },
        {"1e",                                            RC_PARSE, "line 1, column 1: malformed number"                     },
        {"1e+",                                           RC_PARSE, "line 1, column 1: malformed number"                     },
        {"0x10",                                          RC_PARSE, "line 1, column 2: text behind the value"                },
        {"[1e999]",                                       RC_RANGE, "line 1, column 2: number too large"                     },
        {"NaN",                                           RC_PARSE, "line 1, column 1: not a value"                          },
        {"Infinity",                                      RC_PARSE, "line 1, column 1: not a value"                          },
        {"-Infinity",                                     RC_PARSE, "line 1, column 1: malformed number"                     },
        {"nul",                                           RC_PARSE, "line 1, column 1: not a value"                          },
        {"True",                                          RC_PARSE, "line 1, column 1: not a value"                          },
        {"nullx",                                         RC_PARSE, "line 1, column 5: text behind the value"                },
        {"/* c */ 1",                                     RC_PARSE, "line 1, column 1: not a value"                          },
        {"[[[[[[[[[1]]]]]]]]]",                           RC_RANGE, "line 1, column 9: nested deeper than 8 levels"          },
        {"{\"a\":1,\n  \"b\":2, \"a\":3}",                RC_PARSE, "line 2, column 10: duplicate key \"a\""                 },
        {"{\"a\":1,\"\\u0061\":2}",                       RC_PARSE, "line 1, column 8: duplicate key \"\\u0061\""            },
        {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", RC_PARSE,
         "line 1, column 19: duplicate key \"\xf0\x9f\x98\x80\""                                                             },
        {"{\"\\n\\/\":1,\"\\u000a/\":2}",                 RC_PARSE,
         "line 1, column 11: duplicate key \"\\u000a/\""                                                                     },
        {"{\"\":1,\"\":2}",                               RC_PARSE, "line 1, column 7: duplicate key \"\""                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json *doc = NULL;
        struct err err = {0};
        enum rc rc = parse(cases[i].text, JSON_STRICT, &doc, &err);
        if (rc != cases[i].rc || !str_eq(err.text, cases[i].words)) {
            fail_msg("%s: %s, \"%s\"", cases[i].text, rc_name(rc), err.text);
        }
        assert_null(doc);
    }
}

static void
test_json_refuses_a_nul_byte_anywhere(void **state)
{
    static const char *const cases[] = {"#{}",     "{#}", "{}#",  "[1#]",
                                        "\"a#b\"", "1#",  "tr#e", "\"\\#\""};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[16];
        size_t len = strlen(cases[i]);
        struct json *doc = NULL;
        memcpy(text, cases[i], len);
        *(char *)memchr(text, '#', len) = '\0';
        if (json_parse(text, len, JSON_STRICT, &SMALL, &doc, NULL) != RC_PARSE)
            fail_msg("%s", cases[i]);
        if (json_parse(text, len, JSON_LOG, &SMALL, &doc, NULL) != RC_PARSE)
            fail_msg("%s", cases[i]);
    }
}

static void
test_json_keeps_to_its_limits(void **state)
{
    static const struct json_limits tight = {.bytes_max = 10, .depth_max = 2};
    struct json *doc = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(json_parse("[12345678]", 10, JSON_STRICT, &tight, &doc, &err), RC_OK);
    json_freep(&doc);
    assert_int_equal(json_parse("[123456789]", 11, JSON_STRICT, &tight, &doc, &err), RC_RANGE);
    assert_string_equal(err.text, "11 bytes of JSON, more than 10");
    assert_int_equal(json_parse("[{}]", 4, JSON_STRICT, &tight, &doc, &err), RC_OK);
    json_freep(&doc);
    assert_int_equal(json_parse("[{\"\":[]}]", 9, JSON_STRICT, &tight, &doc, &err), RC_RANGE);

    /* As deep as files may be, and one deeper. */
    CLEANUP(text_free) struct text deep = {0};
    for (int i = 0; i < JSON_LIMITS_FILE.depth_max; i++)
        text_putc(&deep, '[');
    for (int i = 0; i < JSON_LIMITS_FILE.depth_max; i++)
        text_putc(&deep, ']');
    assert_int_equal(json_parse(deep.data, deep.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &err),
                     RC_OK);
    CLEANUP(text_free) struct text again = {0};
    assert_string_equal(rewritten(doc, &again), deep.data);
    json_freep(&doc);
    CLEANUP(text_free) struct text deeper = {0};
    text_printf(&deeper, "[%s]", deep.data);
    assert_int_equal(json_parse(deeper.data, deeper.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, &err),
                     RC_RANGE);
    /* A million brackets end there too, without a recursion. */
    text_clear(&deeper);
    for (int i = 0; i < 1000000; i++)
        text_putc(&deeper, '[');
    assert_int_equal(
        json_parse(deeper.data, deeper.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err), RC_RANGE);
}

static void
test_json_log_tolerates_what_logs_contain(void **state)
{
    static const char *const cases[][2] = {
        {"[NaN,Infinity,-Infinity,1e999,-1e999,7]",                 "[null,null,null,null,null,7]"   },
        {"{\"a\":1,\"b\":2,\"a\":3,\"c\":4}",
         "{\"a\":3,\"b\":2,\"c\":4}"                                                                 }, /* last value, first place */
        {"{\"a\":1,\"a\":2,\"a\":{\"x\":1,\"x\":2}}",               "{\"a\":{\"x\":2}}"              },
        {"{\"a\":9007199254740993,\"b\":1,\"a\":9007199254740995}",
         "{\"a\":9007199254740995,\"b\":1}"                                                          },
        {"{\"b\":1,\"\\u0062\":2}",                                 "{\"b\":2}"                      },
        {"[{\"k\":1,\"k\":2},{\"k\":3}]",                           "[{\"k\":2},{\"k\":3}]"          },
        {"\"a\xff\xfe z\"",                                         "\"a\xef\xbf\xbd\xef\xbf\xbd z\""},
        {"{\"\xff\":1,\"\xfe\":2}",                                 "{\"\xef\xbf\xbd\":2}"           }, /* the same once they are replaced */
        {"\"a\\u0000b\"",                                           "\"a\xef\xbf\xbd"
                          "b\""                                             },
    };
    static const char *const refused[] = {
        "\xef\xbb\xbf{}", "{\"a\":1} x", "\"a\tb\"", "nan", "-NaN",
        "+Infinity",      "[1,]",        "{a:1}",    ""};
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = parsed(cases[i][0], JSON_LOG);
        if (!str_eq(rewritten(doc, &t), cases[i][1])) fail_msg("%s: %s", cases[i][0], t.data);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct json *doc = NULL;
        if (parse(refused[i], JSON_LOG, &doc, NULL) != RC_PARSE) fail_msg("%s", refused[i]);
    }
}

static void
test_json_log_reads_numbers_that_are_not_finite_as_absent(void **state)
{
    CLEANUP(json_freep)
    struct json *doc =
        parsed("{\"a\":NaN,\"b\":-Infinity,\"c\":1e400,\"d\":4,\"e\":0.1}", JSON_LOG);

    (void)state;
    assert_int_equal(json_kind(json_get(doc, "a")), JSON_NUMBER);
    assert_true(json_f64(doc, "a", 77) >= 77);
    assert_true(json_f64(doc, "b", 77) >= 77);
    assert_true(json_f64(doc, "c", 77) >= 77);
    assert_int_equal(json_i64(doc, "a", 77), 77);
    assert_int_equal(json_i64(doc, "c", 77), 77);
    assert_int_equal(json_i64(doc, "d", 77), 4); /* the others are where they were */
    assert_true(fabs(json_f64(doc, "e", 77) - 0.1) <= 0);
}

static void
test_json_log_keeps_lone_surrogates(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = parsed("[\"a\\ud800b\",\"\\udfff\",\"\\ud83d\\ude00\"]", JSON_LOG);
    const struct json *v = json_first(doc);

    (void)state;
    assert_string_equal(json_string(v), "a\xed\xa0\x80"
                                        "b");
    v = json_next(v);
    assert_string_equal(json_string(v), "\xed\xbf\xbf");
    v = json_next(v);
    assert_string_equal(json_string(v), "\xf0\x9f\x98\x80");
}

/* ---- exact numbers ------------------------------------------------------------------------- */

static void
test_json_numbers_keep_what_was_written(void **state)
{
    static const struct {
        const char *text; /* of the number, and of the same in a string */
        int64_t i64;      /* 77 where it is not whole or too large      */
    } cases[] = {
        {"0",                                                                            0                           },
        {"-0",                                                                           0                           },
        {"-5",                                                                           -5                          },
        {"9007199254740991",                                                             INT64_C(9007199254740991)   },
        {"9007199254740993",                                                             INT64_C(9007199254740993)   },
        {"-9007199254740993",                                                            INT64_C(-9007199254740993)  },
        {"9223372036854775807",                                                          INT64_MAX                   },
        {"-9223372036854775808",                                                         INT64_MIN                   },
        {"9223372036854775808",                                                          77                          },
        {"1000000000000000000000000000000000000000000000000000000000000000000000000",    77                          },
        {"1.0",                                                                          1                           },
        {"1.5",                                                                          77                          },
        {"1.00000000000000000000000000000000000000000000000000000000000000000000000001", 77                          },
        {"1.00000000000000000000000000000000000000000000000000000000000000000000000000", 1                           },
        {"1e3",                                                                          1000                        },
        {"1500e-2",                                                                      15                          },
        {"1e18",                                                                         INT64_C(1000000000000000000)},
        {"1e19",                                                                         77                          },
        {"123456789012345678e1",                                                         INT64_C(1234567890123456780)},
        {"4503599627370497.25",                                                          77                          },
        {"1e-400",                                                                       77                          },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        text_printf(&t, "{\"before\":3,\"n\":%s,\"s\":\"%s\",\"after\":0.5}", cases[i].text,
                    cases[i].text);
        CLEANUP(json_freep) struct json *doc = parsed(t.data, JSON_STRICT);
        if (json_i64(doc, "n", 77) != cases[i].i64)
            fail_msg("%s: %lld", cases[i].text, (long long)json_i64(doc, "n", 77));
        assert_true(json_i64(doc, "s", 77) == cases[i].i64);
        double want = strtod(cases[i].text, NULL);
        assert_true(fabs(json_f64(doc, "n", 77) - want) <= 0);
        assert_true(fabs(json_f64(doc, "s", 77) - want) <= 0);
        assert_int_equal(json_i64(doc, "before", 77), 3);
        assert_true(fabs(json_f64(doc, "after", 77) - 0.5) <= 0);
        CLEANUP(text_free) struct text again = {0};
        (void)rewritten(doc, &again);
        if (strlen(cases[i].text) > 15)
            assert_string_equal(again.data, t.data); /* a double could not say it */
        CLEANUP(json_freep) struct json *twin = parsed(again.data, JSON_STRICT);
        assert_true(json_i64(twin, "n", 77) == cases[i].i64);
    }
}

static void
test_json_money_is_read_from_the_text(void **state)
{
    static const struct {
        const char *text;
        int64_t e4;
    } cases[] = {
        {"12.34",                123400                      },
        {"0.00005",              1                           },
        {"1.00005",              10001                       },
        {"922337203685477.5807", INT64_MAX                   }, /* a double has 922337203685477.625 */
        {"1.5e2",                1500000                     },
        {"100000000000000.0001", INT64_C(1000000000000000001)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct err err = {0};
        text_printf(&t, "{\"n\":%s,\"s\":\"%s\"}", cases[i].text, cases[i].text);
        CLEANUP(json_freep) struct json *doc = parsed(t.data, JSON_STRICT);
        struct json_in in = {.obj = doc, .err = &err};
        assert_true(json_need_usd(&in, "n").e4 == cases[i].e4);
        assert_true(json_need_usd(&in, "s").e4 == cases[i].e4);
        assert_true(json_opt_usd(&in, "n", USD_ZERO).e4 == cases[i].e4);
        assert_int_equal(in.rc, RC_OK);
    }
}

/* ---- large and odd objects ----------------------------------------------------------------- */

static void
test_json_finds_a_duplicate_among_many_keys(void **state)
{
    (void)state;
    for (int keys = 1; keys <= 5000; keys += keys < 40 ? 1 : 1237) {
        CLEANUP(text_free) struct text t = {0};
        struct json *doc = NULL;
        text_puts(&t, "{");
        for (int i = 0; i < keys; i++)
            text_printf(&t, "\"key%d\":{\"key0\":%d},", i, i);
        size_t len = t.len;
        text_puts(&t, "\"last\":0}");
        assert_int_equal(json_parse(t.data, t.len, JSON_STRICT, &SMALL, &doc, NULL), RC_OK);
        assert_int_equal(json_len(doc), keys + 1);
        json_freep(&doc);

        t.len = len;
        text_printf(&t, "\"key%d\":0}", keys / 2);
        assert_int_equal(json_parse(t.data, t.len, JSON_STRICT, &SMALL, &doc, NULL), RC_PARSE);
        assert_int_equal(json_parse(t.data, t.len, JSON_LOG, &SMALL, &doc, NULL), RC_OK);
        assert_int_equal(json_len(doc), keys);
        json_freep(&doc);
    }
}

static void
test_json_every_truncation_and_every_changed_byte_is_survived(void **state)
{
    static const char whole[] =
        "{\"a\":[1,2.5e3,\"x\\u00e9\\ud83d\\ude00\",null,true],\"id\":9007199254740993,"
        "\"o\":{\"k\":-0.125,\"l\":[[],{}]}}";

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        /* On the heap and without a NUL, so that a byte read too far is seen by the sanitizer. */
        char *part = malloc(MAX(len, (size_t)1));
        struct json *doc = NULL;
        assert_non_null(part);
        memcpy(part, whole, len);
        assert_int_equal(json_parse(part, len, JSON_STRICT, &SMALL, &doc, NULL), RC_PARSE);
        free(part);
    }
    for (size_t at = 0; at < sizeof(whole) - 1; at++) {
        for (int b = 0; b < 256; b++) {
            char text[sizeof(whole)];
            struct json *doc = NULL;
            memcpy(text, whole, sizeof(whole));
            text[at] = (char)b;
            enum json_mode mode = b % 2 ? JSON_STRICT : JSON_LOG;
            enum rc rc = json_parse(text, sizeof(whole) - 1, mode, &SMALL, &doc, NULL);
            assert_int_equal(rc == RC_OK, doc != NULL);
            json_free(doc);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_strict_accepts_rfc_8259),
        cmocka_unit_test(test_json_strict_refuses_and_says_where),
        cmocka_unit_test(test_json_refuses_a_nul_byte_anywhere),
        cmocka_unit_test(test_json_keeps_to_its_limits),
        cmocka_unit_test(test_json_log_tolerates_what_logs_contain),
        cmocka_unit_test(test_json_log_reads_numbers_that_are_not_finite_as_absent),
        cmocka_unit_test(test_json_log_keeps_lone_surrogates),
        cmocka_unit_test(test_json_numbers_keep_what_was_written),
        cmocka_unit_test(test_json_money_is_read_from_the_text),
        cmocka_unit_test(test_json_finds_a_duplicate_among_many_keys),
        cmocka_unit_test(test_json_every_truncation_and_every_changed_byte_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
