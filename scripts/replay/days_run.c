#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "exitlogic/exit_json.h"
#include "intel/composite_v2_json.h"
#include "engine/shadow_verdict.h"
#include "scripts/replay/days.h"
#include "scripts/replay/days_context.h"
#include "shadow/book_json.h"
#include "shadow/uw_json.h"
#include "sim/noise.h"
#include "strategy/indicators.h"
#include "uwclient/endpoints.h"

#define CYCLE_NS NS_PER_MIN

/* Of one minute. */
struct minute {
    struct days_market *m;
    struct arena *arena;
    int64_t now_ns;
    int complete; /* minute bars that are over */
    struct days_context context;
    struct v2_world world;
};

/* Of the day. */
struct running {
    struct days_market *m;
    struct arena arena; /* one minute */
    struct shadow_book book;
    struct sector_tide tide;
    struct tide_facts market_tide;
    int64_t tides;
    bool keeps_decisions;
    size_t unit;
    struct arena *keep;
    struct days_trades *trades;
    struct days_result *result;
};

/* One symbol, scored. */
struct looked {
    struct days_symbol *s;
    struct enriched enriched;
    struct composite v1;
    struct boosts boosts;
    double v1_score;
    bool is_v1_pass, is_v2_pass;
    struct composite_v2_case v2_case;
    struct composite_v2 v2;
    struct composite_v2_view view;
    struct last_trade last;
};

/* ---- what the daemon would know ------------------------------------------------------------ */

/* Polls at the daemon's pace since the open, where the i-th of n begins its round so much later; 0
 * before the first. */
static int64_t
polls_by(const struct minute *t, size_t i, size_t n, enum uw_job job, int64_t *ret_at_ns)
{
    int64_t every_ns = uw_job_row(job)->interval_s * NS_PER_S;
    int64_t open_ns = t->m->sim.day.session.open_ns;
    int64_t since_ns = t->now_ns - open_ns - every_ns * (int64_t)i / (int64_t)n;

    if (since_ns < 0) return 0;
    *ret_at_ns = t->now_ns - since_ns % every_ns;
    return since_ns / every_ns + 1;
}

static void
poll(struct running *r, const struct minute *t, struct days_symbol *s, size_t i)
{
    int64_t at_ns = 0;
    int64_t flow = polls_by(t, i, t->m->len, UW_JOB_OPTION_FLOW, &at_ns);

    if (flow != s->flow_polled) {
        flow_tape_alerts_at(&s->tape, at_ns, t->m->cfg->uw.flow_lookback_s, &s->flow);
        s->flow_polled = flow;
        s->is_polled = true;
    }
    int64_t prints = polls_by(t, i, t->m->len, UW_JOB_DARK_POOL, &at_ns);
    if (prints != s->prints_polled) {
        flow_tape_prints_at(&s->tape, at_ns, &s->flow.facts.dark_pool);
        s->prints_polled = prints;
    }
    s->flow.facts.market_tide = r->market_tide;
}

static void
poll_tide(struct running *r, const struct minute *t)
{
    int64_t at_ns = 0;
    int64_t tides = polls_by(t, 0, 1, UW_JOB_MARKET_TIDE, &at_ns);

    if (tides == r->tides) return;
    r->market_tide = days_tide(t->m, at_ns);
    r->tides = tides;
}

/* ---- scores and gates ---------------------------------------------------------------------- */

static struct composite_gate_market
market_of(const struct minute *t, const struct looked *l)
{
    const struct strategy_config *cfg = &t->m->cfg->strategy;
    struct composite_gate_market g = {.is_exhaustion_on = cfg->exhaustion_gate,
                                      .is_wall_on = cfg->gamma_wall_gate};
    int n = MIN(t->complete, (int)EXHAUSTION_BARS);
    struct bars bars = {.bar = &t->m->sim.day.symbol[l->s - t->m->symbol].minute[t->complete - n],
                        .len = (size_t)n};

    g.price = l->last.is_known ? usd_to_double(l->last.price) : 0;
    if (n > 0) g.atr20 = bars_atr(&bars, 20);
    if (n >= EXHAUSTION_BARS_MIN) g.ema20 = bars_ema(&bars, 20);
    return g;
}

static bool
passes(const struct minute *t, const struct looked *l, const struct composite *c, double score)
{
    double threshold = composite_threshold(NULL, l->s->flow.symbol);

    if (composite_gate_score(c, score, threshold).gate != COMPOSITE_GATE_PASS) return false;
    struct composite_gate_market g = market_of(t, l);
    return composite_gate_market(&l->enriched, score, &g).gate == COMPOSITE_GATE_PASS;
}

static void
score_v1(struct running *r, const struct minute *t, struct looked *l)
{
    enrich(&l->s->flow, &l->s->risk, t->now_ns, &l->enriched);
    composite_v1(&l->enriched, SCORE_REGIME_MIXED, NULL, t->now_ns, &l->v1);
    sector_tide_record(&r->tide, l->s->flow.symbol, t->now_ns, &l->boosts);
    persistence_record(&l->s->persistence, t->now_ns, &l->boosts);
    l->v1_score = boosts_apply(l->v1.score, &l->boosts);
    l->is_v1_pass = passes(t, l, &l->v1, l->v1_score);
}

static void
score_v2(const struct minute *t, struct looked *l)
{
    const struct enriched *e = &l->enriched;
    struct composite gated = l->v1;

    l->v2_case = (struct composite_v2_case){
        .symbol = l->s->flow.symbol,
        .base_score = l->v1_score,
        .realised_vol_20d = e->risk.realized_vol_20d,
        .beta_vs_spy = e->risk.beta_vs_spy,
        .conviction = e->has_conviction ? e->conviction : 0,
        .trade_count = e->trade_count,
        .direction = intel_direction_from(sentiment_direction(e->sentiment)),
    };
    composite_v2(&t->world, &l->v2_case, &l->v2);
    l->view = (struct composite_v2_view){&t->world, &l->v2_case, &l->v2};
    gated.sentiment = SENTIMENT_BULLISH; /* v2 has no rule about the direction (spec 30 5.7) */
    l->is_v2_pass = passes(t, l, &gated, l->v2.score);
    l->s->v2_score = l->v2.score;
}

/* ---- the shadow ---------------------------------------------------------------------------- */

static struct shadow_uw
snapshot_of(const struct looked *l, struct arena *a)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out o = {.to = &t};
    const struct json *doc = NULL;
    struct err err = {0};

    if (!l->v2.has_record) return shadow_uw_decode(NULL, a);
    json_out_obj(&o, NULL);
    composite_v2_uw_write_members(&o, &l->view);
    json_out_end(&o);
    if (json_parse_in(text_str(&t), t.len, &JSON_LIMITS_BODY, a, &doc, &err) != RC_OK) doc = NULL;
    return shadow_uw_decode(doc, a);
}

/* A trade's name: of day, symbol and time, so that a replayed day gives the same. */
static const char *
trade_id(const struct minute *t, const char *symbol, struct arena *a)
{
    uint64_t at = (uint64_t)t->now_ns;

    return arena_printf(a, "%016llx%016llx",
                        (unsigned long long)hash_bytes(symbol, strlen(symbol), at),
                        (unsigned long long)hash_bytes(&at, sizeof at, noise_key(symbol)));
}

static struct shadow_seen
seen_of(const struct minute *t, const struct looked *l, const char *universe_version)
{
    static const enum shadow_truth truths[] = {[MEMBERSHIP_UNKNOWN] = SHADOW_UNKNOWN,
                                               [MEMBERSHIP_NO] = SHADOW_NO,
                                               [MEMBERSHIP_YES] = SHADOW_YES};

    return (struct shadow_seen){
        .now_ns = t->now_ns,
        .symbol = l->s->flow.symbol,
        .direction = sentiment_direction(l->enriched.sentiment),
        .new_trade_id = trade_id(t, l->s->flow.symbol, t->arena),
        .v1_score = l->v1_score,
        .v2_score = l->v2.score,
        .is_v1_pass = l->is_v1_pass,
        .is_v2_pass = l->is_v2_pass,
        .uw = snapshot_of(l, t->arena),
        .sizing_overlay = l->v1.sizing_overlay,
        .universe_version = universe_version,
        .universe_source = t->world.universe.source,
        .in_universe = truths[l->v2.in_universe],
        .market_regime = "mixed",
        .posture = posture_name(t->context.posture.posture),
        .regime_label = t->context.posture.regime_label,
        .volatility_regime = volatility_regime_name(t->context.market.volatility),
        .current_price = l->last.is_known ? usd_to_double(l->last.price) : 0,
        .last_trade = (double)NAN,
        .bid = (double)NAN,
        .ask = (double)NAN,
        .account_equity = (double)NAN,
        .buying_power = (double)NAN,
        .size_usd = t->m->cfg->strategy.size_base_usd,
    };
}

static struct v2_exit_flags
flags_of(const struct days_market *m, const char *symbol)
{
    struct v2_exit_flags before =
        v2_flags_decode(json_get_obj(json_get_obj(m->premarket_exit, "symbols"), symbol));
    struct v2_exit_flags after =
        v2_flags_decode(json_get_obj(json_get_obj(m->postmarket_exit, "symbols"), symbol));

    return v2_flags_or(&before, &after);
}

/* The universe with the scores of this minute, or the last one's for symbols that come later. */
static const struct shadow_candidate *
candidate_of(const struct running *r, const char *symbol)
{
    struct days_market *m = r->m;

    for (size_t i = 0; i < m->universe_len; i++) {
        const struct day_symbol *bars = day_find(&m->sim.day, m->universe[i].symbol);
        m->universe[i].v2_score =
            bars != NULL ? m->symbol[bars - m->sim.day.symbol].v2_score : (double)NAN;
    }
    return shadow_candidate_of(&r->book, symbol, m->universe, m->universe_len);
}

static void
put_record(struct running *r, enum shadow_record record, const struct shadow_seen *seen,
           const struct shadow_outcome *out)
{
    struct text *log = &r->result->log[shadow_record_log(record)];
    struct json_out o = {.to = log};
    size_t from = log->len;

    if (record == SHADOW_RECORD_DECISION && !r->keeps_decisions) return;
    shadow_record_write(&o, NULL, record, seen, out);
    text_putc(log, '\n');
    if (record != SHADOW_RECORD_DECISION)
        text_add(&r->result->lines, log->data + from, log->len - from);
}

static void
add_shadow_trade(struct running *r, const struct shadow_position *p, double pnl_usd, bool is_open,
                 int64_t at_ns)
{
    struct days_trade trade = {
        .path = PATH_V2,
        .is_open = is_open,
        .exited_ns = at_ns,
        .unit = r->unit,
        .regime_label = arena_strdup(r->keep, p->entry_regime),
        .sector = arena_strdup(r->keep, p->entry_sector),
        .pnl_usd = isfinite(pnl_usd) ? pnl_usd : 0,
        .cost_usd = p->entry_price * p->qty,
    };

    (void)str_copy(trade.symbol, sizeof trade.symbol, p->symbol);
    days_trades_add(r->trades, &trade);
}

static void
step_shadow(struct running *r, const struct minute *t, const struct looked *l)
{
    const struct shadow_settings settings = {.is_paper = true};
    const struct shadow_position *p = shadow_book_find(&r->book, l->s->flow.symbol);
    enum shadow_record record[SHADOW_RECORDS_MAX];
    struct shadow_verdict verdict;
    struct shadow_outcome out;

    if (p == NULL && !l->is_v2_pass && !r->keeps_decisions) return; /* a step that does nothing */
    struct shadow_seen seen = seen_of(t, l, t->world.universe.version);
    if (p != NULL) {
        struct shadow_facts facts = {.realised_vol_20d = l->s->risk.realized_vol_20d,
                                     .flags = flags_of(t->m, seen.symbol),
                                     .candidate = candidate_of(r, seen.symbol)};
        verdict = shadow_verdict_of(p, &seen, &facts, t->arena);
        seen.verdict = &verdict;
    }
    shadow_step(&r->book, &seen, &settings, &out);
    if (r->keeps_decisions) {
        struct json_out o = {.to = &r->result->heartbeat};
        text_clear(o.to);
        shadow_heartbeat_write(&o, NULL, &seen);
    }
    size_t len = shadow_records_of(&out, record);
    for (size_t i = 0; i < len; i++)
        put_record(r, record[i], &seen, &out);
    if (out.act == SHADOW_CLOSED) add_shadow_trade(r, &out.position, out.pnl.usd, false, t->now_ns);
    shadow_book_apply(&r->book, &out);
}

/* ---- v1 beside it -------------------------------------------------------------------------- */

static void
add_paper_trade(struct running *r, const struct days_symbol *s, usd pnl, bool is_open,
                int64_t at_ns)
{
    struct days_trade trade = {
        .path = PATH_V1,
        .is_open = is_open,
        .exited_ns = at_ns,
        .unit = r->unit,
        .regime_label = arena_strdup(r->keep, s->paper.regime_label),
        .sector = sector_name(s->sector),
        .pnl_usd = usd_to_double(pnl),
        .cost_usd = usd_to_double(s->paper.cost_entered),
    };

    (void)str_copy(trade.symbol, sizeof trade.symbol, s->flow.symbol);
    days_trades_add(r->trades, &trade);
}

static void
step_paper(struct running *r, const struct minute *t, const struct looked *l)
{
    const char *regime = exit_regime_name(t->m->structural.regime);
    struct paper_seen seen = {.now_ns = t->now_ns,
                              .flow = &l->s->flow,
                              .is_pass = l->is_v1_pass,
                              .score = l->v1_score,
                              .price = l->last.is_known ? l->last.price : USD_ZERO,
                              .regime_label = t->m->regime_label,
                              .exit_regime = regime};
    struct composite c;
    char at[ISO_TEXT_MAX], pnl[USD_TEXT_MAX];

    if (l->s->paper.is_open) {
        composite_v1(&l->enriched, score_regime_from(regime), NULL, t->now_ns, &c);
        seen.exit_score = c.score;
    }
    struct paper_note note = paper_step(&l->s->paper, &seen, &t->m->cfg->strategy);
    if (!note.is_entry && !note.is_exit) return;
    text_printf(&r->result->lines, "v1 %s %s %s %s\n", when_iso(t->now_ns, at), l->s->flow.symbol,
                note.is_entry ? "in" : usd_text(note.pnl, pnl), note.reason);
    if (note.is_exit) add_paper_trade(r, l->s, note.pnl, false, t->now_ns);
}

/* ---- the day ------------------------------------------------------------------------------- */

static void
look_at(struct running *r, const struct minute *t, struct days_symbol *s, size_t i)
{
    struct looked l = {.s = s};

    poll(r, t, s, i);
    if (!s->is_polled) return; /* not in the cache yet */
    l.last = day_trade(&t->m->sim.day, s->bars, t->now_ns);
    score_v1(r, t, &l);
    score_v2(t, &l);
    step_shadow(r, t, &l);
    step_paper(r, t, &l);
    r->result->steps++;
}

static void
run_minute(struct running *r, int minute)
{
    struct days_market *m = r->m;

    arena_reset(&r->arena);
    struct minute t = {.m = m,
                       .arena = &r->arena,
                       .now_ns = m->sim.day.session.open_ns + minute * CYCLE_NS,
                       .complete = minute};
    struct v2_documents docs = m->docs;

    poll_tide(r, &t);
    t.context = days_context_in(m, t.now_ns, t.arena);
    docs.market_context = t.context.market_doc;
    docs.posture_state = t.context.posture_doc;
    v2_world_decode(&docs, &COMPOSITE_PARAMS_CONFIGURED, &m->profiles, t.arena, &t.world);
    t.world.is_shaping =
        m->cfg->engine.v2_shaping && str_eq(m->cfg->engine.composite_version, "v2");
    for (size_t i = 0; i < m->len; i++)
        look_at(r, &t, &m->symbol[i], i);
}

/* What is still open counts at its last price. */
static void
close_books(struct running *r)
{
    int64_t close_ns = r->m->sim.day.session.close_ns;

    for (size_t i = 0; i < r->m->len; i++) {
        struct days_symbol *s = &r->m->symbol[i];
        const struct shadow_position *p = shadow_book_find(&r->book, s->flow.symbol);
        usd last = s->bars->minute[r->m->sim.day.minutes - 1].close;

        if (p != NULL) {
            struct shadow_position marked = shadow_marked(p, usd_to_double(last), close_ns);
            add_shadow_trade(r, p, marked.mark.pnl_usd, true, close_ns);
        }
        if (s->paper.is_open) add_paper_trade(r, s, paper_pnl(&s->paper, last), true, close_ns);
    }
}

void
days_run(struct days_market *m, size_t unit, bool keeps_decisions, struct arena *keep,
         struct days_trades *trades, struct days_result *ret_result)
{
    struct running r = {.m = m,
                        .keeps_decisions = keeps_decisions,
                        .unit = unit,
                        .keep = keep,
                        .trades = trades,
                        .result = ret_result};

    *ret_result = (struct days_result){.symbols = m->len};
    for (int minute = 0; minute < m->sim.day.minutes; minute++)
        run_minute(&r, minute);
    close_books(&r);
    struct json_out o = {.to = &ret_result->positions};
    shadow_book_write(&o, NULL, &r.book);
    ret_result->ended_ns = m->sim.day.session.close_ns;
    (void)sha256_hex(text_str(&ret_result->lines), ret_result->lines.len, ret_result->digest);
    shadow_book_done(&r.book);
    arena_done(&r.arena);
}

void
days_result_done(struct days_result *r)
{
    for (int i = 0; i < SHADOW_LOGS_LEN; i++)
        text_free(&r->log[i]);
    text_free(&r->lines);
    text_free(&r->positions);
    text_free(&r->heartbeat);
}
