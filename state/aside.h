/*
 * Names for what is kept as evidence: bad bytes are moved beside the file they were found in, never
 * deleted and never written over (ARCHITECTURE 6).
 */
#ifndef STATE_ASIDE_H
#define STATE_ASIDE_H

#include "base/fs.h"

enum {
    ASIDE_TRIES_MAX = 3600 /* seconds looked ahead for a free name */
};

/*
 * A free name "<path>.<word>.<unix seconds><ext>" in the folder of path, appended to the empty
 * ret_name.
 *
 * Starts at now_s and adds seconds until nothing has the name (spec 10 R1.43).  RC_RANGE where no
 * name of the next hour is free.
 */
enum rc aside_name(const struct fs *fs, const char *path, const char *word, const char *ext,
                   int64_t now_s, struct text *ret_name, struct err *err) MUST_USE;

/* Renames path to a free name as above.  ret_name is empty unless RC_OK. */
enum rc aside_move(const struct fs *fs, const char *path, const char *word, const char *ext,
                   int64_t now_s, struct text *ret_name, struct err *err) MUST_USE;

#endif
