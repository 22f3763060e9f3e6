#include "exitlogic/exit_pnl.h"

#include <math.h>

static const struct held_bin {
    const char *name;
    double below_min; /* minutes */
} HELD_BINS[V2_HELD_BINS] = {
    {"<30m",    30      },
    {"30-120m", 120     },
    {"2-6h",    360     },
    {">6h",     HUGE_VAL},
};

const char *
v2_held_bin_name(int bin)
{
    ASSERT(bin >= 0 && bin < V2_HELD_BINS);
    return HELD_BINS[bin].name;
}

static void
count(struct counts *t, const char *key, double pnl_usd, struct arena *a)
{
    struct count_row *row = counts_at(t, key, a);

    row->n++;
    if (!isfinite(pnl_usd)) return;
    row->known++;
    row->wins += pnl_usd > 0;
    row->sum += pnl_usd;
}

static void
count_held(struct v2_exit_pnl *s, double held_min)
{
    for (int i = 0; i < V2_HELD_BINS; i++) {
        if (held_min < HELD_BINS[i].below_min) {
            s->held[i]++;
            return;
        }
    }
}

static void
count_score(struct v2_exit_pnl *s, double score)
{
    if (!isfinite(score)) return;
    s->score_min = s->scores == 0 ? score : fmin(s->score_min, score);
    s->score_max = s->scores == 0 ? score : fmax(s->score_max, score);
    s->score_sum += score;
    s->scores++;
}

void
v2_exit_pnl_add(struct v2_exit_pnl *s, const struct v2_exit_row *row, struct arena *a)
{
    s->rows++;
    if (isfinite(row->pnl_usd)) {
        s->known++;
        s->wins += row->pnl_usd > 0;
        s->pnl_usd_sum += row->pnl_usd;
    }
    count(&s->by_reason, row->reason, row->pnl_usd, a);
    if (isfinite(row->pnl_usd)) {
        count(&s->by_regime, row->regime, row->pnl_usd, a);
        count(&s->by_sector, row->sector, row->pnl_usd, a);
    }
    count_held(s, row->held_min);
    count_score(s, row->exit_score);
}
