#include "strategy/exposure.h"

#include <math.h>

#include "base/text.h"
#include "strategy/number.h"

struct holdings
holdings_new(struct arena *a, size_t cap, const struct themes *themes)
{
    return (struct holdings){
        .holding = ARENA_NEW(a, struct holding, cap), .cap = cap, .themes = themes};
}

const char *
holdings_theme_of(const struct holdings *h, const char *symbol)
{
    return h->themes != NULL ? theme_of(h->themes, symbol) : "general";
}

void
holdings_add(struct holdings *h, const struct holding *one)
{
    ASSERT(h->len < h->cap);
    struct holding *to = &h->holding[h->len++];
    *to = *one;
    to->sector = symbol_sector(to->symbol);
    to->theme = holdings_theme_of(h, to->symbol);
}

void
holdings_leave(struct holdings *h, const char *symbol)
{
    for (size_t i = 0; i < h->len; i++) {
        if (!str_eq(h->holding[i].symbol, symbol)) continue;
        h->holding[i].is_leaving = true;
        h->holding[i].can_be_closed = false;
    }
}

size_t
holdings_count(const struct holdings *h)
{
    size_t count = 0;

    for (size_t i = 0; i < h->len; i++)
        count += h->holding[i].is_leaving ? 0 : 1;
    return count;
}

const struct holding *
holdings_find_instrument(const struct holdings *h, const char *symbol)
{
    for (size_t i = 0; i < h->len; i++) {
        if (str_eq(symbol_normal_form(h->holding[i].symbol), symbol_normal_form(symbol)))
            return &h->holding[i];
    }
    return NULL;
}

const struct holding *
holdings_find(const struct holdings *h, const char *symbol)
{
    for (size_t i = 0; i < h->len; i++) {
        if (!h->holding[i].is_leaving && str_eq(h->holding[i].symbol, symbol))
            return &h->holding[i];
    }
    return NULL;
}

static bool
is_skipped(const struct holding *one, const char *skip)
{
    return one->is_leaving || (skip != NULL && str_eq(one->symbol, skip));
}

static usd
add_saturating(usd a, usd b)
{
    usd sum = {0};
    if (__builtin_add_overflow(a.e4, b.e4, &sum.e4)) sum.e4 = INT64_MAX; /* both are >= 0 */
    return sum;
}

double
exposure_net_delta_pct(const struct holdings *h, usd equity, const char *skip)
{
    double net = 0;

    for (size_t i = 0; i < h->len; i++) {
        if (is_skipped(&h->holding[i], skip)) continue;
        double value = (double)h->holding[i].market_value.e4;
        net += h->holding[i].qty < 0 ? -value : value;
    }
    return number_clamp(100 * net / (double)equity.e4, -100, 100);
}

usd
exposure_symbol(const struct holdings *h, const char *symbol, const char *skip)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < h->len; i++) {
        const struct holding *one = &h->holding[i];
        if (!is_skipped(one, skip) && str_eq(one->symbol, symbol))
            sum = add_saturating(sum, one->market_value);
    }
    return sum;
}

usd
exposure_theme(const struct holdings *h, const char *theme, const char *skip)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < h->len; i++) {
        const struct holding *one = &h->holding[i];
        if (!is_skipped(one, skip) && str_eq(one->theme, theme))
            sum = add_saturating(sum, one->market_value);
    }
    return sum;
}

static usd
exposure_sector(const struct holdings *h, const char *sector, const char *skip)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < h->len; i++) {
        const struct holding *one = &h->holding[i];
        if (!is_skipped(one, skip) && str_eq(one->sector, sector))
            sum = add_saturating(sum, one->market_value);
    }
    return sum;
}

usd
exposure_sector_max(const struct holdings *h, const char *skip, const char **ret_sector)
{
    usd max = USD_ZERO;

    *ret_sector = "";
    for (size_t i = 0; i < h->len; i++) {
        if (is_skipped(&h->holding[i], skip) || str_eq(h->holding[i].sector, *ret_sector)) continue;
        usd sum = exposure_sector(h, h->holding[i].sector, skip);
        if (usd_cmp(sum, max) <= 0) continue;
        max = sum;
        *ret_sector = h->holding[i].sector;
    }
    return max;
}

usd
exposure_cost_of_others(const struct holdings *h, const char *symbol, const char *skip)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < h->len; i++) {
        const struct holding *one = &h->holding[i];
        if (!is_skipped(one, skip) && !str_eq(one->symbol, symbol))
            sum = add_saturating(sum, one->cost);
    }
    return sum;
}
