#include "engine/v2.h"

struct v2_asking
v2_asking_begin(const struct v2_seams *s)
{
    return (struct v2_asking){
        .seams = s,
        .left = prices_are_there(&s->prices) ? V2_PRICES_MAX + V2_RISK_PER_CYCLE + 7 : 0,
        .until_mono_ns = clock_mono(s->clock) + V2_ASKING_MAX_NS};
}

static bool
may_ask(struct v2_asking *q)
{
    if (q->left <= 0 || clock_mono(q->seams->clock) >= q->until_mono_ns) return false;
    q->left--;
    return true;
}

/* A host that does not answer one request does not get the others of this cycle. */
static void
note(struct v2_asking *q, enum rc rc)
{
    if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_RANGE) q->left = 0;
}

static double
ask_prices(struct v2_asking *q, const char *symbol)
{
    const struct prices *b = &q->seams->prices;
    struct last_trade last = {0};
    struct err ignored = {0};
    enum rc rc = b->latest_trade(b->self, symbol, &last, &ignored);

    note(q, rc);
    return rc == RC_OK && last.is_known ? usd_to_double(last.price) : 0;
}

double
v2_ask_price(struct v2_asking *q, const char *symbol)
{
    for (size_t i = 0; i < q->len; i++)
        if (str_eq(q->price[i].symbol, symbol)) return q->price[i].usd;
    if (q->len == V2_PRICES_MAX || !may_ask(q)) return 0;
    double price = ask_prices(q, symbol);
    (void)str_copy(q->price[q->len].symbol, SYMBOL_MAX, symbol);
    q->price[q->len++].usd = price;
    return price;
}

enum rc
v2_ask_bars(struct v2_asking *q, const char *symbol, enum bar_size size, int64_t from_ns,
            int64_t to_ns, int limit, struct arena *a, struct bars *ret_bars, struct err *err)
{
    const struct prices *b = &q->seams->prices;

    *ret_bars = (struct bars){0};
    if (!may_ask(q)) return err_set(err, RC_BUSY, "the requests of this cycle are used up");
    enum rc rc = b->bars(b->self, symbol, size, from_ns, to_ns, limit, a, ret_bars, err);
    note(q, rc);
    return rc;
}
