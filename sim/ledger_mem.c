#include "sim/ledger_mem.h"

#include "state/ledger.h"

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Room for one element more. */
static void *
grown(void *array, size_t size, size_t len, size_t *cap)
{
    if (len < *cap) return array;
    *cap = MAX((size_t)16, 2 * *cap);
    void *bigger = realloc(array, *cap * size);
    ASSERT(bigger != NULL);
    return bigger;
}

static struct intent *
intent_of(const struct ledger_mem *m, const char *client_id)
{
    for (size_t i = 0; i < m->intents_len; i++)
        if (str_eq(m->intent[i].order.client_id, client_id)) return &m->intent[i];
    return NULL;
}

/* ---- intents --------------------------------------------------------------------------------- */

static enum rc
add_intent(void *self, const struct intent *in, struct err *err)
{
    struct ledger_mem *m = self;
    enum rc rc = ledger_check_intent(in, err);

    if (rc != RC_OK) return rc;
    if (intent_of(m, in->order.client_id) != NULL)
        return err_set(err, RC_DENIED, "ledger: client order id %s was used before",
                       in->order.client_id);
    m->intent = grown(m->intent, sizeof(*m->intent), m->intents_len, &m->intents_cap);
    m->intent[m->intents_len++] = *in;
    return RC_OK;
}

static enum rc
update_intent(void *self, const struct intent *in, struct err *err)
{
    struct intent *known = intent_of(self, in->order.client_id);

    if (known == NULL)
        return err_set(err, RC_NOT_FOUND, "ledger: no intent %s", in->order.client_id);
    struct intent next = *in;
    /* The facts stay what they were. */
    next.order = known->order;
    next.purpose = known->purpose;
    memcpy(next.reason, known->reason, sizeof(next.reason));
    memcpy(next.context, known->context, sizeof(next.context));
    next.epoch = known->epoch;
    next.cycle = known->cycle;
    next.created_ns = known->created_ns;
    *known = next;
    return RC_OK;
}

static enum rc
find_intent(void *self, const char *client_id, struct intent *ret_intent, struct err *err)
{
    const struct intent *known = intent_of(self, client_id);

    if (known == NULL) return err_set(err, RC_NOT_FOUND, "ledger: no intent %s", client_id);
    *ret_intent = *known;
    return RC_OK;
}

typedef bool wanted_fn(const struct intent *in, int64_t from_ns);

static bool
is_live(const struct intent *in, int64_t from_ns)
{
    (void)from_ns;
    return !intent_state_is_final(in->state) || !in->is_recorded;
}

static bool
is_since(const struct intent *in, int64_t from_ns)
{
    return in->created_ns >= from_ns;
}

/* Ascending by creation; those of one instant in the order they were added. */
static struct intents
select_intents(const struct ledger_mem *m, wanted_fn *wanted, int64_t from_ns, struct arena *a)
{
    struct intents list = {.intent = ARENA_NEW(a, struct intent, m->intents_len)};

    for (size_t i = 0; i < m->intents_len; i++) {
        if (!wanted(&m->intent[i], from_ns)) continue;
        size_t at = list.len++;
        for (; at > 0 && list.intent[at - 1].created_ns > m->intent[i].created_ns; at--)
            list.intent[at] = list.intent[at - 1];
        list.intent[at] = m->intent[i];
    }
    return list;
}

static enum rc
live_intents(void *self, struct arena *a, struct intents *ret_list, struct err *err)
{
    (void)err;
    *ret_list = select_intents(self, is_live, WHEN_NONE, a);
    return RC_OK;
}

static enum rc
intents_since(void *self, int64_t from_ns, struct arena *a, struct intents *ret_list,
              struct err *err)
{
    (void)err;
    *ret_list = select_intents(self, is_since, from_ns, a);
    return RC_OK;
}

/* ---- fills ----------------------------------------------------------------------------------- */

/* The position of a symbol from all its fills. */
static enum rc
fold(const struct ledger_mem *m, const char *symbol, struct ledger_position *ret_position,
     struct err *err)
{
    struct ledger_position p = {0};

    (void)str_copy(p.symbol, sizeof(p.symbol), symbol); /* came from a field of that size */
    for (size_t i = 0; i < m->fills_len; i++) {
        const struct fill *f = &m->fill[i].fill;

        if (!str_eq(f->symbol, symbol)) continue;
        enum rc rc = ledger_check_next(&p, f, err);
        if (rc != RC_OK) return rc;
        ledger_position_apply(&p, f->side, f->qty, f->price);
    }
    *ret_position = p;
    return RC_OK;
}

static bool
is_before(const struct fill *a, const struct fill *b)
{
    return ledger_fill_order(a->at_ns, a->fill_id, b->at_ns, b->fill_id) < 0;
}

static size_t
insert_fill(struct ledger_mem *m, const struct fill *f, const char *kind)
{
    m->fill = grown(m->fill, sizeof(*m->fill), m->fills_len, &m->fills_cap);
    size_t at = m->fills_len++;
    for (; at > 0 && is_before(f, &m->fill[at - 1].fill); at--)
        m->fill[at] = m->fill[at - 1];
    m->fill[at] = (struct mem_fill){.fill = *f, .is_adjustment = str_eq(kind, "adjustment")};
    return at;
}

static enum rc
add_fill(void *self, const struct fill *f, const char *client_id, const char *kind,
         bool *ret_is_new, struct err *err)
{
    struct ledger_mem *m = self;
    struct ledger_position p;
    enum rc rc = ledger_check_fill(f, kind, err);

    (void)client_id; /* kept by the real ledger for whoever reads its rows */
    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < m->fills_len; i++) {
        if (!str_eq(m->fill[i].fill.fill_id, f->fill_id)) continue;
        rc = ledger_check_same_fill(&m->fill[i].fill, f, err);
        if (rc == RC_OK && ret_is_new != NULL) *ret_is_new = false;
        return rc;
    }
    size_t at = insert_fill(m, f, kind);
    rc = fold(m, f->symbol, &p, err);
    if (rc != RC_OK) { /* taken out again: it does not fit */
        m->fills_len--;
        memmove(m->fill + at, m->fill + at + 1, (m->fills_len - at) * sizeof(*m->fill));
        return rc;
    }
    if (ret_is_new != NULL) *ret_is_new = true;
    return RC_OK;
}

static enum rc
fills_since(void *self, int64_t from_ns, struct arena *a, struct fills *ret_list, struct err *err)
{
    const struct ledger_mem *m = self;
    struct fills list = {.fill = ARENA_NEW(a, struct fill, m->fills_len)};

    (void)err;
    for (size_t i = 0; i < m->fills_len; i++)
        if (m->fill[i].fill.at_ns >= from_ns) list.fill[list.len++] = m->fill[i].fill;
    *ret_list = list;
    return RC_OK;
}

static enum rc
last_fill_ns(void *self, int64_t *ret_ns, struct err *err)
{
    const struct ledger_mem *m = self;
    int64_t last_ns = WHEN_NONE;

    (void)err;
    for (size_t i = 0; i < m->fills_len; i++)
        if (!m->fill[i].is_adjustment) last_ns = MAX(last_ns, m->fill[i].fill.at_ns);
    *ret_ns = last_ns;
    return RC_OK;
}

static bool
is_listed(const struct ledger_positions *list, const char *symbol)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->position[i].symbol, symbol)) return true;
    return false;
}

static enum rc
positions(void *self, struct arena *a, struct ledger_positions *ret_list, struct err *err)
{
    const struct ledger_mem *m = self;
    struct ledger_positions list = {.position = ARENA_NEW(a, struct ledger_position, m->fills_len)};

    for (size_t i = 0; i < m->fills_len; i++) {
        const char *symbol = m->fill[i].fill.symbol;
        if (is_listed(&list, symbol)) continue;
        struct ledger_position p;

        enum rc rc = fold(m, symbol, &p, err);
        if (rc != RC_OK) return rc;
        if (p.qty == 0) continue;
        size_t at = list.len++;
        for (; at > 0 && strcmp(list.position[at - 1].symbol, symbol) > 0; at--)
            list.position[at] = list.position[at - 1];
        list.position[at] = p;
    }
    *ret_list = list;
    return RC_OK;
}

/* ---- the seam -------------------------------------------------------------------------------- */

void
ledger_mem_init(struct ledger_mem *m)
{
    *m = (struct ledger_mem){0};
}

void
ledger_mem_done(struct ledger_mem *m)
{
    free(m->intent);
    free(m->fill);
    ledger_mem_init(m);
}

struct ledger
ledger_mem_seam(struct ledger_mem *m)
{
    return (struct ledger){.self = m,
                           .add_intent = add_intent,
                           .update_intent = update_intent,
                           .find_intent = find_intent,
                           .live_intents = live_intents,
                           .intents_since = intents_since,
                           .add_fill = add_fill,
                           .fills_since = fills_since,
                           .last_fill_ns = last_fill_ns,
                           .positions = positions};
}
