/*
 * Entry parity (3.6): which v1 entry belongs to which v2 entry.
 *
 * Per symbol, both sides by time, every v2 entry takes the nearest v1 entry that is still free; of
 * two as near the one at the earlier place.  Instead of looking at all of them: the nearest free
 * ones on both sides, found through links that jump over what is taken.
 */
#include <math.h>
#include <stdlib.h>

#include "analytics/day_internal.h"
#include "analytics/grow.h"

const char *const parity_class_name[PARITY_CLASSES] = {
    [PARITY_DIVERGENT] = "divergent",         [PARITY_MISSING_IN_V1] = "missing_in_v1",
    [PARITY_MISSING_IN_V2] = "missing_in_v2", [PARITY_NEAR] = "near_match",
    [PARITY_PERFECT] = "perfect_match",
};

/* ---- order --------------------------------------------------------------------------------- */

struct by_time {
    const struct words *words;
    const struct parity_entry *entry;
};

static int
symbol_cmp(const struct words *w, word a, word b)
{
    return a == b ? 0 : span_cmp(words_text(w, a), words_text(w, b));
}

/* By symbol, then time; equals as they came. */
static int
entry_cmp(const void *a, const void *b, void *ctx)
{
    const struct by_time *by = ctx;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct parity_entry *x = &by->entry[i], *y = &by->entry[j];
    int order = symbol_cmp(by->words, x->symbol, y->symbol);

    if (order != 0) return order;
    if (x->epoch < y->epoch) return -1;
    if (x->epoch > y->epoch) return 1;
    return (i > j) - (i < j);
}

static void
entries_sort(const struct words *w, struct parity_entries *list)
{
    struct by_time by = {w, list->at};
    uint32_t *order = calloc(MAX(list->len, (size_t)1), sizeof(*order));
    struct parity_entry *sorted = calloc(MAX(list->len, (size_t)1), sizeof(*sorted));

    ASSERT(order != NULL && sorted != NULL);
    for (size_t i = 0; i < list->len; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, list->len, sizeof(*order), entry_cmp, &by);
    for (size_t i = 0; i < list->len; i++)
        sorted[i] = list->at[order[i]];
    free(order);
    free(list->at);
    list->at = sorted;
}

/* ---- the nearest free one ------------------------------------------------------------------- */

/*
 * The v1 entries of a symbol, numbered from 1.  next[i] leads to the first free one from i on (len
 * + 1: none), prev[i] to the last free one up to i (0: none); first[i] is the first of the same
 * time.
 */
struct line_up {
    const struct parity_entry *entry;
    uint32_t len;
    uint32_t *next, *prev, *first;
};

/* Where the links lead, which become short on the way. */
static uint32_t
follow(uint32_t *link, uint32_t i)
{
    uint32_t end = i;

    while (link[end] != end)
        end = link[end];
    while (link[i] != end) {
        uint32_t step = link[i];
        link[i] = end;
        i = step;
    }
    return end;
}

static void
line_up_new(struct line_up *l, const struct parity_entry *entry, size_t len)
{
    uint32_t *room = calloc(3 * (len + 2), sizeof(*room));

    ASSERT(room != NULL);
    *l = (struct line_up){.entry = entry,
                          .len = (uint32_t)len,
                          .next = room,
                          .prev = room + len + 2,
                          .first = room + 2 * (len + 2)};
    for (uint32_t i = 0; i < len + 2; i++)
        l->next[i] = l->prev[i] = l->first[i] = i;
    for (uint32_t i = 2; i <= len; i++) {
        if (!(entry[i - 2].epoch < entry[i - 1].epoch)) l->first[i] = l->first[i - 1];
    }
}

static double
distance(const struct line_up *l, uint32_t i, double epoch)
{
    return fabs(epoch - l->entry[i - 1].epoch);
}

/* The first entry later than an instant; len + 1 for none. */
static uint32_t
first_later(const struct line_up *l, double epoch)
{
    uint32_t low = 1, high = l->len + 1;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->entry[middle - 1].epoch > epoch)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The earliest free place as near as the nearest one not later than an instant; 0 for none. */
static uint32_t
nearest_before(struct line_up *l, uint32_t later, double epoch)
{
    uint32_t last = follow(l->prev, later - 1);

    if (last == 0) return 0;
    double nearest = distance(l, last, epoch);
    uint32_t place = follow(l->next, l->first[last]);
    /* Ages away two times may be as near to each other as doubles can tell. */
    for (last = follow(l->prev, place - 1); last != 0 && !(distance(l, last, epoch) > nearest);
         last = follow(l->prev, place - 1))
        place = follow(l->next, l->first[last]);
    return place;
}

/* Takes the nearest free one; 0 for none. */
static uint32_t
take_nearest(struct line_up *l, double epoch)
{
    uint32_t later = first_later(l, epoch);
    uint32_t left = nearest_before(l, later, epoch);
    uint32_t right = follow(l->next, later);
    bool has_right = right <= l->len;
    uint32_t place = left;

    if (left == 0 && !has_right) return 0;
    if (left == 0 || (has_right && distance(l, right, epoch) < distance(l, left, epoch)))
        place = right;
    l->next[place] = place + 1;
    l->prev[place] = place - 1;
    return place;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static struct parity_row *
row_add(struct day *d)
{
    d->row = grown(d->row, d->rows, &d->rows_cap, sizeof(*d->row));
    struct parity_row *row = &d->row[d->rows++];
    *row = (struct parity_row){0};
    return row;
}

/* The first by name; unknown of none. */
static enum family
first_family(family_set set)
{
    for (int i = 0; i < FAMILIES; i++) {
        if (family_in(set, family_sorted[i])) return family_sorted[i];
    }
    return FAM_UNKNOWN;
}

static enum parity_class
classify(const struct parity_row *r)
{
    double t = fabs(r->ts_delta), score = fabs(r->score_delta), price = fabs(r->price_delta);

    if (r->missing != 0) return PARITY_DIVERGENT;
    if (t <= 5.0 && score <= 0.05 && price <= 0.05) return PARITY_PERFECT;
    if (t <= 60.0 && score <= 0.25 && price <= 0.50) return PARITY_NEAR;
    return PARITY_DIVERGENT;
}

static void
pair_row(struct day *d, const struct parity_entry *v1, const struct parity_entry *v2)
{
    struct parity_row *r = row_add(d);
    unsigned missing = 0;

    if (!is_known(v1->score)) missing |= MISS_V1_SCORE;
    if (!is_known(v2->score)) missing |= MISS_V2_SCORE;
    if (!is_known(v1->price)) missing |= MISS_V1_PRICE;
    if (!is_known(v2->price)) missing |= MISS_V2_PRICE;
    *r = (struct parity_row){
        .symbol = v1->symbol,
        .v1_ts = v1->ts,
        .v2_ts = v2->ts,
        .v1_side = v1->side,
        .v2_side = v2->side,
        .missing = (uint8_t)missing,
        .family = v1->family,
        .v2_families = v2->families,
        .ts_delta = v2->epoch - v1->epoch,
        .v1_score = known_or_0(v1->score),
        .v2_score = known_or_0(v2->score),
        .v1_price = known_or_0(v1->price),
        .v2_price = known_or_0(v2->price),
    };
    r->score_delta = r->v2_score - r->v1_score;
    r->price_delta = r->v2_price - r->v1_price;
    r->class = classify(r);
}

static void
v1_row(struct day *d, const struct parity_entry *v1)
{
    *row_add(d) = (struct parity_row){
        .symbol = v1->symbol,
        .v1_ts = v1->ts,
        .v1_side = v1->side,
        .class = PARITY_MISSING_IN_V2,
        .family = v1->family,
        .v1_score = zn(known_or_0(v1->score)),
        .v1_price = zn(known_or_0(v1->price)),
    };
}

static void
v2_row(struct day *d, const struct parity_entry *v2)
{
    *row_add(d) = (struct parity_row){
        .symbol = v2->symbol,
        .v2_ts = v2->ts,
        .v2_side = v2->side,
        .class = PARITY_MISSING_IN_V1,
        .family = first_family(v2->families),
        .v2_families = v2->families,
        .v2_score = zn(known_or_0(v2->score)),
        .v2_price = zn(known_or_0(v2->price)),
    };
}

/* Both sides of one symbol, by time. */
static void
pair_symbol(struct day *d, struct parity_entries v1, struct parity_entries v2)
{
    struct line_up free_ones;
    bool *is_left = calloc(MAX(v2.len, (size_t)1), sizeof(*is_left));

    ASSERT(is_left != NULL);
    line_up_new(&free_ones, v1.at, v1.len);
    for (size_t i = 0; i < v2.len; i++) {
        uint32_t place = take_nearest(&free_ones, v2.at[i].epoch);
        is_left[i] = place == 0;
        if (place != 0) pair_row(d, &v1.at[place - 1], &v2.at[i]);
    }
    for (uint32_t i = 1; i <= v1.len; i++) {
        if (free_ones.next[i] == i) v1_row(d, &v1.at[i - 1]);
    }
    for (size_t i = 0; i < v2.len; i++) {
        if (is_left[i]) v2_row(d, &v2.at[i]);
    }
    free(free_ones.next);
    free(is_left);
}

/* The entries of a symbol at the front of a list. */
static struct parity_entries
take_symbol(struct parity_entries *rest, word symbol)
{
    struct parity_entries front = {.at = rest->at};

    while (front.len < rest->len && rest->at[front.len].symbol == symbol)
        front.len++;
    rest->at += front.len;
    rest->len -= front.len;
    return front;
}

void
day_pair(struct day *d)
{
    entries_sort(&d->words, &d->v1);
    entries_sort(&d->words, &d->v2);
    struct parity_entries v1 = d->v1, v2 = d->v2;

    while (v1.len + v2.len > 0) {
        bool from_v1 =
            v2.len == 0 || (v1.len > 0 && symbol_cmp(&d->words, v1.at->symbol, v2.at->symbol) <= 0);
        word symbol = from_v1 ? v1.at->symbol : v2.at->symbol;
        struct parity_entries of_v1 = take_symbol(&v1, symbol);
        pair_symbol(d, of_v1, take_symbol(&v2, symbol));
    }
    d->view.row = d->row;
    d->view.rows = d->rows;
    /* The rows say it all. */
    free(d->v1.at);
    free(d->v2.at);
    d->v1 = (struct parity_entries){0};
    d->v2 = (struct parity_entries){0};
}
