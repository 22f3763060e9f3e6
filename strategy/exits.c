#include "strategy/exits.h"

#include <math.h>

#include "strategy/close_reason.h"
#include "strategy/exit_parts.h"
#include "strategy/number.h"

struct rule_row {
    const char *event; /* event name of the rule                    */
    const char *label; /* primary label of a close by this rule     */
};

static const struct rule_row rules[EXIT_RULES_LEN] = {
    [EXIT_REGIME_PROTECTION] = {"regime_safety_trigger",   "regime_neg_gamma"  },
    [EXIT_URGENCY] = {"adaptive_exit_urgent",    "exit_urgency"      },
    [EXIT_STALE_POSITION] = {"time_exit_stale",         "stale_position"    },
    [EXIT_STALE_ALPHA] = {"stale_alpha_cutoff_exit", "stale_alpha_cutoff"},
    [EXIT_STALE_TRADE] = {"stale_trade_exit",        "stale_trade"       },
    [EXIT_TRAIL_STOP] = {"trail_stop_hit",          "trail_stop"        },
    [EXIT_STOP_LOSS] = {"stop_loss_hit",           "stop_loss"         },
    [EXIT_SIGNAL_DECAY] = {"signal_decay_exit",       "signal_decay"      },
    [EXIT_PROFIT_TARGET] = {"profit_target_hit",       "profit_075"        },
    [EXIT_SCALE_OUT] = {"scale_out",               "scale_out"         },
    [EXIT_OPERATOR_FLAT] = {"operator_flat",           "operator_flat"     },
};

const char *
exit_rule_name(enum exit_rule r)
{
    return r < EXIT_RULES_LEN ? rules[r].event : "";
}

const char *
exit_not_name(enum exit_not n)
{
    static const char *const names[] = {
        [EXIT_EVALUATED] = "",
        [EXIT_NO_PRICE] = "no_price",
        [EXIT_CLOSE_PENDING] = "close_pending",
        [EXIT_FRACTION] = "fractional_holding",
        [EXIT_QUARANTINED] = "quarantined",
        [EXIT_MARKET_CLOSED] = "market_closed",
    };
    return names[n];
}

size_t
exit_targets_of(const struct strategy_config *cfg, struct exit_target ret_target[EXIT_TARGETS_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < cfg->profit_targets.len && len < EXIT_TARGETS_MAX; i++) {
        struct exit_target t = {0};
        if (!str_to_f64(cfg->profit_targets.item[i], &t.gain)) continue;
        if (i >= cfg->scale_out_fractions.len ||
            !str_to_f64(cfg->scale_out_fractions.item[i], &t.part))
            t.part = 0;
        ret_target[len++] = t;
    }
    return len;
}

/* Notes a rule that holds. */
static void
triggered(struct exit_verdict *r, enum exit_rule rule, double number, double threshold)
{
    r->trigger[r->triggers_len++] = (struct exit_trigger){rule, number, threshold};
}

static bool
is_triggered(const struct exit_verdict *r, enum exit_rule rule)
{
    for (size_t i = 0; i < r->triggers_len; i++) {
        if (r->trigger[i].rule == rule) return true;
    }
    return false;
}

/* R6.5: a long that loses in a regime of high volatility and negative gamma. */
static void
ask_regime_protection(const struct exit_view *v, struct exit_verdict *r)
{
    const char *regime = v->record->market_regime;

    if (regime[0] == '\0' || str_eq(regime, "unknown")) regime = v->exit_regime;
    if (str_eq(regime, "high_vol_neg_gamma") && v->held->qty > 0 &&
        r->m.pnl_pct < EXIT_REGIME_LOSS_PCT)
        triggered(r, EXIT_REGIME_PROTECTION, r->m.pnl_pct, EXIT_REGIME_LOSS_PCT);
}

/* R6.6 */
static void
ask_urgency(const struct exit_view *v, struct exit_verdict *r)
{
    exit_urgency(v, &r->m);
    if (r->m.urgency >= EXIT_URGENCY_MIN)
        triggered(r, EXIT_URGENCY, r->m.urgency, EXIT_URGENCY_MIN);
}

/* R6.7: held for days and still near where it began. */
static void
ask_stale_position(const struct exit_view *v, struct exit_verdict *r)
{
    double age_d = r->m.age_min / (24 * 60), days = (double)v->cfg->time_exit_days_stale;

    if (age_d >= days && fabs(r->m.pnl_pct) / 100 < v->cfg->time_exit_stale_pnl)
        triggered(r, EXIT_STALE_POSITION, age_d, days);
}

/* R6.8: held for two hours and not a fifth of a per cent up. */
static void
ask_stale_alpha(const struct exit_view *v, struct exit_verdict *r)
{
    if (r->m.age_min >= (double)v->cfg->stale_trade_min && r->m.pnl_pct < EXIT_STALE_ALPHA_PCT)
        triggered(r, EXIT_STALE_ALPHA, r->m.pnl_pct, EXIT_STALE_ALPHA_PCT);
}

/* The score lies below its part of the entry's; a symbol out of the cache has score 0. */
static bool
is_faded(const struct exit_view *v)
{
    double ent = v->record->entry_score;

    return ent > 0 && v->current_score / ent < EXIT_DECAY_RATIO;
}

/* R6.9: held for two hours without momentum; in a panic, where asked for, only if the signal faded
 * too. */
static void
ask_stale_trade(const struct exit_view *v, struct exit_verdict *r)
{
    double minutes = (double)v->cfg->stale_trade_min;

    if (!(r->m.age_min >= minutes) || fabs(r->m.pnl_pct) / 100 > v->cfg->stale_trade_momentum)
        return;
    if (v->cfg->regime_aware_stale && str_eq(v->exit_regime, "PANIC") && !is_faded(v)) return;
    triggered(r, EXIT_STALE_TRADE, r->m.age_min, minutes);
}

/* R6.10 to R6.13: asked together. */
static void
ask_stops(const struct exit_view *v, const struct water_marks *w, struct exit_verdict *r)
{
    struct exit_measures *m = &r->m;
    bool is_long = v->held->qty > 0;

    exit_trail(v, w, m);
    int beyond = usd_cmp(m->price, m->trail_stop);
    if (!m->trail_is_invalid && (is_long ? beyond <= 0 : beyond >= 0))
        triggered(r, EXIT_TRAIL_STOP, usd_to_double(m->price), usd_to_double(m->trail_stop));
    if (m->pnl_pct / 100 <= EXIT_STOP_LOSS_FRACTION)
        triggered(r, EXIT_STOP_LOSS, m->pnl_pct, 100 * EXIT_STOP_LOSS_FRACTION);
    if (m->score_ratio < EXIT_DECAY_RATIO)
        triggered(r, EXIT_SIGNAL_DECAY, m->score_ratio, EXIT_DECAY_RATIO);
    if (m->pnl_pct / 100 >= EXIT_PROFIT_FRACTION)
        triggered(r, EXIT_PROFIT_TARGET, m->pnl_pct, 100 * EXIT_PROFIT_FRACTION);
}

/* The rule that names the close: the first asked, or of the stops the gravest (R6.14). */
static enum exit_rule
primary_rule(const struct exit_verdict *r)
{
    static const enum exit_rule grave[] = {EXIT_STOP_LOSS, EXIT_SIGNAL_DECAY, EXIT_PROFIT_TARGET,
                                           EXIT_TRAIL_STOP};

    for (size_t i = 0; i < COUNT_OF(grave); i++) {
        if (is_triggered(r, grave[i])) return grave[i];
    }
    return r->triggers_len > 0 ? r->trigger[0].rule : EXIT_RULES_LEN;
}

static struct close_facts
facts_of(const struct exit_verdict *r)
{
    const struct exit_measures *m = &r->m;

    return (struct close_facts){
        .trigger = r->rule == EXIT_STOP_LOSS       ? TRIGGER_STOP_LOSS
                   : r->rule == EXIT_PROFIT_TARGET ? TRIGGER_PROFIT_TARGET
                   : r->rule == EXIT_URGENCY       ? TRIGGER_EXIT_URGENCY
                                                   : TRIGGER_OTHER,
        .pnl_pct = m->pnl_pct,
        .urgency = m->urgency,
        .age_min = m->age_min,
        .trail_stop = is_triggered(r, EXIT_TRAIL_STOP),
        .decay = m->decay,
        .flow_reversal = m->is_reversal,
        .drawdown = r->rule != EXIT_REGIME_PROTECTION && m->drawdown_pct > EXIT_DRAWDOWN_PCT,
        .drawdown_pct = m->drawdown_pct,
        .regime = r->rule == EXIT_REGIME_PROTECTION ? "neg_gamma" : NULL,
        .stale_position = r->rule == EXIT_STALE_POSITION,
        .stale_alpha = r->rule == EXIT_STALE_ALPHA,
        .stale_trade = r->rule == EXIT_STALE_TRADE,
        .primary = r->label,
    };
}

static void
close_all(const struct exit_view *v, struct exit_verdict *r)
{
    r->action = EXIT_CLOSE;
    r->rule = primary_rule(r);
    r->label = r->rule == EXIT_URGENCY ? r->m.urgency_reason : rules[r->rule].label;
    r->qty = v->held->qty < 0 ? -v->held->qty : v->held->qty;
    struct close_facts facts = facts_of(r);
    close_reason(&facts, r->reason);
}

/* R6.15: the first target that was reached and not yet taken; at least one share stays. */
static void
scale_out(const struct exit_view *v, struct exit_verdict *r)
{
    int64_t held = v->held->qty < 0 ? -v->held->qty : v->held->qty;
    usd gained =
        v->held->qty > 0 ? usd_sub(r->m.price, r->m.entry) : usd_sub(r->m.entry, r->m.price);
    double gain = (double)gained.e4 / (double)r->m.entry.e4;

    if (held < 2) return;
    for (size_t i = 0; i < v->record->targets_len; i++) {
        const struct exit_target *t = &v->record->target[i];
        if (t->is_hit || !(t->part > 0) || !(gain >= t->gain)) continue;
        triggered(r, EXIT_SCALE_OUT, gain, t->gain);
        r->action = EXIT_CLOSE_PART;
        r->rule = EXIT_SCALE_OUT;
        r->label = rules[EXIT_SCALE_OUT].label;
        r->target = i;
        r->qty = (int64_t)number_clamp(floor((double)held * t->part), 1, (double)(held - 1));
        struct close_facts facts = {.decay = NUMBER_NONE, .scale_out_fraction = t->gain};
        close_reason(&facts, r->reason);
        return;
    }
}

static struct exit_verdict
nothing_decided(const struct exit_view *v)
{
    return (struct exit_verdict){.rule = EXIT_RULES_LEN,
                                 .label = "",
                                 .high_water = v->record->high_water,
                                 .low_water = v->record->low_water,
                                 .profit_acceleration = v->record->profit_acceleration};
}

struct exit_verdict
exit_flatten(const struct exit_view *v, bool is_measured)
{
    struct exit_verdict r = nothing_decided(v);

    if (v->held->has_fraction) {
        r.action = EXIT_NOT_EVALUATED;
        r.why_not = EXIT_FRACTION;
        return r;
    }
    if (!is_measured || !exit_measure(v, &r.m))
        r.m = (struct exit_measures){.pnl_pct = NUMBER_NONE,
                                     .age_min = NUMBER_NONE,
                                     .high_water_pct = NUMBER_NONE,
                                     .drawdown_pct = NUMBER_NONE,
                                     .score_ratio = NUMBER_NONE,
                                     .decay = NUMBER_NONE,
                                     .urgency_reason = ""};
    r.action = EXIT_CLOSE;
    r.rule = EXIT_OPERATOR_FLAT;
    r.label = rules[EXIT_OPERATOR_FLAT].label;
    r.trigger[r.triggers_len++] =
        (struct exit_trigger){EXIT_OPERATOR_FLAT, NUMBER_NONE, NUMBER_NONE};
    r.qty = v->held->qty < 0 ? -v->held->qty : v->held->qty;
    struct close_facts facts = {.decay = NUMBER_NONE, .primary = r.label};
    close_reason(&facts, r.reason);
    return r;
}

struct exit_verdict
exit_decide(const struct exit_view *v)
{
    static void (*const early[])(const struct exit_view *, struct exit_verdict *) = {
        ask_regime_protection, ask_urgency, ask_stale_position, ask_stale_alpha, ask_stale_trade,
    };
    struct exit_verdict r = nothing_decided(v);

    if (v->held->has_fraction || !exit_measure(v, &r.m)) {
        r.action = EXIT_NOT_EVALUATED;
        r.why_not = v->held->has_fraction ? EXIT_FRACTION : EXIT_NO_PRICE;
        return r;
    }
    struct water_marks w = exit_water_marks(v->record, r.m.price);
    r.high_water = w.high;
    r.low_water = w.low;

    for (size_t i = 0; i < COUNT_OF(early) && r.triggers_len == 0; i++)
        early[i](v, &r);
    if (r.triggers_len == 0) {
        r.is_acceleration_new = exit_is_accelerated(&r.m) && !r.profit_acceleration;
        r.profit_acceleration = r.profit_acceleration || r.is_acceleration_new;
        ask_stops(v, &w, &r);
    }
    if (r.triggers_len > 0)
        close_all(v, &r);
    else
        scale_out(v, &r);
    return r;
}
