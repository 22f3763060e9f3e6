#include "engine/market.h"

#include "strategy/indicators.h"

#define MOMENTUM_WINDOW_NS (3 * NS_PER_MIN)
#define BARS_WINDOW_NS     (90 * NS_PER_MIN) /* thin symbols have minutes without a trade */
#define STALE_SAID_NS      (300 * NS_PER_S)
#define REGIME_RETRY_NS    (10 * NS_PER_MIN)
#define PROBE_EVERY_NS     (600 * NS_PER_S)

enum { PROBE_BARS = 5 };

static void
keep_first(enum rc rc, enum rc *first, const struct err *from, struct err *to)
{
    if (rc == RC_OK || *first != RC_OK) return;
    *first = rc;
    *to = *from;
}

static struct momentum_view
momentum_from(const struct bars *bars, int64_t now_ns)
{
    struct momentum_view v = {.data = MOMENTUM_INSUFFICIENT};
    size_t first = bars->len;

    while (first > 0 && now_ns - bars->bar[first - 1].start_ns <= MOMENTUM_WINDOW_NS + NS_PER_MIN)
        first--;
    if (bars->len - first < 2) return v;
    v.data = MOMENTUM_KNOWN;
    v.first_close = bars->bar[first].close;
    v.last_close = bars->bar[bars->len - 1].close;
    return v;
}

/* Stale bars are said at most once in five minutes of a symbol (spec 10 R5.31). */
static bool
is_news(struct market *m, const char *symbol, int64_t now_ns)
{
    size_t i = 0, oldest = 0;

    for (; i < m->stale_len && !str_eq(m->stale[i].symbol, symbol); i++)
        if (m->stale[i].said_ns < m->stale[oldest].said_ns) oldest = i;
    if (i < m->stale_len && now_ns - m->stale[i].said_ns < STALE_SAID_NS &&
        now_ns >= m->stale[i].said_ns)
        return false;
    if (i == m->stale_len) i = m->stale_len < STALE_MAX ? m->stale_len++ : oldest;
    (void)str_copy(m->stale[i].symbol, SYMBOL_MAX, symbol);
    m->stale[i].said_ns = now_ns;
    return true;
}

static enum rc
ask_bars(struct market *m, struct candidate *c, struct arena *a, struct market_view *view,
         struct err *err)
{
    struct bars bars = {0};
    int64_t now_ns = clock_now(m->clock);
    int64_t max_age_ns = m->cfg->bar_stale_max_age_min * NS_PER_MIN;
    enum rc rc = m->broker->bars(m->broker->self, c->symbol, BAR_1MIN, now_ns - BARS_WINDOW_NS,
                                 now_ns, EXHAUSTION_BARS, a, &bars, err);

    if (rc != RC_OK) {
        c->momentum.data = MOMENTUM_ERROR;
        return rc;
    }
    c->momentum = momentum_from(&bars, now_ns);
    if (bars_are_stale(&bars, now_ns, max_age_ns)) {
        if (is_news(m, c->symbol, now_ns))
            log_event(m->log, EV_STALE_BARS, F_SYMBOL(c->symbol), F_I64("bars", bars.len));
        return RC_OK;
    }
    c->momentum.atr14 = bars_atr(&bars, 14);
    view->atr20 = bars_atr(&bars, 20);
    if (bars.len >= EXHAUSTION_BARS_MIN) view->ema20 = bars_ema(&bars, 20);
    return RC_OK;
}

/* A record of a UTC day ago is asked again; a failed answer is not remembered. */
static enum rc
ask_shortable(struct market *m, struct candidate *c, struct err *err)
{
    int64_t day = when_to_s(clock_now(m->clock)) / 86400;
    struct asset asset = {0};
    size_t i = 0;

    while (i < m->assets_len && !str_eq(m->asset[i].symbol, c->symbol))
        i++;
    if (i < m->assets_len && m->asset[i].day == day) {
        c->shortable = m->asset[i].shortable;
        return RC_OK;
    }
    enum rc rc = m->broker->asset(m->broker->self, c->symbol, &asset, err);
    if (rc != RC_OK) return rc;
    c->shortable = asset.is_shortable && asset.is_tradable ? TRI_YES : TRI_NO;
    if (i == ASSETS_MAX) return RC_OK;
    if (i == m->assets_len) m->assets_len++;
    m->asset[i] = (struct asset_note){.shortable = c->shortable, .day = day};
    (void)str_copy(m->asset[i].symbol, SYMBOL_MAX, c->symbol);
    return RC_OK;
}

enum rc
market_ask(struct market *m, struct candidate *c, struct arena *a, struct market_view *ret_view,
           struct err *err)
{
    struct market_view view = {0};
    struct err one = {0};
    enum rc first = RC_OK;

    keep_first(m->broker->latest_trade(m->broker->self, c->symbol, &c->last, &one), &first, &one,
               err);
    keep_first(m->broker->latest_quote(m->broker->self, c->symbol, &c->quote, &one), &first, &one,
               err);
    keep_first(ask_bars(m, c, a, &view, &one), &first, &one, err);
    if (c->direction == DIRECTION_BEARISH) keep_first(ask_shortable(m, c, &one), &first, &one, err);
    view.price = c->last.is_known ? usd_to_double(c->last.price) : 0.0;
    *ret_view = view;
    return first;
}

static void
say_probe_stale(struct market *m, const struct bars *bars, int64_t now_ns)
{
    int64_t newest_ns = bars->bar[bars->len - 1].start_ns;
    char iso[ISO_TEXT_MAX];

    log_event(m->log, EV_BAR_PROBE_STALE, F_SYMBOL("SPY"), F_I64("bars", bars->len),
              F_STR("newest_bar", when_iso(newest_ns, iso)),
              F_F64("age_min", (double)(now_ns - newest_ns) / (double)NS_PER_MIN),
              F_I64("max_age_min", m->cfg->bar_stale_max_age_min));
}

enum rc
market_probe_bars(struct market *m, struct arena *a, struct err *err)
{
    int64_t now_ns = clock_now(m->clock);
    int64_t max_age_ns = m->cfg->bar_stale_max_age_min * NS_PER_MIN;
    struct bars bars = {0};

    if (m->probed_ns != 0 && now_ns >= m->probed_ns && now_ns - m->probed_ns < PROBE_EVERY_NS)
        return RC_OK;
    m->probed_ns = now_ns;
    enum rc rc = m->broker->bars(m->broker->self, "SPY", BAR_1MIN, now_ns - BARS_WINDOW_NS, now_ns,
                                 PROBE_BARS, a, &bars, err);
    if (rc != RC_OK) return rc;
    if (bars.len == 0)
        log_event(m->log, EV_BAR_PROBE_EMPTY, F_SYMBOL("SPY"),
                  F_F64("window_min", (double)BARS_WINDOW_NS / (double)NS_PER_MIN));
    else if (bars_are_stale(&bars, now_ns, max_age_ns))
        say_probe_stale(m, &bars, now_ns);
    return RC_OK;
}

void
market_regime_refresh(struct market *m, struct structural_state *state, struct arena *a)
{
    int64_t now_ns = clock_now(m->clock);
    struct bars days = {0};
    struct err err = {0};

    if (state->updated_ns != WHEN_NONE && now_ns - state->updated_ns < REGIME_REFRESH_S * NS_PER_S)
        return;
    if (m->regime_tried_ns != 0 && now_ns - m->regime_tried_ns < REGIME_RETRY_NS) return;
    m->regime_tried_ns = now_ns;
    if (m->broker->bars(m->broker->self, "SPY", BAR_1DAY,
                        now_ns - REGIME_LOOKBACK_DAYS * NS_PER_DAY, now_ns, REGIME_LOOKBACK_DAYS, a,
                        &days, &err) != RC_OK)
        return; /* keeps the previous regime (spec 10 R5.15) */
    double *close = ARENA_NEW(a, double, days.len);
    for (size_t i = 0; i < days.len; i++)
        close[i] = usd_to_double(days.bar[i].close);
    *state = structural_regime_of(close, days.len, state, now_ns);
}
