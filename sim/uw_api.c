/*
 * The Unusual Whales endpoints, in the shapes that were recorded.  What the vendor does not know it
 * ignores, so unknown parameters are counted and nothing else.
 */
#include "sim/sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stamp.h"
#include "sim/uw_rows.h"

#define DAILY_LIMIT "20000" /* of the token; the count is in the headers, nothing is refused */

static bool
is_authorised(const struct sim *sim, const struct sim_request *req)
{
    return req->authorization != NULL && str_starts(req->authorization, "Bearer ") &&
           str_eq(req->authorization + strlen("Bearer "), sim->keys.uw);
}

/* Epoch seconds or ISO text. */
static int64_t
query_time(const struct sim_request *req, const char *name)
{
    const char *text = sim_query(req, name);
    double seconds;

    if (text == NULL) return WHEN_NONE;
    if (!str_to_f64(text, &seconds)) return when_parse_or_none(text);
    /* Alerts are dated to the microsecond, which a double of today's seconds still tells apart. */
    return fabs(seconds) < 9e9 ? llround(seconds * 1e6) * NS_PER_US : WHEN_NONE;
}

/* True if the day was asked for, or none. */
static bool
is_this_day(const struct sim *sim, const struct sim_request *req)
{
    const char *date = sim_query(req, "date");
    char text[ISO_TEXT_MAX];

    return date == NULL || str_eq(date, date_text(sim->day.session.date, text));
}

static struct flow_query
query_of(const struct sim *sim, const struct sim_request *req, int64_t limit, int64_t limit_max)
{
    struct flow_query q = {.newer_ns = query_time(req, "newer_than"), .older_ns = sim->now_ns};
    int64_t older = query_time(req, "older_than");

    if (older != WHEN_NONE && older < q.older_ns) q.older_ns = older;
    q.limit = sim_query_i64(req, "limit", limit, 1, limit_max);
    return q;
}

static enum sim_route
flow_alerts_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    static const char *const KNOWN[] = {"ticker_symbol", "limit",       "newer_than",
                                        "older_than",    "min_premium", NULL};
    struct flow_query q = query_of(sim, req, 100, 200);
    char newer[STAMP_MAX], older[STAMP_MAX];
    int64_t from = q.newer_ns != WHEN_NONE ? q.newer_ns : sim->now_ns - 7 * NS_PER_DAY;
    const char *tickers = sim_query(req, "ticker_symbol");

    sim_known(sim, req, KNOWN);
    q.tickers = tickers != NULL && tickers[0] != '\0' ? tickers : NULL;
    text_puts(&r->body, "{\"data\":[");
    (void)flow_alerts(&sim->flow, &q, &r->body); /* the number does not matter here */
    text_printf(&r->body, "],\"newer_than\":\"%s\",\"older_than\":\"%s\"}",
                stamp_utc(from, 0, newer), stamp_utc(q.older_ns, 6, older));
    return ROUTE_UW_FLOW_ALERTS;
}

static enum sim_route
darkpool_get(struct sim *sim, const struct sim_request *req, const char *symbol,
             struct sim_reply *r)
{
    static const char *const KNOWN[] = {"limit", "newer_than", "older_than", "date", NULL};
    struct flow_query q = query_of(sim, req, 500, 500);

    sim_known(sim, req, KNOWN);
    text_puts(&r->body, "{\"data\":[");
    if (is_this_day(sim, req)) (void)flow_prints(&sim->flow, symbol, &q, &r->body); /* as above */
    text_puts(&r->body, "]}");
    return ROUTE_UW_DARKPOOL;
}

/* Rows of five minutes (or one), cumulative, as far as the day has gone. */
static enum sim_route
tide_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    static const char *const KNOWN[] = {"date", "otm_only", "interval_5m", NULL};
    int step = str_eq(sim_query(req, "interval_5m"), "false") ? 1 : 5;
    char date[ISO_TEXT_MAX], when[STAMP_MAX];
    int last = is_this_day(sim, req) ? day_minute(&sim->day, sim->now_ns) : -1;
    struct json_out o = {.to = &r->body};

    sim_known(sim, req, KNOWN);
    (void)date_text(sim->day.session.date, date);
    json_out_obj(&o, NULL);
    json_out_arr(&o, "data");
    for (int i = 0; i <= last; i += step) {
        json_out_obj(&o, NULL);
        json_out_str(&o, "timestamp",
                     stamp_ny(sim->ny, sim->day.session.open_ns + i * NS_PER_MIN, 0, when));
        json_out_str(&o, "date", date);
        out_decimal(&o, "net_call_premium", round(sim->flow.tide_call[i]), 4);
        out_decimal(&o, "net_put_premium", round(sim->flow.tide_put[i]), 4);
        json_out_i64(&o, "net_volume", sim->flow.tide_volume[i]);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_str(&o, "date", date);
    json_out_end(&o);
    return ROUTE_UW_TIDE;
}

struct impact {
    const char *symbol;
    double net;
};

static int
by_impact(const void *a, const void *b)
{
    double x = ((const struct impact *)a)->net, y = ((const struct impact *)b)->net;

    return (x < y) - (x > y);
}

/* The strongest half of the limit from above, the other half from below; largest first. */
static enum sim_route
net_impact_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    static const char *const KNOWN[] = {"limit", "date", "issue_types[]", NULL};
    size_t half = (size_t)sim_query_i64(req, "limit", 20, 1, 100) / 2;
    struct impact *all = calloc(sim->day.len, sizeof(*all));
    struct json_out o = {.to = &r->body};

    ASSERT(all != NULL);
    sim_known(sim, req, KNOWN);
    for (size_t i = 0; i < sim->day.len; i++) {
        double net = flow_net_premium(&sim->flow, i, sim->now_ns);
        all[i] = (struct impact){.symbol = sim->day.symbol[i].symbol, .net = round(net)};
    }
    qsort(all, sim->day.len, sizeof(*all), by_impact);
    json_out_obj(&o, NULL);
    json_out_arr(&o, "data");
    for (size_t i = 0; i < sim->day.len; i++) {
        bool is_high = i < half && all[i].net > 0,
             is_low = i + half >= sim->day.len && all[i].net < 0;

        if (!is_high && !is_low) continue;
        json_out_obj(&o, NULL);
        json_out_str(&o, "ticker", all[i].symbol);
        json_out_f64(&o, "net_premium", all[i].net);
        json_out_end(&o);
    }
    json_out_end(&o);
    json_out_end(&o);
    free(all);
    return ROUTE_UW_NET_IMPACT;
}

/* Endpoints about one symbol whose tables uw_rows.c makes. */
static const struct {
    const char *before, *after; /* path = before SYMBOL after */
    enum sim_route route;
    uw_rows_fn write;
    const char *known[6];
} TABLES[] = {
    {"/api/stock/",
     "/greek-exposure",                   ROUTE_UW_GREEK_EXPOSURE,
     uw_greek_exposure,                                                          {"timeframe", "date"}                },
    {"/api/stock/",       "/oi-change",   ROUTE_UW_OI_CHANGE,      uw_oi_change, {"order", "limit", "date"}           },
    {"/api/stock/",       "/max-pain",    ROUTE_UW_MAX_PAIN,       uw_max_pain,  {"date"}                             },
    {"/api/stock/",       "/iv-rank",     ROUTE_UW_IV_RANK,        uw_iv_rank,   {"date", "timespan"}                 },
    {"/api/etfs/",        "/in-outflow",  ROUTE_UW_ETF_FLOW,       uw_etf_flow,  {"start_date", "end_date"}           },
    {"/api/shorts/",      "/ftds",        ROUTE_UW_FTDS,           uw_ftds,      {NULL}                               },
    {"/api/insider/",     "/ticker-flow", ROUTE_UW_INSIDER,        uw_insider,   {"limit", "page"}                    },
    {"/api/institution/",
     "/ownership",                        ROUTE_UW_OWNERSHIP,
     uw_ownership,                                                               {"order", "order_direction", "limit"}},
    {"/api/earnings/",    "",             ROUTE_UW_EARNINGS,       uw_earnings,  {NULL}                               },
};

/* The symbol between the two parts of a path; false if the path has another form. */
static bool
symbol_in(const char *path, const char *before, const char *after, char ret_symbol[SYMBOL_MAX])
{
    size_t len = strlen(path), head = strlen(before), tail = strlen(after);

    if (len <= head + tail || len - head - tail >= SYMBOL_MAX) return false;
    if (!str_starts(path, before) || !str_ends(path, after)) return false;
    (void)snprintf(ret_symbol, SYMBOL_MAX, "%.*s", (int)(len - head - tail), path + head);
    return symbol_valid(ret_symbol);
}

static enum sim_route
table_get(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    char symbol[SYMBOL_MAX];

    for (size_t i = 0; i < COUNT_OF(TABLES); i++) {
        if (!symbol_in(req->path, TABLES[i].before, TABLES[i].after, symbol)) continue;
        sim_known(sim, req, TABLES[i].known);

        struct json_out o = {.to = &r->body};
        struct uw_ask ask = {.sim = sim, .req = req, .symbol = day_find(&sim->day, symbol)};

        TABLES[i].write(&ask, &o);
        return TABLES[i].route;
    }
    r->status = 404;
    text_puts(&r->body,
              "{\"code\":\"not_found\",\"message\":\"The requested path does not exist\"}");
    return ROUTE_UNKNOWN;
}

enum sim_route
uw_handle(struct sim *sim, const struct sim_request *req, struct sim_reply *r)
{
    char count[32], symbol[SYMBOL_MAX];
    struct json_out o = {.to = &r->body};
    struct uw_ask ask = {.sim = sim, .req = req};

    if (!is_authorised(sim, req)) {
        r->status = 401;
        text_puts(&r->body,
                  "{\"code\":\"invalid_token\",\"message\":\"Invalid or missing API token\"}");
        return ROUTE_UNKNOWN;
    }
    (void)snprintf(count, sizeof(count), "%lld", (long long)++sim->uw_requests);
    sim_header(r, "x-uw-daily-req-count", count);
    sim_header(r, "x-uw-token-req-limit", DAILY_LIMIT);
    if (!str_eq(req->method, "GET")) {
        r->status = 404;
        text_puts(&r->body, "{\"code\":\"not_found\",\"message\":\"only GET\"}");
        return ROUTE_UNKNOWN;
    }
    if (str_eq(req->path, "/api/option-trades/flow-alerts")) return flow_alerts_get(sim, req, r);
    if (symbol_in(req->path, "/api/darkpool/", "", symbol))
        return darkpool_get(sim, req, symbol, r);
    if (str_eq(req->path, "/api/market/market-tide")) return tide_get(sim, req, r);
    if (str_eq(req->path, "/api/market/top-net-impact")) return net_impact_get(sim, req, r);
    if (str_eq(req->path, "/api/congress/recent-trades")) {
        uw_congress(&ask, &o);
        return ROUTE_UW_CONGRESS;
    }
    if (str_eq(req->path, "/api/earnings/afterhours") ||
        str_eq(req->path, "/api/earnings/premarket")) {
        uw_earnings_list(&ask, str_ends(req->path, "premarket"), &o);
        return ROUTE_UW_EARNINGS_LIST;
    }
    return table_get(sim, req, r);
}
