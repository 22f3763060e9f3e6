#include "telemetry/internal.h"

#include <math.h>

/* ---- shared by the encoders ------------------------------------------------------------------ */

void
out_object(struct json_out *o, const char *key, const char *json)
{
    if (json == NULL || json[0] == '\0') json = "{}";
    json_out_raw(o, key, json, strlen(json));
}

static int
by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
out_sorted_keys(struct json_out *o, const char *key, const char *json)
{
    enum {
        KEYS_MAX = 64 /* components of a score: about twenty */
    };
    CLEANUP(json_freep) struct json *doc = NULL;
    const char *keys[KEYS_MAX] = {0};
    size_t len = 0;

    if (json != NULL && json[0] != '\0' &&
        json_parse(json, strlen(json), JSON_LOG, &JSON_LIMITS_BODY, &doc, NULL) == RC_OK)
        for (const struct json *v = json_first(doc); v != NULL && len < KEYS_MAX; v = json_next(v))
            keys[len++] = json_key(v);
    qsort(keys, len, sizeof(keys[0]), by_key);
    json_out_arr(o, key);
    for (size_t i = 0; i < len; i++)
        json_out_str(o, NULL, keys[i]);
    json_out_end(o);
}

void
out_regime(struct json_out *o, const struct regime_snapshot *r)
{
    json_out_obj(o, "regime_snapshot");
    json_out_str(o, "regime", r->regime);
    json_out_str(o, "sector_posture", r->sector_posture);
    json_out_str(o, "volatility_bucket", r->volatility_bucket);
    json_out_str(o, "trend_bucket", r->trend_bucket);
    json_out_end(o);
}

void
out_price(struct json_out *o, const char *key, usd price)
{
    if (price.e4 == 0)
        json_out_null(o, key);
    else
        json_out_usd(o, key, price);
}

void
out_ts_dt(struct json_out *o, int64_t at_ns)
{
    char dt[ISO_TEXT_MAX];

    json_out_i64(o, "_ts", when_to_s(at_ns));
    json_out_str(o, "_dt", when_dt(at_ns, dt));
}

void
out_dated_id(struct json_out *o, const char *key, const char *prefix, const char *symbol,
             int64_t at_ns)
{
    char iso[ISO_TEXT_MAX], id[TRADE_ID_MAX];

    (void)snprintf(id, sizeof(id), "%s_%s_%s", prefix, symbol, when_iso(at_ns, iso));
    json_out_str(o, key, id);
}

const char *
trade_id(const char *symbol, int64_t entered_ns, char buf[TRADE_ID_MAX])
{
    char iso[ISO_TEXT_MAX];

    (void)snprintf(buf, TRADE_ID_MAX, "live:%s:%s", symbol, when_iso(entered_ns, iso));
    return buf;
}

/* ---- orders ---------------------------------------------------------------------------------- */

enum {
    HAS_SIDE = 1,
    HAS_LIMIT = 2,
    HAS_FILL = 4,
    HAS_ATTEMPT = 8,
    HAS_ERROR = 16,
    HAS_QTY = 32,
    HAS_REASON = 64
};

/* R5.42: which fields a variant has. */
static const struct {
    const char *name;
    unsigned has;
} ACTIONS[] = {
    [ACTION_SUBMIT_LIMIT_FILLED] = {"submit_limit_filled",
                                    HAS_SIDE | HAS_LIMIT | HAS_FILL | HAS_ATTEMPT                  },
    [ACTION_SUBMIT_LIMIT_FINAL_FILLED] = {"submit_limit_final_filled",
                                    HAS_SIDE | HAS_LIMIT | HAS_FILL | HAS_ATTEMPT                  },
    [ACTION_LIMIT_NOT_FILLED] = {"limit_not_filled",          HAS_SIDE | HAS_LIMIT | HAS_ATTEMPT},
    [ACTION_LIMIT_FINAL_NOT_FILLED] = {"limit_final_not_filled",
                                    HAS_SIDE | HAS_LIMIT | HAS_ATTEMPT                             },
    [ACTION_LIMIT_RETRY_FAILED] = {"limit_retry_failed",        HAS_SIDE | HAS_ERROR              },
    [ACTION_LIMIT_FINAL_FAILED] = {"limit_final_failed",        HAS_SIDE | HAS_ERROR              },
    [ACTION_MARKET_FAIL] = {"market_fail",               HAS_SIDE | HAS_ERROR              },
    [ACTION_SCALE_OUT_FAILED] = {"scale_out_failed",          HAS_SIDE | HAS_ERROR              },
    [ACTION_CLOSE_POSITION_FAILED] = {"close_position_failed",     HAS_SIDE | HAS_ERROR              },
    [ACTION_SUBMIT_MARKET_FALLBACK] = {"submit_market_fallback",    HAS_SIDE                          },
    [ACTION_SCALE_OUT] = {"scale_out",                 HAS_QTY                           },
    [ACTION_CLOSE_POSITION] = {"close_position",            HAS_REASON                        },
};

const char *
order_action_name(enum order_action a)
{
    return ACTIONS[a].name;
}

static void
out_order_head(struct json_out *o, int64_t at_ns)
{
    json_out_obj(o, NULL);
    json_out_time(o, "ts", at_ns);
    json_out_str(o, "type", "order");
}

void
order_record_encode(const struct order_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    unsigned has = ACTIONS[r->action].has;

    out_order_head(&o, r->at_ns);
    json_out_str(&o, "action", ACTIONS[r->action].name);
    json_out_str(&o, "symbol", r->symbol);
    if (has & HAS_SIDE) json_out_str(&o, "side", order_side_name(r->side));
    if (has & HAS_LIMIT) json_out_usd(&o, "limit_price", r->limit);
    if (has & HAS_FILL) json_out_usd(&o, "filled_price", r->filled_price);
    if (has & HAS_ATTEMPT) json_out_i64(&o, "attempt", r->attempt);
    if (has & HAS_ERROR) {
        json_out_str(&o, "error", r->error);
        json_out_str(&o, "error_details", r->error_details);
    }
    if (has & HAS_QTY) {
        json_out_i64(&o, "qty", r->qty);
        json_out_f64(&o, "fraction", r->fraction);
    }
    if (has & HAS_REASON) json_out_str(&o, "reason", r->reason);
    if (r->client_order_id != NULL) json_out_str(&o, "client_order_id", r->client_order_id);
    json_out_end(&o);
}

void
entry_order_encode(const struct entry_record *r, struct text *to)
{
    struct json_out o = {.to = to};

    out_order_head(&o, r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_i64(&o, "qty", r->qty);
    json_out_str(&o, "side", order_side_name(r->side));
    json_out_f64(&o, "score", r->score);
    out_price(&o, "price", r->is_filled ? r->price : USD_ZERO);
    json_out_str(&o, "order_type", order_type_name(r->type));
    json_out_str(&o, "status", r->status);
    json_out_str(&o, "note", r->note);
    json_out_str(&o, "client_order_id", r->client_order_id);
    json_out_end(&o);
}

void
entry_rejected_encode(const struct entry_record *r, const char *error, struct text *to)
{
    struct json_out o = {.to = to};

    out_order_head(&o, r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_i64(&o, "qty", r->qty);
    json_out_str(&o, "side", order_side_name(r->side));
    json_out_str(&o, "error", error);
    json_out_str(&o, "order_type", order_type_name(r->type));
    json_out_str(&o, "entry_status", r->status);
    json_out_str(&o, "client_order_id", r->client_order_id);
    json_out_end(&o);
}

double
slippage_bps(usd fill, usd limit)
{
    if (limit.e4 <= 0) return 0;
    return fabs(usd_to_double(usd_sub(fill, limit))) / usd_to_double(limit) * 10000;
}

void
entry_live_encode(const struct entry_record *r, const char *event, struct text *to)
{
    bool is_limit = r->type == ORDER_LIMIT;
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    out_ts_dt(&o, r->at_ns);
    json_out_str(&o, "event", event);
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", order_side_name(r->side));
    json_out_i64(&o, "qty", r->qty);
    json_out_str(&o, "order_type", order_type_name(r->type));
    out_price(&o, "limit_price", is_limit ? r->limit : USD_ZERO);
    out_price(&o, "fill_price", r->is_filled ? r->price : USD_ZERO);
    if (r->is_filled)
        json_out_f64(&o, "slippage_bps", is_limit ? slippage_bps(r->price, r->limit) : 0);
    else
        json_out_null(&o, "slippage_bps");
    json_out_i64(&o, "attempt", r->attempt);
    json_out_str(&o, "status", r->status);
    json_out_str(&o, "note", r->note);
    json_out_end(&o);
}

/* ---- what an entry leaves behind ------------------------------------------------------------- */

static bool
is_blank(const char *s)
{
    return s == NULL || s[0] == '\0';
}

static bool
is_zero(double x)
{
    return !(fabs(x) > 0);
}

bool
entry_is_incomplete(const struct entry_record *r)
{
    bool has_head = r->entered_ns != WHEN_NONE && !is_zero(r->score) && !is_blank(r->market_regime);
    bool has_components = !is_blank(r->components_json) && !str_eq(r->components_json, "{}");

    if (!r->is_filled) return !has_head || is_blank(r->status);
    return !has_head || !has_components || r->price.e4 <= 0 || r->qty <= 0;
}

static const char *
position_of(enum order_side side)
{
    return position_side_name(side == SIDE_BUY ? POSITION_LONG : POSITION_SHORT);
}

static void
out_entry_context(struct json_out *o, const struct entry_record *r)
{
    json_out_obj(o, "context");
    json_out_str(o, "direction", r->direction);
    json_out_str(o, "side", order_side_name(r->side));
    json_out_str(o, "gamma_regime", r->gamma_regime);
    json_out_str(o, "market_regime", r->market_regime);
    json_out_str(o, "regime", r->market_regime);
    json_out_f64(o, "score", r->score);
    json_out_f64(o, "entry_score", r->score);
    json_out_str(o, "order_type", order_type_name(r->type));
    json_out_time(o, "entry_ts", r->entered_ns);
    json_out_str(o, "entry_status", r->status);
    json_out_bool(o, "pending_fill", !r->is_filled);
    if (r->is_filled) {
        json_out_usd(o, "entry_price", r->price);
        json_out_i64(o, "entry_qty", r->qty);
        json_out_i64(o, "qty", r->qty);
        json_out_str(o, "entry_price_source", "alpaca.order.filled_avg_price");
    } else {
        json_out_i64(o, "requested_qty", r->qty);
    }
    out_object(o, "components", r->components_json);
    json_out_str(o, "position_side", position_of(r->side));
    json_out_usd(o, "account_equity_at_entry", usd_round_cents(r->account_equity));
    json_out_usd(o, "position_size_usd", usd_round_cents(r->position_size));
    json_out_str(o, "correlation_id", r->correlation_id);
    json_out_str(o, "client_order_id", r->client_order_id);
    json_out_bool(o, "metadata_incomplete", entry_is_incomplete(r));
    json_out_end(o);
}

void
entry_attribution_encode(const struct entry_record *r, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", r->at_ns);
    json_out_str(&o, "type", "attribution");
    out_dated_id(&o, "trade_id", "open", r->symbol, r->at_ns);
    json_out_str(&o, "symbol", r->symbol);
    json_out_f64(&o, "pnl_usd", 0);
    out_entry_context(&o, r);
    json_out_end(&o);
}

void
entry_master_encode(const struct entry_record *r, struct text *to)
{
    struct json_out o = {.to = to};
    char id[TRADE_ID_MAX];

    ASSERT(r->is_filled);
    json_out_obj(&o, NULL);
    json_out_str(&o, "trade_id", trade_id(r->symbol, r->entered_ns, id));
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", position_of(r->side));
    json_out_bool(&o, "is_live", true);
    json_out_bool(&o, "is_shadow", false);
    json_out_time(&o, "entry_ts", r->entered_ns);
    json_out_null(&o, "exit_ts");
    json_out_usd(&o, "entry_price", r->price);
    json_out_null(&o, "exit_price");
    json_out_i64(&o, "size", r->qty);
    json_out_null(&o, "realized_pnl_usd");
    out_sorted_keys(&o, "signals", r->components_json);
    out_object(&o, "feature_snapshot", r->components_json);
    out_regime(&o, &r->regime);
    json_out_null(&o, "exit_reason");
    json_out_str(&o, "source", "live");
    json_out_time(&o, "timestamp", r->at_ns);
    json_out_end(&o);
}

void
entry_portfolio_encode(const struct entry_record *r, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    out_ts_dt(&o, r->at_ns);
    json_out_str(&o, "event", "POSITION_OPENED");
    json_out_str(&o, "symbol", r->symbol);
    json_out_str(&o, "side", position_of(r->side));
    json_out_i64(&o, "qty", r->qty);
    out_price(&o, "entry_price", r->is_filled ? r->price : USD_ZERO);
    json_out_null(&o, "exit_price");
    json_out_null(&o, "realized_pnl");
    json_out_f64(&o, "unrealized_pnl", 0);
    json_out_f64(&o, "holding_period_min", 0);
    json_out_null(&o, "reason");
    json_out_str(&o, "order_type", order_type_name(r->type));
    json_out_f64(&o, "score", r->score);
    json_out_end(&o);
}
