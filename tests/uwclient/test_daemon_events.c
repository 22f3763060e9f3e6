/*
 * What the daemon says: its events and the records of its logs, word for word (spec 20 3.12).
 */
#include "tests/uwclient/daemon_bed.h"

#include "uwclient/daemon_log.h"

static void
has_said(const struct bed *b, enum event_id id, const char *want)
{
    if (!str_eq(test_log_last(&b->w.events, id), want))
        fail_msg("%s, not %s", test_log_last(&b->w.events, id), want);
}

/* The last line of a log, without its end. */
static void
last_line(const struct bed *b, const char *path, struct text *to)
{
    const struct text *bytes = mem_fs_peek(b->w.disk, path);

    text_clear(to);
    if (bytes == NULL || bytes->len < 2) return;
    const char *start = text_str(bytes), *end = start + bytes->len - 1;
    assert_int_equal(*end, '\n');
    const char *before = memrchr(start, '\n', (size_t)(end - start));
    if (before != NULL) start = before + 1;
    text_add(to, start, (size_t)(end - start));
}

static void
test_daemon_says_when_it_starts_and_ends(void **state)
{
    static struct bed b;
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    bed_start(&b);
    daemon_run(&b.d, true); /* once through all that is due */
    has_said(
        &b, EV_UW_DAEMON_STARTED,
        "{\"pid\":4711,\"tickers\":3,\"has_api_key\":true,\"spec_paths\":175,\"mode\":\"real\"}");
    const char *stopped = test_log_last(&b.w.events, EV_UW_DAEMON_STOPPED);
    assert_non_null(
        strstr(stopped, "{\"pid\":4711,\"reason\":\"once\",\"cycles\":1,\"uptime_s\":"));
    last_line(&b, "logs/uw_daemon.jsonl", &line);
    assert_non_null(strstr(text_str(&line),
                           "{\"event\":\"uw_flow_cycle\",\"cycle\":1,\"timestamp\":"
                           "\"2026-01-20T14:30:"));
    assert_non_null(strstr(text_str(&line), ",\"ts\":17689194"));
    assert_non_null(strstr(text_str(&line), ",\"source\":\"uw_flow_daemon\",\"jobs_ok\":"));
    assert_non_null(strstr(text_str(&line), ",\"jobs_failed\":0,\"calls_today\":"));
    assert_non_null(
        strstr(text_str(&line), ",\"cap\":14250,\"session\":\"open\",\"status\":\"ok\"}"));
    bed_remove(&b);
}

static void
test_daemon_says_what_failed(void **state)
{
    static struct bed b;
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    b.vendor.fail_path = "/api/stock/ACME/max-pain";
    b.vendor.fail = (struct fake_reply){.status = 400, .body = "{}"};
    bed_start(&b);
    run_until(&b, OPEN_S + 120);
    has_said(&b, EV_UW_POLL_FALLBACK, "{\"function\":\"max_pain:ACME\",\"error\":\"status 400\"}");
    last_line(&b, "data/uw_flow_cache.log.jsonl", &line);
    assert_non_null(strstr(
        text_str(&line), "{\"event\":\"UW_API_ERROR\",\"url\":\"https://uw.example"
                         "/api/stock/ACME/max-pain\",\"error\":\"http_error\",\"status_code\":400,"
                         "\"ts\":17689"));
    assert_non_null(strstr(text_str(&line), ",\"_ts\":17689"));
    assert_non_null(strstr(text_str(&line), ",\"_dt\":\"2026-01-20 14:3"));
    assert_non_null(strstr(text_str(&line), " UTC\"}"));
    b.vendor.fail = (struct fake_reply){.rc = RC_IO, .error = "Connection refused"};
    run_until(&b, OPEN_S + 600);
    has_said(&b, EV_UW_POLL_FALLBACK, "{\"function\":\"max_pain:ACME\",\"error\":\"no answer\"}");
    last_line(&b, "data/uw_flow_cache.log.jsonl", &line);
    assert_non_null(
        strstr(text_str(&line), "\"error\":\"Connection refused\",\"status_code\":null,"));
    bed_remove(&b);
}

static void
test_daemon_says_that_it_is_limited_and_goes_on(void **state)
{
    static struct bed b;
    CLEANUP(text_free) struct text line = {0};

    (void)state;
    bed_make(&b, "2026-01-20T14:30:00Z");
    bed_start(&b);
    run_until(&b, OPEN_S + 60);
    b.vendor.fail_path = "/api/";
    b.vendor.fail = (struct fake_reply){.status = 429,
                                        .retry_after = "30",
                                        .daily_count = "7",
                                        .daily_limit = "15000",
                                        .body = "{\"message\":\"slow down\"}"};
    for (int i = 0; i < 1000 && b.d.status != DAEMON_LIMITED_MINUTE; i++)
        run_until(&b, when_to_s(b.w.time.now_ns) + 1);
    assert_int_equal(b.d.status, DAEMON_LIMITED_MINUTE);
    const char *limited = test_log_last(&b.w.events, EV_UW_DAEMON_LIMITED);
    assert_non_null(strstr(limited, "{\"state\":\"limited_minute\",\"until\":\"2026-01-20T14:3"));
    assert_non_null(strstr(limited, "\",\"reason\":\"server_backoff\"}"));
    last_line(&b, "data/uw_flow_cache.log.jsonl", &line);
    assert_non_null(
        strstr(text_str(&line), "{\"event\":\"UW_API_RATE_LIMITED\",\"url\":\"https://"));
    assert_non_null(strstr(text_str(&line),
                           ",\"status\":429,\"daily_count\":\"7\",\"daily_limit\":\"15000\","
                           "\"message\":\"slow down\",\"queued\":false,\"ts\":"));
    b.vendor.fail_path = NULL;
    run_until(&b, when_to_s(b.w.time.now_ns) + 60);
    const char *resumed = test_log_last(&b.w.events, EV_UW_DAEMON_RESUMED);
    assert_non_null(strstr(resumed, "{\"state\":\"limited_minute\",\"duration_s\":"));
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_LIMITED), 1);
    assert_int_equal(test_log_count(&b.w.events, EV_UW_DAEMON_RESUMED), 1);
    bed_remove(&b);
}

static void
test_daemon_keeps_the_last_five_answers_where_it_is_asked_to(void **state)
{
    static struct bed b;

    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        int lines = 0;

        bed_make(&b, "2026-01-20T14:30:00Z");
        b.w.cfg.raw_payload_log = asked == 1;
        bed_start(&b);
        run_until(&b, OPEN_S + 60);
        const struct text *log = mem_fs_peek(b.w.disk, "logs/uw_raw_payloads.jsonl");
        for (const char *at = log != NULL ? text_str(log) : ""; *at != '\0'; at++)
            lines += *at == '\n';
        assert_int_equal(lines, asked == 1 ? 5 : 0);
        if (log != NULL) {
            assert_non_null(strstr(text_str(log), "{\"ts\":17689194"));
            assert_non_null(strstr(text_str(log), ",\"dt\":\"2026-01-20 14:3"));
            assert_non_null(strstr(text_str(log), "\",\"status\":200,\"payload\":{\"data\":"));
            assert_null(strstr(text_str(log), UW_TEST_KEY));
        }
        bed_remove(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemon_says_when_it_starts_and_ends),
        cmocka_unit_test(test_daemon_says_what_failed),
        cmocka_unit_test(test_daemon_says_that_it_is_limited_and_goes_on),
        cmocka_unit_test(test_daemon_keeps_the_last_five_answers_where_it_is_asked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
