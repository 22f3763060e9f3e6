#include "telemetry/day_facts.h"

#include "base/when.h"

static const char *
text_of(const struct day_view *v, word w, struct arena *a)
{
    struct span s = words_text(v->words, w);

    return arena_strndup(a, s.at, s.len);
}

static void
count(struct counts *c, const char *key, double pnl_usd, struct arena *a)
{
    struct count_row *row = counts_at(c, key, a);

    row->n++;
    row->wins += pnl_usd > 0;
    row->sum += known_or_0(pnl_usd);
}

static void
take_trades(struct day_facts *f, struct arena *a)
{
    const struct day_view *v = f->view;
    struct report_trade *to = ARENA_NEW(a, struct report_trade, v->trades);

    for (size_t i = 0; i < v->trades; i++) {
        const struct trade *t = &v->trade[i];

        to[i] = (struct report_trade){
            .symbol = text_of(v, t->symbol, a),
            .side = text_of(v, t->side, a),
            .reason = text_of(v, t->exit_reason, a),
            .sector = text_of(v, t->entry_sector, a),
            .regime = text_of(v, t->entry_regime, a),
            .qty = t->qty,
            .entry_price = t->entry_price,
            .exit_price = t->exit_price,
            .pnl_usd = t->pnl_usd,
        };
        count(&f->by_symbol, to[i].symbol, t->pnl_usd, a);
        count(&f->by_sector, to[i].sector, t->pnl_usd, a);
        count(&f->by_regime, to[i].regime, t->pnl_usd, a);
    }
    f->trade = to;
    f->trades = v->trades;
}

bool
day_facts_has(const struct day_facts *f, const struct pnl_event *e)
{
    return e->ts_us >= f->day_begin_us && e->ts_us < f->day_end_us;
}

static void
take_side(struct day_facts *f, struct day_side *s, const struct pnl_event *event, size_t len,
          struct arena *a)
{
    s->event = event;
    s->events = len;
    for (size_t i = 0; i < len; i++) {
        if (!day_facts_has(f, &event[i])) continue;
        s->closed++;
        s->wins += event[i].pnl > 0;
        s->pnl_usd += event[i].pnl;
        count(&s->by_symbol, text_of(f->view, event[i].symbol, a), event[i].pnl, a);
    }
}

struct day_facts
day_facts_take(const struct day_view *view, struct arena *a)
{
    struct day_facts f = {.view = view};
    int64_t begin_ns = when_parse_or_none(view->options.date);

    f.day_begin_us = begin_ns / NS_PER_US;
    f.day_end_us = f.day_begin_us + NS_PER_DAY / NS_PER_US;
    take_trades(&f, a);
    take_side(&f, &f.live, view->live, view->lives, a);
    take_side(&f, &f.shadow, view->shadow, view->shadows, a);
    return f;
}

const char **
day_facts_symbols(const struct day_facts *f, const struct tally *t, struct arena *a)
{
    const char **symbol = ARENA_NEW(a, const char *, t->len + 1);
    uint32_t *order = tally_sorted(t, f->view->words);

    for (uint32_t i = 0; i < t->len; i++)
        symbol[i] = text_of(f->view, pair_second(t->key[order[i]]), a);
    free(order);
    return symbol;
}
