/*
 * The words of the stream of trade updates: what is said to us, what we say, and where.
 */
#include "broker/trade_stream.h"

#include "tests/lib/check.h"

#include "base/json.h"

#define SAID(stream, data)   "{\"stream\":\"" stream "\",\"data\":" data "}"
#define UPDATE(event, order) SAID("trade_updates", "{\"event\":\"" event "\",\"order\":" order "}")
#define OURS                 "{\"client_order_id\":\"v1-1-x\",\"symbol\":\"AAPL\",\"qty\":\"7\"}"
#define LONG                 "an id that is far too long to be one of those that we give out ourselves"

static void
test_trade_stream_reads_what_is_said(void **state)
{
    static const struct {
        const char *text;
        enum trade_message_kind kind;
    } cases[] = {
        {SAID("authorization",   "{\"status\":\"authorized\"}"),       TRADE_AUTHORISED},
        {SAID("authorization",   "{\"status\":\"unauthorized\"}"),     TRADE_REFUSED   },
        {SAID("authorization",   "{}"),                                TRADE_REFUSED   },
        {SAID("listening",       "{\"streams\":[\"trade_updates\"]}"), TRADE_LISTENING },
        {SAID("listening",       "{\"streams\":[]}"),                  TRADE_OTHER     },
        {SAID("account_updates", "{}"),                                TRADE_OTHER     },
        {"{}",                   TRADE_OTHER                         },
        {UPDATE("fill",                 OURS),                         TRADE_UPDATE                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trade_message m;
        struct err err = {0};

        if (trade_message_decode(cases[i].text, strlen(cases[i].text), &m, &err) != RC_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (m.kind != cases[i].kind) fail_msg("%s: kind %d", cases[i].text, (int)m.kind);
    }
}

static void
test_trade_stream_update_names_an_order(void **state)
{
    static const struct {
        const char *text, *event, *client_id, *symbol;
        bool is_change;
    } cases[] = {
        {UPDATE("new",            OURS),                                               "new",            "v1-1-x", "AAPL", false},
        {UPDATE("pending_cancel", OURS),                                               "pending_cancel", "v1-1-x", "AAPL", false},
        {UPDATE("fill",           OURS),                                               "fill",           "v1-1-x", "AAPL", true },
        {UPDATE("partial_fill",   OURS),                                               "partial_fill",   "v1-1-x", "AAPL", true },
        {UPDATE("canceled",       OURS),                                               "canceled",       "v1-1-x", "AAPL", true },
        {UPDATE("rejected",       OURS),                                               "rejected",       "v1-1-x", "AAPL", true },
        {UPDATE("of_the_future",  OURS),                                               "of_the_future",  "v1-1-x", "AAPL", true },
        {UPDATE("fill",           "{}"),                                               "fill",           "",       "",     true },
        {UPDATE("fill",           "{\"client_order_id\":7,\"symbol\":\"no symbol\"}"), "fill",           "",       "",     true },
        {UPDATE("fill",           "{\"client_order_id\":\"" LONG "\"}"),               "fill",           "",       "",     true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trade_message m;

        assert_int_equal(trade_message_decode(cases[i].text, strlen(cases[i].text), &m, NULL),
                         RC_OK);
        if (m.kind != TRADE_UPDATE || !str_eq(m.event, cases[i].event) ||
            !str_eq(m.client_id, cases[i].client_id) || !str_eq(m.symbol, cases[i].symbol) ||
            trade_event_is_change(m.event) != cases[i].is_change)
            fail_msg("%s: %s %s %s", cases[i].text, m.event, m.client_id, m.symbol);
    }
}

static void
test_trade_stream_refuses_what_it_cannot_read(void **state)
{
    static const char *const CASES[] = {
        "", "[]", "hello", "{\"stream\":", SAID("trade_updates", "{}"), UPDATE("fill", "[]")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct trade_message m = {.kind = TRADE_OTHER};
        struct err err = {0};

        if (trade_message_decode(CASES[i], strlen(CASES[i]), &m, &err) != RC_PARSE)
            fail_msg("%s: taken", CASES[i]);
        assert_true(err.text[0] != '\0');
        assert_int_equal(m.kind, TRADE_OTHER); /* nothing is half read */
    }
}

static void
test_trade_stream_says_json_whatever_the_keys_are(void **state)
{
    const struct broker_config cfg = {.key = "a\"b", .secret = "c\\d"};
    CLEANUP(text_free) struct text who = {0};
    CLEANUP(json_freep) struct json *doc = NULL;

    (void)state;
    trade_stream_authenticate(&cfg, &who);
    assert_int_equal(
        json_parse(text_str(&who), who.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, NULL), RC_OK);
    assert_string_equal(json_str(doc, "action", ""), "authenticate");
    assert_string_equal(json_str(json_get_obj(doc, "data"), "key_id", ""), "a\"b");
    assert_string_equal(json_str(json_get_obj(doc, "data"), "secret_key", ""), "c\\d");
}

static void
test_trade_stream_is_on_the_trading_host(void **state)
{
    static const char *const CASES[][2] = {
        {"https://paper-api.alpaca.markets", "https://paper-api.alpaca.markets/stream"},
        {"https://api.alpaca.markets/",      "https://api.alpaca.markets/stream"      },
        {"http://127.0.0.1:8080//",          "http://127.0.0.1:8080/stream"           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        CLEANUP(text_free) struct text url = {0};

        trade_stream_url(CASES[i][0], &url);
        assert_string_equal(text_str(&url), CASES[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trade_stream_reads_what_is_said),
        cmocka_unit_test(test_trade_stream_update_names_an_order),
        cmocka_unit_test(test_trade_stream_refuses_what_it_cannot_read),
        cmocka_unit_test(test_trade_stream_says_json_whatever_the_keys_are),
        cmocka_unit_test(test_trade_stream_is_on_the_trading_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
