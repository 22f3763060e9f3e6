/*
 * A ledger in a file of its own root, for the tests of what befalls that file.
 */
#ifndef TESTS_STATE_LEDGER_FILE_BED_H
#define TESTS_STATE_LEDGER_FILE_BED_H

#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/rand.h"
#include "state/ledger.h"
#include "tests/lib/seams.h"

#define T0 (INT64_C(1750000000) * NS_PER_S)

struct bed {
    struct test_root root;
    struct test_clock clock;
    struct clock clock_seam;
    struct test_log log;
    struct log log_seam;
    struct test_faults faults;
    struct fs fs;
    struct ledger_options opt;
    struct sql_ledger *sql;
    struct ledger seam;
    struct arena arena;
};

UNUSED static int
set_up(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    test_root_make(&b->root);
    b->clock.now_ns = T0;
    b->clock_seam = test_clock_seam(&b->clock);
    b->log_seam = test_log_seam(&b->log);
    b->faults.under = &b->root.fs;
    b->fs = test_faults_seam(&b->faults);
    assert_int_equal(b->root.fs.make_dir(b->root.fs.self, "state", NULL), RC_OK);
    b->opt = (struct ledger_options){
        .root = b->root.path, .fs = &b->fs, .clock = &b->clock_seam, .log = &b->log_seam};
    *state = b;
    return 0;
}

UNUSED static int
tear_down(void **state)
{
    struct bed *b = *state;

    ledger_close(b->sql);
    arena_done(&b->arena);
    test_root_remove(&b->root);
    free(b);
    return 0;
}

UNUSED static void
open_it(struct bed *b)
{
    struct err err = {0};

    if (ledger_open(&b->opt, &b->sql, &err) != RC_OK) fail_msg("%s", err.text);
    b->seam = ledger_seam(b->sql);
}

UNUSED static void
close_it(struct bed *b)
{
    ledger_close(b->sql);
    b->sql = NULL;
}

UNUSED static void
full_path(const struct bed *b, const char *suffix, char full[160])
{
    (void)snprintf(full, 160, "%s/%s%s", b->root.path, LEDGER_PATH, suffix);
}

UNUSED static struct fill
fill_of(int i)
{
    struct fill f = {
        .symbol = "AAPL", .side = SIDE_BUY, .qty = 1, .price = {1000000 + i}, .at_ns = T0 + i};

    (void)snprintf(f.fill_id, sizeof(f.fill_id), "f-%d", i);
    return f;
}

UNUSED static struct intent
intent_of(int i)
{
    struct intent in = {
        .order = {.symbol = "AAPL", .type = ORDER_MARKET, .qty = 1},
        .created_ns = T0 + i,
        .filled_ns = WHEN_NONE,
        .updated_ns = T0 + i,
        .last_lookup_ns = WHEN_NONE
    };

    (void)snprintf(in.order.client_id, sizeof(in.order.client_id), "c-%d", i);
    return in;
}

UNUSED static void
add_rows(struct bed *b, int from, int to)
{
    struct err err = {0};

    for (int i = from; i < to; i++) {
        struct intent in = intent_of(i);
        struct fill f = fill_of(i);

        if (b->seam.add_intent(b->seam.self, &in, &err) != RC_OK) fail_msg("%s", err.text);
        if (b->seam.add_fill(b->seam.self, &f, in.order.client_id, "fill", NULL, &err) != RC_OK)
            fail_msg("%s", err.text);
    }
}

UNUSED static int64_t
shares(struct bed *b)
{
    struct ledger_positions list;
    struct err err = {0};

    if (b->seam.positions(b->seam.self, &b->arena, &list, &err) != RC_OK) fail_msg("%s", err.text);
    return list.len == 0 ? 0 : list.position[0].qty;
}

#endif
