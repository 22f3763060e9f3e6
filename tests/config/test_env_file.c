#include "config/env_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/rand.h"
#include "base/text.h"

static void
test_env_file_reads_what_shells_and_tools_write(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *line, *name, *value;
    } cases[] = {
        {"plain",                     "KEY=value",                   "KEY",      "value"        },
        {"export",                    "export KEY=value",            "KEY",      "value"        },
        {"a name that begins so",     "exported=1",                  "exported", "1"            },
        {"blanks around",             "  KEY =  value  ",            "KEY",      "value"        },
        {"nothing",                   "KEY=",                        "KEY",      ""             },
        {"comment behind",            "KEY=value # why",             "KEY",      "value"        },
        {"comment instead",           "KEY=# why",                   "KEY",      ""             },
        {"hash inside",               "KEY=a#b",                     "KEY",      "a#b"          },
        {"equals inside",             "KEY=a=b=",                    "KEY",      "a=b="         },
        {"double quotes",             "KEY=\"a b # c\"",             "KEY",      "a b # c"      },
        {"escapes",                   "KEY=\"a\\\"b\\\\c\\nd\\te\"", "KEY",      "a\"b\\c\nd\te"},
        {"single quotes are literal", "KEY='a\\n\"b\"'",             "KEY",      "a\\n\"b\""    },
        {"comment behind quotes",     "KEY='a' # b",                 "KEY",      "a"            },
        {"empty quotes",              "KEY=\"\"",                    "KEY",      ""             },
        {"CRLF",                      "KEY=value\r",                 "KEY",      "value"        },
        {"byte-order mark",           "\xef\xbb\xbfKEY=value",       "KEY",      "value"        },
        {"nothing is expanded",       "KEY=$HOME",                   "KEY",      "$HOME"        },
        {"digits in the name",        "_K2=v",                       "_K2",      "v"            },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = {0};
        struct env_file f = env_file_parse(cases[i].line, strlen(cases[i].line), &a);
        const struct env_var *var = env_file_find(&f, cases[i].name);
        if (var == NULL || !str_eq(var->value, cases[i].value) || f.bad_len != 0)
            fail_msg("%s: got %s", cases[i].promise, var == NULL ? "nothing" : var->value);
        arena_done(&a);
    }
}

static void
test_env_file_names_a_bad_line_by_number_without_quoting_it(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "secret123",       "KEY: secret123",          "=secret123",      "2KEY=secret123",
        "KEY=\"secret123", "KEY='secret123' x",       "KEY-X=secret123", "KEY=\"secret123\\\"",
        "export",          "KEY=\"a\" \"secret123\"",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena a = {0};
        const char *text = arena_printf(&a, "A=1\n# c\n%s\nB=2\n", bad[i]);
        struct env_file f = env_file_parse(text, strlen(text), &a);
        assert_int_equal(f.bad_len, 1);
        assert_int_equal(f.bad[0].line, 3);
        assert_null(strstr(f.bad[0].why, "secret"));
        assert_int_equal(f.len, 2); /* its neighbours count */
        assert_string_equal(env_file_find(&f, "B")->value, "2");
        assert_int_equal(env_file_find(&f, "B")->line, 4);
        arena_done(&a);
    }
}

static void
test_env_file_takes_the_last_of_a_repeated_name(void **state)
{
    (void)state;
    struct arena a = {0};
    static const char text[] = "A=1\nB=2\nA=3";
    struct env_file f = env_file_parse(text, sizeof text - 1, &a);
    assert_int_equal(f.len, 2);
    assert_string_equal(env_file_find(&f, "A")->value, "3");
    assert_int_equal(env_file_find(&f, "A")->line, 3);
    arena_done(&a);
}

static void
test_env_file_stops_at_its_limit(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text t = {0};
    struct arena a = {0};
    for (int i = 0; i <= ENV_FILE_VARS_MAX; i++)
        text_printf(&t, "K%d=%d\n", i, i);
    struct env_file f = env_file_parse(text_str(&t), t.len, &a);
    assert_int_equal(f.len, ENV_FILE_VARS_MAX);
    assert_int_equal(f.bad_len, 1);
    assert_int_equal(f.bad[0].line, ENV_FILE_VARS_MAX + 1);
    arena_done(&a);
}

static void
test_env_file_survives_any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "AB=\"'\\ #\n\r\t$x\0export ";
    struct rng rng;
    uint64_t seed = 20260130;
    rng_init(&rng, seed);
    for (int round = 0; round < 3000; round++) {
        char bytes[64];
        size_t len = rng_below(&rng, sizeof bytes);
        struct arena a = {0};
        for (size_t i = 0; i < len; i++)
            bytes[i] = alphabet[rng_below(&rng, sizeof alphabet)];
        struct env_file f = env_file_parse(bytes, len, &a);
        for (size_t i = 0; i < f.len; i++)
            if (f.var[i].name[0] == '\0')
                fail_msg("seed %llu, round %d", (unsigned long long)seed, round);
        arena_done(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_env_file_reads_what_shells_and_tools_write),
        cmocka_unit_test(test_env_file_names_a_bad_line_by_number_without_quoting_it),
        cmocka_unit_test(test_env_file_takes_the_last_of_a_repeated_name),
        cmocka_unit_test(test_env_file_stops_at_its_limit),
        cmocka_unit_test(test_env_file_survives_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
