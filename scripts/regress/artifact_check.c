#include "scripts/regress/artifact_check.h"

#include <math.h>

#include "base/text.h"

const char *const ARTIFACT_NAMES[ARTIFACTS_LEN] = {"feature_equalizer_builder",
                                                   "long_short_analysis",
                                                   "exit_intel_completeness",
                                                   "feature_value_curves",
                                                   "regime_sector_feature_matrix",
                                                   "shadow_vs_live_parity",
                                                   "entry_parity_details",
                                                   "score_distribution_curves",
                                                   "regime_timeline",
                                                   "feature_family_summary",
                                                   "replacement_telemetry_expanded",
                                                   "live_vs_shadow_pnl",
                                                   "signal_performance",
                                                   "signal_weight_recommendations"};

/*
 * Where we are in the document, and the first thing that was wrong.  Members are asked for by path,
 * "counts.complete_rate"; after a failure every further question is answered with nothing.
 */
struct look {
    bool may_be_empty;
    struct err *err;
    enum rc rc;
};

static void
wrong(struct look *l, const char *key, const char *wanted)
{
    if (l->rc == RC_OK) l->rc = err_set(l->err, RC_PARSE, "%s: %s is wanted", key, wanted);
}

static const struct json *
member(const struct json *v, const char *path)
{
    char key[64];

    while (path[0] != '\0') {
        size_t len = strcspn(path, ".");

        ASSERT(len < sizeof key);
        memcpy(key, path, len);
        key[len] = '\0';
        v = json_get(v, key);
        path += len + (path[len] == '.' ? 1 : 0);
    }
    return v;
}

static void
need_num(struct look *l, const struct json *v, const char *key)
{
    if (isnan(json_f64_of(member(v, key), (double)NAN))) wrong(l, key, "a number");
}

static void
need_nums(struct look *l, const struct json *v, const char *const *keys)
{
    for (size_t i = 0; keys[i] != NULL; i++)
        need_num(l, v, keys[i]);
}
#define NEED_NUMS(l, v, ...) need_nums((l), (v), (const char *const[]){__VA_ARGS__, NULL})

static void
need_keys(struct look *l, const struct json *v, const char *const *keys)
{
    for (size_t i = 0; keys[i] != NULL; i++)
        if (!json_has(v, keys[i])) wrong(l, keys[i], "the key");
}
#define NEED_KEYS(l, v, ...) need_keys((l), (v), (const char *const[]){__VA_ARGS__, NULL})

static const struct json *
need_obj(struct look *l, const struct json *v, const char *key)
{
    const struct json *m = member(v, key);

    if (!json_is_object(m)) wrong(l, key, "an object");
    return m;
}

static const struct json *
need_list(struct look *l, const struct json *v, const char *key)
{
    const struct json *m = member(v, key);

    if (!json_is_array(m)) wrong(l, key, "a list");
    return m;
}

static void
need_some(struct look *l, const struct json *v, const char *key)
{
    if (!l->may_be_empty && json_len(v) == 0) wrong(l, key, "something in it");
}

static const struct json *
need_full_list(struct look *l, const struct json *v, const char *key)
{
    const struct json *m = need_list(l, v, key);

    need_some(l, m, key);
    return m;
}

static const struct json *
need_full_obj(struct look *l, const struct json *v, const char *key)
{
    const struct json *m = need_obj(l, v, key);

    need_some(l, m, key);
    return m;
}

static void
need_text(struct look *l, const struct json *v, const char *key)
{
    const char *text = json_string(member(v, key));

    if (text == NULL || text[0] == '\0') wrong(l, key, "a text");
}

static void
need_one_of(struct look *l, const struct json *v, const char *key, const char *const *words,
            size_t len)
{
    const char *text = json_str(v, key, "");

    for (size_t i = 0; i < len; i++)
        if (str_eq(text, words[i])) return;
    wrong(l, key, "one of the known words");
}

/* ---- one function a document --------------------------------------------------------------- */

static void
check_equalizer(struct look *l, const struct json *doc)
{
    NEED_KEYS(l, doc, "features", "feature_exit_impact", "exit_reason_distributions",
              "score_evolution", "volatility_expansion", "alignment_drift",
              "feature_contribution_decay");
}

static const char *const SIDES[] = {"overall", "long", "short"};

static void
check_long_short(struct look *l, const struct json *doc)
{
    for (size_t i = 0; i < COUNT_OF(SIDES); i++)
        NEED_NUMS(l, need_obj(l, doc, SIDES[i]), "count", "win_count", "loss_count", "win_rate",
                  "avg_pnl_usd", "avg_win_usd", "avg_loss_usd", "expectancy_usd", "total_pnl_usd");
}

static void
check_completeness(struct look *l, const struct json *doc)
{
    NEED_NUMS(l, doc, "counts.exit_attribution_records", "counts.complete_records",
              "counts.complete_rate");
    if (json_len(need_list(l, doc, "required_top_level_keys")) == 0)
        wrong(l, "required_top_level_keys", "something in it");
    if (json_len(need_list(l, doc, "required_exit_component_keys")) == 0)
        wrong(l, "required_exit_component_keys", "something in it");
}

static void
check_bins(struct look *l, const struct json *bins)
{
    int rows = 0;

    for (const struct json *bin = json_first(bins); bin != NULL && rows < 50;
         bin = json_next(bin), rows++)
        NEED_NUMS(l, bin, "x_lo", "x_hi", "count", "avg_pnl_usd", "total_pnl_usd");
}

static void
check_curves(struct look *l, const struct json *doc)
{
    const struct json *features = need_full_obj(l, doc, "features");

    for (const struct json *f = json_first(features); f != NULL; f = json_next(f))
        for (size_t i = 0; i < COUNT_OF(SIDES); i++)
            check_bins(l, need_full_list(l, f, SIDES[i]));
}

static void
check_cell(struct look *l, const struct json *cell)
{
    NEED_NUMS(l, cell, "_cell.count", "_cell.total_pnl_usd", "_cell.avg_pnl_usd");
    for (const struct json *f = json_first(need_obj(l, cell, "features")); f != NULL;
         f = json_next(f))
        NEED_NUMS(l, f, "count", "total_pnl_usd", "avg_pnl_usd", "avg_input");
}

static void
check_matrix(struct look *l, const struct json *doc)
{
    for (const struct json *regime = json_first(need_obj(l, doc, "matrix")); regime != NULL;
         regime = json_next(regime))
        for (const struct json *cell = json_first(regime); cell != NULL; cell = json_next(cell))
            check_cell(l, cell);
}

static const char *const CLASSES[] = {"perfect_match", "near_match", "divergent", "missing_in_v1",
                                      "missing_in_v2"};

/* The numbers of spec 40 10, and the rest of what contract 4.21 names. */
static void
check_parity_rows(struct look *l, const struct json *rows)
{
    int seen = 0;

    for (const struct json *row = json_first(rows); row != NULL && seen < 2000;
         row = json_next(row), seen++) {
        need_one_of(l, row, "classification", CLASSES, COUNT_OF(CLASSES));
        NEED_NUMS(l, row, "v1_score_at_entry", "v2_score_at_entry", "score_delta",
                  "v1_price_at_entry", "v2_price_at_entry", "price_delta_usd",
                  "entry_ts_delta_seconds");
        NEED_KEYS(l, row, "symbol", "v1_entry_ts", "v2_entry_ts", "missing_fields",
                  "feature_family");
    }
}

static void
check_parity(struct look *l, const struct json *doc)
{
    (void)need_obj(l, doc, "_meta");
    check_parity_rows(l, need_full_list(l, doc, "entry_parity.rows"));
    const struct json *allowed = need_list(l, doc, "entry_parity.allowed_classifications");
    for (size_t i = 0; i < COUNT_OF(CLASSES); i++) {
        const struct json *v = json_first(allowed);

        while (v != NULL && !str_eq(json_string(v), CLASSES[i]))
            v = json_next(v);
        if (v == NULL) wrong(l, "entry_parity.allowed_classifications", CLASSES[i]);
    }
    NEED_NUMS(l, doc, "aggregate_metrics.mean_entry_ts_delta_seconds",
              "aggregate_metrics.mean_score_delta", "aggregate_metrics.mean_price_delta_usd",
              "aggregate_metrics.match_rate");
    NEED_KEYS(l, json_get(doc, "aggregate_metrics"), "matched_pairs");
    NEED_KEYS(l, json_get(doc, "notes"), "parity_available");
    (void)need_obj(l, doc, "overlap");
}

static void
check_parity_details(struct look *l, const struct json *doc)
{
    check_parity_rows(l, need_full_list(l, doc, "rows"));
}

static void
check_histogram(struct look *l, const struct json *h)
{
    const struct json *edges = need_list(l, h, "edges"), *counts = need_list(l, h, "counts");

    if (json_len(edges) < 2) wrong(l, "edges", "two or more");
    if (json_len(counts) + 1 != json_len(edges)) wrong(l, "counts", "one less than edges");
    for (const struct json *v = json_first(edges); v != NULL; v = json_next(v))
        if (isnan(json_f64_of(v, (double)NAN))) wrong(l, "edges", "numbers");
    for (const struct json *v = json_first(counts); v != NULL; v = json_next(v))
        if (isnan(json_f64_of(v, (double)NAN))) wrong(l, "counts", "numbers");
}

static void
check_distribution(struct look *l, const struct json *doc)
{
    static const char *const HISTOGRAMS[] = {"v1_score_hist", "v2_score_hist", "score_delta_hist"};

    for (const struct json *family = json_first(need_full_obj(l, doc, "families")); family != NULL;
         family = json_next(family))
        for (size_t side = 0; side < COUNT_OF(SIDES); side++)
            for (size_t i = 0; i < COUNT_OF(HISTOGRAMS); i++)
                check_histogram(l, need_obj(l, need_obj(l, family, SIDES[side]), HISTOGRAMS[i]));
}

static void
check_timeline(struct look *l, const struct json *doc)
{
    const struct json *hourly = need_list(l, doc, "hourly");

    if (json_len(hourly) != 24) wrong(l, "hourly", "24 hours");
    for (const struct json *hour = json_first(hourly); hour != NULL; hour = json_next(hour)) {
        int64_t h = json_i64(hour, "hour_utc", -1);

        if (h < 0 || h > 23) wrong(l, "hour_utc", "0 to 23");
        for (const struct json *n = json_first(need_obj(l, hour, "counts")); n != NULL;
             n = json_next(n))
            if (isnan(json_f64_of(n, (double)NAN))) wrong(l, json_key(n), "a number");
    }
}

static void
check_families(struct look *l, const struct json *doc)
{
    for (const struct json *f = json_first(need_full_obj(l, doc, "families")); f != NULL;
         f = json_next(f)) {
        (void)need_obj(l, f, "counts");
        NEED_NUMS(l, f, "mean_value", "variance", "long_short_skew", "ev_contribution",
                  "stability_score");
    }
}

static void
check_replacement(struct look *l, const struct json *doc)
{
    NEED_NUMS(l, doc, "counts.realized_trades", "counts.replacement_trades",
              "counts.replacement_rate");
    (void)need_obj(l, doc, "per_feature_replacement_rate");
    (void)need_obj(l, doc, "per_family_replacement_rate");
    (void)need_full_obj(l, doc, "replacement_cause_histogram");
}

static void
check_window(struct look *l, const struct json *window)
{
    static const char *const PARTS[] = {"live", "shadow", "delta"};

    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        NEED_NUMS(l, need_obj(l, window, PARTS[i]), "pnl_usd", "expectancy_usd", "trade_count",
                  "win_rate");
    NEED_KEYS(l, window, "insufficient_data");
}

static void
check_live_shadow(struct look *l, const struct json *doc)
{
    static const char *const WINDOWS[] = {"24h", "48h", "5d"};
    int seen = 0;

    need_text(l, doc, "as_of_ts");
    for (size_t i = 0; i < COUNT_OF(WINDOWS); i++)
        check_window(l, json_get(need_obj(l, doc, "windows"), WINDOWS[i]));
    for (const struct json *row = json_first(need_list(l, doc, "per_symbol"));
         row != NULL && seen < 500; row = json_next(row), seen++) {
        need_text(l, row, "symbol");
        need_text(l, row, "window");
        NEED_NUMS(l, row, "live_pnl_usd", "shadow_pnl_usd", "delta_pnl_usd", "live_trade_count",
                  "shadow_trade_count");
    }
}

static void
check_signals(struct look *l, const struct json *doc)
{
    static const char *const BREAKDOWN[] = {"long_short_breakdown.long",
                                            "long_short_breakdown.short"};
    int seen = 0;

    need_text(l, doc, "as_of_ts");
    for (const struct json *s = json_first(need_list(l, doc, "signals")); s != NULL && seen < 500;
         s = json_next(s), seen++) {
        need_text(l, s, "name");
        NEED_NUMS(l, s, "win_rate", "avg_pnl_usd", "expectancy_usd", "trade_count",
                  "contribution_to_total_pnl");
        for (size_t i = 0; i < COUNT_OF(BREAKDOWN); i++)
            NEED_NUMS(l, need_obj(l, s, BREAKDOWN[i]), "win_rate", "expectancy_usd", "trade_count");
        (void)need_list(l, s, "regime_breakdown");
    }
}

static void
check_weights(struct look *l, const struct json *doc)
{
    static const char *const CONFIDENCE[] = {"low", "medium", "high"};
    int seen = 0;

    need_text(l, doc, "as_of_ts");
    for (const struct json *r = json_first(need_list(l, doc, "recommendations"));
         r != NULL && seen < 500; r = json_next(r), seen++) {
        need_text(l, r, "signal");
        need_num(l, r, "suggested_delta_weight");
        need_one_of(l, r, "confidence", CONFIDENCE, COUNT_OF(CONFIDENCE));
        need_text(l, r, "rationale");
    }
}

enum rc
artifact_check(size_t artifact, const struct json *doc, bool may_be_empty, struct err *err)
{
    static void (*const CHECKS[ARTIFACTS_LEN])(struct look *, const struct json *) = {
        check_equalizer,   check_long_short,     check_completeness, check_curves,   check_matrix,
        check_parity,      check_parity_details, check_distribution, check_timeline, check_families,
        check_replacement, check_live_shadow,    check_signals,      check_weights};
    struct look l = {.may_be_empty = may_be_empty, .err = err, .rc = RC_OK};

    ASSERT(artifact < ARTIFACTS_LEN);
    if (!json_is_object(doc))
        return err_set(err, RC_PARSE, "%s: no object", ARTIFACT_NAMES[artifact]);
    CHECKS[artifact](&l, doc);
    return l.rc == RC_OK ? RC_OK : err_wrap(err, "%s", ARTIFACT_NAMES[artifact]);
}
