/*
 * The daemon when something is refused: no key, no list, no budget, one failing endpoint (spec
 * 20 3.7).
 */
#include "tests/uwclient/daemon_bed.h"

/* ---- limits ---------------------------------------------------------------------------------- */

static void
test_daemon_without_a_key_lives_and_sends_nothing(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.api_key = "";
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 1900);
    assert_int_equal(b.w.net.requests, 0);
    assert_string_equal(file_status(&b, status), "no_api_key");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_KEY_MISSING),
                     3); /* at once, and every 15 minutes */
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    int64_t age_s =
        when_to_s(b.w.time.now_ns) - json_i64(json_get(doc, "_metadata"), "last_update", 0);
    assert_true(age_s <= 121); /* the heart beats */
    bed_remove(&b);
}

static void
test_daemon_without_an_allow_list_lives_and_sends_nothing(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    assert_int_equal(b.w.fs.remove(b.w.fs.self, b.w.spec_path, NULL), RC_OK);
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 600);
    assert_int_equal(b.w.net.requests, 0);
    assert_string_equal(file_status(&b, status), "spec_unavailable");
    bed_remove(&b);
}

static void
test_daemon_rests_when_the_servers_day_is_used_up(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 300);
    b.vendor.fail_path = "/api/";
    b.vendor.fail =
        (struct fake_reply){.status = 429, .body = "{\"message\":\"daily limit reached\"}"};
    run_until(&b, OPEN_S + 1800 + 600);
    assert_string_equal(file_status(&b, status), "limited_day");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_LIMITED), 1);
    size_t before = b.w.net.requests;
    run_until(&b, OPEN_S + 1800 + 600 + 5400);
    size_t probes = b.w.net.requests - before;
    assert_true(probes >= 2 && probes <= 3); /* one in half an hour */
    CLEANUP(json_freep) struct json *doc = cache_file(&b);
    assert_int_equal(json_len(json_get(json_get(doc, "ACME"), "flow_trades")),
                     3); /* kept, for two hours */
    b.vendor.fail_path = NULL;
    before = b.w.net.requests;
    run_until(&b, OPEN_S + 1800 + 600 + 5400 + 2400);
    assert_true(b.w.net.requests - before > 20);
    assert_string_equal(file_status(&b, status), "ok");
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_RESUMED), 1);
    const struct text *api_log = mem_fs_peek(b.w.disk, API_LOG_PATH);
    assert_non_null(strstr(text_str(api_log), "UW_API_RATE_LIMITED"));
    bed_remove(&b);
}

static void
test_daemon_rests_when_its_own_day_is_used_up(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.w.cfg.daily_limit = 40; /* a cap of 38 */
    bed_start(&b);
    run_until(&b, CLOSE_S);
    assert_int_equal(b.w.net.requests, 38);
    assert_string_equal(file_status(&b, status), "limited_day");
    run_until(&b, OPEN_S + 12 * 3600); /* after midnight UTC there is a new one */
    assert_string_equal(file_status(&b, status), "ok");
    bed_remove(&b);
}

static void
test_daemon_a_refused_key_is_asked_every_quarter_hour(void **state)
{
    static struct bed b;
    char status[32];

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    b.vendor.fail_path = "/api/";
    b.vendor.fail = (struct fake_reply){.status = 401};
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 3600);
    assert_string_equal(file_status(&b, status), "auth");
    assert_true(b.w.net.requests >= 4 && b.w.net.requests <= 5);
    bed_remove(&b);
}

/* ---- failures of one job --------------------------------------------------------------------- */

static void
test_daemon_a_failed_poll_keeps_data_and_age(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 120);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    int64_t stamp_s = t->last_update_s;
    b.vendor.fail_path = "flow-alerts";
    b.vendor.fail = (struct fake_reply){.status = 500};
    run_until(&b, OPEN_S + 1800 + 3600);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_int_equal(t->last_update_s, stamp_s);
    assert_non_null(strstr(flow_model_get(t, "flow_trades"), "ACME"));
    run_until(&b, OPEN_S + 1800 + 7400); /* two hours old: gone */
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_string_equal(flow_model_get(t, "flow_trades"), "[]");
    assert_null(flow_model_get(t, "flow"));
    b.vendor.fail_path = NULL;
    b.vendor.is_empty = true;
    run_until(&b, OPEN_S + 1800 + 9000);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_true(t->last_update_s > stamp_s + 7200); /* an empty answer is an answer */
    bed_remove(&b);
}

static void
test_daemon_a_path_that_is_not_found_rests_a_day(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    b.vendor.fail_path = "/api/stock/ACME/max-pain";
    b.vendor.fail = (struct fake_reply){.status = 404};
    bed_start(&b);
    run_until(&b, CLOSE_S);
    assert_int_equal(test_log_count(&b.w.events, EV_UW_JOB_DISABLED), 1);
    assert_string_equal(test_log_last(&b.w.events, EV_UW_JOB_DISABLED),
                        "{\"job\":\"max_pain:ACME\",\"status\":404}");
    assert_int_equal(b.vendor.calls[UW_JOB_MAX_PAIN], 3 + 2 * 13);
    bed_remove(&b);
}

static void
test_daemon_asks_greek_exposure_without_its_parameter_where_it_is_refused(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    b.vendor.refuse_query = "timeframe=";
    bed_start(&b);
    run_until(&b, OPEN_S + 2 * 3600 + 60);
    /* Twice the first time, then without the parameter at once. */
    assert_int_equal(b.vendor.calls[UW_JOB_GREEK_EXPOSURE], 3 * 2 + 3 * 2);
    assert_non_null(flow_model_find(&b.d.cache.model, "ACME"));
    assert_true(flow_model_find(&b.d.cache.model, "ACME")->greeks.len > 0);
    bed_remove(&b);
}

static void
test_daemon_an_empty_slow_answer_keeps_a_young_value(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 600);
    b.vendor.is_empty = true;
    run_until(&b, OPEN_S + 2 * 3600);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "iv_rank"), "34.25"));
    assert_non_null(strstr(flow_model_get(t, "market_tide"), "BULLISH"));
    run_until(&b, OPEN_S + 86400 + 3600); /* the next day it is too old */
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_string_equal(flow_model_get(t, "iv_rank"), "{}");
    bed_remove(&b);
}

static void
test_daemon_takes_earnings_from_alerts_where_the_calendar_is_silent(void **state)
{
    static struct bed b;

    (void)state;
    bed_make(&b, "2026-01-20T15:00:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 1800 + 300);
    struct flow_ticker *t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "calendar"),
                           "\"earnings_date\":\"2026-01-29\",\"report_time\":\"postmarket\","
                           "\"days_to_earnings\":9"));
    char key[] = "calendar:ACME";
    assert_int_equal(schedule_find(&b.d.schedule, key)->interval_ns, 86400 * NS_PER_S);
    b.vendor.earnings =
        "{\"data\":[{\"report_date\":\"2026-01-22\",\"report_time\":\"premarket\"}]}";
    run_until(&b, OPEN_S + 1800 + 86400 + 600);
    t = flow_model_find(&b.d.cache.model, "ACME");
    assert_non_null(strstr(flow_model_get(t, "calendar"), "2026-01-22"));
    assert_int_equal(schedule_find(&b.d.schedule, key)->interval_ns,
                     3600 * NS_PER_S); /* tomorrow */
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemon_without_a_key_lives_and_sends_nothing),
        cmocka_unit_test(test_daemon_without_an_allow_list_lives_and_sends_nothing),
        cmocka_unit_test(test_daemon_rests_when_the_servers_day_is_used_up),
        cmocka_unit_test(test_daemon_rests_when_its_own_day_is_used_up),
        cmocka_unit_test(test_daemon_a_refused_key_is_asked_every_quarter_hour),
        cmocka_unit_test(test_daemon_a_failed_poll_keeps_data_and_age),
        cmocka_unit_test(test_daemon_a_path_that_is_not_found_rests_a_day),
        cmocka_unit_test(test_daemon_asks_greek_exposure_without_its_parameter_where_it_is_refused),
        cmocka_unit_test(test_daemon_an_empty_slow_answer_keeps_a_young_value),
        cmocka_unit_test(test_daemon_takes_earnings_from_alerts_where_the_calendar_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
