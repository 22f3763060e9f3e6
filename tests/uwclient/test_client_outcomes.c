/*
 * The client, after the checks: what an outcome means, what is said, and that the key is never seen
 * (spec 20 2.9, 2.10).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/quota_log.h"

#define NOON "2026-01-20T17:00:00Z"
#define TIDE "/api/market/market-tide"
#define FLOW "/api/option-trades/flow-alerts"

static enum uw_result
get(struct uw_world *w, const struct uw_call *call, struct uw_answer *ret_answer)
{
    return uw_http_get(&w->client, call, ret_answer);
}

/* ---- outcomes -------------------------------------------------------------------------------- */

struct outcome_row {
    const char *what;
    struct fake_reply reply[3];
    size_t replies;
    enum uw_result want;
    int status, attempts;
    enum usage_pause pause;
};

static void
check_outcome(const struct outcome_row *row)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "market_sentiment");

    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    for (size_t i = 0; i < row->replies; i++)
        fake_http_push(&w.net, row->reply[i]);
    enum uw_result got = get(&w, &call, &a);
    if (got != row->want || a.status != row->status || a.attempts != row->attempts ||
        a.pause != row->pause)
        fail_msg("%s: %s, status %d, %d attempts, pause %s", row->what, uw_result_name(got),
                 a.status, a.attempts, usage_pause_name(a.pause));
    assert_int_equal(w.net.requests, row->attempts);
    if (row->reply[0].daily_count == NULL) /* every attempt counts; the server may know of more */
        assert_int_equal(usage_view(&w.client.usage).calls_today, row->attempts);
    assert_non_null(a.body);
    assert_int_equal(test_count(&w.root, CACHE_DIR, ".json"), row->want == UW_OK);
    if (row->want != UW_OK) assert_true(json_is_true(json_get(a.body, "_error")));
    if (row->want != UW_OK) assert_int_equal(json_i64(a.body, "_status", -1), row->status);
    char *quota = test_read(&w.root, QUOTA_PATH);
    int lines = 0;
    for (const char *c = quota; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, row->attempts);
    free(quota);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_every_outcome_has_its_meaning(void **state)
{
    static const struct outcome_row rows[] = {
        {"200",                        {{.status = 200}},                     1, UW_OK,         200, 1, PAUSE_NONE  },
        {"200 with HTML",              {{.body = "<html>"}},                  1, UW_ESCHEMA,    200, 1, PAUSE_NONE  },
        {"200 with a list",            {{.body = "[1]"}},                     1, UW_ESCHEMA,    200, 1, PAUSE_NONE  },
        {"200 with nothing",           {{.body = " ", .body_len = 1}},        1, UW_ESCHEMA,    200, 1, PAUSE_NONE  },
        {"200 cut",                    {{.body = "{\"data\":[1,"}},           1, UW_ESCHEMA,    200, 1, PAUSE_NONE  },
        {"200 with a key twice",
         {{.body = "{\"data\":[],\"data\":[]}"}},
         1,                                                                      UW_ESCHEMA,
         200,                                                                                        1,
         PAUSE_NONE                                                                                                 },
        {"too large",                  {{.rc = RC_RANGE}},                    1, UW_ESCHEMA,    200, 1, PAUSE_NONE  },
        {"302",                        {{.status = 302}},                     1, UW_EHTTP,      302, 1, PAUSE_NONE  },
        {"401",                        {{.status = 401}},                     1, UW_EHTTP,      401, 1, PAUSE_AUTH  },
        {"403",                        {{.status = 403}},                     1, UW_EHTTP,      403, 1, PAUSE_AUTH  },
        {"404",                        {{.status = 404}},                     1, UW_EHTTP,      404, 1, PAUSE_NONE  },
        {"422",                        {{.status = 422}},                     1, UW_EHTTP,      422, 1, PAUSE_NONE  },
        {"429",                        {{.status = 429}},                     1, UW_EHTTP,      429, 1, PAUSE_MINUTE},
        {"429 of the day, in words",
         {{.status = 429, .body = "{\"message\":\"Daily limit\"}"}},
         1,                                                                      UW_EHTTP,
         429,                                                                                        1,
         PAUSE_DAILY                                                                                                },
        {"429 of the day, other word",
         {{.status = 429, .body = "{\"msg\":\"dAiLy\"}"}},
         1,                                                                      UW_EHTTP,
         429,                                                                                        1,
         PAUSE_DAILY                                                                                                },
        {"429 of the day, by count",
         {{.status = 429, .daily_count = "15000", .daily_limit = "15000"}},
         1,                                                                      UW_EHTTP,
         429,                                                                                        1,
         PAUSE_DAILY                                                                                                },
        {"429 below the count",
         {{.status = 429, .daily_count = "100", .daily_limit = "15000"}},
         1,                                                                      UW_EHTTP,
         429,                                                                                        1,
         PAUSE_MINUTE                                                                                               },
        {"500 for ever",               {{.status = 500}},                     1, UW_EHTTP,      500, 3, PAUSE_NONE  },
        {"500 twice, then 200",
         {{.status = 500}, {.status = 500}, {.status = 200}},
         3,                                                                      UW_OK,
         200,                                                                                        3,
         PAUSE_NONE                                                                                                 },
        {"503, then 404",              {{.status = 503}, {.status = 404}},    2, UW_EHTTP,      404, 2, PAUSE_NONE  },
        {"408",                        {{.status = 408}, {.status = 200}},    2, UW_OK,         200, 2, PAUSE_NONE  },
        {"501 is not tried again",     {{.status = 501}},                     1, UW_EHTTP,      501, 1, PAUSE_NONE  },
        {"reset, then 200",            {{.rc = RC_UNKNOWN}, {.status = 200}}, 2, UW_OK,         200, 2, PAUSE_NONE  },
        {"no connection",              {{.rc = RC_IO}},                       1, UW_ETRANSPORT, 0,   3, PAUSE_NONE  },
        {"500, then silence",
         {{.status = 500}, {.rc = RC_TIMEOUT}, {.rc = RC_TIMEOUT}},
         3,                                                                      UW_ETRANSPORT,
         0,                                                                                          3,
         PAUSE_NONE                                                                                                 },
        {"cancelled",                  {{.rc = RC_STOPPED}},                  1, UW_ETRANSPORT, 0,   1, PAUSE_NONE  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_outcome(&rows[i]);
}

static void
test_client_waits_between_attempts(void **state)
{
    static const struct {
        const char *retry_after;
        int64_t least_ms, most_ms;
    } cases[] = {
        {NULL,   3000, 3500}, /* 1 s and 2 s, each with up to 250 ms */
        {"4",    8000, 8000}, /* as the server asks */
        {"11",   3000, 3500}, /* longer than we are willing to wait here */
        {"soon", 3000, 3500},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct uw_answer a;
        struct uw_call call = uw_test_call(TIDE, NULL);
        uw_world_make(&w, NOON);
        (void)uw_world_client(&w);
        fake_http_push(&w.net,
                       (struct fake_reply){.status = 503, .retry_after = cases[i].retry_after});
        int64_t start_ns = w.time.mono_ns;
        assert_int_equal(get(&w, &call, &a), UW_EHTTP);
        int64_t ms = (w.time.mono_ns - start_ns) / NS_PER_MS;
        if (ms < cases[i].least_ms || ms > cases[i].most_ms)
            fail_msg("row %zu: %lld ms", i, (long long)ms);
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

static void
test_client_a_retry_asks_the_budget_again(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, NULL);

    (void)state;
    uw_world_make(&w, NOON);
    w.cfg.rate_limit_per_min = 2;
    (void)uw_world_client(&w);
    fake_http_push(&w.net, (struct fake_reply){.status = 502});
    assert_int_equal(get(&w, &call, &a), UW_EHTTP); /* the last real outcome, not a block */
    assert_int_equal(a.status, 502);
    assert_int_equal(w.net.requests, 2);
    assert_int_equal(test_log_count(&w.events, EV_UW_RATE_LIMIT_BLOCK), 0);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_says_each_call_once_with_all_fields(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "market_sentiment");

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    fake_http_push(&w.net, (struct fake_reply){.status = 200});
    fake_http_push(&w.net, (struct fake_reply){.body = "oops"});
    fake_http_push(&w.net, (struct fake_reply){.rc = RC_IO, .error = "connection refused"});
    call.mode = UW_CACHE_BYPASS;
    assert_int_equal(get(&w, &call, &a), UW_OK);
    uw_answer_free(&a);
    assert_string_equal(test_log_last(&w.events, EV_UW_CALL),
                        "{\"severity\":\"INFO\",\"endpoint\":\"/api/market/market-tide\","
                        "\"endpoint_name\":\"market_sentiment\",\"status\":200,\"cache_hit\":false,"
                        "\"latency_ms\":7,"
                        "\"attempts\":1,\"caller\":\"test\"}");
    assert_int_equal(get(&w, &call, &a), UW_ESCHEMA);
    uw_answer_free(&a);
    assert_non_null(strstr(test_log_last(&w.events, EV_UW_CALL), "\"severity\":\"WARN\""));
    assert_non_null(strstr(test_log_last(&w.events, EV_UW_CALL), "\"schema_error\":true"));
    assert_int_equal(get(&w, &call, &a), UW_ETRANSPORT);
    uw_answer_free(&a);
    assert_string_equal(test_log_last(&w.events, EV_UW_CALL),
                        "{\"severity\":\"ERROR\",\"endpoint\":\"/api/market/market-tide\","
                        "\"error\":\"connection refused\",\"error_type\":\"io\",\"attempts\":3}");
    assert_int_equal(test_log_count(&w.events, EV_UW_CALL), 3);
    uw_world_remove(&w);
}

static void
test_client_writes_one_quota_line_an_attempt(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(FLOW, "daemon_option_flow");

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    uw_params_add(&call.params, UW_STR("ticker_symbol", "ACME"));
    uw_params_add(&call.params, UW_I64("limit", 100));
    assert_int_equal(get(&w, &call, &a), UW_OK);
    assert_string_equal(
        w.net.url, "https://uw.example/api/option-trades/flow-alerts?limit=100&ticker_symbol=ACME");
    char *line = test_read(&w.root, QUOTA_PATH);
    assert_string_equal(
        line,
        "{\"ts\":1768928400,\"url\":\"https://uw.example/api/option-trades/flow-alerts\","
        "\"params\":{\"limit\":100,\"ticker_symbol\":\"ACME\"},\"source\":\"src/uw/uw_client\","
        "\"endpoint_name\":\"daemon_option_flow\",\"caller\":\"test\",\"attempt\":1,"
        "\"mono_ns\":1000000000000}\n");
    free(line);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_without_a_key_sends_nothing(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, NULL);

    (void)state;
    uw_world_make(&w, NOON);
    w.cfg.api_key = "";
    (void)uw_world_client(&w);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(&w, &call, &a), UW_ENOKEY);
        assert_int_equal(a.status, 0);
        assert_int_equal(json_len(json_get_arr(a.body, "data")), 0);
        uw_answer_free(&a);
    }
    assert_int_equal(test_log_count(&w.events, EV_UW_KEY_MISSING), 1);
    assert_false(test_exists(&w.root, USAGE_PATH));
    assert_false(test_exists(&w.root, QUOTA_PATH));
    assert_int_equal(w.net.requests, 0);
    uw_world_remove(&w);
}

static bool
file_has_key(void *ctx, const char *name)
{
    struct uw_world *w = ctx;
    static const char *const folders[] = {"state", "data", "logs", CACHE_DIR};
    char path[512];

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], name);
        char *bytes = test_read(&w->root, path);
        if (bytes != NULL && strstr(bytes, UW_TEST_KEY) != NULL)
            fail_msg("the key stands in %s", path);
        free(bytes);
    }
    return true;
}

static void
test_client_the_key_is_never_seen(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "market_sentiment");
    static const char *const folders[] = {"state", "data", "logs", CACHE_DIR};

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    fake_http_push(&w.net,
                   (struct fake_reply){.rc = RC_IO, .error = "bad header Bearer " UW_TEST_KEY});
    assert_int_equal(get(&w, &call, &a), UW_ETRANSPORT);
    assert_string_equal(w.net.authorization, "Bearer " UW_TEST_KEY); /* it was sent */
    assert_null(strstr(a.message, UW_TEST_KEY));
    uw_answer_free(&a);
    fake_http_reset(&w.net);
    fake_http_push(&w.net, (struct fake_reply){.status = 429,
                                               .body = "{\"message\":\"token " UW_TEST_KEY "\"}"});
    assert_int_equal(get(&w, &call, &a), UW_EHTTP);
    assert_null(strstr(a.message, UW_TEST_KEY));
    uw_answer_free(&a);
    for (size_t i = 0; i < w.events.len; i++)
        assert_null(strstr(w.events.event[i].fields, UW_TEST_KEY));
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        (void)w.root.fs.list(w.root.fs.self, folders[i], file_has_key, &w, NULL);
    uw_world_remove(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_every_outcome_has_its_meaning),
        cmocka_unit_test(test_client_waits_between_attempts),
        cmocka_unit_test(test_client_a_retry_asks_the_budget_again),
        cmocka_unit_test(test_client_says_each_call_once_with_all_fields),
        cmocka_unit_test(test_client_writes_one_quota_line_an_attempt),
        cmocka_unit_test(test_client_without_a_key_sends_nothing),
        cmocka_unit_test(test_client_the_key_is_never_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
