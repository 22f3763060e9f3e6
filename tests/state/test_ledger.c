/*
 * The order ledger: facts, sums, both implementations alike.  Damage and kills: test_ledger_file.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <inttypes.h>
#include <sqlite3.h>

#include "base/rand.h"
#include "sim/ledger_mem.h"
#include "state/ledger.h"
#include "tests/lib/seams.h"
#include "tests/state/ledger_bed.h"

/* ---- intents ------------------------------------------------------------------------------- */

static void
test_ledger_intent_comes_back_as_it_was(void **state)
{
    struct bed *b = *state;
    struct err err = {0};
    struct intent in = intent_at("v1-4-20250615-17-AAPL-abc", T0), out;

    in.purpose = PURPOSE_EXIT;
    in.order.side = SIDE_SELL;
    in.order.type = ORDER_MARKET;
    (void)snprintf(in.reason, sizeof(in.reason), "trail_stop(-1.2%%)+\"quoted\" \xc3\xa9");
    assert_int_equal(b->a.add_intent(b->a.self, &in, &err), RC_OK);
    assert_int_equal(b->a.find_intent(b->a.self, in.order.client_id, &out, &err), RC_OK);
    same_intent(&in, &out);

    for (enum intent_state s = INTENT_COMMITTED; s <= INTENT_NOT_SENT; s++) {
        in.state = s;
        (void)snprintf(in.broker_id, sizeof(in.broker_id), "broker-%d", (int)s);
        in.filled_qty = 3;
        in.filled_cost = (usd){3700000};
        in.filled_ns = T0 + 5;
        in.updated_ns++;
        in.lookups = 2;
        in.last_lookup_ns = T0 + 6;
        in.is_recorded = true;
        (void)snprintf(in.note, sizeof(in.note), "said %d", (int)s);
        assert_int_equal(b->a.update_intent(b->a.self, &in, &err), RC_OK);
        assert_int_equal(b->a.find_intent(b->a.self, in.order.client_id, &out, &err), RC_OK);
        same_intent(&in, &out);
    }
    assert_int_equal(b->a.find_intent(b->a.self, "nobody", &out, &err), RC_NOT_FOUND);
    struct intent stranger = intent_at("stranger", T0);
    assert_int_equal(b->a.update_intent(b->a.self, &stranger, &err), RC_NOT_FOUND);
}

static void
test_contract_client_order_id_is_used_once(void **state)
{
    struct bed *b = *state;
    struct err err = {0};
    struct intent in = intent_at("id-1", T0);

    assert_int_equal(b->a.add_intent(b->a.self, &in, &err), RC_OK);
    in.order.qty = 99;
    assert_int_equal(b->a.add_intent(b->a.self, &in, &err), RC_DENIED);
    assert_non_null(strstr(err.text, "id-1"));

    struct intent out;
    assert_int_equal(b->a.find_intent(b->a.self, "id-1", &out, &err), RC_OK);
    assert_int_equal(out.order.qty, 7);
    ledger_close(b->sql); /* nor by the next process */
    open_it(b);
    assert_int_equal(b->a.add_intent(b->a.self, &in, &err), RC_DENIED);
}

static void
test_ledger_refuses_what_is_no_intent(void **state)
{
    struct bed *b = *state;
    static const struct {
        const char *what, *client_id, *symbol;
        int64_t qty, limit_e4;
    } rows[] = {
        {"no id",             "",  "AAPL", 1,           10000},
        {"no symbol",         "x", "",     1,           10000},
        {"no quantity",       "x", "AAPL", 0,           10000},
        {"negative quantity", "x", "AAPL", -1,          10000},
        {"too many shares",   "x", "AAPL", QTY_MAX + 1, 10000},
        {"limit of nothing",  "x", "AAPL", 1,           0    },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct intent in = intent_at(rows[i].client_id, T0);

        (void)snprintf(in.order.symbol, sizeof(in.order.symbol), "%s", rows[i].symbol);
        in.order.qty = rows[i].qty;
        in.order.limit.e4 = rows[i].limit_e4;
        if (b->a.add_intent(b->a.self, &in, NULL) != RC_RANGE)
            fail_msg("%s was accepted", rows[i].what);
    }
}

static void
test_ledger_lists_what_is_live(void **state)
{
    struct bed *b = *state;
    struct intents list;
    char live[200] = "";

    for (int i = 0; i <= INTENT_NOT_SENT; i++) {
        for (int recorded = 0; recorded < 2; recorded++) {
            char id[16];

            (void)snprintf(id, sizeof(id), "%d%c", i, recorded ? 'r' : 'n');
            struct intent in = intent_at(id, T0 - i * 2 - recorded); /* created in falling order */
            in.state = (enum intent_state)i;
            in.is_recorded = recorded != 0;
            assert_int_equal(b->a.add_intent(b->a.self, &in, NULL), RC_OK);
        }
    }
    assert_int_equal(b->a.live_intents(b->a.self, &b->arena, &list, NULL), RC_OK);
    for (size_t i = 0; i < list.len; i++) {
        size_t at = strlen(live);

        (void)snprintf(live + at, sizeof(live) - at, "%s ", list.intent[i].order.client_id);
    }
    assert_string_equal(live, "7n 6n 5n 4n 3n 2r 2n 1r 1n 0r 0n ");
    assert_int_equal(b->a.intents_since(b->a.self, T0 - 2, &b->arena, &list, NULL), RC_OK);
    assert_int_equal(list.len, 3);
    assert_int_equal(b->a.intents_since(b->a.self, WHEN_NONE, &b->arena, &list, NULL), RC_OK);
    assert_int_equal(list.len, 16);
}

static void
test_ledger_keeps_every_change_of_an_intent(void **state)
{
    struct bed *b = *state;
    struct intent in = intent_at("id-1", T0);
    struct intent_events h;

    assert_int_equal(b->a.add_intent(b->a.self, &in, NULL), RC_OK);
    in.state = INTENT_UNKNOWN;
    in.updated_ns = T0 + 1;
    (void)snprintf(in.note, sizeof(in.note), "no answer");
    assert_int_equal(b->a.update_intent(b->a.self, &in, NULL), RC_OK);
    in.state = INTENT_FILLED;
    in.updated_ns = T0 + 2;
    in.filled_qty = 7;
    in.filled_cost.e4 = 7 * 1234500;
    assert_int_equal(b->a.update_intent(b->a.self, &in, NULL), RC_OK);

    assert_int_equal(ledger_history(b->sql, "id-1", &b->arena, &h, NULL), RC_OK);
    assert_int_equal(h.len, 3);
    assert_int_equal(h.event[0].state, INTENT_COMMITTED);
    assert_int_equal(h.event[1].state, INTENT_UNKNOWN);
    assert_string_equal(h.event[1].note, "no answer");
    assert_int_equal(h.event[2].state, INTENT_FILLED);
    assert_int_equal(h.event[2].filled_qty, 7);
    assert_int_equal(h.event[2].at_ns, T0 + 2);
}

/* Not even with a tool: the schema itself refuses to rewrite a fact. */
static void
test_ledger_facts_are_never_rewritten(void **state)
{
    struct bed *b = *state;
    static const char *const forbidden[] = {
        "UPDATE intents SET qty = 8",
        "UPDATE intents SET client_id = 'other'",
        "UPDATE intents SET limit_e4 = 1, state = 'filled'",
        "DELETE FROM intents",
        "UPDATE fills SET price_e4 = 1",
        "UPDATE fills SET kind = 'adjustment'",
        "DELETE FROM fills",
        "UPDATE intent_events SET note = ''",
        "DELETE FROM intent_events",
        "INSERT INTO fills VALUES (9, 'g', '', '', 'AAPL', 'short', 1, 1, 1, 'fill')",
        "UPDATE intents SET state = 'gone'",
    };
    struct intent in = intent_at("id-1", T0);
    struct fill f = fill_at("f", "AAPL", SIDE_BUY, 7, 1234500, T0);
    char path[128];
    sqlite3 *db = NULL;

    assert_int_equal(b->a.add_intent(b->a.self, &in, NULL), RC_OK);
    assert_int_equal(b->a.add_fill(b->a.self, &f, "id-1", "fill", NULL, NULL), RC_OK);
    (void)snprintf(path, sizeof(path), "%s/%s", b->root.path, LEDGER_PATH);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        if (sqlite3_exec(db, forbidden[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
            fail_msg("accepted: %s (%s)", forbidden[i], sqlite3_errmsg(db));
    assert_int_equal(
        sqlite3_exec(db, "UPDATE intents SET state = 'filled', note = 'n'", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- fills --------------------------------------------------------------------------------- */

static struct ledger_position
position_of(struct bed *b, const struct ledger *l, const char *symbol)
{
    struct ledger_positions list;

    assert_int_equal(l->positions(l->self, &b->arena, &list, NULL), RC_OK);
    for (size_t i = 0; i < list.len; i++)
        if (str_eq(list.position[i].symbol, symbol)) return list.position[i];
    return (struct ledger_position){0};
}

static void
test_contract_fill_is_accepted_once(void **state)
{
    struct bed *b = *state;
    struct fill f = fill_at("f-1", "AAPL", SIDE_BUY, 7, 1234500, T0);
    bool is_new = false;
    struct err err = {0};

    assert_int_equal(b->a.add_fill(b->a.self, &f, "id-1", "fill", &is_new, &err), RC_OK);
    assert_true(is_new);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(b->a.add_fill(b->a.self, &f, "", "fill", &is_new, &err), RC_OK);
        assert_false(is_new);
    }
    assert_int_equal(position_of(b, &b->a, "AAPL").qty, 7);

    static const struct {
        const char *what;
        struct fill f;
    } others[] = {
        {"quantity",
         {.symbol = "AAPL", .side = SIDE_BUY, .qty = 8, .price = {1234500}, .at_ns = T0}             },
        {"price",    {.symbol = "AAPL", .side = SIDE_BUY, .qty = 7, .price = {1234501}, .at_ns = T0} },
        {"side",     {.symbol = "AAPL", .side = SIDE_SELL, .qty = 7, .price = {1234500}, .at_ns = T0}},
        {"symbol",   {.symbol = "MSFT", .side = SIDE_BUY, .qty = 7, .price = {1234500}, .at_ns = T0} },
        {"time",
         {.symbol = "AAPL", .side = SIDE_BUY, .qty = 7, .price = {1234500}, .at_ns = T0 + 1}         },
    };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct fill other = others[i].f;

        (void)snprintf(other.fill_id, sizeof(other.fill_id), "f-1");
        if (b->a.add_fill(b->a.self, &other, "", "fill", &is_new, &err) != RC_RANGE)
            fail_msg("another %s was accepted", others[i].what);
    }
    assert_int_equal(position_of(b, &b->a, "AAPL").qty, 7);
    assert_int_equal(ledger_audit(b->sql, &err), RC_OK);
}

static void
test_ledger_refuses_what_is_no_fill(void **state)
{
    struct bed *b = *state;
    struct fill f = fill_at("f", "AAPL", SIDE_BUY, 1, 10000, T0);
    struct fill rows[] = {f, f, f, f, f, f, f};

    rows[0].fill_id[0] = '\0';
    rows[1].symbol[0] = '\0';
    rows[2].qty = 0;
    rows[3].qty = QTY_MAX + 1;
    rows[4].price.e4 = -1;
    rows[5].at_ns = WHEN_NONE;
    rows[6].qty = QTY_MAX;
    rows[6].price.e4 = PRICE_MAX_E4;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (b->a.add_fill(b->a.self, &rows[i], "", "fill", NULL, NULL) != RC_RANGE)
            fail_msg("fill %zu was accepted", i);
        if (b->b.add_fill(b->b.self, &rows[i], "", "fill", NULL, NULL) != RC_RANGE)
            fail_msg("fill %zu was accepted in memory", i);
    }
    assert_int_equal(b->a.add_fill(b->a.self, &f, "", "gift", NULL, NULL), RC_RANGE);
    /* Together they would leave the bounds of a position. */
    struct fill most = fill_at("m1", "AAPL", SIDE_BUY, QTY_MAX, 10000, T0);
    assert_int_equal(b->a.add_fill(b->a.self, &most, "", "fill", NULL, NULL), RC_OK);
    assert_int_equal(b->a.add_fill(b->a.self, &f, "", "fill", NULL, NULL), RC_RANGE);
    assert_int_equal(position_of(b, &b->a, "AAPL").qty, QTY_MAX);
    assert_int_equal(ledger_audit(b->sql, NULL), RC_OK);
}

static void
test_ledger_late_fill_is_folded_in_its_place(void **state)
{
    struct bed *b = *state;
    struct fill late = fill_at("f-1", "AAPL", SIDE_BUY, 10, 1000000, T0);
    struct fill next = fill_at("f-2", "AAPL", SIDE_BUY, 10, 2000000, T0 + 1);
    struct fill sold = fill_at("f-3", "AAPL", SIDE_SELL, 10, 3000000, T0 + 2);
    const struct fill *arrival[] = {&next, &sold, &late};

    for (size_t i = 0; i < COUNT_OF(arrival); i++)
        assert_int_equal(b->a.add_fill(b->a.self, arrival[i], "", "fill", NULL, NULL), RC_OK);
    /* bought 10 at 100 and 10 at 200, sold 10 at 300: 10 left at 150, realised 1500 USD */
    struct ledger_position p = position_of(b, &b->a, "AAPL");
    assert_int_equal(p.qty, 10);
    assert_int_equal(p.cost.e4, 10 * 1500000);
    assert_int_equal(p.realised_pnl.e4, 10 * 1500000);
    assert_int_equal(ledger_audit(b->sql, NULL), RC_OK);
}

static void
test_ledger_adjustments_do_not_hide_fills(void **state)
{
    struct bed *b = *state;
    struct fill real = fill_at("f-1", "AAPL", SIDE_BUY, 10, 1000000, T0);
    struct fill ours = fill_at("adj-1", "AAPL", SIDE_SELL, 4, 1000000, T0 + NS_PER_HOUR);
    int64_t last_ns = 0;

    assert_int_equal(b->a.last_fill_ns(b->a.self, &last_ns, NULL), RC_OK);
    assert_true(last_ns == WHEN_NONE);
    assert_int_equal(b->a.add_fill(b->a.self, &real, "", "fill", NULL, NULL), RC_OK);
    assert_int_equal(b->a.add_fill(b->a.self, &ours, "", "adjustment", NULL, NULL), RC_OK);
    assert_int_equal(b->a.last_fill_ns(b->a.self, &last_ns, NULL), RC_OK);
    assert_true(last_ns == T0);
    assert_int_equal(position_of(b, &b->a, "AAPL").qty, 6);
}

/* ---- a reader beside the engine ------------------------------------------------------------ */

static void
test_ledger_reader_sees_what_the_engine_writes(void **state)
{
    struct bed *b = *state;
    struct sql_ledger *other = NULL;
    struct err err = {0};
    struct intent in = intent_at("id-1", T0), out;
    struct fill f = fill_at("f-1", "AAPL", SIDE_BUY, 7, 1234500, T0);

    b->opt.is_read_only = true;
    if (ledger_open(&b->opt, &other, &err) != RC_OK) fail_msg("%s", err.text);
    struct ledger reader = ledger_seam(other);
    assert_int_equal(position_of(b, &reader, "AAPL").qty, 0);
    assert_int_equal(b->a.add_intent(b->a.self, &in, &err), RC_OK);
    assert_int_equal(b->a.add_fill(b->a.self, &f, "id-1", "fill", NULL, &err), RC_OK);
    assert_int_equal(reader.find_intent(reader.self, "id-1", &out, &err), RC_OK);
    assert_int_equal(position_of(b, &reader, "AAPL").qty, 7);

    assert_int_equal(reader.add_intent(reader.self, &in, &err), RC_DENIED);
    assert_int_equal(reader.update_intent(reader.self, &in, &err), RC_DENIED);
    assert_int_equal(reader.add_fill(reader.self, &f, "", "fill", NULL, &err), RC_DENIED);
    assert_int_equal(ledger_note_epoch(other, 5, &err), RC_DENIED);
    ledger_close(other);
}

static void
test_ledger_reader_does_not_make_a_ledger(void **state)
{
    struct bed *b = *state;
    struct sql_ledger *other = NULL;

    b->opt.is_read_only = true;
    b->opt.path = "state/none.db";
    assert_int_equal(ledger_open(&b->opt, &other, NULL), RC_NOT_FOUND);
    assert_false(test_exists(&b->root, "state/none.db"));
}

static void
test_ledger_remembers_the_largest_epoch(void **state)
{
    struct bed *b = *state;
    struct intent in = intent_at("id-1", T0);
    int64_t epoch = -1;

    assert_int_equal(ledger_epoch_floor(b->sql, &epoch, NULL), RC_OK);
    assert_int_equal(epoch, 0);
    assert_int_equal(b->a.add_intent(b->a.self, &in, NULL), RC_OK);
    assert_int_equal(ledger_epoch_floor(b->sql, &epoch, NULL), RC_OK);
    assert_int_equal(epoch, 4);
    assert_int_equal(ledger_note_epoch(b->sql, 9, NULL), RC_OK);
    ledger_close(b->sql);
    open_it(b);
    assert_int_equal(ledger_epoch_floor(b->sql, &epoch, NULL), RC_OK);
    assert_int_equal(epoch, 9);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_intent_comes_back_as_it_was),
        TEST(test_contract_client_order_id_is_used_once),
        TEST(test_ledger_refuses_what_is_no_intent),
        TEST(test_ledger_lists_what_is_live),
        TEST(test_ledger_keeps_every_change_of_an_intent),
        TEST(test_ledger_facts_are_never_rewritten),
        TEST(test_contract_fill_is_accepted_once),
        TEST(test_ledger_refuses_what_is_no_fill),
        TEST(test_ledger_late_fill_is_folded_in_its_place),
        TEST(test_ledger_adjustments_do_not_hide_fills),
        TEST(test_ledger_reader_sees_what_the_engine_writes),
        TEST(test_ledger_reader_does_not_make_a_ledger),
        TEST(test_ledger_remembers_the_largest_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
