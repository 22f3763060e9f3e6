/*
 * One JSON text at a time, read in one pass into a flat list of nodes: for logs of gigabytes.
 *
 * Reads what JSON_LOG of base/json.h reads (spec 40 0.2): NaN, Infinity and numbers beyond a double
 * are numbers that are not finite; lone surrogates are kept as the three bytes of their code; of
 * repeated keys the last value counts, at the place of the first; 512 levels.  Unlike it a string
 * has a length, so a \u0000 stays what it is.  Bytes that are no UTF-8 are refused: whoever reads a
 * log replaces them before (analytics/cut.h).
 *
 * The nodes stand in document order, an object's as key, value, key, value.  No allocation a node:
 * the list is used again for the next text.
 */
#ifndef BASE_JSON_LINE_H
#define BASE_JSON_LINE_H

#include "base/json.h"

/* Bytes with a length; may hold NUL; not terminated. */
struct span {
    const char *at;
    size_t len;
};

/*
 * A value (or a key).  at, len: a string's text with its escapes resolved; the text of a number or
 * word as written; nothing for arrays and objects.
 */
struct node {
    const char *at;
    uint32_t len;
    uint32_t kind : 3;  /* enum json_kind */
    uint32_t size : 29; /* nodes of this value, itself included */
};

enum { JSON_LINE_BYTES_MAX = 64 << 20, JSON_LINE_DEPTH_MAX = 512 };

struct json_line {
    struct node *node;
    size_t nodes, cap;
    bool has_break;    /* a CR, LF, U+0085, U+2028 or U+2029 stands inside the value */
    struct text plain; /* strings that had escapes */
};

void json_line_done(struct json_line *l); /* as after = {0}; fits CLEANUP(json_line_done) */

/*
 * The value that the bytes hold, borrowed from l and from the bytes until either is used again;
 * NULL where they hold no value, or more than one, or are longer or deeper than the limits above.
 */
const struct node *json_line_read(struct json_line *l, const char *bytes, size_t len);

/* ---- the nodes; NULL is an absent value ------------------------------------------------------ */

static inline enum json_kind
node_kind(const struct node *v)
{
    return v != NULL ? (enum json_kind)v->kind : JSON_NULL;
}

static inline struct span
node_text(const struct node *v)
{
    return v != NULL ? (struct span){v->at, v->len} : (struct span){"", 0};
}

/* The member, a null included; NULL if v is no object or has none. */
const struct node *node_find(const struct node *v, struct span key);
static inline const struct node *
node_member(const struct node *v, const char *key)
{
    return node_find(v, (struct span){key, strlen(key)});
}

/*
 * The members of an object for whoever asks for many of them: node_map_fill() walks along them
 * once.  As good as the nodes are; an object of more than NODE_MAP_MEMBERS members is asked
 * itself.
 */
enum { NODE_MAP_SLOTS = 64, NODE_MAP_MEMBERS = 40 };

struct node_map {
    const struct node *object;
    bool is_filled;
    uint16_t key[NODE_MAP_SLOTS]; /* how far behind the object; 0: free */
};

const struct node_map *node_map_fill(struct node_map *m, const struct node *object); /* m */
const struct node *node_map_find(const struct node_map *m, struct span key);
static inline const struct node *
node_map_member(const struct node_map *m, const char *key)
{
    return node_map_find(m, (struct span){key, strlen(key)});
}

/*
 * Keys (of an object) or elements (of an array) in document order, as written: repeated keys come
 * repeatedly.  for (k = node_first(v); k != NULL; k = node_after(v, k)); the value is
 * node_value(k).
 */
const struct node *node_first(const struct node *v);
const struct node *node_after(const struct node *v, const struct node *k);
static inline const struct node *
node_value(const struct node *key)
{
    return key + 1;
}

bool span_is(struct span s, const char *word);
/* Keys and words are short: eight bytes from each end are most of them. */
static inline bool
span_eq(struct span a, struct span b)
{
    uint64_t front[2], back[2];

    if (a.len != b.len) return false;
    if (a.len < 8 || a.len > 16) return memcmp(a.at, b.at, a.len) == 0;
    memcpy(&front[0], a.at, 8);
    memcpy(&front[1], b.at, 8);
    memcpy(&back[0], a.at + a.len - 8, 8);
    memcpy(&back[1], b.at + a.len - 8, 8);
    return front[0] == front[1] && back[0] == back[1];
}
int span_cmp(struct span a, struct span b); /* by bytes, which is by code point */

#endif
