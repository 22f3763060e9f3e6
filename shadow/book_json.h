/*
 * state/shadow_v2_positions.json: {"positions": {"AAPL": {...}, ...}}.
 *
 * A record that was read is written again as it was, keys we do not know included, but for the mark
 * of the last evaluation.
 */
#ifndef SHADOW_BOOK_JSON_H
#define SHADOW_BOOK_JSON_H

#include "base/ops.h"
#include "shadow/book.h"

/*
 * Into an empty book.  "positions" that is no object is none; a record that is no object is a
 * position of which nothing is known; null is none.  RC_RANGE above SHADOW_POSITIONS_MAX.
 */
enum rc shadow_book_decode(const struct json *doc, struct shadow_book *ret_book,
                           struct err *err) MUST_USE;

void shadow_book_write(struct json_out *o, const char *key, const struct shadow_book *b);

/* The object of the positions alone. */
void shadow_positions_write(struct json_out *o, const char *key, const struct shadow_book *b);

#endif
