#include "config/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/rand.h"
#include "base/text.h"

/* Writes the events as "path=value@line:column" and brackets. */
static enum rc
print_event(void *ctx, const struct yaml_event *ev, struct err *err)
{
    struct text *to = ctx;
    (void)err;
    if (ev->kind == YAML_MAP_END || ev->kind == YAML_SEQ_END) {
        text_putc(to, ev->kind == YAML_MAP_END ? '}' : ']');
        return RC_OK;
    }
    for (size_t i = 0; i < ev->steps_len; i++) {
        if (ev->steps[i].key != NULL)
            text_printf(to, "/%s", ev->steps[i].key);
        else
            text_printf(to, "/%zu", ev->steps[i].index);
    }
    if (ev->kind == YAML_SCALAR)
        text_printf(to, "=%s%s@%d:%d ", yaml_is_null(ev) ? "(null)" : "", ev->value, ev->line,
                    ev->column);
    else
        text_putc(to, ev->kind == YAML_MAP ? '{' : '[');
    return RC_OK;
}

static void
test_yaml_gives_every_node_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *text, *events;
    } cases[] = {
        {"nothing",                      "",                                        ""                                                 },
        {"only a comment",               "# nothing\n",                             ""                                                 },
        {"one scalar",                   "a",                                       "=a@1:1 "                                          },
        {"a mapping",                    "a: 1\nb: 2\n",                            "{/a=1@1:4 /b=2@2:4 }"                             },
        {"nested",                       "a:\n  b: [x, {c: y}]\n",                  "{/a{/a/b[/a/b/0=x@2:7 /a/b/1{/a/b/1/c=y@2:14 }]}}"},
        {"a sequence of mappings",       "- a: 1\n  b: 2\n- a: 3\n",
         "[/0{/0/a=1@1:6 /0/b=2@2:6 }/1{/1/a=3@3:6 }]"                                                                                 },
        {"CRLF",                         "a: 1\r\nb: 2\r\n",                        "{/a=1@1:4 /b=2@2:4 }"                             },
        {"a byte-order mark",
         "\xef\xbb\xbf"
         "a: 1",                                                                    "{/a=1@1:4 }"                                      },
        {"a literal block",              "a: |\n  x\n  y\nb: 1\n",                  "{/a=x\ny\n@1:4 /b=1@4:4 }"                        },
        {"a folded block",               "a: >-\n  x\n  y\n",                       "{/a=x y@1:4 }"                                    },
        {"quotes",                       "a: \"x\\ty\"\nb: 'it''s'\n",              "{/a=x\ty@1:4 /b=it's@2:4 }"                       },
        {"nulls",                        "a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\n",
         "{/a=(null)@1:3 /b=(null)~@2:4 /c=(null)null@3:4 /d=@4:4 /e=null@5:4 }"                                                       },
        {"keys with slashes and braces", "/api/{t}/x: 1\n",                         "{//api/{t}/x=1@1:13 }"                            },
        {"the same key in two mappings", "a: {k: 1}\nb: {k: 2}\n",
         "{/a{/a/k=1@1:8 }/b{/b/k=2@2:8 }}"                                                                                            },
        {"document marks",               "---\na: 1\n...\n",                        "{/a=1@2:4 }"                                      },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text got = {0};
        struct err err = {0};
        enum rc rc = yaml_read(cases[i].text, strlen(cases[i].text), &YAML_LIMITS_CONFIG,
                               print_event, &got, &err);
        if (rc != RC_OK || !str_eq(text_str(&got), cases[i].events))
            fail_msg("%s: got \"%s\" %s", cases[i].promise, text_str(&got), err.text);
    }
}

static void
test_yaml_refuses_with_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *text;
        enum rc rc;
        const char *words;
    } cases[] = {
        {"an alias",                 "a: &x 1\nb: *x\n",                    RC_PARSE,
         "line 2, column 4: aliases are not accepted (*x)"                                                                        },
        {"an alias as key",          "&x a: 1\n*x : 2\n",                   RC_PARSE,
         "line 2, column 1: aliases are not accepted (*x)"                                                                        },
        {"a tag",                    "a: !!binary aGk=\n",                  RC_PARSE, "line 1, column 4: tags are not accepted"   },
        {"a tagged mapping",         "a: !x {b: 1}\n",                      RC_PARSE,
         "line 1, column 4: tags are not accepted (!x)"                                                                           },
        {"a second document",        "a: 1\n---\nb: 2\n",                   RC_PARSE, "line 2, column 1: a second document"       },
        {"a mapping as key",         "{a: 1}: 2\n",                         RC_PARSE, "line 1, column 1: a key must be plain text"},
        {"a duplicate key",          "a: 1\nb: 2\na: 3\n",                  RC_PARSE,
         "line 3, column 1: duplicate key \"a\""                                                                                  },
        {"a NUL in a key",           "\"a\\0b\": 1\n",                      RC_PARSE, "line 1, column 1: a key holds a NUL"       },
        {"a tab as indent",          "a:\n\tb: 1\n",                        RC_PARSE, "line 2"                                    },
        {"an open quote",            "a: \"x\nb: 1\n",                      RC_PARSE, "line "                                     },
        {"no colon",                 "a: 1\nb\nc: 2\n",                     RC_PARSE, "line 3"                                    },
        {"bytes that are not UTF-8", "a: \xff\n",                           RC_PARSE, "byte 3: invalid leading UTF-8 octet"       },
        {"UTF-16",
         "\xff\xfe"
         "a\0:\0",                                                          RC_PARSE, "byte 0: invalid leading UTF-8 octet"       },
        {"a control character",      "a: \x01\n",                           RC_PARSE,
         "byte 3: control characters are not allowed"                                                                             },
        {"too deep",                 "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", RC_RANGE,
         "line 1, column 17: deeper than 16 levels"                                                                               },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text got = {0};
        struct err err = {0};
        enum rc rc = yaml_read(cases[i].text, strlen(cases[i].text), &YAML_LIMITS_CONFIG,
                               print_event, &got, &err);
        if (rc != cases[i].rc || !str_starts(err.text, cases[i].words))
            fail_msg("%s: %s \"%s\"", cases[i].promise, rc_name(rc), err.text);
    }
}

static enum rc
count_event(void *ctx, const struct yaml_event *ev, struct err *err)
{
    size_t *n = ctx;
    (void)err;
    if (ev->kind != YAML_MAP_END && ev->kind != YAML_SEQ_END) ++*n;
    return RC_OK;
}

static void
test_yaml_does_not_laugh_a_billion_times(void **state)
{
    (void)state;
    static const char text[] = "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n";
    size_t n = 0;
    struct err err = {0};
    assert_int_equal(yaml_read(text, sizeof text - 1, &YAML_LIMITS_CONFIG, count_event, &n, &err),
                     RC_PARSE);
    assert_true(n < 20);
}

static enum rc
print_alias(void *ctx, const struct yaml_event *ev, struct err *err)
{
    struct text *to = ctx;
    (void)err;
    if (ev->anchor != NULL) text_printf(to, "&%s ", ev->anchor);
    if (ev->kind == YAML_ALIAS) text_printf(to, "%s=*%s ", yaml_key(ev, 0), ev->value);
    return RC_OK;
}

/* The reader that asked for them resolves them, and sees how often: nothing grows here. */
static void
test_yaml_reports_aliases_where_asked(void **state)
{
    (void)state;
    static const char text[] = "a: &x [1, 2]\nb: *x\nc: &y z\nd: *y\n";
    struct yaml_limits limits = YAML_LIMITS_CONFIG;
    CLEANUP(text_free) struct text got = {0};
    struct err err = {0};
    limits.has_aliases = true;
    assert_int_equal(yaml_read(text, sizeof text - 1, &limits, print_alias, &got, &err), RC_OK);
    assert_string_equal(text_str(&got), "&x b=*x &y d=*y ");

    static const char as_key[] = "&x a: 1\n*x : 2\n";
    assert_int_equal(yaml_read(as_key, sizeof as_key - 1, &limits, print_alias, &got, &err),
                     RC_PARSE);
    limits.nodes_max = 5; /* each counts as a node */
    assert_int_equal(yaml_read(text, sizeof text - 1, &limits, print_alias, &got, &err), RC_RANGE);
}

static void
test_yaml_holds_its_limits_exactly(void **state)
{
    (void)state;
    const struct yaml_limits limits = {.bytes_max = 12, .nodes_max = 4, .depth_max = 2};
    static const struct {
        const char *promise, *text;
        enum rc rc;
    } cases[] = {
        {"as many bytes as allowed", "a: 123456789",  RC_OK   },
        {"one byte more",            "a: 1234567890", RC_RANGE},
        {"as many nodes as allowed", "[1,2,3]",       RC_OK   },
        {"one node more",            "[1,2,3,4]",     RC_RANGE},
        {"as deep as allowed",       "[[1]]",         RC_OK   },
        {"one level more",           "[[[1]]]",       RC_RANGE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = 0;
        struct err err = {0};
        enum rc rc =
            yaml_read(cases[i].text, strlen(cases[i].text), &limits, count_event, &n, &err);
        if (rc != cases[i].rc) fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
    }
}

static void
test_yaml_limits_the_keys_of_a_mapping(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text t = {0};
    size_t n = 0;
    struct err err = {0};
    for (int i = 0; i < YAML_KEYS_MAX; i++)
        text_printf(&t, "k%d: 1\n", i);
    assert_int_equal(yaml_read(text_str(&t), t.len, &YAML_LIMITS_SPEC, count_event, &n, &err),
                     RC_OK);
    text_puts(&t, "one: more\n");
    assert_int_equal(yaml_read(text_str(&t), t.len, &YAML_LIMITS_SPEC, count_event, &n, &err),
                     RC_RANGE);
}

static enum rc
find_parameter(void *ctx, const struct yaml_event *ev, struct err *err)
{
    struct text *to = ctx;
    (void)err;
    if (yaml_at(ev, "paths * get parameters [] name"))
        text_printf(to, "%s %s;", yaml_key(ev, 1), ev->value);
    if (yaml_at(ev, "") && ev->kind == YAML_MAP) text_puts(to, "root;");
    if (yaml_at(ev, "paths []") || yaml_at(ev, "path *")) text_puts(to, "never;");
    return RC_OK;
}

static void
test_yaml_finds_a_place_by_pattern(void **state)
{
    (void)state;
    static const char text[] = "openapi: 3.0.0\n"
                               "paths:\n"
                               "  /api/{t}/a:\n"
                               "    get:\n"
                               "      parameters:\n"
                               "        - name: t\n"
                               "          in: path\n"
                               "        - in: query\n"
                               "          name: limit\n"
                               "    post:\n"
                               "      parameters: [{name: other}]\n";
    CLEANUP(text_free) struct text got = {0};
    struct err err = {0};
    assert_int_equal(
        yaml_read(text, sizeof text - 1, &YAML_LIMITS_SPEC, find_parameter, &got, &err), RC_OK);
    assert_string_equal(text_str(&got), "root;/api/{t}/a t;/api/{t}/a limit;");
}

static enum rc
stop_at_second(void *ctx, const struct yaml_event *ev, struct err *err)
{
    int *n = ctx;
    (void)ev;
    return ++*n == 2 ? err_set(err, RC_DENIED, "enough") : RC_OK;
}

static void
test_yaml_stops_when_the_reader_says_so(void **state)
{
    (void)state;
    int n = 0;
    struct err err = {0};
    assert_int_equal(yaml_read("[1,2,3]", 7, &YAML_LIMITS_CONFIG, stop_at_second, &n, &err),
                     RC_DENIED);
    assert_string_equal(err.text, "enough");
    assert_int_equal(n, 2);
}

static void
test_yaml_survives_any_bytes(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a",   ": ", "\n", "- ",    "  ", "[",    "]",   "{",
                                         "}",   ",",  "\"", "'",     "|",  ">",    "&x ", "*x",
                                         "!t ", "#",  "? ", "---\n", "\t", "\r\n", "~"};
    struct rng rng;
    uint64_t seed = 7;
    rng_init(&rng, seed);
    for (int round = 0; round < 5000; round++) {
        CLEANUP(text_free) struct text t = {0};
        for (uint64_t k = rng_below(&rng, 24); k > 0; k--)
            text_puts(&t, pieces[rng_below(&rng, COUNT_OF(pieces))]);
        size_t n = 0;
        struct err err = {0};
        enum rc rc = yaml_read(text_str(&t), t.len, &YAML_LIMITS_CONFIG, count_event, &n, &err);
        if (rc != RC_OK && err.text[0] == '\0')
            fail_msg("seed %llu, round %d", (unsigned long long)seed, round);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml_gives_every_node_its_place),
        cmocka_unit_test(test_yaml_refuses_with_line_and_column),
        cmocka_unit_test(test_yaml_does_not_laugh_a_billion_times),
        cmocka_unit_test(test_yaml_reports_aliases_where_asked),
        cmocka_unit_test(test_yaml_holds_its_limits_exactly),
        cmocka_unit_test(test_yaml_limits_the_keys_of_a_mapping),
        cmocka_unit_test(test_yaml_finds_a_place_by_pattern),
        cmocka_unit_test(test_yaml_stops_when_the_reader_says_so),
        cmocka_unit_test(test_yaml_survives_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
