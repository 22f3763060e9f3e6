/*
 * The bundle is the old one or the new one, whole, whatever happens to the process or the disk.
 */
#include <errno.h>

#include "tests/telemetry/bundle_bed.h"

#include "sim/faulty_fs.h"

/* ---- a disk whose nth change is the process's last ------------------------------------------- */

struct deadly {
    struct fs inner;
    struct folders folders;
    int left; /* changes until the end; 0: dies before the next */
};

static void
step(struct deadly *d)
{
    if (d->left-- == 0) (void)kill(getpid(), SIGKILL);
}

static enum rc
deadly_read_all(void *self, const char *path, size_t max, struct text *ret, struct err *err)
{
    struct deadly *d = self;

    return d->inner.read_all(d->inner.self, path, max, ret, err);
}

static enum rc
deadly_stat(void *self, const char *path, struct fs_stat *ret_stat, struct err *err)
{
    struct deadly *d = self;

    return d->inner.stat(d->inner.self, path, ret_stat, err);
}

static enum rc
deadly_list(void *self, const char *path, bool (*each)(void *ctx, const char *name), void *ctx,
            struct err *err)
{
    struct deadly *d = self;

    return d->inner.list(d->inner.self, path, each, ctx, err);
}

static enum rc
deadly_append(void *self, const char *path, const char *bytes, size_t len, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->inner.append(d->inner.self, path, bytes, len, err);
}

static enum rc
deadly_rename(void *self, const char *from, const char *to, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->inner.rename(d->inner.self, from, to, err);
}

static enum rc
deadly_remove(void *self, const char *path, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->inner.remove(d->inner.self, path, err);
}

static enum rc
deadly_make_dir(void *self, const char *path, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->inner.make_dir(d->inner.self, path, err);
}

static enum rc
deadly_exchange(void *self, const char *fresh, const char *place, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->folders.exchange(d->folders.self, fresh, place, err);
}

static enum rc
never_exchange(void *self, const char *fresh, const char *place, struct err *err)
{
    (void)self;
    (void)place;
    return err_sys(err, RC_DENIED, EINVAL, "%s", fresh);
}

static enum rc
deadly_remove_folder(void *self, const char *path, struct err *err)
{
    struct deadly *d = self;

    step(d);
    return d->folders.remove(d->folders.self, path, err);
}

/* Builds in a process of its own that dies at the change; true if it came to its end instead. */
static bool
build_until(struct bed *b, int changes, bool can_exchange)
{
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct deadly d = {.inner = b->root.fs, .folders = b->folders, .left = changes};
        struct fs fs = {.self = &d,
                        .read_all = deadly_read_all,
                        .stat = deadly_stat,
                        .list = deadly_list,
                        .append = deadly_append,
                        .rename = deadly_rename,
                        .remove = deadly_remove,
                        .make_dir = deadly_make_dir};
        struct folders folders = {.self = &d,
                                  .exchange = can_exchange ? deadly_exchange : never_exchange,
                                  .remove = deadly_remove_folder};
        struct bundle_result r;
        struct err err = {0};

        b->spec.seams.fs = &fs;
        b->spec.seams.folders = &folders;
        _exit(bundle_build(&b->spec, &r, &err) == RC_OK ? 0 : 1);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

/* ---- killed ---------------------------------------------------------------------------------- */

#define CHANGED "{\"regime_label\": \"BEAR\"}"

static void
make_small(struct bed *b)
{
    bed_empty(b);
    bed_fill(b, 1, 2);
}

/* What a run leaves that nobody disturbs. */
static void
dump_clean(struct text *to)
{
    struct bed b;

    make_small(&b);
    bed_write(&b, BED_DIR "/notes.txt", "mine", 4);
    bed_write(&b, "state/regime_state.json", CHANGED, strlen(CHANGED));
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", to);
    bed_remove(&b);
}

/* Where two folders can change names in one step there is a whole bundle at every moment; where
 * not, after the next run at the latest. */
static void
check_killed(bool can_exchange, bool had_old)
{
    CLEANUP(text_free) struct text whole = {0};
    bool is_finished = false;
    int changes = 0;

    dump_clean(&whole);
    for (; !is_finished; changes++) {
        CLEANUP(text_free) struct text old = {0};
        CLEANUP(text_free) struct text now = {0};
        CLEANUP(text_free) struct text again = {0};
        struct bed b;

        make_small(&b);
        if (had_old) (void)bed_build(&b);
        bed_write(&b, BED_DIR "/notes.txt", "mine", 4);
        bed_dump(&b, BED_DIR, &old);
        bed_write(&b, "state/regime_state.json", CHANGED, strlen(CHANGED));
        is_finished = build_until(&b, changes, can_exchange);
        bed_dump(&b, BED_DIR, &now);
        bool is_old = str_eq(text_str(&now), text_str(&old));
        bool is_new = strstr(text_str(&now), "BEAR") != NULL;
        if (can_exchange && !is_old && !is_new) fail_msg("killed at change %d: neither", changes);

        /* The next run finishes the work and leaves nothing behind. */
        (void)bed_build(&b);
        bed_dump(&b, "telemetry", &again);
        if (!str_eq(text_str(&whole), text_str(&again)))
            fail_msg("killed at change %d: the next run is not as a first one", changes);
        bed_remove(&b);
    }
    assert_true(changes > 30);
}

static void
test_bundle_killed_at_any_change_is_the_old_one_or_the_new_one(void **state)
{
    (void)state;
    check_killed(true, true);
    check_killed(true, false);
}

static void
test_bundle_is_whole_again_where_folders_cannot_change_names(void **state)
{
    (void)state;
    check_killed(false, true);
}

/* ---- disks that refuse ----------------------------------------------------------------------- */

static enum rc
build_on(struct bed *b, struct faulty_fs *faulty)
{
    struct fs fs = faulty_fs_seam(faulty);

    b->spec.seams.fs = &fs;
    enum rc rc = bed_try(b, NULL);
    b->spec.seams.fs = &b->root.fs;
    return rc;
}

static void
test_bundle_full_disk_leaves_the_old_one(void **state)
{
    CLEANUP(text_free) struct text old = {0};
    struct bed b;
    int64_t room = 0;
    enum rc rc = RC_IO;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", &old);
    for (; rc != RC_OK; room = room * 3 / 2 + 1000) {
        CLEANUP(text_free) struct text now = {0};
        struct faulty_fs faulty;

        faulty_fs_init(&faulty, &b.root.fs);
        faulty.room_bytes = room;
        rc = build_on(&b, &faulty);
        bed_dump(&b, "telemetry", &now);
        if (!str_eq(text_str(&old), text_str(&now))) fail_msg("room of %lld", (long long)room);
    }
    assert_true(room > 100000);
    bed_remove(&b);
}

/* Appends are the only writes whose failure counts; a leftover that cannot be removed does not. */
static void
test_bundle_failed_write_ends_the_run_and_leaves_the_old_one(void **state)
{
    CLEANUP(text_free) struct text old = {0};
    struct bed b;
    enum rc rc = RC_IO;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", &old);
    for (int nth = 1; rc != RC_OK; nth++) {
        CLEANUP(text_free) struct text now = {0};
        struct faulty_fs faulty;

        faulty_fs_init(&faulty, &b.root.fs);
        faulty.fail_at = nth;
        faulty.ops = 1U << FS_APPEND | 1U << FS_MAKE_DIR;
        rc = build_on(&b, &faulty);
        bed_dump(&b, "telemetry", &now);
        if (!str_eq(text_str(&old), text_str(&now))) fail_msg("write %d", nth);
    }
    bed_remove(&b);
}

/* ---- stopped --------------------------------------------------------------------------------- */

struct stop_after {
    int asked, at;
};

static bool
stop_now(void *ctx)
{
    struct stop_after *s = ctx;

    return ++s->asked >= s->at;
}

static void
test_bundle_stopped_leaves_nothing_half_written(void **state)
{
    CLEANUP(text_free) struct text old = {0};
    struct bed b;
    enum rc rc = RC_STOPPED;

    (void)state;
    bed_make(&b);
    (void)bed_build(&b);
    bed_dump(&b, "telemetry", &old);
    for (int at = 1; rc != RC_OK; at++) {
        CLEANUP(text_free) struct text now = {0};
        struct stop_after s = {.at = at};

        b.spec.seams.ctx = &s;
        b.spec.seams.is_stopped = stop_now;
        rc = bed_try(&b, NULL);
        assert_true(rc == RC_OK || rc == RC_STOPPED);
        bed_dump(&b, "telemetry", &now);
        assert_string_equal(text_str(&old), text_str(&now));
    }
    bed_remove(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundle_killed_at_any_change_is_the_old_one_or_the_new_one),
        cmocka_unit_test(test_bundle_is_whole_again_where_folders_cannot_change_names),
        cmocka_unit_test(test_bundle_full_disk_leaves_the_old_one),
        cmocka_unit_test(test_bundle_failed_write_ends_the_run_and_leaves_the_old_one),
        cmocka_unit_test(test_bundle_stopped_leaves_nothing_half_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
