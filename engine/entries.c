#include "engine/entries.h"

/* Limit orders: the retries, and one last. Without ENTRY_POST_ONLY or a limit price straight to the
 * market.
 */
static int
limit_attempts(const struct entries *w, const struct planned_entry *plan)
{
    if (!plan->price.has_limit || !w->cfg->entry_post_only) return 0;
    return (int)w->cfg->entry_max_retries + 1;
}

static enum rc
send_attempt(struct entries *w, struct working_entry *e, struct err *err)
{
    struct intent in = {.purpose = PURPOSE_ENTRY};
    bool is_limit = e->attempt <= limit_attempts(w, &e->plan);

    (void)str_copy(in.order.symbol, SYMBOL_MAX, e->plan.symbol);
    in.order.side = e->plan.side;
    in.order.qty = e->plan.qty;
    in.order.type = is_limit ? ORDER_LIMIT : ORDER_MARKET;
    in.order.limit = is_limit ? e->limit : USD_ZERO;
    /* The number of the attempt is part of the hashed intent, so each order has an id of its own.
     */
    (void)snprintf(in.reason, sizeof(in.reason), "attempt %d", e->attempt);
    (void)str_copy(in.context, sizeof(in.context), e->context);
    enum rc rc = desk_send(w->desk, &in, &in, err);
    (void)str_copy(e->client_id, sizeof(e->client_id), in.order.client_id);
    e->sent_ns = clock_now(w->desk->clock);
    e->cancel_ns = e->retry_ns = WHEN_NONE;
    return rc;
}

static void
forget(struct entries *w, size_t i)
{
    w->working[i] = w->working[--w->len];
}

bool
entries_at_work(const struct entries *w, const char *symbol)
{
    for (size_t i = 0; i < w->len; i++)
        if (str_eq(w->working[i].plan.symbol, symbol)) return true;
    return false;
}

enum rc
entries_begin(struct entries *w, const struct planned_entry *plan, const char *context,
              struct err *err)
{
    if (w->len == WORKING_MAX) return err_set(err, RC_BUSY, "entries: %d at work", WORKING_MAX);
    /* Between two attempts the ledger knows of no live order: a second entry would be a second
     * position. */
    if (entries_at_work(w, plan->symbol))
        return err_set(err, RC_BUSY, "entries: %s is being worked", plan->symbol);
    struct working_entry *e = &w->working[w->len];
    *e = (struct working_entry){.plan = *plan, .attempt = 1, .limit = plan->price.limit};
    (void)str_copy(e->context, sizeof(e->context), context);
    enum rc rc = send_attempt(w, e, err);
    /* A refused limit order still leaves the further attempts; one that never left or has no answer
     * does not.
     */
    if (rc == RC_OK || rc == RC_UNKNOWN || rc == RC_RANGE) w->len++;
    return rc;
}

/* The next limit from a fresh quote; false where nothing can be priced. */
static bool
reprice(struct entries *w, struct working_entry *e)
{
    const struct broker *b = w->desk->broker;
    struct nbbo nbbo = {0};
    struct last_trade last = {0};
    struct err ignored = {0};

    if (b->latest_quote(b->self, e->plan.symbol, &nbbo, &ignored) != RC_OK) nbbo = (struct nbbo){0};
    if (!nbbo.is_known && b->latest_trade(b->self, e->plan.symbol, &last, &ignored) != RC_OK)
        return false;
    struct entry_quote q = entry_quote_of(&nbbo, &last);
    if (!q.is_known) return false;
    e->limit = entry_reprice(e->plan.side, e->limit, &q, w->cfg->entry_tolerance_bps);
    return e->limit.e4 > 0;
}

/* True while there is more to do for this entry. */
static bool
next_attempt(struct entries *w, struct working_entry *e)
{
    struct err err = {0};

    e->attempt++;
    if (e->attempt > limit_attempts(w, &e->plan) + 1) return false;
    if (e->attempt <= limit_attempts(w, &e->plan) && !reprice(w, e)) {
        log_event(w->desk->log, EV_SUBMIT_BAD_REF_PRICE, F_SYMBOL(e->plan.symbol),
                  F_I64("attempt", e->attempt));
        return false;
    }
    enum rc rc = send_attempt(w, e, &err);
    if (rc == RC_BUSY) {
        /* Settling of the last attempt is not through yet: once more at the next tick. */
        e->attempt--;
        e->retry_ns = clock_now(w->desk->clock);
        return true;
    }
    return rc == RC_OK || rc == RC_UNKNOWN || rc == RC_RANGE;
}

static void
cancel_when_due(struct entries *w, struct working_entry *e, int64_t now_ns, bool is_open)
{
    bool first = e->cancel_ns == WHEN_NONE && now_ns - e->sent_ns >= LIMIT_WAIT_NS;
    bool again = e->cancel_ns != WHEN_NONE && now_ns - e->cancel_ns >= CANCEL_WAIT_NS;

    /* A market order is left to fill; one that came after the close would fill at the next open. */
    if (e->attempt > limit_attempts(w, &e->plan) && is_open) return;
    if (!first && !again) return;
    desk_cancel(w->desk, e->plan.symbol, PURPOSE_ENTRY);
    e->cancel_ns = now_ns;
}

/* True while there is more to do for this entry. */
static bool
work(struct entries *w, struct working_entry *e, bool is_open)
{
    int64_t now_ns = clock_now(w->desk->clock);
    int64_t pause_ns = (int64_t)(w->cfg->entry_retry_sleep_s * (double)NS_PER_S);
    struct intent in;
    struct err err = {0};

    if (e->retry_ns != WHEN_NONE) return is_open && (now_ns < e->retry_ns || next_attempt(w, e));
    if (w->desk->ledger->find_intent(w->desk->ledger->self, e->client_id, &in, &err) != RC_OK)
        return false;
    switch (in.state) {
    case INTENT_COMMITTED:
    case INTENT_UNKNOWN:
        return true; /* its fate is found out first */
    case INTENT_OPEN:
        cancel_when_due(w, e, now_ns, is_open);
        return true;
    case INTENT_CANCELED:
    case INTENT_REJECTED:
        if (in.filled_qty > 0 || !is_open) return false;
        e->retry_ns = now_ns + pause_ns;
        return true;
    case INTENT_FILLED:
    case INTENT_EXPIRED:
    case INTENT_NOT_SENT:
        return false;
    }
    return false;
}

static bool
is_worked(const struct entries *w, const char *client_id)
{
    for (size_t i = 0; i < w->len; i++)
        if (str_eq(w->working[i].client_id, client_id)) return true;
    return false;
}

/*
 * Whether nobody will do anything about an order that rests.  A limit order that an engine before
 * us left has nobody who would raise its price: it would rest all day and fill when its reason is
 * long gone.  What came to the broker after the close, an exit too, would fill at the next open, at
 * a price that nobody has seen: the rules decide anew then.
 */
static bool
is_stray(const struct entries *w, const struct intent *in, bool is_open)
{
    if (in->purpose == PURPOSE_EXIT) return !is_open;
    return (in->order.type == ORDER_LIMIT || !is_open) && !is_worked(w, in->order.client_id);
}

static void
cancel_strays(struct entries *w, bool is_open)
{
    const struct intents *live = &w->desk->live;
    int64_t now_ns = clock_now(w->desk->clock);

    if (w->strays_ns != 0 && now_ns >= w->strays_ns && now_ns - w->strays_ns < CANCEL_WAIT_NS)
        return;
    for (size_t i = 0; i < live->len; i++) {
        const struct intent *in = &live->intent[i];

        if (in->state != INTENT_OPEN || !is_stray(w, in, is_open) ||
            now_ns - in->created_ns < LIMIT_WAIT_NS)
            continue;
        w->strays_ns = now_ns;
        if (in->purpose == PURPOSE_EXIT)
            log_event(w->desk->log, EV_EXIT_AFTER_CLOSE, F_SYMBOL(in->order.symbol),
                      F_STR("client_order_id", in->order.client_id), F_STR("status", in->note),
                      F_I64("filled_qty", in->filled_qty), F_I64("qty", in->order.qty));
        desk_cancel(w->desk, in->order.symbol, in->purpose);
    }
}

void
entries_tick(struct entries *w, bool is_open)
{
    cancel_strays(w, is_open);
    for (size_t i = 0; i < w->len;) {
        if (work(w, &w->working[i], is_open))
            i++;
        else
            forget(w, i);
    }
}

void
entries_stop_symbol(struct entries *w, const char *symbol)
{
    for (size_t i = 0; i < w->len; i++) {
        if (!str_eq(w->working[i].plan.symbol, symbol)) continue;
        desk_cancel(w->desk, symbol, PURPOSE_ENTRY);
        forget(w, i);
        return;
    }
}

void
entries_stop(struct entries *w)
{
    w->len = 0;
}
