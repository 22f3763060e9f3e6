#include <math.h>

#include "strategy/close_reason.h"
#include "strategy/decide_parts.h"
#include "strategy/number.h"

static const double SHORT_MARGIN =
    1.5; /* buying power that a short takes, as gate 20 asks for it */

/* ---- the desk ------------------------------------------------------------------------------ */

static usd
magnitude(usd a)
{
    static const usd largest = {INT64_MAX};
    return a.e4 == INT64_MIN ? largest : usd_abs(a);
}

/* |quantity| * price, the largest amount where it does not fit: brokers may say anything. */
static usd
value_of(int64_t qty, usd price)
{
    usd value = {0};
    if (__builtin_mul_overflow(qty, price.e4, &value.e4)) value.e4 = INT64_MAX;
    return magnitude(value);
}

static const struct planned_position *
planned_of(const struct plan *plan, const char *symbol)
{
    for (size_t i = 0; i < plan->positions_len; i++) {
        if (str_eq(plan->position[i].symbol, symbol)) return &plan->position[i];
    }
    return NULL;
}

/* All of it can be closed for an entry: no close on its way, none of a part of it planned. */
static bool
can_be_closed(const struct held *h, const struct exit_verdict *verdict)
{
    return !h->has_pending_close && !h->is_quarantined && !h->at_broker.has_fraction &&
           h->at_broker.qty != 0 && (verdict->action == EXIT_HOLD || verdict->action == EXIT_CLOSE);
}

static struct holding
holding_of(const struct held *h, const struct exit_verdict *verdict)
{
    const struct position *p = &h->at_broker;
    usd price = p->price.e4 > 0 ? p->price : h->last.price;
    struct holding one = {
        .qty = p->qty,
        .market_value =
            p->market_value.e4 != 0 ? magnitude(p->market_value) : value_of(p->qty, price),
        .cost = magnitude(p->cost),
        .is_position = true,
        .can_be_closed = can_be_closed(h, verdict),
    };
    (void)str_copy(one.symbol, sizeof(one.symbol), p->symbol);
    return one;
}

static struct holding
holding_of_pending(const struct pending_entry *p)
{
    usd value = value_of(p->qty, p->price);
    struct holding one = {
        .qty = p->side == SIDE_BUY ? p->qty : -p->qty, .market_value = value, .cost = value};

    (void)str_copy(one.symbol, sizeof(one.symbol), p->symbol);
    return one;
}

static struct displaceable
displaceable_of(const struct strategy_config *cfg, const struct snapshot *seen,
                const struct held *h, const struct exit_verdict *verdict)
{
    struct displaceable d = {.current = h->record.entry_score,
                             .entry_score = h->record.entry_score,
                             .pnl_pct = NUMBER_NONE,
                             .age_h = NUMBER_NONE,
                             .displaced_ns = h->displaced_ns};
    struct exit_view view = held_exit_view(cfg, seen, h);
    struct exit_measures m = {0};

    (void)str_copy(d.symbol, sizeof(d.symbol), h->at_broker.symbol);
    if (h->in_cache && number_is_known(h->mixed_score)) d.current = h->mixed_score;
    /* A position that a rule closes anyway in this cycle makes no room for anybody in particular.
     */
    d.is_out = !can_be_closed(h, verdict) || verdict->action == EXIT_CLOSE;
    if (d.is_out || !exit_measure(&view, &m)) return d;
    d.pnl_pct = m.pnl_pct;
    d.age_h = m.age_min / 60;
    return d;
}

struct desk
desk_open(const struct strategy_config *cfg, const struct snapshot *seen, struct arena *a,
          struct plan *plan)
{
    struct desk d = {.cfg = cfg,
                     .seen = seen,
                     .plan = plan,
                     .is_book_known = seen->are_positions_known && seen->is_pending_known,
                     .buying_power = seen->account.buying_power};
    size_t room = plan->positions_len + seen->pending_len + ENTRIES_PER_CYCLE_MAX;

    d.book = holdings_new(a, room, seen->themes);
    d.displaceable = ARENA_NEW(a, struct displaceable, plan->positions_len);
    plan->displaceable = d.displaceable;
    for (size_t i = 0; i < plan->positions_len; i++) {
        const struct planned_position *p = &plan->position[i];
        struct holding one = holding_of(p->held, &p->verdict);
        holdings_add(&d.book, &one);
        d.displaceable[i] = displaceable_of(cfg, seen, p->held, &p->verdict);
    }
    for (size_t i = 0; i < seen->pending_len; i++) {
        struct holding one = holding_of_pending(&seen->pending[i]);
        holdings_add(&d.book, &one);
    }
    return d;
}

/* ---- one candidate ------------------------------------------------------------------------- */

/* What is worked out for a candidate before the gates are asked. */
struct draft {
    const struct candidate *candidate;
    double multiplier, score;
    enum order_side side;
    struct size_result size;
    struct entry_quote quote;
    struct entry_price price;
    usd limit; /* that will be used: the limit, or the last trade for a market order */
    const struct holding *flip;
    struct displacement_verdict displacement;
    bool is_displacement_asked;
    const char *skip; /* the symbol that goes, NULL for none */
};

static struct refusal *
refusal_new(struct desk *d, const struct candidate *c)
{
    struct refusal *r = &d->plan->refusal[d->plan->refusals_len++];

    (void)str_copy(r->symbol, sizeof(r->symbol), c->symbol);
    r->entry_gate = GATES_LEN;
    r->number = r->threshold = r->score = NUMBER_NONE;
    r->direction = c->direction;
    r->composite_score = c->composite_score;
    r->price = c->last.is_known ? c->last.price : USD_ZERO;
    return r;
}

static struct refusal *
refuse(struct desk *d, const struct candidate *c, enum refusal_stage stage, const char *gate,
       const char *message, const char *detail)
{
    struct refusal *r = refusal_new(d, c);

    r->stage = stage;
    r->gate = gate;
    r->message = message;
    (void)str_copy(r->reason, sizeof(r->reason), gate);
    (void)str_copy(r->detail, sizeof(r->detail), detail);
    return r;
}

static void
refuse_composite(struct desk *d, const struct candidate *c)
{
    const char *gate = c->composite.gate != NULL ? c->composite.gate : "composite_none";

    struct refusal *r = refuse(d, c, REFUSED_COMPOSITE, gate, "rejected", "");
    r->number = c->composite.number;
    r->threshold = c->composite.threshold;
}

/* The halt that stops all entries, with the numbers where it has some. */
static void
refuse_halt(struct desk *d, const struct candidate *c)
{
    const struct plan *plan = d->plan;
    const struct halt_row *row = halt_row(plan->ladder.reason);
    const char *detail =
        plan->ladder.reason == HALT_FROZEN       ? plan->freeze->key
        : plan->ladder.reason == HALT_RISK_LIMIT ? risk_breach_key(plan->risk.breach)
        : plan->ladder.reason == HALT_NOT_ARMED  ? arm_state_name(d->seen->arm.state)
                                                 : rung_name(plan->ladder.rung);

    struct refusal *r = refuse(d, c, REFUSED_HALT, row->name, row->event, detail);
    if (plan->ladder.reason != HALT_RISK_LIMIT) return;
    r->number = plan->risk.number;
    r->threshold = plan->risk.threshold;
}

/* Refusals that need no arithmetic; true where the candidate is done with. */
static bool
refuse_outright(struct desk *d, const struct candidate *c)
{
    if (c->composite.is_refused) {
        refuse_composite(d, c);
    } else if (!d->plan->is_market_open) {
        (void)refuse(d, c, REFUSED_CLOSED, "market_closed", "", "");
    } else if (!d->plan->may_enter) {
        refuse_halt(d, c);
    } else if (c->is_quarantined) {
        (void)refuse(d, c, REFUSED_SYMBOL, "quarantined", "symbol_quarantined", "");
    } else if (c->is_frozen) {
        (void)refuse(d, c, REFUSED_SYMBOL, "symbol_frozen", "symbol_frozen",
                     "ledger and broker disagree");
    } else if (c->is_frozen_by_operator) {
        (void)refuse(d, c, REFUSED_SYMBOL, "symbol_frozen_by_operator", "symbol_frozen",
                     "stockbot unfreeze takes it back");
    } else if (c->direction == DIRECTION_NONE) {
        (void)refuse(d, c, REFUSED_SYMBOL, "direction_neutral", "direction_neutral", "");
    } else if (!c->last.is_known || c->last.price.e4 <= 0 || c->last.price.e4 > PRICE_MAX_E4) {
        (void)refuse(d, c, REFUSED_SYMBOL, "bad_ref_price", "bad_ref_price",
                     "no usable last trade");
    } else {
        return false;
    }
    return true;
}

static struct entry_price
price_of(const struct desk *d, const struct candidate *c, const struct draft *t)
{
    const struct snapshot *seen = d->seen;
    struct entry_price_inputs in = {
        .quote = t->quote,
        .side = t->side,
        .toxicity = c->toxicity,
        .market_regime = seen->market_regime,
        .route_rule = seen->route_rule,
        .cfg = d->cfg,
    };
    if (seen->session_open_ns != WHEN_NONE)
        in.minutes_since_open =
            fmax(0, (double)(seen->now_ns - seen->session_open_ns) / (double)NS_PER_MIN);
    return entry_price(&in);
}

/* The position that would go for this candidate: turned around, or displaced where the book is
 * full. */
static void
find_room(struct desk *d, struct draft *t)
{
    const struct candidate *c = t->candidate;
    bool is_full = (int64_t)holdings_count(&d->book) >= d->cfg->max_concurrent_positions;

    t->flip = flip_of(&d->book, c->symbol, c->direction, t->score);
    if (t->flip != NULL) {
        t->skip = t->flip->symbol;
        return;
    }
    if (!is_full) return;
    struct displacement_view view = {.symbol = c->symbol,
                                     .score = t->score,
                                     .list = d->displaceable,
                                     .len = d->plan->positions_len,
                                     .now_ns = d->seen->now_ns,
                                     .cfg = d->cfg};
    t->displacement = displacement_find(&view);
    t->is_displacement_asked = true;
    if (t->displacement.tier != DISPLACEMENT_NONE)
        t->skip = d->displaceable[t->displacement.index].symbol;
}

static struct draft
draft_of(struct desk *d, const struct candidate *c)
{
    const struct snapshot *seen = d->seen;
    struct draft t = {.candidate = c,
                      .side = c->direction == DIRECTION_BULLISH ? SIDE_BUY : SIDE_SELL};

    double regime = structural_multiplier(seen->structural_regime, c->direction);
    double macro = macro_multiplier(
        &seen->macro, macro_is_growth(holdings_theme_of(&d->book, c->symbol)), c->direction);
    t.multiplier = regime * macro;
    t.score = c->composite_score * regime * macro; /* left to right, as the score is defined */
    struct size_inputs size = {.equity = seen->account.equity,
                               .ref = c->last.price,
                               .score = t.score,
                               .sentiment = c->direction,
                               .conviction = c->conviction,
                               .market_regime = seen->market_regime,
                               .stage = seen->stage,
                               .limits = &d->plan->limits};
    t.size = size_entry(&size);
    t.quote = entry_quote_of(&c->quote, &c->last);
    t.price = price_of(d, c, &t);
    t.limit = t.price.has_limit ? t.price.limit : c->last.price;
    find_room(d, &t);
    return t;
}

static struct entry_view
view_of(const struct desk *d, const struct draft *t)
{
    const struct candidate *c = t->candidate;
    const struct snapshot *seen = d->seen;

    return (struct entry_view){
        .symbol = c->symbol,
        .direction = c->direction,
        .score = t->score,
        .has_score = number_is_known(t->score),
        .toxicity = c->toxicity,
        .qty = t->size.qty,
        .ref = c->last.price,
        .limit = t->limit,
        .market_regime = seen->market_regime,
        .quote = t->quote,
        .momentum = c->momentum,
        .shortable = c->shortable,
        .is_account_known = seen->is_account_known,
        .equity = seen->account.equity,
        .buying_power = d->buying_power,
        .is_book_known = d->is_book_known,
        .book = &d->book,
        .entries_accepted = (int)d->plan->entries_len,
        .freeze_active = d->plan->freeze != NULL,
        .broker_degraded = d->plan->ladder.rung != RUNG_NORMAL,
        .cooldown_until_ns = c->cooldown_until_ns,
        .last_fill_ns = c->last_fill_ns,
        .is_flip = t->flip != NULL,
        .displacement = t->is_displacement_asked ? &t->displacement : NULL,
        .skip = t->skip,
        .now_ns = seen->now_ns,
        .stage = seen->stage,
        .exploration_used = d->plan->exploration_used,
        .score_adjustment = seen->score_adjustment,
        .limits = &d->plan->limits,
        .cfg = d->cfg,
    };
}

static void
refuse_by_gate(struct desk *d, const struct draft *t, const struct gate_verdict *v)
{
    struct refusal *r = refusal_new(d, t->candidate);

    r->stage = REFUSED_GATE;
    r->entry_gate = v->gate;
    r->gate = gate_name(v->gate);
    r->message = gate_message(v->gate);
    r->number = v->number;
    r->threshold = v->threshold;
    (void)str_copy(r->reason, sizeof(r->reason), v->reason);
    (void)str_copy(r->detail, sizeof(r->detail), v->detail);
    r->score = t->score;
    r->qty = t->size.qty;
    r->quote = t->quote;
    r->multiplier = t->multiplier;
    r->expectancy = v->expectancy;
    r->momentum = v->momentum;
    r->is_displacement_asked = t->is_displacement_asked;
    r->displacement = t->displacement;
}

/* ---- an accepted entry --------------------------------------------------------------------- */

static struct close_first
close_first_of(const struct desk *d, const struct draft *t)
{
    const struct planned_position *p = planned_of(d->plan, t->skip);
    ASSERT(p != NULL); /* only reported positions are turned around or displaced */
    struct exit_view view = held_exit_view(d->cfg, d->seen, p->held);
    struct close_first f = {.is_needed = true,
                            .side = p->side,
                            .qty = p->held->at_broker.qty < 0 ? -p->held->at_broker.qty
                                                              : p->held->at_broker.qty,
                            .is_already_planned = p->verdict.action == EXIT_CLOSE,
                            .is_flip = t->flip != NULL,
                            .displacement = t->displacement};

    (void)str_copy(f.symbol, sizeof(f.symbol), p->symbol);
    bool is_measured = exit_measure(&view, &f.m);
    struct close_facts facts = {.decay = NUMBER_NONE};
    if (f.is_flip) {
        facts.position_flip = true;
    } else {
        facts.displaced_by = t->candidate->symbol;
        facts.decay = is_measured ? f.m.decay : NUMBER_NONE;
        facts.flow_reversal = is_measured && f.m.is_reversal;
    }
    close_reason(&facts, f.reason);
    return f;
}

/* What the next candidates must know of this one. */
static void
book_entry(struct desk *d, const struct planned_entry *e)
{
    usd notional = usd_notional(e->ref, e->qty);
    struct holding one = {
        .qty = e->side == SIDE_BUY ? e->qty : -e->qty, .market_value = notional, .cost = notional};

    if (e->close_first.is_needed) holdings_leave(&d->book, e->close_first.symbol);
    for (size_t i = 0; i < d->plan->positions_len; i++) {
        if (str_eq(d->displaceable[i].symbol, e->close_first.symbol))
            d->displaceable[i].is_out = true;
    }
    (void)str_copy(one.symbol, sizeof(one.symbol), e->symbol);
    holdings_add(&d->book, &one);
    double required = usd_to_double(notional) * (e->side == SIDE_BUY ? 1 : SHORT_MARGIN);
    d->buying_power = usd_sub(d->buying_power, (usd){llround(required * 1e4)});
    d->plan->exploration_used += e->expectancy.uses_exploration ? 1 : 0;
}

static void
accept(struct desk *d, const struct draft *t, const struct gate_verdict *v)
{
    struct planned_entry *e = &d->plan->entry[d->plan->entries_len++];
    const struct candidate *c = t->candidate;

    *e = (struct planned_entry){
        .direction = c->direction,
        .side = t->side,
        .qty = t->size.qty,
        .ref = c->last.price,
        .price = t->price,
        .quote = t->quote,
        .composite_score = c->composite_score,
        .multiplier = t->multiplier,
        .score = t->score,
        .size = t->size,
        .expectancy = v->expectancy,
        .momentum = v->momentum,
        .toxicity = c->toxicity,
    };
    (void)str_copy(e->symbol, sizeof(e->symbol), c->symbol);
    e->targets_len = exit_targets_of(d->cfg, e->target);
    if (t->skip != NULL) e->close_first = close_first_of(d, t);
    book_entry(d, e);
}

void
desk_judge(struct desk *d, const struct candidate *c)
{
    if (refuse_outright(d, c)) return;
    struct draft t = draft_of(d, c);
    struct entry_view view = view_of(d, &t);
    struct gate_verdict v = entry_gates(&view);
    if (v.is_blocked)
        refuse_by_gate(d, &t, &v);
    else
        accept(d, &t, &v);
}
