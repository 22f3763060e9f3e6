#include "shadow/pnl.h"

#include <math.h>

#include "base/text.h"

struct shadow_pnl
shadow_pnl(double entry_price, double exit_price, double qty, const char *side)
{
    if (!(entry_price > 0 && exit_price > 0 && qty > 0))
        return (struct shadow_pnl){.usd = (double)NAN, .fraction = (double)NAN};

    bool is_short = str_eq(side, "short");
    double usd = qty * (is_short ? entry_price - exit_price : exit_price - entry_price);
    return (struct shadow_pnl){.usd = usd, .fraction = usd / (qty * entry_price)};
}

const char *
shadow_side_of(const char *direction)
{
    bool is_short = str_eq_nocase(direction, "bearish") || str_eq_nocase(direction, "short") ||
                    str_eq_nocase(direction, "sell");

    return is_short ? "short" : "long";
}
