/*
 * decide: the heart of the engine.  A snapshot in, a plan out.
 *
 * No I/O, no clock, no logging; it cannot fail.  Nothing here knows how an order is sent.
 *
 *   decide.c        the order of a decision: rung, exits, entries
 *   decide_entry.c  one candidate: score, size, price, gates, entry or refusal
 *   decide_parts.h  what these two share
 *   decide_calc.c   entry-gates-v1 and size-v1 of `stockbot calc`
 *   exit_calc.c     exit-v1 and displacement-v1 of `stockbot calc`
 *   calc_input.c    what those read alike
 *
 * What holds for every plan:
 *   - each candidate is in entries or in refusals, exactly once;
 *   - at most ENTRIES_PER_CYCLE_MAX entries, and none below the rung "normal";
 *   - positions are judged the same whether entries are frozen or not;
 *   - the same snapshot gives the same plan.
 */
#ifndef STRATEGY_DECIDE_H
#define STRATEGY_DECIDE_H

#include "strategy/snapshot.h"

/* The plan borrows from the snapshot and from the arena. */
void decide(const struct strategy_config *cfg, const struct snapshot *seen, struct arena *a,
            struct plan *ret_plan);

/* ---- `stockbot calc` (ARCHITECTURE 9): one JSON object in, one out ------------------------- */

enum rc entry_gates_calc(const struct json *in, struct json_out *out, struct err *err) MUST_USE;
enum rc size_calc(const struct json *in, struct json_out *out, struct err *err) MUST_USE;
enum rc exit_calc(const struct json *in, struct json_out *out, struct err *err) MUST_USE;
enum rc displacement_calc(const struct json *in, struct json_out *out, struct err *err) MUST_USE;

/* The keys each reads, for `stockbot calc --describe`. */
extern const char ENTRY_GATES_CALC_HELP[], SIZE_CALC_HELP[], EXIT_CALC_HELP[],
    DISPLACEMENT_CALC_HELP[];

#endif
