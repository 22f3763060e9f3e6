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
/* ---- the tree and its readers -------------------------------------------------------------- */

/* R0.2: text is trimmed before it is a number, whatever kind of number is asked for. */
static void
test_json_numbers_in_text_may_stand_in_white_space(void **state)
{
    CLEANUP(json_freep)
    struct json *doc =
        parsed("{\"a\":\" 12.50\\t\",\"i\":\"\\n 7 \",\"x\":\"1 2\",\"e\":\" \"}", JSON_STRICT);
    struct err err = {0};
    struct json_in in = {.obj = doc, .err = &err};

    (void)state;
    assert_int_equal(json_need_usd(&in, "a").e4, 125000);
    assert_int_equal(json_need_i64(&in, "i"), 7);
    assert_true(fabs(json_need_f64(&in, "a") - 12.5) <= 0);
    assert_int_equal(in.rc, RC_OK);
    static const char *const bad[] = {"x", "e"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct json_in amount = {.obj = doc, .err = &err}, whole = amount;

        (void)json_need_usd(&amount, bad[i]);
        (void)json_need_i64(&whole, bad[i]);
        assert_int_equal(amount.rc, RC_PARSE);
        assert_int_equal(whole.rc, RC_PARSE);
    }
}

static void
test_json_null_and_the_wrong_type_are_absent(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = parsed("{\"n\":null,\"o\":{},\"a\":[],\"s\":\"\",\"t\":true,\"f\":false,"
                              "\"i\":3,\"text\":\" 2.5 \"}",
                              JSON_STRICT);

    (void)state;
    assert_null(json_get(doc, "n"));
    assert_false(json_has(doc, "n"));
    assert_null(json_get(doc, "missing"));
    assert_null(json_get(json_get(doc, "i"), "x"));
    assert_null(json_get(json_get(doc, "a"), ""));
    assert_null(json_get(NULL, "x"));
    assert_null(json_get_obj(doc, "a"));
    assert_null(json_get_arr(doc, "o"));
    assert_non_null(json_get_obj(doc, "o"));
    assert_non_null(json_get_arr(doc, "a"));
    assert_null(json_string(json_get(doc, "i")));
    assert_string_equal(json_str(doc, "i", "dflt"), "dflt");
    assert_string_equal(json_str(doc, "s", "dflt"), "");
    assert_true(json_bool(doc, "i", true));
    assert_false(json_bool(doc, "f", true));
    assert_true(fabs(json_f64(doc, "t", 7) - 1) <= 0);
    assert_true(fabs(json_f64(doc, "f", 7)) <= 0);
    assert_true(fabs(json_f64(doc, "text", 7) - 2.5) <= 0);
    assert_true(fabs(json_f64(doc, "s", 7) - 7) <= 0);
    assert_true(fabs(json_f64(doc, "o", 7) - 7) <= 0);
    assert_int_equal(json_i64(doc, "t", 7), 7);
    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_int_equal(json_len(NULL), 0);
    assert_int_equal(json_len(json_get(doc, "s")), 0);
    assert_null(json_first(NULL));
    assert_null(json_next(NULL));
    assert_string_equal(json_key(NULL), "");
    assert_false(json_is_true(NULL));
}

static void
test_json_knows_what_is_truthy(void **state)
{
    static const struct {
        const char *text;
        bool is_truthy;
    } cases[] = {
        {"null",         false},
        {"false",        false},
        {"true",         true },
        {"0",            false},
        {"-0.0",         false},
        {"0.1",          true },
        {"-1",           true },
        {"\"\"",         false},
        {"\"0\"",        true },
        {"[]",           false},
        {"[null]",       true },
        {"{}",           false},
        {"{\"a\":null}", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(json_freep) struct json *doc = parsed(cases[i].text, JSON_STRICT);
        if (json_truthy(doc) != cases[i].is_truthy) fail_msg("%s", cases[i].text);
    }
    assert_false(json_truthy(NULL));
}

static void
test_json_tells_null_from_absent_and_3_from_3_0(void **state)
{
    static const char text[] = "{\"null\":null,\"whole\":[3,-0,123456789012345678],"
                               "\"not\":[3.0,-0.0,3e0,0.5,1230.00,\"3\",true,null,[3]]}";
    CLEANUP(arena_done) struct arena arena = {0};
    CLEANUP(json_freep) struct json *tree = NULL;
    const struct json *doc[2] = {NULL};
    struct err err = {0};

    (void)state;
    tree = parsed(text, JSON_STRICT);
    doc[0] = tree;
    assert_int_equal(json_parse_in(text, strlen(text), &SMALL, &arena, &doc[1], &err), RC_OK);
    for (size_t i = 0; i < COUNT_OF(doc); i++) {
        assert_non_null(json_member(doc[i], "null"));
        assert_null(json_get(doc[i], "null"));
        assert_null(json_member(doc[i], "absent"));
        assert_null(json_member(json_get(doc[i], "whole"), ""));
        for (const struct json *v = json_first(json_get(doc[i], "whole")); v; v = json_next(v))
            assert_true(json_is_whole(v));
        for (const struct json *v = json_first(json_get(doc[i], "not")); v; v = json_next(v))
            assert_false(json_is_whole(v));
        assert_int_equal(json_i64_of(json_first(json_get(doc[i], "not")), 0), 3);
    }
    assert_false(json_is_whole(NULL));
}

static void
test_json_walks_in_document_order(void **state)
{
    CLEANUP(json_freep)
    struct json *doc = parsed("{\"z\":1,\"a\":[10,20],\"m\":null}", JSON_STRICT);
    CLEANUP(text_free) struct text seen = {0};

    (void)state;
    for (const struct json *m = json_first(doc); m != NULL; m = json_next(m)) {
        text_printf(&seen, "%s%d ", json_key(m), (int)json_kind(m));
    }
    assert_string_equal(seen.data, "z2 a4 m0 ");
    const struct json *e = json_first(json_get(doc, "a"));
    assert_string_equal(json_key(e), "");
    assert_int_equal(json_i64_of(json_next(e), 0), 20);
    assert_null(json_next(json_next(e)));
}

static void
test_json_in_remembers_the_first_thing_that_is_wrong(void **state)
{
    CLEANUP(json_freep)
    struct json *doc =
        parsed("{\"s\":\"x\",\"n\":1.5,\"p\":\"12.345\",\"t\":\"2026-01-30T14:30:00Z\","
               "\"b\":true,\"i\":\"42\",\"null\":null,\"big\":\"1e30\"}",
               JSON_STRICT);
    struct err err = {0};
    struct json_in in = {.obj = doc, .err = &err};

    (void)state;
    assert_string_equal(json_need_str(&in, "s"), "x");
    assert_int_equal(json_need_i64(&in, "i"), 42);
    assert_true(fabs(json_need_f64(&in, "n") - 1.5) <= 0);
    assert_int_equal(json_need_usd(&in, "p").e4, 123450);
    assert_true(json_need_time(&in, "t") == when_parse_or_none("2026-01-30T14:30Z"));
    assert_true(json_need_bool(&in, "b"));
    assert_int_equal(json_opt_usd(&in, "null", (usd){5}).e4, 5);
    assert_int_equal(json_opt_time(&in, "missing", 6), 6);
    assert_int_equal(in.rc, RC_OK);

    /* Once something is wrong, nothing else is reported or returned. */
    assert_int_equal(json_need_i64(&in, "n"), 0);
    assert_int_equal(in.rc, RC_PARSE);
    assert_string_equal(err.text, "\"n\" is not a whole number of 64 bits");
    assert_string_equal(json_need_str(&in, "missing"), "");
    assert_int_equal(json_need_i64(&in, "i"), 0);
    assert_int_equal(json_need_usd(&in, "p").e4, 0);
    assert_false(json_need_bool(&in, "b"));
    assert_string_equal(err.text, "\"n\" is not a whole number of 64 bits");
}

static void
test_json_in_names_what_is_wrong(void **state)
{
    CLEANUP(json_freep)
    struct json *doc =
        parsed("{\"s\":\"x\",\"n\":1.5,\"null\":null,\"b\":true,\"big\":\"1e30\"}", JSON_STRICT);
    struct {
        enum rc rc;
        const char *words;
    } want[] = {
        {RC_PARSE, "\"missing\" is missing"              },
        {RC_PARSE, "\"null\" is missing"                 },
        {RC_PARSE, "\"n\" is not a string"               },
        {RC_PARSE, "\"s\" is not a finite number"        },
        {RC_PARSE, "\"b\" is not a number"               },
        {RC_PARSE, "\"s\": \"x\" is not a decimal amount"},
        {RC_RANGE, "\"big\": 1e30 USD is too large"      },
        {RC_PARSE, "\"b\" is not an amount"              },
        {RC_PARSE, "\"s\" is not an instant"             },
        {RC_PARSE, "\"n\" is not an instant"             },
        {RC_PARSE, "\"s\" is not true or false"          },
        {RC_PARSE, "\"s\": \"x\" is not a decimal amount"},
        {RC_PARSE, "\"b\" is not an instant"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct err err = {0};
        struct json_in in = {.obj = doc, .err = &err};
        if (i == 0) (void)json_need_str(&in, "missing");
        if (i == 1) (void)json_need_i64(&in, "null");
        if (i == 2) (void)json_need_str(&in, "n");
        if (i == 3) (void)json_need_f64(&in, "s");
        if (i == 4) (void)json_need_f64(&in, "b");
        if (i == 5) (void)json_need_usd(&in, "s");
        if (i == 6) (void)json_need_usd(&in, "big");
        if (i == 7) (void)json_need_usd(&in, "b");
        if (i == 8) (void)json_need_time(&in, "s");
        if (i == 9) (void)json_need_time(&in, "n");
        if (i == 10) (void)json_need_bool(&in, "s");
        if (i == 11) (void)json_opt_usd(&in, "s", USD_ZERO);
        if (i == 12) (void)json_opt_time(&in, "b", 0);
        if (in.rc != want[i].rc || !str_eq(err.text, want[i].words))
            fail_msg("%zu: %s", i, err.text);
    }
}

static void
test_json_long_digits_are_those_of_a_whole_number(void **state)
{
    static const char text[] = "[12345678901234567890123456789012,-12345678901234567890,7,"
                               "1.2345678901234567890,1e30,\"12345678901234567890\",null]";
    static const char *const wanted[] = {
        "12345678901234567890123456789012", "-12345678901234567890", NULL, NULL, NULL, NULL, NULL};
    struct json *doc = NULL;
    struct err err = {0};
    size_t i = 0;
    (void)state;
    assert_int_equal(json_parse(text, sizeof(text) - 1, JSON_LOG, &JSON_LIMITS_FILE, &doc, &err),
                     RC_OK);
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v), i++)
        assert_true(str_eq(json_long_digits(v), wanted[i]));
    assert_int_equal(i, COUNT_OF(wanted));
    json_free(doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_long_digits_are_those_of_a_whole_number),
        cmocka_unit_test(test_json_numbers_in_text_may_stand_in_white_space),
        cmocka_unit_test(test_json_null_and_the_wrong_type_are_absent),
        cmocka_unit_test(test_json_knows_what_is_truthy),
        cmocka_unit_test(test_json_tells_null_from_absent_and_3_from_3_0),
        cmocka_unit_test(test_json_walks_in_document_order),
        cmocka_unit_test(test_json_in_remembers_the_first_thing_that_is_wrong),
        cmocka_unit_test(test_json_in_names_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
