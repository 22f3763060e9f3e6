/*
 * Which way the market leans, and how afraid it is.
 *
 * From SPY and QQQ since the previous close and from two volatility notes, VXX (short) and VXZ
 * (longer).  A price that is missing moves nothing: no return, and a fear of "mid" (spec 30 C-21,
 * C-22).
 */
#ifndef INTEL_MARKET_CONTEXT_H
#define INTEL_MARKET_CONTEXT_H

#include "intel/intel.h"

/* One index: NaN where a price is not known; a minute bar may be missing while its price is asked.
 */
struct index_prices {
    double prev_close, last_1m; /* USD */
    int64_t last_1m_ns;         /* WHEN_NONE: no minute bar */
};

struct market_inputs {
    struct index_prices spy, qqq;
    double vxx_close, vxz_close; /* USD, newest daily close */
    bool is_open;
    int64_t now_ns;
};

enum market_trend { TREND_FLAT, TREND_UP, TREND_DOWN };
enum volatility_regime { VOLATILITY_MID, VOLATILITY_HIGH, VOLATILITY_LOW };
enum risk_mood { RISK_MOOD_NEUTRAL, RISK_MOOD_OFF, RISK_MOOD_ON };

/* "flat", "up", "down"; "mid", "high", "low"; "neutral", "risk_off", "risk_on" */
const char *market_trend_name(enum market_trend t);
const char *volatility_regime_name(enum volatility_regime v);
const char *risk_mood_name(enum risk_mood m);

struct market_context {
    double spy_overnight_ret, qqq_overnight_ret; /* fractions, 0 where a price is missing */
    double vxx_vxz_ratio;                        /* 0 where VXZ is missing                */
    enum market_trend trend;
    enum volatility_regime volatility;
    enum risk_mood mood;
    bool is_stale_1m; /* a minute bar is missing or too old to rely on */
};

/*
 * Source: spec 30 4.1.
 *
 *   overnight return  (last - previous) / previous
 *   stale             a minute bar older than 300 s in the session, 600 s outside, or missing
 *   trend             mean of the two returns above 0.0025 up, below -0.0025 down
 *   volatility        VXX at 35 or VXX/VXZ at 1.15: high; VXX up to 18 and VXX/VXZ up to 1.02: low
 *   mood              high and down: risk_off; low and up: risk_on
 */
struct market_context market_context_of(const struct market_inputs *in);

int64_t market_bar_age_max_s(bool is_open);

/* The computed members of state/market_context_v2.json into an object that is open. */
void market_context_write_members(struct json_out *o, const struct market_context *c);

/* The whole document: what went in, and what came out. */
void market_context_write(struct json_out *o, const struct market_inputs *in,
                          const struct market_context *c);

#endif
