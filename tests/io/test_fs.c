#include "io/fs.h"

#include "tests/lib/check.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/lib/tmpdir.h"

/* A folder, opened. */
struct place {
    struct tmpdir dir;
    struct posix_fs posix;
    struct fs fs;
};

static void
place_open(struct place *p)
{
    struct err err = {0};
    p->dir = tmpdir_new();
    if (fs_open(p->dir.path, &p->posix, &err) != RC_OK) fail_msg("%s", err.text);
    p->fs = fs_seam(&p->posix);
}

static void
place_done(struct place *p)
{
    fs_close(&p->posix);
    tmpdir_done(&p->dir);
}

static enum rc
replace(struct place *p, const char *path, const char *text, bool keep_prev, struct err *err)
{
    return p->fs.replace(p->fs.self, path, text, strlen(text), keep_prev, err);
}

static enum rc
append(struct place *p, const char *path, const char *text, struct err *err)
{
    return p->fs.append(p->fs.self, path, text, strlen(text), err);
}

static void
assert_file(const struct place *p, const char *path, const char *want)
{
    CLEANUP(text_free) struct text got = tmpdir_read(&p->dir, path);
    assert_string_equal(text_str(&got), want);
}

static void
test_fs_replace_gives_the_new_file_and_keeps_the_old_one(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);

    assert_int_equal(replace(&p, "state/a.json", "one", true, &err),
                     RC_OK); /* the folder is made */
    assert_file(&p, "state/a.json", "one");
    assert_int_equal(tmpdir_count(&p.dir, "state"), 1); /* no previous generation, no temporary */
    assert_int_equal(replace(&p, "state/a.json", "two", true, &err), RC_OK);
    assert_file(&p, "state/a.json", "two");
    assert_file(&p, "state/a.json.prev", "one");
    assert_int_equal(replace(&p, "state/a.json", "three", true, &err), RC_OK);
    assert_file(&p, "state/a.json.prev", "two");
    assert_int_equal(replace(&p, "state/a.json", "", false, &err), RC_OK);
    assert_file(&p, "state/a.json", "");
    assert_file(&p, "state/a.json.prev", "two");
    assert_int_equal(tmpdir_count(&p.dir, "state"), 2);
}

static void
test_fs_replace_over_a_file_that_is_its_own_previous_one(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    tmpdir_write(&p.dir, "a", "one");
    assert_int_equal(link(tmpdir_path(&p.dir, "a"), tmpdir_path(&p.dir, "a.prev")), 0);
    assert_int_equal(replace(&p, "a", "two", true, &err), RC_OK);
    assert_file(&p, "a", "two");
    assert_file(&p, "a.prev", "one");
    assert_int_equal(tmpdir_count(&p.dir, ""), 2);
}

static void
test_fs_append_adds_and_makes_the_folder(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    assert_int_equal(append(&p, "logs/deep/a.jsonl", "1\n", &err), RC_OK);
    assert_int_equal(append(&p, "logs/deep/a.jsonl", "2\n", &err), RC_OK);
    assert_file(&p, "logs/deep/a.jsonl", "1\n2\n");
}

static void
test_fs_names_the_path_and_the_reason(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    struct text t = {0};
    place_open(&p);
    assert_int_equal(mkdir(tmpdir_path(&p.dir, "folder"), 0755), 0);
    tmpdir_write(&p.dir, "file", "x");
    tmpdir_write(&p.dir, "target", "untouched");
    assert_int_equal(symlink("target", tmpdir_path(&p.dir, "link")), 0);
    assert_int_equal(mkfifo(tmpdir_path(&p.dir, "fifo"), 0600), 0);

    assert_int_equal(replace(&p, "folder", "x", false, &err), RC_IO);
    assert_string_equal(err.text, "folder: Is a directory");
    assert_int_equal(replace(&p, "folder", "x", true, &err), RC_IO);
    assert_string_equal(err.text, "folder: Is a directory");
    assert_int_equal(replace(&p, "file/a", "x", false, &err), RC_IO);
    assert_string_equal(err.text, "file/a: Not a directory");
    assert_int_equal(append(&p, "folder", "x", &err), RC_IO);
    assert_string_equal(err.text, "folder: Is a directory");
    assert_int_equal(append(&p, "link", "x", &err), RC_IO);
    assert_string_equal(err.text, "link: Too many levels of symbolic links");
    assert_file(&p, "target", "untouched");
    assert_int_equal(append(&p, "fifo", "x", &err), RC_IO); /* nobody reads: an error, not a wait */
    assert_string_equal(err.text, "fifo: No such device or address");
    assert_int_equal(append(&p, "/dev/full", "x", &err), RC_IO);
    assert_string_equal(err.text, "/dev/full: No space left on device");

    assert_int_equal(p.fs.read_all(p.fs.self, "none", 10, &t, &err), RC_NOT_FOUND);
    assert_string_equal(err.text, "none: No such file or directory");
    assert_int_equal(p.fs.read_all(p.fs.self, "folder", 10, &t, &err), RC_IO);
    assert_string_equal(err.text, "folder: Is a directory");
    assert_int_equal(p.fs.read_all(p.fs.self, "fifo", 10, &t, &err), RC_IO);
    assert_string_equal(err.text, "fifo: is no regular file");
    assert_int_equal(p.fs.make_dir(p.fs.self, "file", &err), RC_IO);
    assert_string_equal(err.text, "file: Not a directory");
    assert_int_equal(p.fs.remove(p.fs.self, "none", &err), RC_NOT_FOUND);
    assert_int_equal(p.fs.remove(p.fs.self, "folder", &err), RC_IO);
    assert_int_equal(p.fs.rename(p.fs.self, "none", "else", &err), RC_NOT_FOUND);
    assert_string_equal(err.text, "none to else: No such file or directory");
    assert_int_equal(tmpdir_count(&p.dir, ""), 5); /* nothing was left behind */
}

static void
test_fs_read_all_holds_its_limit_exactly(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    CLEANUP(text_free) struct text t = {0};
    struct err err = {0};
    place_open(&p);
    tmpdir_write(&p.dir, "a", "0123456789");
    assert_int_equal(p.fs.read_all(p.fs.self, "a", 10, &t, &err), RC_OK);
    assert_string_equal(text_str(&t), "0123456789");
    assert_int_equal(p.fs.read_all(p.fs.self, "a", 9, &t, &err), RC_RANGE);
    assert_string_equal(err.text, "a: more than 9 bytes");
    assert_string_equal(text_str(&t), "0123456789"); /* written only on success */
    assert_int_equal(p.fs.read_all(p.fs.self, tmpdir_path(&p.dir, "a"), 10, &t, &err),
                     RC_OK); /* absolute */
    tmpdir_write(&p.dir, "empty", "");
    assert_int_equal(p.fs.read_all(p.fs.self, "empty", 0, &t, &err), RC_OK);
    assert_int_equal(t.len, 0);
    assert_string_equal(text_str(&t), "");
}

static void
test_fs_read_all_takes_large_files_whole(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    CLEANUP(text_free) struct text big = {0}, t = {0};
    struct err err = {0};
    place_open(&p);
    for (int i = 0; i < 400000; i++)
        text_printf(&big, "%d,", i);
    assert_int_equal(p.fs.replace(p.fs.self, "big", text_str(&big), big.len, false, &err), RC_OK);
    assert_int_equal(p.fs.read_all(p.fs.self, "big", 16 << 20, &t, &err), RC_OK);
    assert_int_equal(t.len, big.len);
    assert_memory_equal(t.data, big.data, big.len);
    assert_true(t.cap < big.len + 4096); /* no second copy's worth of room */
}

static void
test_fs_read_at_gives_what_there_is(void **state)
{
    (void)state;
    static const struct {
        int64_t offset;
        size_t max;
        const char *want;
    } cases[] = {
        {0,  4,  "0123"      },
        {8,  4,  "89"        },
        {10, 4,  ""          },
        {99, 4,  ""          },
        {3,  0,  ""          },
        {0,  99, "0123456789"},
    };
    CLEANUP(place_done) struct place p;
    CLEANUP(text_free) struct text t = {0};
    struct err err = {0};
    place_open(&p);
    tmpdir_write(&p.dir, "a", "0123456789");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(p.fs.read_at(p.fs.self, "a", cases[i].offset, cases[i].max, &t, &err),
                         RC_OK);
        assert_string_equal(text_str(&t), cases[i].want);
    }
    assert_int_equal(p.fs.read_at(p.fs.self, "a", -1, 1, &t, &err), RC_RANGE);
    assert_int_equal(p.fs.read_at(p.fs.self, "none", 0, 1, &t, &err), RC_NOT_FOUND);
}

static void
test_fs_stat_tells_what_a_name_is(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    struct fs_stat file, folder, none, below;
    place_open(&p);
    tmpdir_write(&p.dir, "f", "12345");
    assert_int_equal(p.fs.make_dir(p.fs.self, "d/e", &err), RC_OK);
    assert_int_equal(p.fs.make_dir(p.fs.self, "d/e", &err), RC_OK); /* there already */
    assert_int_equal(p.fs.stat(p.fs.self, "f", &file, &err), RC_OK);
    assert_int_equal(p.fs.stat(p.fs.self, "d/e", &folder, &err), RC_OK);
    assert_int_equal(p.fs.stat(p.fs.self, "none", &none, &err), RC_OK);
    assert_int_equal(p.fs.stat(p.fs.self, "f/below", &below, &err), RC_OK);
    assert_true(file.exists && !file.is_dir && file.size == 5 && file.inode != 0 &&
                file.mtime_ns > 0);
    assert_true(folder.exists && folder.is_dir);
    assert_false(none.exists || below.exists);
}

static void
test_fs_rename_makes_the_folder_it_needs(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    tmpdir_write(&p.dir, "a", "x");
    assert_int_equal(p.fs.rename(p.fs.self, "a", "logs/archive/a", &err), RC_OK);
    assert_file(&p, "logs/archive/a", "x");
    assert_int_equal(p.fs.rename(p.fs.self, "logs", "old", &err), RC_OK); /* a folder, too */
    assert_file(&p, "old/archive/a", "x");
}

struct listing {
    struct text names;
    size_t limit;
};

static bool
add_name(void *ctx, const char *name)
{
    struct listing *l = ctx;
    text_printf(&l->names, "%s ", name);
    return --l->limit > 0;
}

static void
test_fs_list_is_sorted_and_stops_when_told(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    struct listing all = {.limit = 99}, two = {.limit = 2};
    place_open(&p);
    tmpdir_write(&p.dir, "b", "");
    tmpdir_write(&p.dir, ".hidden", "");
    tmpdir_write(&p.dir, "a", "");
    assert_int_equal(p.fs.make_dir(p.fs.self, "c/inside", &err), RC_OK);
    assert_int_equal(p.fs.list(p.fs.self, ".", add_name, &all, &err), RC_OK);
    assert_string_equal(text_str(&all.names), ".hidden a b c ");
    assert_int_equal(p.fs.list(p.fs.self, ".", add_name, &two, &err), RC_OK);
    assert_string_equal(text_str(&two.names), ".hidden a ");
    assert_int_equal(p.fs.list(p.fs.self, "none", add_name, &two, &err), RC_NOT_FOUND);
    assert_int_equal(p.fs.list(p.fs.self, "a", add_name, &two, &err), RC_IO);
    text_free(&all.names);
    text_free(&two.names);
}

/* Runs in a process of its own, whose files may not grow beyond a limit: a "full" disk. */
static int
with_full_disk(struct place *p)
{
    struct rlimit limit = {6, 6};
    struct err err = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    if (replace(p, "a", "0123456789", true, &err) != RC_IO) return 2;
    if (!str_eq(err.text, "a: File too large")) return 3;
    if (append(p, "log", "0123456789", &err) != RC_IO) return 4;
    if (!str_eq(err.text, "log: only 4 of 10 bytes were written")) return 5;
    return 0;
}

static void
test_fs_full_disk_leaves_the_old_file_whole(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    place_open(&p);
    tmpdir_write(&p.dir, "a", "old");
    tmpdir_write(&p.dir, "log", "1\n");
    pid_t pid = fork();
    if (pid == 0) _exit(with_full_disk(&p));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_file(&p, "a", "old");
    assert_file(&p, "log", "1\n0123");
    assert_int_equal(tmpdir_count(&p.dir, ""), 2); /* no temporary, no previous generation */
}

/* Replaces one file again and again by long texts of one letter. */
static NORETURN void
write_for_ever(struct place *p)
{
    static char bytes[300000];
    struct err err = {0};
    for (unsigned i = 0;; i++) {
        memset(bytes, 'a' + (int)(i % 26), sizeof bytes);
        if (p->fs.replace(p->fs.self, "a", bytes, sizeof bytes, true, &err) != RC_OK) _exit(1);
    }
}

static void
assert_whole(struct place *p, const char *path)
{
    CLEANUP(text_free) struct text t = {0};
    struct err err = {0};
    enum rc rc = p->fs.read_all(p->fs.self, path, 1 << 20, &t, &err);
    if (rc == RC_NOT_FOUND) return; /* killed before its first generation */
    assert_int_equal(rc, RC_OK);
    assert_int_equal(t.len, 300000);
    for (size_t i = 0; i < t.len; i++)
        if (t.data[i] != t.data[0]) fail_msg("%s: two generations in one file", path);
}

static void
test_fs_kill_at_any_moment_leaves_whole_files_and_sweepable_rests(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    int swept = 0, swept_sum = 0;
    struct rng rng = check_rng("kill");
    place_open(&p);
    for (int round = 0; round < 40; round++) {
        pid_t pid = fork();
        if (pid == 0) write_for_ever(&p);
        (void)usleep((useconds_t)rng_below(&rng, 8000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_whole(&p, "a");
        assert_whole(&p, "a.prev");
        assert_int_equal(fs_sweep(&p.posix, ".", &swept, &err), RC_OK);
        swept_sum += swept;
        assert_true(tmpdir_count(&p.dir, "") <= 2);
    }
    assert_true(swept_sum > 0); /* the kills did hit writes */
}

static void
test_fs_sweep_removes_only_what_nobody_writes(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    int removed = 0;
    char own[64], own_old[64], parent[64];
    place_open(&p);
    p.posix.temporaries = 5;
    (void)snprintf(own, sizeof own, ".a.json.%d.4.tmp", getpid());
    (void)snprintf(own_old, sizeof own_old, ".a.json.%d.5.tmp", getpid());
    (void)snprintf(parent, sizeof parent, ".a.json.%d.0.tmp", getppid());
    static const char *const others[] = {
        ".a.json.tmp", "a.json.999999999.0.tmp", ".a.999999999.x.tmp", ".a.0.0.tmp",
        "a.json",      ".999999999.0.tmp"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        tmpdir_write(&p.dir, others[i], "");
    tmpdir_write(&p.dir, own, "");
    tmpdir_write(&p.dir, own_old, "");
    tmpdir_write(&p.dir, parent, "");
    tmpdir_write(&p.dir, ".a.json.999999999.7.tmp", "");
    assert_int_equal(fs_sweep(&p.posix, ".", &removed, &err), RC_OK);
    assert_int_equal(removed, 2); /* the dead process's, and ours from a life before this one */
    assert_int_equal(tmpdir_count(&p.dir, ""), COUNT_OF(others) + 2);
    assert_int_equal(access(tmpdir_path(&p.dir, own), F_OK), 0);
    assert_int_equal(access(tmpdir_path(&p.dir, parent), F_OK), 0);
}

static void
test_fs_steps_over_temporaries_of_an_earlier_life(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    for (int i = 0; i < 20; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, ".a.%d.%d.tmp", getpid(), i);
        tmpdir_write(&p.dir, name, "");
    }
    assert_int_equal(replace(&p, "a", "x", true, &err), RC_OK);
    assert_file(&p, "a", "x");
}

static void
test_fs_open_makes_the_root(void **state)
{
    (void)state;
    CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
    struct posix_fs fs;
    struct err err = {0};
    assert_int_equal(fs_open(tmpdir_path(&dir, "a/b/c"), &fs, &err), RC_OK);
    fs_close(&fs);
    tmpdir_write(&dir, "file", "");
    assert_int_equal(fs_open(tmpdir_path(&dir, "file"), &fs, &err), RC_IO);
    assert_true(str_ends(err.text, "/file: Not a directory"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fs_replace_gives_the_new_file_and_keeps_the_old_one),
        cmocka_unit_test(test_fs_replace_over_a_file_that_is_its_own_previous_one),
        cmocka_unit_test(test_fs_append_adds_and_makes_the_folder),
        cmocka_unit_test(test_fs_names_the_path_and_the_reason),
        cmocka_unit_test(test_fs_read_all_holds_its_limit_exactly),
        cmocka_unit_test(test_fs_read_all_takes_large_files_whole),
        cmocka_unit_test(test_fs_read_at_gives_what_there_is),
        cmocka_unit_test(test_fs_stat_tells_what_a_name_is),
        cmocka_unit_test(test_fs_rename_makes_the_folder_it_needs),
        cmocka_unit_test(test_fs_list_is_sorted_and_stops_when_told),
        cmocka_unit_test(test_fs_full_disk_leaves_the_old_file_whole),
        cmocka_unit_test(test_fs_kill_at_any_moment_leaves_whole_files_and_sweepable_rests),
        cmocka_unit_test(test_fs_sweep_removes_only_what_nobody_writes),
        cmocka_unit_test(test_fs_steps_over_temporaries_of_an_earlier_life),
        cmocka_unit_test(test_fs_open_makes_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
