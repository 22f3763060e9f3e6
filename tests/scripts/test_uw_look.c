/*
 * `stockbot uw budget`, `drift` and `endpoints` over prepared roots, which they leave as they are.
 */
#include "tests/lib/tmpdir.h"
#include "tests/scripts/run.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/when.h"
#include "scripts/command.h"
#include "uwclient/endpoints.h"

#define TIDE uw_endpoint_row(UW_EP_MARKET_TIDE)->path

/* `stockbot uw WHAT --root ROOT ...`, with the environment, both ending with NULL. */
static struct ran
uw(const struct tmpdir *dir, const char *what, const char *const *extra, const char *const *env)
{
    const char *args[RUN_ARGS_MAX] = {"uw", what, "--root", dir->path};

    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++)
        args[4 + i] = extra[i];
    return run_command(cmd_uw, args, env);
}

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

/* The root of a demo or replay is seen by the clock of its day. */
static void
test_uw_budget_of_a_recorded_day_goes_by_its_clock(void **state)
{
    static const char *const marks[] = {
        "{\"clock\":\"2026-01-20T17:00:00Z@1\"}",
        "{\"clock\":\"2026-01-20T14:00:00Z@200\",\"ended_at\":\"2026-01-20T17:00:00Z\"}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();

        tmpdir_write(&dir, "demo.json", marks[i]);
        write_usage(&dir, "{\"date\":\"2026-01-20\",\"calls_today\":7000,\"by_endpoint\":{},"
                          "\"minute_window\":[],\"rate_per_min\":50,\"rate_ts\":1768928400}");
        CLEANUP(ran_free) struct ran r = uw(&dir, "budget", NULL, NULL);
        run_expect(&r, 0, "spent        7000 of 14250", "");
        run_expect(&r, 0, "at this rate exhausted at 14:25 ET\n", "");
    }
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
        cmocka_unit_test(test_uw_budget_tells_what_is_left_and_how_long_it_lasts),
        cmocka_unit_test(test_uw_budget_as_json),
        cmocka_unit_test(test_uw_budget_of_a_recorded_day_goes_by_its_clock),
        cmocka_unit_test(test_uw_budget_looks_and_changes_nothing),
        cmocka_unit_test(test_uw_drift_shows_what_the_daemon_found),
        cmocka_unit_test(test_uw_endpoints_shows_the_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
