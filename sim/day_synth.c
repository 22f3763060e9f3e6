/*
 * A drawn day.  Minute log returns are
 *
 *     r = beta * market + own + drift
 *
 * market and own: normal noise with the U-shape of the day (profile_vol_shape), a level of the day
 * and a slowly changing level within it (volatility clusters: |r| is correlated 0.1 to 0.25 over an
 * hour), and a rare large shock (recorded kurtosis: 8 to 20).  drift follows the pressure of
 * somebody buying or selling on: DRIFT_PER_MINUTE deviations a minute, so an hour of it is worth
 * about a quarter of the day's movement.
 *
 * High and low of a bar are the exact extremes of a random walk that goes from open to close with
 * that deviation d: high = open + (x + sqrt(x * x - 2 * d * d * ln U)) / 2 with x = close - open,
 * and the low alike; recorded mean range over mean body is 1.9, and 2.0 comes out of this.
 */
#include "sim/day.h"

#include <math.h>

#include "base/text.h"
#include "sim/noise.h"

#define DRIFT_PER_MINUTE    0.08
#define LEVEL_PERSISTENCE   0.98 /* of the log volatility level, from minute to minute   */
#define LEVEL_DEVIATION     0.35 /* of that level within the day                         */
#define DAY_LEVEL_DEVIATION 0.25
#define SHOCK_CHANCE        0.02
#define SHOCK_SIZE          2.5
#define VOLUME_PERSISTENCE  0.8
#define VOLUME_DEVIATION    0.6
#define NIGHT_OVER_SESSION  0.6 /* gap over the movement inside: 0.35 .. 0.9 recorded */

/* The volatility of each minute, as a deviation of log returns with the day's mean square 1. */
static void
draw_levels(const struct sim_day *day, uint64_t key, double ret_level[DAY_MINUTES_MAX])
{
    double day_level = DAY_LEVEL_DEVIATION * noise_normal(day->seed, NOISE_BAR, key, 1);
    double step = LEVEL_DEVIATION * sqrt(1 - LEVEL_PERSISTENCE * LEVEL_PERSISTENCE);
    double log_level = LEVEL_DEVIATION * noise_normal(day->seed, NOISE_BAR, key, 2);
    double squares = 0;

    for (int i = 0; i < day->minutes; i++) {
        log_level = LEVEL_PERSISTENCE * log_level +
                    step * noise_normal(day->seed, NOISE_BAR, key, 1000 + (uint64_t)i);
        ret_level[i] = profile_vol_shape(i) * exp(log_level);
        squares += ret_level[i] * ret_level[i];
    }

    double scale = exp(day_level) / sqrt(squares / day->minutes);

    for (int i = 0; i < day->minutes; i++)
        ret_level[i] *= scale;
}

static double
shock(const struct sim_day *day, uint64_t key, int minute)
{
    double z = noise_normal(day->seed, NOISE_BAR, key, 2000 + (uint64_t)minute);
    bool is_rare = noise_f64(day->seed, NOISE_BAR, key, 3000 + (uint64_t)minute) < SHOCK_CHANCE;

    return is_rare ? z * SHOCK_SIZE : z;
}

static usd
cents(double price)
{
    int64_t e4 = (int64_t)(fmax(price, 0.01) * 1e4);

    return usd_round_cents((usd){e4});
}

static struct bar
draw_bar(const struct sim_day *day, const struct day_symbol *s, int minute, double open,
         double close, double deviation)
{
    double x = close - open, spread = 2 * deviation * deviation * open * open;
    double u = 1 - noise_f64(day->seed, NOISE_BAR, s->key, 4000 + (uint64_t)minute);
    double v = 1 - noise_f64(day->seed, NOISE_BAR, s->key, 5000 + (uint64_t)minute);
    double up = (x + sqrt(x * x - spread * log(u))) / 2,
           down = (-x + sqrt(x * x - spread * log(v))) / 2;

    return (struct bar){
        .start_ns = day->session.open_ns + minute * NS_PER_MIN,
        .open = cents(open),
        .close = cents(close),
        .high = cents(fmax(open + up, fmax(open, close))),
        .low = cents(fmin(open - down, fmin(open, close))),
    };
}

/* Volume follows the U-shape, its own slow level, and the size of the move. */
static void
draw_volume(const struct sim_day *day, struct day_symbol *s)
{
    double level = 0, step = VOLUME_DEVIATION * sqrt(1 - VOLUME_PERSISTENCE * VOLUME_PERSISTENCE);
    double mean = s->profile.volume_m * 1e6 / PROFILE_MINUTES;

    for (int i = 0; i < day->minutes; i++) {
        struct bar *b = &s->minute[i];
        double move = fabs((double)(b->close.e4 - b->open.e4)) / (double)b->open.e4 * 100;

        level = VOLUME_PERSISTENCE * level +
                step * noise_normal(day->seed, NOISE_VOLUME, s->key, (uint64_t)i);
        b->volume = (int64_t)(mean * profile_volume_shape(i) * exp(level - 0.18) * (1 + move));
    }
}

static void
draw_symbol(struct sim_day *day, struct day_symbol *s, const double market[DAY_MINUTES_MAX])
{
    double level[DAY_MINUTES_MAX] = {0};
    double minute_vol = s->profile.day_vol_pct / 100 / sqrt((double)PROFILE_MINUTES);
    double market_vol = profile_of("SPY").day_vol_pct / 100 / sqrt((double)PROFILE_MINUTES);
    double common = s->profile.beta * market_vol;
    bool is_market = str_eq(s->symbol, "SPY");
    double own_square =
        fmax(minute_vol * minute_vol - common * common, 0.1 * minute_vol * minute_vol);
    double own = is_market ? 0 : sqrt(own_square);

    draw_levels(day, is_market ? 0 : s->key, level);
    day_draw_pressure(day, s);
    day_draw_history(day, s, s->profile.price, DAY_HISTORY);

    double gap = NIGHT_OVER_SESSION * s->profile.day_vol_pct / 100;
    double price = s->profile.price * exp(gap * noise_normal(day->seed, NOISE_GAP, s->key, 0));

    for (int i = 0; i < day->minutes; i++) {
        double deviation = minute_vol * level[i];
        double drift = DRIFT_PER_MINUTE * minute_vol * s->pressure[i] / 100.0;
        double r = (is_market ? 1 : s->profile.beta) * market[i] +
                   own * level[i] * shock(day, s->key, i) + drift;
        double close = price * exp(r);

        s->minute[i] = draw_bar(day, s, i, price, close, deviation);
        price = close;
    }
    draw_volume(day, s);
}

enum rc
day_synth(const struct day_spec *spec, struct sim_day *ret_day, struct err *err)
{
    struct sim_day day = {0};
    enum rc rc = day_open(spec, &day, err);

    if (rc != RC_OK) return rc;

    double market[DAY_MINUTES_MAX] = {0};
    double vol = profile_of("SPY").day_vol_pct / 100 / sqrt((double)PROFILE_MINUTES);

    draw_levels(&day, 0, market);
    for (int i = 0; i < day.minutes; i++)
        market[i] *= vol * shock(&day, 0, i);
    for (size_t i = 0; i < day.len; i++)
        draw_symbol(&day, &day.symbol[i], market);
    *ret_day = day;
    return RC_OK;
}
