#include <stdlib.h>

#include "analytics/artifacts.h"
#include "analytics/stats.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyzer loses track of a block that a struct in an array holds; the sanitizers do not.
 */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

#define US_PER_HOUR (INT64_C(3600) * 1000000)

static const struct {
    const char *name;
    int hours;
} windows[] = {
    {"24h", 24 },
    {"48h", 48 },
    {"5d",  120}
};

enum side { LIVE, SHADOW, SIDES };

struct result {
    struct sum pnl;
    int64_t wins;
};

/* A window: all of it, and by symbol. */
struct window {
    struct result all[SIDES];
    struct tally symbol;
    struct sum (*by_symbol)[SIDES];
};

static void
window_add(struct window *w, enum side side, const struct pnl_event *event, size_t events,
           int64_t from_us)
{
    for (size_t i = 0; i < events; i++) {
        if (event[i].ts_us < from_us) continue;
        sum_add(&w->all[side].pnl, event[i].pnl);
        w->all[side].wins += event[i].pnl > 0;
        sum_add(&w->by_symbol[tally_index(&w->symbol, event[i].symbol)][side], event[i].pnl);
    }
}

/* No upper bound: what came after as_of counts too. */
static void
window_fill(const struct day_view *day, int hours, struct window *w)
{
    int64_t from_us = day->options.as_of_us - hours * US_PER_HOUR;
    size_t symbols_max = MAX(day->lives + day->shadows, (size_t)1);

    *w = (struct window){.by_symbol = calloc(symbols_max, sizeof(*w->by_symbol))};
    ASSERT(w->by_symbol != NULL);
    window_add(w, LIVE, day->live, day->lives, from_us);
    window_add(w, SHADOW, day->shadow, day->shadows, from_us);
}

static void
window_done(struct window *w)
{
    free(w->by_symbol);
    tally_done(&w->symbol);
}

struct shown {
    double expectancy, pnl, win_rate;
    int64_t trades;
};

static struct shown
shown(const struct result *r)
{
    return (struct shown){sum_mean(r->pnl), r->pnl.total, rate(r->wins, r->pnl.count),
                          r->pnl.count};
}

static void
shown_write(struct doc *out, const char *key, struct shown s)
{
    doc_obj(out, key);
    doc_num(out, "expectancy_usd", s.expectancy);
    doc_num(out, "pnl_usd", s.pnl);
    doc_int(out, "trade_count", s.trades);
    doc_num(out, "win_rate", s.win_rate);
    doc_end(out);
}

static void
window_write(struct doc *out, const char *key, const struct window *w)
{
    struct shown live = shown(&w->all[LIVE]), shadow = shown(&w->all[SHADOW]);
    struct shown delta = {shadow.expectancy - live.expectancy, shadow.pnl - live.pnl,
                          shadow.win_rate - live.win_rate, shadow.trades - live.trades};

    doc_obj(out, key);
    shown_write(out, "delta", delta);
    doc_bool(out, "insufficient_data", live.trades == 0 || shadow.trades == 0);
    shown_write(out, "live", live);
    shown_write(out, "shadow", shadow);
    doc_end(out);
}

static void
symbols_write(struct doc *out, const struct words *words, const char *name, const struct window *w)
{
    uint32_t *order = tally_sorted(&w->symbol, words);

    for (uint32_t i = 0; i < w->symbol.len; i++) {
        const struct sum *sum = w->by_symbol[order[i]];
        doc_obj(out, NULL);
        doc_num(out, "delta_pnl_usd", sum[SHADOW].total - sum[LIVE].total);
        doc_num(out, "live_pnl_usd", sum[LIVE].total);
        doc_int(out, "live_trade_count", sum[LIVE].count);
        doc_num(out, "shadow_pnl_usd", sum[SHADOW].total);
        doc_int(out, "shadow_trade_count", sum[SHADOW].count);
        doc_span(out, "symbol", words_text(words, pair_second(w->symbol.key[order[i]])));
        doc_str(out, "window", name);
        doc_end(out);
    }
    free(order);
}

/* 3.12 */
void
artifact_live_vs_shadow(const struct day_view *day, struct doc *out, const char *key)
{
    struct window w[COUNT_OF(windows)];

    for (size_t i = 0; i < COUNT_OF(windows); i++)
        window_fill(day, windows[i].hours, &w[i]);
    doc_obj(out, key);
    doc_instant(out, "as_of_ts", day->options.as_of_us);
    doc_arr(out, "per_symbol");
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        symbols_write(out, day->words, windows[i].name, &w[i]);
    doc_end(out);
    doc_obj(out, "windows");
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        window_write(out, windows[i].name, &w[i]);
    doc_end(out);
    doc_end(out);
    for (size_t i = 0; i < COUNT_OF(windows); i++)
        window_done(&w[i]);
}
