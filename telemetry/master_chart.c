#include <math.h>

#include "telemetry/chart.h"
#include "telemetry/master.h"

enum { VALUE_BINS_MAX = 16 };

static void
draw(struct master_charts *to, enum master_place place, const char *name, const struct chart *c)
{
    if (!chart_has_data(c) || to->len == MASTER_CHARTS_MAX) return;
    struct master_chart *m = &to->chart[to->len++];

    m->place = place;
    m->is_small = c->is_small;
    (void)snprintf(m->file, sizeof(m->file), "charts/%s.svg", name);
    (void)str_copy(m->title, sizeof(m->title), c->title);
    chart_draw(c, false, &m->for_page);
    chart_draw(c, true, &m->for_file);
}

/* ---- over the day -------------------------------------------------------------------------- */

struct minutes {
    struct chart_point point[PULSE_MINUTES + 1];
    size_t len;
};

static void
add_point(struct minutes *to, double x, double y)
{
    if (isfinite(y) && to->len < COUNT_OF(to->point))
        to->point[to->len++] = (struct chart_point){x, y};
}

static void
draw_equity(const struct master *m, struct master_charts *to)
{
    struct minutes equity = {.len = 0};

    for (int i = 0; i < PULSE_MINUTES; i++)
        add_point(&equity, i + m->ny_offset_min, m->pulse->equity_usd[i]);
    struct chart_series series[] = {
        {"equity", equity.point, equity.len}
    };
    draw(to, MASTER_OF_OVERVIEW, "equity",
         &(struct chart){.title = "Account equity (USD)",
                         .x_name = "New York time",
                         .is_time = true,
                         .series = series,
                         .series_len = COUNT_OF(series)});
}

/* What was earned up to the end of each minute in which a trade was closed. */
static void
running_total(const struct master *m, const struct day_side *side, struct minutes *to)
{
    double earned_usd[PULSE_MINUTES] = {0}, total_usd = 0;
    bool has_close[PULSE_MINUTES] = {false};

    for (size_t i = 0; i < side->events; i++) {
        const struct pnl_event *e = &side->event[i];
        if (!day_facts_has(m->facts, e)) continue;
        int64_t minute = (e->ts_us - m->facts->day_begin_us) / (NS_PER_MIN / NS_PER_US);
        earned_usd[minute] += e->pnl;
        has_close[minute] = true;
    }
    for (int i = 0; i < PULSE_MINUTES; i++) {
        if (!has_close[i]) continue;
        if (to->len == 0) add_point(to, i + m->ny_offset_min, 0);
        total_usd += earned_usd[i];
        add_point(to, i + m->ny_offset_min, total_usd);
    }
}

static void
draw_pnl(const struct master *m, struct master_charts *to)
{
    struct minutes live = {.len = 0}, shadow = {.len = 0};

    running_total(m, &m->facts->live, &live);
    running_total(m, &m->facts->shadow, &shadow);
    struct chart_series series[] = {
        {"live",           live.point,   live.len  },
        {"shadow (paper)", shadow.point, shadow.len}
    };
    draw(to, MASTER_OF_OVERVIEW, "live_vs_shadow",
         &(struct chart){.title = "Realized P&L of the day, running total (USD)",
                         .x_name = "New York time",
                         .kind = CHART_STEPS,
                         .is_time = true,
                         .starts_at_0 = true,
                         .series = series,
                         .series_len = COUNT_OF(series)});
}

/* ---- scores and features ------------------------------------------------------------------- */

static void
draw_scores(const struct master *m, struct master_charts *to)
{
    const struct score_range *range[] = {&m->candidates->v1, &m->candidates->v2};
    struct chart_point point[2][SCORE_BINS];

    for (size_t s = 0; s < COUNT_OF(range); s++) {
        for (int i = 0; i < SCORE_BINS; i++)
            point[s][i] = (struct chart_point){i * SCORE_BIN_WIDTH, (double)range[s]->bin[i]};
    }
    struct chart_series series[] = {
        {"v1 score", point[0], SCORE_BINS},
        {"v2 score", point[1], SCORE_BINS}
    };
    draw(to, MASTER_OF_SCORES, "scores",
         &(struct chart){.title = "Scores of the shadow's candidates (count)",
                         .x_name = "score",
                         .kind = CHART_BARS,
                         .bar_width = SCORE_BIN_WIDTH,
                         .series = series,
                         .series_len = COUNT_OF(series)});
}

static void
draw_curve(const struct json *feature, struct master_charts *to)
{
    struct chart_point point[VALUE_BINS_MAX];
    const struct json *bin = json_first(json_get_arr(feature, "overall"));
    size_t len = 0;
    char title[64];

    for (; bin != NULL && len < VALUE_BINS_MAX; bin = json_next(bin)) {
        if (json_i64(bin, "count", 0) == 0) continue;
        double middle = (json_f64(bin, "x_lo", 0) + json_f64(bin, "x_hi", 0)) / 2;
        point[len++] = (struct chart_point){middle, json_f64(bin, "avg_pnl_usd", 0)};
    }
    struct chart_series series[] = {
        {"all trades", point, len}
    };
    (void)snprintf(title, sizeof(title), "%.32s: average P&L (USD)", json_key(feature));
    draw(to, MASTER_OF_FEATURES, json_key(feature),
         &(struct chart){.title = title,
                         .x_name = "value at entry",
                         .starts_at_0 = true,
                         .is_small = true,
                         .series = series,
                         .series_len = COUNT_OF(series)});
}

void
master_draw(const struct master *m, struct master_charts *ret_charts)
{
    const struct json *feature = json_first(json_get_obj(m->value_curves, "features"));

    ret_charts->len = 0;
    draw_equity(m, ret_charts);
    draw_pnl(m, ret_charts);
    draw_scores(m, ret_charts);
    for (; feature != NULL; feature = json_next(feature))
        draw_curve(feature, ret_charts);
}

void
master_charts_done(struct master_charts *c)
{
    for (size_t i = 0; i < MASTER_CHARTS_MAX; i++) {
        text_free(&c->chart[i].for_page);
        text_free(&c->chart[i].for_file);
    }
}
