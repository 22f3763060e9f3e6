/*
 * The broker's stream, over a real socket: what it says makes the desk look, and whatever it does
 * wrong costs a hint and nothing else.
 */
#include "tests/sim/market.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "engine/listener.h"
#include "io/clock.h"
#include "sim/server.h"
#include "tests/lib/http_server.h"

struct bed {
    struct market m;
    struct server *server;
    struct sys_clock sys_clock;
    struct clock clock; /* the listener's; the market's stands where it is put */
    int64_t ahead_ns;   /* of the listener's monotonic clock */
    struct test_log log;
    struct log log_seam;
    struct broker_config cfg;
    char url[64];
    struct listener l;
    int hints;
    char hinted[CLIENT_ID_MAX];
};

static struct bed *ahead; /* whose clock may be put ahead */
static struct clock real;

static int64_t
mono(void *self)
{
    (void)self;
    return clock_mono(&real) + ahead->ahead_ns;
}

static void
changed(void *ctx, const char *client_id)
{
    struct bed *b = ctx;

    b->hints++;
    (void)str_copy(b->hinted, sizeof b->hinted, client_id);
}

static void
listen_at(struct bed *b, int port, const char *secret)
{
    (void)snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/", port);
    b->cfg = (struct broker_config){.key = "key", .secret = secret, .base_url = b->url};
    listener_init(&b->l, &(struct listener_options){.cfg = &b->cfg,
                                                    .clock = &b->clock,
                                                    .log = &b->log_seam,
                                                    .silent_ns = 30 * NS_PER_S,
                                                    .seed = 1,
                                                    .changed = changed,
                                                    .ctx = b});
}

static void
bed_open(struct bed *b, const char *faults)
{
    struct clock_options clock_options = {0};
    struct err err = {0};

    *b = (struct bed){0};
    market_make(&b->m, (const char *const[]){"AAPL", "MSFT"}, 2, 1);
    if (faults != NULL) market_faults(&b->m, faults);
    assert_int_equal(clock_open(&clock_options, &b->sys_clock, &err), RC_OK);
    b->clock = real = clock_seam(&b->sys_clock);
    b->clock.mono_ns = mono;
    ahead = b;
    b->log_seam = test_log_seam(&b->log);
    assert_int_equal(server_open(&b->m.sim, 0, &b->server, &err), RC_OK);
}

static void
bed_close(struct bed *b)
{
    listener_done(&b->l);
    server_close(b->server);
    market_free(&b->m);
}

static void
step(struct bed *b)
{
    const struct timespec moment = {.tv_nsec = NS_PER_MS};

    if (b->server != NULL) server_run(b->server);
    listener_step(&b->l);
    (void)nanosleep(&moment, NULL);
}

/* Until it is so; a minute is for ever. */
#define STEP_UNTIL(b, condition)                                                                   \
    do {                                                                                           \
        int64_t until_ns_ = clock_mono(&real) + 60 * NS_PER_S;                                     \
                                                                                                   \
        while (!(condition)) {                                                                     \
            if (clock_mono(&real) > until_ns_) fail_msg("in vain: %s", #condition);                \
            step(b);                                                                               \
        }                                                                                          \
    } while (0)

static void
steps(struct bed *b, int n)
{
    for (int i = 0; i < n; i++)
        step(b);
}

static void
order(struct bed *b, const char *client_id)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"symbol\":\"AAPL\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"market\","
                   "\"time_in_force\":\"day\",\"client_order_id\":\"%s\"}",
                   client_id);
    CLEANUP(sim_reply_free)
    struct sim_reply r = market_ask(&b->m, "POST", "/v2/orders", NULL, body);
    assert_int_equal(r.status, 200);
}

/* The market goes on for a while. */
static void
pass(struct bed *b, int64_t ns)
{
    b->m.at.now_ns += ns;
}

static void
test_listener_hears_of_a_fill(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, NULL);
    listen_at(&b, server_port(b.server), "secret");
    assert_string_equal(listener_state(&b.l), "away");
    assert_true(isnan(listener_age_s(&b.l)));
    STEP_UNTIL(&b, b.l.phase == LISTENER_LIVE);
    assert_int_equal(test_log_count(&b.log, EV_TRADE_STREAM_LIVE), 1);
    assert_string_equal(listener_state(&b.l), "live");
    order(&b, "v1-1-x");
    STEP_UNTIL(&b, b.l.updates > 0);
    assert_int_equal(b.hints, 0); /* "new" is no change */
    pass(&b, 5 * NS_PER_S);
    STEP_UNTIL(&b, b.hints > 0);
    assert_string_equal(b.hinted, "v1-1-x");
    bed_close(&b);
}

/* What happened before somebody listened is not told again to the next connection. */
static void
test_listener_is_not_told_old_news(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, NULL);
    order(&b, "v1-1-old");
    pass(&b, 60 * NS_PER_S);
    listen_at(&b, server_port(b.server), "secret");
    STEP_UNTIL(&b, b.l.phase == LISTENER_LIVE);
    steps(&b, 20);
    assert_int_equal(b.l.updates, 0);
    bed_close(&b);
}

static void
test_listener_survives_what_a_stream_does_wrong(void **state)
{
    static const struct {
        const char *name, *faults;
        int hints;    /* of one fill */
        bool is_lost; /* the connection ends over it */
        bool is_bad;  /* one message could not be read */
    } cases[] = {
        {"sound",     NULL,              1, false, false},
        {"lost",      "drop:STREAM",     0, false, false},
        {"doubled",   "dupfill:STREAM",  2, false, false},
        {"half",      "truncate:STREAM", 0, false, true },
        {"no frames", "garbage:STREAM",  0, true,  false},
        {"reset",     "reset:STREAM",    0, true,  false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;

        bed_open(&b, cases[i].faults);
        listen_at(&b, server_port(b.server), "secret");
        STEP_UNTIL(&b, b.l.phase == LISTENER_LIVE);
        order(&b, "v1-1-x");
        pass(&b, 5 * NS_PER_S);
        if (cases[i].is_lost) STEP_UNTIL(&b, test_log_count(&b.log, EV_TRADE_STREAM_LOST) > 0);
        STEP_UNTIL(&b, b.hints >= cases[i].hints);
        if (cases[i].is_bad) STEP_UNTIL(&b, test_log_count(&b.log, EV_TRADE_STREAM_BAD) > 0);
        steps(&b, 30);
        if (b.hints != cases[i].hints)
            fail_msg("%s: %d hints, %lld updates", cases[i].name, b.hints, (long long)b.l.updates);
        if (!cases[i].is_lost && b.l.phase != LISTENER_LIVE) fail_msg("%s: gone", cases[i].name);
        if (test_log_count(&b.log, EV_TRADE_STREAM_BAD) != (cases[i].is_bad ? 1 : 0))
            fail_msg("%s: said to be bad or not", cases[i].name);
        if (cases[i].is_lost) { /* and it comes back by itself */
            market_faults(&b.m, "");
            b.ahead_ns += 2 * NS_PER_S;
            STEP_UNTIL(&b, b.l.phase == LISTENER_LIVE);
            assert_int_equal(b.l.connections, 2);
        }
        bed_close(&b);
    }
}

/* One word when it is lost; then ever rarer tries, in silence. */
static void
test_listener_tries_ever_more_rarely(void **state)
{
    struct bed b;
    int64_t waits_ns = 0;

    (void)state;
    bed_open(&b, NULL);
    listen_at(&b, http_closed_port(), "secret");
    for (int tries = 1; tries <= 10; tries++) {
        STEP_UNTIL(&b, b.l.failures == tries);
        int64_t wait_ns = b.l.next_try_ns - clock_mono(&b.clock);
        int64_t want_ns = MIN(LISTENER_RETRY_MIN_NS << (tries - 1), LISTENER_RETRY_MAX_NS);
        assert_in_range(wait_ns, want_ns * 7 / 10, want_ns * 6 / 5);
        waits_ns += wait_ns;
        b.ahead_ns += wait_ns;
    }
    assert_true(waits_ns > 200 * NS_PER_S);
    assert_int_equal(test_log_count(&b.log, EV_TRADE_STREAM_LOST), 1);
    bed_close(&b);
}

static void
test_listener_refused_keys_are_not_tried_every_minute(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, NULL);
    listen_at(&b, server_port(b.server), "wr0ng-secret");
    STEP_UNTIL(&b, test_log_count(&b.log, EV_TRADE_STREAM_LOST) > 0);
    assert_non_null(strstr(test_log_last(&b.log, EV_TRADE_STREAM_LOST), "refused our keys"));
    assert_null(strstr(test_log_last(&b.log, EV_TRADE_STREAM_LOST), "wr0ng"));
    assert_true(b.l.next_try_ns - clock_mono(&b.clock) > 10 * NS_PER_MIN);
    bed_close(&b);
}

/* A stream on which nothing comes, not even the answer to a ping, is given up by its age. */
static void
test_listener_notices_a_silent_stream(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, NULL);
    listen_at(&b, server_port(b.server), "secret");
    STEP_UNTIL(&b, b.l.phase == LISTENER_LIVE);
    b.ahead_ns += 11 * NS_PER_S; /* quiet for a third: a ping, which is answered */
    STEP_UNTIL(&b, b.l.pinged_ns > 0 && listener_age_s(&b.l) < 5);
    assert_string_equal(listener_state(&b.l), "live");
    b.ahead_ns += 300 * NS_PER_S; /* a long cycle: our absence, not its silence */
    step(&b);
    assert_string_equal(listener_state(&b.l), "live");
    STEP_UNTIL(&b, listener_age_s(&b.l) < 5);
    struct server *deaf = b.server;
    b.server = NULL; /* it does not run any more */
    for (int i = 0; i < 9 && test_log_count(&b.log, EV_TRADE_STREAM_LOST) == 0; i++) {
        b.ahead_ns += 11 * NS_PER_S;
        step(&b);
    }
    assert_int_equal(test_log_count(&b.log, EV_TRADE_STREAM_SILENT), 1);
    assert_int_equal(test_log_count(&b.log, EV_TRADE_STREAM_LOST), 1);
    assert_string_equal(listener_state(&b.l), "away");
    assert_true(listener_age_s(&b.l) > 30);
    b.server = deaf;
    bed_close(&b);
}

/* Something that speaks HTTP and no more. */
static void
test_listener_is_refused_by_what_is_no_stream(void **state)
{
    static const struct {
        const char *name;
        struct reply reply;
        const char *words;
    } cases[] = {
        {"a page",         {.body = "<html>"},                                                 "answered 200"      },
        {"not here",       {.status = 404},                                                    "answered 404"      },
        {"no accept",      {.status = 101, .headers = "Upgrade: websocket\r\n"},               "did not understand"},
        {"another key",
         {.status = 101,
          .headers =
              "Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"},
         "did not understand"                                                                                      },
        {"something else", {.status = 101, .headers = "Upgrade: h2c\r\n"},                     "something else"    },
        {"no HTTP",        {.how = REPLY_RAW, .body = "SSH-2.0-OpenSSH\r\n\r\n"},              "no HTTP"           },
        {"hung up",        {.how = REPLY_CLOSE},                                               ""                  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_server *other = http_server_start(&cases[i].reply, 1);
        struct bed b;

        bed_open(&b, NULL);
        listen_at(&b, http_server_port(other), "secret");
        STEP_UNTIL(&b, test_log_count(&b.log, EV_TRADE_STREAM_LOST) > 0);
        const char *said = test_log_last(&b.log, EV_TRADE_STREAM_LOST);
        if (strstr(said, cases[i].words) == NULL) fail_msg("%s: %s", cases[i].name, said);
        bed_close(&b);
        http_server_stop(other);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listener_hears_of_a_fill),
        cmocka_unit_test(test_listener_is_not_told_old_news),
        cmocka_unit_test(test_listener_survives_what_a_stream_does_wrong),
        cmocka_unit_test(test_listener_tries_ever_more_rarely),
        cmocka_unit_test(test_listener_refused_keys_are_not_tried_every_minute),
        cmocka_unit_test(test_listener_notices_a_silent_stream),
        cmocka_unit_test(test_listener_is_refused_by_what_is_no_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
