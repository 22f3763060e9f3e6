#include <math.h>

#include "telemetry/report.h"

enum { CENTS = 2, GROUPS_MAX = 20, TRADES_SHOWN_MAX = 20 };

static void
cell_number(struct paper *p, double x)
{
    char buf[PAPER_NUMBER_MAX];

    paper_cell(p, "%s", paper_number(x, buf));
}

static void
cell_usd(struct paper *p, double amount)
{
    char buf[PAPER_NUMBER_MAX];

    paper_cell(p, "%s", paper_usd(amount, buf));
}

/* ---- EXIT_DAY_SUMMARY ---------------------------------------------------------------------- */

static void
exit_ranking(struct paper *p, const char *heading, const struct ranking *r)
{
    static const struct paper_column columns[] = {
        {"symbol",      false},
        {"P&L (USD)",   true },
        {"exit reason", false}
    };

    paper_heading(p, 2, "%s", heading);
    if (r->len == 0) {
        paper_say(p, "no exit with a P&L");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < r->len; i++) {
        paper_cell(p, "%s", r->row[i].name);
        cell_usd(p, r->row[i].value);
        paper_cell(p, "%s", r->row[i].note);
    }
    paper_table_end(p);
}

static void
score_stats_lines(struct paper *p, const struct json *stats)
{
    static const char *const keys[] = {"n", "min", "mean", "max"};
    char buf[REPORT_TEXT_MAX];

    if (stats == NULL)
        paper_say(p, "not available: no exit P&L summary of this day; run-exit-intel-pnl makes it");
    for (size_t i = 0; stats != NULL && i < COUNT_OF(keys); i++)
        paper_item(p, "%s: %s", keys[i], report_text(json_get(stats, keys[i]), buf));
}

void
report_exit_day(struct paper *p, const struct exit_day *d, const struct json *score_stats,
                const struct report_about *about)
{
    static const struct paper_column columns[] = {
        {"component",          false},
        {"mean (0-1)",         true },
        {"exits that have it", true }
    };

    paper_title(p, "Exit Day Summary (v2)", about->day);
    paper_heading(p, 2, "Summary");
    paper_item(p, "exits: %lld", (long long)d->n);
    report_inputs(p, about);
    exit_ranking(p, "Best exits (paper P&L, if available)", &d->best);
    exit_ranking(p, "Worst exits (paper P&L, if available)", &d->worst);
    paper_heading(p, 2, "Exit score analysis");
    score_stats_lines(p, score_stats);
    paper_heading(p, 2, "UW deterioration patterns");
    paper_table(p, columns, COUNT_OF(columns));
    for (int i = 0; i < EXIT_PARTS; i++) {
        double n = (double)d->part_n[i];
        paper_cell(p, "%s", exit_part_name(i));
        cell_number(p, n > 0 ? round_dec(d->part_sum[i] / n, 6) : (double)NAN);
        paper_cell(p, "%lld", (long long)d->part_n[i]);
    }
    paper_table_end(p);
}

/* ---- SHADOW_DAY_SUMMARY -------------------------------------------------------------------- */

static void
overview(struct paper *p, const struct candidates *c, struct arena *a)
{
    const struct count_row **sector = counts_sorted(&c->by_sector, COUNTS_MOST, a);

    paper_heading(p, 2, "1. Overview");
    paper_item(p, "candidates: %lld", (long long)c->n);
    paper_item(p, "distinct symbols: %zu", c->by_symbol.len);
    for (size_t i = 0; i < c->by_sector.len; i++)
        paper_item(p, "sector %s: %lld", sector[i]->key, (long long)sector[i]->n);
}

static void
score_ranking(struct paper *p, const char *heading, const struct ranking *r)
{
    static const struct paper_column columns[] = {
        {"symbol",    false},
        {"v2_score",  true },
        {"v1_score",  true },
        {"direction", false}
    };

    paper_heading(p, 3, "%s", heading);
    if (r->len == 0) {
        paper_say(p, "no candidate");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < r->len; i++) {
        paper_cell(p, "%s", r->row[i].name);
        cell_number(p, r->row[i].value);
        cell_number(p, r->row[i].other);
        paper_cell(p, "%s", r->row[i].note[0] != '\0' ? r->row[i].note : "UNKNOWN");
    }
    paper_table_end(p);
}

static void
feature_usage(struct paper *p, const struct counts *t, struct arena *a)
{
    const struct count_row **row = counts_sorted(t, COUNTS_MOST, a);

    paper_heading(p, 2, "3. UW feature usage summary (count of non-zero adjustments)");
    for (size_t i = 0; i < t->len; i++)
        paper_item(p, "%s: %lld", row[i]->key, (long long)row[i]->n);
    if (t->len == 0) paper_say(p, "no adjustment was other than zero");
}

static void
groups(struct paper *p, const char *what, const struct counts *t, struct arena *a)
{
    const struct count_row **row = counts_sorted(t, COUNTS_LARGEST_SUM, a);
    const struct paper_column columns[] = {
        {what,        false},
        {"trades",    true },
        {"P&L (USD)", true }
    };

    paper_heading(p, 3, "PnL by %s (USD)", what);
    if (t->len == 0) {
        paper_say(p, "no closed trade");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < MIN(t->len, (size_t)GROUPS_MAX); i++) {
        paper_cell(p, "%s", row[i]->key[0] != '\0' ? row[i]->key : "UNKNOWN");
        paper_cell(p, "%lld", (long long)row[i]->n);
        cell_number(p, round_dec(row[i]->sum, CENTS));
    }
    paper_table_end(p);
}

static void
closed_trades(struct paper *p, const struct shadow_day *d)
{
    static const struct paper_column columns[] = {
        {"symbol",      false},
        {"side",        false},
        {"qty",         true },
        {"entry (USD)", true },
        {"exit (USD)",  true },
        {"P&L (USD)",   true },
        {"reason",      false},
        {"sector",      false},
        {"regime",      false},
    };

    paper_heading(p, 3, "Closed trades (details, up to 20)");
    if (d->trades_len == 0) {
        paper_say(p, "no closed trade");
        return;
    }
    paper_table(p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < MIN(d->trades_len, (size_t)TRADES_SHOWN_MAX); i++) {
        const struct report_trade *t = &d->trade[i];
        const char *words[] = {t->reason, t->sector, t->regime};

        paper_cell(p, "%s", t->symbol);
        paper_cell(p, "%s", t->side);
        cell_number(p, t->qty);
        cell_number(p, t->entry_price);
        cell_number(p, t->exit_price);
        cell_usd(p, t->pnl_usd);
        for (size_t w = 0; w < COUNT_OF(words); w++)
            paper_cell(p, "%s", words[w][0] != '\0' ? words[w] : "UNKNOWN");
    }
    paper_table_end(p);
}

/* A trade without a known P&L counts as nothing earned (spec 40 4.3). */
static void
paper_pnl(struct paper *p, const struct shadow_day *d, struct arena *a)
{
    double total_usd = 0;
    size_t wins = 0, unknown = 0;
    char buf[PAPER_NUMBER_MAX];

    for (size_t i = 0; i < d->trades_len; i++) {
        double pnl_usd = d->trade[i].pnl_usd;
        unknown += isfinite(pnl_usd) ? 0 : 1;
        wins += pnl_usd > 0;
        total_usd += isfinite(pnl_usd) ? pnl_usd : 0;
    }
    paper_heading(p, 2, "5. Paper P&L (realized, best-effort)");
    paper_item(p, "closed trades: %zu, of which %zu without a known P&L", d->trades_len, unknown);
    paper_item(p, "total P&L: %s USD", paper_number(round_dec(total_usd, CENTS), buf));
    double rate = d->trades_len > 0 ? (double)wins / (double)d->trades_len * 100 : 0;
    paper_item(p, "win rate: %s %%", paper_number(round_dec(rate, CENTS), buf));
    groups(p, "symbol", &d->by_symbol, a);
    groups(p, "sector", &d->by_sector, a);
    groups(p, "regime", &d->by_regime, a);
    closed_trades(p, d);
}

static const char *
found(bool is_there)
{
    return is_there ? "present" : "missing";
}

void
report_shadow_day(struct paper *p, const struct shadow_day *d, struct arena *a,
                  const struct report_about *about)
{
    char label[F64_TEXT_MAX], confidence[REPORT_TEXT_MAX];

    paper_title(p, "Shadow Day Summary (v2)", about->day);
    overview(p, &d->candidates, a);
    paper_heading(p, 2, "2. Top and bottom candidates (by v2 score)");
    score_ranking(p, "Top 5", &d->candidates.top);
    score_ranking(p, "Bottom 5", &d->candidates.bottom);
    feature_usage(p, &d->candidates.by_feature, a);
    paper_heading(p, 2, "4. Regime timeline vs v2 behavior (snapshot)");
    paper_item(p, "regime_label: %s",
               ops_str(json_get(d->regime, "regime_label"), "NEUTRAL", label));
    paper_item(p, "regime_confidence: %s",
               report_text(json_get(d->regime, "regime_confidence"), confidence));
    paper_pnl(p, d, a);
    paper_heading(p, 2, "Inputs");
    paper_item(p, "logs/shadow_trades.jsonl: %s", found(d->has_shadow_log));
    paper_item(p, "logs/uw_attribution.jsonl: %s", found(d->has_attribution_log));
    paper_item(p, "state/uw_intel_pnl_summary.json: %s", found(d->has_intel_pnl));
    report_inputs(p, about);
}
