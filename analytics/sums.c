#include "analytics/sums.h"

void
word_sums_done(struct word_sums *s)
{
    tally_done(&s->seen);
    free(s->sum);
    *s = (struct word_sums){0};
}

void
word_sums_add(struct word_sums *s, word key, double value)
{
    uint32_t i = tally_index(&s->seen, key);

    if (i >= s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->sum = realloc(s->sum, s->cap * sizeof(*s->sum));
        ASSERT(s->sum != NULL);
    }
    if (s->seen.count[i]++ == 0) s->sum[i] = 0.0;
    s->sum[i] += value;
}
