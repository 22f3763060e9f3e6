#include "broker/guard.h"

void
intent_learn(struct intent *in, const struct order *o, int64_t now_ns)
{
    (void)str_copy(in->broker_id, sizeof(in->broker_id), o->broker_id);
    in->filled_qty = o->filled_qty;
    in->filled_cost = o->filled_cost;
    if (o->filled_ns != WHEN_NONE) in->filled_ns = o->filled_ns;
    in->updated_ns = now_ns;
    (void)str_copy(in->note, sizeof(in->note), o->status_text);
    switch (o->status) {
    case ORDER_PENDING:
    case ORDER_PARTIALLY_FILLED:
    case ORDER_PENDING_CANCEL:
    case ORDER_STATUS_UNKNOWN:
        in->state = INTENT_OPEN;
        break;
    case ORDER_FILLED:
        in->state = INTENT_FILLED;
        break;
    case ORDER_CANCELED:
    case ORDER_REPLACED:
        in->state = INTENT_CANCELED;
        break;
    case ORDER_EXPIRED:
    case ORDER_DONE_FOR_DAY:
        in->state = INTENT_EXPIRED;
        break;
    case ORDER_REJECTED:
        in->state = INTENT_REJECTED;
        break;
    }
}

/* What a submission without an order in the answer leaves behind. */
static enum intent_state
state_after(enum rc rc)
{
    switch (rc) {
    case RC_DENIED:
    case RC_IO:
    case RC_STOPPED:
    case RC_BUSY:
        return INTENT_NOT_SENT;
    case RC_RANGE:
    case RC_NOT_FOUND:
        return INTENT_REJECTED;
    case RC_OK:
    case RC_NOMEM:
    case RC_PARSE:
    case RC_UNKNOWN:
    case RC_TIMEOUT:
        return INTENT_UNKNOWN;
    }
    return INTENT_UNKNOWN;
}

static enum rc
may_send(struct ledger_guard *g, const struct order_intent *o, struct intent *ret_intent,
         struct err *err)
{
    enum rc rc = g->ledger->find_intent(g->ledger->self, o->client_id, ret_intent, err);

    if (rc != RC_OK) return err_set(err, RC_DENIED, "ledger: %s is not committed", o->client_id);
    if (ret_intent->state != INTENT_COMMITTED || ret_intent->epoch != g->epoch)
        return err_set(err, RC_DENIED, "ledger: %s is %s: it was sent before", o->client_id,
                       intent_state_name(ret_intent->state));
    if (ret_intent->order.qty != o->qty || ret_intent->order.side != o->side ||
        !str_eq(ret_intent->order.symbol, o->symbol))
        return err_set(err, RC_DENIED, "ledger: %s differs from what was committed", o->client_id);
    /* From here on it counts as sent: if we die inside the POST, the next engine must look it up.
     */
    ret_intent->state = INTENT_UNKNOWN;
    ret_intent->updated_ns = clock_now(g->clock);
    rc = g->ledger->update_intent(g->ledger->self, ret_intent, err);
    return rc == RC_OK
               ? RC_OK
               : err_set(err, RC_DENIED, "ledger: %s cannot be marked as sent", o->client_id);
}

static enum rc
ledger_submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct ledger_guard *g = self;
    struct intent in;
    struct err write_err = {0};

    enum rc rc = may_send(g, o, &in, err);
    if (rc != RC_OK) return rc;
    rc = g->pass.inner.submit(g->pass.inner.self, o, ret_order, err);
    if (rc == RC_OK) {
        intent_learn(&in, ret_order, clock_now(g->clock));
    } else {
        in.state = state_after(rc);
        in.updated_ns = clock_now(g->clock);
        (void)str_copy(in.note, sizeof(in.note), err != NULL ? err->text : rc_name(rc));
    }
    /* A ledger that cannot be written leaves the intent UNKNOWN, which is true and safe. */
    if (g->ledger->update_intent(g->ledger->self, &in, &write_err) != RC_OK)
        return err_set(err, RC_UNKNOWN,
                       "ledger: %s was sent, and its answer could not be written: %s", o->client_id,
                       write_err.text);
    return rc;
}

struct broker
ledger_guard_broker(struct ledger_guard *g)
{
    struct broker b = pass_broker(&g->pass);

    b.submit = ledger_submit;
    return b;
}
