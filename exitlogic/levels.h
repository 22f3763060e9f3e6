/*
 * Where a v2 position is closed at a profit and where at a loss.
 *
 * Both are a fraction of the entry price that grows with the realised volatility; the target also
 * with the flow, the stop is drawn closer by bad news.  The target lies on the winning side of the
 * entry and the stop on the losing side, always, so the two never cross.
 */
#ifndef EXITLOGIC_LEVELS_H
#define EXITLOGIC_LEVELS_H

#include "base/compiler.h"

enum v2_side { V2_SIDE_NONE, V2_LONG, V2_SHORT };

/* "bullish" is long, "bearish" short, in any case; anything else has no side. */
enum v2_side v2_side_of_direction(const char *direction);

/* Why there is no level. */
enum v2_lack { V2_LACK_NONE, V2_LACK_ENTRY_PRICE, V2_LACK_DIRECTION };

/* "" , "missing_entry_price", "neutral_direction". */
const char *v2_lack_name(enum v2_lack lack);

/* What both levels start from. */
struct v2_trade {
    enum v2_side side;
    double entry_price;       /* USD; NaN or not positive: unknown  */
    double realised_vol_20d;  /* NaN: unknown, counts as 0          */
    const char *regime_label; /* "" reads as NEUTRAL                */
    const char *sector;       /* "" reads as UNKNOWN                */
};

struct v2_target {
    enum v2_lack lack; /* the rest is zero unless V2_LACK_NONE */
    double price;      /* NaN where something lacks            */
    double base_pct, pct, flow_mult, regime_mult, sector_mult;
};

struct v2_stop {
    enum v2_lack lack;
    double price;
    double base_pct, pct, tighten_mult;
    bool is_flow_reversed, is_sector_collapsed;
};

/*
 * Profit target, not rounded (spec 30 7.2).
 *
 *   base   = 0.02 + (vol - 0.20) * 0.10, the second part within 0..0.04
 *   flow   = 1 + flow_strength * 0.50, the second part within 0..0.50
 *   regime = 1.15 in RISK_ON, 0.85 in RISK_OFF and BEAR, else 1
 *   sector = 1.05 for TECH and BIOTECH, else 1
 *   pct    = base * flow * regime * sector, within 0.01..0.10
 *   target = entry * (1 + pct) long, entry * (1 - pct) short
 */
struct v2_target v2_target_of(const struct v2_trade *t, double flow_strength);

/*
 * Stop, not rounded (spec 30 7.3).
 *
 *   base    = 0.015 + (vol - 0.20) * 0.06, the second part within 0..0.025
 *   tighten = 0.75 if the flow reversed * 0.80 if the sector collapsed * 0.80 in RISK_OFF and BEAR
 *   pct     = base * tighten, within 0.005..0.08
 *   stop    = entry * (1 - pct) long, entry * (1 + pct) short
 */
struct v2_stop v2_stop_of(const struct v2_trade *t, bool is_flow_reversed,
                          bool is_sector_collapsed);

#endif
