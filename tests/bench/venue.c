#include "tests/bench/venue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

/* 20 to 419 USD, by the name; a little of a wave over the minutes so that bars have a range. */
static usd
price_at(const char *symbol, int64_t at_ns)
{
    int64_t base_cents = 2000 + (int64_t)(hash_bytes(symbol, strlen(symbol), 1) % 40000);
    int64_t minute = at_ns / NS_PER_MIN % 16;
    int64_t wave = (minute < 8 ? minute : 16 - minute) * base_cents / 10000;

    return (usd){(base_cents + wave) * 100};
}

static usd
price_of(const struct venue *v, const char *symbol)
{
    return price_at(symbol, clock_now(v->clock));
}

static enum rc
account(void *self, struct account *ret_account, struct err *err)
{
    (void)self;
    (void)err;
    *ret_account = (struct account){.cash = {1000000000},
                                    .equity = {1000000000},
                                    .buying_power = {4000000000},
                                    .portfolio_value = {1000000000}};
    return RC_OK;
}

static enum rc
market_clock(void *self, struct market_clock *ret_clock, struct err *err)
{
    const struct venue *v = self;

    (void)err;
    *ret_clock = (struct market_clock){.at_ns = clock_now(v->clock), .is_open = true};
    return RC_OK;
}

static int
by_symbol(const void *a, const void *b)
{
    return strcmp(((const struct position *)a)->symbol, ((const struct position *)b)->symbol);
}

static enum rc
positions(void *self, struct arena *a, struct positions *ret_list, struct err *err)
{
    const struct venue *v = self;
    struct positions list = {.position = ARENA_NEW(a, struct position, v->held_len)};

    (void)err;
    for (size_t i = 0; i < v->held_len; i++) {
        const struct venue_held *h = &v->held[i];
        struct position *p = &list.position[list.len];

        if (h->qty == 0) continue;
        *p = (struct position){.qty = h->qty, .cost = h->cost, .price = price_of(v, h->symbol)};
        (void)str_copy(p->symbol, sizeof(p->symbol), h->symbol);
        p->market_value = usd_notional(p->price, p->qty);
        list.len++;
    }
    if (list.len > 1) qsort(list.position, list.len, sizeof(*list.position), by_symbol);
    *ret_list = list;
    return RC_OK;
}

static enum rc
asset(void *self, const char *symbol, struct asset *ret_asset, struct err *err)
{
    (void)self;
    (void)err;
    *ret_asset = (struct asset){.is_tradable = true, .is_shortable = true};
    (void)str_copy(ret_asset->symbol, sizeof(ret_asset->symbol), symbol);
    return RC_OK;
}

/* The place of a symbol, made where there is none; a flat one is used again when room is short. */
static struct venue_held *
held_of(struct venue *v, const char *symbol)
{
    struct venue_held *free_place = NULL;

    for (size_t i = 0; i < v->held_len; i++) {
        if (str_eq(v->held[i].symbol, symbol)) return &v->held[i];
        if (v->held[i].qty == 0) free_place = &v->held[i];
    }
    if (v->held_len < VENUE_HELD_MAX) free_place = &v->held[v->held_len++];
    ASSERT(free_place != NULL);
    *free_place = (struct venue_held){.qty = 0};
    (void)str_copy(free_place->symbol, sizeof(free_place->symbol), symbol);
    return free_place;
}

static void
execute(struct venue *v, const struct order *o, usd price)
{
    struct venue_held *h = held_of(v, o->symbol);
    int64_t signed_qty = o->side == SIDE_BUY ? o->qty : -o->qty;
    bool opens = h->qty == 0 || (h->qty > 0) == (signed_qty > 0);

    if (opens)
        h->cost = usd_add(h->cost, usd_notional(price, o->qty));
    else
        h->cost.e4 -= h->cost.e4 / llabs(h->qty) * MIN(o->qty, (int64_t)llabs(h->qty));
    h->qty += signed_qty;
    if (h->qty == 0) h->cost = USD_ZERO;
}

static enum rc
submit(void *self, const struct order_intent *in, struct order *ret_order, struct err *err)
{
    struct venue *v = self;
    struct order *o = &v->order[v->orders++ % VENUE_ORDERS_MAX];
    int64_t now_ns = clock_now(v->clock);
    usd price = in->type == ORDER_LIMIT ? in->limit : price_of(v, in->symbol);

    (void)err;
    *o = (struct order){.side = in->side,
                        .type = in->type,
                        .status = ORDER_FILLED,
                        .qty = in->qty,
                        .filled_qty = in->qty,
                        .limit = in->limit,
                        .submitted_ns = now_ns,
                        .filled_ns = now_ns,
                        .updated_ns = now_ns};
    o->filled_cost = usd_notional(price, in->qty);
    (void)snprintf(o->broker_id, sizeof(o->broker_id), "b-%zu", v->orders);
    (void)str_copy(o->client_id, sizeof(o->client_id), in->client_id);
    (void)str_copy(o->symbol, sizeof(o->symbol), in->symbol);
    (void)str_copy(o->status_text, sizeof(o->status_text), "filled");
    execute(v, o, price);
    *ret_order = *o;
    return RC_OK;
}

static enum rc
cancel(void *self, const char *broker_id, struct err *err)
{
    (void)self;
    (void)broker_id;
    (void)err;
    return RC_OK;
}

static size_t
orders_len(const struct venue *v)
{
    return MIN(v->orders, (size_t)VENUE_ORDERS_MAX);
}

/* The i-th of those kept, oldest first. */
static const struct order *
order_at(const struct venue *v, size_t i)
{
    return &v->order[(v->orders - orders_len(v) + i) % VENUE_ORDERS_MAX];
}

static enum rc
order_find(const struct venue *v, const char *broker_id, const char *client_id,
           struct order *ret_order, struct err *err)
{
    for (size_t i = 0; i < orders_len(v); i++) {
        const struct order *o = order_at(v, i);

        if ((broker_id != NULL && str_eq(o->broker_id, broker_id)) ||
            (client_id != NULL && str_eq(o->client_id, client_id))) {
            *ret_order = *o;
            return RC_OK;
        }
    }
    return err_set(err, RC_NOT_FOUND, "venue: no such order");
}

static enum rc
order_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    return order_find(self, broker_id, NULL, ret_order, err);
}

static enum rc
order_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    return order_find(self, NULL, client_id, ret_order, err);
}

static enum rc
orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
       struct orders *ret_list, struct err *err)
{
    const struct venue *v = self;
    struct orders list = {.order = ARENA_NEW(a, struct order, orders_len(v))};

    (void)err;
    for (size_t i = 0; filter == ORDERS_ALL && i < orders_len(v); i++)
        if (after_ns == WHEN_NONE || order_at(v, i)->submitted_ns >= after_ns)
            list.order[list.len++] = *order_at(v, i);
    *ret_list = list;
    return RC_OK;
}

static enum rc
fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    const struct venue *v = self;
    struct fills list = {.fill = ARENA_NEW(a, struct fill, orders_len(v))};

    (void)err;
    for (size_t i = 0; i < orders_len(v); i++) {
        const struct order *o = order_at(v, i);
        struct fill *f = &list.fill[list.len];

        if (after_ns != WHEN_NONE && o->filled_ns < after_ns) continue;
        *f = (struct fill){.side = o->side, .qty = o->qty, .at_ns = o->filled_ns};
        f->price.e4 = o->filled_cost.e4 / o->qty;
        (void)snprintf(f->fill_id, sizeof(f->fill_id), "f-%s", o->broker_id);
        (void)str_copy(f->broker_id, sizeof(f->broker_id), o->broker_id);
        (void)str_copy(f->symbol, sizeof(f->symbol), o->symbol);
        list.len++;
    }
    *ret_list = list;
    return RC_OK;
}

static enum rc
latest_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    const struct venue *v = self;

    (void)err;
    *ret_trade = (struct last_trade){
        .price = price_of(v, symbol), .at_ns = clock_now(v->clock), .is_known = true};
    return RC_OK;
}

static enum rc
latest_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    const struct venue *v = self;
    usd price = price_of(v, symbol);

    (void)err;
    *ret_quote = (struct nbbo){.bid = usd_sub(price, USD_CENTS(1)),
                               .ask = usd_add(price, USD_CENTS(1)),
                               .at_ns = clock_now(v->clock),
                               .is_known = true};
    return RC_OK;
}

static enum rc
bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns, int limit,
     struct arena *a, struct bars *ret_bars, struct err *err)
{
    int64_t step_ns = size == BAR_1DAY ? NS_PER_DAY : NS_PER_MIN;
    int64_t last_ns = to_ns / step_ns * step_ns;
    int64_t n = MIN((int64_t)limit, (last_ns - from_ns) / step_ns);
    struct bars list = {.bar = ARENA_NEW(a, struct bar, MAX(n, 0))};

    (void)self;
    (void)err;
    for (int64_t i = n; i > 0; i--) {
        int64_t start_ns = last_ns - i * step_ns;
        usd open = price_at(symbol, start_ns), close = price_at(symbol, start_ns + step_ns);

        list.bar[list.len++] = (struct bar){.start_ns = start_ns,
                                            .open = open,
                                            .high = open.e4 > close.e4 ? open : close,
                                            .low = open.e4 > close.e4 ? close : open,
                                            .close = close,
                                            .volume = 10000};
    }
    *ret_bars = list;
    return RC_OK;
}

struct broker
venue_broker(struct venue *v)
{
    return (struct broker){.self = v,
                           .account = account,
                           .clock = market_clock,
                           .positions = positions,
                           .asset = asset,
                           .submit = submit,
                           .cancel = cancel,
                           .order_by_id = order_by_id,
                           .order_by_client_id = order_by_client_id,
                           .orders = orders,
                           .fills = fills,
                           .latest_trade = latest_trade,
                           .latest_quote = latest_quote,
                           .bars = bars};
}
