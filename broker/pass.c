#include "broker/guard.h"

#define INNER(self) (&((struct pass *)(self))->inner)

static enum rc
pass_account(void *self, struct account *ret_account, struct err *err)
{
    return INNER(self)->account(INNER(self)->self, ret_account, err);
}

static enum rc
pass_clock(void *self, struct market_clock *ret_clock, struct err *err)
{
    return INNER(self)->clock(INNER(self)->self, ret_clock, err);
}

static enum rc
pass_positions(void *self, struct arena *a, struct positions *ret_list, struct err *err)
{
    return INNER(self)->positions(INNER(self)->self, a, ret_list, err);
}

static enum rc
pass_asset(void *self, const char *symbol, struct asset *ret_asset, struct err *err)
{
    return INNER(self)->asset(INNER(self)->self, symbol, ret_asset, err);
}

static enum rc
pass_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    return INNER(self)->submit(INNER(self)->self, o, ret_order, err);
}

static enum rc
pass_cancel(void *self, const char *broker_id, struct err *err)
{
    return INNER(self)->cancel(INNER(self)->self, broker_id, err);
}

static enum rc
pass_order_by_id(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    return INNER(self)->order_by_id(INNER(self)->self, broker_id, ret_order, err);
}

static enum rc
pass_order_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    return INNER(self)->order_by_client_id(INNER(self)->self, client_id, ret_order, err);
}

static enum rc
pass_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *a,
            struct orders *ret_list, struct err *err)
{
    return INNER(self)->orders(INNER(self)->self, filter, after_ns, a, ret_list, err);
}

static enum rc
pass_fills(void *self, int64_t after_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    return INNER(self)->fills(INNER(self)->self, after_ns, a, ret_list, err);
}

static enum rc
pass_latest_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    return INNER(self)->latest_trade(INNER(self)->self, symbol, ret_trade, err);
}

static enum rc
pass_latest_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    return INNER(self)->latest_quote(INNER(self)->self, symbol, ret_quote, err);
}

static enum rc
pass_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
          int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    return INNER(self)->bars(INNER(self)->self, symbol, size, from_ns, to_ns, limit, a, ret_bars,
                             err);
}

struct broker
pass_broker(struct pass *self)
{
    return (struct broker){
        .self = self,
        .account = pass_account,
        .clock = pass_clock,
        .positions = pass_positions,
        .asset = pass_asset,
        .submit = pass_submit,
        .cancel = pass_cancel,
        .order_by_id = pass_order_by_id,
        .order_by_client_id = pass_order_by_client_id,
        .orders = pass_orders,
        .fills = pass_fills,
        .latest_trade = pass_latest_trade,
        .latest_quote = pass_latest_quote,
        .bars = pass_bars,
    };
}
