#include "analytics/day_internal.h"
#include "analytics/grow.h"

/* The longest window of 3.12. */
enum { WINDOW_HOURS_MAX = 120 };

#define US_PER_HOUR (INT64_C(3600) * 1000000)

word
day_word(struct day *d, const struct node *v)
{
    char buf[VAL_TEXT_MAX];

    return words_add(&d->words, val_str(v, buf));
}

double
field_num(const struct node *v, const char *key)
{
    return val_num(field(v, key));
}

word
field_word(struct day *d, const struct node *v, const char *key)
{
    return day_word(d, field(v, key));
}

double
top_num(const struct node_map *record, const char *key)
{
    return val_num(top(record, key));
}

word
top_word(struct day *d, const struct node_map *record, const char *key)
{
    return day_word(d, top(record, key));
}

word
day_upper(struct day *d, const struct node *v)
{
    char buf[VAL_TEXT_MAX];

    return words_add_upper(&d->words, val_str(v, buf));
}

bool
is_text(const struct node *v, const char *wanted)
{
    return node_kind(v) == JSON_STRING && span_is(node_text(v), wanted);
}

bool
day_is_today(const struct day *d, const struct node *t)
{
    return val_is_day(t, d->view.options.date);
}

int
hour_of_ts(int64_t ts_us)
{
    int64_t hours = ts_us / US_PER_HOUR - (ts_us % US_PER_HOUR < 0);

    return (int)((hours % 24 + 24) % 24);
}

void
day_tally(struct day *d, struct tally *t, const struct node *v)
{
    word w = day_word(d, v);

    if (w != 0) tally_add(t, w, 1);
}

void
symbol_see(struct tally *set, word symbol)
{
    uint32_t at = tally_index(set, symbol);

    set->count[at] = 1;
}

void
parity_add(struct parity_entries *list, const struct parity_entry *e)
{
    list->at = grown(list->at, list->len, &list->cap, sizeof(*list->at));
    list->at[list->len++] = *e;
}

void
day_event(struct day *d, struct pnl_events *list, int64_t ts_us, word symbol, double pnl)
{
    int64_t oldest_us = d->view.options.as_of_us - WINDOW_HOURS_MAX * US_PER_HOUR;

    if (ts_us == TS_NONE || ts_us < oldest_us || symbol == 0) return;
    list->at = grown(list->at, list->len, &list->cap, sizeof(*list->at));
    list->at[list->len++] = (struct pnl_event){ts_us, pnl, symbol};
}
