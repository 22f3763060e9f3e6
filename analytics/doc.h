/*
 * Writes the canonical documents of spec 40 0.5: two blanks a level, ASCII only, keys ascending by
 * code point, doubles with a point or an exponent.
 *
 * Streams: whenever a piece is full it goes to the sink, so a document of 100 MB needs 64 KiB.  The
 * caller gives the keys in their order; one out of order is our own mistake and asserted.
 */
#ifndef ANALYTICS_DOC_H
#define ANALYTICS_DOC_H

#include "base/json_line.h"

enum { DOC_DEPTH_MAX = 32, DOC_PIECE_BYTES = 64 * 1024 };

/* Takes the next bytes of the document. */
typedef enum rc doc_sink(void *self, const char *bytes, size_t len, struct err *err);

struct doc {
    doc_sink *sink; /* NULL: all of it stays in text */
    void *self;
    struct text text;
    int depth;
    bool has_member[DOC_DEPTH_MAX];
    char closer[DOC_DEPTH_MAX];
    struct span last_key[DOC_DEPTH_MAX];
    enum rc rc; /* the first failure of the sink; nothing is written after it */
    struct err err;
};

/* Start with {.sink = ..., .self = ...}; fits CLEANUP(doc_free). */
void doc_free(struct doc *d);
/* The rest to the sink, after an optional newline; what went wrong first. */
enum rc doc_close(struct doc *d, bool has_newline, struct err *err) MUST_USE;

/* key: NULL inside an array and for the outermost value.  A key lives until its object is closed.
 */
void doc_obj(struct doc *d, const char *key);
void doc_obj_at(struct doc *d, struct span key);
void doc_arr(struct doc *d, const char *key);
void doc_arr_at(struct doc *d, struct span key);
void doc_end(struct doc *d); /* closes the innermost object or array */
void doc_str(struct doc *d, const char *key, const char *value);
void doc_span(struct doc *d, const char *key, struct span value);
void doc_int(struct doc *d, const char *key, int64_t value);
void doc_int_at(struct doc *d, struct span key, int64_t value);
void doc_num(struct doc *d, const char *key, double value); /* null unless finite */
void doc_num_at(struct doc *d, struct span key, double value);
void doc_bool(struct doc *d, const char *key, bool value);
void doc_null(struct doc *d, const char *key);
/* A value that was read, again (NULL is null): keys sorted, of repeated ones the last, a number
 * that is not finite null. */
void doc_node(struct doc *d, const char *key, const struct node *v);
/*
 * A document that another struct doc wrote, as a value here: doc_key() (NULL in an array), then its
 * bytes piece by piece, without the newline at its end.  They are indented as deep as they stand.
 */
void doc_key(struct doc *d, const char *key);
void doc_paste(struct doc *d, const char *bytes, size_t len);
/* Instant of spec 40 0.3.4. */
void doc_instant(struct doc *d, const char *key, int64_t ts_us);

#endif
