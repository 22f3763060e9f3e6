/*
 * analytics: what happened on a trading day, computed from the logs (spec 40 2 and 3,
 * contract 4.20).
 *
 * Pure: bytes of logs and state documents in, documents out.  No files, no clock.  Doubles, not
 * usd: analysis, not accounting (spec 40 D-3).
 *
 * Streaming: a log is fed in pieces of any size, once; of each line only what an artifact needs is
 * kept, some hundred bytes a trade.  Nothing here grows with the size of the logs, only with the
 * number of records of the day (and of the five days before as_of, 24 bytes an exit).
 *
 *   analytics.h      the day: what was read, ready to be counted
 *   artifacts.h      the computed documents
 *   day.c            feeding; the records: shadow_records.c, exit_records.c, v1_records.c, fields.c
 *   cut.c            a stream of bytes into records (0.2)
 *   value.c          num, str, truthy, first, ts (0.1, 0.3)      members.c  members of an object
 *   number.c         doubles from text and back (0.4)
 *   words.c          texts as numbers, and counters over them    families.c (3.0.1, 3.0.2)
 *   join.c           realized trades (2.2)                       pairing.c  entry parity (3.6)
 *   doc.c            the writer of canonical documents (0.5)     tally_doc.c  counters in them
 *   stats.c          stats, mean, rate (3.0.3, 3.0.4)            meta.c  _meta
 *   equalizer.c      3.1     long_short.c  3.2    completeness.c  3.3    value_curves.c  3.4
 *   matrix.c         3.5     parity.c  3.6, 3.7   live_shadow.c  3.12
 *   candidates.c, exit_day.c, pulse.c, ranking.c  what the reports of section 5 count beside
 */
#ifndef ANALYTICS_ANALYTICS_H
#define ANALYTICS_ANALYTICS_H

#include "analytics/cut.h"
#include "analytics/families.h"
#include "analytics/value.h"
#include "analytics/words.h"

/* ---- reading -------------------------------------------------------------------------------- */

struct day_options {
    char date[11];           /* YYYY-MM-DD */
    int64_t as_of_us;        /* of 3.12: the caller applies its rule */
    bool includes_overnight; /* --overnight include */
};

enum day_log { DAY_SHADOW_TRADES, DAY_EXIT_ATTRIBUTION, DAY_ATTRIBUTION, DAY_LOGS };
enum day_state { DAY_UNIVERSE_V2, DAY_REGIME_STATE, DAY_POSTURE_STATE, DAY_MARKET_CONTEXT };

struct day;
struct day *day_new(const struct day_options *options);
void day_free(struct day *d);

/* The next bytes of a log, cut anywhere. */
void day_feed(struct day *d, enum day_log log, const char *bytes, size_t len);
/* The end of the log's file (the last line may lack its newline).  Rotated files: oldest first, one
 * day_feed_end each. */
void day_feed_end(struct day *d, enum day_log log);
/* A whole state document; what is no object is absent. */
void day_state(struct day *d, enum day_state which, const char *bytes, size_t len);
/* After all of it, once: joins the trades and pairs the entries. */
void day_finish(struct day *d);

/* ---- what was read -------------------------------------------------------------------------- */

/* What a record of exit_attribution says; of an absent one everything is NONE and empty. */
struct attribution {
    struct line_ref line;
    double entry_input[FEATURES];      /* num(EI.k) */
    double decay[FEATURES];            /* XA.k - EA.k where both are known (3.1.6) */
    double regime_drift, sector_drift; /* XI.k - EI.k where both are known (3.1.5) */
    double sentiment_value;            /* num(EI.sentiment), or 1, -1, 0 of its word (3.4) */
    double v2_exit_score, score_deterioration, relative_strength_deterioration, vol_expansion;
    uint8_t active_features;  /* bit k: feature k is active in EA (3.0.1) */
    bool has_exit_score;      /* v2_exit_score is truthy */
    family_set families;      /* v2families(EA) */
    uint32_t active, actives; /* active_key[active ... + actives): all active keys of EA */
    word cause;               /* of a replacement (3.11.2) */
};

/* A trade of R (2.2). */
struct trade {
    word trade_id, symbol, side, entry_ts, exit_ts, exit_reason;
    word entry_sector, exit_sector, entry_regime, exit_regime;
    word signal_regime; /* first(entry_regime, exit_regime) trimmed (3.13) */
    bool is_short;      /* sideof(t) = short */
    bool is_replaced;   /* truthy(replacement_candidate) */
    bool has_candidate; /* replacement_candidate is there and not null */
    bool has_attribution;
    family_set entry_families;         /* v2families(entry_intel_snapshot.v2_uw_adjustments) */
    double time_in_trade_minutes, qty; /* NONE where unknown, as all that follow */
    double entry_price, exit_price, pnl_usd, pnl_pct;
    double entry_v1_score, entry_v2_score, exit_v2_score, v2_exit_score;
    int64_t universe_rank; /* 0 for null */
    double universe_score;
    const struct attribution *a;           /* never NULL */
    struct line_ref entry_line, exit_line; /* in shadow_trades */
};

enum parity_class {
    PARITY_DIVERGENT,
    PARITY_MISSING_IN_V1,
    PARITY_MISSING_IN_V2,
    PARITY_NEAR,
    PARITY_PERFECT,
    PARITY_CLASSES
};
extern const char *const parity_class_name[PARITY_CLASSES]; /* ascending */

/* missing_fields of a row. */
enum { MISS_V1_SCORE = 1, MISS_V2_SCORE = 2, MISS_V1_PRICE = 4, MISS_V2_PRICE = 8 };

/* A row of 3.6 as it is shown. */
struct parity_row {
    word symbol, v1_ts, v2_ts, v1_side, v2_side;
    enum parity_class class;
    uint8_t missing;        /* of a pair */
    enum family family;     /* feature_family */
    family_set v2_families; /* 0 shows as ["unknown"] */
    double ts_delta, v1_score, v2_score, score_delta, v1_price, v2_price, price_delta;
};

/* An exit in the windows of 3.12. */
struct pnl_event {
    int64_t ts_us;
    double pnl;
    word symbol;
};

/* Tallies of an hour (3.9.1), by word. */
enum hour_tally {
    HOUR_V1_GAMMA_REGIME,
    HOUR_V1_MARKET_REGIME,
    HOUR_V2_MARKET_REGIME,
    HOUR_V2_POSTURE,
    HOUR_V2_REGIME_LABEL,
    HOUR_V2_VOLATILITY_REGIME,
    HOUR_TALLIES
};

/* 3.3, counted while reading.  E itself is not kept. */
enum { TOP_KEYS = 12, COMPONENT_KEYS = 7, NON_NUMERIC_KEYS = 3 };
struct completeness {
    int64_t records, complete;
    int64_t top_present[TOP_KEYS], component_present[COMPONENT_KEYS];
    struct tally misses; /* (reason, code) */
};

struct day_view {
    struct day_options options;
    const struct words *words;
    const struct log_stats *log; /* by enum day_log */
    const bool *log_present;     /* has any text that is not white, by enum day_log */
    const struct trade *trade;   /* R */
    size_t trades;
    const word *active_key;
    const struct parity_row *row;
    size_t rows;
    const struct pnl_event *live, *shadow; /* 3.12, in file order; none older than five days */
    size_t lives, shadows;
    const struct tally (*hour)[HOUR_TALLIES]; /* [24] */
    const struct completeness *completeness;
    const struct tally *feature_usage; /* 4.3: key of the candidates' adjustments -> candidates */
    /* symbol -> 1 where seen, in order of first appearance; never the empty one */
    const struct tally *v1_symbols, *candidate_symbols, *entry_symbols, *exit_symbols;
    int64_t v1_records, v1_entry_events, v2_entry_events;
    int64_t shadow_records, candidates, entries, exits; /* entries, exits: distinct keys */
    int64_t exits_without_entry;
    /* state documents */
    bool has_regime_state, has_posture_state, has_market_context; /* non-empty objects */
    word regime_label, posture, volatility_regime;                /* 3.9.5 */
    word feature_posture, equalizer_posture;
};

/* After day_finish; lives as long as the day. */
const struct day_view *day_look(const struct day *d);

#endif
