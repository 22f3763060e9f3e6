/*
 * What a step puts on record: lines of three logs, and the heartbeat.
 *
 *   decision           always
 *   entry blocked      or  entry opened, master entry
 *   exit attribution, exit, master exit
 *
 * The lines are written in the order of shadow_records_of(), all but the first two before a closed
 * position leaves the state, so that no trade can end without a trace.
 */
#ifndef SHADOW_RECORD_JSON_H
#define SHADOW_RECORD_JSON_H

#include "base/json.h"
#include "base/when.h"
#include "shadow/shadow.h"

enum shadow_log { SHADOW_LOG_TRADES, SHADOW_LOG_ATTRIBUTION, SHADOW_LOG_MASTER, SHADOW_LOGS_LEN };

/* "logs/shadow_trades.jsonl", "logs/exit_attribution.jsonl", "logs/master_trade_log.jsonl". */
const char *shadow_log_path(enum shadow_log log);

enum shadow_record {
    SHADOW_RECORD_DECISION,
    SHADOW_RECORD_BLOCKED,
    SHADOW_RECORD_OPENED,
    SHADOW_RECORD_MASTER_ENTRY,
    SHADOW_RECORD_ATTRIBUTION,
    SHADOW_RECORD_EXIT,
    SHADOW_RECORD_MASTER_EXIT
};

enum { SHADOW_RECORDS_MAX = 4 };

/* The records of a step, in order; returns how many. */
size_t shadow_records_of(const struct shadow_outcome *out,
                         enum shadow_record ret_record[SHADOW_RECORDS_MAX]);

enum shadow_log shadow_record_log(enum shadow_record r);

/* One line; seen and out are those of the step. */
void shadow_record_write(struct json_out *o, const char *key, enum shadow_record r,
                         const struct shadow_seen *seen, const struct shadow_outcome *out);

/* state/shadow_heartbeat.json, written before anything else. */
void shadow_heartbeat_write(struct json_out *o, const char *key, const struct shadow_seen *seen);

/* When the position was opened, as it stands on record. */
const char *shadow_entered_text(const struct shadow_position *p, char buf[ISO_TEXT_MAX]);

#endif
