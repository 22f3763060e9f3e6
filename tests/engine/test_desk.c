/*
 * Promises of the order desk: at most once, never lost.  Each known failure of the field has its
 * own test.
 */
#include "tests/lib/check.h"
#include "tests/lib/seams.h"

#include "broker/guard.h"
#include "engine/desk.h"
#include "sim/ledger_mem.h"

/* ---- a venue that does what a test says
 * -------------------------------------------------------------------
 */

enum { VENUE_ORDERS = 64, VENUE_FILLS = 64 };

struct venue {
    struct clock *clock;
    struct order order[VENUE_ORDERS];
    size_t orders_len;
    struct fill fill[VENUE_FILLS];
    size_t fills_len;
    int posts;
    enum rc next_submit; /* what the next POST tells us … */
    bool next_is_lost;   /* … and whether it never reached the book */
    bool by_id_is_blind; /* look-ups by client id do not see orders yet */
    bool list_is_down;   /* the order list answers 503 */
    bool reads_are_down; /* all reads do */
    bool fills_are_late; /* executions are not listed yet */
};

static struct order *
venue_find(struct venue *v, const char *client_id)
{
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].client_id, client_id)) return &v->order[i];
    return NULL;
}

static enum rc
venue_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct venue *v = self;
    enum rc rc = v->next_submit;

    v->posts++;
    assert_null(venue_find(v, o->client_id)); /* no id twice */
    if (!v->next_is_lost) {
        struct order *w = &v->order[v->orders_len++];

        *w = (struct order){.side = o->side,
                            .type = o->type,
                            .qty = o->qty,
                            .limit = o->limit,
                            .status = ORDER_PENDING,
                            .submitted_ns = clock_now(v->clock),
                            .filled_ns = WHEN_NONE,
                            .updated_ns = WHEN_NONE};
        (void)snprintf(w->broker_id, sizeof(w->broker_id), "b-%zu", v->orders_len);
        (void)str_copy(w->client_id, sizeof(w->client_id), o->client_id);
        (void)str_copy(w->symbol, sizeof(w->symbol), o->symbol);
        (void)str_copy(w->status_text, sizeof(w->status_text), "new");
        *ret_order = *w;
    }
    v->next_submit = RC_OK;
    v->next_is_lost = false;
    return rc == RC_OK ? RC_OK : err_set(err, rc, "scripted");
}

static enum rc
venue_cancel(void *self, const char *broker_id, struct err *err)
{
    struct venue *v = self;

    (void)err;
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].broker_id, broker_id) && !order_status_is_final(v->order[i].status))
            v->order[i].status = ORDER_PENDING_CANCEL;
    return RC_OK;
}

static enum rc
venue_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    struct venue *v = self;

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].broker_id, broker_id)) {
            *ret_order = v->order[i];
            return RC_OK;
        }
    return err_set(err, RC_NOT_FOUND, "no such order");
}

static enum rc
venue_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    struct venue *v = self;
    const struct order *o = venue_find(v, client_id);

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    if (o == NULL || v->by_id_is_blind) return err_set(err, RC_NOT_FOUND, "no such order");
    *ret_order = *o;
    return RC_OK;
}

static enum rc
venue_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
             struct orders *ret_list, struct err *err)
{
    struct venue *v = self;

    (void)filter;
    (void)after_ns;
    if (v->reads_are_down || v->list_is_down) return err_set(err, RC_UNKNOWN, "down");
    ret_list->order = ARENA_NEW(a, struct order, v->orders_len);
    ret_list->len = v->orders_len;
    if (v->orders_len > 0) memcpy(ret_list->order, v->order, v->orders_len * sizeof(v->order[0]));
    return RC_OK;
}

static enum rc
venue_fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    struct venue *v = self;

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    ret_list->fill = ARENA_NEW(a, struct fill, v->fills_len);
    ret_list->len = 0;
    for (size_t i = 0; i < v->fills_len && !v->fills_are_late; i++)
        if (after_ns == WHEN_NONE || v->fill[i].at_ns >= after_ns)
            ret_list->fill[ret_list->len++] = v->fill[i];
    return RC_OK;
}

/* The venue executes a part of an order. */
static void
venue_execute(struct venue *v, struct order *o, int64_t qty, int64_t price_cents)
{
    struct fill *f = &v->fill[v->fills_len++];

    *f = (struct fill){
        .side = o->side, .qty = qty, .price = USD_CENTS(price_cents), .at_ns = clock_now(v->clock)};
    (void)snprintf(f->fill_id, sizeof(f->fill_id), "x-%zu", v->fills_len);
    (void)str_copy(f->broker_id, sizeof(f->broker_id), o->broker_id);
    (void)str_copy(f->symbol, sizeof(f->symbol), o->symbol);
    o->filled_qty += qty;
    o->filled_cost = usd_add(o->filled_cost, usd_notional(f->price, qty));
    o->filled_ns = f->at_ns;
    o->status = o->filled_qty == o->qty ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
}

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
    f->broker = (struct broker){.self = &f->venue,
                                .submit = venue_submit,
                                .cancel = venue_cancel,
                                .order_by_id = venue_by_id,
                                .order_by_client_id = venue_by_client_id,
                                .orders = venue_orders,
                                .fills = venue_fills};
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
    assert_int_equal(venue_submit(&f->venue, o, &answer, &err), RC_OK); /* it had left */
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
        DESK_TEST(test_desk_accounts_for_what_a_cancelled_order_had_filled),
        DESK_TEST(test_desk_takes_a_committed_intent_of_a_dead_process_for_unknown),
        DESK_TEST(test_ledger_guard_sends_nothing_twice),
        DESK_TEST(test_desk_ends_an_intent_that_never_left),
        DESK_TEST(test_desk_asks_for_the_records_again_until_they_are_written),
        DESK_TEST(test_desk_client_ids_are_short_and_tell_their_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
