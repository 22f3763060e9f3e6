#include "uwclient/flow_object.h"

void
flow_object_clear(struct flow_object *o)
{
    for (size_t i = 0; i < o->len; i++)
        text_free(&o->item[i].json);
    o->len = 0;
}

void
flow_object_free(struct flow_object *o)
{
    flow_object_clear(o);
    free(o->item);
    *o = (struct flow_object){0};
}

struct flow_member *
flow_object_find(const struct flow_object *o, const char *key)
{
    for (size_t i = 0; i < o->len; i++) {
        if (str_eq(o->item[i].key, key)) return &o->item[i];
    }
    return NULL;
}

void
flow_object_set(struct flow_object *o, const char *key, const char *json, size_t len)
{
    struct flow_member *found = flow_object_find(o, key);

    if (found == NULL && strlen(key) >= FLOW_KEY_MAX) return;
    if (found == NULL && o->len == o->cap) {
        o->cap = o->cap == 0 ? 16 : 2 * o->cap;
        struct flow_member *grown = realloc(o->item, o->cap * sizeof *grown);
        ASSERT(grown != NULL);
        o->item = grown;
    }
    if (found == NULL) {
        ASSERT(o->item != NULL && o->len < o->cap);
        found = &o->item[o->len++];
        *found = (struct flow_member){0};
        (void)str_copy(found->key, sizeof found->key, key); /* measured above */
    }
    text_clear(&found->json);
    text_add(&found->json, json, len);
}

void
flow_object_unset(struct flow_object *o, const char *key)
{
    struct flow_member *found = flow_object_find(o, key);

    if (found == NULL) return;
    text_free(&found->json);
    size_t at = (size_t)(found - o->item);
    memmove(found, found + 1, (o->len - at - 1) * sizeof *found);
    o->len--;
}

void
flow_object_set_value(struct flow_object *o, const char *key, const struct json *v)
{
    CLEANUP(text_free) struct text t = {0};
    struct json_out out = {.to = &t};

    json_out_value(&out, NULL, v);
    flow_object_set(o, key, text_str(&t), t.len);
}

void
flow_object_write(const struct flow_object *o, struct json_out *out)
{
    for (size_t i = 0; i < o->len; i++)
        json_out_raw(out, o->item[i].key, text_str(&o->item[i].json), o->item[i].json.len);
}

void
flow_object_take(struct flow_object *to, const struct json *obj, const char *const *without)
{
    flow_object_clear(to);
    for (const struct json *v = json_first(obj); v != NULL; v = json_next(v)) {
        const char *const *name = without;
        while (name != NULL && *name != NULL && !str_eq(*name, json_key(v)))
            name++;
        if (name == NULL || *name == NULL) flow_object_set_value(to, json_key(v), v);
    }
}
