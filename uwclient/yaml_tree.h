/*
 * A YAML document as a tree, for a reader that must follow anchors and does not care for key order.
 *
 * An alias is a pointer to the node it names, never a copy, so a few lines of aliases cannot grow
 * into gigabytes; a node that contains itself is harmless because readers walk down a fixed number
 * of steps, and a member is looked for in a fixed number of merged mappings.  Of a key that stands
 * twice the first counts. Texts longer than YAML_TREE_TEXT_MAX are cut: descriptions are not
 * needed, names are shorter.
 */
#ifndef UWCLIENT_YAML_TREE_H
#define UWCLIENT_YAML_TREE_H

#include "base/arena.h"
#include "base/err.h"

enum {
    YAML_TREE_TEXT_MAX = 512,
    YAML_TREE_ANCHORS_MAX = 1024, /* more, or more aliases, are refused: */
    YAML_TREE_ALIASES_MAX = 65536 /* each alias looks through the anchors */
};

struct yaml_node;

/* The root of the document in the bytes, allocated in the arena; NULL for an empty document. */
enum rc yaml_tree_read(struct arena *arena, const char *bytes, size_t len, size_t bytes_max,
                       const struct yaml_node **ret_root, struct err *err) MUST_USE;

/* All accept NULL and nodes of another kind, and answer as for an absent one. */
bool yaml_node_is_map(const struct yaml_node *n);
const char *yaml_node_text(const struct yaml_node *n); /* of a scalar; NULL otherwise */
/* The element of a sequence, from 0. */
const struct yaml_node *yaml_node_at(const struct yaml_node *seq, size_t index);
/* The member of a mapping, also one that came in through a merge key (<<). */
const struct yaml_node *yaml_node_get(const struct yaml_node *map, const char *key);
/* Members of a mapping (merge keys not followed) or elements of a sequence, in document order. */
const struct yaml_node *yaml_node_first(const struct yaml_node *n);
const struct yaml_node *yaml_node_next(const struct yaml_node *n);
const char *yaml_node_key(const struct yaml_node *n); /* "" for an element of a sequence */

#endif
