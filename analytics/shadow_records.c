#include <string.h>

#include "analytics/day_internal.h"
#include "analytics/grow.h"
#include "analytics/members.h"

/* A shadow side by its direction (2.2): bearish, short, sell in any case. */
static bool
is_bearish(struct day *d, const struct node *direction)
{
    word w = day_word(d, direction);

    return word_is_low(&d->words, w, "bearish") || word_is_low(&d->words, w, "short") ||
           word_is_low(&d->words, w, "sell");
}

/* A day with ten characters that stands before today's in the order of text. */
static bool
is_earlier(const struct day *d, const struct node *t)
{
    char buf[VAL_TEXT_MAX];
    struct span s = span_trim(val_str(t, buf));

    return s.len >= 10 && memcmp(s.at, d->view.options.date, 10) < 0;
}

/* The key of a record (2.2.2). */
static word
trade_key(struct day *d, const struct node_map *r)
{
    char buf[VAL_TEXT_MAX];
    CLEANUP(text_free) struct text key = {0};
    struct span id = val_str(top(r, "trade_id"), buf);

    if (id.len > 0) return words_add(&d->words, id);
    struct span symbol = val_str(top(r, "symbol"), buf);
    text_add(&key, symbol.at, symbol.len);
    text_putc(&key, '-');
    struct span entry_ts = val_str(top(r, "entry_ts"), buf);
    text_add(&key, entry_ts.at, entry_ts.len);
    return words_add(&d->words, (struct span){key.data, key.len});
}

/* str(intel_snapshot.<profile>.<key>). */
static word
snapshot_text(struct day *d, const struct node_map *r, const char *profile, const char *key)
{
    return field_word(d, field(top(r, "intel_snapshot"), profile), key);
}

static word
sector_of(struct day *d, const struct node_map *r)
{
    word sector = snapshot_text(d, r, "v2_uw_sector_profile", "sector");

    return sector != 0 ? sector : words_add(&d->words, (struct span){"UNKNOWN", 7});
}

static const struct node *
entry_adjustments(const struct node_map *r)
{
    return field(top(r, "intel_snapshot"), "v2_uw_adjustments");
}

static void
keep_entry(struct day *d, const struct node_map *r, struct line_ref line, bool today)
{
    uint32_t known = d->entry_key.len;
    uint32_t at = tally_index(&d->entry_key, trade_key(d, r));
    const struct node *ts = val_first(top(r, "ts"), top(r, "timestamp"));

    d->entry = grown(d->entry, at, &d->entries_cap, sizeof(*d->entry));
    bool was_today = at < known && d->entry[at].is_today;
    d->entry[at] = (struct shadow_entry){
        .line = line,
        .symbol = day_upper(d, top(r, "symbol")),
        .has_symbol = val_truthy(top(r, "symbol")),
        .side = top_word(d, r, "side"),
        .join_ts = top_word(d, r, "entry_ts"),
        .entry_ts = day_word(d, val_first(top(r, "entry_ts"), ts)),
        .sector = sector_of(d, r),
        .regime = snapshot_text(d, r, "v2_uw_regime_profile", "regime_label"),
        .is_bearish = is_bearish(d, top(r, "direction")),
        .is_today = today || was_today,
        .families = families_of_adjustments(entry_adjustments(r)),
        .qty = top_num(r, "qty"),
        .entry_price = top_num(r, "entry_price"),
        .v1_score = top_num(r, "v1_score"),
        .v2_score = top_num(r, "v2_score"),
    };
}

static void
keep_exit(struct day *d, const struct node_map *r, struct line_ref line)
{
    uint32_t at = tally_index(&d->exit_key, trade_key(d, r));
    const struct node *ts = val_first(top(r, "ts"), top(r, "timestamp"));

    d->exit = grown(d->exit, at, &d->exits_cap, sizeof(*d->exit));
    d->exit[at] = (struct shadow_exit){
        .line = line,
        .symbol = day_upper(d, top(r, "symbol")),
        .exit_ts = day_word(d, val_first(top(r, "exit_ts"), ts)),
        .reason = top_word(d, r, "v2_exit_reason"),
        .sector = sector_of(d, r),
        .regime = snapshot_text(d, r, "v2_uw_regime_profile", "regime_label"),
        .has_qty = val_truthy(top(r, "qty")),
        .is_replaced = val_truthy(top(r, "replacement_candidate")),
        .has_candidate = node_kind(top(r, "replacement_candidate")) != JSON_NULL,
        .qty = top_num(r, "qty"),
        .exit_price = top_num(r, "exit_price"),
        .pnl = top_num(r, "pnl"),
        .pnl_pct = top_num(r, "pnl_pct"),
        .v2_score = top_num(r, "v2_score"),
        .v2_exit_score = top_num(r, "v2_exit_score"),
    };
}

/* A v2 entry of 3.6. */
static void
keep_v2_entry(struct day *d, const struct node_map *r, word symbol)
{
    const struct node *ts = val_first(top(r, "ts"), top(r, "timestamp"));
    const struct node *t = val_first(top(r, "entry_ts"), ts);
    int64_t ts_us = val_ts(t);

    if (ts_us == TS_NONE) return;
    parity_add(&d->v2, &(struct parity_entry){
                           .symbol = symbol,
                           .ts = day_word(d, t),
                           .side = top_word(d, r, "side"),
                           .families = families_of_adjustments(entry_adjustments(r)),
                           .epoch = ts_epoch(ts_us),
                           .score = top_num(r, "v2_score"),
                           .price = top_num(r, "entry_price"),
                       });
}

/* 4.3: the adjustments that candidates of the day used. */
static void
count_features(struct day *d, const struct node_map *r)
{
    CLEANUP(members_done)
    struct members m = members_of(field(top(r, "uw_attribution_snapshot"), "v2_uw_adjustments"));

    for (size_t i = 0; i < m.len; i++) {
        if (!span_is(m.at[i].key, "total") && val_abs0(m.at[i].value) > 1e-6)
            tally_add(&d->feature_usage, words_add(&d->words, m.at[i].key), 1);
    }
}

/* 3.9.3. */
static void
count_candidate_hour(struct day *d, const struct node_map *r)
{
    const struct node *t =
        val_first(val_first(top(r, "ts"), top(r, "timestamp")), top(r, "entry_ts"));
    int64_t ts_us = day_is_today(d, t) ? val_ts(t) : TS_NONE;

    if (ts_us == TS_NONE) return;
    struct tally *hour = d->hour[hour_of_ts(ts_us)];
    day_tally(d, &hour[HOUR_V2_MARKET_REGIME], top(r, "market_regime"));
    day_tally(d, &hour[HOUR_V2_REGIME_LABEL], top(r, "regime_label"));
    day_tally(d, &hour[HOUR_V2_POSTURE], top(r, "posture"));
    day_tally(d, &hour[HOUR_V2_VOLATILITY_REGIME], top(r, "volatility_regime"));
}

void
day_shadow_trade(void *day, const struct node *record, struct line_ref line)
{
    struct day *d = day;
    struct node_map members;
    const struct node_map *r = node_map_fill(&members, record);
    const struct node *type = top(r, "event_type");
    const struct node *t = val_first(top(r, "ts"), top(r, "timestamp"));
    bool is_candidate = is_text(type, "shadow_trade_candidate");
    bool is_entry = is_text(type, "shadow_entry_opened");
    bool today = day_is_today(d, t);

    if (is_candidate) count_candidate_hour(d, r);
    if (is_entry && (today || (d->view.options.includes_overnight && is_earlier(d, t))))
        keep_entry(d, r, line, today);
    if (!today) return;

    word symbol = day_upper(d, top(r, "symbol"));
    d->view.shadow_records++;
    if (is_candidate) {
        d->view.candidates++;
        count_features(d, r);
        if (symbol != 0) symbol_see(&d->candidate_symbols, symbol);
    } else if (is_entry && symbol != 0) {
        symbol_see(&d->entry_symbols, symbol);
        keep_v2_entry(d, r, symbol);
    } else if (is_text(type, "shadow_exit")) {
        keep_exit(d, r, line);
        if (symbol != 0) symbol_see(&d->exit_symbols, symbol);
    }
}
