/*
 * Rows counted by name: how many, of how many something is known, how many of them won, what they
 * add up to.
 */
#ifndef BASE_COUNTS_H
#define BASE_COUNTS_H

#include "base/arena.h"

struct count_row {
    const char *key;
    int64_t n, known, wins;
    double sum;
};

/* In ascending byte order of the key, each key once.  Starts from {0}. */
struct counts {
    struct count_row *row;
    size_t len, cap;
};

/* The row of the key, made where there is none; good until the next one is made.  The arena keeps
 * rows and keys. */
struct count_row *counts_at(struct counts *t, const char *key, struct arena *a);

enum counts_order { COUNTS_MOST, COUNTS_LARGEST_SUM };

/* The rows by what they count, the most first; equal ones stay in the order of their keys. */
const struct count_row **counts_sorted(const struct counts *t, enum counts_order order,
                                       struct arena *a);

#endif
