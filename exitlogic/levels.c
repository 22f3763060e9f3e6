#include "exitlogic/levels.h"

#include <math.h>

#include "base/ops.h"
#include "exitlogic/flags.h"

#define VOL_CALM 0.20 /* both fractions start to grow above this volatility */

enum v2_side
v2_side_of_direction(const char *direction)
{
    if (str_eq_nocase(direction, "bullish")) return V2_LONG;
    if (str_eq_nocase(direction, "bearish")) return V2_SHORT;
    return V2_SIDE_NONE;
}

const char *
v2_lack_name(enum v2_lack lack)
{
    static const char *const names[] = {
        [V2_LACK_NONE] = "",
        [V2_LACK_ENTRY_PRICE] = "missing_entry_price",
        [V2_LACK_DIRECTION] = "neutral_direction",
    };
    return names[lack];
}

static enum v2_lack
lack_of(const struct v2_trade *t)
{
    if (!(t->entry_price > 0)) return V2_LACK_ENTRY_PRICE;
    if (t->side == V2_SIDE_NONE) return V2_LACK_DIRECTION;
    return V2_LACK_NONE;
}

/* How far above the calm the volatility is, times a slope, within 0..most. */
static double
vol_part(const struct v2_trade *t, double slope, double most)
{
    double vol = isfinite(t->realised_vol_20d) ? t->realised_vol_20d : 0;

    return ops_clamp((vol - VOL_CALM) * slope, 0, most);
}

/* The price so many parts above the entry; a negative part is below it. */
static double
price_at(const struct v2_trade *t, double part)
{
    return t->entry_price * (t->side == V2_LONG ? 1 + part : 1 - part);
}

static double
regime_mult(const char *label)
{
    if (str_eq_nocase(label, "RISK_ON")) return 1.15;
    return v2_regime_is_adverse(label) ? 0.85 : 1;
}

static double
sector_mult(const char *sector)
{
    return str_eq_nocase(sector, "TECH") || str_eq_nocase(sector, "BIOTECH") ? 1.05 : 1;
}

struct v2_target
v2_target_of(const struct v2_trade *t, double flow_strength)
{
    struct v2_target r = {.lack = lack_of(t), .price = (double)NAN};

    if (r.lack != V2_LACK_NONE) return r;
    r.base_pct = 0.02 + vol_part(t, 0.10, 0.04);
    r.flow_mult = 1 + ops_clamp(flow_strength * 0.50, 0, 0.50);
    r.regime_mult = regime_mult(t->regime_label);
    r.sector_mult = sector_mult(t->sector);
    r.pct = ops_clamp(r.base_pct * r.flow_mult * r.regime_mult * r.sector_mult, 0.01, 0.10);
    r.price = price_at(t, r.pct);
    return r;
}

struct v2_stop
v2_stop_of(const struct v2_trade *t, bool is_flow_reversed, bool is_sector_collapsed)
{
    struct v2_stop r = {.lack = lack_of(t), .price = (double)NAN};

    if (r.lack != V2_LACK_NONE) return r;
    r.is_flow_reversed = is_flow_reversed;
    r.is_sector_collapsed = is_sector_collapsed;
    r.base_pct = 0.015 + vol_part(t, 0.06, 0.025);
    r.tighten_mult = 1;
    if (is_flow_reversed) r.tighten_mult *= 0.75;
    if (is_sector_collapsed) r.tighten_mult *= 0.80;
    if (v2_regime_is_adverse(t->regime_label)) r.tighten_mult *= 0.80;
    r.pct = ops_clamp(r.base_pct * r.tighten_mult, 0.005, 0.08);
    r.price = price_at(t, -r.pct);
    return r;
}
