/*
 * The poster: everything arrives in order, nothing waits, and what is lost is told without the URL.
 */
#include "io/post.h"

#include "tests/lib/check.h"

#include <stdio.h>
#include <time.h>

#include "io/clock.h"
#include "tests/lib/http_server.h"

struct bed {
    struct sys_clock sys_clock;
    struct clock clock;
    struct http_server *server;
    char url[128];
    struct poster *poster;
    int failures;
    char why[256]; /* of the last one */
};

static void
note_failure(void *ctx, const char *why)
{
    struct bed *b = ctx;

    b->failures++;
    (void)str_copy(b->why, sizeof b->why, why);
}

static void
bed_open(struct bed *b, const struct reply *replies, size_t n)
{
    struct clock_options clock_options = {0};
    struct err err = {0};

    *b = (struct bed){0};
    assert_int_equal(clock_open(&clock_options, &b->sys_clock, &err), RC_OK);
    b->clock = clock_seam(&b->sys_clock);
    if (n > 0) b->server = http_server_start(replies, n);
    (void)snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/hook/s3cret",
                   n > 0 ? http_server_port(b->server) : http_closed_port());
    struct poster_options opt = {
        .url = b->url, .clock = &b->clock, .failed = note_failure, .failed_ctx = b};
    assert_int_equal(poster_new(&opt, &b->poster, &err), RC_OK);
}

static void
bed_close(struct bed *b)
{
    poster_free(b->poster);
    http_server_stop(b->server);
}

static void
put(struct bed *b, const char *json)
{
    poster_put(b->poster, json, strlen(json));
}

static void
step_to_the_end(struct bed *b)
{
    const struct timespec pause = {.tv_nsec = NS_PER_MS};

    while (poster_step(b->poster))
        (void)nanosleep(&pause, NULL);
}

static void
test_post_arrives_whole_and_in_order(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, (struct reply[]){{.status = 204}}, 1);
    assert_false(poster_step(b.poster));
    put(&b, "{\"event\":\"one\"}");
    put(&b, "{\"event\":\"two\"}");
    step_to_the_end(&b);
    assert_int_equal(http_server_seen(b.server), 2);
    struct seen_request first = http_server_request(b.server, 0);
    assert_string_equal(first.method, "POST");
    assert_string_equal(first.target, "/hook/s3cret");
    assert_string_equal(first.body, "{\"event\":\"one\"}");
    assert_non_null(strstr(first.headers, "Content-Type: application/json"));
    assert_string_equal(http_server_request(b.server, 1).body, "{\"event\":\"two\"}");
    assert_int_equal(b.failures, 0);
    bed_close(&b);
}

/* The server says nothing; whoever steps goes on, and may leave at any time. */
static void
test_post_never_waits_for_a_silent_server(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, (struct reply[]){{.how = REPLY_SILENT}}, 1);
    put(&b, "{}");
    for (int i = 0; i < 1000; i++)
        assert_true(poster_step(b.poster));
    poster_drain(b.poster);
    assert_true(poster_step(b.poster));
    assert_int_equal(b.failures, 0); /* it may still come */
    bed_close(&b);
}

static void
test_post_tells_what_was_lost_without_the_url(void **state)
{
    static const struct {
        const char *name;
        struct reply reply; /* status 1: nobody listens */
        const char *words;
    } cases[] = {
        {"refused", {.status = 500},      "answered 500"},
        {"moved",   {.status = 301},      "answered 301"},
        {"reset",   {.how = REPLY_RESET}, ""            },
        {"closed",  {.how = REPLY_CLOSE}, ""            },
        {"no one",  {.status = 1},        "127.0.0.1"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;

        bed_open(&b, &cases[i].reply, cases[i].reply.status == 1 ? 0 : 1);
        put(&b, "{}");
        step_to_the_end(&b);
        if (b.failures != 1 || strstr(b.why, cases[i].words) == NULL || b.why[0] == '\0')
            fail_msg("%s: %d times, %s", cases[i].name, b.failures, b.why);
        assert_null(strstr(b.why, "s3cret"));
        bed_close(&b);
    }
}

/* The sixty-fifth has no room; the others are not touched by that. */
static void
test_post_queue_is_bounded(void **state)
{
    char json[32];
    struct bed b;

    (void)state;
    bed_open(&b, (struct reply[]){{.status = 200}}, 1);
    for (int i = 0; i <= POST_QUEUE_MAX; i++) {
        (void)snprintf(json, sizeof json, "{\"n\":%d}", i);
        put(&b, json);
    }
    assert_int_equal(b.failures, 1);
    assert_string_equal(b.why, "the queue is full");
    step_to_the_end(&b);
    assert_int_equal(http_server_seen(b.server), POST_QUEUE_MAX);
    assert_string_equal(http_server_request(b.server, POST_QUEUE_MAX - 1).body, "{\"n\":63}");
    bed_close(&b);
}

static void
test_post_none_is_a_poster_too(void **state)
{
    (void)state;
    assert_false(poster_step(NULL));
    poster_drain(NULL);
    poster_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post_arrives_whole_and_in_order),
        cmocka_unit_test(test_post_never_waits_for_a_silent_server),
        cmocka_unit_test(test_post_tells_what_was_lost_without_the_url),
        cmocka_unit_test(test_post_queue_is_bounded),
        cmocka_unit_test(test_post_none_is_a_poster_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
