/*
 * The epoch: never the same number twice, whatever happens to the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "state/epoch.h"
#include "state/store.h"
#include "tests/lib/seams.h"

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct clock clock_seam;
    struct test_log log;
    struct log log_seam;
    struct test_faults faults;
    struct fs fs;
    struct state_store state;
    struct store store;
};

static int
set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    test_root_make(&b->root);
    b->clock.now_ns = INT64_C(1750000000) * NS_PER_S;
    b->clock_seam = test_clock_seam(&b->clock);
    b->log_seam = test_log_seam(&b->log);
    b->faults.under = &b->root.fs;
    b->fs = test_faults_seam(&b->faults);
    state_store_init(&b->state, &b->fs, &b->clock_seam, &b->log_seam);
    b->store = state_store_seam(&b->state);
    *state = b;
    return 0;
}

static int
tear_down(void **state)
{
    struct bed *b = *state;

    test_root_remove(&b->root);
    free(b);
    return 0;
}

static int64_t
raise_it(struct bed *b, struct epoch_file *e, int64_t floor)
{
    struct err err = {0};

    if (epoch_raise(e, &b->fs, &b->store, floor, &err) != RC_OK) fail_msg("%s", err.text);
    return e->mine;
}

static void
test_epoch_every_start_takes_the_next_number(void **state)
{
    struct bed *b = *state;
    struct epoch_file e;

    assert_int_equal(raise_it(b, &e, 0), 1);
    assert_int_equal(raise_it(b, &e, 0), 2);
    assert_int_equal(raise_it(b, &e, 40), 41);
    assert_int_equal(raise_it(b, &e, 3), 42);
    assert_int_equal(b->log.len, 0);
}

static void
test_epoch_is_never_given_twice(void **state)
{
    static const struct {
        const char *what, *file, *prev; /* NULL: removed; "": as it is */
        int64_t floor, at_least;
    } rows[] = {
        {"file damaged",                   "{\"epo",            "",   0, 6},
        {"file empty",                     "\n",                "",   0, 6},
        {"no number",                      "{\"epoch\":\"x\"}", "",   0, 6},
        {"negative",                       "{\"epoch\":-5}",    "",   0, 6},
        {"absurd",                         "{\"epoch\":1e15}",  "",   0, 6},
        {"file gone",                      NULL,                "",   0, 6},
        {"both damaged, the ledger knows", "x",                 "x",  5, 6},
        {"both gone, the ledger knows",    NULL,                NULL, 5, 6},
        {"all sound",                      "",                  "",   5, 6},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bed *b = NULL;
        struct epoch_file e;

        assert_int_equal(set_up((void **)&b), 0);
        for (int n = 1; n <= 5; n++)
            assert_int_equal(raise_it(b, &e, 0), n);
        if (rows[i].file == NULL)
            assert_int_equal(b->root.fs.remove(b->root.fs.self, EPOCH_PATH, NULL), RC_OK);
        if (rows[i].prev == NULL)
            assert_int_equal(b->root.fs.remove(b->root.fs.self, EPOCH_PATH ".prev", NULL), RC_OK);
        if (rows[i].file != NULL && rows[i].file[0] != '\0')
            test_write(&b->root, EPOCH_PATH, rows[i].file, strlen(rows[i].file));
        if (rows[i].prev != NULL && rows[i].prev[0] != '\0')
            test_write(&b->root, EPOCH_PATH ".prev", rows[i].prev, strlen(rows[i].prev));
        if (raise_it(b, &e, rows[i].floor) < rows[i].at_least)
            fail_msg("%s: %d was given again", rows[i].what, (int)e.mine);
        tear_down((void **)&b);
    }
}

static void
test_epoch_a_stale_engine_sees_the_newer_one(void **state)
{
    struct bed *b = *state;
    struct epoch_file old, fresh;
    int64_t now = 0;

    raise_it(b, &old, 0);
    assert_int_equal(epoch_current(&old, &now, NULL), RC_OK);
    assert_int_equal(now, old.mine);
    raise_it(b, &fresh, 0);
    assert_int_equal(epoch_current(&old, &now, NULL), RC_OK);
    assert_int_equal(now, fresh.mine);
    assert_int_equal(epoch_current(&fresh, &now, NULL), RC_OK);
    assert_int_equal(now, fresh.mine);

    /* For good: not even a file from before the newer start brings the old one back. */
    test_write(&b->root, EPOCH_PATH, "{\"epoch\":1}", 11);
    assert_int_equal(epoch_current(&old, &now, NULL), RC_OK);
    assert_int_equal(now, fresh.mine);
}

static void
test_epoch_unchanged_file_costs_one_stat(void **state)
{
    struct bed *b = *state;
    struct epoch_file e;
    int64_t now = 0;

    raise_it(b, &e, 0);
    int calls = b->faults.calls;
    for (int i = 0; i < 5; i++)
        assert_int_equal(epoch_current(&e, &now, NULL), RC_OK);
    assert_int_equal(b->faults.calls - calls, 5);
}

static void
test_epoch_lost_or_damaged_file_heals_to_ours(void **state)
{
    struct bed *b = *state;
    struct epoch_file e, next;
    int64_t now = 0;

    raise_it(b, &e, 0);
    raise_it(b, &e, 0);
    test_write(&b->root, EPOCH_PATH, "garbage", 7);
    assert_int_equal(epoch_current(&e, &now, NULL), RC_OK);
    assert_int_equal(now, 2);
    assert_int_equal(test_log_count(&b->log, EV_STATE_SELF_HEALED), 1);
    char *bytes = test_read(&b->root, EPOCH_PATH);
    assert_string_equal(bytes, "{\"epoch\":2}");
    free(bytes);
    assert_int_equal(b->root.fs.remove(b->root.fs.self, EPOCH_PATH, NULL), RC_OK);
    assert_int_equal(epoch_current(&e, &now, NULL), RC_OK);
    assert_int_equal(now, 2);
    assert_true(raise_it(b, &next, 0) > 2);
}

static void
test_epoch_not_on_the_disk_is_an_error(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed *b = NULL;
        struct epoch_file e;
        int64_t now = 0;

        assert_int_equal(set_up((void **)&b), 0);
        raise_it(b, &e, 0);
        b->faults.calls = 0;
        b->faults.fail_at = n;
        b->faults.fail_len = 2; /* a read is tried twice */
        struct epoch_file next;
        enum rc rc = epoch_raise(&next, &b->fs, &b->store, 1, NULL);
        bool was_refused = b->faults.calls >= n;
        b->faults.fail_at = 0;
        if (next.mine < 2) fail_msg("call %d refused: number 1 was given again", n);
        if (rc == RC_OK) {
            assert_int_equal(epoch_current(&e, &now, NULL), RC_OK);
            if (now != next.mine) fail_msg("call %d refused: not on the disk", n);
        }
        tear_down((void **)&b);
        if (!was_refused) break;
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_epoch_every_start_takes_the_next_number),
        cmocka_unit_test(test_epoch_is_never_given_twice),
        TEST(test_epoch_a_stale_engine_sees_the_newer_one),
        TEST(test_epoch_unchanged_file_costs_one_stat),
        TEST(test_epoch_lost_or_damaged_file_heals_to_ours),
        cmocka_unit_test(test_epoch_not_on_the_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
