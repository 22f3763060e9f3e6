#include "tests/lib/day_check.h"

#include "io/clock.h"
#include "io/fs.h"
#include "state/ledger.h"
#include "tests/lib/check.h"

enum { SETTLE_S = 30 };

/* ---- the simulator's book ------------------------------------------------------------------ */

static void
book_orders(struct day *d, const struct json *list, struct day_book *b)
{
    b->order = ARENA_NEW(&b->arena, struct day_order, json_len(list));
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct err err = {0};
        struct json_in in = {.obj = v, .err = &err};
        struct day_order *o = &b->order[b->orders_len++];

        (void)str_copy(o->client_id, sizeof(o->client_id), json_need_str(&in, "client_order_id"));
        (void)str_copy(o->symbol, sizeof(o->symbol), json_need_str(&in, "symbol"));
        (void)str_copy(o->status, sizeof(o->status), json_need_str(&in, "status"));
        o->filled_qty = json_need_i64(&in, "filled_qty");
        o->submitted_ns = json_need_time(&in, "submitted_at");
        if (in.rc != RC_OK) day_fail(d, "an order of the book: %s", err.text);
    }
}

static void
book_fills(struct day *d, const struct json *list, struct day_book *b)
{
    b->fill = ARENA_NEW(&b->arena, struct fill, json_len(list));
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct err err = {0};
        struct json_in in = {.obj = v, .err = &err};
        struct fill *f = &b->fill[b->fills_len++];

        (void)str_copy(f->fill_id, sizeof(f->fill_id), json_need_str(&in, "id"));
        (void)str_copy(f->broker_id, sizeof(f->broker_id), json_need_str(&in, "order_id"));
        (void)str_copy(f->symbol, sizeof(f->symbol), json_need_str(&in, "symbol"));
        f->side = str_eq(json_need_str(&in, "side"), "buy") ? SIDE_BUY : SIDE_SELL;
        f->qty = json_need_i64(&in, "qty");
        f->price = json_need_usd(&in, "price");
        f->at_ns = json_need_time(&in, "at");
        if (in.rc != RC_OK) day_fail(d, "a fill of the book: %s", err.text);
    }
}

static void
book_positions(struct day *d, const struct json *list, struct day_book *b)
{
    b->position = ARENA_NEW(&b->arena, struct ledger_position, json_len(list));
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct err err = {0};
        struct json_in in = {.obj = v, .err = &err};
        struct ledger_position *p = &b->position[b->positions_len++];

        (void)str_copy(p->symbol, sizeof(p->symbol), json_need_str(&in, "symbol"));
        p->qty = json_need_i64(&in, "qty");
        p->cost = json_need_usd(&in, "cost");
        p->realised_pnl = json_need_usd(&in, "realised_pnl");
        if (in.rc != RC_OK) day_fail(d, "a position of the book: %s", err.text);
    }
}

void
day_book_load(struct day *d, struct day_book *ret_book)
{
    CLEANUP(text_free) struct text body = {0};
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err err = {0};

    *ret_book = (struct day_book){0};
    day_get(d, "/sim/book", &body);
    if (json_parse(text_str(&body), body.len, JSON_STRICT, &JSON_LIMITS_FILE, &doc, &err) != RC_OK)
        day_fail(d, "/sim/book: %s", err.text);
    struct json_in in = {.obj = doc, .err = &err};
    ret_book->realised = json_need_usd(&in, "realised_pnl");
    ret_book->duplicate_client_ids = json_need_i64(&in, "duplicate_client_ids");
    ret_book->open_orders = json_need_i64(&in, "open_orders");
    if (in.rc != RC_OK) day_fail(d, "/sim/book: %s", err.text);
    book_orders(d, json_get(doc, "orders"), ret_book);
    book_fills(d, json_get(doc, "fills"), ret_book);
    book_positions(d, json_get(doc, "positions"), ret_book);
}

void
day_book_done(struct day_book *b)
{
    arena_done(&b->arena);
}

/* ---- the ledger ---------------------------------------------------------------------------- */

static enum rc
read_ledger(struct sql_ledger *sql, struct day_ledger *l, struct err *err)
{
    struct ledger seam = ledger_seam(sql);
    enum rc rc = seam.intents_since(seam.self, 0, &l->arena, &l->intents, err);

    if (rc == RC_OK) rc = seam.live_intents(seam.self, &l->arena, &l->live, err);
    if (rc == RC_OK) rc = seam.fills_since(seam.self, 0, &l->arena, &l->fills, err);
    return rc;
}

static enum rc
open_and_read(struct day *d, struct day_ledger *l, struct err *err)
{
    struct posix_fs disk;
    struct sys_clock sys;
    struct sql_ledger *sql = NULL;
    enum rc rc = fs_open(d->root, &disk, err);

    if (rc != RC_OK) return rc;
    struct fs fs = fs_seam(&disk);
    rc = clock_open(&(struct clock_options){0}, &sys, err);
    struct clock clock = clock_seam(&sys);
    struct ledger_options opt = {.root = d->root, .fs = &fs, .clock = &clock, .is_read_only = true};
    if (rc == RC_OK) rc = ledger_open(&opt, &sql, err);
    if (rc == RC_OK) rc = read_ledger(sql, l, err);
    ledger_close(sql);
    fs_close(&disk);
    return rc;
}

/* A fold of our own, so that it is not the ledger's cache that is looked at. */
static void
fold(struct day_ledger *l)
{
    l->position = ARENA_NEW(&l->arena, struct ledger_position, l->fills.len);
    for (size_t i = 0; i < l->fills.len; i++) {
        const struct fill *f = &l->fills.fill[i];
        size_t k = 0;

        while (k < l->positions_len && !str_eq(l->position[k].symbol, f->symbol))
            k++;
        if (k == l->positions_len)
            (void)str_copy(l->position[l->positions_len++].symbol, SYMBOL_MAX, f->symbol);
        ledger_position_apply(&l->position[k], f->side, f->qty, f->price);
    }
    for (size_t k = 0; k < l->positions_len; k++)
        l->realised = usd_add(l->realised, l->position[k].realised_pnl);
}

void
day_ledger_load(struct day *d, struct day_ledger *ret_ledger)
{
    struct err err = {0};

    *ret_ledger = (struct day_ledger){0};
    if (open_and_read(d, ret_ledger, &err) != RC_OK) day_fail(d, "the ledger: %s", err.text);
    fold(ret_ledger);
}

void
day_ledger_done(struct day_ledger *l)
{
    arena_done(&l->arena);
}

static void
show_live(const struct day_ledger *l)
{
    for (size_t i = 0; i < l->live.len; i++) {
        const struct intent *in = &l->live.intent[i];

        (void)printf("live: %s %s, %s, broker id %s, %lld of %lld filled, recorded %d: %s\n",
                     intent_purpose_name(in->purpose), in->order.client_id,
                     intent_state_name(in->state), in->broker_id, (long long)in->filled_qty,
                     (long long)in->order.qty, in->is_recorded, in->note);
    }
}

/* The ledger may be busy, or in the middle of being healed: asked again then. */
static bool
is_settled(struct day *d, bool shows)
{
    struct day_ledger l = {0};
    struct err err = {0};
    bool yes = open_and_read(d, &l, &err) == RC_OK && l.live.len == 0;

    if (shows) show_live(&l);
    day_ledger_done(&l);
    return yes;
}

void
day_settle(struct day *d)
{
    int64_t until_ns = day_mono_ns() + SETTLE_S * NS_PER_S;

    day_freeze(d);
    while (!is_settled(d, false)) {
        if (day_mono_ns() > until_ns && !is_settled(d, true))
            day_fail(d, "orders are still live after %d s", SETTLE_S);
        day_pause_ms(20);
    }
}

/* ---- book against ledger ------------------------------------------------------------------- */

static const struct intent *
intent_of(const struct day_ledger *l, const char *client_id)
{
    for (size_t i = 0; i < l->intents.len; i++)
        if (str_eq(l->intents.intent[i].order.client_id, client_id)) return &l->intents.intent[i];
    return NULL;
}

static void
check_orders(struct day *d, const struct day_book *b, const struct day_ledger *l)
{
    if (b->duplicate_client_ids != 0)
        day_fail(d, "%lld client order ids were sent twice", (long long)b->duplicate_client_ids);
    for (size_t i = 0; i < b->orders_len; i++) {
        const struct day_order *o = &b->order[i];
        const struct intent *in = intent_of(l, o->client_id);

        for (size_t k = 0; k < i; k++)
            if (str_eq(b->order[k].client_id, o->client_id))
                day_fail(d, "client order id %s is in the book twice", o->client_id);
        if (in == NULL) day_fail(d, "order %s is not in the ledger", o->client_id);
        if (in->filled_qty != o->filled_qty)
            day_fail(d, "order %s: %lld filled in the ledger, %lld in the book", o->client_id,
                     (long long)in->filled_qty, (long long)o->filled_qty);
    }
}

static void
check_fills(struct day *d, const struct day_book *b, const struct day_ledger *l)
{
    for (size_t i = 0; i < b->fills_len; i++) {
        size_t seen = 0;

        for (size_t k = 0; k < l->fills.len; k++) {
            const struct fill *f = &l->fills.fill[k];

            if (!str_eq(f->fill_id, b->fill[i].fill_id)) continue;
            seen++;
            if (f->qty != b->fill[i].qty || f->price.e4 != b->fill[i].price.e4 ||
                f->side != b->fill[i].side || !str_eq(f->symbol, b->fill[i].symbol))
                day_fail(d, "fill %s differs", f->fill_id);
        }
        if (seen != 1) day_fail(d, "fill %s is in the ledger %zu times", b->fill[i].fill_id, seen);
    }
    if (l->fills.len != b->fills_len)
        day_fail(d, "%zu fills in the ledger, %zu in the book", l->fills.len, b->fills_len);
}

static void
check_positions(struct day *d, const struct day_book *b, const struct day_ledger *l)
{
    for (size_t i = 0; i < b->positions_len; i++) {
        const struct ledger_position *p = &b->position[i];
        const struct ledger_position *ours = NULL;

        for (size_t k = 0; k < l->positions_len; k++)
            if (str_eq(l->position[k].symbol, p->symbol)) ours = &l->position[k];
        if (ours == NULL) day_fail(d, "%s is not in the ledger", p->symbol);
        if (ours->qty != p->qty || ours->cost.e4 != p->cost.e4)
            day_fail(d, "%s: %lld shares for %lld in the ledger, %lld for %lld in the book",
                     p->symbol, (long long)ours->qty, (long long)ours->cost.e4, (long long)p->qty,
                     (long long)p->cost.e4);
    }
    if (l->positions_len != b->positions_len)
        day_fail(d, "the ledger has a symbol that the book has not");
}

void
day_check_books(struct day *d, const struct day_book *b, const struct day_ledger *l)
{
    check_orders(d, b, l);
    check_fills(d, b, l);
    check_positions(d, b, l);
    for (size_t i = 0; i < l->live.len; i++)
        day_fail(d, "intent %s is not settled: %s, %s", l->live.intent[i].order.client_id,
                 intent_state_name(l->live.intent[i].state), l->live.intent[i].note);
}

/* ---- records ------------------------------------------------------------------------------- */

struct sums {
    usd pnl;
    size_t n;
};

static void
add_pnl(void *ctx, const struct json *line)
{
    struct sums *s = ctx;
    struct err err = {0};
    struct json_in in = {.obj = line, .err = &err};

    s->pnl = usd_add(s->pnl, json_need_usd(&in, "pnl_usd"));
    s->n++;
}

static void
add_part_pnl(void *ctx, const struct json *line)
{
    if (str_starts(json_str(line, "trade_id", ""), "scale_")) add_pnl(ctx, line);
}

static void
expect_lines(struct day *d, const char *log, int got, int wanted, const struct intent *in)
{
    if (got == wanted) return;
    day_fail(d, "%s: %d records instead of %d for %s %s (%s, %lld shares)", log, got, wanted,
             intent_purpose_name(in->purpose), in->order.client_id, intent_state_name(in->state),
             (long long)in->filled_qty);
}

static void
check_entry(struct day *d, const struct intent *in)
{
    const char *id = in->order.client_id;

    expect_lines(d, "attribution", day_lines(d, "logs/attribution.jsonl", id), 1, in);
    /* What the attempt came to, and what the entry did. */
    expect_lines(d, "orders", day_lines(d, "logs/orders.jsonl", id, "\"action\":"), 1, in);
    expect_lines(d, "orders", day_lines(d, "logs/orders.jsonl", id, "\"status\":"), 1, in);
}

static void
check_exit(struct day *d, const struct intent *in, struct sums *whole)
{
    char order[96];

    (void)snprintf(order, sizeof(order), "\"exit_order_id\":\"%s\"", in->broker_id);
    expect_lines(d, "attribution", day_lines(d, "logs/attribution.jsonl", order), 1, in);
    whole->n += (size_t)day_lines(d, "logs/attribution.jsonl", order, "\"trade_id\":\"close_");
}

#define LIVE_ROW "\"source\":\"live\""

void
day_check_records(struct day *d, const struct day_book *b, const struct day_ledger *l)
{
    struct sums exits = {0}, parts = {0}, whole = {0};
    size_t entries = 0;

    for (size_t i = 0; i < l->intents.len; i++) {
        const struct intent *in = &l->intents.intent[i];

        if (in->filled_qty == 0) continue;
        if (in->purpose == PURPOSE_ENTRY) {
            check_entry(d, in);
            entries++;
        } else {
            check_exit(d, in, &whole);
        }
    }
    day_each(d, "logs/exits.jsonl", add_pnl, &exits);
    day_each(d, "logs/attribution.jsonl", add_part_pnl, &parts);
    /* The shadow's trades stand there too. */
    int opened = day_lines(d, "logs/master_trade_log.jsonl", "\"exit_ts\":null", LIVE_ROW);
    int closed = day_lines(d, "logs/master_trade_log.jsonl", "trade_id", LIVE_ROW) - opened;
    if ((size_t)opened != entries || (size_t)closed != whole.n || exits.n != whole.n)
        day_fail(d, "%zu entries and %zu closes settled; master has %d and %d, exits.jsonl %zu",
                 entries, whole.n, opened, closed, exits.n);
    usd recorded = usd_add(exits.pnl, parts.pnl);
    if (l->realised.e4 != b->realised.e4 || usd_abs(usd_sub(recorded, l->realised)).e4 >= 100)
        day_fail(d,
                 "profit: %lld in the records, %lld in the ledger, %lld in the book (1/10000 USD)",
                 (long long)recorded.e4, (long long)l->realised.e4, (long long)b->realised.e4);
}

void
day_check_all(struct day *d)
{
    struct day_book b;
    struct day_ledger l;
    char pnl[USD_TEXT_MAX];

    day_book_load(d, &b);
    day_ledger_load(d, &l);
    day_check_books(d, &b, &l);
    day_check_records(d, &b, &l);
    day_check_shadow(d);
    (void)printf("%zu orders, %zu fills, realised %s\n", b.orders_len, b.fills_len,
                 usd_text(l.realised, pnl));
    day_ledger_done(&l);
    day_book_done(&b);
}
