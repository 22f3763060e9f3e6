#include <stdlib.h>

#include "analytics/stats.h"

void
tally_write(struct doc *out, const struct tally *t, const struct words *w)
{
    uint32_t *order = tally_sorted(t, w);

    for (uint32_t i = 0; i < t->len; i++)
        doc_int_at(out, words_text(w, pair_second(t->key[order[i]])), t->count[order[i]]);
    free(order);
}

void
tally_write_nested(struct doc *out, const char *key, const struct tally *t, const struct words *w)
{
    uint32_t *order = tally_sorted(t, w);

    doc_obj(out, key);
    for (uint32_t i = 0; i < t->len;) {
        word outer = pair_first(t->key[order[i]]);
        doc_obj_at(out, words_text(w, outer));
        for (; i < t->len && pair_first(t->key[order[i]]) == outer; i++)
            doc_int_at(out, words_text(w, pair_second(t->key[order[i]])), t->count[order[i]]);
        doc_end(out);
    }
    doc_end(out);
    free(order);
}
