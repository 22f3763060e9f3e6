#include "tests/lib/check.h"

#include <errno.h>

#include "base/err.h"

static void
test_err_names_every_code(void **state)
{
    static const char *const names[] = {"ok",     "nomem",   "not_found", "io",   "parse",  "range",
                                        "denied", "unknown", "timeout",   "busy", "stopped"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(rc_name((enum rc)i), names[i]);
}

static void
test_err_builds_a_sentence_from_the_inside_out(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(err_sys(&err, RC_IO, EACCES, "read %s", "positions.json"), RC_IO);
    assert_string_equal(err.text, "read positions.json: Permission denied");
    assert_int_equal(err_wrap(&err, "state"), RC_IO);
    assert_string_equal(err.text, "state: read positions.json: Permission denied");
    assert_int_equal(err_set(&err, RC_PARSE, "line %d", 3), RC_PARSE);
    assert_string_equal(err.text, "line 3");
    assert_int_equal(err.code, RC_PARSE);
    assert_int_equal(err_sys(&err, RC_IO, 123456, "open"), RC_IO);
    assert_string_equal(err.text, "open: unknown system error");
}

static void
test_err_accepts_its_own_text_and_null(void **state)
{
    struct err err = {0};

    (void)state;
    (void)err_set(&err, RC_RANGE, "too large");
    assert_int_equal(err_set(&err, RC_DENIED, "refused (%s)", err.text), RC_DENIED);
    assert_string_equal(err.text, "refused (too large)");
    (void)err_wrap(&err, "[%s]", err.text);
    assert_string_equal(err.text, "[refused (too large)]: refused (too large)");

    assert_int_equal(err_set(NULL, RC_BUSY, "x"), RC_BUSY);
    assert_int_equal(err_sys(NULL, RC_IO, EIO, "x"), RC_IO);
}

static void
test_err_cuts_what_is_too_long(void **state)
{
    struct err err = {0};
    char long_text[2 * ERR_TEXT_MAX];

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    (void)err_set(&err, RC_IO, "%s", long_text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    (void)err_wrap(&err, "outer");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_true(str_starts(err.text, "outer: xxx"));
    (void)err_wrap(&err, "%s", long_text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

static void
false_fact(void)
{
    ASSERT(1 + 1 == 3);
}

static void
test_err_a_false_fact_ends_the_process(void **state)
{
    (void)state;
    ASSERT(1 + 1 == 2);
    assert_true(check_aborts(false_fact));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_names_every_code),
        cmocka_unit_test(test_err_builds_a_sentence_from_the_inside_out),
        cmocka_unit_test(test_err_accepts_its_own_text_and_null),
        cmocka_unit_test(test_err_cuts_what_is_too_long),
        cmocka_unit_test(test_err_a_false_fact_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
