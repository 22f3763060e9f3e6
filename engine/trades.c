#include "engine/trades.h"

#include "engine/context.h"
#include "telemetry/trades.h"

#define EXECUTION_FAILURES_PATH "state/execution_failures.jsonl"

enum { CLOSE_ATTEMPTS = 3 }; /* refused in a row: said as grave (spec 10 R6.18 step 7) */

/* ---- written exactly once, also across a kill ---------------------------------------------- */

bool
trades_has_line(const struct engine *eng, const char *path, const char *key, const char *key2)
{
    const struct fs *fs = &eng->seams.fs;
    CLEANUP(text_free) struct text tail = {0};
    struct fs_stat st = {0};
    struct err ignored = {0};

    if (fs->stat(fs->self, path, &st, &ignored) != RC_OK || !st.exists) return false;
    int64_t from = MAX(0, st.size - (int64_t)TRADES_TAIL_BYTES);
    if (fs->read_at(fs->self, path, from, TRADES_TAIL_BYTES, &tail, &ignored) != RC_OK)
        return false;
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

bool
trades_append(struct engine *eng, const char *path, const struct text *line)
{
    struct err err = {0};

    if (store_append(&eng->seams.store, path, line, &err) == RC_OK) return true;
    log_event(&eng->seams.log, EV_ATTRIBUTION_WRITE_FAILED, F_STR("path", path),
              F_STR("error", err.text));
    return false;
}

bool
trades_append_once(struct engine *eng, const char *path, const char *key, const char *key2,
                   const struct text *line)
{
    return trades_has_line(eng, path, key, key2) || trades_append(eng, path, line);
}

int64_t
trades_fill_ns(const struct settled *s)
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
    return trades_append_once(eng, ORDERS_LOG_PATH, in->order.client_id, order_action_name(action),
                              &line);
}

static void
remember_position(struct engine *eng, const struct settled *s, const struct entry_context *c)
{
    const struct intent *in = s->intent;
    struct position_meta *meta = metadata_put(&eng->memory.metadata, in->order.symbol);
    struct symbol_times *times = memory_times(&eng->memory, in->order.symbol);
    usd price = usd_div_qty(s->cost, s->qty);

    times->last_fill_ns = trades_fill_ns(s);
    times->cooldown_until_ns =
        trades_fill_ns(s) + eng->seams.cfg->strategy.cooldown_min * NS_PER_MIN;
    if (meta == NULL) return;
    meta->record = (struct position_record){.is_known = true,
                                            .entered_ns = trades_fill_ns(s),
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
        .entered_ns = trades_fill_ns(s),
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
    if (!trades_append_once(eng, MASTER_LOG_PATH, trade_id(r.symbol, r.entered_ns, id), "",
                            &master) ||
        !trades_append_once(eng, ATTRIBUTION_PATH, r.client_order_id, "", &attribution) ||
        !record_attempt(eng, s,
                        !is_limit  ? ACTION_SUBMIT_MARKET_FALLBACK
                        : is_final ? ACTION_SUBMIT_LIMIT_FINAL_FILLED
                                   : ACTION_SUBMIT_LIMIT_FILLED) ||
        !trades_append_once(eng, ORDERS_LOG_PATH, r.client_order_id, "\"status\":", &order))
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
    engine_replacement_over(eng, s->intent, false);
    return true;
}

/* ---- what came to nothing ------------------------------------------------------------------ */

/* An entry order that was refused (spec 10 R5.39).  Status and body are null where a guard of ours
 * refused it, where the broker did so after it had accepted it, and after a restart: they are what
 * was answered to the submission, and nothing else. */
static void
say_refused_entry(struct engine *eng, const struct intent *in, enum order_action action)
{
    enum event_id id = action == ACTION_MARKET_FAIL          ? EV_MARKET_FAILED
                       : action == ACTION_LIMIT_FINAL_FAILED ? EV_LIMIT_FINAL_FAILED
                                                             : EV_LIMIT_RETRY_FAILED;
    const struct refused_order *answer =
        eng->seams.refused != NULL ? refusals_find(eng->seams.refused, in->order.client_id) : NULL;
    const struct field fields[] = {
        F_SYMBOL(in->order.symbol),
        F_I64("qty", in->order.qty),
        F_STR("side", order_side_name(in->order.side)),
        in->order.type == ORDER_LIMIT ? F_USD("limit_price", in->order.limit)
                                      : F_NULL("limit_price"),
        F_STR("client_order_id", in->order.client_id),
        F_I64("attempt", attempt_of(in)),
        answer != NULL ? F_I64("http_status", answer->http_status) : F_NULL("http_status"),
        F_STR("error", in->note),
        F_STR("response_body", answer != NULL ? answer->body : NULL),
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

static void
count_refused_close(struct engine *eng, const struct intent *in)
{
    struct symbol_times *times = memory_times(&eng->memory, in->order.symbol);

    if (in->state != INTENT_REJECTED && in->state != INTENT_NOT_SENT) return;
    times->closes_refused++;
    if (times->closes_refused % CLOSE_ATTEMPTS == 0)
        log_event(&eng->seams.log, EV_CLOSE_ALL_FAILED, F_SYMBOL(in->order.symbol),
                  F_I64("attempts", times->closes_refused), F_STR("reason", in->reason),
                  F_STR("error", in->note));
}

/* No further attempt follows. */
static void
end_of_entry(struct engine *eng, const struct intent *in, bool is_refused)
{
    log_event(&eng->seams.log, EV_ENTRY_PENDING_CANCELLED, F_SYMBOL(in->order.symbol),
              F_STR("client_order_id", in->order.client_id), F_STR("status", in->note));
    engine_replacement_over(eng, in, is_refused);
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
    if (in->purpose == PURPOSE_EXIT) count_refused_close(eng, in);
    if (in->purpose == PURPOSE_ENTRY &&
        (in->order.type != ORDER_LIMIT || !entries_at_work(&eng->entries, in->order.symbol)))
        end_of_entry(eng, in, is_refused_entry);
    return true;
}

/*
 * Before the ledger calls the order settled: a target that was taken, a cooldown, a position's
 * record would be lost with a process that dies before the end of its cycle, and the target would
 * be taken again.
 */
static void
keep_memory(struct engine *eng)
{
    static const enum memory_file FILES[] = {MEMORY_METADATA, MEMORY_TRADING_STATE};
    const struct engine_seams *s = &eng->seams;

    for (size_t i = 0; i < COUNT_OF(FILES); i++)
        memory_flush_one(&eng->memory, FILES[i], &s->fs, &s->store, &s->log, clock_now(&s->clock));
}

bool
engine_settled(void *self, const struct settled *s)
{
    struct engine *eng = self;

    if (s->qty == 0) return record_unfilled(eng, s);
    bool is_recorded =
        s->intent->purpose == PURPOSE_ENTRY ? record_entry(eng, s) : trades_record_exit(eng, s);
    if (is_recorded) keep_memory(eng);
    return is_recorded;
}
