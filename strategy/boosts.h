/*
 * Boosts: what is added to the score of a live symbol because of the company it keeps (spec
 * 10 4.5).
 *
 * Added to the rounded score in this order, neither clamped nor rounded again: sector tide,
 * persistence, relative volume (off unless ENABLE_RVOL_BOOST).  Plain structs with bounded room;
 * time is an argument.
 *
 *   boosts.c       the two trackers, relative volume
 *   boosts_json.c  state/sector_tide_state.json
 */
#ifndef STRATEGY_BOOSTS_H
#define STRATEGY_BOOSTS_H

#include "base/json.h"
#include "model/market.h"

#define BOOST_WINDOW_NS     (900 * NS_PER_S) /* both ends included */
#define SECTOR_TIDE_BOOST   0.3
#define SECTOR_TIDE_SYMBOLS 3
#define PERSISTENCE_BOOST   0.5
#define PERSISTENCE_EVENTS  5
#define RVOL_BOOST          0.4
#define RVOL_BOOST_ABOVE    3.0

enum {
    SECTOR_TIDE_MAX = 128, /* symbols with a sector; beyond, the one seen longest ago gives way */
    PERSISTENCE_RING = 32  /* events a symbol; more inside one window are counted as 32         */
};

/* What the boosts of one symbol came to; in order of addition. */
struct boosts {
    double sector_tide;  /* 0.3 or 0 */
    const char *sector;  /* static text; "Unknown" is never boosted */
    size_t sector_count; /* distinct symbols of the sector in the window */
    double persistence;  /* 0.5 or 0 */
    size_t persistence_count;
    double rvol; /* 0.4 or 0 */
};

/* score + sector_tide + persistence + rvol. */
double boosts_apply(double score, const struct boosts *b);

/*
 * Latest sighting of each symbol that has a sector: enough to count the distinct symbols of a
 * sector inside a window that ends now.  = {0} is empty.
 */
struct sector_tide {
    struct sector_sighting {
        char symbol[SYMBOL_MAX];
        const char *sector; /* static text of model/symbol.h */
        int64_t at_ns;
    } seen[SECTOR_TIDE_MAX];
    size_t len;
};

/* Records the symbol at now and fills sector_tide, sector and sector_count of the boosts. */
void sector_tide_record(struct sector_tide *t, const char *symbol, int64_t now_ns,
                        struct boosts *b);

/* Records without asking for the boost: loading and replays.  sector is static text. */
void sector_tide_note(struct sector_tide *t, const char *symbol, const char *sector, int64_t at_ns);

/* {"sector_windows": {sector: [{"timestamp": s, "symbol": ...}]}}; what lies outside the window is
 * dropped.
 */
void sector_tide_decode(const struct json *doc, int64_t now_ns, struct sector_tide *ret_tide);
void sector_tide_write(const struct sector_tide *t, struct text *to);

/* The last sightings of one symbol.  = {0} is empty; one lives beside each symbol of the engine. */
struct persistence {
    int64_t at_ns[PERSISTENCE_RING];
    uint32_t len, next;
};

/* Records a sighting and fills persistence and persistence_count of the boosts (b may be NULL:
 * seeding). */
void persistence_record(struct persistence *p, int64_t now_ns, struct boosts *b);

/*
 * Relative volume, two decimals: (volume of the 1-minute bars of the last 20 minutes / 20 * 390)
 * over the mean daily volume of the last 20 daily bars.  0 where either is unknown.
 */
double rvol_of(const struct bars *minutes, const struct bars *days, int64_t now_ns);

/* RVOL_BOOST above RVOL_BOOST_ABOVE, else 0. */
double rvol_boost(double rvol);

#endif
