/*
 * entry_price: how an entry is worked, and the limit price it starts with.
 *
 * Source: spec 10 R5.33 (substitute quote), R5.35, R5.36.
 */
#ifndef STRATEGY_ENTRY_PRICE_H
#define STRATEGY_ENTRY_PRICE_H

#include "config/config.h"
#include "model/market.h"
#include "model/order.h"

struct json;

enum entry_mode {
    ENTRY_MAKER_BIAS,
    ENTRY_MIDPOINT,
    ENTRY_BID_PLUS,
    ENTRY_MARKET_FALLBACK /* a limit at the middle of a very tight quote, else a market order */
};

/* What the router of config/execution_router.json chose. */
enum entry_route {
    ROUTE_LIMIT_OFFSET, /* the default                                        */
    ROUTE_TWAP_SLICE,   /* wide spread or toxic flow                          */
    ROUTE_PEG_MID,
    ROUTE_VWAP_ADAPTIVE
};

struct entry_quote {
    bool is_known;     /* false: neither a quote nor a trade: nothing can be priced */
    bool is_synthetic; /* 0.999 and 1.001 of the last trade stand in for a missing quote */
    usd bid, ask;
};

struct entry_price_inputs {
    struct entry_quote quote;
    enum order_side side;
    double toxicity; /* NaN where not told */
    const char *market_regime;
    enum entry_route route_rule; /* selection_rules of the regime in the router file;
                                    ROUTE_LIMIT_OFFSET without one */
    double minutes_since_open;   /* >= 0 */
    const struct strategy_config *cfg;
};

struct entry_price {
    enum entry_route route;
    enum entry_mode mode;
    double spread_bps;         /* of the middle */
    double predicted_slippage; /* NaN where the predictor is off */
    bool has_limit;            /* false: market order */
    usd limit;                 /* whole cents, > 0 */
};

const char *
entry_mode_name(enum entry_mode m); /* "MAKER_BIAS", "MIDPOINT", "BID_PLUS", "MARKET_FALLBACK" */
const char *entry_route_name(enum entry_route r); /* "limit_offset", … */
enum entry_route entry_route_from(const char *word, enum entry_route dflt);
/* The rule of a regime where the router file is missing: quiet regimes peg the middle. */
enum entry_route entry_route_default(const char *market_regime);
/* selection_rules.<regime> of config/execution_router.json, limit_offset where it has none;
 * entry_route_default() without a file (NULL). */
enum entry_route entry_route_rule(const struct json *router, const char *market_regime);

/* The NBBO where it is usable (bid, ask > 0, bid <= ask), else the substitute around the last
 * trade. */
struct entry_quote entry_quote_of(const struct nbbo *quote, const struct last_trade *last);

/* (ask - bid) / middle * 10000 */
double entry_spread_bps(const struct entry_quote *q);

struct entry_price entry_price(const struct entry_price_inputs *in);

/* False for a mode that wants a market order at this quote. */
bool entry_limit(enum entry_mode mode, enum order_side side, const struct entry_quote *q,
                 double tolerance_bps, usd *ret_limit);
/* The limit of the next attempt, from the previous one and a fresh quote. */
usd entry_reprice(enum order_side side, usd previous, const struct entry_quote *q,
                  double tolerance_bps);

#endif
