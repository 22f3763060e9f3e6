#include "base/json_internal.h"

#include <string.h>

const struct json_limits JSON_LIMITS_BODY = {.bytes_max = (size_t)16 << 20, .depth_max = 64};
const struct json_limits JSON_LIMITS_FILE = {.bytes_max = (size_t)512 << 20, .depth_max = 512};

/*
 * A strict document is built in an arena that belongs to its root: no allocation a node, none to
 * give back one by one.  The root of a document has no neighbour, so its link keeps the arena.
 */
enum { OWNS_ARENA = 1 << 20 }; /* beside cJSON's own flags */

/* A node for about every dozen bytes, and the bytes themselves. */
static size_t
room_for(size_t len)
{
    enum { NODE_FOR = 12, ROOT_ROOM = 4096 };
    size_t nodes = len / NODE_FOR;

    return ROOT_ROOM + len + nodes * sizeof(cJSON);
}

static enum rc
parse_strict(const char *bytes, size_t len, const struct json_limits *limits, struct json **ret_doc,
             struct err *err)
{
    CLEANUP(arena_done) struct arena a = {0};
    const struct json *doc = NULL;

    arena_reserve(&a, room_for(MIN(len, (size_t)1 << 20)));
    struct arena *kept = ARENA_NEW(&a, struct arena, 1);
    enum rc rc = json_parse_in(bytes, len, limits, &a, &doc, err);
    if (rc != RC_OK) return rc;
    cJSON *root = (cJSON *)(uintptr_t)doc; /* ours, and not handed out yet */
    root->type |= OWNS_ARENA;
    root->prev = (cJSON *)(void *)kept;
    *kept = a;
    a = (struct arena){0};
    *ret_doc = (struct json *)(void *)root;
    return RC_OK;
}

static enum rc
parse_log(const char *bytes, size_t len, const struct json_limits *limits, struct json **ret_doc,
          struct err *err)
{
    CLEANUP(json_check_done) struct json_check check = {0};
    enum rc rc = json_check(bytes, len, JSON_LOG, limits, &check, err);
    if (rc != RC_OK) return rc;

    bool is_rewritten = check.rewritten.data != NULL;
    cJSON *root = is_rewritten ? cJSON_ParseWithLength(check.rewritten.data, check.rewritten.len)
                               : cJSON_ParseWithLength(bytes, len);
    if (root == NULL)
        return err_set(err, RC_NOMEM, "no memory for %zu bytes of JSON", len); /* it was valid */
    if (check.notes_len > 0) rc = json_fix_numbers(root, &check, bytes, JSON_LOG, err);
    if (rc != RC_OK) {
        cJSON_Delete(root);
        return rc;
    }
    if (check.has_repeats) json_fix_repeats(root);
    *ret_doc = (struct json *)(void *)root;
    return RC_OK;
}

enum rc
json_parse(const char *bytes, size_t len, enum json_mode mode, const struct json_limits *limits,
           struct json **ret_doc, struct err *err)
{
    return mode == JSON_STRICT ? parse_strict(bytes, len, limits, ret_doc, err)
                               : parse_log(bytes, len, limits, ret_doc, err);
}

void
json_free(struct json *doc)
{
    cJSON *root = (cJSON *)(void *)doc;

    if (root == NULL || (root->type & OWNS_ARENA) == 0) {
        cJSON_Delete(root);
        return;
    }
    struct arena a = *(struct arena *)(void *)root->prev; /* it lies in itself */
    arena_done(&a);
}

void
json_freep(struct json **doc)
{
    json_free(*doc);
    *doc = NULL;
}

static const struct json *
as_json(const cJSON *node)
{
    return (const struct json *)(const void *)node;
}

enum json_kind
json_kind(const struct json *v)
{
    switch (v != NULL ? json_node(v)->type & 0xFF : cJSON_NULL) {
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

bool
json_is_object(const struct json *v)
{
    return json_kind(v) == JSON_OBJECT;
}

bool
json_is_array(const struct json *v)
{
    return json_kind(v) == JSON_ARRAY;
}

size_t
json_len(const struct json *v)
{
    size_t n = 0;

    for (const struct json *c = json_first(v); c != NULL; c = json_next(c))
        n++;
    return n;
}

const struct json *
json_member(const struct json *v, const char *key)
{
    if (!json_is_object(v)) return NULL;
    for (const cJSON *m = json_node(v)->child; m != NULL; m = m->next) {
        if (strcmp(m->string, key) == 0) return as_json(m);
    }
    return NULL;
}

const struct json *
json_get(const struct json *v, const char *key)
{
    const struct json *member = json_member(v, key);

    return json_kind(member) != JSON_NULL ? member : NULL;
}

bool
json_has(const struct json *v, const char *key)
{
    return json_get(v, key) != NULL;
}

const struct json *
json_get_obj(const struct json *v, const char *key)
{
    const struct json *member = json_get(v, key);

    return json_is_object(member) ? member : NULL;
}

const struct json *
json_get_arr(const struct json *v, const char *key)
{
    const struct json *member = json_get(v, key);

    return json_is_array(member) ? member : NULL;
}

const struct json *
json_first(const struct json *v)
{
    return v != NULL ? as_json(json_node(v)->child) : NULL;
}

const struct json *
json_next(const struct json *v)
{
    return v != NULL ? as_json(json_node(v)->next) : NULL;
}

const char *
json_key(const struct json *v)
{
    return v != NULL && json_node(v)->string != NULL ? json_node(v)->string : "";
}
