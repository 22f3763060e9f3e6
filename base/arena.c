#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, BLOCK_SIZE = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

static struct arena_block *
block_new(size_t size)
{
    struct arena_block *b = malloc(sizeof(*b) + size);

    ASSERT(b != NULL);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

/* The next block that has the room; kept blocks that are too small are passed over until the reset.
 */
static struct arena_block *
block_with_room(struct arena *a, size_t size)
{
    struct arena_block **link = a->current != NULL ? &a->current->next : &a->first;

    while (*link != NULL && (*link)->size < size)
        link = &(*link)->next;
    struct arena_block *b = *link;
    if (b == NULL) {
        b = block_new(MAX(size, (size_t)BLOCK_SIZE));
        *link = b;
    }
    b->used = 0;
    a->current = b;
    return b;
}

void
arena_reserve(struct arena *a, size_t bytes)
{
    if (a->first == NULL) a->first = block_new(MIN(bytes, (size_t)BLOCK_SIZE));
}

void
arena_reset(struct arena *a)
{
    a->current = a->first;
    a->used = 0;
    if (a->first != NULL) a->first->used = 0;
}

void
arena_done(struct arena *a)
{
    struct arena_block *b = a->first;

    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    *a = (struct arena){0};
}

void *
arena_alloc(struct arena *a, size_t size, size_t n)
{
    size_t bytes = 0;
    bool overflow = __builtin_mul_overflow(size, n, &bytes);

    ASSERT(!overflow && bytes <= PTRDIFF_MAX / 2);
    size_t room = (MAX(bytes, (size_t)1) + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *b = a->current;
    if (b == NULL || b->size - b->used < room) b = block_with_room(a, room);

    void *piece = b->data + b->used;
    b->used += room;
    a->used += room;
    return memset(piece, 0, room);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = ARENA_NEW(a, char, len + 1);

    if (len > 0) memcpy(copy, s, len);
    return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    ASSERT(len >= 0);

    char *s = ARENA_NEW(a, char, (size_t)len + 1);
    va_start(args, fmt);
    len = vsnprintf(s, (size_t)len + 1, fmt, args);
    va_end(args);
    ASSERT(len >= 0);
    return s;
}
