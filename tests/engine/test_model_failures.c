/*
 * Known failures of the field, one test each, over the whole order path.  Those of a single part
 * stand beside it: replayed executions, executions known to the order only, orders accepted after
 * our time-out, cancellations that hang (test_desk.c, test_entries.c); pages and refusals of the
 * broker (tests/broker).
 */
#include "tests/engine/model_fixture.h"

#include "telemetry/trades.h"

/* ---- open order at restart ----------------------------------------------------------------- */

static void
test_order_path_takes_back_an_open_order_after_a_restart(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "latefill=600000:POST");
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->sim.book.open_len, 1);
    model_drop(m);
    model_pass(m, 20 * NS_PER_S);
    model_start(m);
    for (int i = 0; i < 3; i++) { /* the signal stands: the symbol takes no second order */
        cycle_with(m, DIRECTION_BULLISH, false);
        assert_int_equal(m->posted_len, 1);
        model_ticks(m, 1);
    }
    model_quiet(m);
    assert_kept(m);
}

/* ---- a position closed by hand ------------------------------------------------------------- */

static void
test_order_path_records_a_position_closed_by_hand_once(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    int64_t qty = enter(m);

    cycle_with(m, DIRECTION_NONE, false);
    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], -qty);
    model_ticks(m, 5);
    size_t posted = m->posted_len;
    cycle_with(m, DIRECTION_NONE, true); /* the close that would have been sent */
    model_quiet(m);
    assert_int_equal(m->posted_len, posted);
    assert_int_equal(model_ledger_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, "closed_externally", ""), 1);
    assert_int_equal(model_lines(m, MASTER_LOG_PATH, "closed_externally", ""), 1);
    assert_kept(m);
}

static void
test_order_path_does_not_close_again_what_was_closed_by_hand_meanwhile(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    int64_t qty = enter(m);

    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], -qty);
    cycle_with(m, DIRECTION_NONE, true); /* the broker still shows the position */
    model_quiet(m);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
    assert_kept(m);
}

/* ---- more open orders than a page ---------------------------------------------------------- */

static void
open_by_hand(struct model *m, int n)
{
    for (int i = 0; i < n; i++) {
        struct book_request req = {
            .side = SIDE_BUY, .type = ORDER_LIMIT, .qty = 1, .limit = USD_CENTS(100)};
        const struct book_order *order = NULL;
        struct book_refusal refusal = {0};

        (void)str_copy(req.symbol, sizeof(req.symbol), "SOFI");
        model_pass(m, NS_PER_MS);
        assert_int_equal(book_submit(&m->sim.book, &req, m->time.now_ns, &order, &refusal), RC_OK);
    }
}

static void
test_order_path_sees_its_order_behind_a_page_of_others(void **state)
{
    static const int OTHERS[] = {51, 501, 1100};

    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        struct model *m = begin(*state, (struct model_options){0});
        struct arena a = {0};
        struct orders list = {0};
        struct err err = {0};
        int mine = 0;

        model_faults(m, "latefill=4000:POST");
        open_by_hand(m, OTHERS[i] / 2);
        cycle_with(m, DIRECTION_BULLISH, false);
        open_by_hand(m, OTHERS[i] - OTHERS[i] / 2);
        const struct broker *b = &m->process->market_data;
        assert_int_equal(b->orders(b->self, ORDERS_OPEN, WHEN_NONE, &a, &list, &err), RC_OK);
        assert_int_equal(list.len, OTHERS[i] + 1);
        for (size_t k = 0; k < list.len; k++)
            mine += str_starts(list.order[k].client_id, "v1-") ? 1 : 0;
        assert_int_equal(mine, 1);
        arena_done(&a);
        model_quiet(m);
        assert_kept(m);
    }
}

/* ---- halt of a symbol ---------------------------------------------------------------------- */

struct halted {
    struct book_prices under;
    const char *symbol;
    bool is_on;
};

static bool
halt_quote(void *self, const char *symbol, int64_t at_ns, struct sim_quote *ret_quote)
{
    const struct halted *h = self;

    if (!h->under.quote(h->under.self, symbol, at_ns, ret_quote)) return false;
    if (h->is_on && str_eq(symbol, h->symbol)) ret_quote->nbbo.is_known = false;
    return true;
}

static bool
halt_trade(void *self, const char *symbol, int64_t at_ns, usd *ret_price)
{
    const struct halted *h = self;

    return h->under.trade(h->under.self, symbol, at_ns, ret_price);
}

static bool
halt_shortable(void *self, const char *symbol)
{
    const struct halted *h = self;

    return h->under.is_shortable(h->under.self, symbol);
}

static void
test_order_path_sends_one_close_into_a_halt_and_waits(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct halted halt = {.under = m->sim.book.prices, .symbol = MODEL_SYMBOL[F_SIGNAL]};

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    model_ticks(m, 5);
    m->sim.book.prices = (struct book_prices){
        .self = &halt, .quote = halt_quote, .trade = halt_trade, .is_shortable = halt_shortable};
    halt.is_on = true;
    size_t posted = m->posted_len;
    for (int i = 0; i < 20; i++) {
        cycle_with(m, DIRECTION_NONE, true);
        model_ticks(m, 30);
    }
    assert_int_equal(m->posted_len, posted + 1);
    assert_true(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]) > 0);
    halt.is_on = false;
    model_ticks(m, 60);
    model_quiet(m);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), 0);
    assert_int_equal(model_lines(m, EXITS_LOG_PATH, "\"symbol\":\"F\"", ""), 1);
    assert_kept(m);
}

/* ---- half day ------------------------------------------------------------------------------ */

static void
test_order_path_sends_nothing_after_an_early_close(void **state)
{
    struct model *m = begin(*state, (struct model_options){.is_half_day = true, .start_min = 180});

    (void)enter(m); /* 12:30 */
    model_pass(m, m->sim.day.session.close_ns - m->time.now_ns + NS_PER_S);
    size_t posted = m->posted_len;
    for (int i = 0; i < 5; i++) {
        m->signal[1] = DIRECTION_BULLISH;
        cycle_with(m, DIRECTION_BEARISH, true);
        model_ticks(m, 60);
    }
    assert_int_equal(m->posted_len, posted);
    model_quiet(m);
    assert_kept(m);
}

static void
test_order_path_withdraws_its_entries_at_an_early_close(void **state)
{
    struct model *m = begin(*state, (struct model_options){.is_half_day = true, .start_min = 209});

    model_pass(m, 59 * NS_PER_S); /* 12:59:59 */
    model_faults(m, "latefill=900000:POST");
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->sim.book.open_len, 1);
    model_ticks(m, 30);
    model_quiet(m);
    assert_int_equal(m->posted_len, 1);
    assert_int_equal(m->sim.book.open_len, 0);
    assert_kept(m);
}

/* ---- an exit in the last second -------------------------------------------------------------- */

static void
test_order_path_withdraws_an_exit_that_missed_the_close(void **state)
{
    struct model *m = begin(*state, (struct model_options){.is_half_day = true, .start_min = 200});
    int64_t qty = enter(m);

    cycle_with(m, DIRECTION_NONE, false);
    model_pass(m, m->sim.day.session.close_ns - m->time.now_ns - 500 * NS_PER_MS);
    size_t posted = m->posted_len;
    m->post_late_ns = 2 * NS_PER_S; /* it reaches the broker when the session is over */
    cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 30);
    assert_int_equal(m->posted_len, posted + 1);
    assert_int_equal(m->sim.book.open_len, 0); /* nothing queues for the next open */
    assert_true(m->event[EV_EXIT_AFTER_CLOSE] > 0);
    assert_int_equal(model_broker_qty(m, MODEL_SYMBOL[F_SIGNAL]), qty);
    model_quiet(m);
    assert_int_equal(m->posted_len, posted + 1);
    assert_int_equal(model_ledger_qty(m, MODEL_SYMBOL[F_SIGNAL]), qty);
    assert_kept(m);
}

/* ---- two engines --------------------------------------------------------------------------- */

static void
test_order_path_lets_only_the_newest_engine_send(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct model_process *old = m->process;

    (void)enter(m);
    cycle_with(m, DIRECTION_NONE, false);
    m->signal[1] = DIRECTION_BULLISH;
    model_faults(m, "latefill=900000:POST");
    model_cycle(m, old); /* an entry is at work … */
    assert_int_equal(m->sim.book.open_len, 1);
    size_t posted = m->posted_len;
    m->process = model_process_new(m); /* … when a successor starts */
    int64_t cancels = m->sim.requests[ROUTE_ORDER_CANCEL];

    /* The old one goes on with entries, cancellations and closes as if nothing had happened. */
    for (int i = 0; i < 5; i++) {
        m->signal[2] = DIRECTION_BULLISH;
        m->is_pressed[F_SIGNAL] = true;
        model_cycle(m, old);
        model_pass(m, 5 * NS_PER_S);
        engine_tick(&old->engine);
    }
    assert_int_equal(m->posted_len, posted);
    assert_int_equal(m->sim.requests[ROUTE_ORDER_CANCEL], cancels);
    model_process_free(old);
    model_faults(m, "");
    engine_start(&m->process->engine);
    model_quiet(m);
    assert_kept(m);
}

/* ---- pending_cancel all day ---------------------------------------------------------------- */

static void
test_order_path_waits_for_a_cancellation_that_hangs_until_the_close(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "stuckcancel:DELETE,latefill=36000000:POST");
    cycle_with(m, DIRECTION_BULLISH, false);
    for (int i = 0; i < 30; i++) {
        model_ticks(m, 120);
        cycle_with(m, DIRECTION_BULLISH, false);
    }
    assert_int_equal(m->posted_len, 1);
    model_quiet(m);
    assert_int_equal(m->posted_len, 1);
    assert_kept(m);
}

/* ---- the steps in between ------------------------------------------------------------------ */

enum what_fails { KILLED, LEDGER_REFUSES, DISK_REFUSES };

/* An entry, a close and what follows them, with one call failing; false once there are no more. */
static bool
one_call_fails(struct fixture *f, enum what_fails what, int64_t at)
{
    struct model *m = begin(f, (struct model_options){0});
    struct model_process *p = m->process;

    if (what == KILLED) p->dies_at = p->calls + at;
    if (what == LEDGER_REFUSES) p->ledger_fails_at = p->calls + at;
    if (what == DISK_REFUSES) p->disk_fails_at = p->calls + at;
    cycle_with(m, DIRECTION_BULLISH, false);
    m->signal[F_SIGNAL] = DIRECTION_NONE;
    model_ticks(m, 30);
    if (!p->is_dead) cycle_with(m, DIRECTION_NONE, true);
    model_ticks(m, 5);
    bool is_reached = p->is_dead || (what != KILLED && p->calls > at);
    model_quiet(m);
    if (m->wrong[0] == '\0') model_check(m);
    if (m->wrong[0] != '\0')
        fail_msg("call %lld fails (%d): %s", (long long)at, (int)what, m->wrong);
    return is_reached;
}

static void
try_every_call(struct fixture *f, enum what_fails what)
{
    int64_t at = 1;

    while (one_call_fails(f, what, at))
        at++;
    assert_true(at > 50); /* there was something to fail */
}

static void
test_order_path_survives_a_kill_at_every_call(void **state)
{
    try_every_call(*state, KILLED);
}

static void
test_order_path_survives_a_refusal_of_the_ledger_at_every_call(void **state)
{
    try_every_call(*state, LEDGER_REFUSES);
}

static void
test_order_path_survives_a_refusal_of_the_disk_at_every_call(void **state)
{
    try_every_call(*state, DISK_REFUSES);
}

/* ---- what random sequences found ----------------------------------------------------------- */

static void
test_order_path_begins_no_second_entry_between_two_attempts(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    cycle_with(m, DIRECTION_BULLISH, false);
    model_ticks(m, 3); /* the first limit order was taken back, the next is not due yet */
    assert_int_equal(m->sim.book.open_len, 0);
    assert_int_equal(m->process->engine.entries.len, 1);
    cycle_with(m, DIRECTION_BEARISH, false);
    assert_int_equal(m->process->engine.entries.len, 1);
    model_quiet(m);
    assert_kept(m);
}

static void
test_order_path_waits_out_the_order_window_when_the_clock_is_stepped(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    m->post_late_ns = 25 * NS_PER_S;
    cycle_with(m, DIRECTION_BULLISH, false);
    m->skew_ns = NS_PER_MIN; /* at once the window seems to be over */
    model_ticks(m, 60);
    model_quiet(m);
    assert_kept(m);
    assert_int_equal(m->event[EV_ORDER_EXPIRED], 0);
}

static void
test_order_path_ends_an_unknown_order_beside_a_trade_made_by_hand(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});

    model_faults(m, "reset:POST/v2/orders:1");
    model_by_hand(m, MODEL_SYMBOL[F_SIGNAL], 5);
    cycle_with(m, DIRECTION_BULLISH, false);
    assert_int_equal(m->event[EV_ORDER_UNKNOWN], 1);
    model_quiet(m);
    assert_int_equal(m->event[EV_ORDER_EXPIRED], 1);
    assert_kept(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_order_path_takes_back_an_open_order_after_a_restart),
        PATH_TEST(test_order_path_records_a_position_closed_by_hand_once),
        PATH_TEST(test_order_path_does_not_close_again_what_was_closed_by_hand_meanwhile),
        PATH_TEST(test_order_path_sees_its_order_behind_a_page_of_others),
        PATH_TEST(test_order_path_sends_one_close_into_a_halt_and_waits),
        PATH_TEST(test_order_path_sends_nothing_after_an_early_close),
        PATH_TEST(test_order_path_withdraws_its_entries_at_an_early_close),
        PATH_TEST(test_order_path_withdraws_an_exit_that_missed_the_close),
        PATH_TEST(test_order_path_lets_only_the_newest_engine_send),
        PATH_TEST(test_order_path_waits_for_a_cancellation_that_hangs_until_the_close),
        PATH_TEST(test_order_path_survives_a_kill_at_every_call),
        PATH_TEST(test_order_path_survives_a_refusal_of_the_ledger_at_every_call),
        PATH_TEST(test_order_path_survives_a_refusal_of_the_disk_at_every_call),
        PATH_TEST(test_order_path_begins_no_second_entry_between_two_attempts),
        PATH_TEST(test_order_path_waits_out_the_order_window_when_the_clock_is_stepped),
        PATH_TEST(test_order_path_ends_an_unknown_order_beside_a_trade_made_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
