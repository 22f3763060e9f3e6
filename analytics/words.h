/*
 * Every text of a day once, as a small number; and counters over such numbers.
 */
#ifndef ANALYTICS_WORDS_H
#define ANALYTICS_WORDS_H

#include "base/json_line.h"

/* Number of a text.  0 is the empty text. */
typedef uint32_t word;

struct words {
    struct arena arena;
    struct span *text; /* by word */
    uint32_t len;
    size_t cap;
    uint64_t *slot; /* open addressing: hash and word; a free one is 0 */
    uint32_t slots;
};

void words_done(struct words *w); /* as after = {0} */
word words_add(struct words *w, struct span s);
word words_add_upper(struct words *w, struct span s); /* ASCII letters upper-cased */
bool words_find(const struct words *w, struct span s, word *ret_word);

static inline struct span
words_text(const struct words *w, word id)
{
    return id < w->len ? w->text[id] : (struct span){"", 0};
}

/* low(text) = name, which is lower-case. */
bool word_is_low(const struct words *w, word id, const char *name);

/*
 * Numbers by key, in the order in which the keys appeared first.  A key is a word or two of them.
 */
struct tally {
    uint64_t *key;
    int64_t *count;
    uint32_t len;
    size_t cap;
    uint32_t *slot; /* index + 1; a free one is 0 */
    uint32_t slots;
};

static inline uint64_t
word_pair(word a, word b)
{
    return (uint64_t)a << 32 | b;
}
static inline word
pair_first(uint64_t pair)
{
    return (word)(pair >> 32);
}
static inline word
pair_second(uint64_t pair)
{
    return (word)pair;
}

void tally_done(struct tally *t); /* as after = {0} */
/* The index of the key, which is added with 0 where it is new. */
uint32_t tally_index(struct tally *t, uint64_t key);
/* UINT32_MAX where there is none. */
uint32_t tally_find(const struct tally *t, uint64_t key);
static inline void
tally_add(struct tally *t, uint64_t key, int64_t more)
{
    uint32_t at = tally_index(t, key); /* first: it may move the counts */

    t->count[at] += more;
}
/*
 * Indices in ascending order of the texts of the first, then of the second word.  Gives an array of
 * len to be freed.
 */
uint32_t *tally_sorted(const struct tally *t, const struct words *w);

#endif
