/*
 * Promises of the book: what fills, at which price, how much; what is refused, and in whose words.
 */
#include "tests/sim/market.h"

/* ---- a market of one quote ------------------------------------------------------------------ */

struct script {
    struct sim_quote quote;
    usd trade;
    bool is_shortable;
};

static bool
script_quote(void *self, const char *symbol, int64_t at_ns, struct sim_quote *ret_quote)
{
    struct script *s = self;

    (void)at_ns;
    *ret_quote = s->quote;
    return !str_eq(symbol, "NONE");
}

static bool
script_trade(void *self, const char *symbol, int64_t at_ns, usd *ret_price)
{
    struct script *s = self;

    (void)symbol;
    (void)at_ns;
    *ret_price = s->trade;
    return true;
}

static bool
script_shortable(void *self, const char *symbol)
{
    (void)symbol;
    return ((struct script *)self)->is_shortable;
}

#define OPEN  (1000 * NS_PER_HOUR)
#define CLOSE (OPEN + 390 * NS_PER_MIN)

struct desk {
    struct script script;
    struct sim_book book;
    int64_t now_ns;
};

static void
desk_make(struct desk *d, int64_t cash_usd)
{
    struct book_prices prices = {&d->script, script_quote, script_trade, script_shortable};
    struct book_config cfg = {
        .cash = USD_CENTS(cash_usd * 100), .open_ns = OPEN, .close_ns = CLOSE};

    *d = (struct desk){.now_ns = OPEN + NS_PER_MIN};
    d->script.quote.nbbo = (struct nbbo){.bid = {1000000}, .ask = {1000200}, .is_known = true};
    d->script.quote.bid_qty = d->script.quote.ask_qty = 500;
    d->script.trade = (usd){1000100};
    d->script.is_shortable = true;
    book_init(&d->book, &cfg, &prices);
}

static enum rc
send_order(struct desk *d, const char *id, enum order_side side, enum order_type type, int64_t qty,
           int64_t limit_e4, const struct book_order **ret_order, struct book_refusal *r)
{
    struct book_request req = {.side = side, .type = type, .qty = qty, .limit = {limit_e4}};

    (void)str_copy(req.client_id, sizeof(req.client_id), id);
    (void)str_copy(req.symbol, sizeof(req.symbol), "ACME");
    return book_submit(&d->book, &req, d->now_ns, ret_order, r);
}

/* Sends and lets two seconds pass. */
static const struct book_order *
trade(struct desk *d, const char *id, enum order_side side, enum order_type type, int64_t qty,
      int64_t limit_e4)
{
    const struct book_order *order = NULL;
    struct book_refusal r = {0};

    if (send_order(d, id, side, type, qty, limit_e4, &order, &r) != RC_OK)
        fail_msg("%s", r.message);
    d->now_ns += 2 * NS_PER_S;
    book_advance(&d->book, d->now_ns);
    return book_find_client(&d->book, id);
}

/* ---- matching ------------------------------------------------------------------------------- */

static void
test_book_fills_at_the_right_price(void **state)
{
    static const struct {
        const char *what;
        enum order_side side;
        enum order_type type;
        int64_t limit_e4, trade_e4;
        int64_t qty, filled;
        int64_t price_e4;
    } CASES[] = {
        {"market buy at the offer",            SIDE_BUY,  ORDER_MARKET, 0,       1000100, 10, 10, 1000200},
        {"market sell at the bid",             SIDE_SELL, ORDER_MARKET, 0,       1000100, 10, 10, 1000000},
        {"limit at the offer takes it",        SIDE_BUY,  ORDER_LIMIT,  1000200, 1000100, 10, 10, 1000200},
        {"limit above the offer: the offer",   SIDE_BUY,  ORDER_LIMIT,  1010000, 1000100, 10, 10,
         1000200                                                                                         },
        {"limit below the bid: the bid",       SIDE_SELL, ORDER_LIMIT,  990000,  1000100, 10, 10, 1000000},
        {"inside, no trade there: rests",      SIDE_BUY,  ORDER_LIMIT,  1000100, 1000200, 10, 0,  0      },
        {"inside, best price, touched: fills", SIDE_BUY,  ORDER_LIMIT,  1000100, 1000100, 10, 10,
         1000100                                                                                         },
        {"at the bid, touched: queues",        SIDE_BUY,  ORDER_LIMIT,  1000000, 1000000, 10, 0,  0      },
        {"at the bid, traded through: fills",  SIDE_BUY,  ORDER_LIMIT,  1000000, 999900,  10, 10,
         1000000                                                                                         },
        {"sell at the offer, touched: queues", SIDE_SELL, ORDER_LIMIT,  1000200, 1000200, 10, 0,  0      },
        {"sell at the offer, through: fills",  SIDE_SELL, ORDER_LIMIT,  1000200, 1000300, 10, 10,
         1000200                                                                                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct desk d;

        desk_make(&d, 1000000);
        d.script.trade = (usd){CASES[i].trade_e4};

        const struct book_order *o =
            trade(&d, "a", CASES[i].side, CASES[i].type, CASES[i].qty, CASES[i].limit_e4);
        int64_t cost = CASES[i].price_e4 * CASES[i].filled;

        if (o->o.filled_qty != CASES[i].filled || o->o.filled_cost.e4 != cost)
            fail_msg("%s: %lld for %lld", CASES[i].what, (long long)o->o.filled_qty,
                     (long long)o->o.filled_cost.e4);
        assert_int_equal(o->o.status, CASES[i].filled > 0 ? ORDER_FILLED : ORDER_PENDING);
        assert_string_equal(o->o.status_text, CASES[i].filled > 0 ? "filled" : "new");
        book_done(&d.book);
    }
}

static void
test_book_takes_no_more_than_is_shown_at_each_step(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 10000000);
    d.script.quote.ask_qty = 100;
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_MARKET, 250, 0, &o, &r), RC_OK);
    assert_string_equal(o->o.status_text, "pending_new");
    d.now_ns += 500 * NS_PER_MS;
    book_advance(&d.book, d.now_ns);
    o = book_find_client(&d.book, "a");
    assert_int_equal(o->o.filled_qty, 200);
    assert_int_equal(o->o.status, ORDER_PARTIALLY_FILLED);
    assert_int_equal(o->o.filled_ns, WHEN_NONE);
    d.now_ns += 250 * NS_PER_MS;
    book_advance(&d.book, d.now_ns);
    o = book_find_client(&d.book, "a");
    assert_int_equal(o->o.filled_qty, 250);
    assert_int_equal(d.book.fills_len, 3);
    assert_int_equal(d.book.fill[2].leaves_qty, 0);
    assert_int_equal(d.book.fill[1].cum_qty, 200);
    book_done(&d.book);
}

static void
test_book_does_not_depend_on_how_often_it_is_looked_at(void **state)
{
    struct desk seldom, often;

    (void)state;
    desk_make(&seldom, 1000000);
    desk_make(&often, 1000000);
    seldom.script.quote.ask_qty = often.script.quote.ask_qty = 3;
    seldom.book.cfg.partial_chance = often.book.cfg.partial_chance = 0.5;

    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    assert_int_equal(send_order(&seldom, "a", SIDE_BUY, ORDER_MARKET, 40, 0, &o, &r), RC_OK);
    assert_int_equal(send_order(&often, "a", SIDE_BUY, ORDER_MARKET, 40, 0, &o, &r), RC_OK);
    for (int i = 0; i < 1000; i++)
        book_advance(&often.book, often.now_ns + i * 17 * NS_PER_MS);
    book_advance(&seldom.book, seldom.now_ns + 999 * 17 * NS_PER_MS);
    assert_int_equal(seldom.book.fills_len, often.book.fills_len);
    assert_true(seldom.book.fills_len > 13);
    for (size_t i = 0; i < seldom.book.fills_len; i++) {
        assert_string_equal(seldom.book.fill[i].f.fill_id, often.book.fill[i].f.fill_id);
        assert_int_equal(seldom.book.fill[i].f.at_ns, often.book.fill[i].f.at_ns);
        assert_int_equal(seldom.book.fill[i].f.qty, often.book.fill[i].f.qty);
    }
    book_done(&seldom.book);
    book_done(&often.book);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void
test_book_refuses_in_the_brokers_words(void **state)
{
    static const struct {
        const char *id, *symbol;
        enum order_side side;
        enum order_type type;
        int64_t qty, limit_e4;
        int status;
        int64_t code;
        const char *message;
    } CASES[] = {
        {"used", "ACME", SIDE_BUY,  ORDER_MARKET, 1,      0,       422, 40010001,
         "client_order_id must be unique"                                                                   },
        {"b",    "NONE", SIDE_BUY,  ORDER_MARKET, 1,      0,       422, 42210000, "asset \"NONE\" not found"},
        {"c",    "ACME", SIDE_BUY,  ORDER_MARKET, 0,      0,       422, 42210000, "qty must be > 0"         },
        {"d",    "ACME", SIDE_BUY,  ORDER_LIMIT,  1,      0,       422, 42210000,
         "limit orders require a limit price"                                                               },
        {"e",    "ACME", SIDE_BUY,  ORDER_LIMIT,  1,      1000050, 422, 42210000,
         "invalid limit_price 100.005. sub-penny increment does not fulfill minimum pricing "
         "criteria"                                                                                         },
        {"f",    "ACME", SIDE_BUY,  ORDER_MARKET, 100000, 0,       403, 40310000,
         "insufficient buying power"                                                                        },
        {"g",    "ACME", SIDE_SELL, ORDER_MARKET, 11,     0,       403, 40310000,
         "insufficient qty available for order (requested: 11, available: 10)"                              },
    };
    struct desk d;

    (void)state;
    desk_make(&d, 100000);
    (void)trade(&d, "used", SIDE_BUY, ORDER_MARKET, 10, 0);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct book_request req = {
            .side = CASES[i].side, .type = CASES[i].type, .qty = CASES[i].qty};
        const struct book_order *o = NULL;
        struct book_refusal r = {0};

        req.limit = (usd){CASES[i].limit_e4};
        (void)str_copy(req.client_id, sizeof(req.client_id), CASES[i].id);
        (void)str_copy(req.symbol, sizeof(req.symbol), CASES[i].symbol);
        assert_int_equal(book_submit(&d.book, &req, d.now_ns, &o, &r), RC_RANGE);
        assert_string_equal(r.message, CASES[i].message);
        assert_int_equal(r.status, CASES[i].status);
        assert_int_equal(r.code, CASES[i].code);
    }
    assert_int_equal(d.book.orders_len, 1);
    assert_int_equal(d.book.duplicates_refused, 1);
    book_done(&d.book);
}

static void
test_book_sells_short_only_what_can_be_borrowed(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    d.script.is_shortable = false;
    assert_int_equal(send_order(&d, "a", SIDE_SELL, ORDER_MARKET, 5, 0, &o, &r), RC_RANGE);
    assert_string_equal(r.message, "asset \"ACME\" cannot be sold short");
    d.script.is_shortable = true;
    assert_int_equal(trade(&d, "b", SIDE_SELL, ORDER_MARKET, 5, 0)->o.filled_qty, 5);
    assert_int_equal(book_position(&d.book, "ACME")->qty, -5);
    /* Buying back more than is short would cross zero. */
    assert_int_equal(send_order(&d, "c", SIDE_BUY, ORDER_MARKET, 6, 0, &o, &r), RC_RANGE);
    assert_int_equal(r.existing_qty, 5);
    assert_int_equal(trade(&d, "d", SIDE_BUY, ORDER_MARKET, 5, 0)->o.filled_qty, 5);
    assert_null(book_position(&d.book, "ACME"));
    assert_int_equal(book_realised(&d.book).e4, -5 * 200);
    book_done(&d.book);
}

static void
test_book_refuses_to_trade_with_itself(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    (void)trade(&d, "a", SIDE_BUY, ORDER_MARKET, 10, 0);
    assert_int_equal(send_order(&d, "b", SIDE_BUY, ORDER_LIMIT, 5, 990000, &o, &r), RC_OK);
    assert_int_equal(send_order(&d, "c", SIDE_SELL, ORDER_MARKET, 5, 0, &o, &r), RC_RANGE);
    assert_string_equal(r.message, "potential wash trade detected. use complex orders");
    assert_int_equal(send_order(&d, "d", SIDE_SELL, ORDER_LIMIT, 5, 1010000, &o, &r), RC_OK);
    book_done(&d.book);
}

static void
test_book_counts_buying_power_with_open_orders(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 24000); /* below 25 000: twice the equity */
    assert_int_equal(book_buying_power(&d.book).e4, 48000 * INT64_C(10000));
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_LIMIT, 100, 900000, &o, &r), RC_OK);
    assert_int_equal(book_buying_power(&d.book).e4, (48000 - 9000) * INT64_C(10000));
    assert_int_equal(book_cancel(&d.book, o->o.broker_id, false, d.now_ns, &r), RC_OK);
    book_advance(&d.book, d.now_ns + NS_PER_S);
    assert_int_equal(book_buying_power(&d.book).e4, 48000 * INT64_C(10000));
    book_done(&d.book);
    desk_make(&d, 25000); /* from there on four times */
    assert_int_equal(book_buying_power(&d.book).e4, 100000 * INT64_C(10000));
    book_done(&d.book);
}

/* ---- cancelling, closing, the end of the day ------------------------------------------------ */

static void
test_book_cancels_by_way_of_pending_cancel(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_LIMIT, 5, 990000, &o, &r), RC_OK);
    char id[BROKER_ID_MAX];
    (void)str_copy(id, sizeof(id), o->o.broker_id);
    assert_int_equal(book_cancel(&d.book, id, false, d.now_ns, &r), RC_OK);
    assert_string_equal(book_find(&d.book, id)->o.status_text, "pending_cancel");
    assert_int_equal(book_cancel(&d.book, id, false, d.now_ns, &r), RC_OK); /* again: no harm */
    book_advance(&d.book, d.now_ns + NS_PER_S);
    assert_string_equal(book_find(&d.book, id)->o.status_text, "canceled");
    assert_int_equal(book_cancel(&d.book, id, false, d.now_ns + NS_PER_S, &r), RC_RANGE);
    assert_string_equal(r.message, "order is already in \"canceled\" state");
    assert_int_equal(r.status, 422);
    assert_int_equal(book_cancel(&d.book, "nobody", false, d.now_ns, &r), RC_RANGE);
    assert_int_equal(r.status, 404);
    book_done(&d.book);
}

static void
test_book_closes_whole_positions(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};
    struct book_faults none = {0};

    (void)state;
    desk_make(&d, 100000);
    assert_int_equal(book_close(&d.book, "ACME", &none, d.now_ns, &o, &r), RC_RANGE);
    assert_string_equal(r.message, "position does not exist");
    (void)trade(&d, "a", SIDE_SELL, ORDER_MARKET, 7, 0);
    assert_int_equal(book_close(&d.book, "ACME", &none, d.now_ns, &o, &r), RC_OK);
    assert_int_equal(o->o.side, SIDE_BUY);
    assert_int_equal(o->o.qty, 7);
    /* A second one finds everything held for the first. */
    assert_int_equal(book_close(&d.book, "ACME", &none, d.now_ns, &o, &r), RC_RANGE);
    assert_int_equal(r.held_qty, 7);
    book_advance(&d.book, d.now_ns + 2 * NS_PER_S);
    assert_null(book_position(&d.book, "ACME"));
    book_done(&d.book);
}

static void
test_book_ends_open_orders_at_the_close(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_LIMIT, 5, 990000, &o, &r), RC_OK);
    book_advance(&d.book, CLOSE - 1);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "new");
    book_advance(&d.book, CLOSE);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "done_for_day");
    d.now_ns = CLOSE + NS_PER_MIN; /* for the next session: waits */
    assert_int_equal(send_order(&d, "b", SIDE_BUY, ORDER_MARKET, 5, 0, &o, &r), RC_OK);
    book_advance(&d.book, CLOSE + NS_PER_HOUR);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "expired");
    assert_string_equal(book_find_client(&d.book, "b")->o.status_text, "accepted");
    assert_int_equal(d.book.fills_len, 0);
    book_done(&d.book);
}

static void
test_book_holds_orders_until_the_open(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    d.now_ns = OPEN - NS_PER_HOUR;
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_MARKET, 5, 0, &o, &r), RC_OK);
    assert_string_equal(o->o.status_text, "accepted");
    book_advance(&d.book, OPEN - 1);
    assert_int_equal(d.book.fills_len, 0);
    book_advance(&d.book, OPEN + NS_PER_S);
    assert_int_equal(d.book.fills_len, 1);
    assert_true(d.book.fill[0].f.at_ns >= OPEN);
    book_done(&d.book);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void
test_book_fills_late_even_after_a_cancel(void **state)
{
    struct desk d;
    struct book_request req = {
        .type = ORDER_MARKET, .qty = 5, .faults = {.fill_delay_ns = 5 * NS_PER_S}};
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    (void)str_copy(req.symbol, sizeof(req.symbol), "ACME");
    (void)str_copy(req.client_id, sizeof(req.client_id), "a");
    assert_int_equal(book_submit(&d.book, &req, d.now_ns, &o, &r), RC_OK);
    assert_int_equal(book_cancel(&d.book, o->o.broker_id, false, d.now_ns + NS_PER_S, &r), RC_OK);
    book_advance(&d.book, d.now_ns + 4 * NS_PER_S);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "pending_cancel");
    book_advance(&d.book, d.now_ns + 8 * NS_PER_S);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "filled");
    book_done(&d.book);
}

static void
test_book_sticks_in_pending_cancel_until_the_close(void **state)
{
    struct desk d;
    const struct book_order *o = NULL;
    struct book_refusal r = {0};

    (void)state;
    desk_make(&d, 100000);
    assert_int_equal(send_order(&d, "a", SIDE_BUY, ORDER_LIMIT, 5, 990000, &o, &r), RC_OK);
    assert_int_equal(book_cancel(&d.book, o->o.broker_id, true, d.now_ns, &r), RC_OK);
    book_advance(&d.book, CLOSE - 1);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "pending_cancel");
    book_advance(&d.book, CLOSE);
    assert_string_equal(book_find_client(&d.book, "a")->o.status_text, "canceled");
    book_done(&d.book);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book_fills_at_the_right_price),
        cmocka_unit_test(test_book_takes_no_more_than_is_shown_at_each_step),
        cmocka_unit_test(test_book_does_not_depend_on_how_often_it_is_looked_at),
        cmocka_unit_test(test_book_refuses_in_the_brokers_words),
        cmocka_unit_test(test_book_sells_short_only_what_can_be_borrowed),
        cmocka_unit_test(test_book_refuses_to_trade_with_itself),
        cmocka_unit_test(test_book_counts_buying_power_with_open_orders),
        cmocka_unit_test(test_book_cancels_by_way_of_pending_cancel),
        cmocka_unit_test(test_book_closes_whole_positions),
        cmocka_unit_test(test_book_ends_open_orders_at_the_close),
        cmocka_unit_test(test_book_holds_orders_until_the_open),
        cmocka_unit_test(test_book_fills_late_even_after_a_cancel),
        cmocka_unit_test(test_book_sticks_in_pending_cancel_until_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
