/*
 * shadow-integrity-check: may the shadow's records be believed? (spec 40 6.4)
 *
 * Reads the log of the shadow once and says how many records there are, where they have holes, and
 * what the trusted ones earned.  Records written while several daemons fought over the flow cache
 * are not trusted: the count begins when that was mended, or five minutes after the last such line
 * of the journal.
 *
 *   shadow_integrity_check.c  options, service manager, what is printed
 *   integrity.c               the log: window, gaps, P&L
 */
#ifndef SCRIPTS_INTEGRITY_H
#define SCRIPTS_INTEGRITY_H

#include "base/fs.h"
#include "base/when.h"

enum { INTEGRITY_GAPS_SHOWN = 50 };

struct integrity_options {
    const char *log_path;
    const char *event_type; /* NULL: all records count */
    int64_t since_ns;       /* the window's begin */
    int64_t trusted_ns;     /* WHEN_NONE: all of the window is trusted */
    int64_t gap_ns;         /* neighbours further apart are a gap */
};

struct integrity_gap {
    int64_t from_ns, to_ns;
};

struct integrity_pnl {
    bool is_of_exits; /* of records shadow_exit; else made from prices */
    int64_t n, wins, losses;
    double total_usd;
};

struct integrity {
    int64_t records;   /* of the event type */
    int64_t malformed; /* lines that are no record */
    int64_t in_window, trusted;
    int64_t first_ns, last_ns; /* of the window; WHEN_NONE without any */
    struct integrity_gap gap[INTEGRITY_GAPS_SHOWN];
    int64_t gaps; /* may be more than are kept */
    struct integrity_pnl pnl;
};

/* RC_IO where the log cannot be read; a missing one has no records. */
enum rc integrity_read(const struct fs *fs, const struct integrity_options *opt,
                       struct integrity *ret_result, struct err *err) MUST_USE;

#endif
