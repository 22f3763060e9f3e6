/* Every vector of the computations of intel: those outside the repository, and our own few. */
#include "tests/exitlogic/vectors.h"

static void
test_intel_context_agrees_with_shared_vectors(void **state)
{
    static const char *const names[] = {"sector",       "regime",         "regime-alignment",
                                        "posture",      "market-context", "structural-regime",
                                        "risk-features"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

static void
test_intel_universe_agrees_with_shared_vectors(void **state)
{
    static const char *const names[] = {"universe-score", "universe-score-v2", "universe-build",
                                        "premarket-intel", "postmarket-intel"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

static void
test_intel_composite_v2_agrees_with_shared_vectors(void **state)
{
    static const char *const names[] = {"composite-v2"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

static void
test_intel_results_agree_with_shared_vectors(void **state)
{
    static const char *const names[] = {"sizing-overlay", "v2-families",  "intel-pnl",
                                        "tuning-nudge",   "schema-check", "ab-ledger-merge",
                                        "ab-ledger-tick"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intel_context_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_universe_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_composite_v2_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_results_agree_with_shared_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
