#include "tests/lib/check.h"

#include "base/json.h"

/* "key=value;" for every member, and the code that ended the walk. */
static enum rc
members(const char *bytes, size_t len, struct text *to, struct err *err)
{
    struct json_scan scan;
    struct json_span span = {0};
    enum rc rc = RC_OK;

    json_scan_init(&scan, bytes, len);
    while ((rc = json_scan_next(&scan, &span, err)) == RC_OK) {
        text_add(to, span.key, span.key_len);
        text_putc(to, '=');
        text_add(to, span.value, span.value_len);
        text_putc(to, ';');
    }
    return rc;
}

static void
test_json_scan_finds_the_members(void **state)
{
    static const char *const cases[][2] = {
        {"{}",                                                                               ""                                  },
        {" { } \n",                                                                          ""                                  },
        {"{\"a\":1}",                                                                        "a=1;"                              },
        {" {\"a\" : -1.5e3 , \"b\":\"x\",\"c\":null}\r\n",                                   "a=-1.5e3;b=\"x\";c=null;"          },
        {"{\"a\":{\"b\":[1,{\"c\":\"}]\"}]},\"d\":[]}",                                      "a={\"b\":[1,{\"c\":\"}]\"}]};d=[];"},
        {"{\"a\\\"b\":\"c\\\\\",\"\":\"\\\"}\"}",                                            "a\\\"b=\"c\\\\\";=\"\\\"}\";"      },
        {"{\"long key of more than eight bytes\":\"0123456789 0123456789 0123456789\\\"\"}",
         "long key of more than eight bytes=\"0123456789 0123456789 0123456789\\\"\";"                                           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct err err = {0};
        enum rc rc = members(cases[i][0], strlen(cases[i][0]), &t, &err);
        if (rc != RC_NOT_FOUND) fail_msg("%s: %s", cases[i][0], err.text);
        assert_string_equal(text_str(&t), cases[i][1]);
    }
}

static void
test_json_scan_refuses_and_says_where(void **state)
{
    static const char *const cases[][2] = {
        {"",                  "line 1, column 1: an object should be here"   },
        {"[1]",               "line 1, column 1: an object should be here"   },
        {"{",                 "line 1, column 2: a key should be here"       },
        {"{\"a\":1,}",        "line 1, column 8: a key should be here"       },
        {"{\"a\"}",           "line 1, column 5: a colon should be here"     },
        {"{\"a\":}",          "line 1, column 6: a value should be here"     },
        {"{\"a\":1",          "line 1, column 7: a comma or } should be here"},
        {"{\"a\":1 \"b\":2}", "line 1, column 8: a comma or } should be here"},
        {"{\"a\":[1}",        "line 1, column 8: brackets do not match"      },
        {"{\"a\":\n[1",       "line 2, column 3: bracket without an end"     },
        {"{\"a\":[\"x]}",     "line 1, column 11: string without an end"     },
        {"{\"a\":\"x",        "line 1, column 8: string without an end"      },
        {"{\"a\":\"x\\",      "line 1, column 9: string without an end"      },
        {"{\"a",              "line 1, column 4: string without an end"      },
        {"{\"a\":1}}",        "line 1, column 8: text behind the object"     },
        {"{\"a\":1]",         "line 1, column 7: a comma or } should be here"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text t = {0};
        struct err err = {0};
        enum rc rc = members(cases[i][0], strlen(cases[i][0]), &t, &err);
        if (rc != RC_PARSE || !str_eq(err.text, cases[i][1]))
            fail_msg("%s: %s %s", cases[i][0], rc_name(rc), err.text);
    }
}

static void
test_json_scan_limits_the_depth(void **state)
{
    CLEANUP(text_free) struct text doc = {0};
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    text_puts(&doc, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        text_putc(&doc, '[');
    assert_int_equal(members(doc.data, doc.len, &t, NULL), RC_RANGE);
}

/* Every prefix, on the heap and without a NUL: a byte read too far is seen by the sanitizer. */
static void
test_json_scan_survives_every_truncation(void **state)
{
    static const char whole[] =
        "{\"a\\u0041\":{\"b\":[1,\"x\\\"y\",{}]},\"0123456789\":\"0123456789\\\\\",\"c\":true}";

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        CLEANUP(text_free) struct text t = {0};
        char *part = malloc(MAX(len, (size_t)1));
        assert_non_null(part);
        memcpy(part, whole, len);
        assert_int_equal(members(part, len, &t, NULL), RC_PARSE);
        free(part);
    }
}

/* Scanning and parsing each span gives what parsing the whole gives. */
static void
test_json_scan_agrees_with_the_parser(void **state)
{
    struct rng r = check_rng("json scan");

    (void)state;
    for (int i = 0; i < 300; i++) {
        CLEANUP(text_free) struct text t = {0};
        CLEANUP(json_freep) struct json *doc = NULL;
        struct json_out o = {.to = &t};
        json_out_obj(&o, NULL);
        for (uint64_t n = 0, members_len = rng_below(&r, 30); n < members_len; n++) {
            char key[32];
            (void)snprintf(key, sizeof(key), "%llu{\"", (unsigned long long)n);
            json_out_arr(&o, key);
            for (uint64_t k = rng_below(&r, 4); k > 0; k--)
                json_out_str(&o, NULL, rng_chance(&r, 0.5) ? "]\\\"" : "}");
            json_out_end(&o);
        }
        json_out_end(&o);
        assert_int_equal(json_parse(t.data, t.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL),
                         RC_OK);

        struct json_scan scan;
        struct json_span span = {0};
        json_scan_init(&scan, t.data, t.len);
        for (const struct json *m = json_first(doc); m != NULL; m = json_next(m)) {
            CLEANUP(json_freep) struct json *value = NULL;
            assert_int_equal(json_scan_next(&scan, &span, NULL), RC_OK);
            assert_int_equal(json_parse(span.value, span.value_len, JSON_STRICT, &JSON_LIMITS_BODY,
                                        &value, NULL),
                             RC_OK);
            assert_int_equal(json_len(value), json_len(m));
        }
        assert_int_equal(json_scan_next(&scan, &span, NULL), RC_NOT_FOUND);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_scan_finds_the_members),
        cmocka_unit_test(test_json_scan_refuses_and_says_where),
        cmocka_unit_test(test_json_scan_limits_the_depth),
        cmocka_unit_test(test_json_scan_survives_every_truncation),
        cmocka_unit_test(test_json_scan_agrees_with_the_parser),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
