/*
 * Promise of json_parse_in: what json_parse does in strict mode, in an arena.
 */
#include "tests/lib/check.h"

#include <math.h>

#include "base/json.h"

static const struct json_limits LIMITS = {.bytes_max = 1 << 20, .depth_max = 40};

/* Written out, and the readers that look at a number's own text. */
static void
describe(const struct json *v, struct text *to)
{
    struct json_out o = {.to = to};
    struct json_in in = {.obj = v};

    json_out_value(&o, NULL, v);
    text_printf(to, " %d %zu %d %lld %a %lld", (int)json_kind(v), json_len(v), json_truthy(v),
                (long long)json_i64_of(v, -1), json_f64_of(v, -1.5),
                (long long)json_need_usd(&in, "p").e4);
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c)) {
        text_printf(to, "\n%s: ", json_key(c));
        describe(c, to);
    }
}

/* True if the bytes were accepted, by both alike. */
static bool
agree(const char *bytes, size_t len)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    CLEANUP(text_free) struct text a = {0};
    CLEANUP(text_free) struct text b = {0};
    struct arena arena = {0};
    const struct json *in_arena = NULL;
    struct err err = {0}, arena_err = {0};
    enum rc rc = json_parse(bytes, len, JSON_STRICT, &LIMITS, &doc, &err);
    enum rc arena_rc = json_parse_in(bytes, len, &LIMITS, &arena, &in_arena, &arena_err);

    if (rc != arena_rc) fail_msg("%.*s: %d and %d", (int)len, bytes, (int)rc, (int)arena_rc);
    assert_string_equal(err.text, arena_err.text);
    assert_true((rc == RC_OK) == (in_arena != NULL));
    if (rc == RC_OK) {
        describe(doc, &a);
        describe(in_arena, &b);
        assert_string_equal(text_str(&a), text_str(&b));
    }
    arena_done(&arena);
    return rc == RC_OK;
}

static void
test_json_tree_is_that_of_json_parse(void **state)
{
    static const struct {
        const char *bytes;
        bool is_accepted;
    } cases[] = {
        {"null",                                                                   true },
        {" \n[ true ,false , null,[ ] ,{ } ] \t",                                  true },
        {"{\"a\":1,\"b\":[1,2,{\"c\":\"d\"}],\"p\":\"1.25\"}",                     true },
        {"{ \"\" : \"\" , \"p\" : 12.3456 }",                                      true },
        {"\"\"",                                                                   true },
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20ac\"",                    true },
        {"\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \xC3\xA4\"",                           true },
        {"{\"tick\\u0065r\":1}",                                                   true },
        {"{\"tick\\u0065r\":1,\"ticker\":2}",                                      false},
        {"0",                                                                      true },
        {"-0",                                                                     true },
        {"-0.0",                                                                   true },
        {"999999999999999",                                                        true },
        {"0.000000000000001",                                                      true },
        {"123456.789012345",                                                       true },
        {"1234567.890123456",                                                      true },
        {"9223372036854775807",                                                    true },
        {"-9223372036854775808",                                                   true },
        {"9223372036854775808",                                                    true },
        {"1e3",                                                                    true },
        {"1E-400",                                                                 true },
        {"[1,1e400]",                                                              false},
        {"2.5e+0",                                                                 true },
        {"0.10000000000000000000000000000000000000000000000000000000000000000001", true },
        {"[1,2",                                                                   false},
        {"{\"a\":1}}",                                                             false},
        {"\"\\ud83d\"",                                                            false},
        {"",                                                                       false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (agree(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].is_accepted)
            fail_msg("%s: accepted or refused wrongly", cases[i].bytes);
    }
}

static void
test_json_tree_reads_every_short_decimal_as_strtod_does(void **state)
{
    struct rng r = check_rng("decimals");

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[40];
        struct arena a = {0};
        const struct json *v = NULL;
        struct err err = {0};
        int places = (int)rng_below(&r, 15);
        int64_t whole = rng_range(&r, 0, rng_chance(&r, 0.5) ? 999 : 999999999999999);

        (void)snprintf(text, sizeof(text), "%s%.*f", rng_chance(&r, 0.5) ? "-" : "", places,
                       (double)whole / pow(10, (double)rng_below(&r, 15)));
        enum rc rc = json_parse_in(text, strlen(text), &LIMITS, &a, &v, &err);
        assert_int_equal(rc, RC_OK);
        char expected[40], got[40]; /* in hexadecimal: every bit, and the sign of a zero */
        (void)snprintf(expected, sizeof(expected), "%a", strtod(text, NULL));
        (void)snprintf(got, sizeof(got), "%a", json_f64_of(v, (double)NAN));
        if (!str_eq(expected, got)) fail_msg("%s: %s, not %s", text, got, expected);
        arena_done(&a);
    }
}

/* ---- properties ---------------------------------------------------------------------------- */

static void
draw_string(struct json_out *o, const char *key, struct rng *r)
{
    static const char *const parts[] = {"a",
                                        "SPY",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\x01",
                                        "\xC3\xA4",
                                        "\xE2\x82\xAC",
                                        "/",
                                        "0",
                                        "0123456789abcdef"};
    CLEANUP(text_free) struct text t = {0};

    for (uint64_t n = rng_below(r, 6); n > 0; n--)
        text_puts(&t, parts[rng_below(r, COUNT_OF(parts))]);
    json_out_str(o, key, text_str(&t));
}

static void
draw_value(struct json_out *o, const char *key, struct rng *r, int depth)
{
    char name[16];
    uint64_t kind = rng_below(r, depth > 0 ? 7 : 5);

    if (kind == 0) json_out_null(o, key);
    if (kind == 1) json_out_bool(o, key, rng_chance(r, 0.5));
    if (kind == 2) json_out_i64(o, key, rng_range(r, -100000, INT64_MAX));
    if (kind == 3) json_out_f64(o, key, rng_normal(r) * pow(10, (double)rng_range(r, -20, 20)));
    if (kind == 4) draw_string(o, key, r);
    if (kind < 5) return;
    if (kind == 5)
        json_out_arr(o, key);
    else
        json_out_obj(o, key);
    for (uint64_t i = 0, n = rng_below(r, 12); i < n; i++) {
        (void)snprintf(name, sizeof(name), "k%d", (int)i);
        draw_value(o, kind == 5 ? NULL : name, r, depth - 1);
    }
    json_out_end(o);
}

static void
test_json_tree_agrees_on_any_bytes(void **state)
{
    static const char swaps[] = "\"\\{}[],:0e-. \x80\x01tn";
    struct rng r = check_rng("any bytes");
    int accepted = 0;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        CLEANUP(text_free) struct text t = {0};
        struct json_out o = {.to = &t};

        draw_value(&o, NULL, &r, 4);
        assert_true(agree(t.data, t.len));
        for (int k = 0; k < 8; k++) {
            size_t at = (size_t)rng_below(&r, t.len);
            t.data[at] = swaps[rng_below(&r, sizeof(swaps) - 1)];
            accepted += agree(t.data, t.len);
            (void)agree(t.data, (size_t)rng_below(&r, t.len));
        }
    }
    assert_true(accepted > 100); /* both sides of the grammar were tried */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_tree_is_that_of_json_parse),
        cmocka_unit_test(test_json_tree_reads_every_short_decimal_as_strtod_does),
        cmocka_unit_test(test_json_tree_agrees_on_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
