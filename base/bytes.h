/*
 * Sixteen bytes at a time, for whoever looks for few among many: vectors of the compilers, which
 * are single instructions on every machine with such, and plain code elsewhere.  A comparison with
 * a number compares each lane:
 *
 *   bytes16 b = bytes16_load(at);
 *   at += bytes16_first((b == '"') | (b == '\\'));
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <endian.h>
#include <string.h>

#include "base/compiler.h"

/* Signed, so that a byte beyond ASCII is smaller than any other. */
typedef int8_t bytes16 __attribute__((vector_size(16)));

static inline bytes16
bytes16_load(const char *at)
{
    bytes16 b;

    memcpy(&b, at, sizeof(b));
    return b;
}

/* 8 to 15 bytes, in the lanes the first eight and the last eight: lane l of the second half is byte
 * len - 16 + l. */
static inline bytes16
bytes16_ends(const char *at, size_t len)
{
    bytes16 b;

    memcpy(&b, at, 8);
    memcpy((char *)&b + 8, at + len - 8, 8);
    return b;
}

/* The first lane of a comparison that holds; 16 where none does. */
static inline size_t
bytes16_first(bytes16 held)
{
    uint64_t half[2];

    memcpy(half, &held, sizeof(half));
    if (half[0] != 0) return (size_t)__builtin_ctzll(le64toh(half[0])) / 8;
    return half[1] != 0 ? 8 + (size_t)__builtin_ctzll(le64toh(half[1])) / 8 : 16;
}

#endif
