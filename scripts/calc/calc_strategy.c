#include "scripts/calc/calc.h"

#include "strategy/clusters.h"
#include "strategy/composite_json.h"
#include "strategy/enriched_json.h"

/* ---- composite-v1 -------------------------------------------------------------------------- */

const char CALC_COMPOSITE_V1_KEYS[] =
    "in\n"
    "  symbol          text    \"\"       only repeated in the output\n"
    "  enriched        object  {}       what enrich-v1 gives; every key may be missing, see below\n"
    "  regime          text    \"mixed\"  RISK_ON, RISK_OFF, mixed, NEUTRAL; any other has no "
    "effect\n"
    "  expanded_intel  object  {}       congress, shorts, institutional, market_tide, calendar: "
    "read\n"
    "                                   where enriched has none\n"
    "  now             instant          ISO text or seconds since 1970; without it the age of "
    "sweeps\n"
    "                                   is not asked\n"
    "\n"
    "keys of enriched: numbers may be text; 0, false or nothing where no default is named\n"
    "  sentiment (BULLISH, BEARISH, any other is neutral), conviction 0..1 (0.5), trade_count,\n"
    "  freshness 0..1 (1), toxicity 0..1, event_alignment 0..1, iv_term_skew, smile_slope\n"
    "  flow_trades [{sweep|is_sweep|isSweep|is_sweep_trade, trade_type|type|tag,\n"
    "    premium|total_premium|totalPremium (USD), "
    "timestamp|ts|t|time|date|created_at|createdAt}]\n"
    "  dark_pool {sentiment; total_notional_1h|notional_1h, total_notional|total_premium (USD)}\n"
    "  insider {sentiment, conviction_modifier, net_buys, net_sells, total_usd}\n"
    "  congress {recent_count, buys, sells, conviction_boost}\n"
    "  shorts {interest_pct (per cent), days_to_cover, ftd_count, squeeze_risk, squeeze_pressure}\n"
    "  institutional {recent_count|holders_count, top_holder_pct, top5_holder_pct (per cent)}\n"
    "  market_tide {call_premium|net_call_premium, put_premium|net_put_premium (USD);\n"
    "    or has_data and data [{net_call_premium, net_put_premium}], five of them}\n"
    "  calendar {has_earnings, days_to_earnings (999), has_fda, fda_catalyst, economic_events}\n"
    "  greeks {gamma_exposure, call_gamma, put_gamma, gamma_squeeze_setup, delta_exposure;\n"
    "    gamma_exposure_levels|gammaExposureLevels|gamma_levels|gammaLevels, "
    "gamma_wall|gammaWall,\n"
    "    gamma_max_strike|gammaMaxStrike, max_pain|maxPain (USD)}\n"
    "  ftd {ftd_count, squeeze_pressure, squeeze_risk}; without it shorts\n"
    "  iv {iv_rank, iv_rank_1y (50), iv_percentile, high_iv_caution, low_iv_opportunity};\n"
    "    without it iv_rank {iv_rank, iv_rank_1y}\n"
    "  oi_change {net_oi_change, curr_oi, volume, oi_sentiment (NEUTRAL)}; without it oi\n"
    "  etf_flow {overall_sentiment, market_risk_on}; max_pain {max_pain}\n"
    "  squeeze_score {signals, high_squeeze_potential, setup}\n"
    "  motif_staircase {detected, steps, slope}, motif_burst {detected, count, intensity},\n"
    "  motif_whale {detected, avg_conviction}, motif_sweep_block {detected, immediate}\n"
    "\n"
    "out\n"
    "  score 0..8, components, component_sources, missing_components, motifs, expanded_intel,\n"
    "  sizing_overlay, entry_delay_sec, toxicity, freshness, whale_conviction_boost, notes,\n"
    "  gamma_resistance_levels, features_for_learning, version, adaptive_weights_active, symbol\n";

enum rc
calc_composite_v1(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(enriched_done) struct enriched e = {0};
    struct expanded_intel intel = {0};
    struct composite c = {0};
    int64_t now_ns = WHEN_NONE;
    const char *regime = json_str(in, "regime", score_regime_name(SCORE_REGIME_MIXED));

    if (json_has(in, "now")) {
        enum rc rc = calc_need_time(in, "now", &now_ns, err);
        if (rc != RC_OK) return rc;
    }
    enriched_decode(json_get_obj(in, "enriched"), &e);
    expanded_intel_decode(json_get_obj(in, "expanded_intel"), &intel);
    composite_v1(&e, score_regime_from(regime), &intel, now_ns, &c);
    composite_write(o, NULL,
                    &(struct composite_view){
                        .symbol = json_str(in, "symbol", ""),
                        .regime = regime,
                        .composite = &c,
                        .enriched = &e,
                    });
    return RC_OK;
}

/* ---- enrich-v1 ----------------------------------------------------------------------------- */

const char CALC_ENRICH_V1_KEYS[] =
    "in\n"
    "  symbol         text     \"X\"  its key in the flow cache\n"
    "  entry          object   {}   the symbol's object in data/uw_flow_cache.json, see below\n"
    "  now            instant       ISO text or seconds since 1970; needed\n"
    "  risk_features  object   {}   realized_vol_5d, realized_vol_20d, beta_vs_spy (0)\n"
    "\n"
    "keys of entry that count here; all others are copied\n"
    "  sentiment (NEUTRAL), conviction 0..1 (0, for toxicity, skews and alignment 0.5),\n"
    "  trade_count (the length of flow_trades), flow_trades\n"
    "  dark_pool {sentiment; total_notional_1h, total_notional, total_premium (USD)}\n"
    "  ftd_pressure|shorts_ftds|ftd: the first that is not empty becomes shorts\n"
    "  oi_change {net_oi_change}, greeks {call_gamma, put_gamma}, squeeze_score {signals}\n"
    "  _last_update|last_update: seconds since 1970 (now)\n"
    "\n"
    "out\n"
    "  the entry with sentiment, conviction, trade_count, flow_trades_n, iv_term_skew, "
    "smile_slope,\n"
    "  put_call_skew, toxicity, event_alignment, freshness, motif_*, shorts, the objects of the "
    "score\n"
    "  ({} where missing), dark_pool_*, realized_vol_5d, realized_vol_20d, beta_vs_spy and, where "
    "it\n"
    "  has no squeeze_score of its own, one that is computed\n";

enum rc
calc_enrich_v1(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(symbol_flow_done) struct symbol_flow flow = {0};
    CLEANUP(json_freep) struct json *nothing = NULL;
    const struct json *entry = json_get_obj(in, "entry");
    struct risk_features risk = risk_features_decode(json_get_obj(in, "risk_features"));
    struct enriched e = {0};
    int64_t now_ns = WHEN_NONE;

    enum rc rc = calc_need_time(in, "now", &now_ns, err);
    if (rc == RC_OK && entry == NULL) {
        rc = json_parse("{}", 2, JSON_STRICT, &JSON_LIMITS_BODY, &nothing, err);
        entry = nothing;
    }
    if (rc != RC_OK) return rc;
    if (!symbol_flow_decode(json_str(in, "symbol", "X"), entry, &flow))
        return err_set(err, RC_PARSE, "\"symbol\" is no ticker symbol");
    enrich(&flow, &risk, now_ns, &e);
    enriched_write(o, NULL, entry, &e);
    return RC_OK;
}

/* ---- flow-clusters ------------------------------------------------------------------------- */

const char CALC_FLOW_CLUSTERS_KEYS[] =
    "in\n"
    "  alerts   array    []  of raw flow alerts, see below\n"
    "  now      instant      ISO text or seconds since 1970; needed\n"
    "  limits   object   {}  with\n"
    "    min_premium_usd     USD      100000  smallest premium\n"
    "    max_expiry_days     days     7       farthest expiry\n"
    "    cluster_window_sec  seconds  600     length of a window, inclusive; at most a day\n"
    "    cluster_min_sweeps  count    3       alerts that make a cluster\n"
    "\n"
    "keys of an alert; a|b is the first that is neither null, \"\" nor 0\n"
    "  ticker|symbol (without it the alert is dropped), type (call, put),\n"
    "  created_at|timestamp (ISO text or seconds; now), total_ask_side_prem, total_bid_side_prem,\n"
    "  total_premium|premium (USD), has_sweep, has_floor, has_multileg, strike,\n"
    "  expiry|expiration (date), volume, open_interest|oi (a text that is no whole number drops "
    "the\n"
    "  alert), underlying_price, exchange, flow_conv|flow_conviction|conviction,\n"
    "  flow_magnitude|magnitude\n"
    "\n"
    "out\n"
    "  clusters  array of {ticker, direction, signal_type, count, start_ts, end_ts, avg_premium,\n"
    "            trades}\n"
    "  dropped   alerts that could not be normalised\n";

/* The alerts of one call: as they came, as they were read, and pointers to the latter. */
struct alert_list {
    const struct json **raw;
    struct flow_alert *alert;
    const struct flow_alert **ref;
    size_t len;
};

static struct alert_list
read_alerts(const struct json *array, struct arena *a)
{
    size_t n = json_len(array);
    struct alert_list list = {
        .raw = ARENA_NEW(a, const struct json *, n),
        .alert = ARENA_NEW(a, struct flow_alert, n),
        .ref = ARENA_NEW(a, const struct flow_alert *, n),
    };
    for (const struct json *v = json_first(array); v != NULL; v = json_next(v), list.len++) {
        list.raw[list.len] = v;
        list.alert[list.len] = flow_alert_decode(v);
        list.ref[list.len] = &list.alert[list.len];
    }
    return list;
}

static struct flow_limits
read_limits(const struct json *obj)
{
    const int64_t window_s_max = 86400;
    struct flow_limits l = FLOW_LIMITS_DEFAULT;

    l.min_premium_usd = json_f64(obj, "min_premium_usd", l.min_premium_usd);
    l.max_expiry_days = json_i64(obj, "max_expiry_days", l.max_expiry_days);
    l.cluster_window_s = MIN(json_i64(obj, "cluster_window_sec", l.cluster_window_s), window_s_max);
    l.cluster_window_s = MAX(l.cluster_window_s, 0);
    l.cluster_min = json_i64(obj, "cluster_min_sweeps", l.cluster_min);
    return l;
}

static void
write_cluster(struct json_out *o, const struct cluster *c, const struct alert_list *list,
              int64_t now_ns)
{
    char at[ISO_TEXT_MAX];
    const struct json *first = list->raw[c->member[0]], *last = list->raw[c->member[c->count - 1]];

    json_out_obj(o, NULL);
    json_out_str(o, "ticker", c->ticker);
    json_out_str(o, "direction", c->is_bullish ? "bullish" : "bearish");
    json_out_str(o, "signal_type", flow_signal_name(c->is_bullish, (enum flow_type)c->type));
    json_out_i64(o, "count", (int64_t)c->count);
    json_out_str(o, "start_ts", flow_alert_time_text(first, now_ns, at));
    json_out_str(o, "end_ts", flow_alert_time_text(last, now_ns, at));
    json_out_f64(o, "avg_premium", c->premium_usd_mean);
    json_out_arr(o, "trades");
    for (size_t i = 0; i < c->count; i++)
        flow_alert_write(o, NULL, list->raw[c->member[i]], list->ref[c->member[i]], now_ns);
    json_out_end(o);
    json_out_end(o);
}

enum rc
calc_flow_clusters(const struct json *in, struct json_out *o, struct err *err)
{
    CLEANUP(arena_done) struct arena arena = {0};
    struct flow_limits limits = read_limits(json_get_obj(in, "limits"));
    int64_t now_ns = WHEN_NONE;

    enum rc rc = calc_need_time(in, "now", &now_ns, err);
    if (rc != RC_OK) return rc;
    struct alert_list list = read_alerts(json_get_arr(in, "alerts"), &arena);
    struct clusters found = clusters_find(list.ref, list.len, &limits, now_ns, &arena);

    json_out_obj(o, NULL);
    json_out_arr(o, "clusters");
    for (size_t i = 0; i < found.len; i++)
        write_cluster(o, &found.cluster[i], &list, now_ns);
    json_out_end(o);
    json_out_i64(o, "dropped", (int64_t)found.dropped);
    json_out_end(o);
    return RC_OK;
}
