/*
 * What an order that the broker refused leaves behind: the answer, without secrets.
 */
#include "tests/broker/script.h"

/* R5.39, R1.16: status and body of a refusal are kept for the record, cut between two characters
 * and without the secrets that an answer may repeat. */
static void
test_alpaca_keeps_what_a_refusal_said_without_secrets(void **state)
{
    CLEANUP(text_free) struct text body = {0};
    struct fixture f;
    struct order_intent o = an_order();
    struct order ret = {0};
    struct err err = {0};

    (void)state;
    text_puts(&body, "<p>no-such-key-1 no-such-secret-2</p>");
    while (body.len < 4000)
        text_puts(&body, "\xe2\x82\xac"); /* a euro sign */
    const struct answer answer = {RC_OK, 401, text_str(&body)};
    setup(&f, &answer, 1);
    f.cfg.key = "no-such-key-1";
    f.cfg.secret = "no-such-secret-2";
    assert_null(refusals_find(&f.alpaca.refused, "c-1"));
    assert_int_equal(f.broker.submit(f.broker.self, &o, &ret, &err), RC_RANGE);
    const struct refused_order *kept = refusals_find(&f.alpaca.refused, "c-1");
    assert_non_null(kept);
    assert_int_equal(kept->http_status, 401);
    assert_true(str_starts(kept->body, "<p>*** ***</p>\xe2\x82\xac"));
    assert_int_equal(strlen(kept->body), 14 + (REFUSAL_BODY_MAX - 14) / 3 * 3);
    assert_true(utf8_valid(kept->body, strlen(kept->body)));
    assert_null(refusals_find(&f.alpaca.refused, ""));
}

static void
test_alpaca_repeats_no_secret_in_an_error(void **state)
{
    static const struct answer ANSWER[] = {
        {RC_OK, 403, "{\"code\":40310000,\"message\":\"key no-such-key-1 is not yours\"}"},
        {RC_OK, 403, "{\"code\":40310000,\"message\":\"key no-such-key-1 is not yours\"}"},
        {RC_OK, 403, "{\"code\":40310000,\"message\":\"key no-such-key-1 is not yours\"}"},
    };
    struct fixture f;
    struct order_intent o = an_order();
    struct order ret = {0};
    struct account account;
    struct err err = {0};

    (void)state;
    setup(&f, ANSWER, COUNT_OF(ANSWER));
    f.cfg.key = "no-such-key-1";
    assert_int_equal(f.broker.submit(f.broker.self, &o, &ret, &err), RC_RANGE);
    assert_non_null(strstr(err.text, "HTTP 403: key *** is not yours (code 40310000)"));
    assert_int_equal(f.broker.cancel(f.broker.self, "b-1", &err), RC_RANGE);
    assert_non_null(strstr(err.text, "key *** is not yours"));
    assert_int_equal(f.broker.account(f.broker.self, &account, &err), RC_RANGE);
    assert_non_null(strstr(err.text, "key *** is not yours"));
}

/* What may have been accepted is no refusal; the oldest of many refusals goes. */
static void
test_alpaca_keeps_refusals_only_and_the_last_of_them(void **state)
{
    static const struct answer ANSWER[] = {
        {RC_OK, 500, "{}"    },
        {RC_OK, 403, "<html>"}
    };
    struct fixture f;
    struct order_intent o = an_order();
    struct order ret = {0};
    struct err err = {0};
    struct text body = {0};

    (void)state;
    setup(&f, ANSWER, COUNT_OF(ANSWER));
    for (size_t i = 0; i < COUNT_OF(ANSWER); i++)
        assert_int_equal(f.broker.submit(f.broker.self, &o, &ret, &err), RC_UNKNOWN);
    assert_null(refusals_find(&f.alpaca.refused, "c-1"));
    for (int i = 0; i <= REFUSALS_MAX; i++) {
        char id[CLIENT_ID_MAX];

        (void)snprintf(id, sizeof(id), "c-%d", i);
        refusals_keep(&f.alpaca.refused, id, 400 + i, &body);
    }
    assert_null(refusals_find(&f.alpaca.refused, "c-0"));
    for (int i = 1; i <= REFUSALS_MAX; i++) {
        char id[CLIENT_ID_MAX];

        (void)snprintf(id, sizeof(id), "c-%d", i);
        assert_int_equal(refusals_find(&f.alpaca.refused, id)->http_status, 400 + i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpaca_keeps_what_a_refusal_said_without_secrets),
        cmocka_unit_test(test_alpaca_repeats_no_secret_in_an_error),
        cmocka_unit_test(test_alpaca_keeps_refusals_only_and_the_last_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
