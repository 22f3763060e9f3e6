/*
 * Drawn dark pool prints and the market tide.
 *
 * Prints: of 453 recorded prints of one large company in regular hours 23 % were at the offer, 32 %
 * at the bid, 18 % in the middle and the rest inside; the smallest premium is 100 000 USD, the
 * median 180 000, one in a hundred above 3.8 million; 8 % carry average_price_trade, 3.4 %
 * prior_reference_price, 7.4 % derivative_priced.  The recorded company prints hundreds of millions
 * an hour at all times, which tells nothing; here a quiet symbol prints half a million an hour and
 * one under pressure tens of millions.
 */
#include "sim/flow.h"

#include <math.h>
#include <stdlib.h>

#include "sim/noise.h"
#include "sim/stamp.h"

#define QUIET_PER_HOUR   2.0
#define PRESSED_PER_HOUR 50.0
#define PRINT_MIN        100000.0
#define PRINT_MEDIAN     130000.0 /* above the minimum, log-normal */
#define VOLUME_PART_MAX  0.02     /* of the day's turnover, for one print */

/*
 * Tide: of two recorded days one had both sides sold all day (-0.47 and -0.30 million USD a
 * minute), the other calls bought and puts sold; a minute deviated by 1.8 to 2.9 million.  Drawn is
 * the first kind, premium bought or sold on both sides, calmer and with more of a direction, so
 * that the tide says little about most days and what the pressures add to it can be seen.
 */
#define TIDE_STEP   1.2e6
#define TIDE_COMMON 0.8e6 /* a minute, both sides */
#define TIDE_OPEN   10.0  /* minutes' worth in the opening trades */
#define TIDE_LEAN   0.3e6 /* a minute, when one symbol in twenty is under full pressure */

struct print {
    const struct day_symbol *s;
    int64_t at_ns;
    uint64_t place;
    int pressure;
    int64_t volume; /* shares of the day so far */
};

static double
draw(const struct sim_day *day, const struct print *p, unsigned n)
{
    return noise_f64(day->seed, NOISE_PRINT, p->s->key, p->place + n);
}

static usd
print_price(const struct sim_day *day, const struct print *p, const struct nbbo *q)
{
    double u = draw(day, p, 1);
    double at_offer = p->pressure > 0 ? 0.55 : p->pressure < 0 ? 0.12 : 0.27;
    double at_bid = p->pressure < 0 ? 0.55 : p->pressure > 0 ? 0.12 : 0.27;

    if (u < at_offer) return q->ask;
    if (u < at_offer + at_bid) return q->bid;

    usd mid = {(q->bid.e4 + q->ask.e4) / 2};

    return u < at_offer + at_bid + 0.18
               ? mid
               : (usd){q->bid.e4 + (int64_t)(draw(day, p, 2) * (double)(q->ask.e4 - q->bid.e4))};
}

static const char *
condition(double u)
{
    if (u < 0.08) return "average_price_trade";
    return u < 0.114 ? "prior_reference_price" : NULL;
}

static void
write_print(const struct sim_day *day, const struct print *p, struct text *to)
{
    struct sim_quote q = day_quote(day, p->s, p->at_ns);
    usd price = print_price(day, p, &q.nbbo);
    double turnover = p->s->profile.price * p->s->profile.volume_m * 1e6;
    double tail = exp(1.15 * noise_normal(day->seed, NOISE_PRINT, p->s->key, p->place + 3));
    double premium =
        fmin(PRINT_MIN + PRINT_MEDIAN * tail, fmax(PRINT_MIN, turnover * VOLUME_PART_MAX));
    int64_t size = MAX(1, (int64_t)(premium * 1e4 / (double)price.e4));
    struct json_out o = {.to = to};
    char when[STAMP_MAX];

    json_out_obj(&o, NULL);
    json_out_str(&o, "ticker", p->s->symbol);
    json_out_i64(&o, "tracking_id",
                 (int64_t)(noise_u64(day->seed, NOISE_PRINT, p->s->key, p->place) >> 18));
    json_out_str(&o, "executed_at", stamp_utc(p->at_ns, 0, when));
    out_usd_text(&o, "price", price);
    out_usd_text(&o, "premium", usd_notional(price, size));
    json_out_i64(&o, "size", size);
    json_out_i64(&o, "volume", p->volume);
    out_usd_text(&o, "nbbo_bid", q.nbbo.bid);
    out_usd_text(&o, "nbbo_ask", q.nbbo.ask);
    json_out_i64(&o, "nbbo_bid_quantity", q.bid_qty / 100);
    json_out_i64(&o, "nbbo_ask_quantity", q.ask_qty / 100);
    json_out_bool(&o, "canceled", draw(day, p, 4) < 0.002);
    json_out_str(&o, "market_center", "L");
    json_out_str(&o, "ext_hour_sold_codes", NULL);
    json_out_str(&o, "sale_cond_codes", condition(draw(day, p, 5)));
    json_out_str(&o, "trade_code", draw(day, p, 6) < 0.074 ? "derivative_priced" : NULL);
    json_out_str(&o, "trade_settlement", "regular");
    json_out_end(&o);
}

/* Only the most traded have a dark pool of tens of millions: prints go with the turnover. */
static double
prints_per_hour(const struct day_symbol *s, int pressure)
{
    double turnover_m = s->profile.price * s->profile.volume_m;
    double room = fmax(0.15, fmin(1.0, turnover_m / 6000.0));

    if (pressure == 0) return QUIET_PER_HOUR * fmin(1.0, turnover_m / 300.0);
    return PRESSED_PER_HOUR * room * abs(pressure) / 75.0;
}

void
flow_draw_prints(const struct sim_day *day, const struct day_symbol *s, struct flow_rows *to)
{
    int64_t volume = 0;

    for (int minute = 0; minute < day->minutes; minute++) {
        double per_hour = prints_per_hour(s, s->pressure[minute]);

        for (unsigned trial = 0; trial < 4; trial++) {
            struct print p = {.s = s, .pressure = s->pressure[minute], .volume = volume};

            p.place = ((uint64_t)minute * 4 + trial) * 16;
            if (draw(day, &p, 7) >= per_hour / 240) continue;
            p.at_ns = day->session.open_ns + minute * NS_PER_MIN +
                      (int64_t)(draw(day, &p, 8) * 59) * NS_PER_S;
            (void)flow_row_begin(to, s->symbol, p.at_ns);
            write_print(day, &p, &to->json);
            flow_row_end(to);
        }
        volume += s->minute[minute].volume;
    }
}

void
flow_draw_tide(const struct sim_day *day, struct sim_flow *f)
{
    bool is_bought = noise_f64(day->seed, NOISE_TIDE, 4, 0) < 0.5;
    double common = is_bought ? TIDE_COMMON : -TIDE_COMMON, call = TIDE_OPEN * common, put = call;
    int64_t volume = 0;

    for (int minute = 0; minute <= day->minutes; minute++) {
        int pressure = 0, at = MIN(minute, day->minutes - 1);

        for (size_t i = 0; i < day->len; i++)
            pressure += day->symbol[i].pressure[at];

        double lean = (double)pressure / (double)day->len / 5.0;

        call += common + TIDE_LEAN * lean +
                TIDE_STEP * noise_normal(day->seed, NOISE_TIDE, 1, (uint64_t)minute);
        put += common - TIDE_LEAN * lean +
               TIDE_STEP * noise_normal(day->seed, NOISE_TIDE, 2, (uint64_t)minute);
        volume += (int64_t)(4000 * noise_normal(day->seed, NOISE_TIDE, 3, (uint64_t)minute) +
                            1500 * lean);
        f->tide_call[minute] = call;
        f->tide_put[minute] = put;
        f->tide_volume[minute] = volume;
    }
}
