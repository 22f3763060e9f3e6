/*
 * One candidate before the gates, for the tests of the gates.
 */
#ifndef TESTS_STRATEGY_GATE_SCENE_H
#define TESTS_STRATEGY_GATE_SCENE_H

#include "decide_fixture.h"

#include "strategy/gates.h"

/* A candidate that passes all twenty gates: 10 shares of XYZ at 40 USD, an empty book, 55 000 USD.
 */
struct scene {
    struct strategy_config cfg;
    struct risk_limits limits;
    struct themes themes;
    struct arena arena;
    struct holdings book;
    struct displacement_verdict displacement;
    struct entry_view view;
};

UNUSED static void
scene_set(struct scene *s, enum direction d)
{
    memset(s, 0, sizeof(*s));
    s->cfg = fixture_config();
    s->limits = risk_limits_of(MODE_PAPER, 0);
    s->themes = (struct themes){.is_enabled = true, .limit_usd = 150000};
    s->book = holdings_new(&s->arena, 64, &s->themes);
    s->view = (struct entry_view){.symbol = "XYZ",
                                  .direction = d,
                                  .score = 3.5,
                                  .has_score = true,
                                  .toxicity = 0.1,
                                  .qty = 10,
                                  .ref = USD(40),
                                  .limit = USD(40),
                                  .market_regime = "mixed",
                                  .quote = fixture_quote(39.99, 40.01),
                                  .momentum = {.data = MOMENTUM_INSUFFICIENT},
                                  .shortable = TRI_YES,
                                  .is_account_known = true,
                                  .equity = USD(55000),
                                  .buying_power = USD(110000),
                                  .is_book_known = true,
                                  .book = &s->book,
                                  .cooldown_until_ns = WHEN_NONE,
                                  .last_fill_ns = WHEN_NONE,
                                  .now_ns = NOW_NS,
                                  .stage = STAGE_BOOTSTRAP,
                                  .limits = &s->limits,
                                  .cfg = &s->cfg};
}

UNUSED static void
hold(struct scene *s, const char *symbol, int64_t qty, double value)
{
    struct holding one = {.qty = qty,
                          .market_value = USD(value),
                          .cost = USD(value),
                          .is_position = true,
                          .can_be_closed = true};
    (void)str_copy(one.symbol, sizeof(one.symbol), symbol);
    holdings_add(&s->book, &one);
}

UNUSED static void
scene_done(struct scene *s)
{
    arena_done(&s->arena);
}

/* Asks one gate alone. */
UNUSED static bool
blocks(struct scene *s, enum entry_gate g)
{
    struct gate_verdict v = entry_gate(g, &s->view);
    assert_int_equal(v.is_blocked, v.reason[0] != '\0');
    assert_int_equal(v.gate, v.is_blocked ? g : GATES_LEN);
    return v.is_blocked;
}

#endif
