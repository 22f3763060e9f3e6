/* The shadow by name: spec 30 9.15, 9.20, 9.21, 9.28. */
#include "scripts/calc/calc.h"

#include <math.h>

#include "engine/shadow_verdict.h"
#include "shadow/book_json.h"
#include "shadow/record_json.h"
#include "shadow/size.h"
#include "shadow/uw_json.h"
#include "strategy/composite_gate.h"

#define UNKNOWN ((double)NAN)

/* ---- entry-gate-v2 ------------------------------------------------------------------------- */

const char CALC_ENTRY_GATE_V2_KEYS[] =
    "in\n"
    "  score      number  0       composite v2\n"
    "  toxicity   number  0       above 0.90 blocks\n"
    "  freshness  number  1       below 0.25 blocks\n"
    "  mode       text    \"base\"  threshold 2.7; canary 2.9, champion 3.2\n"
    "  threshold  number          the symbol's own; goes before the mode's\n"
    "\n"
    "out\n"
    "  pass, gate (the test that failed, or null); without score, toxicity and freshness the\n"
    "  composite is empty and does not pass\n";

static double
mode_threshold(const char *mode)
{
    if (str_eq(mode, "canary")) return 2.9;
    if (str_eq(mode, "champion")) return 3.2;
    return COMPOSITE_THRESHOLD;
}

enum rc
calc_entry_gate_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    bool is_empty = json_member(in, "score") == NULL && json_member(in, "toxicity") == NULL &&
                    json_member(in, "freshness") == NULL;
    double threshold = json_f64(in, "threshold", mode_threshold(json_str(in, "mode", "base")));
    /* v2 takes its direction from elsewhere: a neutral sentiment does not block here. */
    struct composite c = {
        .toxicity = json_f64(in, "toxicity", 0),
        .freshness = json_f64(in, "freshness", 1),
        .sentiment = SENTIMENT_BULLISH,
    };
    struct composite_gate_result r =
        composite_gate_score(is_empty ? NULL : &c, json_f64(in, "score", 0), threshold);
    bool is_pass = r.gate == COMPOSITE_GATE_PASS;

    json_out_obj(o, NULL);
    json_out_bool(o, "pass", is_pass);
    json_out_str(o, "gate", is_pass ? NULL : composite_gate_name(r.gate));
    json_out_end(o);
    return RC_OK;
}

/* ---- shadow-pnl, position-size ------------------------------------------------------------- */

const char CALC_SHADOW_PNL_KEYS[] =
    "in\n"
    "  entry_price, exit_price, qty  number  null    USD and shares; each must be above zero\n"
    "  side                          text    \"long\"  exactly \"short\", or any other\n"
    "\n"
    "out\n"
    "  pnl_usd, pnl_pct (a fraction): not rounded; both null where something is missing\n";

enum rc
calc_shadow_pnl(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    struct shadow_pnl r =
        shadow_pnl(json_f64(in, "entry_price", UNKNOWN), json_f64(in, "exit_price", UNKNOWN),
                   json_f64(in, "qty", UNKNOWN), json_str(in, "side", "long"));

    json_out_obj(o, NULL);
    json_out_f64(o, "pnl_usd", r.usd);
    json_out_f64(o, "pnl_pct", r.fraction);
    json_out_end(o);
    return RC_OK;
}

static bool
read_is_paper(const struct json *in)
{
    char buf[F64_TEXT_MAX];

    return str_eq_nocase(ops_str(json_get(in, "trading_mode"), "PAPER", buf), "PAPER");
}

const char CALC_POSITION_SIZE_KEYS[] =
    "in\n"
    "  account_equity  number  0        USD\n"
    "  trading_mode    text    \"PAPER\"  any other has the cap of LIVE\n"
    "\n"
    "out\n"
    "  position_size_usd: 1.5 % of the equity within 50 and 825 (LIVE: 300)\n";

enum rc
calc_position_size(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    json_out_obj(o, NULL);
    json_out_f64(o, "position_size_usd",
                 shadow_equity_size_usd(json_f64(in, "account_equity", 0), read_is_paper(in)));
    json_out_end(o);
    return RC_OK;
}

/* ---- shadow-decision: what the step sees --------------------------------------------------- */

const char CALC_SHADOW_DECISION_KEYS[] =
    "in\n"
    "  now           ISO text or seconds since 1970; needed\n"
    "  new_trade_id  text    32 zeros  of an entry\n"
    "  trading_mode  text    \"PAPER\"\n"
    "  decision      object  {}        symbol, direction, v1_score, v2_score, v1_pass, v2_pass,\n"
    "                                  composite_v2, market_regime, posture, regime_label,\n"
    "                                  volatility_regime, current_price, account_equity,\n"
    "                                  buying_power, position_size_usd\n"
    "  api           object  null      last_trade, bid, ask: asked where current_price is missing\n"
    "  state         object  {}        contents of the files positions, risk_features,\n"
    "                                  premarket_exit_intel, postmarket_exit_intel,\n"
    "                                  daily_universe_v2; v2_scores (symbol to score)\n"
    "\n"
    "out\n"
    "  shadow_trades, exit_attribution, master_trade_log (lines), positions, heartbeat\n";

static const char *
keep_text(const struct json *obj, const char *key, const char *dflt, struct arena *a)
{
    char buf[F64_TEXT_MAX];

    return arena_strdup(a, ops_str(json_get(obj, key), dflt, buf));
}

static const char *
keep_symbol(const struct json *obj, struct arena *a)
{
    char buf[F64_TEXT_MAX];
    const char *s = ops_str(json_get(obj, "symbol"), "", buf);
    char *symbol = arena_strndup(a, s, strlen(s));

    str_upper(symbol);
    return symbol;
}

static enum shadow_truth
read_truth(const struct json *v)
{
    if (json_kind(v) != JSON_BOOL) return SHADOW_UNKNOWN;
    return json_is_true(v) ? SHADOW_YES : SHADOW_NO;
}

static struct shadow_seen
read_seen(const struct json *in, int64_t now_ns, struct arena *a)
{
    const struct json *d = json_get_obj(in, "decision"), *api = json_get_obj(in, "api");
    const struct json *c = json_get_obj(d, "composite_v2");

    return (struct shadow_seen){
        .now_ns = now_ns,
        .symbol = keep_symbol(d, a),
        .direction = keep_text(d, "direction", "", a),
        .new_trade_id = keep_text(in, "new_trade_id", "00000000000000000000000000000000", a),
        .v1_score = json_f64(d, "v1_score", 0),
        .v2_score = json_f64(d, "v2_score", 0),
        .is_v1_pass = json_truthy(json_get(d, "v1_pass")),
        .is_v2_pass = json_truthy(json_get(d, "v2_pass")),
        .uw = shadow_uw_decode(c, a),
        .sizing_overlay = json_f64(c, "sizing_overlay", 0),
        .universe_version = keep_text(c, "universe_scoring_version", "", a),
        .universe_source = keep_text(c, "universe_source", "", a),
        .in_universe = read_truth(json_get(c, "in_universe")),
        .market_regime = keep_text(d, "market_regime", "", a),
        .posture = keep_text(d, "posture", "", a),
        .regime_label = keep_text(d, "regime_label", "", a),
        .volatility_regime = keep_text(d, "volatility_regime", "", a),
        .current_price = json_f64(d, "current_price", UNKNOWN),
        .last_trade = json_f64(api, "last_trade", UNKNOWN),
        .bid = json_f64(api, "bid", UNKNOWN),
        .ask = json_f64(api, "ask", UNKNOWN),
        .account_equity = json_f64(d, "account_equity", UNKNOWN),
        .buying_power = json_f64(d, "buying_power", UNKNOWN),
        .size_usd = json_f64(d, "position_size_usd", UNKNOWN),
    };
}

/* ---- shadow-decision: the verdict on the open position ------------------------------------- */

static struct v2_exit_flags
read_flags(const struct json *state, const char *file, const char *symbol)
{
    const struct json *symbols = json_get_obj(json_get_obj(state, file), "symbols");

    return v2_flags_decode(json_get_obj(symbols, symbol));
}

/* The rows of the universe in order, each with its score where the cycle has one. */
static const struct shadow_candidate *
read_candidate(const struct json *state, const struct shadow_book *book, const char *symbol,
               struct arena *a)
{
    const struct json *rows = json_get_arr(json_get_obj(state, "daily_universe_v2"), "symbols");
    const struct json *scores = json_get_obj(state, "v2_scores");
    struct shadow_candidate *list = ARENA_NEW(a, struct shadow_candidate, json_len(rows));
    size_t len = 0;

    for (const struct json *row = json_first(rows); row != NULL; row = json_next(row)) {
        const char *candidate = keep_symbol(ops_obj(row), a);
        if (candidate[0] == '\0') continue;
        list[len++] = (struct shadow_candidate){
            .symbol = candidate,
            .v2_score = json_f64(scores, candidate, UNKNOWN),
        };
    }
    return shadow_candidate_of(book, symbol, list, len);
}

static struct shadow_verdict
read_verdict(const struct shadow_book *book, const struct shadow_position *p,
             const struct shadow_seen *seen, const struct json *state, struct arena *a)
{
    const struct json *risk = json_get_obj(json_get_obj(state, "risk_features"), "symbols");
    struct v2_exit_flags before = read_flags(state, "premarket_exit_intel", seen->symbol);
    struct v2_exit_flags after = read_flags(state, "postmarket_exit_intel", seen->symbol);
    struct shadow_facts facts = {
        .realised_vol_20d = json_f64(json_get_obj(risk, seen->symbol), "realized_vol_20d", UNKNOWN),
        .flags = v2_flags_or(&before, &after),
        .candidate = read_candidate(state, book, seen->symbol, a),
    };

    return shadow_verdict_of(p, seen, &facts, a);
}

/* ---- shadow-decision: the step ------------------------------------------------------------- */

static void
write_log(struct json_out *o, const char *key, enum shadow_log log, const struct shadow_seen *seen,
          const struct shadow_outcome *out)
{
    enum shadow_record record[SHADOW_RECORDS_MAX];
    size_t len = shadow_records_of(out, record);

    json_out_arr(o, key);
    for (size_t i = 0; i < len; i++) {
        if (shadow_record_log(record[i]) == log) shadow_record_write(o, NULL, record[i], seen, out);
    }
    json_out_end(o);
}

enum rc
calc_shadow_decision(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    CLEANUP(shadow_book_done) struct shadow_book book = {0};
    const struct json *state = json_get_obj(in, "state");
    struct shadow_verdict verdict;
    struct shadow_outcome out;
    int64_t now_ns = WHEN_NONE;

    enum rc rc = calc_need_time(in, "now", &now_ns, err);
    if (rc == RC_OK) rc = shadow_book_decode(json_get_obj(state, "positions"), &book, err);
    if (rc != RC_OK) return rc;

    struct shadow_seen seen = read_seen(in, now_ns, &arena);
    const struct shadow_position *p = shadow_book_find(&book, seen.symbol);
    if (p != NULL) {
        verdict = read_verdict(&book, p, &seen, state, &arena);
        seen.verdict = &verdict;
    }
    shadow_step(&book, &seen, &(struct shadow_settings){.is_paper = read_is_paper(in)}, &out);

    json_out_obj(o, NULL);
    write_log(o, "shadow_trades", SHADOW_LOG_TRADES, &seen, &out);
    write_log(o, "exit_attribution", SHADOW_LOG_ATTRIBUTION, &seen, &out);
    write_log(o, "master_trade_log", SHADOW_LOG_MASTER, &seen, &out);
    shadow_heartbeat_write(o, "heartbeat", &seen);
    shadow_book_apply(&book, &out);
    shadow_positions_write(o, "positions", &book);
    json_out_end(o);
    return RC_OK;
}
