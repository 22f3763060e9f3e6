#include <math.h>
#include <stdarg.h>

#include "exitlogic/exit_json.h"
#include "intel/composite_v2_json.h"
#include "intel/regime.h"
#include "scripts/show/explain.h"

enum { CELL_MAX = 64 };

/* One line: a name, v1's cell, v2's. */
struct side_by_side {
    const char *name;
    char v1[CELL_MAX], v2[CELL_MAX];
};

static void
print_line(const struct side_by_side *s)
{
    (void)printf("  %-12s %-32s %s\n", s->name, s->v1, s->v2);
}

static struct side_by_side
line(const char *name)
{
    return (struct side_by_side){.name = name, .v1 = "-", .v2 = "-"};
}

/* What does not fit is cut: it is only shown. */
static void PRINTF_LIKE(2, 3) put(char cell[CELL_MAX], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(cell, CELL_MAX, fmt, args);
    va_end(args);
}

static void
put_pct(char cell[CELL_MAX], double x, const char *what)
{
    if (isfinite(x)) put(cell, "%+.2f %%%s", x, what);
}

/* ---- scores and gates ---------------------------------------------------------------------- */

static void
put_gate(char cell[CELL_MAX], const struct composite_gate_result *g)
{
    if (g->gate == COMPOSITE_GATE_PASS)
        put(cell, "passes");
    else
        put(cell, "%s %.2f/%.2f", composite_gate_name(g->gate), g->number, g->threshold);
}

static void
print_scores(const struct explain *x)
{
    struct side_by_side score = line("score"), gate = line("gate");

    if (!x->is_in_cache) return;
    struct composite_gate_result v1 =
        composite_gate_score(&x->composite, x->v1_score, x->threshold);
    put(score.v1, "%.3f of %.2f %s", x->v1_score, x->threshold,
        sentiment_direction(x->composite.sentiment));
    put(score.v2, "%.3f of %.2f", x->v2.v2.score, x->v2.threshold);
    put_gate(gate.v1, &v1);
    put_gate(gate.v2, &x->v2.gate);
    print_line(&score);
    print_line(&gate);
}

static void
print_decision(const struct look *l, const struct explain *x)
{
    const struct shadow_decision *d = shadow_look_decision(&x->shadow, x->symbol);
    struct side_by_side s = line("decided");
    char time[ISO_TEXT_MAX];

    if (d == NULL) return;
    (void)view_ny_time(l->ny, d->at_ns, time);
    put(s.v1, "%s %s, %.3f", time, d->is_v1_pass ? "passed" : "refused", d->v1_score);
    put(s.v2, "%s %s, %.3f", time, d->is_v2_pass ? "passed" : "refused", d->v2_score);
    print_line(&s);
}

/* ---- positions ----------------------------------------------------------------------------- */

static void
put_v1_position(const struct explain *x, struct side_by_side lines[5])
{
    const struct exit_measures *m = &x->verdict.m;
    char entry[VIEW_USD_MAX];

    put(lines[0].v1, "%s %lld at %s", x->at_ledger.qty > 0 ? "long" : "short",
        (long long)llabs(x->at_ledger.qty),
        view_usd(usd_div_qty(x->at_ledger.cost, llabs(x->at_ledger.qty)), false, entry));
    if (!x->has_price || !x->has_record) return;
    put_pct(lines[1].v1, m->pnl_pct, "");
    put_pct(lines[2].v1, explain_to_target_pct(x), " away");
    put_pct(lines[3].v1, explain_to_stop_pct(x), " away");
    put(lines[4].v1, "%s",
        x->verdict.action == EXIT_HOLD || x->verdict.action == EXIT_NOT_EVALUATED
            ? "hold"
            : x->verdict.reason);
}

static void
put_v2_position(const struct explain *x, struct side_by_side lines[5])
{
    const struct shadow_state *st = &x->held_v2;
    const struct shadow_position *p = st->position;
    const struct v2_exit_verdict *v = &st->verdict;

    put(lines[0].v2, "%s %.3f at %.2f", p->side, p->qty, p->entry_price);
    if (isfinite(st->pnl.usd))
        put(lines[1].v2, "%+.2f %% (%+.2f USD)", 100 * st->pnl.fraction, st->pnl.usd);
    put_pct(lines[2].v2, st->to_target_pct, " away");
    put_pct(lines[3].v2, st->to_stop_pct, " away");
    put(lines[4].v2, "%s, exit score %.2f/%.2f",
        v->is_exit ? v2_exit_reason_name(v->reason) : "hold", v->score.score, V2_SCORE_EXIT);
}

static void
print_positions(const struct explain *x)
{
    static const char *const names[] = {"position", "P&L", "target", "stop", "exits say"};
    struct side_by_side lines[COUNT_OF(names)];

    for (size_t i = 0; i < COUNT_OF(names); i++)
        lines[i] = line(names[i]);
    (void)str_copy(lines[0].v1, CELL_MAX, "none");
    (void)str_copy(lines[0].v2, CELL_MAX, "none");
    if (x->is_held) put_v1_position(x, lines);
    if (x->is_held_v2) put_v2_position(x, lines);
    for (size_t i = 0; i < (x->is_held || x->is_held_v2 ? COUNT_OF(names) : 1); i++)
        print_line(&lines[i]);
}

/* ---- what v2 is made of -------------------------------------------------------------------- */

static void
print_term(const char *name, double x)
{
    if (fabs(x) > 0) (void)printf("    %-24s %+7.3f\n", name, x);
}

static void
print_terms(const struct explain *x)
{
    const struct composite_v2 *v = &x->v2.v2;
    const struct composite_v2_terms *t = &v->terms;
    const struct composite_v2_uw *u = &v->uw;

    (void)printf("  v2 %.3f from v1's %.3f and\n", v->score, x->v1_score);
    print_term("volatility", t->vol_bonus);
    print_term("low volatility", t->low_vol_penalty);
    print_term("beta", t->beta_bonus);
    print_term("conviction of the flow", t->uw_bonus);
    print_term("futures before the open", t->premarket_bonus);
    print_term("with the posture", t->regime_align_bonus);
    print_term("against the posture", t->regime_misalign_penalty);
    print_term("shaping", t->shaping);
    if (v->has_record) {
        print_term("UW flow strength", u->flow_strength);
        print_term("UW dark pool", u->dark_pool_bias);
        print_term("UW sentiment", u->sentiment);
        print_term("UW earnings", u->earnings_proximity);
        print_term("UW sector", u->sector_alignment);
        print_term("UW regime", u->regime_alignment);
    }
    (void)printf("    by volatility %.3f (market %s), beta %.3f,\n    posture %s, regime %s, "
                 "sector %s%s\n",
                 x->v2.v2_case.realised_vol_20d, x->v2.world.volatility, x->v2.v2_case.beta_vs_spy,
                 x->v2.world.posture, x->v2.world.regime_label, sector_name(v->sector),
                 v->has_record ? "" : "; without an intel record");
}

static void
print_exit_score(const struct explain *x)
{
    const struct v2_exit_score *s = &x->held_v2.verdict.score;

    (void)printf("  exit score %.3f\n", s->score);
    for (int i = 0; i < V2_EXIT_COMPONENTS_LEN; i++)
        if (s->component[i] > 0)
            (void)printf("    %-24s %7.3f times %.2f\n", V2_EXIT_COMPONENTS[i].name,
                         s->component[i], V2_EXIT_COMPONENTS[i].weight);
}

void
explain_v2_print(const struct look *l, const struct explain *x)
{
    struct side_by_side head = line("");

    (void)str_copy(head.v1, CELL_MAX, "v1");
    (void)str_copy(head.v2, CELL_MAX, "v2, on paper");
    (void)printf("\nv1 and v2\n");
    print_line(&head);
    print_scores(x);
    print_decision(l, x);
    print_positions(x);
    if (x->is_in_cache) print_terms(x);
    if (x->is_held_v2) print_exit_score(x);
    if (x->shadow.positions_file == SHADOW_FILE_DAMAGED)
        (void)printf("  the positions of v2 cannot be read: %s\n", x->shadow.positions_err.text);
}

/* ---- for programs -------------------------------------------------------------------------- */

void
explain_v2_write(const struct explain *x, struct json_out *o)
{
    json_out_obj(o, "v2");
    json_out_f64(o, "score", x->is_in_cache ? x->v2.v2.score : (double)NAN);
    json_out_f64(o, "base_score_v1", x->is_in_cache ? x->v1_score : (double)NAN);
    if (x->is_in_cache) {
        const struct composite_v2_view view = {&x->v2.world, &x->v2.v2_case, &x->v2.v2};
        json_out_f64(o, "threshold", x->v2.threshold);
        json_out_str(o, "gate", composite_gate_name(x->v2.gate.gate));
        composite_v2_adjustments_write(o, "v2_adjustments", &x->v2.v2.terms);
        composite_v2_inputs_write(o, "v2_inputs", &view);
        if (x->v2.v2.has_record) composite_v2_uw_write_members(o, &view);
    }
    if (x->is_held_v2) {
        shadow_state_write(&x->held_v2, o, "position");
        v2_components_write(o, "exit_components", &x->held_v2.verdict.score);
    } else {
        json_out_null(o, "position");
    }
    json_out_f64(o, "v1_to_target_pct", explain_to_target_pct(x));
    json_out_f64(o, "v1_to_stop_pct", explain_to_stop_pct(x));
    json_out_end(o);
}
