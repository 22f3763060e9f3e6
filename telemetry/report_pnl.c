#include <math.h>

#include "telemetry/report.h"

enum { DECIMALS = 6 };

static double
mean(double sum, int64_t n)
{
    return n > 0 ? round_dec(sum / (double)n, DECIMALS) : (double)NAN;
}

static void
cell_mean(struct paper *p, double sum, int64_t n)
{
    char buf[PAPER_NUMBER_MAX];

    paper_cell(p, "%s", paper_number(mean(sum, n), buf));
}

static void
cell_count(struct paper *p, int64_t n)
{
    paper_cell(p, "%lld", (long long)n);
}

/* ---- UW_INTEL_PNL -------------------------------------------------------------------------- */

static void
feature_table(struct paper *p, const struct intel_pnl *s)
{
    static const struct paper_column columns[] = {
        {"feature",                false},
        {"n",                      true },
        {"win_rate (0-1)",         true },
        {"avg_pnl_pct (%)",        true },
        {"avg_score_delta",        true },
        {"active_n",               true },
        {"active_win_rate (0-1)",  true },
        {"active_avg_pnl_pct (%)", true },
    };

    paper_table(p, columns, COUNT_OF(columns));
    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++) {
        const struct feature_sums *sums = &s->feature[f];

        paper_cell(p, "%s", intel_feature_name((enum intel_feature)f));
        cell_count(p, sums->n);
        cell_mean(p, (double)sums->wins, sums->n);
        cell_mean(p, sums->pnl_pct, sums->n);
        cell_mean(p, sums->score_delta, sums->n);
        cell_count(p, sums->active);
        cell_mean(p, (double)sums->active_wins, sums->active);
        cell_mean(p, sums->active_pnl_pct, sums->active);
    }
    paper_table_end(p);
}

void
report_intel_pnl(struct paper *p, const struct intel_pnl *s, const struct report_about *about)
{
    paper_title(p, "UW Intel P&L", about->day);
    paper_heading(p, 2, "Summary");
    paper_item(p, "attribution records: %lld", (long long)s->records);
    paper_item(p, "matched to a P&L of their symbol: %lld", (long long)s->matched);
    paper_heading(p, 2, "Per-feature aggregates (best-effort)");
    if (s->matched > 0)
        feature_table(p, s);
    else
        paper_say(p, "no matches: no attribution record of the day belongs to a symbol that closed "
                     "a trade on it");
    paper_heading(p, 2, "Notes");
    paper_item(p, "Few matches are normal: only symbols that closed a trade on the day count.");
    paper_item(p, "Every matched record counts for all six features, so n and win rate are the "
                  "same for each; the active columns count a record only where its feature said "
                  "something.");
    report_inputs(p, about);
}

/* ---- EXIT_INTEL_PNL ------------------------------------------------------------------------ */

static void
reason_table(struct paper *p, const struct counts *t)
{
    static const struct paper_column columns[] = {
        {"exit reason",         false},
        {"n",                   true },
        {"win_rate (0-1)",      true },
        {"avg_pnl (USD)",       true },
        {"n_with_pnl",          true },
        {"avg_pnl_known (USD)", true },
    };

    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < t->len; i++) {
        const struct count_row *r = &t->row[i];
        paper_cell(p, "%s", r->key[0] != '\0' ? r->key : "UNKNOWN");
        cell_count(p, r->n);
        cell_mean(p, (double)r->wins, r->n);
        cell_mean(p, r->sum, r->n);
        cell_count(p, r->known);
        cell_mean(p, r->sum, r->known);
    }
    paper_table_end(p);
}

static void
average_table(struct paper *p, const char *what, const struct counts *t)
{
    const struct paper_column columns[] = {
        {what,            false},
        {"n",             true },
        {"avg_pnl (USD)", true }
    };

    paper_heading(p, 2, "%c%s impact (avg P&L)", what[0] - 'a' + 'A', what + 1);
    if (t->len == 0) {
        paper_say(p, "no exit with a P&L");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < t->len; i++) {
        paper_cell(p, "%s", t->row[i].key[0] != '\0' ? t->row[i].key : "UNKNOWN");
        cell_count(p, t->row[i].n);
        cell_mean(p, t->row[i].sum, t->row[i].n);
    }
    paper_table_end(p);
}

void
report_exit_pnl(struct paper *p, const struct v2_exit_pnl *s, const struct report_about *about)
{
    char usd_text[PAPER_NUMBER_MAX];
    int64_t held = 0;

    paper_title(p, "Exit Intel P&L", about->day);
    paper_heading(p, 2, "Summary");
    paper_item(p, "exit attributions: %lld", (long long)s->rows);
    paper_item(p, "with a P&L: %lld, together %s USD", (long long)s->known,
               paper_usd(s->pnl_usd_sum, usd_text));
    report_inputs(p, about);
    paper_heading(p, 2, "Win rate / Avg P&L by exit reason");
    if (s->by_reason.len > 0)
        reason_table(p, &s->by_reason);
    else
        paper_say(p, "no exit of the day");
    average_table(p, "regime", &s->by_regime);
    average_table(p, "sector", &s->by_sector);
    paper_heading(p, 2, "Time in trade distribution");
    for (int i = 0; i < V2_HELD_BINS; i++) {
        if (s->held[i] > 0) paper_item(p, "%s: %lld", v2_held_bin_name(i), (long long)s->held[i]);
        held += s->held[i];
    }
    if (held == 0) paper_say(p, "no exit with a known time in trade");
}

/* ---- V2_TUNING_SUGGESTIONS ----------------------------------------------------------------- */

static bool
is_nudged(const struct tuning_feature *f)
{
    return fabs(f->nudge) > 0;
}

static size_t
nudged(const struct tuning *t)
{
    size_t n = 0;

    for (size_t f = 0; f < INTEL_FEATURES_LEN; f++)
        n += is_nudged(&t->feature[f]);
    return n;
}

static void
nudge_table(struct paper *p, const struct tuning *t)
{
    static const struct paper_column columns[] = {
        {"weight",          false},
        {"change (%)",      true },
        {"win_rate (0-1)",  true },
        {"avg_pnl_pct (%)", true },
        {"n",               true },
    };
    char buf[PAPER_NUMBER_MAX];

    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < INTEL_FEATURES_LEN; i++) {
        const struct tuning_feature *f = &t->feature[i];
        if (!is_nudged(f)) continue;
        paper_cell(p, "%s_weight", intel_feature_name((enum intel_feature)i));
        paper_cell(p, "%+.0f %%", 100 * f->nudge);
        paper_cell(p, "%s", paper_number(f->win_rate, buf));
        paper_cell(p, "%s", paper_number(f->avg_pnl_pct, buf));
        cell_count(p, f->n);
    }
    paper_table_end(p);
}

void
report_tuning(struct paper *p, const struct tuning *t, const struct report_tail *recent,
              const struct report_about *about)
{
    paper_title(p, "V2 Tuning Suggestions", about->day);
    paper_heading(p, 2, "Scope");
    paper_item(p, "Advice for a person. Nothing is applied, and nothing reads this report.");
    if (t->has_summary && !str_eq(t->date, about->day))
        paper_item(p,
                   "The intel P&L summary is of %s, not of this day: run-daily-intel-pnl --date %s "
                   "makes it anew.",
                   t->date[0] != '\0' ? t->date : "no known day", about->day);
    report_inputs(p, about);
    paper_heading(p, 2, "Suggested UW weight nudges (multipliers)");
    if (!t->has_summary)
        paper_say(p, "No suggestion: there is no intel P&L summary.");
    else if (nudged(t) == 0)
        paper_say(p, "No suggestion: no feature won or lost clearly enough.");
    else
        nudge_table(p, t);
    paper_heading(p, 2, "Rationale (best-effort)");
    paper_item(p, "At least 60 %% won and a gain on average: +10 %%; at least 55 %%: +5 %%.");
    paper_item(p, "At most 40 %% won and a loss on average: -15 %%; at most 45 %%: -5 %%.");
    paper_item(p, "One day proves little: look at several before a weight is changed.");
    paper_heading(p, 2, "Attribution tail (sample)");
    report_tail_show(p, recent);
}
