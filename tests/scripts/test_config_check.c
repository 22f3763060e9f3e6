/*
 * What `stockbot config check` says, to the word: an operator acts on it.
 */
#include "scripts/command.h"
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

/* Nothing of the surroundings, and the three secrets. */
#define SECRETS "UW_API_KEY=uw-value", "ALPACA_KEY=key-value", "ALPACA_SECRET=secret-value"
#define CLEAN   "ALPACA_API_KEY=", "ALPACA_API_SECRET=", "ALPACA_BASE_URL="
#define PAPER   "entries: paper at https://paper-api.alpaca.markets\n"
#define WHOLE   "configuration of ROOT is complete\n"

static struct ran
check(const struct tmpdir *dir, const char *const *env)
{
    const char *args[] = {"config", "check", "--root", dir->path, NULL};

    return run_command(cmd_config, args, env);
}

/* ROOT at the start of the last line stands for the folder. */
static void
expect(const char *what, const char *const *env, int status, const char *out)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = check(&dir, env);
    CLEANUP(text_free) struct text want = {0};
    const char *root = strstr(out, "ROOT");

    if (root == NULL)
        text_puts(&want, out);
    else
        text_printf(&want, "%.*s%s%s", (int)(root - out), out, dir.path, root + strlen("ROOT"));
    if (r.status != status || !str_eq(text_str(&r.out), text_str(&want)))
        fail_msg("%s: status %d\n%s%swanted\n%s", what, r.status, text_str(&r.out),
                 text_str(&r.err), text_str(&want));
    if (strstr(text_str(&r.out), "-value") != NULL) fail_msg("%s: a secret is told", what);
}

static void
test_config_check_names_missing_secrets(void **state)
{
    static const struct {
        const char *what;
        const char *env[8];
        const char *out;
    } cases[] = {
        {"complete",               {SECRETS, CLEAN, NULL},                               PAPER WHOLE},
        {"one secret missing",
         {"UW_API_KEY=uw-value", "ALPACA_KEY=key-value", "ALPACA_SECRET=", CLEAN, NULL},
         "missing secret: ALPACA_SECRET\n" PAPER                                                    },
        {"secrets of white space",
         {"UW_API_KEY= ", "ALPACA_KEY=  ", "ALPACA_SECRET=\t", CLEAN, NULL},
         "missing secret: UW_API_KEY\nmissing secret: ALPACA_KEY\nmissing secret: "
         "ALPACA_SECRET\n" PAPER                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(cases[i].what, cases[i].env, 0, cases[i].out);
}

static void
test_config_check_says_what_is_passed_over_and_what_stands_instead(void **state)
{
    static const struct {
        const char *set, *said;
    } cases[] = {
        {"RUN_INTERVAL_SEC=abc",               "\"abc\": is no whole number; \"60\" stands instead"            },
        {"RUN_INTERVAL_SEC=0",                 "\"0\": is outside 1 to 3600; \"60\" stands instead"            },
        {"RUN_INTERVAL_SEC=3601",              "\"3601\": is outside 1 to 3600; \"60\" stands instead"         },
        {"LONG_ONLY=maybe",                    "\"maybe\": is neither true nor false; \"false\" stands instead"},
        {"MIN_EXEC_SCORE=nan",                 "\"nan\": is no number; \"3.0\" stands instead"                 },
        {"MAX_SPREAD_BPS=1e5",                 "\"1e5\": is outside 0 to 10000; \"50\" stands instead"         },
        {"ALPACA_BASE_URL=http://example.com",
         "\"http://example.com\": http is for this machine only, use https; "
         "\"https://paper-api.alpaca.markets\" stands instead"                                                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *env[] = {SECRETS, CLEAN, cases[i].set, NULL};
        char out[512];

        (void)snprintf(out, sizeof out, "passed over: %.*s: the environment: %s\n" PAPER,
                       (int)strcspn(cases[i].set, "="), cases[i].set, cases[i].said);
        expect(cases[i].set, env, 1, out);
    }
}

/* R5.1: whether it would enter positions, and with whose money. */
static void
test_config_check_says_whose_money_it_is(void **state)
{
#define LIVE_URL "ALPACA_BASE_URL=https://api.alpaca.markets"
    static const struct {
        const char *what;
        const char *env[4];
        const char *said;
    } cases[] = {
        {"LIVE on the paper host",
         {"TRADING_MODE=LIVE", NULL},
         "no entries: TRADING_MODE is LIVE, and ALPACA_BASE_URL is no live host\n"       },
        {"PAPER on the live host",
         {LIVE_URL, NULL},
         "no entries: TRADING_MODE is PAPER, and ALPACA_BASE_URL is the live host\n"     },
        {"LIVE without the acknowledgement",
         {"TRADING_MODE=live", LIVE_URL, NULL},
         "no entries: LIVE_TRADING_ACK is not YES_I_UNDERSTAND\n"                        },
        {"LIVE",
         {"TRADING_MODE=LIVE", LIVE_URL, "LIVE_TRADING_ACK= YES_I_UNDERSTAND ", NULL},
         "entries: real money at https://api.alpaca.markets\n"                           },
        {"a host of somebody",
         {"ALPACA_BASE_URL=https://paper-api.alpaca.markets.example.com", NULL},
         "no entries: ALPACA_BASE_URL is neither a host of the broker nor this machine\n"},
        {"a simulator",
         {"ALPACA_BASE_URL=http://127.0.0.1:8080", NULL},
         "entries: paper at http://127.0.0.1:8080\n"                                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *env[12] = {SECRETS, CLEAN};
        char out[256];

        for (size_t k = 0; cases[i].env[k] != NULL; k++)
            env[6 + k] = cases[i].env[k];
        (void)snprintf(out, sizeof out, "%s" WHOLE, cases[i].said);
        expect(cases[i].what, env, 0, out);
    }
}

static void
test_config_check_refuses_what_it_does_not_know(void **state)
{
    static const char *const wrong[][3] = {
        {"chek",  NULL, NULL},
        {"check", "it", NULL},
        {"show",  "A",  "B" },
        {"",      NULL, NULL}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const char *args[] = {"config", wrong[i][0], wrong[i][1], wrong[i][2], NULL};
        CLEANUP(ran_free) struct ran r = run_command(cmd_config, args, NULL);

        run_expect(&r, 2, "", "usage: stockbot config show");
    }
}

static void
test_config_check_tells_programs_the_same(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *args[] = {"config", "check", "--json", "--root", dir.path, NULL};
    const char *env[] = {"UW_API_KEY=uw-value", "ALPACA_KEY=",          CLEAN,
                         "ALPACA_SECRET=",      "MAX_STALL_SEC=seldom", NULL};
    CLEANUP(ran_free) struct ran r = run_command(cmd_config, args, env);
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);

    (void)state;
    assert_int_equal(r.status, 1);
    assert_int_equal(json_len(json_get_arr(doc, "missing_secrets")), 2);
    const struct json *over = json_first(json_get_arr(doc, "passed_over"));
    assert_string_equal(json_str(over, "name", ""), "MAX_STALL_SEC");
    assert_string_equal(json_str(over, "used", ""), "180");
    assert_string_equal(json_str(doc, "entries", ""), "paper");
    assert_null(strstr(text_str(&r.out), "-value"));
}

/* A line of the file that cannot be used ends everything, with its place. */
static void
test_config_check_names_the_line_of_the_file(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *args[] = {"config", "check", "--root", dir.path, "--config", NULL, NULL};

    (void)state;
    tmpdir_write(&dir, "it.yaml", "run_interval_sec: 60\nno_such: 1\n");
    args[5] = tmpdir_path(&dir, "it.yaml");
    CLEANUP(ran_free) struct ran r = run_command(cmd_config, args, NULL);
    assert_int_equal(r.status, 78);
    assert_non_null(strstr(text_str(&r.err), "it.yaml: line "));
    assert_string_equal(text_str(&r.out), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_check_names_missing_secrets),
        cmocka_unit_test(test_config_check_says_what_is_passed_over_and_what_stands_instead),
        cmocka_unit_test(test_config_check_says_whose_money_it_is),
        cmocka_unit_test(test_config_check_tells_programs_the_same),
        cmocka_unit_test(test_config_check_refuses_what_it_does_not_know),
        cmocka_unit_test(test_config_check_names_the_line_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
