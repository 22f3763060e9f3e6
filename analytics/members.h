/*
 * The members of an object as they count (spec 40 0.2.2): of repeated keys the last value, at the
 * place of the first.
 */
#ifndef ANALYTICS_MEMBERS_H
#define ANALYTICS_MEMBERS_H

#include "base/json_line.h"

struct member {
    struct span key;
    const struct node *value;
};

struct members {
    struct member *at;
    size_t len;
};

/* In document order; none if v is no object. */
struct members members_of(const struct node *v);
/* Ascending by key. */
struct members members_sorted(const struct node *v);
void members_done(struct members *m); /* fits CLEANUP(members_done) */

#endif
