/*
 * The records of what was traded and what was not: plain structs in, one JSON line out (spec 10
 * R1.41, R5.41, R5.42, R6.27, R6.31, R6.33, R6.34; contract 4.20.11).
 *
 * Pure.  Texts are borrowed; NULL is written as null.  "..._json" members are JSON that the caller
 * holds already (components of a score, a candidate); NULL or "" is written as an empty object.  No
 * price is ever made up: an entry that is not filled has none.
 *
 *   trades_entry.c   orders.jsonl, and what an entry leaves behind
 *   trades_exit.c    what a close leaves behind, and its profit
 *   trades_gate.c    what was not traded, and why
 */
#ifndef TELEMETRY_TRADES_H
#define TELEMETRY_TRADES_H

#include "base/json.h"
#include "base/when.h"
#include "model/order.h"

#define ORDERS_LOG_PATH           "logs/orders.jsonl"
#define EXITS_LOG_PATH            "logs/exits.jsonl"
#define MASTER_LOG_PATH           "logs/master_trade_log.jsonl"
#define SIGNALS_LOG_PATH          "logs/signals.jsonl"
#define GATE_DIAGNOSTIC_LOG_PATH  "logs/gate_diagnostic.jsonl"
#define BLOCKED_TRADES_LOG_PATH   "state/blocked_trades.jsonl"
#define LIVE_ORDERS_LOG_PATH      "data/live_orders.jsonl"
#define PORTFOLIO_EVENTS_LOG_PATH "data/portfolio_events.jsonl"

enum { TRADE_ID_MAX = 96 };

/* The regime at the entry, as far as known (R6.34). */
struct regime_snapshot {
    const char *regime, *sector_posture, *volatility_bucket, *trend_bucket;
};

/* ---- orders (R5.42) -------------------------------------------------------------------------- */

enum order_action {
    ACTION_SUBMIT_LIMIT_FILLED,
    ACTION_SUBMIT_LIMIT_FINAL_FILLED,
    ACTION_LIMIT_NOT_FILLED,
    ACTION_LIMIT_FINAL_NOT_FILLED,
    ACTION_LIMIT_RETRY_FAILED,
    ACTION_LIMIT_FINAL_FAILED,
    ACTION_MARKET_FAIL,
    ACTION_SCALE_OUT_FAILED,
    ACTION_CLOSE_POSITION_FAILED,
    ACTION_SUBMIT_MARKET_FALLBACK,
    ACTION_SCALE_OUT,
    ACTION_CLOSE_POSITION
};

struct order_record {
    int64_t at_ns;
    enum order_action action; /* decides which of the following are written */
    const char *symbol;
    enum order_side side;
    usd limit, filled_price;
    int attempt;
    const char *error, *error_details;
    int64_t qty;
    double fraction;
    const char *reason;
    const char *client_order_id; /* NULL: left out */
};

const char *order_action_name(enum order_action a);
void order_record_encode(const struct order_record *r, struct text *to);

/* ---- an entry -------------------------------------------------------------------------------- */

struct entry_record {
    int64_t at_ns; /* of writing */
    const char *symbol;
    enum order_side side;
    bool is_filled;
    int64_t qty;        /* filled; as asked for where it is not */
    usd price;          /* average of the fill */
    int64_t entered_ns; /* fill time; time of sending while it is not filled */
    enum order_type type;
    usd limit; /* of a limit order */
    int attempt;
    const char *status; /* "filled", "submitted_unfilled", … */
    const char *note;
    double score;
    const char *direction; /* "bullish", "bearish" */
    const char *gamma_regime, *market_regime;
    const char *components_json;
    usd account_equity, position_size; /* at the entry */
    const char *correlation_id, *client_order_id;
    struct regime_snapshot regime;
};

void entry_order_encode(const struct entry_record *r, struct text *to); /* logs/orders.jsonl      */
void entry_attribution_encode(const struct entry_record *r,
                              struct text *to); /* logs/attribution.jsonl */
void entry_master_encode(const struct entry_record *r, struct text *to); /* master; filled only */
void entry_live_encode(const struct entry_record *r, const char *event,
                       struct text *to);                                    /* live_orders */
void entry_portfolio_encode(const struct entry_record *r, struct text *to); /* POSITION_OPENED */

/* One of entry time, price, quantity, score, components, regime is missing (R5.41). */
bool entry_is_incomplete(const struct entry_record *r);

/* An order that was refused (R5.42, "rejected submission"). */
void entry_rejected_encode(const struct entry_record *r, const char *error, struct text *to);

/* |fill - limit| / limit in basis points; 0 for a market order. */
double slippage_bps(usd fill, usd limit);

/* ---- a close ------------------------------------------------------------------------------- */

struct exit_record {
    int64_t at_ns;
    const char *symbol;
    enum position_side side;
    int64_t qty;       /* closed */
    int64_t entry_qty; /* of the whole position */
    usd entry_cost;    /* of the closed quantity */
    usd exit_proceeds; /* average fill price times closed quantity */
    int64_t entered_ns, exited_ns;
    double entry_score;
    const char *components_json, *market_regime, *direction, *close_reason;
    const char *entry_order_id, *exit_order_id, *correlation_id;
    enum order_type type;
    double flow;           /* the components' "flow"; NaN where unknown */
    struct civil entry_ny; /* entry time in New York */
    double fraction;       /* of a partial exit (R6.27) */
    struct regime_snapshot regime;
};

/* Profit of the closed quantity: long proceeds - cost, short cost - proceeds; exact. */
usd exit_pnl(const struct exit_record *r);
/* 100 * profit / cost: for the side, per cent; 0 where the cost is. */
double exit_pnl_pct(const struct exit_record *r);
double exit_hold_minutes(const struct exit_record *r);

void exit_attribution_encode(const struct exit_record *r,
                             struct text *to); /* logs/attribution.jsonl, R6.31 */
void exit_partial_encode(const struct exit_record *r, struct text *to); /* the same log, R6.27 */
void exit_line_encode(const struct exit_record *r, struct text *to);    /* logs/exits.jsonl    */
void exit_master_encode(const struct exit_record *r,
                        struct text *to); /* logs/master_trade_log.jsonl   */
void exit_portfolio_encode(const struct exit_record *r, struct text *to); /* POSITION_CLOSED */

/* "live:AAPL:2026-01-30T20:58:07.568503+00:00": joins the records of one trade. */
const char *trade_id(const char *symbol, int64_t entered_ns, char buf[TRADE_ID_MAX]);

/* ---- what was not traded --------------------------------------------------------------------- */

struct blocked_record {
    int64_t at_ns;
    const char *symbol, *reason, *direction;
    double score;
    usd decision_price; /* zero is written as null */
    const char *signals_json, *components_json;
    const char *extra_json; /* an object whose members are added; NULL for none */
};

void signal_encode(int64_t at_ns, const char *candidate_json, struct text *to);
void blocked_encode(const struct blocked_record *r, struct text *to);
void gate_diagnostic_encode(int64_t at_ns, const char *symbol, const char *gate,
                            const char *details_json, struct text *to);

#endif
