#include "shadow/book.h"

#include <stdlib.h>
#include <string.h>

/* The texts of a position, copied into one block. */
static const size_t TEXTS[] = {
    offsetof(struct shadow_position, symbol),
    offsetof(struct shadow_position, trade_id),
    offsetof(struct shadow_position, entered_text),
    offsetof(struct shadow_position, direction),
    offsetof(struct shadow_position, side),
    offsetof(struct shadow_position, entry_regime),
    offsetof(struct shadow_position, entry_sector),
    offsetof(struct shadow_position, kept_json),
    offsetof(struct shadow_position, mark_json),
    offsetof(struct shadow_position, entry_uw.json),
    offsetof(struct shadow_position, entry_uw.adjustments_json),
    offsetof(struct shadow_position, entry_uw.sector_profile_json),
    offsetof(struct shadow_position, entry_uw.sentiment),
    offsetof(struct shadow_position, entry_uw.regime_label),
    offsetof(struct shadow_position, entry_uw.sector),
};

static const char *
text_at(const struct shadow_position *p, size_t offset)
{
    const char *s = NULL;

    memcpy(&s, (const char *)p + offset, sizeof(s));
    return s;
}

static size_t
room_for(const char *s)
{
    return s != NULL ? strlen(s) + 1 : 0;
}

/* The position with texts of its own; gives the block they stand in. */
static char *
copy_texts(const struct shadow_position *from, struct shadow_position *to)
{
    size_t room = 1, at = 0;

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        room += room_for(text_at(from, TEXTS[i]));
    char *block = malloc(room);
    ASSERT(block != NULL);
    *to = *from;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        const char *s = text_at(from, TEXTS[i]), *copy = NULL;
        size_t len = room_for(s);
        if (s != NULL) copy = memcpy(block + at, s, len);
        memcpy((char *)to + TEXTS[i], &copy, sizeof(copy));
        at += len;
    }
    return block;
}

/* Where the symbol stands, or would. */
static size_t
place_of(const struct shadow_book *b, const char *symbol)
{
    size_t lo = 0, hi = b->len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(b->position[mid].symbol, symbol) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool
stands_at(const struct shadow_book *b, size_t at, const char *symbol)
{
    return at < b->len && strcmp(b->position[at].symbol, symbol) == 0;
}

static void
make_room(struct shadow_book *b)
{
    enum { FIRST_ROOM = 16 };

    if (b->len < b->cap) return;
    size_t cap = b->cap > 0 ? 2 * b->cap : FIRST_ROOM;
    struct shadow_position *position = realloc(b->position, cap * sizeof(*position));
    ASSERT(position != NULL);
    b->position = position;
    char **texts = realloc(b->texts, cap * sizeof(*texts));
    ASSERT(texts != NULL);
    b->texts = texts;
    b->cap = cap;
}

void
shadow_book_done(struct shadow_book *b)
{
    for (size_t i = 0; i < b->len; i++)
        free(b->texts[i]);
    free(b->texts);
    free(b->position);
    *b = (struct shadow_book){0};
}

const struct shadow_position *
shadow_book_find(const struct shadow_book *b, const char *symbol)
{
    size_t at = place_of(b, symbol);

    return stands_at(b, at, symbol) ? &b->position[at] : NULL;
}

void
shadow_book_put(struct shadow_book *b, const struct shadow_position *p)
{
    struct shadow_position copy;
    char *texts = copy_texts(p, &copy); /* first: p may stand in the book */
    size_t at = place_of(b, copy.symbol);

    if (stands_at(b, at, copy.symbol)) {
        free(b->texts[at]);
    } else {
        ASSERT(b->len < SHADOW_POSITIONS_MAX);
        make_room(b);
        memmove(&b->position[at + 1], &b->position[at], (b->len - at) * sizeof(*b->position));
        memmove(&b->texts[at + 1], &b->texts[at], (b->len - at) * sizeof(*b->texts));
        b->len++;
    }
    b->position[at] = copy;
    b->texts[at] = texts;
}

void
shadow_book_remove(struct shadow_book *b, const char *symbol)
{
    size_t at = place_of(b, symbol);

    if (!stands_at(b, at, symbol)) return;
    free(b->texts[at]);
    b->len--;
    memmove(&b->position[at], &b->position[at + 1], (b->len - at) * sizeof(*b->position));
    memmove(&b->texts[at], &b->texts[at + 1], (b->len - at) * sizeof(*b->texts));
}

void
shadow_book_apply(struct shadow_book *b, const struct shadow_outcome *outcome)
{
    switch (outcome->act) {
    case SHADOW_NOTHING:
    case SHADOW_BLOCKED:
        break;
    case SHADOW_OPENED:
    case SHADOW_KEPT:
        shadow_book_put(b, &outcome->position);
        break;
    case SHADOW_CLOSED:
        shadow_book_remove(b, outcome->position.symbol);
        break;
    }
}
