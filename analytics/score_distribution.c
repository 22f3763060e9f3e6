#include "analytics/artifacts.h"

#define VERSION "2026-01-22_v1"

enum { BINS = 32 };
#define STEP 0.25

enum hist_kind { HIST_DELTA, HIST_V1, HIST_V2 }; /* ascending by name */
enum { HISTS = HIST_V2 + 1 };
enum group { GROUP_LONG, GROUP_OVERALL, GROUP_SHORT }; /* likewise */
enum { GROUPS = GROUP_SHORT + 1 };

static const struct {
    const char *name;
    double first; /* edge; the last one is BINS steps above */
} KINDS[HISTS] = {
    {"score_delta_hist", -4.0},
    {"v1_score_hist",    0.0 },
    {"v2_score_hist",    0.0 }
};

static const char *const GROUP_NAMES[GROUPS] = {"long", "overall", "short"};

struct hist {
    int64_t count[BINS];
    int64_t n;
};

struct curves {
    struct hist hist[FAMILIES][GROUPS][HISTS];
};

/* What lies outside belongs to the first or the last bin. */
static void
hist_add(struct hist *h, enum hist_kind kind, double value)
{
    double first = KINDS[kind].first;
    int bin = 0;

    if (value >= first + BINS * STEP)
        bin = BINS - 1;
    else if (value >= first)
        bin = MIN((int)((value - first) / STEP), BINS - 1);
    h->count[bin]++;
    h->n++;
}

static void
group_add(struct hist hists[HISTS], const struct parity_row *row)
{
    hist_add(&hists[HIST_DELTA], HIST_DELTA, row->score_delta);
    hist_add(&hists[HIST_V1], HIST_V1, row->v1_score);
    hist_add(&hists[HIST_V2], HIST_V2, row->v2_score);
}

static void
count_rows(const struct day_view *day, struct curves *c)
{
    for (size_t i = 0; i < day->rows; i++) {
        const struct parity_row *row = &day->row[i];
        word side = row->v1_side != 0 ? row->v1_side : row->v2_side;

        group_add(c->hist[row->family][GROUP_OVERALL], row);
        if (word_is_low(day->words, side, "long")) group_add(c->hist[row->family][GROUP_LONG], row);
        if (word_is_low(day->words, side, "short"))
            group_add(c->hist[row->family][GROUP_SHORT], row);
    }
}

static void
write_hist(struct doc *out, enum hist_kind kind, const struct hist *h)
{
    doc_obj(out, KINDS[kind].name);
    doc_arr(out, "counts");
    for (int i = 0; i < BINS; i++)
        doc_int(out, NULL, h->count[i]);
    doc_end(out);
    doc_arr(out, "edges");
    for (int i = 0; i <= BINS; i++)
        doc_num(out, NULL, KINDS[kind].first + i * STEP); /* exact: a multiple of a quarter */
    doc_end(out);
    doc_int(out, "n", h->n);
    doc_end(out);
}

void
artifact_score_distribution(const struct day_view *day, struct doc *out, const char *key)
{
    struct curves *c = calloc(1, sizeof(*c));

    ASSERT(c != NULL);
    count_rows(day, c);
    doc_obj(out, key);
    artifact_meta(day, out, "score_distribution_curves", VERSION);
    doc_obj(out, "families");
    for (int i = 0; i < FAMILIES; i++) {
        enum family f = family_sorted[i];

        doc_obj(out, family_name[f]);
        for (int group = 0; group < GROUPS; group++) {
            doc_obj(out, GROUP_NAMES[group]);
            for (int kind = 0; kind < HISTS; kind++)
                write_hist(out, (enum hist_kind)kind, &c->hist[f][group][kind]);
            doc_end(out);
        }
        doc_end(out);
    }
    doc_end(out);
    doc_obj(out, "notes");
    doc_str(out, "source", "entry parity rows by feature_family");
    doc_end(out);
    doc_end(out);
    free(c);
}
