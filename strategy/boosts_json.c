#include "strategy/boosts.h"

/* state/sector_tide_state.json: one list of sightings a sector (spec 10 R4.33). */

static void
read_sighting(const struct json *v, int64_t now_ns, struct sector_tide *t)
{
    char symbol[SYMBOL_MAX];
    int64_t at_ns = when_from_s_f64(json_f64(v, "timestamp", -1));

    if (!symbol_set(symbol, json_str(v, "symbol", ""))) return;
    if (at_ns < 0 || at_ns > now_ns || now_ns - at_ns > BOOST_WINDOW_NS) return;
    /* The table of sectors may have changed since the file was written: it decides, not the file.
     */
    const char *sector = symbol_sector(symbol);
    if (strcmp(sector, "Unknown") != 0) sector_tide_note(t, symbol, sector, at_ns);
}

void
sector_tide_decode(const struct json *doc, int64_t now_ns, struct sector_tide *ret_tide)
{
    const struct json *windows = json_get_obj(doc, "sector_windows");

    *ret_tide = (struct sector_tide){0};
    for (const struct json *w = json_first(windows); w != NULL; w = json_next(w)) {
        if (!json_is_array(w)) continue;
        for (const struct json *v = json_first(w); v != NULL; v = json_next(v))
            read_sighting(v, now_ns, ret_tide);
    }
}

static bool
is_first_of_sector(const struct sector_tide *t, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(t->seen[i].sector, t->seen[at].sector) == 0) return false;
    }
    return true;
}

static void
write_sector(struct json_out *o, const struct sector_tide *t, const char *sector)
{
    json_out_arr(o, sector);
    for (size_t i = 0; i < t->len; i++) {
        if (strcmp(t->seen[i].sector, sector) != 0) continue;
        json_out_obj(o, NULL);
        json_out_f64(o, "timestamp", when_to_s_f64(t->seen[i].at_ns));
        json_out_str(o, "symbol", t->seen[i].symbol);
        json_out_end(o);
    }
    json_out_end(o);
}

void
sector_tide_write(const struct sector_tide *t, struct text *to)
{
    struct json_out o = {.to = to};

    json_out_obj(&o, NULL);
    json_out_obj(&o, "sector_windows");
    for (size_t i = 0; i < t->len; i++) {
        if (is_first_of_sector(t, i)) write_sector(&o, t, t->seen[i].sector);
    }
    json_out_end(&o);
    json_out_end(&o);
}
