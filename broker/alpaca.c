#include "broker/alpaca.h"

#include "broker/alpaca_decode.h"

enum {
    ORDERS_PAGE = 500,
    FILLS_PAGE = 100,
    PAGES_MAX = 200, /* a list longer than this is an error, never an endless loop */
    CODE_DUPLICATE_ID = 40010001
};

void
alpaca_init(struct alpaca *a, const struct http *http, const struct clock *clock,
            const struct broker_config *cfg)
{
    *a = (struct alpaca){
        .link = {.http = *http, .clock = *clock, .cfg = cfg}
    };
}

/* ---- single documents ---------------------------------------------------------------------- */

static enum rc
read_account(void *self, struct account *ret_account, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = alpaca_read(&a->link, HOST_TRADING, "/v2/account", &doc, err);
    if (rc != RC_OK) return rc;
    rc = alpaca_decode_account(doc, ret_account, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker: account");
}

static enum rc
read_clock(void *self, struct market_clock *ret_clock, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = alpaca_read(&a->link, HOST_TRADING, "/v2/clock", &doc, err);
    if (rc != RC_OK) return rc;
    rc = alpaca_decode_clock(doc, ret_clock, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker: clock");
}

/* Reads "<prefix><escaped name><suffix>". */
static enum rc
read_named(const struct alpaca *a, enum alpaca_host host, const char *prefix, const char *name,
           const char *suffix, struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};

    text_puts(&path, prefix);
    http_escape(&path, name);
    text_puts(&path, suffix);
    return alpaca_read(&a->link, host, text_str(&path), ret_doc, err);
}

static enum rc
read_asset(void *self, const char *symbol, struct asset *ret_asset, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = read_named(a, HOST_TRADING, "/v2/assets/", symbol, "", &doc, err);
    if (rc != RC_OK) return rc;
    rc = alpaca_decode_asset(doc, ret_asset, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker: asset %s", symbol);
}

static enum rc
order_from(const struct json *doc, struct order *ret_order, struct err *err)
{
    enum rc rc = alpaca_decode_order(doc, ret_order, err);

    return rc == RC_OK ? rc : err_wrap(err, "broker: order");
}

static enum rc
read_order(void *self, const char *broker_id, struct order *ret_order, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = read_named(a, HOST_TRADING, "/v2/orders/", broker_id, "", &doc, err);
    return rc == RC_OK ? order_from(doc, ret_order, err) : rc;
}

static enum rc
read_order_by_client_id(void *self, const char *client_id, struct order *ret_order, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc =
        read_named(a, HOST_TRADING, "/v2/orders:by_client_order_id?client_order_id=", client_id, "",
                   &doc, err);
    return rc == RC_OK ? order_from(doc, ret_order, err) : rc;
}

/* ---- lists --------------------------------------------------------------------------------- */

static int
by_symbol(const void *x, const void *y)
{
    const struct position *a = x;
    const struct position *b = y;

    return strcmp(a->symbol, b->symbol);
}

static enum rc
read_positions(void *self, struct arena *arena, struct positions *ret_list, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;
    struct positions list = {0};

    enum rc rc = alpaca_read(&a->link, HOST_TRADING, "/v2/positions", &doc, err);
    if (rc != RC_OK) return rc;
    if (!json_is_array(doc)) return err_set(err, RC_PARSE, "broker: positions: not a list");
    list.position = ARENA_NEW(arena, struct position, json_len(doc));
    for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
        rc = alpaca_decode_position(v, &list.position[list.len], err);
        if (rc != RC_OK) return err_wrap(err, "broker: position %zu", list.len + 1);
        list.len++;
    }
    qsort(list.position, list.len, sizeof(list.position[0]), by_symbol);
    *ret_list = list;
    return RC_OK;
}

static bool
orders_hold(const struct orders *list, const char *broker_id)
{
    for (size_t i = list->len; i > 0; i--)
        if (str_eq(list->order[i - 1].broker_id, broker_id)) return true;
    return false;
}

/* Adds the orders of one page that are new; tells how many were and the newest submission. */
static enum rc
orders_add_page(const struct json *page, struct arena *arena, struct orders *list, size_t *cap,
                size_t *ret_new, int64_t *newest_ns, struct err *err)
{
    *ret_new = 0;
    for (const struct json *v = json_first(page); v != NULL; v = json_next(v)) {
        struct order o;
        enum rc rc = alpaca_decode_order(v, &o, err);

        if (rc != RC_OK) return err_wrap(err, "broker: order %zu of the list", list->len + 1);
        if (o.submitted_ns > *newest_ns) *newest_ns = o.submitted_ns;
        if (orders_hold(list, o.broker_id)) continue;
        if (list->len == *cap) {
            size_t more = *cap == 0 ? 64 : *cap * 2;
            struct order *room = ARENA_NEW(arena, struct order, more);

            if (list->len > 0) memcpy(room, list->order, list->len * sizeof(*room));
            list->order = room;
            *cap = more;
        }
        list->order[list->len++] = o;
        (*ret_new)++;
    }
    return RC_OK;
}

/*
 * The other end of an instant of which one full page shows nothing new.  The two ends meet where
 * the second page is not full, or holds an order of the first; where they do not, there are orders
 * in between that cannot be asked for, and absence from the list would be no statement.
 */
static enum rc
orders_of_instant(const struct alpaca *a, enum order_filter filter, int64_t at_ns,
                  struct arena *arena, struct orders *list, size_t *cap, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    char iso[ISO_TEXT_MAX];
    int64_t newest_ns = at_ns;
    size_t fresh = 0;

    text_printf(&path, "/v2/orders?status=%s&direction=desc&limit=%d&after=",
                filter == ORDERS_OPEN ? "open" : "all", ORDERS_PAGE);
    http_escape(&path, when_iso(at_ns - NS_PER_US, iso));
    text_puts(&path, "&until=");
    http_escape(&path, when_iso(at_ns + 2 * NS_PER_US, iso));
    enum rc rc = alpaca_read(&a->link, HOST_TRADING, text_str(&path), &doc, err);
    if (rc != RC_OK) return rc;
    if (!json_is_array(doc)) return err_set(err, RC_PARSE, "broker: orders: not a list");
    rc = orders_add_page(doc, arena, list, cap, &fresh, &newest_ns, err);
    if (rc != RC_OK) return rc;
    if (json_len(doc) == ORDERS_PAGE && fresh == ORDERS_PAGE)
        return err_set(err, RC_RANGE, "broker: orders: more than %d of one instant",
                       2 * ORDERS_PAGE);
    return RC_OK;
}

static enum rc
read_orders(void *self, enum order_filter filter, int64_t after_ns, struct arena *arena,
            struct orders *ret_list, struct err *err)
{
    const struct alpaca *a = self;
    struct orders list = {0};
    size_t cap = 0;
    int64_t newest_ns = after_ns;

    for (int page = 0; page < PAGES_MAX; page++) {
        CLEANUP(text_free) struct text path = {0};
        CLEANUP(json_freep) struct json *doc = NULL;
        char iso[ISO_TEXT_MAX];
        size_t fresh = 0;

        text_printf(&path, "/v2/orders?status=%s&direction=asc&limit=%d",
                    filter == ORDERS_OPEN ? "open" : "all", ORDERS_PAGE);
        if (newest_ns != WHEN_NONE) {
            /* `after` excludes the instant itself; one microsecond earlier keeps orders of the same
             * one. */
            text_puts(&path, "&after=");
            http_escape(&path, when_iso(newest_ns - NS_PER_US, iso));
        }
        enum rc rc = alpaca_read(&a->link, HOST_TRADING, text_str(&path), &doc, err);
        if (rc != RC_OK) return rc;
        if (!json_is_array(doc)) return err_set(err, RC_PARSE, "broker: orders: not a list");
        rc = orders_add_page(doc, arena, &list, &cap, &fresh, &newest_ns, err);
        if (rc != RC_OK) return rc;
        if (json_len(doc) < ORDERS_PAGE) {
            *ret_list = list;
            return RC_OK;
        }
        if (fresh > 0) continue;
        rc = orders_of_instant(a, filter, newest_ns, arena, &list, &cap, err);
        if (rc != RC_OK) return rc;
        newest_ns += 2 * NS_PER_US; /* all of it is known now */
    }
    return err_set(err, RC_RANGE, "broker: orders: more than %d pages", PAGES_MAX);
}

static enum rc
read_fills(void *self, int64_t after_ns, struct arena *arena, struct fills *ret_list,
           struct err *err)
{
    const struct alpaca *a = self;
    struct fills list = {0};
    size_t cap = 0;
    char token[BROKER_ID_MAX * 2] = "";

    for (int page = 0; page < PAGES_MAX; page++) {
        CLEANUP(text_free) struct text path = {0};
        CLEANUP(json_freep) struct json *doc = NULL;
        char iso[ISO_TEXT_MAX];

        text_printf(&path, "/v2/account/activities/FILL?direction=asc&page_size=%d", FILLS_PAGE);
        if (after_ns != WHEN_NONE) {
            text_puts(&path, "&after=");
            http_escape(&path, when_iso(after_ns - NS_PER_US, iso));
        }
        if (token[0] != '\0') {
            text_puts(&path, "&page_token=");
            http_escape(&path, token);
        }
        enum rc rc = alpaca_read(&a->link, HOST_TRADING, text_str(&path), &doc, err);
        if (rc != RC_OK) return rc;
        if (!json_is_array(doc)) return err_set(err, RC_PARSE, "broker: activities: not a list");
        for (const struct json *v = json_first(doc); v != NULL; v = json_next(v)) {
            if (list.len == cap) {
                size_t more = cap == 0 ? 64 : cap * 2;
                struct fill *room = ARENA_NEW(arena, struct fill, more);

                if (list.len > 0) memcpy(room, list.fill, list.len * sizeof(*room));
                list.fill = room;
                cap = more;
            }
            rc = alpaca_decode_fill(v, &list.fill[list.len], err);
            if (rc != RC_OK) return err_wrap(err, "broker: activity %zu", list.len + 1);
            (void)str_copy(token, sizeof(token), list.fill[list.len].fill_id);
            list.len++;
        }
        if (json_len(doc) < FILLS_PAGE) {
            *ret_list = list;
            return RC_OK;
        }
    }
    return err_set(err, RC_RANGE, "broker: activities: more than %d pages", PAGES_MAX);
}

/* ---- orders -------------------------------------------------------------------------------- */

static void
order_body(const struct order_intent *o, struct text *body)
{
    struct json_out out = {.to = body};
    char number[USD_TEXT_MAX];

    json_out_obj(&out, NULL);
    json_out_str(&out, "symbol", o->symbol);
    (void)snprintf(number, sizeof(number), "%lld", (long long)o->qty);
    json_out_str(&out, "qty", number);
    json_out_str(&out, "side", order_side_name(o->side));
    json_out_str(&out, "type", order_type_name(o->type));
    json_out_str(&out, "time_in_force", "day");
    if (o->type == ORDER_LIMIT) json_out_str(&out, "limit_price", usd_text(o->limit, number));
    json_out_bool(&out, "extended_hours", false);
    json_out_str(&out, "client_order_id", o->client_id);
    json_out_end(&out);
}

static bool
is_duplicate_id(int status, const struct json *doc)
{
    return status == 422 &&
           (alpaca_error_code(doc) == CODE_DUPLICATE_ID ||
            strstr(json_str(doc, "message", ""), "client_order_id must be unique") != NULL);
}

/* What an answer to the one POST means. */
static enum rc
submit_outcome(struct alpaca *a, const struct order_intent *o, const struct alpaca_answer *said,
               struct order *ret_order, struct err *err)
{
    char words[256];

    if (said->status == 200 || said->status == 201) {
        /* Accepted, but told in a way we do not understand: it must be looked up. */
        if (said->doc == NULL || order_from(said->doc, ret_order, err) != RC_OK)
            return err_set(err, RC_UNKNOWN, "broker: submit %s: HTTP %d without an order in it",
                           o->client_id, said->status);
        return RC_OK;
    }
    if (is_duplicate_id(said->status, said->doc)) {
        enum rc rc = read_order_by_client_id(a, o->client_id, ret_order, err);

        return rc == RC_OK
                   ? rc
                   : err_set(err, RC_UNKNOWN,
                             "broker: submit %s: the id exists, and cannot be read", o->client_id);
    }
    bool refused =
        said->status == 401 || said->status == 429 ||
        (said->doc != NULL && said->status >= 400 && said->status < 500 && said->status != 408);
    if (refused) refusals_keep(&a->refused, o->client_id, said->status, &said->body);
    return err_set(err, refused ? RC_RANGE : RC_UNKNOWN, "broker: submit %s: HTTP %d: %s",
                   o->client_id, said->status, alpaca_error_text(said->doc, words, sizeof(words)));
}

static enum rc
submit(void *self, const struct order_intent *o, struct order *ret_order, struct err *err)
{
    struct alpaca *a = self;
    CLEANUP(text_free) struct text body = {0};
    CLEANUP(alpaca_answer_free) struct alpaca_answer said = {0};

    ASSERT(o->qty > 0 && o->qty <= QTY_MAX && o->client_id[0] != '\0');
    order_body(o, &body);
    enum rc rc = alpaca_send_once(&a->link, "POST", "/v2/orders", &body, &said, err);
    if (rc == RC_IO || rc == RC_STOPPED || rc == RC_DENIED) return rc;
    /* Anything else that went wrong after it left is one thing: sent, and no answer. */
    if (rc != RC_OK) return err_set(err, RC_UNKNOWN, "broker: submit %s: no answer", o->client_id);
    return submit_outcome(a, o, &said, ret_order, err);
}

static enum rc
cancel(void *self, const char *broker_id, struct err *err)
{
    struct alpaca *a = self;
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(alpaca_answer_free) struct alpaca_answer said = {0};
    char words[256];

    text_puts(&path, "/v2/orders/");
    http_escape(&path, broker_id);
    enum rc rc = alpaca_send_once(&a->link, "DELETE", text_str(&path), NULL, &said, err);
    if (rc != RC_OK) return rc;
    if (said.status >= 200 && said.status < 300) return RC_OK;
    if (said.status == 404)
        return err_set(err, RC_NOT_FOUND, "broker: cancel %s: no such order", broker_id);
    /* 422: no longer cancelable; its status will say why. */
    return err_set(err, said.status >= 400 && said.status < 500 ? RC_RANGE : RC_UNKNOWN,
                   "broker: cancel %s: HTTP %d: %s", broker_id, said.status,
                   alpaca_error_text(said.doc, words, sizeof(words)));
}

/* ---- prices -------------------------------------------------------------------------------- */

static enum rc
read_trade(void *self, const char *symbol, struct last_trade *ret_trade, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = read_named(a, HOST_DATA, "/v2/stocks/", symbol, "/trades/latest", &doc, err);
    if (rc != RC_OK) return rc;
    rc = alpaca_decode_trade(doc, ret_trade, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker: last trade of %s", symbol);
}

static enum rc
read_quote(void *self, const char *symbol, struct nbbo *ret_quote, struct err *err)
{
    const struct alpaca *a = self;
    CLEANUP(json_freep) struct json *doc = NULL;

    enum rc rc = read_named(a, HOST_DATA, "/v2/stocks/", symbol, "/quotes/latest", &doc, err);
    if (rc != RC_OK) return rc;
    rc = alpaca_decode_quote(doc, ret_quote, err);
    return rc == RC_OK ? rc : err_wrap(err, "broker: quote of %s", symbol);
}

/*
 * From the whole tape where the account may see its last minutes, else from one exchange.  Which of
 * the two it is, is remembered only once the second one has answered: a refused symbol says nothing
 * about the account.
 */
static enum rc
read_feed(struct alpaca *a, const char *path, struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text sip = {0};
    CLEANUP(text_free) struct text iex = {0};
    struct err refused = {0};

    text_printf(&sip, "%s&feed=sip", path);
    text_printf(&iex, "%s&feed=iex", path);
    if (a->is_sip_refused) return alpaca_read(&a->link, HOST_DATA, text_str(&iex), ret_doc, err);
    enum rc rc = alpaca_read(&a->link, HOST_DATA, text_str(&sip), ret_doc, &refused);
    if (rc == RC_OK) return rc;
    if (rc == RC_RANGE && alpaca_read(&a->link, HOST_DATA, text_str(&iex), ret_doc, err) == RC_OK) {
        a->is_sip_refused = true;
        return RC_OK;
    }
    return err_set(err, rc, "%s", refused.text);
}

/* Newest first on the wire, so that a cut list is cut at its old end; ascending in the result. */
static enum rc
read_bars(void *self, const char *symbol, enum bar_size size, int64_t from_ns, int64_t to_ns,
          int limit, struct arena *arena, struct bars *ret_bars, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    char from[ISO_TEXT_MAX];
    char to[ISO_TEXT_MAX];
    struct bars bars = {0};

    text_puts(&path, "/v2/stocks/");
    http_escape(&path, symbol);
    text_printf(&path, "/bars?timeframe=%s&start=%s&end=%s&limit=%d&sort=desc",
                size == BAR_1MIN ? "1Min" : "1Day", when_rfc3339(from_ns, from),
                when_rfc3339(to_ns, to), limit);
    enum rc rc = read_feed(self, text_str(&path), &doc, err);
    if (rc != RC_OK) return rc;
    const struct json *list = json_get_arr(doc, "bars"); /* null where there is none */
    size_t n = json_len(list);
    bars.bar = ARENA_NEW(arena, struct bar, n);
    bars.len = n;
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        rc = alpaca_decode_bar(v, &bars.bar[--n], err);
        if (rc != RC_OK) return err_wrap(err, "broker: bars of %s", symbol);
    }
    for (size_t i = 1; i < bars.len; i++)
        if (bars.bar[i].start_ns <= bars.bar[i - 1].start_ns)
            return err_set(err, RC_PARSE, "broker: bars of %s: not in the order asked for", symbol);
    *ret_bars = bars;
    return RC_OK;
}

struct broker
alpaca_broker(struct alpaca *a)
{
    return (struct broker){
        .self = a,
        .account = read_account,
        .clock = read_clock,
        .positions = read_positions,
        .asset = read_asset,
        .submit = submit,
        .cancel = cancel,
        .order_by_id = read_order,
        .order_by_client_id = read_order_by_client_id,
        .orders = read_orders,
        .fills = read_fills,
        .latest_trade = read_trade,
        .latest_quote = read_quote,
        .bars = read_bars,
    };
}
