#include "io/page.h"

#include "tests/lib/check.h"

#include <sys/stat.h>
#include <zlib.h>

#include "io/gz.h"
#include "io/zonefile.h"
#include "tests/lib/tmpdir.h"

static void
test_page_outlives_the_process_that_wrote_it(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *path = tmpdir_path(&dir, "flight");
    pid_t pid = fork();
    if (pid == 0) {
        struct page page;
        struct err err = {0};
        if (page_map(path, 4096, &page, &err) != RC_OK) _exit(1);
        (void)snprintf(page.data, page.size, "cycle 17, stage exits");
        (void)kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));

    char copy[4096];
    struct err err = {0};
    assert_int_equal(page_read(path, copy, sizeof copy, &err), RC_OK);
    assert_string_equal(copy, "cycle 17, stage exits");
    struct page again = {0};
    assert_int_equal(page_map(path, 4096, &again, &err), RC_OK); /* what it said is still there */
    assert_string_equal((const char *)again.data, "cycle 17, stage exits");
    page_unmap(&again);
    assert_null(again.data);
}

static void
test_page_has_exactly_its_size(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    const char *path = tmpdir_path(&dir, "flight");
    struct page page = {0};
    struct err err = {0};
    static const size_t found[] = {0, 10, 8192};
    for (size_t i = 0; i < COUNT_OF(found); i++) {
        char bytes[8192] = "";
        tmpdir_write_bytes(&dir, "flight", bytes, found[i]);
        assert_int_equal(page_map(path, 4096, &page, &err), RC_OK);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 4096);
        assert_true(st.st_blocks * 512 >= 4096); /* reserved: writing needs no more room */
        page_unmap(&page);
    }
}

static void
test_page_names_what_is_wrong(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct page page = {0};
    struct err err = {0};
    char copy[100];
    tmpdir_write(&dir, "short", "abc");
    assert_int_equal(page_read(tmpdir_path(&dir, "short"), copy, sizeof copy, &err), RC_PARSE);
    assert_true(str_ends(err.text, "/short: 3 bytes instead of 100"));
    assert_int_equal(page_read(tmpdir_path(&dir, "none"), copy, sizeof copy, &err), RC_NOT_FOUND);
    assert_int_equal(page_read(dir.path, copy, sizeof copy, &err), RC_IO);
    assert_int_equal(page_map(dir.path, 4096, &page, &err), RC_IO);
    assert_true(str_ends(err.text, ": Is a directory"));
    assert_int_equal(page_map(tmpdir_path(&dir, "none/flight"), 4096, &page, &err), RC_IO);
}

static void
test_file_load_keeps_its_room_and_tells_what_it_read(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text buf = {0};
    struct fs_stat first = {0}, second = {0};
    struct err err = {0};
    const char *path = tmpdir_path(&dir, "cache");
    tmpdir_write(&dir, "cache", "0123456789");
    assert_int_equal(file_load(path, 10, &buf, &first, &err), RC_OK);
    assert_string_equal(text_str(&buf), "0123456789");
    assert_true(first.exists && first.size == 10 && first.inode != 0);
    const char *room = buf.data;
    tmpdir_write(&dir, "next", "abc");
    assert_int_equal(rename(tmpdir_path(&dir, "next"), path), 0);
    assert_int_equal(file_load(path, 10, &buf, &second, &err), RC_OK);
    assert_string_equal(text_str(&buf), "abc");
    assert_ptr_equal(buf.data, room);
    assert_true(first.inode != second.inode || first.mtime_ns != second.mtime_ns);

    assert_int_equal(file_load(path, 2, &buf, &second, &err), RC_RANGE);
    assert_int_equal(file_load(dir.path, 99, &buf, &second, &err), RC_IO);
    assert_int_equal(file_load(tmpdir_path(&dir, "none"), 99, &buf, &second, &err), RC_NOT_FOUND);
}

/* ---- gz ------------------------------------------------------------------------------------ */

static void
write_gz(const struct tmpdir *dir, const char *name, const char *mode, const char *text)
{
    gzFile gz = gzopen(tmpdir_path(dir, name), mode);
    assert_non_null(gz);
    assert_int_equal(gzwrite(gz, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(gz), Z_OK);
}

static void
test_gz_reads_compressed_and_plain_alike(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text t = {0}, big = {0};
    struct err err = {0};
    write_gz(&dir, "a.gz", "wb", "one\n");
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "a.gz"), 100, &t, &err), RC_OK);
    assert_string_equal(text_str(&t), "one\n");
    write_gz(&dir, "a.gz", "ab", "two\n"); /* a second member */
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "a.gz"), 8, &t, &err), RC_OK);
    assert_string_equal(text_str(&t), "one\ntwo\n");
    tmpdir_write(&dir, "plain", "three\n");
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "plain"), 100, &t, &err), RC_OK);
    assert_string_equal(text_str(&t), "three\n");
    tmpdir_write(&dir, "empty", "");
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "empty"), 100, &t, &err), RC_OK);
    assert_int_equal(t.len, 0);
    for (int i = 0; i < 200000; i++)
        text_printf(&big, "%d\n", i);
    write_gz(&dir, "big.gz", "wb", text_str(&big));
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "big.gz"), 16 << 20, &t, &err), RC_OK);
    assert_int_equal(t.len, big.len);
    assert_memory_equal(t.data, big.data, big.len);
}

static void
test_gz_refuses_bombs_and_damage(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    CLEANUP(text_free) struct text t = {0}, zeros = {0};
    struct err err = {0};
    for (int i = 0; i < 100000; i++)
        text_puts(&zeros, "0000000000");
    write_gz(&dir, "bomb.gz", "wb", text_str(&zeros));
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "bomb.gz"), zeros.len - 1, &t, &err), RC_RANGE);
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "bomb.gz"), zeros.len, &t, &err), RC_OK);

    CLEANUP(text_free) struct text packed = tmpdir_read(&dir, "bomb.gz");
    for (size_t len = 3; len < packed.len; len += 97) { /* cut off anywhere */
        tmpdir_write_bytes(&dir, "cut.gz", packed.data, len);
        enum rc rc = gz_read_all(tmpdir_path(&dir, "cut.gz"), zeros.len, &t, &err);
        if (rc != RC_PARSE) fail_msg("cut at %zu: %s", len, rc_name(rc));
    }
    packed.data[packed.len - 6] ^= 1; /* the checksum */
    tmpdir_write_bytes(&dir, "bad.gz", packed.data, packed.len);
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "bad.gz"), zeros.len, &t, &err), RC_PARSE);
    assert_non_null(strstr(err.text, "/bad.gz: damaged: "));
    assert_int_equal(gz_read_all(tmpdir_path(&dir, "none"), 9, &t, &err), RC_NOT_FOUND);
    assert_int_equal(gz_read_all(dir.path, 9, &t, &err), RC_IO);
}

/* ---- zone files ---------------------------------------------------------------------------- */

static void
test_zonefile_gives_new_york(void **state)
{
    (void)state;
    struct zone *zone = NULL;
    struct err err = {0};
    assert_int_equal(unsetenv("TZDIR"), 0);
    if (zonefile_load(ZONE_NEW_YORK, &zone, &err) != RC_OK) fail_msg("%s", err.text);
    assert_int_equal(zone_offset_s(zone, when_parse_or_none("2026-01-30T15:00:00Z")), -18000);
    assert_int_equal(zone_offset_s(zone, when_parse_or_none("2026-07-01T15:00:00Z")), -14400);
    zone_free(zone);
}

static void
test_zonefile_respects_tzdir_and_stays_inside(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct zone *zone = NULL;
    struct err err = {0};
    assert_int_equal(setenv("TZDIR", dir.path, 1), 0);
    assert_int_equal(zonefile_load("Somewhere", &zone, &err), RC_NOT_FOUND);
    assert_true(str_starts(err.text, dir.path));
    tmpdir_write(&dir, "Somewhere", "no zone");
    assert_int_equal(zonefile_load("Somewhere", &zone, &err), RC_PARSE);
    assert_true(str_starts(err.text, dir.path));
    assert_int_equal(unsetenv("TZDIR"), 0);
    static const char *const outside[] = {"", "/etc/passwd", "../passwd", "America/../../x"};
    for (size_t i = 0; i < COUNT_OF(outside); i++)
        assert_int_equal(zonefile_load(outside[i], &zone, &err), RC_RANGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_outlives_the_process_that_wrote_it),
        cmocka_unit_test(test_page_has_exactly_its_size),
        cmocka_unit_test(test_page_names_what_is_wrong),
        cmocka_unit_test(test_file_load_keeps_its_room_and_tells_what_it_read),
        cmocka_unit_test(test_gz_reads_compressed_and_plain_alike),
        cmocka_unit_test(test_gz_refuses_bombs_and_damage),
        cmocka_unit_test(test_zonefile_gives_new_york),
        cmocka_unit_test(test_zonefile_respects_tzdir_and_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
