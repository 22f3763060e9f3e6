#include "tests/lib/check.h"
#include "tests/lib/venue.h"

struct order *
venue_find(struct venue *v, const char *client_id)
{
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].client_id, client_id)) return &v->order[i];
    return NULL;
}

static enum rc
venue_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct venue *v = self;
    enum rc rc = v->next_submit;

    v->posts++;
    assert_null(venue_find(v, o->client_id)); /* no id twice */
    if (!v->next_is_lost) {
        struct order *w = &v->order[v->orders_len++];

        *w = (struct order){.side = o->side,
                            .type = o->type,
                            .qty = o->qty,
                            .limit = o->limit,
                            .status = ORDER_PENDING,
                            .submitted_ns = clock_now(v->clock),
                            .filled_ns = WHEN_NONE,
                            .updated_ns = WHEN_NONE};
        (void)snprintf(w->broker_id, sizeof(w->broker_id), "b-%zu", v->orders_len);
        (void)str_copy(w->client_id, sizeof(w->client_id), o->client_id);
        (void)str_copy(w->symbol, sizeof(w->symbol), o->symbol);
        (void)str_copy(w->status_text, sizeof(w->status_text), "new");
        *ret_order = *w;
    }
    v->next_submit = RC_OK;
    v->next_is_lost = false;
    return rc == RC_OK ? RC_OK : err_set(err, rc, "scripted");
}

static enum rc
venue_cancel(void *self, const char *broker_id, struct err *err)
{
    struct venue *v = self;

    (void)err;
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].broker_id, broker_id) && !order_status_is_final(v->order[i].status))
            v->order[i].status = ORDER_PENDING_CANCEL;
    return RC_OK;
}

static enum rc
venue_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    struct venue *v = self;

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    for (size_t i = 0; i < v->orders_len; i++)
        if (str_eq(v->order[i].broker_id, broker_id)) {
            *ret_order = v->order[i];
            return RC_OK;
        }
    return err_set(err, RC_NOT_FOUND, "no such order");
}

static enum rc
venue_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    struct venue *v = self;
    const struct order *o = venue_find(v, client_id);

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    if (o == NULL || v->by_id_is_blind) return err_set(err, RC_NOT_FOUND, "no such order");
    *ret_order = *o;
    return RC_OK;
}

static enum rc
venue_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
             struct orders *ret_list, struct err *err)
{
    struct venue *v = self;

    (void)filter;
    (void)after_ns;
    if (v->reads_are_down || v->list_is_down) return err_set(err, RC_UNKNOWN, "down");
    ret_list->order = ARENA_NEW(a, struct order, v->orders_len);
    ret_list->len = v->orders_len;
    if (v->orders_len > 0) memcpy(ret_list->order, v->order, v->orders_len * sizeof(v->order[0]));
    return RC_OK;
}

static enum rc
venue_fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    struct venue *v = self;

    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    ret_list->fill = ARENA_NEW(a, struct fill, v->fills_len);
    ret_list->len = 0;
    for (size_t i = 0; i < v->fills_len && !v->fills_are_late; i++)
        if (after_ns == WHEN_NONE || v->fill[i].at_ns >= after_ns)
            ret_list->fill[ret_list->len++] = v->fill[i];
    return RC_OK;
}

/* The venue executes a part of an order. */
void
venue_execute(struct venue *v, struct order *o, int64_t qty, int64_t price_cents)
{
    struct fill *f = &v->fill[v->fills_len++];

    *f = (struct fill){
        .side = o->side, .qty = qty, .price = USD_CENTS(price_cents), .at_ns = clock_now(v->clock)};
    (void)snprintf(f->fill_id, sizeof(f->fill_id), "x-%zu", v->fills_len);
    (void)str_copy(f->broker_id, sizeof(f->broker_id), o->broker_id);
    (void)str_copy(f->symbol, sizeof(f->symbol), o->symbol);
    o->filled_qty += qty;
    o->filled_cost = usd_add(o->filled_cost, usd_notional(f->price, qty));
    o->filled_ns = f->at_ns;
    o->status = o->filled_qty == o->qty ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
}

static enum rc
venue_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    struct venue *v = self;

    (void)symbol;
    if (v->reads_are_down) return err_set(err, RC_UNKNOWN, "down");
    *ret_quote = v->quote;
    return RC_OK;
}

static enum rc
venue_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    (void)self;
    (void)symbol;
    (void)ret_trade;
    return err_set(err, RC_NOT_FOUND, "no trade");
}

struct broker
venue_broker(struct venue *v)
{
    return (struct broker){.self = v,
                           .submit = venue_submit,
                           .cancel = venue_cancel,
                           .order_by_id = venue_by_id,
                           .order_by_client_id = venue_by_client_id,
                           .orders = venue_orders,
                           .fills = venue_fills,
                           .latest_quote = venue_quote,
                           .latest_trade = venue_trade};
}
