/*
 * The client: the order of checks, what an outcome means, what is said, and that the key is never
 * seen (contract 4.8; spec 20 2.2, 2.4, 2.9, 2.10, 2.12).
 */
#include "tests/lib/check.h"
#include "tests/lib/uw_world.h"
#include "uwclient/quota_log.h"

#define NOON "2026-01-20T17:00:00Z"
#define TIDE "/api/market/market-tide"
#define FLOW "/api/option-trades/flow-alerts"

/* Nothing but events may have happened: no count, no line, no record, no socket. */
static void
assert_untouched(struct uw_world *w)
{
    assert_false(test_exists(&w->root, USAGE_PATH));
    assert_false(test_exists(&w->root, QUOTA_PATH));
    assert_false(test_exists(&w->root, CACHE_DIR));
    assert_int_equal(w->net.requests, 0);
}

static enum uw_result
get(struct uw_world *w, const struct uw_call *call, struct uw_answer *ret_answer)
{
    return uw_http_get(&w->client, call, ret_answer);
}

/* ---- the refusals ---------------------------------------------------------------------------- */

static void
test_contract_4_8_an_endpoint_outside_the_list_is_refused_first(void **state)
{
    static const struct {
        bool mock, enforce, has_key;
    } ways[] = {
        {false, false, true },
        {true,  false, true },
        {true,  true,  true },
        {false, false, false}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct uw_world w;
        struct uw_answer a;
        struct uw_call call = uw_test_call("INVALID_ENDPOINT", "daemon_market_tide");
        uw_world_make(&w, NOON);
        w.cfg.mock = ways[i].mock;
        w.cfg.mock_enforce_limits = ways[i].enforce;
        if (!ways[i].has_key) w.cfg.api_key = "";
        (void)uw_world_client(&w);
        assert_int_equal(get(&w, &call, &a), UW_EINVAL_ENDPOINT);
        assert_null(a.body);
        assert_int_equal(a.status, 0);
        assert_int_equal(w.events.len, 1);
        assert_string_equal(
            test_log_last(&w.events, EV_UW_INVALID_ENDPOINT),
            "{\"endpoint\":\"/INVALID_ENDPOINT\",\"caller\":\"test\",\"timestamp\":1768928400}");
        assert_untouched(&w);
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

static void
test_client_a_foreign_host_never_sees_the_token(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call("https://example.org/api/market/market-tide", NULL);

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    assert_int_equal(get(&w, &call, &a), UW_EINVAL_ENDPOINT);
    assert_untouched(&w);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_parameters_are_those_of_the_list(void **state)
{
    static const struct {
        const char *endpoint, *name, *value;
        enum uw_result want;
        const char *details;
    } cases[] = {
        {FLOW,                     "ticker_symbol", "ACME",       UW_OK,           NULL   },
        {FLOW,                     "symbol",        "ACME",       UW_EINVAL_PARAM,
         "{\"endpoint\":\"/api/option-trades/"
         "flow-alerts\",\"param\":\"symbol\",\"problem\":\"unknown\",\"caller\":\"test\"}"},
        {"/api/stock/ACME/greeks", "expiry",        "2026-01-23", UW_OK,           NULL   },
        {"/api/stock/ACME/greeks", NULL,            NULL,         UW_EINVAL_PARAM,
         "{\"endpoint\":\"/api/stock/ACME/"
         "greeks\",\"param\":\"expiry\",\"problem\":\"missing\",\"caller\":\"test\"}"     },
        {"/api/stock/ACME/greeks", "ticker",        "ACME",       UW_EINVAL_PARAM,
         NULL                                                                             }, /* a path parameter is none of the query */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct uw_answer a;
        struct uw_call call = uw_test_call(cases[i].endpoint, NULL);
        uw_world_make(&w, NOON);
        (void)uw_world_client(&w);
        if (cases[i].name != NULL)
            uw_params_add(&call.params, UW_STR(cases[i].name, cases[i].value));
        assert_int_equal(get(&w, &call, &a), cases[i].want);
        if (cases[i].details != NULL)
            assert_string_equal(test_log_last(&w.events, EV_UW_INVALID_PARAM), cases[i].details);
        if (cases[i].want != UW_OK) assert_untouched(&w);
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

static void
write_universe(struct uw_world *w, const char *path, const char *meta, const char *symbols)
{
    CLEANUP(text_free) struct text t = {0};

    text_printf(&t, "{\"_meta\":%s,\"symbols\":%s}", meta, symbols);
    test_write(&w->root, path, text_str(&t), t.len);
}

static void
test_contract_4_5_symbols_stay_inside_the_callers_scope(void **state)
{
    static const struct {
        const char *what, *daily, *endpoint, *list;
        enum uw_scope scope;
        bool is_mock_process;
        enum uw_result want;
    } cases[] = {
        {"a runner, in the universe",       "[{\"symbol\":\"nvda\"}]", "/api/darkpool/NVDA", NULL,
         UW_SCOPE_INTEL,                                                                                                        false, UW_OK    },
        {"a runner, a configured symbol",   "[{\"symbol\":\"NVDA\"}]", "/api/darkpool/ACME", NULL,
         UW_SCOPE_INTEL,                                                                                                        false, UW_ESCOPE},
        {"the daemon, a configured symbol", "[]",                      "/api/darkpool/ACME", NULL,        UW_SCOPE_FLOW_DAEMON,
         false,                                                                                                                        UW_OK    },
        {"the daemon, in the universe",     "[{\"symbol\":\"NVDA\"}]", "/api/darkpool/NVDA", NULL,
         UW_SCOPE_FLOW_DAEMON,                                                                                                  false, UW_OK    },
        {"the daemon, a stranger",          "[]",                      "/api/darkpool/NVDA", NULL,        UW_SCOPE_FLOW_DAEMON, false,
         UW_ESCOPE                                                                                                                              },
        {"the market",                      "[]",                      TIDE,                 NULL,        UW_SCOPE_INTEL,       false, UW_OK    },
        {"a list inside",                   "[]",                      FLOW,                 "ACME,ZETA", UW_SCOPE_FLOW_DAEMON, false, UW_OK    },
        {"a list with a stranger",          "[]",                      FLOW,                 "ACME,NVDA", UW_SCOPE_FLOW_DAEMON, false, UW_ESCOPE},
        {"a list that excludes",            "[]",                      FLOW,                 "-ACME",     UW_SCOPE_FLOW_DAEMON, false, UW_ESCOPE},
        {"an empty entry",                  "[]",                      FLOW,                 "ACME,",     UW_SCOPE_FLOW_DAEMON, false, UW_ESCOPE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct uw_answer a;
        struct uw_call call = uw_test_call(cases[i].endpoint, NULL);
        uw_world_make(&w, NOON);
        write_universe(&w, "state/daily_universe.json", "{\"ts\":\"x\",\"mode\":\"real\"}",
                       cases[i].daily);
        (void)uw_world_client(&w);
        call.scope = cases[i].scope;
        if (cases[i].list != NULL)
            uw_params_add(&call.params, UW_STR("ticker_symbol", cases[i].list));
        if (get(&w, &call, &a) != cases[i].want)
            fail_msg("%s: %s", cases[i].what, uw_result_name(a.result));
        if (cases[i].want == UW_ESCOPE) {
            assert_untouched(&w);
            assert_int_equal(test_log_count(&w.events, EV_UW_SCOPE_BLOCK), 1);
        }
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

static void
test_client_a_mock_universe_does_not_widen_a_live_scope(void **state)
{
    static const char *const metas[] = {"{\"mode\":\"mock\"}", "{\"mock\":true}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(metas); i++) {
        struct uw_world w;
        struct uw_answer a;
        struct uw_call call = uw_test_call("/api/darkpool/NVDA", NULL);
        uw_world_make(&w, NOON);
        write_universe(&w, "state/core_universe.json", metas[i], "[{\"symbol\":\"NVDA\"}]");
        (void)uw_world_client(&w);
        call.scope = UW_SCOPE_INTEL;
        assert_int_equal(get(&w, &call, &a), UW_ESCOPE);
        assert_string_equal(test_log_last(&w.events, EV_UW_UNIVERSE_UNAVAILABLE),
                            "{\"daily_state\":\"missing\",\"core_state\":\"mock\"}");
        uw_answer_free(&a);
        assert_int_equal(get(&w, &call, &a), UW_ESCOPE);
        assert_int_equal(test_log_count(&w.events, EV_UW_UNIVERSE_UNAVAILABLE),
                         1); /* once in 15 minutes */
        uw_answer_free(&a);
        w.cfg.mock = true;
        (void)uw_world_client(&w);
        assert_int_equal(get(&w, &call, &a), UW_OK);
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

/* ---- the order of what follows --------------------------------------------------------------- */

/* Each row adds the obstacle of one step; the one that comes first must win. */
static void
test_client_checks_come_in_their_order(void **state)
{
    enum { STEPS = 10 };
    static const char *const want[STEPS] = {
        "invalid_endpoint",
        "invalid_param",
        "scope",
        "ok", /* 4: mock */
        "ok", /* 5: cache */
        "no_api_key",
        "server_backoff",
        "daily_cap",
        "per_minute_cap",
        "endpoint_cap",
    };

    (void)state;
    for (int first = 1; first <= STEPS; first++) {
        struct uw_world w;
        struct uw_answer a;
        uw_world_make(&w, NOON);
        struct uw_call call = uw_test_call(first <= 1   ? "/api/none"
                                           : first <= 3 ? "/api/darkpool/NVDA"
                                                        : "/api/darkpool/ACME",
                                           "daemon_dark_pool_levels");
        if (first <= 2) uw_params_add(&call.params, UW_STR("colour", "red"));
        w.cfg.mock = first <= 4;
        (void)uw_world_client(&w);
        if (first <= 5 && first > 4) { /* fill the cache as a live call would */
            struct uw_answer fill;
            assert_int_equal(get(&w, &call, &fill), UW_OK);
            uw_answer_free(&fill);
        }
        if (first <= 6) w.cfg.api_key = "";
        CLEANUP(text_free) struct text usage = {0};
        text_printf(&usage,
                    "{\"date\":\"2026-01-20\",\"calls_today\":%d,\"by_endpoint\":{\"daemon_dark_"
                    "pool_levels\":1500},"
                    "\"minute_window\":[%s],\"backoff_until\":%s,\"backoff_reason\":\"%s\"}",
                    first <= 8 ? 14250 : 1500, first <= 9 ? "1768928399" : "",
                    first <= 7 ? "1768928430" : "0", first <= 7 ? "minute" : "");
        test_write(&w.root, USAGE_PATH, text_str(&usage), usage.len);
        if (first <= 9) w.cfg.rate_limit_per_min = 1;
        (void)uw_world_client(&w);
        w.net.requests = 0;
        (void)get(&w, &call, &a);
        const char *got = a.result == UW_BLOCKED ? a.reason : uw_result_name(a.result);
        if (!str_eq(got, want[first - 1])) fail_msg("step %d: %s", first, got);
        assert_int_equal(w.net.requests, 0);
        uw_answer_free(&a);
        uw_world_remove(&w);
    }
}

static void
test_client_a_block_says_so_in_its_body(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "daemon_market_tide");
    CLEANUP(text_free) struct text body = {0};
    struct json_out o = {.to = &body};

    (void)state;
    uw_world_make(&w, NOON);
    w.cfg.mock = w.cfg.mock_enforce_limits = true;
    w.cfg.rate_limit_per_min = 1;
    (void)uw_world_client(&w);
    call.mode = UW_CACHE_BYPASS;
    assert_int_equal(get(&w, &call, &a), UW_OK);
    assert_true(a.is_mock);
    uw_answer_free(&a);
    assert_int_equal(get(&w, &call, &a), UW_BLOCKED);
    assert_int_equal(a.status, 429);
    json_out_value(&o, NULL, a.body);
    assert_string_equal(text_str(&body),
                        "{\"data\":[],\"_blocked\":true,\"_reason\":\"per_minute_cap\"}");
    assert_string_equal(
        test_log_last(&w.events, EV_UW_RATE_LIMIT_BLOCK),
        "{\"reason\":\"per_minute_cap\",\"endpoint\":\"/api/market/market-tide\",\"params\":{},"
        "\"wait_s\":60}");
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_keeps_answers_by_the_policy_and_the_mode(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "market_sentiment");

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    call.mode = UW_CACHE_BYPASS;
    assert_int_equal(get(&w, &call, &a), UW_OK);
    uw_answer_free(&a);
    call.mode = UW_CACHE_USE;
    assert_int_equal(get(&w, &call, &a), UW_OK); /* the bypass left nothing */
    assert_false(a.is_cache_hit);
    uw_answer_free(&a);
    assert_int_equal(w.net.requests, 2);
    assert_int_equal(get(&w, &call, &a), UW_OK);
    assert_true(a.is_cache_hit);
    assert_string_equal(
        test_log_last(&w.events, EV_UW_CALL),
        "{\"endpoint\":\"/api/market/market-tide\",\"cache_hit\":true,\"ttl_seconds\":600,"
        "\"endpoint_name\":\"market_sentiment\"}");
    uw_answer_free(&a);
    call.endpoint = "https://uw.example" TIDE; /* one resource, one record, however it is written */
    assert_int_equal(get(&w, &call, &a), UW_OK);
    assert_true(a.is_cache_hit);
    uw_answer_free(&a);
    call.mode = UW_CACHE_REFRESH;
    assert_int_equal(get(&w, &call, &a), UW_OK);
    uw_answer_free(&a);
    assert_int_equal(w.net.requests, 3);
    assert_int_equal(usage_view(&w.client.usage).calls_today, 3);
    uw_world_remove(&w);
}

/* ---- mock ------------------------------------------------------------------------------------ */

static void
test_client_mock_leaves_no_trace(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call("/api/darkpool/ZETA", "darkpool_symbol");
    CLEANUP(text_free) struct text body = {0};
    struct json_out o = {.to = &body};

    (void)state;
    uw_world_make(&w, NOON);
    w.cfg.mock = true;
    (void)uw_world_client(&w);
    assert_int_equal(get(&w, &call, &a), UW_OK);
    json_out_value(&o, NULL, a.body);
    assert_string_equal(
        text_str(&body),
        "{\"data\":[{\"symbol\":\"ZETA\",\"flow_strength\":0.6,\"darkpool_bias\":0.1,"
        "\"sentiment\":\"BULLISH\",\"earnings_proximity\":3}],\"_mock\":true,"
        "\"_endpoint\":\"/api/darkpool/ZETA\"}");
    assert_int_equal(w.events.len, 0);
    assert_untouched(&w);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

static void
test_client_mock_calls_do_not_count_in_a_live_root(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, NULL);

    (void)state;
    uw_world_make(&w, NOON);
    (void)uw_world_client(&w);
    assert_int_equal(get(&w, &call, &a), UW_OK); /* a live call: the root is live now */
    uw_answer_free(&a);
    w.cfg.mock = w.cfg.mock_enforce_limits = true;
    (void)uw_world_client(&w);
    assert_int_equal(get(&w, &call, &a), UW_BLOCKED);
    assert_string_equal(a.reason, "mock_in_live_root");
    assert_int_equal(usage_view(&w.client.usage).calls_today, 1);
    uw_answer_free(&a);
    uw_world_remove(&w);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void
test_contract_4_8_a_missing_list_refuses_every_call(void **state)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, NULL);

    (void)state;
    uw_world_make(&w, NOON);
    (void)snprintf(w.spec_path, sizeof w.spec_path, "no/such.yaml");
    (void)uw_world_client(&w);
    assert_int_equal(test_log_count(&w.events, EV_UW_SPEC_UNAVAILABLE), 1);
    assert_non_null(strstr(
        test_log_last(&w.events, EV_UW_SPEC_UNAVAILABLE),
        "{\"path\":\"no/such.yaml\",\"state\":\"missing\",\"paths_count\":0,\"min_required\":50"));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(get(&w, &call, &a), UW_EINVAL_ENDPOINT);
        uw_answer_free(&a);
        clock_sleep(&w.clock, 6 * NS_PER_MIN);
    }
    assert_int_equal(test_log_count(&w.events, EV_UW_INVALID_ENDPOINT), 4);
    assert_int_equal(test_log_count(&w.events, EV_UW_SPEC_UNAVAILABLE),
                     2); /* at most once in 15 minutes */
    assert_untouched(&w);
    uw_world_remove(&w);
}

static void
test_client_wants_https_unless_it_is_this_machine(void **state)
{
    static const struct {
        const char *url;
        enum rc want;
    } cases[] = {
        {"https://uw.example/",          RC_OK    },
        {"http://127.0.0.1:8080",        RC_OK    },
        {"http://localhost",             RC_OK    },
        {"http://uw.example",            RC_DENIED},
        {"ftp://127.0.0.1",              RC_DENIED},
        {"http://127.0.0.1.example.org", RC_DENIED},
        {"",                             RC_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uw_world w;
        struct err err = {0};
        uw_world_make(&w, NOON);
        w.cfg.base_url = cases[i].url;
        struct uw_deps deps = {.clock = &w.clock,
                               .fs = &w.root.fs,
                               .http = &w.http,
                               .store = &w.store,
                               .locks = &w.locks,
                               .log = &w.log,
                               .ny = w.ny};
        enum rc rc = uw_client_init(&w.client, &deps, &w.cfg, w.spec_path, &err);
        if (rc != cases[i].want) fail_msg("%s: %s", cases[i].url, rc_name(rc));
        w.has_client = rc == RC_OK;
        uw_world_remove(&w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_an_endpoint_outside_the_list_is_refused_first),
        cmocka_unit_test(test_client_a_foreign_host_never_sees_the_token),
        cmocka_unit_test(test_client_parameters_are_those_of_the_list),
        cmocka_unit_test(test_contract_4_5_symbols_stay_inside_the_callers_scope),
        cmocka_unit_test(test_client_a_mock_universe_does_not_widen_a_live_scope),
        cmocka_unit_test(test_client_checks_come_in_their_order),
        cmocka_unit_test(test_client_a_block_says_so_in_its_body),
        cmocka_unit_test(test_client_keeps_answers_by_the_policy_and_the_mode),
        cmocka_unit_test(test_client_mock_leaves_no_trace),
        cmocka_unit_test(test_client_mock_calls_do_not_count_in_a_live_root),
        cmocka_unit_test(test_contract_4_8_a_missing_list_refuses_every_call),
        cmocka_unit_test(test_client_wants_https_unless_it_is_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
