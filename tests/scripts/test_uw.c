/*
 * `stockbot uw` as an operator uses it: calls over loopback to the market simulator, every refusal
 * in words, the budget and the drift report of prepared roots.
 */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"
#include "tests/sim/market.h"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "io/clock.h"
#include "scripts/command.h"
#include "sim/server.h"
#include "uwclient/endpoints.h"

/* Endpoints are taken from the table: no second copy of their paths. */
#define TIDE   uw_endpoint_row(UW_EP_MARKET_TIDE)->path
#define GREEKS "/api/stock/NVDA/greeks"

/* ---- a market on a port of its own --------------------------------------------------------------
 */

struct served {
    pid_t pid;
    int port;
};

static struct clock real;

static int64_t
child_mono(void *self)
{
    (void)self;
    return clock_mono(&real);
}

static void
serve(const char *faults, int to_parent)
{
    struct market m;
    struct server *s = NULL;
    struct err err = {0};
    struct sys_clock sys_clock;
    struct clock_options opt = {0};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no market behind */
    if (clock_open(&opt, &sys_clock, &err) != RC_OK) _exit(3);
    real = clock_seam(&sys_clock);
    market_make(&m, (const char *const[]){"NVDA", "AAPL"}, 2, 1);
    m.clock.mono_ns = child_mono;
    if (faults != NULL) market_faults(&m, faults);
    if (server_open(&m.sim, 0, &s, &err) != RC_OK) _exit(3);
    int port = server_port(s);
    if (write(to_parent, &port, sizeof port) != (ssize_t)sizeof port) _exit(3);
    for (;;) {
        struct pollfd fd = {.fd = server_fd(s), .events = POLLIN};

        (void)poll(&fd, 1, 20); /* run looks itself */
        server_run(s);
    }
}

static struct served
served_open(const char *faults)
{
    struct served v = {0};
    int fds[2];

    (void)fflush(NULL);
    assert_int_equal(pipe(fds), 0);
    v.pid = fork();
    if (v.pid == 0) serve(faults, fds[1]);
    assert_true(v.pid > 0);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &v.port, sizeof v.port), (ssize_t)sizeof v.port);
    (void)close(fds[0]);
    return v;
}

static void
served_close(const struct served *v)
{
    (void)kill(v->pid, SIGKILL); /* it keeps nothing */
    assert_int_equal(waitpid(v->pid, NULL, 0), v->pid);
}

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

struct settings {
    char base_url[64];
    const char *env[RUN_ENV_MAX];
};

/* Each command begins its paced clock anew; this one after the former. */
#define LATER "STOCKBOT_CLOCK=2026-02-10T15:00:20Z@100"

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
    struct served v = served_open(NULL);

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
    struct served v = served_open(NULL);

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
    struct served v = served_open(NULL);

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
    struct served v = served_open(NULL);

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
    struct served v = served_open(NULL);

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
    struct served v = served_open(NULL);

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
        struct served v = served_open(cases[i].faults);
        CLEANUP(ran_free) struct ran r = get(&dir, &v, NULL, TIDE, NULL, NULL);

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
        struct served v = served_open(faults[i]);
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

/* ---- budget -------------------------------------------------------------------------------------
 */

/* 12:00 in New York on 2026-01-20, on a clock that loopback hosts permit. */
static const char *const NOON[] = {
    "STOCKBOT_CLOCK=2026-01-20T17:00:00Z@1", "UW_BASE_URL=http://127.0.0.1:1",
    "ALPACA_BASE_URL=http://127.0.0.1:1", "ALPACA_DATA_URL=http://127.0.0.1:1", NULL};
#define NOON_S 1768928400

static void
write_usage(const struct tmpdir *dir, const char *json)
{
    (void)mkdir(tmpdir_path(dir, "state"), 0750); /* may be there */
    tmpdir_write(dir, "state/uw_usage_state.json", json);
}

static void
test_uw_budget_tells_what_is_left_and_how_long_it_lasts(void **state)
{
    static const struct {
        const char *name, *json, *words;
    } cases[] = {
        {"never called",      NULL,                                                                 "forecast     lasts for the day\n"                             },
 /* (14250 - 7000) / 50 = 145 minutes */
        {"50 a minute",
         "{\"date\":\"2026-01-20\",\"calls_today\":7000,\"by_endpoint\":{\"daemon_option_flow\":"
         "512},\"minute_window\":[],\"rate_per_min\":50,\"rate_ts\":1768928400}",                   "forecast     at this rate exhausted at 14:25 ET\n"            },
        {"slow enough",
         "{\"date\":\"2026-01-20\",\"calls_today\":7000,\"by_endpoint\":{},\"minute_window\":[],"
         "\"rate_per_min\":15,\"rate_ts\":1768928400}",                                             "forecast     lasts for the day\n"                             },
        {"used up",
         "{\"date\":\"2026-01-20\",\"calls_today\":14250,\"by_endpoint\":{},\"minute_window\":[]}", "forecast     used up until 19:00 ET\n"                        },
        {"of yesterday",
         "{\"date\":\"2026-01-19\",\"calls_today\":14250,\"by_endpoint\":{},\"minute_window\":[]}", "spent        0 of 14250 calls today"                          },
        {"policies",
         "{\"date\":\"2026-01-20\",\"calls_today\":7000,\"by_endpoint\":{\"daemon_option_flow\":"
         "512},\"minute_window\":[]}",                                                              "  daemon_option_flow                  512 of   8700\n"        },
        {"the server's word",
         "{\"date\":\"2026-01-20\",\"calls_today\":10,\"by_endpoint\":{},\"minute_window\":[],"
         "\"header_daily_count\":123,\"header_daily_limit\":1000,\"header_ts\":1768924800}",        "spent        10 of 950 calls today"                           },
        {"a pause",
         "{\"date\":\"2026-01-20\",\"calls_today\":10,\"by_endpoint\":{},\"minute_window\":[],"
         "\"backoff_reason\":\"auth\",\"backoff_until\":1768928700}",                               "pause        asked for by the server (auth), until 12:05 ET\n"},
        {"the last minute",
         "{\"date\":\"2026-01-20\",\"calls_today\":10,\"by_endpoint\":{},\"minute_window\":"
         "[1768928000,1768928380,1768928390]}",                                                     "minute       2 of 120 calls in the last 60 s\n"               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

        if (cases[i].json != NULL) write_usage(&dir, cases[i].json);
        CLEANUP(ran_free) struct ran r = uw(&dir, "budget", NULL, NOON);
        if (r.status != 0 || strstr(text_str(&r.out), cases[i].words) == NULL)
            fail_msg("%s: %d %s%s", cases[i].name, r.status, text_str(&r.out), text_str(&r.err));
    }
}

static void
test_uw_budget_as_json(void **state)
{
    static const char *const json[] = {"--json", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

    (void)state;
    write_usage(&dir, "{\"date\":\"2026-01-20\",\"calls_today\":7000,\"by_endpoint\":"
                      "{\"daemon_option_flow\":512},\"minute_window\":[],\"rate_per_min\":50,"
                      "\"rate_ts\":1768928400}");
    CLEANUP(ran_free) struct ran r = uw(&dir, "budget", json, NOON);
    CLEANUP(json_freep) struct json *doc = run_json(&r.out);
    assert_int_equal(json_i64(doc, "calls_today", 0), 7000);
    assert_int_equal(json_i64(doc, "cap", 0), 14250);
    int64_t at_ns = when_parse_or_none(json_str(doc, "exhausted_at", ""));
    assert_true(llabs(at_ns - (NOON_S + INT64_C(145) * 60) * NS_PER_S) < NS_PER_MIN);
    const struct json *policy = json_get_obj(json_get_obj(doc, "policies"), "daemon_option_flow");
    assert_int_equal(json_i64(policy, "calls", 0), 512);
    assert_int_equal(json_i64(policy, "cap", 0), 8700);
}

/* Hash of every name and content below the folder. */
static uint64_t
tree_hash(const struct tmpdir *dir, const char *folder)
{
    uint64_t hash = 0;
    DIR *d = opendir(tmpdir_path(dir, folder));
    const struct dirent *e;

    if (d == NULL) return 1;
    while ((e = readdir(d)) != NULL) {
        char name[512];
        struct stat st;
        CLEANUP(text_free) struct text t = {0};

        if (e->d_name[0] == '.') continue;
        (void)snprintf(name, sizeof name, "%s%s%s", folder, folder[0] != '\0' ? "/" : "",
                       e->d_name);
        assert_int_equal(stat(tmpdir_path(dir, name), &st), 0);
        hash += hash_bytes(name, strlen(name), 7);
        if (S_ISDIR(st.st_mode)) {
            hash += tree_hash(dir, name);
            continue;
        }
        check_read_file(tmpdir_path(dir, name), &t);
        hash += hash_bytes(text_str(&t), t.len, hash_bytes(name, strlen(name), 7));
    }
    (void)closedir(d);
    return hash;
}

/* A lost or damaged file is counted again from the log of attempts, and left as it is. */
static void
test_uw_budget_looks_and_changes_nothing(void **state)
{
    static const char *const damages[] = {"{\"date\":", "", "[]", NULL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

        if (damages[i] != NULL) write_usage(&dir, damages[i]);
        assert_int_equal(mkdir(tmpdir_path(&dir, "data"), 0750), 0);
        tmpdir_write(&dir, "data/uw_api_quota.jsonl",
                     "{\"ts\":1768920000,\"endpoint_name\":\"daemon_option_flow\"}\n"
                     "{\"ts\":1768920001,\"endpoint_name\":\"daemon_option_flow\"}\n");
        uint64_t before = tree_hash(&dir, "");
        CLEANUP(ran_free) struct ran r = uw(&dir, "budget", NULL, NOON);
        run_expect(&r, 0, "spent        2 of 14250 calls today", "");
        assert_true(tree_hash(&dir, "") == before);
    }
    CLEANUP(tmpdir_done) struct tmpdir none = tmpdir_new();
    struct tmpdir below;
    (void)snprintf(below.path, sizeof below.path, "%s", tmpdir_path(&none, "absent"));
    CLEANUP(ran_free) struct ran r = uw(&below, "budget", NULL, NOON);
    run_expect(&r, 1, "", "there is no root");
    assert_int_equal(tmpdir_count(&none, ""), 0);
}

/* ---- drift --------------------------------------------------------------------------------------
 */

static void
write_drift(const struct tmpdir *dir, const char *findings)
{
    CLEANUP(text_free) struct text t = {0};

    text_printf(&t,
                "{\"schema_version\":1,\"endpoints\":{\"%s\":{\"answers\":12,\"rows\":480}},"
                "\"findings\":[%s]}",
                TIDE, findings);
    (void)mkdir(tmpdir_path(dir, "state"), 0750); /* may be there */
    tmpdir_write(dir, "state/uw_drift.json", text_str(&t));
}

static void
test_uw_drift_shows_what_the_daemon_found(void **state)
{
    static const char *const json[] = {"--json", NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text findings = {0};

    (void)state;
    CLEANUP(ran_free) struct ran none = uw(&dir, "drift", NULL, NULL);
    run_expect(&none, 0, "no answer has been looked at yet", "");
    write_drift(&dir, "");
    CLEANUP(ran_free) struct ran same = uw(&dir, "drift", NULL, NULL);
    run_expect(&same, 0, "12 answers, 480 rows\n", "");

    text_printf(&findings,
                "{\"endpoint\":\"%s\",\"problem\":\"unknown\",\"field\":\"net_flow\",\"rows\":480},"
                "{\"endpoint\":\"%s\",\"problem\":\"missing\",\"field\":\"net_volume\",\"rows\":3},"
                "{\"endpoint\":\"%s\",\"problem\":\"mistyped\",\"field\":\"date\",\"rows\":1}",
                TIDE, TIDE, TIDE);
    write_drift(&dir, text_str(&findings));
    uint64_t before = tree_hash(&dir, "");
    CLEANUP(ran_free) struct ran r = uw(&dir, "drift", NULL, NULL);
    run_expect(&r, 1, "  unknown  net_flow: 480 rows", "");
    run_expect(&r, 1, "  missing  net_volume: 3 rows", "");
    run_expect(&r, 1, "  mistyped date: 1 rows", "");
    CLEANUP(ran_free) struct ran j = uw(&dir, "drift", json, NULL);
    CLEANUP(json_freep) struct json *doc = run_json(&j.out);
    const struct json *e = json_get_obj(json_get_obj(doc, "endpoints"), TIDE);
    assert_int_equal(j.status, 1);
    assert_int_equal(json_i64(e, "answers", 0), 12);
    assert_int_equal(json_i64(json_get_obj(e, "unknown"), "net_flow", 0), 480);
    assert_int_equal(json_i64(json_get_obj(e, "missing"), "net_volume", 0), 3);
    assert_int_equal(json_i64(json_get_obj(e, "mistyped"), "date", 0), 1);
    assert_true(tree_hash(&dir, "") == before);
}

/* ---- endpoints ----------------------------------------------------------------------------------
 */

static void
test_uw_endpoints_shows_the_whole_table(void **state)
{
    static const char *const json[] = {"--json", NULL};
    static const char *const many[] = {
        "TICKERS=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U,V,W,X,Y,Z,AA,AB,AC,AD,AE,AF,AG,AH,AI,AJ,"
        "AK,AL,AM,AN,AO,AP,AQ,AR,AS,AT,AU,AV,AW,AX,AY,AZ,BA,BB,BC,BD,BE,BF,BG,BH,BI,BJ,BK,BL,BM,BN,"
        "BO,BP,BQ,BR,BS,BT,BU,BV,BW,BX,BY,BZ,CA,CB,CC,CD,CE,CF,CG,CH,CI,CJ,CK,CL,CM,CN,CO,CP,CQ,CR,"
        "CS,CT,CU,CV,CW,CX,CY,CZ,DA,DB",
        NULL};
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(ran_free) struct ran r = uw(&dir, "endpoints", NULL, NULL);
    CLEANUP(ran_free) struct ran j = uw(&dir, "endpoints", json, NULL);
    CLEANUP(ran_free) struct ran twice = uw(&dir, "endpoints", json, many);
    size_t policies = 0;

    (void)state;
    for (size_t i = 0; i < UW_ENDPOINTS_LEN; i++)
        assert_non_null(strstr(text_str(&r.out), uw_endpoint_row((enum uw_endpoint)i)->path));
    for (size_t i = 0; i < UW_POLICIES_LEN; i++)
        assert_non_null(strstr(text_str(&r.out), uw_policy_row((enum uw_policy)i)->name));
    run_expect(&r, 0, "every 150 s", "");
    CLEANUP(json_freep) struct json *doc = run_json(&j.out);
    assert_int_equal(json_len(doc), UW_ENDPOINTS_LEN);
    for (const struct json *e = json_first(doc); e != NULL; e = json_next(e))
        policies += json_len(json_get_arr(e, "policies"));
    assert_int_equal(policies, UW_POLICIES_LEN);
    /* 106 symbols are twice the number that the caps were set for. */
    assert_non_null(strstr(text_str(&twice.out), "\"policy\":\"daemon_option_flow\","
                                                 "\"ttl_seconds\":0,\"max_calls_per_day\":17400"));
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
        cmocka_unit_test(test_uw_budget_tells_what_is_left_and_how_long_it_lasts),
        cmocka_unit_test(test_uw_budget_as_json),
        cmocka_unit_test(test_uw_budget_looks_and_changes_nothing),
        cmocka_unit_test(test_uw_drift_shows_what_the_daemon_found),
        cmocka_unit_test(test_uw_endpoints_shows_the_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
