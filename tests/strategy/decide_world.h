/*
 * A snapshot that tests fill with candidates and positions, and the plan made of it.
 */
#ifndef TESTS_STRATEGY_DECIDE_WORLD_H
#define TESTS_STRATEGY_DECIDE_WORLD_H

#include "decide_fixture.h"

#include "strategy/decide.h"

static const struct themes no_themes = {.is_enabled = true, .limit_usd = 150000};

/* A world with room for candidates and positions. */
struct world {
    struct strategy_config cfg;
    struct snapshot seen;
    struct candidate candidate[64];
    struct held held[64];
    struct pending_entry pending[8];
    struct freeze freeze[4];
    struct arena arena;
    struct plan plan;
};

UNUSED static void
world_set(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->cfg = fixture_config();
    w->seen = fixture_snapshot(&no_themes);
    w->seen.candidate = w->candidate;
    w->seen.held = w->held;
    w->seen.pending = w->pending;
    w->seen.freezes.freeze = w->freeze;
}

UNUSED static struct candidate *
add_candidate(struct world *w, const char *symbol, enum direction d, double score)
{
    struct candidate *c = &w->candidate[w->seen.candidates_len++];
    *c = fixture_candidate(symbol, d, score);
    return c;
}

UNUSED static struct held *
add_held(struct world *w, const char *symbol, int64_t qty, double entry, double price, double score)
{
    struct held *h = &w->held[w->seen.held_len++];
    *h = fixture_held(symbol, qty, entry, price, score);
    return h;
}

UNUSED static const struct plan *
decided(struct world *w)
{
    arena_reset(&w->arena);
    decide(&w->cfg, &w->seen, &w->arena, &w->plan);
    return &w->plan;
}

/* NULL where the symbol was not refused. */
UNUSED static const struct refusal *
find_refusal(const struct plan *p, const char *symbol)
{
    for (size_t i = 0; i < p->refusals_len; i++) {
        if (str_eq(p->refusal[i].symbol, symbol)) return &p->refusal[i];
    }
    return NULL;
}

/* NULL where the symbol is not entered. */
UNUSED static const struct planned_entry *
find_entry(const struct plan *p, const char *symbol)
{
    for (size_t i = 0; i < p->entries_len; i++) {
        if (str_eq(p->entry[i].symbol, symbol)) return &p->entry[i];
    }
    return NULL;
}

/* It was refused: the test fails where it was not. */
UNUSED static const struct refusal *
refusal_of(const struct plan *p, const char *symbol)
{
    const struct refusal *r = find_refusal(p, symbol);
    if (r == NULL) {
        fail_msg("%s was not refused", symbol);
        abort();
    }
    return r;
}

UNUSED static const struct planned_entry *
entry_of(const struct plan *p, const char *symbol)
{
    const struct planned_entry *e = find_entry(p, symbol);
    if (e == NULL) {
        fail_msg("%s is not entered", symbol);
        abort();
    }
    return e;
}

#endif
