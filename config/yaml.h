/*
 * yaml: reads one YAML document from memory as a row of events, each with its place in it.
 *
 * A small, strict part of YAML 1.1: one document of mappings, sequences and scalars.  Refused with
 * line and column: anchors' aliases (a few lines of them can stand for gigabytes) unless asked for,
 * tags, a second document, keys that are not scalars, a key that stands twice in its mapping
 * (unless asked for), and whatever passes a limit.  Line ends may be CRLF, a byte-order mark is
 * skipped, anything but UTF-8 is refused.
 *
 * The only includer of libyaml.  Whoever wants a tree builds it; nothing is kept after the call.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "base/err.h"

enum {
    YAML_DEPTH_MAX = 64,    /* highest depth_max that may be asked for       */
    YAML_KEYS_MAX = 1 << 14 /* keys of one mapping                           */
};

struct yaml_limits {
    size_t bytes_max;
    size_t nodes_max; /* mappings, sequences and scalars, keys not counted */
    int depth_max;    /* mappings and sequences inside each other          */
    bool has_aliases; /* report aliases as YAML_ALIAS instead of refusing   */
    bool has_repeats; /* report a key that stands twice instead of refusing */
};

/* 1 MiB, 20 000 nodes, 16 levels: settings. */
extern const struct yaml_limits YAML_LIMITS_CONFIG;
/* 16 MiB, a million nodes, 64 levels: an OpenAPI description. */
extern const struct yaml_limits YAML_LIMITS_SPEC;

enum yaml_kind {
    YAML_SCALAR,
    YAML_MAP,
    YAML_MAP_END,
    YAML_SEQ,
    YAML_SEQ_END,
    YAML_ALIAS /* value is the name of the anchor; the caller resolves it */
};

/* One step from a mapping or sequence to its member. */
struct yaml_step {
    const char *key; /* NULL inside a sequence */
    size_t index;    /* place among its neighbours, from 0 */
};

struct yaml_event {
    enum yaml_kind kind;
    const struct yaml_step *steps; /* from the document's root to this node; the root has none */
    size_t steps_len;
    const char *value;  /* of a scalar, NUL-terminated; "" otherwise.  All borrowed for the call. */
    size_t value_len;   /* differs from strlen(value) where an escape made a NUL */
    const char *anchor; /* the name this node was given with &, NULL for none */
    bool is_plain;      /* neither quoted nor a block */
    int line, column;   /* from 1; of the value, not of its key */
};

/* Plain and empty, ~ or null: no value was given. */
bool yaml_is_null(const struct yaml_event *ev);

/*
 * Is the node at this place? The pattern names the steps, separated by one blank: a key as written,
 * "*" for any key, "[]" for any element.  "" is the root.
 *
 *   yaml_at(ev, "paths * get parameters [] name")
 */
bool yaml_at(const struct yaml_event *ev, const char *pattern);

/* The key of step i, "" for an element. */
const char *yaml_key(const struct yaml_event *ev, size_t i);

/*
 * Reads the bytes and calls each() for every node in document order; a code other than RC_OK from
 * it ends the reading and is returned with its words.
 *
 * RC_PARSE or RC_RANGE: "line 3, column 5: ..."; an empty document has no events and is RC_OK.
 */
enum rc yaml_read(const char *bytes, size_t len, const struct yaml_limits *limits,
                  enum rc (*each)(void *ctx, const struct yaml_event *ev, struct err *err),
                  void *ctx, struct err *err) MUST_USE;

#endif
