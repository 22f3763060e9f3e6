/*
 * The ledger against the broker's book as `stockbot reconcile` compares them.
 */
#include "tests/engine/model_fixture.h"

#include "scripts/book_compare.h"

static struct broker
broker_of(struct model *m)
{
    return m->process->market_data;
}

static struct book_diffs
compared(struct model *m, struct arena *a, const struct book_cash *before)
{
    struct broker b = broker_of(m);
    struct book_diffs d;
    struct err err = {0};

    if (book_compare(&m->ledger, &b, m->time.now_ns - NS_PER_DAY, before, a, &d, &err) != RC_OK)
        fail_msg("%s", err.text);
    return d;
}

/* The one difference of that kind and symbol is there. */
static void
assert_differs(const struct book_diffs *d, const char *kind, const char *symbol, const char *words)
{
    for (size_t i = 0; i < d->len; i++)
        if (str_eq(d->diff[i].kind, kind) && str_eq(d->diff[i].symbol, symbol) &&
            strstr(d->diff[i].words, words) != NULL)
            return;
    fail_msg("no %s %s: %s among %zu", kind, symbol, words, d->len);
}

static struct book_cash
cash_now(struct model *m)
{
    struct broker b = broker_of(m);
    struct account account = {0};
    struct err err = {0};

    if (b.account(b.self, &account, &err) != RC_OK) fail_msg("%s", err.text);
    return (struct book_cash){.is_known = true, .cash = account.cash, .at_ns = m->time.now_ns};
}

static void
test_book_agrees_after_orders_that_went_wrong(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct arena a = {0};
    struct book_cash before = cash_now(m);

    model_faults(m, "lost:POST/v2/orders:1,dupfill");
    (void)enter(m);
    model_faults(m, "");
    cycle_with(m, DIRECTION_NONE, true);
    model_quiet(m);
    struct book_diffs d = compared(m, &a, &before);
    for (size_t i = 0; i < d.len; i++)
        printf("%s %s %s\n", d.diff[i].kind, d.diff[i].symbol, d.diff[i].words);
    assert_int_equal(d.len, 0);
    assert_true(d.orders >= 2 && d.executions >= 2);
    assert_kept(m);
    arena_done(&a);
}

static void
test_book_names_what_the_ledger_does_not_know(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct arena a = {0};
    struct book_cash before = cash_now(m);

    model_by_hand(m, MODEL_SYMBOL[0], 5);
    model_ticks(m, 5);
    struct book_diffs d = compared(m, &a, &before);
    assert_differs(&d, "execution", MODEL_SYMBOL[0], "the broker has buy 5");
    assert_differs(&d, "position", MODEL_SYMBOL[0], "0 in the ledger, 5 at the broker");
    assert_differs(&d, "cash", "", "at the broker");
    assert_int_equal(d.len, 3);
    cycle_with(m, DIRECTION_NONE, false); /* the engine takes it in */
    model_quiet(m);
    d = compared(m, &a, &before);
    assert_int_equal(d.len, 0);
    assert_kept(m);
    arena_done(&a);
}

static void
test_book_names_an_order_without_an_answer(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct arena a = {0};
    const struct book_cash none = {0};

    model_faults(m, "reset:POST/v2/orders:1"); /* it never arrived */
    cycle_with(m, DIRECTION_BULLISH, false);
    struct book_diffs d = compared(m, &a, &none);
    assert_differs(&d, "order", MODEL_SYMBOL[0], "unknown, the broker's list does not have it");
    assert_int_equal(d.len, 1);
    model_quiet(m);
    d = compared(m, &a, &none);
    assert_int_equal(d.len, 0); /* it ended as never arrived */
    arena_done(&a);
}

static void
test_book_names_what_only_the_ledger_has(void **state)
{
    struct model *m = begin(*state, (struct model_options){0});
    struct arena a = {0};
    const struct book_cash none = {0};
    struct fill f = {.fill_id = "made-up",
                     .broker_id = "made-up-order",
                     .symbol = "F",
                     .side = SIDE_SELL,
                     .qty = 3,
                     .price = {100000},
                     .at_ns = m->time.now_ns};
    bool is_new = false;
    struct err err = {0};

    assert_int_equal(m->ledger.add_fill(m->ledger.self, &f, "", "fill", &is_new, &err), RC_OK);
    struct book_diffs d = compared(m, &a, &none);
    assert_differs(&d, "execution", "F", "the ledger has sell 3");
    assert_differs(&d, "position", "F", "-3 in the ledger, none at the broker");
    assert_int_equal(d.len, 2);
    arena_done(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_book_agrees_after_orders_that_went_wrong),
        PATH_TEST(test_book_names_what_the_ledger_does_not_know),
        PATH_TEST(test_book_names_an_order_without_an_answer),
        PATH_TEST(test_book_names_what_only_the_ledger_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
