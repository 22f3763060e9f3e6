#include <math.h>

#include "engine/context.h"
#include "engine/engine.h"
#include "telemetry/trades.h"

#define TAIL_BYTES                                                                                 \
    ((size_t)256 << 10) /* where a record of an interrupted settlement would stand                 \
                         */

#define EXECUTION_FAILURES_PATH "state/execution_failures.jsonl"

/* ---- written exactly once, also across a kill ---------------------------------------------- */

/* Whether one line at the end of the log has both keys. */
static bool
tail_contains(const struct engine *eng, const char *path, const char *key, const char *key2)
{
    const struct fs *fs = &eng->seams.fs;
    CLEANUP(text_free) struct text tail = {0};
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, path, &st, &ignored) != RC_OK || !st.exists) return false;
    int64_t from = MAX(0, st.size - (int64_t)TAIL_BYTES);
    if (fs->read_at(fs->self, path, from, TAIL_BYTES, &tail, &ignored) != RC_OK) return false;
    const char *end = text_str(&tail) + tail.len;
    for (const char *line = text_str(&tail), *next = NULL; line < end; line = next) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));

        next = newline == NULL ? end : newline + 1;
        if (memmem(line, (size_t)(next - line), key, strlen(key)) != NULL &&
            memmem(line, (size_t)(next - line), key2, strlen(key2)) != NULL)
            return true;
    }
    return false;
}

/* Appends unless the end of the log has a line with both keys: a process may have died after the
 * append and before the ledger was told. */
static bool
append_once2(struct engine *eng, const char *path, const char *key, const char *key2,
             const struct text *line)
{
    struct err err = {0};

    if (tail_contains(eng, path, key, key2)) return true;
    if (store_append(&eng->seams.store, path, line, &err) == RC_OK) return true;
    log_event(&eng->seams.log, EV_ATTRIBUTION_WRITE_FAILED, F_STR("path", path),
              F_STR("error", err.text));
    return false;
}

static bool
append_once(struct engine *eng, const char *path, const char *key, const struct text *line)
{
    return append_once2(eng, path, key, "", line);
}

static int64_t
fill_time(const struct settled *s)
{
    return s->intent->filled_ns != WHEN_NONE ? s->intent->filled_ns : s->last_ns;
}

/* ---- entries ------------------------------------------------------------------------------- */

/* The intent of an entry says which attempt it is; what came from elsewhere is the first. */
static int
attempt_of(const struct intent *in)
{
    static const char PREFIX[] = "attempt ";
    int64_t n = 0;

    if (strncmp(in->reason, PREFIX, strlen(PREFIX)) != 0) return 1;
    return str_to_i64(in->reason + strlen(PREFIX), &n) && n > 0 && n < 1000 ? (int)n : 1;
}

/* The limit order after the retries (spec 10 R5.38 step 5). */
static bool
is_final_limit(const struct engine *eng, const struct intent *in)
{
    return in->order.type == ORDER_LIMIT &&
           attempt_of(in) > eng->seams.cfg->strategy.entry_max_retries;
}

/* What an attempt came to, before the result of the entry itself (R5.42); once by its id and
 * action. */
static bool
record_attempt(struct engine *eng, const struct settled *s, enum order_action action)
{
    const struct intent *in = s->intent;
    struct order_record r = {.at_ns = clock_now(&eng->seams.clock),
                             .action = action,
                             .symbol = in->order.symbol,
                             .side = in->order.side,
                             .limit = in->order.limit,
                             .filled_price = s->qty > 0 ? usd_div_qty(s->cost, s->qty) : USD_ZERO,
                             .attempt = attempt_of(in),
                             .error = in->note,
                             .error_details = in->reason,
                             .qty = in->order.qty,
                             .reason = in->reason,
                             .client_order_id = in->order.client_id};
    CLEANUP(text_free) struct text line = {0};

    order_record_encode(&r, &line);
    return append_once2(eng, ORDERS_LOG_PATH, in->order.client_id, order_action_name(action),
                        &line);
}

static void
remember_position(struct engine *eng, const struct settled *s, const struct entry_context *c)
{
    const struct intent *in = s->intent;
    struct position_meta *meta = metadata_put(&eng->memory.metadata, in->order.symbol);
    struct symbol_times *times = memory_times(&eng->memory, in->order.symbol);
    usd price = usd_div_qty(s->cost, s->qty);

    times->last_fill_ns = fill_time(s);
    times->cooldown_until_ns = fill_time(s) + eng->seams.cfg->strategy.cooldown_min * NS_PER_MIN;
    if (meta == NULL) return;
    meta->record = (struct position_record){.is_known = true,
                                            .entered_ns = fill_time(s),
                                            .entry_price = price,
                                            .entry_score = c->score,
                                            .direction = c->direction,
                                            .high_water = price,
                                            .low_water = price};
    (void)str_copy(meta->record.market_regime, sizeof(meta->record.market_regime),
                   c->market_regime);
    meta->record.targets_len = exit_targets_of(&eng->seams.cfg->strategy, meta->record.target);
    meta->qty = meta->initial_qty = s->qty;
    meta->side = in->order.side;
    meta->regime_modifier = c->regime_modifier;
    (void)str_copy(meta->ignition, sizeof(meta->ignition), c->ignition);
    (void)str_copy(meta->correlation_id, sizeof(meta->correlation_id), c->correlation_id);
    (void)str_copy(meta->client_order_id, sizeof(meta->client_order_id), in->order.client_id);
    (void)str_copy(meta->entry_order_id, sizeof(meta->entry_order_id), in->broker_id);
    meta->updated_ns = clock_now(&eng->seams.clock);
    free(meta->components);
    meta->components = strdup(c->components);
}

static struct entry_record
entry_record_of(struct engine *eng, const struct settled *s, const struct entry_context *c)
{
    const struct intent *in = s->intent;
    struct regime_snapshot regime = {.regime = c->market_regime};

    return (struct entry_record){
        .at_ns = clock_now(&eng->seams.clock),
        .symbol = in->order.symbol,
        .side = in->order.side,
        .is_filled = true,
        .qty = s->qty,
        .price = usd_div_qty(s->cost, s->qty),
        .entered_ns = fill_time(s),
        .type = in->order.type,
        .limit = in->order.limit,
        .attempt = attempt_of(in),
        .status = "filled",
        .note = in->reason,
        .score = c->score,
        .direction = direction_name(c->direction),
        .gamma_regime = c->direction == DIRECTION_BEARISH ? "negative" : "neutral",
        .market_regime = c->market_regime,
        .components_json = c->components,
        .account_equity = c->equity,
        .position_size = s->cost,
        .correlation_id = c->correlation_id,
        .client_order_id = in->order.client_id,
        .regime = regime,
    };
}

static bool
record_entry(struct engine *eng, const struct settled *s)
{
    struct entry_context c = entry_context_read(s->intent->context, &eng->arena);
    struct entry_record r = entry_record_of(eng, s, &c);
    bool is_limit = r.type == ORDER_LIMIT, is_final = is_final_limit(eng, s->intent);
    CLEANUP(text_free) struct text order = {0};
    CLEANUP(text_free) struct text live = {0};
    CLEANUP(text_free) struct text opened = {0};
    CLEANUP(text_free) struct text attribution = {0};
    CLEANUP(text_free) struct text master = {0};
    char id[TRADE_ID_MAX];

    entry_order_encode(&r, &order);
    entry_live_encode(&r,
                      !is_limit  ? "MARKET_FILLED"
                      : is_final ? "LIMIT_FINAL_FILLED"
                                 : "LIMIT_FILLED",
                      &live);
    entry_portfolio_encode(&r, &opened);
    entry_attribution_encode(&r, &attribution);
    entry_master_encode(&r, &master);
    if (!append_once(eng, MASTER_LOG_PATH, trade_id(r.symbol, r.entered_ns, id), &master) ||
        !append_once(eng, ATTRIBUTION_PATH, r.client_order_id, &attribution) ||
        !record_attempt(eng, s,
                        !is_limit  ? ACTION_SUBMIT_MARKET_FALLBACK
                        : is_final ? ACTION_SUBMIT_LIMIT_FINAL_FILLED
                                   : ACTION_SUBMIT_LIMIT_FILLED) ||
        !append_once2(eng, ORDERS_LOG_PATH, r.client_order_id, "\"status\":", &order))
        return false;
    /* Observability only: a lost line is said on standard error and not asked for again. */
    struct err ignored = {0};
    if (store_append(&eng->seams.store, LIVE_ORDERS_LOG_PATH, &live, &ignored) == RC_OK)
        ignored.code =
            store_append(&eng->seams.store, PORTFOLIO_EVENTS_LOG_PATH, &opened, &ignored);
    if (entry_is_incomplete(&r))
        log_event(&eng->seams.log, EV_ENTRY_METADATA_INCOMPLETE, F_SYMBOL(r.symbol),
                  F_STR("client_order_id", r.client_order_id));
    remember_position(eng, s, &c);
    return true;
}

/* ---- exits --------------------------------------------------------------------------------- */

/* Cost of the closed part, rounded once; the broker's cost of the whole where all of it was closed.
 */
static usd
cost_of_closed(const struct exit_context *c, int64_t qty)
{
    if (c->held_qty <= 0) return USD_ZERO;
    if (qty == c->held_qty) return c->held_cost;
    return usd_notional(usd_div_qty(c->held_cost, c->held_qty), qty);
}

/* The components' "flow"; NaN where they are not known. */
static double
flow_of(const char *components)
{
    CLEANUP(json_freep) struct json *doc = NULL;
    struct err ignored = {0};

    if (components == NULL || json_parse(components, strlen(components), JSON_STRICT,
                                         &JSON_LIMITS_BODY, &doc, &ignored) != RC_OK)
        return (double)NAN;
    return json_f64(doc, "flow", (double)NAN);
}

static const char UNKNOWN_REGIME[] = "unknown";

/* What the record of the position adds to that of its close; meta may be NULL. */
static void
add_entry_facts(const struct engine *eng, const struct position_meta *meta, struct exit_record *r)
{
    enum direction d = r->side == POSITION_LONG ? DIRECTION_BULLISH : DIRECTION_BEARISH;

    r->market_regime = UNKNOWN_REGIME;
    r->flow = (double)NAN;
    r->entry_ny = zone_local(eng->seams.ny, r->entered_ns);
    if (meta != NULL) {
        if (meta->record.direction != DIRECTION_NONE) d = meta->record.direction;
        if (meta->record.market_regime[0] != '\0') r->market_regime = meta->record.market_regime;
        r->components_json = meta->components;
        r->flow = flow_of(meta->components);
        r->entry_order_id = meta->entry_order_id;
        r->correlation_id = meta->correlation_id;
    }
    r->direction = direction_name(d);
    if (!str_eq(r->market_regime, UNKNOWN_REGIME)) r->regime.regime = r->market_regime;
}

static struct exit_record
exit_record_of(struct engine *eng, const struct settled *s, const struct exit_context *c,
               const struct position_meta *meta)
{
    const struct intent *in = s->intent;
    bool was_long = in->order.side == SIDE_SELL;
    struct exit_record r = {
        .at_ns = clock_now(&eng->seams.clock),
        .symbol = in->order.symbol,
        .side = was_long ? POSITION_LONG : POSITION_SHORT,
        .qty = s->qty,
        .entry_qty = c->held_qty,
        .entry_cost = cost_of_closed(c, s->qty),
        .exit_proceeds = s->cost,
        .entered_ns = c->entered_ns != WHEN_NONE ? c->entered_ns : fill_time(s),
        .exited_ns = fill_time(s),
        .entry_score = c->entry_score,
        .close_reason = in->reason,
        .exit_order_id = in->broker_id,
        .type = in->order.type,
        .fraction = c->held_qty > 0 ? (double)s->qty / (double)c->held_qty : 1.0,
    };

    add_entry_facts(eng, meta, &r);
    return r;
}

static bool
write_exit(struct engine *eng, const struct exit_record *r, bool is_part)
{
    CLEANUP(text_free) struct text attribution = {0};
    CLEANUP(text_free) struct text line = {0};
    CLEANUP(text_free) struct text master = {0};
    CLEANUP(text_free) struct text closed = {0};
    char exit_key[TRADE_ID_MAX];
    char iso[ISO_TEXT_MAX];
    char id[TRADE_ID_MAX];

    /* Two positions may be closed in the same instant: the time alone is no key. */
    (void)trade_id(r->symbol, r->entered_ns, id);
    (void)snprintf(exit_key, sizeof(exit_key), "\"exit_ts\":\"%s\"", when_iso(r->exited_ns, iso));
    if (is_part) {
        exit_partial_encode(r, &attribution);
        return append_once(eng, ATTRIBUTION_PATH, r->exit_order_id, &attribution);
    }
    exit_attribution_encode(r, &attribution);
    exit_line_encode(r, &line);
    exit_master_encode(r, &master);
    exit_portfolio_encode(r, &closed);
    if (!append_once2(eng, MASTER_LOG_PATH, exit_key, id, &master) ||
        !append_once2(eng, EXITS_LOG_PATH, exit_key, id, &line) ||
        !append_once(eng, ATTRIBUTION_PATH, r->exit_order_id, &attribution))
        return false;
    struct err ignored = {0};
    ignored.code = store_append(&eng->seams.store, PORTFOLIO_EVENTS_LOG_PATH, &closed, &ignored);
    return true;
}

/* What the record of a close came to, and what was missing in it (R6.32). */
static void
say_attribution(struct engine *eng, const struct exit_record *r)
{
    if (!(r->entry_score > 0))
        log_event(&eng->seams.log, EV_MISSING_ENTRY_SCORE, F_SYMBOL(r->symbol),
                  F_STR("exit_order_id", r->exit_order_id));
    if (str_eq(r->market_regime, UNKNOWN_REGIME))
        log_event(&eng->seams.log, EV_MISSING_MARKET_REGIME, F_SYMBOL(r->symbol),
                  F_STR("exit_order_id", r->exit_order_id));
    log_event(&eng->seams.log, EV_ATTRIBUTION_LOGGED, F_SYMBOL(r->symbol),
              F_USD("pnl_usd", exit_pnl(r)), F_F64("pnl_pct", exit_pnl_pct(r)),
              F_F64("hold_min", exit_hold_minutes(r)), F_STR("reason", r->close_reason));
}

/* The line in orders.jsonl of a close, or of a part that a target took (R5.42). */
static bool
write_exit_order(struct engine *eng, const struct settled *s, const struct exit_record *r,
                 bool is_target)
{
    const struct intent *in = s->intent;
    struct order_record o = {.at_ns = r->at_ns,
                             .action = is_target ? ACTION_SCALE_OUT : ACTION_CLOSE_POSITION,
                             .symbol = r->symbol,
                             .qty = r->qty,
                             .fraction = r->fraction,
                             .reason = r->close_reason,
                             .client_order_id = in->order.client_id};
    CLEANUP(text_free) struct text line = {0};

    order_record_encode(&o, &line);
    return append_once2(eng, ORDERS_LOG_PATH, in->order.client_id, order_action_name(o.action),
                        &line);
}

static void
keep_closed(struct recent_closed *c, double pnl_pct, int64_t at_ns)
{

    if (c->len == COUNT_OF(c->pnl_pct)) {
        memmove(c->pnl_pct, c->pnl_pct + 1, (c->len - 1) * sizeof(c->pnl_pct[0]));
        c->len--;
    }
    c->pnl_pct[c->len++] = pnl_pct;
    c->last_ns = at_ns;
}

static void
take_closed(struct recent_closed *c, const char *line, size_t len)
{
    CLEANUP(json_freep) struct json *record = NULL;
    struct err ignored = {0};

    if (json_parse(line, len, JSON_LOG, &JSON_LIMITS_BODY, &record, &ignored) != RC_OK) return;
    int64_t at_ns = when_parse_or_none(json_str(record, "ts", ""));
    if (!str_starts(json_str(record, "trade_id", ""), "close_") || at_ns == WHEN_NONE) return;
    keep_closed(c, json_f64(record, "pnl_pct", 0), at_ns);
}

/* The trades closed before this process: the last three decide about the score floor, also across a
 * restart. */
void
engine_seed_closed(struct engine *eng)
{
    const struct fs *fs = &eng->seams.fs;
    CLEANUP(text_free) struct text tail = {0};
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, ATTRIBUTION_PATH, &st, &ignored) != RC_OK || !st.exists) return;
    int64_t from = MAX(0, st.size - (int64_t)TAIL_BYTES);
    if (fs->read_at(fs->self, ATTRIBUTION_PATH, from, TAIL_BYTES, &tail, &ignored) != RC_OK) return;
    const char *end = text_str(&tail) + tail.len;
    for (const char *line = text_str(&tail), *newline;
         (newline = memchr(line, '\n', (size_t)(end - line))) != NULL; line = newline + 1)
        take_closed(&eng->closed, line, (size_t)(newline - line));
}

static bool
record_exit(struct engine *eng, const struct settled *s)
{
    struct exit_context c = exit_context_read(s->intent->context);
    struct position_meta *meta = metadata_find(&eng->memory.metadata, s->intent->order.symbol);
    struct exit_record r = exit_record_of(eng, s, &c, meta);
    bool is_part = s->qty < c.held_qty;

    if (!write_exit(eng, &r, is_part) || !write_exit_order(eng, s, &r, c.target >= 0)) return false;
    eng->memory.realised_pnl = usd_add(eng->memory.realised_pnl, exit_pnl(&r));
    memory_times(&eng->memory, r.symbol)->last_fill_ns = r.exited_ns;
    if (is_part && meta != NULL && c.target >= 0 && (size_t)c.target < meta->record.targets_len)
        meta->record.target[c.target].is_hit = true;
    if (!is_part) {
        keep_closed(&eng->closed, exit_pnl_pct(&r), r.exited_ns);
        say_attribution(eng, &r);
    }
    log_event(&eng->seams.log, EV_CLOSE_SUCCESS, F_SYMBOL(r.symbol), F_I64("qty", r.qty),
              F_USD("pnl_usd", exit_pnl(&r)), F_F64("pnl_pct", exit_pnl_pct(&r)),
              F_F64("hold_min", exit_hold_minutes(&r)), F_STR("reason", r.close_reason),
              F_BOOL("is_part", is_part));
    /* Last: the record borrows its texts. */
    if (!is_part) metadata_remove(&eng->memory.metadata, s->intent->order.symbol);
    return true;
}

bool
engine_record_outside_close(struct engine *eng, const struct position_meta *meta,
                            const struct outside_close *c)
{
    bool was_long = meta->side == SIDE_BUY;
    struct exit_record r = {
        .at_ns = clock_now(&eng->seams.clock),
        .symbol = meta->symbol,
        .side = was_long ? POSITION_LONG : POSITION_SHORT,
        .qty = c->qty,
        .entry_qty = meta->qty,
        .entry_cost = usd_notional(meta->record.entry_price, c->qty),
        .exit_proceeds = c->proceeds,
        .entered_ns = meta->record.entered_ns,
        .exited_ns = c->at_ns,
        .entry_score = meta->record.entry_score,
        .close_reason = "closed_externally",
        .exit_order_id = c->broker_id,
        .type = ORDER_MARKET,
        .fraction = 1.0,
    };

    add_entry_facts(eng, meta, &r);
    if (!write_exit(eng, &r, false)) return false;
    eng->memory.realised_pnl = usd_add(eng->memory.realised_pnl, exit_pnl(&r));
    memory_times(&eng->memory, meta->symbol)->last_fill_ns = r.exited_ns;
    keep_closed(&eng->closed, exit_pnl_pct(&r), r.exited_ns);
    say_attribution(eng, &r);
    return true;
}

/* ---- what came to nothing ------------------------------------------------------------------ */

/* An entry order that was refused (spec 10 R5.39). */
static void
say_refused_entry(struct engine *eng, const struct intent *in, enum order_action action)
{
    enum event_id id = action == ACTION_MARKET_FAIL          ? EV_MARKET_FAILED
                       : action == ACTION_LIMIT_FINAL_FAILED ? EV_LIMIT_FINAL_FAILED
                                                             : EV_LIMIT_RETRY_FAILED;
    const struct field fields[] = {F_SYMBOL(in->order.symbol),
                                   F_I64("qty", in->order.qty),
                                   F_STR("side", order_side_name(in->order.side)),
                                   F_USD("limit_price", in->order.limit),
                                   F_STR("client_order_id", in->order.client_id),
                                   F_I64("attempt", attempt_of(in)),
                                   F_NULL("http_status"),
                                   F_STR("error", in->note),
                                   F_NULL("response_body"),
                                   F_END};
    CLEANUP(text_free) struct text line = {0};
    struct json_out o = {.to = &line};
    struct err ignored = {0};

    log_fields(&eng->seams.log, id, fields);
    json_out_obj(&o, NULL);
    json_out_time(&o, "timestamp", clock_now(&eng->seams.clock));
    json_out_str(&o, "symbol", in->order.symbol);
    json_out_str(&o, "failure_type", order_action_name(action));
    json_out_obj(&o, "details");
    fields_write(&o, fields);
    json_out_end(&o);
    json_out_end(&o);
    /* Observability only: a lost line is said on standard error. */
    (void)!store_append(&eng->seams.store, EXECUTION_FAILURES_PATH, &line, &ignored);
}

static enum order_action
action_of_unfilled(const struct engine *eng, const struct intent *in)
{
    bool is_failure = in->state == INTENT_REJECTED || in->state == INTENT_NOT_SENT;
    bool is_final = is_final_limit(eng, in);

    if (in->purpose == PURPOSE_EXIT)
        return exit_context_read(in->context).target >= 0 ? ACTION_SCALE_OUT_FAILED
                                                          : ACTION_CLOSE_POSITION_FAILED;
    if (in->order.type != ORDER_LIMIT) return ACTION_MARKET_FAIL;
    if (is_failure) return is_final ? ACTION_LIMIT_FINAL_FAILED : ACTION_LIMIT_RETRY_FAILED;
    return is_final ? ACTION_LIMIT_FINAL_NOT_FILLED : ACTION_LIMIT_NOT_FILLED;
}

static bool
record_unfilled(struct engine *eng, const struct settled *s)
{
    const struct intent *in = s->intent;
    enum order_action action = action_of_unfilled(eng, in);
    bool is_refused_entry = in->purpose == PURPOSE_ENTRY &&
                            (in->state == INTENT_REJECTED || in->state == INTENT_NOT_SENT);

    if (!record_attempt(eng, s, action)) return false;
    if (is_refused_entry) say_refused_entry(eng, in, action);
    if (in->purpose == PURPOSE_ENTRY &&
        (in->order.type != ORDER_LIMIT || !entries_at_work(&eng->entries, in->order.symbol)))
        log_event(&eng->seams.log, EV_ENTRY_PENDING_CANCELLED, F_SYMBOL(in->order.symbol),
                  F_STR("client_order_id", in->order.client_id), F_STR("status", in->note));
    return true;
}

bool
engine_settled(void *self, const struct settled *s)
{
    struct engine *eng = self;

    if (s->qty == 0) return record_unfilled(eng, s);
    return s->intent->purpose == PURPOSE_ENTRY ? record_entry(eng, s) : record_exit(eng, s);
}
