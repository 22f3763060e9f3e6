/*
 * Sums by text: how many, and how much, in the order in which the texts appeared.
 */
#ifndef ANALYTICS_SUMS_H
#define ANALYTICS_SUMS_H

#include "analytics/words.h"

struct word_sums {
    struct tally seen; /* text -> how many */
    double *sum;       /* by index of the tally; added from left to right */
    uint32_t cap;
};

void word_sums_done(struct word_sums *s); /* as after = {0}; fits CLEANUP(word_sums_done) */
void word_sums_add(struct word_sums *s, word key, double value);

#endif
