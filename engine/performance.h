/*
 * The closed trades of the last thirty days, for the performance freeze of LIVE (spec 10 R5.8).
 *
 * Read from logs/attribution.jsonl and kept: a look once a minute reads only what was appended.  At
 * the first look the newest archive of the log is read too, for a log may have been archived within
 * the thirty days.
 */
#ifndef ENGINE_PERFORMANCE_H
#define ENGINE_PERFORMANCE_H

#include "base/fs.h"
#include "strategy/risk.h"

enum { PERFORMANCE_TRADES_MAX = 8192 }; /* beyond it the oldest goes */

struct performance {
    struct closed_trade trade[PERFORMANCE_TRADES_MAX]; /* in order of the log */
    size_t len;
    int64_t offset;
    uint64_t inode;
    int64_t looked_ns; /* 0 before the first look */
    struct performance_verdict verdict;
};

/* At most once in 60 s; PAPER is never frozen and nothing is read for it. */
struct performance_verdict performance_look(struct performance *p, const struct fs *fs,
                                            enum trade_mode mode, int64_t now_ns);

#endif
