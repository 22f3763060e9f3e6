/*
 * Sums of spec 40 3.0.3 and 3.0.4: plain, from left to right, in doubles.
 */
#ifndef ANALYTICS_STATS_H
#define ANALYTICS_STATS_H

#include "analytics/doc.h"
#include "analytics/words.h"

/* Values in the order in which they came. */
struct series {
    double *at;
    size_t len, cap;
};

void series_done(struct series *s); /* as after = {0}; fits CLEANUP(series_done) */
void series_add(struct series *s, double x);
/* Only what is known. */
void series_add_known(struct series *s, double x);
void series_sort(struct series *s); /* ascending */

/* A mean in the making. */
struct sum {
    int64_t count;
    double total;
};

static inline void
sum_add(struct sum *s, double x)
{
    s->count++;
    s->total += x;
}
void sum_add_known(struct sum *s, double x);
double sum_mean(struct sum s); /* 0.0 if empty */

/* a / b, 0.0 if b is 0. */
double rate(int64_t a, int64_t b);

/* The value of sorted ones at rint(q * (len - 1)); len > 0. */
double series_at(const struct series *sorted, double q);

/* stats(xs) as a member of the open object; sorts xs. */
void stats_write(struct doc *out, const char *key, struct series *xs);

/* name -> count as members of the open object; keys of one word. */
void tally_write(struct doc *out, const struct tally *t, const struct words *w);
/* name -> {name -> count}; keys of two. */
void tally_write_nested(struct doc *out, const char *key, const struct tally *t,
                        const struct words *w);

#endif
