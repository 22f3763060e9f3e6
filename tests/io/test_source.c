/*
 * Files read from end to end, plain and compressed, and folders that take their place at once.
 */
#include <sys/stat.h>

#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "io/folder.h"
#include "io/gz.h"
#include "io/source.h"

/* Reads to the end; the content, what came last, and what is known then. */
struct taken {
    struct text content;
    enum rc rc;
    struct err err;
    struct source_facts facts;
};

static struct taken
take(const struct test_root *r, const char *path, int64_t bytes_max)
{
    struct posix_fs disk = r->disk;
    struct sources sources = sources_seam(&disk);
    struct taken t = {0};
    struct source src;
    const char *bytes = NULL;
    size_t len = 1;

    assert_int_equal(sources.open(sources.self, path, bytes_max, &src, &t.err), RC_OK);
    while (len > 0 && (t.rc = src.next(src.self, &bytes, &len, &t.err)) == RC_OK)
        text_add(&t.content, bytes, len);
    t.facts = src.facts(src.self);
    src.close(src.self);
    return t;
}

static void
write_noise(struct text *to, size_t len)
{
    struct rng r;

    rng_init(&r, 5);
    for (size_t i = 0; i < len; i++)
        text_putc(to, (char)('a' + rng_below(&r, 20)));
}

static void
pack(const struct text *plain, size_t from, size_t to, struct text *packed)
{
    CLEANUP(text_free) struct text member = {0};
    struct err err = {0};

    assert_int_equal(gz_compress(plain->data + from, to - from, &member, &err), RC_OK);
    text_add(packed, member.data, member.len);
}

static void
test_source_gives_content_and_hash_of_the_file_as_it_lies(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 100, 256 << 10, (256 << 10) + 1, 700000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int is_packed = 0; is_packed < 2; is_packed++) {
            CLEANUP(text_free) struct text plain = {0};
            CLEANUP(text_free) struct text file = {0};
            char hash[SHA256_HEX_MAX];
            struct test_root r;

            write_noise(&plain, sizes[i]);
            if (is_packed && sizes[i] > 0) { /* two members are one text */
                pack(&plain, 0, sizes[i] / 2, &file);
                pack(&plain, sizes[i] / 2, sizes[i], &file);
            } else {
                text_add(&file, text_str(&plain), plain.len);
            }
            test_root_make(&r);
            test_write(&r, "log", text_str(&file), file.len);
            struct taken t = take(&r, "log", -1);
            assert_int_equal(t.rc, RC_OK);
            assert_int_equal(t.content.len, plain.len);
            assert_memory_equal(text_str(&t.content), text_str(&plain), plain.len);
            assert_int_equal(t.facts.bytes, file.len);
            assert_int_equal(t.facts.is_compressed, is_packed && sizes[i] > 0);
            assert_string_equal(t.facts.sha256, sha256_hex(text_str(&file), file.len, hash));
            text_free(&t.content);
            test_root_remove(&r);
        }
}

static void
test_source_is_the_file_as_it_was_when_opened(void **state)
{
    CLEANUP(text_free) struct text seen = {0};
    struct test_root r;
    struct source src;
    const char *bytes = NULL;
    size_t len = 1;

    (void)state;
    test_root_make(&r);
    test_write(&r, "log", "one\n", 4);
    struct sources sources = sources_seam(&r.disk);
    assert_int_equal(sources.open(sources.self, "log", -1, &src, NULL), RC_OK);
    assert_int_equal(r.fs.append(r.fs.self, "log", "two\n", 4, NULL), RC_OK);
    assert_int_equal(r.fs.rename(r.fs.self, "log", "log.1", NULL), RC_OK);
    test_write(&r, "log", "another file\n", 13);
    while (len > 0) {
        assert_int_equal(src.next(src.self, &bytes, &len, NULL), RC_OK);
        text_add(&seen, bytes, len);
    }
    assert_string_equal(text_str(&seen), "one\n");
    assert_int_equal(src.read_at(src.self, 2, 100, &seen, NULL), RC_OK);
    assert_string_equal(text_str(&seen), "e\n");
    src.close(src.self);
    test_root_remove(&r);
}

static void
test_source_takes_no_more_than_it_was_asked_for(void **state)
{
    char hash[SHA256_HEX_MAX];
    struct test_root r;

    (void)state;
    test_root_make(&r);
    test_write(&r, "log", "one\ntwo\n", 8);
    struct taken t = take(&r, "log", 4);
    assert_string_equal(text_str(&t.content), "one\n");
    assert_int_equal(t.facts.bytes, 4);
    assert_string_equal(t.facts.sha256, sha256_hex("one\n", 4, hash));
    text_free(&t.content);
    test_root_remove(&r);
}

/* What can be read is given, and the hash is that of the whole file all the same. */
static void
test_source_damaged_compression_is_told_at_the_end(void **state)
{
    CLEANUP(text_free) struct text plain = {0};
    CLEANUP(text_free) struct text packed = {0};

    (void)state;
    write_noise(&plain, 600000);
    pack(&plain, 0, plain.len, &packed);
    for (int how = 0; how < 3; how++) {
        CLEANUP(text_free) struct text file = {0};
        char hash[SHA256_HEX_MAX];
        struct test_root r;

        text_add(&file, packed.data, how == 0 ? packed.len - 100 : packed.len);
        if (how == 1) file.data[file.len / 2] ^= 0x55;
        if (how == 2) text_puts(&file, "trailing words");
        test_root_make(&r);
        test_write(&r, "log.gz", file.data, file.len);
        struct taken t = take(&r, "log.gz", -1);
        assert_int_equal(t.rc, RC_PARSE);
        assert_true(str_starts(t.err.text, "log.gz: "));
        assert_true(t.content.len > 100000 && t.content.len <= plain.len);
        assert_memory_equal(t.content.data, plain.data, 100000);
        assert_string_equal(t.facts.sha256, sha256_hex(file.data, file.len, hash));
        text_free(&t.content);
        test_root_remove(&r);
    }
}

static void
test_source_refuses_what_is_no_file(void **state)
{
    struct test_root r;
    struct source src;
    struct err err = {0};
    char path[128];

    (void)state;
    test_root_make(&r);
    struct sources sources = sources_seam(&r.disk);
    assert_int_equal(sources.open(sources.self, "none", -1, &src, &err), RC_NOT_FOUND);
    assert_int_equal(r.fs.make_dir(r.fs.self, "folder", NULL), RC_OK);
    assert_int_equal(sources.open(sources.self, "folder", -1, &src, &err), RC_IO);
    (void)snprintf(path, sizeof(path), "%s/pipe", r.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(sources.open(sources.self, "pipe", -1, &src, &err), RC_IO);
    assert_non_null(strstr(err.text, "pipe"));
    test_root_remove(&r);
}

/* ---- folders -----------------------------------------------------------------------------------
 */

static void
test_folder_takes_its_place_and_the_old_one_its_name(void **state)
{
    struct test_root r;

    (void)state;
    test_root_make(&r);
    struct folders folders = folders_seam(&r.disk);
    test_write(&r, "t/new/a", "new", 3);
    assert_int_equal(folders.exchange(folders.self, "t/new", "t/place", NULL), RC_OK);
    assert_true(test_exists(&r, "t/place/a"));
    assert_false(test_exists(&r, "t/new"));
    test_write(&r, "t/new/a", "newer", 5);
    assert_int_equal(folders.exchange(folders.self, "t/new", "t/place", NULL), RC_OK);
    char *now = test_read(&r, "t/place/a");
    char *before = test_read(&r, "t/new/a");
    assert_string_equal(now, "newer");
    assert_string_equal(before, "new");
    free(now);
    free(before);
    test_root_remove(&r);
}

static void
test_folder_is_removed_only_when_empty(void **state)
{
    struct test_root r;

    (void)state;
    test_root_make(&r);
    struct folders folders = folders_seam(&r.disk);
    test_write(&r, "full/a", "", 0);
    assert_int_equal(folders.remove(folders.self, "full", NULL), RC_IO);
    assert_int_equal(r.fs.remove(r.fs.self, "full/a", NULL), RC_OK);
    assert_int_equal(folders.remove(folders.self, "full", NULL), RC_OK);
    assert_int_equal(folders.remove(folders.self, "full", NULL), RC_NOT_FOUND);
    assert_int_equal(folders.exchange(folders.self, "none", "full", NULL), RC_NOT_FOUND);
    test_root_remove(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_gives_content_and_hash_of_the_file_as_it_lies),
        cmocka_unit_test(test_source_is_the_file_as_it_was_when_opened),
        cmocka_unit_test(test_source_takes_no_more_than_it_was_asked_for),
        cmocka_unit_test(test_source_damaged_compression_is_told_at_the_end),
        cmocka_unit_test(test_source_refuses_what_is_no_file),
        cmocka_unit_test(test_folder_takes_its_place_and_the_old_one_its_name),
        cmocka_unit_test(test_folder_is_removed_only_when_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
