/* Every vector of the computations of intel: those outside the repository, and our own few. */
#include "tests/exitlogic/vectors.h"

static void
test_intel_agrees_with_our_vectors(void **state)
{
    static const struct {
        const char *name;
        int rows;
    } files[] = {
        {"sector",            5 },
        {"regime",            4 },
        {"regime-alignment",  4 },
        {"market-context",    6 },
        {"structural-regime", 5 },
        {"posture",           5 },
        {"universe-score",    3 },
        {"universe-score-v2", 3 },
        {"universe-build",    2 },
        {"premarket-intel",   4 },
        {"postmarket-intel",  3 },
        {"risk-features",     3 },
        {"composite-v2",      6 },
        {"intel-pnl",         1 },
        {"tuning-nudge",      4 },
        {"sizing-overlay",    3 },
        {"v2-families",       1 },
        {"ab-ledger-merge",   4 },
        {"ab-ledger-tick",    1 },
        {"schema-check",      14},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        vectors_check_own(files[i].name, files[i].rows);
}

static void
test_intel_refuses_what_it_cannot_compute(void **state)
{
    static const char *const cases[][3] = {
        {"composite-v2",    "{\"symbol\":\"A\"}",                 "base"  },
        {"composite-v2",    "{\"base\":{}}",                      "base"  },
        {"intel-pnl",       "{\"attribution\":[]}",               "date"  },
        {"schema-check",    "{\"kind\":\"positions\",\"doc\":1}", "kind"  },
        {"ab-ledger-merge", "{\"qty\":1,\"entry_price\":1}",      "symbol"},
        {"ab-ledger-tick",  "{\"positions\":[]}",                 "now"   },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text out = {0};
        CLEANUP(json_freep)
        struct json *in = vectors_doc(cases[i][0], cases[i][1], strlen(cases[i][1]));
        struct json_out o = {.to = &out};
        struct err err = {0};
        assert_int_equal(calc_find(cases[i][0])->run(in, &o, &err), RC_PARSE);
        if (strstr(err.text, cases[i][2]) == NULL) fail_msg("case %zu: %s", i, err.text);
    }
}

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
        cmocka_unit_test(test_intel_agrees_with_our_vectors),
        cmocka_unit_test(test_intel_refuses_what_it_cannot_compute),
        cmocka_unit_test(test_intel_context_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_universe_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_composite_v2_agrees_with_shared_vectors),
        cmocka_unit_test(test_intel_results_agree_with_shared_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
