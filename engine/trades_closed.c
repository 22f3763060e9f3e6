#include "engine/trades.h"

#include <math.h>

#include "engine/context.h"
#include "telemetry/trades.h"

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
        .entered_ns = c->entered_ns != WHEN_NONE ? c->entered_ns : trades_fill_ns(s),
        .exited_ns = trades_fill_ns(s),
        .entry_score = c->entry_score,
        .close_reason = in->reason,
        .exit_order_id = in->broker_id,
        .type = in->order.type,
        .fraction = c->held_qty > 0 ? (double)s->qty / (double)c->held_qty : 1.0,
    };

    add_entry_facts(eng, meta, &r);
    return r;
}

/* The attribution comes last: a record that has it is whole.  ret_is_news: this process has written
 * it; one before us may have died between the record and the ledger, and what was learnt from the
 * log at the start has it already. */
static bool
write_exit(struct engine *eng, const struct exit_record *r, bool is_part, bool *ret_is_news)
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
    *ret_is_news = !trades_has_line(eng, ATTRIBUTION_PATH, r->exit_order_id, "");
    if (is_part) {
        exit_partial_encode(r, &attribution);
        return !*ret_is_news || trades_append(eng, ATTRIBUTION_PATH, &attribution);
    }
    exit_attribution_encode(r, &attribution);
    exit_line_encode(r, &line);
    exit_master_encode(r, &master);
    exit_portfolio_encode(r, &closed);
    if (!trades_append_once(eng, MASTER_LOG_PATH, exit_key, id, &master) ||
        !trades_append_once(eng, EXITS_LOG_PATH, exit_key, id, &line) ||
        (*ret_is_news && !trades_append(eng, ATTRIBUTION_PATH, &attribution)))
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
    return trades_append_once(eng, ORDERS_LOG_PATH, in->order.client_id,
                              order_action_name(o.action), &line);
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
    int64_t from = MAX(0, st.size - (int64_t)TRADES_TAIL_BYTES);
    if (fs->read_at(fs->self, ATTRIBUTION_PATH, from, TRADES_TAIL_BYTES, &tail, &ignored) != RC_OK)
        return;
    const char *end = text_str(&tail) + tail.len;
    for (const char *line = text_str(&tail), *newline;
         (newline = memchr(line, '\n', (size_t)(end - line))) != NULL; line = newline + 1)
        take_closed(&eng->closed, line, (size_t)(newline - line));
}

bool
trades_record_exit(struct engine *eng, const struct settled *s)
{
    struct exit_context c = exit_context_read(s->intent->context);
    struct position_meta *meta = metadata_find(&eng->memory.metadata, s->intent->order.symbol);
    struct exit_record r = exit_record_of(eng, s, &c, meta);
    bool is_part = s->qty < c.held_qty;
    bool is_news = false;

    if (!write_exit_order(eng, s, &r, c.target >= 0) || !write_exit(eng, &r, is_part, &is_news))
        return false;
    if (is_news) eng->memory.realised_pnl = usd_add(eng->memory.realised_pnl, exit_pnl(&r));
    memory_times(&eng->memory, r.symbol)->last_fill_ns = r.exited_ns;
    memory_times(&eng->memory, r.symbol)->closes_refused = 0;
    if (is_part && meta != NULL && c.target >= 0 && (size_t)c.target < meta->record.targets_len)
        meta->record.target[c.target].is_hit = true;
    if (is_part && meta != NULL) meta->qty -= MIN(s->qty, meta->qty);
    if (!is_part) {
        if (is_news) keep_closed(&eng->closed, exit_pnl_pct(&r), r.exited_ns);
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
    bool is_news = false;
    if (!write_exit(eng, &r, false, &is_news)) return false;
    if (is_news) eng->memory.realised_pnl = usd_add(eng->memory.realised_pnl, exit_pnl(&r));
    memory_times(&eng->memory, meta->symbol)->last_fill_ns = r.exited_ns;
    if (is_news) keep_closed(&eng->closed, exit_pnl_pct(&r), r.exited_ns);
    say_attribution(eng, &r);
    return true;
}
