/* The v2 exits by name: spec 30 9.16 to 9.19, 9.23, 9.25. */
#include "scripts/calc/calc.h"

#include <math.h>

#include "exitlogic/exit_json.h"

#define UNKNOWN ((double)NAN)

/* ---- exit-score-v2 ------------------------------------------------------------------------- */

const char CALC_EXIT_SCORE_V2_KEYS[] =
    "in\n"
    "  entry_v2_score, now_v2_score      number  0\n"
    "  entry_uw_inputs, now_uw_inputs    object  {}    flow_strength, darkpool_bias, sentiment\n"
    "  entry_regime, now_regime,\n"
    "  entry_sector, now_sector          text    \"\"\n"
    "  realized_vol_20d                  number  null  as a fraction, over a year\n"
    "  thesis_flags                      object  {}    thesis_invalidated, earnings_risk,\n"
    "                                                  overnight_flow_risk\n"
    "\n"
    "out\n"
    "  exit_score 0..1, components (ten, 4 decimals), reason\n";

/* The keys of one moment, and room for texts that were written as numbers. */
struct moment_keys {
    const char *score, *inputs, *regime, *sector;
};
struct moment_store {
    char sentiment[F64_TEXT_MAX], regime[F64_TEXT_MAX], sector[F64_TEXT_MAX];
};

static struct v2_moment
read_moment(const struct json *in, const struct moment_keys *k, struct moment_store *store)
{
    const struct json *uw = json_get_obj(in, k->inputs);

    return (struct v2_moment){
        .v2_score = json_f64(in, k->score, 0),
        .flow_strength = json_f64(uw, "flow_strength", 0),
        .dark_pool_bias = json_f64(uw, "darkpool_bias", 0),
        .sentiment = ops_str(json_get(uw, "sentiment"), "NEUTRAL", store->sentiment),
        .regime_label = ops_str(json_get(in, k->regime), "", store->regime),
        .sector = ops_str(json_get(in, k->sector), "", store->sector),
    };
}

enum rc
calc_exit_score_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    static const struct moment_keys entry_keys = {"entry_v2_score", "entry_uw_inputs",
                                                  "entry_regime", "entry_sector"};
    static const struct moment_keys now_keys = {"now_v2_score", "now_uw_inputs", "now_regime",
                                                "now_sector"};
    struct moment_store entry_store, now_store;
    struct v2_moment entry = read_moment(in, &entry_keys, &entry_store);
    struct v2_moment now = read_moment(in, &now_keys, &now_store);
    struct v2_exit_flags flags = v2_flags_decode(json_get_obj(in, "thesis_flags"));
    struct v2_exit_score s =
        v2_exit_score(&entry, &now, json_f64(in, "realized_vol_20d", UNKNOWN), &flags);

    json_out_obj(o, NULL);
    json_out_f64(o, "exit_score", s.score);
    v2_components_write(o, "components", &s);
    json_out_str(o, "reason", v2_exit_reason_name(s.reason));
    json_out_end(o);
    return RC_OK;
}

/* ---- profit-target-v2, stop-price-v2 ------------------------------------------------------- */

struct trade_store {
    char direction[F64_TEXT_MAX], regime[F64_TEXT_MAX], sector[F64_TEXT_MAX];
};

static struct v2_trade
read_trade(const struct json *in, struct trade_store *store)
{
    return (struct v2_trade){
        .side = v2_side_of_direction(ops_str(json_get(in, "direction"), "", store->direction)),
        .entry_price = json_f64(in, "entry_price", UNKNOWN),
        .realised_vol_20d = json_f64(in, "realized_vol_20d", 0),
        .regime_label = ops_str(json_get(in, "regime_label"), "", store->regime),
        .sector = ops_str(json_get(in, "sector"), "", store->sector),
    };
}

const char CALC_PROFIT_TARGET_V2_KEYS[] =
    "in\n"
    "  entry_price       number  null  USD; there is no target without one\n"
    "  realized_vol_20d  number  null  counts as 0\n"
    "  flow_strength     number  0\n"
    "  regime_label      text    \"\"    reads as NEUTRAL\n"
    "  sector            text    \"\"    reads as UNKNOWN\n"
    "  direction         text    \"\"    bullish or bearish; there is no target for any other\n"
    "\n"
    "out\n"
    "  target_price (not rounded, or null), reasoning\n";

enum rc
calc_profit_target_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    struct trade_store store;
    struct v2_trade t = read_trade(in, &store);
    struct v2_target r = v2_target_of(&t, json_f64(in, "flow_strength", 0));

    json_out_obj(o, NULL);
    json_out_f64(o, "target_price", r.price);
    v2_target_reasoning_write(o, "reasoning", &r, t.regime_label, t.sector);
    json_out_end(o);
    return RC_OK;
}

const char CALC_STOP_PRICE_V2_KEYS[] =
    "in\n"
    "  entry_price       number   null   USD; there is no stop without one\n"
    "  realized_vol_20d  number   null   counts as 0\n"
    "  flow_reversal     boolean  false\n"
    "  sector_collapse   boolean  false\n"
    "  regime_label      text     \"\"     reads as NEUTRAL\n"
    "  direction         text     \"\"     bullish or bearish; there is no stop for any other\n"
    "\n"
    "out\n"
    "  stop_price (not rounded, or null), reasoning\n";

enum rc
calc_stop_price_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    struct trade_store store;
    struct v2_trade t = read_trade(in, &store);
    struct v2_stop r = v2_stop_of(&t, json_truthy(json_get(in, "flow_reversal")),
                                  json_truthy(json_get(in, "sector_collapse")));

    json_out_obj(o, NULL);
    json_out_f64(o, "stop_price", r.price);
    v2_stop_reasoning_write(o, "reasoning", &r, t.regime_label);
    json_out_end(o);
    return RC_OK;
}

/* ---- replacement-v2 ------------------------------------------------------------------------ */

const char CALC_REPLACEMENT_V2_KEYS[] =
    "in\n"
    "  exit_score          number  0\n"
    "  threshold           number  0.75  of the exit score\n"
    "  current_symbol      text    \"\"\n"
    "  current_v2_score    number  0\n"
    "  candidate_symbol    text    null\n"
    "  candidate_v2_score  number  null\n"
    "  margin              number  0.25  by which the candidate must be better\n"
    "\n"
    "out\n"
    "  replacement (the candidate, or null), reasoning\n";

enum rc
calc_replacement_v2(const struct json *in, struct json_out *o, struct err *err UNUSED)
{
    char symbol[F64_TEXT_MAX], candidate[F64_TEXT_MAX];
    struct v2_replacement r = {
        .exit_score = json_f64(in, "exit_score", 0),
        .threshold = json_f64(in, "threshold", V2_REPLACE_EXIT_SCORE),
        .margin = json_f64(in, "margin", V2_REPLACE_MARGIN),
        .symbol = ops_str(json_get(in, "current_symbol"), "", symbol),
        .candidate = ops_str(json_get(in, "candidate_symbol"), NULL, candidate),
        .v2_score = json_f64(in, "current_v2_score", 0),
        .candidate_v2_score = json_f64(in, "candidate_v2_score", UNKNOWN),
    };

    v2_replace(&r);
    json_out_obj(o, NULL);
    if (r.reason == V2_REPLACE_CHOSEN)
        v2_upper_write(o, "replacement", r.candidate, "");
    else
        json_out_null(o, "replacement");
    v2_replace_reasoning_write(o, "reasoning", &r);
    json_out_end(o);
    return RC_OK;
}

/* ---- exit-intel-flags ---------------------------------------------------------------------- */

const char CALC_EXIT_INTEL_FLAGS_KEYS[] =
    "in\n"
    "  phase            text    \"premarket\"  or \"postmarket\"\n"
    "  intel_record     object  null         the symbol's record of that phase; null: it has none\n"
    "  regime_label     text    \"NEUTRAL\"\n"
    "  entry_sentiment  text    \"NEUTRAL\"    of the position; postmarket only\n"
    "\n"
    "out\n"
    "  earnings_risk, overnight_flow_risk, regime_risk, sector_collapse, thesis_invalidated\n";

enum rc
calc_exit_intel_flags(const struct json *in, struct json_out *o, struct err *err)
{
    char buf[F64_TEXT_MAX], regime_buf[F64_TEXT_MAX], entry_buf[F64_TEXT_MAX];
    const struct json *record = json_get_obj(in, "intel_record");
    const char *phase = ops_str(json_get(in, "phase"), "premarket", buf);
    const char *regime = ops_str(json_get(in, "regime_label"), "NEUTRAL", regime_buf);
    const char *entry = ops_str(json_get(in, "entry_sentiment"), "NEUTRAL", entry_buf);
    struct v2_exit_flags f = {0};

    if (str_eq(phase, "premarket"))
        f = v2_flags_premarket_decode(record, regime);
    else if (str_eq(phase, "postmarket"))
        f = v2_flags_postmarket_decode(record, entry, regime);
    else
        return err_set(err, RC_PARSE, "\"phase\" is neither premarket nor postmarket");
    v2_flags_write(o, NULL, &f);
    return RC_OK;
}

/* ---- exit-intel-pnl ------------------------------------------------------------------------ */

const char CALC_EXIT_INTEL_PNL_KEYS[] =
    "in\n"
    "  date              text   YYYY-MM-DD; needed\n"
    "  exit_attribution  array  []  records of logs/exit_attribution.jsonl; those without a\n"
    "                               timestamp count to the date\n"
    "\n"
    "out\n"
    "  counts, by_exit_reason, by_regime, by_sector, time_in_trade_bins, exit_score_stats\n";

enum rc
calc_exit_intel_pnl(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct json_in need = {.obj = in, .err = err};
    struct v2_exit_pnl sum = {0};
    const char *date = json_need_str(&need, "date");

    if (need.rc != RC_OK) return need.rc;
    for (const struct json *r = json_first(json_get_arr(in, "exit_attribution")); r != NULL;
         r = json_next(r)) {
        struct v2_exit_row_store store;
        if (!json_is_object(r) || !v2_exit_row_is_of(r, date, date)) continue;
        struct v2_exit_row row = v2_exit_row_decode(r, &store);
        v2_exit_pnl_add(&sum, &row, &arena);
    }
    json_out_obj(o, NULL);
    v2_exit_pnl_write(o, &sum, V2_EXIT_PNL_PLAIN);
    json_out_end(o);
    return RC_OK;
}
