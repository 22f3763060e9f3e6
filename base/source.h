/*
 * The seam of files that are read from end to end in constant memory: logs, also compressed ones.
 *
 * A source is one file as it was when it was opened: what is appended later does not belong to it,
 * and a log that is rotated away meanwhile is read on.  Implementation: io/source.c; tests wrap it.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

struct source_facts {
    int64_t bytes;               /* of the file as it lies on the disk, compressed or not; fewer
                                    in the end where it was cut while it was read */
    char sha256[SHA256_HEX_MAX]; /* of these bytes; "" until all of them were read */
    bool is_compressed;
    int64_t content_bytes; /* given out so far */
};

struct source {
    void *self;
    /*
     * The next piece of the content, good until the next call; a length of 0 is its end.
     * RC_PARSE for a compressed file that is cut off or damaged, after all pieces that could be
     * read; the facts are then complete.
     */
    enum rc (*next)(void *self, const char **ret_bytes, size_t *ret_len, struct err *err);
    /* At most max bytes from an offset of the file as it lies on the disk. */
    enum rc (*read_at)(void *self, int64_t offset, size_t max, struct text *ret_bytes,
                       struct err *err);
    struct source_facts (*facts)(void *self);
    void (*close)(void *self);
};

struct sources {
    void *self;
    /* bytes_max: no more of the file than that belongs to the source; negative for all of it.
     * RC_NOT_FOUND where there is no file, RC_IO where it is no regular file. */
    enum rc (*open)(void *self, const char *path, int64_t bytes_max, struct source *ret_source,
                    struct err *err);
};

#endif
