#include "intel/universe.h"

static const double V1_VOLATILITY_WEIGHT = 0.30;
static const double V2_VOLATILITY_WEIGHT = 0.25, V2_SECTOR_WEIGHT = 0.05, V2_REGIME_WEIGHT = 0.05;
static const double VOL_FROM = 0.20, VOL_SPAN = 0.40;

/* How sector and regime fit, by regime label. */
static const double FIT = 1.0, HALF_FIT = 0.5, NO_FIT = 0.25;
static const struct regime_fit {
    const char *label;
    enum sector favoured[2];
} regime_fits[] = {
    {"RISK_ON",  {SECTOR_TECH, SECTOR_BIOTECH}     },
    {"RISK_OFF", {SECTOR_ENERGY, SECTOR_FINANCIALS}},
    {"BEAR",     {SECTOR_ENERGY, SECTOR_FINANCIALS}},
};

/* ---- scores -------------------------------------------------------------------------------- */

static double
vol_rank(double vol)
{
    return vol > 0 ? ops_clamp((vol - VOL_FROM) / VOL_SPAN, 0, 1) : 0;
}

struct universe_score
universe_score_v1(double realised_vol_20d)
{
    double volatility = V1_VOLATILITY_WEIGHT * vol_rank(realised_vol_20d);

    return (struct universe_score){
        .score = round_dec(volatility, UNIVERSE_DECIMALS),
        .volatility = volatility,
    };
}

static void
fit_of(enum sector s, const char *regime_label, double *ret_sector, double *ret_regime)
{
    for (size_t i = 0; i < COUNT_OF(regime_fits); i++) {
        const struct regime_fit *f = &regime_fits[i];
        if (!str_eq_nocase(regime_label, f->label)) continue;
        *ret_sector = s == f->favoured[0] || s == f->favoured[1] ? FIT : NO_FIT;
        *ret_regime = FIT;
        return;
    }
    *ret_sector = *ret_regime = str_eq_nocase(regime_label, "MIXED") ? HALF_FIT : NO_FIT;
}

struct universe_score
universe_score_v2(const char *symbol, double realised_vol_20d, const char *regime_label)
{
    struct universe_score u = {.sector = sector_of(symbol)};
    double sector = 0, regime = 0;

    fit_of(u.sector, regime_label, &sector, &regime);
    u.volatility = V2_VOLATILITY_WEIGHT * vol_rank(realised_vol_20d);
    u.sector_alignment = V2_SECTOR_WEIGHT * sector;
    u.regime_alignment = V2_REGIME_WEIGHT * regime;
    u.score = round_dec(u.volatility + u.sector_alignment + u.regime_alignment, UNIVERSE_DECIMALS);
    return u;
}

/* ---- ranking ------------------------------------------------------------------------------- */

static int
by_symbol(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

size_t
universe_sort_symbols(const char **symbol, size_t len)
{
    size_t kept = 0;

    if (len > 1) qsort(symbol, len, sizeof(*symbol), by_symbol);
    for (size_t i = 0; i < len; i++) {
        if (kept == 0 || strcmp(symbol[kept - 1], symbol[i]) != 0) symbol[kept++] = symbol[i];
    }
    return kept;
}

/* Candidates stand in the order of their symbols, so the index decides between equal scores. */
static int
best_first(const void *a, const void *b)
{
    const struct universe_row *left = a, *right = b;
    int by_score =
        (left->score.score < right->score.score) - (left->score.score > right->score.score);

    return by_score != 0
               ? by_score
               : (left->candidate > right->candidate) - (left->candidate < right->candidate);
}

struct universe_ranking
universe_rank(const struct universe_candidate *candidate, size_t len, const char *regime_label,
              int64_t max, struct arena *a)
{
    struct universe_ranking r = {.row = ARENA_NEW(a, struct universe_row, len), .len = len};

    for (size_t i = 0; i < len; i++) {
        double vol = candidate[i].realised_vol_20d;
        r.row[i].candidate = i;
        r.row[i].score = regime_label != NULL
                             ? universe_score_v2(candidate[i].symbol, vol, regime_label)
                             : universe_score_v1(vol);
    }
    if (len > 1) qsort(r.row, len, sizeof(*r.row), best_first);
    if (max < 1) max = 1;
    if (r.len > (uint64_t)max) r.len = (size_t)max;
    return r;
}
