#include "analytics/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- order --------------------------------------------------------------------------------- */

enum {
    DIGIT_BITS = 11,
    DIGITS = (64 + DIGIT_BITS - 1) / DIGIT_BITS,
    DIGIT_VALUES = 1 << DIGIT_BITS
};

/* A number that is as much greater as the double is; the zeros of both signs are one. */
static uint64_t
order_of(double x)
{
    double value = zn(x);
    uint64_t bits = 0;

    memcpy(&bits, &value, sizeof(bits));
    return (bits >> 63) != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static size_t
digit_of(double x, int digit)
{
    return order_of(x) >> (digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

/* By one digit; equals stay in their order.  False where all have the same, and nothing was moved.
 */
static bool
sort_by_digit(const double *from, double *to, size_t len, int digit)
{
    size_t place[DIGIT_VALUES] = {0}, at = 0;

    for (size_t i = 0; i < len; i++)
        place[digit_of(from[i], digit)]++;
    if (place[digit_of(from[0], digit)] == len) return false;
    for (size_t v = 0; v < DIGIT_VALUES; v++) {
        size_t count = place[v];
        place[v] = at;
        at += count;
    }
    for (size_t i = 0; i < len; i++)
        to[place[digit_of(from[i], digit)]++] = from[i];
    return true;
}

/* Digit by digit, the lowest first, without comparing: days have series of 100 000 values.  Zeros
 * of both signs are equal, and equals stay in their order (spec 40 0.4.6). */
void
series_sort(struct series *s)
{
    if (s->len < 2) return;
    double *from = s->at, *to = calloc(s->len, sizeof(*to));

    ASSERT(to != NULL);
    for (int digit = 0; digit < DIGITS; digit++) {
        if (!sort_by_digit(from, to, s->len, digit)) continue;
        double *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != s->at) memcpy(s->at, from, s->len * sizeof(*from));
    free(from != s->at ? from : to);
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
