/*
 * The closed trades of the current UTC day: how many, how many won, what they brought (spec 10
 * R1.37).
 *
 * Read from logs/attribution.jsonl and kept: each update reads only what was appended since the
 * last one.  A record counts if it carries today's date in "ts" and its trade_id does not begin
 * with "open_" (an entry is not a trade yet).  The first update finds the day's beginning from the
 * end of the file; a log that was rotated meanwhile is read to its end in logs/archive first, so no
 * record is counted twice or missed.
 */
#ifndef TELEMETRY_TODAY_H
#define TELEMETRY_TODAY_H

#include "base/fs.h"
#include "base/usd.h"
#include "base/when.h"

#define ATTRIBUTION_PATH "logs/attribution.jsonl"

struct today_trades {
    struct date date; /* UTC; month 0 before the first update */
    int64_t trades, wins;
    usd pnl;

    uint64_t inode; /* of the file that was read up to the offset */
    int64_t offset;
    bool has_file;
};

/* Start with {0}.  On an error the sums are those of the last update. */
enum rc today_update(struct today_trades *t, const struct fs *fs, int64_t now_ns,
                     struct err *err) MUST_USE;

#endif
