/*
 * Promises of the WebSocket client: whole messages or none, nothing waits, every end has a reason.
 */
#include "io/ws.h"

#include "tests/lib/check.h"

#include <unistd.h>

#include "tests/lib/http_server.h"
#include "tests/lib/ws_server.h"

enum { STEPS_MAX = 5000, MESSAGE_MAX = 1000 };

struct bed {
    struct ws_server *server;
    struct ws *ws;
    struct stream stream;
};

static void
bed_to(struct bed *b, int port)
{
    char url[64];
    struct err err = {0};

    (void)snprintf(url, sizeof(url), "ws://127.0.0.1:%d/stream", port);
    const struct ws_options opt = {.url = url, .message_max = MESSAGE_MAX};
    assert_int_equal(ws_new(&opt, &b->ws, &err), RC_OK);
    b->stream = ws_seam(b->ws);
    assert_int_equal(b->stream.open(b->ws, &err), RC_OK);
}

static void
bed_open(struct bed *b, const struct ws_script *scripts, size_t n)
{
    *b = (struct bed){.server = ws_server_start(scripts, n)};
    bed_to(b, ws_server_port(b->server));
}

static void
bed_done(struct bed *b)
{
    ws_free(b->ws);
    ws_server_stop(b->server);
}

/* Steps until the stream is in that state; the limit is only for a test that fails. */
static void
until(struct bed *b, enum stream_state state)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        if (b->stream.step(b->ws) == state) return;
        (void)usleep(1000);
    }
    fail_msg("the stream does not come to state %d: %s", state, b->stream.why(b->ws));
}

static void
expect(struct bed *b, const char *words)
{
    CLEANUP(text_free) struct text got = {0};

    for (int i = 0; i < STEPS_MAX && !b->stream.take(b->ws, &got); i++) {
        (void)b->stream.step(b->ws);
        (void)usleep(1000);
    }
    assert_string_equal(text_str(&got), words);
}

static void
test_ws_gives_whole_messages_of_either_kind(void **state)
{
    static const struct ws_script script = {
        {{WS_TEXT, "one", 0}, {WS_BINARY, "{\"two\":2}", 0}, {WS_PARTS, "three and four", 0}}
    };
    struct bed b;

    (void)state;
    bed_open(&b, &script, 1);
    until(&b, STREAM_OPEN);
    expect(&b, "one");
    expect(&b, "{\"two\":2}");
    expect(&b, "three and four");
    assert_true(b.stream.heard(b.ws) >= 4); /* the handshake counts */
    bed_done(&b);
}

static void
test_ws_says_what_it_is_given_and_answers_pings(void **state)
{
    static const struct ws_script script = {
        {{WS_EXPECT, NULL, 0}, {WS_EXPECT, NULL, 0}, {WS_PING, NULL, 0}, {WS_TEXT, "done", 0}}
    };
    struct bed b;
    struct err err = {0};

    (void)state;
    bed_open(&b, &script, 1);
    assert_int_equal(b.stream.send(b.ws, "early", 5, &err), RC_IO);
    until(&b, STREAM_OPEN);
    assert_int_equal(b.stream.send(b.ws, "hello", 5, &err), RC_OK);
    assert_int_equal(b.stream.send(b.ws, "again", 5, &err), RC_OK);
    expect(&b, "done");
    assert_string_equal(ws_server_seen(b.server, 0), "1 hello");
    assert_string_equal(ws_server_seen(b.server, 1), "1 again");
    assert_string_equal(ws_server_seen(b.server, 2), "a hi");
    bed_done(&b);
}

static void
test_ws_ends_with_a_reason(void **state)
{
    static const struct {
        const char *what;
        struct ws_script script;
        const char *why; /* NULL: any */
    } cases[] = {
        {"closed by the server", {{{WS_CLOSE, NULL, 0}}},                     "closed by the server (1011)"},
        {"reset",                {{{WS_RESET, NULL, 0}}},                     NULL                         },
        {"refused",              {{{WS_REFUSE, NULL, 0}}},                    NULL                         },
        {"too large",            {{{WS_LARGE, NULL, MESSAGE_MAX + 1}}},       "a message is too large"     },
        {"no frame",             {{{WS_RAW, "\xff\xff\xff\xff\xff\xff", 6}}}, NULL                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bed b;
        CLEANUP(text_free) struct text none = {0};

        print_message("%s\n", cases[i].what);
        bed_open(&b, &cases[i].script, 1);
        until(&b, STREAM_CLOSED);
        assert_false(b.stream.take(b.ws, &none));
        assert_true(b.stream.why(b.ws)[0] != '\0');
        assert_null(strstr(b.stream.why(b.ws), "/stream"));
        if (cases[i].why != NULL) assert_string_equal(b.stream.why(b.ws), cases[i].why);
        bed_done(&b);
    }
}

static void
test_ws_connects_again_after_every_end(void **state)
{
    static const struct ws_script scripts[] = {
        {{{WS_RESET, NULL, 0}}},
        {{{WS_REFUSE, NULL, 0}}},
        {{{WS_TEXT, "half", 0}, {WS_RAW, "\x01\x05he", 4}, {WS_RESET, NULL, 0}}},
        {{{WS_TEXT, "here", 0}}},
    };
    struct bed b;
    struct err err = {0};

    (void)state;
    bed_open(&b, scripts, COUNT_OF(scripts));
    for (int i = 0; i < 3; i++) {
        until(&b, STREAM_CLOSED);
        assert_int_equal(b.stream.open(b.ws, &err), RC_OK);
    }
    until(&b, STREAM_OPEN);
    expect(&b, "here"); /* nothing of the half message that went before */
    assert_int_equal(ws_server_accepted(b.server), 4);
    bed_done(&b);
}

static void
test_ws_without_a_server_is_closed_and_says_so(void **state)
{
    struct bed b = {0};

    (void)state;
    bed_to(&b, http_closed_port());
    until(&b, STREAM_CLOSED);
    assert_true(b.stream.why(b.ws)[0] != '\0');
    bed_done(&b);
}

static void
test_ws_drops_what_nobody_takes(void **state)
{
    static const struct ws_script script = {{{WS_TEXT, "kept", 0}}};
    struct bed b;
    CLEANUP(text_free) struct text none = {0};
    struct err err = {0};

    (void)state;
    bed_open(&b, &script, 1);
    until(&b, STREAM_OPEN);
    expect(&b, "kept");
    b.stream.close(b.ws);
    assert_int_equal(b.stream.step(b.ws), STREAM_CLOSED);
    assert_int_equal(b.stream.send(b.ws, "x", 1, &err), RC_IO);
    assert_false(b.stream.take(b.ws, &none));
    bed_done(&b);
}

static void
test_ws_refuses_addresses_that_are_not_safe(void **state)
{
    static const char *const urls[] = {
        "ws://example.org/stream", "http://127.0.0.1/stream", "wss://user@example.org/",
        "wss:///stream",           "wss://example.org:0/",    "wss://example.org:99999/",
        "wss://exa mple.org/",     "ws://127.0.0.1:80@x.org", "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        const struct ws_options opt = {.url = urls[i], .message_max = MESSAGE_MAX};
        struct ws *ws = NULL;
        struct err err = {0};

        print_message("%s\n", urls[i]);
        assert_int_not_equal(ws_new(&opt, &ws, &err), RC_OK);
        assert_null(ws);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_gives_whole_messages_of_either_kind),
        cmocka_unit_test(test_ws_says_what_it_is_given_and_answers_pings),
        cmocka_unit_test(test_ws_ends_with_a_reason),
        cmocka_unit_test(test_ws_connects_again_after_every_end),
        cmocka_unit_test(test_ws_without_a_server_is_closed_and_says_so),
        cmocka_unit_test(test_ws_drops_what_nobody_takes),
        cmocka_unit_test(test_ws_refuses_addresses_that_are_not_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
