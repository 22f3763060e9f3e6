#include "strategy/decide.h"

#include <math.h>

#include "strategy/decide_parts.h"
#include "strategy/number.h"

/* ---- the account and the rung -------------------------------------------------------------- */

static void
judge_account(const struct strategy_config *cfg, const struct snapshot *seen, struct plan *plan)
{
    const usd *equity = seen->is_account_known ? &seen->account.equity : NULL;

    plan->limits = risk_limits_of(seen->arm.mode, cfg->starting_equity);
    plan->marks = seen->marks;
    /* Under a clock in doubt the date is in doubt too: no mark moves, or a day's loss would be
     * forgotten. */
    if (equity != NULL && equity->e4 > 0 && seen->is_clock_trusted)
        plan->marks = risk_marks_after(&seen->marks, *equity, seen->ny_date, seen->is_market_open,
                                       seen->now_ns);
    plan->risk = risk_check(&plan->limits, &plan->marks, equity, seen->ny_date);
}

static void
judge_freezes(const struct snapshot *seen, struct arena *a, struct plan *plan)
{
    const struct freezes *list = &seen->freezes;

    plan->freeze = freezes_first_in_force(list, seen->ny_date);
    plan->run_out = ARENA_NEW(a, const struct freeze *, list->len);
    for (size_t i = 0; i < list->len && seen->is_clock_trusted; i++) {
        if (freeze_has_run_out(&list->freeze[i], seen->ny_date))
            plan->run_out[plan->run_out_len++] = &list->freeze[i];
    }
}

static void
judge_rung(const struct snapshot *seen, struct plan *plan)
{
    const struct account *account = &seen->account;
    const bool holds[HALTS_LEN] = {
        [HALT_FENCED] = seen->is_fenced,
        [HALT_LEDGER_UNUSABLE] = !seen->is_ledger_usable,
        [HALT_BROKER_UNREACHABLE] = !seen->are_positions_known,
        [HALT_OPERATOR_ALL] = seen->control == CONTROL_ALL,
        [HALT_OPERATOR_FLAT] = seen->control == CONTROL_FLAT,
        [HALT_OPERATOR_EXITS_ONLY] = seen->control == CONTROL_EXITS_ONLY,
        [HALT_FREEZES_UNREADABLE] = !seen->freezes.is_known,
        [HALT_FROZEN] = plan->freeze != NULL,
        [HALT_RISK_LIMIT] = plan->risk.breach != RISK_NONE && plan->risk.breach != RISK_UNKNOWN,
        [HALT_PERFORMANCE] = seen->performance.is_frozen,
        [HALT_ACCOUNT_UNKNOWN] = plan->risk.breach == RISK_UNKNOWN,
        [HALT_ACCOUNT_BLOCKED] = seen->is_account_known && account->is_blocked,
        [HALT_NOT_ARMED] = seen->arm.state != ARMED,
        [HALT_NOT_RECONCILED] = !seen->is_reconciled,
        [HALT_SELF_TEST_FAILED] = !seen->is_self_test_ok,
        [HALT_ENTRIES_QUARANTINED] = seen->is_entries_quarantined,
        [HALT_CLOCK_MOVED] = !seen->is_clock_trusted,
    };
    plan->is_market_open = seen->is_market_open;
    plan->ladder = ladder_of(holds);
    plan->may_enter = seen->is_market_open && plan->ladder.rung == RUNG_NORMAL;
    plan->may_exit = seen->is_market_open && plan->ladder.rung <= RUNG_EXITS_ONLY;
}

/* ---- positions ----------------------------------------------------------------------------- */

struct exit_view
held_exit_view(const struct strategy_config *cfg, const struct snapshot *seen, const struct held *h)
{
    return (struct exit_view){
        .held = &h->at_broker,
        .record = &h->record,
        .last = h->last,
        .current_score = h->exit_score,
        .current_direction = h->sentiment,
        .exit_regime = exit_regime_name(seen->structural_regime),
        .now_ns = seen->now_ns,
        .is_clock_trusted = seen->is_clock_trusted,
        .cfg = cfg,
    };
}

/* Why this position is not to be judged now. */
static enum exit_not
why_not_judged(const struct snapshot *seen, const struct held *h)
{
    if (h->is_quarantined) return EXIT_QUARANTINED;
    if (!seen->is_market_open) return EXIT_MARKET_CLOSED;
    return h->has_pending_close ? EXIT_CLOSE_PENDING : EXIT_EVALUATED;
}

static struct exit_verdict
judge_position(const struct strategy_config *cfg, const struct snapshot *seen, const struct held *h)
{
    enum exit_not why_not = why_not_judged(seen, h);
    bool is_flat = seen->control == CONTROL_FLAT;

    /* What ended the process was the judging, and of a position that must go there is none. */
    if (is_flat && (why_not == EXIT_EVALUATED || why_not == EXIT_QUARANTINED)) {
        struct exit_view view = held_exit_view(cfg, seen, h);
        return exit_flatten(&view, why_not == EXIT_EVALUATED);
    }
    if (why_not == EXIT_EVALUATED) {
        struct exit_view view = held_exit_view(cfg, seen, h);
        return exit_decide(&view);
    }
    return (struct exit_verdict){.action = EXIT_NOT_EVALUATED,
                                 .why_not = why_not,
                                 .rule = EXIT_RULES_LEN,
                                 .label = "",
                                 .high_water = h->record.high_water,
                                 .low_water = h->record.low_water,
                                 .profit_acceleration = h->record.profit_acceleration};
}

static void
judge_positions(const struct strategy_config *cfg, const struct snapshot *seen, struct arena *a,
                struct plan *plan)
{
    if (!seen->are_positions_known) return;
    plan->position = ARENA_NEW(a, struct planned_position, seen->held_len);
    for (size_t i = 0; i < seen->held_len; i++) {
        const struct held *h = &seen->held[i];
        struct planned_position *p = &plan->position[plan->positions_len++];
        (void)str_copy(p->symbol, sizeof(p->symbol), h->at_broker.symbol);
        p->held = h;
        p->side = h->at_broker.qty < 0 ? SIDE_BUY : SIDE_SELL;
        p->verdict = judge_position(cfg, seen, h);
    }
}

/* ---- candidates ---------------------------------------------------------------------------- */

/* Descending composite score, a score that is no number last; ties by symbol. */
static bool
comes_before(const struct candidate *a, const struct candidate *b)
{
    double x = isnan(a->composite_score) ? -HUGE_VAL : a->composite_score;
    double y = isnan(b->composite_score) ? -HUGE_VAL : b->composite_score;

    if (x > y) return true;
    return !(x < y) && strcmp(a->symbol, b->symbol) < 0;
}

/* Merges the sorted halves of from into to. */
static void
merge(const struct candidate **from, size_t middle, size_t len, const struct candidate **to)
{
    for (size_t left = 0, right = middle, i = 0; i < len; i++) {
        bool take_right = left == middle || (right < len && comes_before(from[right], from[left]));
        to[i] = from[take_right ? right++ : left++];
    }
}

/* Merge sort, from the bottom up: the C library's qsort may allocate. */
static const struct candidate **
in_order(const struct snapshot *seen, struct arena *a)
{
    size_t len = seen->candidates_len;
    const struct candidate **from = ARENA_NEW(a, const struct candidate *, len);
    const struct candidate **to = ARENA_NEW(a, const struct candidate *, len);

    for (size_t i = 0; i < len; i++)
        from[i] = &seen->candidate[i];
    for (size_t run = 1; run < len; run *= 2) {
        for (size_t at = 0; at < len; at += 2 * run) {
            size_t rest = len - at;
            merge(from + at, MIN(run, rest), MIN(2 * run, rest), to + at);
        }
        const struct candidate **sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

static void
judge_candidates(const struct strategy_config *cfg, const struct snapshot *seen, struct arena *a,
                 struct plan *plan)
{
    const struct candidate **order = in_order(seen, a);
    struct desk desk = desk_open(cfg, seen, a, plan);

    plan->entry = ARENA_NEW(a, struct planned_entry, ENTRIES_PER_CYCLE_MAX);
    plan->refusal = ARENA_NEW(a, struct refusal, seen->candidates_len);
    for (size_t i = 0; i < seen->candidates_len; i++)
        desk_judge(&desk, order[i]);
    ASSERT(plan->entries_len + plan->refusals_len == seen->candidates_len);
}

void
decide(const struct strategy_config *cfg, const struct snapshot *seen, struct arena *a,
       struct plan *ret_plan)
{
    *ret_plan = (struct plan){.exploration_used = seen->exploration_used};
    judge_account(cfg, seen, ret_plan);
    judge_freezes(seen, a, ret_plan);
    judge_rung(seen, ret_plan);
    judge_positions(cfg, seen, a, ret_plan);
    judge_candidates(cfg, seen, a, ret_plan);
}
