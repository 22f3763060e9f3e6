#include <stdlib.h>
#include <string.h>

#include "analytics/artifacts.h"
#include "analytics/stats.h"

enum { POINTS_MAX = 500, CLUSTERS = 1 << FEATURES, CLUSTER_NAME_MAX = 128 };

static double
pnl_of(const struct trade *t)
{
    return zn(t->pnl_usd);
}

/* The next trade of T from i on; NULL at the end. */
static const struct trade *
next_known(const struct day_view *day, size_t *i)
{
    while (*i < day->trades) {
        const struct trade *t = &day->trade[(*i)++];
        if (is_known(t->pnl_usd)) return t;
    }
    return NULL;
}

static const char *
side_name(const struct trade *t)
{
    return t->is_short ? "short" : "long";
}

/* ---- features ------------------------------------------------------------------------------ */

struct side_sum {
    struct sum pnl;
    int64_t wins;
};

struct feature_sum {
    struct sum pnl;
    int64_t wins, losses;
    struct side_sum side[2]; /* long, short */
    struct sum exit_score, score_fall, strength_fall, vol_expansion;
};

static void
feature_add(struct feature_sum *f, const struct trade *t)
{
    const struct attribution *a = t->a;
    struct side_sum *side = &f->side[t->is_short];
    double pnl = pnl_of(t);

    sum_add(&f->pnl, pnl);
    f->wins += pnl > 0;
    f->losses += pnl < 0;
    sum_add(&side->pnl, pnl);
    side->wins += pnl > 0;
    sum_add_known(&f->exit_score, a->has_exit_score ? a->v2_exit_score : t->v2_exit_score);
    sum_add_known(&f->score_fall, a->score_deterioration);
    sum_add_known(&f->strength_fall, a->relative_strength_deterioration);
    sum_add_known(&f->vol_expansion, a->vol_expansion);
}

static void
side_write(struct doc *out, const char *key, const struct side_sum *s)
{
    doc_obj(out, key);
    doc_num(out, "avg_pnl_usd", sum_mean(s->pnl));
    doc_int(out, "count", s->pnl.count);
    doc_num(out, "total_pnl_usd", s->pnl.total);
    doc_num(out, "win_rate", rate(s->wins, s->pnl.count));
    doc_end(out);
}

static void
feature_write(struct doc *out, const char *key, const struct feature_sum *f)
{
    doc_obj(out, key);
    doc_num(out, "avg_pnl_usd", sum_mean(f->pnl));
    doc_obj(out, "by_side");
    side_write(out, "long", &f->side[0]);
    side_write(out, "short", &f->side[1]);
    doc_end(out);
    doc_int(out, "count", f->pnl.count);
    doc_int(out, "loss", f->losses);
    doc_num(out, "total_pnl_usd", f->pnl.total);
    doc_int(out, "win", f->wins);
    doc_num(out, "win_rate", rate(f->wins, f->pnl.count));
    doc_end(out);
}

static void
impact_write(struct doc *out, const char *key, const struct feature_sum *f)
{
    doc_obj(out, key);
    doc_num(out, "avg_relative_strength_deterioration", sum_mean(f->strength_fall));
    doc_num(out, "avg_score_deterioration", sum_mean(f->score_fall));
    doc_num(out, "avg_v2_exit_score", sum_mean(f->exit_score));
    doc_num(out, "avg_vol_expansion", sum_mean(f->vol_expansion));
    doc_int(out, "count", f->pnl.count);
    doc_end(out);
}

/* Of the features that were active at least once. */
static void
features_write(const struct day_view *day, struct doc *out)
{
    struct feature_sum sum[FEATURES] = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;) {
        for (int k = 0; k < FEATURES; k++) {
            if ((t->a->active_features >> k & 1) != 0) feature_add(&sum[k], t);
        }
    }
    doc_obj(out, "feature_exit_impact");
    for (int i = 0; i < FEATURES; i++) {
        enum feature k = feature_sorted[i];
        if (sum[k].pnl.count > 0) impact_write(out, feature_name[k], &sum[k]);
    }
    doc_end(out);
    doc_obj(out, "features");
    for (int i = 0; i < FEATURES; i++) {
        enum feature k = feature_sorted[i];
        if (sum[k].pnl.count > 0) feature_write(out, feature_name[k], &sum[k]);
    }
    doc_end(out);
}

/* ---- clusters of active features ------------------------------------------------------------ */

struct cluster {
    char name[CLUSTER_NAME_MAX];
    unsigned features; /* as attribution.active_features */
};

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct cluster *)a)->name, ((const struct cluster *)b)->name);
}

/* All that can be, ascending by name. */
static void
clusters_fill(struct cluster cluster[CLUSTERS])
{
    for (unsigned set = 0; set < CLUSTERS; set++) {
        CLEANUP(text_free) struct text name = {0};
        for (int i = 0; i < FEATURES; i++) {
            if ((set >> feature_sorted[i] & 1) == 0) continue;
            if (name.len > 0) text_putc(&name, '+');
            text_puts(&name, feature_name[feature_sorted[i]]);
        }
        bool fits = str_copy(cluster[set].name, CLUSTER_NAME_MAX, set ? text_str(&name) : "(none)");
        ASSERT(fits);
        cluster[set].features = set;
    }
    qsort(cluster, CLUSTERS, sizeof(*cluster), by_name);
}

static void
cluster_counts_write(const struct day_view *day, struct doc *out,
                     const struct cluster cluster[CLUSTERS])
{
    int64_t count[CLUSTERS] = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;)
        count[t->a->active_features]++;
    doc_obj(out, "feature_cluster_counts");
    for (int i = 0; i < CLUSTERS; i++) {
        unsigned set = cluster[i].features;
        if (set != 0 && count[set] > 0) doc_int(out, cluster[i].name, count[set]);
    }
    doc_end(out);
}

/* ---- exit reasons -------------------------------------------------------------------------- */

static void
reasons_by_cluster(const struct day_view *day, struct doc *out,
                   const struct cluster cluster[CLUSTERS])
{
    struct tally reasons[CLUSTERS] = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;)
        tally_add(&reasons[t->a->active_features], t->exit_reason, 1);
    doc_obj(out, "by_feature_cluster");
    for (int i = 0; i < CLUSTERS; i++) {
        struct tally *of = &reasons[cluster[i].features];
        if (of->len == 0) continue;
        doc_obj(out, cluster[i].name);
        tally_write(out, of, day->words);
        doc_end(out);
        tally_done(of);
    }
    doc_end(out);
}

static void
reasons_write(const struct day_view *day, struct doc *out, const struct cluster cluster[CLUSTERS])
{
    struct tally by_sector = {0}, by_regime = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;) {
        tally_add(&by_sector, word_pair(t->entry_sector, t->exit_reason), 1);
        tally_add(&by_regime, word_pair(t->entry_regime, t->exit_reason), 1);
    }
    doc_obj(out, "exit_reason_distributions");
    reasons_by_cluster(day, out, cluster);
    tally_write_nested(out, "by_regime", &by_regime, day->words);
    tally_write_nested(out, "by_sector", &by_sector, day->words);
    doc_end(out);
    tally_done(&by_sector);
    tally_done(&by_regime);
}

/* ---- series -------------------------------------------------------------------------------- */

static void
drift_write(const struct day_view *day, struct doc *out)
{
    CLEANUP(series_done) struct series regime = {0};
    CLEANUP(series_done) struct series sector = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;) {
        series_add_known(&regime, t->a->regime_drift);
        series_add_known(&sector, t->a->sector_drift);
    }
    doc_obj(out, "alignment_drift");
    stats_write(out, "regime_alignment_drift_stats", &regime);
    stats_write(out, "sector_alignment_drift_stats", &sector);
    doc_end(out);
}

static void
decay_write(const struct day_view *day, struct doc *out)
{
    doc_obj(out, "feature_contribution_decay");
    for (int n = 0; n < FEATURES; n++) {
        enum feature k = feature_sorted[n];
        CLEANUP(series_done) struct series decay = {0};
        const struct trade *t = NULL;
        for (size_t i = 0; (t = next_known(day, &i)) != NULL;)
            series_add_known(&decay, t->a->decay[k]);
        if (decay.len == 0) continue;
        doc_obj(out, feature_name[k]);
        stats_write(out, "delta_stats", &decay);
        doc_end(out);
    }
    doc_end(out);
}

static double
score_delta(const struct trade *t)
{
    return t->entry_v2_score - t->exit_v2_score; /* NONE if either is */
}

static void
score_evolution_write(const struct day_view *day, struct doc *out)
{
    CLEANUP(series_done) struct series delta = {0};
    const struct trade *t = NULL;
    int points = 0;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;)
        series_add_known(&delta, score_delta(t));
    doc_obj(out, "score_evolution");
    stats_write(out, "delta_stats", &delta);
    doc_arr(out, "points");
    for (size_t i = 0; points < POINTS_MAX && (t = next_known(day, &i)) != NULL;) {
        if (!is_known(score_delta(t))) continue;
        points++;
        doc_obj(out, NULL);
        doc_num(out, "delta_v2_score", score_delta(t));
        doc_num(out, "entry_v2_score", t->entry_v2_score);
        doc_num(out, "exit_v2_score", t->exit_v2_score);
        doc_num(out, "pnl_usd", pnl_of(t));
        doc_str(out, "side", side_name(t));
        doc_num(out, "time_in_trade_minutes", known_or_0(t->time_in_trade_minutes));
        doc_end(out);
    }
    doc_end(out);
    doc_end(out);
}

static void
vol_expansion_write(const struct day_view *day, struct doc *out)
{
    CLEANUP(series_done) struct series expansion = {0};
    const struct trade *t = NULL;
    int points = 0;

    doc_obj(out, "volatility_expansion");
    doc_arr(out, "points");
    for (size_t i = 0; (t = next_known(day, &i)) != NULL;) {
        if (!is_known(t->a->vol_expansion)) continue;
        series_add(&expansion, t->a->vol_expansion);
        if (points++ >= POINTS_MAX) continue;
        doc_obj(out, NULL);
        doc_num(out, "pnl_usd", pnl_of(t));
        doc_str(out, "side", side_name(t));
        doc_num(out, "time_in_trade_minutes", known_or_0(t->time_in_trade_minutes));
        doc_num(out, "vol_expansion", t->a->vol_expansion);
        doc_end(out);
    }
    doc_end(out);
    stats_write(out, "vol_expansion_stats", &expansion);
    doc_end(out);
}

static void
replacement_write(const struct day_view *day, struct doc *out)
{
    struct sum replaced = {0}, other = {0};
    const struct trade *t = NULL;

    for (size_t i = 0; (t = next_known(day, &i)) != NULL;)
        sum_add(t->is_replaced ? &replaced : &other, pnl_of(t));
    doc_obj(out, "replacement_telemetry");
    doc_int(out, "non_replacement_exit_count", other.count);
    doc_num(out, "non_replacement_total_pnl_usd", other.total);
    doc_int(out, "replacement_exit_count", replaced.count);
    doc_num(out, "replacement_total_pnl_usd", replaced.total);
    doc_end(out);
}

/* 3.1 */
void
artifact_feature_equalizer(const struct day_view *day, struct doc *out, const char *key)
{
    struct cluster cluster[CLUSTERS];

    clusters_fill(cluster);
    doc_obj(out, key);
    artifact_meta(day, out, "feature_equalizer", "2026-01-22_v1");
    drift_write(day, out);
    reasons_write(day, out, cluster);
    cluster_counts_write(day, out, cluster);
    decay_write(day, out);
    features_write(day, out);
    replacement_write(day, out);
    score_evolution_write(day, out);
    vol_expansion_write(day, out);
    doc_end(out);
}
