/*
 * The file of the order ledger: damage of every kind, a file taken away while it is open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rand.h"
#include "state/ledger.h"
#include "tests/lib/seams.h"
#include "tests/state/ledger_file_bed.h"

/* ---- damage while nobody has it open --------------------------------------------------------- */

enum damage {
    ZERO_BYTES,
    ONE_BYTE,
    HALF,
    CUT_BY_ONE,
    GARBAGE,
    GARBAGE_INSIDE,
    JSON,
    DIRECTORY,
    NO_PERMISSION,
    OTHER_DATABASE,
    EMPTY_DATABASE,
    TABLE_GONE,
    WAL_IS_A_DIRECTORY,
    WAL_WITHOUT_LEDGER,
    DAMAGES_LEN
};

static const char *const DAMAGE_NAMES[DAMAGES_LEN] = {"zero bytes",
                                                      "one byte",
                                                      "half",
                                                      "cut by one",
                                                      "garbage",
                                                      "garbage inside",
                                                      "JSON",
                                                      "directory",
                                                      "no permission",
                                                      "other database",
                                                      "empty database",
                                                      "a table is gone",
                                                      "its log is a directory",
                                                      "its log alone"};

static void
run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
overwrite(const char *path, int64_t at, int64_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    for (int64_t i = 0; i < len; i++)
        assert_int_equal(pwrite(fd, "\xa5", 1, at + i), 1);
    assert_int_equal(close(fd), 0);
}

static void
do_damage(struct bed *b, enum damage d)
{
    char path[160], wal[160];
    struct stat st;

    full_path(b, "", path);
    full_path(b, "-wal", wal);
    assert_int_equal(stat(path, &st), 0);
    switch (d) {
    case ZERO_BYTES:
        assert_int_equal(truncate(path, 0), 0);
        break;
    case ONE_BYTE:
        assert_int_equal(truncate(path, 1), 0);
        break;
    case HALF:
        assert_int_equal(truncate(path, st.st_size / 2), 0);
        break;
    case CUT_BY_ONE:
        assert_int_equal(truncate(path, st.st_size - 1), 0);
        break;
    case GARBAGE:
        overwrite(path, 0, st.st_size);
        break;
    case GARBAGE_INSIDE:
        overwrite(path, 4096, st.st_size - 4096);
        break;
    case JSON:
        assert_int_equal(truncate(path, 0), 0);
        test_write(&b->root, LEDGER_PATH, "[]", 2);
        break;
    case DIRECTORY:
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        break;
    case NO_PERMISSION:
        assert_int_equal(chmod(path, 0), 0);
        break;
    case OTHER_DATABASE:
        assert_int_equal(unlink(path), 0);
        run_sql(path, "CREATE TABLE t (a); PRAGMA user_version = 1");
        break;
    case EMPTY_DATABASE:
        assert_int_equal(unlink(path), 0);
        run_sql(path, "CREATE TABLE t (a); DROP TABLE t");
        break;
    case TABLE_GONE:
        run_sql(path, "DROP TABLE intent_events");
        break;
    case WAL_IS_A_DIRECTORY:
        assert_int_equal(mkdir(wal, 0700), 0);
        break;
    case WAL_WITHOUT_LEDGER:
        assert_int_equal(rename(path, wal), 0);
        break;
    case DAMAGES_LEN:
        fail();
    }
}

static void
test_ledger_damage_is_set_aside_and_a_new_one_begun(void **state)
{
    (void)state;
    for (enum damage d = ZERO_BYTES; d < DAMAGES_LEN; d++) {
        struct bed *b = NULL;

        if (d == NO_PERMISSION && geteuid() == 0) {
            print_message("skipped: the superuser reads every file (%s)\n", DAMAGE_NAMES[d]);
            continue;
        }
        assert_int_equal(set_up((void **)&b), 0);
        open_it(b);
        assert_false(ledger_was_rebuilt(b->sql));
        add_rows(b, 0, 20);
        close_it(b);
        do_damage(b, d);

        open_it(b);
        if (!ledger_was_rebuilt(b->sql)) fail_msg("%s: not noticed", DAMAGE_NAMES[d]);
        if (test_log_count(&b->log, EV_LEDGER_REBUILT) != 1 || b->log.len != 1)
            fail_msg("%s: %zu events", DAMAGE_NAMES[d], b->log.len);
        assert_int_equal(shares(b), 0);
        if (test_count(&b->root, "state", "ledger.db.corrupted.1750000000") == 0)
            fail_msg("%s: nothing was kept", DAMAGE_NAMES[d]);

        /* It works, is marked until somebody has compared it with the broker, and is not healed
         * again. */
        add_rows(b, 0, 3);
        close_it(b);
        open_it(b);
        assert_true(ledger_was_rebuilt(b->sql));
        assert_int_equal(shares(b), 3);
        assert_int_equal(ledger_mark_reconciled(b->sql, NULL), RC_OK);
        assert_false(ledger_was_rebuilt(b->sql));
        close_it(b);
        open_it(b);
        assert_false(ledger_was_rebuilt(b->sql));
        assert_int_equal(b->log.len, 1);
        tear_down((void **)&b);
    }
}

static void
test_ledger_of_a_newer_program_is_left_alone(void **state)
{
    struct bed *b = *state;
    char path[160];
    struct err err = {0};

    open_it(b);
    add_rows(b, 0, 1);
    close_it(b);
    full_path(b, "", path);
    run_sql(path, "PRAGMA user_version = 99");
    assert_int_equal(ledger_open(&b->opt, &b->sql, &err), RC_RANGE);
    assert_int_equal(test_count(&b->root, "state", "corrupted"), 0);
    assert_int_equal(b->log.len, 0);
}

/* Whichever call of the disk is refused while healing: an error or a working ledger, and nothing is
 * lost. */
static void
test_ledger_healing_survives_any_refused_call(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed *b = NULL;

        assert_int_equal(set_up((void **)&b), 0);
        test_write(&b->root, LEDGER_PATH, "bad bytes", 9);
        b->faults.fail_at = n;
        struct err err = {0};
        enum rc rc = ledger_open(&b->opt, &b->sql, &err);
        bool was_refused = b->faults.calls >= n;
        b->faults.fail_at = 0;
        if (rc != RC_OK) open_it(b);
        b->seam = ledger_seam(b->sql);
        if (!ledger_was_rebuilt(b->sql)) fail_msg("call %d refused: the loss was forgotten", n);
        add_rows(b, 0, 2);
        assert_int_equal(shares(b), 2);
        assert_int_equal(test_count(&b->root, "state", "ledger.db.corrupted."), 1);
        tear_down((void **)&b);
        if (!was_refused) break;
    }
}

/* Between two lives: an index that is none is made anew, a log that cannot be read is a lost
 * ledger. */
static void
test_ledger_starts_over_what_stands_beside_it(void **state)
{
    (void)state;
    for (int is_log = 0; is_log < 2; is_log++) {
        const char *suffix = is_log ? "-wal" : "-shm";
        char path[160];
        struct bed *b = NULL;

        assert_int_equal(set_up((void **)&b), 0);
        open_it(b);
        add_rows(b, 0, 3);
        close_it(b); /* written back: neither is there any more */
        full_path(b, suffix, path);
        assert_int_equal(mkdir(path, 0700), 0);
        open_it(b);
        add_rows(b, 3, 4);
        assert_int_equal(shares(b), is_log ? 1 : 4);
        assert_int_equal(test_log_count(&b->log, EV_LEDGER_REBUILT), is_log);
        assert_int_equal(test_log_count(&b->log, EV_STATE_SELF_HEALED), !is_log);
        assert_int_equal(test_count(&b->root, "state", ".corrupted."), is_log ? 2 : 1);
        tear_down((void **)&b);
    }
}

/* ---- damage while it is open ----------------------------------------------------------------- */

enum theft {
    UNLINKED,
    REPLACED_BY_GARBAGE,
    REPLACED_BY_A_DIRECTORY,
    REPLACED_BY_NOTHING_AT_ALL,
    TRUNCATED,
    LOG_UNLINKED,
    LOG_REPLACED_BY_GARBAGE,
    LOG_REPLACED_BY_A_DIRECTORY,
    INDEX_UNLINKED,
    INDEX_REPLACED_BY_A_DIRECTORY,
    THEFTS_LEN
};

static void
unlink_suffix(const struct bed *b, const char *suffix, bool makes_dir)
{
    char path[160];

    full_path(b, suffix, path);
    assert_int_equal(unlink(path), 0);
    if (makes_dir) assert_int_equal(mkdir(path, 0700), 0);
}

static void
steal(struct bed *b, enum theft t)
{
    char path[160];

    full_path(b, "", path);
    switch (t) {
    case UNLINKED:
        assert_int_equal(unlink(path), 0);
        break;
    case REPLACED_BY_GARBAGE:
        test_write(&b->root, LEDGER_PATH, "garbage", 7);
        break;
    case REPLACED_BY_A_DIRECTORY:
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        break;
    case REPLACED_BY_NOTHING_AT_ALL:
        test_write(&b->root, LEDGER_PATH, "", 0);
        break;
    case TRUNCATED:
        assert_int_equal(truncate(path, 0), 0);
        break;
    case LOG_UNLINKED:
    case LOG_REPLACED_BY_A_DIRECTORY:
        unlink_suffix(b, "-wal", t == LOG_REPLACED_BY_A_DIRECTORY);
        break;
    case LOG_REPLACED_BY_GARBAGE:
        unlink_suffix(b, "-wal", false);
        test_write(&b->root, LEDGER_PATH "-wal", "garbage", 7);
        break;
    case INDEX_UNLINKED:
    case INDEX_REPLACED_BY_A_DIRECTORY:
        unlink_suffix(b, "-shm", t == INDEX_REPLACED_BY_A_DIRECTORY);
        break;
    case THEFTS_LEN:
        fail();
    }
}

static void
test_ledger_file_taken_away_while_open(void **state)
{
    (void)state;
    for (enum theft t = UNLINKED; t < THEFTS_LEN; t++) {
        for (int rows = 1; rows <= 2000; rows *= 2000) {
            struct bed *b = NULL;

            assert_int_equal(set_up((void **)&b), 0);
            open_it(b);
            add_rows(b, 0, rows); /* 2000: more than the log holds before it is written back */
            steal(b, t);
            add_rows(b, rows, rows + 2);
            bool is_rescued =
                strstr(test_log_last(&b->log, EV_LEDGER_REBUILT), "\"rescued\":true") != NULL;
            int64_t have = shares(b);
            if (test_log_count(&b->log, EV_LEDGER_REBUILT) != 1)
                fail_msg("theft %d: no event", (int)t);
            if (t != TRUNCATED && !is_rescued)
                fail_msg("theft %d, %d rows: not rescued", (int)t, rows);
            if (is_rescued != !ledger_was_rebuilt(b->sql))
                fail_msg("theft %d: rebuilt and rescued", (int)t);
            if (have != (is_rescued ? rows + 2 : 2))
                fail_msg("theft %d: %d shares", (int)t, (int)have);
            close_it(b);
            open_it(b);
            assert_int_equal(shares(b), have);
            assert_int_equal(ledger_audit(b->sql, NULL), RC_OK);
            tear_down((void **)&b);
        }
    }
}

static void
test_ledger_theft_survives_any_refused_call(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct bed *b = NULL;

        assert_int_equal(set_up((void **)&b), 0);
        open_it(b);
        add_rows(b, 0, 5);
        steal(b, REPLACED_BY_GARBAGE);
        b->faults.calls = 0;
        b->faults.fail_at = n;
        struct intent in = intent_of(5);
        enum rc rc = b->seam.add_intent(b->seam.self, &in, NULL);
        bool was_refused = b->faults.calls >= n;
        b->faults.fail_at = 0;
        if (rc != RC_OK && b->seam.add_intent(b->seam.self, &in, NULL) != RC_OK)
            fail_msg("call %d refused: still not working", n);
        int64_t have = shares(b);
        /* All rows, or none and the ledger says so. */
        if (!(have == 5 || (have == 0 && ledger_was_rebuilt(b->sql))))
            fail_msg("call %d refused: %d shares", n, (int)have);
        tear_down((void **)&b);
        if (!was_refused) break;
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger_damage_is_set_aside_and_a_new_one_begun),
        TEST(test_ledger_of_a_newer_program_is_left_alone),
        cmocka_unit_test(test_ledger_healing_survives_any_refused_call),
        cmocka_unit_test(test_ledger_file_taken_away_while_open),
        cmocka_unit_test(test_ledger_starts_over_what_stands_beside_it),
        cmocka_unit_test(test_ledger_theft_survives_any_refused_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
