/* Archives: the form that tar reads, and the same bytes for the same files. */
#include "tests/lib/check.h"
#include "tests/lib/tmpdir.h"

#include "io/gz.h"
#include "io/tar.h"

enum { BLOCK = 512 };

/* An octal field. */
static long
field(const struct text *t, size_t at, size_t from, size_t len)
{
    char digits[16] = "";

    memcpy(digits, t->data + at + from, MIN(len, sizeof(digits) - 1));
    return strtol(digits, NULL, 8);
}

static void
test_tar_headers_are_those_of_posix(void **state)
{
    CLEANUP(text_free) struct text tar = {0};
    struct err err = {0};
    unsigned sum = 0;

    (void)state;
    assert_int_equal(tar_add(&tar, "state/a.json", "{}\n", 3, 1769126400, &err), RC_OK);
    tar_end(&tar);
    assert_int_equal(tar.len, 4 * BLOCK); /* header, one block of content, two at the end */
    assert_string_equal(tar.data, "state/a.json");
    assert_int_equal(field(&tar, 0, 124, 12), 3);
    assert_int_equal(field(&tar, 0, 136, 12), 1769126400);
    assert_memory_equal(tar.data + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (uint8_t)tar.data[i];
    assert_int_equal(field(&tar, 0, 148, 8), sum);
    assert_memory_equal(tar.data + BLOCK, "{}\n", 3);
}

static void
test_tar_program_gives_back_what_was_put_in(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text tar = {0}, gz = {0}, cmd = {0};
    struct rng r = check_rng("tar");
    char large[3 * BLOCK];
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)('a' + rng_below(&r, 26));
    assert_int_equal(tar_add(&tar, "empty", "", 0, 0, &err), RC_OK);
    assert_int_equal(tar_add(&tar, "logs/whole_blocks", large, sizeof(large), -1, &err), RC_OK);
    assert_int_equal(tar_add(&tar, "logs/uneven", large, BLOCK + 1, 1, &err), RC_OK);
    tar_end(&tar);
    assert_int_equal(gz_compress(tar.data, tar.len, &gz, &err), RC_OK);
    tmpdir_write_bytes(&dir, "a.tar.gz", gz.data, gz.len);
    text_printf(&cmd, "cd '%s' && tar xzf a.tar.gz 2>/dev/null", dir.path);
    if (system("tar --version >/dev/null 2>&1") != 0) { /* NOLINT(cert-env33-c): a test */
        printf("skipped: there is no tar\n");
        skip();
    }
    assert_int_equal(system(text_str(&cmd)), 0); /* NOLINT(cert-env33-c): a test */
    struct text whole = tmpdir_read(&dir, "logs/whole_blocks");
    struct text uneven = tmpdir_read(&dir, "logs/uneven");
    struct text empty = tmpdir_read(&dir, "empty");
    assert_int_equal(whole.len, sizeof(large));
    assert_memory_equal(whole.data, large, sizeof(large));
    assert_int_equal(uneven.len, BLOCK + 1);
    assert_int_equal(empty.len, 0);
    text_free(&whole);
    text_free(&uneven);
    text_free(&empty);
}

static void
test_tar_refuses_names_that_leave_the_archive(void **state)
{
    char longest[TAR_NAME_MAX + 2] = "";
    struct err err = {0};
    CLEANUP(text_free) struct text tar = {0};

    (void)state;
    memset(longest, 'n', TAR_NAME_MAX);
    assert_int_equal(tar_add(&tar, "/etc/passwd", "x", 1, 0, &err), RC_RANGE);
    assert_int_equal(tar_add(&tar, "", "x", 1, 0, &err), RC_RANGE);
    assert_int_equal(tar_add(&tar, longest, "x", 1, 0, &err), RC_OK);
    longest[TAR_NAME_MAX] = 'n';
    assert_int_equal(tar_add(&tar, longest, "x", 1, 0, &err), RC_RANGE);
    assert_non_null(strstr(err.text, "no name for an archive"));
}

static void
test_gz_gives_the_same_bytes_and_reads_them_back(void **state)
{
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text one = {0}, two = {0}, back = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(gz_compress("abcabcabc", 9, &one, &err), RC_OK);
    assert_int_equal(gz_compress("abcabcabc", 9, &two, &err), RC_OK);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    tmpdir_write_bytes(&dir, "a.gz", one.data, one.len);
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "a.gz"), 1024, &back, &err), RC_OK);
    assert_string_equal(text_str(&back), "abcabcabc");
    assert_int_equal(gz_compress("", 0, &one, &err), RC_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tar_headers_are_those_of_posix),
        cmocka_unit_test(test_tar_program_gives_back_what_was_put_in),
        cmocka_unit_test(test_tar_refuses_names_that_leave_the_archive),
        cmocka_unit_test(test_gz_gives_the_same_bytes_and_reads_them_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
