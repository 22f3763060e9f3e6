#include "analytics/words.h"

#include <stdlib.h>
#include <string.h>

#include "analytics/grow.h"
#include "base/hash.h"

/* A table is at most half full. */
static bool
is_full(uint32_t len, uint32_t slots)
{
    return 2 * ((size_t)len + 1) > slots;
}

static void *
slots_new(uint32_t slots, size_t size)
{
    void *slot = calloc(slots, size);

    ASSERT(slot != NULL);
    return slot;
}

/* ---- words --------------------------------------------------------------------------------- */

static uint32_t
text_hash(struct span s)
{
    return (uint32_t)hash_bytes(s.at, s.len, 0);
}

/* Where the text stands or would stand; slots is not 0. */
static uint32_t
word_slot(const struct words *w, struct span s, uint32_t hash)
{
    uint32_t at = hash & (w->slots - 1);

    for (; w->slot[at] != 0; at = (at + 1) & (w->slots - 1)) {
        if (pair_first(w->slot[at]) == hash && span_eq(w->text[pair_second(w->slot[at])], s)) break;
    }
    return at;
}

static void
words_grow(struct words *w)
{
    uint64_t *old = w->slot;
    uint32_t old_slots = w->slots;

    w->slots = MAX(w->slots * 2, 64U);
    w->slot = slots_new(w->slots, sizeof(*w->slot));
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i] == 0) continue;
        uint32_t at = pair_first(old[i]) & (w->slots - 1);
        while (w->slot[at] != 0)
            at = (at + 1) & (w->slots - 1);
        w->slot[at] = old[i];
    }
    free(old);
}

void
words_done(struct words *w)
{
    arena_done(&w->arena);
    free(w->text);
    free(w->slot);
    *w = (struct words){0};
}

bool
words_find(const struct words *w, struct span s, word *ret_word)
{
    if (s.len > 0 && w->slots == 0) return false;
    uint64_t found = s.len == 0 ? 0 : w->slot[word_slot(w, s, text_hash(s))];
    if (s.len > 0 && found == 0) return false;
    *ret_word = pair_second(found);
    return true;
}

word
words_add(struct words *w, struct span s)
{
    if (s.len == 0) return 0;
    if (is_full(w->len, w->slots)) words_grow(w);
    uint32_t hash = text_hash(s), at = word_slot(w, s, hash);
    if (w->slot[at] != 0) return pair_second(w->slot[at]);

    w->text = grown(w->text, w->len + 1U, &w->cap, sizeof(*w->text));
    if (w->len == 0) w->text[w->len++] = (struct span){"", 0};
    w->text[w->len] = (struct span){arena_strndup(&w->arena, s.at, s.len), s.len};
    w->slot[at] = word_pair(hash, w->len);
    return w->len++;
}

static char
upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

word
words_add_upper(struct words *w, struct span s)
{
    char room[64];
    CLEANUP(text_free) struct text copy = {0};
    char *to = room;

    if (s.len > sizeof(room)) {
        text_reserve(&copy, s.len);
        to = copy.data;
    }
    for (size_t i = 0; i < s.len; i++)
        to[i] = upper(s.at[i]);
    return words_add(w, (struct span){to, s.len});
}

bool
word_is_low(const struct words *w, word id, const char *name)
{
    struct span s = words_text(w, id);
    size_t i = 0;

    while (i < s.len && name[i] != '\0' && lower(s.at[i]) == name[i])
        i++;
    return i == s.len && name[i] == '\0';
}

/* ---- tallies ------------------------------------------------------------------------------- */

static uint32_t
key_slot(const struct tally *t, uint64_t key)
{
    uint32_t at = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (t->slots - 1);

    while (t->slot[at] != 0 && t->key[t->slot[at] - 1] != key)
        at = (at + 1) & (t->slots - 1);
    return at;
}

static void
tally_grow(struct tally *t)
{
    free(t->slot);
    t->slots = MAX(t->slots * 2, 16U);
    t->slot = slots_new(t->slots, sizeof(*t->slot));
    for (uint32_t i = 0; i < t->len; i++)
        t->slot[key_slot(t, t->key[i])] = i + 1;
}

void
tally_done(struct tally *t)
{
    free(t->key);
    free(t->count);
    free(t->slot);
    *t = (struct tally){0};
}

uint32_t
tally_find(const struct tally *t, uint64_t key)
{
    if (t->slots == 0) return UINT32_MAX;
    return t->slot[key_slot(t, key)] - 1; /* a free slot wraps around */
}

uint32_t
tally_index(struct tally *t, uint64_t key)
{
    if (is_full(t->len, t->slots)) tally_grow(t);
    uint32_t at = key_slot(t, key);
    if (t->slot[at] != 0) return t->slot[at] - 1;

    size_t cap = t->cap; /* of both arrays */
    t->key = grown(t->key, t->len, &cap, sizeof(*t->key));
    t->count = grown(t->count, t->len, &t->cap, sizeof(*t->count));
    t->key[t->len] = key;
    t->count[t->len] = 0;
    t->slot[at] = ++t->len;
    return t->len - 1;
}

/* ---- order --------------------------------------------------------------------------------- */

struct by_text {
    const struct tally *tally;
    const struct words *words;
};

static int
word_cmp(const struct words *w, word a, word b)
{
    return a == b ? 0 : span_cmp(words_text(w, a), words_text(w, b));
}

static int
key_cmp(const void *a, const void *b, void *ctx)
{
    const struct by_text *by = ctx;
    uint64_t left = by->tally->key[*(const uint32_t *)a];
    uint64_t right = by->tally->key[*(const uint32_t *)b];
    int order = word_cmp(by->words, pair_first(left), pair_first(right));

    return order != 0 ? order : word_cmp(by->words, pair_second(left), pair_second(right));
}

uint32_t *
tally_sorted(const struct tally *t, const struct words *w)
{
    struct by_text by = {t, w};
    uint32_t *order = slots_new(MAX(t->len, 1U), sizeof(*order));

    for (uint32_t i = 0; i < t->len; i++)
        order[i] = i;
    qsort_r(order, t->len, sizeof(*order), key_cmp, &by);
    return order;
}
