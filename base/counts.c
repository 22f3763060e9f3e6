#include "base/counts.h"

#include <string.h>

/* Where the key is, or would stand. */
static size_t
place_of(const struct counts *t, const char *key)
{
    size_t lo = 0, hi = t->len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(t->row[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void
make_room(struct counts *t, struct arena *a)
{
    enum { FIRST_ROOM = 16 };

    if (t->len < t->cap) return;
    size_t cap = t->cap > 0 ? 2 * t->cap : FIRST_ROOM;
    struct count_row *row = ARENA_NEW(a, struct count_row, cap);
    if (t->len > 0) memcpy(row, t->row, t->len * sizeof(*row));
    t->row = row;
    t->cap = cap;
}

struct count_row *
counts_at(struct counts *t, const char *key, struct arena *a)
{
    size_t at = place_of(t, key);

    if (at < t->len && strcmp(t->row[at].key, key) == 0) return &t->row[at];
    make_room(t, a);
    memmove(&t->row[at + 1], &t->row[at], (t->len - at) * sizeof(*t->row));
    t->row[at] = (struct count_row){.key = arena_strdup(a, key)};
    t->len++;
    return &t->row[at];
}

static bool
comes_before(const struct count_row *x, const struct count_row *y, enum counts_order order)
{
    return order == COUNTS_MOST ? x->n > y->n : x->sum > y->sum;
}

/* Merging keeps what is equal in its order. */
static void
merge(const struct count_row **row, const struct count_row **room, size_t len,
      enum counts_order order)
{
    size_t half = len / 2, left = 0, right = half;

    if (len < 2) return;
    merge(row, room, half, order);
    merge(row + half, room, len - half, order);
    for (size_t i = 0; i < len; i++) {
        bool is_right = left == half || (right < len && comes_before(row[right], row[left], order));
        room[i] = is_right ? row[right++] : row[left++];
    }
    for (size_t i = 0; i < len; i++)
        row[i] = room[i];
}

const struct count_row **
counts_sorted(const struct counts *t, enum counts_order order, struct arena *a)
{
    const struct count_row **row = ARENA_NEW(a, const struct count_row *, t->len + 1);
    const struct count_row **room = ARENA_NEW(a, const struct count_row *, t->len + 1);

    for (size_t i = 0; i < t->len; i++)
        row[i] = &t->row[i];
    merge(row, room, t->len, order);
    return row;
}
