#include "shadow/size.h"

#include <math.h>

#define EQUITY_FRACTION 0.015
#define SIZE_MIN_USD    50.0
#define PAPER_MAX_USD   825.0
#define LIVE_MAX_USD    300.0
#define QTY_MIN         0.001 /* of a share */
#define OVERLAY_MIN     0.6
#define OVERLAY_MAX     1.4

double
shadow_equity_size_usd(double equity_usd, bool is_paper)
{
    double cap = is_paper ? PAPER_MAX_USD : LIVE_MAX_USD;

    return fmax(SIZE_MIN_USD, fmin(EQUITY_FRACTION * equity_usd, cap));
}

double
shadow_size_usd(double asked_usd, double equity_usd, bool is_paper)
{
    if (asked_usd > 0) return asked_usd;
    return isfinite(equity_usd) ? shadow_equity_size_usd(equity_usd, is_paper) : 0;
}

double
shadow_overlaid_qty(double shares, double overlay)
{
    double wanted = trunc(shares * (1 + overlay));

    return fmax(trunc(OVERLAY_MIN * shares), fmin(trunc(OVERLAY_MAX * shares), wanted));
}

double
shadow_qty(double size_usd, double price, double sizing_overlay)
{
    if (!(size_usd > 0)) return 1;
    if (price > size_usd) return size_usd / price < QTY_MIN ? 0 : size_usd / price;
    double qty = fmax(1, shadow_overlaid_qty(fmax(1, trunc(size_usd / price)), sizing_overlay));
    return isfinite(qty) ? qty : 0;
}
