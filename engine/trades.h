/*
 * The records of settled orders: each trade in every log that tells of it, exactly once, also
 * across a kill between two of them.
 *
 *   trades.c         entries, and what came to nothing
 *   trades_closed.c  closes and scale-outs, ours and those made by hand at the broker
 */
#ifndef ENGINE_TRADES_H
#define ENGINE_TRADES_H

#include "engine/engine.h"

/* Where a record of an interrupted settlement would stand, from the end of its log. */
#define TRADES_TAIL_BYTES ((size_t)256 << 10)

/* Whether one line at the end of the log has both keys. */
bool trades_has_line(const struct engine *eng, const char *path, const char *key, const char *key2);

/* False, and said, where the line could not be written. */
bool trades_append(struct engine *eng, const char *path, const struct text *line);

/*
 * Appends the line unless the end of the log has one with both keys: a process may have died after
 * the append and before the ledger was told.  False as trades_append().
 */
bool trades_append_once(struct engine *eng, const char *path, const char *key, const char *key2,
                        const struct text *line);

/* When it was filled: by the order's own word, else the last execution. */
int64_t trades_fill_ns(const struct settled *s);

/* The records of a close or of a part of one, and what the engine remembers of it; false if they
 * could not be written: asked again. */
bool trades_record_exit(struct engine *eng, const struct settled *s);

#endif
