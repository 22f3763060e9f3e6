/*
 * The client over the real HTTP library against a real loopback server: every way an answer can go
 * wrong (spec 20 2.10, T-11).
 */
#include "tests/lib/check.h"
#include "io/clock.h"
#include "io/http.h"
#include "tests/lib/http_server.h"
#include "tests/lib/uw_world.h"

#define NOON "2026-01-20T17:00:00Z"
#define TIDE "/api/market/market-tide"

enum { TIMEOUT_MS = 400, LARGE = 20 << 20 };

struct row {
    const char *what;
    struct reply reply[3];
    size_t replies;
    enum uw_result want;
    int status, attempts;
    enum usage_pause pause;
};

static char *large_body;

static int
make_large(void **state)
{
    (void)state;
    large_body = malloc(LARGE + 1);
    if (large_body == NULL) return -1;
    memset(large_body, ' ', LARGE);
    memcpy(large_body, "{\"data\":[", 9);
    memcpy(large_body + LARGE - 2, "]}", 3);
    return 0;
}

static int
free_large(void **state)
{
    (void)state;
    free(large_body);
    return 0;
}

static void
check(const struct row *row)
{
    struct uw_world w;
    struct uw_answer a;
    struct uw_call call = uw_test_call(TIDE, "market_sentiment");
    struct sys_clock real;
    struct clock_options opt = {0};
    struct curl_http *curl = NULL;
    struct err err = {0};
    char base[64];
    struct http_server *server = http_server_start(row->reply, row->replies);

    uw_world_make(&w, NOON);
    assert_int_equal(clock_open(&opt, &real, &err), RC_OK);
    struct clock clock = clock_seam(&real);
    struct http_options http = {.clock = &clock};
    assert_int_equal(curl_http_new(&http, &curl, &err), RC_OK);
    w.http = curl_http_seam(curl);
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", http_server_port(server));
    w.cfg.base_url = base;
    (void)uw_world_client(&w);
    call.timeout_ms = TIMEOUT_MS;
    enum uw_result got = uw_http_get(&w.client, &call, &a);
    if (got != row->want || a.status != row->status || a.attempts != row->attempts ||
        a.pause != row->pause)
        fail_msg("%s: %s, status %d, %d attempts, pause %s (%s)", row->what, uw_result_name(got),
                 a.status, a.attempts, usage_pause_name(a.pause), a.message);
    assert_int_equal(test_count(&w.root, CACHE_DIR, ".json"), got == UW_OK);
    uw_answer_free(&a);
    uw_world_remove(&w);
    curl_http_free(curl);
    http_server_stop(server);
}

static void
test_contract_4_8_real_answers_that_go_wrong(void **state)
{
    static const char OK_BODY[] = "{\"data\":[{\"a\":1}]}";
    const struct row rows[] = {
        {"200",                     {{.body = OK_BODY}},                                  1, UW_OK,         200, 1, PAUSE_NONE},
        {"200, compressed",         {{.how = REPLY_GZIP, .body = OK_BODY}},               1, UW_OK,         200, 1, PAUSE_NONE},
        {"200 as text/plain",
         {{.content_type = "text/plain", .body = OK_BODY}},
         1,                                                                                  UW_OK,
         200,                                                                                                    1,
         PAUSE_NONE                                                                                                           },
        {"200 with HTML",
         {{.content_type = "text/html", .body = "<html></html>"}},
         1,                                                                                  UW_ESCHEMA,
         200,                                                                                                    1,
         PAUSE_NONE                                                                                                           },
        {"200 with a list",         {{.body = "[]"}},                                     1, UW_ESCHEMA,    200, 1, PAUSE_NONE},
        {"200 with nothing",        {{.body = ""}},                                       1, UW_ESCHEMA,    200, 1, PAUSE_NONE},
        {"204",                     {{.status = 204}},                                    1, UW_EHTTP,      204, 1, PAUSE_NONE},
        {"302 is not followed",
         {{.status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"}},
         1,                                                                                  UW_EHTTP,
         302,                                                                                                    1,
         PAUSE_NONE                                                                                                           },
        {"401",                     {{.status = 401}},                                    1, UW_EHTTP,      401, 1, PAUSE_AUTH},
        {"404",                     {{.status = 404}},                                    1, UW_EHTTP,      404, 1, PAUSE_NONE},
        {"422",                     {{.status = 422, .body = "{\"msg\":\"no\"}"}},        1, UW_EHTTP,      422, 1, PAUSE_NONE},
        {"429 of the minute",
         {{.status = 429, .headers = "Retry-After: 7\r\n"}},
         1,                                                                                  UW_EHTTP,
         429,                                                                                                    1,
         PAUSE_MINUTE                                                                                                         },
        {"429 of the day",
         {{.status = 429,
           .headers = "X-UW-Daily-Req-Count: 20000\r\nX-UW-TOKEN-REQ-LIMIT: 20000\r\n"}},
         1,                                                                                  UW_EHTTP,
         429,                                                                                                    1,
         PAUSE_DAILY                                                                                                          },
        {"500 twice, then 200",
         {{.status = 500}, {.status = 500}, {.body = OK_BODY}},
         3,                                                                                  UW_OK,
         200,                                                                                                    3,
         PAUSE_NONE                                                                                                           },
        {"reset",                   {{.how = REPLY_RESET}},                               1, UW_ETRANSPORT, 0,   3, PAUSE_NONE},
        {"reset, then 200",
         {{.how = REPLY_RESET}, {.body = OK_BODY}},
         2,                                                                                  UW_OK,
         200,                                                                                                    2,
         PAUSE_NONE                                                                                                           },
        {"closed without a word",   {{.how = REPLY_CLOSE}},                               1, UW_ETRANSPORT, 0,   3, PAUSE_NONE},
        {"cut body",
         {{.how = REPLY_TRUNCATED, .body = OK_BODY}},
         1,                                                                                  UW_ETRANSPORT,
         0,                                                                                                      3,
         PAUSE_NONE                                                                                                           },
        {"silence",                 {{.how = REPLY_SILENT}},                              1, UW_ETRANSPORT, 0,   3, PAUSE_NONE},
        {"slow drip",
         {{.how = REPLY_DRIP, .drip_ms = 100, .body = OK_BODY}},
         1,                                                                                  UW_ETRANSPORT,
         0,                                                                                                      3,
         PAUSE_NONE                                                                                                           },
        {"garbage instead of HTTP",
         {{.how = REPLY_RAW, .body = "hello there\r\n\r\n"}},
         1,                                                                                  UW_ETRANSPORT,
         0,                                                                                                      3,
         PAUSE_NONE                                                                                                           },
        {"20 MiB",                  {{.body = large_body, .body_len = LARGE}},            1, UW_ESCHEMA,    200, 1, PAUSE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_8_real_answers_that_go_wrong),
    };
    return cmocka_run_group_tests(tests, make_large, free_large);
}
