#include <stdlib.h>

#include "analytics/artifacts.h"
#include "analytics/stats.h"

struct cell {
    struct sum pnl, input[FEATURES];
};

/* Cells by (regime, sector): the tally gives their places. */
struct matrix {
    struct tally key;
    struct cell *cell;
};

static void
matrix_fill(const struct day_view *day, struct matrix *m)
{
    *m = (struct matrix){.cell = calloc(MAX(day->trades, (size_t)1), sizeof(*m->cell))};
    ASSERT(m->cell != NULL);
    for (size_t i = 0; i < day->trades; i++) {
        const struct trade *t = &day->trade[i];
        if (!is_known(t->pnl_usd)) continue;
        uint32_t at = tally_index(&m->key, word_pair(t->entry_regime, t->entry_sector));
        sum_add(&m->cell[at].pnl, t->pnl_usd);
        for (int k = 0; k < FEATURES; k++)
            sum_add_known(&m->cell[at].input[k], t->a->entry_input[k]);
    }
}

static void
sum_members_write(struct doc *out, struct sum pnl)
{
    doc_int(out, "count", pnl.count);
    doc_num(out, "total_pnl_usd", pnl.total);
}

/* Count and P&L of a feature are those of the cell. */
static void
cell_write(struct doc *out, struct span sector, const struct cell *c)
{
    doc_obj_at(out, sector);
    doc_obj(out, "_cell");
    doc_num(out, "avg_pnl_usd", sum_mean(c->pnl));
    sum_members_write(out, c->pnl);
    doc_end(out);
    doc_obj(out, "features");
    for (int i = 0; i < FEATURES; i++) {
        enum feature k = feature_sorted[i];
        doc_obj(out, feature_name[k]);
        doc_num(out, "avg_input", sum_mean(c->input[k]));
        doc_num(out, "avg_pnl_usd", sum_mean(c->pnl));
        sum_members_write(out, c->pnl);
        doc_end(out);
    }
    doc_end(out);
    doc_end(out);
}

/* 3.5 */
void
artifact_regime_matrix(const struct day_view *day, struct doc *out, const char *key)
{
    struct matrix m;

    matrix_fill(day, &m);
    uint32_t *order = tally_sorted(&m.key, day->words);
    doc_obj(out, key);
    artifact_meta(day, out, "regime_sector_feature_matrix", "2026-01-22_v1");
    doc_obj(out, "matrix");
    for (uint32_t i = 0; i < m.key.len;) {
        word regime = pair_first(m.key.key[order[i]]);
        doc_obj_at(out, words_text(day->words, regime));
        for (; i < m.key.len && pair_first(m.key.key[order[i]]) == regime; i++) {
            word sector = pair_second(m.key.key[order[i]]);
            cell_write(out, words_text(day->words, sector), &m.cell[order[i]]);
        }
        doc_end(out);
    }
    doc_end(out);
    doc_end(out);
    free(order);
    free(m.cell);
    tally_done(&m.key);
}
