/*
 * The state seam: JSON files that heal, and logs that are only ever appended to (spec 10
 * R1.43, 1.8).
 *
 * Loading never fails the caller in a way it must handle: it always gives a document.
 * Implementation: state/store.c over the file seam; tests and the simulator use it over a simulated
 * disk.
 */
#ifndef BASE_STORE_H
#define BASE_STORE_H

#include "base/json.h"

enum store_origin {
    STORE_FILE,    /* the file as it stands                                         */
    STORE_MISSING, /* no file: the default, no event                                */
    STORE_PREV,    /* healed from <path>.prev                                       */
    STORE_REBUILT, /* healed from its source by spec->rebuild                       */
    STORE_DEFAULT, /* healed to the default                                         */
    STORE_MEMORY   /* bad, and could not be set aside or replaced: the best of the above, in memory
                      only */
};

struct store_spec {
    const char *path;
    /* Minimal valid document, errs on the careful side; its kind is the wanted one. */
    const char *default_json;
    bool has_prev;    /* <path>.prev is kept by save and tried by load */
    size_t bytes_max; /* 0 = 64 MiB */
    /* The further demands of the owner on a well-formed document; NULL for none. */
    enum rc (*check)(const struct json *doc, struct err *err);
    /* Writes a document from its source of truth into ret_json; NULL where there is none. */
    enum rc (*rebuild)(void *ctx, struct text *ret_json, struct err *err);
    void *rebuild_ctx;
};

struct store {
    void *self;
    /* Gives a document (json_free) and says where it came from; on STORE_FILE..STORE_MEMORY alike.
     */
    struct json *(*load)(void *self, const struct store_spec *spec, enum store_origin *ret_origin);
    enum rc (*save)(void *self, const struct store_spec *spec, const char *json, size_t len,
                    struct err *err);
    /* One line; the newline is added here.  Failures are reported once a file and minute on stderr.
     */
    enum rc (*append)(void *self, const char *path, const char *json_line, size_t len,
                      struct err *err);
    /* Whole lines, each with its newline, in one write: as whole as one line is.  For records that
     * come by the hundred; failures as append. */
    enum rc (*append_lines)(void *self, const char *path, const char *lines, size_t len,
                            struct err *err);
};

static inline struct json *
store_load(const struct store *st, const struct store_spec *spec, enum store_origin *ret_origin)
{
    return st->load(st->self, spec, ret_origin);
}

static inline enum rc MUST_USE
store_save(const struct store *st, const struct store_spec *spec, const struct text *json,
           struct err *err)
{
    return st->save(st->self, spec, text_str(json), json->len, err);
}

static inline enum rc MUST_USE
store_append(const struct store *st, const char *path, const struct text *line, struct err *err)
{
    return st->append(st->self, path, text_str(line), line->len, err);
}

static inline enum rc MUST_USE
store_append_lines(const struct store *st, const char *path, const struct text *lines,
                   struct err *err)
{
    return st->append_lines(st->self, path, text_str(lines), lines->len, err);
}

#endif
