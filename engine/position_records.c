#include "engine/context.h"
#include "engine/engine.h"

#define RECONCILE_LOG_PATH  "logs/reconcile.jsonl"
#define RESTORE_LOOKBACK_NS (60 * NS_PER_DAY)
#define POSITIONS_CHECK_NS  (300 * NS_PER_S)

/* ---- where a record comes from ------------------------------------------------------------- */

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

/* ---- the plan: where records and broker are apart (spec 10 R8.2, R8.5) -------------------------
 */

struct apart {
    const char **missing;  /* at the broker, without a record */
    const char **orphaned; /* a record, and nothing at the broker */
    const char **resized;  /* another quantity or side */
    size_t missing_len, orphaned_len, resized_len;
};

static size_t
apart_total(const struct apart *a)
{
    return a->missing_len + a->orphaned_len + a->resized_len;
}

static int64_t
signed_qty(const struct position_meta *meta)
{
    return meta->side == SIDE_BUY ? meta->qty : -meta->qty;
}

/* Orders of ours that are in flight explain a difference. */
static struct apart
find_apart(struct engine *eng, const struct positions *at_broker)
{
    struct metadata *md = &eng->memory.metadata;
    struct apart a = {.missing = ARENA_NEW(&eng->arena, const char *, at_broker->len),
                      .orphaned = ARENA_NEW(&eng->arena, const char *, md->len),
                      .resized = ARENA_NEW(&eng->arena, const char *, at_broker->len)};

    for (size_t i = 0; i < at_broker->len; i++) {
        const struct position *p = &at_broker->position[i];
        const struct position_meta *meta = metadata_find(md, p->symbol);

        if (desk_live(&eng->desk, p->symbol) != NULL) continue;
        if (meta == NULL)
            a.missing[a.missing_len++] = p->symbol;
        else if (signed_qty(meta) != p->qty)
            a.resized[a.resized_len++] = p->symbol;
    }
    for (size_t i = 0; i < md->len; i++) {
        const char *symbol = md->position[i].symbol;

        if (positions_find(at_broker, symbol) == NULL && desk_live(&eng->desk, symbol) == NULL)
            a.orphaned[a.orphaned_len++] = arena_strdup(&eng->arena, symbol);
    }
    return a;
}

static void
list_write(struct json_out *o, const char *key, const char *const *symbol, size_t len)
{
    json_out_arr(o, key);
    for (size_t i = 0; i < len; i++)
        json_out_str(o, NULL, symbol[i]);
    json_out_end(o);
}

/* ---- saying it ----------------------------------------------------------------------------- */

/* One line for the first comparison of a process and for every later one that finds something. */
static void
write_comparison(struct engine *eng, const struct positions *at_broker, const struct apart *a)
{
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    char date[ISO_TEXT_MAX];
    int64_t now_ns = clock_now(&eng->seams.clock);
    struct err ignored = {0};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "alpaca_positions", (int64_t)at_broker->len);
    json_out_i64(&o, "local_positions", (int64_t)eng->memory.metadata.len);
    list_write(&o, "missing_in_bot", a->missing, a->missing_len);
    list_write(&o, "orphaned_in_bot", a->orphaned, a->orphaned_len);
    json_out_bool(&o, "divergence", a->missing_len + a->orphaned_len > 0);
    json_out_i64(&o, "_ts", when_to_s(now_ns));
    json_out_str(&o, "_dt", when_dt(now_ns, date));
    json_out_end(&o);
    /* Observability only: a lost line is said on standard error. */
    (void)!store_append(&eng->seams.store, RECONCILE_LOG_PATH, &line, &ignored);
}

static void
say_comparison(struct engine *eng, const struct positions *at_broker, const struct apart *a)
{
    const struct log *log = &eng->seams.log;

    if (eng->is_startup_compared && a->missing_len + a->orphaned_len == 0) return;
    write_comparison(eng, at_broker, a);
    if (a->missing_len > 0) {
        CLEANUP(text_free) struct text symbols = {0};
        struct json_out o = {.to = &symbols};

        list_write(&o, NULL, a->missing, a->missing_len);
        log_event(log, EV_MISSING_IN_BOT, F_RAW("symbols", text_str(&symbols)),
                  F_I64("count", a->missing_len));
    }
    if (!eng->is_startup_compared)
        log_event(log, EV_STARTUP_COMPLETE, F_I64("positions", at_broker->len),
                  F_I64("missing_in_bot", a->missing_len),
                  F_I64("orphaned_in_bot", a->orphaned_len));
    eng->is_startup_compared = true;
}

/* R8.5: every reconciliation says what it came to. */
static void
say_outcome(struct engine *eng, const struct positions *at_broker, const struct apart *a)
{
    CLEANUP(text_free) struct text plan = {0};
    struct json_out o = {.to = &plan};

    if (apart_total(a) == 0) {
        const struct field fields[] = {F_I64("positions", at_broker->len), F_END};

        log_fields(&eng->seams.log, EV_RECONCILE_CLEAN, fields);
        engine_audit(eng, "reconciliation_clean", fields);
        return;
    }
    json_out_obj(&o, NULL);
    list_write(&o, "missing_in_bot", a->missing, a->missing_len);
    list_write(&o, "orphaned_in_bot", a->orphaned, a->orphaned_len);
    list_write(&o, "quantity_mismatch", a->resized, a->resized_len);
    json_out_end(&o);
    const struct field fields[] = {F_I64("total_diffs", apart_total(a)),
                                   F_RAW("plan", text_str(&plan)), F_END};
    log_fields(&eng->seams.log, EV_RECONCILE_FIXED, fields);
    engine_audit(eng, "autonomous_reconciliation_complete", fields);
}

/* ---- following it -------------------------------------------------------------------------- */

/* A record whose position is gone goes too, once the trades that closed it are on record. */
static void
purge(struct engine *eng, const char *symbol)
{
    struct position_meta *meta = metadata_find(&eng->memory.metadata, symbol);
    struct outside_close close;
    bool by_hand = closed_outside(eng, meta, &close);
    const char *reason = by_hand ? "closed_externally" : "not at the broker";

    if (by_hand && !engine_record_outside_close(eng, meta, &close)) return;
    const struct field fields[] = {F_SYMBOL(symbol), F_STR("reason", reason),
                                   F_I64("qty", meta->qty), F_END};
    log_fields(&eng->seams.log, EV_METADATA_PURGED, fields);
    engine_audit(eng, "orphan_purged", fields);
    metadata_remove(&eng->memory.metadata, symbol);
}

static void
inject(struct engine *eng, const struct position *p)
{
    restore(eng, p);
    const struct position_meta *meta = metadata_find(&eng->memory.metadata, p->symbol);
    if (meta == NULL) return; /* no room for it */
    engine_audit(eng, "missing_injected",
                 (const struct field[]){F_SYMBOL(p->symbol), F_I64("qty", meta->qty),
                                        F_STR("side", order_side_name(meta->side)),
                                        F_USD("entry_price", meta->record.entry_price),
                                        F_F64("entry_score", meta->record.entry_score),
                                        F_STR("from", meta->recovered_from), F_END});
}

static void
resize(struct engine *eng, const struct position *p)
{
    const struct position_meta *meta = metadata_find(&eng->memory.metadata, p->symbol);

    engine_audit(eng, "quantity_reconciled",
                 (const struct field[]){F_SYMBOL(p->symbol), F_I64("bot_qty", signed_qty(meta)),
                                        F_I64("alpaca_qty", p->qty), F_END});
}

static void
follow(struct engine *eng, const struct positions *at_broker, const struct apart *a)
{
    for (size_t i = 0; i < a->orphaned_len; i++)
        purge(eng, a->orphaned[i]);
    for (size_t i = 0; i < a->missing_len; i++)
        inject(eng, positions_find(at_broker, a->missing[i]));
    for (size_t i = 0; i < a->resized_len; i++)
        resize(eng, positions_find(at_broker, a->resized[i]));
    for (size_t i = 0; i < at_broker->len; i++) {
        struct position_meta *meta =
            metadata_find(&eng->memory.metadata, at_broker->position[i].symbol);

        if (meta != NULL) follow_broker(meta, &at_broker->position[i]);
    }
}

void
engine_follow_broker(struct engine *eng, const struct positions *at_broker)
{
    struct apart a = find_apart(eng, at_broker);

    say_comparison(eng, at_broker, &a);
    follow(eng, at_broker, &a);
    say_outcome(eng, at_broker, &a);
}

/* ---- the check beside it (spec 10 R8.6) ------------------------------------------------------ */

static struct positions
positions_seen(struct engine *eng, const struct snapshot *seen)
{
    struct positions list = {.position = ARENA_NEW(&eng->arena, struct position, seen->held_len),
                             .len = seen->held_len};

    for (size_t i = 0; i < list.len; i++)
        list.position[i] = seen->held[i].at_broker;
    return list;
}

/* What the reconciliation of this cycle has left apart, because a record could not be written. */
static void
fix_again(struct engine *eng, const struct positions *at_broker, const struct apart *a,
          struct cycle_positions *c)
{
    CLEANUP(text_free) struct text missing = {0};
    CLEANUP(text_free) struct text orphaned = {0};
    struct json_out added = {.to = &missing}, removed = {.to = &orphaned};

    list_write(&added, NULL, a->missing, a->missing_len);
    list_write(&removed, NULL, a->orphaned, a->orphaned_len);
    log_event(&eng->seams.log, EV_DIVERGENCE_PENDING, F_RAW("missing_in_bot", text_str(&missing)),
              F_RAW("orphaned_in_bot", text_str(&orphaned)),
              F_I64("consecutive_count", c->consecutive));
    follow(eng, at_broker, a);
    struct apart left = find_apart(eng, at_broker);
    c->was_fixed = left.missing_len + left.orphaned_len == 0;
    if (c->was_fixed)
        log_event(&eng->seams.log, EV_DIVERGENCE_FIXED, F_RAW("added", text_str(&missing)),
                  F_RAW("removed", text_str(&orphaned)));
}

struct cycle_positions
engine_check_positions(struct engine *eng, const struct snapshot *seen)
{
    struct cycle_positions c = {0};
    int64_t since_ns = seen->now_ns - eng->positions_checked_ns;

    if (!seen->is_reconciled) {
        c.skipped = seen->are_positions_known ? "not_reconciled" : "broker_unreachable";
        return c;
    }
    if (eng->positions_checked_ns != 0 && since_ns >= 0 && since_ns < POSITIONS_CHECK_NS) {
        c.skipped = "throttled";
        return c;
    }
    eng->positions_checked_ns = seen->now_ns;
    struct positions at_broker = positions_seen(eng, seen);
    struct apart a = find_apart(eng, &at_broker);
    c = (struct cycle_positions){.at_broker = (int64_t)at_broker.len,
                                 .in_bot = (int64_t)eng->memory.metadata.len,
                                 .missing_in_bot = a.missing,
                                 .missing_len = a.missing_len,
                                 .orphaned_in_bot = a.orphaned,
                                 .orphaned_len = a.orphaned_len};
    bool is_apart = a.missing_len + a.orphaned_len > 0;
    eng->positions_apart = is_apart ? eng->positions_apart + 1 : 0;
    c.consecutive = eng->positions_apart;
    if (is_apart) fix_again(eng, &at_broker, &a, &c);
    return c;
}
