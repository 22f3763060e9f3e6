/*
 * Memory that lives one cycle: taken in small pieces, given back all at once.
 *
 * Blocks are kept over arena_reset(), so a loop that has seen its largest cycle allocates no more.
 * Out of memory is not reported here: a pure function "cannot fail", so the arena asserts.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/compiler.h"

struct arena_block;

struct arena {
    struct arena_block *first;
    struct arena_block *current;
    size_t used; /* bytes handed out since the last reset */
};

/* Zeroed room for n objects of a type; n may be 0 (a valid, unusable pointer). */
#define ARENA_NEW(arena, type, n) ((type *)arena_alloc((arena), sizeof(type), (size_t)(n)))

/* Room for about so much in an arena that is empty yet: for one that will hold little. */
void arena_reserve(struct arena *a, size_t bytes);

void arena_reset(struct arena *a); /* all pieces are gone, the blocks stay */
void arena_done(struct arena *a);  /* as after = {0} */

void *arena_alloc(struct arena *a, size_t size, size_t n);       /* 16-byte aligned, zeroed */
char *arena_strndup(struct arena *a, const char *s, size_t len); /* NUL-terminated copy     */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
