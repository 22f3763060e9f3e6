#include "scripts/show/shadow_look.h"

#include <math.h>
#include <stdlib.h>

#include "exitlogic/exit_json.h"
#include "shadow/book_json.h"
#include "shadow/record_json.h"
#include "shadow/uw_json.h"

#define DECISION_BYTES ((size_t)16 << 20) /* of the log's end: over an hour of 53 symbols */
#define TRADE_BYTES    ((size_t)8 << 20)
#define STATE_MAX      ((size_t)64 << 20)
#define POSITIONS_PATH "state/shadow_v2_positions.json"

/* ---- state files --------------------------------------------------------------------------- */

static enum shadow_file
load(const struct fs *fs, const char *path, struct json **ret_doc, struct err *err)
{
    CLEANUP(text_free) struct text bytes = {0};
    struct fs_stat st = {0};

    *ret_doc = NULL;
    enum rc rc = fs->stat(fs->self, path, &st, err);
    if (rc == RC_OK && !st.exists) return SHADOW_FILE_MISSING;
    if (rc == RC_OK) rc = fs->read_all(fs->self, path, STATE_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = json_parse(text_str(&bytes), bytes.len, JSON_STRICT, &JSON_LIMITS_FILE, ret_doc, err);
    if (rc == RC_OK && !json_is_object(*ret_doc)) {
        json_free(*ret_doc);
        *ret_doc = NULL;
        rc = err_set(err, RC_PARSE, "no object");
    }
    if (rc == RC_OK) return SHADOW_FILE_SOUND;
    (void)err_wrap(err, "%s", path);
    return SHADOW_FILE_DAMAGED;
}

static void
read_positions(struct shadow_look *s)
{
    struct json *doc = NULL;

    s->positions_file = load(&s->look->fs, POSITIONS_PATH, &doc, &s->positions_err);
    if (doc != NULL && shadow_book_decode(doc, &s->book, &s->positions_err) != RC_OK) {
        s->positions_file = SHADOW_FILE_DAMAGED;
        (void)err_wrap(&s->positions_err, POSITIONS_PATH);
    }
    json_free(doc);
}

static void
read_heartbeat(struct shadow_look *s)
{
    struct err ignored = {0};
    struct json *doc = NULL;

    s->heartbeat_file = load(&s->look->fs, "state/shadow_heartbeat.json", &doc, &ignored);
    s->beat_ns = when_parse_or_none(json_str(doc, "timestamp", ""));
    (void)str_copy(s->beat_symbol, sizeof s->beat_symbol, json_str(doc, "symbol", ""));
    (void)str_copy(s->beat_event, sizeof s->beat_event, json_str(doc, "event_type", ""));
    json_free(doc);
}

/* ---- decisions ----------------------------------------------------------------------------- */

const struct shadow_decision *
shadow_look_decision(const struct shadow_look *s, const char *symbol)
{
    for (size_t i = 0; i < s->decisions_len; i++)
        if (str_eq(s->decision[i].symbol, symbol)) return &s->decision[i];
    return NULL;
}

static void
keep_decision(struct shadow_look *s, const struct json *rec)
{
    struct arena *a = &s->look->arena;
    const char *symbol = json_str(rec, "symbol", "");

    if (shadow_look_decision(s, symbol) != NULL || s->decisions_len == SHADOW_POSITIONS_MAX) return;
    if (s->decisions_len == s->decisions_cap) {
        s->decisions_cap = s->decisions_cap == 0 ? 64 : 2 * s->decisions_cap;
        s->decision = realloc(s->decision, s->decisions_cap * sizeof *s->decision);
        ASSERT(s->decision != NULL);
    }
    s->decision[s->decisions_len++] = (struct shadow_decision){
        .symbol = arena_strdup(a, symbol),
        .at_ns = when_parse_or_none(json_str(rec, "timestamp", "")),
        .direction = arena_strdup(a, json_str(rec, "direction", "")),
        .is_v1_pass = json_bool(rec, "v1_pass", false),
        .is_v2_pass = json_bool(rec, "v2_pass", false),
        .v1_score = json_f64(rec, "v1_score", (double)NAN),
        .v2_score = json_f64(rec, "v2_score", (double)NAN),
        .price = json_f64(rec, "current_price", (double)NAN),
        .uw = shadow_uw_of_snapshot(json_get_obj(rec, "uw_attribution_snapshot"), a),
    };
}

static bool
did_of(const char *type, enum shadow_did *ret_did)
{
    static const struct {
        const char *type;
        enum shadow_did did;
    } rows[] = {
        {"shadow_trade_candidate", SHADOW_DID_LOOK },
        {"shadow_score_compare",   SHADOW_DID_LOOK },
        {"shadow_entry_blocked",   SHADOW_DID_BLOCK},
        {"shadow_entry_opened",    SHADOW_DID_ENTER},
        {"shadow_exit",            SHADOW_DID_EXIT },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!str_eq(rows[i].type, type)) continue;
        *ret_did = rows[i].did;
        return true;
    }
    return false;
}

/* A look at a symbol is no news unless the symbol is asked for. */
static void
keep_event(struct shadow_look *s, enum shadow_did did, const struct json *rec)
{
    const char *symbol = json_str(rec, "symbol", "");
    const char *why = did == SHADOW_DID_EXIT ? "v2_exit_reason" : "reason";

    if (s->events_len == SHADOW_EVENTS || (s->only == NULL && did == SHADOW_DID_LOOK)) return;
    if (s->only != NULL && !str_eq(s->only, symbol)) return;
    struct shadow_event *e = &s->event[s->events_len++];
    *e = (struct shadow_event){
        .did = did,
        .at_ns = when_parse_or_none(json_str(rec, "timestamp", "")),
        .v1_score = json_f64(rec, "v1_score", (double)NAN),
        .v2_score = json_f64(rec, "v2_score", (double)NAN),
        .qty = json_f64(rec, "qty", (double)NAN),
        .price = json_f64(rec, did == SHADOW_DID_EXIT ? "exit_price" : "entry_price", (double)NAN),
        .pnl_usd = json_f64(rec, "pnl", (double)NAN),
        .is_v2_pass = json_bool(rec, "v2_pass", false),
    };
    (void)str_copy(e->symbol, sizeof e->symbol, symbol);
    (void)str_copy(e->side, sizeof e->side, json_str(rec, "side", ""));
    (void)str_copy(e->reason, sizeof e->reason, json_str(rec, why, ""));
}

static bool
take_decision(void *ctx, const struct json *rec)
{
    struct shadow_look *s = ctx;
    enum shadow_did did;

    if (!did_of(json_str(rec, "event_type", ""), &did)) return true;
    if (did == SHADOW_DID_LOOK) keep_decision(s, rec);
    keep_event(s, did, rec);
    return true;
}

/* ---- the day ------------------------------------------------------------------------------- */

static bool
is_of_today(const struct shadow_look *s, const char *text, bool *ret_is_older)
{
    int64_t at_ns = when_parse_or_none(text);

    if (at_ns == WHEN_NONE) return false;
    int order = date_cmp(zone_date(s->look->ny, at_ns), zone_date(s->look->ny, s->look->now_ns));
    *ret_is_older = order < 0;
    return order == 0;
}

static bool
take_trade(void *ctx, const struct json *rec)
{
    struct shadow_look *s = ctx;
    bool is_exit = json_has(rec, "exit_ts"), is_older = false;

    if (!json_bool(rec, "is_shadow", false)) return true;
    if (s->only != NULL && !str_eq(s->only, json_str(rec, "symbol", ""))) return true;
    if (!is_of_today(s, json_str(rec, "timestamp", ""), &is_older)) return !is_older;
    if (!is_exit) {
        s->entered++;
        return true;
    }
    double pnl = json_f64(rec, "realized_pnl_usd", 0);
    s->closed.trades++;
    s->closed.wins += pnl > 0;
    s->closed.pnl_usd += pnl;
    return true;
}

/* ---- a position now ------------------------------------------------------------------------ */

static struct v2_exit_flags
flags_of(const struct shadow_look *s, const char *symbol)
{
    struct v2_exit_flags before =
        v2_flags_decode(json_get_obj(json_get_obj(s->premarket, "symbols"), symbol));
    struct v2_exit_flags after =
        v2_flags_decode(json_get_obj(json_get_obj(s->postmarket, "symbols"), symbol));

    return v2_flags_or(&before, &after);
}

static struct shadow_candidate
candidate_of(const struct shadow_look *s, const char *symbol)
{
    struct arena *a = &s->look->arena;
    const struct json *rows = json_get_arr(s->universe, "symbols");
    struct shadow_candidate *list = ARENA_NEW(a, struct shadow_candidate, json_len(rows));
    size_t len = 0;

    for (const struct json *row = json_first(rows); row != NULL; row = json_next(row)) {
        const char *name = intel_upper(a, json_get(row, "symbol"), "");
        const struct shadow_decision *d = shadow_look_decision(s, name);
        if (name[0] == '\0') continue;
        list[len++] = (struct shadow_candidate){.symbol = name,
                                                .v2_score = d != NULL ? d->v2_score : (double)NAN};
    }
    const struct shadow_candidate *best = shadow_candidate_of(&s->book, symbol, list, len);
    return best != NULL ? *best : (struct shadow_candidate){.v2_score = (double)NAN};
}

static struct v2_moment
moment_of(double v2_score, const struct shadow_uw *uw, const char *regime, const char *sector)
{
    return (struct v2_moment){.v2_score = v2_score,
                              .flow_strength = uw->flow_strength,
                              .dark_pool_bias = uw->dark_pool_bias,
                              .sentiment = uw->sentiment,
                              .regime_label = regime,
                              .sector = sector};
}

/* The newer of the two. */
static double
price_of(const struct shadow_position *p, const struct shadow_decision *d)
{
    bool has_decision = d != NULL && d->price > 0;
    bool is_newer = has_decision && (p->mark.at_ns == WHEN_NONE || d->at_ns >= p->mark.at_ns);

    return is_newer ? d->price : p->mark.price > 0 ? p->mark.price : (double)NAN;
}

static double
distance_pct(double level, double price)
{
    return level > 0 && price > 0 ? 100 * (level - price) / price : (double)NAN;
}

void
shadow_look_state(const struct shadow_look *s, const struct shadow_position *p,
                  struct shadow_state *ret_state)
{
    const struct shadow_decision *d = shadow_look_decision(s, p->symbol);
    const struct shadow_uw *now = d != NULL ? &d->uw : &p->entry_uw;
    const struct json *risk = json_get_obj(json_get_obj(s->risk, "symbols"), p->symbol);
    struct shadow_candidate candidate = candidate_of(s, p->symbol);
    struct shadow_state st = {
        .position = p,
        .price = price_of(p, d),
        .v2_score = d != NULL ? d->v2_score : p->entry_v2_score,
        .held_min = p->entered_ns != WHEN_NONE
                        ? (double)(s->look->now_ns - p->entered_ns) / (double)NS_PER_MIN
                        : (double)NAN,
    };
    struct v2_exit_case c = {
        .symbol = p->symbol,
        .side = str_eq(p->side, "short") ? V2_SHORT : V2_LONG,
        .entry_price = p->entry_price,
        .price = st.price,
        .entry = moment_of(p->entry_v2_score, &p->entry_uw, p->entry_regime, p->entry_sector),
        .now = moment_of(st.v2_score, now, now->regime_label, now->sector),
        .realised_vol_20d = json_f64(risk, "realized_vol_20d", (double)NAN),
        .flags = flags_of(s, p->symbol),
        .candidate = candidate.symbol,
        .candidate_v2_score = candidate.v2_score,
    };

    v2_exit_judge(&c, &st.verdict);
    st.pnl = shadow_pnl(p->entry_price, st.price, p->qty, p->side);
    st.to_target_pct = distance_pct(st.verdict.target.price, st.price);
    st.to_stop_pct = distance_pct(st.verdict.stop.price, st.price);
    *ret_state = st;
}

/* ---- public -------------------------------------------------------------------------------- */

bool
shadow_look_open(struct look *l, const char *only, struct shadow_look *ret_look)
{
    struct shadow_look *s = ret_look;

    *s = (struct shadow_look){.look = l, .only = only};
    read_positions(s);
    read_heartbeat(s);
    view_tail(&l->fs, shadow_log_path(SHADOW_LOG_TRADES), DECISION_BYTES, take_decision, s);
    view_tail(&l->fs, shadow_log_path(SHADOW_LOG_MASTER), TRADE_BYTES, take_trade, s);
    s->risk = view_load(&l->fs, "state/symbol_risk_features.json");
    s->premarket = view_load(&l->fs, "state/premarket_exit_intel.json");
    s->postmarket = view_load(&l->fs, "state/postmarket_exit_intel.json");
    s->universe = view_load(&l->fs, "state/daily_universe_v2.json");
    s->thresholds = view_load(&l->fs, "state/uw_thresholds_hierarchical.json");
    return s->positions_file != SHADOW_FILE_MISSING || s->heartbeat_file != SHADOW_FILE_MISSING ||
           s->decisions_len > 0 || s->events_len > 0;
}

void
shadow_look_done(struct shadow_look *s)
{
    shadow_book_done(&s->book);
    free(s->decision);
    json_free(s->risk);
    json_free(s->premarket);
    json_free(s->postmarket);
    json_free(s->universe);
    json_free(s->thresholds);
}
