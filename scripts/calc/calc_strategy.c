#include "scripts/calc/calc.h"

#include "strategy/clusters.h"
#include "strategy/composite_json.h"
#include "strategy/enriched_json.h"

/* ---- composite-v1 -------------------------------------------------------------------------- */

const char CALC_COMPOSITE_V1_KEYS[] =
    "in\n"
    "  symbol          text    \"\"       only repeated in the output\n"
    "  enriched        object  {}       what enrich-v1 gives; every key of it may be missing\n"
    "  regime          text    \"mixed\"  RISK_ON, RISK_OFF, mixed, NEUTRAL; any other has no "
    "effect\n"
    "  expanded_intel  object  {}       congress, shorts, institutional, market_tide, calendar: "
    "read where\n"
    "                                   enriched has none\n"
    "  now             ISO text or seconds since 1970; without it the age of sweeps is not asked\n"
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
    "  symbol         text    \"X\"  its key in the flow cache\n"
    "  entry          object  {}   the symbol's object in data/uw_flow_cache.json\n"
    "  now            ISO text or seconds since 1970; needed\n"
    "  risk_features  object  {}   realized_vol_5d, realized_vol_20d, beta_vs_spy; 0 where "
    "missing\n"
    "\n"
    "out\n"
    "  the entry with sentiment, conviction, trade_count, iv_term_skew, smile_slope, "
    "put_call_skew,\n"
    "  toxicity, event_alignment, freshness, motif_*, shorts and, where it has none of its own, "
    "squeeze_score\n";

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
    "  alerts           array of raw flow alerts  []\n"
    "  now              ISO text or seconds since 1970; needed\n"
    "  limits           object  {}, with\n"
    "    min_premium_usd     number  100000  smallest premium\n"
    "    max_expiry_days     number  7       farthest expiry\n"
    "    cluster_window_sec  number  600     length of a window, inclusive\n"
    "    cluster_min_sweeps  number  3       alerts that make a cluster\n"
    "\n"
    "out\n"
    "  clusters  array of {ticker, direction, signal_type, count, start_ts, end_ts, avg_premium, "
    "trades}\n"
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
