#include "broker/guard.h"

enum need {
    NEED_SPARE,    /* lists, assets, entries: may not touch the reserve */
    NEED_ESSENTIAL /* orders that reduce, cancels, what became of an order, account and positions */
};

/* Forgets requests that left the window of one wall minute (shorter in real time on a paced clock).
 */
static int64_t
window_prune(struct rate_window *w, const struct clock *clock)
{
    int64_t now_ns = clock_mono(clock);
    int64_t window_ns = clock_real(clock, NS_PER_MIN);

    while (w->len > 0 && now_ns - w->sent_ns[w->head] >= window_ns) {
        w->head = (w->head + 1) % RATE_WINDOW_MAX;
        w->len--;
    }
    return now_ns;
}

static enum rc
take_from(struct rate_window *w, const struct clock *clock, int64_t limit, enum rc refusal,
          struct err *err)
{
    int64_t now_ns = window_prune(w, clock);

    if ((int64_t)w->len >= limit)
        return err_set(err, refusal, "rate budget: %zu requests in the last minute, at most %lld",
                       w->len, (long long)limit);
    w->sent_ns[(w->head + w->len) % RATE_WINDOW_MAX] = now_ns;
    w->len++;
    return RC_OK;
}

/* Takes one request out of the trading budget. */
static enum rc
take(struct rate_guard *g, enum need need, enum rc refusal, struct err *err)
{
    int64_t limit = MIN(g->per_min, RATE_WINDOW_MAX);

    if (need == NEED_SPARE) limit -= limit * RESERVE_PERCENT / 100;
    return take_from(&g->trading, g->clock, limit, refusal, err);
}

static enum rc
take_data(struct rate_guard *g, struct err *err)
{
    return take_from(&g->data, g->clock, MIN(g->per_min, RATE_WINDOW_MAX), RC_BUSY, err);
}

static enum rc
rate_account(void *self, struct account *ret_account, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.account(g->pass.inner.self, ret_account, err) : rc;
}

static enum rc
rate_clock(void *self, struct market_clock *ret_clock, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_SPARE, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.clock(g->pass.inner.self, ret_clock, err) : rc;
}

static enum rc
rate_positions(void *self, struct arena *a, struct positions *ret_list, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.positions(g->pass.inner.self, a, ret_list, err) : rc;
}

static enum rc
rate_asset(void *self, const char *symbol, struct asset *ret_asset, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_SPARE, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.asset(g->pass.inner.self, symbol, ret_asset, err) : rc;
}

static enum rc
rate_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, o->reduces ? NEED_ESSENTIAL : NEED_SPARE, RC_DENIED, err);

    return rc == RC_OK ? g->pass.inner.submit(g->pass.inner.self, o, ret_order, err) : rc;
}

static enum rc
rate_cancel(void *self, const char *broker_id, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.cancel(g->pass.inner.self, broker_id, err) : rc;
}

static enum rc
rate_order_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.order_by_id(g->pass.inner.self, broker_id, ret_order, err)
                       : rc;
}

static enum rc
rate_order_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK
               ? g->pass.inner.order_by_client_id(g->pass.inner.self, client_id, ret_order, err)
               : rc;
}

static enum rc
rate_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
            struct orders *ret_list, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK
               ? g->pass.inner.orders(g->pass.inner.self, filter, after_ns, a, ret_list, err)
               : rc;
}

static enum rc
rate_fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take(g, NEED_ESSENTIAL, RC_BUSY, err);

    return rc == RC_OK ? g->pass.inner.fills(g->pass.inner.self, after_ns, a, ret_list, err) : rc;
}

static enum rc
rate_latest_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take_data(g, err);

    return rc == RC_OK ? g->pass.inner.latest_trade(g->pass.inner.self, symbol, ret_trade, err)
                       : rc;
}

static enum rc
rate_latest_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take_data(g, err);

    return rc == RC_OK ? g->pass.inner.latest_quote(g->pass.inner.self, symbol, ret_quote, err)
                       : rc;
}

static enum rc
rate_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
          int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    struct rate_guard *g = self;
    enum rc rc = take_data(g, err);

    return rc == RC_OK ? g->pass.inner.bars(g->pass.inner.self, symbol, size, from_ns, to_ns, limit,
                                            a, ret_bars, err)
                       : rc;
}

struct broker
rate_guard_broker(struct rate_guard *g)
{
    struct broker b = pass_broker(&g->pass);

    b.account = rate_account;
    b.clock = rate_clock;
    b.positions = rate_positions;
    b.asset = rate_asset;
    b.submit = rate_submit;
    b.cancel = rate_cancel;
    b.order_by_id = rate_order_by_id;
    b.order_by_client_id = rate_order_by_client_id;
    b.orders = rate_orders;
    b.fills = rate_fills;
    b.latest_trade = rate_latest_trade;
    b.latest_quote = rate_latest_quote;
    b.bars = rate_bars;
    return b;
}

/* ---- spare data ---------------------------------------------------------------------------- */

static enum rc
take_spare(struct spare_data *s, struct err *err)
{
    int64_t budget = MIN(s->main->per_min, RATE_WINDOW_MAX);
    /* Its window is not pruned by us: requests that left it count against us until it asks. */
    int64_t left = budget * SPARE_TOTAL_PERCENT / 100 - (int64_t)s->main->data.len;

    return take_from(&s->own, s->main->clock,
                     MAX(MIN(budget * SPARE_OWN_PERCENT / 100, left), (int64_t)0), RC_BUSY, err);
}

static enum rc
spare_latest_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    struct spare_data *s = self;
    enum rc rc = take_spare(s, err);

    return rc == RC_OK ? s->inner.latest_trade(s->inner.self, symbol, ret_trade, err) : rc;
}

static enum rc
spare_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
           int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    struct spare_data *s = self;
    enum rc rc = take_spare(s, err);

    return rc == RC_OK
               ? s->inner.bars(s->inner.self, symbol, size, from_ns, to_ns, limit, a, ret_bars, err)
               : rc;
}

struct prices
spare_data_prices(struct spare_data *s)
{
    return (struct prices){.self = s, .latest_trade = spare_latest_trade, .bars = spare_bars};
}
