#include "sim/uw_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/noise.h"
#include "sim/stamp.h"

enum {
    OI_ROWS_MAX = 500,
    OI_ROWS = 50 /* without a limit, as recorded */
};

/* Numbers that stay the same all day. */
static double
draw(const struct uw_ask *ask, uint64_t n)
{
    return noise_f64(ask->sim->day.seed, NOISE_REFERENCE, ask->symbol->key, n);
}

static double
draw_normal(const struct uw_ask *ask, uint64_t n)
{
    return noise_normal(ask->sim->day.seed, NOISE_REFERENCE, ask->symbol->key, n);
}

/* Positions in options, relative to the recorded company, which trades 7.5 billion USD a day. */
static double
options_scale(const struct day_symbol *s)
{
    return fmax(0.01, s->profile.price * s->profile.volume_m / 7500.0);
}

static void
open_list(struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_arr(o, "data");
}

static const char *
session_text(const struct uw_ask *ask, int before, char buf[ISO_TEXT_MAX])
{
    return date_text(day_session_before(&ask->sim->day, before).date, buf);
}

static void
exposure_row(const struct uw_ask *ask, int before, struct json_out *o)
{
    double scale = options_scale(ask->symbol);
    uint64_t n = 100 + (uint64_t)before * 10;
    char date[ISO_TEXT_MAX];

    json_out_obj(o, NULL);
    json_out_str(o, "date", session_text(ask, before, date));
    out_decimal(o, "call_delta", scale * 1.5e8 * (1 + 0.1 * draw_normal(ask, n)), 4);
    out_decimal(o, "put_delta", -scale * 3.5e7 * (1 + 0.2 * draw(ask, n + 1)), 4);
    out_decimal(o, "call_gamma", scale * 3.0e6 * (1 + 0.1 * draw_normal(ask, n + 2)), 4);
    out_decimal(o, "put_gamma", -scale * 1.8e6 * (1 + 0.3 * draw(ask, n + 3)), 4);
    out_decimal(o, "call_vanna", scale * 5e7 * draw_normal(ask, n + 4), 4);
    out_decimal(o, "put_vanna", -scale * 6e7 * draw(ask, n + 5), 4);
    out_decimal(o, "call_charm", -scale * 3e7 * draw(ask, n + 6), 4);
    out_decimal(o, "put_charm", scale * 1e7 * draw(ask, n + 7), 4);
    json_out_end(o);
}

void
uw_greek_exposure(const struct uw_ask *ask, struct json_out *o)
{
    int rows = str_eq(sim_query(ask->req, "timeframe"), "1W") ? 5 : DAY_HISTORY;

    open_list(o);
    for (int before = rows - 1; ask->symbol != NULL && before >= 0; before--)
        exposure_row(ask, before, o);
    json_out_end(o);
    json_out_end(o);
}

/* ---- changes of open interest --------------------------------------------------------------- */

struct contract {
    int64_t change, last, volume;
    bool is_call;
    double strike;
    uint64_t place;
};

static int
by_change(const void *a, const void *b)
{
    int64_t x = ((const struct contract *)a)->change, y = ((const struct contract *)b)->change;

    return (x < y) - (x > y);
}

/* A quarter of the contracts lost open interest; changes fall off quickly from the largest. */
static void
draw_contracts(const struct uw_ask *ask, struct contract all[OI_ROWS * 2])
{
    double size = 2500 * sqrt(options_scale(ask->symbol));
    double spot = usd_to_double(day_prev_close(ask->symbol));
    double calls = 0.35 + 0.3 * draw(ask, 20);

    for (size_t i = 0; i < OI_ROWS * 2; i++) {
        uint64_t n = 2000 + i * 8;
        double x = size * pow(draw(ask, n), 3);
        struct contract *c = &all[i];

        *c = (struct contract){.is_call = draw(ask, n + 1) < calls, .place = n};
        c->change = (int64_t)(draw(ask, n + 2) < 0.25 ? -x : x);
        c->last = llabs(c->change) + (int64_t)(size * 4 * draw(ask, n + 3));
        c->volume = llabs(c->change) * 2 + (int64_t)(size * draw(ask, n + 4));
        c->strike = round(spot * (0.9 + 0.2 * draw(ask, n + 5)));
        if (c->strike < 1) c->strike = 1;
    }
    qsort(all, OI_ROWS * 2, sizeof(*all), by_change);
}

static void
oi_volumes(const struct contract *c, struct json_out *o)
{
    json_out_i64(o, "volume", c->volume);
    json_out_i64(o, "trades", c->volume / 8 + 1);
    json_out_i64(o, "prev_ask_volume", c->volume * 45 / 100);
    json_out_i64(o, "prev_bid_volume", c->volume * 42 / 100);
    json_out_i64(o, "prev_mid_volume", c->volume * 7 / 100);
    json_out_i64(o, "prev_neutral_volume", 0);
    json_out_i64(o, "prev_multi_leg_volume", c->volume * 6 / 100);
    json_out_i64(o, "prev_stock_multi_leg_volume", 0);
    json_out_i64(o, "days_of_oi_increases", c->change > 0 ? 1 + c->volume % 7 : 0);
    json_out_i64(o, "days_of_vol_greater_than_oi", c->volume > c->last ? 1 : 0);
}

static void
oi_row(const struct uw_ask *ask, const struct contract *c, size_t rank, struct json_out *o)
{
    int64_t today = date_to_days(ask->sim->day.session.date);
    struct date friday =
        date_from_days(today + (12 - date_weekday(ask->sim->day.session.date)) % 7);
    char chain[40], date[ISO_TEXT_MAX];
    double price = 0.2 + 3 * draw(ask, c->place + 6);

    (void)snprintf(chain, sizeof(chain), "%s%02d%02d%02d%c%08lld", ask->symbol->symbol,
                   friday.year % 100, friday.month, friday.day, c->is_call ? 'C' : 'P',
                   (long long)(c->strike * 1000));
    json_out_obj(o, NULL);
    json_out_str(o, "option_symbol", chain);
    json_out_str(o, "underlying_symbol", ask->symbol->symbol);
    json_out_str(o, "curr_date", session_text(ask, 0, date));
    json_out_str(o, "last_date", session_text(ask, 1, date));
    json_out_i64(o, "curr_oi", c->last + c->change);
    json_out_i64(o, "last_oi", c->last);
    json_out_i64(o, "oi_diff_plain", c->change);
    out_decimal(o, "oi_change", (double)c->change / (double)MAX(1, c->last), 20);
    oi_volumes(c, o);
    json_out_i64(o, "rnk", (int64_t)rank + 1);
    out_decimal(o, "avg_price", price, 22);
    out_decimal(o, "last_fill", price, 2);
    out_decimal(o, "last_bid", price - 0.05, 2);
    out_decimal(o, "last_ask", price + 0.05, 2);
    out_decimal(o, "percentage_of_total", 0.1 / (double)(rank + 1), 20);
    out_decimal(o, "prev_total_premium", round(price * 100 * (double)c->volume), 2);
    json_out_end(o);
}

void
uw_oi_change(const struct uw_ask *ask, struct json_out *o)
{
    struct contract all[OI_ROWS * 2] = {{0}};
    bool is_rising = str_eq(sim_query(ask->req, "order"), "asc");
    size_t rows = (size_t)sim_query_i64(ask->req, "limit", OI_ROWS, 1, OI_ROWS_MAX);

    open_list(o);
    if (ask->symbol != NULL) {
        draw_contracts(ask, all);
        for (size_t i = 0; i < MIN(rows, COUNT_OF(all)); i++)
            oi_row(ask, &all[is_rising ? COUNT_OF(all) - 1 - i : i], i, o);
    }
    json_out_end(o);
    json_out_end(o);
}

/* ---- prices of options ---------------------------------------------------------------------- */

void
uw_max_pain(const struct uw_ask *ask, struct json_out *o)
{
    int64_t today = date_to_days(ask->sim->day.session.date);
    int64_t friday = today + (12 - date_weekday(ask->sim->day.session.date)) % 7;
    char date[ISO_TEXT_MAX];

    open_list(o);
    for (int i = 0; ask->symbol != NULL && i < 4; i++) {
        double close = usd_to_double(day_prev_close(ask->symbol));
        double step = close < 25 ? 0.5 : close < 100 ? 1 : close < 250 ? 2.5 : 5;
        double pain = fmax(
            step, round(close * (1 + 0.02 * draw_normal(ask, 30 + (uint64_t)i)) / step) * step);

        json_out_obj(o, NULL);
        json_out_str(o, "expiry", date_text(date_from_days(friday + INT64_C(7) * i), date));
        out_decimal(o, "max_pain", pain, 1);
        out_decimal(o, "close", close, 2);
        out_usd_text(o, "open", ask->symbol->daily[DAY_HISTORY - 1].open);
        out_decimal(o, "next_lower_strike", pain - step, 1);
        out_decimal(o, "next_upper_strike", pain + step, 1);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_str(o, "date", session_text(ask, 0, date));
    json_out_end(o);
}

/* Dated 22:35 UTC of its session, when the vendor has computed it: today's is not there yet. */
void
uw_iv_rank(const struct uw_ask *ask, struct json_out *o)
{
    char text[STAMP_MAX];

    open_list(o);
    for (int before = 4; ask->symbol != NULL && before >= 1; before--) {
        struct session s = day_session_before(&ask->sim->day, before);
        double iv = ask->symbol->profile.day_vol_pct / 100 * 15.9;
        double rank =
            25 +
            50 * fmin(1, fmax(0, draw(ask, 40) + 0.03 * draw_normal(ask, 40 + (uint64_t)before)));
        int64_t made =
            date_to_days(s.date) * NS_PER_DAY + 22 * NS_PER_HOUR + 35 * NS_PER_MIN + 5 * NS_PER_S;

        json_out_obj(o, NULL);
        json_out_str(o, "date", date_text(s.date, text));
        out_usd_text(o, "close", ask->symbol->daily[DAY_HISTORY - before].close);
        out_decimal(o, "volatility", iv * (1 + 0.03 * draw_normal(ask, 50 + (uint64_t)before)), 4);
        out_decimal(o, "iv_rank_1y", rank, 4);
        json_out_str(o, "updated_at", stamp_utc(made, 6, text));
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}
