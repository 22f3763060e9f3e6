#include <math.h>

#include "scripts/show/status.h"

#define ERROR_BYTES ((size_t)1 << 20) /* of the event log, from its end */
#define RUN_BYTES   ((size_t)64 << 10)

static void
read_processes(const struct look *l, struct status *s)
{
    CLEANUP(json_freep) struct json *health = view_load(&l->fs, "state/health.json");
    const struct json *details = json_get_obj(health, "details");

    s->supervisor = (struct status_process){.name = "supervisor",
                                            .pid = view_lock_pid(&l->fs, "state/supervisor.lock")};
    s->engine = (struct status_process){
        .name = "engine",
        .pid = view_lock_pid(&l->fs, "state/engine.lock"),
        .restarts_failed = json_i64(json_get_obj(details, "trading-bot"), "failure_count", 0)};
    s->daemon = (struct status_process){
        .name = "daemon",
        .pid = view_lock_pid(&l->fs, "state/uw_flow_daemon.lock"),
        .restarts_failed = json_i64(json_get_obj(details, "uw-daemon"), "failure_count", 0)};
}

static void
read_account(struct status *s, const struct json *metrics)
{
    const struct json *risk = json_get_obj(metrics, "risk_metrics");
    struct err ignored = {0};
    struct json_in in = {.obj = risk, .err = &ignored};
    struct json_in total = {.obj = metrics, .err = &ignored};

    s->trades = json_i64(metrics, "trades", 0);
    s->win_rate = json_f64(metrics, "win_rate", (double)NAN);
    s->realised_pnl = json_opt_usd(&total, "total_pnl", USD_ZERO);
    (void)str_copy(s->market_regime, sizeof(s->market_regime),
                   json_str(metrics, "market_regime", ""));
    s->is_account_known = json_has(risk, "current_equity");
    s->equity = json_opt_usd(&in, "current_equity", USD_ZERO);
    s->daily_pnl = json_opt_usd(&in, "daily_pnl", USD_ZERO);
}

static void
read_heartbeat(const struct look *l, struct status *s)
{
    CLEANUP(json_freep) struct json *beat = view_load(&l->fs, "state/bot_heartbeat.json");
    const struct json *errors = json_get_arr(beat, "errors_this_cycle");

    s->has_beat = json_has(beat, "last_heartbeat_ts");
    if (!s->has_beat) return;
    s->beat_ns = when_from_s_f64(json_f64(beat, "last_heartbeat_ts", 0));
    s->cycle = json_i64(beat, "iter_count", 0);
    s->is_market_open = json_bool(beat, "market_open", false);
    (void)str_copy(s->rung, sizeof(s->rung), json_str(beat, "rung", ""));
    (void)str_copy(s->rung_reason, sizeof(s->rung_reason), json_str(beat, "rung_reason", ""));
    (void)str_copy(s->engine_status, sizeof(s->engine_status), json_str(beat, "engine_status", ""));
    s->errors_this_cycle = json_len(errors);
    if (s->errors_this_cycle > 0) {
        const char *words = json_string(json_first(errors));
        (void)str_copy(s->first_error, sizeof(s->first_error), words != NULL ? words : "?");
    }
    const struct json *stream = json_get_obj(beat, "trade_stream");
    (void)str_copy(s->trade_stream, sizeof(s->trade_stream), json_str(stream, "state", ""));
    s->trade_stream_age_s = json_f64(stream, "age_sec", (double)NAN);
    read_account(s, json_get_obj(beat, "metrics"));
}

static void
read_control(const struct look *l, struct status *s)
{
    struct fs_stat st = {0};
    struct err ignored = {0};
    CLEANUP(json_freep) struct json *doc = view_load(&l->fs, CONTROL_PATH);
    bool is_absent = l->fs.stat(l->fs.self, CONTROL_PATH, &st, &ignored) == RC_OK && !st.exists;

    control_decode(doc, &s->control);
    if (doc != NULL || is_absent) return;
    /* As the engine will take it. */
    s->control.level = CONTROL_EXITS_ONLY;
    (void)str_copy(s->control.word.reason, sizeof(s->control.word.reason),
                   CONTROL_PATH " cannot be read");
    (void)str_copy(s->control.word.who, sizeof(s->control.word.who), "nobody known");
}

static bool
take_run(void *ctx, const struct json *rec)
{
    struct status *s = ctx;

    s->run_ns = when_parse_or_none(json_str(rec, "ts", ""));
    return s->run_ns == WHEN_NONE;
}

static void
read_cache(const struct look *l, struct status *s)
{
    CLEANUP(json_freep) struct json *meta = look_cache_member(l, "_metadata");

    s->cache_ns = WHEN_NONE;
    s->is_cache_readable = meta != NULL;
    if (meta == NULL) return;
    s->cache_symbols = json_i64(meta, "ticker_count", 0);
    if (json_has(meta, "last_update"))
        s->cache_ns = when_from_s_f64(json_f64(meta, "last_update", 0));
    (void)str_copy(s->cache_status, sizeof(s->cache_status), json_str(meta, "status", ""));
}

static void
read_budget(const struct look *l, struct status *s)
{
    CLEANUP(json_freep) struct json *usage = view_load(&l->fs, "state/uw_usage_state.json");
    const struct json *forecast = json_get_obj(usage, "forecast");
    const struct json *end = json_get(forecast, "exhausted_at");

    s->uw_calls = json_i64(usage, "calls_today", -1);
    s->uw_cap = json_i64(forecast, "cap", -1);
    (void)str_copy(s->uw_pause, sizeof(s->uw_pause), json_str(usage, "backoff_reason", ""));
    s->uw_exhausted_ns = json_string(end) != NULL ? when_parse_or_none(json_string(end))
                         : end != NULL            ? when_from_s_f64(json_f64_of(end, 0))
                                                  : WHEN_NONE;
}

static void
read_positions(struct look *l, struct status *s)
{
    CLEANUP(json_freep) struct json *meta = view_load(&l->fs, "state/position_metadata.json");
    struct ledger_positions list = {0};
    struct err ignored = {0};

    if (l->ledger.positions(l->ledger.self, &l->arena, &list, &ignored) != RC_OK) return;
    s->position = ARENA_NEW(&l->arena, struct status_position, list.len);
    for (size_t i = 0; i < list.len; i++) {
        struct status_position *p = &s->position[s->positions_len++];
        const struct json *m = json_get_obj(meta, list.position[i].symbol);
        int64_t at_ns = 0;

        *p = (struct status_position){.at_ledger = list.position[i],
                                      .entered_ns = when_parse_or_none(json_str(m, "entry_ts", "")),
                                      .score = json_f64(m, "entry_score", (double)NAN)};
        if (!look_price(l, p->at_ledger.symbol, &p->price, &at_ns)) p->price = USD_ZERO;
    }
}

static void
read_ledger(struct look *l, struct status *s)
{
    struct err ignored = {0};

    if (l->sql == NULL) return;
    s->is_ledger_readable =
        l->ledger.live_intents(l->ledger.self, &l->arena, &s->live, &ignored) == RC_OK;
    for (size_t i = 0; i < s->live.len; i++)
        s->unknown += s->live.intent[i].state == INTENT_UNKNOWN ? 1 : 0;
    read_positions(l, s);
}

static bool
take_error(void *ctx, const struct json *rec)
{
    struct status *s = ctx;
    const char *severity = json_str(rec, "severity", "INFO");
    const struct json *details = json_get_obj(rec, "details");

    if (str_eq(severity, "INFO")) return true;
    struct status_error *e = &s->error[s->errors_len++];
    const char *why = json_str(details, "error", json_str(details, "reason", ""));
    const char *symbol = json_str(rec, "symbol", "");
    e->at_ns = when_parse_or_none(json_str(rec, "timestamp", ""));
    (void)snprintf(e->words, sizeof(e->words), "%s %s/%s%s%s%s%s", severity,
                   json_str(rec, "subsystem", ""), json_str(rec, "event_type", ""),
                   symbol[0] != '\0' ? " " : "", symbol, why[0] != '\0' ? ": " : "", why);
    return s->errors_len < STATUS_ERRORS;
}

void
status_read(struct look *l, struct status *ret_status)
{
    *ret_status = (struct status){.beat_ns = WHEN_NONE,
                                  .run_ns = WHEN_NONE,
                                  .uw_exhausted_ns = WHEN_NONE,
                                  .win_rate = (double)NAN};
    read_processes(l, ret_status);
    read_heartbeat(l, ret_status);
    read_control(l, ret_status);
    view_tail(&l->fs, "logs/run.jsonl", RUN_BYTES, take_run, ret_status);
    read_cache(l, ret_status);
    read_budget(l, ret_status);
    read_ledger(l, ret_status);
    view_tail(&l->fs, "logs/system_events.jsonl", ERROR_BYTES, take_error, ret_status);
}
