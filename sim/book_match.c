#include "sim/book.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/noise.h"

#define STEP_NS         (250 * NS_PER_MS)
#define EXPIRE_AFTER_NS (5 * NS_PER_MIN) /* done_for_day -> expired */

static void
set_status(struct book_order *order, enum order_status status, const char *word, int64_t at_ns)
{
    order->o.status = status;
    order->o.updated_ns = at_ns;
    (void)str_copy(order->o.status_text, sizeof(order->o.status_text), word);
}

/* A resting limit trades once the tape passes it, or touches it while nobody on the venue offers
 * more. */
static bool
is_reached(const struct sim_book *b, const struct order *o, const struct sim_quote *q,
           int64_t at_ns)
{
    usd trade = USD_ZERO;

    if (!b->prices.trade(b->prices.self, o->symbol, at_ns, &trade) || trade.e4 <= 0) return false;
    if (o->side == SIDE_BUY) {
        return trade.e4 < o->limit.e4 || (trade.e4 == o->limit.e4 && o->limit.e4 > q->nbbo.bid.e4);
    }
    return trade.e4 > o->limit.e4 || (trade.e4 == o->limit.e4 && o->limit.e4 < q->nbbo.ask.e4);
}

bool
book_match(const struct sim_book *b, const struct book_order *order, int64_t at_ns, usd *ret_price,
           int64_t *ret_qty)
{
    const struct order *o = &order->o;
    int64_t left = o->qty - o->filled_qty;
    struct sim_quote q = {0};

    if (!b->prices.quote(b->prices.self, o->symbol, at_ns, &q) || !q.nbbo.is_known) return false;

    usd price = o->side == SIDE_BUY ? q.nbbo.ask : q.nbbo.bid;
    int64_t shown = o->side == SIDE_BUY ? q.ask_qty : q.bid_qty;

    if (o->type == ORDER_LIMIT) {
        bool takes = o->side == SIDE_BUY ? price.e4 <= o->limit.e4 : price.e4 >= o->limit.e4;

        if (!takes && !is_reached(b, o, &q, at_ns)) return false;
        if (!takes) price = o->limit;
    }

    int64_t qty = MIN(left, shown);
    uint64_t step = (uint64_t)(at_ns / STEP_NS);

    if (qty > 1 &&
        noise_f64(b->cfg.seed, NOISE_ORDER, order->number + 1, step) < b->cfg.partial_chance)
        qty = 1 + (int64_t)(noise_u64(b->cfg.seed, NOISE_ORDER, order->number + 2, step) %
                            (uint64_t)(qty - 1));
    *ret_price = price;
    *ret_qty = qty;
    return qty > 0;
}

static struct ledger_position *
position_of(struct sim_book *b, const char *symbol)
{
    for (size_t i = 0; i < b->positions_len; i++)
        if (str_eq(b->position[i].symbol, symbol)) return &b->position[i];
    if (b->positions_len == b->positions_cap) {
        b->positions_cap = b->positions_cap == 0 ? 64 : b->positions_cap * 2;
        b->position = realloc(b->position, b->positions_cap * sizeof(*b->position));
        ASSERT(b->position != NULL);
    }

    struct ledger_position *p = &b->position[b->positions_len++];

    *p = (struct ledger_position){0};
    (void)str_copy(p->symbol, sizeof(p->symbol), symbol);
    return p;
}

/* "20220202135509981::2d7be4ff-...": the instant to the millisecond, and a UUID. */
static void
stamp_fill_id(struct sim_book *b, struct book_fill *fill, int64_t at_ns)
{
    char uuid[UUID_TEXT_MAX];
    struct civil c = when_to_civil(at_ns);

    (void)snprintf(
        fill->f.fill_id, sizeof(fill->f.fill_id), "%04d%02d%02d%02d%02d%02d%03d::%s", c.date.year,
        c.date.month, c.date.day, c.hour, c.minute, c.second, c.nanosecond / 1000000,
        noise_uuid(noise_u64(b->cfg.seed, NOISE_ORDER, 0, b->ids++), b->fills_len, uuid));
}

static void
record_fill(struct sim_book *b, struct book_order *order, usd price, int64_t qty, int64_t at_ns)
{
    if (b->fills_len == b->fills_cap) {
        b->fills_cap = b->fills_cap == 0 ? 64 : b->fills_cap * 2;
        b->fill = realloc(b->fill, b->fills_cap * sizeof(*b->fill));
        ASSERT(b->fill != NULL);
    }

    struct book_fill *fill = &b->fill[b->fills_len++];
    struct order *o = &order->o;
    usd notional = usd_notional(price, qty);

    o->filled_qty += qty;
    o->filled_cost = usd_add(o->filled_cost, notional);
    ASSERT(o->filled_qty <= o->qty);
    *fill = (struct book_fill){.order = order->number, .cum_qty = o->filled_qty};
    fill->leaves_qty = o->qty - o->filled_qty;
    fill->visible_ns = at_ns + order->faults.activity_delay_ns;
    fill->is_repeated = order->faults.is_fill_repeated;
    fill->f = (struct fill){.side = o->side, .qty = qty, .price = price, .at_ns = at_ns};
    (void)str_copy(fill->f.broker_id, sizeof(fill->f.broker_id), o->broker_id);
    (void)str_copy(fill->f.symbol, sizeof(fill->f.symbol), o->symbol);
    stamp_fill_id(b, fill, at_ns);

    b->cash = o->side == SIDE_BUY ? usd_sub(b->cash, notional) : usd_add(b->cash, notional);
    ledger_position_apply(position_of(b, o->symbol), o->side, qty, price);
    if (fill->leaves_qty == 0) {
        o->filled_ns = at_ns;
        set_status(order, ORDER_FILLED, "filled", at_ns);
    } else if (order->cancel_at_ns == WHEN_NONE) {
        set_status(order, ORDER_PARTIALLY_FILLED, "partially_filled", at_ns);
    }
}

/* One order at one step inside the session. */
static void
step_order(struct sim_book *b, struct book_order *order, int64_t at_ns)
{
    usd price;
    int64_t qty;

    /* A late execution has happened already and is only told late: no cancellation gets in before
     * it. */
    bool is_late = order->faults.fill_delay_ns > 0 && at_ns <= order->eligible_ns + STEP_NS;

    if (order->cancel_at_ns != WHEN_NONE && at_ns >= order->cancel_at_ns && !is_late &&
        !order->faults.is_cancel_stuck) {
        order->canceled_ns = MAX(order->cancel_at_ns, order->o.updated_ns);
        set_status(order, ORDER_CANCELED, "canceled", order->canceled_ns);
        return;
    }
    if (order->o.status == ORDER_PENDING && at_ns >= order->created_ns + b->cfg.accept_ns &&
        !str_eq(order->o.status_text, "new"))
        set_status(order, ORDER_PENDING, "new", at_ns);
    if (at_ns >= order->eligible_ns && book_match(b, order, at_ns, &price, &qty))
        record_fill(b, order, price, qty, at_ns);
}

/* Outside the session nothing trades; cancellations work, and the close ends the orders of the day.
 */
static void
step_closed(struct sim_book *b, struct book_order *order, int64_t at_ns)
{
    if (order->cancel_at_ns != WHEN_NONE && at_ns >= order->cancel_at_ns) {
        order->canceled_ns = order->cancel_at_ns;
        set_status(order, ORDER_CANCELED, "canceled", order->cancel_at_ns);
    } else if (at_ns >= b->cfg.close_ns && order->created_ns < b->cfg.close_ns) {
        set_status(order, ORDER_DONE_FOR_DAY, "done_for_day", b->cfg.close_ns);
    }
}

static void
step_all(struct sim_book *b, int64_t at_ns,
         void (*step)(struct sim_book *, struct book_order *, int64_t))
{
    size_t kept = 0;

    for (size_t i = 0; i < b->open_len; i++) {
        struct book_order *order = &b->order[b->open[i]];

        step(b, order, at_ns);
        if (!order_status_is_final(order->o.status)) b->open[kept++] = b->open[i];
    }
    b->open_len = kept;
}

static void
expire_old(struct sim_book *b, int64_t now_ns)
{
    if (now_ns < b->cfg.close_ns + EXPIRE_AFTER_NS) return;
    for (size_t i = 0; i < b->orders_len; i++) {
        struct book_order *order = &b->order[i];

        if (order->o.status != ORDER_DONE_FOR_DAY) continue;
        order->expired_ns = b->cfg.close_ns + EXPIRE_AFTER_NS;
        set_status(order, ORDER_EXPIRED, "expired", order->expired_ns);
    }
}

void
book_advance(struct sim_book *b, int64_t now_ns)
{
    if (now_ns <= b->now_ns) return;

    int64_t from = MAX(b->now_ns, b->cfg.open_ns - 1), to = MIN(now_ns, b->cfg.close_ns - 1);
    int64_t at = from + STEP_NS -
                 ((from % STEP_NS) + STEP_NS) % STEP_NS; /* the next grid point after `from` */

    for (; at <= to && b->open_len > 0; at += STEP_NS)
        step_all(b, at, step_order);
    if (now_ns < b->cfg.open_ns || now_ns >= b->cfg.close_ns) step_all(b, now_ns, step_closed);
    expire_old(b, now_ns);
    b->now_ns = now_ns;
}
