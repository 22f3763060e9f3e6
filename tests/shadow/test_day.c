/* What holds for whole days of the shadow, and after every step of one. */
#include "tests/shadow/day.h"

#include "shadow/pnl.h"

static uint64_t
day_seed(const char *property)
{
    struct rng r = check_rng(property);
    return rng_u64(&r);
}

static void
expect_same_logs(const struct day *a, const struct day *b)
{
    for (int i = 0; i < SHADOW_LOGS_LEN; i++)
        assert_string_equal(text_str(&a->log[i]), text_str(&b->log[i]));
}

static void
test_shadow_a_replayed_day_gives_the_same_records(void **state)
{
    uint64_t seed = day_seed("replayed day");
    CLEANUP(day_done) struct day first, second;
    (void)state;
    day_start(&first, seed);
    day_start(&second, seed);
    for (int i = 0; i < DAY_STEPS; i++) {
        (void)day_step(&first);
        (void)day_step(&second);
    }
    expect_same_logs(&first, &second);
    assert_true(first.opened > 20 && first.closed > 20);
}

static void
test_shadow_restarts_change_no_record(void **state)
{
    uint64_t seed = day_seed("restarts");
    CLEANUP(day_done) struct day whole, torn;
    (void)state;
    day_start(&whole, seed);
    day_start(&torn, seed);
    for (int i = 0; i < DAY_STEPS; i++) {
        (void)day_step(&whole);
        day_restart(&torn);
        (void)day_step(&torn);
    }
    expect_same_logs(&whole, &torn);
}

/* ---- records and positions ----------------------------------------------------------------- */

/* What the master log says is open: each entry opens, each exit closes one of the same trade. */
struct ledger {
    char trade_id[DAY_SYMBOLS][64]; /* "" where nothing is open */
    double size[DAY_SYMBOLS];
    double realised_usd;
    size_t read; /* bytes of the log */
};

static size_t
symbol_index(const char *symbol)
{
    size_t i = 0;
    while (i < DAY_SYMBOLS && !str_eq(DAY_SYMBOL[i], symbol))
        i++;
    assert_true(i < DAY_SYMBOLS);
    return i;
}

static void
ledger_take(struct ledger *l, const struct json *line)
{
    size_t i = symbol_index(json_str(line, "symbol", ""));
    const char *id = json_str(line, "trade_id", "");

    assert_false(json_bool(line, "is_live", true));
    if (json_has(line, "exit_ts")) {
        assert_string_equal(l->trade_id[i], id);
        assert_true(fabs(json_f64(line, "size", -1) - l->size[i]) <= 0);
        l->trade_id[i][0] = '\0';
        l->realised_usd += json_f64(line, "realized_pnl_usd", 0);
        return;
    }
    assert_string_equal(l->trade_id[i], "");
    assert_true(str_copy(l->trade_id[i], sizeof l->trade_id[i], id));
    l->size[i] = json_f64(line, "size", -1);
}

static void
ledger_read(struct ledger *l, const struct text *log)
{
    while (l->read < log->len) {
        const char *line = log->data + l->read, *end = strchr(line, '\n');
        assert_non_null(end);
        CLEANUP(json_freep) struct json *doc = day_doc(line, (size_t)(end - line));
        ledger_take(l, doc);
        l->read += (size_t)(end - line) + 1;
    }
}

static void
expect_agreement(const struct ledger *l, const struct shadow_book *book)
{
    size_t open = 0;
    for (size_t i = 0; i < DAY_SYMBOLS; i++) {
        const struct shadow_position *p = shadow_book_find(book, DAY_SYMBOL[i]);
        assert_int_equal(p != NULL, l->trade_id[i][0] != '\0');
        if (p == NULL) continue;
        assert_string_equal(p->trade_id, l->trade_id[i]);
        assert_true(fabs(p->qty - l->size[i]) <= 0);
        open++;
    }
    assert_int_equal(open, book->len);
}

static size_t
count_lines(const struct text *log, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(text_str(log), needle); at != NULL; at = strstr(at + 1, needle))
        n++;
    return n;
}

static void
test_shadow_records_and_positions_agree_after_every_step(void **state)
{
    struct rng r = check_rng("records and positions");
    (void)state;
    for (int round = 0; round < 5; round++) {
        CLEANUP(day_done) struct day d;
        struct ledger l = {0};
        day_start(&d, rng_u64(&r));
        for (int i = 0; i < DAY_STEPS; i++) {
            (void)day_step(&d);
            ledger_read(&l, &d.log[SHADOW_LOG_MASTER]);
            expect_agreement(&l, &d.book);
        }
        const struct text *trades = &d.log[SHADOW_LOG_TRADES];
        assert_int_equal(count_lines(trades, "\"composite_version\""), DAY_STEPS);
        assert_int_equal(count_lines(trades, "\"shadow_entry_opened\""), d.opened);
        assert_int_equal(count_lines(trades, "\"shadow_exit\""), d.closed);
        assert_int_equal(count_lines(&d.log[SHADOW_LOG_ATTRIBUTION], "\n"), d.closed);
        assert_int_equal(d.opened - d.closed, d.book.len);
        assert_true(isfinite(l.realised_usd));
    }
}

/* ---- P&L ----------------------------------------------------------------------------------- */

static void
test_shadow_pnl_of_long_and_short_mirror(void **state)
{
    struct rng r = check_rng("P&L mirrors");
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double entry = 0.01 + 2000 * rng_f64(&r), exit = 0.01 + 2000 * rng_f64(&r);
        double qty = 0.001 + 500 * rng_f64(&r);
        struct shadow_pnl up = shadow_pnl(entry, exit, qty, "long");
        struct shadow_pnl down = shadow_pnl(entry, exit, qty, "short");
        struct shadow_pnl back = shadow_pnl(exit, entry, qty, "short");
        assert_true(fabs(up.usd + down.usd) <= 0 && fabs(up.fraction + down.fraction) <= 0);
        assert_true(fabs(up.usd - back.usd) <= 0);
        assert_int_equal(up.usd > 0, exit > entry);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_a_replayed_day_gives_the_same_records),
        cmocka_unit_test(test_shadow_restarts_change_no_record),
        cmocka_unit_test(test_shadow_records_and_positions_agree_after_every_step),
        cmocka_unit_test(test_shadow_pnl_of_long_and_short_mirror),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
