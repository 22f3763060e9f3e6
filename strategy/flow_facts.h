/*
 * What the flow cache says of one symbol, as plain values (spec 10 section 2.2): everything the v1
 * score reads, and nothing else.
 *
 * Reading never fails.  null is absent, an object of another type is absent, an object without a
 * member is empty, and empty is the same as absent (is_present = false).  A number may be text; one
 * that is not finite or not a number counts as its default (spec 10 R0.2, R0.3).  A flag is true
 * for true, for a number other than zero, and for a text of config's kind (yes, on, 1, ...).
 */
#ifndef STRATEGY_FLOW_FACTS_H
#define STRATEGY_FLOW_FACTS_H

#include "base/json.h"

enum sentiment {
    SENTIMENT_NEUTRAL, /* and every word that is neither of the two below */
    SENTIMENT_BULLISH,
    SENTIMENT_BEARISH
};

/* Exactly "BULLISH" and "BEARISH"; NULL and all else are neutral. */
enum sentiment sentiment_from(const char *word);
const char *sentiment_name(enum sentiment s);      /* "BULLISH", "BEARISH", "NEUTRAL"          */
const char *sentiment_direction(enum sentiment s); /* "bullish", "bearish", "neutral"          */
int sentiment_sign(enum sentiment s);              /* +1, -1, 0                                */

enum {
    FACT_WORD_MAX = 24, /* longer words of the cache are cut */
    FACT_TEXT_MAX = 64,
    GAMMA_LEVELS_MAX = 20 /* the lowest ones are kept (spec 10 R4.30) */
};

struct dark_pool_facts {
    bool is_present;
    enum sentiment sentiment;
    double total_notional_1h, notional_1h, total_notional, total_premium; /* USD */
};

struct insider_facts {
    bool is_present;
    enum sentiment sentiment; /* of the insiders, not of the flow */
    double conviction_modifier;
    double net_buys, net_sells; /* counts */
    double total_usd;
};

struct tide_facts {
    bool is_present;
    double call_usd; /* sum or single value by spec 10 R4.21 */
    double put_usd;  /* absolute */
};

struct calendar_facts {
    bool is_present, has_earnings, has_fda;
    double days_to_earnings; /* 999 where unknown; negative once past */
    double economic_events;  /* count */
    char fda[FACT_TEXT_MAX]; /* "" where the cache does not say */
};

struct congress_facts {
    bool is_present;
    double recent_count, buys, sells, conviction_boost;
};

struct institutional_facts {
    bool is_present;
    double holders; /* whole number: recent_count, else holders_count */
    double top_holder_pct, top5_holder_pct;
};

struct greeks_facts {
    bool is_present, has_squeeze_setup;
    double gamma_exposure, call_gamma, put_gamma, delta_exposure;
};

struct shorts_facts {
    bool is_present, has_squeeze_risk, has_squeeze_pressure;
    double interest_pct, days_to_cover, ftd_count;
};

struct iv_facts {
    bool is_present, is_high_caution, is_low_opportunity;
    bool has_rank;    /* iv_rank or iv_rank_1y is a number */
    double rank;      /* 0..100, meaningful with has_rank  */
    double rank_only; /* iv_rank alone, 0 where absent     */
    double percentile;
};

struct oi_facts {
    bool is_present;
    double net_change, current, volume;
    char sentiment[FACT_WORD_MAX]; /* "" where absent */
};

struct etf_facts {
    bool is_present, is_risk_on;
    char sentiment[FACT_WORD_MAX]; /* "" where absent */
};

struct squeeze_facts {
    bool is_present, is_high_potential;
    double signals;
    char setup[FACT_WORD_MAX]; /* "" where absent */
};

struct flow_facts {
    struct dark_pool_facts dark_pool;
    struct insider_facts insider;
    struct tide_facts market_tide;
    struct calendar_facts calendar;
    struct congress_facts congress;
    struct institutional_facts institutional;
    struct greeks_facts greeks;
    struct shorts_facts shorts, ftd;
    struct iv_facts iv_rank, iv;
    struct oi_facts oi_change, oi;
    struct etf_facts etf_flow;
    struct squeeze_facts squeeze;
    double max_pain;                      /* max_pain.max_pain */
    double gamma_level[GAMMA_LEVELS_MAX]; /* ascending, distinct, rounded to 6 decimals (R4.30) */
    size_t gamma_levels_len;
};

/* data/uw_expanded_intel.json of one symbol: stands in where the cache object is empty (spec
 * 10 4.3). */
struct expanded_intel {
    struct congress_facts congress;
    struct shorts_facts shorts;
    struct institutional_facts institutional;
    struct tide_facts market_tide;
    struct calendar_facts calendar;
};

enum facts_source {
    FACTS_CACHE, /* "shorts" is the first non-empty of ftd_pressure, shorts_ftds, ftd (spec 10 R4.5)
                  */
    FACTS_ENRICHED /* "shorts" is called shorts */
};

void flow_facts_decode(const struct json *obj, enum facts_source source,
                       struct flow_facts *ret_facts);
void expanded_intel_decode(const struct json *obj, struct expanded_intel *ret_intel);

/* The cache's object about short selling: first non-empty of ftd_pressure, shorts_ftds, ftd; NULL
 * if none. */
const struct json *facts_cache_shorts(const struct json *cache_obj);

/* Truth of a flag as the comment at the top says; false for NULL. */
bool fact_flag(const struct json *v);

#endif
