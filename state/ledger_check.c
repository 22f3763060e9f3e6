#include "state/ledger.h"

#include <inttypes.h>

enum rc
ledger_check_intent(const struct intent *in, struct err *err)
{
    const struct order_intent *o = &in->order;

    if (o->client_id[0] == '\0' || o->symbol[0] == '\0')
        return err_set(err, RC_RANGE, "intent without client id or symbol");
    if (o->qty < 1 || o->qty > QTY_MAX)
        return err_set(err, RC_RANGE, "intent %s: quantity %" PRId64, o->client_id, o->qty);
    if (o->type == ORDER_LIMIT && (o->limit.e4 <= 0 || o->limit.e4 > PRICE_MAX_E4))
        return err_set(err, RC_RANGE, "intent %s: limit %" PRId64 " e-4 USD", o->client_id,
                       o->limit.e4);
    return RC_OK;
}

enum rc
ledger_check_fill(const struct fill *f, const char *kind, struct err *err)
{
    if (f->fill_id[0] == '\0' || f->symbol[0] == '\0')
        return err_set(err, RC_RANGE, "fill without id or symbol");
    if (!str_eq(kind, "fill") && !str_eq(kind, "adjustment"))
        return err_set(err, RC_RANGE, "fill %s: kind %s", f->fill_id,
                       kind == NULL ? "(none)" : kind);
    if (f->qty < 1 || f->qty > QTY_MAX)
        return err_set(err, RC_RANGE, "fill %s: quantity %" PRId64, f->fill_id, f->qty);
    if (f->price.e4 < 0 || f->price.e4 > PRICE_MAX_E4)
        return err_set(err, RC_RANGE, "fill %s: price %" PRId64 " e-4 USD", f->fill_id,
                       f->price.e4);
    if (usd_notional(f->price, f->qty).e4 > LEDGER_NOTIONAL_MAX_E4)
        return err_set(err, RC_RANGE, "fill %s: %" PRId64 " shares at %" PRId64 " e-4 USD",
                       f->fill_id, f->qty, f->price.e4);
    if (f->at_ns == WHEN_NONE) return err_set(err, RC_RANGE, "fill %s: no time", f->fill_id);
    return RC_OK;
}

enum rc
ledger_check_same_fill(const struct fill *known, const struct fill *again, struct err *err)
{
    bool same_order = known->broker_id[0] == '\0' || again->broker_id[0] == '\0' ||
                      str_eq(known->broker_id, again->broker_id);

    if (same_order && str_eq(known->symbol, again->symbol) && known->side == again->side &&
        known->qty == again->qty && usd_cmp(known->price, again->price) == 0 &&
        known->at_ns == again->at_ns)
        return RC_OK;
    return err_set(err, RC_RANGE,
                   "fill %s is known as %s %s %" PRId64 " at %" PRId64
                   " e-4 USD and was told again as %s %s %" PRId64 " at %" PRId64 " e-4 USD",
                   known->fill_id, order_side_name(known->side), known->symbol, known->qty,
                   known->price.e4, order_side_name(again->side), again->symbol, again->qty,
                   again->price.e4);
}

enum rc
ledger_check_next(const struct ledger_position *p, const struct fill *f, struct err *err)
{
    int64_t qty = p->qty + (f->side == SIDE_BUY ? f->qty : -f->qty);

    if (qty >= -QTY_MAX && qty <= QTY_MAX) return RC_OK;
    return err_set(err, RC_RANGE, "fill %s: position %s would be %" PRId64 " shares", f->fill_id,
                   p->symbol, qty);
}

int
ledger_fill_order(int64_t a_ns, const char *a_id, int64_t b_ns, const char *b_id)
{
    return a_ns != b_ns ? (a_ns < b_ns ? -1 : 1) : strcmp(a_id, b_id);
}
