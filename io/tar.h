/*
 * tar: an archive of files in memory, in the POSIX form (ustar).
 *
 * The same files give the same bytes: owner 0, mode 0644, the time that is handed in.
 */
#ifndef IO_TAR_H
#define IO_TAR_H

#include "base/err.h"
#include "base/text.h"

enum { TAR_NAME_MAX = 100 };

/* Appends one file.  RC_RANGE for a name that is longer, absolute or empty, and for 8 GiB. */
enum rc tar_add(struct text *to, const char *name, const char *bytes, size_t len, int64_t mtime_s,
                struct err *err) MUST_USE;
/* The two empty blocks at the end. */
void tar_end(struct text *to);

#endif
