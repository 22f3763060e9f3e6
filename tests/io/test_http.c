#include "io/http.h"

#include "tests/lib/check.h"

#include <pthread.h>

#include "io/clock.h"
#include "tests/lib/http_server.h"

/* A client with its clock, and the server it speaks to. */
struct line {
    struct sys_clock sys_clock;
    struct clock clock;
    volatile sig_atomic_t stop;
    struct curl_http *client;
    struct http http;
    struct http_server *server;
    int progress_calls;
};

static void
count_progress(void *ctx)
{
    ((struct line *)ctx)->progress_calls++;
}

static void
line_open(struct line *l, const struct reply *replies, size_t n)
{
    struct err err = {0};
    struct clock_options clock_options = {0};
    *l = (struct line){0};
    assert_int_equal(clock_open(&clock_options, &l->sys_clock, &err), RC_OK);
    l->clock = clock_seam(&l->sys_clock);
    struct http_options opt = {
        .clock = &l->clock, .stop = &l->stop, .progress = count_progress, .progress_ctx = l};
    assert_int_equal(curl_http_new(&opt, &l->client, &err), RC_OK);
    l->http = curl_http_seam(l->client);
    if (n > 0) l->server = http_server_start(replies, n);
}

static void
line_done(struct line *l)
{
    curl_http_free(l->client);
    http_server_stop(l->server);
}

static struct http_request
request_to(const char *method, const char *url)
{
    return (struct http_request){.method = method, .url = url, .timeout_ms = 20000};
}

static enum rc
ask(struct line *l, const char *method, const char *path, struct http_response *resp,
    struct err *err)
{
    struct http_request req = request_to(method, http_server_url(l->server, path));
    if (str_eq(method, "POST")) {
        req.body = "{\"qty\":1}";
        req.body_len = strlen(req.body);
    }
    return l->http.perform(l->http.self, &req, resp, err);
}

static void
test_http_gives_status_headers_and_body(void **state)
{
    (void)state;
    static const struct reply reply = {
        .status = 429,
        .headers = "Retry-After: 7 \r\nX-RateLimit-Remaining: "
                   "0\r\nX-Uw-Daily-Req-Count:15\r\nSet-Cookie: a=b\r\n",
        .content_type = "application/json; charset=utf-8",
        .body = "{\"a\":1}",
    };
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    assert_int_equal(ask(&l, "GET", "/api/x?limit=5", &resp, &err), RC_OK);
    assert_int_equal(resp.status, 429);
    assert_string_equal(text_str(&resp.body), "{\"a\":1}");
    assert_string_equal(resp.content_type, "application/json; charset=utf-8");
    assert_string_equal(resp.retry_after, "7");
    assert_string_equal(http_header(&resp, "x-ratelimit-remaining"), "0");
    assert_string_equal(http_header(&resp, "x-uw-daily-req-count"), "15");
    assert_null(http_header(&resp, "set-cookie"));
    assert_true(resp.latency_ms >= 0);
}

static void
test_http_sends_what_was_asked_and_nothing_of_its_own(void **state)
{
    (void)state;
    static const struct reply reply = {.headers = "Set-Cookie: a=b; Path=/\r\n", .body = "{}"};
    CLEANUP(line_done) struct line l;
    struct err err = {0};
    line_open(&l, &reply, 1);
    static const char *const methods[] = {"GET", "POST", "DELETE", "PATCH", "PUT"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        CLEANUP(http_response_free) struct http_response resp = {0};
        struct http_request req =
            request_to(methods[i], http_server_url(l.server, "/v2/orders?a=b%20c"));
        req.headers[req.headers_len++] = (struct http_header){"APCA-API-KEY-ID", "key"};
        req.headers[req.headers_len++] = (struct http_header){"Content-Type", "application/json"};
        req.headers[req.headers_len++] = (struct http_header){"X-Empty", ""};
        if (i == 1) {
            req.body = "{\"qty\":1}";
            req.body_len = 9;
        }
        assert_int_equal(l.http.perform(l.http.self, &req, &resp, &err), RC_OK);
        struct seen_request seen = http_server_request(l.server, i);
        assert_string_equal(seen.method, methods[i]);
        assert_string_equal(seen.target, "/v2/orders?a=b%20c");
        assert_string_equal(seen.body, i == 1 ? "{\"qty\":1}" : "");
        assert_non_null(strstr(seen.headers, "APCA-API-KEY-ID: key\r\n"));
        assert_non_null(strstr(seen.headers, "User-Agent: stockbot/"));
        assert_non_null(strstr(seen.headers, "Accept-Encoding: gzip\r\n"));
        assert_non_null(strstr(seen.headers, "X-Empty:"));
        assert_null(strcasestr(seen.headers, "Cookie"));
        assert_null(strcasestr(seen.headers, "Expect"));
        assert_null(strcasestr(seen.headers, "Authorization"));
    }
}

static void
test_http_does_not_follow_redirects(void **state)
{
    (void)state;
    static const struct reply reply = {.status = 302, .headers = "Location: /elsewhere\r\n"};
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    assert_int_equal(ask(&l, "GET", "/", &resp, &err), RC_OK);
    assert_int_equal(resp.status, 302);
    assert_int_equal(http_server_seen(l.server), 1);
}

static void
test_http_ignores_the_environments_proxy_for_this_machine(void **state)
{
    (void)state;
    static const struct reply reply = {.body = "direct"};
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(ask(&l, "GET", "/", &resp, &err), RC_OK);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_string_equal(text_str(&resp.body), "direct");
}

static void
test_http_limits_the_body_after_decompression(void **state)
{
    (void)state;
    static char zeros[300000];
    memset(zeros, '0', sizeof zeros);
    static const struct {
        const char *promise, *method;
        size_t max;
        enum reply_how how;
        enum rc rc;
    } cases[] = {
        {"plain, exactly",                        "GET",  300000, REPLY_WHOLE, RC_OK     },
        {"plain, one byte less",                  "GET",  299999, REPLY_WHOLE, RC_RANGE  },
        {"compressed, exactly",                   "GET",  300000, REPLY_GZIP,  RC_OK     },
        {"compressed, small as it is on the way", "GET",  299999, REPLY_GZIP,  RC_RANGE  },
        {"a POST may have done something",        "POST", 100,    REPLY_WHOLE, RC_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reply reply = {.how = cases[i].how, .body = zeros, .body_len = sizeof zeros};
        CLEANUP(line_done) struct line l;
        CLEANUP(http_response_free) struct http_response resp = {0};
        struct err err = {0};
        line_open(&l, &reply, 1);
        struct http_request req = request_to(cases[i].method, http_server_url(l.server, "/"));
        req.body_max = cases[i].max;
        enum rc rc = l.http.perform(l.http.self, &req, &resp, &err);
        if (rc != cases[i].rc) fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
        assert_int_equal(resp.body.len, rc == RC_OK ? sizeof zeros : 0);
    }
}

/* What went wrong after the request was on its way is RC_UNKNOWN, whatever it was. */
static void
test_http_is_unknown_once_something_was_sent(void **state)
{
    (void)state;
    static const struct {
        const char *promise;
        struct reply reply;
    } cases[] = {
        {"closed without a word", {.how = REPLY_CLOSE}                                       },
        {"reset",                 {.how = REPLY_RESET}                                       },
        {"no answer in time",     {.how = REPLY_SILENT}                                      },
        {"half a body",           {.how = REPLY_TRUNCATED, .body = "{\"id\":\"abc\"}"}       },
        {"an answer too slow",
         {.how = REPLY_DRIP, .drip_ms = 200, .body = "{\"id\":\"abcdefgh\"}"}                },
        {"an answer too late",    {.delay_ms = 3000, .body = "{}"}                           },
        {"half a header",         {.how = REPLY_RAW, .body = "HTTP/1.1 200 OK\r\nContent-Le"}},
        {"not HTTP at all",       {.how = REPLY_RAW, .body = "SSH-2.0-OpenSSH_9.2\r\n"}      },
        {"damaged compression",
         {.how = REPLY_RAW,
          .body = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                  "Content-Length: 4\r\n\r\nabcd"}                                           },
        {"less than promised",
         {.how = REPLY_RAW, .body = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"}        },
    };
    static const char *const methods[] = {"POST", "DELETE", "GET"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t k = 0; k < COUNT_OF(methods); k++) {
            CLEANUP(line_done) struct line l;
            CLEANUP(http_response_free) struct http_response resp = {0};
            struct err err = {0};
            line_open(&l, &cases[i].reply, 1);
            struct http_request req =
                request_to(methods[k], http_server_url(l.server, "/v2/orders/secret-path"));
            req.timeout_ms = 600;
            req.headers[req.headers_len++] = (struct http_header){"APCA-API-SECRET-KEY", "hush"};
            enum rc rc = l.http.perform(l.http.self, &req, &resp, &err);
            if (rc != RC_UNKNOWN) fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
            assert_true(str_starts(err.text, methods[k]));
            assert_null(strstr(err.text, "hush"));
            assert_null(strstr(err.text, "secret-path"));
            assert_int_equal(http_server_seen(l.server), 1); /* sent once, also a GET */
        }
    }
}

static void
test_http_is_io_where_nothing_was_sent(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *url;
    } cases[] = {
        {"connection refused", "http://127.0.0.1:%d/x"            },
        {"no TLS there",       "https://127.0.0.1:%d/x"           },
        {"no such name",       "https://no-such-host.invalid:%d/x"},
    };
    CLEANUP(line_done) struct line l;
    struct err err = {0};
    static const struct reply reply = {.body = "plain"};
    line_open(&l, &reply, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(http_response_free) struct http_response resp = {0};
        char url[128];
        /* The second one speaks TLS to a server that does not. */
        int port = i == 1 ? http_server_port(l.server) : http_closed_port();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(url, sizeof url, cases[i].url, port);
#pragma GCC diagnostic pop
        struct http_request req = request_to("POST", url);
        req.timeout_ms = 3000;
        enum rc rc = l.http.perform(l.http.self, &req, &resp, &err);
        if (rc != RC_IO) fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
        assert_true(str_starts(err.text, "POST http"));
    }
    assert_int_equal(http_server_seen(l.server), 0);
}

static void
test_http_refuses_before_anything_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *promise, *method, *url, *name, *value;
        enum rc rc;
    } cases[] = {
        {"plain http elsewhere",    "GET",   "http://example.org/",            "A",    "b",            RC_DENIED},
        {"looks like loopback",     "GET",   "http://127.0.0.1.example.org/",  "A",    "b",            RC_DENIED},
        {"a user name",             "GET",   "https://127.0.0.1@example.org/", "A",    "b",            RC_DENIED},
        {"a file",                  "GET",   "file:///etc/passwd",             "A",    "b",            RC_DENIED},
        {"no scheme",               "GET",   "127.0.0.1",                      "A",    "b",            RC_DENIED},
        {"a line break in the URL", "GET",   "http://127.0.0.1/\r\nX: y",      "A",    "b",            RC_RANGE },
        {"a blank in the URL",      "GET",   "http://127.0.0.1/a b",           "A",    "b",            RC_RANGE },
        {"an unknown method",       "TRACE", "http://127.0.0.1/",              "A",    "b",            RC_RANGE },
        {"a line break in a value", "GET",   "http://127.0.0.1/",              "A",    "hush\r\nX: y", RC_RANGE },
        {"a colon in a name",       "GET",   "http://127.0.0.1/",              "A: x", "b",            RC_RANGE },
        {"no name",                 "GET",   "http://127.0.0.1/",              "",     "b",            RC_RANGE },
    };
    CLEANUP(line_done) struct line l;
    line_open(&l, NULL, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_response resp = {0};
        struct err err = {0};
        struct http_request req = request_to(cases[i].method, cases[i].url);
        req.headers[req.headers_len++] = (struct http_header){cases[i].name, cases[i].value};
        enum rc rc = l.http.perform(l.http.self, &req, &resp, &err);
        if (rc != cases[i].rc) fail_msg("%s: %s %s", cases[i].promise, rc_name(rc), err.text);
        assert_null(strstr(err.text, "hush"));
    }
    struct http_response resp = {0};
    struct err err = {0};
    struct http_request req = request_to("GET", "http://127.0.0.1/");
    req.timeout_ms = 0; /* everything has a deadline */
    assert_int_equal(l.http.perform(l.http.self, &req, &resp, &err), RC_RANGE);
}

static void
test_http_keeps_the_connection_for_get_only(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "GET", "POST", "GET", "DELETE", "GET"};
    static const int connection[] = {0, 0, 1, 0, 2, 0};
    static const struct reply reply = {.body = "{}"};
    CLEANUP(line_done) struct line l;
    line_open(&l, &reply, 1);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        CLEANUP(http_response_free) struct http_response resp = {0};
        struct err err = {0};
        assert_int_equal(ask(&l, methods[i], "/", &resp, &err), RC_OK);
        if (http_server_request(l.server, i).connection != connection[i])
            fail_msg("request %zu", i);
    }
}

/* The server closes the kept connection: a GET goes out again by itself, an order never does. */
static void
test_http_never_sends_an_order_twice(void **state)
{
    (void)state;
    static const struct reply replies[] = {
        {.how = REPLY_THEN_CLOSE, .body = "first"},
        {.how = REPLY_CLOSE                      },
        {.body = "second"}
    };
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, replies, COUNT_OF(replies));
    assert_int_equal(ask(&l, "GET", "/", &resp, &err), RC_OK);
    assert_int_equal(ask(&l, "POST", "/v2/orders", &resp, &err), RC_UNKNOWN);
    assert_int_equal(http_server_seen(l.server), 2);
    for (int i = 0; i < 3; i++) { /* and it stays so whatever is asked next */
        CLEANUP(http_response_free) struct http_response later = {0};
        assert_int_equal(ask(&l, "GET", "/", &later, &err), RC_OK);
    }
    size_t posts = 0;
    for (size_t i = 0; i < http_server_seen(l.server); i++)
        posts += str_eq(http_server_request(l.server, i).method, "POST");
    assert_int_equal(posts, 1);
}

static void
test_http_connection_closed_at_once_gets_the_order_at_most_once(void **state)
{
    (void)state;
    static const struct reply reply = {.body = "{}"};
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, NULL, 0);
    l.server = http_server_start_rude(&reply, 1, 1);
    /* The system took the bytes before it knew that nobody reads them: they count as sent. */
    assert_int_equal(ask(&l, "POST", "/v2/orders", &resp, &err), RC_UNKNOWN);
    assert_int_equal(http_server_accepted(l.server), 1);
    assert_int_equal(http_server_seen(l.server), 0);
    assert_int_equal(ask(&l, "GET", "/", &resp, &err), RC_OK);
}

struct later {
    struct line *line;
    int after_ms;
};

static void *
stop_later(void *arg)
{
    const struct later *later = arg;
    (void)usleep((useconds_t)later->after_ms * 1000);
    later->line->stop = SIGTERM;
    return NULL;
}

static void
test_http_stop_cancels_soon_and_says_whether_it_was_sent(void **state)
{
    (void)state;
    static const struct reply reply = {.how = REPLY_SILENT};
    CLEANUP(line_done) struct line l;
    struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    struct later later = {&l, 150};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, &later), 0);
    int64_t start_ns = clock_mono(&l.clock);
    assert_int_equal(ask(&l, "POST", "/", &resp, &err), RC_UNKNOWN);
    assert_true(clock_mono(&l.clock) - start_ns < 10 * NS_PER_S); /* of the 20 s it was given */
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(strstr(err.text, "cancelled while waiting"));

    assert_int_equal(ask(&l, "POST", "/", &resp, &err),
                     RC_STOPPED); /* still asked to stop: not begun */
    assert_int_equal(http_server_seen(l.server), 1);
    l.stop = 0;
}

static void
test_http_tells_that_it_lives_while_it_waits(void **state)
{
    (void)state;
    static const struct reply reply = {.how = REPLY_SILENT};
    CLEANUP(line_done) struct line l;
    struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    struct http_request req = request_to("GET", http_server_url(l.server, "/"));
    req.timeout_ms = 2300;
    assert_int_equal(l.http.perform(l.http.self, &req, &resp, &err), RC_UNKNOWN);
    assert_true(l.progress_calls >= 2);
}

static void
test_http_header_storm_is_cut_not_overrun(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text headers = {0};
    for (int i = 0; i < 40; i++)
        text_printf(&headers, "X-H%d: %0200d\r\n", i, i);
    text_printf(&headers, "X-%0100d: y\r\nRetry-After: %0200d\r\n", 1, 2);
    struct reply reply = {
        .headers = text_str(&headers),
        .content_type = "text/html; charset=utf-8; long="
                        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    CLEANUP(line_done) struct line l;
    CLEANUP(http_response_free) struct http_response resp = {0};
    struct err err = {0};
    line_open(&l, &reply, 1);
    assert_int_equal(ask(&l, "GET", "/", &resp, &err), RC_OK);
    assert_int_equal(resp.extra_len, HTTP_HEADERS_MAX);
    assert_int_equal(strlen(http_header(&resp, "x-h3")), sizeof resp.extra[0].value - 1);
    assert_int_equal(strlen(resp.retry_after), sizeof resp.retry_after - 1);
    assert_int_equal(strlen(resp.content_type), sizeof resp.content_type - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_gives_status_headers_and_body),
        cmocka_unit_test(test_http_sends_what_was_asked_and_nothing_of_its_own),
        cmocka_unit_test(test_http_does_not_follow_redirects),
        cmocka_unit_test(test_http_ignores_the_environments_proxy_for_this_machine),
        cmocka_unit_test(test_http_limits_the_body_after_decompression),
        cmocka_unit_test(test_http_is_unknown_once_something_was_sent),
        cmocka_unit_test(test_http_is_io_where_nothing_was_sent),
        cmocka_unit_test(test_http_refuses_before_anything_is_sent),
        cmocka_unit_test(test_http_keeps_the_connection_for_get_only),
        cmocka_unit_test(test_http_never_sends_an_order_twice),
        cmocka_unit_test(test_http_connection_closed_at_once_gets_the_order_at_most_once),
        cmocka_unit_test(test_http_stop_cancels_soon_and_says_whether_it_was_sent),
        cmocka_unit_test(test_http_tells_that_it_lives_while_it_waits),
        cmocka_unit_test(test_http_header_storm_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
