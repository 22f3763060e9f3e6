/*
 * The trading endpoints: account, clock, calendar, assets, positions, orders, activities.
 */
#include "sim/alpaca.h"

#include <stdio.h>
#include <string.h>

#define CODE_FORMAT    40010000
#define CODE_NOT_FOUND 40410000
#define CODE_INVALID   42210000

enum {
    ORDERS_LIMIT = 50,
    ORDERS_LIMIT_MAX = 500,
    ACTIVITIES_LIMIT_MAX = 100,
    CALENDAR_DAYS_MAX = 800
};

/* ---- account, clock, calendar, assets ------------------------------------------------------- */

static struct date
query_date(const struct sim_request *req, const char *name, struct date dflt)
{
    const char *text = sim_query(req, name);
    struct date d;

    return text != NULL && date_parse(text, &d, NULL) == RC_OK ? d : dflt;
}

static enum sim_route
calendar_get(struct sim *sim, const struct sim_request *req, bool is_wrong, struct sim_reply *r)
{
    struct date today = zone_date(sim->ny, sim->now_ns);
    int64_t from = date_to_days(query_date(req, "start", today));
    int64_t to = date_to_days(query_date(req, "end", date_from_days(from + 30)));
    struct json_out o = {.to = &r->body};
    char text[ISO_TEXT_MAX];

    json_out_arr(&o, NULL);
    for (int64_t day = from; day <= to && day < from + CALENDAR_DAYS_MAX; day++) {
        struct session s = calendar_session(sim->ny, date_from_days(day));

        if (s.kind == SESSION_NONE) continue;
        if (is_wrong && date_cmp(s.date, sim->day.session.date) == 0) continue;
        json_out_obj(&o, NULL);
        json_out_str(&o, "date", date_text(s.date, text));
        json_out_str(&o, "open", "09:30");
        json_out_str(&o, "close", s.kind == SESSION_EARLY ? "13:00" : "16:00");
        json_out_str(&o, "session_open", "0400");
        json_out_str(&o, "session_close", s.kind == SESSION_EARLY ? "1700" : "2000");
        json_out_end(&o);
    }
    json_out_end(&o);
    return ROUTE_CALENDAR;
}

static enum sim_route
asset_get(struct sim *sim, const char *symbol, struct sim_reply *r)
{
    const struct day_symbol *s = day_find(&sim->day, symbol);
    struct json_out o = {.to = &r->body};

    if (s != NULL) {
        alpaca_out_asset(sim, s, &o);
    } else {
        char message[64];
        (void)snprintf(message, sizeof(message), "asset not found for %.32s", symbol);
        alpaca_refuse(r, 404, CODE_NOT_FOUND, message);
    }
    return ROUTE_ASSET;
}

/* ---- positions ------------------------------------------------------------------------------ */

static enum sim_route
positions_get(struct sim *sim, struct sim_reply *r)
{
    struct json_out o = {.to = &r->body};

    json_out_arr(&o, NULL);
    for (size_t i = 0; i < sim->book.positions_len; i++)
        if (sim->book.position[i].qty != 0) alpaca_out_position(sim, &sim->book.position[i], &o);
    json_out_end(&o);
    return ROUTE_POSITIONS;
}

static void
answer_order(struct sim *sim, enum rc rc, const struct book_order *order,
             const struct book_refusal *refusal, struct sim_reply *r)
{
    struct json_out o = {.to = &r->body};

    if (rc == RC_OK) {
        alpaca_out_order(sim, order, &o);
    } else {
        r->status = refusal->status;
        alpaca_out_refusal(refusal, &o);
    }
}

static enum sim_route
position_do(struct sim *sim, const struct sim_request *req, const char *symbol,
            const struct fault_choice *fault, struct sim_reply *r)
{
    const struct ledger_position *p = book_position(&sim->book, symbol);
    struct json_out o = {.to = &r->body};

    if (str_eq(req->method, "DELETE")) {
        const struct book_order *order = NULL;
        struct book_refusal refusal = {0};
        enum rc rc = book_close(&sim->book, symbol, &fault->book, sim->now_ns, &order, &refusal);

        answer_order(sim, rc, order, &refusal, r);
        return ROUTE_POSITION_CLOSE;
    }
    if (p != NULL) {
        alpaca_out_position(sim, p, &o);
    } else {
        alpaca_refuse(r, 404, CODE_NOT_FOUND, "position does not exist");
    }
    return ROUTE_POSITION;
}

/* ---- orders --------------------------------------------------------------------------------- */

/* Reads an order that somebody wants to send; false with a message for what the service would
 * refuse. */
static bool
request_of(const struct json *body, struct book_request *ret_req, const char **ret_message)
{
    struct book_request req = {0};
    const char *side = json_str(body, "side", ""), *type = json_str(body, "type", "");
    const char *limit = json_str(body, "limit_price", NULL);
    struct err err = {0};

    *ret_message = NULL;
    if (!str_eq(side, "buy") && !str_eq(side, "sell"))
        *ret_message = "side must be either buy or sell";
    if (!str_eq(type, "market") && !str_eq(type, "limit")) *ret_message = "invalid order type";
    if (!str_eq(json_str(body, "time_in_force", ""), "day")) *ret_message = "invalid time_in_force";
    if (json_bool(body, "extended_hours", false)) *ret_message = "extended hours are not supported";
    if (!symbol_set(req.symbol, json_str(body, "symbol", ""))) *ret_message = "symbol is required";
    req.side = str_eq(side, "sell") ? SIDE_SELL : SIDE_BUY;
    req.type = str_eq(type, "limit") ? ORDER_LIMIT : ORDER_MARKET;
    req.qty = json_i64(body, "qty", 0);
    if (req.qty <= 0) *ret_message = "qty must be a whole number > 0";
    if (req.type == ORDER_LIMIT) {
        struct json_in in = {.obj = body, .err = &err};
        req.limit = json_need_usd(&in, "limit_price");
        if (in.rc != RC_OK) *ret_message = "limit orders require a limit price";
        /* usd rounds at four decimals: more of them are the caller's mistake, not ours to mend. */
        const char *dot = limit == NULL ? NULL : strchr(limit, '.');
        if (dot != NULL && strlen(dot + 1) > 4)
            *ret_message = "invalid limit_price. sub-penny increment does not fulfill minimum "
                           "pricing criteria";
    }
    (void)str_copy(req.client_id, sizeof(req.client_id), json_str(body, "client_order_id", ""));
    *ret_req = req;
    return *ret_message == NULL;
}

static enum sim_route
order_post(struct sim *sim, const struct sim_request *req, const struct fault_choice *fault,
           struct sim_reply *r)
{
    CLEANUP(json_freep) struct json *body = NULL;
    const struct book_order *order = NULL;
    struct book_refusal refusal = {0};
    struct book_request want;
    const char *message;

    if (json_parse(req->body == NULL ? "" : req->body, req->body_len, JSON_STRICT,
                   &JSON_LIMITS_BODY, &body, NULL) != RC_OK) {
        alpaca_refuse(r, 400, CODE_FORMAT, "request body format is invalid");
        return ROUTE_ORDER_POST;
    }
    if (!request_of(body, &want, &message)) {
        alpaca_refuse(r, 422, CODE_INVALID, message);
        return ROUTE_ORDER_POST;
    }
    want.faults = fault->book;

    enum rc rc = book_submit(&sim->book, &want, sim->now_ns, &order, &refusal);

    answer_order(sim, rc, order, &refusal, r);
    return ROUTE_ORDER_POST;
}

static enum sim_route
order_delete(struct sim *sim, const char *id, const struct fault_choice *fault, struct sim_reply *r)
{
    struct book_refusal refusal = {0};
    struct json_out o = {.to = &r->body};

    if (fault->is_cancel_rejected) {
        alpaca_refuse(r, 422, CODE_INVALID, "order is not cancelable");
        return ROUTE_ORDER_CANCEL;
    }
    if (book_cancel(&sim->book, id, fault->book.is_cancel_stuck, sim->now_ns, &refusal) == RC_OK) {
        r->status = 204;
    } else {
        r->status = refusal.status;
        alpaca_out_refusal(&refusal, &o);
    }
    return ROUTE_ORDER_CANCEL;
}

static enum sim_route
order_do(struct sim *sim, const struct sim_request *req, const char *id,
         const struct fault_choice *fault, struct sim_reply *r)
{
    const struct book_order *order = book_find(&sim->book, id);
    struct json_out o = {.to = &r->body};

    if (str_eq(req->method, "DELETE")) return order_delete(sim, id, fault, r);
    if (order != NULL) {
        alpaca_out_order(sim, order, &o);
    } else {
        alpaca_refuse(r, 404, CODE_NOT_FOUND, "order not found");
    }
    return ROUTE_ORDER;
}

static enum sim_route
order_by_client(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    const char *id = sim_query(req, "client_order_id");
    const struct book_order *order = id == NULL ? NULL : book_find_client(&sim->book, id);
    struct json_out o = {.to = &r->body};

    if (order != NULL) {
        alpaca_out_order(sim, order, &o);
    } else {
        char message[192];
        (void)snprintf(message, sizeof(message), "order not found for %.128s",
                       id == NULL ? "" : id);
        alpaca_refuse(r, 404, CODE_NOT_FOUND, message);
    }
    return ROUTE_ORDER_BY_CLIENT;
}

static bool
in_list(const char *list, const char *symbol)
{
    size_t len = strlen(symbol);

    for (const char *at = list; at != NULL;
         at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1)
        if (strncmp(at, symbol, len) == 0 && (at[len] == ',' || at[len] == '\0')) return true;
    return false;
}

static int64_t
query_instant(const struct sim_request *req, const char *name)
{
    const char *text = sim_query(req, name);

    return text == NULL ? WHEN_NONE : when_parse_or_none(text);
}

/* open (default), closed or all; after and until leave the instant itself out; newest first unless
 * asc. */
static enum sim_route
orders_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    static const char *const KNOWN[] = {"status",    "limit",  "after",   "until",
                                        "direction", "nested", "symbols", NULL};
    const char *status = sim_query(req, "status"), *symbols = sim_query(req, "symbols");
    bool is_asc = str_eq(sim_query(req, "direction"), "asc");
    int64_t left = sim_query_i64(req, "limit", ORDERS_LIMIT, 1, ORDERS_LIMIT_MAX);
    int64_t after = query_instant(req, "after"), until = query_instant(req, "until");
    size_t len = sim->book.orders_len;
    struct json_out o = {.to = &r->body};

    sim_known(sim, req, KNOWN);
    json_out_arr(&o, NULL);
    for (size_t i = 0; i < len && left > 0; i++) {
        const struct book_order *order = &sim->book.order[is_asc ? i : len - 1 - i];
        bool is_open = !order_status_is_final(order->o.status);

        if (!str_eq(status, "all") && is_open == str_eq(status, "closed")) continue;
        if (after != WHEN_NONE && order->o.submitted_ns <= after) continue;
        if (until != WHEN_NONE && order->o.submitted_ns >= until) continue;
        if (symbols != NULL && symbols[0] != '\0' && !in_list(symbols, order->o.symbol)) continue;
        alpaca_out_order(sim, order, &o);
        left--;
    }
    json_out_end(&o);
    return ROUTE_ORDERS;
}

/* ---- activities ----------------------------------------------------------------------------- */

/*
 * Executions as activities.  page_token is the id of the last activity of the page before; one that
 * is listed twice (a fault) counts as one place, so that a page never begins with what the last one
 * ended with.
 */
static enum sim_route
activities_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    static const char *const KNOWN[] = {"activity_types", "after",     "until",      "date",
                                        "direction",      "page_size", "page_token", NULL};
    bool is_asc = str_eq(sim_query(req, "direction"), "asc");
    const char *token = sim_query(req, "page_token");
    int64_t left = sim_query_i64(req, "page_size", ACTIVITIES_LIMIT_MAX, 1, ACTIVITIES_LIMIT_MAX);
    int64_t after = query_instant(req, "after"), until = query_instant(req, "until");
    bool is_past_token = token == NULL || token[0] == '\0';
    size_t len = sim->book.fills_len;
    struct json_out o = {.to = &r->body};

    sim_known(sim, req, KNOWN);
    json_out_arr(&o, NULL);
    for (size_t i = 0; i < len && left > 0; i++) {
        const struct book_fill *fill = &sim->book.fill[is_asc ? i : len - 1 - i];

        if (fill->visible_ns > sim->now_ns) continue;
        if (after != WHEN_NONE && fill->f.at_ns <= after) continue;
        if (until != WHEN_NONE && fill->f.at_ns >= until) continue;
        if (!is_past_token) {
            is_past_token = str_eq(fill->f.fill_id, token);
            continue;
        }
        for (int n = fill->is_repeated ? 2 : 1; n > 0 && left > 0; n--, left--)
            alpaca_out_activity(sim, fill, &o);
    }
    json_out_end(&o);
    return ROUTE_ACTIVITIES;
}

/* ---- routing -------------------------------------------------------------------------------- */

static bool
is_authorised(const struct sim *sim, const struct sim_request *req)
{
    return str_eq(req->apca_key, sim->keys.alpaca) &&
           str_eq(req->apca_secret, sim->keys.alpaca_secret);
}

static enum sim_route
not_found(struct sim_reply *r)
{
    alpaca_refuse(r, 404, CODE_NOT_FOUND, "endpoint not found.");
    return ROUTE_UNKNOWN;
}

static enum sim_route
get_fixed(struct sim *sim, const struct sim_request *req, const struct fault_choice *fault,
          struct sim_reply *r)
{
    struct json_out o = {.to = &r->body};

    if (str_eq(req->path, "/v2/account")) {
        alpaca_out_account(sim, &o);
        return ROUTE_ACCOUNT;
    }
    if (str_eq(req->path, "/v2/clock")) {
        alpaca_out_clock(sim, sim->now_ns + fault->clock_skew_ms * NS_PER_MS, &o);
        return ROUTE_CLOCK;
    }
    if (str_eq(req->path, "/v2/calendar"))
        return calendar_get(sim, req, fault->is_calendar_wrong, r);
    if (str_eq(req->path, "/v2/positions")) return positions_get(sim, r);
    if (str_eq(req->path, "/v2/orders")) return orders_get(sim, req, r);
    if (str_eq(req->path, "/v2/orders:by_client_order_id")) return order_by_client(sim, req, r);
    if (str_eq(req->path, "/v2/account/activities/FILL")) return activities_get(sim, req, r);
    if (str_eq(req->path, "/v2/account/activities")) {
        const char *types = sim_query(req, "activity_types");

        if (types == NULL || in_list(types, "FILL")) return activities_get(sim, req, r);
        text_puts(&r->body, "[]"); /* nothing but executions happens here */
        return ROUTE_ACTIVITIES;
    }
    if (str_starts(req->path, "/v2/assets/"))
        return asset_get(sim, req->path + strlen("/v2/assets/"), r);
    if (str_starts(req->path, "/v2/stocks/"))
        return alpaca_data_get(sim, req, req->path + strlen("/v2/stocks/"), r);
    return not_found(r);
}

enum sim_route
alpaca_handle(struct sim *sim, const struct sim_request *req, const struct fault_choice *fault,
              struct sim_reply *r)
{
    bool is_get = str_eq(req->method, "GET"), is_delete = str_eq(req->method, "DELETE");

    if (!is_authorised(sim, req)) {
        alpaca_refuse(r, 401, 40110000, "request is not authorized");
        return ROUTE_UNKNOWN;
    }
    if (str_eq(req->path, "/v2/orders") && str_eq(req->method, "POST"))
        return order_post(sim, req, fault, r);
    if (str_starts(req->path, "/v2/orders/") && (is_get || is_delete))
        return order_do(sim, req, req->path + strlen("/v2/orders/"), fault, r);
    if (str_starts(req->path, "/v2/positions/") && (is_get || is_delete))
        return position_do(sim, req, req->path + strlen("/v2/positions/"), fault, r);
    return is_get ? get_fixed(sim, req, fault, r) : not_found(r);
}
