/*
 * The universe from what the vendor and the state files say, and the three documents.
 */
#ifndef INTEL_UNIVERSE_JSON_H
#define INTEL_UNIVERSE_JSON_H

#include "intel/universe.h"

/* What a build may look at; any document may be NULL. */
struct universe_sources {
    bool is_mock;                  /* fourteen well-known symbols instead of the vendor's rows  */
    const struct json *net_impact; /* rows of top-net-impact; NULL: the call failed             */
    const struct json *risk_features; /* state/symbol_risk_features.json */
    const struct json *market_context, *posture_state;
    int64_t daily_max, core_max;
};

/* The candidates with the record of each in the risk features (NULL where it has none). */
struct universe_candidates {
    struct universe_candidate *candidate; /* ascending by symbol */
    const struct json **risk;             /* beside candidate    */
    size_t len;
};

/*
 * A symbol of the rows in order (symbol, else ticker; a row that is no object ends the scan), the
 * index funds that are always there, and the first names of the risk features (spec 30 1.1).
 */
struct universe_candidates universe_candidates_of(const struct universe_sources *s,
                                                  struct arena *a);

/* The three files of a build. */
struct universe_build {
    bool is_mock;
    struct universe_candidates all;
    struct universe_ranking daily, core; /* by v1 */
    struct universe_ranking daily_v2;
    const char *regime_label; /* that v2 ranked by */
};

void universe_build(const struct universe_sources *s, struct arena *a, struct universe_build *ret);

/* Members of a row into an object that is open: score and breakdown; v2 also context. */
void universe_score_v1_write(struct json_out *o, const struct universe_score *u);
void universe_score_v2_write(struct json_out *o, const struct universe_score *u,
                             const char *regime_label);

/* state/daily_universe.json or core_universe.json; key NULL for a document of its own. */
void universe_write(struct json_out *o, const char *key, const struct universe_build *b,
                    const struct universe_ranking *r, int64_t now_ns);

/* state/daily_universe_v2.json */
void universe_v2_write(struct json_out *o, const char *key, const struct universe_build *b,
                       int64_t now_ns);

/*
 * The symbols of the documents' rows together: upper case, ascending, each once (spec 30 2).  Rows
 * that are no objects or have no symbol are passed over.
 */
size_t universe_symbols_of(const struct json *const *doc, size_t docs, struct arena *a,
                           const char *const **ret_symbol);

#endif
