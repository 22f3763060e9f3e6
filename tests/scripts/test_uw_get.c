/*
 * `stockbot uw get` as an operator uses it: calls over loopback to the market simulator, and every
 * refusal in words.
 */
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"
#include "tests/scripts/served.h"

#include "scripts/command.h"
#include "uwclient/endpoints.h"

/* Endpoints are taken from the table: no second copy of their paths. */
#define TIDE   uw_endpoint_row(UW_EP_MARKET_TIDE)->path
#define GREEKS "/api/stock/NVDA/greeks"

/* ---- running ------------------------------------------------------------------------------------
 */

/* `stockbot uw WHAT --root ROOT ...`, with the environment, both ending with NULL. */
static struct ran
uw(const struct tmpdir *dir, const char *what, const char *const *extra, const char *const *env)
{
    const char *args[RUN_ARGS_MAX] = {"uw", what, "--root", dir->path};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[4 + i] = extra[i];
    return run_command(cmd_uw, args, env);
}

static const struct serve PLAIN = {0};

struct settings {
    char base_url[64];
    const char *env[RUN_ENV_MAX];
};

/* Each command begins its paced clock anew; the second of two after the first, however long that
 * took. */
#define FIRST "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@1"
#define LATER "STOCKBOT_CLOCK=2026-02-10T15:00:30Z@1"

/* A paced day, so that the pauses between attempts take no real time. */
static void
settings_make(struct settings *s, int port, const char *more)
{
    (void)snprintf(s->base_url, sizeof s->base_url, "UW_BASE_URL=http://127.0.0.1:%d", port);
    s->env[0] = s->base_url;
    s->env[1] = "UW_API_KEY=uw";
    s->env[2] = "STOCKBOT_CLOCK=2026-02-10T15:00:00Z@100";
    s->env[3] = "ALPACA_BASE_URL=http://127.0.0.1:1";
    s->env[4] = "ALPACA_DATA_URL=http://127.0.0.1:1";
    s->env[5] = more;
    s->env[6] = NULL;
}

static struct ran
get(const struct tmpdir *dir, const struct served *v, const char *more, const char *path,
    const char *a, const char *b)
{
    const char *const extra[] = {path, a, b, NULL};
    struct settings s;

    settings_make(&s, v->port, more);
    return uw(dir, "get", extra, s.env);
}

/* ---- get ----------------------------------------------------------------------------------------
 */

static void
test_uw_get_prints_the_answer_and_what_it_cost(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct served v = served_open(&PLAIN);

    (void)state;
    CLEANUP(ran_free) struct ran first = get(&dir, &v, NULL, TIDE, NULL, NULL);
    run_expect(&first, 0, "{\n  \"data\": [\n", "budget before: 0 of 14250 calls today");
    run_expect(&first, 0, "", "budget after: 1 of 14250 calls today");
    CLEANUP(json_freep) struct json *doc = run_json(&first.out);
    assert_true(json_len(json_get_arr(doc, "data")) > 0);

    CLEANUP(ran_free) struct ran kept = get(&dir, &v, NULL, TIDE, NULL, NULL);
    run_expect(&kept, 0, "{\n", "a kept answer");
    run_expect(&kept, 0, "{\n", "budget after: 1 of");
    assert_string_equal(text_str(&kept.out), text_str(&first.out));

    CLEANUP(ran_free) struct ran fresh = get(&dir, &v, NULL, TIDE, "--fresh", NULL);
    run_expect(&fresh, 0, "{\n", "budget after: 2 of");

    CLEANUP(text_free) struct text log = tmpdir_read(&dir, "logs/system_events.jsonl");
    assert_non_null(strstr(text_str(&log), "\"caller\":\"operator\""));
    served_close(&v);
}

static void
test_uw_get_types_parameters_as_the_description_does(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct served v = served_open(&PLAIN);

    (void)state;
    CLEANUP(ran_free)
    struct ran r = get(&dir, &v, NULL, uw_endpoint_row(UW_EP_FLOW_ALERTS)->path,
                       "ticker_symbol=NVDA", "limit=3");
    run_expect(&r, 0, "\"ticker\": \"NVDA\"", "answered in");
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    assert_in_range(json_len(json_get_arr(doc, "data")), 1, 3);
    CLEANUP(text_free) struct text log = tmpdir_read(&dir, "data/uw_api_quota.jsonl");
    assert_non_null(strstr(text_str(&log), "\"params\":{\"limit\":3,\"ticker_symbol\":\"NVDA\"}"));
    served_close(&v);
}

static void
test_uw_get_json_is_one_line_with_the_budget(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct served v = served_open(&PLAIN);

    (void)state;
    CLEANUP(ran_free) struct ran r = get(&dir, &v, NULL, TIDE, "--json", NULL);
    run_expect(&r, 0, "", "");
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    const struct json *budget = json_get_obj(doc, "budget");
    assert_string_equal(json_str(doc, "result", ""), "ok");
    assert_int_equal(json_i64(doc, "status", 0), 200);
    assert_int_equal(json_i64(json_get_obj(budget, "before"), "calls_today", -1), 0);
    assert_int_equal(json_i64(json_get_obj(budget, "after"), "calls_today", -1), 1);
    assert_true(json_has(json_get_obj(doc, "body"), "data"));
    assert_ptr_equal(strchr(text_str(&r.out), '\n'), text_str(&r.out) + r.out.len - 1);
    served_close(&v);
}

/* Every refusal names its check and says what to do; none before the budget costs a call. */
static void
test_uw_get_says_every_refusal_in_words(void **state)
{
    static const struct {
        const char *name, *more, *path, *a, *b;
        const char *words, *remedy;
    } cases[] = {
        {"a path that is none",  NULL,                             "/api/market/sideways",                       NULL,          NULL,    "refused by check 1",
         "stockbot uw endpoints"                                                                                                                                                                 },
        {"a foreign host",       NULL,                             "https://example.org/api/market/market-tide", NULL,          NULL,
         "refused by check 1",                                                                                                                                 "stockbot uw endpoints"           },
        {"an unknown parameter", NULL,                             "/api/darkpool/NVDA",                         "symbol=NVDA", NULL,
         "refused by check 2, the parameters: symbol is unknown",                                                                                              "limit (integer)"                 },
        {"a missing parameter",  NULL,                             GREEKS,                                       NULL,          NULL,    "refused by check 2",
         "(string, required)"                                                                                                                                                                    },
        {"a foreign symbol",     NULL,                             "/api/darkpool/ZZZZ",                         NULL,          NULL,
         "refused by check 3, the symbol: not in the scope flow_daemon of ZZZZ",                                                                               "TICKERS"                         },
        {"outside the universe", NULL,                             "/api/darkpool/NVDA",                         "--scope",     "intel",
         "not in the scope intel of NVDA",                                                                                                                     "--scope flow_daemon"             },
        {"no description",       "UW_SPEC_PATH=/nonexistent.yaml", "/api/darkpool/NVDA",                         NULL,          NULL,
         "/nonexistent.yaml is missing",                                                                                                                       "every call is refused until then"},
        {"no key",               "UW_API_KEY=",                    "/api/darkpool/NVDA",                         NULL,          NULL,    "refused by check 6",
         "UW_API_KEY"                                                                                                                                                                            },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct served v = served_open(&PLAIN);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free)
        struct ran r = get(&dir, &v, cases[i].more, cases[i].path, cases[i].a, cases[i].b);
        if (r.status != 1 || r.out.len != 0 || strstr(text_str(&r.err), cases[i].words) == NULL ||
            strstr(text_str(&r.err), cases[i].remedy) == NULL ||
            strstr(text_str(&r.err), "budget after: 0 of") == NULL)
            fail_msg("%s: %d %s", cases[i].name, r.status, text_str(&r.err));
    }
    assert_int_equal(access(tmpdir_path(&dir, "data/uw_api_quota.jsonl"), F_OK), -1);
    served_close(&v);
}

static void
test_uw_get_says_which_limit_is_reached(void **state)
{
    static const struct {
        const char *name, *more, *words;
    } cases[] = {
        {"day",    "UW_DAILY_LIMIT=2",        "refused by check 8, the day's budget: 1 of 1 calls"},
        {"minute", "UW_RATE_LIMIT_PER_MIN=1",
         "refused by check 9, 1 calls in 60 s\n  try again in"                                    },
    };
    struct served v = served_open(&PLAIN);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        CLEANUP(ran_free) struct ran ok = get(&dir, &v, cases[i].more, TIDE, "--fresh", NULL);
        CLEANUP(ran_free) struct ran r = get(&dir, &v, cases[i].more, TIDE, "--fresh", NULL);

        run_expect(&ok, 0, "data", "");
        if (r.status != 1 || strstr(text_str(&r.err), cases[i].words) == NULL)
            fail_msg("%s: %d %s", cases[i].name, r.status, text_str(&r.err));
    }
    served_close(&v);
}

static void
test_uw_get_says_that_a_policy_is_used_up(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct served v = served_open(&PLAIN);

    (void)state;
    assert_int_equal(mkdir(tmpdir_path(&dir, "state"), 0750), 0);
    tmpdir_write(&dir, "state/uw_usage_state.json",
                 "{\"date\":\"2026-02-10\",\"calls_today\":1500,\"by_endpoint\":"
                 "{\"market_sentiment\":1500},\"minute_window\":[],\"mode\":\"real\"}");
    CLEANUP(ran_free) struct ran r = get(&dir, &v, NULL, TIDE, NULL, NULL);
    run_expect(&r, 1, "", "refused by check 10, the daily cap of market_sentiment");
    CLEANUP(ran_free)
    struct ran other = get(&dir, &v, NULL, TIDE, "--policy", "daemon_market_tide");
    run_expect(&other, 0, "data", "budget after: 1501 of");
    served_close(&v);
}

static void
test_uw_get_says_what_the_server_did(void **state)
{
    static const struct {
        const char *name, *faults, *words, *remedy, *next;
    } cases[] = {
        {"refused key", "401:/api/",     "the server answered 401",    "check UW_API_KEY",
         "refused by check 7, a pause that the server asked for (auth)"                          },
        {"too many",    "429bare:/api/", "the server answered 429",    "stockbot uw budget",
         "refused by check 7, a pause that the server asked for (minute)"                        },
        {"in trouble",  "500:/api/",     "the server answered 500",    "try again later",    NULL},
        {"no JSON",     "html:/api/",    "not with a JSON object",     "in its place",       NULL},
        {"broken",      "reset:/api/",   "no answer after 3 attempts", "UW_BASE_URL",        NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        struct served v = served_open(&(struct serve){.faults = cases[i].faults});
        const char *clock = cases[i].next != NULL ? FIRST : NULL;
        CLEANUP(ran_free) struct ran r = get(&dir, &v, clock, TIDE, NULL, NULL);

        if (r.status != 1 || strstr(text_str(&r.err), cases[i].words) == NULL ||
            strstr(text_str(&r.err), cases[i].remedy) == NULL)
            fail_msg("%s: %d %s", cases[i].name, r.status, text_str(&r.err));
        if (cases[i].next != NULL) {
            CLEANUP(ran_free) struct ran again = get(&dir, &v, LATER, TIDE, NULL, NULL);
            run_expect(&again, 1, "", cases[i].next);
            run_expect(&again, 1, "", "wait until ");
        }
        served_close(&v);
    }
}

static void
test_uw_get_never_shows_the_key(void **state)
{
    static const char *const faults[] = {NULL, "401:/api/", "reset:/api/"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        struct served v = served_open(&(struct serve){.faults = faults[i]});
        CLEANUP(ran_free)
        struct ran r = get(&dir, &v, "UW_API_KEY=s3cret-of-the-operator", TIDE, "--json", NULL);
        CLEANUP(text_free) struct text log = tmpdir_read(&dir, "logs/system_events.jsonl");

        assert_null(strstr(text_str(&r.out), "s3cret"));
        assert_null(strstr(text_str(&r.err), "s3cret"));
        assert_null(strstr(text_str(&log), "s3cret"));
        served_close(&v);
    }
}

static void
test_uw_refuses_wrong_usage(void **state)
{
    static const struct {
        const char *what;
        const char *args[4];
        int status;
        const char *words;
    } cases[] = {
        {"get",       {NULL},                                       2,  "usage:"                  },
        {"get",       {"/api/darkpool/NVDA", "limit"},              2,  "NAME=VALUE is wanted"    },
        {"get",       {"/api/darkpool/NVDA", "=5"},                 2,  "NAME=VALUE is wanted"    },
        {"get",       {"/api/darkpool/NVDA", "limit=many"},         2,  "a whole number is wanted"},
        {"get",       {"/api/darkpool/NVDA", "limit=1", "limit=2"}, 2,  "given twice"             },
        {"get",       {"/api/darkpool/NVDA", "--scope=all"},        2,  "no such scope"           },
        {"get",       {"/api/darkpool/NVDA", "--policy=mine"},      2,  "no such policy"          },
        {"get",       {"/api/darkpool/NVDA", "--surplus"},          2,  ""                        },
        {"budget",    {"surplus"},                                  2,  "usage:"                  },
        {"drift",     {"--surplus"},                                2,  ""                        },
        {"endpoints", {"surplus"},                                  2,  "usage:"                  },
        {"sideways",  {NULL},                                       2,  "there is no sideways"    },
        {"budget",    {"--config", "/nonexistent.yaml"},            78, ""                        },
    };
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(ran_free) struct ran r = uw(&dir, cases[i].what, cases[i].args, NULL);
        if (r.status != cases[i].status || strstr(text_str(&r.err), cases[i].words) == NULL)
            fail_msg("%s %s: %d %s", cases[i].what, cases[i].args[0], r.status, text_str(&r.err));
    }
    CLEANUP(ran_free)
    struct ran http = uw(&dir, "get", (const char *const[]){"/api/darkpool/NVDA", NULL},
                         (const char *const[]){"UW_BASE_URL=http://example.org", NULL});
    run_expect(&http, 1, "", "UW_BASE_URL is passed over");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uw_get_prints_the_answer_and_what_it_cost),
        cmocka_unit_test(test_uw_get_types_parameters_as_the_description_does),
        cmocka_unit_test(test_uw_get_json_is_one_line_with_the_budget),
        cmocka_unit_test(test_uw_get_says_every_refusal_in_words),
        cmocka_unit_test(test_uw_get_says_which_limit_is_reached),
        cmocka_unit_test(test_uw_get_says_that_a_policy_is_used_up),
        cmocka_unit_test(test_uw_get_says_what_the_server_did),
        cmocka_unit_test(test_uw_get_never_shows_the_key),
        cmocka_unit_test(test_uw_refuses_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
