#include <stdlib.h>
#include <string.h>

#include "analytics/artifacts.h"
#include "analytics/stats.h"

static bool
is_pair(const struct parity_row *r)
{
    return r->class != PARITY_MISSING_IN_V1 && r->class != PARITY_MISSING_IN_V2;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void
missing_write(struct doc *out, const struct parity_row *r)
{
    static const struct {
        unsigned bit;
        const char *name;
    } fields[] = {
        {MISS_V1_PRICE, "v1_price_at_entry"},
        {MISS_V1_SCORE, "v1_score_at_entry"},
        {MISS_V2_PRICE, "v2_price_at_entry"},
        {MISS_V2_SCORE, "v2_score_at_entry"}
    };
    static const char *const one_side[2][3] = {
        {"v1_entry_ts", "v1_score_at_entry", "v1_price_at_entry"},
        {"v2_entry_ts", "v2_score_at_entry", "v2_price_at_entry"}
    };

    doc_arr(out, "missing_fields");
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if ((r->missing & fields[i].bit) != 0) doc_str(out, NULL, fields[i].name);
    }
    for (size_t i = 0; i < 3 && !is_pair(r); i++)
        doc_str(out, NULL, one_side[r->class == PARITY_MISSING_IN_V2][i]);
    doc_end(out);
}

static void
families_write(struct doc *out, family_set set)
{
    doc_arr(out, "v2_feature_families");
    for (int i = 0; i < FAMILIES; i++) {
        if (family_in(set, family_sorted[i])) doc_str(out, NULL, family_name[family_sorted[i]]);
    }
    if (set == 0) doc_str(out, NULL, family_name[FAM_UNKNOWN]);
    doc_end(out);
}

static void
row_write(struct doc *out, const struct words *w, const struct parity_row *r)
{
    doc_obj(out, NULL);
    doc_str(out, "classification", parity_class_name[r->class]);
    doc_num(out, "entry_ts_delta_seconds", r->ts_delta);
    doc_str(out, "feature_family", family_name[r->family]);
    missing_write(out, r);
    doc_num(out, "price_delta_usd", r->price_delta);
    doc_num(out, "score_delta", r->score_delta);
    doc_span(out, "symbol", words_text(w, r->symbol));
    doc_span(out, "v1_entry_ts", words_text(w, r->v1_ts));
    doc_num(out, "v1_price_at_entry", r->v1_price);
    doc_num(out, "v1_score_at_entry", r->v1_score);
    doc_span(out, "v1_side", words_text(w, r->v1_side));
    doc_span(out, "v2_entry_ts", words_text(w, r->v2_ts));
    families_write(out, r->v2_families);
    doc_num(out, "v2_price_at_entry", r->v2_price);
    doc_num(out, "v2_score_at_entry", r->v2_score);
    doc_span(out, "v2_side", words_text(w, r->v2_side));
    doc_end(out);
}

static void
rows_write(const struct day_view *day, struct doc *out)
{
    doc_arr(out, "rows");
    for (size_t i = 0; i < day->rows; i++)
        row_write(out, day->words, &day->row[i]);
    doc_end(out);
}

/* ---- counts and means ---------------------------------------------------------------------- */

static void
metrics_write(const struct day_view *day, struct doc *out)
{
    struct sum ts = {0}, score = {0}, price = {0};
    int64_t matches = 0;

    for (size_t i = 0; i < day->rows; i++) {
        const struct parity_row *r = &day->row[i];
        if (!is_pair(r)) continue;
        sum_add(&ts, r->ts_delta);
        sum_add(&score, r->score_delta);
        sum_add(&price, r->price_delta);
        matches += r->class == PARITY_PERFECT || r->class == PARITY_NEAR;
    }
    doc_obj(out, "aggregate_metrics");
    doc_num(out, "match_rate", rate(matches, ts.count));
    doc_int(out, "matched_pairs", ts.count);
    doc_num(out, "mean_entry_ts_delta_seconds", sum_mean(ts));
    doc_num(out, "mean_price_delta_usd", sum_mean(price));
    doc_num(out, "mean_score_delta", sum_mean(score));
    doc_end(out);
}

static void
counts_write(const struct day_view *day, struct doc *out)
{
    doc_obj(out, "counts");
    doc_int(out, "entry_parity_rows", (int64_t)day->rows);
    doc_int(out, "shadow_candidate_symbols_today", day->candidate_symbols->len);
    doc_int(out, "shadow_entry_symbols_today", day->entry_symbols->len);
    doc_int(out, "shadow_exit_symbols_today", day->exit_symbols->len);
    doc_int(out, "shadow_records_today", day->shadow_records);
    doc_int(out, "v1_entry_events_today", day->v1_entry_events);
    doc_int(out, "v1_records_today", day->v1_records);
    doc_int(out, "v1_unique_symbols_today", day->v1_symbols->len);
    doc_int(out, "v2_shadow_entry_events_today", day->v2_entry_events);
    doc_end(out);
}

static void
classes_write(const struct day_view *day, struct doc *out)
{
    int64_t count[PARITY_CLASSES] = {0};

    for (size_t i = 0; i < day->rows; i++)
        count[day->row[i].class]++;
    doc_arr(out, "allowed_classifications");
    for (int i = 0; i < PARITY_CLASSES; i++)
        doc_str(out, NULL, parity_class_name[i]);
    doc_end(out);
    doc_obj(out, "classification_counts");
    for (int i = 0; i < PARITY_CLASSES; i++)
        doc_int(out, parity_class_name[i], count[i]);
    doc_end(out);
}

/* The symbols of a set that another has, or has not. */
static void
symbols_write(const struct day_view *day, struct doc *out, const char *key, const struct tally *of,
              const struct tally *other, bool in_other)
{
    uint32_t *order = tally_sorted(of, day->words);

    doc_arr(out, key);
    for (uint32_t i = 0; i < of->len; i++) {
        uint64_t symbol = of->key[order[i]];
        if ((tally_find(other, symbol) != UINT32_MAX) == in_other)
            doc_span(out, NULL, words_text(day->words, pair_second(symbol)));
    }
    doc_end(out);
    free(order);
}

static void
overlap_write(const struct day_view *day, struct doc *out)
{
    const struct tally *v1 = day->v1_symbols, *candidates = day->candidate_symbols;

    doc_obj(out, "overlap");
    symbols_write(day, out, "shadow_only_candidate_symbols", candidates, v1, false);
    symbols_write(day, out, "v1_only_symbols", v1, candidates, false);
    symbols_write(day, out, "v1_vs_shadow_candidates_symbols", v1, candidates, true);
    symbols_write(day, out, "v1_vs_shadow_entries_symbols", v1, day->entry_symbols, true);
    doc_end(out);
}

static void
inputs_write(const struct day_view *day, struct doc *out)
{
    doc_obj(out, "inputs");
    doc_bool(out, "shadow_log_present", day->log_present[DAY_SHADOW_TRADES]);
    doc_str(out, "shadow_trades_log_path", "logs/shadow_trades.jsonl");
    doc_str(out, "v1_attribution_log_path", "logs/attribution.jsonl");
    doc_bool(out, "v1_log_present", day->log_present[DAY_ATTRIBUTION]);
    doc_end(out);
}

static void
notes_write(const struct day_view *day, struct doc *out)
{
    bool is_available = day->log_present[DAY_SHADOW_TRADES] && day->log_present[DAY_ATTRIBUTION];

    doc_obj(out, "notes");
    doc_arr(out, "missing_fields");
    doc_end(out);
    doc_bool(out, "parity_available", is_available);
    doc_str(out, "warning", "pairing: per symbol, nearest entry time, one to one");
    doc_end(out);
}

/* 3.6 */
void
artifact_parity(const struct day_view *day, struct doc *out, const char *key)
{
    doc_obj(out, key);
    artifact_meta(day, out, "shadow_vs_live_parity", "2026-01-22_v2_entry_parity");
    metrics_write(day, out);
    counts_write(day, out);
    doc_obj(out, "entry_parity");
    classes_write(day, out);
    rows_write(day, out);
    doc_end(out);
    inputs_write(day, out);
    notes_write(day, out);
    overlap_write(day, out);
    doc_end(out);
}

/* 3.7 */
void
artifact_parity_details(const struct day_view *day, struct doc *out, const char *key)
{
    doc_obj(out, key);
    artifact_meta(day, out, "entry_parity_details", "2026-01-22_v1");
    rows_write(day, out);
    doc_end(out);
}
