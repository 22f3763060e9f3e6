#include "base/ops.h"
#include "telemetry/bundle_report.h"

enum { SUMS_SHOWN = 25, EQUALIZER_SHOWN = 6, RATES_SHOWN = 10, ROWS_SHOWN = 10, TAILED_SHOWN = 15 };

/* ---- 5 ------------------------------------------------------------------------------------- */

struct ranked_sum {
    double sum;
    uint32_t i; /* place by name, then index of the tally */
};

static int
by_sum(const void *a, const void *b)
{
    const struct ranked_sum *x = a, *y = b;

    if (x->sum > y->sum) return -1;
    if (x->sum < y->sum) return 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* Descending; of equals ascending by name. */
static void
put_sums(struct report *r, const char *heading, const struct word_sums *s)
{
    uint32_t *sorted = tally_sorted(&s->seen, r->day->words);
    struct ranked_sum *rank = calloc(s->seen.len + 1, sizeof(*rank));
    char buf[F64_TEXT_MAX];

    ASSERT(rank != NULL);
    for (uint32_t i = 0; i < s->seen.len; i++)
        rank[i] = (struct ranked_sum){s->sum[sorted[i]], i};
    qsort(rank, s->seen.len, sizeof(*rank), by_sum);
    put_heading(r, heading);
    for (uint32_t i = 0; i < MIN(s->seen.len, (uint32_t)SUMS_SHOWN); i++) {
        text_puts(&r->to, "- ");
        put_label(&r->to, words_text(r->day->words, (word)s->seen.key[sorted[rank[i].i]]));
        text_printf(&r->to, ": %s\n", rounded(rank[i].sum, 2, buf));
    }
    if (s->seen.len == 0) text_puts(&r->to, "- none\n");
    free(rank);
    free(sorted);
}

static void
put_pnl(struct report *r)
{
    put_heading(r, "## 5. PnL Analysis");
    put_number(r, "total, USD", round_dec(r->sums.pnl_total, 2));
    put_sums(r, "### PnL by symbol (USD)", &r->sums.by_symbol);
    put_sums(r, "### PnL by sector (USD)", &r->sums.by_sector);
    put_sums(r, "### PnL by regime (USD)", &r->sums.by_regime);
    put_sums(r, "### PnL by exit reason (USD)", &r->sums.by_exit_reason);
}

/* ---- 6 and 7 ------------------------------------------------------------------------------- */

/* A fence that no line of the block can end. */
static void
put_block(struct report *r, const char *title, const struct text *lines)
{
    const char *fence = strstr(text_str(lines), "```") != NULL ? "``````````" : "```";

    text_printf(&r->to, "%s\n\n", title);
    if (lines->len == 0)
        text_puts(&r->to, "(missing)\n");
    else
        text_printf(&r->to, "%s\n%s%s\n", fence, text_str(lines), fence);
}

static void
put_attribution(struct report *r)
{
    put_heading(r, "## 6. Attribution");
    put_block(r, "Last lines of logs/uw_attribution.jsonl:", &r->d->uw_lines);
    text_putc(&r->to, '\n');
    put_block(r, "Last lines of logs/exit_attribution.jsonl:", &r->d->exit_lines);
}

struct ranked_json {
    const struct json *v;
    double by;
    size_t i;
};

static int
by_value(const void *a, const void *b)
{
    const struct ranked_json *x = a, *y = b;

    if (x->by > y->by) return -1;
    if (x->by < y->by) return 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* The members of an object descending by one of their numbers, of equals by name; to be freed. */
static struct ranked_json *
rank_members(const struct json *obj, const char *key, size_t *ret_len)
{
    struct ranked_json *rank = calloc(json_len(obj) + 1, sizeof(*rank));
    size_t len = 0;

    ASSERT(rank != NULL);
    for (const struct json *m = json_first(obj); m != NULL; m = json_next(m), len++)
        rank[len] = (struct ranked_json){m, json_f64(m, key, 0), len};
    qsort(rank, len, sizeof(*rank), by_value);
    *ret_len = len;
    return rank;
}

static void
put_key(struct report *r, const struct json *member)
{
    text_puts(&r->to, "- ");
    put_label(&r->to, (struct span){json_key(member), strlen(json_key(member))});
}

static void
put_equalizer(struct report *r)
{
    const struct json *features = json_get(r->d->artifact[ART_EQUALIZER], "features");
    size_t len = 0;
    struct ranked_json *rank = rank_members(features, "count", &len);

    put_heading(r, "## 6b. Feature Equalizer Snapshot (shadow-only, realized)");
    for (size_t i = 0; i < MIN(len, (size_t)EQUALIZER_SHOWN); i++) {
        char win[F64_TEXT_MAX], mean[F64_TEXT_MAX];

        put_key(r, rank[i].v);
        text_printf(&r->to, ": n=%lld win_rate=%s avg_pnl_usd=%s\n",
                    (long long)json_i64(rank[i].v, "count", 0),
                    number_text(json_f64(rank[i].v, "win_rate", 0), win),
                    number_text(json_f64(rank[i].v, "avg_pnl_usd", 0), mean));
    }
    if (len == 0) text_puts(&r->to, "- none\n");
    free(rank);
}

static void
put_health(struct report *r)
{
    put_heading(r, "## 7. Health & Reliability");
    put_json(r, "daemon_health", json_get(r->health, "daemon_health"));
    put_json(r, "intel_health", json_get(r->health, "intel_health"));
    text_putc(&r->to, '\n');
    put_block(r, "Last lines of logs/system_events.jsonl:", &r->d->event_lines);
}

/* ---- 8 ------------------------------------------------------------------------------------- */

static bool
is_daemon_ok(const struct json *health)
{
    const struct json *daemon = json_get(health, "daemon_health");

    return str_eq_nocase(json_str(daemon, "status", ""), "healthy");
}

/* At least one check, and none that is neither ok nor excused. */
static bool
is_intel_ok(const struct json *health)
{
    const struct json *intel = json_get(health, "intel_health");

    if (json_i64(intel, "check_count", 0) == 0) return false;
    for (const struct json *s = json_first(json_get(intel, "status_counts")); s != NULL;
         s = json_next(s)) {
        const char *status = json_key(s);

        if (!str_eq(status, "ok") && !str_eq(status, "warn") && !str_eq(status, "skip"))
            return false;
    }
    return true;
}

static void
put_if(struct report *r, bool holds, const char *sentence, int *count)
{
    if (!holds) return;
    text_printf(&r->to, "- %s\n", sentence);
    (*count)++;
}

void
report_readiness(struct report *r)
{
    bool daemon_ok = is_daemon_ok(r->health), intel_ok = is_intel_ok(r->health);
    int ready = 0, not_ready = 0;

    put_heading(r, "## 8. Promotion Readiness Notes");
    text_puts(&r->to, "Ready because:\n\n");
    put_if(r, r->day->trades > 0 && r->sums.pnl_total > 0,
           "there are closed trades, and their total P&L is positive", &ready);
    put_if(r, daemon_ok && intel_ok, "the flow daemon is healthy and all intel checks hold",
           &ready);
    if (ready == 0) text_puts(&r->to, "- none\n");
    text_puts(&r->to, "\nNot ready because:\n\n");
    put_if(r, r->day->trades == 0, "no trade was closed", &not_ready);
    put_if(r, r->sums.pnl_total < 0, "the total P&L is negative", &not_ready);
    put_if(r, !daemon_ok, "the flow daemon is not known to be healthy", &not_ready);
    put_if(r, !intel_ok, "an intel check does not hold, or none was made", &not_ready);
    if (not_ready == 0) text_puts(&r->to, "- none\n");
    text_puts(&r->to, "\nTo be reviewed:\n\n"
                      "- How far do the v1 and v2 scores of the day's best symbols lie apart?\n"
                      "- Did the exits for a replacement beat holding on?\n");
}

/* ---- snapshots ----------------------------------------------------------------------------- */

static void
put_universe(struct report *r, const char *name, const struct json *doc)
{
    if (doc == NULL)
        text_printf(&r->to, "- %s: absent\n", name);
    else
        text_printf(&r->to, "- %s: present, %zu symbols\n", name,
                    json_len(json_get_arr(doc, "symbols")));
}

static void
put_snapshots(struct report *r)
{
    const struct json *regime = r->d->state[SHOWN_REGIME];

    put_heading(r, "## Universe & Intel snapshots (best-effort)");
    put_universe(r, "state/daily_universe.json", r->d->state[SHOWN_UNIVERSE]);
    put_universe(r, "state/daily_universe_v2.json", r->d->state[SHOWN_UNIVERSE_V2]);
    put_json(r, "regime_label", json_get(regime, "regime_label"));
    put_json(r, "regime_confidence", json_get(regime, "regime_confidence"));
}

struct cell {
    const struct json *regime, *sector;
    double total;
};

static void
put_cell(struct report *r, const char *name, const struct cell *c)
{
    char buf[F64_TEXT_MAX];

    text_printf(&r->to, "- %s: ", name);
    put_label(&r->to, (struct span){json_key(c->regime), strlen(json_key(c->regime))});
    text_puts(&r->to, " / ");
    put_label(&r->to, (struct span){json_key(c->sector), strlen(json_key(c->sector))});
    text_printf(&r->to, ": total_pnl_usd=%s count=%lld\n", number_text(c->total, buf),
                (long long)json_i64(json_get(c->sector, "_cell"), "count", 0));
}

static void
put_matrix(struct report *r)
{
    const struct json *matrix = json_get(r->d->artifact[ART_MATRIX], "matrix");
    struct cell best = {0}, worst = {0};

    for (const struct json *regime = json_first(matrix); regime != NULL;
         regime = json_next(regime)) {
        for (const struct json *s = json_first(regime); s != NULL; s = json_next(s)) {
            struct cell c = {regime, s, json_f64(json_get(s, "_cell"), "total_pnl_usd", 0)};

            if (best.sector == NULL || c.total > best.total) best = c;
            if (worst.sector == NULL || c.total < worst.total) worst = c;
        }
    }
    put_heading(r, "## Regime/Sector Matrix Highlights");
    if (best.sector == NULL) {
        text_puts(&r->to, "- none\n");
        return;
    }
    put_cell(r, "largest", &best);
    put_cell(r, "smallest", &worst);
}

/* ---- parity -------------------------------------------------------------------------------- */

static bool
is_pair(const struct parity_row *row)
{
    return row->class != PARITY_MISSING_IN_V1 && row->class != PARITY_MISSING_IN_V2;
}

/* Before: of two rows the one whose scores, then prices, lie farther apart. */
static bool
is_farther(const struct parity_row *a, const struct parity_row *b)
{
    double x = fabs(a->score_delta), y = fabs(b->score_delta);

    if (x > y) return true;
    if (x < y) return false;
    return fabs(a->price_delta) > fabs(b->price_delta);
}

static size_t
farthest(const struct day_view *day, const struct parity_row *top[ROWS_SHOWN])
{
    size_t len = 0;

    for (size_t i = 0; i < ROWS_SHOWN; i++)
        top[i] = NULL;
    for (size_t i = 0; i < day->rows; i++) {
        const struct parity_row *row = &day->row[i];
        size_t at = MIN(len, (size_t)ROWS_SHOWN - 1);

        if (len == ROWS_SHOWN && !is_farther(row, top[ROWS_SHOWN - 1])) continue;
        for (; at > 0 && is_farther(row, top[at - 1]); at--)
            top[at] = top[at - 1];
        top[at] = row;
        if (len < ROWS_SHOWN) len++;
    }
    return len;
}

static void
put_row(struct report *r, const struct parity_row *row)
{
    char score[F64_TEXT_MAX], price[F64_TEXT_MAX], seconds[F64_TEXT_MAX];

    text_puts(&r->to, "- ");
    put_label(&r->to, words_text(r->day->words, row->symbol));
    text_printf(&r->to, ": %s score_delta=%s price_delta_usd=%s entry_ts_delta_seconds=%s\n",
                parity_class_name[row->class], number_text(row->score_delta, score),
                number_text(row->price_delta, price), number_text(row->ts_delta, seconds));
}

static void
put_parity(struct report *r)
{
    const struct parity_row *top[ROWS_SHOWN];
    struct sum seconds = {0}, score = {0}, price = {0};
    int64_t matches = 0;

    for (size_t i = 0; i < r->day->rows; i++) {
        const struct parity_row *row = &r->day->row[i];

        if (!is_pair(row)) continue;
        sum_add(&seconds, row->ts_delta);
        sum_add(&score, row->score_delta);
        sum_add(&price, row->price_delta);
        if (row->class == PARITY_PERFECT || row->class == PARITY_NEAR) matches++;
    }
    put_heading(r, "## Entry-Time Parity Summary");
    bool is_available =
        r->day->log_present[DAY_ATTRIBUTION] && r->day->log_present[DAY_SHADOW_TRADES];
    text_printf(&r->to, "- parity_available: %s\n", is_available ? "true" : "false");
    put_number(r, "match_rate", rate(matches, seconds.count));
    put_count(r, "matched_pairs", seconds.count);
    put_number(r, "mean_entry_ts_delta_seconds", sum_mean(seconds));
    put_number(r, "mean_score_delta", sum_mean(score));
    put_number(r, "mean_price_delta_usd", sum_mean(price));
    size_t len = farthest(r->day, top);
    for (size_t i = 0; i < len; i++)
        put_row(r, top[i]);
}

/* ---- scores, replacements ------------------------------------------------------------------ */

static void
put_scores(struct report *r)
{
    static const char *const shown[] = {"flow", "darkpool", "alignment"};
    const struct json *families = json_get(r->d->artifact[ART_SCORE_CURVES], "families");

    put_heading(r, "## Score Distribution Summary");
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        const struct json *group = json_get(json_get(families, shown[i]), "overall");
        const struct json *hist = json_get(group, "score_delta_hist");

        text_printf(&r->to, "- %s: n=%lld bins=%zu\n", shown[i], (long long)json_i64(hist, "n", 0),
                    json_len(json_get_arr(hist, "counts")));
    }
}

static void
put_replacement(struct report *r)
{
    const struct json *doc = r->d->artifact[ART_REPLACEMENT];
    const struct json *counts = json_get(doc, "counts");
    size_t len = 0;
    struct ranked_json *rank =
        rank_members(json_get(doc, "per_feature_replacement_rate"), "replacement_rate", &len);

    put_heading(r, "## Replacement Telemetry Summary");
    put_number(r, "replacement_rate", json_f64(counts, "replacement_rate", 0));
    put_count(r, "replacement_trades", json_i64(counts, "replacement_trades", 0));
    put_count(r, "realized_trades", json_i64(counts, "realized_trades", 0));
    put_json(r, "replacement_anomaly_detected", json_get(doc, "replacement_anomaly_detected"));
    for (size_t i = 0; i < MIN(len, (size_t)RATES_SHOWN); i++) {
        char buf[F64_TEXT_MAX];

        put_key(r, rank[i].v);
        text_printf(&r->to, ": rate=%s denom=%lld numer=%lld\n", number_text(rank[i].by, buf),
                    (long long)json_i64(rank[i].v, "denom", 0),
                    (long long)json_i64(rank[i].v, "numer", 0));
    }
    free(rank);
}

/* ---- the bundle itself --------------------------------------------------------------------- */

static void
put_contents(struct report *r)
{
    const struct bundle *b = r->d->b;
    int64_t copied = 0, truncated = 0;

    for (size_t i = 0; i < b->outputs.len; i++) {
        copied += !str_eq(b->outputs.item[i].kind, "generated");
        truncated += b->outputs.item[i].is_truncated;
    }
    put_heading(r, "## Bundle contents (high-level)");
    put_count(r, "copied files", copied);
    put_count(r, "truncated logs", truncated);
    for (size_t i = 0, shown = 0; i < b->outputs.len && shown < TAILED_SHOWN; i++) {
        if (!b->outputs.item[i].is_truncated) continue;
        text_printf(&r->to, "- %s: %s\n", b->outputs.item[i].name, b->outputs.item[i].note);
        shown++;
    }
}

static void
put_losses(struct report *r)
{
    const struct bundle *b = r->d->b;

    put_heading(r, "## Missing artifacts (best-effort)");
    for (int kind = 0; kind < BUNDLE_KINDS; kind++) {
        const struct missing_list *l = &b->missing[kind];

        text_printf(&r->to, "- %s:%s", BUNDLE_KIND_NAMES[kind], l->len == 0 ? " none" : "");
        for (size_t i = 0; i < l->len; i++)
            text_printf(&r->to, "%s %s", i > 0 ? "," : "", l->path[i]);
        text_putc(&r->to, '\n');
    }
    for (size_t i = 0; i < b->inputs.len; i++) {
        const struct input *in = &b->inputs.item[i];

        if (in->state != INPUT_DAMAGED && in->state != INPUT_UNREADABLE) continue;
        text_printf(&r->to, "- %s: %s: ", input_state_name(in->state), in->path);
        put_label(&r->to, (struct span){in->error, strlen(in->error)});
        text_putc(&r->to, '\n');
    }
    for (int i = 0; i < DAY_LOGS; i++) {
        static const char *const names[DAY_LOGS] = {
            [DAY_SHADOW_TRADES] = "logs/shadow_trades.jsonl",
            [DAY_EXIT_ATTRIBUTION] = "logs/exit_attribution.jsonl",
            [DAY_ATTRIBUTION] = "logs/attribution.jsonl"};

        if (r->day->log[i].malformed > 0)
            text_printf(&r->to, "- %s: %llu of %llu lines are malformed and not counted\n",
                        names[i], (unsigned long long)r->day->log[i].malformed,
                        (unsigned long long)r->day->log[i].lines);
    }
}

void
report_second_half(struct report *r)
{
    put_pnl(r);
    put_attribution(r);
    put_equalizer(r);
    put_health(r);
    report_readiness(r);
    put_snapshots(r);
    put_matrix(r);
    put_parity(r);
    put_scores(r);
    put_replacement(r);
    put_contents(r);
    put_losses(r);
}
