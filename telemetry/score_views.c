#include <math.h>
#include <stdlib.h>

#include "telemetry/score_telemetry.h"

enum { DECIMALS = 3, PERCENT_DECIMALS = 1, BINS = 9 };

/* ---- the scores of a window ---------------------------------------------------------------- */

struct scores {
    double value[SCORE_TELEMETRY_KEPT]; /* ascending */
    size_t len;
};

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
scores_of(const struct score_telemetry *t, const struct score_window *w, struct scores *ret)
{
    ret->len = 0;
    for (size_t i = 0; i < t->scores.len; i++) {
        const struct score_seen *s = &t->scores.seen[i];
        double age_ns = (double)w->now_ns - (double)s->at_ns;

        if (age_ns > w->hours * (double)NS_PER_HOUR) continue;
        if (w->symbol != NULL && !str_eq_nocase(w->symbol, s->symbol)) continue;
        ret->value[ret->len++] = s->value;
    }
    if (ret->len > 1) qsort(ret->value, ret->len, sizeof ret->value[0], ascending);
}

double
score_quantile(const double *value, size_t len, double p)
{
    if (len == 0) return 0;
    double place = (double)(len - 1) * p;
    size_t below = (size_t)floor(place);
    size_t above = MIN(below + 1, len - 1);

    return value[below] + (place - (double)below) * (value[above] - value[below]);
}

static double
mean_of(const struct scores *s)
{
    double sum = 0;

    for (size_t i = 0; i < s->len; i++)
        sum += s->value[i];
    return s->len > 0 ? sum / (double)s->len : 0;
}

/* ---- distribution -------------------------------------------------------------------------- */

/* Below 1 is the first bin, 8 and above the last. */
static void
histogram_write(const struct scores *s, struct json_out *o)
{
    static const char *const names[BINS] = {"0-1", "1-2", "2-3", "3-4", "4-5",
                                            "5-6", "6-7", "7-8", "8+"};
    int64_t n[BINS] = {0};

    for (size_t i = 0; i < s->len; i++)
        n[(int)fmin(BINS - 1, fmax(0, floor(s->value[i])))]++;
    json_out_obj(o, "histogram");
    for (int i = 0; i < BINS; i++)
        json_out_i64(o, names[i], n[i]);
    json_out_end(o);
}

void
score_distribution_write(const struct score_telemetry *t, const struct score_window *w,
                         struct json_out *o)
{
    struct scores s;

    scores_of(t, w, &s);
    json_out_obj(o, NULL);
    json_out_i64(o, "count", (int64_t)s.len);
    json_out_f64(o, "min", s.len > 0 ? round_dec(s.value[0], DECIMALS) : 0);
    json_out_f64(o, "max", s.len > 0 ? round_dec(s.value[s.len - 1], DECIMALS) : 0);
    json_out_f64(o, "mean", round_dec(mean_of(&s), DECIMALS));
    json_out_f64(o, "median", round_dec(score_quantile(s.value, s.len, 0.5), DECIMALS));
    json_out_f64(o, "p25", round_dec(score_quantile(s.value, s.len, 0.25), DECIMALS));
    json_out_f64(o, "p75", round_dec(score_quantile(s.value, s.len, 0.75), DECIMALS));
    json_out_f64(o, "p90", round_dec(score_quantile(s.value, s.len, 0.9), DECIMALS));
    histogram_write(&s, o);
    json_out_end(o);
}

/* ---- components, missing intel ------------------------------------------------------------- */

void
score_health_write(const struct score_telemetry *t, const struct score_window *w,
                   struct json_out *o)
{
    struct scores s;

    scores_of(t, w, &s);
    json_out_obj(o, NULL);
    for (size_t i = 0; s.len > 0 && i < t->components_len; i++) {
        const struct score_component *c = &t->component[i];
        double n = (double)MAX(c->count, (int64_t)1);

        json_out_obj(o, c->name);
        json_out_f64(o, "avg_contribution", round_dec(c->total / n, DECIMALS));
        json_out_f64(o, "zero_percentage",
                     round_dec(100.0 * (double)c->zeros / n, PERCENT_DECIMALS));
        json_out_i64(o, "total_count", c->count);
        json_out_i64(o, "zero_count", c->zeros);
        json_out_end(o);
    }
    json_out_end(o);
}

static void
counts_write(const struct score_count *row, size_t len, size_t scores, const char *key,
             struct json_out *o)
{
    double n = (double)MAX(scores, (size_t)1);

    json_out_obj(o, key);
    for (size_t i = 0; i < len; i++) {
        json_out_obj(o, row[i].name);
        json_out_i64(o, "count", row[i].n);
        json_out_f64(o, "percentage", round_dec(100.0 * (double)row[i].n / n, PERCENT_DECIMALS));
        json_out_end(o);
    }
    json_out_end(o);
}

void
score_missing_write(const struct score_telemetry *t, const struct score_window *w,
                    struct json_out *o)
{
    struct scores s;
    struct score_count convictions = {.name = "conviction", .n = t->defaulted_convictions};

    scores_of(t, w, &s);
    json_out_obj(o, NULL);
    counts_write(t->list[LIST_MISSING_INTEL], t->list_len[LIST_MISSING_INTEL], s.len,
                 "missing_intel", o);
    counts_write(t->list[LIST_NEUTRAL_DEFAULTS], t->list_len[LIST_NEUTRAL_DEFAULTS], s.len,
                 "neutral_defaults", o);
    counts_write(t->list[LIST_CORE_MISSING], t->list_len[LIST_CORE_MISSING], s.len,
                 "core_features_missing", o);
    counts_write(&convictions, 1, s.len, "defaulted", o);
    json_out_end(o);
}
