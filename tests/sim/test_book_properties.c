/*
 * Properties of the book over random orders on a drawn day: money and shares are conserved to the
 * last 1/10000 USD, whatever was sent, cancelled, refused or asked when.
 */
#include "tests/sim/market.h"

#include "sim/book_broker.h"

enum { ROUNDS = 20, STEPS = 400 };

static const char *const SYMBOLS[] = {"AAPL", "LCID", "NIO", "NVDA", "SPY", "XLF"};

/* Everything that must hold at any moment. */
static void
check_book(const struct sim_book *b)
{
    int64_t cash = b->cfg.cash.e4, signed_cost = 0;

    for (size_t i = 0; i < b->fills_len; i++) {
        const struct book_fill *fill = &b->fill[i];
        usd notional = usd_notional(fill->f.price, fill->f.qty);

        cash += fill->f.side == SIDE_BUY ? -notional.e4 : notional.e4;
        assert_true(fill->f.qty > 0);
        assert_true(i == 0 || fill->f.at_ns >= b->fill[i - 1].f.at_ns);
        assert_true(fill->f.at_ns >= b->cfg.open_ns && fill->f.at_ns < b->cfg.close_ns);
    }
    assert_int_equal(b->cash.e4, cash);
    for (size_t i = 0; i < b->positions_len; i++) {
        const struct ledger_position *p = &b->position[i];
        int64_t qty = 0;

        for (size_t k = 0; k < b->fills_len; k++)
            if (str_eq(b->fill[k].f.symbol, p->symbol))
                qty += b->fill[k].f.side == SIDE_BUY ? b->fill[k].f.qty : -b->fill[k].f.qty;
        assert_int_equal(p->qty, qty);
        assert_true(p->cost.e4 >= 0 && (p->qty != 0) == (p->cost.e4 != 0));
        signed_cost += p->qty > 0 ? p->cost.e4 : -p->cost.e4;
    }
    assert_int_equal(b->cash.e4 + signed_cost, b->cfg.cash.e4 + book_realised(b).e4);
}

static void
check_orders(const struct sim_book *b)
{
    size_t open = 0;

    for (size_t i = 0; i < b->orders_len; i++) {
        const struct order *o = &b->order[i].o;
        int64_t qty = 0, cost = 0;

        for (size_t k = 0; k < b->fills_len; k++) {
            const struct book_fill *fill = &b->fill[k];

            if (fill->order != i) continue;
            qty += fill->f.qty;
            cost += usd_notional(fill->f.price, fill->f.qty).e4;
            assert_int_equal(fill->cum_qty, qty);
            assert_int_equal(fill->leaves_qty, o->qty - qty);
            if (o->type != ORDER_LIMIT) continue;
            assert_true(o->side == SIDE_BUY ? fill->f.price.e4 <= o->limit.e4
                                            : fill->f.price.e4 >= o->limit.e4);
        }
        assert_int_equal(o->filled_qty, qty);
        assert_int_equal(o->filled_cost.e4, cost);
        assert_true(qty <= o->qty);
        assert_true((o->status == ORDER_FILLED) == (qty == o->qty));
        open += order_status_is_final(o->status) ? 0 : 1;
    }
    assert_int_equal(b->open_len, open);
}

static void
random_order(struct sim_book *b, struct rng *r, int64_t now_ns, int64_t n)
{
    struct book_request req = {.qty = rng_range(r, 0, 300)};
    const struct book_order *order = NULL;
    struct book_refusal refusal = {0};

    req.side = rng_chance(r, 0.5) ? SIDE_BUY : SIDE_SELL;
    req.type = rng_chance(r, 0.5) ? ORDER_MARKET : ORDER_LIMIT;
    (void)str_copy(req.symbol, sizeof(req.symbol), SYMBOLS[rng_below(r, COUNT_OF(SYMBOLS))]);
    (void)snprintf(req.client_id, sizeof(req.client_id), "c%lld",
                   (long long)(n - (rng_chance(r, 0.1) ? 1 : 0)));
    req.limit =
        usd_round_cents((usd){book_price(b, req.symbol).e4 * rng_range(r, 990, 1010) / 1000});
    if (rng_chance(r, 0.1)) req.faults.fill_delay_ns = rng_range(r, 0, 20) * NS_PER_S;
    if (rng_chance(r, 0.1)) req.faults.activity_delay_ns = rng_range(r, 0, 60) * NS_PER_S;
    req.faults.is_fill_repeated = rng_chance(r, 0.1);
    req.faults.is_cancel_stuck = rng_chance(r, 0.05);

    size_t before = b->orders_len;
    enum rc rc = book_submit(b, &req, now_ns, &order, &refusal);

    assert_int_equal(b->orders_len, before + (rc == RC_OK ? 1 : 0));
    if (rc != RC_OK) assert_true(refusal.message[0] != '\0' && refusal.status >= 400);
}

static void
random_step(struct sim_book *b, struct rng *r, int64_t now_ns, int64_t n)
{
    const struct book_order *order = NULL;
    struct book_refusal refusal = {0};
    struct book_faults none = {0};
    uint64_t what = rng_below(r, 10);
    enum rc rc = RC_OK;

    if (what < 6) {
        random_order(b, r, now_ns, n);
    } else if (what < 8 && b->orders_len > 0) {
        char id[BROKER_ID_MAX];

        (void)str_copy(id, sizeof(id), b->order[rng_below(r, b->orders_len)].o.broker_id);
        rc = book_cancel(b, id, rng_chance(r, 0.05), now_ns, &refusal);
    } else {
        rc = book_close(b, SYMBOLS[rng_below(r, COUNT_OF(SYMBOLS))], &none, now_ns, &order,
                        &refusal);
    }
    assert_true(rc == RC_OK || refusal.status >= 400);
}

static void
test_book_conserves_money_and_shares(void **state)
{
    struct rng r = check_rng("conservation");
    struct zone *ny = market_zone();
    size_t fills = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct sim_day day = market_day(ny, SYMBOLS, COUNT_OF(SYMBOLS), rng_u64(&r));
        struct book_prices prices = book_prices_of_day(&day);
        struct book_config cfg = {.seed = rng_u64(&r),
                                  .cash = {rng_range(&r, 10000000, 2000000000)},
                                  .open_ns = day.session.open_ns,
                                  .close_ns = day.session.close_ns,
                                  .partial_chance = 0.3};
        struct sim_book b;
        int64_t now = day.session.open_ns - 10 * NS_PER_MIN;

        book_init(&b, &cfg, &prices);
        for (int64_t n = 0; n < STEPS; n++) {
            now += rng_range(&r, 0, 130 * NS_PER_S);
            random_step(&b, &r, now, n);
            assert_true(book_buying_power(&b).e4 >= 0);
            if (n % 20 == 0) check_book(&b);
        }
        book_advance(&b, day.session.close_ns + NS_PER_HOUR);
        check_book(&b);
        check_orders(&b);
        fills += b.fills_len;
        book_done(&b);
        day_done(&day);
    }
    assert_true(fills > (size_t)ROUNDS * 50);
    zone_free(ny);
}

/* What a client can put together from the activities is what the book holds, once ids count once.
 */
static void
test_book_activities_add_up_to_the_positions(void **state)
{
    struct rng r = check_rng("activities");
    struct market m;

    (void)state;
    market_make(&m, SYMBOLS, COUNT_OF(SYMBOLS), 5);
    struct book_broker bb = {.book = &m.sim.book, .day = &m.sim.day, .clock = &m.clock};
    struct broker broker = book_broker_seam(&bb);
    struct arena arena = {0};
    struct err err = {0};
    struct fills fills = {0};

    for (int64_t n = 0; n < 300; n++) {
        m.at.now_ns += rng_range(&r, 0, 60 * NS_PER_S);
        random_step(&m.sim.book, &r, m.at.now_ns, n);
    }
    m.at.now_ns = m.sim.day.session.close_ns + NS_PER_HOUR;
    assert_int_equal(broker.fills(broker.self, WHEN_NONE, &arena, &fills, &err), RC_OK);
    assert_true(fills.len > m.sim.book.fills_len); /* some are listed twice */
    for (size_t i = 0; i < m.sim.book.positions_len; i++) {
        const struct ledger_position *p = &m.sim.book.position[i];
        int64_t qty = 0;

        for (size_t k = 0; k < fills.len; k++) {
            bool is_again = k > 0 && str_eq(fills.fill[k].fill_id, fills.fill[k - 1].fill_id);

            if (is_again || !str_eq(fills.fill[k].symbol, p->symbol)) continue;
            qty += fills.fill[k].side == SIDE_BUY ? fills.fill[k].qty : -fills.fill[k].qty;
        }
        assert_int_equal(qty, p->qty);
    }
    arena_done(&arena);
    market_free(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book_conserves_money_and_shares),
        cmocka_unit_test(test_book_activities_add_up_to_the_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
