#include "sim/day.h"

#include <math.h>

#include "sim/noise.h"

/*
 * Spreads.  The recorded dark pool prints of AAPL (273 USD) carry quotes 1 to 2 cents wide: 0.5
 * bps.  A thinner symbol is wider: SPREAD_BPS at 10 billion USD traded a day, times the square root
 * of how much less it trades.  The first ten minutes are up to three times as wide, off hours eight
 * times.
 */
#define SPREAD_BPS     0.6
#define SPREAD_BPS_MAX 30.0

/* Quotes change every two seconds, trades come every three. */
#define QUOTE_STEP_NS (2 * NS_PER_S)
#define TRADE_STEP_NS (3 * NS_PER_S)

void
path_turns(uint64_t draw, double ret_at[2])
{
    ret_at[0] = 0.10 + 0.35 * (double)(draw & 0xffff) / 65536.0;
    ret_at[1] = 0.55 + 0.35 * (double)(draw >> 16 & 0xffff) / 65536.0;
}

double
path_in_bar(const struct bar *b, uint64_t draw, double fraction)
{
    double o = (double)b->open.e4, h = (double)b->high.e4, l = (double)b->low.e4,
           c = (double)b->close.e4;
    double turn[2];

    path_turns(draw, turn);

    double first_at = turn[0], second_at = turn[1];
    bool is_usual = (draw >> 32 & 0xff) < 200; /* in about 8 of 10 the far extreme comes first */
    bool low_first = (c >= o) == is_usual;
    double first = low_first ? l : h, second = low_first ? h : l;

    if (fraction <= 0) return o;
    if (fraction >= 1) return c;
    if (fraction < first_at) return o + (first - o) * fraction / first_at;
    if (fraction < second_at)
        return first + (second - first) * (fraction - first_at) / (second_at - first_at);
    return second + (c - second) * (fraction - second_at) / (1 - second_at);
}

usd
day_mid(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns)
{
    int minute = day_minute(day, at_ns);

    if (minute < 0) return day_prev_close(s);
    if (minute >= day->minutes) return s->minute[day->minutes - 1].close;

    const struct bar *b = &s->minute[minute];
    double fraction = (double)(at_ns - b->start_ns) / (double)NS_PER_MIN;

    return (usd){(int64_t)path_in_bar(b, noise_u64(day->seed, NOISE_PATH, s->key, (uint64_t)minute),
                                      fraction)};
}

static double
spread_bps(const struct day_symbol *s, int minute, int minutes)
{
    double traded_bn = s->profile.price * s->profile.volume_m / 1e3;
    double bps = fmin(SPREAD_BPS * sqrt(10.0 / fmax(traded_bn, 0.001)), SPREAD_BPS_MAX);

    if (minute < 0 || minute >= minutes) return fmin(bps * 8, 4 * SPREAD_BPS_MAX);
    if (minute < 10) return bps * (3.0 - 0.2 * minute);
    return bps;
}

/* Displayed sizes are round lots with many small ones: median about 300 shares, of cheap stocks
 * more. */
static int64_t
displayed(double draw, double price)
{
    double lots = exp(2.2 * draw) * fmax(1.0, sqrt(50.0 / price));

    return 100 * (int64_t)fmax(1.0, lots);
}

static struct sim_quote
quote_of_slot(const struct sim_day *day, const struct day_symbol *s, int64_t slot_ns)
{
    int minute = day_minute(day, slot_ns);
    uint64_t slot = (uint64_t)(slot_ns / QUOTE_STEP_NS);
    usd mid = day_mid(day, s, slot_ns);
    double jitter = 0.6 + 0.8 * noise_f64(day->seed, NOISE_QUOTE, s->key, slot * 4);
    double half = (double)mid.e4 * spread_bps(s, minute, day->minutes) * jitter / 2e4;
    double price = usd_to_double(mid);
    struct sim_quote q = {
        .nbbo = {.at_ns = slot_ns, .is_known = true}
    };

    /* The bid on the cent below the middle less half the spread, the offer on the cent above. */
    q.nbbo.bid.e4 = (int64_t)floor(((double)mid.e4 - half) / 100.0) * 100;
    q.nbbo.ask.e4 = (int64_t)ceil(((double)mid.e4 + half) / 100.0) * 100;
    if (q.nbbo.bid.e4 < 100) q.nbbo.bid.e4 = 100;
    if (q.nbbo.ask.e4 <= q.nbbo.bid.e4) q.nbbo.ask.e4 = q.nbbo.bid.e4 + 100;
    q.bid_qty = displayed(noise_f64(day->seed, NOISE_QUOTE, s->key, slot * 4 + 1), price);
    q.ask_qty = displayed(noise_f64(day->seed, NOISE_QUOTE, s->key, slot * 4 + 2), price);
    return q;
}

/* Off hours the clock of quotes stands: at the close. */
static int64_t
within_quotes(const struct sim_day *day, int64_t at_ns)
{
    if (at_ns >= day->session.close_ns) return day->session.close_ns;
    return at_ns;
}

struct sim_quote
day_quote(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns)
{
    int64_t at = within_quotes(day, at_ns);

    return quote_of_slot(day, s, at - at % QUOTE_STEP_NS);
}

struct last_trade
day_trade(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns)
{
    int minute = day_minute(day, at_ns);

    if (minute < 0) {
        struct session before = day_session_before(day, 1);
        return (struct last_trade){
            .price = day_prev_close(s), .at_ns = before.close_ns, .is_known = true};
    }
    if (minute >= day->minutes) {
        return (struct last_trade){.price = s->minute[day->minutes - 1].close,
                                   .at_ns = day->session.close_ns - NS_PER_MS,
                                   .is_known = true};
    }

    int64_t slot_ns = at_ns - at_ns % TRADE_STEP_NS;
    const struct bar *b = &s->minute[day_minute(day, slot_ns) < 0 ? 0 : day_minute(day, slot_ns)];

    if (slot_ns < day->session.open_ns) slot_ns = day->session.open_ns;

    struct sim_quote q = quote_of_slot(day, s, slot_ns - slot_ns % QUOTE_STEP_NS);
    bool is_at_offer =
        (noise_u64(day->seed, NOISE_TRADE, s->key, (uint64_t)(slot_ns / TRADE_STEP_NS)) & 1) == 1;
    usd price = is_at_offer ? q.nbbo.ask : q.nbbo.bid;

    /* No trade outside its bar: bars and trades are one tape. */
    if (usd_cmp(price, b->high) > 0) price = b->high;
    if (usd_cmp(price, b->low) < 0) price = b->low;
    return (struct last_trade){.price = price, .at_ns = slot_ns, .is_known = true};
}
