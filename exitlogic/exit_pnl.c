#include "exitlogic/exit_pnl.h"

#include <math.h>
#include <string.h>

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

/* Where the key is, or would stand. */
static size_t
place_of(const struct v2_exit_groups *g, const char *key)
{
    size_t lo = 0, hi = g->len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(g->group[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void
make_room(struct v2_exit_groups *g, struct arena *a)
{
    enum { FIRST_ROOM = 16 };

    if (g->len < g->cap) return;
    size_t cap = g->cap > 0 ? 2 * g->cap : FIRST_ROOM;
    struct v2_exit_group *group = ARENA_NEW(a, struct v2_exit_group, cap);
    if (g->len > 0) memcpy(group, g->group, g->len * sizeof(*group));
    g->group = group;
    g->cap = cap;
}

static struct v2_exit_group *
group_of(struct v2_exit_groups *g, const char *key, struct arena *a)
{
    size_t at = place_of(g, key);

    if (at < g->len && strcmp(g->group[at].key, key) == 0) return &g->group[at];
    make_room(g, a);
    memmove(&g->group[at + 1], &g->group[at], (g->len - at) * sizeof(*g->group));
    g->group[at] = (struct v2_exit_group){.key = arena_strdup(a, key)};
    g->len++;
    return &g->group[at];
}

static void
count(struct v2_exit_groups *g, const char *key, double pnl_usd, struct arena *a)
{
    struct v2_exit_group *group = group_of(g, key, a);

    group->n++;
    if (pnl_usd > 0) group->wins++;
    if (isfinite(pnl_usd)) group->pnl_usd_sum += pnl_usd;
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
    count(&s->by_reason, row->reason, row->pnl_usd, a);
    if (isfinite(row->pnl_usd)) {
        count(&s->by_regime, row->regime, row->pnl_usd, a);
        count(&s->by_sector, row->sector, row->pnl_usd, a);
    }
    count_held(s, row->held_min);
    count_score(s, row->exit_score);
}
