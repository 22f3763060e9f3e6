#include "tests/lib/check.h"

#include "base/http.h"

static void
test_http_knows_loopback_addresses(void **state)
{
    static const struct {
        const char *url;
        bool is_loopback;
    } cases[] = {
        {"http://127.0.0.1",                                                                              true },
        {"http://127.0.0.1/",                                                                             true },
        {"http://127.0.0.1:8080/v2?x=1",                                                                  true },
        {"https://127.255.255.254:1",                                                                     true },
        {"HTTP://LocalHost:80",                                                                           true },
        {"http://localhost#x",                                                                            true },
        {"http://[::1]:8080/a",                                                                           true },
        {"http://[::1]",                                                                                  true },
        {"",                                                                                              false},
        {"127.0.0.1",                                                                                     false},
        {"ftp://127.0.0.1",                                                                               false},
        {"http://",                                                                                       false},
        {"http:///127.0.0.1",                                                                             false},
        {"http://128.0.0.1",                                                                              false},
        {"http://10.0.0.1",                                                                               false},
        {"http://0.0.0.0",                                                                                false},
        {"http://127.1",                                                                                  false},
        {"http://127.0.0.1.example.com",                                                                  false},
        {"http://localhost.example.com",                                                                  false},
        {"http://127.0.0.1@example.com",                                                                  false},
        {"http://localhost:80@example.com/",                                                              false},
        {"http://example.com/127.0.0.1",                                                                  false},
        {"http://example.com?http://127.0.0.1",                                                           false},
        {"http://example.com#@127.0.0.1",                                                                 false},
        {"http://127.0.0.1\\@example.com",                                                                false},
        {"http://127.0.0.1:80:90",                                                                        false},
        {"http://127.0.0.1:x",                                                                            false},
        {"http://[::1]x",                                                                                 false},
        {"http://[::1",                                                                                   false},
        {"http://[::2]",                                                                                  false},
        {"http://[::ffff:127.0.0.1]",                                                                     false},
        {"http://1270.0.0.1",                                                                             false},
        {"http://"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (http_url_is_loopback(cases[i].url) != cases[i].is_loopback)
            fail_msg("%s", cases[i].url);
    }
}

static void
test_http_escapes_all_but_unreserved(void **state)
{
    CLEANUP(text_free) struct text t = {0};

    (void)state;
    http_escape(&t, "AZaz09-._~");
    assert_string_equal(text_str(&t), "AZaz09-._~");
    text_clear(&t);
    http_escape(&t, "BRK/B a+b&c=d%?#\xc3\xa9\n");
    assert_string_equal(text_str(&t), "BRK%2FB%20a%2Bb%26c%3Dd%25%3F%23%C3%A9%0A");
}

static void
test_http_finds_kept_headers(void **state)
{
    struct http_response r = {.status = 200, .extra_len = 2};

    (void)state;
    (void)str_copy(r.extra[0].name, sizeof(r.extra[0].name), "x-ratelimit-remaining");
    (void)str_copy(r.extra[0].value, sizeof(r.extra[0].value), "7");
    (void)str_copy(r.extra[1].name, sizeof(r.extra[1].name), "x-b");
    assert_string_equal(http_header(&r, "x-ratelimit-remaining"), "7");
    assert_string_equal(http_header(&r, "x-b"), "");
    assert_null(http_header(&r, "x-a"));
    text_puts(&r.body, "{}");
    http_response_free(&r);
    assert_int_equal(r.status, 0);
    assert_null(r.body.data);
    assert_null(http_header(&r, "x-b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_knows_loopback_addresses),
        cmocka_unit_test(test_http_escapes_all_but_unreserved),
        cmocka_unit_test(test_http_finds_kept_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
