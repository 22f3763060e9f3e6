/*
 * Promises of the command line: what is taken, what is refused and in which words.
 */
#include "tests/sim/market.h"

#include "sim/options.h"

enum { ARGS_MAX = 8 };

static enum options_verdict
parse(const char *line, char store[512], struct sim_options *opt, struct err *err)
{
    char *argv[ARGS_MAX + 1] = {NULL};
    char name[] = "market_sim", *save = NULL;
    int argc = 0;

    assert_true(str_copy(store, 512, line));
    argv[argc++] = name;
    for (char *p = strtok_r(store, " ", &save); p != NULL && argc < ARGS_MAX;
         p = strtok_r(NULL, " ", &save))
        argv[argc++] = p;
    return options_parse(argc, argv, opt, err);
}

static void
test_options_wrong_ones_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *line;
        enum options_verdict verdict;
        const char *why;
    } CASES[] = {
        {"",                       OPTIONS_RUN,     ""                  },
        {"--help",                 OPTIONS_HELP,    ""                  },
        {"--version",              OPTIONS_VERSION, ""                  },
        {"--port 8080 --seed 5",   OPTIONS_RUN,     ""                  },
        {"--port 65536",           OPTIONS_WRONG,   "0 to 65535"        },
        {"--port x",               OPTIONS_WRONG,   "--port"            },
        {"--port",                 OPTIONS_WRONG,   "a value is missing"},
        {"--nonsense",             OPTIONS_WRONG,   "--nonsense"        },
        {"-x",                     OPTIONS_WRONG,   "no such option"    },
        {"extra",                  OPTIONS_WRONG,   "no arguments"      },
        {"--seed -1",              OPTIONS_WRONG,   "--seed"            },
        {"--day 2026-02-30",       OPTIONS_WRONG,   "--day"             },
        {"--cash 0",               OPTIONS_WRONG,   "--cash"            },
        {"--cash 55000.1234",      OPTIONS_RUN,     ""                  },
        {"--latency-ms 600001",    OPTIONS_WRONG,   "--latency-ms"      },
        {"--symbols AAPL,nvda",    OPTIONS_RUN,     ""                  },
        {"--symbols AAPL,not/one", OPTIONS_WRONG,   "not/one"           },
        {"--symbols ,",            OPTIONS_WRONG,   "no symbols"        },
        {"--faults reset:0.1",     OPTIONS_RUN,     ""                  },
        {"--faults bang",          OPTIONS_WRONG,   "not a fault: bang" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct sim_options opt = {0};
        struct err err = {0};
        char store[512];
        enum options_verdict v = parse(CASES[i].line, store, &opt, &err);

        if (v != CASES[i].verdict || strstr(err.text, CASES[i].why) == NULL)
            fail_msg("%s: %d %s", CASES[i].line, (int)v, err.text);
        options_done(&opt);
    }
}

static void
test_options_symbols_come_from_option_environment_default(void **state)
{
    struct sim_options opt = {0};
    struct err err = {0};
    char store[512];

    (void)state;
    assert_int_equal(unsetenv("TICKERS"), 0);
    assert_int_equal(parse("", store, &opt, &err), OPTIONS_RUN);
    assert_int_equal(opt.symbols_len, 53); /* spec 20 3.3 */
    assert_string_equal(opt.symbols[0], "AAPL");
    assert_false(opt.are_symbols_given);
    assert_int_equal(opt.cash.e4, INT64_C(550000000));
    options_done(&opt);
    assert_int_equal(setenv("TICKERS", "spy, qqq", 1), 0);
    assert_int_equal(parse("", store, &opt, &err), OPTIONS_RUN);
    assert_int_equal(opt.symbols_len, 2);
    assert_string_equal(opt.symbols[1], "QQQ");
    options_done(&opt);
    assert_int_equal(parse("--symbols F", store, &opt, &err), OPTIONS_RUN);
    assert_int_equal(opt.symbols_len, 1);
    assert_true(opt.are_symbols_given);
    options_done(&opt);
    assert_int_equal(unsetenv("TICKERS"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_wrong_ones_are_refused_with_a_sentence),
        cmocka_unit_test(test_options_symbols_come_from_option_environment_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
