/*
 * The end of an append-only log (spec 10 R0.8, ARCHITECTURE 6): a line that a crash or a full disk
 * cut off.
 *
 * Several processes append to one log (system_events.jsonl), each line by one write() on an append
 * descriptor.  So nothing is ever taken away from the file: cutting it at the last newline would,
 * between our look and our cut, take the line another process has just added.  Instead the half
 * line is closed with a newline of its own, which an append puts at the end whatever happened
 * meanwhile, and a copy of it is kept beside the log.  Readers of logs pass over lines that are not
 * JSON, and over empty ones, which is what remains when two processes close the same half line.
 */
#ifndef STATE_JSONL_H
#define STATE_JSONL_H

#include "base/fs.h"

enum {
    TORN_KEPT_MAX =
        1 << 20 /* of a longer half line the last MiB is copied; all of it stays in the log */
};

struct torn_tail {
    bool is_torn;
    size_t bytes;     /* of the half line, TORN_KEPT_MAX at most               */
    struct text kept; /* "<path>.torn.<unix seconds>"; empty: no copy was made */
};

void torn_tail_free(struct torn_tail *t); /* fits CLEANUP */

/*
 * Looks at the last byte and closes a half line.
 *
 * An absent or empty log is whole.  RC_IO: it could not be read or not be closed; a copy that could
 * not be made is no error, for the bytes are still in the log.
 */
enum rc jsonl_mend_tail(const struct fs *fs, const char *path, int64_t now_s,
                        struct torn_tail *ret_torn, struct err *err) MUST_USE;

#endif
