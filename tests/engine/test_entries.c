/*
 * Promises of worked entries: one order after the other, never two at once, and an end.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "broker/guard.h"
#include "engine/entries.h"
#include "sim/ledger_mem.h"
#include "tests/lib/venue.h"

struct fixture {
    struct test_clock time;
    struct clock clock;
    struct venue venue;
    struct broker broker, guarded;
    struct ledger_mem mem;
    struct ledger ledger;
    struct ledger_guard guard;
    struct test_log events;
    struct log log;
    struct desk desk;
    struct strategy_config cfg;
    struct entries entries;
    int64_t bought;
};

static bool
on_settled(void *self, const struct settled *s)
{
    ((struct fixture *)self)->bought += s->qty;
    return true;
}

static void
on_progress(void *self)
{
    (void)self;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->time = (struct test_clock){.now_ns = when_parse_or_none("2026-01-30T15:00:00Z"),
                                  .mono_ns = NS_PER_S};
    f->clock = test_clock_seam(&f->time);
    f->log = test_log_seam(&f->events);
    f->venue.clock = &f->clock;
    f->venue.quote =
        (struct nbbo){.bid = USD_CENTS(9990), .ask = USD_CENTS(10010), .is_known = true};
    f->broker = venue_broker(&f->venue);
    ledger_mem_init(&f->mem);
    f->ledger = ledger_mem_seam(&f->mem);
    f->guard = (struct ledger_guard){
        .pass = {f->broker}, .ledger = &f->ledger, .clock = &f->clock, .epoch = 1};
    f->guarded = ledger_guard_broker(&f->guard);
    desk_init(&f->desk, &f->guarded, &f->ledger, &f->clock, &f->log,
              (struct desk_owner){f, on_settled, on_progress}, 1);
    f->cfg = (struct strategy_config){.entry_max_retries = 3,
                                      .entry_post_only = true,
                                      .entry_retry_sleep_s = 1.0,
                                      .entry_tolerance_bps = 10};
    f->entries = (struct entries){.desk = &f->desk, .cfg = &f->cfg};
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    desk_done(&f->desk);
    ledger_mem_done(&f->mem);
    free(f);
    return 0;
}

static enum rc
begin(struct fixture *f, bool has_limit)
{
    struct planned_entry plan = {.side = SIDE_BUY, .qty = 10};
    struct err err = {0};

    (void)str_copy(plan.symbol, SYMBOL_MAX, "AAPL");
    plan.price.has_limit = has_limit;
    plan.price.limit = USD_CENTS(10000);
    return entries_begin(&f->entries, &plan, "{}", &err);
}

static size_t
open_orders(const struct fixture *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->venue.orders_len; i++)
        if (!order_status_is_final(f->venue.order[i].status)) n++;
    return n;
}

/* A second passes; the venue grants cancellations when `grants`. */
static void
second(struct fixture *f, bool grants)
{
    struct err err = {0};

    f->time.now_ns += NS_PER_S;
    f->time.mono_ns += NS_PER_S;
    for (size_t i = 0; grants && i < f->venue.orders_len; i++)
        if (f->venue.order[i].status == ORDER_PENDING_CANCEL)
            f->venue.order[i].status = ORDER_CANCELED;
    assert_int_equal(desk_tick(&f->desk, &err), RC_OK);
    entries_tick(&f->entries, true);
    assert_true(open_orders(f) <= 1); /* at no time two orders of one candidate */
}

static void
test_entries_work_limit_orders_then_one_market_order(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    for (int i = 0; i < 60 && f->venue.orders_len < 5; i++)
        second(f, true);
    assert_int_equal(f->venue.orders_len, 5); /* three attempts, a last one, the market */
    for (int i = 0; i < 4; i++)
        assert_int_equal(f->venue.order[i].type, ORDER_LIMIT);
    assert_int_equal(f->venue.order[4].type, ORDER_MARKET);
    for (int i = 1; i < 4; i++)
        assert_true(f->venue.order[i].limit.e4 >= f->venue.order[i - 1].limit.e4);
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->venue.orders_len, 5); /* the market order is left to fill */
    venue_execute(&f->venue, &f->venue.order[4], 10, 10005);
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->bought, 10);
    assert_int_equal(f->entries.len, 0);
    assert_int_equal(f->venue.orders_len, 5);
}

static void
test_entries_send_nothing_more_after_a_part_was_filled(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    second(f, true);
    venue_execute(&f->venue, &f->venue.order[0], 4, 10000);
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->venue.orders_len, 1);
    assert_int_equal(f->venue.order[0].status, ORDER_CANCELED);
    assert_int_equal(f->bought, 4);
    assert_int_equal(f->entries.len, 0);
}

static void
test_entries_wait_while_a_cancellation_is_not_granted(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    for (int i = 0; i < 120; i++)
        second(f, false);
    assert_int_equal(f->venue.orders_len, 1);
    assert_int_equal(f->venue.order[0].status, ORDER_PENDING_CANCEL);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000); /* it filled in spite of us */
    for (int i = 0; i < 40; i++)
        second(f, true);
    assert_int_equal(f->bought, 10);
    assert_int_equal(f->venue.orders_len, 1);
}

static void
test_entries_wait_for_the_fate_of_an_unanswered_attempt(void **state)
{
    struct fixture *f = *state;

    f->venue.next_submit = RC_UNKNOWN; /* accepted, the answer was lost */
    f->venue.by_id_is_blind = true;
    f->venue.list_is_down = true;
    assert_int_equal(begin(f, true), RC_UNKNOWN);
    for (int i = 0; i < 60; i++)
        second(f, true);
    assert_int_equal(f->venue.posts, 1);
    f->venue.by_id_is_blind = false;
    for (int i = 0; i < 60; i++)
        second(f, true);
    assert_int_equal(f->venue.orders_len, 5); /* found, cancelled, and worked on */
}

static void
test_entries_end_when_the_market_order_is_refused(void **state)
{
    struct fixture *f = *state;

    f->venue.next_submit = RC_RANGE;
    f->venue.next_is_lost = true;
    assert_int_equal(begin(f, false), RC_RANGE);
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->venue.posts, 1);
    assert_int_equal(f->entries.len, 0);
}

static void
test_entries_make_no_attempt_after_the_close(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};

    assert_int_equal(begin(f, true), RC_OK);
    for (int i = 0; i < 3; i++)
        second(f, true);
    for (int i = 0; i < 30; i++) {
        f->time.now_ns += NS_PER_S;
        for (size_t k = 0; k < f->venue.orders_len; k++)
            if (f->venue.order[k].status == ORDER_PENDING_CANCEL)
                f->venue.order[k].status = ORDER_CANCELED;
        assert_int_equal(desk_tick(&f->desk, &err), RC_OK);
        entries_tick(&f->entries, false);
    }
    assert_int_equal(f->venue.orders_len, 1);
    assert_int_equal(f->entries.len, 0);
}

static void
test_entries_refuse_a_second_entry_in_a_symbol_at_work(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    assert_int_equal(begin(f, true), RC_BUSY);
    assert_int_equal(f->venue.posts, 1);
    assert_int_equal(f->entries.len, 1);
}

static void
test_entries_take_back_what_an_engine_before_left(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    second(f, true);
    entries_stop(&f->entries); /* the next engine knows of it from the ledger only */
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->venue.orders_len, 1);
    assert_int_equal(f->venue.order[0].status, ORDER_CANCELED);
    assert_int_equal(f->desk.live.len, 0);
}

static void
test_entries_ask_again_for_a_cancellation_that_hangs(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(begin(f, true), RC_OK);
    entries_stop(&f->entries);
    for (int i = 0; i < 30; i++)
        second(f, false);
    assert_int_equal(f->venue.order[0].status, ORDER_PENDING_CANCEL);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    for (int i = 0; i < 30; i++)
        second(f, true);
    assert_int_equal(f->bought, 10);
}

int
main(void)
{
#define ENTRIES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ENTRIES_TEST(test_entries_work_limit_orders_then_one_market_order),
        ENTRIES_TEST(test_entries_send_nothing_more_after_a_part_was_filled),
        ENTRIES_TEST(test_entries_wait_while_a_cancellation_is_not_granted),
        ENTRIES_TEST(test_entries_wait_for_the_fate_of_an_unanswered_attempt),
        ENTRIES_TEST(test_entries_end_when_the_market_order_is_refused),
        ENTRIES_TEST(test_entries_make_no_attempt_after_the_close),
        ENTRIES_TEST(test_entries_refuse_a_second_entry_in_a_symbol_at_work),
        ENTRIES_TEST(test_entries_take_back_what_an_engine_before_left),
        ENTRIES_TEST(test_entries_ask_again_for_a_cancellation_that_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
