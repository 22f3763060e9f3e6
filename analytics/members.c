#include "analytics/members.h"

#include <stdlib.h>

/* Up to here comparing all with all is the fastest. */
enum { FEW_MEMBERS = 24 };

void
members_done(struct members *m)
{
    free(m->at);
    *m = (struct members){0};
}

static void
unite_few(struct members *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->len; i++) {
        size_t first = 0;
        while (first < kept && !span_eq(m->at[first].key, m->at[i].key))
            first++;
        if (first < kept)
            m->at[first].value = m->at[i].value;
        else
            m->at[kept++] = m->at[i];
    }
    m->len = kept;
}

/* By key; equal keys in document order, which is that of their nodes. */
static int
by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = span_cmp(x->key, y->key);

    return order != 0 ? order : (x->value > y->value) - (x->value < y->value);
}

/* A member that is united with others keeps the place of the first. */
struct placed {
    struct member member;
    const struct node *place;
};

static int
by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

static void
unite_many(struct members *m)
{
    struct placed *placed = calloc(m->len, sizeof(*placed));
    size_t kept = 0;

    ASSERT(placed != NULL);
    qsort(m->at, m->len, sizeof(*m->at), by_key);
    for (size_t i = 0; i < m->len; i++) {
        if (kept > 0 && span_eq(placed[kept - 1].member.key, m->at[i].key))
            placed[kept - 1].member.value = m->at[i].value;
        else
            placed[kept++] = (struct placed){m->at[i], m->at[i].value};
    }
    qsort(placed, kept, sizeof(*placed), by_place);
    for (size_t i = 0; i < kept; i++)
        m->at[i] = placed[i].member;
    m->len = kept;
    free(placed);
}

struct members
members_of(const struct node *v)
{
    struct members m = {0};

    if (node_kind(v) != JSON_OBJECT || v->size == 1) return m;
    for (const struct node *k = node_first(v); k != NULL; k = node_after(v, k))
        m.len++;
    m.at = calloc(MAX(m.len, (size_t)1), sizeof(*m.at));
    ASSERT(m.at != NULL);
    size_t i = 0;
    for (const struct node *k = node_first(v); k != NULL; k = node_after(v, k))
        m.at[i++] = (struct member){node_text(k), node_value(k)};
    if (m.len <= FEW_MEMBERS)
        unite_few(&m);
    else
        unite_many(&m);
    return m;
}

struct members
members_sorted(const struct node *v)
{
    struct members m = members_of(v);

    if (m.len > 1) qsort(m.at, m.len, sizeof(*m.at), by_key);
    return m;
}
