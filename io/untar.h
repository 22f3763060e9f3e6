/*
 * untar: the files of a POSIX archive (ustar) in memory, for archives that come from elsewhere.
 *
 * Only regular files and folders are accepted, under relative names without "..": an archive that
 * holds anything else is refused before the first file is given out.
 */
#ifndef IO_UNTAR_H
#define IO_UNTAR_H

#include "base/err.h"

enum { UNTAR_NAME_MAX = 260 };

struct untar_file {
    const char *name; /* relative, without a slash at the end */
    bool is_folder;
    const char *bytes; /* borrowed from the archive */
    size_t len;
};

/*
 * Calls each(ctx, file, err) for every entry in order.
 *
 * RC_PARSE for what is no archive, is cut off or has a wrong checksum; RC_DENIED for an entry that
 * is refused; else what each gave.
 */
enum rc untar(const char *bytes, size_t len,
              enum rc (*each)(void *ctx, const struct untar_file *file, struct err *err), void *ctx,
              struct err *err) MUST_USE;

#endif
