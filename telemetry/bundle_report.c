#include "telemetry/bundle_report.h"

enum { BEST = 5, REPLACED_SHOWN = 20 };

#define SHADOW_LOG "logs/shadow_trades.jsonl"

/* ---- 1 ------------------------------------------------------------------------------------- */

static void
put_overview(struct report *r)
{
    const struct bundle_origin *origin = &r->d->b->spec->origin;
    const struct json *daemon = json_get(r->health, "daemon_health");
    const struct json *intel = json_get(r->health, "intel_health");
    char iso[ISO_TEXT_MAX];

    text_printf(&r->to, "# FULL TELEMETRY — %s\n", r->d->b->date);
    put_heading(r, "## 1. Overview");
    text_printf(&r->to, "- generated_at_utc: %s\n", when_iso_brief(origin->generated_ns, iso));
    text_printf(&r->to, "- data_source: %s\n", origin->data_source);
    if (origin->git_head[0] != '\0') text_printf(&r->to, "- git_head: %s\n", origin->git_head);
    put_heading(r, "### Status snapshot");
    text_printf(&r->to, "- v1: %s\n",
                r->day->v1_records > 0 ? "present (logs/attribution.jsonl has records of the day)"
                                       : "no records of the day in logs/attribution.jsonl");
    text_puts(&r->to, "- v2: shadow only\n");
    put_json(r, "daemon status", json_get(daemon, "status"));
    put_json(r, "pid_ok", json_get(daemon, "pid_ok"));
    put_json(r, "lock_ok", json_get(daemon, "lock_ok"));
    put_json(r, "poll_fresh", json_get(daemon, "poll_fresh"));
    put_json(r, "intel health status_counts", json_get(intel, "status_counts"));
    put_json(r, "intel health check_count", json_get(intel, "check_count"));
}

static int
by_file(const void *a, const void *b)
{
    return strcmp(ARTIFACT[*(const enum artifact_id *)a].file,
                  ARTIFACT[*(const enum artifact_id *)b].file);
}

static void
put_index(struct report *r)
{
    enum artifact_id id[ARTIFACTS];

    for (int i = 0; i < ARTIFACTS; i++)
        id[i] = (enum artifact_id)i;
    qsort(id, ARTIFACTS, sizeof(id[0]), by_file);
    put_heading(r, "## 1b. Computed Artifacts Index");
    for (int i = 0; i < ARTIFACTS; i++)
        text_printf(&r->to, "- %s: %s\n", strrchr(ARTIFACT[id[i]].file, '/') + 1,
                    ARTIFACT[id[i]].about);
}

/* ---- 2 ------------------------------------------------------------------------------------- */

struct ranked {
    double pnl;
    size_t i;
};

/* Descending; of equals the earlier. */
static int
by_pnl(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->pnl > y->pnl) return -1;
    if (x->pnl < y->pnl) return 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

static void
put_trade(struct report *r, const struct trade *t)
{
    char pnl[F64_TEXT_MAX], pct[F64_TEXT_MAX], minutes[F64_TEXT_MAX];

    text_puts(&r->to, "- ");
    put_label(&r->to, words_text(r->day->words, t->symbol));
    text_printf(&r->to, ": pnl_usd=%s pnl_pct=%s exit_reason=", rounded(t->pnl_usd, 2, pnl),
                is_known(t->pnl_pct) ? number_text(t->pnl_pct, pct) : "none");
    put_label(&r->to, words_text(r->day->words, t->exit_reason));
    text_printf(&r->to, " time_in_trade_minutes=%s\n",
                is_known(t->time_in_trade_minutes) ? number_text(t->time_in_trade_minutes, minutes)
                                                   : "none");
}

static void
put_best_and_worst(struct report *r)
{
    const struct day_view *day = r->day;
    struct ranked *rank = calloc(day->trades + 1, sizeof(*rank));

    ASSERT(rank != NULL);
    for (size_t i = 0; i < day->trades; i++)
        rank[i] = (struct ranked){known_or_0(day->trade[i].pnl_usd), i};
    qsort(rank, day->trades, sizeof(*rank), by_pnl);
    put_heading(r, "### Best trades (by realized PnL, USD)");
    for (size_t i = 0; i < MIN(day->trades, (size_t)BEST); i++)
        put_trade(r, &day->trade[rank[i].i]);
    put_heading(r, "### Worst trades (by realized PnL, USD)");
    for (size_t i = 0; i < MIN(day->trades, (size_t)BEST); i++)
        put_trade(r, &day->trade[rank[day->trades - 1 - i].i]);
    free(rank);
}

/* The candidate as the log has it: a name, or an object. */
static void
put_candidate(struct report *r, const struct trade *t, const struct node *exit)
{
    CLEANUP(doc_free) struct doc doc = {0};
    const struct node *v = node_member(exit, "replacement_candidate");
    struct span text = node_text(v);

    if (node_kind(v) == JSON_OBJECT || node_kind(v) == JSON_ARRAY) {
        doc_node(&doc, NULL, v);
        if (doc_close(&doc, false, NULL) == RC_OK)
            text = (struct span){text_str(&doc.text), doc.text.len};
    }
    text_puts(&r->to, "- ");
    put_label(&r->to, words_text(r->day->words, t->symbol));
    text_puts(&r->to, ": candidate ");
    put_label(&r->to, text);
    text_putc(&r->to, '\n');
}

static void
put_replaced(struct report *r)
{
    struct log_lines exits;
    int shown = 0;

    put_heading(r, "### Replacement logic events");
    lines_begin(&exits, r->d->b, SHADOW_LOG);
    for (size_t i = 0; i < r->day->trades && shown < REPLACED_SHOWN; i++) {
        const struct trade *t = &r->day->trade[i];

        if (!t->is_replaced) continue;
        put_candidate(r, t, lines_read(&exits, t->exit_line));
        shown++;
    }
    if (shown == 0) text_puts(&r->to, "- none\n");
    lines_done(&exits);
}

static void
put_asymmetry(struct report *r)
{
    static const char *const groups[] = {"overall", "long", "short"};
    const struct json *doc = r->d->artifact[ART_LONG_SHORT];

    put_heading(r, "### Long vs short asymmetry (realized shadow exits)");
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        const struct json *g = json_get(doc, groups[i]);
        char win[F64_TEXT_MAX], mean[F64_TEXT_MAX], expect[F64_TEXT_MAX];

        text_printf(&r->to, "- %s: n=%lld win_rate=%s avg_pnl_usd=%s expectancy_usd=%s\n",
                    groups[i], (long long)json_i64(g, "count", 0),
                    number_text(json_f64(g, "win_rate", 0), win),
                    number_text(json_f64(g, "avg_pnl_usd", 0), mean),
                    number_text(json_f64(g, "expectancy_usd", 0), expect));
    }
}

static void
put_trading(struct report *r)
{
    put_heading(r, "## 2. v2 Shadow Trading Summary");
    put_count(r, "entries opened", r->day->entries);
    put_count(r, "exits", r->day->exits);
    put_count(r, "closed trades (entry and exit on the day)", (int64_t)r->day->trades);
    put_number(r, "total realized P&L, USD", round_dec(r->sums.pnl_total, 2));
    put_count(r, "replacement events", r->sums.replacements);
    put_counts(r, "exit reasons", &r->sums.by_exit_reason.seen);
    put_best_and_worst(r);
    put_replaced(r);
    put_asymmetry(r);
}

/* ---- 3 and 4 ------------------------------------------------------------------------------- */

static void
put_entry_intelligence(struct report *r)
{
    CLEANUP(series_done) struct series ranks = {0};

    put_heading(r, "## 3. Entry Intelligence");
    put_counts(r, "feature usage (candidates)", r->day->feature_usage);
    put_counts(r, "entry sectors", &r->sums.by_sector.seen);
    put_counts(r, "entry regimes", &r->sums.by_regime.seen);
    for (size_t i = 0; i < r->day->trades; i++)
        if (r->day->trade[i].universe_rank > 0)
            series_add(&ranks, (double)r->day->trade[i].universe_rank);
    if (ranks.len > 0) put_stats(r, "universe ranks", &ranks);
}

static void
put_exit_intelligence(struct report *r)
{
    const struct json *counts = json_get(r->d->artifact[ART_COMPLETENESS], "counts");
    CLEANUP(series_done) struct series scores = {0}, falls = {0};

    for (size_t i = 0; i < r->day->trades; i++) {
        const struct trade *t = &r->day->trade[i];

        series_add_known(&scores, t->v2_exit_score);
        series_add_known(&falls, t->entry_v2_score - t->exit_v2_score);
    }
    put_heading(r, "## 4. Exit Intelligence");
    put_stats(r, "v2_exit_score", &scores);
    put_stats(r, "entry v2 score - exit v2 score", &falls);
    put_counts(r, "exit reasons", &r->sums.by_exit_reason.seen);
    put_number(r, "complete_rate", json_f64(counts, "complete_rate", 0));
    put_count(r, "complete records", json_i64(counts, "complete_records", 0));
    put_count(r, "exit attribution records", json_i64(counts, "exit_attribution_records", 0));
}

/* ---- 4b ------------------------------------------------------------------------------------ */

/* Share of the steps between neighbouring averages that go where the whole curve goes. */
static double
monotonicity(const struct json *bins)
{
    const struct json *bin = json_first(bins);
    double first = json_f64(bin, "avg_pnl_usd", 0), last = first, before = first;
    int64_t up = 0, down = 0;

    for (bin = json_next(bin); bin != NULL; bin = json_next(bin)) {
        last = json_f64(bin, "avg_pnl_usd", 0);
        if (last > before) up++;
        if (last < before) down++;
        before = last;
    }
    return rate(last >= first ? up : down, up + down);
}

static void
put_bin(struct report *r, const char *name, const struct json *bin)
{
    char lo[F64_TEXT_MAX], hi[F64_TEXT_MAX], mean[F64_TEXT_MAX];

    text_printf(&r->to, " %s=[%s, %s] avg_pnl_usd=%s", name,
                number_text(json_f64(bin, "x_lo", 0), lo),
                number_text(json_f64(bin, "x_hi", 0), hi),
                number_text(json_f64(bin, "avg_pnl_usd", 0), mean));
}

static void
put_curve(struct report *r, const char *feature, const struct json *bins)
{
    const struct json *best = json_first(bins), *worst = best;
    char share[F64_TEXT_MAX];

    if (best == NULL) return;
    for (const struct json *bin = json_next(best); bin != NULL; bin = json_next(bin)) {
        double mean = json_f64(bin, "avg_pnl_usd", 0);

        if (mean > json_f64(best, "avg_pnl_usd", 0)) best = bin;
        if (mean < json_f64(worst, "avg_pnl_usd", 0)) worst = bin;
    }
    text_printf(&r->to, "- %s:", feature);
    put_bin(r, "best", best);
    put_bin(r, "worst", worst);
    text_printf(&r->to, " monotonicity=%s\n", rounded(monotonicity(bins), 3, share));
}

static void
put_curves(struct report *r)
{
    const struct json *features = json_get(r->d->artifact[ART_VALUE_CURVES], "features");

    put_heading(r, "## 4b. Feature Value Curve Highlights");
    for (int i = 0; i < FEATURES; i++)
        put_curve(r, feature_name[i], json_get_arr(json_get(features, feature_name[i]), "overall"));
}

/* ---- the document -------------------------------------------------------------------------- */

static struct json *
health_of(const struct bundle_day *d)
{
    CLEANUP(doc_free) struct doc doc = {0};

    doc_obj(&doc, NULL);
    health_write(&doc, d->state[SHOWN_INTEL_HEALTH], d->state[SHOWN_DAEMON_HEALTH]);
    doc_end(&doc);
    return read_back(&doc);
}

enum rc
bundle_report(struct bundle_day *d, struct err *err)
{
    struct report r = {.d = d, .day = d->view, .health = health_of(d)};
    char name[ISO_TEXT_MAX + 32];

    day_sums_of(d->view, &r.sums);
    put_overview(&r);
    put_index(&r);
    put_trading(&r);
    put_entry_intelligence(&r);
    put_exit_intelligence(&r);
    put_curves(&r);
    report_second_half(&r);
    (void)snprintf(name, sizeof(name), "FULL_TELEMETRY_%s.md", d->b->date);
    enum rc rc = bundle_put(d->b, name, &r.to, err);
    day_sums_done(&r.sums);
    json_free(r.health);
    text_free(&r.to);
    return rc;
}
