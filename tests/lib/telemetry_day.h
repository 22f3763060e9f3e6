/*
 * A made-up trading day as the telemetry reads it: logs and state documents of a root, of any size,
 * the same bytes for the same seed.
 *
 * Each trade leaves what the programs leave, with all the members they write: a candidate and five
 * more while the position is open, an entry, an exit and its attribution, an entry and a close of
 * v1, a UW attribution and a line in each of the smaller logs.  With every third come two scores
 * that part and a position that stays open.  18 KB a trade.
 */
#ifndef TESTS_LIB_TELEMETRY_DAY_H
#define TESTS_LIB_TELEMETRY_DAY_H

#include "base/text.h"

#define TELEMETRY_DAY "2026-01-22"

enum { TELEMETRY_LOGS = 7 };

struct telemetry_day {
    struct text log[TELEMETRY_LOGS];
};

/* "logs/shadow_trades.jsonl", … */
extern const char *const TELEMETRY_LOG_PATH[TELEMETRY_LOGS];

/* Adds the records of trades first ... first + count. */
void telemetry_day_add(struct telemetry_day *d, uint64_t seed, int first, int count);
void telemetry_day_free(struct telemetry_day *d);

/* Document i and its path; false beyond the last. */
bool telemetry_day_state(size_t i, const char **ret_path, const char **ret_json);

#endif
