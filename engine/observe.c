#include "engine/context.h"
#include "engine/engine.h"

#include "strategy/clusters.h"
#include "strategy/composite_json.h"
#include "telemetry/trades.h"

/* ---- scores -------------------------------------------------------------------------------- */

static void
keep_scores(struct engine *eng, const struct snapshot *seen)
{
    CLEANUP(text_free) struct text json = {0};
    static const struct store_spec SPEC = {.path = "state/last_scores.json", .default_json = "{}"};
    struct json_out o = {.to = &json};
    struct err err = {0};

    json_out_obj(&o, NULL);
    for (size_t i = 0; i < eng->scores.len; i++) {
        struct scored *sc = &eng->scores.scored[i];
        struct last_score now = {
            .score = sc->score, .direction = sc->composite.sentiment, .at_ns = seen->now_ns};
        struct counter_signal turn = last_score_turn(&sc->entry->last_score, &now);

        if (turn.is_counter)
            log_event(&eng->seams.log, EV_COUNTER_SIGNAL, F_SYMBOL(sc->entry->flow.symbol),
                      F_F64("old_score", turn.old_score), F_F64("new_score", turn.new_score),
                      F_F64("delta", turn.delta),
                      F_STR("old_direction", sentiment_direction(turn.old_direction)),
                      F_STR("new_direction", sentiment_direction(turn.new_direction)));
        sc->entry->last_score = now;
        last_score_write(&o, sc->entry->flow.symbol, &now);
    }
    json_out_end(&o);
    if (store_save(&eng->seams.store, &SPEC, &json, &err) != RC_OK)
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", SPEC.path),
                  F_STR("error", err.text));
}

/* ---- signals ------------------------------------------------------------------------------- */

/* The candidate as it goes into the entry stage (spec 10 R4.36). */
static void
candidate_write(const struct snapshot *seen, const struct scored *sc, struct text *to)
{
    struct json_out o = {.to = to};
    struct enriched enriched;
    struct composite_view view = {.symbol = sc->entry->flow.symbol,
                                  .regime = "mixed",
                                  .composite = &sc->composite,
                                  .enriched = &enriched,
                                  .boosts = &sc->boosts};

    enrich(&sc->entry->flow, NULL, seen->now_ns, &enriched);
    if (sc->gate.gate == COMPOSITE_GATE_WALL) view.gate_msg = composite_gate_name(sc->gate.gate);
    json_out_obj(&o, NULL);
    json_out_str(&o, "ticker", view.symbol);
    json_out_str(&o, "direction", sentiment_direction(sc->composite.sentiment));
    json_out_str(&o, "sentiment", sentiment_name(sc->composite.sentiment));
    json_out_f64(&o, "composite_score", sc->score);
    composite_write(&o, "composite_meta", &view);
    json_out_bool(&o, "gate_passed", true);
    json_out_str(&o, "source", "composite_v3");
    json_out_i64(&o, "count", 1);
    json_out_f64(&o, "total_premium", sc->entry->flow.facts.dark_pool.total_premium);
    json_out_i64(&o, "start_ts", when_to_s(seen->now_ns));
    composite_write_intel(&o, "expanded_intel", &view);
    composite_write_features(&o, "features_for_learning", &view);
    json_out_end(&o);
}

static void
write_signals(struct engine *eng, const struct snapshot *seen)
{
    CLEANUP(text_free) struct text candidate = {0};
    CLEANUP(text_free) struct text line = {0};
    struct err err = {0};

    for (size_t i = 0; i < eng->scores.len; i++) {
        if (eng->scores.scored[i].gate.gate != COMPOSITE_GATE_PASS) continue;
        text_clear(&candidate);
        text_clear(&line);
        candidate_write(seen, &eng->scores.scored[i], &candidate);
        signal_encode(seen->now_ns, text_str(&candidate), &line);
        /* The store has said on standard error what could not be written. */
        if (store_append(&eng->seams.store, SIGNALS_LOG_PATH, &line, &err) != RC_OK) return;
    }
}

/* ---- clusters ------------------------------------------------------------------------------ */

static bool
is_configured(const struct engine *eng, const char *symbol)
{
    const struct name_list *tickers = &eng->seams.cfg->strategy.tickers;

    for (size_t i = 0; i < tickers->len; i++)
        if (str_eq(tickers->item[i], symbol)) return true;
    return false;
}

/* Clusters do not trade; they are said so that telemetry can compare them with the score (spec 10
 * section 3). */
static void
say_clusters(struct engine *eng, const struct snapshot *seen)
{
    const struct strategy_config *cfg = &eng->seams.cfg->strategy;
    struct flow_limits limits = {.min_premium_usd = cfg->min_premium_usd,
                                 .max_expiry_days = cfg->max_expiry_days,
                                 .cluster_window_s = cfg->cluster_window_s,
                                 .cluster_min = cfg->cluster_min_sweeps};
    size_t alerts = 0;
    size_t n = 0;

    for (size_t i = 0; i < eng->scores.len; i++)
        alerts += eng->scores.scored[i].entry->flow.alerts_len;
    const struct flow_alert **alert = ARENA_NEW(&eng->arena, const struct flow_alert *, alerts);
    for (size_t i = 0; i < eng->scores.len; i++) {
        const struct symbol_flow *f = &eng->scores.scored[i].entry->flow;

        for (size_t k = 0; is_configured(eng, f->symbol) && k < f->alerts_len; k++)
            alert[n++] = &f->alert[k];
    }
    flight_at(eng->seams.flight, STAGE_FLOW, NULL);
    struct clusters found = clusters_find(alert, n, &limits, seen->now_ns, &eng->arena);
    log_event(&eng->seams.log, EV_CLUSTER_CREATION, F_I64("flow_clusters", found.len),
              F_I64("alerts", n));
    if (found.dropped > 0)
        log_event(&eng->seams.log, EV_ALERTS_DROPPED, F_I64("dropped", found.dropped));
}

/* ---- the last fifty signals ---------------------------------------------------------------- */

enum { HISTORY_MAX = 50 };

/* Per cent; null where the gate of the momentum was not asked, or had no bars. */
static void
write_momentum(struct json_out *o, const struct momentum_result *m)
{
    if (m == NULL) {
        json_out_null(o, "momentum_pct");
        json_out_null(o, "momentum_required_pct");
        return;
    }
    json_out_f64(o, "momentum_pct", round_dec(100 * m->change, 4));
    json_out_f64(o, "momentum_required_pct", round_dec(100 * m->threshold, 4));
}

static void
history_line(struct json_out *o, const struct engine *eng, const struct snapshot *seen,
             const struct scored *sc, const char *decision, const struct momentum_result *momentum)
{
    double whale = sc->boosts.persistence;

    json_out_obj(o, NULL);
    json_out_time(o, "timestamp", seen->now_ns);
    json_out_str(o, "symbol", sc->entry->flow.symbol);
    json_out_str(o, "direction", sentiment_direction(sc->composite.sentiment));
    json_out_f64(o, "raw_score", round_dec(sc->composite.score, 3));
    json_out_f64(o, "whale_boost", round_dec(whale, 3));
    json_out_f64(o, "final_score", round_dec(sc->score, 3));
    json_out_null(o, "atr_multiplier");
    write_momentum(o, momentum);
    json_out_str(o, "decision", decision);
    json_out_str(o, "sector", symbol_sector(sc->entry->flow.symbol));
    json_out_i64(o, "persistence_count", (int64_t)sc->boosts.persistence_count);
    json_out_i64(o, "sector_tide_count", (int64_t)sc->boosts.sector_count);
    json_out_f64(o, "virtual_pnl", 0.0);
    json_out_bool(o, "shadow_created", false);
    json_out_obj(o, "metadata");
    json_out_i64(o, "cycle", (int64_t)eng->iterations);
    json_out_end(o);
    json_out_end(o);
}

static int
best_first(const void *x, const void *y)
{
    const struct scored *a = *(const struct scored *const *)x;
    const struct scored *b = *(const struct scored *const *)y;

    if (a->score < b->score) return 1;
    if (a->score > b->score) return -1;
    return strcmp(a->entry->flow.symbol, b->entry->flow.symbol);
}

/* The best fifty of the cycle with what was decided about them: replaced as a whole, never half. */
static void
write_history(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    const struct scored **best = ARENA_NEW(&eng->arena, const struct scored *, eng->scores.len);
    CLEANUP(text_free) struct text lines = {0};
    const struct fs *fs = &eng->seams.fs;
    struct err err = {0};

    for (size_t i = 0; i < eng->scores.len; i++)
        best[i] = &eng->scores.scored[i];
    if (eng->scores.len > 1)
        qsort(best, eng->scores.len, sizeof(const struct scored *), best_first);
    for (size_t i = 0; i < eng->scores.len && i < HISTORY_MAX; i++) {
        struct json_out o = {.to = &lines};
        const char *decision = "Ordered", *symbol = best[i]->entry->flow.symbol;
        const struct momentum_result *momentum = NULL;

        for (size_t k = 0; k < plan->entries_len; k++)
            if (str_eq(plan->entry[k].symbol, symbol)) momentum = &plan->entry[k].momentum;
        for (size_t k = 0; k < plan->refusals_len; k++) {
            const struct refusal *r = &plan->refusal[k];

            if (!str_eq(r->symbol, symbol)) continue;
            decision = r->gate;
            if (r->stage == REFUSED_GATE && r->entry_gate >= GATE_MOMENTUM) momentum = &r->momentum;
        }
        history_line(&o, eng, seen, best[i], decision, momentum);
        text_putc(&lines, '\n');
    }
    if (fs->replace(fs->self, SIGNAL_HISTORY_PATH, text_str(&lines), lines.len, false, &err) !=
        RC_OK)
        log_event(&eng->seams.log, EV_STATE_WRITE_FAILED, F_STR("path", SIGNAL_HISTORY_PATH),
                  F_STR("error", err.text));
}

void
engine_observe(struct engine *eng, const struct snapshot *seen, const struct plan *plan)
{
    keep_scores(eng, seen);
    write_signals(eng, seen);
    say_clusters(eng, seen);
    write_history(eng, seen, plan);
}

/* Sightings of the last fifteen minutes count for the persistence boost, also those before a
 * restart. */
void
engine_seed_persistence(struct engine *eng)
{
    CLEANUP(text_free) struct text lines = {0};
    const struct fs *fs = &eng->seams.fs;
    struct err ignored = {0};
    const char *at;

    if (fs->read_all(fs->self, SIGNAL_HISTORY_PATH, 1 << 20, &lines, &ignored) != RC_OK) return;
    at = text_str(&lines);
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        struct json *doc = NULL;

        if (json_parse(at, len, JSON_LOG, &JSON_LIMITS_BODY, &doc, &ignored) == RC_OK)
            flow_table_remember(&eng->flow, json_str(doc, "symbol", ""),
                                when_parse_or_none(json_str(doc, "timestamp", "")),
                                json_i64(doc, "persistence_count", 1));
        json_free(doc);
        at += len + (at[len] == '\n');
    }
}
