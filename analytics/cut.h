/*
 * The bytes of a log into its records (spec 40 0.2).
 *
 * Nearly every line is plain: it ends with LF, is UTF-8 and one object.  That one is read where it
 * stands.  Whatever else comes is cut and mended by the rules and then read.
 */
#ifndef ANALYTICS_CUT_H
#define ANALYTICS_CUT_H

#include "base/json_line.h"

/* A longer piece is malformed. */
enum { LOG_LINE_BYTES_MAX = 8 << 20 };

/* Where a record stands: offset and length of its piece among all bytes of its log. */
struct line_ref {
    uint64_t at;
    uint32_t len;
};

struct log_stats {
    uint64_t bytes, lines, records, malformed; /* lines = records + malformed */
};

/* Reads one piece at a time. */
struct piece_reader {
    struct json_line line;
    struct text mended; /* a piece that was not UTF-8 */
};

void piece_reader_done(struct piece_reader *r); /* as after = {0}; fits CLEANUP */

/*
 * The object that a piece holds, borrowed from r and the bytes until either is used again; NULL if
 * it is malformed.  Reads again what a struct line_ref points to.
 */
const struct node *piece_read(struct piece_reader *r, const char *bytes, size_t len);

/* Takes a record. */
typedef void cut_record(void *self, const struct node *record, struct line_ref line);

struct cut {
    cut_record *record;
    void *self;
    struct piece_reader *reader;
    struct log_stats stats;
    uint64_t at;         /* offset of pending, or of the next byte */
    struct span piece;   /* the bytes of the record that is being taken */
    struct text pending; /* a line whose end has not come yet */
    bool is_passing;     /* the rest of a line that is too long */
};

void cut_done(struct cut *c);
void cut_feed(struct cut *c, const char *bytes, size_t len);
void cut_end(struct cut *c); /* the last line may lack its newline */

#endif
