#include "sim/sim.h"

#include "sim/alpaca.h"
#include "sim/stamp.h"
#include "sim/trade_stream.h"

static const char *const ROUTE_NAMES[ROUTES_LEN] = {
    [ROUTE_UW_FLOW_ALERTS] = "uw_flow_alerts",
    [ROUTE_UW_DARKPOOL] = "uw_darkpool",
    [ROUTE_UW_TIDE] = "uw_market_tide",
    [ROUTE_UW_NET_IMPACT] = "uw_top_net_impact",
    [ROUTE_UW_GREEK_EXPOSURE] = "uw_greek_exposure",
    [ROUTE_UW_OI_CHANGE] = "uw_oi_change",
    [ROUTE_UW_MAX_PAIN] = "uw_max_pain",
    [ROUTE_UW_IV_RANK] = "uw_iv_rank",
    [ROUTE_UW_CONGRESS] = "uw_congress",
    [ROUTE_UW_ETF_FLOW] = "uw_etf_flow",
    [ROUTE_UW_FTDS] = "uw_ftds",
    [ROUTE_UW_INSIDER] = "uw_insider",
    [ROUTE_UW_OWNERSHIP] = "uw_ownership",
    [ROUTE_UW_EARNINGS] = "uw_earnings",
    [ROUTE_UW_EARNINGS_LIST] = "uw_earnings_list",
    [ROUTE_ACCOUNT] = "account",
    [ROUTE_CLOCK] = "clock",
    [ROUTE_CALENDAR] = "calendar",
    [ROUTE_ASSET] = "asset",
    [ROUTE_POSITIONS] = "positions",
    [ROUTE_POSITION] = "position",
    [ROUTE_POSITION_CLOSE] = "position_close",
    [ROUTE_ORDER_POST] = "order_post",
    [ROUTE_ORDERS] = "orders",
    [ROUTE_ORDER] = "order",
    [ROUTE_ORDER_BY_CLIENT] = "order_by_client_id",
    [ROUTE_ORDER_CANCEL] = "order_cancel",
    [ROUTE_ACTIVITIES] = "activities",
    [ROUTE_TRADE] = "latest_trade",
    [ROUTE_QUOTE] = "latest_quote",
    [ROUTE_BARS] = "bars",
    [ROUTE_STREAM] = "stream",
    [ROUTE_CONTROL] = "control",
    [ROUTE_UNKNOWN] = "unknown",
};

const char *
sim_query(const struct sim_request *req, const char *name)
{
    for (size_t i = 0; i < req->query_len; i++)
        if (str_eq(req->query[i].name, name)) return req->query[i].value;
    return NULL;
}

int64_t
sim_query_i64(const struct sim_request *req, const char *name, int64_t dflt, int64_t lo, int64_t hi)
{
    const char *text = sim_query(req, name);
    int64_t value = dflt;

    if (text == NULL || !str_to_i64(text, &value)) return dflt;
    return value < lo ? lo : value > hi ? hi : value;
}

void
sim_known(struct sim *sim, const struct sim_request *req, const char *const names[])
{
    for (size_t i = 0; i < req->query_len; i++) {
        bool is_known = false;

        for (size_t k = 0; names[k] != NULL; k++)
            is_known = is_known || str_eq(names[k], req->query[i].name);
        sim->unknown_params += is_known ? 0 : 1;
    }
}

void
sim_header(struct sim_reply *r, const char *name, const char *value)
{
    if (r->headers_len == SIM_HEADERS_MAX) return;
    (void)str_copy(r->header[r->headers_len].name, sizeof(r->header[0].name), name);
    (void)str_copy(r->header[r->headers_len].value, sizeof(r->header[0].value), value);
    r->headers_len++;
}

void
sim_reply_free(struct sim_reply *r)
{
    text_free(&r->body);
}

void
sim_done(struct sim *sim)
{
    book_done(&sim->book);
    flow_done(&sim->flow);
    day_done(&sim->day);
}

void
sim_write(struct sim *sim, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    book_write(&sim->book, &o);
    json_out_obj(&o, "requests");
    for (int i = 0; i < ROUTES_LEN; i++)
        if (sim->requests[i] > 0) json_out_i64(&o, ROUTE_NAMES[i], sim->requests[i]);
    json_out_end(&o);
    json_out_i64(&o, "requests_total", sim->requests_total);
    json_out_i64(&o, "unknown_parameters", sim->unknown_params);
    json_out_i64(&o, "faults_hit", sim->faults_hit);
    json_out_end(&o);
}

/* ---- control: never faulty, no keys --------------------------------------------------------- */

static void
write_status(struct sim *sim, struct text *to)
{
    struct json_out o = {.to = to};
    char date[ISO_TEXT_MAX];

    json_out_obj(&o, NULL);
    json_out_time(&o, "now", sim->now_ns);
    json_out_str(&o, "day", date_text(sim->day.session.date, date));
    json_out_time(&o, "open", sim->day.session.open_ns);
    json_out_time(&o, "close", sim->day.session.close_ns);
    json_out_i64(&o, "symbols", (int64_t)sim->day.len);
    json_out_i64(&o, "alerts", (int64_t)sim->flow.alerts.len);
    json_out_i64(&o, "orders", (int64_t)sim->book.orders_len);
    json_out_i64(&o, "fills", (int64_t)sim->book.fills_len);
    json_out_i64(&o, "open_orders", (int64_t)sim->book.open_len);
    json_out_usd(&o, "equity", book_equity(&sim->book));
    json_out_i64(&o, "requests_total", sim->requests_total);
    json_out_i64(&o, "unknown_parameters", sim->unknown_params);
    json_out_i64(&o, "faults", (int64_t)sim->faults.len);
    json_out_i64(&o, "faults_hit", sim->faults_hit);
    json_out_end(&o);
}

/* What a screen wants to know several times a second; the whole book grows with the day. */
static void
write_open_positions(const struct sim *sim, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_arr(&o, "positions");
    for (size_t i = 0; i < sim->book.positions_len; i++)
        if (sim->book.position[i].qty != 0) alpaca_out_position(sim, &sim->book.position[i], &o);
    json_out_end(&o);
    json_out_end(&o);
}

static void
control_faults(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    struct err err = {0};
    CLEANUP(text_free) struct text spec = {0};

    text_add(&spec, req->body == NULL ? "" : req->body, req->body_len);
    if (faults_parse(&sim->faults, text_str(&spec), &err) == RC_OK) {
        text_printf(&r->body, "{\"faults\":%zu}", sim->faults.len);
        return;
    }
    struct json_out o = {.to = &r->body};

    r->status = 400;
    json_out_obj(&o, NULL);
    json_out_str(&o, "error", err.text);
    json_out_end(&o);
}

static void
control(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    bool is_post = str_eq(req->method, "POST");

    if (str_eq(req->path, "/sim/status") && !is_post) {
        write_status(sim, &r->body);
    } else if (str_eq(req->path, "/sim/book") && !is_post) {
        sim_write(sim, &r->body);
    } else if (str_eq(req->path, "/sim/positions") && !is_post) {
        write_open_positions(sim, &r->body);
    } else if (str_eq(req->path, "/sim/save") && is_post) {
        sim->is_save_wanted = true;
        text_puts(&r->body, "{}");
    } else if (str_eq(req->path, "/sim/faults") && is_post) {
        control_faults(sim, req, r);
    } else if (str_eq(req->path, "/sim/shutdown") && is_post) {
        sim->is_stop_wanted = true;
        text_puts(&r->body, "{}");
    } else {
        r->status = 404;
        text_puts(&r->body, "{\"error\":\"GET /sim/status /sim/book /sim/positions, POST "
                            "/sim/faults /sim/save /sim/shutdown\"}");
    }
}

/* ---- faults around an answer ---------------------------------------------------------------- */

static void
answer_status(const struct fault_choice *c, bool is_uw, struct sim_reply *r)
{
    r->status = c->status;
    if (c->is_bare) {
        r->content_type = "text/plain";
        text_puts(&r->body, "Too Many Requests");
    } else if (c->status == 429) {
        sim_header(r, "Retry-After", "1");
        text_puts(&r->body, is_uw ? "{\"message\":\"Too many requests per minute\"}"
                                  : "{\"code\":42910000,\"message\":\"rate limit exceeded\"}");
    } else if (c->status == 401) {
        text_puts(&r->body, "{\"code\":40110000,\"message\":\"request is not authorized\"}");
    } else {
        r->content_type = is_uw ? "text/plain" : "application/json";
        text_puts(&r->body, is_uw ? "Internal Server Error"
                                  : "{\"code\":50010000,\"message\":\"internal server error\"}");
    }
}

static void
spoil(const struct fault_choice *c, struct sim_reply *r)
{
    if (c->is_html) {
        r->content_type = "text/html";
        r->status = 200;
        text_clear(&r->body);
        text_puts(&r->body,
                  "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>");
    }
    if (c->is_garbage) {
        text_clear(&r->body);
        text_puts(&r->body, "{\"data\":[{\"id\":\x01\x7f,,\"qty\":NaN}}}");
    }
    if (c->is_truncated) r->fate = FATE_TRUNCATE;
    if (c->is_lost) r->fate = FATE_RESET;
}

static int
ny_minute(const struct sim *sim)
{
    struct civil local = zone_local(sim->ny, sim->now_ns);

    return local.hour * 60 + local.minute;
}

static void
serve(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    uint64_t number = (uint64_t)sim->requests_total;
    bool is_uw = str_starts(req->path, "/api/");
    struct fault_choice c =
        faults_choose(&sim->faults, req->method, req->path, ny_minute(sim), number);

    sim->faults_hit += c.is_any ? 1 : 0;
    r->delay_ms = sim->latency_ms + c.delay_ms;
    if (c.is_dropped || c.is_reset) {
        r->fate = c.is_dropped ? FATE_DROP : FATE_RESET;
        return;
    }
    if (c.status != 0) {
        answer_status(&c, is_uw, r);
        return;
    }

    enum sim_route route = ROUTE_UNKNOWN;

    if (is_uw) {
        route = uw_handle(sim, req, r);
    } else if (str_starts(req->path, "/v2/")) {
        route = alpaca_handle(sim, req, &c, r);
    } else if (str_eq(req->path, "/stream")) {
        route = ROUTE_STREAM;
        trade_stream_answer(req, r);
    } else {
        r->status = 404;
        text_puts(&r->body, "{\"message\":\"not found\"}");
    }
    sim->requests[route]++;
    spoil(&c, r);
}

void
sim_handle(struct sim *sim, const struct sim_request *req, struct sim_reply *ret_reply)
{
    struct sim_reply r = {.status = 200, .content_type = "application/json"};

    sim->now_ns = clock_now(sim->clock);
    sim->requests_total++;
    book_advance(&sim->book, sim->now_ns);
    if (str_starts(req->path, "/sim/")) {
        sim->requests[ROUTE_CONTROL]++;
        control(sim, req, &r);
    } else {
        serve(sim, req, &r);
    }
    *ret_reply = r;
}
