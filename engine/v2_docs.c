#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "engine/v2.h"

static const char *const PATHS[V2_FILES_LEN] = {
    [V2_PREMARKET] = "state/premarket_intel.json",
    [V2_POSTMARKET] = "state/postmarket_intel.json",
    [V2_REGIME] = "state/regime_state.json",
    [V2_UNIVERSE_V2] = "state/daily_universe_v2.json",
    [V2_UNIVERSE] = "state/daily_universe.json",
    [V2_RISK] = "state/symbol_risk_features.json",
    [V2_PREMARKET_EXIT] = "state/premarket_exit_intel.json",
    [V2_POSTMARKET_EXIT] = "state/postmarket_exit_intel.json",
    [V2_SECTORS] = "config/sector_profiles.json",
};

/* The root's own profiles go before those the program was built with. */
static void
take_sectors(struct v2_docs *d)
{
    arena_reset(&d->sectors_arena);
    d->sectors = d->doc[V2_SECTORS] != NULL
                     ? sector_profiles_decode(d->doc[V2_SECTORS], &d->sectors_arena)
                     : SECTOR_PROFILES_SHIPPED;
}

/* ---- risk features by symbol --------------------------------------------------------------- */

static int
by_symbol(const void *a, const void *b)
{
    const struct v2_known_risk *x = a, *y = b;

    return strcmp(x->symbol, y->symbol);
}

static void
take_risk(struct v2_docs *d)
{
    const struct json *symbols = json_get_obj(d->doc[V2_RISK], "symbols");

    free(d->risk);
    d->risk_len = 0;
    d->risk = calloc(json_len(symbols) + 1, sizeof *d->risk);
    ASSERT(d->risk != NULL);
    for (const struct json *row = json_first(symbols); row != NULL; row = json_next(row)) {
        struct v2_known_risk *k = &d->risk[d->risk_len];

        if (!symbol_set(k->symbol, json_key(row))) continue;
        k->realised_vol_20d = json_f64(row, "realized_vol_20d", (double)NAN);
        k->beta_vs_spy = json_f64(row, "beta_vs_spy", (double)NAN);
        d->risk_len++;
    }
    if (d->risk_len > 1) qsort(d->risk, d->risk_len, sizeof *d->risk, by_symbol);
}

static int
by_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct v2_known_risk *)item)->symbol);
}

const struct v2_known_risk *
v2_docs_risk(const struct v2_docs *d, const char *symbol)
{
    if (d->risk_len == 0) return NULL;
    return bsearch(symbol, d->risk, d->risk_len, sizeof *d->risk, by_key);
}

/* ---- the files ----------------------------------------------------------------------------- */

static void
reload(struct v2_docs *d, const struct v2_seams *s, enum v2_file f, const struct fs_stat *st)
{
    const struct store_spec spec = {.path = PATHS[f], .default_json = "{}"};
    struct err ignored = {0};

    json_free(d->doc[f]);
    /* A damaged file is set aside and replaced by the store: it is not the one we looked at. */
    d->doc[f] = st->exists ? store_load(s->store, &spec, NULL) : NULL;
    if (f == V2_RISK) take_risk(d);
    d->seen[f] = *st;
    if (st->exists && s->fs->stat(s->fs->self, PATHS[f], &d->seen[f], &ignored) != RC_OK)
        d->seen[f] = *st;
}

void
v2_docs_sync(struct v2_docs *d, const struct v2_seams *s)
{
    for (enum v2_file f = 0; f < V2_FILES_LEN; f++) {
        struct fs_stat st = {0};
        struct err ignored = {0};

        if (s->fs->stat(s->fs->self, PATHS[f], &st, &ignored) != RC_OK) continue; /* as it was */
        if (!fs_is_same(&st, &d->seen[f])) reload(d, s, f, &st);
    }
    take_sectors(d);
}

void
v2_docs_done(struct v2_docs *d)
{
    for (enum v2_file f = 0; f < V2_FILES_LEN; f++)
        json_free(d->doc[f]);
    free(d->risk);
    arena_done(&d->sectors_arena);
}

const struct json *
v2_docs_symbol(const struct v2_docs *d, enum v2_file file, const char *symbol)
{
    return json_get_obj(json_get_obj(d->doc[file], "symbols"), symbol);
}
