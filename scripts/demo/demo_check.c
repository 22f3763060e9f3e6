#include "scripts/demo/demo.h"
#include "state/ledger.h"

struct folded {
    struct ledger_position *position;
    size_t len;
};

static struct ledger_position *
folded_find(const struct folded *f, const char *symbol)
{
    for (size_t i = 0; i < f->len; i++)
        if (str_eq(f->position[i].symbol, symbol)) return &f->position[i];
    return NULL;
}

/* Every symbol ever traded, its open quantity and what was realised, from the fills alone. */
static void
fold(const struct fills *fills, struct arena *a, struct folded *ret)
{
    *ret = (struct folded){.position = ARENA_NEW(a, struct ledger_position, fills->len)};
    for (size_t i = 0; i < fills->len; i++) {
        const struct fill *f = &fills->fill[i];
        struct ledger_position *p = folded_find(ret, f->symbol);

        if (p == NULL) {
            p = &ret->position[ret->len++];
            (void)str_copy(p->symbol, sizeof(p->symbol), f->symbol);
        }
        ledger_position_apply(p, f->side, f->qty, f->price);
    }
}

static void
differs(struct demo_check *c, const char *symbol, const char *what, int64_t ledger, int64_t book)
{
    c->is_equal = false;
    if (c->words[0] == '\0')
        (void)snprintf(c->words, sizeof(c->words), "%s: %s is %lld in the ledger, %lld in the book",
                       symbol, what, (long long)ledger, (long long)book);
}

static void
compare_position(struct demo_check *c, const struct folded *f, const struct json *at_book)
{
    struct err ignored = {0};
    struct json_in in = {.obj = at_book, .err = &ignored};
    const char *symbol = json_str(at_book, "symbol", "?");
    struct ledger_position none = {0};
    const struct ledger_position *p = folded_find(f, symbol);
    int64_t qty = json_i64(at_book, "qty", 0);
    usd cost = json_opt_usd(&in, "cost", USD_ZERO);
    usd realised = json_opt_usd(&in, "realised_pnl", USD_ZERO);

    if (p == NULL) p = &none;
    c->open_positions += qty != 0 ? 1 : 0;
    if (p->qty != qty) differs(c, symbol, "the quantity", p->qty, qty);
    if (p->cost.e4 != cost.e4) differs(c, symbol, "the cost (1/10000 USD)", p->cost.e4, cost.e4);
    if (p->realised_pnl.e4 != realised.e4)
        differs(c, symbol, "what was realised (1/10000 USD)", p->realised_pnl.e4, realised.e4);
}

static void
read_book(struct demo_check *c, const struct folded *f, const struct json *book)
{
    struct err ignored = {0};
    struct json_in in = {.obj = book, .err = &ignored};
    const struct json *requests = json_get_obj(book, "requests");
    size_t at_book = json_len(json_get_arr(book, "fills"));

    for (const struct json *p = json_first(json_get_arr(book, "positions")); p != NULL;
         p = json_next(p))
        compare_position(c, f, p);
    if (c->fills != at_book)
        differs(c, "all symbols", "the number of fills", (int64_t)c->fills, (int64_t)at_book);
    c->equity = json_opt_usd(&in, "equity", USD_ZERO);
    c->starting_cash = json_opt_usd(&in, "starting_cash", USD_ZERO);
    c->realised_pnl = json_opt_usd(&in, "realised_pnl", USD_ZERO);
    c->open_orders = json_i64(book, "open_orders", 0);
    c->duplicate_ids = json_i64(book, "duplicate_client_ids", 0);
    c->requests_total = json_i64(book, "requests_total", 0) - json_i64(requests, "control", 0);
    for (const struct json *r = json_first(requests); r != NULL; r = json_next(r))
        if (str_starts(json_key(r), "uw_")) c->requests_uw += json_i64_of(r, 0);
    if (c->duplicate_ids > 0)
        differs(c, "all symbols", "client ids used twice", 0, c->duplicate_ids);
}

static enum rc
open_ledger(const struct fs *fs, const char *root, const struct clock *clock,
            struct sql_ledger **ret, struct err *err)
{
    struct ledger_options opt = {.root = root, .fs = fs, .clock = clock, .is_read_only = true};

    return ledger_open(&opt, ret, err);
}

static enum rc
read_ledger(struct demo_check *c, const struct ledger *ledger, struct arena *a, struct folded *ret,
            struct err *err)
{
    struct fills fills = {0};
    struct intents intents = {0}, live = {0};
    enum rc rc = ledger->fills_since(ledger->self, WHEN_NONE, a, &fills, err);

    if (rc == RC_OK) rc = ledger->intents_since(ledger->self, WHEN_NONE, a, &intents, err);
    if (rc == RC_OK) rc = ledger->live_intents(ledger->self, a, &live, err);
    if (rc != RC_OK) return rc;
    c->fills = fills.len;
    c->intents = intents.len;
    c->live = live.len;
    fold(&fills, a, ret);
    return RC_OK;
}

struct demo_check
demo_check_ledger(const struct ledger *ledger, const struct json *book)
{
    struct demo_check c = {0};
    struct arena a = {0};
    struct err err = {0};
    struct folded folded = {0};
    enum rc rc = read_ledger(&c, ledger, &a, &folded, &err);

    c.is_checked = c.is_equal = rc == RC_OK && book != NULL;
    if (rc != RC_OK)
        (void)snprintf(c.words, sizeof(c.words), "%.250s", err.text);
    else if (book == NULL)
        (void)str_copy(c.words, sizeof(c.words), "the simulator did not give its book");
    else
        read_book(&c, &folded, book);
    arena_done(&a);
    return c;
}

struct demo_check
demo_check_make(const struct fs *fs, const char *root, const struct clock *clock,
                const struct json *book)
{
    struct demo_check c = {0};
    struct err err = {0};
    struct sql_ledger *sql = NULL;

    if (open_ledger(fs, root, clock, &sql, &err) == RC_OK) {
        struct ledger ledger = ledger_seam(sql);
        c = demo_check_ledger(&ledger, book);
    } else {
        (void)snprintf(c.words, sizeof(c.words), "%.250s", err.text);
    }
    ledger_close(sql);
    return c;
}

int64_t
demo_live_orders(const struct fs *fs, const char *root, const struct clock *clock)
{
    struct arena a = {0};
    struct err err = {0};
    struct sql_ledger *sql = NULL;
    struct intents live = {0};
    int64_t n = -1;

    if (open_ledger(fs, root, clock, &sql, &err) == RC_OK) {
        struct ledger ledger = ledger_seam(sql);
        if (ledger.live_intents(ledger.self, &a, &live, &err) == RC_OK) n = (int64_t)live.len;
    }
    ledger_close(sql);
    arena_done(&a);
    return n;
}
