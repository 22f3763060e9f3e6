/*
 * The members of a large JSON object in a file, through a window of a quarter of a megabyte.
 *
 * The file is never in memory as a whole, whatever its size; the window grows only for a member
 * that is larger.  Each piece is a read of its own, so that a file which is replaced meanwhile may
 * give pieces of both: the caller compares the file before and after (flow_file_is_one).
 */
#ifndef ENGINE_FLOW_FILE_H
#define ENGINE_FLOW_FILE_H

#include "base/fs.h"
#include "base/json.h"

enum { FLOW_WINDOW_BYTES = 256 << 10 }; /* stays in the processor's own cache */

struct flow_file {
    const struct fs *fs;
    const char *path;
    struct text window; /* bytes of the file from offset on; its room is kept */
    int64_t offset;
    size_t room; /* bytes asked for in a read */
    bool is_end; /* the window reaches the end of the file */
    int reads;   /* since flow_file_open */
    struct json_scan scan;
};

/* Starts at the first member, with room for so many bytes.  f->window is used again. */
enum rc flow_file_open(struct flow_file *f, const struct fs *fs, const char *path, size_t room,
                       struct err *err) MUST_USE;
void flow_file_done(struct flow_file *f);

/*
 * The next member, whole; RC_NOT_FOUND after the last.  Good until the next call.
 *
 * known  asked with the key and the bytes from the value on, as far as the window reaches: the
 *        length of the array or object that stands there where its bytes are known, else 0, and it
 *        is looked for.  A length beyond the window: ask again with more of it
 */
enum rc flow_file_next(struct flow_file *f, size_t (*known)(void *ctx, const struct json_span *at),
                       void *ctx, struct json_span *ret_span, struct err *err) MUST_USE;

/* True where all that was read came in one piece, or the file is the one that `before` was taken
 * of.
 */
bool flow_file_is_one(const struct flow_file *f, const struct fs_stat *before);

#endif
