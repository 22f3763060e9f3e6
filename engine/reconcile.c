#include "engine/engine.h"

bool
engine_is_frozen(const struct engine *eng, const char *symbol)
{
    for (size_t i = 0; i < eng->mismatches_len; i++)
        if (str_eq(eng->mismatch[i].symbol, symbol)) return true;
    return false;
}

/* ---- quantities ---------------------------------------------------------------------------- */

static void
mismatch_clear(struct engine *eng, const char *symbol)
{
    for (size_t i = 0; i < eng->mismatches_len; i++) {
        if (!str_eq(eng->mismatch[i].symbol, symbol)) continue;
        if (eng->mismatch[i].cycles >= 2)
            log_event(&eng->seams.log, EV_POSITION_AGREES, F_SYMBOL(symbol));
        eng->mismatch[i] = eng->mismatch[--eng->mismatches_len];
        return;
    }
}

/* Blocks entries at once; said at the second cycle, because a fill between two questions explains
 * the first.
 */
static void
mismatch_note(struct engine *eng, const char *symbol, int64_t ledger_qty, int64_t broker_qty)
{
    size_t i = 0;

    while (i < eng->mismatches_len && !str_eq(eng->mismatch[i].symbol, symbol))
        i++;
    if (i == MISMATCHES_MAX) return;
    if (i == eng->mismatches_len) {
        eng->mismatch[eng->mismatches_len++] = (struct mismatch){0};
        (void)str_copy(eng->mismatch[i].symbol, SYMBOL_MAX, symbol);
    }
    struct mismatch *m = &eng->mismatch[i];
    m->ledger_qty = ledger_qty;
    m->broker_qty = broker_qty;
    if (m->iteration == eng->iterations) return; /* asked twice in this cycle */
    m->iteration = eng->iterations;
    m->cycles++;
    if (m->cycles == 2)
        log_event(&eng->seams.log, EV_POSITION_MISMATCH, F_SYMBOL(symbol),
                  F_I64("ledger_qty", ledger_qty), F_I64("broker_qty", broker_qty));
}

static void
compare(struct engine *eng, const char *symbol, int64_t ledger_qty, int64_t broker_qty)
{
    if (desk_live(&eng->desk, symbol) != NULL)
        return; /* an order of ours is in flight: both may move */
    if (ledger_qty == broker_qty)
        mismatch_clear(eng, symbol);
    else
        mismatch_note(eng, symbol, ledger_qty, broker_qty);
}

static int64_t
ledger_qty_of(const struct ledger_positions *list, const char *symbol)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->position[i].symbol, symbol)) return list->position[i].qty;
    return 0;
}

/* Compares every symbol that either side holds. */
static enum rc
compare_all(struct engine *eng, const struct positions *at_broker, struct err *err)
{
    const struct ledger *l = &eng->seams.ledger;
    struct ledger_positions ours = {0};
    enum rc rc = l->positions(l->self, &eng->arena, &ours, err);

    if (rc != RC_OK) return rc;
    for (size_t i = 0; i < at_broker->len; i++)
        compare(eng, at_broker->position[i].symbol,
                ledger_qty_of(&ours, at_broker->position[i].symbol), at_broker->position[i].qty);
    for (size_t i = 0; i < ours.len; i++)
        if (positions_find(at_broker, ours.position[i].symbol) == NULL)
            compare(eng, ours.position[i].symbol, ours.position[i].qty, 0);
    /* A symbol that neither side holds any more cannot differ. */
    for (size_t i = eng->mismatches_len; i > 0; i--) {
        char symbol[SYMBOL_MAX];

        (void)str_copy(symbol, sizeof(symbol), eng->mismatch[i - 1].symbol);
        if (positions_find(at_broker, symbol) == NULL && ledger_qty_of(&ours, symbol) == 0)
            mismatch_clear(eng, symbol);
    }
    return RC_OK;
}

void
engine_reconcile(struct engine *eng, const struct positions *at_broker)
{
    struct err err = {0};
    enum rc rc = compare_all(eng, at_broker, &err);

    if (rc == RC_OK && eng->mismatches_len > 0) {
        /* Trades made by hand at the broker are executions too: they explain most differences. */
        rc = desk_pull(&eng->desk, &err);
        if (rc == RC_OK) rc = compare_all(eng, at_broker, &err);
    }
    if (rc != RC_OK) {
        engine_error(eng, "reconcile", "compare", &err);
        log_event(&eng->seams.log, EV_RECONCILE_ERROR, F_STR("error", err.text));
        eng->was_reconciled = false;
        return;
    }
    engine_follow_broker(eng, at_broker);
    eng->was_reconciled = true;
    if (eng->mismatches_len == 0 && eng->seams.is_ledger_rebuilt != NULL &&
        eng->seams.is_ledger_rebuilt(eng->seams.ledger_ctx)) {
        eng->seams.ledger_reconciled(eng->seams.ledger_ctx);
        log_event(&eng->seams.log, EV_LEDGER_RECONCILED, F_I64("positions", at_broker->len));
    }
}
