/*
 * The A/B ledger on the disk: what the stream says of a change of the ledger stands there exactly
 * once, and ledger and stream tell the same, whatever write the engine was killed at (spec 30
 * 8.10, contract 4.17).
 */
#include "tests/lib/check.h"

#include "base/json.h"
#include "tests/engine/v2_bed.h"

enum { CYCLES = 6 };

/* The positions after cycle i: every even cycle opens one, every odd one closes the oldest. */
static void
positions_after(int i, struct text *ret)
{
    struct json_out o = {.to = ret};
    int opened = i / 2 + 1, closed = (i + 1) / 2;

    json_out_arr(&o, NULL);
    for (int k = closed; k < opened; k++)
        json_out_i64(&o, NULL, k);
    json_out_end(&o);
}

static void
line_of(int cycle, const char *what, struct text *to)
{
    text_printf(to, "{\"cycle\":%d,\"event_type\":\"%s\"}\n", cycle, what);
}

/* What the engine does in one cycle, which no other cycle can tell from its own. */
static void
cycle(struct bed *b, int i)
{
    CLEANUP(text_free) struct text stream = {0}, after = {0};

    v2_ledger_sync(&b->ledger, &b->seams);
    positions_after(i, &after);
    line_of(i, "score_compare", &stream);
    line_of(i, i % 2 == 0 ? "opened" : "closed", &stream);
    v2_ledger_set(&b->ledger, &after);
    v2_ledger_flush(&b->ledger, &b->seams, &stream);
}

static int
count(const struct mem_fs *disk, int i, const char *what)
{
    CLEANUP(text_free) struct text line = {0};

    line_of(i, what, &line);
    line.data[line.len - 1] = '\0';
    return bed_count(disk, v2_log_path(V2_LOG_STREAM), line.data);
}

/* How many cycles the ledger has seen, by its positions. */
static int
cycles_of(const struct v2_ledger *l)
{
    for (int i = 0; i < CYCLES; i++) {
        CLEANUP(text_free) struct text p = {0};

        positions_after(i, &p);
        if (str_eq(text_str(&p), text_str(&l->positions)) && p.len > 2) return i + 1;
    }
    return -1; /* empty: before the first, or after one that closed the last */
}

/* The stream holds both lines of the cycles that the ledger knows, in order, and no other. */
static void
check_agreement(const struct mem_fs *disk, const struct v2_ledger *l, int64_t at)
{
    int told = 0, known = cycles_of(l);

    for (int i = 0; i < CYCLES; i++) {
        int changes = count(disk, i, i % 2 == 0 ? "opened" : "closed");

        if (changes > 1 || count(disk, i, "score_compare") != changes ||
            (changes == 1 && i > told)) {
            fprintf(stderr, "LOG<%s>\nSTATE<%s>\n",
                    text_str(mem_fs_peek(disk, v2_log_path(V2_LOG_STREAM))),
                    text_str(mem_fs_peek(disk, V2_LEDGER_PATH)));
            fail_msg("killed at call %lld: cycle %d is told %d times", (long long)at, i, changes);
        }
        told += changes;
    }
    if (known > 0 ? known != told : told % 2 != 0)
        fail_msg("killed at call %lld: %d cycles are told, the ledger is %s", (long long)at, told,
                 text_str(&l->positions));
}

static bool
kill_at(int64_t at, const struct bed_death *death)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs whole = mem_fs_seam(disk);
    struct faulty_fs faulty;
    struct bed first, second;
    struct fs failing = bed_dying_disk(&faulty, &whole, at, death);

    bed_open(&first, &failing);
    for (int i = 0; i < CYCLES; i++)
        cycle(&first, i);
    bool was_hit = faulty.failures > 0;
    bed_done(&first);
    bed_open(&second, &whole);
    v2_ledger_sync(&second.ledger, &second.seams);
    check_agreement(disk, &second.ledger, at);
    bed_done(&second);
    mem_fs_free(disk);
    return was_hit;
}

static void
test_contract_4_17_ledger_killed_at_any_write_tells_each_change_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < BED_DEATHS; i++) {
        const struct bed_death death = bed_death(i);
        int64_t at = 1;

        while (kill_at(at, &death))
            at++;
        assert_true(at > CYCLES * 3); /* each change commits, appends and takes out */
    }
}

/* The disk refuses one write and takes the next: the process lives on and loses nothing. */
static void
test_v2_ledger_keeps_what_the_disk_refused(void **state)
{
    (void)state;
    for (int64_t at = 1; at < CYCLES * 4; at++) {
        struct mem_fs *disk = mem_fs_new(NULL);
        struct fs whole = mem_fs_seam(disk);
        struct faulty_fs faulty;
        struct bed b;
        const struct text nothing = {0};

        faulty_fs_init(&faulty, &whole);
        faulty.fail_at = at;
        faulty.ops = 1U << FS_REPLACE | 1U << FS_APPEND;
        struct fs failing = faulty_fs_seam(&faulty);
        bed_open(&b, &failing);
        for (int i = 0; i < CYCLES; i++)
            cycle(&b, i);
        v2_ledger_flush(&b.ledger, &b.seams, &nothing);
        check_agreement(disk, &b.ledger, at);
        assert_int_equal(count(disk, CYCLES - 1, "closed"), 1);
        bed_done(&b);
        mem_fs_free(disk);
    }
}

/* Lines that tell of no change of the ledger cost one write, and the state file none. */
static void
test_v2_ledger_commits_only_what_changes_it(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    struct bed b;
    CLEANUP(text_free) struct text stream = {0};
    struct fs_stat before = {0}, after = {0};
    struct err err = {0};

    (void)state;
    bed_open(&b, &fs);
    cycle(&b, 0);
    assert_int_equal(fs.stat(fs.self, V2_LEDGER_PATH, &before, &err), RC_OK);
    v2_ledger_sync(&b.ledger, &b.seams);
    line_of(1, "score_compare", &stream);
    v2_ledger_flush(&b.ledger, &b.seams, &stream);
    assert_int_equal(fs.stat(fs.self, V2_LEDGER_PATH, &after, &err), RC_OK);
    assert_true(fs_is_same(&before, &after));
    assert_int_equal(count(disk, 1, "score_compare"), 1);
    bed_done(&b);
    mem_fs_free(disk);
}

static void
test_v2_ledger_that_is_damaged_under_us_is_written_again(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    struct bed b;
    const struct text nothing = {0};
    struct err err = {0};

    (void)state;
    bed_open(&b, &fs);
    cycle(&b, 0);
    assert_int_equal(fs.replace(fs.self, V2_LEDGER_PATH, "{half", 5, false, &err), RC_OK);
    v2_ledger_sync(&b.ledger, &b.seams);
    v2_ledger_flush(&b.ledger, &b.seams, &nothing);
    assert_string_equal(text_str(mem_fs_peek(disk, V2_LEDGER_PATH)), "{\"positions\":[0]}");
    bed_done(&b);
    mem_fs_free(disk);
}

/* A state file names a log that is none of ours: nothing is written there. */
static void
test_v2_outbox_writes_to_no_other_path(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    struct bed b;
    struct err err = {0};
    static const char DOC[] = "{\"positions\":[],\"outbox\":[{\"log\":\"logs/orders.jsonl\","
                              "\"offset\":0,\"lines\":\"{}\\n\"}]}";

    (void)state;
    assert_int_equal(fs.replace(fs.self, V2_LEDGER_PATH, DOC, strlen(DOC), false, &err), RC_OK);
    bed_open(&b, &fs);
    v2_ledger_sync(&b.ledger, &b.seams);
    assert_null(mem_fs_peek(disk, "logs/orders.jsonl"));
    bed_done(&b);
    mem_fs_free(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_17_ledger_killed_at_any_write_tells_each_change_once),
        cmocka_unit_test(test_v2_ledger_keeps_what_the_disk_refused),
        cmocka_unit_test(test_v2_ledger_commits_only_what_changes_it),
        cmocka_unit_test(test_v2_ledger_that_is_damaged_under_us_is_written_again),
        cmocka_unit_test(test_v2_outbox_writes_to_no_other_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
