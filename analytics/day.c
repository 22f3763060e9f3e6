#include <stdlib.h>
#include <string.h>

#include "analytics/day_internal.h"
#include "analytics/grow.h"

struct day *
day_new(const struct day_options *options)
{
    static cut_record *const take[DAY_LOGS] = {
        [DAY_SHADOW_TRADES] = day_shadow_trade,
        [DAY_EXIT_ATTRIBUTION] = day_exit_attribution,
        [DAY_ATTRIBUTION] = day_attribution,
    };
    struct day *d = calloc(1, sizeof(*d));

    ASSERT(d != NULL);
    d->view.options = *options;
    for (int i = 0; i < DAY_LOGS; i++)
        d->cut[i] = (struct cut){.record = take[i], .self = d, .reader = &d->reader};
    return d;
}

void
day_free(struct day *d)
{
    if (d == NULL) return;
    struct tally *const tallies[] = {
        &d->entry_key,     &d->exit_key,           &d->attribution_key, &d->universe_symbol,
        &d->v1_symbols,    &d->candidate_symbols,  &d->entry_symbols,   &d->exit_symbols,
        &d->feature_usage, &d->completeness.misses};
    void *const arrays[] = {d->entry,      d->exit,  d->attribution, d->universe,
                            d->active_key, d->v1.at, d->v2.at,       d->live.at,
                            d->shadow.at,  d->trade, d->row};

    for (size_t i = 0; i < COUNT_OF(tallies); i++)
        tally_done(tallies[i]);
    for (size_t i = 0; i < COUNT_OF(arrays); i++)
        free(arrays[i]);
    for (int i = 0; i < 24; i++) {
        for (int k = 0; k < HOUR_TALLIES; k++)
            tally_done(&d->hour[i][k]);
    }
    for (int i = 0; i < DAY_LOGS; i++)
        cut_done(&d->cut[i]);
    piece_reader_done(&d->reader);
    words_done(&d->words);
    free(d);
}

void
day_feed(struct day *d, enum day_log log, const char *bytes, size_t len)
{
    cut_feed(&d->cut[log], bytes, len);
}

void
day_feed_end(struct day *d, enum day_log log)
{
    cut_end(&d->cut[log]);
}

/* ---- state documents ----------------------------------------------------------------------- */

/* Rank and score of the first row with each symbol (2.2). */
static void
universe_read(struct day *d, const struct node *doc)
{
    const struct node *rows = node_member(doc, "symbols");
    int64_t rank = 0;
    char buf[VAL_TEXT_MAX];

    if (node_kind(rows) != JSON_ARRAY) return;
    for (const struct node *row = node_first(rows); row != NULL; row = node_after(rows, row)) {
        rank++;
        word symbol = words_add_upper(&d->words, val_str(node_member(row, "symbol"), buf));
        if (symbol == 0 || tally_find(&d->universe_symbol, symbol) != UINT32_MAX) continue;
        uint32_t at = tally_index(&d->universe_symbol, symbol);
        d->universe = grown(d->universe, at, &d->universe_cap, sizeof(*d->universe));
        d->universe[at] = (struct universe_row){rank, val_num(node_member(row, "score"))};
    }
}

void
day_state(struct day *d, enum day_state which, const char *bytes, size_t len)
{
    struct day_view *v = &d->view;
    const struct node *doc = json_line_read(&d->reader.line, bytes, len);
    bool is_present = node_kind(doc) == JSON_OBJECT && doc->size > 1;

    if (!is_present) return;
    switch (which) {
    case DAY_UNIVERSE_V2:
        universe_read(d, doc);
        break;
    case DAY_REGIME_STATE:
        v->has_regime_state = true;
        v->regime_label = day_word(d, node_member(doc, "regime_label"));
        v->volatility_regime = day_word(d, node_member(doc, "volatility_regime"));
        d->has_regime_volatility = val_truthy(node_member(doc, "volatility_regime"));
        break;
    case DAY_POSTURE_STATE:
        v->has_posture_state = true;
        v->posture = day_word(d, node_member(doc, "posture"));
        v->feature_posture = day_word(d, node_member(doc, "feature_posture"));
        v->equalizer_posture = day_word(d, node_member(doc, "equalizer_posture"));
        break;
    case DAY_MARKET_CONTEXT:
        v->has_market_context = true;
        d->context_volatility = day_word(d, node_member(doc, "volatility_regime"));
        break;
    }
}

/* ---- the end ------------------------------------------------------------------------------- */

static void
look_at_what_was_read(struct day *d)
{
    struct day_view *v = &d->view;

    for (int i = 0; i < DAY_LOGS; i++) {
        d->log_stats[i] = d->cut[i].stats;
        d->log_present[i] = d->cut[i].stats.lines > 0;
    }
    v->words = &d->words;
    v->log = d->log_stats;
    v->log_present = d->log_present;
    v->active_key = d->active_key;
    v->live = d->live.at;
    v->lives = d->live.len;
    v->shadow = d->shadow.at;
    v->shadows = d->shadow.len;
    v->hour = (const struct tally(*)[HOUR_TALLIES])d->hour;
    v->completeness = &d->completeness;
    v->feature_usage = &d->feature_usage;
    v->v1_symbols = &d->v1_symbols;
    v->candidate_symbols = &d->candidate_symbols;
    v->entry_symbols = &d->entry_symbols;
    v->exit_symbols = &d->exit_symbols;
    v->v1_entry_events = (int64_t)d->v1.len;
    v->v2_entry_events = (int64_t)d->v2.len;
}

void
day_finish(struct day *d)
{
    for (int i = 0; i < DAY_LOGS; i++)
        cut_end(&d->cut[i]);
    if (!d->has_regime_volatility) d->view.volatility_regime = d->context_volatility;
    look_at_what_was_read(d);
    day_join(d);
    day_pair(d);
}

const struct day_view *
day_look(const struct day *d)
{
    return &d->view;
}
