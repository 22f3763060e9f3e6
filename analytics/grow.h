/*
 * Arrays that grow at their end.
 */
#ifndef ANALYTICS_GROW_H
#define ANALYTICS_GROW_H

#include <stdlib.h>

#include "base/compiler.h"

/* Room for one more behind len elements: the array, perhaps elsewhere. */
static inline void *
grown(void *array, size_t len, size_t *cap, size_t size)
{
    if (len < *cap) return array;
    *cap = MAX(*cap * 2, (size_t)16);
    void *bigger = realloc(array, *cap * size);
    ASSERT(bigger != NULL);
    return bigger;
}

#endif
