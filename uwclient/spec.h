/*
 * The allow-list: what may be requested, read from the OpenAPI file (contract 4.8, spec
 * 20 1.1, 1.2).
 *
 * The file is the only source: no path is compiled in as allowed.  It is read once and then const.
 * Only GET operations count.  Key order, indentation, quoting, block texts, anchors, references
 * inside the file and CRLF do not matter; of what is written twice the first counts.
 */
#ifndef UWCLIENT_SPEC_H
#define UWCLIENT_SPEC_H

#include "base/arena.h"
#include "base/fs.h"

#define SPEC_PATH "unusual_whales_api/api_spec.yaml"

enum {
    SPEC_PATHS_MIN = 50, /* fewer: the file cannot be the real one */
    SPEC_BYTES_MAX = 8 << 20,
    SPEC_OPS_MAX = 4096,    /* a few lines of aliases must not become gigabytes */
    SPEC_PARAMS_MAX = 8192, /* of all operations                                */
    SPEC_SEGMENTS_MAX = 16,
    SPEC_REF_DEPTH_MAX = 4, /* a reference to a reference to ...                */
    SPEC_REF_STEPS_MAX = 8  /* steps of one reference                           */
};

enum spec_state {
    SPEC_OK,
    SPEC_MISSING,   /* absent or unreadable                                            */
    SPEC_CORRUPT,   /* not YAML, no paths, a NUL byte, or more than a limit above      */
    SPEC_TOO_SMALL, /* 1..49 paths                                                     */
    SPEC_INCOMPLETE /* a path the programs need is missing: only that one is refused   */
};

struct spec_param {
    const char *name;
    const char *type; /* "string", "integer", "array<string>", "date", ...; "any" where the file
                         says nothing */
    bool in_path;
    bool required;
};

struct spec_op {
    const char *path; /* template */
    const char *operation_id;
    const struct spec_param *params;
    size_t params_len;
};

struct spec {
    enum spec_state state;
    const char *missing; /* the first needed path that is missing; "" otherwise */
    const struct spec_op *ops;
    size_t ops_len; /* paths with a GET operation */
    struct arena arena;
};

/*
 * Reads the file.  Never fails: what is wrong is in ret_spec->state, and in words in err.
 *
 * required  paths that must be there for SPEC_OK
 */
void spec_load(const struct fs *fs, const char *path, const char *const *required,
               size_t required_len, struct spec *ret_spec, struct err *err);
void spec_parse(const char *bytes, size_t len, const char *const *required, size_t required_len,
                struct spec *ret_spec, struct err *err);
void spec_done(struct spec *s);

/* False in the states in which every call is refused. */
bool spec_is_usable(const struct spec *s);
const char *
spec_state_name(enum spec_state s); /* "ok", "missing", "corrupt", "too_small", "incomplete" */

/* The query parameter of that name, NULL if the operation has none. */
const struct spec_param *spec_query_param(const struct spec_op *op, const char *name);

/* The operation of exactly this template, NULL if there is none. */
const struct spec_op *spec_find(const struct spec *s, const char *path);

#endif
