#include "telemetry/cycle.h"

/* The text, cut to so many bytes; the writer mends a character that was cut in two. */
static void
out_cut(struct json_out *o, const char *key, const char *value, size_t max)
{
    if (value == NULL)
        json_out_null(o, key);
    else
        json_out_strn(o, key, value, strnlen(value, max));
}

static void
out_list(struct json_out *o, const char *key, const char *const *item, size_t len)
{
    json_out_arr(o, key);
    for (size_t i = 0; i < len; i++)
        json_out_str(o, NULL, item[i]);
    json_out_end(o);
}

static void
out_errors(struct json_out *o, const struct cycle_record *r)
{
    json_out_arr(o, "errors_this_cycle");
    for (size_t i = 0; r != NULL && i < r->errors_len; i++)
        out_cut(o, NULL, r->error[i], CYCLE_ERROR_MAX - 1);
    json_out_end(o);
}

const char *
cycle_engine_status(const struct cycle_record *r)
{
    return r->is_degraded || r->errors_len > 0 || r->failure != NULL ? "degraded" : "ok";
}

/* ---- metrics ------------------------------------------------------------------------------- */

static void
out_risk(struct json_out *o, const struct cycle_risk *k)
{
    json_out_obj(o, "risk_metrics");
    if (k->is_known) {
        json_out_usd(o, "current_equity", k->equity);
        json_out_usd(o, "peak_equity", k->peak_equity);
        json_out_usd(o, "daily_pnl", k->daily_pnl);
        json_out_f64(o, "drawdown_pct", k->drawdown_pct);
        json_out_usd(o, "daily_loss_limit", k->daily_loss_limit);
        json_out_f64(o, "drawdown_limit_pct", k->drawdown_limit_fraction);
    } else {
        static const char *const keys[] = {"current_equity",   "peak_equity",
                                           "daily_pnl",        "drawdown_pct",
                                           "daily_loss_limit", "drawdown_limit_pct"};

        for (size_t i = 0; i < COUNT_OF(keys); i++)
            json_out_null(o, keys[i]);
    }
    json_out_str(o, "mode", k->mode);
    json_out_end(o);
}

static void
out_positions(struct json_out *o, const struct cycle_positions *p)
{
    json_out_obj(o, "position_reconcile");
    if (p->skipped != NULL) {
        json_out_bool(o, "skipped", true);
        json_out_str(o, "reason", p->skipped);
    } else {
        json_out_i64(o, "alpaca_count", p->at_broker);
        json_out_i64(o, "bot_count", p->in_bot);
        json_out_bool(o, "divergence", p->missing_len > 0 || p->orphaned_len > 0);
        out_list(o, "missing_in_bot", p->missing_in_bot, p->missing_len);
        out_list(o, "orphaned_in_bot", p->orphaned_in_bot, p->orphaned_len);
        json_out_bool(o, "auto_fixed", p->was_fixed);
        json_out_i64(o, "consecutive_count", p->consecutive);
    }
    json_out_end(o);
}

/* With a closed market there is nothing but what the day has brought so far. */
static void
out_metrics(struct json_out *o, const struct cycle_record *r)
{
    json_out_obj(o, "metrics");
    json_out_bool(o, "market_open", r->is_market_open);
    json_out_usd(o, "total_pnl", usd_round_cents(r->total_pnl));
    json_out_i64(o, "trades", r->trades);
    if (r->trades > 0)
        json_out_f64(o, "win_rate", (double)r->wins / (double)r->trades);
    else
        json_out_null(o, "win_rate");
    json_out_str(o, "market_regime", r->market_regime);
    json_out_bool(o, "composite_enabled", r->cache_symbols > 0);
    json_out_i64(o, "cache_symbols", r->cache_symbols);
    json_out_i64(o, "symbols_scored", r->symbols_scored);
    json_out_i64(o, "passed_composite_gate", r->passed_composite_gate);
    out_risk(o, &r->risk);
    out_positions(o, &r->positions);
    out_list(o, "alerts", r->alert, r->alerts_len);
    json_out_end(o);
}

/* ---- records ------------------------------------------------------------------------------- */

/* Only where something was ordered. */
static void
out_operator(struct json_out *o, const struct cycle_operator *op)
{
    if (op->level == NULL && op->frozen_len == 0) return;
    json_out_obj(o, "operator");
    json_out_str(o, "halt", op->level);
    if (op->level != NULL) {
        json_out_str(o, "reason", op->reason);
        json_out_str(o, "who", op->who);
        json_out_time(o, "at", op->at_ns);
    }
    out_list(o, "frozen_symbols", op->frozen, op->frozen_len);
    json_out_end(o);
}

static void
out_rung(struct json_out *o, const struct cycle_record *r)
{
    json_out_str(o, "rung", r == NULL ? NULL : r->rung);
    json_out_str(o, "rung_reason", r == NULL ? NULL : r->rung_reason);
    if (r != NULL) out_operator(o, &r->operator);
}

void
cycle_encode(const struct cycle_record *r, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_time(&o, "ts", r->ended_ns);
    json_out_i64(&o, "_ts", when_to_s(r->ended_ns));
    json_out_str(&o, "msg",
                 r->is_market_open || r->failure != NULL ? "complete" : "cycle_complete");
    json_out_i64(&o, "iter", r->iteration);
    json_out_i64(&o, "clusters", r->clusters);
    json_out_i64(&o, "orders", r->orders);
    json_out_bool(&o, "market_open", r->is_market_open);
    json_out_str(&o, "engine_status", cycle_engine_status(r));
    out_errors(&o, r);
    json_out_i64(&o, "duration_ms", r->duration_ms);
    out_rung(&o, r);
    json_out_obj(&o, "gates_refused");
    for (size_t i = 0; i < r->gates_len; i++)
        if (r->gate[i].refused > 0) json_out_i64(&o, r->gate[i].gate, r->gate[i].refused);
    json_out_end(&o);
    if (r->is_frozen) json_out_bool(&o, "freeze_active", true);
    if (r->risk_freeze != NULL) json_out_str(&o, "risk_freeze", r->risk_freeze);
    if (r->failure != NULL) {
        out_cut(&o, "error", r->failure, CYCLE_FAILURE_MAX);
        json_out_i64(&o, "fail_count", r->failures);
    }
    out_metrics(&o, r);
    json_out_end(&o);
}

static void
out_instant(struct json_out *o, const char *ts_key, const char *dt_key, int64_t at_ns)
{
    char dt[ISO_TEXT_MAX];

    if (at_ns == WHEN_NONE) {
        json_out_null(o, ts_key);
        json_out_null(o, dt_key);
        return;
    }
    json_out_i64(o, ts_key, when_to_s(at_ns));
    json_out_str(o, dt_key, when_dt(at_ns, dt));
}

void
heartbeat_encode(const struct heartbeat *h, struct text *to)
{
    const struct cycle_record *r = h->last;
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_i64(&o, "schema_version", 1);
    out_instant(&o, "last_heartbeat_ts", "last_heartbeat_dt", h->now_ns);
    out_instant(&o, "last_attempt_ts", "last_attempt_dt", h->last_attempt_ns);
    json_out_i64(&o, "iter_count", h->completed);
    json_out_i64(&o, "fail_count", r == NULL ? 0 : r->failures);
    json_out_bool(&o, "running", h->is_running);
    json_out_str(&o, "engine_status", r == NULL ? "ok" : cycle_engine_status(r));
    out_errors(&o, r);
    json_out_bool(&o, "market_open", r != NULL && r->is_market_open);
    json_out_i64(&o, "pid", h->pid);
    json_out_i64(&o, "epoch", h->epoch);
    out_rung(&o, r);
    if (h->trade_stream != NULL) {
        json_out_obj(&o, "trade_stream");
        json_out_str(&o, "state", h->trade_stream);
        json_out_f64(&o, "age_sec", h->trade_stream_age_s);
        json_out_end(&o);
    }
    if (r == NULL) {
        json_out_obj(&o, "metrics");
        json_out_end(&o);
    } else {
        out_metrics(&o, r);
    }
    json_out_end(&o);
}

/* ---- writing ------------------------------------------------------------------------------- */

enum rc
cycle_write(const struct cycle_record *r, const struct store *store, struct err *err)
{
    CLEANUP(text_free) struct text line = {0};

    cycle_encode(r, &line);
    return store_append(store, RUN_LOG_PATH, &line, err);
}

enum rc
heartbeat_write(const struct heartbeat *h, const struct store *store, struct err *err)
{
    static const struct store_spec spec = {.path = HEARTBEAT_PATH, .default_json = "{}"};
    CLEANUP(text_free) struct text json = {0};

    heartbeat_encode(h, &json);
    return store_save(store, &spec, &json, err);
}
