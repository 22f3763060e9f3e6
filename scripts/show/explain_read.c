#include <math.h>
#include <stdarg.h>

#include "scripts/show/explain.h"

#define GATE_BYTES  ((size_t)4 << 20) /* of each log, from its end */
#define RUN_BYTES   ((size_t)256 << 10)
#define TRADE_BYTES ((size_t)4 << 20)

/* ---- the score ---- */

static void
read_score(struct look *l, struct explain *x)
{
    CLEANUP(json_freep) struct json *entry = look_cache_member(l, x->symbol);
    CLEANUP(json_freep) struct json *scores = view_load(&l->fs, "state/last_scores.json");
    CLEANUP(json_freep)
    struct json *thresholds = view_load(&l->fs, "state/uw_thresholds_hierarchical.json");
    const struct json *last = json_get_obj(scores, x->symbol);

    x->threshold = composite_threshold(thresholds, x->symbol);
    x->has_last_score = last != NULL;
    if (last != NULL) x->last_score = last_score_decode(last);
    x->is_in_cache = entry != NULL && symbol_flow_decode(x->symbol, entry, &x->flow);
    if (!x->is_in_cache) return;
    x->is_stale = symbol_flow_is_stale(&x->flow, l->now_ns);
    enrich(&x->flow, NULL, l->now_ns, &x->enriched);
    composite_v1(&x->enriched, SCORE_REGIME_MIXED, NULL, l->now_ns, &x->composite);
}

/* ---- what stopped it ---- */

static bool
take_gate(void *ctx, const struct json *rec)
{
    struct explain *x = ctx;
    const struct json *details = json_get_obj(rec, "details");
    const char *reason = json_str(details, "reason", ""), *detail = json_str(details, "detail", "");

    if (!str_eq(json_str(rec, "symbol", ""), x->symbol)) return true;
    struct explain_gate *g = &x->gate[x->gates_len++];
    *g = (struct explain_gate){.at_ns = when_parse_or_none(json_str(rec, "ts", "")),
                               .score = json_f64(details, "composite_score", (double)NAN),
                               .number = json_f64(details, "number", (double)NAN),
                               .threshold = json_f64(details, "threshold", (double)NAN)};
    (void)str_copy(g->gate, sizeof(g->gate), json_str(rec, "gate_name", ""));
    (void)str_copy(g->stage, sizeof(g->stage), json_str(details, "stage", ""));
    (void)str_copy(g->direction, sizeof(g->direction), json_str(details, "direction", ""));
    (void)str_copy(g->detail, sizeof(g->detail), detail[0] != '\0' ? detail : reason);
    return x->gates_len < EXPLAIN_GATES;
}

static bool
take_cycle(void *ctx, const struct json *rec)
{
    struct explain *x = ctx;

    if (!json_bool(rec, "market_open", false)) return true;
    x->cycle_ns = when_parse_or_none(json_str(rec, "ts", ""));
    (void)str_copy(x->rung, sizeof(x->rung), json_str(rec, "rung", ""));
    (void)str_copy(x->rung_reason, sizeof(x->rung_reason), json_str(rec, "rung_reason", ""));
    return false;
}

static void PRINTF_LIKE(2, 3) add_halt(struct explain *x, const char *fmt, ...)
{
    va_list args;

    if (x->halts_len == EXPLAIN_HALTS) return;
    va_start(args, fmt);
    (void)vsnprintf(x->halt[x->halts_len++], EXPLAIN_WORDS, fmt, args);
    va_end(args);
}

static void
read_halts(struct look *l, struct explain *x)
{
    CLEANUP(json_freep) struct json *freezes = view_load(&l->fs, "state/governor_freezes.json");
    CLEANUP(json_freep) struct json *quarantine = view_load(&l->fs, "state/quarantine.json");
    struct date today = zone_date(l->ny, l->now_ns);
    struct freezes list = {0};
    struct err ignored = {0};

    if (freezes_decode(freezes, l->ny, &l->arena, &list, &ignored) == RC_OK)
        for (size_t i = 0; i < list.len; i++)
            if (freeze_in_force(&list.freeze[i], today))
                add_halt(x, "all entries are frozen: %s %s", list.freeze[i].key,
                         list.freeze[i].reason);
    for (const struct json *q = json_first(quarantine); q != NULL; q = json_next(q)) {
        const char *symbol = json_str(q, "symbol", "");

        if (json_bool(q, "is_held", false) && (symbol[0] == '\0' || str_eq(symbol, x->symbol)))
            add_halt(x, "the stage %s is left out for %s: it ended the engine %lld times",
                     json_str(q, "stage", ""), symbol[0] == '\0' ? "every symbol" : symbol,
                     (long long)json_i64(q, "count", 0));
    }
}

/* ---- what it holds ---- */

static void
read_record(struct look *l, struct explain *x)
{
    CLEANUP(json_freep) struct json *doc = view_load(&l->fs, "state/position_metadata.json");
    struct metadata *all = calloc(1, sizeof(*all));

    if (all == NULL) return;
    metadata_decode(all, doc);
    const struct position_meta *p = metadata_find(all, x->symbol);
    if (p != NULL) {
        x->has_record = true;
        x->meta = *p;
        x->meta.components = x->meta.others = NULL; /* owned by the list */
    }
    metadata_done(all);
    free(all);
}

static enum structural_regime
regime_now(const struct look *l)
{
    CLEANUP(json_freep) struct json *doc = view_load(&l->fs, "state/regime_detector_state.json");
    const char *word = json_str(doc, "current_regime", "");

    return structural_regime_from(word);
}

/* The exit rules, asked with what the files know; the engine asks them with the broker's prices. */
static void
judge_exit(const struct look *l, struct explain *x)
{
    const struct ledger_position *at = &x->at_ledger;
    struct position held = {.qty = at->qty,
                            .cost = at->cost,
                            .price = x->price,
                            .market_value = usd_notional(x->price, at->qty),
                            .unrealised_fraction = (double)NAN};
    const char *regime = exit_regime_name(regime_now(l));
    struct composite bare;
    struct exit_view view = {
        .held = &held,
        .record = &x->meta.record,
        .last = {.price = x->price, .at_ns = x->price_ns, .is_known = true},
        .exit_regime = regime,
        .now_ns = l->now_ns,
        .is_clock_trusted = true,
        .cfg = &l->cfg.strategy
    };

    (void)str_copy(held.symbol, sizeof(held.symbol), x->symbol);
    if (x->is_in_cache) {
        composite_v1(&x->enriched, score_regime_from(regime), NULL, l->now_ns, &bare);
        view.current_score = bare.score;
        view.current_direction = direction_from(sentiment_direction(bare.sentiment));
    }
    x->verdict = exit_decide(&view);
}

static void
read_position(struct look *l, struct explain *x)
{
    struct ledger_positions list = {0};
    struct err ignored = {0};

    if (l->sql == NULL || l->ledger.positions(l->ledger.self, &l->arena, &list, &ignored) != RC_OK)
        return;
    for (size_t i = 0; i < list.len; i++) {
        if (!str_eq(list.position[i].symbol, x->symbol)) continue;
        x->is_held = true;
        x->at_ledger = list.position[i];
    }
    if (!x->is_held) return;
    read_record(l, x);
    x->has_price = look_price(l, x->symbol, &x->price, &x->price_ns);
    if (x->has_price && x->has_record) judge_exit(l, x);
}

/* ---- orders and trades ---- */

static void
read_orders(struct look *l, struct explain *x)
{
    struct civil midnight = {.date = zone_date(l->ny, l->now_ns)};
    int64_t from_ns = zone_utc(l->ny, &midnight);
    struct intents all = {0};
    struct fills fills = {0};
    struct err ignored = {0};

    if (l->sql == NULL ||
        l->ledger.intents_since(l->ledger.self, from_ns, &l->arena, &all, &ignored) != RC_OK ||
        l->ledger.fills_since(l->ledger.self, from_ns, &l->arena, &fills, &ignored) != RC_OK)
        return;
    x->orders = (struct intents){.intent = all.intent};
    for (size_t i = 0; i < all.len; i++)
        if (str_eq(all.intent[i].order.symbol, x->symbol))
            x->orders.intent[x->orders.len++] = all.intent[i];
    x->fills = (struct fills){.fill = fills.fill};
    for (size_t i = 0; i < fills.len; i++)
        if (str_eq(fills.fill[i].symbol, x->symbol)) x->fills.fill[x->fills.len++] = fills.fill[i];
}

static bool
take_trade(void *ctx, const struct json *rec)
{
    struct explain *x = ctx;
    struct err ignored = {0};
    struct json_in in = {.obj = rec, .err = &ignored};

    if (!str_eq(json_str(rec, "symbol", ""), x->symbol)) return true;
    struct explain_trade *t = &x->trade[x->trades_len++];
    *t = (struct explain_trade){
        .entered_ns = when_parse_or_none(json_str(rec, "entry_ts", "")),
        .exited_ns = when_parse_or_none(json_str(rec, "exit_ts", "")),
        .qty = json_i64(rec, "qty", 0),
        .entry_price = json_opt_usd(&in, "entry_price", USD_ZERO),
        .exit_price = json_opt_usd(&in, "exit_price", USD_ZERO),
        .pnl = json_opt_usd(&in, "pnl_usd", USD_ZERO),
        .pnl_pct = json_f64(rec, "pnl_pct", (double)NAN),
        .hold_min = json_f64(rec, "hold_minutes", (double)NAN),
    };
    (void)str_copy(t->side, sizeof(t->side), json_str(rec, "side", ""));
    (void)str_copy(t->reason, sizeof(t->reason), json_str(rec, "close_reason", ""));
    return x->trades_len < EXPLAIN_TRADES;
}

/* ---- v2 ---- */

static void
read_v2(struct look *l, struct explain *x)
{
    x->v1_score = x->has_last_score ? x->last_score.score : x->composite.score;
    x->has_shadow = shadow_look_open(l, x->symbol, &x->shadow);
    const struct shadow_position *p = shadow_book_find(&x->shadow.book, x->symbol);
    x->is_held_v2 = p != NULL;
    if (p != NULL) shadow_look_state(&x->shadow, p, &x->held_v2);
    if (x->is_in_cache)
        shadow_score_of(l, &x->enriched, x->symbol, &x->composite, x->v1_score, &l->arena, &x->v2);
}

/* ---- public ---- */

bool
explain_read(struct look *l, const char *symbol, struct explain *ret_explain)
{
    struct explain *x = ret_explain;

    *x = (struct explain){.cycle_ns = WHEN_NONE};
    (void)str_copy(x->symbol, sizeof(x->symbol), symbol);
    for (size_t i = 0; i < l->cfg.strategy.tickers.len; i++)
        x->is_configured = x->is_configured || str_eq(l->cfg.strategy.tickers.item[i], symbol);
    read_score(l, x);
    view_tail(&l->fs, "logs/gate_diagnostic.jsonl", GATE_BYTES, take_gate, x);
    view_tail(&l->fs, "logs/run.jsonl", RUN_BYTES, take_cycle, x);
    read_halts(l, x);
    read_position(l, x);
    read_orders(l, x);
    read_v2(l, x);
    view_tail(&l->fs, "logs/exits.jsonl", TRADE_BYTES, take_trade, x);
    return x->is_in_cache || x->is_held || x->gates_len > 0 || x->orders.len > 0 ||
           x->trades_len > 0 || x->is_held_v2 || x->shadow.events_len > 0;
}

void
explain_done(struct explain *x)
{
    symbol_flow_done(&x->flow);
    shadow_look_done(&x->shadow);
}
