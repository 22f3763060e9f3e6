#include <math.h>

#include "engine/context.h"
#include "engine/engine.h"

#define CLOCK_STEP_NS                                                                              \
    (30 * NS_PER_S) /* a difference beyond this between wall and monotonic time is a step          \
                     */

/* ---- time ---------------------------------------------------------------------------------- */

static void
gather_time(struct engine *eng, struct snapshot *s)
{
    const struct clock *c = &eng->seams.clock;
    int64_t mono_ns = clock_mono(c);

    s->now_ns = clock_now(c);
    s->ny_date = zone_date(eng->seams.ny, s->now_ns);
    s->session_open_ns = calendar_session_at(eng->seams.ny, s->now_ns).open_ns;
    s->is_clock_trusted = true;
    if (eng->last_mono_ns != 0) {
        /* Real durations: wall time may be paced. */
        int64_t step_ns =
            clock_real(c, s->now_ns - eng->last_now_ns) - (mono_ns - eng->last_mono_ns);

        s->is_clock_trusted = llabs(step_ns) <= clock_real(c, CLOCK_STEP_NS);
        if (!s->is_clock_trusted)
            log_event(&eng->seams.log, EV_CLOCK_MOVED, F_I64("step_ms", step_ns / NS_PER_MS));
    }
    eng->last_now_ns = s->now_ns;
    eng->last_mono_ns = mono_ns;
}

static void
gather_market_clock(struct engine *eng, struct snapshot *s)
{
    struct market_clock mc = {0};
    struct err err = {0};

    if (eng->seams.cfg->engine.simulate_market_open) {
        s->is_market_open = true;
        return;
    }
    if (eng->seams.broker.clock(eng->seams.broker.self, &mc, &err) == RC_OK) {
        bool ours = calendar_phase(eng->seams.ny, s->now_ns) == PHASE_OPEN;

        s->is_market_open = mc.is_open;
        if (ours != mc.is_open)
            log_event(&eng->seams.log, EV_CALENDAR_DISAGREES, F_BOOL("broker_open", mc.is_open),
                      F_BOOL("rule_open", ours));
        return;
    }
    log_event(&eng->seams.log, EV_ALPACA_CLOCK_FAILED, F_STR("error", err.text));
    s->is_market_open = calendar_phase(eng->seams.ny, s->now_ns) == PHASE_OPEN;
}

/* ---- the broker ---------------------------------------------------------------------------- */

static void
gather_account(struct engine *eng, struct snapshot *s)
{
    struct err err = {0};

    engine_at(eng, STAGE_GATHER_ACCOUNT, NULL);
    if (eng->seams.broker.account(eng->seams.broker.self, &s->account, &err) == RC_OK &&
        s->account.equity.e4 > 0)
        s->is_account_known = true;
    else
        engine_error(eng, "broker", "account", &err);
}

static struct last_trade
last_from_record(const struct position *p)
{
    return (struct last_trade){.price = p->price, .at_ns = WHEN_NONE, .is_known = p->price.e4 > 0};
}

static void
fill_held(struct engine *eng, const struct snapshot *s, struct held *h)
{
    const struct position_meta *meta = metadata_find(&eng->memory.metadata, h->at_broker.symbol);
    const struct flow_entry *cached = flow_table_find(&eng->flow, h->at_broker.symbol);
    const struct intent *live = desk_live(&eng->desk, h->at_broker.symbol);
    const struct symbol_times *times = memory_times_find(&eng->memory, h->at_broker.symbol);
    enum score_regime regime = score_regime_from(exit_regime_name(eng->memory.regime.regime));

    if (meta != NULL) h->record = meta->record;
    if (meta == NULL) h->record.entered_ns = WHEN_NONE;
    h->last = last_from_record(&h->at_broker);
    h->in_cache = cached != NULL;
    if (!flow_table_is_readable(&eng->flow)) h->exit_score = h->mixed_score = (double)NAN;
    if (cached != NULL) {
        h->exit_score = score_of(&eng->flow, h->at_broker.symbol, regime, s->now_ns);
        h->mixed_score = score_of(&eng->flow, h->at_broker.symbol, SCORE_REGIME_MIXED, s->now_ns);
        h->sentiment = direction_from(sentiment_direction(cached->flow.sentiment));
    }
    h->has_pending_close = live != NULL && live->purpose == PURPOSE_EXIT;
    h->is_quarantined = quarantine_holds(&eng->quarantine, STAGE_EXIT, h->at_broker.symbol);
    h->displaced_ns = times != NULL ? times->displaced_ns : WHEN_NONE;
}

/* Whether the ledger itself answers: what stopped the desk may have been the broker. */
static bool
is_ledger_readable(struct engine *eng)
{
    const struct ledger *l = &eng->seams.ledger;
    struct intents live = {0};
    struct err ignored = {0};

    return l->live_intents(l->self, &eng->arena, &live, &ignored) == RC_OK;
}

/* Once a process; the comparison is made in the first cycle that can. */
static void
say_startup_failed(struct engine *eng, const struct err *err)
{
    if (eng->is_startup_compared || eng->is_startup_failure_said) return;
    eng->is_startup_failure_said = true;
    log_event(&eng->seams.log, EV_STARTUP_FAILED, F_STR("error", err->text));
}

static void
gather_positions(struct engine *eng, struct snapshot *s)
{
    struct positions list = {0};
    struct err err = {0};

    engine_at(eng, STAGE_RECONCILE, NULL);
    /* First what became of our orders, then what the broker holds: a fill between the two is at
     * worst one too many at the broker, which the next cycle explains. */
    bool ticked = desk_tick(&eng->desk, &err) == RC_OK;
    if (!ticked) engine_error(eng, "reconcile", "orders", &err);
    s->is_ledger_usable = ticked || is_ledger_readable(eng);
    s->is_pending_known = s->is_ledger_usable;
    if (eng->seams.broker.positions(eng->seams.broker.self, &eng->arena, &list, &err) != RC_OK) {
        engine_error(eng, "broker", "positions", &err);
        /* R6.1: without the broker's word nothing is closed. */
        log_event(&eng->seams.log, EV_LIST_POSITIONS_ERROR, F_STR("error", err.text));
        say_startup_failed(eng, &err);
        return;
    }
    s->are_positions_known = list.len <= POSITIONS_MAX;
    if (ticked) engine_reconcile(eng, &list);
    s->is_reconciled = ticked && eng->was_reconciled;
    s->held = ARENA_NEW(&eng->arena, struct held, list.len);
    s->held_len = MIN(list.len, (size_t)POSITIONS_MAX);
    for (size_t i = 0; i < s->held_len; i++)
        s->held[i].at_broker = list.position[i];
}

static void
gather_pending(struct engine *eng, struct snapshot *s)
{
    s->pending = ARENA_NEW(&eng->arena, struct pending_entry, eng->desk.live.len);
    for (size_t i = 0; i < eng->desk.live.len && s->pending_len < PENDING_MAX; i++) {
        const struct intent *in = &eng->desk.live.intent[i];
        struct pending_entry *p = &s->pending[s->pending_len];

        if (in->purpose != PURPOSE_ENTRY) continue;
        (void)str_copy(p->symbol, SYMBOL_MAX, in->order.symbol);
        p->side = in->order.side;
        p->qty = in->order.qty - in->filled_qty;
        /* A market order counts with the price it was decided at: it is exposure too. */
        p->price = in->order.type == ORDER_LIMIT ? in->order.limit
                                                 : entry_context_read(in->context, &eng->arena).ref;
        s->pending_len++;
    }
    if (s->pending_len == PENDING_MAX) s->is_pending_known = false; /* there may be more */
}

/* ---- the market ---------------------------------------------------------------------------- */

static bool
begin_scoring(void *ctx, const struct flow_entry *e)
{
    struct engine *eng = ctx;

    (void)quarantine_data_changed(&eng->quarantine, e->flow.symbol, e->hash);
    if (quarantine_holds(&eng->quarantine, STAGE_SCORE, e->flow.symbol)) return false;
    flight_data(eng->seams.flight, e->hash);
    flight_at(eng->seams.flight, STAGE_SCORE, e->flow.symbol);
    return true;
}

static void
gather_scores(struct engine *eng, int64_t now_ns)
{
    engine_at(eng, STAGE_READ_CACHE, NULL);
    (void)flow_table_refresh(&eng->flow, &eng->seams.fs, &eng->seams.store, &eng->seams.log);
    engine_at(eng, STAGE_SCORE, NULL);
    eng->scores = score_all(&eng->flow, &eng->memory.tide, eng->memory.thresholds, now_ns,
                            begin_scoring, eng, &eng->arena);
    log_event(&eng->seams.log, EV_DATA_SOURCE_CACHE_MODE, F_I64("cache_symbols", eng->flow.symbols),
              F_I64("api_calls", 0), F_BOOL("stale_data_used", eng->scores.stale_with_alerts > 0),
              F_I64("stale_count", eng->scores.stale),
              F_I64("fresh_count", eng->flow.symbols - eng->scores.stale));
    if (eng->scores.stale_with_alerts > 0)
        log_event(&eng->seams.log, EV_UW_CACHE_DEGRADED,
                  F_I64("stale_tickers", eng->scores.stale_with_alerts),
                  F_I64("fresh_tickers", eng->flow.symbols - eng->scores.stale));
}

static void
tell_gate(const struct scored *sc, struct candidate *c)
{
    c->composite.is_refused = sc->gate.gate != COMPOSITE_GATE_PASS;
    c->composite.gate = composite_gate_name(sc->gate.gate);
    c->composite.number = sc->gate.number;
    c->composite.threshold = sc->gate.threshold;
}

static void
fill_candidate(struct engine *eng, const struct scored *sc, struct candidate *c)
{
    const struct symbol_times *times = memory_times_find(&eng->memory, sc->entry->flow.symbol);

    (void)str_copy(c->symbol, SYMBOL_MAX, sc->entry->flow.symbol);
    c->direction = direction_from(sentiment_direction(sc->entry->flow.sentiment));
    c->composite_score = sc->score;
    c->toxicity = sc->composite.toxicity;
    c->conviction = sc->entry->flow.has_conviction ? sc->entry->flow.conviction : (double)NAN;
    tell_gate(sc, c);
    c->is_quarantined = quarantine_holds(&eng->quarantine, STAGE_ENTRY, c->symbol);
    c->is_frozen = engine_is_frozen(eng, c->symbol);
    c->is_frozen_by_operator = control_frozen_find(&eng->memory.control, c->symbol) != NULL;
    c->momentum.data = MOMENTUM_ERROR;
    c->cooldown_until_ns = times != NULL ? times->cooldown_until_ns : WHEN_NONE;
    c->last_fill_ns = times != NULL ? times->last_fill_ns : WHEN_NONE;
}

/*
 * Asks the market about one symbol that passed the gate so far, and the gate's last two rules;
 * false when the budget of requests is used up.
 */
static bool
ask_market(struct engine *eng, struct scored *sc, struct candidate *c)
{
    const struct strategy_config *cfg = &eng->seams.cfg->strategy;
    struct market_view view = {0};
    struct enriched enriched;
    struct err err = {0};

    engine_at(eng, STAGE_GATHER_MARKET, c->symbol);
    enum rc rc = market_ask(&eng->market, c, &eng->arena, &view, &err);
    if (rc == RC_BUSY) {
        log_event(&eng->seams.log, EV_MARKET_BUDGET, F_SYMBOL(c->symbol), F_STR("error", err.text));
        return false;
    }
    if (rc != RC_OK) engine_error(eng, "market", "market_ask", &err);
    enrich(&sc->entry->flow, NULL, eng->last_now_ns, &enriched);
    struct composite_gate_market m = {.price = view.price,
                                      .ema20 = view.ema20,
                                      .atr20 = view.atr20,
                                      .is_exhaustion_on = cfg->exhaustion_gate,
                                      .is_wall_on = cfg->gamma_wall_gate};
    sc->gate = composite_gate_market(&enriched, sc->score, &m);
    tell_gate(sc, c);
    return true;
}

static int
by_score(const void *x, const void *y)
{
    const struct scored *a = *(struct scored *const *)x;
    const struct scored *b = *(struct scored *const *)y;

    if (a->score < b->score) return 1;
    if (a->score > b->score) return -1;
    return strcmp(a->entry->flow.symbol, b->entry->flow.symbol);
}

/* The best ones first: the budget of requests may not reach for all. */
static void
gather_candidates(struct engine *eng, struct snapshot *s)
{
    struct scores *list = &eng->scores;
    struct scored **best = ARENA_NEW(&eng->arena, struct scored *, list->len);
    size_t passing = 0;

    s->candidate = ARENA_NEW(&eng->arena, struct candidate, list->len);
    s->candidates_len = list->len;
    for (size_t i = 0; i < list->len; i++) {
        fill_candidate(eng, &list->scored[i], &s->candidate[i]);
        if (list->scored[i].gate.gate == COMPOSITE_GATE_PASS) best[passing++] = &list->scored[i];
    }
    if (passing > 1) qsort(best, passing, sizeof(struct scored *), by_score);
    for (size_t i = 0; i < passing && i < MARKET_SYMBOLS_MAX; i++)
        if (!ask_market(eng, best[i], &s->candidate[best[i] - list->scored])) return;
}

/* The broker's minute bars, looked at now and then whether or not a candidate needs them.  In the
 * first minutes of a session the newest ones may rightly be of the day before. */
static void
probe_bars(struct engine *eng, const struct snapshot *s)
{
    int64_t settled_ns = eng->seams.cfg->strategy.bar_stale_max_age_min * NS_PER_MIN;
    struct err err = {0};

    if (s->now_ns - s->session_open_ns < settled_ns) return;
    enum rc rc = market_probe_bars(&eng->market, &eng->arena, &err);

    /* A budget that is used up is said where it keeps a candidate from being asked about. */
    if (rc != RC_OK && rc != RC_BUSY) engine_error(eng, "market_check", "bar_probe", &err);
}

static enum direction
spy_direction(const struct engine *eng, bool *ret_has_spy)
{
    const struct flow_entry *spy = flow_table_find(&eng->flow, "SPY");

    *ret_has_spy = spy != NULL;
    return spy != NULL ? direction_from(sentiment_direction(spy->flow.sentiment)) : DIRECTION_NONE;
}

/* A document that an operator keeps; NULL where there is none, or none that can be read. */
static struct json *
operators_file(struct engine *eng, const char *path)
{
    const size_t bytes_max = 1 << 20;
    const struct fs *fs = &eng->seams.fs;
    CLEANUP(text_free) struct text bytes = {0};
    struct json *doc = NULL;
    struct fs_stat st = {0};
    struct err err = {0};

    if (fs->stat(fs->self, path, &st, &err) != RC_OK || !st.exists) return NULL;
    if (fs->read_all(fs->self, path, bytes_max, &bytes, &err) == RC_OK &&
        json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_BODY, &doc, &err) ==
            RC_OK &&
        json_is_object(doc))
        return doc;
    json_free(doc);
    log_event(&eng->seams.log, EV_OPERATORS_FILE_UNUSABLE, F_STR("path", path),
              F_STR("error", err.text[0] != '\0' ? err.text : "not an object"));
    return NULL;
}

/* How orders are routed, and the yields (spec 10 R5.35, C.4): read anew, so that a change counts
 * without a restart. */
static void
gather_operators_files(struct engine *eng, struct snapshot *s)
{
    CLEANUP(json_freep) struct json *router = operators_file(eng, "config/execution_router.json");
    CLEANUP(json_freep) struct json *macro = operators_file(eng, "state/macro_gate_state.json");

    s->route_rule = entry_route_rule(router, s->market_regime);
    s->macro.yield_pct = json_f64(macro, "current_yield", (double)NAN);
    s->macro.is_rising = str_eq(json_str(macro, "yield_trend", ""), "RISING");
    s->macro.is_known = macro != NULL;
}

static void
gather_regime(struct engine *eng, struct snapshot *s)
{
    struct market_regime_inputs in = {.net_premium = eng->flow.net_premium};

    market_regime_refresh(&eng->market, &eng->memory.regime, &eng->arena);
    in.spy = spy_direction(eng, &in.has_spy);
    s->market_regime = market_regime(&in);
    s->structural_regime = eng->memory.regime.regime;
    gather_operators_files(eng, s);
    log_event(&eng->seams.log, EV_MARKET_REGIME, F_STR("regime", s->market_regime),
              F_F64("spy_vol_20d", in.has_spy ? 0.2 : 0.0),
              F_F64("net_premium_index", in.net_premium),
              F_I64("gamma_sign", in.spy == DIRECTION_BEARISH ? -1 : 1));
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void
gather_performance(struct engine *eng, struct snapshot *s)
{
    bool was_frozen = eng->performance.verdict.is_frozen;

    s->performance = performance_look(&eng->performance, &eng->seams.fs, s->arm.mode, s->now_ns);
    const struct performance_verdict *v = &s->performance;
    if (v->is_frozen && !was_frozen)
        log_event(&eng->seams.log, EV_PERFORMANCE_FREEZE, F_I64("trades_30d", v->trades_30d),
                  F_F64("win_rate_30d", v->win_rate_30d), F_F64("pnl_usd_30d", v->pnl_usd_30d),
                  F_I64("trades_2d", v->trades_2d), F_F64("win_rate_2d", v->win_rate_2d),
                  F_F64("pnl_usd_2d", v->pnl_usd_2d));
}

/* The minimum score, raised after three losses in a row (spec 10 R5.26). */
static void
gather_score_floor(struct engine *eng, int64_t now_ns)
{
    double before = eng->memory.floor.adjustment;
    struct score_floor after = score_floor_after(&eng->memory.floor, eng->closed.pnl_pct,
                                                 eng->closed.len, eng->closed.last_ns, now_ns);

    eng->memory.floor = after;
    if (after.adjustment > before || after.adjustment < before)
        log_event(&eng->seams.log,
                  after.adjustment > before ? EV_THRESHOLD_RAISED : EV_THRESHOLD_RESET,
                  F_F64("adjustment", after.adjustment), F_F64("before", before),
                  F_I64("consecutive_losses", after.consecutive_losses));
}

static void
gather_memory(struct engine *eng, struct snapshot *s)
{
    const struct memory *m = &eng->memory;

    memory_sync(&eng->memory, &eng->seams.fs, &eng->seams.store, &eng->seams.log, s->now_ns);
    gather_score_floor(eng, s->now_ns);
    s->freezes = m->freezes;
    s->control = m->control.level;
    s->marks = m->marks;
    s->stage = m->stage;
    s->exploration_used = date_cmp(m->exploration_date, s->ny_date) == 0 ? m->exploration_used : 0;
    s->score_adjustment = m->floor.adjustment;
    s->starting_equity = eng->seams.cfg->strategy.starting_equity;
    s->themes = eng->seams.themes;
    s->arm = arm_check(&eng->seams.cfg->broker);
    gather_performance(eng, s);
    s->is_self_test_ok = eng->is_self_test_ok;
    s->is_fenced = eng->seams.is_fenced != NULL && eng->seams.is_fenced(eng->seams.fence_ctx);
    s->is_entries_quarantined = quarantine_holds(&eng->quarantine, STAGE_ENTRY, "");
}

void
engine_gather(struct engine *eng, struct snapshot *ret_seen)
{
    struct snapshot s = {0};

    engine_at(eng, STAGE_GATHER_ACCOUNT, NULL);
    gather_time(eng, &s);
    gather_memory(eng, &s);
    gather_market_clock(eng, &s);
    gather_account(eng, &s);
    gather_positions(eng, &s);
    gather_pending(eng, &s);
    eng->scores = (struct scores){0};
    if (s.is_market_open) {
        gather_scores(eng, s.now_ns);
        gather_regime(eng, &s);
        gather_candidates(eng, &s);
        probe_bars(eng, &s); /* last: what a candidate needs goes first */
    }
    for (size_t i = 0; i < s.held_len; i++)
        fill_held(eng, &s, &s.held[i]);
    *ret_seen = s;
}
