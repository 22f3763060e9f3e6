#include <math.h>

#include "analytics/artifacts.h"
#include "analytics/stats.h"

enum { BINS = 8 };

struct bin {
    double low, high;
    struct sum all, side[2]; /* long, short */
};

struct curve {
    struct bin bin[BINS];
    size_t bins;
    int64_t points;
};

/* Value of a feature at the entry of a trade; NONE: no point. */
static double
value_of(const struct trade *t, enum feature k)
{
    return k == F_SENTIMENT ? t->a->sentiment_value : t->a->entry_input[k];
}

static bool
is_same(double a, double b)
{
    return !(a < b) && !(a > b);
}

/* Between the eighths of the values, an empty step dropped. */
static void
bins_cut(struct curve *c, const struct series *sorted)
{
    c->bins = 0;
    if (sorted->len == 0) c->bin[c->bins++] = (struct bin){0};
    for (int i = 0; i < BINS && sorted->len > 0; i++) {
        double low = series_at(sorted, (double)i / BINS);
        double high = series_at(sorted, (double)(i + 1) / BINS);
        const struct bin *last = c->bins > 0 ? &c->bin[c->bins - 1] : NULL;
        if (last != NULL && is_same(last->low, low) && is_same(last->high, high)) continue;
        c->bin[c->bins++] = (struct bin){.low = low, .high = high};
    }
}

/* A value on an edge that two bins share counts in both. */
static void
point_add(struct curve *c, double x, const struct trade *t)
{
    c->points++;
    for (size_t i = 0; i < c->bins; i++) {
        struct bin *b = &c->bin[i];
        if (x < b->low || x > b->high) continue;
        sum_add(&b->all, t->pnl_usd);
        sum_add(&b->side[t->is_short], t->pnl_usd);
    }
}

static void
curve_fill(const struct day_view *day, enum feature k, struct curve *c)
{
    CLEANUP(series_done) struct series values = {0};

    for (size_t i = 0; i < day->trades; i++) {
        if (is_known(day->trade[i].pnl_usd)) series_add_known(&values, value_of(&day->trade[i], k));
    }
    series_sort(&values);
    *c = (struct curve){0};
    bins_cut(c, &values);
    for (size_t i = 0; i < day->trades; i++) {
        const struct trade *t = &day->trade[i];
        double x = value_of(t, k);
        if (is_known(t->pnl_usd) && is_known(x)) point_add(c, x, t);
    }
}

static void
bin_write(struct doc *out, const struct bin *b, const struct sum *s)
{
    doc_obj(out, NULL);
    doc_num(out, "avg_pnl_usd", sum_mean(*s));
    doc_int(out, "count", s->count);
    doc_num(out, "total_pnl_usd", s->total);
    doc_num(out, "x_hi", b->high);
    doc_num(out, "x_lo", b->low);
    doc_end(out);
}

/* side: 0 long, 1 short, -1 both. */
static void
bins_write(struct doc *out, const char *key, const struct curve *c, int side)
{
    doc_arr(out, key);
    for (size_t i = 0; i < c->bins; i++)
        bin_write(out, &c->bin[i], side < 0 ? &c->bin[i].all : &c->bin[i].side[side]);
    doc_end(out);
}

/* 3.4 */
void
artifact_value_curves(const struct day_view *day, struct doc *out, const char *key)
{
    struct curve c;

    doc_obj(out, key);
    doc_obj(out, "_meta");
    doc_int(out, "bins", BINS);
    doc_str(out, "date", day->options.date);
    doc_str(out, "kind", "feature_value_curves");
    doc_str(out, "version", "2026-01-22_v1");
    doc_end(out);
    doc_obj(out, "features");
    for (int i = 0; i < FEATURES; i++) {
        enum feature k = feature_sorted[i];
        curve_fill(day, k, &c);
        doc_obj(out, feature_name[k]);
        doc_int(out, "bins", BINS);
        bins_write(out, "long", &c, 0);
        bins_write(out, "overall", &c, -1);
        doc_int(out, "point_count", c.points);
        bins_write(out, "short", &c, 1);
        doc_end(out);
    }
    doc_end(out);
    doc_end(out);
}
