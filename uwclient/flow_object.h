/*
 * A JSON object as a list of members, each the text it will be written as.
 */
#ifndef UWCLIENT_FLOW_OBJECT_H
#define UWCLIENT_FLOW_OBJECT_H

#include "base/json.h"

enum {
    FLOW_KEY_MAX = 64 /* longer keys are nobody's business here and are left out */
};

struct flow_member {
    char key[FLOW_KEY_MAX];
    struct text json;
};

struct flow_object {
    struct flow_member *item;
    size_t len, cap;
};

void flow_object_clear(struct flow_object *o);
void flow_object_free(struct flow_object *o);

struct flow_member *flow_object_find(const struct flow_object *o,
                                     const char *key); /* NULL = absent */

/* Replaces a member, or adds it at the end. */
void flow_object_set(struct flow_object *o, const char *key, const char *json, size_t len);
void flow_object_set_value(struct flow_object *o, const char *key, const struct json *v);
void flow_object_unset(struct flow_object *o, const char *key);

/* Replaces all members by those of obj, less the names of a list that ends with NULL; NULL = all.
 */
void flow_object_take(struct flow_object *o, const struct json *obj, const char *const *without);

/* The members into an open object. */
void flow_object_write(const struct flow_object *o, struct json_out *out);

#endif
