/*
 * The flight recorder survives kill -9, its reader survives any bytes, and crashes in a row lead to
 * quarantine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rand.h"
#include "state/flight.h"
#include "state/store.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S)

static struct test_clock still = {.now_ns = T0, .mono_ns = 5 * NS_PER_S};

static void
test_flight_tells_where_it_was(void **state)
{
    struct clock clock = test_clock_seam(&still);
    _Alignas(8) char page[FLIGHT_PAGE_SIZE];
    struct flight f;
    struct flight_report r;

    (void)state;
    flight_begin(&f, page, &clock, 7);
    assert_int_equal(flight_read(page, sizeof(page), &r, NULL), RC_OK);
    assert_int_equal(r.stage, STAGE_START);
    flight_cycle(&f, 40);
    for (int i = 0; i < 100; i++)
        flight_at(&f, STAGE_FLOW, "SPY");
    flight_at(&f, STAGE_SCORE, "AAPL");
    flight_data(&f, 0xabcdef);
    flight_note(&f, 17, "AAPL");
    assert_int_equal(flight_read(page, sizeof(page), &r, NULL), RC_OK);
    assert_int_equal(r.pid, getpid());
    assert_int_equal(r.epoch, 7);
    assert_int_equal(r.cycle, 40);
    assert_int_equal(r.stage, STAGE_SCORE);
    assert_string_equal(r.symbol, "AAPL");
    assert_true(r.data_hash == 0xabcdef);
    assert_int_equal(r.began_ns, T0);
    assert_false(r.is_orderly);
    assert_int_equal(r.steps_len, FLIGHT_STEPS_MAX);
    assert_string_equal(r.step[0].symbol, "SPY");
    assert_int_equal(r.step[30].stage, STAGE_SCORE);
    assert_int_equal(r.step[31].code, 17);

    struct text told = {0};
    flight_describe(&r, &told);
    assert_non_null(strstr(told.data, "epoch 7 died in cycle 40, stage score, symbol AAPL"));
    text_free(&told);
    flight_end(&f);
    assert_int_equal(flight_read(page, sizeof(page), &r, NULL), RC_OK);
    assert_true(r.is_orderly);
}

static void
test_flight_is_still_there_after_kill_9(void **state)
{
    struct clock clock = test_clock_seam(&still);
    void *page =
        mmap(NULL, FLIGHT_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct flight_report r;

    (void)state;
    assert_true(page != MAP_FAILED);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct flight f;

        flight_begin(&f, page, &clock, 3);
        flight_cycle(&f, 12);
        flight_at(&f, STAGE_ENTRY, "TSLA");
        (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(flight_read(page, FLIGHT_PAGE_SIZE, &r, NULL), RC_OK);
    assert_int_equal(r.pid, pid);
    assert_int_equal(r.cycle, 12);
    assert_int_equal(r.stage, STAGE_ENTRY);
    assert_string_equal(r.symbol, "TSLA");
    assert_int_equal(munmap(page, FLIGHT_PAGE_SIZE), 0);
}

static void
test_flight_reader_accepts_any_bytes(void **state)
{
    struct clock clock = test_clock_seam(&still);
    _Alignas(8) unsigned char page[FLIGHT_PAGE_SIZE];
    struct flight f;
    struct rng rng;

    (void)state;
    rng_init(&rng, 4);
    print_message("seed 4\n");
    for (int i = 0; i < 20000; i++) {
        struct flight_report r = {0};
        struct text told = {0};

        flight_begin(&f, page, &clock, 7);
        for (int k = 0; k < 40; k++)
            flight_at(&f, STAGE_SCORE, "AAPL");
        int flips = (int)rng_below(&rng, 200);
        for (int k = 0; k < flips; k++)
            page[4 + rng_below(&rng, 1200)] = (unsigned char)rng_u64(&rng);
        if (flight_read(page, rng_chance(&rng, 0.9) ? sizeof(page) : rng_below(&rng, sizeof(page)),
                        &r, NULL) == RC_OK) {
            assert_true(r.symbol[0] == '\0' || symbol_valid(r.symbol));
            assert_true((unsigned)r.stage < STAGES_LEN);
            assert_true(r.steps_len <= FLIGHT_STEPS_MAX);
            for (size_t k = 0; k < r.steps_len; k++)
                assert_true((unsigned)r.step[k].stage < STAGES_LEN);
            flight_describe(&r, &told);
        }
        text_free(&told);
    }
    memset(page, 0, sizeof(page));
    struct flight_report none;
    assert_int_equal(flight_read(page, sizeof(page), &none, NULL), RC_PARSE);
}

static void
test_flight_exit_text_round_trips(void **state)
{
    const struct flight_exit rows[] = {
        {true, 123,   -11, false},
        {true, 1,     0,   false},
        {true, 99999, -9,  true },
        {true, 5,     70,  false}
    };
    const char *const bad[] = {NULL,
                               "",
                               "pid=1",
                               "pid=x code=1 watchdog=0",
                               "pid=1 code= watchdog=0",
                               "pid=1 code=99999999999 watchdog=0"};
    char buf[FLIGHT_EXIT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct flight_exit e = flight_exit_from(flight_exit_text(&rows[i], buf));

        assert_true(e.is_known);
        assert_int_equal(e.pid, rows[i].pid);
        assert_int_equal(e.code, rows[i].code);
        assert_int_equal(e.by_watchdog, rows[i].by_watchdog);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(flight_exit_from(bad[i]).is_known);
}

/* ---- quarantine ------------------------------------------------------------------------------ */

static struct flight_report
death(enum stage stage, const char *symbol)
{
    struct flight_report r = {.pid = 50, .epoch = 2, .cycle = 9, .stage = stage, .data_hash = 77};

    (void)snprintf(r.symbol, sizeof(r.symbol), "%s", symbol);
    return r;
}

static enum quarantine_change
end(struct quarantine *q, enum stage stage, const char *symbol, int code)
{
    struct flight_report r = death(stage, symbol);
    struct flight_exit e = {.is_known = true, .pid = 50, .code = code};

    return quarantine_fold(q, &r, &e, T0);
}

static void
test_quarantine_what_counts_as_a_fault(void **state)
{
    static const struct {
        const char *what;
        struct flight_exit e;
        bool is_orderly, is_fault;
    } rows[] = {
        {"SIGSEGV",                {true, 50, -SIGSEGV, false}, false, true },
        {"SIGABRT",                {true, 50, -SIGABRT, false}, false, true },
        {"exit status 1",          {true, 50, 1, false},        false, true },
        {"exit status 70",         {true, 50, 70, false},       false, true },
        {"killed for a stall",     {true, 50, -SIGKILL, true},  false, true },
        {"aborted for a stall",    {true, 50, -SIGABRT, true},  false, true },
        {"kill -9 from elsewhere", {true, 50, -SIGKILL, false}, false, false},
        {"kill",                   {true, 50, -SIGTERM, false}, false, false},
        {"unusable configuration", {true, 50, 78, false},       false, false},
        {"exit status 0",          {true, 50, 0, false},        false, false},
        {"nobody knows",           {false, 0, 0, false},        false, false},
        {"another process",        {true, 51, -SIGSEGV, false}, false, false},
        {"after an orderly end",   {true, 50, -SIGSEGV, false}, true,  false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct flight_report r = death(STAGE_SCORE, "AAPL");

        r.is_orderly = rows[i].is_orderly;
        if (flight_is_fault(&r, &rows[i].e) != rows[i].is_fault) fail_msg("%s", rows[i].what);
    }
}

static void
test_quarantine_after_two_crashes_in_a_row(void **state)
{
    struct quarantine q = {0};

    (void)state;
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_SUSPECTED);
    assert_false(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGKILL), QUARANTINE_SAME); /* says nothing */
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_HELD);
    assert_true(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_false(quarantine_holds(&q, STAGE_SCORE, "MSFT"));
    assert_false(quarantine_holds(&q, STAGE_ENTRY, "AAPL"));
    assert_non_null(strstr(q.entry[0].reason, "signal 11"));
}

static void
test_quarantine_crashes_apart_are_none_in_a_row(void **state)
{
    struct quarantine q = {0};
    struct flight_report r = death(STAGE_IDLE, "");
    struct flight_exit e = {.is_known = true, .pid = 50};

    (void)state;
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_SUSPECTED);
    assert_int_equal(end(&q, STAGE_SCORE, "MSFT", -SIGSEGV), QUARANTINE_SUSPECTED); /* elsewhere */
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_SUSPECTED);
    r.is_orderly = true;
    assert_int_equal(quarantine_fold(&q, &r, &e, T0),
                     QUARANTINE_CLEARED); /* an orderly end between */
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_SUSPECTED);
    assert_int_equal(q.len, 1);
    /* What is held stays held through all that. */
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV), QUARANTINE_HELD);
    assert_int_equal(end(&q, STAGE_EXIT, "TSLA", -SIGSEGV), QUARANTINE_SUSPECTED);
    assert_int_equal(quarantine_fold(&q, &r, &e, T0), QUARANTINE_CLEARED);
    assert_true(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_int_equal(q.len, 1);
}

/* Exits, reconciliation, records and the heartbeat go on whatever happens. */
static void
test_quarantine_never_takes_what_the_engine_needs(void **state)
{
    (void)state;
    for (enum stage s = STAGE_START; s < STAGES_LEN; s++) {
        for (int with_symbol = 0; with_symbol < 2; with_symbol++) {
            struct quarantine q = {0};
            const char *symbol = with_symbol ? "AAPL" : "";
            bool may =
                s == STAGE_ENTRY || s == STAGE_FLOW || s == STAGE_SHADOW ||
                (with_symbol && (s == STAGE_SCORE || s == STAGE_GATHER_MARKET || s == STAGE_EXIT));

            (void)end(&q, s, symbol, -SIGSEGV);
            (void)end(&q, s, symbol, -SIGSEGV);
            if (quarantine_holds(&q, s, symbol) != may) fail_msg("%s '%s'", stage_name(s), symbol);
        }
    }
}

static void
test_quarantine_ends_by_evidence(void **state)
{
    struct quarantine q = {0};

    (void)state;
    (void)end(&q, STAGE_SCORE, "AAPL", -SIGSEGV);
    (void)end(&q, STAGE_SCORE, "AAPL", -SIGSEGV);
    assert_false(quarantine_data_changed(&q, "AAPL", 77)); /* the same bytes */
    assert_false(quarantine_data_changed(&q, "MSFT", 78));
    assert_true(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_true(quarantine_data_changed(&q, "AAPL", 78)); /* one more chance */
    assert_false(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_int_equal(end(&q, STAGE_SCORE, "AAPL", -SIGSEGV),
                     QUARANTINE_HELD); /* at the first crash */
    assert_false(
        quarantine_data_changed(&q, "AAPL", 79)); /* from the third on only by an operator */
    assert_true(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
    assert_true(quarantine_remove(&q, STAGE_SCORE, "AAPL"));
    assert_false(quarantine_remove(&q, STAGE_SCORE, "AAPL"));
    assert_false(quarantine_holds(&q, STAGE_SCORE, "AAPL"));
}

static void
test_quarantine_list_is_bounded(void **state)
{
    struct quarantine q = {0};

    (void)state;
    for (int i = 0; i < 3 * QUARANTINE_MAX; i++) {
        char symbol[SYMBOL_MAX];

        (void)snprintf(symbol, sizeof(symbol), "S%d", i);
        (void)end(&q, STAGE_SCORE, symbol, -SIGSEGV);
        assert_int_equal(end(&q, STAGE_SCORE, symbol, -SIGSEGV), QUARANTINE_HELD);
        assert_true(quarantine_holds(&q, STAGE_SCORE, symbol));
    }
    assert_int_equal(q.len, QUARANTINE_MAX);
}

static void
test_quarantine_file_round_trips_and_is_edited_by_hand(void **state)
{
    struct test_root root;
    struct clock clock = test_clock_seam(&still);
    struct state_store s;
    struct quarantine q = {0}, again;
    static const char by_hand[] =
        "[{\"stage\":\"entry\",\"symbol\":\"\",\"count\":2},\n"
        " {\"stage\":\"nonsense\",\"symbol\":\"AAPL\",\"count\":2}, 17, {},\n"
        " {\"stage\":\"exit\",\"symbol\":\"msft\",\"is_held\":true}]";

    (void)state;
    test_root_make(&root);
    state_store_init(&s, &root.fs, &clock, NULL);
    struct store store = state_store_seam(&s);
    quarantine_load(&again, &store);
    assert_int_equal(again.len, 0);
    (void)end(&q, STAGE_SCORE, "BRK.B", -SIGSEGV);
    (void)end(&q, STAGE_SCORE, "BRK.B", -SIGSEGV);
    (void)end(&q, STAGE_ENTRY, "", -SIGABRT);
    assert_int_equal(quarantine_save(&q, &store, NULL), RC_OK);
    quarantine_load(&again, &store);
    assert_int_equal(again.len, q.len);
    for (size_t i = 0; i < q.len; i++) {
        assert_int_equal(again.entry[i].stage, q.entry[i].stage);
        assert_string_equal(again.entry[i].symbol, q.entry[i].symbol);
        assert_int_equal(again.entry[i].count, q.entry[i].count);
        assert_int_equal(again.entry[i].is_held, q.entry[i].is_held);
        assert_true(again.entry[i].data_hash == q.entry[i].data_hash);
        assert_int_equal(again.entry[i].since_ns, q.entry[i].since_ns);
        assert_string_equal(again.entry[i].reason, q.entry[i].reason);
    }
    test_write(&root, QUARANTINE_PATH, by_hand, sizeof(by_hand) - 1);
    quarantine_load(&again, &store);
    assert_int_equal(again.len, 2);
    assert_true(quarantine_holds(&again, STAGE_ENTRY, NULL));
    assert_true(quarantine_holds(&again, STAGE_EXIT, "MSFT"));
    test_root_remove(&root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flight_tells_where_it_was),
        cmocka_unit_test(test_flight_is_still_there_after_kill_9),
        cmocka_unit_test(test_flight_reader_accepts_any_bytes),
        cmocka_unit_test(test_flight_exit_text_round_trips),
        cmocka_unit_test(test_quarantine_what_counts_as_a_fault),
        cmocka_unit_test(test_quarantine_after_two_crashes_in_a_row),
        cmocka_unit_test(test_quarantine_crashes_apart_are_none_in_a_row),
        cmocka_unit_test(test_quarantine_never_takes_what_the_engine_needs),
        cmocka_unit_test(test_quarantine_ends_by_evidence),
        cmocka_unit_test(test_quarantine_list_is_bounded),
        cmocka_unit_test(test_quarantine_file_round_trips_and_is_edited_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
