#include "engine/desk.h"

#include "base/hash.h"
#include "base/text.h"
#include "broker/guard.h"

void
desk_init(struct desk *d, const struct broker *broker, const struct ledger *ledger,
          const struct clock *clock, const struct log *log, struct desk_owner owner, int64_t epoch)
{
    *d = (struct desk){.broker = broker,
                       .ledger = ledger,
                       .clock = clock,
                       .log = log,
                       .owner = owner,
                       .epoch = epoch,
                       .fills_pulled_ns = WHEN_NONE};
}

void
desk_done(struct desk *d)
{
    arena_done(&d->scratch);
}

void
desk_client_id(const struct intent *in, char ret_id[CLIENT_ID_MAX])
{
    char about[512];
    struct date day = when_to_civil(in->created_ns).date;

    int len = snprintf(about, sizeof(about), "%s|%s|%s|%lld|%lld|%s|%s", in->order.symbol,
                       order_side_name(in->order.side), order_type_name(in->order.type),
                       (long long)in->order.qty, (long long)in->order.limit.e4,
                       intent_purpose_name(in->purpose), in->reason);
    uint64_t h =
        hash_bytes(about, (size_t)MIN(len, (int)sizeof(about) - 1), (uint64_t)in->created_ns);
    len = snprintf(ret_id, CLIENT_ID_MAX, "v1-%lld-%04d%02d%02d-%lld-%s-%08x", (long long)in->epoch,
                   day.year, day.month, day.day, (long long)in->cycle, in->order.symbol,
                   (unsigned)(h & 0xffffffffU));
    ASSERT(len > 0 && len < CLIENT_ID_MAX);
}

static enum rc
live_load(struct desk *d, struct err *err)
{
    arena_reset(&d->scratch);
    d->live = (struct intents){0};
    enum rc rc = d->ledger->live_intents(d->ledger->self, &d->scratch, &d->live, err);
    d->is_live_known = rc == RC_OK;
    return rc == RC_OK ? RC_OK : err_wrap(err, "desk: live intents");
}

const struct intent *
desk_live(const struct desk *d, const char *symbol)
{
    for (size_t i = 0; i < d->live.len; i++)
        if (str_eq(d->live.intent[i].order.symbol, symbol)) return &d->live.intent[i];
    return NULL;
}

size_t
desk_live_count(const struct desk *d, enum intent_purpose purpose)
{
    size_t n = 0;

    for (size_t i = 0; i < d->live.len; i++)
        if (d->live.intent[i].purpose == purpose) n++;
    return n;
}

bool
desk_has_unknown(const struct desk *d)
{
    for (size_t i = 0; i < d->live.len; i++)
        if (d->live.intent[i].state == INTENT_UNKNOWN ||
            d->live.intent[i].state == INTENT_COMMITTED)
            return true;
    return false;
}

static void
update(struct desk *d, const struct intent *in)
{
    struct err err = {0};

    /* What could not be written is learnt again at the next tick. */
    if (d->ledger->update_intent(d->ledger->self, in, &err) != RC_OK)
        log_event(d->log, EV_LEDGER_WRITE_FAILED, F_STR("client_order_id", in->order.client_id),
                  F_STR("error", err.text));
}

static void
learn(struct desk *d, struct intent *in, const struct order *o)
{
    bool changed = false;
    struct intent before = *in;

    intent_learn(in, o, clock_now(d->clock));
    changed = before.state != in->state || before.filled_qty != in->filled_qty ||
              !str_eq(before.note, in->note);
    if (!changed) return;
    update(d, in);
    if (before.state != in->state)
        log_event(d->log, EV_ORDER_STATE, F_SYMBOL(in->order.symbol),
                  F_STR("client_order_id", in->order.client_id),
                  F_STR("from", intent_state_name(before.state)),
                  F_STR("to", intent_state_name(in->state)), F_STR("status", o->status_text),
                  F_I64("filled_qty", in->filled_qty), F_I64("qty", in->order.qty));
}

/* ---- sending ------------------------------------------------------------------------------- */

enum rc
desk_send(struct desk *d, const struct intent *wanted, struct intent *ret_in, struct err *err)
{
    struct intent in = *wanted;
    struct order answer = {0};
    struct err find_err = {0};

    /* A list that could not be read is not an empty one. */
    if (!d->is_live_known && live_load(d, err) != RC_OK)
        return err_set(err, RC_BUSY, "desk: the ledger does not say what is live");
    if (desk_live(d, in.order.symbol) != NULL)
        return err_set(err, RC_BUSY, "desk: %s has a live order", in.order.symbol);
    in.epoch = d->epoch;
    in.cycle = d->cycle;
    in.created_ns = in.updated_ns = clock_now(d->clock);
    in.state = INTENT_COMMITTED;
    in.filled_ns = in.last_lookup_ns = WHEN_NONE;
    desk_client_id(&in, in.order.client_id);
    enum rc rc = d->ledger->add_intent(d->ledger->self, &in, err);
    if (rc != RC_OK) return err_wrap(err, "desk: commit %s", in.order.client_id);

    d->owner.progress(d->owner.self);
    rc = d->broker->submit(d->broker->self, &in.order, &answer, err);
    d->owner.progress(d->owner.self);
    if (d->ledger->find_intent(d->ledger->self, in.order.client_id, &in, &find_err) == RC_OK &&
        rc != RC_OK && in.state == INTENT_COMMITTED) {
        /* A guard above the ledger refused: it never left. */
        in.state = INTENT_NOT_SENT;
        in.updated_ns = clock_now(d->clock);
        (void)str_copy(in.note, sizeof(in.note), err->text);
        update(d, &in);
    }
    log_event(d->log,
              rc == RC_OK        ? EV_ORDER_SENT
              : rc == RC_UNKNOWN ? EV_ORDER_UNKNOWN
                                 : EV_ORDER_REFUSED,
              F_SYMBOL(in.order.symbol), F_STR("client_order_id", in.order.client_id),
              F_STR("purpose", intent_purpose_name(in.purpose)),
              F_STR("side", order_side_name(in.order.side)), F_I64("qty", in.order.qty),
              F_STR("type", order_type_name(in.order.type)), F_USD("limit", in.order.limit),
              F_STR("state", intent_state_name(in.state)),
              F_STR("error", rc == RC_OK ? NULL : err->text));
    if (rc == RC_OK || rc == RC_UNKNOWN) d->accepted_this_cycle++;
    *ret_in = in;
    if (live_load(d, &find_err) != RC_OK)
        log_event(d->log, EV_LEDGER_WRITE_FAILED, F_STR("error", find_err.text));
    return rc;
}

void
desk_cancel(struct desk *d, const char *symbol, enum intent_purpose purpose)
{
    for (size_t i = 0; i < d->live.len; i++) {
        const struct intent *in = &d->live.intent[i];
        struct err err = {0};

        if (in->state != INTENT_OPEN || in->purpose != purpose || !str_eq(in->order.symbol, symbol))
            continue;
        d->owner.progress(d->owner.self);
        enum rc rc = d->broker->cancel(d->broker->self, in->broker_id, &err);
        /* RC_RANGE: no longer cancelable; its status will say why at the next tick. */
        if (rc != RC_OK && rc != RC_RANGE)
            log_event(d->log, EV_ORDER_CANCEL_FAILED, F_SYMBOL(symbol),
                      F_STR("client_order_id", in->order.client_id), F_STR("error", err.text));
    }
}

/* ---- finding out --------------------------------------------------------------------------- */

/* Whether an order with this client id is in the broker's list of everything sent since then. */
static enum rc
list_find(struct desk *d, const struct intent *in, struct order *ret_order, bool *ret_found,
          struct err *err)
{
    struct orders list = {0};
    enum rc rc = d->broker->orders(d->broker->self, ORDERS_ALL, in->created_ns - CLOCK_DOUBT_NS,
                                   &d->scratch, &list, err);

    *ret_found = false;
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < list.len; i++)
        if (str_eq(list.order[i].client_id, in->order.client_id)) {
            *ret_order = list.order[i];
            *ret_found = true;
        }
    return RC_OK;
}

/* Whether the broker says of an execution that it belongs to another order than ours: a trade made
 * by hand. */
static bool
is_of_another(struct desk *d, const struct intent *in, const struct fill *f)
{
    struct order o = {0};
    struct err ignored = {0};

    return d->broker->order_by_id(d->broker->self, f->broker_id, &o, &ignored) == RC_OK &&
           str_eq(o.broker_id, f->broker_id) && !str_eq(o.client_id, in->order.client_id);
}

/* Whether an execution of the symbol since then may be one of this order: it belongs to no order
 * that the ledger knows, nor to one that the broker shows as somebody else's. */
static enum rc
strange_execution(struct desk *d, const struct intent *in, bool *ret_strange, struct err *err)
{
    struct fills fills = {0};
    struct intents known = {0};
    int64_t from_ns = in->created_ns - CLOCK_DOUBT_NS;
    enum rc rc = d->broker->fills(d->broker->self, from_ns, &d->scratch, &fills, err);

    *ret_strange = false;
    if (rc == RC_OK)
        rc = d->ledger->intents_since(d->ledger->self, from_ns - NS_PER_DAY, &d->scratch, &known,
                                      err);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < fills.len; i++) {
        bool mine = false;

        if (!str_eq(fills.fill[i].symbol, in->order.symbol)) continue;
        for (size_t k = 0; k < known.len && !mine; k++)
            mine = str_eq(known.intent[k].broker_id, fills.fill[i].broker_id);
        if (mine || is_of_another(d, in, &fills.fill[i])) continue;
        *ret_strange = true;
        return RC_OK;
    }
    return RC_OK;
}

/* What this process remembers of the questions about an order: a restart asks at once. */
static struct desk_asked *
asked_note(struct desk *d, const struct intent *in)
{
    size_t oldest = 0;

    for (size_t i = 0; i < DESK_ASKED_MAX; i++) {
        if (str_eq(d->asked[i].client_id, in->order.client_id)) return &d->asked[i];
        if (d->asked[i].at_ns < d->asked[oldest].at_ns) oldest = i;
    }
    d->asked[oldest] = (struct desk_asked){.known_mono_ns = clock_mono(d->clock)};
    (void)str_copy(d->asked[oldest].client_id, CLIENT_ID_MAX, in->order.client_id);
    return &d->asked[oldest];
}

/* Whether that much wall time has passed by the clock that never steps. */
static bool
has_passed(const struct desk *d, int64_t since_mono_ns, int64_t wall_ns)
{
    return clock_mono(d->clock) - since_mono_ns >= clock_real(d->clock, wall_ns);
}

/* An empty look-up counts only outside the order window, ten seconds after the last, and with no
 * execution.
 */
static void
count_empty_lookup(struct desk *d, struct intent *in)
{
    int64_t now_ns = clock_now(d->clock);
    struct desk_asked *note = asked_note(d, in);
    bool strange = true;
    struct err err = {0};

    /* Both clocks: the wall clock may have been stepped, and the other one begins anew with each
     * process. */
    if (now_ns - in->created_ns < ORDER_WINDOW_NS ||
        !has_passed(d, note->known_mono_ns, ORDER_WINDOW_NS))
        return;
    if (in->last_lookup_ns != WHEN_NONE && now_ns - in->last_lookup_ns < LOOKUP_GAP_NS) return;
    if (note->lookup_mono_ns != 0 && !has_passed(d, note->lookup_mono_ns, LOOKUP_GAP_NS)) return;
    if (strange_execution(d, in, &strange, &err) != RC_OK || strange) return;
    in->lookups++;
    in->last_lookup_ns = in->updated_ns = now_ns;
    note->lookup_mono_ns = clock_mono(d->clock);
    if (in->lookups >= LOOKUPS_TO_EXPIRE) {
        in->state = INTENT_EXPIRED;
        (void)str_copy(in->note, sizeof(in->note),
                       "never arrived: two empty look-ups, no execution");
        log_event(d->log, EV_ORDER_EXPIRED, F_SYMBOL(in->order.symbol),
                  F_STR("client_order_id", in->order.client_id), F_I64("lookups", in->lookups));
    }
    update(d, in);
}

static void
look_up(struct desk *d, struct intent *in)
{
    struct order o = {0};
    struct err err = {0};
    bool found = false;
    enum rc rc = d->broker->order_by_client_id(d->broker->self, in->order.client_id, &o, &err);

    if (rc == RC_OK) {
        learn(d, in, &o);
        return;
    }
    if (rc != RC_NOT_FOUND) return; /* no statement: it stays UNKNOWN */
    /* The second witness; a list that cannot be read is no statement either. */
    if (list_find(d, in, &o, &found, &err) != RC_OK) return;
    if (found)
        learn(d, in, &o);
    else
        count_empty_lookup(d, in);
}

static void
asked(struct desk *d, const struct intent *in, int64_t now_ns)
{
    asked_note(d, in)->at_ns = now_ns;
}

/* Every second at first, then more rarely: the broker counts requests. */
static bool
is_due(struct desk *d, const struct intent *in, int64_t now_ns)
{
    int64_t age_ns = now_ns - in->created_ns;
    int64_t every_ns = age_ns < 20 * NS_PER_S    ? NS_PER_S
                       : age_ns < 5 * NS_PER_MIN ? 5 * NS_PER_S
                                                 : 30 * NS_PER_S;
    int64_t at_ns = asked_note(d, in)->at_ns;

    return at_ns == 0 || now_ns < at_ns || now_ns - at_ns >= every_ns;
}

static bool
takes_hint(struct desk *d, const struct desk_asked *note)
{
    if (note->hinted_mono_ns != 0 && !has_passed(d, note->hinted_mono_ns, HINT_GAP_NS))
        return false;
    if (d->hints == 0 || has_passed(d, d->hints_mono_ns, NS_PER_MIN)) {
        d->hints_mono_ns = clock_mono(d->clock);
        d->hints = 0;
    }
    return d->hints < HINTS_PER_MIN;
}

bool
desk_hint(struct desk *d, const char *client_id)
{
    for (size_t i = 0; i < d->live.len; i++) {
        if (!str_eq(d->live.intent[i].order.client_id, client_id)) continue;
        struct desk_asked *note = asked_note(d, &d->live.intent[i]);

        if (!takes_hint(d, note)) return false;
        d->hints++;
        note->hinted_mono_ns = clock_mono(d->clock);
        note->at_ns = 0; /* due */
        return true;
    }
    return false;
}

/* Learns from one list of what is open; an order that is not in it is asked about by its id. */
static void
learn_open(struct desk *d, int64_t now_ns)
{
    struct orders open = {0};
    struct err err = {0};
    size_t due = 0;

    for (size_t i = 0; i < d->live.len; i++)
        if (d->live.intent[i].state == INTENT_OPEN && is_due(d, &d->live.intent[i], now_ns)) due++;
    if (due == 0) return;
    d->owner.progress(d->owner.self);
    bool has_list = due > 1 && d->broker->orders(d->broker->self, ORDERS_OPEN, WHEN_NONE,
                                                 &d->scratch, &open, &err) == RC_OK;
    for (size_t i = 0; i < d->live.len; i++) {
        struct intent *in = &d->live.intent[i];
        const struct order *listed = NULL;
        struct order o = {0};

        if (in->state != INTENT_OPEN || !is_due(d, in, now_ns)) continue;
        asked(d, in, now_ns);
        for (size_t k = 0; has_list && k < open.len && listed == NULL; k++)
            if (str_eq(open.order[k].broker_id, in->broker_id)) listed = &open.order[k];
        if (listed != NULL)
            learn(d, in, listed);
        else if (d->broker->order_by_id(d->broker->self, in->broker_id, &o, &err) == RC_OK)
            learn(d, in, &o);
    }
}

static void
bring_up_to_date(struct desk *d)
{
    int64_t now_ns = clock_now(d->clock);

    for (size_t i = 0; i < d->live.len; i++) {
        struct intent *in = &d->live.intent[i];

        if (in->state == INTENT_COMMITTED) {
            /* Left over from a process that died between the commit and the answer: it may have
             * been sent. */
            in->state = INTENT_UNKNOWN;
            in->updated_ns = now_ns;
            update(d, in);
        }
        if (in->state != INTENT_UNKNOWN || !is_due(d, in, now_ns)) continue;
        asked(d, in, now_ns);
        d->owner.progress(d->owner.self);
        look_up(d, in);
    }
    learn_open(d, now_ns);
}

/* ---- executions ---------------------------------------------------------------------------- */

static struct settled
sum_fills(const struct intent *in, const struct fills *fills)
{
    struct settled s = {.intent = in, .first_ns = WHEN_NONE, .last_ns = WHEN_NONE};

    for (size_t i = 0; i < fills->len; i++) {
        const struct fill *f = &fills->fill[i];

        if (in->broker_id[0] == '\0' || !str_eq(f->broker_id, in->broker_id)) continue;
        s.qty += f->qty;
        s.cost = usd_add(s.cost, usd_notional(f->price, f->qty));
        if (s.first_ns == WHEN_NONE) s.first_ns = f->at_ns;
        s.last_ns = f->at_ns;
    }
    return s;
}

static const char *
client_id_of(const struct intents *known, const char *broker_id)
{
    for (size_t i = 0; i < known->len; i++)
        if (str_eq(known->intent[i].broker_id, broker_id)) return known->intent[i].order.client_id;
    return "";
}

/* Takes the broker's executions since the last pull (and a margin for late ones) into the ledger.
 */
static enum rc
pull_fills(struct desk *d, int64_t margin_ns, struct err *err)
{
    struct fills fills = {0};
    int64_t from_ns = d->fills_pulled_ns;
    struct intents known = {0};
    enum rc rc = RC_OK;

    if (from_ns == WHEN_NONE) rc = d->ledger->last_fill_ns(d->ledger->self, &from_ns, err);
    if (rc != RC_OK) return err_wrap(err, "desk: last fill");
    for (size_t i = 0; i < d->live.len; i++)
        if (from_ns == WHEN_NONE || d->live.intent[i].created_ns < from_ns)
            from_ns = d->live.intent[i].created_ns;
    if (from_ns != WHEN_NONE) from_ns -= margin_ns;
    d->owner.progress(d->owner.self);
    rc = d->broker->fills(d->broker->self, from_ns, &d->scratch, &fills, err);
    if (rc != RC_OK) return err_wrap(err, "desk: executions");
    rc = d->ledger->intents_since(d->ledger->self, from_ns == WHEN_NONE ? 0 : from_ns - NS_PER_DAY,
                                  &d->scratch, &known, err);
    if (rc != RC_OK) return err_wrap(err, "desk: known intents");
    for (size_t i = 0; i < fills.len; i++) {
        bool is_new = false;
        const char *client_id = client_id_of(&known, fills.fill[i].broker_id);

        rc = d->ledger->add_fill(d->ledger->self, &fills.fill[i], client_id, "fill", &is_new, err);
        if (rc != RC_OK) return err_wrap(err, "desk: record execution %s", fills.fill[i].fill_id);
        if (d->fills_pulled_ns == WHEN_NONE || fills.fill[i].at_ns > d->fills_pulled_ns)
            d->fills_pulled_ns = fills.fill[i].at_ns;
        if (is_new)
            log_event(d->log, EV_FILL, F_SYMBOL(fills.fill[i].symbol),
                      F_STR("client_order_id", client_id),
                      F_STR("side", order_side_name(fills.fill[i].side)),
                      F_I64("qty", fills.fill[i].qty), F_USD("price", fills.fill[i].price),
                      F_STR("fill_id", fills.fill[i].fill_id));
    }
    return RC_OK;
}

static bool
needs_fills(const struct intent *in, const struct fills *have)
{
    return in->filled_qty > sum_fills(in, have).qty;
}

/* Settles what is final and whole: the owner writes the records, then the ledger marks it. */
static void
settle(struct desk *d, const struct fills *have)
{
    for (size_t i = 0; i < d->live.len; i++) {
        struct intent *in = &d->live.intent[i];
        struct settled s = sum_fills(in, have);

        if (!intent_state_is_final(in->state) || in->is_recorded || s.qty != in->filled_qty)
            continue;
        if (!d->owner.settled(d->owner.self, &s)) continue;
        in->is_recorded = true;
        in->updated_ns = clock_now(d->clock);
        update(d, in);
    }
}

static enum rc
ledger_fills(struct desk *d, struct fills *ret_fills, struct err *err)
{
    int64_t from_ns = clock_now(d->clock);

    for (size_t i = 0; i < d->live.len; i++)
        from_ns = MIN(from_ns, d->live.intent[i].created_ns);
    enum rc rc =
        d->ledger->fills_since(d->ledger->self, from_ns - NS_PER_HOUR, &d->scratch, ret_fills, err);
    return rc == RC_OK ? rc : err_wrap(err, "desk: fills of the ledger");
}

enum rc
desk_tick(struct desk *d, struct err *err)
{
    struct fills have = {0};
    bool missing = d->fills_pulled_ns == WHEN_NONE;
    enum rc rc = live_load(d, err);

    if (rc != RC_OK || (d->live.len == 0 && !missing)) return rc;
    bring_up_to_date(d);
    rc = ledger_fills(d, &have, err);
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < d->live.len; i++)
        missing = missing || needs_fills(&d->live.intent[i], &have);
    if (missing) {
        rc = pull_fills(d, LATE_FILLS_NS, err);
        if (rc == RC_OK) rc = ledger_fills(d, &have, err);
        if (rc != RC_OK) return rc;
        if (d->fills_pulled_ns == WHEN_NONE) d->fills_pulled_ns = clock_now(d->clock);
    }
    settle(d, &have);
    return live_load(d, err);
}

enum rc
desk_pull(struct desk *d, struct err *err)
{
    enum rc rc = pull_fills(d, OUTSIDE_FILLS_NS, err);

    return rc == RC_OK ? live_load(d, err) : rc;
}
