#include "strategy/boosts.h"

#include "strategy/score_math.h"

double
boosts_apply(double score, const struct boosts *b)
{
    return score + b->sector_tide + b->persistence + b->rvol;
}

/* Not after now, and at most a window before it; an instant of the future says that the clock was
 * moved. */
static bool
is_in_window(int64_t at_ns, int64_t now_ns)
{
    int64_t age_ns = 0;
    return at_ns <= now_ns && !__builtin_sub_overflow(now_ns, at_ns, &age_ns) &&
           age_ns <= BOOST_WINDOW_NS;
}

/* ---- sector tide (R4.33) ------------------------------------------------------------------- */

/* The symbol's place: its own, a free one, or that of the symbol seen longest ago. */
static struct sector_sighting *
find_place(struct sector_tide *t, const char *symbol)
{
    size_t oldest = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (strcmp(t->seen[i].symbol, symbol) == 0) return &t->seen[i];
        if (t->seen[i].at_ns < t->seen[oldest].at_ns) oldest = i;
    }
    return t->len < SECTOR_TIDE_MAX ? &t->seen[t->len++] : &t->seen[oldest];
}

void
sector_tide_note(struct sector_tide *t, const char *symbol, const char *sector, int64_t at_ns)
{
    struct sector_sighting *place = find_place(t, symbol);
    (void)str_copy(place->symbol, sizeof place->symbol, symbol); /* symbols fit */
    place->sector = sector;
    place->at_ns = at_ns;
}

void
sector_tide_record(struct sector_tide *t, const char *symbol, int64_t now_ns, struct boosts *b)
{
    b->sector = symbol_sector(symbol);
    b->sector_count = 0;
    b->sector_tide = 0;
    if (strcmp(b->sector, "Unknown") == 0) return;

    sector_tide_note(t, symbol, b->sector, now_ns);
    for (size_t i = 0; i < t->len; i++)
        b->sector_count +=
            strcmp(t->seen[i].sector, b->sector) == 0 && is_in_window(t->seen[i].at_ns, now_ns);
    if (b->sector_count >= SECTOR_TIDE_SYMBOLS) b->sector_tide = SECTOR_TIDE_BOOST;
}

/* ---- persistence (R4.34) ------------------------------------------------------------------- */

void
persistence_record(struct persistence *p, int64_t now_ns, struct boosts *b)
{
    size_t count = 0;

    p->at_ns[p->next] = now_ns;
    p->next = (p->next + 1) % PERSISTENCE_RING;
    p->len = MIN(p->len + 1, (uint32_t)PERSISTENCE_RING);
    for (size_t i = 0; i < p->len; i++)
        count += is_in_window(p->at_ns[i], now_ns);
    if (b == NULL) return;
    b->persistence_count = count;
    b->persistence = count >= PERSISTENCE_EVENTS ? PERSISTENCE_BOOST : 0;
}

/* ---- relative volume ----------------------------------------------------------------------- */

double
rvol_of(const struct bars *minutes, const struct bars *days, int64_t now_ns)
{
    const int64_t span_ns = 20 * NS_PER_MIN;
    const double span_min = 20, session_min = 390;
    const size_t days_max = 20;
    double recent = 0, daily = 0;
    size_t from = days->len > days_max ? days->len - days_max : 0;

    for (size_t i = 0; i < minutes->len; i++) {
        int64_t at_ns = minutes->bar[i].start_ns;
        if (at_ns <= now_ns && at_ns > now_ns - span_ns) recent += (double)minutes->bar[i].volume;
    }
    for (size_t i = from; i < days->len; i++)
        daily += (double)days->bar[i].volume;
    if (!(daily > 0)) return 0;
    return round_places(recent / span_min * session_min / (daily / (double)(days->len - from)), 2);
}

double
rvol_boost(double rvol)
{
    return rvol > RVOL_BOOST_ABOVE ? RVOL_BOOST : 0;
}
