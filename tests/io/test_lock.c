#include "io/lock.h"

#include "tests/lib/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/lib/seams.h"
#include "tests/lib/tmpdir.h"

struct place {
    struct tmpdir dir;
    struct posix_locks posix;
    struct locks locks;
};

static void
place_open(struct place *p)
{
    struct err err = {0};
    p->dir = tmpdir_new();
    if (locks_open(p->dir.path, &p->posix, &err) != RC_OK) fail_msg("%s", err.text);
    p->locks = locks_seam(&p->posix);
}

static void
place_done(struct place *p)
{
    locks_close(&p->posix);
    tmpdir_done(&p->dir);
}

static enum rc
acquire(struct place *p, int64_t wait_ms, struct lock *lock, struct err *err)
{
    return p->locks.acquire(p->locks.self, "state/engine.lock", wait_ms, lock, err);
}

static void
test_lock_is_held_by_one(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct lock first = LOCK_NONE, second = LOCK_NONE;
    struct err err = {0};
    place_open(&p);
    assert_int_equal(acquire(&p, 0, &first, &err), RC_OK); /* the folder is made */
    assert_int_equal(acquire(&p, 0, &second, &err), RC_BUSY);
    assert_string_equal(err.text, "state/engine.lock is held by another process");
    assert_int_equal(second.fd, -1);
    assert_true((fcntl(first.fd, F_GETFD) & FD_CLOEXEC) != 0);

    assert_int_equal(p.locks.write(p.locks.self, &first, "pid=4711 ts=2026-01-30T14:00:00Z", &err),
                     RC_OK);
    assert_int_equal(lock_holder_pid(&p.posix, "state/engine.lock"), 4711);
    assert_int_equal(acquire(&p, 0, &second, &err), RC_BUSY);
    assert_string_equal(err.text, "state/engine.lock is held by process 4711");
    assert_int_equal(p.locks.write(p.locks.self, &first, "pid=12", &err),
                     RC_OK); /* shorter: replaced whole */
    CLEANUP(text_free) struct text got = tmpdir_read(&p.dir, "state/engine.lock");
    assert_string_equal(text_str(&got), "pid=12\n");

    p.locks.release(p.locks.self, &first);
    assert_int_equal(first.fd, -1);
    p.locks.release(p.locks.self, &first); /* once more does nothing */
    assert_int_equal(acquire(&p, 0, &second, &err), RC_OK);
    p.locks.release(p.locks.self, &second);
}

static void
test_lock_ends_with_the_process_however_it_ends(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct lock lock = LOCK_NONE;
    struct err err = {0};
    int ready[2];
    place_open(&p);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (acquire(&p, 0, &lock, &err) != RC_OK || write(ready[1], "x", 1) != 1) _exit(1);
        for (;;)
            (void)pause();
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(acquire(&p, 30, &lock, &err), RC_BUSY);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(acquire(&p, 10000, &lock, &err), RC_OK);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    p.locks.release(p.locks.self, &lock);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void
test_lock_on_a_deleted_file_keeps_nobody_out_and_is_made_anew(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct lock first = LOCK_NONE, second = LOCK_NONE;
    struct err err = {0};
    place_open(&p);
    assert_int_equal(acquire(&p, 0, &first, &err), RC_OK);
    assert_int_equal(unlink(tmpdir_path(&p.dir, "state/engine.lock")), 0);
    assert_int_equal(acquire(&p, 0, &second, &err), RC_OK);
    p.locks.release(p.locks.self, &first);
    p.locks.release(p.locks.self, &second);
}

static void
test_lock_names_what_keeps_it_from_opening(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct lock lock = LOCK_NONE;
    struct err err = {0};
    place_open(&p);
    tmpdir_write(&p.dir, "state", "a file where the folder should be");
    assert_int_equal(acquire(&p, 0, &lock, &err), RC_IO);
    assert_string_equal(err.text, "state/engine.lock: Not a directory");
    assert_int_equal(p.locks.acquire(p.locks.self, ".", 0, &lock, &err), RC_IO);
    struct posix_locks none;
    assert_int_equal(locks_open(tmpdir_path(&p.dir, "none"), &none, &err), RC_IO);
}

static void
test_lock_holder_is_read_from_any_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        pid_t pid;
    } cases[] = {
        {"pid=7\n",                  7    },
        {"ts=1 pid=12345 host=x",    12345},
        {"",                         0    },
        {"pid=",                     0    },
        {"pid=x",                    0    },
        {"pid=-5",                   0    },
        {"pid=99999999999999999999", 0    },
        {"pid=4294967296",           0    },
        {"12",                       0    },
    };
    CLEANUP(place_done) struct place p;
    place_open(&p);
    assert_int_equal(lock_holder_pid(&p.posix, "none"), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        tmpdir_write(&p.dir, "l", cases[i].text);
        if (lock_holder_pid(&p.posix, "l") != cases[i].pid) fail_msg("%s", cases[i].text);
    }
}

static void
test_lock_heals_what_stands_in_its_place_and_tells(void **state)
{
    (void)state;
    CLEANUP(place_done) struct place p;
    struct lock lock = LOCK_NONE;
    struct test_log events = {0};
    struct log log = test_log_seam(&events);
    struct err err = {0};
    place_open(&p);
    for (int i = 1; i <= 2; i++) {
        (void)unlink(tmpdir_path(&p.dir, "state/engine.lock"));
        (void)mkdir(tmpdir_path(&p.dir, "state"), 0700);
        assert_int_equal(mkdir(tmpdir_path(&p.dir, "state/engine.lock"), 0700), 0);
        p.posix.log = NULL; /* nobody to tell: not touched */
        assert_int_equal(acquire(&p, 0, &lock, &err), RC_IO);
        p.posix.log = &log;
        assert_int_equal(acquire(&p, 0, &lock, &err), RC_OK);
        assert_int_equal(test_log_count(&events, EV_STATE_SELF_HEALED), i);
        p.locks.release(p.locks.self, &lock);
    }
    assert_int_equal(access(tmpdir_path(&p.dir, "state/engine.lock.corrupted.1"), F_OK), 0);
    assert_int_equal(access(tmpdir_path(&p.dir, "state/engine.lock.corrupted.2"), F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock_is_held_by_one),
        cmocka_unit_test(test_lock_ends_with_the_process_however_it_ends),
        cmocka_unit_test(test_lock_on_a_deleted_file_keeps_nobody_out_and_is_made_anew),
        cmocka_unit_test(test_lock_names_what_keeps_it_from_opening),
        cmocka_unit_test(test_lock_holder_is_read_from_any_text),
        cmocka_unit_test(test_lock_heals_what_stands_in_its_place_and_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
