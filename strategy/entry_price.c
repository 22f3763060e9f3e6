#include "strategy/entry_price.h"

#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "strategy/number.h"

/* Router (R5.35 a): a wide spread or toxic flow is worked in slices. */
static const double ROUTER_SPREAD_BPS = 50, ROUTER_TOXICITY = 0.6;

/* Predicted slippage in bps (R5.35 b): half the spread, and a little more the later it is. */
static const double PREDICTOR_SPREAD_SHARE = 0.5, PREDICTOR_TIME_SHARE = 0.1, SESSION_MIN = 390;

/* The quote that stands in where there is none: one per mille around the last trade (R5.33). */
static const double SYNTHETIC_BID = 0.999, SYNTHETIC_ASK = 1.001;

static const double BPS = 10000;

const char *
entry_mode_name(enum entry_mode m)
{
    static const char *const names[] = {
        [ENTRY_MAKER_BIAS] = "MAKER_BIAS",
        [ENTRY_MIDPOINT] = "MIDPOINT",
        [ENTRY_BID_PLUS] = "BID_PLUS",
        [ENTRY_MARKET_FALLBACK] = "MARKET_FALLBACK",
    };
    return names[m];
}

static const char *const route_names[] = {
    [ROUTE_LIMIT_OFFSET] = "limit_offset",
    [ROUTE_TWAP_SLICE] = "twap_slice",
    [ROUTE_PEG_MID] = "peg_mid",
    [ROUTE_VWAP_ADAPTIVE] = "vwap_adaptive",
};

const char *
entry_route_name(enum entry_route r)
{
    return route_names[r];
}

enum entry_route
entry_route_from(const char *word, enum entry_route dflt)
{
    for (size_t r = 0; r < COUNT_OF(route_names); r++) {
        if (str_eq(word, route_names[r])) return (enum entry_route)r;
    }
    return dflt;
}

enum entry_route
entry_route_default(const char *market_regime)
{
    return str_eq(market_regime, "quiet") ? ROUTE_PEG_MID : ROUTE_LIMIT_OFFSET;
}

enum entry_route
entry_route_rule(const struct json *router, const char *market_regime)
{
    if (router == NULL) return entry_route_default(market_regime);
    const struct json *rules = json_get_obj(router, "selection_rules");
    return entry_route_from(json_str(rules, market_regime, ""), ROUTE_LIMIT_OFFSET);
}

struct entry_quote
entry_quote_of(const struct nbbo *quote, const struct last_trade *last)
{
    struct entry_quote q = {0};

    if (quote->is_known && quote->bid.e4 > 0 && quote->ask.e4 > 0 &&
        usd_cmp(quote->bid, quote->ask) <= 0) {
        q = (struct entry_quote){.is_known = true, .bid = quote->bid, .ask = quote->ask};
    } else if (last->is_known && last->price.e4 > 0) {
        q = (struct entry_quote){.is_known = true,
                                 .is_synthetic = true,
                                 .bid = {llround((double)last->price.e4 * SYNTHETIC_BID)},
                                 .ask = {llround((double)last->price.e4 * SYNTHETIC_ASK)}};
    }
    return q;
}

static double
mid_of(const struct entry_quote *q)
{
    return (usd_to_double(q->bid) + usd_to_double(q->ask)) / 2;
}

/* Rounded once, from whole 1/10000 dollars: a spread that reaches its limit exactly equals it. */
double
entry_spread_bps(const struct entry_quote *q)
{
    double bid_e4 = (double)q->bid.e4, ask_e4 = (double)q->ask.e4;

    return (ask_e4 - bid_e4) * 2 * BPS / (ask_e4 + bid_e4);
}

static enum entry_route
route(const struct entry_price_inputs *in)
{
    double bid_e4 = (double)in->quote.bid.e4, ask_e4 = (double)in->quote.ask.e4;

    /* The router measures against the bid, the predictor and the watchdog against the middle. */
    if ((ask_e4 - bid_e4) * BPS / bid_e4 > ROUTER_SPREAD_BPS) return ROUTE_TWAP_SLICE;
    return in->toxicity > ROUTER_TOXICITY ? ROUTE_TWAP_SLICE : in->route_rule;
}

static enum entry_mode
mode_of_route(enum entry_route r)
{
    switch (r) {
    case ROUTE_LIMIT_OFFSET:
    case ROUTE_TWAP_SLICE:
        return ENTRY_MAKER_BIAS;
    case ROUTE_PEG_MID:
        return ENTRY_MIDPOINT;
    case ROUTE_VWAP_ADAPTIVE:
        return ENTRY_MARKET_FALLBACK;
    }
    return ENTRY_MAKER_BIAS;
}

static enum entry_mode
mode_after_regime(enum entry_mode mode, const char *market_regime)
{
    if (str_eq(market_regime, "high_vol_neg_gamma") ||
        str_eq(market_regime, "downtrend_flow_heavy"))
        return ENTRY_MARKET_FALLBACK;
    return str_eq(market_regime, "low_vol_uptrend") ? ENTRY_MAKER_BIAS : mode;
}

struct entry_price
entry_price(const struct entry_price_inputs *in)
{
    struct entry_price p = {.predicted_slippage = NUMBER_NONE};

    if (!in->quote.is_known) return p;
    p.route = route(in);
    p.mode = mode_of_route(p.route);
    p.spread_bps = entry_spread_bps(&in->quote);
    if (in->cfg->exec_predictor) {
        p.predicted_slippage = PREDICTOR_SPREAD_SHARE * p.spread_bps +
                               PREDICTOR_TIME_SHARE * (in->minutes_since_open / SESSION_MIN);
        p.mode = p.predicted_slippage >= in->cfg->slippage_threshold_bps ? ENTRY_MAKER_BIAS
                                                                         : ENTRY_MIDPOINT;
    }
    p.mode = mode_after_regime(p.mode, in->market_regime);
    p.has_limit = entry_limit(p.mode, in->side, &in->quote, in->cfg->entry_tolerance_bps, &p.limit);
    return p;
}

/* Whole cents, at least one: a limit of nothing is no limit. */
static usd
limit_of(double price)
{
    int64_t cents = llround(round_dec(price, 2) * 100);
    return cents > 0 ? USD_CENTS(cents) : USD_CENTS(1);
}

bool
entry_limit(enum entry_mode mode, enum order_side side, const struct entry_quote *q,
            double tolerance_bps, usd *ret_limit)
{
    double bid = usd_to_double(q->bid), ask = usd_to_double(q->ask);
    double mid = mid_of(q), tol = mid * tolerance_bps / BPS;
    double price = mid;
    bool is_buy = side == SIDE_BUY;

    switch (mode) {
    case ENTRY_MAKER_BIAS:
        price =
            is_buy ? fmin(ask - tol, fmax(bid, mid - tol)) : fmin(ask, fmax(bid + tol, mid - tol));
        break;
    case ENTRY_MIDPOINT:
        price = is_buy ? fmin(mid, ask - tol) : fmax(mid, bid + tol);
        break;
    case ENTRY_BID_PLUS:
        price = is_buy ? fmin(ask - tol, bid + tol) : fmax(bid + tol, ask - tol);
        break;
    case ENTRY_MARKET_FALLBACK:
        if (entry_spread_bps(q) > tolerance_bps) return false;
        break;
    }
    *ret_limit = limit_of(price);
    return true;
}

usd
entry_reprice(enum order_side side, usd previous, const struct entry_quote *q, double tolerance_bps)
{
    double bid = usd_to_double(q->bid), ask = usd_to_double(q->ask), prev = usd_to_double(previous);
    double tol = mid_of(q) * tolerance_bps / BPS;

    return limit_of(side == SIDE_BUY ? fmin(ask - tol, fmax(bid, prev + tol))
                                     : fmin(ask, fmax(bid + tol, prev - tol)));
}
