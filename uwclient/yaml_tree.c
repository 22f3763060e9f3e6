#include "uwclient/yaml_tree.h"

#include "base/text.h"
#include "config/yaml.h"

enum {
    ALIAS_HOPS_MAX = 8, /* an alias of an alias of ... */
    MERGE_DEPTH_MAX = 8,
    MERGE_MAPS_MAX = 64 /* looked through for one member: lists of lists of merges multiply */
};

struct yaml_node {
    enum yaml_kind kind; /* YAML_SCALAR, YAML_MAP, YAML_SEQ or YAML_ALIAS */
    const char *key;
    const char *text;               /* of a scalar */
    const struct yaml_node *target; /* of an alias */
    struct yaml_node *first, *last; /* of a mapping or sequence */
    struct yaml_node *next;
};

struct anchor {
    const char *name;
    const struct yaml_node *node;
    const struct anchor *older;
};

struct builder {
    struct arena *arena;
    struct yaml_node *root;
    struct yaml_node *open[YAML_DEPTH_MAX];
    const struct anchor *anchors; /* newest first: a name may be given again */
    size_t anchors_len, aliases_len;
};

static const struct yaml_node *
find_anchor(const struct builder *b, const char *name)
{
    for (const struct anchor *a = b->anchors; a != NULL; a = a->older) {
        if (str_eq(a->name, name)) return a->node;
    }
    return NULL;
}

static enum rc
name_anchor(struct builder *b, const struct yaml_event *ev, const struct yaml_node *node,
            struct err *err)
{
    struct anchor *a = ARENA_NEW(b->arena, struct anchor, 1);

    if (++b->anchors_len > YAML_TREE_ANCHORS_MAX)
        return err_set(err, RC_RANGE, "line %d, column %d: more than %d anchors", ev->line,
                       ev->column, YAML_TREE_ANCHORS_MAX);
    *a = (struct anchor){
        .name = arena_strdup(b->arena, ev->anchor), .node = node, .older = b->anchors};
    b->anchors = a;
    return RC_OK;
}

static enum rc
follow_alias(struct builder *b, const struct yaml_event *ev, struct yaml_node *node,
             struct err *err)
{
    if (++b->aliases_len > YAML_TREE_ALIASES_MAX)
        return err_set(err, RC_RANGE, "line %d, column %d: more than %d aliases", ev->line,
                       ev->column, YAML_TREE_ALIASES_MAX);
    node->target = find_anchor(b, ev->value);
    if (node->target == NULL)
        return err_set(err, RC_PARSE, "line %d, column %d: no anchor \"%.60s\"", ev->line,
                       ev->column, ev->value);
    return RC_OK;
}

static void
attach(struct builder *b, const struct yaml_event *ev, struct yaml_node *node)
{
    if (ev->steps_len == 0) {
        b->root = node;
        return;
    }
    struct yaml_node *parent = b->open[ev->steps_len - 1];
    const char *key = ev->steps[ev->steps_len - 1].key;

    if (key != NULL) node->key = arena_strdup(b->arena, key);
    if (parent->last == NULL)
        parent->first = node;
    else
        parent->last->next = node;
    parent->last = node;
}

static enum rc
take(void *ctx, const struct yaml_event *ev, struct err *err)
{
    struct builder *b = ctx;

    if (ev->kind == YAML_MAP_END || ev->kind == YAML_SEQ_END) return RC_OK;

    struct yaml_node *node = ARENA_NEW(b->arena, struct yaml_node, 1);
    node->kind = ev->kind;
    if (ev->kind == YAML_SCALAR)
        node->text =
            arena_strndup(b->arena, ev->value, MIN(ev->value_len, (size_t)YAML_TREE_TEXT_MAX));
    if (ev->kind == YAML_ALIAS && follow_alias(b, ev, node, err) != RC_OK) return err->code;
    attach(b, ev, node);
    if (ev->kind == YAML_MAP || ev->kind == YAML_SEQ) b->open[ev->steps_len] = node;
    return ev->anchor != NULL ? name_anchor(b, ev, node, err) : RC_OK;
}

enum rc
yaml_tree_read(struct arena *arena, const char *bytes, size_t len, size_t bytes_max,
               const struct yaml_node **ret_root, struct err *err)
{
    struct builder b = {.arena = arena};
    struct yaml_limits limits = YAML_LIMITS_SPEC;

    limits.bytes_max = bytes_max;
    limits.has_aliases = true;
    limits.has_repeats = true;
    enum rc rc = yaml_read(bytes, len, &limits, take, &b, err);
    if (rc == RC_OK) *ret_root = b.root;
    return rc;
}

/* The node itself, or what an alias stands for. */
static const struct yaml_node *
resolve(const struct yaml_node *n)
{
    for (int hop = 0; n != NULL && n->kind == YAML_ALIAS; hop++)
        n = hop < ALIAS_HOPS_MAX ? n->target : NULL;
    return n;
}

bool
yaml_node_is_map(const struct yaml_node *n)
{
    n = resolve(n);
    return n != NULL && n->kind == YAML_MAP;
}

const char *
yaml_node_text(const struct yaml_node *n)
{
    n = resolve(n);
    return n != NULL && n->kind == YAML_SCALAR ? n->text : NULL;
}

static const struct yaml_node *
own_member(const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
        if (str_eq(c->key, key)) return c;
    }
    return NULL;
}

static const struct yaml_node *
get(const struct yaml_node *map, const char *key, int depth, // NOLINT(misc-no-recursion)
    int *maps_left)
{
    map = resolve(map);
    if (--*maps_left < 0 || depth > MERGE_DEPTH_MAX || map == NULL || map->kind != YAML_MAP)
        return NULL;

    const struct yaml_node *found = own_member(map, key);
    const struct yaml_node *merged = resolve(own_member(map, "<<"));
    if (found != NULL || merged == NULL) return found;
    if (merged->kind == YAML_MAP) return get(merged, key, depth + 1, maps_left);
    for (const struct yaml_node *c = merged->first; c != NULL && found == NULL && *maps_left > 0;
         c = c->next)
        found = get(c, key, depth + 1, maps_left);
    return found;
}

const struct yaml_node *
yaml_node_get(const struct yaml_node *map, const char *key)
{
    int maps_left = MERGE_MAPS_MAX;

    return get(map, key, 0, &maps_left);
}

const struct yaml_node *
yaml_node_at(const struct yaml_node *seq, size_t index)
{
    seq = resolve(seq);
    if (seq == NULL || seq->kind != YAML_SEQ) return NULL;
    const struct yaml_node *c = seq->first;
    for (; c != NULL && index > 0; c = c->next)
        index--;
    return c;
}

const struct yaml_node *
yaml_node_first(const struct yaml_node *n)
{
    n = resolve(n);
    return n != NULL ? n->first : NULL;
}

const struct yaml_node *
yaml_node_next(const struct yaml_node *n)
{
    return n != NULL ? n->next : NULL;
}

const char *
yaml_node_key(const struct yaml_node *n)
{
    return n != NULL && n->key != NULL ? n->key : "";
}
