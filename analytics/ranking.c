#include "analytics/ranking.h"

#include <string.h>

static bool
comes_before(const struct ranked *candidate, const struct ranked *held, enum ranking_end end)
{
    return end == RANK_LARGEST    ? candidate->value > held->value
           : end == RANK_SMALLEST ? candidate->value < held->value
                                  : candidate->value <= held->value;
}

void
ranking_take(struct ranking *r, enum ranking_end end, const struct ranked *candidate)
{
    size_t max = r->max == 0 ? RANKING_USUAL : MIN(r->max, (size_t)RANKING_ROOM), at = 0;

    while (at < r->len && !comes_before(candidate, &r->row[at], end))
        at++;
    if (at == max) return;
    if (r->len < max) r->len++;
    memmove(&r->row[at + 1], &r->row[at], (r->len - 1 - at) * sizeof(r->row[0]));
    r->row[at] = *candidate;
}
