/*
 * Promises of the order desk: at most once, never lost.  Each known failure of the field has its
 * own test.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "broker/guard.h"
#include "engine/desk.h"
#include "sim/ledger_mem.h"
#include "tests/lib/venue.h"

/* ---- the desk over it ---------------------------------------------------------------------- */

struct fixture {
    struct test_clock time;
    struct clock clock;
    struct venue venue;
    struct broker broker;
    struct ledger_mem mem;
    struct ledger ledger;
    struct ledger_guard guard;
    struct broker guarded;
    struct test_log events;
    struct log log;
    struct desk desk;
    int settled;
    int64_t settled_qty;
    usd settled_cost;
    bool records_fail;
};

static bool
on_settled(void *self, const struct settled *s)
{
    struct fixture *f = self;

    if (f->records_fail) return false;
    f->settled++;
    f->settled_qty += s->qty;
    f->settled_cost = usd_add(f->settled_cost, s->cost);
    return true;
}

static void
on_progress(void *self)
{
    (void)self;
}

static void
open_desk(struct fixture *f, int64_t epoch)
{
    f->guard = (struct ledger_guard){
        .pass = {f->broker}, .ledger = &f->ledger, .clock = &f->clock, .epoch = epoch};
    f->guarded = ledger_guard_broker(&f->guard);
    desk_init(&f->desk, &f->guarded, &f->ledger, &f->clock, &f->log,
              (struct desk_owner){f, on_settled, on_progress}, epoch);
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
    f->broker = venue_broker(&f->venue);
    ledger_mem_init(&f->mem);
    f->ledger = ledger_mem_seam(&f->mem);
    open_desk(f, 1);
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
send(struct fixture *f, int64_t qty, struct intent *ret_in)
{
    struct intent in = {.purpose = PURPOSE_ENTRY};
    struct err err = {0};

    (void)str_copy(in.order.symbol, SYMBOL_MAX, "AAPL");
    in.order.side = SIDE_BUY;
    in.order.type = ORDER_LIMIT;
    in.order.qty = qty;
    in.order.limit = USD_CENTS(10000);
    f->desk.cycle++;
    return desk_send(&f->desk, &in, ret_in, &err);
}

static void
tick_after(struct fixture *f, int64_t ns)
{
    struct err err = {0};

    f->time.now_ns += ns;
    f->time.mono_ns += ns;
    assert_int_equal(desk_tick(&f->desk, &err), RC_OK);
}

static struct intent
intent_now(struct fixture *f, const char *client_id)
{
    struct intent in = {0};
    struct err err = {0};

    assert_int_equal(f->ledger.find_intent(f->ledger.self, client_id, &in, &err), RC_OK);
    return in;
}

static int64_t
ledger_qty(struct fixture *f)
{
    struct arena a = {0};
    struct ledger_positions list = {0};
    struct err err = {0};
    int64_t qty = 0;

    assert_int_equal(f->ledger.positions(f->ledger.self, &a, &list, &err), RC_OK);
    for (size_t i = 0; i < list.len; i++)
        qty += list.position[i].qty;
    arena_done(&a);
    return qty;
}

/* ---- the promises -------------------------------------------------------------------------- */

static void
test_desk_settles_a_filled_order_once(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 4, 10000);
    tick_after(f, NS_PER_S);
    assert_int_equal(ledger_qty(f), 4);
    assert_int_equal(f->settled, 0);
    venue_execute(&f->venue, &f->venue.order[0], 6, 9990);
    tick_after(f, NS_PER_S);
    tick_after(f, NS_PER_S);
    assert_int_equal(f->settled, 1);
    assert_int_equal(f->settled_qty, 10);
    assert_int_equal(f->settled_cost.e4, 4 * 1000000 + 6 * 999000);
    assert_int_equal(ledger_qty(f), 10);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_FILLED);
    assert_int_equal(f->venue.posts, 1);
}

static void
test_desk_finds_an_order_accepted_after_our_time_out(void **state)
{
    struct fixture *f = *state;
    struct intent in;
    struct intent again;

    f->venue.next_submit = RC_UNKNOWN; /* it reached the book, the answer was lost */
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_UNKNOWN);
    assert_int_equal(send(f, 10, &again), RC_BUSY); /* no other order in the symbol meanwhile */
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_FILLED);
    assert_int_equal(ledger_qty(f), 10);
    assert_int_equal(f->venue.posts, 1);
}

static void
test_desk_takes_not_found_for_no_statement_inside_the_order_window(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    f->venue.next_submit = RC_UNKNOWN;
    f->venue.next_is_lost = true;
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    for (int i = 0; i < 29; i++)
        tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_UNKNOWN);
    assert_int_equal(intent_now(f, in.order.client_id).lookups, 0);
}

static void
test_desk_expires_an_order_that_never_arrived_and_never_resends_it(void **state)
{
    struct fixture *f = *state;
    struct intent in;
    int seconds = 0;

    f->venue.next_submit = RC_UNKNOWN;
    f->venue.next_is_lost = true;
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    while (intent_now(f, in.order.client_id).state == INTENT_UNKNOWN && seconds < 200) {
        tick_after(f, NS_PER_S);
        seconds++;
    }
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_EXPIRED);
    assert_in_range(seconds, 40, 60); /* the window, and ten seconds between the two look-ups */
    assert_int_equal(f->venue.posts, 1);
    assert_int_equal(f->settled_qty, 0);
}

static void
test_desk_keeps_an_order_unknown_while_a_witness_is_silent(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    f->venue.next_submit = RC_UNKNOWN;
    f->venue.next_is_lost = true;
    f->venue.list_is_down = true;
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    for (int i = 0; i < 300; i++)
        tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_UNKNOWN);
}

static void
test_desk_believes_the_list_where_the_look_up_by_id_is_blind(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    f->venue.next_submit = RC_UNKNOWN;
    f->venue.by_id_is_blind = true;
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_OPEN);
}

static void
test_desk_keeps_an_order_unknown_while_an_execution_of_the_symbol_is_strange(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    f->venue.next_submit = RC_UNKNOWN;
    f->venue.by_id_is_blind = true;
    assert_int_equal(send(f, 10, &in), RC_UNKNOWN);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    struct order hidden = f->venue.order[0];
    f->venue.orders_len = 0; /* neither look-up nor list shows it, but it traded */
    for (int i = 0; i < 300; i++)
        tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_UNKNOWN);
    f->venue.order[0] = hidden;
    f->venue.orders_len = 1;
    f->venue.by_id_is_blind = false;
    tick_after(f, NS_PER_MIN);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_FILLED);
    assert_int_equal(ledger_qty(f), 10);
}

static void
test_desk_waits_for_an_execution_known_to_the_order_but_not_listed(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    f->venue.fills_are_late = true;
    for (int i = 0; i < 5; i++)
        tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_FILLED);
    assert_int_equal(f->settled, 0); /* not settled before the ledger has the shares */
    assert_int_equal(ledger_qty(f), 0);
    f->venue.fills_are_late = false;
    tick_after(f, NS_PER_S);
    assert_int_equal(f->settled, 1);
    assert_int_equal(ledger_qty(f), 10);
}

static void
test_desk_counts_an_execution_listed_twice_once(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    f->venue.fill[f->venue.fills_len] = f->venue.fill[0];
    f->venue.fills_len++;
    tick_after(f, NS_PER_S);
    tick_after(f, NS_PER_S);
    assert_int_equal(ledger_qty(f), 10);
    assert_int_equal(f->settled_qty, 10);
}

static void
test_desk_takes_pending_cancel_for_open(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    tick_after(f, NS_PER_S);
    desk_cancel(&f->desk, "AAPL", PURPOSE_ENTRY);
    for (int i = 0; i < 50; i++)
        tick_after(f, NS_PER_MIN);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_OPEN);
    assert_non_null(desk_live(&f->desk, "AAPL"));
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000); /* it fills after all */
    tick_after(f, NS_PER_MIN);
    assert_int_equal(ledger_qty(f), 10);
}

/* The stream told of a fill: asked at once, in the middle of a long pause between two questions. */
static void
test_desk_asks_at_once_when_the_stream_tells_of_a_fill(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    tick_after(f, 10 * NS_PER_MIN);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    tick_after(f, NS_PER_S); /* not its turn yet */
    assert_int_equal(ledger_qty(f), 0);
    assert_true(desk_hint(&f->desk, in.order.client_id));
    tick_after(f, NS_PER_MS);
    assert_int_equal(ledger_qty(f), 10);
    assert_int_equal(f->settled, 1);
    assert_false(desk_hint(&f->desk, in.order.client_id)); /* told again: it is over */
}

/* The order list and the executions count, whatever the stream says. */
static void
test_desk_takes_the_stream_for_a_rumour(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_false(desk_hint(&f->desk, "v1-1-of-nobody"));
    assert_int_equal(send(f, 10, &in), RC_OK);
    tick_after(f, NS_PER_S);
    int counted = 0;
    /* "filled", ten times a second for two minutes; the book says open */
    for (int i = 0; i < 1200; i++) {
        bool counts = desk_hint(&f->desk, in.order.client_id);

        if (i % 10 != 0) assert_false(counts);
        counted += counts;
        tick_after(f, NS_PER_S / 10);
    }
    assert_int_equal(counted, 2 * HINTS_PER_MIN);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_OPEN);
    assert_int_equal(ledger_qty(f), 0);
    assert_int_equal(f->settled, 0);
}

/* A fill of which the stream said nothing: the next question finds it. */
static void
test_desk_finds_a_fill_that_the_stream_did_not_tell(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    tick_after(f, NS_PER_S);
    assert_int_equal(ledger_qty(f), 10);
}

static void
test_desk_accounts_for_what_a_cancelled_order_had_filled(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 3, 10000);
    f->venue.order[0].status = ORDER_CANCELED;
    tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, in.order.client_id).state, INTENT_CANCELED);
    assert_int_equal(f->settled, 1);
    assert_int_equal(f->settled_qty, 3);
    assert_int_equal(ledger_qty(f), 3);
}

/* A process dies between the commit and the answer: its successor looks the order up. */
static void
test_desk_takes_a_committed_intent_of_a_dead_process_for_unknown(void **state)
{
    struct fixture *f = *state;
    struct intent in = {
        .purpose = PURPOSE_ENTRY, .epoch = 1, .cycle = 5, .created_ns = clock_now(&f->clock)};
    struct order_intent *o = &in.order;
    struct order answer;
    struct err err = {0};

    (void)str_copy(o->symbol, SYMBOL_MAX, "AAPL");
    o->qty = 10;
    o->type = ORDER_LIMIT;
    o->limit = USD_CENTS(10000);
    in.state = INTENT_COMMITTED;
    in.filled_ns = in.last_lookup_ns = WHEN_NONE;
    in.updated_ns = in.created_ns;
    desk_client_id(&in, o->client_id);
    assert_int_equal(f->ledger.add_intent(f->ledger.self, &in, &err), RC_OK);
    assert_int_equal(f->broker.submit(f->broker.self, o, &answer, &err), RC_OK); /* it had left */
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);

    desk_done(&f->desk);
    open_desk(f, 2);
    tick_after(f, NS_PER_S);
    assert_int_equal(intent_now(f, o->client_id).state, INTENT_FILLED);
    assert_int_equal(ledger_qty(f), 10);
    assert_int_equal(f->settled, 1);
    assert_int_equal(f->venue.posts, 1);
}

static void
test_ledger_guard_sends_nothing_twice(void **state)
{
    struct fixture *f = *state;
    struct intent in;
    struct order answer;
    struct err err = {0};

    assert_int_equal(send(f, 10, &in), RC_OK);
    assert_int_equal(f->guarded.submit(f->guarded.self, &in.order, &answer, &err), RC_DENIED);
    struct order_intent stranger = in.order;
    (void)str_copy(stranger.client_id, sizeof(stranger.client_id), "v1-1-20260130-9-AAPL-ffffffff");
    assert_int_equal(f->guarded.submit(f->guarded.self, &stranger, &answer, &err), RC_DENIED);
    assert_int_equal(f->venue.posts, 1);
}

static void
test_desk_ends_an_intent_that_never_left(void **state)
{
    static const struct {
        enum rc answer;
        enum intent_state want;
    } CASES[] = {
        {RC_IO,     INTENT_NOT_SENT},
        {RC_DENIED, INTENT_NOT_SENT},
        {RC_RANGE,  INTENT_REJECTED}
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct intent in;

        f->venue.next_submit = CASES[i].answer;
        f->venue.next_is_lost = true;
        assert_int_equal(send(f, 10, &in), CASES[i].answer);
        assert_int_equal(intent_now(f, in.order.client_id).state, CASES[i].want);
        tick_after(f, NS_PER_S);
        assert_null(desk_live(&f->desk, "AAPL"));
    }
}

static void
test_desk_asks_for_the_records_again_until_they_are_written(void **state)
{
    struct fixture *f = *state;
    struct intent in;

    f->records_fail = true;
    assert_int_equal(send(f, 10, &in), RC_OK);
    venue_execute(&f->venue, &f->venue.order[0], 10, 10000);
    tick_after(f, NS_PER_S);
    assert_false(intent_now(f, in.order.client_id).is_recorded);
    f->records_fail = false;
    tick_after(f, NS_PER_S);
    assert_true(intent_now(f, in.order.client_id).is_recorded);
    assert_int_equal(f->settled, 1);
}

static void
test_desk_client_ids_are_short_and_tell_their_engine(void **state)
{
    struct intent in = {.epoch = 999999,
                        .cycle = 9999999,
                        .created_ns = when_parse_or_none("2026-01-30T23:59:59Z")};
    char a[CLIENT_ID_MAX];
    char b[CLIENT_ID_MAX];

    (void)state;
    (void)str_copy(in.order.symbol, SYMBOL_MAX, "ABCDEFGH.K");
    in.order.qty = 1;
    desk_client_id(&in, a);
    assert_true(strlen(a) <= 48);
    assert_true(str_starts(a, "v1-999999-20260130-9999999-ABCDEFGH.K-"));
    (void)str_copy(in.reason, sizeof(in.reason), "attempt 2");
    desk_client_id(&in, b);
    assert_string_not_equal(a, b);
}

int
main(void)
{
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_desk_settles_a_filled_order_once),
        DESK_TEST(test_desk_finds_an_order_accepted_after_our_time_out),
        DESK_TEST(test_desk_takes_not_found_for_no_statement_inside_the_order_window),
        DESK_TEST(test_desk_expires_an_order_that_never_arrived_and_never_resends_it),
        DESK_TEST(test_desk_keeps_an_order_unknown_while_a_witness_is_silent),
        DESK_TEST(test_desk_believes_the_list_where_the_look_up_by_id_is_blind),
        DESK_TEST(test_desk_keeps_an_order_unknown_while_an_execution_of_the_symbol_is_strange),
        DESK_TEST(test_desk_waits_for_an_execution_known_to_the_order_but_not_listed),
        DESK_TEST(test_desk_counts_an_execution_listed_twice_once),
        DESK_TEST(test_desk_takes_pending_cancel_for_open),
        DESK_TEST(test_desk_asks_at_once_when_the_stream_tells_of_a_fill),
        DESK_TEST(test_desk_takes_the_stream_for_a_rumour),
        DESK_TEST(test_desk_finds_a_fill_that_the_stream_did_not_tell),
        DESK_TEST(test_desk_accounts_for_what_a_cancelled_order_had_filled),
        DESK_TEST(test_desk_takes_a_committed_intent_of_a_dead_process_for_unknown),
        DESK_TEST(test_ledger_guard_sends_nothing_twice),
        DESK_TEST(test_desk_ends_an_intent_that_never_left),
        DESK_TEST(test_desk_asks_for_the_records_again_until_they_are_written),
        DESK_TEST(test_desk_client_ids_are_short_and_tell_their_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
