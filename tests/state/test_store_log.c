/* Promises of the appended logs of the store. */
#include "tests/state/store_bed.h"

#include <sys/stat.h>
#include <unistd.h>

#include "state/jsonl.h"

#define B(s) (s), sizeof(s) - 1

/* ---- logs ---------------------------------------------------------------------------------- */

#define LOG "logs/run.jsonl"

static enum rc
append(struct bed *b, const char *line)
{
    struct text t = {0};

    text_puts(&t, line);
    enum rc rc = store_append(&b->seam, LOG, &t, NULL);
    text_free(&t);
    return rc;
}

static void
check_log(struct bed *b, const char *want)
{
    char *have = test_read(&b->root, LOG);

    assert_non_null(have);
    assert_string_equal(have, want);
    free(have);
}

static void
test_store_append_writes_one_line(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    assert_int_equal(append(&b, "{\"a\":1}"), RC_OK);
    assert_int_equal(append(&b, "{\"a\":\n2}"), RC_OK);
    check_log(&b, "{\"a\":1}\n{\"a\": 2}\n");
    assert_int_equal(b.log.len, 0);
    test_root_remove(&b.root);
}

static void
test_store_torn_tail_is_closed_and_kept(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    test_write(&b.root, LOG, B("{\"a\":1}\n{\"a\":"));
    assert_int_equal(append(&b, "{\"a\":2}"), RC_OK);
    assert_int_equal(append(&b, "{\"a\":3}"), RC_OK);
    check_log(&b, "{\"a\":1}\n{\"a\":\n{\"a\":2}\n{\"a\":3}\n");
    assert_int_equal(test_log_count(&b.log, EV_LOG_TORN_TAIL), 1);
    assert_int_equal(b.log.len, 1);
    char *kept = test_read(&b.root, LOG ".torn.1750000000");
    assert_string_equal(kept, "{\"a\":");
    free(kept);
    test_root_remove(&b.root);
}

static void
test_store_torn_first_line_is_closed(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    test_write(&b.root, LOG, B("\xff\x01garbage"));
    assert_int_equal(append(&b, "{}"), RC_OK);
    check_log(&b, "\xff\x01garbage\n{}\n");
    assert_int_equal(test_log_count(&b.log, EV_LOG_TORN_TAIL), 1);
    test_root_remove(&b.root);
}

/* A full disk in the middle of our own line: the next one starts on a line of its own. */
static void
test_store_append_after_a_torn_write(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.store.complaints = NULL;
    assert_int_equal(append(&b, "{\"a\":1}"), RC_OK);
    b.faults.fail_at = b.faults.calls + 1;
    assert_int_equal(append(&b, "{\"a\":2}"), RC_IO);
    assert_int_equal(append(&b, "{\"a\":3}"), RC_OK);
    check_log(&b, "{\"a\":1}\n{\"a\"\n{\"a\":3}\n");
    test_root_remove(&b.root);
}

static enum rc
append_lines(struct bed *b, const char *lines)
{
    struct text t = {0};

    text_puts(&t, lines);
    enum rc rc = store_append_lines(&b->seam, LOG, &t, NULL);
    text_free(&t);
    return rc;
}

/* Several lines are one write, and as whole as one line: what is torn is closed and kept. */
static void
test_store_append_lines_is_one_write_of_whole_lines(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    b.store.complaints = NULL;
    test_write(&b.root, LOG, B("{\"a\":"));
    assert_int_equal(append_lines(&b, ""), RC_OK);
    assert_int_equal(append_lines(&b, "{\"a\":1}\n{\"a\":2}\n"), RC_OK);
    int calls = b.faults.calls;
    assert_int_equal(append_lines(&b, "{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n"), RC_OK);
    assert_int_equal(b.faults.calls, calls + 1);
    b.faults.fail_at = calls + 2;
    assert_int_equal(append_lines(&b, "{\"a\":6}\n{\"a\":7777}\n"), RC_IO); /* half is written */
    assert_int_equal(append_lines(&b, "{\"a\":8}\n"), RC_OK);
    check_log(&b, "{\"a\":\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n"
                  "{\"a\":6}\n{\n{\"a\":8}\n");
    assert_int_equal(test_log_count(&b.log, EV_LOG_TORN_TAIL), 2);
    test_root_remove(&b.root);
}

static void
test_store_append_survives_any_refused_call(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed b;

        bed_make(&b);
        b.store.complaints = NULL;
        test_write(&b.root, LOG, B("{\"a\":1}\n{\"a\":"));
        b.faults.fail_at = n;
        enum rc rc = append(&b, "{\"a\":2}");
        bool was_refused = b.faults.calls >= n;
        char *have = test_read(&b.root, LOG);
        assert_true(str_starts(have, "{\"a\":1}\n{\"a\":"));
        if (rc == RC_OK && !str_ends(have, "{\"a\":2}\n")) fail_msg("call %d refused: %s", n, have);
        free(have);
        test_root_remove(&b.root);
        if (!was_refused) break;
    }
}

static void
test_store_lost_lines_are_reported_once_a_file_and_minute(void **state)
{
    struct bed b;
    char *said = NULL;
    size_t len = 0;

    (void)state;
    bed_make(&b);
    b.store.complaints = open_memstream(&said, &len);
    b.faults.fail_at = 1;
    b.faults.fail_len = 1000;
    struct err err = {0};
    struct text t = {0};
    text_puts(&t, "{}");
    for (int i = 0; i < 5; i++)
        assert_int_equal(store_append(&b.seam, LOG, &t, &err), RC_IO);
    assert_int_equal(store_append(&b.seam, "logs/other.jsonl", &t, &err), RC_IO);
    b.clock.mono_ns += 61 * NS_PER_S;
    for (int i = 0; i < 5; i++)
        assert_int_equal(store_append(&b.seam, LOG, &t, &err), RC_IO);
    (void)fclose(b.store.complaints);
    int lines = 0;
    for (const char *p = said; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 3);
    assert_non_null(strstr(said, LOG));
    free(said);
    text_free(&t);
    test_root_remove(&b.root);
}

static void
test_store_directory_in_the_place_of_a_log_is_set_aside(void **state)
{
    struct bed b;

    (void)state;
    bed_make(&b);
    assert_int_equal(b.root.fs.make_dir(b.root.fs.self, LOG, NULL), RC_OK);
    assert_int_equal(append(&b, "{}"), RC_OK);
    check_log(&b, "{}\n");
    assert_int_equal(test_count(&b.root, "logs", "run.jsonl.corrupted."), 1);
    assert_int_equal(test_log_count(&b.log, EV_STATE_SELF_HEALED), 1);
    test_root_remove(&b.root);
}

static void
test_jsonl_long_half_line_is_kept_to_its_limit(void **state)
{
    struct test_root root;
    struct torn_tail torn;
    struct text bytes = {0};

    (void)state;
    test_root_make(&root);
    text_puts(&bytes, "{}\n");
    for (int i = 0; i < TORN_KEPT_MAX + 100; i++)
        text_putc(&bytes, 'x');
    test_write(&root, LOG, text_str(&bytes), bytes.len);
    assert_int_equal(jsonl_mend_tail(&root.fs, LOG, NOW_S, &torn, NULL), RC_OK);
    assert_true(torn.is_torn);
    assert_int_equal(torn.bytes, TORN_KEPT_MAX);
    torn_tail_free(&torn);
    assert_int_equal(jsonl_mend_tail(&root.fs, LOG, NOW_S, &torn, NULL), RC_OK);
    assert_false(torn.is_torn);
    text_free(&bytes);
    test_root_remove(&root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_append_writes_one_line),
        cmocka_unit_test(test_store_torn_tail_is_closed_and_kept),
        cmocka_unit_test(test_store_torn_first_line_is_closed),
        cmocka_unit_test(test_store_append_after_a_torn_write),
        cmocka_unit_test(test_store_append_lines_is_one_write_of_whole_lines),
        cmocka_unit_test(test_store_append_survives_any_refused_call),
        cmocka_unit_test(test_store_lost_lines_are_reported_once_a_file_and_minute),
        cmocka_unit_test(test_store_directory_in_the_place_of_a_log_is_set_aside),
        cmocka_unit_test(test_jsonl_long_half_line_is_kept_to_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
