#include "sim/book_broker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counts the call and lets time pass.  RC_IO: it fails before anything happened. */
static enum rc
enter(struct book_broker *bb, struct err *err)
{
    bb->calls++;
    if (bb->calls == bb->fail_at && !bb->is_executed)
        return err_set(err, RC_IO, "broker: connection refused");
    book_advance(bb->book, clock_now(bb->clock));
    return RC_OK;
}

/* RC_UNKNOWN: the call was executed and its answer is lost. */
static enum rc
leave(const struct book_broker *bb, struct err *err)
{
    if (bb->calls != bb->fail_at) return RC_OK;
    return err_set(err, RC_UNKNOWN, "broker: connection reset");
}

static enum rc
refused(const struct book_refusal *r, struct err *err)
{
    return err_set(err, r->status == 404 ? RC_NOT_FOUND : RC_RANGE, "broker: %d %lld %s", r->status,
                   (long long)r->code, r->message);
}

static enum rc
get_account(void *self, struct account *ret_account, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc != RC_OK) return rc;

    usd equity = book_equity(bb->book);

    *ret_account = (struct account){.cash = bb->book->cash,
                                    .equity = equity,
                                    .portfolio_value = equity,
                                    .buying_power = book_buying_power(bb->book)};
    return RC_OK;
}

static enum rc
get_clock(void *self, struct market_clock *ret_clock, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc != RC_OK) return rc;

    *ret_clock = day_clock(bb->day->ny, bb->book->now_ns);
    return RC_OK;
}

static struct position
position_of(const struct sim_book *b, const struct ledger_position *from)
{
    struct position p = {
        .qty = from->qty, .cost = from->cost, .price = book_price(b, from->symbol)};
    usd basis = p.qty > 0 ? p.cost : usd_neg(p.cost);

    (void)str_copy(p.symbol, sizeof(p.symbol), from->symbol);
    p.market_value = usd_notional(p.price, p.qty);
    p.unrealised_fraction = (double)usd_sub(p.market_value, basis).e4 / (double)p.cost.e4;
    return p;
}

static int
by_symbol(const void *a, const void *b)
{
    return strcmp(((const struct position *)a)->symbol, ((const struct position *)b)->symbol);
}

static enum rc
get_positions(void *self, struct arena *a, struct positions *ret_list, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc != RC_OK) return rc;

    struct positions list = {.position = ARENA_NEW(a, struct position, bb->book->positions_len)};

    for (size_t i = 0; i < bb->book->positions_len; i++)
        if (bb->book->position[i].qty != 0)
            list.position[list.len++] = position_of(bb->book, &bb->book->position[i]);
    if (list.len > 0) qsort(list.position, list.len, sizeof(*list.position), by_symbol);
    *ret_list = list;
    return RC_OK;
}

static enum rc
known_symbol(const struct book_broker *bb, const char *symbol, const struct day_symbol **ret_symbol,
             struct err *err)
{
    const struct day_symbol *s = day_find(bb->day, symbol);

    if (s == NULL) return err_set(err, RC_NOT_FOUND, "broker: asset not found for %s", symbol);
    *ret_symbol = s;
    return RC_OK;
}

static enum rc
get_asset(void *self, const char *symbol, struct asset *ret_asset, struct err *err)
{
    struct book_broker *bb = self;
    const struct day_symbol *s = NULL;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc == RC_OK) rc = known_symbol(bb, symbol, &s, err);
    if (rc != RC_OK) return rc;

    struct asset asset = {.is_tradable = true};

    asset.is_shortable = bb->book->prices.is_shortable(bb->book->prices.self, symbol);
    (void)str_copy(asset.symbol, sizeof(asset.symbol), s->symbol);
    *ret_asset = asset;
    return RC_OK;
}

/* ---- orders --------------------------------------------------------------------------------- */

static bool
is_id_taken(const struct book_refusal *r)
{
    return str_eq(r->message, "client_order_id must be unique");
}

static enum rc
submit(void *self, const struct order_intent *in, struct order *ret_order, struct err *err)
{
    struct book_broker *bb = self;
    struct book_request req = {
        .side = in->side, .type = in->type, .qty = in->qty, .faults = bb->faults};
    const struct book_order *order = NULL;
    struct book_refusal refusal = {0};
    enum rc rc = enter(bb, err);

    if (rc != RC_OK) return rc;
    req.limit = in->limit;
    (void)str_copy(req.client_id, sizeof(req.client_id), in->client_id);
    (void)str_copy(req.symbol, sizeof(req.symbol), in->symbol);

    enum rc verdict = book_submit(bb->book, &req, bb->book->now_ns, &order, &refusal);

    rc = leave(bb, err);
    if (rc != RC_OK) return rc;
    /* An id that exists means that the order is there already: the adapter of the real service
     * fetches it. */
    if (verdict != RC_OK && is_id_taken(&refusal))
        order = book_find_client(bb->book, req.client_id);
    if (order == NULL) return refused(&refusal, err);
    *ret_order = order->o;
    return RC_OK;
}

static enum rc
cancel(void *self, const char *broker_id, struct err *err)
{
    struct book_broker *bb = self;
    struct book_refusal refusal = {0};
    enum rc rc = enter(bb, err);

    if (rc != RC_OK) return rc;

    enum rc verdict = book_cancel(bb->book, broker_id, false, bb->book->now_ns, &refusal);

    rc = leave(bb, err);
    if (rc != RC_OK) return rc;
    return verdict == RC_OK ? RC_OK : refused(&refusal, err);
}

static enum rc
give_order(const struct book_order *order, const char *id, struct order *ret_order, struct err *err)
{
    if (order == NULL) return err_set(err, RC_NOT_FOUND, "broker: order not found for %s", id);
    *ret_order = order->o;
    return RC_OK;
}

static enum rc
order_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    return rc == RC_OK ? give_order(book_find(bb->book, broker_id), broker_id, ret_order, err) : rc;
}

static enum rc
order_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    return rc == RC_OK
               ? give_order(book_find_client(bb->book, client_id), client_id, ret_order, err)
               : rc;
}

static enum rc
get_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
           struct orders *ret_list, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc != RC_OK) return rc;

    struct orders list = {.order = ARENA_NEW(a, struct order, bb->book->orders_len)};

    for (size_t i = 0; i < bb->book->orders_len; i++) {
        const struct order *o = &bb->book->order[i].o;

        if (filter == ORDERS_OPEN && order_status_is_final(o->status)) continue;
        if (after_ns != WHEN_NONE && o->submitted_ns < after_ns) continue;
        list.order[list.len++] = *o;
    }
    *ret_list = list;
    return RC_OK;
}

/* What the activities list by now, one that is repeated twice. */
static enum rc
get_fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    struct book_broker *bb = self;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc != RC_OK) return rc;

    struct fills list = {.fill = ARENA_NEW(a, struct fill, bb->book->fills_len * 2)};

    for (size_t i = 0; i < bb->book->fills_len; i++) {
        const struct book_fill *fill = &bb->book->fill[i];

        if (fill->visible_ns > bb->book->now_ns) continue;
        if (after_ns != WHEN_NONE && fill->f.at_ns < after_ns) continue;
        for (int n = fill->is_repeated ? 2 : 1; n > 0; n--)
            list.fill[list.len++] = fill->f;
    }
    *ret_list = list;
    return RC_OK;
}

/* ---- prices --------------------------------------------------------------------------------- */

static enum rc
latest_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    struct book_broker *bb = self;
    const struct day_symbol *s = NULL;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc == RC_OK) rc = known_symbol(bb, symbol, &s, err);
    if (rc == RC_OK) *ret_trade = day_trade(bb->day, s, bb->book->now_ns);
    return rc;
}

static enum rc
latest_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    struct book_broker *bb = self;
    const struct day_symbol *s = NULL;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc == RC_OK) rc = known_symbol(bb, symbol, &s, err);
    if (rc == RC_OK) *ret_quote = day_quote(bb->day, s, bb->book->now_ns).nbbo;
    return rc;
}

static enum rc
get_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
         int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    struct book_broker *bb = self;
    const struct day_symbol *s = NULL;
    enum rc rc = enter(bb, err);

    if (rc == RC_OK) rc = leave(bb, err);
    if (rc == RC_OK) rc = known_symbol(bb, symbol, &s, err);
    if (rc != RC_OK) return rc;

    int len = day_bars(bb->day, s, size, bb->book->now_ns);
    struct bars list = {.bar = ARENA_NEW(a, struct bar, MIN(MAX(limit, 0), len))};
    struct bar b;

    /* Found from the newest back, given from the oldest on. */
    for (int i = len; i-- > 0 && list.len < (size_t)MAX(limit, 0);)
        if (day_bar(bb->day, s, size, i, bb->book->now_ns, &b) && b.volume > 0 &&
            b.start_ns >= from_ns && b.start_ns <= to_ns)
            list.bar[list.len++] = b;
    for (size_t i = 0; i < list.len / 2; i++) {
        struct bar swap = list.bar[i];

        list.bar[i] = list.bar[list.len - 1 - i];
        list.bar[list.len - 1 - i] = swap;
    }
    *ret_bars = list;
    return RC_OK;
}

struct broker
book_broker_seam(struct book_broker *bb)
{
    return (struct broker){
        .self = bb,
        .account = get_account,
        .clock = get_clock,
        .positions = get_positions,
        .asset = get_asset,
        .submit = submit,
        .cancel = cancel,
        .order_by_id = order_by_id,
        .order_by_client_id = order_by_client_id,
        .orders = get_orders,
        .fills = get_fills,
        .latest_trade = latest_trade,
        .latest_quote = latest_quote,
        .bars = get_bars,
    };
}
