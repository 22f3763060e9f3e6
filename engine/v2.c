#include "engine/v2.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "engine/shadow_verdict.h"
#include "intel/composite_v2_json.h"
#include "shadow/uw_json.h"

#define UW_ATTRIBUTION_LOG "logs/uw_attribution.jsonl"
#define PRICE_AGE_NS       (5 * NS_PER_MIN)

void
v2_init(struct v2 *v)
{
    *v = (struct v2){
        .context = {.daily_tried_ns = WHEN_NONE,
                    .notes_ns = WHEN_NONE,
                    .made_ns = WHEN_NONE,
                    .spy_prev_close = (double)NAN,
                    .qqq_prev_close = (double)NAN,
                    .vxx_close = (double)NAN,
                    .vxz_close = (double)NAN}
    };
}

void
v2_done(struct v2 *v)
{
    v2_docs_done(&v->docs);
    v2_book_done(&v->book);
    v2_ledger_done(&v->ledger);
    free(v->score);
    free(v->score_before);
    text_free(&v->attribution);
    text_free(&v->decisions);
    text_free(&v->stream);
    *v = (struct v2){0};
}

/* ---- the scores of the last two cycles ----------------------------------------------------- */

static void
keep_scores(struct v2 *v, const struct v2_cycle *c)
{
    struct v2_known_score *older = v->score_before;
    size_t older_cap = v->before_cap;

    v->score_before = v->score;
    v->before_len = v->scores_len;
    v->before_cap = v->scores_cap;
    v->score = older;
    v->scores_cap = older_cap;
    if (v->scores_cap < c->len) {
        v->scores_cap = c->len;
        v->score = realloc(v->score, v->scores_cap * sizeof *v->score);
        ASSERT(v->score != NULL);
    }
    for (size_t i = 0; i < c->len; i++) {
        (void)str_copy(v->score[i].symbol, SYMBOL_MAX, c->looked[i].symbol);
        v->score[i].score = c->looked[i].v2.score;
    }
    v->scores_len = c->len;
}

static int
by_symbol(const void *key, const void *item)
{
    return strcmp(key, ((const struct v2_known_score *)item)->symbol);
}

static double
known_score(const struct v2 *v, const char *symbol)
{
    const struct v2_known_score *s = NULL;

    if (v->scores_len > 0)
        s = bsearch(symbol, v->score, v->scores_len, sizeof *v->score, by_symbol);
    if (s == NULL && v->before_len > 0)
        s = bsearch(symbol, v->score_before, v->before_len, sizeof *v->score_before, by_symbol);
    return s != NULL ? s->score : (double)NAN;
}

/* ---- scores -------------------------------------------------------------------------------- */

static double
known_or_zero(double x)
{
    return isnan(x) ? 0 : x;
}

/*
 * v1's gate with v2's score.  The rules about the market are those that v1 asked, and pass where it
 * did not; there is none about the direction (spec 30 5.7).
 */
static bool
passes(const struct scored *sc, double score)
{
    struct composite gated = sc->composite;
    enum composite_gate v1 = sc->gate.gate;

    if (v1 == COMPOSITE_GATE_EXHAUSTION || v1 == COMPOSITE_GATE_WALL) return false;
    gated.sentiment = SENTIMENT_BULLISH;
    return composite_gate_score(&gated, score, sc->threshold).gate == COMPOSITE_GATE_PASS;
}

void
v2_look(const struct v2 *v, const struct v2_world *world, const struct scored *sc,
        const struct candidate *candidate, struct v2_looked *ret_looked)
{
    const struct symbol_flow *f = &sc->entry->flow;
    const struct v2_known_risk *risk = v2_docs_risk(&v->docs, f->symbol);
    struct v2_looked *l = ret_looked;

    *l = (struct v2_looked){
        .candidate = candidate,
        .symbol = f->symbol,
        .direction = sentiment_direction(f->sentiment),
        .v1_score = sc->score,
        .is_v1_pass = sc->gate.gate == COMPOSITE_GATE_PASS,
        .realised_vol_20d = risk != NULL ? risk->realised_vol_20d : (double)NAN,
        .sizing_overlay = sc->composite.sizing_overlay,
        .data_hash = sc->entry->hash,
    };
    l->v2_case = (struct composite_v2_case){
        .symbol = l->symbol,
        .base_score = sc->score,
        .realised_vol_20d = risk != NULL ? known_or_zero(risk->realised_vol_20d) : 0,
        .beta_vs_spy = risk != NULL ? known_or_zero(risk->beta_vs_spy) : 0,
        .conviction = f->conviction, /* as enrichment has both */
        .trade_count = f->has_trade_count ? f->trade_count : (double)f->flow_trades_len,
        .direction = f->sentiment == SENTIMENT_BULLISH   ? INTEL_BULLISH
                     : f->sentiment == SENTIMENT_BEARISH ? INTEL_BEARISH
                                                         : INTEL_NEUTRAL,
    };
    composite_v2(world, &l->v2_case, &l->v2);
    l->is_v2_pass = passes(sc, l->v2.score);
}

static void
look_at_all(struct v2 *v, struct v2_cycle *c, const struct scores *scores)
{
    c->looked = ARENA_NEW(c->arena, struct v2_looked, scores->len);
    for (size_t i = 0; i < scores->len; i++) {
        const struct scored *sc = &scores->scored[i];

        if (quarantine_holds(c->seams->quarantine, STAGE_SHADOW, sc->entry->flow.symbol)) continue;
        flight_data(c->seams->flight, sc->entry->hash);
        flight_at(c->seams->flight, STAGE_SHADOW, sc->entry->flow.symbol);
        v2_look(v, &c->world, sc, &c->seen->candidate[i], &c->looked[c->len++]);
    }
    flight_data(c->seams->flight, 0);
    flight_at(c->seams->flight, STAGE_SHADOW, NULL);
}

/* The lines of logs/uw_attribution.jsonl, one for every symbol that traded or has a record. */
static void
attribute(const struct v2_cycle *c, struct text *lines)
{
    struct err ignored = {0};

    text_clear(lines);
    for (size_t i = 0; i < c->len; i++) {
        const struct v2_looked *l = &c->looked[i];
        const struct composite_v2_view view = {&c->world, &l->v2_case, &l->v2};
        struct json_out o = {.to = lines};

        if (!composite_v2_is_attributed(&l->v2_case, &l->v2)) continue;
        composite_v2_attribution_write(&o, NULL, &view, c->seen->now_ns);
        text_putc(lines, '\n');
    }
    if (lines->len == 0) return;
    /* The store has said what could not be written; scores go on without their records. */
    if (store_append_lines(c->seams->store, UW_ATTRIBUTION_LOG, lines, &ignored) != RC_OK) return;
}

/* ---- one step of the shadow ---------------------------------------------------------------- */

static struct shadow_uw
snapshot_of(const struct v2_cycle *c, const struct v2_looked *l)
{
    CLEANUP(text_free) struct text t = {0};
    const struct composite_v2_view view = {&c->world, &l->v2_case, &l->v2};
    struct json_out o = {.to = &t};
    const struct json *doc = NULL;
    struct err ignored = {0};

    if (!l->v2.has_record) return c->no_record;
    json_out_obj(&o, NULL);
    composite_v2_uw_write_members(&o, &view);
    json_out_end(&o);
    if (json_parse_in(text_str(&t), t.len, &JSON_LIMITS_BODY, c->arena, &doc, &ignored) != RC_OK)
        doc = NULL;
    return shadow_uw_decode(doc, c->arena);
}

/* 32 hexadecimal digits of epoch, time and symbol: no other trade has the three. */
static const char *
trade_id(const struct v2_cycle *c, int64_t epoch, const char *symbol)
{
    uint64_t at = (uint64_t)c->seen->now_ns;
    uint64_t high = hash_bytes(symbol, strlen(symbol), at ^ (uint64_t)epoch << 48);
    uint64_t low = hash_bytes(&at, sizeof at, high);

    return arena_printf(c->arena, "%016llx%016llx", (unsigned long long)high,
                        (unsigned long long)low);
}

static double
quoted(const struct nbbo *q, usd price)
{
    return q->is_known ? usd_to_double(price) : (double)NAN;
}

static struct shadow_seen
seen_of(const struct v2_cycle *c, const struct v2_looked *l, double price)
{
    static const enum shadow_truth TRUTHS[] = {[MEMBERSHIP_UNKNOWN] = SHADOW_UNKNOWN,
                                               [MEMBERSHIP_NO] = SHADOW_NO,
                                               [MEMBERSHIP_YES] = SHADOW_YES};
    const struct snapshot *s = c->seen;
    const struct account *account = &s->account;

    return (struct shadow_seen){
        .now_ns = s->now_ns,
        .symbol = l->symbol,
        .direction = l->direction,
        .new_trade_id = trade_id(c, c->seams->epoch, l->symbol),
        .v1_score = l->v1_score,
        .v2_score = l->v2.score,
        .is_v1_pass = l->is_v1_pass,
        .is_v2_pass = l->is_v2_pass,
        .uw = snapshot_of(c, l),
        .sizing_overlay = l->sizing_overlay,
        .universe_version = c->world.universe.version,
        .universe_source = c->world.universe.source,
        .in_universe = TRUTHS[l->v2.in_universe],
        .market_regime = s->market_regime != NULL ? s->market_regime : "",
        .posture = posture_name(c->context->posture.posture),
        .regime_label = c->context->posture.regime_label,
        .volatility_regime = volatility_regime_name(c->context->market.volatility),
        .current_price = price,
        .last_trade = (double)NAN,
        .bid = quoted(&l->candidate->quote, l->candidate->quote.bid),
        .ask = quoted(&l->candidate->quote, l->candidate->quote.ask),
        .account_equity = s->is_account_known ? usd_to_double(account->equity) : (double)NAN,
        .buying_power = s->is_account_known ? usd_to_double(account->buying_power) : (double)NAN,
        .size_usd = c->seams->cfg->strategy.size_base_usd,
    };
}

static struct v2_exit_flags
flags_of(const struct v2_docs *d, const char *symbol)
{
    struct v2_exit_flags before = v2_flags_decode(v2_docs_symbol(d, V2_PREMARKET_EXIT, symbol));
    struct v2_exit_flags after = v2_flags_decode(v2_docs_symbol(d, V2_POSTMARKET_EXIT, symbol));

    return v2_flags_or(&before, &after);
}

/* Who could be held instead: the rows of the universe in order, each with the score we know. */
static const struct shadow_candidate *
candidate_of(const struct v2 *v, const char *symbol, struct arena *a)
{
    const struct json *rows = json_get_arr(v->docs.doc[V2_UNIVERSE_V2], "symbols");
    struct shadow_candidate *list = ARENA_NEW(a, struct shadow_candidate, json_len(rows));
    size_t len = 0;

    for (const struct json *row = json_first(rows); row != NULL; row = json_next(row)) {
        char *name = arena_strdup(a, json_str(ops_obj(row), "symbol", ""));

        str_upper(name);
        if (name[0] == '\0') continue;
        list[len++] = (struct shadow_candidate){.symbol = name, .v2_score = known_score(v, name)};
    }
    return shadow_candidate_of(&v->book.book, symbol, list, len);
}

static void
put_records(struct v2 *v, struct text *decisions, const struct shadow_seen *seen,
            const struct shadow_outcome *out)
{
    enum shadow_record record[SHADOW_RECORDS_MAX];
    size_t len = shadow_records_of(out, record);

    for (size_t i = 0; i < len; i++) {
        CLEANUP(text_free) struct text line = {0};
        bool is_decision = record[i] == SHADOW_RECORD_DECISION;
        struct json_out o = {.to = is_decision ? decisions : &line};

        shadow_record_write(&o, NULL, record[i], seen, out);
        if (is_decision)
            text_putc(decisions, '\n');
        else
            v2_book_put_line(&v->book, shadow_record_log(record[i]), &line);
    }
}

/* What is held needs a price first; where there are not enough requests for all, in turn. */
static void
ask_for_the_held(struct v2 *v, const struct v2_cycle *c, struct v2_asking *q)
{
    size_t len = v->book.book.len;

    for (size_t i = 0; i < len; i++) {
        const char *symbol = v->book.book.position[(v->turn + i) % len].symbol;
        const struct v2_looked *l = v2_looked_find(c, symbol);

        if (l == NULL || !l->candidate->last.is_known) (void)v2_ask_price(q, symbol);
    }
    if (len > 0) v->turn = (v->turn + q->len) % len;
}

/* The price v1 asked for in this cycle, else our own where it matters. */
static double
price_of(const struct v2_looked *l, bool matters, struct v2_asking *q)
{
    if (l->candidate->last.is_known) return usd_to_double(l->candidate->last.price);
    return matters ? v2_ask_price(q, l->symbol) : 0;
}

/* With more positions than requests some wait for their turn: their last price is still one. */
static double
marked_price(const struct shadow_position *p, int64_t now_ns)
{
    bool is_young = p->mark.at_ns != WHEN_NONE && now_ns - p->mark.at_ns <= PRICE_AGE_NS;

    return is_young && p->mark.price > 0 ? p->mark.price : 0;
}

static void
step(struct v2 *v, struct v2_cycle *c, const struct v2_looked *l, struct v2_asking *q,
     struct text *decisions)
{
    const struct shadow_settings settings = {
        .is_paper = str_eq_nocase(c->seams->cfg->broker.trading_mode, "PAPER")};
    const struct shadow_position *p = shadow_book_find(&v->book.book, l->symbol);
    double price = price_of(l, p != NULL || l->is_v2_pass, q);

    if (!(price > 0) && p != NULL) price = marked_price(p, c->seen->now_ns);
    struct shadow_seen seen = seen_of(c, l, price);
    struct shadow_verdict verdict;
    struct shadow_outcome out;

    if (p != NULL) {
        const struct shadow_facts facts = {.realised_vol_20d = l->realised_vol_20d,
                                           .flags = flags_of(&v->docs, l->symbol),
                                           .candidate = candidate_of(v, l->symbol, c->arena)};

        verdict = shadow_verdict_of(p, &seen, &facts, c->arena);
        seen.verdict = &verdict;
    }
    shadow_step(&v->book.book, &seen, &settings, &out);
    put_records(v, decisions, &seen, &out);
    if (out.act == SHADOW_OPENED || out.act == SHADOW_KEPT || out.act == SHADOW_CLOSED)
        v->book.is_dirty = true;
    shadow_book_apply(&v->book.book, &out);
}

/* ---- the steps of a cycle ------------------------------------------------------------------ */

static void
beat(const struct v2_cycle *c, const struct v2_looked *l)
{
    const struct store_spec spec = {.path = V2_HEARTBEAT_PATH, .default_json = "{}"};
    CLEANUP(text_free) struct text doc = {0};
    struct json_out o = {.to = &doc};
    struct shadow_seen seen = {
        .now_ns = c->seen->now_ns, .symbol = l->symbol, .is_v2_pass = l->is_v2_pass};
    struct err err = {0};

    shadow_heartbeat_write(&o, NULL, &seen);
    if (store_save(c->seams->store, &spec, &doc, &err) != RC_OK)
        log_event(c->seams->log, EV_SHADOW_DECISION_ERROR, F_STR("symbol", l->symbol),
                  F_STR("function", "heartbeat"), F_STR("error", err.text));
}

/* Positions of symbols that were not scored are marked and never closed (spec 30 8.2, Q-18). */
static void
mark_the_others(struct v2 *v, const struct v2_cycle *c, struct v2_asking *q)
{
    for (size_t i = 0; i < v->book.book.len; i++) {
        const struct shadow_position *p = &v->book.book.position[i];

        if (v2_looked_find(c, p->symbol) != NULL) continue;
        double price = v2_ask_price(q, p->symbol);
        if (!(price > 0)) continue;
        struct shadow_position marked = shadow_marked(p, price, c->seen->now_ns);
        shadow_book_put(&v->book.book, &marked);
        v->book.is_dirty = true;
    }
}

static void
run_steps(struct v2 *v, struct v2_cycle *c, struct v2_asking *q)
{
    struct text *decisions = &v->decisions;
    struct err ignored = {0};

    text_clear(decisions);
    beat(c, &c->looked[c->len - 1]);
    c->no_record = shadow_uw_decode(NULL, c->arena);
    for (size_t i = 0; i < c->len; i++) {
        flight_data(c->seams->flight, c->looked[i].data_hash);
        flight_at(c->seams->flight, STAGE_SHADOW, c->looked[i].symbol);
        step(v, c, &c->looked[i], q, decisions);
    }
    flight_data(c->seams->flight, 0);
    flight_at(c->seams->flight, STAGE_SHADOW, NULL);
    /* Decisions are told before the trades they led to; the store has said what it could not. */
    if (store_append_lines(c->seams->store, shadow_log_path(SHADOW_LOG_TRADES), decisions,
                           &ignored) != RC_OK)
        text_clear(decisions);
}

static void
decode_world(struct v2 *v, struct v2_cycle *c)
{
    const struct engine_config *cfg = &c->seams->cfg->engine;
    const struct v2_documents docs = {
        .market_context = v->context.market_doc,
        .posture_state = v->context.posture_doc,
        .premarket_intel = v->docs.doc[V2_PREMARKET],
        .postmarket_intel = v->docs.doc[V2_POSTMARKET],
        .regime_state = v->docs.doc[V2_REGIME],
        .daily_universe_v2 = v->docs.doc[V2_UNIVERSE_V2],
        .daily_universe = v->docs.doc[V2_UNIVERSE],
    };

    v2_world_decode(&docs, &COMPOSITE_PARAMS_CONFIGURED, &v->docs.sectors, c->arena, &c->world);
    c->world.is_shaping = cfg->v2_shaping && str_eq(cfg->composite_version, "v2");
    log_event(c->seams->log, EV_COMPOSITE_VERSION_USED,
              F_STR("composite_version", cfg->composite_version),
              F_BOOL("shadow_trading_enabled", true),
              F_STR("v2_weights_version", COMPOSITE_PARAMS_CONFIGURED.version));
}

static void
run_scored(struct v2 *v, struct v2_cycle *c, const struct scores *scores, struct v2_asking *q)
{
    c->stream = v->stream; /* its room */
    text_clear(&c->stream);
    decode_world(v, c);
    look_at_all(v, c, scores);
    keep_scores(v, c);
    if (c->len > 0) {
        attribute(c, &v->attribution);
        v2_stream_compare(c);
        ask_for_the_held(v, c, q);
        run_steps(v, c, q);
    }
    mark_the_others(v, c, q);
    v2_stream_ledger(c, &v->ledger, q);
    v2_ledger_flush(&v->ledger, c->seams, &c->stream);
    v->stream = c->stream;
}

void
v2_cycle(struct v2 *v, const struct v2_seams *seams, const struct v2_seen *in)
{
    struct v2_cycle c = {.seams = seams,
                         .seen = in->seen,
                         .plan = in->plan,
                         .arena = in->arena,
                         .context = &v->context};

    if (!seams->cfg->engine.shadow_trading || quarantine_holds(seams->quarantine, STAGE_SHADOW, ""))
        return;
    struct v2_asking q = v2_asking_begin(seams);
    v2_docs_sync(&v->docs, seams);
    v2_book_sync(&v->book, seams);
    v2_ledger_sync(&v->ledger, seams);
    v2_context_refresh(&v->context, &q, in->seen->is_market_open, in->structural, in->seen->now_ns,
                       in->arena);
    if (in->seen->is_market_open) run_scored(v, &c, in->scores, &q);
    v2_book_flush(&v->book, seams);
    v2_risk_go_on(&v->risk, v->docs.doc[V2_RISK], &q, in->seen->now_ns, in->arena);
}
