#include "analytics/artifacts.h"
#include "analytics/stats.h"

struct group {
    struct sum all, wins, losses;
};

static void
group_add(struct group *g, double pnl)
{
    sum_add(&g->all, pnl);
    if (pnl > 0) sum_add(&g->wins, pnl);
    if (pnl < 0) sum_add(&g->losses, pnl);
}

static void
group_write(struct doc *out, const char *key, const struct group *g)
{
    double win_rate = rate(g->wins.count, g->all.count);
    double won = win_rate * sum_mean(g->wins), lost = (1.0 - win_rate) * sum_mean(g->losses);

    doc_obj(out, key);
    doc_num(out, "avg_loss_usd", sum_mean(g->losses));
    doc_num(out, "avg_pnl_usd", sum_mean(g->all));
    doc_num(out, "avg_win_usd", sum_mean(g->wins));
    doc_int(out, "count", g->all.count);
    doc_num(out, "expectancy_usd", won + lost);
    doc_int(out, "loss_count", g->losses.count);
    doc_num(out, "total_pnl_usd", g->all.total);
    doc_int(out, "win_count", g->wins.count);
    doc_num(out, "win_rate", win_rate);
    doc_end(out);
}

/* 3.2 */
void
artifact_long_short(const struct day_view *day, struct doc *out, const char *key)
{
    struct group overall = {0}, side[2] = {0}; /* long, short */

    for (size_t i = 0; i < day->trades; i++) {
        const struct trade *t = &day->trade[i];
        if (!is_known(t->pnl_usd)) continue;
        group_add(&overall, t->pnl_usd);
        group_add(&side[t->is_short], t->pnl_usd);
    }
    doc_obj(out, key);
    artifact_meta(day, out, "long_short_analysis", "2026-01-22_v1");
    group_write(out, "long", &side[0]);
    group_write(out, "overall", &overall);
    group_write(out, "short", &side[1]);
    doc_end(out);
}
