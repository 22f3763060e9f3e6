#include "tests/lib/check.h"

#include <math.h>

#include "base/digest.h"
#include "base/hash.h"

static void
test_hash_is_stable(void **state)
{
    (void)state;
    /* Stored hashes must mean the same in the next release. */
    assert_true(hash_bytes("", 0, 0) == UINT64_C(0xd70b1fc61b634566));
    assert_true(hash_bytes("NVDA", 4, 0) == UINT64_C(0x0d00516bd4faeb41));
    assert_true(hash_bytes("0123456789abcdef!", 17, 42) == UINT64_C(0xeaa8c02e89b06776));
}

static void
test_hash_notices_every_change(void **state)
{
    uint8_t bytes[300]; /* long enough for what is read in lanes */
    struct rng r = check_rng("hash");

    (void)state;
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)rng_u64(&r);
        uint64_t before = hash_bytes(bytes, len, 1);
        assert_true(before == hash_bytes(bytes, len, 1));
        assert_true(before != hash_bytes(bytes, len, 2));
        if (len > 0) assert_true(before != hash_bytes(bytes, len - 1, 1));
        int flipped_bits = 0;
        for (size_t bit = 0; bit < len * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            uint64_t after = hash_bytes(bytes, len, 1);
            assert_true(after != before);
            flipped_bits += __builtin_popcountll(after ^ before);
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        /* One input bit turns about half of the output bits. */
        if (len >= 8) assert_in_range(flipped_bits / (int)(len * 8), 29, 35);
    }
    /* Zeros of different length differ too. */
    memset(bytes, 0, sizeof(bytes));
    for (size_t len = 1; len < sizeof(bytes); len++) {
        assert_true(hash_bytes(bytes, len, 0) != hash_bytes(bytes, len + 1, 0));
    }
}

static void
test_hash_writes_hexadecimal(void **state)
{
    const uint8_t bytes[] = {0x00, 0x9f, 0xff, 0x10};
    char buf[9];

    (void)state;
    assert_string_equal(hex_text(bytes, sizeof(bytes), buf), "009fff10");
    assert_string_equal(hex_text(bytes, 0, buf), "");
}

/* The examples of FIPS 180-4. */
static void
test_digest_is_sha256(void **state)
{
    char buf[SHA256_HEX_MAX];

    (void)state;
    assert_string_equal(sha256_hex("", 0, buf),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(sha256_hex("abc", 3, buf),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(
        sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, buf),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* xoshiro256** from its reference state 1, 2, 3, 4. */
static void
test_rand_follows_the_reference(void **state)
{
    static const uint64_t want[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                    UINT64_C(1215971899390074240)};
    struct rng r = {
        {1, 2, 3, 4}
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_true(rng_u64(&r) == want[i]);
    rng_init(&r, 0);
    assert_true(r.s[0] == UINT64_C(0xe220a8397b1dcdaf)); /* splitmix64 of 0 */
}

static void
test_rand_stays_in_its_bounds(void **state)
{
    struct rng r = check_rng("rand");
    int seen[10] = {0};
    double sum = 0, squares = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        seen[rng_below(&r, 10)]++;
        double f = rng_f64(&r);
        assert_true(f >= 0 && f < 1);
        double n = rng_normal(&r);
        sum += n;
        squares += n * n;
        assert_in_range(rng_range(&r, -3, 3) + 3, 0, 6);
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_in_range(seen[i], 9500, 10500);
    assert_true(fabs(sum / 100000) < 0.02);
    assert_true(fabs(squares / 100000 - 1) < 0.03);
    assert_int_equal(rng_below(&r, 1), 0);
    assert_int_equal(rng_range(&r, 5, 5), 5);
    assert_true(rng_range(&r, INT64_MIN, INT64_MAX) != rng_range(&r, INT64_MIN, INT64_MAX));
    assert_false(rng_chance(&r, 0));
    assert_true(rng_chance(&r, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_stable),
        cmocka_unit_test(test_hash_notices_every_change),
        cmocka_unit_test(test_hash_writes_hexadecimal),
        cmocka_unit_test(test_digest_is_sha256),
        cmocka_unit_test(test_rand_follows_the_reference),
        cmocka_unit_test(test_rand_stays_in_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
