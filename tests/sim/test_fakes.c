#include "sim/faulty_fs.h"
#include "sim/mem_fs.h"
#include "sim/sim_clock.h"

#include "tests/lib/check.h"

#include <errno.h>

#include "io/fs.h"
#include "tests/lib/tmpdir.h"

/* ---- the clock ---- */

static void
note_time(void *ctx, int64_t now_ns)
{
    *(int64_t *)ctx = now_ns;
}

static void
test_sim_clock_moves_only_when_told(void **state)
{
    (void)state;
    struct sim_clock c;
    int64_t told_ns = 0;
    sim_clock_init(&c, 1000 * NS_PER_S);
    c.advanced = note_time;
    c.ctx = &told_ns;
    struct clock clock = sim_clock_seam(&c);
    int64_t mono_ns = clock_mono(&clock);
    assert_int_equal(clock_now(&clock), 1000 * NS_PER_S);
    assert_int_equal(clock_now(&clock), 1000 * NS_PER_S);

    clock_sleep(&clock, 60 * NS_PER_S);
    assert_int_equal(clock_now(&clock), 1060 * NS_PER_S);
    assert_int_equal(clock_mono(&clock), mono_ns + 60 * NS_PER_S);
    assert_int_equal(told_ns, 1060 * NS_PER_S);
    sim_clock_step(&c, -7200 * NS_PER_S); /* the wall clock alone */
    assert_int_equal(clock_now(&clock), (1060 - 7200) * NS_PER_S);
    assert_int_equal(clock_mono(&clock), mono_ns + 60 * NS_PER_S);
    clock_sleep(&clock, -1);
    clock_sleep(&clock, 0);
    assert_int_equal(c.slept_ns, 60 * NS_PER_S);
    assert_int_equal(c.sleeps, 1);
    assert_int_equal(clock_real(&clock, 77), 77);
}

/* ---- the disk in memory against the real one ---- */

/* The same operation on two disks, and what came of it. */
struct outcome {
    enum rc rc;
    struct text bytes;
    struct fs_stat stat;
    struct err err;
};

enum { OPS_LEN = 9 };

static bool
add_name(void *ctx, const char *name)
{
    text_printf(ctx, "%s ", name);
    return true;
}

static struct outcome
operate(const struct fs *fs, unsigned op, const char *a, const char *b, const char *bytes,
        bool keep_prev)
{
    struct outcome o = {0};
    void *self = fs->self;
    switch (op) {
    case 0:
        o.rc = fs->read_all(self, a, 20, &o.bytes, &o.err);
        break;
    case 1:
        o.rc = fs->read_at(self, a, 2, 3, &o.bytes, &o.err);
        break;
    case 2:
        o.rc = fs->replace(self, a, bytes, strlen(bytes), keep_prev, &o.err);
        break;
    case 3:
        o.rc = fs->append(self, a, bytes, strlen(bytes), &o.err);
        break;
    case 4:
        o.rc = fs->rename(self, a, b, &o.err);
        break;
    case 5:
        o.rc = fs->remove(self, a, &o.err);
        break;
    case 6:
        o.rc = fs->stat(self, a, &o.stat, &o.err);
        break;
    case 7:
        o.rc = fs->make_dir(self, a, &o.err);
        break;
    default:
        o.rc = fs->list(self, a, add_name, &o.bytes, &o.err);
        break;
    }
    return o;
}

/* What both must agree on: code, the system's words, bytes and the kind of a name. */
static void
describe(const struct outcome *o, struct text *to)
{
    const char *words = o->rc == RC_OK ? NULL : strrchr(o->err.text, ':');
    text_printf(to, "%s%s \"%s\" %d %d %lld", rc_name(o->rc), words == NULL ? "" : words,
                text_str(&o->bytes), o->stat.exists, o->stat.is_dir,
                (long long)(o->stat.is_dir ? 0 : o->stat.size));
}

static void
test_mem_fs_answers_as_the_disk_does(void **state)
{
    (void)state;
    static const char *const paths[] = {"a",   "b",   "d",    "d/a",  "d/e", "d/e/c",
                                        "a/x", "./b", "d//a", "none", "."};
    struct rng rng = check_rng("mem_fs");
    for (int round = 0; round < 60; round++) {
        CLEANUP(tmpdir_done) struct tmpdir dir = tmpdir_new();
        struct posix_fs posix;
        struct err err = {0};
        assert_int_equal(fs_open(dir.path, &posix, &err), RC_OK);
        struct mem_fs *mem = mem_fs_new(NULL);
        struct fs disk = fs_seam(&posix), memory = mem_fs_seam(mem);
        for (int step = 0; step < 60; step++) {
            CLEANUP(text_free) struct text want = {0}, got = {0};
            unsigned op = (unsigned)rng_below(&rng, OPS_LEN);
            /* "." is for looking at; no folder is moved into itself, which the two refuse at
             * different steps
             */
            size_t n = op == 6 || op == 8 ? COUNT_OF(paths) : COUNT_OF(paths) - 1;
            const char *a = paths[rng_below(&rng, n)],
                       *b = paths[rng_below(&rng, COUNT_OF(paths) - 1)];
            if (op == 4 && str_starts(b, a)) continue;
            char bytes[32];
            bool keep_prev = rng_chance(&rng, 0.5);
            (void)snprintf(bytes, sizeof bytes, "%.*s", (int)rng_below(&rng, 12), "abcdefghijkl");
            struct outcome x = operate(&disk, op, a, b, bytes, keep_prev);
            struct outcome y = operate(&memory, op, a, b, bytes, keep_prev);
            describe(&x, &want);
            describe(&y, &got);
            text_free(&x.bytes);
            text_free(&y.bytes);
            if (!str_eq(text_str(&want), text_str(&got)))
                fail_msg("round %d step %d: op %u %s %s: disk %s, memory %s", round, step, op, a, b,
                         text_str(&want), text_str(&got));
        }
        fs_close(&posix);
        mem_fs_free(mem);
    }
}

static void
test_mem_fs_keeps_the_previous_generation_and_dates_changes(void **state)
{
    (void)state;
    struct sim_clock c;
    struct err err = {0};
    struct fs_stat first, second;
    sim_clock_init(&c, 5 * NS_PER_S);
    struct clock clock = sim_clock_seam(&c);
    struct mem_fs *mem = mem_fs_new(&clock);
    struct fs fs = mem_fs_seam(mem);
    assert_int_equal(fs.replace(fs.self, "state/a", "one", 3, true, &err), RC_OK);
    assert_int_equal(fs.stat(fs.self, "state/a", &first, &err), RC_OK);
    sim_clock_advance(&c, NS_PER_S);
    assert_int_equal(fs.replace(fs.self, "state/a", "two", 3, true, &err), RC_OK);
    assert_int_equal(fs.stat(fs.self, "state/a", &second, &err), RC_OK);
    assert_string_equal(text_str(mem_fs_peek(mem, "state/a")), "two");
    assert_string_equal(text_str(mem_fs_peek(mem, "state/a.prev")), "one");
    assert_null(mem_fs_peek(mem, "state"));
    assert_int_equal(first.mtime_ns, 5 * NS_PER_S);
    assert_int_equal(second.mtime_ns, 6 * NS_PER_S);
    assert_true(first.inode != second.inode);
    CLEANUP(text_free) struct text dump = {0};
    mem_fs_dump(mem, &dump);
    assert_string_equal(text_str(&dump),
                        "== state/a (3 bytes)\ntwo\n== state/a.prev (3 bytes)\none\n");
    mem_fs_free(mem);
    mem_fs_free(NULL);
}

static void
test_mem_fs_refuses_names_that_cannot_be(void **state)
{
    (void)state;
    char long_name[400];
    struct err err = {0};
    struct mem_fs *mem = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(mem);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(fs.append(fs.self, long_name, "", 0, &err), RC_IO);
    assert_true(str_ends(err.text, "File name too long"));
    assert_int_equal(fs.append(fs.self, "a/../b", "", 0, &err), RC_IO);
    assert_int_equal(fs.append(fs.self, "", "", 0, &err), RC_IO);
    mem_fs_free(mem);
}

/* ---- the faulty disk ---- */

struct place {
    struct mem_fs *mem;
    struct fs inner, fs;
    struct faulty_fs faulty;
};

static void
place_open(struct place *p)
{
    p->mem = mem_fs_new(NULL);
    p->inner = mem_fs_seam(p->mem);
    faulty_fs_init(&p->faulty, &p->inner);
    p->fs = faulty_fs_seam(&p->faulty);
}

static void
place_done(struct place *p)
{
    mem_fs_free(p->mem);
}

static void
test_faulty_fs_fails_the_nth_call_and_only_that(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 5; n++) {
        CLEANUP(place_done) struct place p;
        place_open(&p);
        p.faulty.fail_at = n;
        for (int64_t call = 1; call <= 5; call++) {
            struct err err = {0};
            enum rc rc = p.fs.append(p.fs.self, "log", "x", 1, &err);
            assert_int_equal(rc, call == n ? RC_IO : RC_OK);
            if (call == n) assert_string_equal(err.text, "log: Input/output error");
        }
        assert_int_equal(mem_fs_peek(p.mem, "log")->len, 4);
        assert_int_equal(p.faulty.failures, 1);
        assert_int_equal(p.faulty.calls_of[FS_APPEND], 5);
    }
}

static void
test_faulty_fs_fails_every_kind_of_call(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPS_LEN; op++) {
        CLEANUP(place_done) struct place p;
        struct err err = {0};
        place_open(&p);
        assert_int_equal(p.fs.append(p.fs.self, "a", "old", 3, &err), RC_OK);
        p.faulty.fail_at = 2;
        p.faulty.sys_errno = EACCES;
        struct outcome o = operate(&p.fs, op, "a", "b", "new", true);
        assert_int_equal(o.rc, RC_IO);
        assert_string_equal(o.err.text, "a: Permission denied");
        assert_int_equal(o.bytes.len, 0);
        assert_string_equal(text_str(mem_fs_peek(p.mem, "a")), "old"); /* nothing happened */
        assert_null(mem_fs_peek(p.mem, "b"));
    }
}

static void
test_faulty_fs_selects_by_kind_and_may_last(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    struct fs_stat st;
    place_open(&p);
    p.faulty.ops = 1U << FS_REPLACE;
    p.faulty.fail_at = 2;
    p.faulty.is_lasting = true;
    p.faulty.rc = RC_NOMEM;
    static const enum rc want[] = {RC_OK, RC_NOMEM, RC_NOMEM};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(p.fs.stat(p.fs.self, "a", &st, &err), RC_OK);
        assert_int_equal(p.fs.replace(p.fs.self, "a", "x", 1, false, &err), want[i]);
    }
}

static void
test_faulty_fs_may_do_it_and_fail_all_the_same(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    p.faulty.fail_at = 1;
    p.faulty.kind = FAULT_AFTER;
    assert_int_equal(p.fs.replace(p.fs.self, "a", "new", 3, false, &err), RC_IO);
    assert_string_equal(text_str(mem_fs_peek(p.mem, "a")), "new");
}

static void
test_faulty_fs_tears_an_append(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    p.faulty.fail_at = 2;
    p.faulty.kind = FAULT_TORN;
    p.faulty.torn_bytes = 4;
    assert_int_equal(p.fs.append(p.fs.self, "log", "{\"a\":1}\n", 8, &err), RC_OK);
    assert_int_equal(p.fs.append(p.fs.self, "log", "{\"a\":2}\n", 8, &err), RC_IO);
    assert_string_equal(err.text, "log: only 4 of 8 bytes were written");
    assert_string_equal(text_str(mem_fs_peek(p.mem, "log")), "{\"a\":1}\n{\"a\"");
}

static void
test_faulty_fs_full_disk_takes_what_fits(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    p.faulty.room_bytes = 10;
    assert_int_equal(p.fs.replace(p.fs.self, "a", "123456", 6, false, &err), RC_OK);
    assert_int_equal(p.fs.replace(p.fs.self, "a", "1234567", 7, false, &err), RC_IO);
    assert_string_equal(err.text, "a: No space left on device");
    assert_string_equal(text_str(mem_fs_peek(p.mem, "a")), "123456"); /* the old one is whole */
    assert_int_equal(p.fs.append(p.fs.self, "log", "abcdef", 6, &err), RC_IO);
    assert_string_equal(text_str(mem_fs_peek(p.mem, "log")), "abcd");
    assert_int_equal(p.fs.append(p.fs.self, "log", "x", 1, &err), RC_IO);
    assert_string_equal(err.text, "log: No space left on device");
    assert_int_equal(p.fs.remove(p.fs.self, "log", &err), RC_OK);
    p.faulty.room_bytes = -1; /* somebody made room */
    assert_int_equal(p.fs.append(p.fs.self, "log", "x", 1, &err), RC_OK);
}

static void
test_faulty_fs_read_only_disk_can_be_read(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct err err = {0};
    place_open(&p);
    assert_int_equal(p.fs.append(p.fs.self, "a", "x", 1, &err), RC_OK);
    p.faulty.is_read_only = true;
    for (unsigned op = 0; op < OPS_LEN; op++) {
        struct outcome o = operate(&p.fs, op, op == 8 ? "." : "a", "b", "y", true);
        bool is_write = op == 2 || op == 3 || op == 4 || op == 5 || op == 7;
        assert_int_equal(o.rc, is_write ? RC_IO : RC_OK);
        if (is_write) assert_string_equal(o.err.text, "a: Read-only file system");
        text_free(&o.bytes);
    }
    assert_string_equal(text_str(mem_fs_peek(p.mem, "a")), "x");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_clock_moves_only_when_told),
        cmocka_unit_test(test_mem_fs_answers_as_the_disk_does),
        cmocka_unit_test(test_mem_fs_keeps_the_previous_generation_and_dates_changes),
        cmocka_unit_test(test_mem_fs_refuses_names_that_cannot_be),
        cmocka_unit_test(test_faulty_fs_fails_the_nth_call_and_only_that),
        cmocka_unit_test(test_faulty_fs_fails_every_kind_of_call),
        cmocka_unit_test(test_faulty_fs_selects_by_kind_and_may_last),
        cmocka_unit_test(test_faulty_fs_may_do_it_and_fail_all_the_same),
        cmocka_unit_test(test_faulty_fs_tears_an_append),
        cmocka_unit_test(test_faulty_fs_full_disk_takes_what_fits),
        cmocka_unit_test(test_faulty_fs_read_only_disk_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
