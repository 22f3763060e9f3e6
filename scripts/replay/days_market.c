#include <math.h>
#include <stdlib.h>

#include "intel/market_context.h"
#include "intel/posture.h"
#include "intel/regime.h"
#include "intel/symbol_risk.h"
#include "intel/universe_json.h"
#include "intel/uw_intel.h"
#include "scripts/replay/days.h"
#include "scripts/replay/days_context.h"

#define STATE_BYTES_MAX ((size_t)64 << 20)

/* ---- bars and flow ------------------------------------------------------------------------- */

static enum rc
open_bars(const struct days_settings *s, const struct days_found *found, const struct day_unit *u,
          struct sim_day *ret_day, struct err *err)
{
    const char *names[DAY_SYMBOLS_MAX];
    struct day_spec spec = {.ny = s->ny, .date = u->date, .seed = s->seed, .symbols = names};

    if (!u->is_drawn) {
        const struct day_folder *d = &found->folder[u->folder];
        return day_load(&spec, d->file, d->files, ret_day, err);
    }
    for (size_t i = 0; i < u->symbols_len; i++)
        names[spec.symbols_len++] = u->symbols[i];
    spec.seed = u->seed;
    return day_synth(&spec, ret_day, err);
}

static enum rc
open_flow(const struct days_settings *s, const struct days_found *found, const struct day_unit *u,
          struct days_market *m, struct err *err)
{
    struct sim *sim = &m->sim;
    const char *recorded = s->flow_path;

    if (!u->is_drawn && found->folder[u->folder].flow_path.len > 0)
        recorded = text_str(&found->folder[u->folder].flow_path);
    m->is_flow_drawn = recorded == NULL;
    if (recorded == NULL) return flow_synth(&sim->day, &sim->flow, err);
    return load_flow_read(recorded, s->fs, &sim->day, &sim->flow, err);
}

/* ---- documents ----------------------------------------------------------------------------- */

/* What was written, as a document in the day's arena. */
static const struct json *
document(struct days_market *m, struct text *t)
{
    const struct json *doc = NULL;
    struct err err = {0};
    enum rc rc = json_parse_in(text_str(t), t->len, &JSON_LIMITS_FILE, &m->arena, &doc, &err);

    text_free(t);
    return rc == RC_OK ? doc : NULL;
}

/*
 * A file of the intel that was recorded with the day; ret_doc stays NULL where there is none.  One
 * that is damaged breaks the day: without it the day would be another one.
 */
static enum rc
recorded(struct days_market *m, const struct days_settings *s, const struct text *folder,
         const char *name, const struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text path = {0};
    CLEANUP(text_free) struct text bytes = {0};
    struct fs_stat st = {0};

    if (folder->len == 0) return RC_OK;
    text_printf(&path, "%s/%s", text_str(folder), name);
    enum rc rc = s->fs->stat(s->fs->self, text_str(&path), &st, err);
    if (rc != RC_OK || !st.exists) return rc;
    rc = s->fs->read_all(s->fs->self, text_str(&path), STATE_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = json_parse_in(text_str(&bytes), bytes.len, &JSON_LIMITS_FILE, &m->arena, ret_doc, err);
    return rc == RC_OK ? rc : err_wrap(err, "%s", text_str(&path));
}

/* ---- daily features ------------------------------------------------------------------------ */

static void
closes_of(const struct day_symbol *s, double usd_close[DAY_HISTORY], int64_t day[DAY_HISTORY],
          struct closes *ret_closes)
{
    for (int i = 0; i < DAY_HISTORY; i++) {
        usd_close[i] = usd_to_double(s->daily[i].close);
        day[i] = s->daily[i].start_ns / NS_PER_DAY;
    }
    *ret_closes = (struct closes){.usd = usd_close, .day = day, .len = DAY_HISTORY};
    if (ret_closes->len > RISK_CLOSES_MAX) { /* the newest count */
        ret_closes->usd += ret_closes->len - RISK_CLOSES_MAX;
        ret_closes->day += ret_closes->len - RISK_CLOSES_MAX;
        ret_closes->len = RISK_CLOSES_MAX;
    }
}

/* Gives the document of the universe build. */
static const struct json *
find_risk(struct days_market *m)
{
    struct symbol_risk_row *row = ARENA_NEW(&m->arena, struct symbol_risk_row, m->len);
    double benchmark_usd[DAY_HISTORY], own_usd[DAY_HISTORY];
    int64_t benchmark_day[DAY_HISTORY], own_day[DAY_HISTORY];
    struct closes benchmark = {0}, own;
    struct text t = {0};
    struct json_out o = {.to = &t};

    if (m->spy != NULL) closes_of(m->spy, benchmark_usd, benchmark_day, &benchmark);
    for (size_t i = 0; i < m->len; i++) {
        struct days_symbol *s = &m->symbol[i];

        closes_of(s->bars, own_usd, own_day, &own);
        row[i] = (struct symbol_risk_row){.symbol = s->bars->symbol,
                                          .risk = symbol_risk_of(&own, &benchmark),
                                          .last_bar_ns = s->bars->daily[DAY_HISTORY - 1].start_ns};
        s->risk = (struct risk_features){.realized_vol_5d = row[i].risk.realised_vol_5d,
                                         .realized_vol_20d = row[i].risk.realised_vol_20d,
                                         .beta_vs_spy = row[i].risk.beta_vs_spy};
    }
    struct symbol_risk_table table = {
        .row = row, .len = m->len, .benchmark_last_bar_ns = WHEN_NONE};
    symbol_risk_table_write(&o, &table, m->sim.day.session.open_ns);
    return document(m, &t);
}

static void
find_structural(struct days_market *m)
{
    double close[DAY_HISTORY];
    int64_t from_ns = m->sim.day.session.open_ns - REGIME_LOOKBACK_DAYS * NS_PER_DAY;
    struct structural_state before = {.updated_ns = WHEN_NONE};
    size_t len = 0;

    for (int i = 0; m->spy != NULL && i < DAY_HISTORY; i++)
        if (m->spy->daily[i].start_ns >= from_ns)
            close[len++] = usd_to_double(m->spy->daily[i].close);
    m->structural = structural_regime_of(close, len, &before, m->sim.day.session.open_ns);
}

/* ---- intel before the open ----------------------------------------------------------------- */

/* Nothing was said of the night: the records are those of an answer without rows. */
static const struct json *
made_premarket(struct days_market *m)
{
    struct premarket_rows none = {0};
    struct uw_intel quiet = premarket_intel_of(&none);
    struct text t = {0};
    struct json_out o = {.to = &t};

    uw_intel_begin(&o, false, m->sim.day.session.open_ns);
    for (size_t i = 0; i < m->len; i++)
        premarket_record_write(&o, m->symbol[i].bars->symbol, &quiet);
    premarket_end(&o);
    return document(m, &t);
}

static const struct json *
made_regime(struct days_market *m)
{
    struct days_context c = days_context_of(m, WHEN_NONE);
    struct regime_inputs in = {.posture = posture_name(c.posture.posture),
                               .confidence = c.posture.regime_confidence,
                               .volatility = volatility_regime_name(c.market.volatility),
                               .trend = market_trend_name(c.market.trend)};
    struct regime_state state = regime_detect(&in);
    struct text t = {0};
    struct json_out o = {.to = &t};

    regime_write(&o, &in, &state, m->sim.day.session.open_ns);
    return document(m, &t);
}

static const struct json *
made_universe(struct days_market *m)
{
    struct days_context c = days_context_of(m, WHEN_NONE);
    struct universe_sources sources = {.risk_features = m->risk,
                                       .market_context = c.market_doc,
                                       .posture_state = c.posture_doc,
                                       .daily_max = UNIVERSE_DAILY_DEFAULT,
                                       .core_max = UNIVERSE_CORE_DEFAULT};
    struct universe_build build;
    struct text t = {0};
    struct json_out o = {.to = &t};

    universe_build(&sources, &m->arena, &build);
    universe_v2_write(&o, NULL, &build, m->sim.day.session.open_ns);
    return document(m, &t);
}

static void
list_universe(struct days_market *m)
{
    const struct json *rows = json_get_arr(m->docs.daily_universe_v2, "symbols");

    m->universe = ARENA_NEW(&m->arena, struct shadow_candidate, json_len(rows));
    for (const struct json *row = json_first(rows); row != NULL; row = json_next(row)) {
        const char *symbol = intel_upper(&m->arena, json_get(row, "symbol"), "");
        if (symbol[0] == '\0') continue;
        m->universe[m->universe_len++] =
            (struct shadow_candidate){.symbol = symbol, .v2_score = (double)NAN};
    }
}

static enum rc
open_intel(struct days_market *m, const struct days_settings *s, const struct text *folder,
           struct err *err)
{
    enum rc rc = RC_OK;

    m->risk = find_risk(m);
    find_structural(m);
    rc = recorded(m, s, folder, "premarket_intel.json", &m->docs.premarket_intel, err);
    if (rc == RC_OK)
        rc = recorded(m, s, folder, "postmarket_intel.json", &m->docs.postmarket_intel, err);
    if (rc == RC_OK) rc = recorded(m, s, folder, "regime_state.json", &m->docs.regime_state, err);
    if (rc == RC_OK)
        rc = recorded(m, s, folder, "daily_universe_v2.json", &m->docs.daily_universe_v2, err);
    if (rc == RC_OK)
        rc = recorded(m, s, folder, "premarket_exit_intel.json", &m->premarket_exit, err);
    if (rc == RC_OK)
        rc = recorded(m, s, folder, "postmarket_exit_intel.json", &m->postmarket_exit, err);
    if (rc != RC_OK) return rc;
    if (m->docs.premarket_intel == NULL) m->docs.premarket_intel = made_premarket(m);
    if (m->docs.regime_state == NULL) m->docs.regime_state = made_regime(m);
    if (m->docs.daily_universe_v2 == NULL) m->docs.daily_universe_v2 = made_universe(m);
    m->regime_label = intel_upper(&m->arena, json_get(m->docs.regime_state, "regime_label"),
                                  REGIME_LABEL_DEFAULT);
    list_universe(m);
    return RC_OK;
}

/* ---- public -------------------------------------------------------------------------------- */

static void
open_symbols(struct days_market *m)
{
    m->len = m->sim.day.len;
    m->symbol = ARENA_NEW(&m->arena, struct days_symbol, m->len);
    for (size_t i = 0; i < m->len; i++) {
        struct days_symbol *s = &m->symbol[i];

        s->bars = &m->sim.day.symbol[i];
        s->v2_score = (double)NAN;
        s->sector = sector_of(s->bars->symbol);
        s->paper.last_fill_ns = WHEN_NONE;
        (void)str_copy(s->flow.symbol, sizeof s->flow.symbol, s->bars->symbol);
        flow_tape_make(&m->sim.flow, s->bars->symbol, &m->arena, &s->tape);
        days_facts(m, s);
    }
    m->spy = day_find(&m->sim.day, "SPY");
    m->qqq = day_find(&m->sim.day, "QQQ");
    m->vxx = day_find(&m->sim.day, "VXX");
    m->vxz = day_find(&m->sim.day, "VXZ");
}

enum rc
days_market_open(const struct days_settings *s, const struct days_found *found,
                 const struct day_unit *u, struct days_market *ret_market, struct err *err)
{
    static const struct text NO_FOLDER = {0};
    struct days_market *m = ret_market;

    *m = (struct days_market){.cfg = s->cfg, .ny = s->ny, .profiles = s->profiles};
    m->sim.ny = s->ny;
    enum rc rc = open_bars(s, found, u, &m->sim.day, err);
    if (rc != RC_OK) return rc;
    rc = open_flow(s, found, u, m, err);
    if (rc == RC_OK) {
        sim_clock_init(&m->sim_clock, m->sim.day.session.open_ns);
        m->clock = sim_clock_seam(&m->sim_clock);
        m->sim.clock = &m->clock;
        open_symbols(m);
        rc = open_intel(m, s, u->is_drawn ? &NO_FOLDER : &found->folder[u->folder].state_path, err);
    }
    if (rc != RC_OK) days_market_done(m);
    return rc;
}

void
days_market_done(struct days_market *m)
{
    sim_done(&m->sim);
    arena_done(&m->arena);
    *m = (struct days_market){0};
}
