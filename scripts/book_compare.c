#include "scripts/book_compare.h"

#include <stdarg.h>

#include "base/text.h"

/* What both sides say. */
struct books {
    struct intents intents, live;
    struct fills ours, theirs;
    struct ledger_positions held;
    struct orders orders, open;
    struct positions positions;
    struct account account;
    struct book_diffs out;
};

PRINTF_LIKE(5, 6)
static void
differs(struct books *b, const char *kind, const char *symbol, const char *id, const char *fmt, ...)
{
    va_list args;

    if (b->out.len == BOOK_DIFFS_MAX) {
        b->out.beyond++;
        return;
    }
    struct book_diff *d = &b->out.diff[b->out.len++];
    *d = (struct book_diff){.kind = kind};
    (void)str_copy(d->symbol, sizeof(d->symbol), symbol);
    (void)str_copy(d->id, sizeof(d->id), id);
    va_start(args, fmt);
    (void)vsnprintf(d->words, sizeof(d->words), fmt, args);
    va_end(args);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static const struct order *
order_find(const struct orders *list, const struct intent *in)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->order[i].client_id, in->order.client_id) ||
            (in->broker_id[0] != '\0' && str_eq(list->order[i].broker_id, in->broker_id)))
            return &list->order[i];
    return NULL;
}

static const struct intent *
intent_find(const struct intents *list, const struct order *o)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->intent[i].order.client_id, o->client_id) ||
            (list->intent[i].broker_id[0] != '\0' &&
             str_eq(list->intent[i].broker_id, o->broker_id)))
            return &list->intent[i];
    return NULL;
}

static bool
is_over(enum order_status s)
{
    return s == ORDER_FILLED || s == ORDER_CANCELED || s == ORDER_EXPIRED || s == ORDER_REJECTED ||
           s == ORDER_DONE_FOR_DAY || s == ORDER_REPLACED;
}

static void
compare_intent(struct books *b, const struct intent *in)
{
    const struct order *o = order_find(&b->orders, in);

    if (o == NULL) o = order_find(&b->open, in);
    b->out.orders++;
    if (o == NULL) {
        /* What never left, was refused or never arrived is not in the broker's
         * list. */
        if (in->broker_id[0] != '\0' || !intent_state_is_final(in->state))
            differs(b, "order", in->order.symbol, in->order.client_id,
                    "the ledger has it as %s, the broker's list does not have it",
                    intent_state_name(in->state));
        return;
    }
    if (is_over(o->status) != intent_state_is_final(in->state) || in->state == INTENT_NOT_SENT)
        differs(b, "order", in->order.symbol, in->order.client_id,
                "%s in the ledger, %s at the broker", intent_state_name(in->state), o->status_text);
    if (o->filled_qty != in->filled_qty)
        differs(b, "order", in->order.symbol, in->order.client_id,
                "%lld filled in the ledger, %lld at the broker", (long long)in->filled_qty,
                (long long)o->filled_qty);
}

static void
compare_orders(struct books *b)
{
    for (size_t i = 0; i < b->intents.len; i++)
        compare_intent(b, &b->intents.intent[i]);
    for (size_t i = 0; i < b->live.len; i++) { /* older ones that still work */
        struct order o = {0};

        (void)str_copy(o.client_id, sizeof(o.client_id), b->live.intent[i].order.client_id);
        if (intent_find(&b->intents, &o) == NULL) compare_intent(b, &b->live.intent[i]);
    }
    for (size_t i = 0; i < b->open.len; i++) {
        const struct order *o = &b->open.order[i];

        if (intent_find(&b->intents, o) == NULL && intent_find(&b->live, o) == NULL)
            differs(b, "order", o->symbol, o->client_id,
                    "open at the broker (%s %lld), and not one of the ledger's",
                    order_side_name(o->side), (long long)o->qty);
    }
}

/* ---- executions ------------------------------------------------------------------------------ */

static const struct fill *
fill_find(const struct fills *list, const char *fill_id)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->fill[i].fill_id, fill_id)) return &list->fill[i];
    return NULL;
}

static void
compare_fills(struct books *b)
{
    char price[USD_TEXT_MAX];

    b->out.executions = b->theirs.len;
    for (size_t i = 0; i < b->theirs.len; i++) {
        const struct fill *f = &b->theirs.fill[i];
        const struct fill *ours = fill_find(&b->ours, f->fill_id);

        if (ours == NULL)
            differs(b, "execution", f->symbol, f->fill_id,
                    "the broker has %s %lld at %s, the ledger does not", order_side_name(f->side),
                    (long long)f->qty, usd_text(f->price, price));
        else if (ours->qty != f->qty || ours->side != f->side ||
                 usd_cmp(ours->price, f->price) != 0)
            differs(b, "execution", f->symbol, f->fill_id,
                    "the broker has %s %lld at %s, the ledger another one under that id",
                    order_side_name(f->side), (long long)f->qty, usd_text(f->price, price));
    }
    for (size_t i = 0; i < b->ours.len; i++) {
        const struct fill *f = &b->ours.fill[i];

        if (fill_find(&b->theirs, f->fill_id) == NULL)
            differs(b, "execution", f->symbol, f->fill_id,
                    "the ledger has %s %lld at %s, the broker does not", order_side_name(f->side),
                    (long long)f->qty, usd_text(f->price, price));
    }
}

/* ---- positions and cash ---------------------------------------------------------------------- */

static void
compare_positions(struct books *b)
{
    b->out.positions = b->positions.len;
    for (size_t i = 0; i < b->positions.len; i++) {
        const struct position *p = &b->positions.position[i];
        int64_t qty = 0;

        for (size_t k = 0; k < b->held.len; k++)
            if (str_eq(b->held.position[k].symbol, p->symbol)) qty = b->held.position[k].qty;
        if (qty != p->qty)
            differs(b, "position", p->symbol, "", "%lld in the ledger, %lld at the broker",
                    (long long)qty, (long long)p->qty);
        if (p->has_fraction)
            differs(b, "position", p->symbol, "", "the broker holds a part of a share, too");
    }
    for (size_t i = 0; i < b->held.len; i++) {
        const struct ledger_position *h = &b->held.position[i];
        bool is_there = false;

        for (size_t k = 0; k < b->positions.len; k++)
            is_there = is_there || str_eq(b->positions.position[k].symbol, h->symbol);
        if (!is_there)
            differs(b, "position", h->symbol, "", "%lld in the ledger, none at the broker",
                    (long long)h->qty);
    }
}

static void
compare_cash(struct books *b, const struct book_cash *before)
{
    usd want = before->cash;
    char wanted[USD_TEXT_MAX], there[USD_TEXT_MAX];

    if (!before->is_known) return;
    for (size_t i = 0; i < b->ours.len; i++) {
        const struct fill *f = &b->ours.fill[i];
        usd paid = usd_notional(f->price, f->qty);

        if (f->at_ns <= before->at_ns) continue;
        want = f->side == SIDE_BUY ? usd_sub(want, paid) : usd_add(want, paid);
    }
    /* The broker tells whole cents. */
    if (usd_cmp(usd_round_cents(want), usd_round_cents(b->account.cash)) != 0)
        differs(b, "cash", "", "",
                "%s expected, %s at the broker; fees, dividends and transfers are "
                "not in the ledger",
                usd_text(want, wanted), usd_text(b->account.cash, there));
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The ledger first and last of all the broker: what moves in between is more at
 * the broker. */
static enum rc
ask(struct books *b, const struct ledger *l, const struct broker *broker, int64_t from_ns,
    struct arena *a, struct err *err)
{
    enum rc rc = l->intents_since(l->self, from_ns, a, &b->intents, err);

    if (rc == RC_OK) rc = l->live_intents(l->self, a, &b->live, err);
    if (rc == RC_OK) rc = l->fills_since(l->self, from_ns, a, &b->ours, err);
    if (rc == RC_OK) rc = l->positions(l->self, a, &b->held, err);
    if (rc != RC_OK) return err_wrap(err, "ledger");
    rc = broker->orders(broker->self, ORDERS_ALL, from_ns, a, &b->orders, err);
    if (rc == RC_OK) rc = broker->orders(broker->self, ORDERS_OPEN, WHEN_NONE, a, &b->open, err);
    if (rc == RC_OK) rc = broker->fills(broker->self, from_ns, a, &b->theirs, err);
    if (rc == RC_OK) rc = broker->positions(broker->self, a, &b->positions, err);
    if (rc == RC_OK) rc = broker->account(broker->self, &b->account, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker");
}

enum rc
book_compare(const struct ledger *ledger, const struct broker *broker, int64_t from_ns,
             const struct book_cash *before, struct arena *a, struct book_diffs *ret_diffs,
             struct err *err)
{
    struct books b = {.out = {.diff = ARENA_NEW(a, struct book_diff, BOOK_DIFFS_MAX)}};
    enum rc rc = ask(&b, ledger, broker, from_ns, a, err);

    if (rc != RC_OK) return rc;
    compare_orders(&b);
    compare_fills(&b);
    compare_positions(&b);
    compare_cash(&b, before);
    *ret_diffs = b.out;
    return RC_OK;
}
