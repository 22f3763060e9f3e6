/*
 * A day while it is read.  Shared by day.c, which feeds it, the records' files, which take its
 * records, and join.c and pairing.c, which finish it.
 */
#ifndef ANALYTICS_DAY_INTERNAL_H
#define ANALYTICS_DAY_INTERNAL_H

#include "analytics/analytics.h"

/* shadow_entry_opened (2.2.3); NONE where a number is not known. */
struct shadow_entry {
    struct line_ref line;
    word symbol, side, join_ts; /* join_ts: str(entry_ts) */
    word entry_ts, sector, regime;
    bool has_symbol; /* it is truthy */
    bool is_bearish; /* by direction */
    bool is_today;
    family_set families;
    double qty, entry_price, v1_score, v2_score;
};

struct shadow_exit {
    struct line_ref line;
    word symbol, exit_ts, reason, sector, regime;
    bool has_qty; /* it is truthy */
    bool is_replaced, has_candidate;
    double qty, exit_price, pnl, pnl_pct, v2_score, v2_exit_score;
};

/* An entry of one side of 3.6. */
struct parity_entry {
    word symbol, ts, side;
    union {
        enum family family;  /* v1 */
        family_set families; /* v2 */
    };
    double epoch, score, price;
};

struct parity_entries {
    struct parity_entry *at;
    size_t len, cap;
};

struct pnl_events {
    struct pnl_event *at;
    size_t len, cap;
};

struct universe_row {
    int64_t rank;
    double score;
};

struct day {
    struct day_view view;
    bool log_present[DAY_LOGS];
    struct log_stats log_stats[DAY_LOGS];
    struct words words;
    struct piece_reader reader;
    struct cut cut[DAY_LOGS];

    /* Maps: the index of a key in a tally is that of its row. */
    struct tally entry_key, exit_key, attribution_key, universe_symbol;
    struct shadow_entry *entry;
    struct shadow_exit *exit;
    struct attribution *attribution;
    struct universe_row *universe;
    size_t entries_cap, exits_cap, attributions_cap, universe_cap;

    word *active_key;
    size_t active_keys, active_keys_cap;
    struct parity_entries v1, v2;
    struct pnl_events live, shadow;
    struct tally hour[24][HOUR_TALLIES];
    struct tally v1_symbols, candidate_symbols, entry_symbols, exit_symbols, feature_usage;
    struct completeness completeness;

    struct trade *trade;
    struct parity_row *row;
    size_t rows, rows_cap;
    /* 3.9.5: the second is asked where the first is not truthy */
    bool has_regime_volatility;
    word context_volatility;
};

/* shadow_records.c, exit_records.c, v1_records.c: what to do with a record of each log, as
 * cut_record. */
void day_shadow_trade(void *day, const struct node *record, struct line_ref line);
void day_exit_attribution(void *day, const struct node *record, struct line_ref line);
void day_attribution(void *day, const struct node *record, struct line_ref line);

/* ---- fields.c: what the records have in common ---------------------------------------------- */

static inline const struct node *
field(const struct node *v, const char *key)
{
    return node_member(v, key);
}
double field_num(const struct node *v, const char *key);
word field_word(struct day *d, const struct node *v, const char *key); /* str(v.key) */
/* The same of a record itself, which is asked for nearly all it has. */
static inline const struct node *
top(const struct node_map *record, const char *key)
{
    return node_map_member(record, key);
}
double top_num(const struct node_map *record, const char *key);
word top_word(struct day *d, const struct node_map *record, const char *key);
word day_word(struct day *d, const struct node *v);  /* str(v) */
word day_upper(struct day *d, const struct node *v); /* up(str(v)) */
bool is_text(const struct node *v, const char *wanted);
bool day_is_today(const struct day *d, const struct node *t);
int hour_of_ts(int64_t ts_us); /* 0..23, UTC */
/* Counts str(v) unless it is empty. */
void day_tally(struct day *d, struct tally *t, const struct node *v);
void symbol_see(struct tally *set, word symbol); /* marks it as seen */
void parity_add(struct parity_entries *list, const struct parity_entry *e);
/* An exit of 3.12; not kept where time or symbol are unknown, or before the longest window. */
void day_event(struct day *d, struct pnl_events *list, int64_t ts_us, word symbol, double pnl);

/* join.c, pairing.c */
extern const struct attribution attribution_absent;
void day_join(struct day *d);
void day_pair(struct day *d);

/* The reason and the code of a miss (3.3). */
extern const char *const top_key[TOP_KEYS];
extern const char *const component_key[COMPONENT_KEYS];

#endif
