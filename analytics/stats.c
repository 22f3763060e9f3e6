#include "analytics/stats.h"

#include <math.h>
#include <stdlib.h>

#include "analytics/grow.h"
#include "analytics/value.h"

void
series_done(struct series *s)
{
    free(s->at);
    *s = (struct series){0};
}

void
series_add(struct series *s, double x)
{
    s->at = grown(s->at, s->len, &s->cap, sizeof(*s->at));
    s->at[s->len++] = x;
}

void
series_add_known(struct series *s, double x)
{
    if (is_known(x)) series_add(s, x);
}

void
sum_add_known(struct sum *s, double x)
{
    if (is_known(x)) sum_add(s, x);
}

double
sum_mean(struct sum s)
{
    return s.count > 0 ? s.total / (double)s.count : 0.0;
}

double
rate(int64_t a, int64_t b)
{
    return b != 0 ? (double)a / (double)b : 0.0;
}

struct placed {
    double value;
    size_t place;
};

/* Zeros of both signs are equal, and equals stay in their order (spec 40 0.4.6). */
static int
by_value(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->value < y->value) return -1;
    if (x->value > y->value) return 1;
    return (x->place > y->place) - (x->place < y->place);
}

void
series_sort(struct series *s)
{
    struct placed *placed = calloc(MAX(s->len, (size_t)1), sizeof(*placed));

    ASSERT(placed != NULL);
    for (size_t i = 0; i < s->len; i++)
        placed[i] = (struct placed){s->at[i], i};
    qsort(placed, s->len, sizeof(*placed), by_value);
    for (size_t i = 0; i < s->len; i++)
        s->at[i] = placed[i].value;
    free(placed);
}

double
series_at(const struct series *sorted, double q)
{
    ASSERT(sorted->len > 0);
    return sorted->at[(size_t)rint(q * (double)(sorted->len - 1))];
}

static double
median(const struct series *sorted)
{
    size_t half = sorted->len / 2;

    if (sorted->len % 2 != 0) return sorted->at[half];
    return (sorted->at[half - 1] + sorted->at[half]) / 2.0;
}

void
stats_write(struct doc *out, const char *key, struct series *xs)
{
    double total = 0;

    doc_obj(out, key);
    if (xs->len > 0) {
        series_sort(xs);
        for (size_t i = 0; i < xs->len; i++)
            total += xs->at[i];
        doc_num(out, "max", xs->at[xs->len - 1]);
        doc_num(out, "mean", total / (double)xs->len);
        doc_num(out, "median", median(xs));
        doc_num(out, "min", xs->at[0]);
        doc_int(out, "n", (int64_t)xs->len);
        doc_num(out, "p25", series_at(xs, 0.25));
        doc_num(out, "p50", series_at(xs, 0.5));
        doc_num(out, "p75", series_at(xs, 0.75));
    }
    doc_end(out);
}
