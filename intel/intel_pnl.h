/*
 * Did the intelligence earn anything?  Attribution records of a day against what their symbols
 * earned that day, feature by feature.
 */
#ifndef INTEL_INTEL_PNL_H
#define INTEL_INTEL_PNL_H

#include "intel/intel.h"

#define INTEL_PNL_VERSION "2026-01-20_uw_intel_pnl_v1"

enum { INTEL_PNL_DECIMALS = 6 };

/* In alphabetical order, as reports list them. */
enum intel_feature {
    FEATURE_DARKPOOL_BIAS,
    FEATURE_EARNINGS_PROXIMITY,
    FEATURE_FLOW_STRENGTH,
    FEATURE_REGIME_ALIGNMENT,
    FEATURE_SECTOR_ALIGNMENT,
    FEATURE_SENTIMENT
};
enum { INTEL_FEATURES_LEN = FEATURE_SENTIMENT + 1 };

/* "darkpool_bias", "earnings_proximity", … */
const char *intel_feature_name(enum intel_feature f);

/* ---- what the symbols earned --------------------------------------------------------------- */

/* Which log told it; the later in the list, the stronger. */
enum pnl_source {
    PNL_SHADOW,           /* logs/shadow.jsonl: the first that a symbol has          */
    PNL_EXIT_ATTRIBUTION, /* logs/exit_attribution.jsonl: the last                   */
    PNL_EXITS             /* logs/exits.jsonl: the last; what really happened         */
};

struct symbol_pnl {
    const char *symbol; /* upper case */
    enum pnl_source source;
    double pct; /* per cent */
};

/* Ascending by symbol; the arena owns rows and texts. */
struct pnl_table {
    struct arena *arena;
    struct symbol_pnl *row;
    size_t len, cap;
};

/* Takes one figure in; it counts only where no stronger source, and of the same none that goes
 * before, told one.  In any order of the sources. */
void pnl_learn(struct pnl_table *t, const struct symbol_pnl *p);

const struct symbol_pnl *pnl_find(const struct pnl_table *t, const char *symbol);

/* ---- the summary --------------------------------------------------------------------------- */

/* One attribution record of the day. */
struct intel_attribution {
    const char *symbol;                 /* upper case                                  */
    double feature[INTEL_FEATURES_LEN]; /* sentiment: BULLISH 1, BEARISH -1, else 0    */
    double score_delta;                 /* what the UW layer added to the score        */
};

struct feature_sums {
    int64_t n, wins;
    double value, score_delta, pnl_pct;
    int64_t active, active_wins; /* of n, those whose feature said anything */
    double active_pnl_pct;
};

struct intel_pnl {
    int64_t records, matched; /* of the day; with a P&L */
    struct feature_sums feature[INTEL_FEATURES_LEN];
};

/* Counts one record; it wins if its symbol earned more than nothing.  Source: spec 30 6.2. */
void intel_pnl_count(struct intel_pnl *s, const struct intel_attribution *a,
                     const struct pnl_table *t);

/* ---- from and to JSON ---------------------------------------------------------------------- */

/* Whether a record belongs to the day YYYY-MM-DD: by its ts or else timestamp; an attribution
 * record only by its timestamp. */
bool symbol_pnl_is_of(const struct json *record, const char *day);
bool attribution_is_of(const struct json *record, const char *day);

/*
 * What one record of a log tells, false where it tells nothing: no symbol, no figure, no number.
 * Figures that the logs have as fractions come back as per cent.
 */
bool symbol_pnl_decode(const struct json *record, enum pnl_source source, struct arena *a,
                       struct symbol_pnl *ret);

struct intel_attribution attribution_decode(const struct json *record, struct arena *a);

/* Which logs were there to read. */
struct intel_pnl_inputs {
    bool has_attribution, has_exits, has_shadow;
};

enum intel_pnl_form {
    INTEL_PNL_PLAIN,   /* the members of spec 30 6.2 */
    INTEL_PNL_EXTENDED /* and those of spec 40 5.1: over the records whose feature is not zero */
};

/* "counts" and "by_feature" into an object that is open; features without a record are left out. */
void intel_pnl_write_members(struct json_out *o, const struct intel_pnl *s,
                             enum intel_pnl_form form);

/* state/uw_intel_pnl_summary.json, extended. */
void intel_pnl_write(struct json_out *o, const struct intel_pnl *s,
                     const struct intel_pnl_inputs *in, const char *day, int64_t now_ns);

#endif
