/*
 * source: files read from end to end, plain or gzip, behind the seam of base/source.h.  Beside
 * io/gz.c the only includer of zlib.
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include "base/source.h"
#include "io/fs.h"

/* fs must stay where it is while the seam or one of its sources is used. */
struct sources sources_seam(struct posix_fs *fs);

#endif
