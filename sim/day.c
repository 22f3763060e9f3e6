#include "sim/day.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/noise.h"

/* SPY's daily log returns in the measured weeks: deviation 0.76 %. */
#define MARKET_DAY_DEVIATION 0.0076
/* Close to close moves were 1.3 times the movement inside the session: the night adds to it. */
#define DAY_OVER_SESSION 1.3

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct day_symbol *)a)->symbol, ((const struct day_symbol *)b)->symbol);
}

static void
add_symbol(struct sim_day *day, const char *name)
{
    for (size_t i = 0; i < day->len; i++)
        if (str_eq(day->symbol[i].symbol, name)) return;

    struct day_symbol *s = &day->symbol[day->len++];

    (void)str_copy(s->symbol, sizeof(s->symbol), name);
    s->key = noise_key(name);
    s->profile = profile_of(name);
}

enum rc
day_open(const struct day_spec *spec, struct sim_day *ret_day, struct err *err)
{
    struct sim_day day = {.ny = spec->ny, .seed = spec->seed};

    day.session = calendar_session(spec->ny, spec->date);
    if (day.session.kind == SESSION_NONE) {
        char text[ISO_TEXT_MAX];
        return err_set(err, RC_RANGE, "%s is no trading day: %s", date_text(spec->date, text),
                       day.session.why);
    }
    if (spec->symbols_len >= DAY_SYMBOLS_MAX)
        return err_set(err, RC_RANGE, "more than %d symbols", DAY_SYMBOLS_MAX - 1);
    day.minutes = (int)((day.session.close_ns - day.session.open_ns) / NS_PER_MIN);
    ASSERT(day.minutes > 0 && day.minutes <= DAY_MINUTES_MAX);
    /* Every day has its own market, also under the same seed. */
    day.seed = noise_u64(spec->seed, NOISE_MARKET, (uint64_t)date_to_days(spec->date), 0);
    day.symbol = calloc(spec->symbols_len + 1, sizeof(*day.symbol));
    if (day.symbol == NULL) return err_set(err, RC_NOMEM, "market day");
    for (size_t i = 0; i < spec->symbols_len; i++) {
        if (!symbol_valid(spec->symbols[i])) {
            free(day.symbol);
            return err_set(err, RC_RANGE, "not a symbol: %s", spec->symbols[i]);
        }
        add_symbol(&day, spec->symbols[i]);
    }
    add_symbol(&day, "SPY");
    qsort(day.symbol, day.len, sizeof(*day.symbol), by_name);
    *ret_day = day;
    return RC_OK;
}

void
day_done(struct sim_day *day)
{
    free(day->symbol);
    *day = (struct sim_day){0};
}

const struct day_symbol *
day_find(const struct sim_day *day, const char *symbol)
{
    size_t lo = 0, hi = day->len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(symbol, day->symbol[mid].symbol);

        if (order == 0) return &day->symbol[mid];
        if (order < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

int
day_minute(const struct sim_day *day, int64_t at_ns)
{
    if (at_ns < day->session.open_ns) return -1;
    if (at_ns >= day->session.close_ns) return day->minutes;
    return (int)((at_ns - day->session.open_ns) / NS_PER_MIN);
}

bool
day_today(const struct sim_day *day, const struct day_symbol *s, int64_t at_ns, struct bar *ret_bar)
{
    int complete = day_minute(day, at_ns);

    if (complete <= 0) return false;

    struct bar b = s->minute[0];

    for (int i = 1; i < complete; i++) {
        b.high = usd_cmp(s->minute[i].high, b.high) > 0 ? s->minute[i].high : b.high;
        b.low = usd_cmp(s->minute[i].low, b.low) < 0 ? s->minute[i].low : b.low;
        b.close = s->minute[i].close;
        b.volume += s->minute[i].volume;
    }
    *ret_bar = b;
    return true;
}

int
day_bars(const struct sim_day *day, const struct day_symbol *s, enum bar_size size, int64_t at_ns)
{
    struct bar today;

    if (size == BAR_1MIN) return MAX(0, day_minute(day, at_ns));
    return DAY_HISTORY + (day_today(day, s, at_ns, &today) ? 1 : 0);
}

bool
day_bar(const struct sim_day *day, const struct day_symbol *s, enum bar_size size, int i,
        int64_t at_ns, struct bar *ret_bar)
{
    if (i < 0) return false;
    if (size == BAR_1MIN) {
        if (i >= day_minute(day, at_ns)) return false;
        *ret_bar = s->minute[i];
        return true;
    }
    if (i < DAY_HISTORY) {
        *ret_bar = s->daily[i];
        return true;
    }
    if (i > DAY_HISTORY || !day_today(day, s, at_ns, ret_bar)) return false;

    struct civil midnight = {.date = day->session.date};

    ret_bar->start_ns = zone_utc(day->ny, &midnight); /* as the bars of the days before */
    return true;
}

struct market_clock
day_clock(const struct zone *ny, int64_t at_ns)
{
    struct session today = calendar_session_at(ny, at_ns), next = calendar_next_session(ny, at_ns);
    struct market_clock c = {.at_ns = at_ns, .next_open_ns = next.open_ns};

    c.is_open = today.kind != SESSION_NONE && at_ns >= today.open_ns && at_ns < today.close_ns;
    c.next_close_ns = c.is_open ? today.close_ns : next.close_ns;
    return c;
}

usd
day_prev_close(const struct day_symbol *s)
{
    return s->daily[DAY_HISTORY - 1].close;
}

struct session
day_session_before(const struct sim_day *day, int n)
{
    int64_t days = date_to_days(day->session.date);
    struct session s = day->session;

    while (n > 0) {
        s = calendar_session(day->ny, date_from_days(--days));
        if (s.kind != SESSION_NONE) n--;
    }
    return s;
}

double
day_market_return(const struct sim_day *day, int n)
{
    return MARKET_DAY_DEVIATION * noise_normal(day->seed, NOISE_HISTORY, 0, (uint64_t)n);
}

/* A daily bar around the close, as wide as the symbol usually moves. */
static struct bar
daily_bar(const struct sim_day *day, const struct day_symbol *s, double prev, double close, int n,
          int64_t start_ns)
{
    double width = s->profile.day_vol_pct / 100 * close;
    double open = prev * exp(0.4 * log(close / prev));
    double up =
        fabs(noise_normal(day->seed, NOISE_HISTORY, s->key, (uint64_t)n + 1000)) * 0.4 * width;
    double down =
        fabs(noise_normal(day->seed, NOISE_HISTORY, s->key, (uint64_t)n + 2000)) * 0.4 * width;
    double volume = s->profile.volume_m * 1e6 *
                    exp(0.3 * noise_normal(day->seed, NOISE_HISTORY, s->key, (uint64_t)n + 3000));
    struct bar b = {.start_ns = start_ns, .volume = (int64_t)volume};

    b.open = usd_round_cents((usd){(int64_t)(open * 1e4)});
    b.close = usd_round_cents((usd){(int64_t)(close * 1e4)});
    b.high = usd_round_cents((usd){(int64_t)((fmax(open, close) + up) * 1e4)});
    b.low = usd_round_cents((usd){(int64_t)(fmax(fmin(open, close) - down, 0.5 * close) * 1e4)});
    return b;
}

void
day_draw_history(struct sim_day *day, struct day_symbol *s, double last_close, int upto)
{
    double own = s->profile.day_vol_pct / 100 * DAY_OVER_SESSION;
    double common = s->profile.beta * MARKET_DAY_DEVIATION;
    double rest = sqrt(fmax(own * own - common * common, 0.2 * own * own));
    double close = last_close;

    /* Backwards from the known close, so that the price of the day is the profile's. */
    for (int i = upto - 1; i >= 0; i--) {
        int n = DAY_HISTORY - i;
        double r = s->profile.beta * day_market_return(day, n) +
                   rest * noise_normal(day->seed, NOISE_HISTORY, s->key, (uint64_t)n);
        double prev = close * exp(-r);
        struct civil midnight = {.date = day_session_before(day, n).date};

        /* Daily bars are stamped with New York midnight, as the vendor does. */
        s->daily[i] = daily_bar(day, s, prev, close, n, zone_utc(day->ny, &midnight));
        close = prev;
    }
}

/* Flows last 20 to 90 minutes and a symbol has one in about two days; six in ten of them buy. */
void
day_draw_pressure(struct sim_day *day, struct day_symbol *s)
{
    uint64_t n = 0;
    double minute = -60 + 1000 * noise_f64(day->seed, NOISE_PRESSURE, s->key, n++);

    while (minute < day->minutes) {
        double length = 20 + 70 * noise_f64(day->seed, NOISE_PRESSURE, s->key, n++);
        double strength = 55 + 45 * noise_f64(day->seed, NOISE_PRESSURE, s->key, n++);
        bool is_buying = noise_f64(day->seed, NOISE_PRESSURE, s->key, n++) < 0.6;

        for (int i = (int)minute; i < (int)(minute + length); i++)
            if (i >= 0 && i < day->minutes)
                s->pressure[i] = (int16_t)(is_buying ? strength : -strength);
        minute += length + 350 + 650 * noise_f64(day->seed, NOISE_PRESSURE, s->key, n++);
    }
}
