#include "tests/lib/check.h"

#include "base/arena.h"

static void
test_arena_gives_zeroed_aligned_pieces(void **state)
{
    struct arena a = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            uint8_t *p = arena_alloc(&a, 1, n * 7);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n * 7; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xAA, n * 7);
        }
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_done(&a);
    assert_null(a.first);
}

static void
test_arena_pieces_do_not_overlap(void **state)
{
    struct arena a = {0};
    struct rng r = check_rng("arena");
    struct {
        uint8_t *p;
        size_t len;
    } piece[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(piece); i++) {
        piece[i].len =
            (size_t)rng_below(&r, i % 50 == 0 ? 200000 : 500); /* now and then more than a block */
        piece[i].p = ARENA_NEW(&a, uint8_t, piece[i].len);
        memset(piece[i].p, (int)(i & 0xFF), piece[i].len);
    }
    for (size_t i = 0; i < COUNT_OF(piece); i++) {
        for (size_t j = 0; j < piece[i].len; j++)
            assert_int_equal(piece[i].p[j], i & 0xFF);
    }
    arena_done(&a);
}

/* A loop that has seen its largest cycle allocates no more: the same cycle gets the same pieces. */
static void
test_arena_keeps_its_blocks_over_a_reset(void **state)
{
    struct arena a = {0};
    void *first[100];

    (void)state;
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < COUNT_OF(first); i++) {
            void *p = arena_alloc(&a, 1, 5000 + i);
            if (round == 0)
                first[i] = p;
            else
                assert_ptr_equal(p, first[i]);
        }
        arena_reset(&a);
    }
    arena_done(&a);
}

static void
test_arena_copies_and_prints(void **state)
{
    struct arena a = {0};
    char long_text[100001];

    (void)state;
    assert_string_equal(arena_strdup(&a, "NVDA"), "NVDA");
    assert_string_equal(arena_strndup(&a, "NVDA", 2), "NV");
    assert_string_equal(arena_strndup(&a, NULL, 0), "");
    assert_string_equal(arena_printf(&a, "%s %d", "x", 7), "x 7");
    memset(long_text, 'y', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_string_equal(arena_printf(&a, "%s", long_text), long_text);
    assert_non_null(arena_alloc(&a, 8, 0));
    arena_done(&a);
}

static void
overflow(void)
{
    struct arena a = {0};

    (void)arena_alloc(&a, SIZE_MAX / 2, 3);
}

static void
test_arena_asserts_on_an_impossible_size(void **state)
{
    (void)state;
    assert_true(check_aborts(overflow));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_gives_zeroed_aligned_pieces),
        cmocka_unit_test(test_arena_pieces_do_not_overlap),
        cmocka_unit_test(test_arena_keeps_its_blocks_over_a_reset),
        cmocka_unit_test(test_arena_copies_and_prints),
        cmocka_unit_test(test_arena_asserts_on_an_impossible_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
