/*
 * json_line: what it takes, what it gives, and that it agrees with the tree of JSON_LOG.
 */
#include "tests/lib/check.h"

#include "base/json_line.h"

static const struct node *
read_text(struct json_line *l, const char *text)
{
    return json_line_read(l, text, strlen(text));
}

static void
test_json_line_takes_the_grammar_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"{}",               true },
        {" {\"a\":1} ",      true },
        {"[]",               true },
        {"[1,2]",            true },
        {"[1,]",             false},
        {"[,1]",             false},
        {"[1 2]",            false},
        {"{\"a\":1,}",       false},
        {"{\"a\" 1}",        false},
        {"{a:1}",            false},
        {"{'a':1}",          false},
        {"{\"a\":1}}",       false},
        {"{\"a\":1} x",      false},
        {"{\"a\":1}{}",      false},
        {"{\"a\":[1}",       false},
        {"{",                false},
        {"",                 false},
        {"   ",              false},
        {"0",                true },
        {"-0",               true },
        {"-01-Infinity",     false},
        {"01",               false},
        {"-",                false},
        {"+1",               false},
        {"1.",               false},
        {".5",               false},
        {"1e",               false},
        {"1e+",              false},
        {"1E5",              true },
        {"1e400",            true },
        {"0x10",             false},
        {"NaN",              true },
        {"-Infinity",        true },
        {"Infinity",         true },
        {"-NaN",             false},
        {"nan",              false},
        {"tru",              false},
        {"true",             true },
        {"truer",            false},
        {"null",             true },
        {"\"\"",             true },
        {"\"",               false},
        {"\"\\",             false},
        {"\"\\x\"",          false},
        {"\"\\u12\"",        false},
        {"\"\\u12G4\"",      false},
        {"\"\\ud83d\"",      true },
        {"\"a\tb\"",         false},
        {"\"\x1F\"",         false},
        {"\"\x7F\"",         true },
        {"\"\xC3\xA9\"",     true },
        {"\"\xFF\"",         false},
        {"\"\xED\xA0\x80\"", false},
        {"\"\xE2\x82\"",     false},
        {"\xEF\xBB\xBF{}",   false},
        {"{\"a\":\v1}",      false},
    };
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool ok = read_text(&l, cases[i].text) != NULL;
        if (ok != cases[i].ok) fail_msg("%s: %s", cases[i].text, ok ? "taken" : "refused");
    }
}

static void
test_json_line_resolves_strings(void **state)
{
    static const struct {
        const char *text;
        const char *plain;
        size_t len;
    } cases[] = {
        {"\"plain\"",                      "plain",                        5},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t",              8},
        {"\"\\u0041\\u00e9\"",             "A\xC3\xA9",                    3},
        {"\"\\ud83d\\ude00\"",             "\xF0\x9F\x98\x80",             4},
        {"\"\\ud83d\\ud83d\\ude00\"",      "\xED\xA0\xBD\xF0\x9F\x98\x80", 7},
        {"\"\\ude00x\"",                   "\xED\xB8\x80x",                4},
        {"\"a\\u0000b\"",                  "a\0b",                         3},
    };
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span got = node_text(read_text(&l, cases[i].text));
        if (!span_eq(got, (struct span){cases[i].plain, cases[i].len}))
            fail_msg("%s reads as %.*s", cases[i].text, (int)got.len, got.at);
    }
}

/* Any byte at any place of a string of any length: strings are read sixteen bytes at a time. */
static void
test_json_line_sees_every_byte_of_a_string(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (int len = 1; len <= 40; len++)
        for (int at = 0; at < len; at++)
            for (int byte = 0; byte < 0x100; byte++) {
                char text[48];

                memset(text, 'x', sizeof(text));
                text[0] = text[len + 1] = '"';
                text[1 + at] = (char)byte;
                const struct node *n = json_line_read(&l, text, (size_t)len + 2);
                bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                if ((n != NULL) != is_plain || (is_plain && node_text(n).len != (size_t)len))
                    fail_msg("0x%02x at %d of %d", (unsigned)byte, at, len);
            }
}

static void
test_json_line_keeps_escaped_strings_apart(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};
    const struct node *v = read_text(&l, "{\"\\u0061\":\"\\u0062\",\"c\":\"d\",\"e\":\"\\n\"}");

    (void)state;
    assert_true(span_is(node_text(node_member(v, "a")), "b"));
    assert_true(span_is(node_text(node_member(v, "c")), "d"));
    assert_true(span_is(node_text(node_member(v, "e")), "\n"));
}

static void
test_json_line_of_repeated_keys_the_last_counts(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};
    const struct node *v = read_text(&l, "{\"a\":1,\"b\":{\"a\":2},\"\\u0061\":[3]}");

    (void)state;
    assert_int_equal(node_kind(node_member(v, "a")), JSON_ARRAY);
    assert_null(node_member(v, "c"));
    assert_null(node_member(NULL, "a"));
    assert_null(node_member(node_member(v, "a"), "a"));
}

/* By name through a map or along the members: the same, with repeated keys and with too many. */
static void
test_json_line_map_finds_what_a_walk_finds(void **state)
{
    struct rng r = check_rng("map of members");
    int found = 0;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        CLEANUP(json_line_done) struct json_line l = {0};
        CLEANUP(text_free) struct text t = {0};
        struct node_map m;
        int members = (int)rng_below(&r, NODE_MAP_MEMBERS + 3);

        for (int i = 0; i < members; i++)
            text_printf(&t, "%c\"k%d\":[%d]", i == 0 ? '{' : ',', (int)rng_below(&r, 60), i);
        text_puts(&t, members == 0 ? "{}" : ",\"\":0}");
        const struct node *v = read_text(&l, text_str(&t));
        assert_ptr_equal(node_map_fill(&m, v), &m);
        assert_ptr_equal(node_map_member(&m, ""), node_member(v, ""));
        for (int i = 0; i < 60; i++) {
            char key[16];

            (void)snprintf(key, sizeof(key), "k%d", i);
            assert_ptr_equal(node_map_member(&m, key), node_member(v, key));
            found += node_member(v, key) != NULL;
        }
    }
    assert_true(found > 1000);
    struct node_map none;
    assert_null(node_map_member(node_map_fill(&none, NULL), "a"));
}

static void
test_json_line_nests_as_deep_as_it_says(void **state)
{
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (int depth = JSON_LINE_DEPTH_MAX - 1; depth <= JSON_LINE_DEPTH_MAX + 1; depth++) {
        CLEANUP(text_free) struct text t = {0};
        for (int i = 0; i < depth; i++)
            text_puts(&t, i % 2 == 0 ? "{\"a\":" : "[");
        text_putc(&t, '1');
        for (int i = depth - 1; i >= 0; i--)
            text_putc(&t, i % 2 == 0 ? '}' : ']');
        assert_int_equal(read_text(&l, text_str(&t)) != NULL, depth <= JSON_LINE_DEPTH_MAX);
    }
}

static void
test_json_line_tells_of_breaks_inside(void **state)
{
    static const struct {
        const char *text;
        bool has_break;
    } cases[] = {
        {"{\"a\":1}\r\n",            false},
        {"\r{\"a\":1}",              true },
        {"{\"a\":\r1}",              true },
        {"{\"a\":\"\xC2\x85\"}",     true },
        {"{\"a\":\"\xE2\x80\xA8\"}", true },
        {"{\"a\":\"\xE2\x80\xA9\"}", true },
        {"{\"a\":\"\xE2\x80\xA7\"}", false},
        {"{\"a\":\"\\u2028\"}",      false},
        {"{\"a\":\"\xC3\x85\"}",     false},
    };
    CLEANUP(json_line_done) struct json_line l = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_non_null(read_text(&l, cases[i].text));
        if (l.has_break != cases[i].has_break) fail_msg("case %zu", i);
    }
}

/* ---- the tree ------------------------------------------------------------------------------ */

static void
random_value(struct rng *r, struct text *to, int depth)
{
    static const char *const scalars[] = {"1",
                                          "-0",
                                          "2.50",
                                          "1e-7",
                                          "NaN",
                                          "1e999",
                                          "true",
                                          "false",
                                          "null",
                                          "\"\"",
                                          "\"\\ud800\"",
                                          "\"x y\"",
                                          "\"\\n\"",
                                          "\"\xC3\xA9\\u00e9\"",
                                          "12345678901234567890"};
    static const char *const keys[] = {"\"a\"", "\"b\"", "\"\\u0061\"", "\"\"", "\"key\""};
    int kind = depth > 4 ? 0 : (int)rng_below(r, 4);
    int n = (int)rng_below(r, 5);

    if (kind < 2) {
        text_puts(to, scalars[rng_below(r, COUNT_OF(scalars))]);
        return;
    }
    text_putc(to, kind == 2 ? '{' : '[');
    for (int i = 0; i < n; i++) {
        if (i > 0) text_puts(to, rng_below(r, 2) == 0 ? "," : " ,\t");
        if (kind == 2) {
            text_puts(to, keys[rng_below(r, COUNT_OF(keys))]);
            text_puts(to, rng_below(r, 2) == 0 ? ":" : " : ");
        }
        random_value(r, to, depth + 1);
    }
    text_putc(to, kind == 2 ? '}' : ']');
}

static void
assert_same(const struct node *n, const struct json *j)
{
    size_t elements = 0;

    assert_int_equal(node_kind(n), json_kind(j));
    if (json_kind(j) == JSON_STRING) {
        struct span want = {json_string(j), strlen(json_string(j))};
        assert_true(span_eq(node_text(n), want));
    } else if (json_kind(j) == JSON_BOOL) {
        assert_int_equal(n->at[0] == 't', json_is_true(j));
    } else if (json_kind(j) == JSON_OBJECT) {
        for (const struct json *m = json_first(j); m != NULL; m = json_next(m))
            assert_same(node_member(n, json_key(m)), m);
    } else if (json_kind(j) == JSON_ARRAY) {
        const struct node *e = node_first(n);
        for (const struct json *m = json_first(j); m != NULL; m = json_next(m), elements++) {
            assert_non_null(e);
            assert_same(e, m);
            e = node_after(n, e);
        }
        assert_null(e);
        assert_int_equal(elements, json_len(j));
    }
}

/* Whole texts, and texts with one byte changed: both readers take the same and find the same. */
static void
test_json_line_agrees_with_the_tree(void **state)
{
    static const char noise[] = "{}[],:\"\\0a1 \t.eE-+nu\x01";
    struct rng r = check_rng("json_line and the tree");
    CLEANUP(json_line_done) struct json_line l = {0};
    int taken = 0, refused = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(text_free) struct text t = {0};
        CLEANUP(json_freep) struct json *doc = NULL;
        random_value(&r, &t, 0);
        if (rng_below(&r, 2) == 0)
            t.data[rng_below(&r, t.len)] = noise[rng_below(&r, sizeof(noise) - 1)];
        if (!utf8_valid(t.data, t.len)) continue; /* the tree mends, the line refuses */
        enum rc rc = json_parse(t.data, t.len, JSON_LOG, &JSON_LIMITS_FILE, &doc, NULL);
        const struct node *n = json_line_read(&l, t.data, t.len);
        if ((rc == RC_OK) != (n != NULL)) fail_msg("only one takes %s", t.data);
        taken += n != NULL;
        refused += n == NULL;
        if (n != NULL) assert_same(n, doc);
    }
    assert_true(taken > 1000 && refused > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_line_takes_the_grammar_and_nothing_else),
        cmocka_unit_test(test_json_line_resolves_strings),
        cmocka_unit_test(test_json_line_sees_every_byte_of_a_string),
        cmocka_unit_test(test_json_line_keeps_escaped_strings_apart),
        cmocka_unit_test(test_json_line_of_repeated_keys_the_last_counts),
        cmocka_unit_test(test_json_line_map_finds_what_a_walk_finds),
        cmocka_unit_test(test_json_line_nests_as_deep_as_it_says),
        cmocka_unit_test(test_json_line_tells_of_breaks_inside),
        cmocka_unit_test(test_json_line_agrees_with_the_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
