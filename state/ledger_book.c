#include "state/ledger_book.h"

#include <inttypes.h>

void
ledger_book_done(struct ledger_book *b)
{
    free(b->entry);
    *b = (struct ledger_book){0};
}

/* Index of the symbol, or of the place where it belongs. */
static size_t
place_of(const struct ledger_book *b, const char *symbol)
{
    size_t from = 0, to = b->len;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (strcmp(b->entry[mid].position.symbol, symbol) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static bool
stands_at(const struct ledger_book *b, size_t i, const char *symbol)
{
    return i < b->len && str_eq(b->entry[i].position.symbol, symbol);
}

struct ledger_book_entry
ledger_book_entry_of(const char *symbol)
{
    struct ledger_book_entry e = {.last_ns = WHEN_NONE};

    (void)str_copy(e.position.symbol, sizeof(e.position.symbol),
                   symbol); /* came from a field of that size */
    return e;
}

struct ledger_book_entry
ledger_book_find(const struct ledger_book *b, const char *symbol)
{
    size_t i = place_of(b, symbol);

    return stands_at(b, i, symbol) ? b->entry[i] : ledger_book_entry_of(symbol);
}

bool
ledger_book_is_next(const struct ledger_book_entry *e, const struct fill *f)
{
    return ledger_fill_order(e->last_ns, e->last_fill_id, f->at_ns, f->fill_id) < 0;
}

void
ledger_book_fold(struct ledger_book_entry *e, const struct fill *f)
{
    struct ledger_position *p = &e->position;
    int64_t before = p->qty;

    ASSERT(ledger_book_is_next(e, f));
    ledger_position_apply(p, f->side, f->qty, f->price);
    ASSERT(p->qty - before == (f->side == SIDE_BUY ? f->qty : -f->qty));
    ASSERT(p->cost.e4 >= 0 && (p->qty != 0 || p->cost.e4 == 0));
    e->last_ns = f->at_ns;
    (void)str_copy(e->last_fill_id, sizeof(e->last_fill_id), f->fill_id);
}

void
ledger_book_put(struct ledger_book *b, const struct ledger_book_entry *e)
{
    size_t i = place_of(b, e->position.symbol);

    if (!stands_at(b, i, e->position.symbol)) {
        if (b->len == b->cap) {
            b->cap = MAX((size_t)16, 2 * b->cap);
            b->entry = realloc(b->entry, b->cap * sizeof(*b->entry));
            ASSERT(b->entry != NULL);
        }
        memmove(b->entry + i + 1, b->entry + i, (b->len - i) * sizeof(*b->entry));
        b->len++;
    }
    b->entry[i] = *e;
}

enum rc
ledger_book_compare(const struct ledger_book *a, const struct ledger_book *b, struct err *err)
{
    for (size_t i = 0; i < a->len && i < b->len; i++) {
        const struct ledger_position *p = &a->entry[i].position;
        const struct ledger_position *q = &b->entry[i].position;

        if (!str_eq(p->symbol, q->symbol))
            return err_set(err, RC_RANGE, "ledger: %s here, %s there", p->symbol, q->symbol);
        if (p->qty != q->qty || usd_cmp(p->cost, q->cost) != 0 ||
            usd_cmp(p->realised_pnl, q->realised_pnl) != 0)
            return err_set(err, RC_RANGE,
                           "ledger: %s: %" PRId64 " shares that cost %" PRId64
                           " e-4 USD here, %" PRId64 " that cost %" PRId64 " there",
                           p->symbol, p->qty, p->cost.e4, q->qty, q->cost.e4);
    }
    if (a->len == b->len) return RC_OK;
    return err_set(err, RC_RANGE, "ledger: %zu symbols here, %zu there", a->len, b->len);
}
