/* The ledger in SQLite and the one in memory give the same answers. */
#include "tests/state/ledger_bed.h"

#include <inttypes.h>

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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_and_its_model_in_memory_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
