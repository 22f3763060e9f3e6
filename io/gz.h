/*
 * gz: reads files that may be compressed, and compresses.  The only includer of zlib.
 */
#ifndef IO_GZ_H
#define IO_GZ_H

#include "base/err.h"
#include "base/text.h"

/*
 * The whole file, decompressed if it begins as gzip (several members in a row are one text), plain
 * otherwise.
 *
 * RC_NOT_FOUND, RC_IO; RC_RANGE beyond max bytes of content; RC_PARSE for one that is cut off or
 * damaged.
 */
enum rc gz_read_all(const char *path, size_t max, struct text *ret_bytes, struct err *err) MUST_USE;

/* The bytes as gzip, without name or time: the same bytes give the same. */
enum rc gz_compress(const char *bytes, size_t len, struct text *ret_bytes,
                    struct err *err) MUST_USE;

#endif
