/*
 * Both ledgers side by side, for the tests of the ledger.
 */
#ifndef TESTS_STATE_LEDGER_BED_H
#define TESTS_STATE_LEDGER_BED_H

#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/rand.h"
#include "sim/ledger_mem.h"
#include "state/ledger.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S)

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct clock clock_seam;
    struct test_log log;
    struct log log_seam;
    struct ledger_options opt;
    struct sql_ledger *sql;
    struct ledger_mem mem;
    struct ledger a, b; /* the same calls go to both */
    struct arena arena;
};

UNUSED static void
open_it(struct bed *b)
{
    struct err err = {0};

    if (ledger_open(&b->opt, &b->sql, &err) != RC_OK) fail_msg("%s", err.text);
    b->a = ledger_seam(b->sql);
}

UNUSED static int
set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    test_root_make(&b->root);
    b->clock.now_ns = T0;
    b->clock_seam = test_clock_seam(&b->clock);
    b->log_seam = test_log_seam(&b->log);
    assert_int_equal(b->root.fs.make_dir(b->root.fs.self, "state", NULL), RC_OK);
    b->opt = (struct ledger_options){
        .root = b->root.path, .fs = &b->root.fs, .clock = &b->clock_seam, .log = &b->log_seam};
    open_it(b);
    ledger_mem_init(&b->mem);
    b->b = ledger_mem_seam(&b->mem);
    *state = b;
    return 0;
}

UNUSED static int
tear_down(void **state)
{
    struct bed *b = *state;

    ledger_close(b->sql);
    ledger_mem_done(&b->mem);
    arena_done(&b->arena);
    test_root_remove(&b->root);
    free(b);
    return 0;
}

UNUSED static struct intent
intent_at(const char *client_id, int64_t created_ns)
{
    struct intent in = {
        .order =
            {.symbol = "AAPL", .side = SIDE_BUY, .type = ORDER_LIMIT, .qty = 7, .limit = {1234500}},
        .purpose = PURPOSE_ENTRY,
        .context = "{\"score\":3.5}",
        .epoch = 4,
        .cycle = 17,
        .created_ns = created_ns,
        .state = INTENT_COMMITTED,
        .filled_ns = WHEN_NONE,
        .updated_ns = created_ns,
        .last_lookup_ns = WHEN_NONE
    };

    (void)snprintf(in.order.client_id, sizeof(in.order.client_id), "%s", client_id);
    return in;
}

UNUSED static struct fill
fill_at(const char *id, const char *symbol, enum order_side side, int64_t qty, int64_t price_e4,
        int64_t at_ns)
{
    struct fill f = {.side = side, .qty = qty, .price = {price_e4}, .at_ns = at_ns};

    (void)snprintf(f.fill_id, sizeof(f.fill_id), "%s", id);
    (void)snprintf(f.symbol, sizeof(f.symbol), "%s", symbol);
    (void)snprintf(f.broker_id, sizeof(f.broker_id), "b-%s", id);
    return f;
}

UNUSED static void
same_intent(const struct intent *a, const struct intent *b)
{
    assert_string_equal(a->order.client_id, b->order.client_id);
    assert_string_equal(a->order.symbol, b->order.symbol);
    assert_int_equal(a->order.side, b->order.side);
    assert_int_equal(a->order.type, b->order.type);
    assert_int_equal(a->order.qty, b->order.qty);
    assert_int_equal(a->order.limit.e4, b->order.limit.e4);
    assert_int_equal(a->purpose, b->purpose);
    assert_string_equal(a->reason, b->reason);
    assert_string_equal(a->context, b->context);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->cycle, b->cycle);
    assert_int_equal(a->created_ns, b->created_ns);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->broker_id, b->broker_id);
    assert_int_equal(a->filled_qty, b->filled_qty);
    assert_int_equal(a->filled_cost.e4, b->filled_cost.e4);
    assert_int_equal(a->filled_ns, b->filled_ns);
    assert_int_equal(a->updated_ns, b->updated_ns);
    assert_int_equal(a->lookups, b->lookups);
    assert_int_equal(a->last_lookup_ns, b->last_lookup_ns);
    assert_int_equal(a->is_recorded, b->is_recorded);
    assert_string_equal(a->note, b->note);
}

#endif
