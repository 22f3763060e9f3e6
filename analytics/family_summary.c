#include "analytics/artifacts.h"
#include "analytics/stats.h"

#define VERSION "2026-01-22_v1"

struct family_sums {
    struct sum delta, long_delta, short_delta; /* score_delta, in the order of the rows */
    struct sum squares;                        /* of the distances from the mean */
    struct sum pnl;
};

/*
 * The C library's pow, called at run time: compilers turn pow(d, 2.0) into d * d, and the two
 * differ in the last bit for about one argument in a thousand (spec 40 0.4.5).
 */
static double (*volatile const square_power)(double base, double exponent) = pow;

static void
add_row(const struct day_view *day, const struct parity_row *row, struct family_sums *s)
{
    word side = row->v1_side != 0 ? row->v1_side : row->v2_side;

    sum_add(&s->delta, row->score_delta);
    if (word_is_low(day->words, side, "long")) sum_add(&s->long_delta, row->score_delta);
    if (word_is_low(day->words, side, "short")) sum_add(&s->short_delta, row->score_delta);
}

/* A trade counts in every family that was active at its entry. */
static void
add_trade(const struct trade *t, struct family_sums sums[FAMILIES])
{
    family_set set = t->a->families != 0 ? t->a->families : (family_set)(1U << FAM_UNKNOWN);

    for (int f = 0; f < FAMILIES; f++)
        if (family_in(set, (enum family)f)) sum_add(&sums[f].pnl, known_or_0(t->pnl_usd));
}

static void
sum_day(const struct day_view *day, struct family_sums sums[FAMILIES])
{
    for (size_t i = 0; i < day->rows; i++)
        add_row(day, &day->row[i], &sums[day->row[i].family]);
    for (size_t i = 0; i < day->rows; i++) {
        struct family_sums *s = &sums[day->row[i].family];

        sum_add(&s->squares, square_power(day->row[i].score_delta - sum_mean(s->delta), 2.0));
    }
    for (size_t i = 0; i < day->trades; i++)
        add_trade(&day->trade[i], sums);
}

static void
write_family(struct doc *out, const char *name, const struct family_sums *s)
{
    double variance = sum_mean(s->squares);

    doc_obj(out, name);
    doc_obj(out, "counts");
    doc_int(out, "parity_rows", s->delta.count);
    doc_int(out, "parity_rows_long", s->long_delta.count);
    doc_int(out, "parity_rows_short", s->short_delta.count);
    doc_int(out, "realized_trades", s->pnl.count);
    doc_end(out);
    doc_num(out, "ev_contribution", sum_mean(s->pnl));
    doc_num(out, "long_short_skew", sum_mean(s->long_delta) - sum_mean(s->short_delta));
    doc_num(out, "mean_value", sum_mean(s->delta));
    doc_num(out, "stability_score", 1.0 / (1.0 + variance));
    doc_num(out, "variance", variance);
    doc_end(out);
}

void
artifact_feature_families(const struct day_view *day, struct doc *out, const char *key)
{
    struct family_sums sums[FAMILIES] = {0};

    sum_day(day, sums);
    doc_obj(out, key);
    artifact_meta(day, out, "feature_family_summary", VERSION);
    doc_obj(out, "families");
    for (int i = 0; i < FAMILIES; i++)
        write_family(out, family_name[family_sorted[i]], &sums[family_sorted[i]]);
    doc_end(out);
    doc_obj(out, "notes");
    doc_str(out, "ev_contribution",
            "mean pnl_usd of realized trades with the family active at entry");
    doc_str(out, "mean_value", "mean score_delta over parity rows of the family");
    doc_end(out);
    doc_end(out);
}
