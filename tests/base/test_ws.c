/*
 * WebSocket frames: the examples of RFC 6455, every length and cut, and what is no frame.
 */
#include "base/ws.h"

#include "tests/lib/check.h"

#include "base/rand.h"

enum { MAX = 1 << 20 };

/* RFC 6455 1.3 */
static void
test_ws_accept_is_that_of_the_standard(void **state)
{
    static const uint8_t NONCE[16] = "the sample nonce";
    char key[WS_KEY_MAX], accept[WS_ACCEPT_MAX];

    (void)state;
    assert_string_equal(ws_key(NONCE, key), "dGhlIHNhbXBsZSBub25jZQ==");
    assert_string_equal(ws_accept(key, accept), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* RFC 6455 5.7 */
static void
test_ws_frames_are_those_of_the_standard(void **state)
{
    static const uint8_t MASK[WS_MASK_LEN] = {0x37, 0xfa, 0x21, 0x3d};
    static const char MASKED_HELLO[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    CLEANUP(text_free) struct text plain = {0};
    CLEANUP(text_free) struct text masked = {0};
    struct ws_frame f;

    (void)state;
    ws_frame_write(&plain, WS_TEXT, "Hello", 5, NULL);
    assert_int_equal(plain.len, 7);
    assert_memory_equal(plain.data, "\x81\x05Hello", 7);
    ws_frame_write(&masked, WS_TEXT, "Hello", 5, MASK);
    assert_int_equal(masked.len, 11);
    assert_memory_equal(masked.data, MASKED_HELLO, 11);
    assert_int_equal(ws_frame_read(masked.data, masked.len, true, MAX, &f, NULL), RC_OK);
    assert_int_equal(f.consumed, 11);
    assert_memory_equal(f.payload, "Hello", 5);

    char first[] = "\x01\x03Hel", second[] = "\x80\x02lo";
    assert_int_equal(ws_frame_read(first, 5, false, MAX, &f, NULL), RC_OK);
    assert_true(f.op == WS_TEXT && !f.is_last && f.len == 3);
    assert_int_equal(ws_frame_read(second, 4, false, MAX, &f, NULL), RC_OK);
    assert_true(f.op == WS_CONTINUATION && f.is_last && f.len == 2);
}

/* Written, cut anywhere, read: nothing before the last byte, all of it with it. */
static void
test_ws_frames_come_back_whole(void **state)
{
    static const size_t LEN[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    struct rng rng = check_rng("ws");

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(LEN); i++) {
        CLEANUP(text_free) struct text payload = {0};
        CLEANUP(text_free) struct text wire = {0};
        uint8_t mask[WS_MASK_LEN];
        bool is_masked = i % 2 == 1;
        struct ws_frame f;

        for (size_t k = 0; k < LEN[i / 2]; k++)
            text_putc(&payload, (char)rng_below(&rng, 256));
        for (size_t k = 0; k < WS_MASK_LEN; k++)
            mask[k] = (uint8_t)rng_below(&rng, 256);
        ws_frame_write(&wire, WS_BINARY, text_str(&payload), payload.len, is_masked ? mask : NULL);
        for (size_t cut = 0; cut < wire.len; cut += cut < 20 ? 1 : 997) {
            assert_int_equal(ws_frame_read(wire.data, cut, is_masked, MAX, &f, NULL), RC_OK);
            assert_int_equal(f.consumed, 0);
        }
        assert_int_equal(ws_frame_read(wire.data, wire.len, is_masked, MAX, &f, NULL), RC_OK);
        assert_int_equal(f.consumed, wire.len);
        assert_int_equal(f.len, payload.len);
        assert_memory_equal(f.payload, text_str(&payload), payload.len);
    }
}

static void
test_ws_refuses_what_is_no_frame(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        bool wants_mask;
        enum rc rc;
        const char *words;
    } cases[] = {
        {"reserved bit",       "\xc1\x00",                                 2,  false, RC_PARSE, "reserved"     },
        {"unknown operation",  "\x83\x00",                                 2,  false, RC_PARSE, "operation 3"  },
        {"unknown control",    "\x8b\x00",                                 2,  false, RC_PARSE, "operation 11" },
        {"masked by a server", "\x81\x80\x01\x02\x03\x04",                 6,  false, RC_PARSE, "masked"       },
        {"bare by a client",   "\x81\x00",                                 2,  true,  RC_PARSE, "not masked"   },
        {"ping in pieces",     "\x09\x00",                                 2,  false, RC_PARSE, "control frame"},
        {"ping too long",      "\x89\x7e\x00\x7e",                         4,  false, RC_PARSE, "control frame"},
        {"too large",          "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01", 10, false, RC_RANGE, "more than"    },
        {"beyond all",         "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10, false, RC_RANGE,
         "more than"                                                                                           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char bytes[16];
        struct ws_frame f;
        struct err err = {0};

        memcpy(bytes, cases[i].bytes, cases[i].len);
        enum rc rc = ws_frame_read(bytes, cases[i].len, cases[i].wants_mask, MAX, &f, &err);
        if (rc != cases[i].rc || strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %s %s", cases[i].name, rc_name(rc), err.text);
        assert_int_equal(f.consumed, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_accept_is_that_of_the_standard),
        cmocka_unit_test(test_ws_frames_are_those_of_the_standard),
        cmocka_unit_test(test_ws_frames_come_back_whole),
        cmocka_unit_test(test_ws_refuses_what_is_no_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
