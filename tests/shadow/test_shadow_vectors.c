/* The shadow as `stockbot calc` computes it. */
#include "tests/exitlogic/vectors.h"

static void
test_shadow_agrees_with_our_vectors(void **state)
{
    (void)state;
    vectors_check_own("entry-gate-v2", 6);
    vectors_check_own("shadow-pnl", 4);
    vectors_check_own("position-size", 4);
    vectors_check_own("shadow-decision", 4);
}

static void
test_shadow_agrees_with_shared_vectors(void **state)
{
    static const char *const names[] = {"entry-gate-v2", "shadow-pnl", "position-size",
                                        "shadow-decision"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_agrees_with_our_vectors),
        cmocka_unit_test(test_shadow_agrees_with_shared_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
