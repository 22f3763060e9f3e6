/*
 * Drawn flow alerts.
 *
 * What was measured over 163 recorded alerts of two days, and is drawn alike: premium 10 000 to 770
 * 000 USD with a long tail (median 22 000 in quiet hours, 97 000 in busy ones; quartiles 16 600 and
 * 190 000); the whole premium on one side in nine of ten alerts, asked or bid about equally often;
 * one in eight a sweep; RepeatedHits in three of four; expiry the same week to ten months away;
 * strike within 10 % of the price; volume 0.1 to 10 times the open interest, median about 1; 5 to
 * 30 trades.
 *
 * A quiet symbol gives two or three small alerts an hour whose directions cancel out.  Under
 * pressure it gives about fourteen larger ones, most of them in its direction (calls bought or puts
 * bought): their net premium of an hour reaches one to two million dollars for a large company.
 */
#include "sim/flow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/noise.h"
#include "sim/stamp.h"

#define QUIET_PER_HOUR   2.5
#define PRESSED_PER_HOUR 14.0
#define QUIET_MEDIAN     16000.0
#define PRESSED_MEDIAN   62000.0
#define PREMIUM_MIN      10000.0
#define WITH_PRESSURE    0.9 /* part of the alerts that go with the pressure */

/* One alert while it is made. */
struct alert {
    const struct day_symbol *s;
    int64_t at_ns;
    uint64_t place; /* of its noise */
    bool is_call, is_pressed;
    double premium, ask_share;
    double spot, strike, years, iv, price;
    struct date expiry;
};

static double
draw(const struct sim_day *day, const struct alert *a, unsigned n)
{
    return noise_f64(day->seed, NOISE_ALERT, a->s->key, a->place + n);
}

static double
draw_normal(const struct sim_day *day, const struct alert *a, unsigned n)
{
    return noise_normal(day->seed, NOISE_ALERT, a->s->key, a->place + n);
}

/* Companies whose shares trade more have more option premium, with the square root. */
static double
premium_scale(const struct day_symbol *s)
{
    double traded_bn = s->profile.price * s->profile.volume_m / 1e3;

    return fmin(fmax(sqrt(traded_bn / 3.0), 0.4), 1.6);
}

static void
draw_side(const struct sim_day *day, struct alert *a, int pressure)
{
    bool with = draw(day, a, 1) < WITH_PRESSURE;
    double side = draw(day, a, 2);

    if (a->is_pressed) {
        /* Buying shows as calls at the offer, selling as puts at the offer. */
        a->is_call = (pressure > 0) == with;
        a->ask_share = with ? (side < 0.8 ? 1.0 : 0.55 + 0.4 * side) : side * 0.4;
    } else {
        a->is_call = draw(day, a, 3) < 0.55;
        a->ask_share = side < 0.45 ? 1.0 : side < 0.9 ? 0.0 : draw(day, a, 4);
    }
}

/* The next Friday, the ones after, a monthly one, a far one; flows prefer the near ones. */
static void
draw_expiry(const struct sim_day *day, struct alert *a)
{
    static const struct {
        double quiet, pressed;
        int weeks;
    } TERMS[] = {
        {0.20, 0.50, 0 },
        {0.45, 0.75, 1 },
        {0.60, 0.85, 2 },
        {0.80, 0.95, 5 },
        {0.93, 0.98, 17},
        {1.00, 1.00, 43},
    };
    double u = draw(day, a, 5);
    int64_t today = date_to_days(day->session.date);
    int64_t friday = today + (5 - date_weekday(day->session.date));
    size_t i = 0;

    while (i + 1 < COUNT_OF(TERMS) && u >= (a->is_pressed ? TERMS[i].pressed : TERMS[i].quiet))
        i++;
    a->expiry = date_from_days(friday + TERMS[i].weeks * INT64_C(7));
    a->years = (double)(date_to_days(a->expiry) - today + 1) / 365.0;
}

static double
strike_step(double spot)
{
    if (spot < 25) return 0.5;
    if (spot < 100) return 1;
    if (spot < 250) return 2.5;
    return 5;
}

/* Intrinsic value and a time value that falls off with the distance: near enough for a price on a
 * tape. */
static void
draw_contract(const struct sim_day *day, struct alert *a)
{
    double step = strike_step(a->spot);
    double away = draw_normal(day, a, 6) * 0.03 + (a->is_call ? 0.01 : -0.01);

    a->strike = fmax(step, round(a->spot * (1 + away) / step) * step);
    a->iv = a->s->profile.day_vol_pct / 100 * 15.9 * exp(0.2 * draw_normal(day, a, 7));

    double deviation = a->spot * a->iv * sqrt(a->years);
    double intrinsic = fmax(0, a->is_call ? a->spot - a->strike : a->strike - a->spot);
    double distance = (a->spot - a->strike) / deviation;

    a->price = fmax(
        0.05, round((intrinsic + 0.4 * deviation * exp(-distance * distance / 2)) * 100) / 100);
}

static void
write_ids(const struct sim_day *day, const struct alert *a, struct json_out *o)
{
    char id[UUID_TEXT_MAX], chain[40], expiry[ISO_TEXT_MAX], strike[F64_TEXT_MAX];

    (void)snprintf(chain, sizeof(chain), "%s%02d%02d%02d%c%08lld", a->s->symbol,
                   a->expiry.year % 100, a->expiry.month, a->expiry.day, a->is_call ? 'C' : 'P',
                   (long long)llround(a->strike * 1000));
    json_out_str(o, "id",
                 noise_uuid(noise_u64(day->seed, NOISE_ALERT, a->s->key, a->place), a->place, id));
    json_out_str(o, "rule_id", "e6b9f0b6-fcd9-44fe-9d1c-f53521c152c3");
    json_out_str(o, "ticker", a->s->symbol);
    json_out_str(o, "option_chain", chain);
    json_out_str(o, "type", a->is_call ? "call" : "put");
    json_out_str(o, "strike", f64_text(a->strike, strike));
    json_out_str(o, "expiry", date_text(a->expiry, expiry));
}

static void
write_sizes(const struct sim_day *day, const struct alert *a, struct json_out *o)
{
    int64_t size = (int64_t)fmax(1, round(a->premium / (100 * a->price)));
    int64_t volume = size + (int64_t)((double)size * 2 * draw(day, a, 8));
    double ratio = exp(0.2 + 1.5 * draw_normal(day, a, 9));
    int64_t open_interest = (int64_t)((double)volume / ratio);
    double asked = round(a->premium * a->ask_share);

    json_out_i64(o, "expiry_count", 1);
    out_decimal(o, "total_premium", a->premium, 0);
    out_decimal(o, "total_ask_side_prem", asked, 0);
    out_decimal(o, "total_bid_side_prem", a->premium - asked, 0);
    json_out_i64(o, "total_size", size);
    json_out_i64(o, "trade_count", 5 + (int64_t)(25 * draw(day, a, 10) * draw(day, a, 11)));
    json_out_i64(o, "volume", volume);
    json_out_i64(o, "open_interest", open_interest);
    out_decimal(o, "volume_oi_ratio", (double)volume / (double)MAX(1, open_interest), 15);
}

static void
write_prices(const struct alert *a, struct json_out *o)
{
    double tick = a->price < 3 ? 0.01 : 0.05;

    out_decimal(o, "price", a->price, 2);
    out_decimal(o, "bid", fmax(0.01, a->price - tick * (a->ask_share > 0.5 ? 1 : 0)), 2);
    out_decimal(o, "ask", a->price + tick * (a->ask_share > 0.5 ? 0 : 1), 2);
    out_decimal(o, "underlying_price", a->spot, 2);
    out_decimal(o, "iv_start", a->iv, 15);
    out_decimal(o, "iv_end", a->iv, 15);
}

static void
write_company(const struct sim_day *day, const struct alert *a, struct json_out *o)
{
    static const char *const KINDS[] = {
        [PROFILE_STOCK] = "Common Stock", [PROFILE_ETF] = "ETF", [PROFILE_ADR] = "ADR"};
    const struct profile *p = &a->s->profile;
    char date[ISO_TEXT_MAX];
    int64_t to_report = 5 + (int64_t)(noise_u64(0, NOISE_REFERENCE, a->s->key, 50) % 85);
    struct date report = date_from_days(date_to_days(day->session.date) + to_report);
    bool is_fund = p->kind == PROFILE_ETF;

    json_out_str(o, "issue_type", KINDS[p->kind]);
    json_out_str(o, "sector", p->sector);
    out_decimal(o, "marketcap", is_fund ? p->price * 5e8 : p->cap_bn * 1e9, 0);
    json_out_str(o, "next_earnings_date", is_fund ? NULL : date_text(report, date));
    json_out_str(o, "er_time", is_fund ? NULL : to_report % 2 == 0 ? "postmarket" : "unknown");
}

static void
write_alert(const struct sim_day *day, const struct alert *a, struct text *to)
{
    static const char *const RULES[] = {"RepeatedHits", "RepeatedHitsAscendingFill",
                                        "RepeatedHitsDescendingFill"};
    struct json_out o = {.to = to};
    char when[STAMP_MAX];
    double rule = draw(day, a, 12);
    int64_t end_ms = a->at_ns / NS_PER_MS - 450;

    json_out_obj(&o, NULL);
    write_ids(day, a, &o);
    json_out_str(&o, "alert_rule", RULES[rule < 0.76 ? 0 : rule < 0.89 ? 1 : 2]);
    json_out_str(&o, "created_at", stamp_utc(a->at_ns, 6, when));
    json_out_i64(&o, "start_time", end_ms - (int64_t)(250 * draw(day, a, 13)));
    json_out_i64(&o, "end_time", end_ms);
    write_prices(a, &o);
    write_sizes(day, a, &o);
    json_out_bool(&o, "has_sweep", draw(day, a, 14) < (a->is_pressed ? 0.25 : 0.12));
    json_out_bool(&o, "has_floor", draw(day, a, 15) < 0.01);
    json_out_bool(&o, "has_singleleg", true);
    json_out_bool(&o, "has_multileg", false);
    json_out_bool(&o, "all_opening_trades", false);
    write_company(day, a, &o);
    json_out_end(&o);
}

/* Every possible alert has 32 numbers of its own; the last says whether it happens. */
static uint64_t
place_of(int minute, unsigned trial)
{
    return ((uint64_t)minute * 4 + trial) * 32;
}

static void
draw_alert(const struct sim_day *day, const struct day_symbol *s, int minute, unsigned trial,
           struct flow_rows *to)
{
    uint64_t place = place_of(minute, trial);
    int pressure = s->pressure[minute];
    struct alert a = {.s = s, .place = place, .is_pressed = pressure != 0};

    a.at_ns =
        day->session.open_ns + minute * NS_PER_MIN + (int64_t)(draw(day, &a, 16) * 59.9 * 1e9);
    a.at_ns -= a.at_ns % NS_PER_US;
    draw_side(day, &a, pressure);
    draw_expiry(day, &a);

    double median =
        a.is_pressed ? PRESSED_MEDIAN * premium_scale(s) * abs(pressure) / 75.0 : QUIET_MEDIAN;
    double width = a.is_pressed ? 0.8 : 0.5;

    a.premium = round(fmax(PREMIUM_MIN, median * exp(width * draw_normal(day, &a, 17))));
    a.spot = usd_to_double(day_mid(day, s, a.at_ns));
    draw_contract(day, &a);

    struct flow_row *row = flow_row_begin(to, s->symbol, a.at_ns);

    row->net = (float)(a.is_call ? a.premium : -a.premium);
    write_alert(day, &a, &to->json);
    flow_row_end(to);
}

void
flow_draw_alerts(const struct sim_day *day, struct flow_rows *to)
{
    for (size_t i = 0; i < day->len; i++) {
        const struct day_symbol *s = &day->symbol[i];

        for (int minute = 0; minute < day->minutes; minute++) {
            double per_hour = s->pressure[minute] != 0 ? PRESSED_PER_HOUR : QUIET_PER_HOUR;

            for (unsigned trial = 0; trial < 2; trial++) {
                uint64_t place = place_of(minute, trial) + 31;

                if (noise_f64(day->seed, NOISE_ALERT, s->key, place) < per_hour / 120)
                    draw_alert(day, s, minute, trial, to);
            }
        }
    }
}
