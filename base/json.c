#include "base/json_internal.h"

#include <string.h>

const struct json_limits JSON_LIMITS_BODY = {.bytes_max = (size_t)16 << 20, .depth_max = 64};
const struct json_limits JSON_LIMITS_FILE = {.bytes_max = (size_t)512 << 20, .depth_max = 512};

enum rc
json_parse(const char *bytes, size_t len, enum json_mode mode, const struct json_limits *limits,
           struct json **ret_doc, struct err *err)
{
    CLEANUP(json_check_done) struct json_check check = {0};
    enum rc rc = json_check(bytes, len, mode, limits, &check, err);
    if (rc != RC_OK) return rc;

    bool is_rewritten = check.rewritten.data != NULL;
    cJSON *root = is_rewritten ? cJSON_ParseWithLength(check.rewritten.data, check.rewritten.len)
                               : cJSON_ParseWithLength(bytes, len);
    if (root == NULL)
        return err_set(err, RC_NOMEM, "no memory for %zu bytes of JSON", len); /* it was valid */
    if (check.notes_len > 0) rc = json_fix_numbers(root, &check, bytes, mode, err);
    if (rc != RC_OK) {
        cJSON_Delete(root);
        return rc;
    }
    if (check.has_repeats) json_fix_repeats(root);
    *ret_doc = (struct json *)(void *)root;
    return RC_OK;
}

void
json_free(struct json *doc)
{
    cJSON_Delete((cJSON *)(void *)doc);
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
