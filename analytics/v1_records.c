#include <math.h>
#include <string.h>

#include "analytics/day_internal.h"

static bool
has_prefix(const struct node *v, const char *prefix)
{
    size_t len = strlen(prefix);

    return node_kind(v) == JSON_STRING && v->len >= len && memcmp(v->at, prefix, len) == 0;
}

static void
keep_v1_entry(struct day *d, const struct node_map *r, word symbol)
{
    const struct node *context = top(r, "context");
    int64_t ts_us = val_ts(field(context, "entry_ts"));

    if (ts_us == TS_NONE) return;
    parity_add(
        &d->v1,
        &(struct parity_entry){
            .symbol = symbol,
            .ts = field_word(d, context, "entry_ts"),
            .side = day_word(d, val_first(field(context, "position_side"), field(context, "side"))),
            .family = family_of_components(field(context, "components")),
            .epoch = ts_epoch(ts_us),
            .score = val_num(val_first(field(context, "entry_score"), field(context, "score"))),
            .price = field_num(context, "entry_price"),
        });
}

/* 3.12.1. */
static void
keep_live_event(struct day *d, const struct node_map *r, bool is_open, word symbol)
{
    const struct node *t = val_first(val_first(top(r, "ts"), top(r, "timestamp")), top(r, "_ts"));
    double pnl = val_num0(top(r, "pnl_usd"));

    if (is_open || !is_text(top(r, "type"), "attribution")) return;
    if (fpclassify(pnl) == FP_ZERO && field_word(d, top(r, "context"), "close_reason") == 0) return;
    day_event(d, &d->live, val_tsany(t), symbol, pnl);
}

/* 3.9.2. */
static void
count_v1_hour(struct day *d, const struct node_map *r, const struct node *t)
{
    const struct node *context = top(r, "context");
    int64_t ts_us = val_ts(t);

    if (ts_us == TS_NONE) return;
    struct tally *hour = d->hour[hour_of_ts(ts_us)];
    day_tally(d, &hour[HOUR_V1_MARKET_REGIME], field(context, "market_regime"));
    day_tally(d, &hour[HOUR_V1_GAMMA_REGIME], field(context, "gamma_regime"));
}

void
day_attribution(void *day, const struct node *record, struct line_ref line)
{
    struct day *d = day;
    struct node_map members;
    const struct node_map *r = node_map_fill(&members, record);
    const struct node *t = val_first(top(r, "ts"), top(r, "timestamp"));
    word symbol = day_upper(d, top(r, "symbol"));
    bool is_open = has_prefix(top(r, "trade_id"), "open_");

    (void)line; /* nothing of it is shown again */
    keep_live_event(d, r, is_open, symbol);
    if (!day_is_today(d, t)) return;
    if (symbol != 0) {
        d->view.v1_records++;
        symbol_see(&d->v1_symbols, symbol);
    }
    if (is_open) keep_v1_entry(d, r, symbol);
    count_v1_hour(d, r, t);
}
