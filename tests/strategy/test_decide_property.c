#include "decide_world.h"

/* Symbols are drawn from few names, so that candidates meet positions, pending entries and each
 * other. */
static void
random_symbol(struct rng *rng, char symbol[SYMBOL_MAX])
{
    static const char *const names[] = {"AAPL", "MSFT", "GOOG", "GOOGL",
                                        "XOM",  "CVX",  "JPM",  "XYZ"};
    if (rng_chance(rng, 0.4))
        (void)str_copy(symbol, SYMBOL_MAX, names[rng_below(rng, COUNT_OF(names))]);
    else
        (void)snprintf(symbol, SYMBOL_MAX, "S%02d", (int)rng_below(rng, 40));
}

static void
random_candidate(struct rng *rng, struct world *w)
{
    char symbol[SYMBOL_MAX];
    random_symbol(rng, symbol);
    for (size_t i = 0; i < w->seen.candidates_len; i++) {
        if (str_eq(w->candidate[i].symbol, symbol)) return;
    }
    struct candidate *c =
        add_candidate(w, symbol, (enum direction)rng_below(rng, 3), 2.5 + rng_f64(rng) * 3);
    c->last.price = USD(5 + rng_f64(rng) * 200);
    c->last.is_known = rng_chance(rng, 0.95);
    c->quote.bid = USD(usd_to_double(c->last.price) * 0.9995);
    c->quote.ask = USD(usd_to_double(c->last.price) * 1.0005);
    c->quote.is_known = rng_chance(rng, 0.9);
    c->toxicity = rng_chance(rng, 0.1) ? NUMBER_NONE : rng_f64(rng);
    c->conviction = rng_f64(rng);
    c->shortable = (enum tristate)rng_below(rng, 3);
    c->is_quarantined = rng_chance(rng, 0.02);
    c->composite.is_refused = rng_chance(rng, 0.2);
    c->composite.gate = "score_gate";
    if (rng_chance(rng, 0.1)) c->cooldown_until_ns = NOW_NS + NS_PER_S;
}

static void
random_held(struct rng *rng, struct world *w)
{
    char symbol[SYMBOL_MAX];
    random_symbol(rng, symbol);
    for (size_t i = 0; i < w->seen.held_len; i++) {
        if (str_eq(w->held[i].at_broker.symbol, symbol)) return;
    }
    double entry = 10 + rng_f64(rng) * 100;
    int64_t qty = rng_range(rng, 1, 12) * (rng_chance(rng, 0.3) ? -1 : 1);
    struct held *h =
        add_held(w, symbol, qty, entry, entry * (0.98 + rng_f64(rng) * 0.03), 2 + rng_f64(rng) * 4);
    h->record.entered_ns = NOW_NS - (int64_t)(rng_f64(rng) * 400 * (double)NS_PER_MIN);
    h->exit_score = h->mixed_score = rng_f64(rng) * 5;
    h->in_cache = rng_chance(rng, 0.8);
    h->has_pending_close = rng_chance(rng, 0.1);
    h->at_broker.has_fraction = rng_chance(rng, 0.05);
}

static void
random_world(struct rng *rng, struct world *w)
{
    world_set(w);
    uint64_t candidates = rng_below(rng, 30), held = rng_below(rng, 20);
    for (uint64_t i = 0; i < held; i++)
        random_held(rng, w);
    for (uint64_t i = 0; i < candidates; i++)
        random_candidate(rng, w);
    if (rng_chance(rng, 0.3)) {
        w->pending[0] = (struct pending_entry){.side = SIDE_BUY, .qty = 3, .price = USD(30)};
        random_symbol(rng, w->pending[0].symbol);
        w->seen.pending_len = 1;
    }
    w->seen.structural_regime = (enum structural_regime)rng_below(rng, REGIME_OTHER + 1);
    w->seen.stage = (enum trading_stage)rng_below(rng, 3);
    w->cfg.max_portfolio_exposure = rng_chance(rng, 0.5) ? 10 : 0.3;
    w->seen.is_reconciled = rng_chance(rng, 0.95);
    w->seen.are_positions_known = rng_chance(rng, 0.95);
    w->seen.is_market_open = rng_chance(rng, 0.95);
    w->seen.is_clock_trusted = rng_chance(rng, 0.95);
}

static void
check_explained(const struct world *w, const struct plan *p)
{
    assert_int_equal(p->entries_len + p->refusals_len, w->seen.candidates_len);
    for (size_t i = 0; i < w->seen.candidates_len; i++) {
        const char *symbol = w->candidate[i].symbol;
        if ((find_entry(p, symbol) != NULL) == (find_refusal(p, symbol) != NULL))
            fail_msg("%s", symbol);
    }
    if (p->refusals_len > 0) assert_non_null(p->refusal);
    for (size_t i = 0; p->refusal != NULL && i < p->refusals_len; i++) {
        assert_true(p->refusal[i].gate != NULL && p->refusal[i].gate[0] != '\0');
        assert_true(p->refusal[i].reason[0] != '\0');
    }
}

static void
check_entries(const struct world *w, const struct plan *p)
{
    assert_true(p->entries_len <= ENTRIES_PER_CYCLE_MAX);
    if (p->ladder.rung != RUNG_NORMAL || !w->seen.is_market_open)
        assert_int_equal(p->entries_len, 0);
    for (size_t i = 0; i < p->entries_len; i++) {
        const struct planned_entry *e = &p->entry[i];
        assert_true(e->qty >= 1 && usd_to_double(e->ref) * (double)e->qty <= 825);
        if (e->price.has_limit) assert_int_equal(e->price.limit.e4 % 100, 0);
        assert_int_equal(e->side == SIDE_BUY, e->direction == DIRECTION_BULLISH);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(symbol_normal_form(e->symbol),
                                    symbol_normal_form(p->entry[k].symbol));
            if (e->close_first.is_needed)
                assert_string_not_equal(e->close_first.symbol, p->entry[k].close_first.symbol);
        }
        for (size_t k = 0; k < p->positions_len; k++) {
            const struct planned_position *held = &p->position[k];
            if (!str_eq(symbol_normal_form(held->symbol), symbol_normal_form(e->symbol))) continue;
            assert_true(e->close_first.is_flip);
            assert_string_equal(e->close_first.symbol, held->symbol);
            assert_true((held->held->at_broker.qty > 0) == (e->side == SIDE_SELL));
            assert_true(e->score >= FLIP_SCORE_MIN);
        }
    }
}

static void
check_same(const struct plan *a, const struct plan *b)
{
    assert_int_equal(a->entries_len, b->entries_len);
    assert_int_equal(a->refusals_len, b->refusals_len);
    for (size_t i = 0; i < a->entries_len; i++) {
        assert_string_equal(a->entry[i].symbol, b->entry[i].symbol);
        assert_int_equal(a->entry[i].qty, b->entry[i].qty);
        assert_int_equal(a->entry[i].price.limit.e4, b->entry[i].price.limit.e4);
        assert_string_equal(a->entry[i].close_first.symbol, b->entry[i].close_first.symbol);
    }
    for (size_t i = 0; i < a->refusals_len; i++) {
        assert_string_equal(a->refusal[i].symbol, b->refusal[i].symbol);
        assert_string_equal(a->refusal[i].reason, b->refusal[i].reason);
    }
}

static void
check_same_exits(const struct plan *a, const struct plan *b)
{
    assert_int_equal(a->positions_len, b->positions_len);
    for (size_t i = 0; i < a->positions_len; i++) {
        assert_int_equal(a->position[i].verdict.action, b->position[i].verdict.action);
        assert_int_equal(a->position[i].verdict.qty, b->position[i].verdict.qty);
        assert_string_equal(a->position[i].verdict.reason, b->position[i].verdict.reason);
    }
}

static void
shuffle(struct rng *rng, struct world *w)
{
    for (size_t i = w->seen.candidates_len; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        struct candidate c = w->candidate[i - 1];
        w->candidate[i - 1] = w->candidate[k];
        w->candidate[k] = c;
    }
}

static void
test_decide_property_plans_keep_their_promises(void **state)
{
    (void)state;
    struct rng rng = check_rng("decide");
    size_t entries = 0, flips = 0, displaced = 0, closes = 0;

    for (int i = 0; i < 12000; i++) {
        struct world w;
        struct arena other = {0};
        struct plan again = {0}, frozen = {0};
        random_world(&rng, &w);
        const struct plan *p = decided(&w);
        check_explained(&w, p);
        check_entries(&w, p);

        shuffle(&rng, &w); /* the order in which candidates are told does not matter */
        decide(&w.cfg, &w.seen, &other, &again);
        check_same(p, &again);

        w.freeze[0] = (struct freeze){.key = "by_hand", .is_active = true};
        w.seen.freezes.len = 1;
        w.seen.is_self_test_ok = false;
        w.seen.is_account_known = false;
        decide(&w.cfg, &w.seen, &other, &frozen);
        assert_int_equal(frozen.entries_len, 0);
        check_same_exits(p, &frozen);

        for (size_t k = 0; k < p->entries_len; k++) {
            flips += p->entry[k].close_first.is_needed && p->entry[k].close_first.is_flip;
            displaced += p->entry[k].close_first.is_needed && !p->entry[k].close_first.is_flip;
        }
        for (size_t k = 0; k < p->positions_len; k++)
            closes += p->position[k].verdict.action == EXIT_CLOSE;
        entries += p->entries_len;
        arena_done(&other);
        arena_done(&w.arena);
    }
    /* The worlds were rich enough to mean something. */
    assert_true(entries > 1000 && flips > 10 && displaced > 10 && closes > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide_property_plans_keep_their_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
