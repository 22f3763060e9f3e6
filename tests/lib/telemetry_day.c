#include "tests/lib/telemetry_day.h"

#include "base/json.h"
#include "base/rand.h"

enum log_id { SHADOW_TRADES, EXIT_ATTRIBUTION, ATTRIBUTION, UW_ATTRIBUTION, ORDERS, RUN, EVENTS };

const char *const TELEMETRY_LOG_PATH[TELEMETRY_LOGS] = {
    [SHADOW_TRADES] = "logs/shadow_trades.jsonl",
    [EXIT_ATTRIBUTION] = "logs/exit_attribution.jsonl",
    [ATTRIBUTION] = "logs/attribution.jsonl",
    [UW_ATTRIBUTION] = "logs/uw_attribution.jsonl",
    [ORDERS] = "logs/orders.jsonl",
    [RUN] = "logs/run.jsonl",
    [EVENTS] = "logs/system_events.jsonl",
};

static const char *const SYMBOLS[] = {"AAPL", "AMD",  "AMZN", "COIN", "CVX",  "GOOG",
                                      "HOOD", "JPM",  "META", "MRNA", "MSFT", "NVDA",
                                      "SOFI", "TSLA", "XLE",  "XOM"};
static const char *const SECTORS[] = {"TECH", "ENERGY", "FINANCIALS", "BIOTECH"};
static const char *const REGIMES[] = {"RISK_ON", "RISK_OFF", "NEUTRAL", "BEAR"};
static const char *const WORDS[] = {"BULLISH", "BEARISH", "NEUTRAL"};
static const char *const REASONS[] = {"profit", "stop", "intel_deterioration", "replacement"};
static const char *const COMPONENTS[] = {"flow", "dark_pool", "insider", "iv_skew", "etf_flow"};

enum { CANDIDATE_AGAIN = 5 };

/* What one trade is made of. */
struct made {
    const char *symbol, *sector, *regime, *reason;
    bool is_short;
    double minutes; /* of the entry, since 14:30 */
    char entry_ts[40], exit_ts[40];
    double entry, exit, qty, pnl, score, exit_score;
    struct rng *rng;
};

static double
between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_f64(r);
}

/* One draw a statement: the order of arguments is the compiler's. */
#define PICK(r, names) (names)[rng_below((r), COUNT_OF(names))]

/* From 14:30 on, spread over six hours. */
static void
stamp(double minutes, char ts[40])
{
    int64_t us = (int64_t)(minutes * 60e6);
    int64_t s = us / 1000000 + 14 * 3600 + 30 * 60;

    (void)snprintf(ts, 40, TELEMETRY_DAY "T%02d:%02d:%02d.%06d+00:00", (int)(s / 3600) % 24,
                   (int)(s / 60 % 60), (int)(s % 60), (int)(us % 1000000));
}

static struct made
make(struct rng *r, int i)
{
    double minutes = (double)(i % 3600) / 10 + between(r, 0, 0.09);
    struct made m = {.rng = r, .minutes = minutes};

    m.symbol = PICK(r, SYMBOLS);
    m.sector = PICK(r, SECTORS);
    m.regime = PICK(r, REGIMES);
    m.reason = PICK(r, REASONS);
    m.is_short = rng_below(r, 2) == 1;
    stamp(minutes, m.entry_ts);
    stamp(minutes + between(r, 1, 20), m.exit_ts);
    m.entry = round_dec(between(r, 20, 500), 2);
    m.exit = round_dec(m.entry * between(r, 0.97, 1.03), 4);
    m.qty = (double)(1 + rng_below(r, 9));
    m.pnl = m.is_short ? m.qty * (m.entry - m.exit) : m.qty * (m.exit - m.entry);
    m.score = round_dec(between(r, 2, 6), 3);
    m.exit_score = round_dec(m.score - between(r, -0.5, 1.5), 3);
    return m;
}

#define SECTOR_PROFILE                                                                             \
    "{\"sector\": \"%s\", \"version\": \"2026-01-20_sector_profiles_v1\", \"multipliers\": "       \
    "{\"flow_weight\": 1.2, \"darkpool_weight\": 1.1, \"earnings_weight\": 1.0, "                  \
    "\"short_interest_weight\": 1.0}}"

/* What the UW layer saw, with its weights. */
static void
put_uw(struct text *to, const char *key, const struct made *m)
{
    double flow = between(m->rng, 0, 1), dark = between(m->rng, -1, 1);
    double sector = between(m->rng, -0.5, 0.6);
    const char *sentiment = PICK(m->rng, WORDS);
    int days = (int)rng_below(m->rng, 30), regime = (int)rng_below(m->rng, 3) - 1;
    double liked = rng_below(m->rng, 2) == 0 ? 0.0 : 0.1;
    double aligned = rng_below(m->rng, 2) == 0 ? 0.0 : 0.08;

    text_printf(to,
                "\"%s\": {\"uw_intel_version\": \"2026-01-20_uw_v1\", \"v2_uw_inputs\": "
                "{\"flow_strength\": %.6f, \"darkpool_bias\": %.6f, \"sentiment\": \"%s\", "
                "\"earnings_proximity\": %d, \"sector_alignment\": %.2f, \"regime_alignment\": "
                "%.1f, \"uw_intel_version\": \"2026-01-20_uw_v1\"}, ",
                key, flow, dark, sentiment, days, sector, (double)regime);
    text_printf(to,
                "\"v2_uw_adjustments\": {\"flow_strength\": %.4f, \"darkpool_bias\": %.4f, "
                "\"sentiment\": %.1f, \"earnings_proximity\": 0.0, \"sector_alignment\": %.4f, "
                "\"regime_alignment\": %.2f, \"total\": %.4f}, ",
                flow * 0.24, dark * 0.13, liked, sector * 0.12, aligned, flow * 0.24 + dark * 0.13);
    text_printf(to,
                "\"v2_uw_sector_profile\": " SECTOR_PROFILE
                ", \"v2_uw_regime_profile\": {\"regime_label\": \"%s\", \"version\": "
                "\"2026-01-20_regime_v1\", \"alignment\": 1.0}}",
                m->sector, m->regime);
}

/* A candidate, or two scores that part, so long after the entry. */
static void
put_scores(struct text *to, const char *event_type, const struct made *m, double minutes_later)
{
    bool is_candidate = str_eq(event_type, "shadow_trade_candidate");
    char ts[40];

    stamp(m->minutes + minutes_later, ts);
    text_printf(to,
                "{\"timestamp\": \"%s\", \"ts\": \"%s\", \"_ts\": 1769092200, \"event_type\": "
                "\"%s\", \"symbol\": \"%s\", \"direction\": \"%s\", \"v1_score\": %.3f, "
                "\"v2_score\": %.3f, \"v1_pass\": true, \"v2_pass\": %s, ",
                ts, ts, event_type, m->symbol, m->is_short ? "bearish" : "bullish", m->score - 0.1,
                m->score, is_candidate ? "true" : "false");
    text_printf(to,
                "\"composite_version\": \"v2\", \"universe_scoring_version\": "
                "\"2026-01-20_universe_v2\", \"universe_source\": \"daily_universe_v2\", "
                "\"in_universe\": true, \"market_regime\": \"mixed\", \"posture\": \"neutral\", "
                "\"regime_label\": \"%s\", \"volatility_regime\": \"high\", ",
                m->regime);
    put_uw(to, "uw_attribution_snapshot", m);
    text_printf(to,
                ", \"current_price\": %.2f, \"account_equity\": 55000.0, \"buying_power\": "
                "100000.0, \"position_size_usd\": 500.0, \"entry_price\": null, \"exit_price\": "
                "null, \"pnl\": null}\n",
                m->entry);
}

static void
put_entry(struct text *to, const struct made *m, const char *kind, int i)
{
    text_printf(to,
                "{\"timestamp\": \"%s\", \"ts\": \"%s\", \"event_type\": "
                "\"shadow_entry_opened\", \"trade_id\": \"%s-%08d\", \"symbol\": \"%s\", "
                "\"direction\": \"%s\", \"side\": \"%s\", \"entry_price\": %.2f, \"entry_ts\": "
                "\"%s\", \"qty\": %.1f, \"position_size_usd\": 500.0, \"v2_score\": %.3f, "
                "\"v1_score\": %.3f, ",
                m->entry_ts, m->entry_ts, kind, i, m->symbol, m->is_short ? "bearish" : "bullish",
                m->is_short ? "short" : "long", m->entry, m->entry_ts, m->qty, m->score,
                m->score - 0.1);
    put_uw(to, "intel_snapshot", m);
    text_puts(to, ", \"exit_price\": null, \"pnl\": null}\n");
}

/* What comes beside the trades: a symbol stays a candidate while its position is open; with every
 * third trade two scores part and another position is opened, which stays open. */
static void
put_more(struct text *to, const struct made *m, int i)
{
    for (int k = 1; k <= CANDIDATE_AGAIN; k++)
        put_scores(to, "shadow_trade_candidate", m, k);
    if (i % 3 != 0) return;
    put_scores(to, "shadow_score_compare", m, 0);
    put_scores(to, "shadow_trade_candidate", m, 0);
    put_entry(to, m, "open", i);
}

static void
put_components(struct text *to, const struct made *m)
{
    double score = between(m->rng, 0.3, 0.95), c[4];

    for (size_t i = 0; i < COUNT_OF(c); i++)
        c[i] = between(m->rng, 0, 1);
    text_printf(to,
                "\"v2_exit_score\": %.6f, \"v2_exit_components\": {\"flow_deterioration\": %.4f, "
                "\"darkpool_deterioration\": %.4f, \"sentiment_deterioration\": 0.105, "
                "\"score_deterioration\": %.4f, \"regime_shift\": 1.0, \"sector_shift\": 0.4444, "
                "\"vol_expansion\": %.4f, \"thesis_invalidated\": 0.3995, \"earnings_risk\": "
                "0.4388, \"overnight_flow_risk\": 0.3136}",
                score, c[0], c[1], c[2], c[3]);
}

static void
put_exit(struct text *to, const struct made *m, int i)
{
    bool is_replaced = str_eq(m->reason, "replacement");

    text_printf(to,
                "{\"timestamp\": \"%s\", \"ts\": \"%s\", \"event_type\": \"shadow_exit\", "
                "\"trade_id\": \"trade-%08d\", \"symbol\": \"%s\", \"side\": \"%s\", "
                "\"v1_score\": %.3f, \"v2_score\": %.3f, ",
                m->exit_ts, m->exit_ts, i, m->symbol, m->is_short ? "short" : "long",
                m->exit_score - 0.2, m->exit_score);
    put_components(to, m);
    text_printf(to,
                ", \"v2_exit_reason\": \"%s\", \"exit_price\": %.4f, \"exit_ts\": \"%s\", "
                "\"entry_price\": %.2f, \"entry_ts\": \"%s\", \"qty\": %.1f, \"pnl\": %.15g, "
                "\"pnl_pct\": %.16g, ",
                m->reason, m->exit, m->exit_ts, m->entry, m->entry_ts, m->qty, m->pnl,
                m->pnl / (m->qty * m->entry));
    put_uw(to, "intel_snapshot", m);
    text_printf(to,
                ", \"profit_target_price\": %.4f, \"stop_price\": %.4f, "
                "\"replacement_candidate\": %s, \"replacement_reasoning\": null}\n",
                m->entry * 1.02, m->entry * 0.985, is_replaced ? "\"NVDA\"" : "null");
}

static void
put_exit_attribution(struct text *to, const struct made *m)
{
    bool is_replaced = str_eq(m->reason, "replacement");

    text_printf(to,
                "{\"symbol\": \"%s\", \"timestamp\": \"%s\", \"entry_timestamp\": \"%s\", "
                "\"exit_reason\": \"%s\", \"pnl\": %.15g, \"pnl_pct\": %.16g, \"entry_price\": "
                "%.2f, \"exit_price\": %.4f, \"qty\": %.1f, \"time_in_trade_minutes\": 12.5, ",
                m->symbol, m->exit_ts, m->entry_ts, m->reason, m->pnl, m->pnl / (m->qty * m->entry),
                m->entry, m->exit, m->qty);
    put_uw(to, "entry_uw", m);
    text_puts(to, ", ");
    put_uw(to, "exit_uw", m);
    text_printf(to,
                ", \"entry_regime\": \"%s\", \"exit_regime\": \"%s\", "
                "\"entry_sector_profile\": " SECTOR_PROFILE
                ", \"exit_sector_profile\": " SECTOR_PROFILE
                ", \"score_deterioration\": %.4f, \"relative_strength_deterioration\": %.4f, ",
                m->regime, m->regime, m->sector, m->sector, m->score - m->exit_score,
                between(m->rng, 0, 1));
    put_components(to, m);
    text_printf(to,
                ", \"replacement_candidate\": %s, \"replacement_reasoning\": %s, "
                "\"composite_version\": \"v2\"}\n",
                is_replaced ? "\"NVDA\"" : "null",
                is_replaced ? "{\"reason\": \"stronger_candidate\"}" : "null");
}

static void
put_v1(struct text *to, const struct made *m)
{
    double fill = m->entry * between(m->rng, 0.999, 1.001);

    for (int is_close = 0; is_close < 2; is_close++) {
        const char *ts = is_close ? m->exit_ts : m->entry_ts;
        const char *large = PICK(m->rng, COMPONENTS), *small = PICK(m->rng, COMPONENTS);
        double much = between(m->rng, 1, 2), little = between(m->rng, 0, 1);

        text_printf(to,
                    "{\"ts\": \"%s\", \"type\": \"attribution\", \"trade_id\": \"%s_%s_%s\", "
                    "\"symbol\": \"%s\", \"pnl_usd\": %.2f, \"context\": {\"direction\": \"%s\", "
                    "\"side\": \"%s\", \"gamma_regime\": \"negative\", \"market_regime\": "
                    "\"mixed\", \"score\": %.3f, \"order_type\": \"limit\", ",
                    ts, is_close ? "close" : "open", m->symbol, ts, m->symbol,
                    is_close ? m->pnl : 0, m->is_short ? "bearish" : "bullish",
                    m->is_short ? "sell" : "buy", m->score);
        text_printf(to,
                    "\"entry_ts\": \"%s\", \"entry_status\": \"filled\", \"entry_price\": %.2f, "
                    "\"entry_qty\": 2, \"qty\": 2, \"pending_fill\": false, "
                    "\"entry_price_source\": \"broker_fill\", \"entry_score\": %.3f, ",
                    m->entry_ts, fill, m->score);
        text_printf(to,
                    "\"components\": {\"%s\": %.3f, \"%s\": %.3f, \"freshness_factor\": 0.5}, "
                    "\"regime\": \"mixed\", \"position_side\": \"%s\", \"metadata_incomplete\": "
                    "false%s}}\n",
                    large, much, small, little, m->is_short ? "short" : "long",
                    is_close ? ", \"close_reason\": \"target\"" : "");
    }
}

static void
put_small(struct telemetry_day *d, const struct made *m, int i)
{
    double flow = between(m->rng, 0, 1), dark = between(m->rng, -1, 1);
    double delta = between(m->rng, 0, 0.4);

    text_printf(&d->log[UW_ATTRIBUTION],
                "{\"symbol\": \"%s\", \"timestamp\": \"%s\", \"direction\": \"bullish\", "
                "\"uw_features\": {\"flow_strength\": %.6f, \"darkpool_bias\": %.6f, "
                "\"sentiment\": \"BULLISH\", \"earnings_proximity\": 1, \"sector_alignment\": "
                "0.49, \"regime_alignment\": 0.25}, \"uw_contribution\": {\"score_delta\": %.4f, "
                "\"weight_profile\": {\"uw_version\": \"2026-01-20_uw_v1\"}}, "
                "\"composite_version\": \"v2\", \"uw_intel_version\": \"2026-01-20_uw_v1\"}\n",
                m->symbol, m->entry_ts, flow, dark, delta);
    text_printf(&d->log[ORDERS],
                "{\"ts\": \"%s\", \"type\": \"order\", \"symbol\": \"%s\", \"qty\": %.0f, "
                "\"side\": \"%s\", \"score\": %.3f, \"price\": %.2f, \"order_type\": \"limit\", "
                "\"status\": \"filled\"}\n",
                m->entry_ts, m->symbol, m->qty, m->is_short ? "sell" : "buy", m->score, m->entry);
    text_printf(&d->log[RUN],
                "{\"ts\": \"%s\", \"_ts\": 1769092320, \"msg\": \"complete\", \"clusters\": %d, "
                "\"orders\": 3, \"market_open\": true, \"engine_status\": \"ok\", "
                "\"errors_this_cycle\": [], \"metrics\": {\"equity_orders\": 0}}\n",
                m->entry_ts, i);
    text_printf(&d->log[EVENTS],
                "{\"timestamp\": \"%s\", \"subsystem\": \"uw\", \"event_type\": \"uw_call\", "
                "\"severity\": \"INFO\", \"details\": {\"n\": %d}}\n",
                m->entry_ts, i);
}

void
telemetry_day_add(struct telemetry_day *d, uint64_t seed, int first, int count)
{
    struct rng r;

    rng_init(&r, seed + (uint64_t)first);
    for (int i = first; i < first + count; i++) {
        struct made m = make(&r, i);

        put_scores(&d->log[SHADOW_TRADES], "shadow_trade_candidate", &m, 0);
        put_more(&d->log[SHADOW_TRADES], &m, i);
        put_entry(&d->log[SHADOW_TRADES], &m, "trade", i);
        put_exit(&d->log[SHADOW_TRADES], &m, i);
        put_exit_attribution(&d->log[EXIT_ATTRIBUTION], &m);
        put_v1(&d->log[ATTRIBUTION], &m);
        put_small(d, &m, i);
    }
}

void
telemetry_day_free(struct telemetry_day *d)
{
    for (int i = 0; i < TELEMETRY_LOGS; i++)
        text_free(&d->log[i]);
}

bool
telemetry_day_state(size_t i, const char **ret_path, const char **ret_json)
{
    static const struct {
        const char *path, *json;
    } documents[] = {
        {"state/regime_state.json",
         "{\"_meta\": {\"version\": \"2026-01-20_regime_v1\"}, \"regime_label\": \"RISK_OFF\", "
         "\"regime_confidence\": 0.7312, \"inputs\": {\"volatility_regime\": \"mid\"}}"                },
        {"state/regime_posture_state.json",   "{\"posture\": \"short\"}"                               },
        {"state/market_context_v2.json",      "{\"volatility_regime\": \"mid\"}"                       },
        {"state/daily_universe.json",         "{\"symbols\": [{\"symbol\": \"AAPL\", \"score\": 0.3}]}"},
        {"state/daily_universe_v2.json",
         "{\"symbols\": [{\"symbol\": \"AAPL\", \"score\": 0.3125}, "
         "{\"symbol\": \"MSFT\", \"score\": 0.3075}]}"                                                 },
        {"state/intel_health_state.json",
         "{\"_meta\": {\"ts\": \"2026-01-22T21:08:20+00:00\"}, \"checks\": [{\"name\": "
         "\"freshness:daily_universe\", \"status\": \"ok\"}], \"ok\": true}"                           },
        {"state/uw_daemon_health_state.json",
         "{\"status\": \"healthy\", \"timestamp\": \"2026-01-22T21:06:40+00:00\", \"pid_ok\": "
         "true, \"lock_ok\": true, \"poll_fresh\": true, \"crash_loop\": false, "
         "\"endpoint_errors\": false}"                                                                 },
    };

    if (i >= COUNT_OF(documents)) return false;
    *ret_path = documents[i].path;
    *ret_json = documents[i].json;
    return true;
}
