/*
 * The log seam over files (spec 10 R1.38..R1.40).
 *
 * Every event is one record of logs/system_events.jsonl, which all processes append to:
 *
 *   {"timestamp": ISO, "subsystem", "event_type", "severity", "symbol"?, "details": {the other
 * fields}}
 *
 * An event of ROUTE_BOTH or ROUTE_GATE also stands as {"ts": ISO, "msg": name, fields} in
 * logs/<subsystem>.jsonl, unless that file holds records of its own shape (run.jsonl has exactly
 * one line a cycle).  A gate event is gate/blocked with the gate's message as details.reason, and
 * details.score and details.position_state (null when unknown; a field "reason" becomes
 * reason_detail); cycle_summary and names that end in _passed stay as they are.
 *
 * Writing an event never fails: what the store cannot append is lost, and the store says so.  The
 * store logs too (a mended log), while it is writing our line: such events nest a few levels, then
 * they are dropped.
 */
#ifndef TELEMETRY_EVENTS_H
#define TELEMETRY_EVENTS_H

#include "base/clock.h"
#include "base/log.h"
#include "base/store.h"

#define EVENTS_LOG_PATH "logs/system_events.jsonl"

enum {
    EVENT_NESTING_MAX = 3,
    EVENT_LINE_MAX = 256 * 1024 /* bytes; longer details become {"truncated": true, "bytes": n} */
};

struct event_log {
    const struct store *store;
    const struct clock *clock;
    void (*redact)(void *ctx,
                   struct text *line); /* takes literal secrets out (R1.16); NULL for none */
    void *redact_ctx;
    FILE *echo; /* a readable line for each event from echo_min on; NULL for none */
    enum severity echo_min;
    int depth;
    int64_t dropped; /* events given up because they nested too deep */
};

/* Borrows store and clock; no redaction, no echo until the caller sets them. */
void event_log_init(struct event_log *l, const struct store *store, const struct clock *clock);

struct log event_log_seam(struct event_log *l);

#endif
