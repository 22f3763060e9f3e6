/*
 * Promises of the book as a broker and of the market as an HTTP seam: what a program gets through
 * them is what it would get over loopback.
 */
#include "tests/sim/market.h"

#include "broker/alpaca.h"
#include "sim/book_broker.h"
#include "sim/http_in_process.h"

static const char *const SYMBOLS[] = {"LCID", "NVDA", "SPY"};

static struct order_intent
intent(const char *id, enum order_side side, enum order_type type, int64_t qty, int64_t limit_e4)
{
    struct order_intent in = {.side = side, .type = type, .qty = qty, .limit = {limit_e4}};

    (void)str_copy(in.client_id, sizeof(in.client_id), id);
    (void)str_copy(in.symbol, sizeof(in.symbol), "NVDA");
    return in;
}

/* ---- the whole life of an order through any struct broker on the market --------------------- */

static void
trade_through(struct market *m, const struct broker *b)
{
    struct arena a = {0};
    struct err err = {0};
    struct account before = {0}, after = {0};
    struct order order = {0}, again = {0};
    struct positions positions = {0};
    struct orders orders = {0};
    struct fills fills = {0};
    struct order_intent buy = intent("one", SIDE_BUY, ORDER_MARKET, 12, 0);
    struct order_intent rest = intent("two", SIDE_BUY, ORDER_LIMIT, 5, 1000000);

    assert_int_equal(b->account(b->self, &before, &err), RC_OK);
    assert_int_equal(before.cash.e4, INT64_C(550000000));
    assert_int_equal(b->submit(b->self, &buy, &order, &err), RC_OK);
    assert_int_equal(order.status, ORDER_PENDING);
    assert_string_equal(order.client_id, "one");
    /* The id is taken: what comes back is the order that has it. */
    assert_int_equal(b->submit(b->self, &buy, &again, &err), RC_OK);
    assert_string_equal(again.broker_id, order.broker_id);
    assert_int_equal(m->sim.book.orders_len, 1);
    m->at.now_ns += 10 * NS_PER_S;
    assert_int_equal(b->order_by_client_id(b->self, "one", &order, &err), RC_OK);
    assert_int_equal(order.status, ORDER_FILLED);
    assert_int_equal(order.filled_qty, 12);
    assert_int_equal(b->order_by_id(b->self, order.broker_id, &again, &err), RC_OK);
    assert_int_equal(again.filled_cost.e4, order.filled_cost.e4);
    assert_int_equal(b->order_by_client_id(b->self, "nobody", &again, &err), RC_NOT_FOUND);

    assert_int_equal(b->fills(b->self, order.submitted_ns, &a, &fills, &err), RC_OK);
    int64_t qty = 0, cost = 0;
    for (size_t i = 0; i < fills.len; i++) {
        qty += fills.fill[i].qty;
        cost += usd_notional(fills.fill[i].price, fills.fill[i].qty).e4;
        assert_string_equal(fills.fill[i].broker_id, order.broker_id);
    }
    assert_int_equal(qty, 12);
    assert_int_equal(cost, order.filled_cost.e4);
    assert_int_equal(b->positions(b->self, &a, &positions, &err), RC_OK);
    assert_int_equal(positions.len, 1);
    assert_int_equal(positions.position[0].qty, 12);
    assert_int_equal(positions.position[0].cost.e4, cost);
    assert_int_equal(b->account(b->self, &after, &err), RC_OK);
    assert_int_equal(after.cash.e4, before.cash.e4 - cost);

    assert_int_equal(b->submit(b->self, &rest, &order, &err), RC_OK);
    m->at.now_ns += 2 * NS_PER_S;
    assert_int_equal(b->orders(b->self, ORDERS_OPEN, WHEN_NONE, &a, &orders, &err), RC_OK);
    assert_int_equal(orders.len, 1);
    assert_int_equal(b->cancel(b->self, order.broker_id, &err), RC_OK);
    m->at.now_ns += 2 * NS_PER_S;
    assert_int_equal(b->order_by_id(b->self, order.broker_id, &order, &err), RC_OK);
    assert_int_equal(order.status, ORDER_CANCELED);
    assert_int_equal(b->orders(b->self, ORDERS_ALL, WHEN_NONE, &a, &orders, &err), RC_OK);
    assert_int_equal(orders.len, 2);
    arena_done(&a);
}

static void
prices_through(struct market *m, const struct broker *b)
{
    struct arena a = {0};
    struct err err = {0};
    struct market_clock clock = {0};
    struct nbbo quote = {0};
    struct last_trade last = {0};
    struct asset asset = {0};
    struct bars bars = {0};

    assert_int_equal(b->clock(b->self, &clock, &err), RC_OK);
    assert_true(clock.is_open && clock.next_close_ns == market_at(21, 0));
    assert_int_equal(clock.at_ns, m->at.now_ns);
    assert_int_equal(b->latest_quote(b->self, "NVDA", &quote, &err), RC_OK);
    assert_true(quote.is_known && quote.bid.e4 < quote.ask.e4);
    assert_int_equal(b->latest_trade(b->self, "NVDA", &last, &err), RC_OK);
    assert_true(last.is_known && last.at_ns <= m->at.now_ns);
    assert_int_equal(b->bars(b->self, "NVDA", BAR_1MIN, m->sim.day.session.open_ns, m->at.now_ns, 5,
                             &a, &bars, &err),
                     RC_OK);
    assert_int_equal(bars.len, 5);
    assert_true(bars.bar[4].start_ns + NS_PER_MIN <= m->at.now_ns &&
                bars.bar[4].start_ns > bars.bar[0].start_ns);
    assert_int_equal(
        bars.bar[4].close.e4,
        day_find(&m->sim.day, "NVDA")->minute[day_minute(&m->sim.day, m->at.now_ns) - 1].close.e4);
    assert_int_equal(b->bars(b->self, "NVDA", BAR_1DAY, m->at.now_ns - 60 * NS_PER_DAY,
                             m->at.now_ns, 100, &a, &bars, &err),
                     RC_OK);
    assert_true(bars.len > 30); /* enough for 30 returns in 60 calendar days */
    assert_int_equal(b->asset(b->self, "NVDA", &asset, &err), RC_OK);
    assert_true(asset.is_tradable && asset.is_shortable);
    assert_int_equal(b->asset(b->self, "LCID", &asset, &err), RC_OK);
    assert_false(asset.is_shortable);
    assert_int_equal(b->asset(b->self, "NONE", &asset, &err), RC_NOT_FOUND);
    arena_done(&a);
}

static void
test_book_broker_serves_a_whole_trade(void **state)
{
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 6);
    struct book_broker bb = {.book = &m.sim.book, .day = &m.sim.day, .clock = &m.clock};
    struct broker b = book_broker_seam(&bb);

    trade_through(&m, &b);
    prices_through(&m, &b);
    assert_true(bb.calls > 15);
    market_free(&m);
}

/* The same through the real adapter, encoders and decoders between. */
static void
test_http_in_process_carries_the_real_adapter(void **state)
{
    struct market m;
    struct alpaca alpaca;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 6);
    struct http http = http_in_process(&m.sim);
    struct broker_config cfg = {.key = "key",
                                .secret = "secret",
                                .base_url = "http://127.0.0.1:1",
                                .data_url = "http://127.0.0.1:1",
                                .trading_mode = "PAPER"};
    alpaca_init(&alpaca, &http, &m.clock, &cfg);
    struct broker b = alpaca_broker(&alpaca);

    trade_through(&m, &b);
    prices_through(&m, &b);
    market_free(&m);
}

static void
test_book_broker_fails_its_nth_call(void **state)
{
    struct market m;
    struct order_intent buy = intent("one", SIDE_BUY, ORDER_MARKET, 12, 0);
    struct order order = {0};
    struct account account = {0};
    struct err err = {0};

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 6);
    struct book_broker bb = {
        .book = &m.sim.book, .day = &m.sim.day, .clock = &m.clock, .fail_at = 2};
    struct broker b = book_broker_seam(&bb);

    assert_int_equal(b.account(b.self, &account, &err), RC_OK);
    assert_int_equal(b.submit(b.self, &buy, &order, &err), RC_IO);
    assert_int_equal(m.sim.book.orders_len, 0);
    bb.fail_at = 3;
    bb.is_executed = true;
    assert_int_equal(b.submit(b.self, &buy, &order, &err), RC_UNKNOWN);
    assert_int_equal(m.sim.book.orders_len, 1); /* the answer is lost, the order stands */
    assert_int_equal(b.order_by_client_id(b.self, "one", &order, &err), RC_OK);
    market_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book_broker_serves_a_whole_trade),
        cmocka_unit_test(test_http_in_process_carries_the_real_adapter),
        cmocka_unit_test(test_book_broker_fails_its_nth_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
