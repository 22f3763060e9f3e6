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

static void
open_it(struct bed *b)
{
    struct err err = {0};

    if (ledger_open(&b->opt, &b->sql, &err) != RC_OK) fail_msg("%s", err.text);
    b->a = ledger_seam(b->sql);
}

static int
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

static int
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

static struct intent
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

static struct fill
fill_at(const char *id, const char *symbol, enum order_side side, int64_t qty, int64_t price_e4,
        int64_t at_ns)
{
    struct fill f = {.side = side, .qty = qty, .price = {price_e4}, .at_ns = at_ns};

    (void)snprintf(f.fill_id, sizeof(f.fill_id), "%s", id);
    (void)snprintf(f.symbol, sizeof(f.symbol), "%s", symbol);
    (void)snprintf(f.broker_id, sizeof(f.broker_id), "b-%s", id);
    return f;
}

static void
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

/* ---- both implementations ------------------------------------------------------------------ */

static struct fill
random_fill(struct rng *r)
{
    static const char *const symbols[] = {"AAPL", "BRK.B", "GOOGL", "SPY", "TSLA"};
    char id[16];

    (void)snprintf(id, sizeof(id), "f%d",
                   (int)rng_below(r, 400)); /* some come twice, some with other content */
    return fill_at(id, symbols[rng_below(r, COUNT_OF(symbols))],
                   rng_chance(r, 0.5) ? SIDE_BUY : SIDE_SELL,
                   rng_range(r, 1, rng_chance(r, 0.05) ? QTY_MAX : 300), rng_range(r, 0, 9000000),
                   T0 + rng_range(r, 0, 50) * NS_PER_S);
}

static struct intent
random_intent(struct rng *r)
{
    char id[16];

    (void)snprintf(id, sizeof(id), "i%d", (int)rng_below(r, 200));
    struct intent in = intent_at(id, T0 + rng_range(r, 0, 100));
    in.order.qty = rng_range(r, 0, 100);
    in.state = (enum intent_state)rng_below(r, INTENT_NOT_SENT + 1);
    in.is_recorded = rng_chance(r, 0.5);
    in.filled_ns = rng_chance(r, 0.5) ? WHEN_NONE : T0 + rng_range(r, 0, 100);
    in.last_lookup_ns = rng_chance(r, 0.5) ? WHEN_NONE : T0;
    in.lookups = (int)rng_below(r, 5);
    in.updated_ns = T0 + rng_range(r, 0, 1000);
    (void)snprintf(in.note, sizeof(in.note), "n%d", (int)rng_below(r, 10));
    return in;
}

static void
same_intents(struct intents a, struct intents b)
{
    assert_int_equal(a.len, b.len);
    for (size_t i = 0; i < a.len; i++)
        same_intent(&a.intent[i], &b.intent[i]);
}

static void
same_lists(struct bed *b, int64_t from_ns)
{
    struct intents ia, ib;
    struct fills fa, fb;
    struct ledger_positions pa, pb;
    int64_t la = 0, lb = 0;

    assert_int_equal(b->a.live_intents(b->a.self, &b->arena, &ia, NULL), RC_OK);
    assert_int_equal(b->b.live_intents(b->b.self, &b->arena, &ib, NULL), RC_OK);
    same_intents(ia, ib);
    assert_int_equal(b->a.intents_since(b->a.self, from_ns, &b->arena, &ia, NULL), RC_OK);
    assert_int_equal(b->b.intents_since(b->b.self, from_ns, &b->arena, &ib, NULL), RC_OK);
    same_intents(ia, ib);
    assert_int_equal(b->a.fills_since(b->a.self, from_ns, &b->arena, &fa, NULL), RC_OK);
    assert_int_equal(b->b.fills_since(b->b.self, from_ns, &b->arena, &fb, NULL), RC_OK);
    assert_int_equal(fa.len, fb.len);
    for (size_t i = 0; i < fa.len; i++) {
        assert_string_equal(fa.fill[i].fill_id, fb.fill[i].fill_id);
        assert_int_equal(ledger_check_same_fill(&fa.fill[i], &fb.fill[i], NULL), RC_OK);
    }
    assert_int_equal(b->a.positions(b->a.self, &b->arena, &pa, NULL), RC_OK);
    assert_int_equal(b->b.positions(b->b.self, &b->arena, &pb, NULL), RC_OK);
    assert_int_equal(pa.len, pb.len);
    for (size_t i = 0; i < pa.len; i++) {
        assert_string_equal(pa.position[i].symbol, pb.position[i].symbol);
        assert_int_equal(pa.position[i].qty, pb.position[i].qty);
        assert_int_equal(pa.position[i].cost.e4, pb.position[i].cost.e4);
        assert_int_equal(pa.position[i].realised_pnl.e4, pb.position[i].realised_pnl.e4);
    }
    assert_int_equal(b->a.last_fill_ns(b->a.self, &la, NULL), RC_OK);
    assert_int_equal(b->b.last_fill_ns(b->b.self, &lb, NULL), RC_OK);
    assert_true(la == lb);
}

static void
one_call(struct bed *b, struct rng *r)
{
    enum rc ra, rb;

    if (rng_chance(r, 0.5)) {
        struct fill f = random_fill(r);
        const char *kind = rng_chance(r, 0.9) ? "fill" : "adjustment";
        bool na = false, nb = false;

        ra = b->a.add_fill(b->a.self, &f, "c", kind, &na, NULL);
        rb = b->b.add_fill(b->b.self, &f, "c", kind, &nb, NULL);
        assert_int_equal(na, nb);
    } else {
        struct intent in = random_intent(r);
        bool is_new = rng_chance(r, 0.4);

        ra = is_new ? b->a.add_intent(b->a.self, &in, NULL)
                    : b->a.update_intent(b->a.self, &in, NULL);
        rb = is_new ? b->b.add_intent(b->b.self, &in, NULL)
                    : b->b.update_intent(b->b.self, &in, NULL);
    }
    if (ra != rb) fail_msg("SQLite says %s, memory %s", rc_name(ra), rc_name(rb));
}

static void
test_ledger_and_its_model_in_memory_agree(void **state)
{
    struct bed *b = *state;
    const char *given = getenv("TEST_SEED");
    int64_t seed = 20250615;
    struct rng r;

    if (given != NULL && !str_to_i64(given, &seed)) fail_msg("TEST_SEED=%s", given);
    print_message("seed %" PRId64 "\n", seed);
    rng_init(&r, (uint64_t)seed);
    for (int i = 1; i <= 1500; i++) {
        one_call(b, &r);
        if (i % 100 == 0) {
            same_lists(b, T0 + rng_range(&r, -1, 101));
            if (rng_chance(&r, 0.3)) {
                ledger_close(b->sql);
                open_it(b);
            }
            struct err err = {0};
            if (ledger_audit(b->sql, &err) != RC_OK) fail_msg("%s", err.text);
            arena_reset(&b->arena);
        }
    }
    same_lists(b, WHEN_NONE);
    assert_int_equal(b->log.len, 0);
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
        TEST(test_ledger_and_its_model_in_memory_agree),
        TEST(test_ledger_reader_sees_what_the_engine_writes),
        TEST(test_ledger_reader_does_not_make_a_ledger),
        TEST(test_ledger_remembers_the_largest_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
