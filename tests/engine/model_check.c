/*
 * What must hold once a sequence has come to rest.
 */
#include "telemetry/trades.h"
#include "tests/engine/model.h"

/* ---- looking ------------------------------------------------------------------------------- */

struct intents
model_intents(struct model *m, struct arena *a)
{
    struct intents list = {0};
    struct err err = {0};

    if (m->ledger.intents_since(m->ledger.self, 0, a, &list, &err) != RC_OK)
        model_wrong(m, "the ledger cannot be read: %s", err.text);
    return list;
}

static struct ledger_positions
ledger_positions_now(struct model *m, struct arena *a)
{
    struct ledger_positions list = {0};
    struct err err = {0};

    if (m->ledger.positions(m->ledger.self, a, &list, &err) != RC_OK)
        model_wrong(m, "the ledger cannot be read: %s", err.text);
    return list;
}

int64_t
model_ledger_qty(struct model *m, const char *symbol)
{
    struct arena a = {0};
    struct ledger_positions list = ledger_positions_now(m, &a);
    int64_t qty = 0;

    for (size_t i = 0; i < list.len; i++)
        if (str_eq(list.position[i].symbol, symbol)) qty = list.position[i].qty;
    arena_done(&a);
    return qty;
}

int64_t
model_broker_qty(struct model *m, const char *symbol)
{
    const struct ledger_position *p = book_position(&m->sim.book, symbol);

    return p == NULL ? 0 : p->qty;
}

int
model_lines(const struct model *m, const char *path, const char *word, const char *word2)
{
    const struct text *file = mem_fs_peek(m->disk, path);
    int n = 0;

    if (file == NULL) return 0;
    const char *end = text_str(file) + file->len;
    for (const char *line = text_str(file), *next = NULL; line < end; line = next) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));

        next = newline == NULL ? end : newline + 1;
        if (memmem(line, (size_t)(next - line), word, strlen(word)) != NULL &&
            memmem(line, (size_t)(next - line), word2, strlen(word2)) != NULL)
            n++;
    }
    return n;
}

/* ---- intents ------------------------------------------------------------------------------- */

/* What the broker must say about an order in that state. */
static bool
is_backed(const struct intent *in, const struct book_order *order)
{
    enum order_status status = order == NULL ? ORDER_STATUS_UNKNOWN : order->o.status;

    switch (in->state) {
    case INTENT_NOT_SENT:
        return order == NULL;
    case INTENT_REJECTED:
        return order == NULL || status == ORDER_REJECTED;
    case INTENT_FILLED:
        return order != NULL && status == ORDER_FILLED;
    case INTENT_CANCELED:
        return order != NULL && status == ORDER_CANCELED;
    case INTENT_EXPIRED:
        if (order == NULL) return in->lookups >= LOOKUPS_TO_EXPIRE;
        return status == ORDER_EXPIRED || status == ORDER_DONE_FOR_DAY;
    case INTENT_COMMITTED:
    case INTENT_UNKNOWN:
        return false;
    case INTENT_OPEN: /* a close that came after the session waits for the next one */
        return order != NULL && !order_status_is_final(status) && in->purpose == PURPOSE_EXIT;
    }
    return false;
}

static void
check_intent(struct model *m, const struct intent *in)
{
    const struct book_order *order = book_find_client(&m->sim.book, in->order.client_id);
    int64_t filled = order == NULL ? 0 : order->o.filled_qty;

    if (!is_backed(in, order))
        model_wrong(m, "%s is %s, the broker says %s", in->order.client_id,
                    intent_state_name(in->state), order == NULL ? "nothing" : order->o.status_text);
    if (in->filled_qty != filled)
        model_wrong(m, "%s: %lld filled, the broker says %lld", in->order.client_id,
                    (long long)in->filled_qty, (long long)filled);
    if (order != NULL && order->o.qty != in->order.qty)
        model_wrong(m, "%s: %lld meant, %lld sent", in->order.client_id, (long long)in->order.qty,
                    (long long)order->o.qty);
    if (intent_state_is_final(in->state) && !in->is_recorded)
        model_wrong(m, "%s was never recorded", in->order.client_id);
}

static void
check_orders(struct model *m)
{
    const struct sim_book *b = &m->sim.book;
    struct intent in;
    struct err err = {0};

    for (size_t i = 0; i < b->orders_len; i++) {
        const struct order *o = &b->order[i].o;

        if (str_starts(o->client_id, "v1-") &&
            m->ledger.find_intent(m->ledger.self, o->client_id, &in, &err) != RC_OK)
            model_wrong(m, "the broker has %s, the ledger has not", o->client_id);
    }
    if (b->duplicates_refused > m->posts_doubled)
        model_wrong(m, "the broker saw an id twice that was not doubled on the way");
}

/* ---- positions and money ------------------------------------------------------------------- */

static void
check_positions(struct model *m)
{
    for (int i = 0; i < MODEL_SYMBOLS; i++) {
        int64_t ours = model_ledger_qty(m, MODEL_SYMBOL[i]);
        int64_t theirs = model_broker_qty(m, MODEL_SYMBOL[i]);

        bool is_frozen = engine_is_frozen(&m->process->engine, MODEL_SYMBOL[i]);

        /* The broker lists every execution in the end, so in the end nothing may differ. */
        if (ours != theirs)
            model_wrong(m, "%s: ledger %lld, broker %lld, %s", MODEL_SYMBOL[i], (long long)ours,
                        (long long)theirs, is_frozen ? "frozen" : "and nobody said so");
        else if (is_frozen)
            model_wrong(m, "%s: frozen though nothing differs", MODEL_SYMBOL[i]);
    }
}

/* A symbol that the metadata holds is a position, and the other way round; a lost record is
 * restored once no order works in the symbol. */
static void
check_metadata(struct model *m)
{
    for (int i = 0; i < MODEL_SYMBOLS; i++) {
        const struct position_meta *meta =
            metadata_find(&m->process->engine.memory.metadata, MODEL_SYMBOL[i]);
        int64_t theirs = llabs(model_broker_qty(m, MODEL_SYMBOL[i]));

        if (desk_live(&m->process->engine.desk, MODEL_SYMBOL[i]) != NULL) continue;
        if ((meta == NULL ? 0 : meta->qty) != theirs)
            model_wrong(m, "%s: metadata %lld, broker %lld", MODEL_SYMBOL[i],
                        (long long)(meta == NULL ? 0 : meta->qty), (long long)theirs);
    }
}

/* Whether the broker listed that execution. */
static bool
is_in_book(const struct model *m, const struct fill *f)
{
    for (size_t i = 0; i < m->sim.book.fills_len; i++) {
        const struct fill *theirs = &m->sim.book.fill[i].f;

        if (str_eq(theirs->fill_id, f->fill_id))
            return theirs->qty == f->qty && theirs->price.e4 == f->price.e4 &&
                   theirs->side == f->side && str_eq(theirs->symbol, f->symbol);
    }
    return false;
}

static int
times_in_ledger(const struct fills *ours, const struct fill *f)
{
    int n = 0;

    for (size_t i = 0; i < ours->len; i++)
        n += str_eq(ours->fill[i].fill_id, f->fill_id) ? 1 : 0;
    return n;
}

/* Each execution of an order of ours once, and none that never was. */
static void
check_fills(struct model *m, const struct fills *ours)
{
    const struct sim_book *b = &m->sim.book;

    for (size_t i = 0; i < ours->len; i++)
        if (!is_in_book(m, &ours->fill[i]))
            model_wrong(m, "the ledger has execution %s, the broker has not",
                        ours->fill[i].fill_id);
    for (size_t i = 0; i < b->fills_len; i++) {
        const struct order *o = &b->order[b->fill[i].order].o;
        int n = times_in_ledger(ours, &b->fill[i].f);

        if (n > 1 || (n == 0 && str_starts(o->client_id, "v1-")))
            model_wrong(m, "%s: execution %s is %d times in the ledger", o->client_id,
                        b->fill[i].f.fill_id, n);
    }
}

/*
 * Folds the ledger's fills in their order, as the book folded its own.  Somebody who bought and
 * sold between two looks left nothing to notice: then the ledger has fewer, and no sum to compare.
 */
static void
check_symbol_pnl(struct model *m, const char *symbol, const struct fills *ours)
{
    const struct sim_book *b = &m->sim.book;
    struct ledger_position mine = {.qty = 0}, theirs = {.qty = 0};
    size_t known = 0, all = 0;

    for (size_t i = 0; i < ours->len; i++) {
        if (!str_eq(ours->fill[i].symbol, symbol)) continue;
        ledger_position_apply(&mine, ours->fill[i].side, ours->fill[i].qty, ours->fill[i].price);
        known++;
    }
    for (size_t i = 0; i < b->fills_len; i++)
        all += str_eq(b->fill[i].f.symbol, symbol) ? 1 : 0;
    for (size_t i = 0; i < b->positions_len; i++)
        if (str_eq(b->position[i].symbol, symbol)) theirs = b->position[i];
    if (known != all && m->by_hand > 0) return;
    if (theirs.realised_pnl.e4 != mine.realised_pnl.e4 || theirs.cost.e4 != mine.cost.e4)
        model_wrong(m, "%s: realised %lld and cost %lld, the broker says %lld and %lld", symbol,
                    (long long)mine.realised_pnl.e4, (long long)mine.cost.e4,
                    (long long)theirs.realised_pnl.e4, (long long)theirs.cost.e4);
}

static void
check_pnl(struct model *m)
{
    struct arena a = {0};
    struct fills fills = {0};
    struct err err = {0};

    if (m->ledger.fills_since(m->ledger.self, 0, &a, &fills, &err) != RC_OK)
        model_wrong(m, "the ledger cannot be read: %s", err.text);
    check_fills(m, &fills);
    for (int i = 0; i < MODEL_SYMBOLS; i++)
        check_symbol_pnl(m, MODEL_SYMBOL[i], &fills);
    arena_done(&a);
}

static void
check_cash(struct model *m)
{
    const struct sim_book *b = &m->sim.book;
    usd sum = b->cash;

    for (size_t i = 0; i < b->positions_len; i++)
        sum = b->position[i].qty > 0 ? usd_add(sum, b->position[i].cost)
                                     : usd_sub(sum, b->position[i].cost);
    if (sum.e4 != usd_add(m->cash, book_realised(b)).e4)
        model_wrong(m, "the book is not balanced: %lld, should be %lld", (long long)sum.e4,
                    (long long)usd_add(m->cash, book_realised(b)).e4);
}

/* ---- records ------------------------------------------------------------------------------- */

static void
want_lines(struct model *m, const struct intent *in, const char *path, const char *word,
           const char *word2, int want)
{
    int n = model_lines(m, path, word, word2);

    if (n != want)
        model_wrong(m, "%s: %d lines in %s with %s and %s, not %d", in->order.client_id, n, path,
                    word, word2, want);
}

static void
check_records(struct model *m, const struct intent *in)
{
    char iso[ISO_TEXT_MAX], when[64], symbol[48];

    if (in->filled_qty == 0 || in->filled_ns == WHEN_NONE) return;
    (void)when_iso(in->filled_ns, iso);
    if (in->purpose == PURPOSE_ENTRY) {
        char id[TRADE_ID_MAX];

        want_lines(m, in, ATTRIBUTION_PATH, in->order.client_id, "", 1);
        want_lines(m, in, MASTER_LOG_PATH, trade_id(in->order.symbol, in->filled_ns, id),
                   "\"exit_ts\":null", 1);
        return;
    }
    want_lines(m, in, ATTRIBUTION_PATH, in->broker_id, "", 1);
    (void)snprintf(when, sizeof(when), "\"exit_ts\":\"%s\"", iso);
    (void)snprintf(symbol, sizeof(symbol), "\"symbol\":\"%s\"", in->order.symbol);
    int master = model_lines(m, MASTER_LOG_PATH, when, symbol);
    int exits = model_lines(m, EXITS_LOG_PATH, when, symbol);
    if (master != exits || master > 1)
        model_wrong(m, "%s: %d closes in the master log, %d in the exits", in->order.client_id,
                    master, exits);
}

void
model_check(struct model *m)
{
    struct arena a = {0};
    struct intents list = model_intents(m, &a);

    for (size_t i = 0; i < list.len; i++)
        check_intent(m, &list.intent[i]);
    check_orders(m);
    check_positions(m);
    check_metadata(m);
    check_cash(m);
    check_pnl(m);
    for (size_t i = 0; i < list.len; i++)
        check_records(m, &list.intent[i]);
    arena_done(&a);
}
