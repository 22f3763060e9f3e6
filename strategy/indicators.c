#include "strategy/indicators.h"

#include "strategy/score_math.h"

bool
bars_are_stale(const struct bars *b, int64_t now_ns, int64_t max_age_ns)
{
    return b->len == 0 || now_ns - b->bar[b->len - 1].start_ns > max_age_ns;
}

double
bars_ema(const struct bars *b, int n)
{
    if (b->len == 0) return 0;
    double alpha = 2.0 / (n + 1), ema = usd_to_double(b->bar[0].close);
    for (size_t i = 1; i < b->len; i++)
        ema = alpha * usd_to_double(b->bar[i].close) + (1 - alpha) * ema;
    return ema;
}

static double
true_range(const struct bar *previous, const struct bar *b)
{
    usd range = usd_sub(b->high, b->low);
    usd up = usd_abs(usd_sub(b->high, previous->close));
    usd down = usd_abs(usd_sub(b->low, previous->close));
    usd most = usd_cmp(up, down) > 0 ? up : down;
    return usd_to_double(usd_cmp(range, most) > 0 ? range : most);
}

double
bars_atr(const struct bars *b, int n)
{
    const double most = 1000;
    if (b->len < 2 || n < 1) return 0;
    size_t ranges = MIN(b->len - 1, (size_t)n);
    double sum = 0;
    for (size_t i = b->len - ranges; i < b->len; i++)
        sum += true_range(&b->bar[i - 1], &b->bar[i]);
    return clamp(sum / (double)ranges, 0, most);
}
