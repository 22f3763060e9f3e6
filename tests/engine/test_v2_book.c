/*
 * The paper book on the disk: each record of a trade stands in its log exactly once, and book and
 * records tell the same, whatever write the engine was killed before, after or in the middle of
 * (contract 4.17, spec 30 8.3).
 */
#include "tests/lib/check.h"

#include "base/json.h"
#include "tests/engine/v2_bed.h"

enum { TRADES = 4 };

static const char *const SYMBOL[TRADES] = {"AAPL", "AMD", "NVDA", "XOM"};

static struct shadow_position
position(int i)
{
    return (struct shadow_position){
        .symbol = SYMBOL[i],
        .trade_id = "00000000000000000000000000000001",
        .entered_ns = when_parse_or_none("2026-01-22T15:00:00Z"),
        .direction = "bullish",
        .side = "long",
        .entry_price = 100,
        .qty = 5,
        .size_usd = 500,
        .entry_regime = "",
        .entry_sector = "TECH",
        .entry_uw = {.json = "{}",
                     .adjustments_json = "{}",
                     .sector_profile_json = "{}",
                     .sentiment = "NEUTRAL",
                     .regime_label = "",
                     .sector = "TECH"},
        .mark = {.at_ns = WHEN_NONE}
    };
}

static void
put(struct v2_book *b, enum shadow_log log, const char *event, int i)
{
    CLEANUP(text_free) struct text line = {0};

    text_printf(&line, "{\"event_type\":\"%s\",\"symbol\":\"%s\"}", event, SYMBOL[i]);
    v2_book_put_line(b, log, &line);
}

static bool
is_open(const struct v2_book *b, int i)
{
    return shadow_book_find(&b->book, SYMBOL[i]) != NULL;
}

/* What the engine does until it is killed: a cycle a trade, an entry first and later its exit. */
static void
trade(struct bed *b)
{
    for (int i = 0; i < TRADES; i++) {
        v2_book_sync(&b->book, &b->seams);
        if (!is_open(&b->book, i)) {
            struct shadow_position p = position(i);

            shadow_book_put(&b->book.book, &p);
            put(&b->book, SHADOW_LOG_TRADES, "opened", i);
            put(&b->book, SHADOW_LOG_MASTER, "opened", i);
            b->book.is_dirty = true;
        }
        if (i > 0 && is_open(&b->book, i - 1)) {
            shadow_book_remove(&b->book.book, SYMBOL[i - 1]);
            put(&b->book, SHADOW_LOG_ATTRIBUTION, "closed", i - 1);
            put(&b->book, SHADOW_LOG_TRADES, "closed", i - 1);
            put(&b->book, SHADOW_LOG_MASTER, "closed", i - 1);
            b->book.is_dirty = true;
        }
        v2_book_flush(&b->book, &b->seams);
    }
}

/* How often the whole line stands in the log. */
static int
count(const struct mem_fs *disk, enum shadow_log log, const char *event, int i)
{
    char line[128];

    (void)snprintf(line, sizeof line, "{\"event_type\":\"%s\",\"symbol\":\"%s\"}", event,
                   SYMBOL[i]);
    return bed_count(disk, shadow_log_path(log), line);
}

/* Open and closed by the book is open and closed by the logs, each once. */
static void
check_agreement(const struct mem_fs *disk, const struct v2_book *b, int64_t at)
{
    for (int i = 0; i < TRADES; i++) {
        int opened = count(disk, SHADOW_LOG_TRADES, "opened", i);
        int closed = count(disk, SHADOW_LOG_TRADES, "closed", i);

        if (opened > 1 || closed > 1 || closed > opened || is_open(b, i) != (opened > closed) ||
            count(disk, SHADOW_LOG_MASTER, "opened", i) != opened ||
            count(disk, SHADOW_LOG_MASTER, "closed", i) != closed ||
            count(disk, SHADOW_LOG_ATTRIBUTION, "closed", i) != closed)
            fail_msg("killed at call %lld: %s opened %d, closed %d times, %s in the book",
                     (long long)at, SYMBOL[i], opened, closed, is_open(b, i) ? "open" : "not");
    }
}

/* Killed at the nth call to the disk: the next engine finishes what was committed. */
static bool
kill_at(int64_t at, const struct bed_death *death)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs whole = mem_fs_seam(disk);
    struct faulty_fs faulty;
    struct bed first, second;

    struct fs failing = bed_dying_disk(&faulty, &whole, at, death);
    bed_open(&first, &failing);
    trade(&first);
    bool was_hit = faulty.failures > 0;
    bed_done(&first);
    bed_open(&second, &whole);
    v2_book_sync(&second.book, &second.seams);
    v2_book_flush(&second.book, &second.seams);
    check_agreement(disk, &second.book, at);
    bed_done(&second);
    mem_fs_free(disk);
    return was_hit;
}

static void
test_contract_4_17_killed_at_any_write_leaves_each_record_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < BED_DEATHS; i++) {
        const struct bed_death death = bed_death(i);
        int64_t at = 1;

        while (kill_at(at, &death))
            at++;
        assert_true(at > TRADES * 3); /* each trade commits, appends and takes out */
    }
}

/* The disk refuses for a while and then takes again: the process lives on. */
static void
test_contract_4_17_a_disk_that_refuses_for_a_while_loses_nothing(void **state)
{
    (void)state;
    for (int64_t at = 1; at < 40; at++) {
        struct mem_fs *disk = mem_fs_new(NULL);
        struct fs whole = mem_fs_seam(disk);
        struct faulty_fs faulty;
        struct bed b;

        faulty_fs_init(&faulty, &whole);
        faulty.fail_at = at;
        faulty.ops = 1U << FS_REPLACE | 1U << FS_APPEND;
        struct fs failing = faulty_fs_seam(&faulty);
        bed_open(&b, &failing);
        trade(&b);
        v2_book_flush(&b.book, &b.seams);
        check_agreement(disk, &b.book, at);
        assert_int_equal(count(disk, SHADOW_LOG_TRADES, "opened", TRADES - 1), 1);
        bed_done(&b);
        mem_fs_free(disk);
    }
}

static void
test_v2_book_finds_its_records_in_an_archived_log(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    struct bed first, second;
    struct err err = {0};
    static const char OUTBOX[] =
        "{\"positions\":{},\"outbox\":[{\"log\":\"logs/shadow_trades.jsonl\",\"offset\":5,"
        "\"lines\":\"{\\\"event_type\\\":\\\"opened\\\",\\\"symbol\\\":\\\"AAPL\\\"}\\n\"}]}";
    static const char OLD[] = "{\"a\"}\n{\"event_type\":\"opened\",\"symbol\":\"AAPL\"}\n";

    (void)state;
    assert_int_equal(fs.replace(fs.self, V2_POSITIONS_PATH, OUTBOX, strlen(OUTBOX), false, &err),
                     RC_OK);
    assert_int_equal(fs.append(fs.self, "logs/archive/shadow_trades.20260122T150000Z.jsonl", OLD,
                               strlen(OLD), &err),
                     RC_OK);
    bed_open(&first, &fs);
    v2_book_sync(&first.book, &first.seams);
    assert_int_equal(count(disk, SHADOW_LOG_TRADES, "opened", 0), 0); /* it stands in the archive */
    bed_done(&first);
    /* Without the archive it is missing, and is written. */
    assert_int_equal(fs.replace(fs.self, V2_POSITIONS_PATH, OUTBOX, strlen(OUTBOX), false, &err),
                     RC_OK);
    assert_int_equal(fs.remove(fs.self, "logs/archive/shadow_trades.20260122T150000Z.jsonl", &err),
                     RC_OK);
    bed_open(&second, &fs);
    v2_book_sync(&second.book, &second.seams);
    assert_int_equal(count(disk, SHADOW_LOG_TRADES, "opened", 0), 1);
    bed_done(&second);
    mem_fs_free(disk);
}

static void
test_v2_book_that_is_damaged_under_us_is_written_again(void **state)
{
    struct mem_fs *disk = mem_fs_new(NULL);
    struct fs fs = mem_fs_seam(disk);
    struct bed b;
    struct err err = {0};

    (void)state;
    bed_open(&b, &fs);
    trade(&b);
    assert_true(is_open(&b.book, TRADES - 1));
    assert_int_equal(fs.replace(fs.self, V2_POSITIONS_PATH, "{half", 5, false, &err), RC_OK);
    v2_book_sync(&b.book, &b.seams);
    v2_book_flush(&b.book, &b.seams);
    assert_true(is_open(&b.book, TRADES - 1));
    assert_non_null(strstr(text_str(mem_fs_peek(disk, V2_POSITIONS_PATH)), SYMBOL[TRADES - 1]));
    bed_done(&b);
    mem_fs_free(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_4_17_killed_at_any_write_leaves_each_record_once),
        cmocka_unit_test(test_contract_4_17_a_disk_that_refuses_for_a_while_loses_nothing),
        cmocka_unit_test(test_v2_book_finds_its_records_in_an_archived_log),
        cmocka_unit_test(test_v2_book_that_is_damaged_under_us_is_written_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
