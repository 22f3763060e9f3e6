/* The v2 exits as `stockbot calc` computes them. */
#include "tests/exitlogic/vectors.h"

static void
test_exitlogic_agrees_with_our_vectors(void **state)
{
    (void)state;
    vectors_check_own("exit-score-v2", 5);
    vectors_check_own("profit-target-v2", 5);
    vectors_check_own("stop-price-v2", 4);
    vectors_check_own("replacement-v2", 5);
    vectors_check_own("exit-intel-flags", 6);
    vectors_check_own("exit-intel-pnl", 2);
}

static void
test_exitlogic_agrees_with_shared_vectors(void **state)
{
    static const char *const names[] = {"exit-score-v2",  "profit-target-v2", "stop-price-v2",
                                        "replacement-v2", "exit-intel-flags", "exit-intel-pnl"};
    (void)state;
    vectors_check_shared(names, COUNT_OF(names));
}

static void
test_exitlogic_calc_says_what_is_missing(void **state)
{
    static const struct {
        const char *name, *in, *says;
    } cases[] = {
        {"exit-intel-pnl",   "{}",                    "date" },
        {"exit-intel-flags", "{\"phase\":\"lunch\"}", "phase"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(text_free) struct text out = {0};
        CLEANUP(json_freep)
        struct json *in = vectors_doc(cases[i].name, cases[i].in, strlen(cases[i].in));
        struct json_out o = {.to = &out};
        struct err err = {0};
        assert_int_equal(calc_find(cases[i].name)->run(in, &o, &err), RC_PARSE);
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exitlogic_agrees_with_our_vectors),
        cmocka_unit_test(test_exitlogic_agrees_with_shared_vectors),
        cmocka_unit_test(test_exitlogic_calc_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
