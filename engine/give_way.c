#include <math.h>

#include "engine/context.h"
#include "engine/engine.h"

/*
 * A position gives way to a candidate: it is displaced (spec 10 section 7), or it is the opposite
 * one in the same symbol (R5.29).  It is closed first; the candidate is decided anew in the cycle
 * after the broker has said that it is gone.
 */

/* The order that closes what must go. */
static void
close_intent(struct engine *eng, const struct snapshot *seen, const struct close_first *first,
             struct intent *in)
{
    const struct position_meta *meta = metadata_find(&eng->memory.metadata, first->symbol);
    struct exit_context c = {
        .entered_ns = WHEN_NONE, .held_qty = first->qty, .target = -1, .decay = first->m.decay};

    for (size_t i = 0; i < seen->held_len; i++)
        if (str_eq(seen->held[i].at_broker.symbol, first->symbol))
            c.held_cost = seen->held[i].at_broker.cost;
    if (meta != NULL) {
        c.entry_score = meta->record.entry_score;
        c.entered_ns = meta->record.entered_ns;
    }
    (void)str_copy(c.label, sizeof(c.label), first->is_flip ? "position_flip" : "displaced");
    *in = (struct intent){.purpose = PURPOSE_EXIT};
    (void)str_copy(in->order.symbol, SYMBOL_MAX, first->symbol);
    in->order.side = first->side;
    in->order.type = ORDER_MARKET;
    in->order.qty = first->qty;
    in->order.reduces = true;
    (void)str_copy(in->reason, sizeof(in->reason), first->reason);
    exit_context_write(&c, in->context, sizeof(in->context));
}

static void
say_gave_way(struct engine *eng, const struct planned_entry *p)
{
    const struct close_first *first = &p->close_first;

    log_event(&eng->seams.log, first->is_flip ? EV_FLIP : EV_CLOSE_FIRST, F_SYMBOL(first->symbol),
              F_STR("for_symbol", p->symbol), F_STR("reason", first->reason),
              F_STR("displaced_symbol", first->symbol),
              F_F64("displaced_pnl_pct", first->m.pnl_pct),
              F_F64("displaced_age_hours", first->m.age_min / 60), F_STR("new_symbol", p->symbol),
              F_F64("new_signal_score", p->score),
              F_F64("score_advantage",
                    first->is_flip ? (double)NAN : first->displacement.score_advantage));
}

/* R5.38 steps 1 and 2: the close was refused, so there is no entry. */
static void
say_did_not_give_way(struct engine *eng, const struct snapshot *seen, const struct planned_entry *p)
{
    const struct close_first *first = &p->close_first;
    struct refusal r = {.stage = REFUSED_SYMBOL,
                        .entry_gate = GATES_LEN,
                        .gate = first->is_flip ? "flip" : "displacement",
                        .number = (double)NAN,
                        .threshold = (double)NAN,
                        .direction = p->direction,
                        .composite_score = p->composite_score,
                        .score = p->score,
                        .qty = p->qty,
                        .price = p->ref};

    (void)str_copy(r.symbol, sizeof(r.symbol), p->symbol);
    (void)str_copy(r.reason, sizeof(r.reason),
                   first->is_flip ? "flip_close_failed" : "displacement_failed");
    log_event(&eng->seams.log, first->is_flip ? EV_FLIP_CLOSE_FAILED : EV_DISPLACEMENT_FAILED,
              F_SYMBOL(p->symbol), F_STR("gate_type", r.gate), F_STR("signal_type", "UNKNOWN"),
              F_F64("score", p->score), F_STR("gate_reason", r.reason),
              F_STR("position", first->symbol));
    (void)engine_write_blocked(eng, seen, &r); /* a lost line is said on standard error */
}

/* Remembers for whom it was, to say so if the broker refuses the entry (R7.7). */
static void
expect_replacement(struct engine *eng, const struct planned_entry *p, int64_t now_ns)
{
    struct replacement *r = &eng->replacement[eng->replacements % REPLACEMENTS_MAX];

    eng->replacements++;
    *r = (struct replacement){.until_ns = now_ns + REPLACEMENT_NS};
    (void)str_copy(r->symbol, sizeof(r->symbol), p->symbol);
    (void)str_copy(r->displaced, sizeof(r->displaced), p->close_first.symbol);
}

void
engine_make_way(struct engine *eng, const struct snapshot *seen, const struct planned_entry *p)
{
    const struct close_first *first = &p->close_first;
    struct intent in;

    if (first->is_already_planned) return;
    close_intent(eng, seen, first, &in);
    enum rc rc = engine_send_exit(eng, &in);
    if (rc == RC_BUSY) return; /* an order of ours in it is on its way: next cycle */
    if (rc != RC_OK && rc != RC_UNKNOWN) {
        say_did_not_give_way(eng, seen, p);
        return;
    }
    say_gave_way(eng, p);
    if (first->is_flip) return;
    memory_times(&eng->memory, first->symbol)->displaced_ns = seen->now_ns;
    memory_flush_one(&eng->memory, MEMORY_DISPLACEMENTS, &eng->seams.fs, &eng->seams.store,
                     &eng->seams.log, seen->now_ns);
    expect_replacement(eng, p, seen->now_ns);
}

void
engine_replacement_over(struct engine *eng, const struct intent *entry, bool is_refused)
{
    for (size_t i = 0; i < REPLACEMENTS_MAX; i++) {
        struct replacement *r = &eng->replacement[i];

        if (!str_eq(r->symbol, entry->order.symbol)) continue;
        if (is_refused && clock_now(&eng->seams.clock) <= r->until_ns)
            log_event(&eng->seams.log, EV_REPLACEMENT_FAILED, F_SYMBOL(r->symbol),
                      F_STR("displaced_symbol", r->displaced),
                      F_STR("client_order_id", entry->order.client_id),
                      F_STR("error", entry->note));
        *r = (struct replacement){0};
    }
}
