#include "engine/context.h"
#include "engine/engine.h"

#define RECONCILE_LOG_PATH  "logs/reconcile.jsonl"
#define RESTORE_LOOKBACK_NS (60 * NS_PER_DAY)

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

/* ---- metadata ------------------------------------------------------------------------------ */

/* The execution that opened the position as it stands: the last one that found the symbol flat. */
static bool
opening_fill(struct engine *eng, const char *symbol, struct fill *ret_fill)
{
    const struct ledger *l = &eng->seams.ledger;
    struct fills fills = {0};
    struct err ignored = {0};
    int64_t from_ns = clock_now(&eng->seams.clock) - RESTORE_LOOKBACK_NS;
    int64_t qty = 0;
    bool found = false;

    if (l->fills_since(l->self, from_ns, &eng->arena, &fills, &ignored) != RC_OK) return false;
    for (size_t i = 0; i < fills.len; i++) {
        const struct fill *f = &fills.fill[i];
        int64_t before = qty;

        if (!str_eq(f->symbol, symbol)) continue;
        qty += f->side == SIDE_BUY ? f->qty : -f->qty;
        if (before == 0 || (before < 0) != (qty < 0)) {
            *ret_fill = *f;
            found = qty != 0;
        }
    }
    return found && qty != 0;
}

/* Our entry that opened the position, by the ledger; false where somebody else did. */
static bool
opening_entry(struct engine *eng, const struct fill *opened, struct intent *ret_intent)
{
    const struct ledger *l = &eng->seams.ledger;
    struct intents list = {0};
    struct err ignored = {0};

    if (l->intents_since(l->self, opened->at_ns - NS_PER_DAY, &eng->arena, &list, &ignored) !=
        RC_OK)
        return false;
    for (size_t i = 0; i < list.len; i++) {
        if (!str_eq(list.intent[i].broker_id, opened->broker_id)) continue;
        *ret_intent = list.intent[i];
        return list.intent[i].purpose == PURPOSE_ENTRY;
    }
    return false;
}

static bool
is_ours(const struct intents *list, const struct fill *f)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->intent[i].broker_id, f->broker_id)) return true;
    return false;
}

/*
 * The trades made by hand that closed the position: their quantity and proceeds.  False where they
 * do not account for all of it.
 */
static bool
closed_outside(struct engine *eng, const struct position_meta *meta, struct outside_close *ret)
{
    const struct ledger *l = &eng->seams.ledger;
    enum order_side side = order_side_opposite(meta->side);
    struct intents known = {0};
    struct fills fills = {0};
    struct outside_close c = {.at_ns = WHEN_NONE};
    struct err ignored = {0};

    if (meta->record.entered_ns == WHEN_NONE) return false;
    if (l->intents_since(l->self, meta->record.entered_ns - NS_PER_DAY, &eng->arena, &known,
                         &ignored) != RC_OK ||
        l->fills_since(l->self, meta->record.entered_ns, &eng->arena, &fills, &ignored) != RC_OK)
        return false;
    for (size_t i = 0; i < fills.len; i++) {
        const struct fill *f = &fills.fill[i];

        if (!str_eq(f->symbol, meta->symbol) || f->side != side || is_ours(&known, f)) continue;
        c.qty += f->qty;
        c.proceeds = usd_add(c.proceeds, usd_notional(f->price, f->qty));
        c.at_ns = f->at_ns;
        (void)str_copy(c.broker_id, sizeof(c.broker_id), f->broker_id);
    }
    *ret = c;
    return c.qty > 0 && c.qty == meta->qty;
}

static usd
average_cost(const struct position *p)
{
    int64_t qty = p->qty < 0 ? -p->qty : p->qty;

    return qty > 0 ? usd_div_qty(p->cost, qty) : USD_ZERO;
}

static void
say_restored(struct engine *eng, const struct position *p, const struct position_meta *meta)
{
    int64_t age_ns = clock_now(&eng->seams.clock) - meta->record.entered_ns;

    log_event(&eng->seams.log, EV_METADATA_RESTORED, F_SYMBOL(p->symbol), F_I64("qty", p->qty),
              F_STR("side", position_side_name(p->qty < 0 ? POSITION_SHORT : POSITION_LONG)),
              F_USD("entry", meta->record.entry_price), F_USD("current", p->price),
              F_F64("age_min", (double)age_ns / (double)NS_PER_MIN),
              F_F64("entry_score", meta->record.entry_score), F_BOOL("has_metadata", false),
              F_STR("from", meta->recovered_from));
}

/* A position without a record: from the ledger's entry, else from what the broker tells (spec 10
 * R8.2). */
static void
restore(struct engine *eng, const struct position *p)
{
    struct position_meta *meta = metadata_put(&eng->memory.metadata, p->symbol);
    struct intent in;
    struct fill opened;

    if (meta == NULL) return;
    bool has_opened = opening_fill(eng, p->symbol, &opened);
    bool from_ledger = has_opened && opening_entry(eng, &opened, &in);
    meta->record.is_known = true;
    meta->record.entry_price = average_cost(p);
    meta->record.direction = direction_of_qty(p->qty);
    meta->updated_ns = clock_now(&eng->seams.clock);
    meta->record.entered_ns = has_opened ? opened.at_ns : meta->updated_ns;
    meta->side = p->qty < 0 ? SIDE_SELL : SIDE_BUY;
    meta->qty = meta->initial_qty = p->qty < 0 ? -p->qty : p->qty;
    meta->record.targets_len = exit_targets_of(&eng->seams.cfg->strategy, meta->record.target);
    (void)str_copy(meta->recovered_from, sizeof(meta->recovered_from),
                   from_ledger ? "ledger" : "alpaca_reconcile");
    if (from_ledger) {
        struct entry_context c = entry_context_read(in.context, &eng->arena);

        if (in.filled_ns != WHEN_NONE) meta->record.entered_ns = in.filled_ns;
        meta->record.entry_score = c.score;
        (void)str_copy(meta->record.market_regime, sizeof(meta->record.market_regime),
                       c.market_regime);
        (void)str_copy(meta->client_order_id, sizeof(meta->client_order_id), in.order.client_id);
        (void)str_copy(meta->entry_order_id, sizeof(meta->entry_order_id), in.broker_id);
        (void)str_copy(meta->correlation_id, sizeof(meta->correlation_id), c.correlation_id);
        free(meta->components);
        meta->components = strdup(c.components);
    }
    say_restored(eng, p, meta);
    if (!has_opened) log_event(&eng->seams.log, EV_ENTRY_TIME_UNKNOWN, F_SYMBOL(p->symbol));
    if (!(meta->record.entry_score > 0))
        log_event(&eng->seams.log, EV_ZERO_ENTRY_SCORE, F_SYMBOL(p->symbol), F_I64("qty", p->qty));
}

/* Quantity and average price are the broker's; everything else in the record is ours (spec 10 R8.1,
 * R8.5). */
static void
follow_broker(struct position_meta *meta, const struct position *p)
{
    meta->qty = p->qty < 0 ? -p->qty : p->qty;
    meta->side = p->qty < 0 ? SIDE_SELL : SIDE_BUY;
    meta->record.entry_price = average_cost(p);
}

/* ---- what the two lists have apart (spec 10 R8.2) -------------------------------------------- */

struct divergence {
    struct text missing, orphaned; /* JSON arrays of symbols */
    int64_t missing_len, orphaned_len;
};

/* Orders of ours that are in flight explain a difference. */
static void
divergence_find(struct engine *eng, const struct positions *at_broker, struct divergence *ret)
{
    struct metadata *md = &eng->memory.metadata;
    struct json_out missing = {.to = &ret->missing}, orphaned = {.to = &ret->orphaned};

    json_out_arr(&missing, NULL);
    for (size_t i = 0; i < at_broker->len; i++) {
        const char *symbol = at_broker->position[i].symbol;

        if (metadata_find(md, symbol) != NULL || desk_live(&eng->desk, symbol) != NULL) continue;
        json_out_str(&missing, NULL, symbol);
        ret->missing_len++;
    }
    json_out_end(&missing);
    json_out_arr(&orphaned, NULL);
    for (size_t i = 0; i < md->len; i++) {
        const char *symbol = md->position[i].symbol;

        if (positions_find(at_broker, symbol) != NULL || desk_live(&eng->desk, symbol) != NULL)
            continue;
        json_out_str(&orphaned, NULL, symbol);
        ret->orphaned_len++;
    }
    json_out_end(&orphaned);
}

/* One line for the first comparison of a process and for every later one that finds something. */
static void
divergence_record(struct engine *eng, const struct positions *at_broker, const struct divergence *d)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    char date[ISO_TEXT_MAX];
    int64_t now_ns = clock_now(&eng->seams.clock);
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "alpaca_positions", (int64_t)at_broker->len);
    json_out_i64(&o, "local_positions", (int64_t)eng->memory.metadata.len);
    json_out_raw(&o, "missing_in_bot", text_str(&d->missing), d->missing.len);
    json_out_raw(&o, "orphaned_in_bot", text_str(&d->orphaned), d->orphaned.len);
    json_out_bool(&o, "divergence", d->missing_len + d->orphaned_len > 0);
    json_out_i64(&o, "_ts", when_to_s(now_ns));
    json_out_str(&o, "_dt", when_dt(now_ns, date));
    json_out_end(&o);
    /* Observability only: a lost line is said on standard error. */
    (void)!store_append(&eng->seams.store, RECONCILE_LOG_PATH, &line, &ignored);
}

static void
say_divergence(struct engine *eng, const struct positions *at_broker, const struct divergence *d)
{
    const struct log *log = &eng->seams.log;

    if (eng->is_startup_compared && d->missing_len + d->orphaned_len == 0) return;
    divergence_record(eng, at_broker, d);
    if (d->missing_len > 0)
        log_event(log, EV_MISSING_IN_BOT, F_RAW("symbols", text_str(&d->missing)),
                  F_I64("count", d->missing_len));
    if (!eng->is_startup_compared)
        log_event(log, EV_STARTUP_COMPLETE, F_I64("positions", at_broker->len),
                  F_I64("missing_in_bot", d->missing_len),
                  F_I64("orphaned_in_bot", d->orphaned_len));
    eng->is_startup_compared = true;
}

static void
reconcile_metadata(struct engine *eng, const struct positions *at_broker)
{
    struct metadata *md = &eng->memory.metadata;

    for (size_t i = md->len; i > 0; i--) {
        char symbol[SYMBOL_MAX];

        (void)str_copy(symbol, sizeof(symbol), md->position[i - 1].symbol);
        if (positions_find(at_broker, symbol) != NULL || desk_live(&eng->desk, symbol) != NULL)
            continue;
        struct outside_close close;
        bool by_hand = closed_outside(eng, &md->position[i - 1], &close);

        if (by_hand && !engine_record_outside_close(eng, &md->position[i - 1], &close)) continue;
        log_event(&eng->seams.log, EV_METADATA_PURGED, F_SYMBOL(symbol),
                  F_STR("reason", by_hand ? "closed_externally" : "not at the broker"));
        metadata_remove(md, symbol);
    }
    for (size_t i = 0; i < at_broker->len; i++) {
        struct position_meta *meta = metadata_find(md, at_broker->position[i].symbol);

        if (meta != NULL)
            follow_broker(meta, &at_broker->position[i]);
        else if (desk_live(&eng->desk, at_broker->position[i].symbol) == NULL)
            restore(eng, &at_broker->position[i]);
    }
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
        eng->was_reconciled = false;
        return;
    }
    struct divergence apart = {0};
    divergence_find(eng, at_broker, &apart);
    say_divergence(eng, at_broker, &apart);
    text_free(&apart.missing);
    text_free(&apart.orphaned);
    reconcile_metadata(eng, at_broker);
    eng->was_reconciled = true;
    if (eng->mismatches_len == 0 && eng->seams.is_ledger_rebuilt != NULL &&
        eng->seams.is_ledger_rebuilt(eng->seams.ledger_ctx)) {
        eng->seams.ledger_reconciled(eng->seams.ledger_ctx);
        log_event(&eng->seams.log, EV_LEDGER_RECONCILED, F_I64("positions", at_broker->len));
    }
}
