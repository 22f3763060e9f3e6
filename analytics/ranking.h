/*
 * The few at one end of a long list, kept while it is read once.
 */
#ifndef ANALYTICS_RANKING_H
#define ANALYTICS_RANKING_H

#include "base/text.h"

enum { RANKING_ROOM = 10, RANKING_USUAL = 5, RANKED_NAME_MAX = 24, RANKED_NOTE_MAX = 48 };

struct ranked {
    char name[RANKED_NAME_MAX]; /* longer ones are cut */
    char note[RANKED_NOTE_MAX];
    double value, other; /* value decides */
};

enum ranking_end {
    RANK_LARGEST,       /* descending; of equal ones the first come first */
    RANK_SMALLEST,      /* ascending; of equal ones the first come first */
    RANK_SMALLEST_LAST, /* the end of the descending list, backwards: of equal ones the last first
                         */
};

struct ranking {
    struct ranked row[RANKING_ROOM];
    size_t len;
    size_t max; /* 0: RANKING_USUAL */
};

void ranking_take(struct ranking *r, enum ranking_end end, const struct ranked *candidate);

#endif
