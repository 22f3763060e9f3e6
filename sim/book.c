#include "sim/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"

#define CODE_FORBIDDEN 40310000
#define CODE_NOT_FOUND 40410000
#define CODE_INVALID   42210000
#define CODE_CLIENT_ID 40010001

#define ACCEPT_NS (60 * NS_PER_MS)
#define CANCEL_NS (40 * NS_PER_MS)

/* ---- prices of a day ------------------------------------------------------------------------ */

static bool
day_quote_of(void *self, const char *symbol, int64_t at_ns, struct sim_quote *ret_quote)
{
    const struct sim_day *day = self;
    const struct day_symbol *s = day_find(day, symbol);

    if (s != NULL) *ret_quote = day_quote(day, s, at_ns);
    return s != NULL;
}

static bool
day_trade_of(void *self, const char *symbol, int64_t at_ns, usd *ret_price)
{
    const struct sim_day *day = self;
    const struct day_symbol *s = day_find(day, symbol);

    if (s != NULL) *ret_price = day_trade(day, s, at_ns).price;
    return s != NULL;
}

/* Everything but the smallest companies can be borrowed. */
static bool
day_is_shortable(void *self, const char *symbol)
{
    const struct day_symbol *s = day_find(self, symbol);

    return s != NULL && (s->profile.kind == PROFILE_ETF || s->profile.cap_bn >= 10);
}

struct book_prices
book_prices_of_day(struct sim_day *day)
{
    return (struct book_prices){.self = day,
                                .quote = day_quote_of,
                                .trade = day_trade_of,
                                .is_shortable = day_is_shortable};
}

/* ---- the book itself ------------------------------------------------------------------------ */

void
book_init(struct sim_book *b, const struct book_config *cfg, const struct book_prices *prices)
{
    *b = (struct sim_book){
        .cfg = *cfg, .prices = *prices, .cash = cfg->cash, .now_ns = INT64_MIN + 1};
    if (b->cfg.accept_ns == 0) b->cfg.accept_ns = ACCEPT_NS;
    if (b->cfg.cancel_ns == 0) b->cfg.cancel_ns = CANCEL_NS;
}

void
book_done(struct sim_book *b)
{
    free(b->order);
    free(b->open);
    free(b->fill);
    free(b->position);
    *b = (struct sim_book){0};
}

const struct book_order *
book_find(const struct sim_book *b, const char *broker_id)
{
    for (size_t i = b->orders_len; i-- > 0;)
        if (str_eq(b->order[i].o.broker_id, broker_id)) return &b->order[i];
    return NULL;
}

const struct book_order *
book_find_client(const struct sim_book *b, const char *client_id)
{
    for (size_t i = b->orders_len; i-- > 0;)
        if (str_eq(b->order[i].o.client_id, client_id)) return &b->order[i];
    return NULL;
}

const struct ledger_position *
book_position(const struct sim_book *b, const char *symbol)
{
    for (size_t i = 0; i < b->positions_len; i++)
        if (str_eq(b->position[i].symbol, symbol))
            return b->position[i].qty != 0 ? &b->position[i] : NULL;
    return NULL;
}

usd
book_price(const struct sim_book *b, const char *symbol)
{
    usd price = USD_ZERO;

    (void)b->prices.trade(b->prices.self, symbol, b->now_ns,
                          &price); /* zero for what is not traded here */
    return price;
}

usd
book_market_value(const struct sim_book *b, enum position_side side)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < b->positions_len; i++) {
        const struct ledger_position *p = &b->position[i];

        if (p->qty == 0 || (p->qty > 0) != (side == POSITION_LONG)) continue;
        sum = usd_add(sum, usd_notional(book_price(b, p->symbol), p->qty));
    }
    return sum;
}

usd
book_equity(const struct sim_book *b)
{
    return usd_add(b->cash, usd_add(book_market_value(b, POSITION_LONG),
                                    book_market_value(b, POSITION_SHORT)));
}

int
book_multiplier(const struct sim_book *b)
{
    return usd_cmp(book_equity(b), USD_CENTS(2500000)) >= 0 ? 4 : 2;
}

usd
book_realised(const struct sim_book *b)
{
    usd sum = USD_ZERO;

    for (size_t i = 0; i < b->positions_len; i++)
        sum = usd_add(sum, b->position[i].realised_pnl);
    return sum;
}

int64_t
book_held(const struct sim_book *b, const char *symbol, enum order_side side)
{
    int64_t qty = 0;

    for (size_t i = 0; i < b->open_len; i++) {
        const struct order *o = &b->order[b->open[i]].o;

        if (o->side == side && str_eq(o->symbol, symbol)) qty += o->qty - o->filled_qty;
    }
    return qty;
}

/* Does an order of that side add to what is held, or reduce it? */
static bool
is_opening(const struct sim_book *b, const char *symbol, enum order_side side)
{
    const struct ledger_position *p = book_position(b, symbol);

    return p == NULL || (p->qty > 0) == (side == SIDE_BUY);
}

static usd
cost_of(const struct sim_book *b, const char *symbol, enum order_side side, enum order_type type,
        usd limit, int64_t qty)
{
    struct sim_quote q = {0};

    (void)b->prices.quote(b->prices.self, symbol, b->now_ns,
                          &q); /* checked before: the symbol is known */
    usd price = type == ORDER_LIMIT ? limit : q.nbbo.ask;

    if (side == SIDE_SELL) {
        usd floor = usd_add(q.nbbo.ask, usd_bps(q.nbbo.ask, 300));
        if (usd_cmp(floor, price) > 0) price = floor;
    }
    return usd_notional(price, qty);
}

usd
book_buying_power(const struct sim_book *b)
{
    usd gross = usd_sub(book_market_value(b, POSITION_LONG), book_market_value(b, POSITION_SHORT));
    usd power = usd_sub((usd){book_equity(b).e4 * book_multiplier(b)}, gross);

    for (size_t i = 0; i < b->open_len; i++) {
        const struct order *o = &b->order[b->open[i]].o;

        if (!is_opening(b, o->symbol, o->side)) continue;
        power = usd_sub(power,
                        cost_of(b, o->symbol, o->side, o->type, o->limit, o->qty - o->filled_qty));
    }
    return usd_cmp(power, USD_ZERO) > 0 ? power : USD_ZERO;
}

/* ---- submitting ----------------------------------------------------------------------------- */

static enum rc PRINTF_LIKE(4, 5)
    refuse(struct book_refusal *r, int status, int64_t code, const char *fmt, ...)
{
    struct book_refusal made = {.status = status, .code = code, .existing_qty = -1, .held_qty = -1};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(made.message, sizeof(made.message), fmt, args); /* cut, never overrun */
    va_end(args);
    *r = made;
    return RC_RANGE;
}

static enum rc
refuse_qty(struct book_refusal *r, const char *symbol, int64_t wanted, int64_t existing,
           int64_t held)
{
    int64_t available = existing > held ? existing - held : 0;
    enum rc rc = refuse(r, 403, CODE_FORBIDDEN,
                        "insufficient qty available for order (requested: %lld, available: %lld)",
                        (long long)wanted, (long long)available);

    r->existing_qty = existing;
    r->held_qty = held;
    (void)str_copy(r->symbol, sizeof(r->symbol), symbol);
    return rc;
}

static enum rc
check_form(const struct sim_book *b, const struct book_request *req, struct book_refusal *r)
{
    struct sim_quote q = {0};

    if (strlen(req->client_id) > BOOK_CLIENT_ID_MAX)
        return refuse(r, 422, CODE_CLIENT_ID,
                      "client_order_id must be no more than 128 characters");
    if (!b->prices.quote(b->prices.self, req->symbol, b->now_ns, &q))
        return refuse(r, 422, CODE_INVALID, "asset \"%s\" not found", req->symbol);
    if (req->qty < 1 || req->qty > QTY_MAX) return refuse(r, 422, CODE_INVALID, "qty must be > 0");
    if (req->type == ORDER_MARKET) return RC_OK;
    if (req->limit.e4 <= 0 || req->limit.e4 > PRICE_MAX_E4)
        return refuse(r, 422, CODE_INVALID, "limit orders require a limit price");
    /* From one dollar up prices are whole cents. */
    if (req->limit.e4 >= 10000 && req->limit.e4 % 100 != 0) {
        char text[USD_TEXT_MAX];
        return refuse(
            r, 422, CODE_INVALID,
            "invalid limit_price %s. sub-penny increment does not fulfill minimum pricing criteria",
            usd_text(req->limit, text));
    }
    return RC_OK;
}

/* An order against one's own open order of the other side could trade with oneself. */
static bool
is_wash(const struct sim_book *b, const struct book_request *req)
{
    ASSERT(b->open_len == 0 || b->order != NULL);
    for (size_t i = 0; i < b->open_len; i++) {
        const struct order *o = &b->order[b->open[i]].o;

        if (o->side == req->side || !str_eq(o->symbol, req->symbol)) continue;
        if (o->type == ORDER_MARKET || req->type == ORDER_MARKET) return true;
        if (req->side == SIDE_BUY ? req->limit.e4 >= o->limit.e4 : req->limit.e4 <= o->limit.e4)
            return true;
    }
    return false;
}

static enum rc
check_means(const struct sim_book *b, const struct book_request *req, struct book_refusal *r)
{
    const struct ledger_position *p = book_position(b, req->symbol);

    if (is_wash(b, req)) {
        enum rc rc =
            refuse(r, 403, CODE_FORBIDDEN, "potential wash trade detected. use complex orders");
        (void)str_copy(r->reject_reason, sizeof(r->reject_reason),
                       "opposite side market/stop order exists");
        return rc;
    }
    if (!is_opening(b, req->symbol, req->side)) {
        int64_t existing = llabs(p->qty), held = book_held(b, req->symbol, req->side);

        return req->qty > existing - held ? refuse_qty(r, req->symbol, req->qty, existing, held)
                                          : RC_OK;
    }
    if (req->side == SIDE_SELL && !b->prices.is_shortable(b->prices.self, req->symbol))
        return refuse(r, 422, CODE_INVALID, "asset \"%s\" cannot be sold short", req->symbol);

    usd cost = cost_of(b, req->symbol, req->side, req->type, req->limit, req->qty);

    if (usd_cmp(cost, book_buying_power(b)) > 0)
        return refuse(r, 403, CODE_FORBIDDEN, "insufficient buying power");
    return RC_OK;
}

static void *
grown(void *array, size_t *cap, size_t len, size_t size)
{
    if (len < *cap) return array;
    *cap = *cap == 0 ? 64 : *cap * 2;

    void *more = realloc(array, *cap * size);

    ASSERT(more != NULL);
    return more;
}

static void
stamp_id(struct sim_book *b, char *to, size_t size)
{
    char text[UUID_TEXT_MAX];
    uint64_t a = noise_u64(b->cfg.seed, NOISE_ORDER, 0, b->ids++);

    (void)str_copy(to, size, noise_uuid(a, b->ids, text));
}

static const struct book_order *
accept_order(struct sim_book *b, const struct book_request *req)
{
    b->order = grown(b->order, &b->orders_cap, b->orders_len, sizeof(*b->order));
    b->open = grown(b->open, &b->open_cap, b->open_len, sizeof(*b->open));

    struct book_order *order = &b->order[b->orders_len];
    bool is_open = b->now_ns >= b->cfg.open_ns && b->now_ns < b->cfg.close_ns;

    *order = (struct book_order){
        .number = b->orders_len, .created_ns = b->now_ns, .faults = req->faults};
    order->cancel_at_ns = order->canceled_ns = order->expired_ns = WHEN_NONE;
    order->eligible_ns = b->now_ns + b->cfg.accept_ns + req->faults.fill_delay_ns;
    order->o = (struct order){
        .side = req->side, .type = req->type, .qty = req->qty, .status = ORDER_PENDING};
    order->o.limit = req->type == ORDER_LIMIT ? req->limit : USD_ZERO;
    order->o.submitted_ns = order->o.updated_ns = b->now_ns;
    order->o.filled_ns = WHEN_NONE;
    (void)str_copy(order->o.symbol, sizeof(order->o.symbol), req->symbol);
    (void)str_copy(order->o.status_text, sizeof(order->o.status_text),
                   is_open ? "pending_new" : "accepted");
    stamp_id(b, order->o.broker_id, sizeof(order->o.broker_id));
    if (req->client_id[0] != '\0') {
        (void)str_copy(order->o.client_id, sizeof(order->o.client_id), req->client_id);
    } else {
        stamp_id(b, order->o.client_id, sizeof(order->o.client_id));
    }
    b->open[b->open_len++] = b->orders_len++;
    return order;
}

enum rc
book_submit(struct sim_book *b, const struct book_request *req, int64_t now_ns,
            const struct book_order **ret_order, struct book_refusal *ret_refusal)
{
    book_advance(b, now_ns);

    enum rc rc = check_form(b, req, ret_refusal);

    if (rc != RC_OK) return rc;
    if (req->client_id[0] != '\0' && book_find_client(b, req->client_id) != NULL) {
        b->duplicates_refused++;
        return refuse(ret_refusal, 422, CODE_CLIENT_ID, "client_order_id must be unique");
    }
    rc = check_means(b, req, ret_refusal);
    if (rc != RC_OK) return rc;
    if (b->orders_len >= BOOK_ORDERS_MAX)
        return refuse(ret_refusal, 403, CODE_FORBIDDEN, "too many orders for one account");
    *ret_order = accept_order(b, req);
    return RC_OK;
}

enum rc
book_cancel(struct sim_book *b, const char *broker_id, bool is_stuck, int64_t now_ns,
            struct book_refusal *ret_refusal)
{
    book_advance(b, now_ns);

    const struct book_order *found = book_find(b, broker_id);

    if (found == NULL)
        return refuse(ret_refusal, 404, CODE_NOT_FOUND, "order not found for %.64s", broker_id);

    struct book_order *order = &b->order[found->number];

    if (order_status_is_final(order->o.status))
        return refuse(ret_refusal, 422, CODE_INVALID, "order is already in \"%s\" state",
                      order->o.status_text);
    if (order->cancel_at_ns != WHEN_NONE) return RC_OK; /* asked for already */
    order->cancel_at_ns = b->now_ns + b->cfg.cancel_ns;
    order->faults.is_cancel_stuck |= is_stuck;
    order->o.status = ORDER_PENDING_CANCEL;
    order->o.updated_ns = b->now_ns;
    (void)str_copy(order->o.status_text, sizeof(order->o.status_text), "pending_cancel");
    return RC_OK;
}

enum rc
book_close(struct sim_book *b, const char *symbol, const struct book_faults *faults, int64_t now_ns,
           const struct book_order **ret_order, struct book_refusal *ret_refusal)
{
    book_advance(b, now_ns);

    const struct ledger_position *p = book_position(b, symbol);
    struct book_request req = {.type = ORDER_MARKET, .faults = *faults};

    if (p == NULL) return refuse(ret_refusal, 404, CODE_NOT_FOUND, "position does not exist");
    (void)str_copy(req.symbol, sizeof(req.symbol), symbol);
    req.side = p->qty > 0 ? SIDE_SELL : SIDE_BUY;
    req.qty = llabs(p->qty);
    return book_submit(b, &req, now_ns, ret_order, ret_refusal);
}
