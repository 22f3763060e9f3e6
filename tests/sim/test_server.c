/*
 * Promises of the server: the market over real loopback HTTP, asked by the real client; broken
 * connections are broken, a delayed answer holds up no other, nobody else can reach it, and it
 * stops in order.
 */
#include "tests/sim/market.h"

#include <poll.h>

#include "io/clock.h"
#include "io/http.h"
#include "sim/server.h"

struct served {
    pid_t pid;
    int port;
    struct sys_clock sys_clock;
    struct clock clock;
    struct curl_http *client;
    struct http http;
};

/* ---- the child ------------------------------------------------------------------------------ */

static struct clock real;

static int64_t
child_mono(void *self)
{
    (void)self;
    return clock_mono(&real);
}

static void
serve(int to_parent)
{
    struct market m;
    struct server *s = NULL;
    struct err err = {0};
    struct sys_clock sys_clock;
    struct clock_options opt = {0};

    if (clock_open(&opt, &sys_clock, &err) != RC_OK) _exit(3);
    real = clock_seam(&sys_clock);
    market_make(&m, (const char *const[]){"NVDA", "AAPL"}, 2, 1);
    m.clock.mono_ns = child_mono; /* the day stands, delays pass */
    if (server_open(&m.sim, 0, &s, &err) != RC_OK) _exit(3);

    int port = server_port(s);

    if (write(to_parent, &port, sizeof(port)) != (ssize_t)sizeof(port)) _exit(3);
    while (!m.sim.is_stop_wanted) {
        struct pollfd fd = {.fd = server_fd(s), .events = POLLIN};
        int64_t deadline = server_deadline_ns(s), now = clock_mono(&real);
        int wait_ms = deadline == INT64_MAX ? 1000 : (int)MAX(0, (deadline - now) / NS_PER_MS + 1);

        (void)poll(&fd, 1, MIN(wait_ms, 1000)); /* run looks itself */
        server_run(s);
    }
    server_close(s);
    market_free(&m);
    _exit(0);
}

/* ---- the parent ----------------------------------------------------------------------------- */

static void
served_open(struct served *v)
{
    int fds[2];
    struct clock_options opt = {0};
    struct err err = {0};

    *v = (struct served){0};
    (void)fflush(NULL);
    assert_int_equal(pipe(fds), 0);
    v->pid = fork();
    if (v->pid == 0) serve(fds[1]);
    assert_true(v->pid > 0);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &v->port, sizeof(v->port)), (ssize_t)sizeof(v->port));
    (void)close(fds[0]);
    assert_int_equal(clock_open(&opt, &v->sys_clock, &err), RC_OK);
    v->clock = clock_seam(&v->sys_clock);
    struct http_options http = {.clock = &v->clock};
    assert_int_equal(curl_http_new(&http, &v->client, &err), RC_OK);
    v->http = curl_http_seam(v->client);
}

static enum rc
ask(struct served *v, const char *method, const char *path, const char *body, int64_t timeout_ms,
    struct http_response *ret_resp)
{
    char url[512];
    struct err err = {0};
    struct http_request req = {
        .method = method, .url = url, .body = body, .timeout_ms = timeout_ms};

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", v->port, path);
    req.body_len = body == NULL ? 0 : strlen(body);
    req.headers[0] = (struct http_header){"APCA-API-KEY-ID", "key"};
    req.headers[1] = (struct http_header){"APCA-API-SECRET-KEY", "secret"};
    req.headers[2] = (struct http_header){"Authorization", "Bearer uw"};
    req.headers_len = 3;
    return v->http.perform(v->http.self, &req, ret_resp, &err);
}

static void
served_close(struct served *v)
{
    CLEANUP(http_response_free) struct http_response r = {0};
    int status = 0;

    assert_int_equal(ask(v, "POST", "/sim/shutdown", "", 5000, &r), RC_OK);
    assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    curl_http_free(v->client);
}

static void
set_faults(struct served *v, const char *spec)
{
    CLEANUP(http_response_free) struct http_response r = {0};

    assert_int_equal(ask(v, "POST", "/sim/faults", spec, 5000, &r), RC_OK);
    assert_int_equal(r.status, 200);
}

static void
test_server_answers_the_real_client(void **state)
{
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *part;
    } CASES[] = {
        {"GET",    "/v2/account",                                                                   NULL, 200, "\"cash\":\"55000.00\""  },
        {"GET",
         "/v2/stocks/"
         "bars?symbols=NVDA%2CAAPL&timeframe=1Min&limit=2&start=2026-02-10T14%3A30%3A00%2B00%3A00", NULL, 200, "2026-02-10T14:31:00Z"   },
        {"GET",    "/api/option-trades/flow-alerts?ticker_symbol=NVDA",                             NULL, 200, "\"older_than\""         },
        {"POST",   "/v2/orders",
         "{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":"
         "\"day\"}",                                                                                      200, "pending_new"            },
        {"GET",    "/v2/orders:by_client_order_id?client_order_id=nobody",                          NULL, 404,
         "order not found for nobody"                                                                                                   },
        {"DELETE", "/v2/positions/AAPL",                                                            NULL, 404, "position does not exist"},
        {"GET",    "/sim/status",                                                                   NULL, 200, "\"orders\":1"           },
    };
    struct served v;

    (void)state;
    served_open(&v);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(http_response_free) struct http_response r = {0};

        assert_int_equal(ask(&v, CASES[i].method, CASES[i].path, CASES[i].body, 5000, &r), RC_OK);
        assert_int_equal(r.status, CASES[i].status);
        if (strstr(text_str(&r.body), CASES[i].part) == NULL)
            fail_msg("%s: %.200s", CASES[i].path, text_str(&r.body));
        if (str_starts(CASES[i].path, "/api/"))
            assert_string_equal(http_header(&r, "x-uw-daily-req-count"), "1");
    }
    served_close(&v);
}

static void
test_server_breaks_connections_as_asked(void **state)
{
    static const struct {
        const char *spec;
        enum rc rc;
        int64_t timeout_ms;
    } CASES[] = {
        {"reset:/v2/account",       RC_UNKNOWN, 5000},
        {"lost:/v2/account",        RC_UNKNOWN, 5000},
        {"truncate:/v2/account",    RC_UNKNOWN, 5000},
        {"drop:/v2/account",        RC_UNKNOWN, 200 },
        {"delay=60000:/v2/account", RC_UNKNOWN, 200 },
        {"delay=50:/v2/account",    RC_OK,      5000},
        {"",                        RC_OK,      5000},
    };
    struct served v;

    (void)state;
    served_open(&v);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(http_response_free) struct http_response r = {0};

        set_faults(&v, CASES[i].spec);
        enum rc rc = ask(&v, "GET", "/v2/account", NULL, CASES[i].timeout_ms, &r);
        if (rc != CASES[i].rc) fail_msg("%s: %s", CASES[i].spec, rc_name(rc));
    }
    served_close(&v); /* in order, although two connections are still held */
}

/* Executed, answer lost: the client cannot know, the book does. */
static void
test_server_loses_answers_after_executing(void **state)
{
    static const char ORDER[] =
        "{\"symbol\":\"NVDA\",\"qty\":1,\"side\":\"buy\",\"type\":\"market\","
        "\"time_in_force\":\"day\",\"client_order_id\":\"one\"}";
    CLEANUP(http_response_free) struct http_response lost = {0};
    CLEANUP(http_response_free) struct http_response found = {0};
    CLEANUP(http_response_free) struct http_response book = {0};
    struct served v;

    (void)state;
    served_open(&v);
    set_faults(&v, "lost:POST/v2/orders:1");
    assert_int_equal(ask(&v, "POST", "/v2/orders", ORDER, 5000, &lost), RC_UNKNOWN);
    assert_int_equal(
        ask(&v, "GET", "/v2/orders:by_client_order_id?client_order_id=one", NULL, 5000, &found),
        RC_OK);
    assert_int_equal(found.status, 200);
    assert_int_equal(ask(&v, "GET", "/sim/book", NULL, 5000, &book), RC_OK);
    CLEANUP(json_freep) struct json *doc = market_json(&book.body);
    assert_int_equal(json_len(json_get(doc, "orders")),
                     1); /* sent once: the client did not repeat it */
    assert_int_equal(json_i64(doc, "duplicate_client_ids", -1), 0);
    served_close(&v);
}

static void
test_server_refuses_large_bodies(void **state)
{
    CLEANUP(http_response_free) struct http_response r = {0};
    char *body = calloc(1, SIM_BODY_MAX + 2);
    struct served v;

    (void)state;
    assert_non_null(body);
    memset(body, ' ', SIM_BODY_MAX + 1);
    served_open(&v);
    assert_int_equal(ask(&v, "POST", "/v2/orders", body, 5000, &r), RC_OK);
    assert_int_equal(r.status, 413);
    free(body);
    served_close(&v);
}

static void
test_server_says_why_it_cannot_listen(void **state)
{
    struct market m;
    struct server *first = NULL, *second = NULL;
    struct err err = {0};

    (void)state;
    market_make(&m, (const char *const[]){"NVDA"}, 1, 1);
    assert_int_equal(server_open(&m.sim, 0, &first, &err), RC_OK);
    assert_int_equal(server_open(&m.sim, server_port(first), &second, &err), RC_IO);
    assert_non_null(strstr(err.text, "127.0.0.1"));
    server_close(first);
    market_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_answers_the_real_client),
        cmocka_unit_test(test_server_breaks_connections_as_asked),
        cmocka_unit_test(test_server_loses_answers_after_executing),
        cmocka_unit_test(test_server_refuses_large_bodies),
        cmocka_unit_test(test_server_says_why_it_cannot_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
