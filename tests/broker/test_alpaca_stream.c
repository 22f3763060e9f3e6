/*
 * Promises of the trade stream's words: an update names its order, and our keys go to the host
 * that they belong to.
 */
#include "tests/lib/check.h"

#include "base/json.h"
#include "broker/alpaca_stream.h"

#define ORDER "\"order\":{\"id\":\"b-1\",\"client_order_id\":\"v1-1\",\"qty\":\"7\"}"

static enum rc
decode(const char *text, struct trade_update *u, struct err *err)
{
    *u = (struct trade_update){.kind = (enum trade_message)99};
    return alpaca_stream_decode(text, strlen(text), u, err);
}

static void
test_alpaca_stream_decodes_what_is_said(void **state)
{
    static const struct {
        const char *text;
        enum trade_message kind;
        enum trade_event event;
    } cases[] = {
        {"{\"stream\":\"authorization\",\"data\":{\"status\":\"authorized\",\"action\":"
         "\"authenticate\"}}",                                                              TRADE_AUTHORIZED, TRADE_EVENT_UNKNOWN     },
        {"{\"stream\":\"authorization\",\"data\":{\"status\":\"unauthorized\",\"action\":"
         "\"listen\"}}",                                                                    TRADE_REFUSED,    TRADE_EVENT_UNKNOWN     },
        {"{\"stream\":\"authorization\"}",                                                           TRADE_REFUSED,    TRADE_EVENT_UNKNOWN     },
        {"{\"stream\":\"listening\",\"data\":{\"streams\":[\"trade_updates\"]}}",                    TRADE_LISTENING,
         TRADE_EVENT_UNKNOWN                                                                                                                   },
        {"{\"stream\":\"listening\",\"data\":{\"streams\":[]}}",                                     TRADE_REFUSED,
         TRADE_EVENT_UNKNOWN                                                                                                                   },
        {"{\"stream\":\"trade_updates\",\"data\":{\"event\":\"new\"," ORDER "}}",                    TRADE_UPDATE,
         TRADE_EVENT_NEW                                                                                                                       },
        {"{\"stream\":\"trade_updates\",\"data\":{\"event\":\"fill\",\"price\":\"1.5\"," ORDER "}}",
         TRADE_UPDATE,                                                                                                 TRADE_EVENT_FILL        },
        {"{\"stream\":\"trade_updates\",\"data\":{\"event\":\"partial_fill\",\"price\":1.5," ORDER
         "}}",                                                                              TRADE_UPDATE,     TRADE_EVENT_PARTIAL_FILL},
        {"{\"stream\":\"trade_updates\",\"data\":{\"event\":\"pending_cancel\"," ORDER "}}",
         TRADE_UPDATE,                                                                                                 TRADE_EVENT_PENDING     },
        {"{\"stream\":\"trade_updates\",\"data\":{\"event\":\"from_the_future\"," ORDER "}}",
         TRADE_UPDATE,                                                                                                 TRADE_EVENT_UNKNOWN     },
        {"{\"stream\":\"trade_updates\",\"data\":{" ORDER "}}",                                      TRADE_UPDATE,     TRADE_EVENT_UNKNOWN     },
        {"{\"stream\":\"something_else\",\"data\":{}}",                                              TRADE_OTHER,      TRADE_EVENT_UNKNOWN     },
        {"{}",                                                                                       TRADE_OTHER,      TRADE_EVENT_UNKNOWN     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trade_update u;
        struct err err = {0};

        print_message("%s\n", cases[i].text);
        assert_int_equal(decode(cases[i].text, &u, &err), RC_OK);
        assert_int_equal(u.kind, cases[i].kind);
        assert_int_equal(u.event, cases[i].event);
        assert_string_equal(u.broker_id, u.kind == TRADE_UPDATE ? "b-1" : "");
        assert_string_equal(u.client_id, u.kind == TRADE_UPDATE ? "v1-1" : "");
    }
}

static void
test_alpaca_stream_refuses_what_names_no_order(void **state)
{
    char too_long[256];
    const char *const cases[] = {
        "",
        "[]",
        "hello",
        "{\"stream\":",
        "{\"stream\":\"trade_updates\"}",
        "{\"stream\":\"trade_updates\",\"data\":{\"event\":\"fill\"}}",
        "{\"stream\":\"trade_updates\",\"data\":{\"order\":{\"id\":\"\"}}}",
        "{\"stream\":\"trade_updates\",\"data\":{\"order\":{\"id\":7}}}",
        "{\"stream\":\"trade_updates\",\"data\":{\"order\":[]}}",
        too_long,
    };

    (void)state;
    (void)snprintf(too_long, sizeof(too_long),
                   "{\"stream\":\"trade_updates\",\"data\":{\"order\":{\"id\":\"%0*d\"}}}",
                   BROKER_ID_MAX, 7);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trade_update u;
        struct err err = {0};

        print_message("%s\n", cases[i]);
        assert_int_equal(decode(cases[i], &u, &err), RC_PARSE);
        assert_int_equal(u.kind, 99); /* nothing is half decoded */
    }
}

static void
test_alpaca_stream_is_beside_the_trading_host_of_its_mode(void **state)
{
    static const struct {
        const char *mode, *base, *url; /* NULL: refused */
    } cases[] = {
        {"PAPER", "https://paper-api.alpaca.markets",    "wss://paper-api.alpaca.markets/stream"},
        {"PAPER", "https://paper-api.alpaca.markets/v2", "wss://paper-api.alpaca.markets/stream"},
        {"LIVE",  "https://api.alpaca.markets",          "wss://api.alpaca.markets/stream"      },
        {"PAPER", "http://127.0.0.1:8080",               "ws://127.0.0.1:8080/stream"           },
        {"PAPER", "https://api.alpaca.markets",          NULL                                   },
        {"LIVE",  "https://paper-api.alpaca.markets",    NULL                                   },
        {"LIVE",  "http://127.0.0.1:8080",               NULL                                   },
        {"PAPER", "https://example.org",                 NULL                                   },
        {"OTHER", "https://paper-api.alpaca.markets",    NULL                                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text url = {0};
        struct broker_config cfg = {.trading_mode = cases[i].mode,
                                    .base_url = cases[i].base,
                                    .live_ack = "",
                                    .require_live_ack = true};
        struct err err = {0};
        enum rc rc = alpaca_stream_url(&cfg, &url, &err);

        print_message("%s %s\n", cases[i].mode, cases[i].base);
        assert_int_equal(rc, cases[i].url != NULL ? RC_OK : RC_DENIED);
        if (rc == RC_OK) assert_string_equal(text_str(&url), cases[i].url);
    }
}

static void
test_alpaca_stream_login_is_json_whatever_the_key(void **state)
{
    const struct broker_config cfg = {.key = "a\"b", .secret = "c\\d"};
    CLEANUP(text_free) struct text login = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};

    (void)state;
    alpaca_stream_login(&cfg, &login);
    assert_int_equal(
        json_parse(text_str(&login), login.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err), RC_OK);
    assert_string_equal(json_str(doc, "action", ""), "authenticate");
    assert_string_equal(json_str(json_get_obj(doc, "data"), "key_id", ""), "a\"b");
    assert_string_equal(json_str(json_get_obj(doc, "data"), "secret_key", ""), "c\\d");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpaca_stream_decodes_what_is_said),
        cmocka_unit_test(test_alpaca_stream_refuses_what_names_no_order),
        cmocka_unit_test(test_alpaca_stream_is_beside_the_trading_host_of_its_mode),
        cmocka_unit_test(test_alpaca_stream_login_is_json_whatever_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
