/*
 * What an engine writes after each cycle: one line of logs/run.jsonl (spec 10 R1.37) and the
 * heartbeat (R1.36), both with the rung of the capability ladder, its reason, and how many
 * candidates each gate refused (ARCHITECTURE 4).
 *
 * Pure encoders over plain structs; texts and arrays are borrowed.  NULL texts and values that are
 * not known are written as null, never as zero.
 */
#ifndef TELEMETRY_CYCLE_H
#define TELEMETRY_CYCLE_H

#include "base/store.h"
#include "base/when.h"
#include "telemetry/today.h"

#define RUN_LOG_PATH   "logs/run.jsonl"
#define HEARTBEAT_PATH "state/bot_heartbeat.json"

enum {
    CYCLE_ERROR_MAX = 300,   /* of one error, NUL included */
    CYCLE_FAILURE_MAX = 200, /* of the error that ended an iteration */
    HEARTBEAT_FRESH_S = 180
};

/* The account against its limits. */
struct cycle_risk {
    bool is_known; /* false: the broker did not tell the equity, and all of this is null */
    usd equity, peak_equity, daily_pnl, daily_loss_limit;
    double drawdown_pct; /* per cent of the peak, clamped to -100..100 */
    double drawdown_limit_fraction;
    const char *mode; /* "PAPER", "LIVE" */
};

/* Broker positions against our records (spec 10 8.4). */
struct cycle_positions {
    const char *skipped; /* why it was not compared in this cycle ("throttled"); NULL: it was */
    int64_t at_broker, in_bot;
    const char *const *missing_in_bot; /* symbols */
    size_t missing_len;
    const char *const *orphaned_in_bot;
    size_t orphaned_len;
    bool was_fixed;
    int64_t consecutive;
};

struct cycle_gate {
    const char *gate;
    int64_t refused;
};

/* What the operator has ordered; texts borrowed. */
struct cycle_operator {
    const char *level; /* "exits_only", "flat", "all"; NULL for no halt */
    const char *reason, *who;
    int64_t at_ns;
    const char *const *frozen; /* symbols that take no entry */
    size_t frozen_len;
};

struct cycle_record {
    int64_t ended_ns; /* wall clock */
    int64_t duration_ms;
    int64_t iteration; /* since process start, failed ones included */
    int64_t clusters;  /* candidates handed to the entry stage */
    int64_t orders;    /* accepted by the broker in this cycle */
    bool is_market_open;
    bool is_degraded; /* the broker is; errors make the cycle degraded anyway */
    const char (*error)[CYCLE_ERROR_MAX];
    size_t errors_len;
    bool is_frozen;          /* entries are stopped by a freeze */
    const char *risk_freeze; /* the breached limit; NULL for none */
    const char *failure;     /* why the iteration failed; NULL: it did not */
    int64_t failures;        /* consecutive failed iterations */

    const char *rung;        /* "normal", "exits_only", … */
    const char *rung_reason; /* NULL while normal */
    struct cycle_operator operator;
    const struct cycle_gate *gate;
    size_t gates_len;

    /* metrics */
    usd total_pnl; /* of today's closed trades: today_trades */
    int64_t trades, wins;
    const char *market_regime;
    int64_t cache_symbols, symbols_scored, passed_composite_gate;
    struct cycle_risk risk;
    struct cycle_positions positions;
    const char *const *alert;
    size_t alerts_len;
};

struct heartbeat {
    int64_t now_ns;
    int64_t last_attempt_ns; /* end of the last iteration; WHEN_NONE before the first */
    int64_t completed;       /* successful iterations since process start */
    bool is_running;
    int pid;
    int64_t epoch;
    const char *trade_stream;        /* "live", "opening", "away"; NULL where none is wanted */
    double trade_stream_age_s;       /* since anything was heard on it; NAN for never */
    const struct cycle_record *last; /* NULL before the first cycle */
};

/* "degraded" if the cycle had errors, failed, or the broker is degraded; "ok" otherwise. */
const char *cycle_engine_status(const struct cycle_record *r);

void cycle_encode(const struct cycle_record *r, struct text *to);
void heartbeat_encode(const struct heartbeat *h, struct text *to);

/* Appends to logs/run.jsonl; replaces state/bot_heartbeat.json. */
enum rc cycle_write(const struct cycle_record *r, const struct store *store,
                    struct err *err) MUST_USE;
enum rc heartbeat_write(const struct heartbeat *h, const struct store *store,
                        struct err *err) MUST_USE;

#endif
