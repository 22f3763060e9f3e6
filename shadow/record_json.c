#include "shadow/record_json.h"

#include <math.h>
#include <string.h>

#include "shadow/uw_json.h"

enum { USD_DECIMALS = 4 };

/* ---- small parts --------------------------------------------------------------------------- */

const char *
shadow_entered_text(const struct shadow_position *p, char buf[ISO_TEXT_MAX])
{
    return p->entered_text != NULL ? p->entered_text : when_iso_brief(p->entered_ns, buf);
}

static void
write_time(struct json_out *o, const char *key, int64_t at_ns)
{
    char at[ISO_TEXT_MAX];

    json_out_str(o, key, when_iso_brief(at_ns, at));
}

static void
write_entered(struct json_out *o, const char *key, const struct shadow_position *p)
{
    char at[ISO_TEXT_MAX];

    json_out_str(o, key, shadow_entered_text(p, at));
}

static void
write_evidence(struct json_out *o, const char *key, const char *json)
{
    if (json != NULL)
        json_out_raw(o, key, json, strlen(json));
    else
        json_out_null(o, key);
}

static double
positive_or_unknown(double x)
{
    return x > 0 ? x : (double)NAN;
}

static double
known_or_zero(double x)
{
    return isfinite(x) ? x : 0;
}

static const char *
decision_event(const struct shadow_seen *seen)
{
    return seen->is_v2_pass ? "shadow_trade_candidate" : "shadow_score_compare";
}

/* ---- logs/shadow_trades.jsonl -------------------------------------------------------------- */

static void
open_trade_record(struct json_out *o, const char *key, const char *event,
                  const struct shadow_seen *seen)
{
    json_out_obj(o, key);
    write_time(o, "timestamp", seen->now_ns);
    write_time(o, "ts", seen->now_ns);
    json_out_i64(o, "_ts", when_to_s(seen->now_ns));
    json_out_str(o, "event_type", event);
    json_out_str(o, "symbol", seen->symbol);
    json_out_str(o, "direction", seen->direction);
    json_out_f64(o, "v1_score", seen->v1_score);
    json_out_f64(o, "v2_score", seen->v2_score);
}

static void
write_decision(struct json_out *o, const char *key, const struct shadow_seen *seen)
{
    open_trade_record(o, key, decision_event(seen), seen);
    json_out_bool(o, "v1_pass", seen->is_v1_pass);
    json_out_bool(o, "v2_pass", seen->is_v2_pass);
    json_out_str(o, "composite_version", "v2");
    json_out_str(o, "universe_scoring_version", seen->universe_version);
    json_out_str(o, "universe_source", seen->universe_source);
    if (seen->in_universe == SHADOW_UNKNOWN)
        json_out_null(o, "in_universe");
    else
        json_out_bool(o, "in_universe", seen->in_universe == SHADOW_YES);
    json_out_str(o, "market_regime", seen->market_regime);
    json_out_str(o, "posture", seen->posture);
    json_out_str(o, "regime_label", seen->regime_label);
    json_out_str(o, "volatility_regime", seen->volatility_regime);
    write_evidence(o, "uw_attribution_snapshot", seen->uw.json);
    json_out_f64(o, "current_price", seen->current_price);
    json_out_f64(o, "account_equity", seen->account_equity);
    json_out_f64(o, "buying_power", seen->buying_power);
    json_out_f64(o, "position_size_usd", seen->size_usd);
    json_out_null(o, "entry_price");
    json_out_null(o, "exit_price");
    json_out_null(o, "pnl");
    json_out_end(o);
}

static void
write_blocked(struct json_out *o, const char *key, const struct shadow_seen *seen,
              const struct shadow_outcome *out)
{
    open_trade_record(o, key, "shadow_entry_blocked", seen);
    json_out_str(o, "reason", shadow_block_name(out->block));
    if (out->block == SHADOW_BLOCK_BUYING_POWER) {
        json_out_f64(o, "required_notional", out->required_usd);
        json_out_f64(o, "buying_power", round_dec(seen->buying_power, USD_DECIMALS));
    }
    write_evidence(o, "uw_attribution_snapshot", seen->uw.json);
    json_out_null(o, "entry_price");
    json_out_null(o, "exit_price");
    json_out_null(o, "pnl");
    json_out_end(o);
}

static void
write_opened(struct json_out *o, const char *key, const struct shadow_seen *seen,
             const struct shadow_outcome *out)
{
    const struct shadow_position *p = &out->position;

    open_trade_record(o, key, "shadow_entry_opened", seen);
    json_out_str(o, "trade_id", p->trade_id);
    json_out_str(o, "side", p->side);
    json_out_f64(o, "entry_price", p->entry_price);
    write_entered(o, "entry_ts", p);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "position_size_usd", p->size_usd);
    write_evidence(o, "intel_snapshot", seen->uw.json);
    json_out_null(o, "exit_price");
    json_out_null(o, "pnl");
    json_out_end(o);
}

static void
write_exit(struct json_out *o, const char *key, const struct shadow_seen *seen,
           const struct shadow_outcome *out)
{
    const struct shadow_position *p = &out->position;
    const struct shadow_verdict *v = seen->verdict;

    open_trade_record(o, key, "shadow_exit", seen);
    json_out_str(o, "trade_id", p->trade_id);
    json_out_str(o, "side", p->side);
    json_out_f64(o, "v2_exit_score", v->exit_score);
    write_evidence(o, "v2_exit_components", v->components_json);
    json_out_str(o, "v2_exit_reason", v->reason);
    json_out_f64(o, "exit_price", out->price);
    write_time(o, "exit_ts", seen->now_ns);
    json_out_f64(o, "entry_price", positive_or_unknown(p->entry_price));
    write_entered(o, "entry_ts", p);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "pnl", out->pnl.usd);
    json_out_f64(o, "pnl_pct", out->pnl.fraction);
    write_evidence(o, "intel_snapshot", seen->uw.json);
    json_out_f64(o, "profit_target_price", v->target_price);
    write_evidence(o, "profit_target_reasoning", v->target_json);
    json_out_f64(o, "stop_price", v->stop_price);
    write_evidence(o, "stop_reasoning", v->stop_json);
    json_out_str(o, "replacement_candidate", v->replacement);
    write_evidence(o, "replacement_reasoning", v->replacement_json);
    json_out_end(o);
}

/* ---- logs/exit_attribution.jsonl ----------------------------------------------------------- */

/* NaN where the entry time is not known. */
static double
held_min(const struct shadow_position *p, int64_t now_ns)
{
    const double us_per_s = 1e6, s_per_min = 60.0;

    if (p->entered_ns == WHEN_NONE) return (double)NAN;
    int64_t held_us = (now_ns - p->entered_ns) / NS_PER_US;
    return (double)held_us / us_per_s / s_per_min;
}

static void
write_attribution(struct json_out *o, const char *key, const struct shadow_seen *seen,
                  const struct shadow_outcome *out)
{
    const struct shadow_position *p = &out->position;
    const struct shadow_verdict *v = seen->verdict;

    json_out_obj(o, key);
    json_out_str(o, "symbol", seen->symbol);
    write_time(o, "timestamp", seen->now_ns);
    write_entered(o, "entry_timestamp", p);
    json_out_str(o, "exit_reason", v->reason);
    json_out_f64(o, "pnl", out->pnl.usd);
    json_out_f64(o, "pnl_pct", out->pnl.fraction);
    json_out_f64(o, "entry_price", positive_or_unknown(p->entry_price));
    json_out_f64(o, "exit_price", out->price);
    json_out_f64(o, "qty", p->qty);
    json_out_f64(o, "time_in_trade_minutes", held_min(p, seen->now_ns));
    write_evidence(o, "entry_uw", p->entry_uw.json);
    write_evidence(o, "exit_uw", seen->uw.json);
    json_out_str(o, "entry_regime", p->entry_regime);
    json_out_str(o, "exit_regime", seen->uw.regime_label);
    write_evidence(o, "entry_sector_profile", p->entry_uw.sector_profile_json);
    write_evidence(o, "exit_sector_profile", seen->uw.sector_profile_json);
    json_out_f64(o, "score_deterioration", p->entry_v2_score - seen->v2_score);
    /* A placeholder that readers expect: the score's own component (spec 30 Q-16). */
    json_out_f64(o, "relative_strength_deterioration", v->score_component);
    json_out_f64(o, "v2_exit_score", v->exit_score);
    write_evidence(o, "v2_exit_components", v->components_json);
    json_out_str(o, "replacement_candidate", v->replacement);
    write_evidence(o, "replacement_reasoning", v->replacement_json);
    json_out_str(o, "composite_version", "v2");
    json_out_end(o);
}

/* ---- logs/master_trade_log.jsonl ----------------------------------------------------------- */

static void
write_signals(struct json_out *o, const struct shadow_uw *uw)
{
    json_out_arr(o, "signals");
    for (int f = 0; f < SHADOW_FAMILIES_LEN; f++) {
        if (uw->has_family[f]) json_out_str(o, NULL, shadow_family_name((enum shadow_family)f));
    }
    json_out_end(o);
    write_evidence(o, "feature_snapshot", uw->adjustments_json);
    json_out_obj(o, "regime_snapshot");
    json_out_str(o, "regime", uw->regime_label);
    json_out_str(o, "sector_posture", uw->sector);
    json_out_null(o, "volatility_bucket");
    json_out_null(o, "trend_bucket");
    json_out_end(o);
}

static void
write_master(struct json_out *o, const char *key, const struct shadow_seen *seen,
             const struct shadow_outcome *out)
{
    const struct shadow_position *p = &out->position;
    bool is_exit = out->act == SHADOW_CLOSED;

    json_out_obj(o, key);
    json_out_str(o, "trade_id", p->trade_id);
    json_out_str(o, "symbol", seen->symbol);
    json_out_str(o, "side", p->side);
    json_out_bool(o, "is_live", false);
    json_out_bool(o, "is_shadow", true);
    json_out_str(o, "source", "shadow");
    write_entered(o, "entry_ts", p);
    if (is_exit)
        write_time(o, "exit_ts", seen->now_ns);
    else
        json_out_null(o, "exit_ts");
    json_out_f64(o, "entry_price", known_or_zero(p->entry_price));
    json_out_f64(o, "exit_price", is_exit ? out->price : (double)NAN);
    json_out_f64(o, "size", known_or_zero(p->qty));
    json_out_f64(o, "realized_pnl_usd", is_exit ? out->pnl.usd : (double)NAN);
    write_signals(o, &seen->uw);
    json_out_str(o, "exit_reason", is_exit ? seen->verdict->reason : NULL);
    write_time(o, "timestamp", seen->now_ns);
    json_out_end(o);
}

/* ---- all of them --------------------------------------------------------------------------- */

const char *
shadow_log_path(enum shadow_log log)
{
    static const char *const paths[SHADOW_LOGS_LEN] = {
        [SHADOW_LOG_TRADES] = "logs/shadow_trades.jsonl",
        [SHADOW_LOG_ATTRIBUTION] = "logs/exit_attribution.jsonl",
        [SHADOW_LOG_MASTER] = "logs/master_trade_log.jsonl",
    };
    return paths[log];
}

size_t
shadow_records_of(const struct shadow_outcome *out,
                  enum shadow_record ret_record[SHADOW_RECORDS_MAX])
{
    size_t n = 0;

    ret_record[n++] = SHADOW_RECORD_DECISION;
    switch (out->act) {
    case SHADOW_NOTHING:
    case SHADOW_KEPT:
        break;
    case SHADOW_BLOCKED:
        ret_record[n++] = SHADOW_RECORD_BLOCKED;
        break;
    case SHADOW_OPENED:
        ret_record[n++] = SHADOW_RECORD_OPENED;
        ret_record[n++] = SHADOW_RECORD_MASTER_ENTRY;
        break;
    case SHADOW_CLOSED:
        ret_record[n++] = SHADOW_RECORD_ATTRIBUTION;
        ret_record[n++] = SHADOW_RECORD_EXIT;
        ret_record[n++] = SHADOW_RECORD_MASTER_EXIT;
        break;
    }
    return n;
}

enum shadow_log
shadow_record_log(enum shadow_record r)
{
    switch (r) {
    case SHADOW_RECORD_DECISION:
    case SHADOW_RECORD_BLOCKED:
    case SHADOW_RECORD_OPENED:
    case SHADOW_RECORD_EXIT:
        break;
    case SHADOW_RECORD_MASTER_ENTRY:
    case SHADOW_RECORD_MASTER_EXIT:
        return SHADOW_LOG_MASTER;
    case SHADOW_RECORD_ATTRIBUTION:
        return SHADOW_LOG_ATTRIBUTION;
    }
    return SHADOW_LOG_TRADES;
}

void
shadow_record_write(struct json_out *o, const char *key, enum shadow_record r,
                    const struct shadow_seen *seen, const struct shadow_outcome *out)
{
    switch (r) {
    case SHADOW_RECORD_DECISION:
        write_decision(o, key, seen);
        break;
    case SHADOW_RECORD_BLOCKED:
        write_blocked(o, key, seen, out);
        break;
    case SHADOW_RECORD_OPENED:
        write_opened(o, key, seen, out);
        break;
    case SHADOW_RECORD_ATTRIBUTION:
        write_attribution(o, key, seen, out);
        break;
    case SHADOW_RECORD_EXIT:
        write_exit(o, key, seen, out);
        break;
    case SHADOW_RECORD_MASTER_ENTRY:
    case SHADOW_RECORD_MASTER_EXIT:
        write_master(o, key, seen, out);
        break;
    }
}

void
shadow_heartbeat_write(struct json_out *o, const char *key, const struct shadow_seen *seen)
{
    json_out_obj(o, key);
    write_time(o, "timestamp", seen->now_ns);
    json_out_str(o, "status", "alive");
    json_out_str(o, "symbol", seen->symbol);
    json_out_str(o, "event_type", decision_event(seen));
    json_out_end(o);
}
