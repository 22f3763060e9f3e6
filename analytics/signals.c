#include "analytics/artifacts.h"
#include "analytics/number.h"
#include "analytics/stats.h"
#include "analytics/sums.h"

/* Advice never moves a weight further than this, and reaches it at so many dollars a trade. */
#define DELTA_CAP       0.25
#define EXPECTANCY_FULL 50.0
enum { TRADES_HIGH = 30, TRADES_MEDIUM = 10, RATIONALE_DECIMALS = 4 };

struct pnl_sum {
    struct sum pnl;
    int64_t wins;
};

/* A signal is a family that was active when the shadow trade was opened. */
struct signal {
    struct pnl_sum all, side[2]; /* long, short */
    struct word_sums regime;
    double share; /* of the P&L of its trades, split evenly among their signals */
};

struct signals {
    struct signal item[FAMILIES];
    double total;
};

static void
pnl_add(struct pnl_sum *s, double pnl)
{
    sum_add(&s->pnl, pnl);
    if (pnl > 0) s->wins++;
}

static void
add_trade(const struct day_view *day, const struct trade *t, struct signals *s)
{
    family_set set = t->entry_families != 0 ? t->entry_families : (family_set)(1U << FAM_UNKNOWN);
    double pnl = known_or_0(t->pnl_usd), share = pnl / __builtin_popcount(set);
    bool is_short = word_is_low(day->words, t->side, "short");

    s->total += pnl;
    for (int f = 0; f < FAMILIES; f++) {
        if (!family_in(set, (enum family)f)) continue;
        pnl_add(&s->item[f].all, pnl);
        pnl_add(&s->item[f].side[is_short ? 1 : 0], pnl);
        if (t->signal_regime != 0) word_sums_add(&s->item[f].regime, t->signal_regime, pnl);
        s->item[f].share += share;
    }
}

static void
signals_of(const struct day_view *day, struct signals *ret)
{
    *ret = (struct signals){0};
    for (size_t i = 0; i < day->trades; i++)
        add_trade(day, &day->trade[i], ret);
}

static void
signals_done(struct signals *s)
{
    for (int f = 0; f < FAMILIES; f++)
        word_sums_done(&s->item[f].regime);
}

/* ---- 3.13 ---------------------------------------------------------------------------------- */

static void
write_side(struct doc *out, const char *name, const struct pnl_sum *s)
{
    doc_obj(out, name);
    doc_num(out, "expectancy_usd", sum_mean(s->pnl));
    doc_int(out, "trade_count", s->pnl.count);
    doc_num(out, "win_rate", rate(s->wins, s->pnl.count));
    doc_end(out);
}

static void
write_regimes(const struct day_view *day, struct doc *out, const struct word_sums *r)
{
    uint32_t *sorted = tally_sorted(&r->seen, day->words);

    doc_arr(out, "regime_breakdown");
    for (uint32_t i = 0; i < r->seen.len; i++) {
        uint32_t k = sorted[i];

        doc_obj(out, NULL);
        doc_num(out, "expectancy_usd", r->sum[k] / (double)r->seen.count[k]);
        doc_span(out, "regime", words_text(day->words, (word)r->seen.key[k]));
        doc_int(out, "trade_count", r->seen.count[k]);
        doc_end(out);
    }
    doc_end(out);
    free(sorted);
}

static void
write_signal(const struct day_view *day, struct doc *out, const char *name, const struct signal *s,
             double total)
{
    double mean = sum_mean(s->all.pnl);
    bool has_total = total < 0 || total > 0;

    doc_obj(out, NULL);
    doc_num(out, "avg_pnl_usd", mean);
    doc_num(out, "contribution_to_total_pnl", has_total ? s->share / total : 0.0);
    doc_num(out, "expectancy_usd", mean);
    doc_obj(out, "long_short_breakdown");
    write_side(out, "long", &s->side[0]);
    write_side(out, "short", &s->side[1]);
    doc_end(out);
    doc_str(out, "name", name);
    write_regimes(day, out, &s->regime);
    doc_int(out, "trade_count", s->all.pnl.count);
    doc_num(out, "win_rate", rate(s->all.wins, s->all.pnl.count));
    doc_end(out);
}

void
artifact_signal_performance(const struct day_view *day, struct doc *out, const char *key)
{
    struct signals s;

    signals_of(day, &s);
    doc_obj(out, key);
    doc_instant(out, "as_of_ts", day->options.as_of_us);
    doc_arr(out, "signals");
    for (int i = 0; i < FAMILIES; i++) {
        enum family f = family_sorted[i];

        if (s.item[f].all.pnl.count > 0)
            write_signal(day, out, family_name[f], &s.item[f], s.total);
    }
    doc_end(out);
    doc_end(out);
    signals_done(&s);
}

/* ---- 3.14 ---------------------------------------------------------------------------------- */

struct advice {
    enum family signal;
    int64_t trades;
    double expectancy, delta;
};

static double
suggested_delta(double expectancy_usd)
{
    double base = DELTA_CAP * fmin(1.0, fabs(expectancy_usd) / EXPECTANCY_FULL);

    if (expectancy_usd > 0) return base;
    return expectancy_usd < 0 ? -base : 0.0;
}

/* The strongest first, of equals the first by name. */
static size_t
advise(const struct signals *s, struct advice list[FAMILIES])
{
    size_t len = 0;

    for (int i = 0; i < FAMILIES; i++) {
        enum family f = family_sorted[i];
        struct advice a = {f, s->item[f].all.pnl.count, sum_mean(s->item[f].all.pnl), 0};
        size_t at = len;

        if (a.trades == 0) continue;
        a.delta = suggested_delta(a.expectancy);
        for (; at > 0 && fabs(list[at - 1].delta) < fabs(a.delta); at--)
            list[at] = list[at - 1];
        list[at] = a;
        len++;
    }
    return len;
}

static const char *
confidence(int64_t trades)
{
    if (trades >= TRADES_HIGH) return "high";
    return trades >= TRADES_MEDIUM ? "medium" : "low";
}

static void
write_advice(struct doc *out, const struct advice *a)
{
    char number[F64_TEXT_MAX], rationale[128];

    (void)snprintf(rationale, sizeof(rationale), "expectancy_usd=%s trades=%lld cap=0.25",
                   number_text(round_dec(a->expectancy, RATIONALE_DECIMALS), number),
                   (long long)a->trades);
    doc_obj(out, NULL);
    doc_str(out, "confidence", confidence(a->trades));
    doc_str(out, "rationale", rationale);
    doc_str(out, "signal", family_name[a->signal]);
    doc_num(out, "suggested_delta_weight", a->delta);
    doc_end(out);
}

void
artifact_signal_weights(const struct day_view *day, struct doc *out, const char *key)
{
    struct advice list[FAMILIES];
    struct signals s;

    signals_of(day, &s);
    size_t len = advise(&s, list);
    doc_obj(out, key);
    doc_instant(out, "as_of_ts", day->options.as_of_us);
    doc_arr(out, "recommendations");
    for (size_t i = 0; i < len; i++)
        write_advice(out, &list[i]);
    doc_end(out);
    doc_end(out);
    signals_done(&s);
}
