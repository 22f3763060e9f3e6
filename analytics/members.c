#include "analytics/members.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

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

/* As they are written. */
static struct members
members_written(const struct node *v)
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
    return m;
}

struct members
members_of(const struct node *v)
{
    struct members m = members_written(v);

    if (m.len <= FEW_MEMBERS)
        unite_few(&m);
    else
        unite_many(&m);
    return m;
}

/* ---- order --------------------------------------------------------------------------------- */

/* Its first eight bytes: of two that differ the smaller one belongs to the smaller key. */
static uint64_t
key_front(struct span key)
{
    uint64_t front = 0;

    if (key.len > 0) memcpy(&front, key.at, MIN(key.len, sizeof(front)));
    return be64toh(front);
}

/* Few members find their place from behind, equal keys next to each other in document order.  What
 * moves is the front of a key and its number. */
static void
sort_few(struct members *m)
{
    uint64_t front[FEW_MEMBERS];
    uint8_t place[FEW_MEMBERS];
    struct member as_written[FEW_MEMBERS];

    if (m->len > 0) memcpy(as_written, m->at, m->len * sizeof(*m->at));
    for (size_t i = 0; i < m->len; i++) {
        struct span key = as_written[i].key;
        uint64_t own = key_front(key);
        size_t to = i;

        for (; to > 0 && own <= front[to - 1]; to--) {
            if (own == front[to - 1] && span_cmp(as_written[place[to - 1]].key, key) <= 0) break;
            front[to] = front[to - 1];
            place[to] = place[to - 1];
        }
        front[to] = own;
        place[to] = (uint8_t)i;
    }
    for (size_t i = 0; i < m->len; i++)
        m->at[i] = as_written[place[i]];
}

struct members
members_sorted(const struct node *v)
{
    struct members m = members_written(v);
    size_t kept = 0;

    if (m.len <= FEW_MEMBERS)
        sort_few(&m);
    else
        qsort(m.at, m.len, sizeof(*m.at), by_key);
    for (size_t i = 0; i < m.len; i++) {
        if (kept > 0 && span_eq(m.at[kept - 1].key, m.at[i].key))
            m.at[kept - 1].value = m.at[i].value;
        else
            m.at[kept++] = m.at[i];
    }
    m.len = kept;
    return m;
}
