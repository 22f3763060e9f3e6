/*
 * Market data: latest trade, latest quote, bars of completed minutes and days.
 */
#include "sim/alpaca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noise.h"
#include "sim/stamp.h"

enum { BARS_LIMIT = 1000, BARS_LIMIT_MAX = 10000, BARS_SYMBOLS_MAX = 200 };

static void
out_price(struct json_out *o, const char *key, usd price)
{
    json_out_usd(o, key, price);
}

static void
trade_get(struct sim *sim, const struct day_symbol *s, struct json_out *o)
{
    struct last_trade t = day_trade(&sim->day, s, sim->now_ns);

    json_out_obj(o, NULL);
    json_out_str(o, "symbol", s->symbol);
    json_out_obj(o, "trade");
    out_utc(o, "t", t.at_ns);
    json_out_str(o, "x", "V");
    out_price(o, "p", t.price);
    json_out_i64(o, "s", 100);
    json_out_arr(o, "c");
    json_out_str(o, NULL, "@");
    json_out_end(o);
    json_out_i64(o, "i",
                 (int64_t)(noise_u64(sim->day.seed, NOISE_TRADE, s->key, (uint64_t)t.at_ns) >> 40));
    json_out_str(o, "z", "C");
    json_out_end(o);
    json_out_end(o);
}

static void
quote_get(struct sim *sim, const struct day_symbol *s, struct json_out *o)
{
    struct sim_quote q = day_quote(&sim->day, s, sim->now_ns);

    json_out_obj(o, NULL);
    json_out_str(o, "symbol", s->symbol);
    json_out_obj(o, "quote");
    out_utc(o, "t", q.nbbo.at_ns);
    json_out_str(o, "ax", "V");
    out_price(o, "ap", q.nbbo.ask);
    json_out_i64(o, "as", q.ask_qty / 100);
    json_out_str(o, "bx", "V");
    out_price(o, "bp", q.nbbo.bid);
    json_out_i64(o, "bs", q.bid_qty / 100);
    json_out_arr(o, "c");
    json_out_str(o, NULL, "R");
    json_out_end(o);
    json_out_str(o, "z", "C");
    json_out_end(o);
    json_out_end(o);
}

/* ---- bars ----------------------------------------------------------------------------------- */

struct series {
    enum bar_size size;
    bool is_desc;
    int64_t from_ns, to_ns; /* both included */
    int64_t limit;
    char token_symbol[SYMBOL_MAX]; /* continue with this symbol after this start */
    int64_t token_ns;
};

static void
out_bar(const struct bar *b, struct json_out *o)
{
    char text[STAMP_MAX];
    usd typical = {(b->high.e4 + b->low.e4 + b->close.e4) / 3};

    json_out_obj(o, NULL);
    json_out_str(o, "t", stamp_utc(b->start_ns, 0, text));
    out_price(o, "o", b->open);
    out_price(o, "h", b->high);
    out_price(o, "l", b->low);
    out_price(o, "c", b->close);
    json_out_i64(o, "v", b->volume);
    json_out_i64(o, "n", b->volume / 100 + 1);
    out_price(o, "vw", typical);
    json_out_end(o);
}

/* Writes the symbol's bars until the limit; gives the start of the last one if the limit cut it,
 * else WHEN_NONE. */
static int64_t
out_series(const struct sim *sim, const struct day_symbol *s, struct series *q, int64_t after_ns,
           struct json_out *o)
{
    struct bar b;
    int len = day_bars(&sim->day, s, q->size, sim->now_ns);
    int64_t last = WHEN_NONE;

    for (int n = 0; n < len; n++) {
        if (!day_bar(&sim->day, s, q->size, q->is_desc ? len - 1 - n : n, sim->now_ns, &b))
            continue;
        /* A minute without a trade has no bar on the tape. */
        if (b.start_ns < q->from_ns || b.start_ns > q->to_ns || b.volume == 0) continue;
        if (after_ns != WHEN_NONE && (q->is_desc ? b.start_ns >= after_ns : b.start_ns <= after_ns))
            continue;
        if (q->limit == 0) return last;
        out_bar(&b, o);
        last = b.start_ns;
        q->limit--;
    }
    return WHEN_NONE;
}

static void
out_token(const struct day_symbol *s, int64_t last_ns, struct json_out *o)
{
    char token[64];

    (void)snprintf(token, sizeof(token), "%s~%lld", s->symbol, (long long)last_ns);
    json_out_str(o, "next_page_token", token);
}

/* False for a query that is none. */
static bool
series_of(const struct sim *sim, const struct sim_request *req, struct series *ret_series)
{
    const char *timeframe = sim_query(req, "timeframe"), *token = sim_query(req, "page_token");
    const char *start = sim_query(req, "start"), *end = sim_query(req, "end");
    struct civil midnight = {.date = zone_date(sim->ny, sim->now_ns)};
    struct series q = {
        .from_ns = zone_utc(sim->ny, &midnight), .to_ns = sim->now_ns, .token_ns = WHEN_NONE};

    if (!str_eq(timeframe, "1Min") && !str_eq(timeframe, "1Day")) return false;
    q.size = str_eq(timeframe, "1Day") ? BAR_1DAY : BAR_1MIN;
    q.is_desc = str_eq(sim_query(req, "sort"), "desc");
    q.limit = sim_query_i64(req, "limit", BARS_LIMIT, 1, BARS_LIMIT_MAX);
    if (start != NULL) q.from_ns = when_parse_or_none(start);
    if (end != NULL) q.to_ns = when_parse_or_none(end);
    if (q.from_ns == WHEN_NONE || q.to_ns == WHEN_NONE) return false;
    if (token != NULL) {
        const char *tilde = strchr(token, '~');

        if (tilde == NULL || tilde - token >= SYMBOL_MAX || !str_to_i64(tilde + 1, &q.token_ns))
            return false;
        (void)snprintf(q.token_symbol, sizeof(q.token_symbol), "%.*s", (int)(tilde - token), token);
    }
    *ret_series = q;
    return true;
}

static void
bars_of_one(struct sim *sim, const struct day_symbol *s, struct series *q, struct json_out *o)
{
    json_out_obj(o, NULL);
    json_out_arr(o, "bars");

    int64_t last = out_series(sim, s, q, q->token_ns, o);

    json_out_end(o);
    json_out_str(o, "symbol", s->symbol);
    if (last == WHEN_NONE) {
        json_out_null(o, "next_page_token");
    } else {
        out_token(s, last, o);
    }
    json_out_end(o);
}

static int
by_symbol(const void *a, const void *b)
{
    return strcmp((*(const struct day_symbol *const *)a)->symbol,
                  (*(const struct day_symbol *const *)b)->symbol);
}

/* The known symbols of a comma list, ascending: that is the order of the pages. */
static size_t
listed(const struct sim *sim, const char *list,
       const struct day_symbol *ret_symbol[BARS_SYMBOLS_MAX])
{
    size_t len = 0;

    for (const char *at = list; *at != '\0' && len < BARS_SYMBOLS_MAX;) {
        size_t n = strcspn(at, ",");
        char symbol[SYMBOL_MAX];

        (void)snprintf(symbol, sizeof(symbol), "%.*s", (int)MIN(n, (size_t)SYMBOL_MAX - 1), at);
        ret_symbol[len] = day_find(&sim->day, symbol);
        if (ret_symbol[len] != NULL) len++;
        at += n;
        at += *at == ',' ? 1 : 0;
    }
    qsort(ret_symbol, len, sizeof(const struct day_symbol *), by_symbol);
    return len;
}

static void
bars_of_many(struct sim *sim, const struct sim_request *req, struct series *q, struct json_out *o)
{
    const struct day_symbol *symbol[BARS_SYMBOLS_MAX] = {NULL};
    const char *list = sim_query(req, "symbols");
    size_t len = list == NULL ? 0 : listed(sim, list, symbol);
    int64_t last = WHEN_NONE;
    size_t i = 0;

    json_out_obj(o, NULL);
    json_out_obj(o, "bars");
    for (; i < len; i++) {
        int order = q->token_symbol[0] == '\0' ? 1 : strcmp(symbol[i]->symbol, q->token_symbol);

        if (order < 0) continue;
        json_out_arr(o, symbol[i]->symbol);
        last = out_series(sim, symbol[i], q, order == 0 ? q->token_ns : WHEN_NONE, o);
        json_out_end(o);
        if (last != WHEN_NONE || q->limit == 0) break;
    }
    json_out_end(o);
    /* Cut between two symbols: the next page begins before the first bar of the next one. */
    if (last != WHEN_NONE) {
        out_token(symbol[i], last, o);
    } else if (i + 1 < len) {
        out_token(symbol[i + 1], q->is_desc ? INT64_MAX : 0, o);
    } else {
        json_out_null(o, "next_page_token");
    }
    json_out_end(o);
}

static enum sim_route
bars_get(struct sim *sim, const struct sim_request *req, const struct day_symbol *one,
         struct sim_reply *r)
{
    static const char *const KNOWN[] = {"symbols",    "timeframe",  "start",    "end",
                                        "limit",      "sort",       "feed",     "asof",
                                        "adjustment", "page_token", "currency", NULL};
    struct json_out o = {.to = &r->body};
    struct series q;

    sim_known(sim, req, KNOWN);
    if (!series_of(sim, req, &q)) {
        r->status = 400;
        text_puts(&r->body, "{\"message\":\"invalid timeframe, time or page token\"}");
    } else if (one != NULL) {
        bars_of_one(sim, one, &q, &o);
    } else {
        bars_of_many(sim, req, &q, &o);
    }
    return ROUTE_BARS;
}

enum sim_route
alpaca_data_get(struct sim *sim, const struct sim_request *req, const char *path,
                struct sim_reply *r)
{
    const char *slash = strchr(path, '/');
    struct json_out o = {.to = &r->body};
    char symbol[SYMBOL_MAX];

    if (str_eq(path, "bars")) return bars_get(sim, req, NULL, r);
    if (slash == NULL || slash - path >= SYMBOL_MAX) {
        alpaca_refuse(r, 404, 40410000, "endpoint not found.");
        return ROUTE_UNKNOWN;
    }
    (void)snprintf(symbol, sizeof(symbol), "%.*s", (int)(slash - path), path);

    const struct day_symbol *s = day_find(&sim->day, symbol);

    if (s == NULL) {
        r->status = 404;
        text_printf(&r->body, "{\"message\":\"no data found for the symbol\"}");
        return ROUTE_UNKNOWN;
    }
    if (str_eq(slash, "/trades/latest")) {
        trade_get(sim, s, &o);
        return ROUTE_TRADE;
    }
    if (str_eq(slash, "/quotes/latest")) {
        quote_get(sim, s, &o);
        return ROUTE_QUOTE;
    }
    if (str_eq(slash, "/bars")) return bars_get(sim, req, s, r);
    alpaca_refuse(r, 404, 40410000, "endpoint not found.");
    return ROUTE_UNKNOWN;
}
